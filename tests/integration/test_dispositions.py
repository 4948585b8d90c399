"""Dispositions from the request to the stored application: as Indeed's senders send them, unchanged."""

import itertools
import json
from collections import Counter
from io import StringIO
from typing import Any

import pytest

from application_status.applications.register import Registrations
from application_status.applications.rules.report import Channel
from application_status.functions.signals import make_handler
from application_status.platform.errors import Unavailable
from application_status.platform.values import application_id
from support.dispositions import (
    APPLY_ID,
    FOREIGN_APPLY_ID,
    SAMPLE,
    SEND,
    about,
    disposition,
    rationales,
    register_apply_ids,
    result,
    send,
    sent,
)
from support.failing import Failing
from support.signals import counted, event, history, post, signal
from support.world import (
    APPLICATION,
    ATS,
    FOREIGN_APPLICATION,
    OTHER_TOKEN,
    SIGNALLED_APPLICATION,
    TEST_TOKEN,
    TOKEN,
    World,
    answer,
    http_event,
    registration,
    signals_settings,
)

UNKNOWN = (
    "identifiedBy.indeedApplyID: You have no application with this id; expected: an id under which the job board sent "
    "you the application"
)
GOOD = {"data": {"partnerDisposition": {"send": {"numberGoodDispositions": 1, "failedDispositions": []}}}}
LITERAL = """mutation {
\tpartnerDisposition {
\t\tsend(input: {dispositions: [{
\t\t\tdispositionStatus: %s
\t\t\trawDispositionStatus: "On-site"
\t\t\trawDispositionDetails: ""
\t\t\tidentifiedBy: {indeedApplyID: "51c3be16-0f93-41ed-9cc0-9092222d7333"}
\t\t\tatsName: "demo-ats"
\t\t\tstatusChangeDateTime: "2026-11-02T09:30:00.000Z"
\t\t}]}) { numberGoodDispositions failedDispositions { identifiedBy { indeedApplyID } rationale } }
\t}
}
"""
ONE_FIELD = (
    "mutation ($id: ID!, $status: IndeedDispositionStatus!, $at: DateTime!) { partnerDisposition { send(input: "
    '{dispositions: {identifiedBy: {indeedApplyID: $id}, dispositionStatus: $status, rawDispositionStatus: "On-site", '
    'atsName: "demo-ats", statusChangeDateTime: $at}}) '
    "{ numberGoodDispositions failedDispositions { rationale } } } }"
)
TYPED = {"id": APPLICATION, "status": "INTERVIEW", "at": "2026-11-02T10:30:00+01:00"}


@pytest.mark.parametrize(
    "body",
    [
        {"query": SEND, "variables": SAMPLE},
        {"query": LITERAL % "INTERVIEW", "variables": {}},
        {"query": LITERAL % "INTERVIEW"},
        {"query": ONE_FIELD, "variables": TYPED},
    ],
    ids=["variables", "literals with empty variables", "literals alone", "typed variables"],
)
def test_sample_runs_unchanged(world: World, body: dict[str, Any]) -> None:
    """In each way to write it; Indeed's status and the sender's label are both stored, and nothing else is."""
    reply = post(world, body)
    assert (reply.status, reply.body) == (200, GOOD)
    (transition,) = history(world, APPLICATION)
    found = transition.interpretation
    assert (found.status, found.raw_phase, found.raw_status) == ("INTERVIEW", "INTERVIEW", "On-site")
    assert (transition.channel, transition.has_business_date) == (Channel.INDEED, True)
    assert transition.effective_at.isoformat() == "2026-11-02T09:30:00+00:00"
    assert "rawDispositionDetails" not in str(world.item(APPLICATION))


