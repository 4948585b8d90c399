"""A test token's life: reports, signals, reading back, and the end of it all."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.access import rules as tokens
from application_status.access.register import TokenRegister
from application_status.applications.record import UnknownApplications
from application_status.platform.values import from_text, now
from support.sandbox import TABLES, create, created, read_back, report, rows
from support.signals import complete, counted, position_signal, refused, send, sent, signal, state
from support.world import ATS, TEST_TOKEN, TOKEN, World, answer, http_event

BY_ATS = "/qs-api/public/atsi/v1/"
EARLY, LATE = "2022-07-29T10:00:00.000Z", "2022-07-30T10:00:00.000Z"


@pytest.fixture
def world() -> Iterator[World]:
    """Strangers' applications are accepted from live tokens, which the sandbox must not do."""
    with mock_aws():
        yield World(boto3.client("dynamodb"), UnknownApplications.ACCEPT)


@pytest.fixture
def of(world: World) -> str:
    """The id of an application in the sandbox."""
    made: str = created(world)["AtsiApplicationId"]
    return made


def test_reports_of_both_forms(world: World, of: str) -> None:
    """As live: recorded, unchanged, late, there and back, and a label that is more precise than its status."""
    replies = [
        report(world, of, "INTERVIEW", BusinessDate=LATE),
        report(world, of, "INTERVIEW", BusinessDate=LATE, path=f"{BY_ATS}{ATS}"),
        report(world, of, "CONTACT", BusinessDate=EARLY, path=f"{BY_ATS}{ATS}"),
        report(world, of, "APPLIED"),
        report(world, of, "INTERVIEW"),
        report(world, of, "REJECTED", RawStatus="Absage durch Bewerber"),
    ]
    assert [(reply.status, reply.body["Result"]) for reply in replies] == [
        (200, outcome) for outcome in ("recorded", "unchanged", "late", "recorded", "recorded", "recorded")
    ]
    found = read_back(world, of).body
    assert [each["Status"] for each in found["Transitions"]] == [
        "CONTACT", "INTERVIEW", "APPLIED", "INTERVIEW", "REJECTED",
    ]  # fmt: skip
    assert (found["Outcome"], found["Version"]) == ("candidate_withdrew", 6)
    assert report(world, of, "PROMOTED").body["type"] == "/problems/invalid-fields"


def test_path_has_to_name_the_ats_of_the_token(world: World, of: str) -> None:
    """As live."""
    assert report(world, of, "OFFER", path=f"{BY_ATS}other-ats").status == 401
    assert read_back(world, of).body["Version"] == 1


@pytest.mark.parametrize("kind", ["token", "candidateApplicationProfileId"])
def test_signals_by_each_alias(world: World, kind: str) -> None:
    """An unmapped label is kept; a finished form changes nothing."""
    made = created(world)
    (alias,) = made["Aliases"][kind[0].upper() + kind[1:]]
    mine = {"token": None, kind: alias}
    sent(world, complete(**mine), token=TEST_TOKEN)
    sent(world, signal(state("Interview", 1), **mine), token=TEST_TOKEN)
    sent(world, signal(state("Blue folder", 2), **mine), signal(state("Offer", 3), **mine), token=TEST_TOKEN)
    found = read_back(world, made["AtsiApplicationId"]).body
    assert [each["Status"] for each in found["Transitions"]] == ["INTERVIEW", None, "OFFER"]
    assert (found["Status"], found["Version"]) == ("OFFER", 4)


def test_batch_is_recorded_as_far_as_it_is_right(world: World) -> None:
    """The wrong ones are named by their places."""
    made = created(world)
    (token,) = made["Aliases"]["Token"]
    signals = [signal(state("Interview", 1), token=token), signal(token=""), signal(token="unknown")]
    assert refused(send(world, *signals, token=TEST_TOKEN)) == ["/input/signals/1/token"]
    assert read_back(world, made["AtsiApplicationId"]).body["Status"] == "INTERVIEW"


