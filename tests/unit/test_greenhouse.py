"""Webhooks of Greenhouse: signatures over the exact bytes, and what each event means."""

import json
import re
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.connect.events import UNKNOWN, Change, Delivery, Ended, Ignored, PositionEnded
from application_status.intake.connect.providers import PROVIDERS
from application_status.texts.texts import ENGLISH
from support.greenhouse_events import EVENTS, IDS
from support.native_webhooks import body_of, delivery, digest, names, signed

CHECKLIST = ENGLISH("connection.checklist.greenhouse").splitlines()
PROVIDER = PROVIDERS[Channel.GREENHOUSE]
NOW = datetime(2026, 11, 27, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
SECRET = "gh-demo-secret"
STAGE_CHANGE = (
    b'{"action":"candidate_stage_change","payload":{"application":{"id":700100,"status":"active","prospect":false,'
    b'"last_activity_at":"2026-11-02T09:30:00Z","current_stage":{"id":81,"name":"Phone Interview"},'
    b'"candidate":{"id":500200,"external_id":"51c3be16-0f93-41ed-9cc0-9092222d7333"},"jobs":[{"id":300400}]}}}'
)
PING = b'{"action":"ping","payload":{"web_hook_id":1,"event":"Candidate has changed stage","active":true}}'
ESCAPES = (
    rb'{"action":"candidate_stage_change","payload":{"application":{"id":700100,"current_stage":{"id":81,'
    rb'"name":"R\u0026D \u003ctest\u003e"}}}}'
)
VECTORS = [
    (STAGE_CHANGE, "8f50ebe15f19691daccee08580505cc209eb3e61a88ee0e5b655744ba8797fc8"),
    (PING, "54bde90ea6104b504b99ed7cd3adeb2225872bc4c11785dfb21a05cb1e7687bc"),
    (ESCAPES, "6e8e8440bc6121cbb3355da81bfaae96d4fe8ad213b75ac6cd8bf4db4927d2d5"),
]
REJECT = (
    b'{"action":"reject_candidate","payload":{"application":{"id":700100,"status":"rejected","rejected_at":'
    b'"2026-11-05T12:00:00Z","rejection_reason":{"id":9,"name":"Wasn\'t interested",'
    b'"type":{"id":2,"name":"They rejected us"}},"current_stage":{"id":81,"name":"Phone Interview"},'
    b'"candidate":{"id":500200,"external_id":null},"jobs":[{"id":300400}]}}}'
)
HIRE = (
    b'{"action":"hire_candidate","payload":{"application":{"id":700100,"candidate":{"id":500200,"external_id":null},'
    b'"jobs":[{"id":300400}],"offer":{"id":77,"version":1,"resolved_at":"2026-11-09T08:00:00Z","starts_at":"2027-01-04"}}}}'
)
DELETE = b'{"action":"delete_candidate","payload":{"person":{"id":500200,"deleted_application_ids":[700100]}}}'


def verify(body: bytes, headers: dict[str, str], secrets: list[str] | None = None) -> str | None:
    return PROVIDER.verify(delivery(headers, body), [SECRET] if secrets is None else secrets, NOW)


def read(action: str, **payload: Any) -> Any:
    [event] = PROVIDER.read(json.dumps({"action": action, "payload": payload}).encode())
    return event


def application(**details: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"id": 700100, "last_activity_at": "2026-11-02T09:30:00Z"}
    return given | details


@pytest.mark.parametrize(("body", "expected"), VECTORS)
def test_vectors(body: bytes, expected: str) -> None:
    """The signature is over the bytes as sent, with their escapes."""
    assert verify(body, {"Signature": f"sha256 {expected}"}) is None
    assert signed(Channel.GREENHOUSE, body, SECRET)["Signature"] == f"sha256 {expected}"


def test_minimal_bodies() -> None:
    """A body with no more than the wanted values is enough."""
    ids = IDS._replace(external="")
    [stage, escapes, ping, reject, hire, delete] = [
        PROVIDER.read(body)[0] for body in (STAGE_CHANGE, ESCAPES, PING, REJECT, HIRE, DELETE)
    ]
    assert stage == EVENTS["candidate_stage_change"]
    assert isinstance(escapes, Change)
    assert (escapes.label, escapes.ordered_at) == ("R&D <test>", None)
    assert ping == EVENTS["ping"]
    assert isinstance(reject, Change)
    assert (reject.ids, reject.outcome, reject.identity) == (
        ids, Outcome.CANDIDATE_WITHDREW, "reject 2026-11-05T12:00:00Z"
    )  # fmt: skip
    assert isinstance(hire, Change)
    assert (hire.ids, hire.status, hire.identity, hire.ordered_at) == (
        ids,
        Status.HIRED,
        "hire 77 1 2026-11-09T08:00:00Z",
        None,
    )
    assert delete == Ended(name="delete_candidate", ids=(NativeIds(Channel.GREENHOUSE, "700100", "500200"),))


def test_each_recorded_body_has_its_meaning() -> None:
    """Of each event of the list, and of each form that it has."""
    assert set(names(Channel.GREENHOUSE)) == set(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
def test_meaning(name: str) -> None:
    """See support/greenhouse_events.py."""
    body = body_of(Channel.GREENHOUSE, name)
    assert verify(body, signed(Channel.GREENHOUSE, body, SECRET)) is None
    assert PROVIDER.read(body) == [EVENTS[name]]


def test_any_live_secret_is_accepted() -> None:
    """A customer changes the web hooks one by one."""
    headers = signed(Channel.GREENHOUSE, PING, SECRET)
    assert verify(PING, headers, ["another", SECRET]) is None
    assert verify(PING, headers, []) is not None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Greenhouse-Signature": "sha256 {hex}"},
        {"Signature": "sha256={hex}"},
        {"Signature": "{hex}"},
        {"Signature": "sha256  {hex}"},
        {"Signature": "sha256 {hex} "},
        {"Signature": "SHA256 {hex}"},
        {"Signature": "sha256 {upper}"},
        {"Signature": "sha256 {base64}"},
        {"Signature": "sha256 {payload}"},
        {"Signature": ""},
        {"Signature": "sha256 \ud800"},
    ],
)
def test_other_signatures_are_refused(headers: dict[str, str]) -> None:
    """Among them forms that other receivers describe, such as a signature of the payload alone."""
    right, payload = digest(PING, SECRET), json.dumps(json.loads(PING)["payload"], separators=(",", ":")).encode()
    forms = {
        "hex": right,
        "upper": right.upper(),
        "base64": b64encode(bytes.fromhex(right)).decode(),
        "payload": digest(payload, SECRET),
    }
    refusal = verify(PING, {name: value.format(**forms) for name, value in headers.items()})
    assert refusal
    assert SECRET not in refusal
    assert right not in refusal


