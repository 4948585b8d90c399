"""Batches of reports: each report as if it were sent alone, in one reply."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from itertools import chain, permutations, repeat
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.access.limits import Buckets, key_of_ats, limit_of_ats
from application_status.applications.record import Applications, UnknownApplications
from application_status.applications.register import Registrations
from application_status.labels.overrides import OverrideRegister
from application_status.platform import deadlines
from application_status.platform.errors import Unavailable
from application_status.platform.values import ApplicationId, application_id
from support import sandbox
from support.dynamodb_in_memory import Memory
from support.faults import NO_CONNECTION, Clock, Faults, fresh_client, table_server
from support.signals import counted
from support.world import (
    APPLICATION,
    ATS,
    SIGNALLED_APPLICATION,
    TEST_TOKEN,
    Answer,
    World,
    answer,
    http_event,
    registration,
)

PATH = "/api/application-status/batch"
UNKNOWN = "51c3be16-0f93-41ed-9cc0-00000000dead"


def report(status: str = "INTERVIEW", of: Any = APPLICATION, /, **fields: Any) -> dict[str, Any]:
    return {"AtsiApplicationId": of, "Status": status, **fields}


def day(number: int) -> str:
    return f"2022-08-{number:02}T12:00:00.000Z"


def registered(world: World, amount: int) -> list[ApplicationId]:
    """Register applications of the demo ATS."""
    ids = [application_id(f"{APPLICATION[:-4]}{number:04}") for number in range(amount)]
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    for each in ids:
        registrations.register(each, registration())
    return ids


def results(reply: Answer) -> list[str]:
    """Return what became of each report: the result, or the type of the problem."""
    assert [each["Index"] for each in reply.body["Results"]] == list(range(len(reply.body["Results"])))
    return [
        each["Reply"]["Result"] if "Reply" in each else each["Problem"]["type"].removeprefix("/problems/")
        for each in reply.body["Results"]
    ]


def statuses(world: World, of: str = APPLICATION) -> list[str | None]:
    return [each.status for each in world.stored(of).in_order()]


def without_ids(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name.lower() != "requestid"}


# The reply


def test_hundred_reports_of_hundred_applications(world: World) -> None:
    """Each has its reply, in the order sent, and is stored; the ids of the reply are those of the request."""
    ids = registered(world, 100)
    reply = world.report_batch(*(report("OFFER", each, RawStatus="Angebot", BusinessDate=day(1)) for each in ids))
    assert reply.status == 200
    assert reply.body.keys() == {"Results", "RequestId"}
    assert [each["Reply"] for each in reply.body["Results"]] == [
        {
            "AtsiApplicationId": each,
            "Status": "OFFER",
            "PreviousStatus": "APPLIED",
            "Result": "recorded",
            "Version": 2,
            "RequestId": reply.body["RequestId"],
        }
        for each in ids
    ]
    assert {world.stored(each).status for each in ids} == {"OFFER"}


def test_one_write_for_each_report(world: World) -> None:
    """The token is looked up once."""
    ids = registered(world, 30)
    world.restart()
    world.report_batch(*(report("OFFER", each, BusinessDate=day(1)) for each in ids))
    assert Counter(world.dynamodb.operations) == {"GetItem": 1, "UpdateItem": 30}


def test_good_reports_are_recorded_beside_bad_ones(world: World) -> None:
    """207 then, with the reply or the problem of each."""
    reply = world.report_batch(
        report("OFFER"), report("PROMOTED"), report("OFFER", UNKNOWN), report("HIRED", SIGNALLED_APPLICATION), [7]
    )
    assert reply.status == 207
    assert results(reply) == ["recorded", "invalid-fields", "unknown-application", "recorded", "malformed-body"]
    assert world.stored().status == "OFFER"
    assert world.stored(SIGNALLED_APPLICATION).status == "HIRED"
    assert "Retry-After" not in reply.headers


def test_single_report_is_a_batch_too(world: World) -> None:
    assert results(world.report_batch(report("OFFER"))) == ["recorded"]


def test_unrecognised_fields_are_named_back(world: World) -> None:
    """Of each report with its reply, and those of the batch."""
    body = {"Reports": [report("OFFER", Remark="x"), report("OFFER")], "Sender": "demo"}
    reply = answer(world.batch(http_event("POST", PATH, body), None))
    assert reply.body["IgnoredFields"] == ["Sender"]
    first, second = (each["Reply"] for each in reply.body["Results"])
    assert (first["IgnoredFields"], "IgnoredFields" in second) == (["Remark"], False)


@pytest.mark.parametrize("fields", [{}, {"RawStatus": "x", "BusinessDate": day(3)}, {"Remark": 1}], ids=str)
@pytest.mark.parametrize("status", ["CONTACT", "REJECTED", "HIRED"])
def test_report_of_a_batch_is_stored_and_answered_as_one_sent_alone(status: str, fields: dict[str, Any]) -> None:
    """The items are equal."""
    ways: list[Callable[[World], dict[str, Any]]] = [
        lambda world: world.report(status, **fields).body,
        lambda world: world.report_batch(report(status, **fields)).body["Results"][0]["Reply"],
    ]
    found = []
    for send in ways:
        with mock_aws(), time_machine.travel("2026-11-22T10:00:00Z", tick=False):
            world = World(boto3.client("dynamodb"))
            found.append((without_ids(send(world)), world.item()))
    assert found[0] == found[1]


# Order, and repetitions


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_reports_of_one_application_apply_by_effective_time(world: World, order: tuple[int, ...]) -> None:
    """However they are sent, none is late, and the versions rise with time."""
    dated = [report(status, BusinessDate=day(n)) for n, status in enumerate(("CONTACT", "INTERVIEW", "OFFER"), 1)]
    reply = world.report_batch(*(dated[place] for place in order))
    assert results(reply) == ["recorded"] * 3
    assert [each["Reply"]["Version"] for each in reply.body["Results"]] == [place + 2 for place in order]
    assert statuses(world) == ["CONTACT", "INTERVIEW", "OFFER"]


def test_reports_without_a_date_come_last_in_their_order(world: World) -> None:
    """They say how things stand now; the last of them decides."""
    reply = world.report_batch(
        report("OFFER"),
        report("CONTACT", BusinessDate=day(1)),
        report("INTERVIEW"),
        report("HIRED", BusinessDate=day(2)),
    )
    assert results(reply) == ["recorded"] * 4
    assert [each["Reply"]["Version"] for each in reply.body["Results"]] == [4, 2, 5, 3]
    assert statuses(world) == ["CONTACT", "HIRED", "OFFER", "INTERVIEW"]
    assert world.stored().status == "INTERVIEW"


def test_status_may_come_back_without_a_date(world: World) -> None:
    """Each of A, B, A takes one write, as each is received after the one before."""
    world.report("CONTACT")
    world.dynamodb.operations.clear()
    assert results(world.report_batch(report("OFFER"), report("INTERVIEW"), report("OFFER"))) == ["recorded"] * 3
    assert statuses(world) == ["CONTACT", "OFFER", "INTERVIEW", "OFFER"]
    assert world.dynamodb.operations.count("UpdateItem") == 3


@pytest.mark.parametrize("fields", [{}, {"BusinessDate": day(1)}, {"IdempotencyKey": "k"}], ids=str)
def test_repetition_in_a_batch_is_unchanged(world: World, fields: dict[str, str]) -> None:
    """The first one is recorded."""
    assert results(world.report_batch(*[report("OFFER", **fields)] * 3)) == ["recorded", "unchanged", "unchanged"]
    assert statuses(world) == ["OFFER"]


def test_idempotency_key_is_that_of_the_header(world: World) -> None:
    """A report that was sent alone with a key is recognised in a batch, after other changes, and conversely."""
    world.report("OFFER", headers={"Idempotency-Key": "1"})
    assert results(world.report_batch(report("INTERVIEW", IdempotencyKey="2"))) == ["recorded"]
    assert results(world.report_batch(report("OFFER", IdempotencyKey="1"))) == ["unchanged"]
    assert world.report("INTERVIEW", headers={"Idempotency-Key": "2"}).body["Result"] == "unchanged"
    assert results(world.report_batch(report("OFFER", IdempotencyKey=None))) == ["recorded"]


def test_resent_batch_is_unchanged(world: World) -> None:
    """With dates or keys."""
    ids = registered(world, 10)
    batch = [report("OFFER", each, BusinessDate=day(1)) for each in ids]
    batch += [report("HIRED", each, IdempotencyKey="1") for each in ids]
    assert results(world.report_batch(*batch)) == ["recorded"] * 20
    assert results(world.report_batch(*batch)) == ["unchanged"] * 20


def test_label_of_a_rejection_refines_its_outcome(world: World) -> None:
    """By the vocabulary, or by the ATS's overrides, as for a report sent alone."""
    OverrideRegister(world.dynamodb, "TokensTable").change(ATS, {"Blue folder": "REJECTED/position_closed"})
    ids = registered(world, 2)
    labels = ("Candidate withdrew", "Blue folder")
    world.report_batch(*(report("REJECTED", of, RawStatus=label) for of, label in zip(ids, labels, strict=True)))
    assert [world.stored(each).outcome[0] for each in ids] == ["candidate_withdrew", "position_closed"]


