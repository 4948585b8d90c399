"""What a report does, row by row of the semantics table in docs/semantics.md, through the real webhook handler."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.model.instant import to_text
from application_status.settings import UnknownApplications
from support import APPLICATION, FOREIGN_APPLICATION, World

T1, T2, T3 = "2022-07-29T11:26:11.106Z", "2022-07-30T00:00:00.000Z", "2022-07-31T00:00:00.000Z"


def statuses(world: World) -> list[str | None]:
    return [transition.status for transition in world.stored().in_order()]


def outcomes(world: World, *reports: tuple[str, dict[str, Any]]) -> list[str]:
    return [world.report(status, **fields).body["Outcome"] for status, fields in reports]


def test_a_report_is_recorded_and_answered(world: World) -> None:
    """The reply tells the status before and after, and the version."""
    reply = world.report("INTERVIEW")
    assert reply.status == 200
    request_id = reply.body.pop("RequestId")
    assert request_id
    assert reply.body == {
        "AtsiApplicationId": APPLICATION,
        "Status": "INTERVIEW",
        "PreviousStatus": "APPLIED",
        "Outcome": "recorded",
        "Version": 2,
    }


def test_same_status_without_time_is_unchanged(world: World) -> None:
    """Nothing is written, so no stream record follows."""
    world.report("INTERVIEW")
    before = world.item()
    reply = world.report("INTERVIEW")
    assert (reply.body["Outcome"], reply.body["Status"], reply.body["Version"]) == ("unchanged", "INTERVIEW", 2)
    assert world.item() == before


def test_registered_status_counts_as_the_head(world: World) -> None:
    """An application is registered as APPLIED; hearing just that again changes nothing."""
    assert world.report("APPLIED").body["Outcome"] == "unchanged"


def test_same_status_with_another_label_is_recorded(world: World) -> None:
    """A label is information of its own; the status alone, without one, is not."""
    first = ("INTERVIEW", {"RawStatus": "1st interview"})
    second = ("INTERVIEW", {"RawStatus": "2nd interview"})
    assert outcomes(world, first, second, second, ("INTERVIEW", {})) == [
        "recorded", "recorded", "unchanged", "unchanged",
    ]  # fmt: skip
    assert world.stored().raw_status == "2nd interview"


def test_known_effective_time_is_unchanged_whatever_came_between(world: World) -> None:
    """Status, label and effective time are a report's natural key."""
    first = ("INTERVIEW", {"BusinessDate": T1})
    assert outcomes(world, first, ("OFFER", {"BusinessDate": T2}), first) == ["recorded", "recorded", "unchanged"]
    assert statuses(world) == ["INTERVIEW", "OFFER"]


def test_same_effective_time_with_another_label_is_another_report(world: World) -> None:
    """The label belongs to the natural key."""
    reports = [("INTERVIEW", {"BusinessDate": T1, "RawStatus": label}) for label in ("phone", "on site", "phone")]
    assert outcomes(world, *reports)[2] == "unchanged"
    assert len(world.stored().transitions) == 2


def test_effective_time_in_another_zone_is_the_same_moment(world: World) -> None:
    """13:26 in Berlin's summer is 11:26 UTC."""
    reports = [("INTERVIEW", {"BusinessDate": t}) for t in (T1, "2022-07-29T13:26:11.106+02:00")]
    assert outcomes(world, *reports) == ["recorded", "unchanged"]


def test_status_may_move_back(world: World) -> None:
    """ATSs unreject and unhire."""
    assert outcomes(world, ("HIRED", {}), ("INTERVIEW", {}), ("REJECTED", {}), ("APPLIED", {})) == ["recorded"] * 4
    assert world.stored().status == "APPLIED"


def test_idempotency_key_makes_a_late_resend_unchanged(world: World) -> None:
    """A, B, then A's resend: with its Idempotency-Key it is known."""
    key = {"Idempotency-Key": "a-1"}
    assert world.report("INTERVIEW", headers=key).body["Outcome"] == "recorded"
    assert world.report("OFFER", headers={"Idempotency-Key": "b-1"}).body["Outcome"] == "recorded"
    assert world.report("INTERVIEW", headers=key).body["Outcome"] == "unchanged"
    assert world.stored().status == "OFFER"


def test_idempotency_key_of_another_report_does_not_hide_this_one(world: World) -> None:
    """The key is a part of the identity, beside status and label."""
    key = {"Idempotency-Key": "one-for-all"}
    replies = [world.report(status, headers=key).body["Outcome"] for status in ("INTERVIEW", "OFFER")]
    assert replies == ["recorded", "recorded"]


def test_reentry_without_times_is_three_transitions(world: World) -> None:
    """A, B, A is legitimate: no hash of the body stands in its way."""
    assert outcomes(world, ("INTERVIEW", {}), ("OFFER", {}), ("INTERVIEW", {})) == ["recorded"] * 3
    assert statuses(world) == ["INTERVIEW", "OFFER", "INTERVIEW"]


def test_without_time_the_time_of_receipt_counts(world: World) -> None:
    """It becomes the effective time, to the millisecond, and is marked as not the sender's."""
    with time_machine.travel("2026-11-22T10:00:00.123456+00:00", tick=False):
        world.report("INTERVIEW")
    (transition,) = world.stored().in_order()
    assert to_text(transition.effective_at) == to_text(transition.received_at) == "2026-11-22T10:00:00.123Z"
    assert not transition.timed