def test_signature_that_was_sent_twice_is_refused() -> None:
    """Even if both are right: which of two headers counts differs between servers."""
    value = signed(Channel.GREENHOUSE, PING, SECRET)["Signature"]
    refusal = PROVIDER.verify(Delivery({"signature": (value, value)}, PING), [SECRET], NOW)
    assert refusal
    assert refusal.startswith("Signature is missing, or was sent several times")


def test_refusal_says_what_was_received() -> None:
    """The length and the first 7 characters, from which a wrong form can be told, but not the signature."""
    refusal = verify(PING, {"Signature": f"sha256={digest(PING, 'wrong')}"})
    assert refusal is not None
    assert '71 characters and begins with "sha256="' in refusal
    assert digest(PING, "wrong")[:8] not in refusal


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", UNKNOWN),
        (b"[]", UNKNOWN),
        (b"\xff", UNKNOWN),
        (b'{"action":"ping","action":"ping"}', UNKNOWN),
        (b'{"payload":{}}', UNKNOWN),
        (b'{"action":"a b"}', UNKNOWN),
        (b'{"action":"candidate_hired"}', "candidate_hired"),
        (b'{"action":"hire_candidate"}', "hire_candidate"),
        (b'{"action":"hire_candidate","payload":{"application":{"id":true}}}', "hire_candidate"),
    ],
)
def test_other_bodies_are_ignored(body: bytes, name: str) -> None:
    """An unknown event is no error, or Greenhouse would write to the customer's administrators."""
    [event] = PROVIDER.read(body)
    assert isinstance(event, Ignored)
    assert event.name == name


@pytest.mark.parametrize(
    ("type_name", "reason", "outcome"),
    [
        ("We rejected them", "Spam", Outcome.NOT_SELECTED),
        ("we REJECTED them", None, Outcome.NOT_SELECTED),
        ("They rejected us", "Wasn't available", Outcome.CANDIDATE_WITHDREW),
        ("They rejected us", "didn\N{RIGHT SINGLE QUOTATION MARK}t like Offer", Outcome.OFFER_DECLINED),
        ("We rejected them", "Didn't like offer", Outcome.NOT_SELECTED),
        ("None specified", "None specified", None),
        ("Wrong skill set", "Lacking skills", None),
        (None, "Lacking skills", None),
    ],
)
def test_outcome_of_a_rejection(type_name: str | None, reason: str | None, outcome: Outcome | None) -> None:
    """By the name of the reason's type; without a known type the reason is looked up in the vocabulary."""
    given = {"name": reason, "type": {"id": 1, "name": type_name}}
    event = read("reject_candidate", application=application(rejected_at=None, rejection_reason=given))
    assert (event.status, event.outcome, event.label) == (Status.REJECTED, outcome, reason)