# Whose applications


def test_unknown_applications_are_accepted_if_the_board_accepts_them() -> None:
    """As by the webhook; several reports of a new one create it once. A test token never creates any."""
    with mock_aws():
        world = World(boto3.client("dynamodb"), UnknownApplications.ACCEPT)
        reply = world.report_batch(report("OFFER", UNKNOWN), report("CONTACT", UNKNOWN, BusinessDate=day(1)))
        assert results(reply) == ["recorded"] * 2
        assert statuses(world, UNKNOWN) == ["CONTACT", "OFFER"]
        assert results(world.report_batch(report("OFFER", UNKNOWN), token=TEST_TOKEN)) == ["unknown-application"]


def test_test_tokens_report_about_the_sandbox_alone(world: World) -> None:
    own = sandbox.created(world)["AtsiApplicationId"]
    reply = world.report_batch(report("OFFER", own), report("OFFER"), token=TEST_TOKEN)
    assert results(reply) == ["recorded", "unknown-application"]
    assert results(world.report_batch(report("OFFER", own), report("OFFER"))) == ["unknown-application", "recorded"]
    assert sandbox.read_back(world, own).body["Status"] == "OFFER"


# Limits


@pytest.fixture
def limited() -> Iterator[World]:
    """The smallest limit: each ATS may send one request a second, and 100 at once."""
    with mock_aws():
        yield World(boto3.client("dynamodb"), requests_per_second=1)