def test_without_time_a_report_takes_the_head_from_the_future(world: World) -> None:
    """A sender's clock may be 5 minutes ahead; what comes later is later all the same."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        world.report("INTERVIEW", BusinessDate="2026-11-22T10:04:59Z")
        reply = world.report("OFFER")
    assert (reply.body["Outcome"], world.stored().status) == ("recorded", "OFFER")
    assert statuses(world) == ["INTERVIEW", "OFFER"]
    assert to_text(world.stored().in_order()[1].effective_at) == "2026-11-22T10:04:59.001Z"


def test_three_reports_in_one_millisecond_keep_their_order(world: World) -> None:
    """Receipt order decides, not the rank of the status."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        assert outcomes(world, ("OFFER", {}), ("CONTACT", {}), ("OFFER", {})) == ["recorded"] * 3
    assert statuses(world) == ["OFFER", "CONTACT", "OFFER"]


def test_older_effective_time_joins_the_history(world: World) -> None:
    """The head stays, and the reply says so."""
    world.report("OFFER", BusinessDate=T2)
    reply = world.report("INTERVIEW", BusinessDate=T1)
    assert (reply.body["Outcome"], reply.body["Status"], reply.body["Version"]) == ("late", "OFFER", 3)
    assert statuses(world) == ["INTERVIEW", "OFFER"]
    assert world.stored().status == "OFFER"


def test_every_arrival_order_ends_in_the_same_item() -> None:
    """Equal effective times are decided by status and label, never by arrival."""
    reports = [
        ("INTERVIEW", {"BusinessDate": T1}),
        ("OFFER", {"BusinessDate": T2}),
        ("CONTACT", {"BusinessDate": T2}),
        ("OFFER", {"BusinessDate": T2, "RawStatus": "Angebot"}),
    ]
    items = []
    for order in permutations(reports):
        with mock_aws(), time_machine.travel("2026-11-22T10:00:00Z", tick=False):
            world = World(boto3.client("dynamodb"))
            outcomes(world, *order)
            items.append(world.item())
    assert items[0]["RawStatus"] == {"S": "Angebot"}
    assert all(item == items[0] for item in items)


@pytest.mark.parametrize(
    ("business_date", "wrong"),
    [
        ("2026-11-22T10:05:00.001Z", "future"),
        ("2026-11-22T10:00:00", "timezone"),
        ("2026-11-22", "timezone"),
        ("1659093971", "date-time"),
        (1659093971, "date-time"),
        ("2026-02-30T00:00:00Z", "date"),
        ("0001-01-01T00:00:00+14:00", "years"),
    ],
)
def test_effective_time_in_the_future_or_without_zone_is_refused(
    world: World, business_date: object, wrong: str
) -> None:
    """422 names the field; the application stays as it was."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        reply = world.report("INTERVIEW", BusinessDate=business_date)
    (error,) = reply.body["errors"]
    assert (reply.status, error["pointer"]) == (422, "/BusinessDate")
    assert wrong in error["detail"]
    assert world.stored().version == 1


@pytest.mark.parametrize("business_date", ["2026-11-22T10:05:00Z", "1999-12-31T23:59:59Z", "0999-01-01T00:00:00Z"])
def test_slightly_future_and_old_effective_times_are_fine(world: World, business_date: str) -> None:
    """Clocks differ, and backfills reach far back."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        assert world.report("INTERVIEW", BusinessDate=business_date).body["Outcome"] == "recorded"


def test_unknown_and_foreign_applications_look_the_same(world: World) -> None:
    """The replies are byte-identical but for the request id, so ids can't be probed."""
    unknown = world.report("INTERVIEW", AtsiApplicationId="51c3be16-0f93-41ed-9cc0-00000000dead")
    foreign = world.report("INTERVIEW", AtsiApplicationId=FOREIGN_APPLICATION)
    for reply in (unknown, foreign):
        reply.body.pop("requestId")
    assert unknown == foreign
    assert unknown.status == 404
    assert world.stored(FOREIGN_APPLICATION).version == 1


def test_history_is_capped_with_a_permanent_error(world: World) -> None:
    """The 257th transition is refused, on the head and behind it; a known one is still unchanged."""
    for day in range(256):
        assert world.report("INTERVIEW", BusinessDate=f"20{day // 28:02}-01-{day % 28 + 1:02}T00:00:00Z").status == 200
    for refused in (world.report("OFFER"), world.report("OFFER", BusinessDate="1999-01-01T00:00:00Z")):
        assert (refused.status, refused.body["type"]) == (422, "/problems/history-full")
    assert world.report("INTERVIEW", BusinessDate="2000-01-01T00:00:00Z").body["Outcome"] == "unchanged"
    assert len(world.stored().transitions) == 256


@pytest.fixture
def accepting() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"), UnknownApplications.ACCEPT)


def test_first_contact_owns_the_application_where_that_is_allowed(accepting: World) -> None:
    """UnknownApplications=accept: the first ATS to report owns it; to all others it is unknown."""
    new = "51c3be16-0f93-41ed-9cc0-00000000beef"
    first = accepting.report("INTERVIEW", AtsiApplicationId=new, headers={"Idempotency-Key": "1"})
    assert (first.body["Outcome"], first.body["Version"], first.body["PreviousStatus"]) == ("recorded", 1, None)
    other = accepting.report("OFFER", AtsiApplicationId=new, headers={"X-AtsiToken": "another-opaque-token"})
    assert other.status == 404
    assert accepting.report("OFFER", AtsiApplicationId=new).body["Version"] == 2
    again = accepting.report("INTERVIEW", AtsiApplicationId=new, headers={"Idempotency-Key": "1"})
    assert again.body["Outcome"] == "unchanged"
