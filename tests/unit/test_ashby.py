"""Webhooks of Ashby: signatures over the exact bytes, and what each event means."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.connect.events import UNKNOWN, Change, Delivery, Ignored, PositionEnded
from application_status.intake.connect.providers import PROVIDERS
from application_status.texts.texts import ENGLISH
from support.ashby_events import EVENTS, IDS
from support.native_webhooks import body_of, delivery, digest, names, signed

CHECKLIST = ENGLISH("connection.checklist.ashby").splitlines()
PROVIDER = PROVIDERS[Channel.ASHBY]
NOW = datetime(2026, 11, 27, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
SECRET = "ab-demo-secret"
STAGE_CHANGE = (
    b'{"action":"candidateStageChange","webhookActionId":"0b0f7a52-5f0e-4e5f-9a55-0d2f2f6f9f01","data":{"application":'
    b'{"id":"6f2a1f0e-2f55-4d0b-8a3f-6b7b0f6f1a10","updatedAt":"2026-11-02T09:30:00.000Z","status":"Active",'
    b'"candidate":{"id":"c1d7f3f2-9a4e-4f44-8f16-3d7b6f1c2e33"},"currentInterviewStage":'
    b'{"id":"9a0d7d0e-0f0b-4a44-9f5a-1c2b3d4e5f66","title":"Phone Screen","type":"Active"},'
    b'"job":{"id":"2d9b7a10-55aa-4c0e-8b6b-7e6d5c4b3a21"}}}}'
)
PING = b'{"action":"ping","data":{"webhookActionType":"ping"}}'
VECTORS = [
    (STAGE_CHANGE, "aeade05c801c499baf46e2dc5406504a20e896e5c30d9d77a2dfc5656f599332"),
    (PING, "3b0f493f64b08d6000afe86d03e5cf4edaac96b96ad093167136a055d12c452b"),
]


def verify(body: bytes, headers: dict[str, str], secrets: list[str] | None = None) -> str | None:
    return PROVIDER.verify(delivery(headers, body), [SECRET] if secrets is None else secrets, NOW)


def read(action: str, data: Any, **more: Any) -> Any:
    [event] = PROVIDER.read(json.dumps({"action": action, "data": data} | more).encode())
    return event


def of_application(action: str = "applicationUpdate", offer: Any = None, **details: Any) -> Any:
    given: dict[str, Any] = {"id": IDS.application, "updatedAt": "2026-11-02T09:30:00.000Z"}
    return read(action, {"application": given | details, "offer": offer})


def stage(title: str | None, type_: str | None) -> dict[str, Any]:
    return {"id": "9a0d7d0e-0f0b-4a44-9f5a-1c2b3d4e5f66", "title": title, "type": type_}


@pytest.mark.parametrize(("body", "expected"), VECTORS)
def test_vectors(body: bytes, expected: str) -> None:
    """The signature is over the bytes as sent."""
    assert verify(body, {"Ashby-Signature": f"sha256={expected}"}) is None
    assert signed(Channel.ASHBY, body, SECRET)["Ashby-Signature"] == f"sha256={expected}"


def test_minimal_bodies() -> None:
    """A body with no more than the wanted values is enough."""
    [change] = PROVIDER.read(STAGE_CHANGE)
    assert isinstance(change, Change)
    assert change.identity == "candidateStageChange 0b0f7a52-5f0e-4e5f-9a55-0d2f2f6f9f01"
    assert (
        replace(change, identity="candidateStageChange 0b0f7a52-5f0e-4e5f-9a55-000000000005")
        == (EVENTS["candidateStageChange"])
    )
    assert PROVIDER.read(PING) == [EVENTS["ping"]]


def test_each_recorded_body_has_its_meaning() -> None:
    """Of each event of the list, and of each form that it has."""
    assert set(names(Channel.ASHBY)) == set(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
def test_meaning(name: str) -> None:
    """See support/ashby_events.py."""
    body = body_of(Channel.ASHBY, name)
    assert verify(body, signed(Channel.ASHBY, body, SECRET)) is None
    assert PROVIDER.read(body) == [EVENTS[name]]


def test_any_live_secret_is_accepted() -> None:
    """A customer changes the webhooks one by one."""
    headers = signed(Channel.ASHBY, PING, SECRET)
    assert verify(PING, headers, ["another", SECRET]) is None
    assert verify(PING, headers, []) is not None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Ashby-Signature": "sha256={hex}"},
        {"Ashby-Signature": "sha256 {hex}"},
        {"Ashby-Signature": "{hex}"},
        {"Ashby-Signature": "sha256={hex} "},
        {"Ashby-Signature": "sha256={hex}, sha256={hex}"},
        {"Ashby-Signature": "sha1={hex}"},
        {"Ashby-Signature": "sha256={upper}"},
        {"Ashby-Signature": "sha256={base64}"},
        {"Ashby-Signature": ""},
        {"Ashby-Signature": "sha256=\ud800"},
    ],
)
def test_other_signatures_are_refused(headers: dict[str, str]) -> None:
    """Ashby sends only one form, and it signs each webhook that has a secret."""
    right = digest(PING, SECRET)
    forms = {"hex": right, "upper": right.upper(), "base64": b64encode(bytes.fromhex(right)).decode()}
    refusal = verify(PING, {name: value.format(**forms) for name, value in headers.items()})
    assert refusal
    assert SECRET not in refusal
    assert right not in refusal


def test_signature_that_was_sent_twice_is_refused() -> None:
    """Even if both are right: which of two headers counts differs between servers."""
    value = signed(Channel.ASHBY, PING, SECRET)["Ashby-Signature"]
    refusal = PROVIDER.verify(Delivery({"ashby-signature": (value, value)}, PING), [SECRET], NOW)
    assert refusal
    assert refusal.startswith("Ashby-Signature is missing, or was sent several times")


def test_refusal_says_what_was_received() -> None:
    """The length and the first 7 characters, from which a wrong form can be told, but not the signature."""
    refusal = verify(PING, {"Ashby-Signature": digest(PING, "wrong")})
    assert refusal is not None
    assert f'64 characters and begins with "{digest(PING, "wrong")[:7]}"' in refusal
    assert digest(PING, "wrong")[:8] not in refusal


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", UNKNOWN),
        (b"[]", UNKNOWN),
        (b"\xff", UNKNOWN),
        (b'{"action":"ping","action":"ping"}', UNKNOWN),
        (b'{"data":{}}', UNKNOWN),
        (b'{"action":"jobPostingUpdate"}', "jobPostingUpdate"),
        (b'{"action":"candidateHire"}', "candidateHire"),
        (b'{"action":"candidateHire","data":{"application":{"id":true}}}', "candidateHire"),
        (b'{"action":"offerUpdate","data":{"offer":{"offerStatus":"WaitingOnCandidateResponse"}}}', "offerUpdate"),
        (b'{"action":"candidateDelete","data":{"candidate":{}}}', "candidateDelete"),
        (b'{"action":"candidateMerge","data":{"deletedCandidate":{"id":"c"}}}', "candidateMerge"),
    ],
)
def test_other_bodies_are_ignored(body: bytes, name: str) -> None:
    """An unknown event is no error, or Ashby would give it up."""
    [event] = PROVIDER.read(body)
    assert isinstance(event, Ignored)
    assert event.name == name


@pytest.mark.parametrize(
    ("status", "type_", "title", "expected"),
    [
        ("Active", "Active", "Onsite", (None, "Onsite")),
        ("Active", "Active", "Application Review", (None, "Application Review")),
        ("Active", "PreInterviewScreen", "Application review", (Status.APPLIED, "Application review")),
        ("Active", "PreInterviewScreen", "Recruiter Screen", (None, "Recruiter Screen")),
        ("Active", "PreInterviewScreen", None, (Status.APPLIED, None)),
        ("Active", "Offer", "Contract talks", (Status.OFFER, "Contract talks")),
        ("Active", "Lead", "Reached Out", (Status.LEAD, "Reached Out")),
        ("Active", "Hired", "Done", (None, "Done")),
        ("Active", "Archived", "Done", (None, "Done")),
        ("Active", None, "Onsite", (None, "Onsite")),
        ("Lead", "Active", "Onsite", (Status.LEAD, "Onsite")),
        ("Hired", "Active", "Onsite", (Status.HIRED, None)),
        ("Archived", "Offer", "Offer", (Status.REJECTED, None)),
        (None, "Hired", "Done", (Status.HIRED, None)),
        (None, "Archived", "Done", (Status.REJECTED, None)),
        (None, "Offer", "Contract talks", (Status.OFFER, "Contract talks")),
        ("New", "Offer", "Contract talks", (Status.OFFER, "Contract talks")),
    ],
)
def test_status_of_an_application(
    status: str | None, type_: str | None, title: str | None, expected: tuple[Status | None, str | None]
) -> None:
    """The application's status counts most, then the stage's type; an active stage is interpreted by its title."""
    event = of_application(status=status, currentInterviewStage=stage(title, type_))
    assert (event.status, event.label) == expected
    assert event.is_snapshot
    assert not event.label_may_end


def test_application_in_no_stage_is_ignored() -> None:
    """There is nothing that it could be interpreted by."""
    assert isinstance(of_application(status="Active"), Ignored)


@pytest.mark.parametrize(
    ("type_", "acceptance", "outcome"),
    [
        ("RejectedByOrg", None, Outcome.NOT_SELECTED),
        ("RejectedByOrg", "Declined", Outcome.NOT_SELECTED),
        ("RejectedByCandidate", None, Outcome.CANDIDATE_WITHDREW),
        ("RejectedByCandidate", "Cancelled", Outcome.CANDIDATE_WITHDREW),
        ("RejectedByCandidate", "Declined", Outcome.OFFER_DECLINED),
        ("Other", "Declined", None),
        (None, None, None),
    ],
)
def test_outcome_of_an_archived_application(type_: str | None, acceptance: str | None, outcome: Outcome | None) -> None:
    """By the reason's type; without a known type the reason is looked up in the vocabulary."""
    reason = {"text": "Because", "reasonType": type_}
    event = of_application(status="Archived", archiveReason=reason, offer={"acceptanceStatus": acceptance})
    assert (event.status, event.outcome, event.label) == (Status.REJECTED, outcome, "Because")