def test_each_report_counts(limited: World) -> None:
    """A batch of 100 is admitted at once by the smallest limit; a second one has to wait until the bucket is full."""
    batch = [report("OFFER", each) for each in registered(limited, 100)]
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False) as moment:
        assert limited.report_batch(*batch).status == 200
        refusal = limited.report_batch(*batch)
        assert (refusal.status, refusal.body["type"]) == (429, "/problems/throttled")
        moment.shift(50)
        assert limited.report_batch(*batch).status == 429
        moment.shift(51)
        assert limited.report_batch(*batch).status == 200


def test_batch_is_admitted_after_the_time_that_its_refusal_says(limited: World) -> None:
    """Although each attempt counts as a request, whose permit is not there for the reports."""
    batch = [report("OFFER")] * 100
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False) as moment:
        limited.report_batch(*batch)
        moment.shift(50)
        refusal = limited.report_batch(*batch)
        assert refusal.status == 429
        moment.shift(int(refusal.headers["Retry-After"]))
        assert limited.report_batch(*batch).status == 200


def test_refused_batch_records_nothing(limited: World) -> None:
    """A batch counts as a whole."""
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False):
        Buckets(limited.dynamodb, "TokensTable").take(key_of_ats(ATS, test=False), limit_of_ats(1), 98)
        assert limited.report_batch(*[report("OFFER")] * 3).status == 429
        assert statuses(limited) == []
        assert limited.report("OFFER").status == 200


def test_malformed_body_counts_as_one_request(limited: World) -> None:
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False):
        found = [answer(limited.batch(http_event("POST", PATH, "{"), None)).status for _ in range(101)]
    assert Counter(found) == {400: 100, 429: 1}


# Failures


