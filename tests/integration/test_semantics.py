"""What a report does, row by row of the semantics table in docs/semantics.md, through the real webhook handler."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from application_status.applications.record import UnknownApplications
from application_status.platform.dynamodb.client import NoReply
from application_status.platform.values import to_text
from application_status.quality.rules.contribution import contribution
from support.world import APPLICATION, BERLIN, FOREIGN_APPLICATION, World, http_event

T1, T2, T3 = "2022-07-29T11:26:11.106Z", "2022-07-30T00:00:00.000Z", "2022-07-31T00:00:00.000Z"


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    return new_world()


def statuses(world: World) -> list[str | None]:
    return [transition.status for transition in world.stored().in_order()]


def outcomes(world: World, *reports: tuple[str, dict[str, Any]]) -> list[str]:
    return [world.report(status, **fields).body["Result"] for status, fields in reports]


def test_a_report_is_recorded_and_answered(world: World) -> None:
    """The reply has the status before and after, and the version."""
    reply = world.report("INTERVIEW")
    assert reply.status == 200
    request_id = reply.body.pop("RequestId")
    assert request_id
    assert reply.body == {
        "AtsiApplicationId": APPLICATION,
        "Status": "INTERVIEW",
        "PreviousStatus": "APPLIED",
        "Result": "recorded",
        "Version": 2,
    }


def test_same_status_without_time_is_unchanged(world: World) -> None:
    """Nothing is written, so no stream record follows."""
    world.report("INTERVIEW")
    before = world.item()
    reply = world.report("INTERVIEW")
    assert (reply.body["Result"], reply.body["Status"], reply.body["Version"]) == ("unchanged", "INTERVIEW", 2)
    assert world.item() == before


def test_registered_status_counts_as_the_head(world: World) -> None:
    """An application is registered as APPLIED; hearing just that again changes nothing."""
    assert world.report("APPLIED").body["Result"] == "unchanged"


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
    assert world.report("INTERVIEW", headers=key).body["Result"] == "recorded"
    assert world.report("OFFER", headers={"Idempotency-Key": "b-1"}).body["Result"] == "recorded"
    assert world.report("INTERVIEW", headers=key).body["Result"] == "unchanged"
    assert world.stored().status == "OFFER"


def test_idempotency_key_of_another_report_does_not_hide_this_one(world: World) -> None:
    """The key is a part of the identity, beside status and label."""
    key = {"Idempotency-Key": "one-for-all"}
    replies = [world.report(status, headers=key).body["Result"] for status in ("INTERVIEW", "OFFER")]
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
    assert not transition.has_business_date


def test_without_time_a_report_takes_the_head_from_the_future(world: World) -> None:
    """A sender's clock may be 5 minutes ahead; what comes later is later all the same."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        world.report("INTERVIEW", BusinessDate="2026-11-22T10:04:59Z")
        reply = world.report("OFFER")
    assert (reply.body["Result"], world.stored().status) == ("recorded", "OFFER")
    assert statuses(world) == ["INTERVIEW", "OFFER"]
    offer = world.stored().in_order()[1]
    assert to_text(offer.effective_at) == "2026-11-22T10:00:00.000Z"
    assert str(world.stored().head).startswith("2026-11-22T10:04:59.000Z~")