def test_events_of_one_hire_say_the_same() -> None:
    """One is recorded, and the others repeat it."""
    named = [EVENTS[name] for name in ("candidateHire", "applicationUpdate_hired", "candidateStageChange_hired")]
    events = [each for each in named if isinstance(each, Change)]
    assert [(each.status, each.label, each.ordered_at) for each in events] == [
        (Status.HIRED, None, datetime(2026, 11, 9, 8, tzinfo=UTC))
    ] * 3
    assert len({each.identity for each in events}) == 3


@pytest.mark.parametrize(
    ("acceptance", "offer_status", "is_offer"),
    [
        ("WaitingOnResponse", "WaitingOnCandidateResponse", True),
        ("WaitingOnResponse", None, True),
        (None, "WaitingOnCandidateResponse", True),
        ("Pending", "WaitingOnOfferApproval", False),
        ("Cancelled", "OfferCancelled", False),
        ("Accepted", "CandidateAccepted", False),
        ("Declined", "CandidateRejected", False),
    ],
)
@pytest.mark.parametrize("action", ["offerCreate", "offerUpdate"])
def test_offer(action: str, acceptance: str | None, offer_status: str | None, *, is_offer: bool) -> None:
    """An offer counts while it waits for the candidate; approvals are internal, and decisions have own events."""
    offer = {"applicationId": "a", "acceptanceStatus": acceptance, "offerStatus": offer_status}
    event = read(action, {"offer": offer}, webhookActionId="w-1")
    assert isinstance(event, Ignored) is not is_offer
    if is_offer:
        assert (event.status, event.identity) == (Status.OFFER, f"{action} w-1")