@pytest.mark.parametrize("action", ["new_candidate_application", "candidate_stage_change", "application_updated"])
@pytest.mark.parametrize(
    ("given", "status"), [("rejected", Status.REJECTED), ("hired", Status.HIRED), ("active", None)]
)
def test_status_counts_more_than_the_stage(action: str, given: str, status: Status | None) -> None:
    """A rejected or hired application keeps its last stage."""
    event = read(action, application=application(status=given, current_stage={"name": "Onsite"}))
    assert event.status is status
    assert event.is_snapshot
    assert event.ordered_at == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def test_external_id_that_may_be_an_address_is_left_out() -> None:
    """Other partners send ids of their own, and an e-mail address must not be parked; the board's ids are none."""
    candidate = {"id": 500200, "external_id": "ada@example.org"}
    event = read(
        "candidate_stage_change", application=application(candidate=candidate, current_stage={"name": "Offer"})
    )
    assert (event.ids.candidate, event.ids.external) == ("500200", "")


def test_offer_that_is_accepted_again_is_another_hire() -> None:
    """After an unhire, the same offer can be accepted once more."""
    days = ("2026-11-09T08:00:00Z", "2026-11-12T08:00:00Z", None)
    offers = [{"id": 77, "version": 1, "resolved_at": day} for day in days]
    hires = {read("hire_candidate", application=application(offer=offer)).identity for offer in offers}
    assert len(hires) == len(days)


@pytest.mark.parametrize("action", ["unhire_candidate", "unreject_candidate"])
def test_application_is_in_its_stage_again(action: str) -> None:
    """Which one received last counts, so nothing else orders it."""
    event = read(action, application=application(current_stage={"name": "Onsite"}))
    assert (event.status, event.label, event.label_may_end, event.ordered_at) == (None, "Onsite", False, None)


def test_events_of_one_application_have_different_identities() -> None:
    """A captured delivery stays signed for ever, so each event is recorded once."""
    times = ["2026-11-02T09:30:00Z", "2026-11-02T09:30:01Z", None]
    events = [
        read(action, application=application(last_activity_at=at, rejected_at=at, current_stage={"name": stage}))
        for action in ("candidate_stage_change", "application_updated", "unreject_candidate", "unhire_candidate")
        for at in times
        for stage in ("Onsite", "Offer")
    ]
    events += [
        read("hire_candidate", application=application(offer=offer))
        for offer in ({"id": 77, "version": 1}, {"id": 77, "version": 2}, {"id": 78, "version": 1}, {"id": 77})
    ]
    events += [read("reject_candidate", application=application(rejected_at=at)) for at in times]
    assert len({event.identity for event in events}) == len(events)


def test_dates_that_were_never_set_are_none() -> None:
    """Such as year 1 or 1970."""
    event = read("reject_candidate", application=application(rejected_at="0001-01-01T00:00:00Z"))
    assert event.effective_at is None


@pytest.mark.parametrize(
    ("status", "closed_at", "ended"),
    [("closed", "2026-11-12T16:00:00Z", True), ("closed", None, True), ("open", "2026-11-12T16:00:00Z", False)],
)
def test_state_of_a_job(status: str, closed_at: str | None, *, ended: bool) -> None:
    """A reopened job may have the day on which it was closed."""
    event = read("job_updated", job={"id": 300400, "status": status, "closed_at": closed_at})
    assert isinstance(event, PositionEnded)
    assert (event.ended, event.effective_at is not None) == (ended, ended and closed_at is not None)


def test_deleted_applications_are_bounded() -> None:
    """Each of them is looked up."""
    event = read("delete_candidate", person={"id": 500200, "deleted_application_ids": list(range(1, 1000))})
    assert len(event.ids) == 100


def test_listed_events_are_read_and_explained() -> None:
    """The customer selects no event in vain; docs/connect/greenhouse.md has the same list."""
    listed = [match[1] for each in CHECKLIST if (match := re.search(r"\((\w+)\)$", each))]
    assert len(listed) > 8
    meanings = {event.name for event in EVENTS.values() if not isinstance(event, Ignored)}
    assert set(listed) <= meanings
    page = (ROOT / "docs" / "connect" / "greenhouse.md").read_text(encoding="utf-8")
    [table] = re.findall(r"\n\n(\| [^\n]*what it does[^\n]*\n(?:\|[^\n]*\n)+)", page)
    assert set(re.findall(r"`(\w+)`", table)) == set(listed)