def test_three_reports_in_one_millisecond_keep_their_order(world: World) -> None:
    """Receipt order decides, not the rank of the status."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        assert outcomes(world, ("OFFER", {}), ("CONTACT", {}), ("OFFER", {})) == ["recorded"] * 3
    assert statuses(world) == ["OFFER", "CONTACT", "OFFER"]


def test_older_effective_time_joins_the_history(world: World) -> None:
    """The head stays, and the reply says so."""
    world.report("OFFER", BusinessDate=T2)
    reply = world.report("INTERVIEW", BusinessDate=T1)
    assert (reply.body["Result"], reply.body["Status"], reply.body["Version"]) == ("late", "OFFER", 3)
    assert statuses(world) == ["INTERVIEW", "OFFER"]
    assert world.stored().status == "OFFER"


@pytest.mark.parametrize(
    ("business_date", "wrong"),
    [
        ("2026-11-22T10:05:00.001Z", "future"),
        ("9999-12-31T23:59:59-12:00", "future"),
        ("2026-11-22T10:00:00", "zone"),
        ("2026-11-22", "midnight"),
        ("2026-11-22T10:00:00+01", "zone"),
        ("2026-11-22T10Z", "zone"),
        ("2026-11-22T09:00:00+00:00:30", "zone"),
        ("2026-11-22_09:00:00Z", "zone"),
        ("1659093971", "date-time"),
        (1659093971, "date-time"),
        ("2026-02-30T00:00:00Z", "day is out of range"),
        ("0001-01-01T00:00:00Z", "never set (the default of .NET and Go)"),
        ("0001-01-01T00:00:00+14:00", "never set"),
        ("1601-01-01T00:00:00Z", "Windows"),
        ("1899-12-30T00:00:00Z", "spreadsheets"),
        ("1900-01-01T00:00:00.000+01:00", "SQL"),
        ("1970-01-01T00:00:00Z", "Unix"),
        ("1969-12-31T19:00:00-05:00", "Unix"),
        ("1999-12-31T23:59:59Z", "before the year 2000"),
    ],
)
def test_effective_time_that_can_not_be_is_refused(world: World, business_date: object, wrong: str) -> None:
    """422 names the field; the application stays as it was."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        reply = world.report("INTERVIEW", BusinessDate=business_date)
    (error,) = reply.body["errors"]
    assert (reply.status, error["pointer"]) == (422, "/BusinessDate")
    assert wrong in error["detail"]
    assert world.stored().version == 1


@pytest.mark.parametrize("business_date", ["2026-11-22T10:05:00Z", "2000-01-01T00:00:00Z", "2000-01-01t00:00:00z"])
def test_slightly_future_and_old_effective_times_are_fine(world: World, business_date: str) -> None:
    """Clocks differ, and backfills reach far back."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        assert world.report("INTERVIEW", BusinessDate=business_date).body["Result"] == "recorded"


def test_unknown_and_foreign_applications_look_the_same(world: World) -> None:
    """The replies are byte-identical but for the request id, so ids can't be probed."""
    unknown = world.report("INTERVIEW", AtsiApplicationId="51c3be16-0f93-41ed-9cc0-00000000dead")
    foreign = world.report("INTERVIEW", AtsiApplicationId=FOREIGN_APPLICATION)
    for reply in (unknown, foreign):
        reply.body.pop("requestId")
    assert unknown == foreign
    assert unknown.status == 404
    assert world.stored(FOREIGN_APPLICATION).version == 1


def test_ending_of_a_day_comes_after_the_reports_of_that_day(world: World) -> None:
    """INTERVIEW at 14:00, and REJECTED on that day: the application is rejected, whichever comes first."""
    reports = [
        ("INTERVIEW", {"BusinessDate": "2022-07-30T14:00:00+02:00"}),
        ("REJECTED", {"BusinessDate": "2022-07-30T00:00:00+02:00"}),
        ("CONTACT", {"BusinessDate": "2022-07-30T00:00:00+02:00"}),
        ("OFFER", {"BusinessDate": "2022-07-31T00:00:00+02:00"}),
    ]
    assert outcomes(world, *reports) == ["recorded", "recorded", "late", "recorded"]
    assert statuses(world) == ["CONTACT", "INTERVIEW", "REJECTED", "OFFER"]
    rejected = world.stored().in_order()[2]
    assert to_text(rejected.effective_at) == "2022-07-29T22:00:00.000Z"
    assert (rejected.day_offset, str(rejected.day(ZoneInfo("America/New_York")))) == (120, "2022-07-30")