@pytest.mark.parametrize(
    ("status", "closed_at", "ended", "at"),
    [
        ("Closed", "2026-11-12T16:00:00.000Z", True, 12),
        ("Closed", None, True, 13),
        ("Archived", "2026-11-12T16:00:00.000Z", True, 12),
        ("Open", "2026-11-12T16:00:00.000Z", False, 13),
    ],
)
def test_state_of_a_job(status: str, closed_at: str | None, *, ended: bool, at: int) -> None:
    """A reopened job may have the day on which it was closed."""
    job = {"id": IDS.job, "status": status, "closedAt": closed_at, "updatedAt": "2026-11-13T09:00:00.000Z"}
    event = read("jobUpdate", {"job": job})
    assert isinstance(event, PositionEnded)
    assert event.effective_at is not None
    assert (event.ended, event.effective_at.day) == (ended, at)


def test_listed_events_are_read_and_explained() -> None:
    """The customer selects no event in vain; docs/connect/ashby.md has the same list."""
    listed = [match[1] for each in CHECKLIST if (match := re.search(r"^([a-z]+[A-Z]\w+)$", each))]
    assert len(listed) > 8
    meanings = {event.name for event in EVENTS.values() if not isinstance(event, Ignored)}
    assert set(listed) <= meanings
    page = (ROOT / "docs" / "connect" / "ashby.md").read_text(encoding="utf-8")
    [table] = re.findall(r"\n\n(\| [^\n]*what it does[^\n]*\n(?:\|[^\n]*\n)+)", page)
    assert set(re.findall(r"`(\w+)`", table)) == set(listed)