def test_free_texts_are_neither_stored_nor_logged(
    world: World, log: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Details, the names of the ATS and of the source, an e-mail address, an unknown id, and the label in the log."""
    register_apply_ids(world)
    person = {"emailAddress": "secret@person.test"}
    free = {"rawDispositionDetails": "secret 1", "atsName": "secret 2", "applicationSourceName": "secret 3"}
    alternate = {"jobIdentifier": {"employerJobId": "secret-4"}, "jobSeekerIdentifier": person}
    reply = send(
        world,
        disposition("REVIEW", "label that is personal", **free),
        about({"alternateIdentifier": alternate}),
        about({"ittk": "secret-5"}),
    )
    assert len(result(reply)[1]) == 2
    assert "secret" not in str(world.contents())
    written = log.getvalue() + capsys.readouterr().out
    assert '"Recorded"' in written
    assert "secret" not in written
    assert "personal" not in written


def test_every_way_to_name_an_application(world: World) -> None:
    """Each of the three ids of the board may be a registered apply id, and indeedApplyID also the AtsiApplicationId."""
    register_apply_ids(world)
    for day, name in enumerate(("indeedApplyID", "ittk", "universalApplyId"), start=1):
        sent(world, about({name: APPLY_ID}, statusChangeDateTime=f"2022-08-0{day}T12:00:00Z"))
    assert len(history(world, SIGNALLED_APPLICATION)) == 3
    sent(world, about({"indeedApplyID": SIGNALLED_APPLICATION.upper()}))
    assert len(history(world, SIGNALLED_APPLICATION)) == 3
    assert len(rationales(send(world, about({"ittk": APPLICATION}), about({"universalApplyId": APPLICATION})))) == 2


def test_unknown_and_foreign_applications_fail_alike(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The same rationale, so that ids can't be probed, also for a status that says nothing; nothing is written."""
    register_apply_ids(world)
    before = world.contents()
    counted(capsys)
    unknown = "51c3be16-0f93-41ed-9cc0-00000000ffff"
    ids = (FOREIGN_APPLY_ID, FOREIGN_APPLICATION, unknown, "unknown", SIGNALLED_APPLICATION.replace("-", "_"))
    for status in ("HIRED", "INCOMPLETE", "UNABLE_TO_MAP"):
        reply = send(world, *(about({"indeedApplyID": each}, dispositionStatus=status) for each in ids))
        good, failures = result(reply)
        assert (good, [each["identifiedBy"] for each in failures]) == (0, [{"indeedApplyID": each} for each in ids])
        assert {each["rationale"] for each in failures} == {UNKNOWN}
        assert counted(capsys) == {"DispositionFailed": 5}
    assert world.contents() == before
    sent_by_its_own = send(world, about({"indeedApplyID": FOREIGN_APPLY_ID}), token=OTHER_TOKEN)
    assert result(sent_by_its_own) == (1, [])


def test_erased_application_fails_as_an_unknown_one(world: World) -> None:
    """By its id and by its apply id, whatever the status."""
    register_apply_ids(world)
    assert world.erase(SIGNALLED_APPLICATION).status == 204
    for identified in ({"indeedApplyID": SIGNALLED_APPLICATION}, {"indeedApplyID": APPLY_ID}, {"ittk": APPLY_ID}):
        for status in ("HIRED", "DROPPED_DUPLICATE"):
            (rationale,) = rationales(send(world, about(identified, dispositionStatus=status)))
            assert "You have no application with this id" in rationale


def test_failed_dispositions_do_not_stop_the_others(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """HTTP 200 without errors; each failure names the identifier as sent and nothing else."""
    counted(capsys)
    alternate = {"jobIdentifier": {"employerJobId": "7"}, "jobSeekerIdentifier": {"emailAddress": "a@b.test"}}
    document = SEND.replace(
        "indeedApplyID }",
        "indeedApplyID ittk universalApplyId alternateIdentifier { jobIdentifier { employerJobId } "
        "jobSeekerIdentifier { emailAddress } } }",
    )
    dispositions = [
        disposition("INTERVIEW", "On-site", 1),
        about({"ittk": "unknown"}),
        about({"alternateIdentifier": alternate}),
        disposition("OFFER_MADE", "x" * 201, 2),
        disposition("OFFER_MADE", "Offer", statusChangeDateTime="2022-08-02"),
        disposition("HIRED", "Hired", 3),
    ]
    reply = post(world, {"query": document, "variables": {"input": {"dispositions": dispositions}}})
    good, failures = result(reply)
    nothing = {"indeedApplyID": None, "ittk": None, "universalApplyId": None, "alternateIdentifier": None}
    assert (good, [each["identifiedBy"] for each in failures]) == (
        2,
        [
            nothing | {"ittk": "unknown"},
            nothing | {"alternateIdentifier": alternate},
            nothing | {"indeedApplyID": APPLICATION},
            nothing | {"indeedApplyID": APPLICATION},
        ],
    )
    assert [each["rationale"].partition(" ")[0] for each in failures] == [
        "identifiedBy.ittk:", "identifiedBy.alternateIdentifier:", "rawDispositionStatus:", "statusChangeDateTime:",
    ]  # fmt: skip
    assert [each.status for each in history(world, APPLICATION)] == ["INTERVIEW", "HIRED"]
    assert counted(capsys) == {"Recorded": 2, "DispositionFailed": 4}


@pytest.mark.parametrize(
    "status", ["INCOMPLETE", "DROPPED_DUPLICATE", "DROPPED_JOB_EXPIRED", "DROPPED_FRAUD_SPAM", "DROPPED_OTHER"]
)
def test_what_says_nothing_about_the_status_is_good_and_only_counted(
    world: World, capsys: pytest.CaptureFixture[str], status: str
) -> None:
    """Nothing is written, whatever the label says."""
    before = world.contents()
    counted(capsys)
    sent(world, disposition(status, "Rejected"))
    assert world.contents() == before
    assert counted(capsys) == {"DispositionWithoutStatus": 1}


def test_label_that_nobody_knows_is_unmapped(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Of UNABLE_TO_MAP alone: it is good, stored and counted, and changes no status."""
    counted(capsys)
    sent(world, disposition("UNABLE_TO_MAP", "Blue folder", 1), disposition("UNABLE_TO_MAP", "2nd interview", 2))
    assert [each.status for each in history(world, APPLICATION)] == [None, "INTERVIEW"]
    assert world.stored().unmapped_labels == ("Blue folder",)
    assert counted(capsys) == {"Unmapped": 1, "Recorded": 1}


CALL = [
    disposition("NEW", "New", 1),
    disposition("CONTACTED", "Mailed", 2),
    disposition("UNABLE_TO_MAP", "Phone screen", 3),
    disposition("INTERVIEW", "On-site", 3),
    disposition("OFFER_MADE", "Offer", 4),
    disposition("NOT_SELECTED", "Position filled", 4),
]


def test_order_of_a_call_does_not_matter(world: World) -> None:
    """Nor of several calls, nor how often each disposition comes: the history and the status are the same."""
    registrations, stands = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable"), set()
    for number, order in enumerate(itertools.islice(itertools.permutations(CALL), 0, None, 37)):
        application = application_id(f"51c3be16-0f93-41ed-9cc1-{number:012}")
        registrations.register(application, registration())
        call = [each | {"identifiedBy": {"indeedApplyID": application}} for each in order]
        sent(world, *call[:2])
        sent(world, *call[2:], *call[:2])
        sent(world, *reversed(call))
        stored = world.stored(application)
        assert (stored.version, stored.outcome) == (7, ("position_closed", False))
        stands.add((*sorted(stored.transitions), stored.head, stored.status, stored.raw_status))
    assert len(stands) == 1


def test_duplicates_are_good_and_write_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """By status, label and time, within a call and later; another label or time is another report."""
    sent(world, disposition(), disposition())
    before = world.item()
    counted(capsys)
    sent(world, disposition(), disposition("INTERVIEW", " ON-SITE "), disposition(atsName="another"))
    assert world.item() == before
    assert counted(capsys) == {"Unchanged": 3}
    sent(world, disposition("INTERVIEW", "Panel"), disposition("INTERVIEW", "On-site", 2))
    assert len(history(world, APPLICATION)) == 3


def test_older_disposition_joins_the_history(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The status stays, as with every report."""
    sent(world, disposition("OFFER_MADE", "Offer", 5))
    counted(capsys)
    sent(world, disposition("INTERVIEW", "On-site", 3))
    assert counted(capsys) == {"Late": 1}
    assert world.stored().status == "OFFER"


def test_up_to_a_hundred_are_sent_in_a_call(world: World) -> None:
    """Four times what Indeed asks for; one more, and none is recorded."""
    call = [disposition("REVIEW", f"Step {number}") for number in range(101)]
    before = world.contents()
    reply = send(world, *call)
    (error,) = reply.body["errors"]
    assert (reply.status, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert error["message"] == (
        "The request has 101 dispositions and 0 signals; it may have 100 of both together. Nothing was recorded; send "
        "several requests."
    )
    assert world.contents() == before
    sent(world, *call[:100])
    assert len(history(world, APPLICATION)) == 100


def test_dispositions_and_signals_of_a_document_count_together(world: World) -> None:
    """Both contracts in one document are recorded in its order, up to 100 in all."""
    document = "mutation ($a: SendPartnerDispositionInput!, $b: SendSignalsInput!) { partnerDisposition { "
    document += "one: send(input: $a) { numberGoodDispositions } two: send(input: $a) { numberGoodDispositions } } "
    document += "sendSignals(input: $b) }"
    variables = {"a": {"dispositions": [disposition()] * 30}, "b": {"signals": [signal()] * 40}}
    reply = post(world, {"query": document, "variables": variables})
    good = {"numberGoodDispositions": 30}
    assert reply.body == {"data": {"partnerDisposition": {"one": good, "two": good}, "sendSignals": True}}
    assert [len(history(world, each)) for each in (APPLICATION, SIGNALLED_APPLICATION)] == [1, 1]
    before = world.contents()
    variables["b"]["signals"].append(signal())
    reply = post(world, {"query": document, "variables": variables})
    assert "The request has 60 dispositions and 41 signals" in reply.body["errors"][0]["message"]
    assert world.contents() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"dispositionStatus": "interview"},
        {"dispositionStatus": "UNKNOWN"},
        {"dispositionStatus": None},
        {"rawDispositionStatus": None},
        {"atsName": None},
        {"statusChangeDateTime": None},
        {"statusChangeDateTime": 1754049600},
        {"identifiedBy": None},
        {"identifiedBy": {"indeedApplyId": APPLICATION}},
        {"identifiedBy": {"alternateIdentifier": {"jobIdentifier": {}}}},
        {"identifiedBy": {"alternateIdentifier": {"jobIdentifier": {}, "jobSeekerIdentifier": {"emailAddress": {}}}}},
        {"rawStatus": "On-site"},
    ],
)
def test_what_does_not_fit_the_schema_is_refused_as_a_whole(world: World, changes: dict[str, Any]) -> None:
    """As at Indeed: an error of GraphQL, and nothing is recorded."""
    before = world.contents()
    reply = send(world, disposition(), disposition(**changes))
    assert (reply.status, reply.body.get("data")) == (400, None)
    assert {each["extensions"]["code"] for each in reply.body["errors"]} == {"BAD_USER_INPUT"}
    assert world.contents() == before


def test_identifier_may_be_a_number(world: World) -> None:
    """An ID of GraphQL: it is a text as soon as it was read."""
    good, (failure,) = result(send(world, about({"indeedApplyID": 7})))
    assert (good, failure["identifiedBy"]) == (0, {"indeedApplyID": "7"})


def test_empty_call_is_good(world: World) -> None:
    """With nothing in it."""
    assert result(send(world)) == (0, [])


@pytest.mark.parametrize("error", [Unavailable("Geheimnis"), RuntimeError("Geheimnis")])
def test_failure_of_the_store_asks_to_send_the_call_again(world: World, error: Exception) -> None:
    """Earlier dispositions stay recorded once; it is an error, as no disposition is to blame."""
    call = [disposition("INTERVIEW", "On-site", 1), disposition("OFFER_MADE", "Offer", 2)]
    handler = make_handler(Failing(world.client, "UpdateItem", 2, error), signals_settings())
    body = event({"query": SEND, "variables": {"input": {"dispositions": call}}})
    reply = answer(handler(body, None))
    (failure,) = reply.body["errors"]
    assert (reply.status, reply.body["data"]) == (200, {"partnerDisposition": {"send": None}})
    assert (failure["extensions"]["code"], failure["path"]) == ("INTERNAL_SERVER_ERROR", ["partnerDisposition", "send"])
    assert "Geheimnis" not in str(reply.body)
    assert [each.status for each in history(world, APPLICATION)] == ["INTERVIEW"]
    assert result(answer(handler(body, None))) == (2, [])
    assert [each.status for each in history(world, APPLICATION)] == ["INTERVIEW", "OFFER"]


def test_test_token_reports_about_the_sandbox(world: World) -> None:
    """By the id of the application that it created; live applications are unknown to it, and the other way round."""
    created = answer(world.sandbox(http_event("POST", "/api/sandbox/applications", token=TEST_TOKEN), None))
    own = about({"indeedApplyID": created.body["AtsiApplicationId"]}, statusChangeDateTime="2026-11-02T09:30:00Z")
    quiet = own | {"dispositionStatus": "INCOMPLETE"}
    assert result(send(world, own, quiet, token=TEST_TOKEN)) == (2, [])
    assert len(rationales(send(world, own, quiet, token=TOKEN))) == 2
    assert len(rationales(send(world, disposition(), token=TEST_TOKEN))) == 1


def test_requests_are_counted_by_their_contract(world: World, log: StringIO) -> None:
    """Integration health reads the channel and the result of each line; refused documents count for Indeed too."""
    send(world, disposition(), about({"ittk": "unknown"}), disposition("HIRED", "x" * 201))
    post(world, {"query": SEND.replace("rationale", "unknown"), "variables": SAMPLE})
    post(world, {"query": "{ unknown }"})
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert sorted((each["ats"], each["channel"], each["result"]) for each in lines) == [
        (ATS, "indeed", "invalid-fields"),
        (ATS, "indeed", "invalid-fields"),
        (ATS, "indeed", "recorded"),
        (ATS, "indeed", "unknown-application"),
        (ATS, "signals", "invalid-fields"),
    ]


def test_dispositions_of_many_applications_are_recorded_at_the_same_time(
    world: World, log: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each has its line and is counted, and the failed ones are listed in the order sent."""
    ids = [application_id(f"{APPLICATION[:-4]}{number:04}") for number in range(100)]
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    for each in ids[::2]:
        registrations.register(each, registration())
    counted(capsys)
    good, failures = result(send(world, *(about({"indeedApplyID": each}) for each in ids)))
    assert (good, [each["identifiedBy"]["indeedApplyID"] for each in failures]) == (50, ids[1::2])
    assert counted(capsys) == {"Recorded": 50, "DispositionFailed": 50}
    lines = Counter(json.loads(line)["result"] for line in log.getvalue().splitlines() if "_aws" not in line)
    assert lines == {"recorded": 50, "unknown-application": 50}