def failing(error: Exception, fails: Callable[[Any], bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store fail for some reports."""
    record = Applications.record

    def recorded(self: Applications, report: Any) -> Any:
        if fails(report):
            raise error
        return record(self, report)

    monkeypatch.setattr(Applications, "record", recorded)


@pytest.mark.parametrize(
    ("error", "kind"), [(Unavailable("Geheimnis"), "unavailable"), (KeyError("Geheimnis"), "unexpected")]
)
def test_failure_of_one_report_is_its_own(
    world: World, error: Exception, kind: str, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is answered 503, with a Retry-After for the batch, and is recorded when it is sent again."""
    ids = registered(world, 20)
    batch = [report("OFFER", each) for each in ids]
    with monkeypatch.context() as patched:
        failing(error, lambda given: given.application_id == ids[7], patched)
        reply = world.report_batch(*batch)
    assert results(reply) == ["recorded"] * 7 + [kind] + ["recorded"] * 12
    problem = reply.body["Results"][7]["Problem"]
    assert (reply.status, problem["status"]) == (207, 503)
    assert int(reply.headers["Retry-After"]) > 0
    assert "Geheimnis" not in json.dumps(reply.body) + log.getvalue()
    assert ('"unexpected"' in log.getvalue()) is (kind == "unexpected")
    assert results(world.report_batch(*batch)) == ["unchanged"] * 7 + ["recorded"] + ["unchanged"] * 12


def test_report_without_a_date_waits_for_the_one_before_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """If that fails, it fails, too: the one before, sent again later, would overtake it. Others don't wait."""
    batch = [report("INTERVIEW"), report("OFFER"), report("CONTACT", BusinessDate=day(1))]
    batch += [report("HIRED", SIGNALLED_APPLICATION)]
    with monkeypatch.context() as patched:
        failing(Unavailable(), lambda given: given.interpretation.status == "INTERVIEW", patched)
        reply = world.report_batch(*batch)
    assert results(reply) == ["unavailable", "unavailable", "recorded", "recorded"]
    assert statuses(world) == ["CONTACT"]
    assert results(world.report_batch(*batch)) == ["recorded", "recorded", "unchanged", "unchanged"]
    assert world.stored().status == "OFFER"


def test_after_the_deadline_the_rest_is_a_503_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that no longer answers ends the calls after 20 s, and the batch can be sent again."""
    with table_server() as server:
        world = World(fresh_client(server))
        batch = [report("OFFER", each, BusinessDate=day(1)) for each in registered(world, 60)]
        assert world.report_batch(report("OFFER", UNKNOWN)).status == 207  # remembers the token
        clock = Clock()
        monkeypatch.setattr(deadlines, "time", clock)
        faults = Faults(world.client, clock)
        faults.plan(*repeat(None, 5), then=chain(repeat(NO_CONNECTION)))
        reply = world.report_batch(*batch)
        assert Counter(results(reply)) == {"recorded": 5, "unavailable": 55}
        assert (reply.status, reply.body["Results"][-1]["Problem"]["status"]) == (207, 503)
        assert len(faults.calls) < 100  # each takes half a second of 20, and 25 may be under way at their end
        faults.plan()
        assert Counter(results(world.report_batch(*batch))) == {"unchanged": 5, "recorded": 55}
        world.close()


# The log


def test_batch_has_one_log_line_and_metrics_by_report(
    world: World, log: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line has what is needed to find an application, and nothing that was sent beside."""
    counted(capsys)
    world.report_batch(
        report("OFFER", RawStatus="Geheimnis"), report("OFFER"), report("OFFER", UNKNOWN), report("Geheimnis")
    )
    (line,) = (json.loads(each) for each in log.getvalue().splitlines() if "_aws" not in each)
    assert line["message"] == "batch"
    assert line["results"] == {"recorded": 1, "unchanged": 1, "unknown-application": 1, "invalid-fields": 1}
    assert line["applications"] == [f"{APPLICATION} recorded OFFER v2", f"{APPLICATION} unchanged OFFER v2"]
    assert (line["ats"], line["channel"]) == (ATS, "atsi")
    assert "Geheimnis" not in log.getvalue()


def test_metrics_of_a_batch_are_those_of_its_reports(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Each report counts."""
    counted(capsys)
    world.report_batch(report("OFFER"), report("OFFER"), report("OFFER", UNKNOWN), report("?"))
    assert counted(capsys) == {
        "Recorded": 1, "Unchanged": 1, "UnknownApplication": 1, "InvalidFields": 1, "Refused": 2,
    }  # fmt: skip


def test_folded_reports_of_a_batch_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A history over its limit folds as for reports sent alone; in memory, where no machine is too slow for it."""
    world = World(Memory())
    start = world.stored().registration.applied_at  # type: ignore[union-attr]
    moments = [(start + timedelta(hours=hour)).isoformat() for hour in range(1, 301)]
    for place in range(0, 300, 100):
        batch = [report("INTERVIEW", BusinessDate=each) for each in moments[place : place + 100]]
        assert world.report_batch(*batch).status == 200
    assert counted(capsys)["Folded"] > 0