def test_end_of_a_position_reaches_its_application(world: World) -> None:
    """At once; the newest end counts, whatever the order; another's is not concerned; an own status ends it."""
    other = created(world)
    with time_machine.travel("2022-08-01T00:00:00Z"):
        made = created(world)
    of = made["AtsiApplicationId"]

    def after_signal(day: int, success: Any, label: str = "Closed") -> tuple[str, bool, int]:
        where = {"positionProfileIds": made["Aliases"]["PositionProfileIds"]}
        current = {"current": state(label, day, success=success)}
        sent(world, position_signal(success, day, **where, **current), token=TEST_TOKEN)
        found = read_back(world, of).body
        return found["Outcome"], found["OutcomeInferred"], found["Version"]

    assert after_signal(10, success=False) == ("position_closed", True, 2)
    assert after_signal(10, success=False) == ("position_closed", True, 2)
    assert after_signal(9, None, "Interview") == ("position_closed", True, 2)
    assert after_signal(11, None, "Interview") == ("open", False, 3)
    assert after_signal(12, success=True) == ("position_closed", True, 4)
    assert report(world, of, "HIRED").body["Result"] == "recorded"
    found = read_back(world, of).body
    assert (found["Outcome"], found["OutcomeInferred"]) == ("hired", False)
    assert read_back(world, other["AtsiApplicationId"]).body["Version"] == 1
    sent(world, position_signal(success=False, positionProfileIds=["unknown"]), token=TEST_TOKEN)


def test_report_of_an_unknown_application_is_a_404(world: World) -> None:
    """A first report never creates a sandbox application, even if live tokens may, as each must expire."""
    of = "51c3be16-0f93-41ed-9cc0-00000000beef"
    assert report(world, of, "OFFER").status == 404
    assert rows(world) == []
    assert report(world, of, "OFFER", token=TOKEN).status == 200


@pytest.mark.parametrize("end", ["expired", "revoked"])
def test_expired_or_revoked_token_is_refused(world: World, end: str) -> None:
    """Every operation of the sandbox refuses it, as with a live token."""
    register, token = TokenRegister(world.dynamodb, "TokensTable"), tokens.generate(test=True)
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False) as moment:
        stored = register.add(token, ATS, expires_at=now() + timedelta(days=1))
        of = created(world, token)["AtsiApplicationId"]
        assert read_back(world, of, token).status == 200
        if end == "expired":
            moment.shift(timedelta(days=1))
        else:
            register.revoke(stored.key_id)
            world.restart()
        statuses = [create(world, token=token).status, read_back(world, of, token).status]
        statuses += [report(world, of, "OFFER", token=token).status, send(world, signal(), token=token).status]
        assert statuses == [401] * 4


def test_everything_expires_after_a_week(world: World) -> None:
    """Each row expires a week after its creation, to the second; later reports neither prolong it nor add a row."""
    with time_machine.travel("2026-11-22T09:00:00.999Z", tick=False) as moment:
        made = created(world)
        end = int((now() + timedelta(days=7)).timestamp())
        assert end == int(from_text(made["ExpiresAt"]).timestamp())
        keys = [(each.get("Alias"), each.get("Member"), each.get("AtsiApplicationId")) for each in rows(world)]
        assert len(keys) == 4
        of, aliases = made["AtsiApplicationId"], made["Aliases"]
        moment.shift(timedelta(days=6))
        report(world, of, "INTERVIEW")
        report(world, of, "CONTACT", BusinessDate=EARLY)
        for kind, name in (("Token", "token"), ("CandidateApplicationProfileId", "candidateApplicationProfileId")):
            sent(world, signal(state("Offer", 2), **{"token": None, name: aliases[kind][0]}), token=TEST_TOKEN)
        sent(world, position_signal(success=False, positionProfileIds=aliases["PositionProfileIds"]), token=TEST_TOKEN)
    assert read_back(world, of).body["Version"] == 5
    assert [(each.get("Alias"), each.get("Member"), each.get("AtsiApplicationId")) for each in rows(world)] == keys
    assert [each["ExpiresAt"] for each in rows(world)] == [{"N": str(end)}] * 4


