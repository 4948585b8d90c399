"""Verify and read the webhooks of Lever, see https://hire.lever.co/developer/documentation#webhooks.

Lever signs `token` and `triggeredAt`, but not `event` and `data`. A token is therefore accepted with one body only, and
for a few days. An opportunity of Lever is an application here. Stages and reasons of archiving are sent as ids.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Status
from application_status.intake.connect.events import (
    UNREADABLE,
    Change,
    Delivery,
    Ended,
    Event,
    Ignored,
    Linked,
    Test,
    id_at,
    identity_of,
    moment_at,
    name_at,
    parse,
    signature_error,
    value_at,
)
from application_status.platform.values import CLOCK_SKEW

FRESH_FOR = timedelta(hours=72)
"""The age until which a delivery is accepted: long enough for retries over a weekend, as Lever documents no schedule.

A used token must be remembered for longer than this.
"""

_ids = partial(NativeIds, Channel.LEVER)

_STAGES = {
    "lead-new": "New lead",
    "lead-reached-out": "Reached out",
    "lead-responded": "Responded",
    "applicant-new": "New applicant",
    "offer": "Offer",
}
"""The stages that have the same id in every account, and their names."""

_CONTACT_EVENTS = ("contactCreated", "contactUpdated")

_TOKEN = re.compile(r"[!-~]{1,200}")
_FIRST, _AFTER_LAST = 10**12, 10**13
_BEFORE_HIRE = timedelta(seconds=1)


class _Signed(NamedTuple):
    """The signed values of a body, and their signature."""

    token: str
    triggered_at: int
    signature: str


def verify(delivery: Delivery, secrets: Sequence[str], now: datetime) -> str | None:
    """Return what is wrong with the signature or the age of a delivery; None if nothing is.

    The signed text is the token and the 13 digits of the time, without a separator. A time of another length is
    refused: digits could otherwise move between the two, and the same signature would fit another token.
    """
    signed = _signed(parse(delivery.body))
    if signed is None:
        return "The body does not have the members token, triggeredAt (milliseconds since 1970) and signature"
    text = f"{signed.token}{signed.triggered_at}".encode()
    wrong = signature_error(text, signed.signature, secrets, name="The signature in the body")
    if wrong:
        return wrong
    age = now - _moment(signed)
    if -CLOCK_SKEW <= age <= FRESH_FOR:
        return None
    return (
        f"triggeredAt is {abs(age) // timedelta(minutes=1)} minutes in the {'past' if age > CLOCK_SKEW else 'future'}; "
        f"accepted are {FRESH_FOR // timedelta(hours=1)} hours in the past and "
        f"{CLOCK_SKEW // timedelta(minutes=1)} minutes in the future"
    )


def single_use(body: bytes) -> str | None:
    """Return the token of a body, which may be used for this body only; None if there is none."""
    signed = _signed(parse(body))
    return signed.token if signed else None


def read(body: bytes) -> Sequence[Event]:
    """Return the events in a body."""
    message = parse(body)
    if message is None:
        return [UNREADABLE]
    name, data = name_at(message, "event"), value_at(message, "data")
    if not isinstance(data, Mapping) or name in _CONTACT_EVENTS:
        return _other(name, message, body)
    if "opportunityId" not in data:  # Lever's "Verify connection" sends no opportunity
        return [Test(name=name)]
    if not id_at(data, "opportunityId"):
        return [Ignored(name=name, reason="The event has no opportunity id.")]
    return _READERS.get(name, _other)(name, message, body)


def _signed(message: Any) -> _Signed | None:
    token, at, signature = (value_at(message, each) for each in ("token", "triggeredAt", "signature"))
    if not (isinstance(token, str) and _TOKEN.fullmatch(token) and isinstance(signature, str)):
        return None
    if not isinstance(at, int) or not _FIRST <= at < _AFTER_LAST:
        return None
    return _Signed(token, at, signature)


def _moment(signed: _Signed) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=signed.triggered_at)


def _other(name: str, _message: Any, _body: bytes) -> Sequence[Event]:
    return [Ignored(name=name, reason="This event does not change the status of an application.")]


def _change(name: str, message: Any, body: bytes, status: Status | None, label: str | None = None) -> Change:
    signed = _signed(message)
    at = _moment(signed) if signed else None
    return Change(
        name=name,
        ids=_ids(application=id_at(message, "data", "opportunityId")),
        identity=identity_of("token", *((signed.token, str(signed.triggered_at)) if signed else (None,)), body=body),
        status=status,
        label=label,
        effective_at=at,
        ordered_at=at,
    )


def _created(name: str, message: Any, body: bytes) -> Sequence[Event]:
    """Return that the candidate applied, and that the application's opportunity has another id than the application."""
    change = _change(name, message, body, Status.APPLIED)
    application = id_at(message, "data", "applicationId")
    if not application:
        return [change]
    return [Linked(name=name, known=_ids(application=application), also=change.ids), change]


def _moved(name: str, message: Any, body: bytes) -> Sequence[Event]:
    stage = id_at(message, "data", "toStageId")
    if not stage:
        return [Ignored(name=name, reason="The event does not name a stage.")]
    return [_change(name, message, body, None, _STAGES.get(stage, stage))]


def _hired(name: str, message: Any, body: bytes) -> Sequence[Event]:
    return [_change(name, message, body, Status.HIRED)]


def _archive(name: str, message: Any, body: bytes) -> Sequence[Event]:
    before, after = (value_at(message, "data", each) for each in ("fromArchived", "toArchived"))
    if isinstance(after, Mapping):
        return [_archived(name, message, body, is_first=before is None)]
    if after is None and isinstance(before, Mapping):
        # The event doesn't name the stage. APPLIED is certain, and an ended application must not look ended any longer.
        return [_change(name, message, body, Status.APPLIED)]
    return [Ignored(name=name, reason="The opportunity was neither archived nor restored.")]


def _archived(name: str, message: Any, body: bytes, *, is_first: bool) -> Change:
    """Return the end of an application, which comes before a hire.

    Lever archives an opportunity with each hire, so the same click makes this event and "candidateHired", in any order.
    """
    change = _change(name, message, body, Status.REJECTED, id_at(message, "data", "toArchived", "reason") or None)
    archived_at = moment_at(message, "data", "toArchived", "archivedAt")
    times = [each for each in (change.effective_at, archived_at if is_first else None) if each]
    at = min(times, default=None)
    return replace(change, effective_at=at, ordered_at=at - _BEFORE_HIRE if at else None)


def _deleted(name: str, message: Any, _body: bytes) -> Sequence[Event]:
    return [Ended(name=name, ids=(_ids(application=id_at(message, "data", "opportunityId")),))]


_READERS: Mapping[str, Callable[[str, Any, bytes], Sequence[Event]]] = {
    "applicationCreated": _created,
    "candidateStageChange": _moved,
    "candidateArchiveChange": _archive,
    "candidateHired": _hired,
    "candidateDeleted": _deleted,
}