def test_report_after_the_ending_of_today_takes_the_head(world: World) -> None:
    """Without a time the report is the newest, though the day that ended has not; its time is still its receipt."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        first = ("REJECTED", {"BusinessDate": "2026-11-22T00:00:00Z"})
        assert outcomes(world, first, ("INTERVIEW", {}), first) == ["recorded", "recorded", "unchanged"]
    assert world.stored().status == "INTERVIEW"
    assert to_text(world.stored().in_order()[1].effective_at) == "2026-11-22T10:00:00.000Z"


@pytest.mark.parametrize("status", ["LEAD", "CONTACT"])
@pytest.mark.parametrize("when", ["2022-06-30T12:00:00Z", "2022-06-30T00:00:00Z", "2022-07-01T08:59:59.999Z"])
def test_lead_from_before_the_application_is_late(world: World, status: str, when: str) -> None:
    """It joins the history, and says nothing of how the application stands."""
    reply = world.report(status, BusinessDate=when)
    assert (reply.body["Result"], reply.body["Status"]) == ("late", "APPLIED")
    assert world.stored().head is None
    assert world.report(status, BusinessDate=when).body["Result"] == "unchanged"


@pytest.mark.parametrize("when", ["2022-07-01T00:00:00Z", "2022-07-01T09:00:00Z"])
def test_contact_of_the_day_of_applying_takes_the_head(world: World, when: str) -> None:
    """By the day, where only the day was sent."""
    assert world.report("CONTACT", BusinessDate=when).body["Result"] == "recorded"


def test_later_status_from_before_the_application_takes_the_head(world: World) -> None:
    """The history keeps what was sent."""
    reply = world.report("INTERVIEW", BusinessDate="2022-06-30T12:00:00Z")
    assert (reply.body["Result"], reply.body["Status"]) == ("recorded", "INTERVIEW")
    assert to_text(world.stored().in_order()[0].effective_at) == "2022-06-30T12:00:00.000Z"


def test_labels_that_differ_in_form_case_or_outer_space_are_one(world: World) -> None:
    """The first spelling is kept, with a time and without."""
    labels = ["Vorstellungsgespräch", "Vorstellungsgespra\u0308ch", " VORSTELLUNGSGESPRÄCH\u00a0"]
    timed = [("INTERVIEW", {"BusinessDate": T1, "RawStatus": label}) for label in labels]
    assert outcomes(world, *timed) == ["recorded", "unchanged", "unchanged"]
    untimed = [("INTERVIEW", {"RawStatus": label}) for label in labels]
    assert outcomes(world, *untimed) == ["unchanged"] * 3
    assert world.stored().raw_status == labels[0]
    assert world.report("INTERVIEW", RawStatus="  ").body["Result"] == "unchanged"


def test_key_of_an_unchanged_report_is_known_from_then_on(world: World) -> None:
    """Its late resend does not move the application back; keeping the key makes no version."""
    key = {"Idempotency-Key": "k2"}
    world.report("INTERVIEW", headers={"Idempotency-Key": "k1"})
    assert world.report("INTERVIEW", headers=key).body["Result"] == "unchanged"
    assert world.stored().version == 2
    world.report("OFFER")
    again = world.report("INTERVIEW", headers=key)
    assert (again.body["Result"], again.body["Status"]) == ("unchanged", "OFFER")
    assert len(world.stored().resend_keys) == 2


def test_newest_64_keys_are_known(world: World) -> None:
    """The 65th takes the place of the first, whether its report is recorded or unchanged."""
    for number in range(65):
        status = ["INTERVIEW", "OFFER", "OFFER"][number % 3]
        world.report(status, headers={"Idempotency-Key": f"k{number}"})
    assert len(world.stored().resend_keys) == 64
    assert world.report("OFFER", headers={"Idempotency-Key": "k1"}).body["Result"] == "unchanged"
    world.report("HIRED", headers={"Idempotency-Key": "new"})
    assert world.report("INTERVIEW", headers={"Idempotency-Key": "k3"}).body["Result"] == "unchanged"
    assert world.report("INTERVIEW", headers={"Idempotency-Key": "k0"}).body["Result"] == "recorded"


@pytest.mark.parametrize("new_world", ["deployed transport"], indirect=True)
def test_ending_finds_room_after_256_confirmations(world: World) -> None:
    """A nightly sender's repetitions are folded to the first and the last, and counted; none counts as new later."""
    nights = [f"{2023 + n // 336}-{1 + n // 28 % 12:02}-{1 + n % 28:02}T02:00:00Z" for n in range(256)]
    for night in nights:
        assert world.report("PRE_INTERVIEW", BusinessDate=night).body["Result"] == "recorded"
    assert world.report("HIRED").body["Result"] == "recorded"
    assert statuses(world) == ["PRE_INTERVIEW", "PRE_INTERVIEW", "HIRED"]
    assert world.item()["Folded"] == {"N": "254"}
    assert world.report("PRE_INTERVIEW", BusinessDate=nights[100]).body["Result"] == "unchanged"
    reports = sum(n for cell, n in contribution(world.stored(), BERLIN).items() if cell.measure == "reports")
    assert reports == 257