def test_costs_the_two_writes_of_the_kept_request(world: World, of: str) -> None:
    """A report of the sandbox takes what a live one takes, and two writes that keep it with its token.

    Making an application takes a count and one transaction beside these.
    """
    kept = ["UpdateItem", "PutItem"]
    world.restart()
    report(world, of, "INTERVIEW")
    report(world, of, "OFFER")
    assert world.dynamodb.operations == ["GetItem", "UpdateItem", *kept, "UpdateItem", *kept]
    world.restart()
    created(world)
    assert world.dynamodb.operations == ["GetItem", "UpdateItem", "TransactWriteItems", *kept]


def test_quality_is_for_live_tokens(world: World) -> None:
    """403 with a sentence, also for a question that makes no sense."""
    for query in ({}, {"kind": "health"}, {"kind": "nonsense"}):
        event = http_event("GET", "/api/quality", token=TEST_TOKEN) | {"queryStringParameters": query}
        reply = answer(world.views(event, None))
        assert (reply.status, reply.body["type"]) == (403, "/problems/forbidden")
        assert reply.body["detail"].startswith("Sandbox applications are not counted")


def test_metrics_are_counted_apart(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Each result has a metric of the sandbox; the next live request is counted as live again."""
    made = created(world)
    of, (token,) = made["AtsiApplicationId"], made["Aliases"]["Token"]
    report(world, of, "OFFER")
    report(world, of, "OFFER")
    report(world, of, "PROMOTED")
    read_back(world, "51c3be16-0f93-41ed-9cc0-00000000beef")
    sent(world, signal(token=token), signal(token="unknown"), token=TEST_TOKEN)
    create(world, "[")
    assert counted(capsys) == {
        "Sandbox.Registered": 1, "Sandbox.Recorded": 1, "Sandbox.Unchanged": 1, "Sandbox.Late": 1,
        "Sandbox.SignalDropped": 1, "Sandbox.Refused": 3, "Sandbox.InvalidFields": 1, "Sandbox.UnknownApplication": 1,
        "Sandbox.MalformedBody": 1,
    }  # fmt: skip
    register, token = TokenRegister(world.dynamodb, "TokensTable"), tokens.generate(test=True)
    register.revoke(register.add(token, ATS).key_id)
    report(world, of, "OFFER", token=token)
    assert counted(capsys) == {"Sandbox.Unauthenticated": 1, "Sandbox.Refused": 1}
    report(world, of, "OFFER", token="unknown")
    world.report("OFFER")
    create(world, token=TOKEN)
    assert counted(capsys) == {"Unauthenticated": 1, "Refused": 2, "Recorded": 1, "Forbidden": 1}


def test_log_lines_have_the_result(world: World, log: StringIO) -> None:
    """Each line has the ATS, the result and the sandbox's channel, which health does not count."""
    made = created(world)
    of, (token,) = made["AtsiApplicationId"], made["Aliases"]["Token"]
    report(world, of, "OFFER")
    report(world, of, "PROMOTED")
    sent(world, signal(state("Interview", 1), token=token), token=TEST_TOKEN)
    read_back(world, of)
    lines = [json.loads(line) for line in log.getvalue().splitlines() if '"_aws"' not in line]
    asked = [(line["message"], line["ats"], line.get("sandbox"), line.get("result")) for line in lines]
    assert asked == [
        ("created", ATS, None, None),
        ("recorded", ATS, "atsi", "recorded"),
        ("refused", ATS, "atsi", "invalid-fields"),
        ("late", ATS, "signals", "late"),
        ("read", ATS, None, None),
    ]
    assert [line.get("application") for line in lines] == [of, of, None, of, of]
    assert not any("channel" in line for line in lines)
    assert not any(secret in log.getvalue() for secret in (TEST_TOKEN, TEST_TOKEN[-49:], token))


def test_tables_are_the_templates(world: World) -> None:
    """The tables have no stream, so sandbox writes reach no other function."""
    for table in TABLES:
        described = world.client.describe_table(TableName=table)["Table"]
        assert "StreamSpecification" not in described