@pytest.mark.parametrize("new_world", ["deployed transport"], indirect=True)
def test_ending_finds_room_after_256_changes(world: World) -> None:
    """Where nothing repeats, the oldest of the middle goes; first entries, the first response and the head stay."""
    world.report("CONTACT", BusinessDate="2022-07-02T00:00:00Z", RawStatus="call")
    for number in range(255):
        moment = f"{2023 + number // 336}-{1 + number // 28 % 12:02}-{1 + number % 28:02}T02:00:00Z"
        status = ["PRE_INTERVIEW", "INTERVIEW"][number % 2]
        world.report(status, BusinessDate=moment, RawStatus=f"Stage {number}")
    assert world.report("HIRED").body["Result"] == "recorded"
    stored = world.stored()
    assert len(stored.transitions) == 256
    assert [each.raw_status for each in stored.in_order()][:4] == ["call", "Stage 0", "Stage 1", "Stage 3"]
    assert stored.in_order()[2].folded == (1, 0)
    assert world.report("REJECTED").body["Result"] == "recorded"
    assert [each.raw_status for each in world.stored().in_order()][:4] == ["call", "Stage 0", "Stage 1", "Stage 4"]


def test_reply_of_a_write_whose_reply_was_lost_is_its_own(world: World) -> None:
    """An untimed report that was overtaken meanwhile is answered with its own version, as recorded."""
    send = world.of_webhook._transport  # noqa: SLF001  # the only way to the store

    def lose_the_reply(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        reply = send(operation, request)
        if operation == "UpdateItem":
            world.of_webhook._transport = send  # noqa: SLF001
            assert world.report("OFFER").body["Version"] == 3
            raise NoReply
        return reply

    world.of_webhook._transport = lose_the_reply  # noqa: SLF001
    reply = world.report("INTERVIEW")
    assert {name: reply.body[name] for name in ("Result", "Status", "PreviousStatus", "Version")} == {
        "Result": "recorded",
        "Status": "INTERVIEW",
        "PreviousStatus": "APPLIED",
        "Version": 2,
    }
    assert statuses(world) == ["INTERVIEW", "OFFER"]


@pytest.fixture
def accepting(new_world: Callable[..., World]) -> World:
    return new_world(UnknownApplications.ACCEPT)


def test_first_contact_owns_the_application_where_that_is_allowed(accepting: World) -> None:
    """UnknownApplications=accept: the first ATS to report owns it; to all others it is unknown."""
    new = "51c3be16-0f93-41ed-9cc0-00000000beef"
    first = accepting.report("INTERVIEW", AtsiApplicationId=new, headers={"Idempotency-Key": "1"})
    assert (first.body["Result"], first.body["Version"], first.body["PreviousStatus"]) == ("recorded", 1, None)
    other = accepting.report("OFFER", AtsiApplicationId=new, headers={"X-AtsiToken": "another-opaque-token"})
    assert other.status == 404
    assert accepting.report("OFFER", AtsiApplicationId=new).body["Version"] == 2
    again = accepting.report("INTERVIEW", AtsiApplicationId=new, headers={"Idempotency-Key": "1"})
    assert again.body["Result"] == "unchanged"


@pytest.mark.parametrize("status", ["LEAD", "CONTACT", "INTERVIEW"])
def test_registration_and_report_from_before_it_end_alike_in_either_order(
    new_world: Callable[..., World], status: str
) -> None:
    """A LEAD or CONTACT dated before the application was made is not its status, also where it came first."""
    items = []
    for report_first in (True, False):
        with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
            world = new_world(UnknownApplications.ACCEPT)
            new = "51c3be16-0f93-41ed-9cc0-00000000beef"
            body = {
                "AtsId": "demo-ats", "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1",
                "JobTitle": "Koch", "Company": "Example GmbH", "AppliedAt": "2022-07-01T09:00:00Z",
            }  # fmt: skip
            put = http_event("PUT", f"/api/applications/{new}", body, token=None)
            if not report_first:
                assert world.registry(put, None)["statusCode"] == 201
            assert world.report(status, AtsiApplicationId=new, BusinessDate="2022-06-01T00:00:00Z").status == 200
            if report_first:
                assert world.registry(put, None)["statusCode"] == 201
            stored = world.stored(new)
            items.append((stored.status, stored.head, stored.raw_status, list(stored.transitions)))
    assert items[0] == items[1]
    assert items[0][0] == ("INTERVIEW" if status == "INTERVIEW" else "APPLIED")
