"""Verify and read the webhooks of Recruitee, see https://docs.recruitee.com/docs/webhooks.

Recruitee has no id for an application: the ids of its candidate and of its job (an "offer") identify it. An event says
what changed, and when.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
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
    PositionEnded,
    Test,
    id_at,
    identity_of,
    moment_at,
    name_at,
    parse,
    signature_error,
    single_header,
    text_at,
    value_at,
)

_ids = partial(NativeIds, Channel.RECRUITEE)

_CATEGORIES = {
    "apply": Status.APPLIED,
    "phone_screen": Status.PRE_INTERVIEW,
    "interview": Status.INTERVIEW,
    "offer": Status.OFFER,
    "hire": Status.HIRED,
}
"""What the category of a stage means; there is no event for a hire."""

_JOB_STATUSES = {"published": False, "internal": False, "closed": True, "archived": True}
"""The statuses of a job, and whether the job has ended."""

_TALENT_POOL = "talent_pool"
_MAX_JOBS = 50
_DATE = re.compile(r"([0-9-]{10})[T ]([0-9:]{8}(?:\.[0-9]{1,9})?) ?(?:(Z|UTC)|([+-][0-9]{2}):?([0-9]{2}))?")


class _Standing(NamedTuple):
    """How an application stands after an event, as in Change."""

    status: Status | None
    label: str | None = None
    label_may_end: bool = False


def verify(delivery: Delivery, secrets: Sequence[str], _now: datetime) -> str | None:
    """Return what is wrong with the signature of the body, None if it was made with one of the secrets."""
    received = single_header(delivery, "X-Recruitee-Signature")
    return signature_error(delivery.body, received, secrets, name="X-Recruitee-Signature")


def is_test(body: bytes) -> bool:
    """Return whether a body is a test, which Recruitee sends before we can have the secret."""
    message = parse(body)
    return message is not None and "test" in message


def read(body: bytes) -> Sequence[Event]:
    """Return the events in a body: one for each job of the candidate."""
    message = parse(body)
    if message is None:
        return [UNREADABLE]
    name = name_at(message, "event_type")
    if "test" in message:
        return [Test(name=name)]
    return _READERS.get(name, _other)(name, message, body)


def _other(name: str, _message: Any, _body: bytes) -> Sequence[Event]:
    return [Ignored(name=name, reason="This event does not change the status of an application.")]


def _assigned(name: str, message: Any, body: bytes) -> Sequence[Event]:
    return _changes(name, message, body, _stage(message) or _Standing(Status.APPLIED))


def _moved(name: str, message: Any, body: bytes) -> Sequence[Event]:
    match value_at(message, "event_subtype"):
        case "stage_changed":
            standing = _stage(message)
        case "disqualified":
            # The companies write these reasons; some are withdrawals, so only the reason can say who decided.
            reason = text_at(message, "payload", "details", "disqualify_reason", "name")
            standing = _Standing(Status.REJECTED, reason)
        case "requalified":
            standing = _stage(message) or _Standing(Status.APPLIED)
        case _:
            return _other(name, message, body)
    if standing is None:
        return [Ignored(name=name, reason="The event does not name a stage.")]
    return _changes(name, message, body, standing)


def _stage(message: Any) -> _Standing | None:
    """Return what the stage of an event means: by its category, or else by its name."""
    stage = value_at(message, "payload", "details", "to_stage")
    label, category = text_at(stage, "name"), text_at(stage, "category")
    status = _CATEGORIES.get(category or "")
    if status is Status.HIRED:
        return _Standing(status)
    return _Standing(status, label, label_may_end=category is None) if status or label else None


def _changes(name: str, message: Any, body: bytes, standing: _Standing) -> Sequence[Event]:
    candidate, jobs = id_at(message, "payload", "candidate", "id"), _jobs(name, message)
    if not candidate:
        return [Ignored(name=name, reason="The event has no candidate id.")]
    if not jobs:
        return [Ignored(name=name, reason="The event does not say which job it is about, or names only a talent pool.")]
    at = _created_at(message)
    change = partial(
        Change,
        name=name,
        identity=identity_of(name, id_at(message, "id"), body=body),
        status=standing.status,
        label=standing.label,
        is_open=value_at(message, "event_subtype") == "requalified",
        label_may_end=standing.label_may_end,
        effective_at=at,
        ordered_at=at,
    )
    return [change(ids=_ids(candidate=candidate, job=job)) for job in jobs]


def _jobs(name: str, message: Any) -> Sequence[str]:
    """Return the ids of an event's jobs, without talent pools.

    A candidate moves in one job. If the event does not say in which, it has none.
    """
    offer, offers = (value_at(message, "payload", each) for each in ("offer", "offers"))
    is_of_one = name == "candidate_moved"
    is_listed = offers and isinstance(offers, list) and not (is_of_one and id_at(offer, "id"))
    listed = offers[:_MAX_JOBS] if is_listed else [offer]
    found = [id_at(each, "id") for each in listed if value_at(each, "kind") != _TALENT_POOL]
    jobs = list(dict.fromkeys(filter(None, found)))
    return [] if is_of_one and len(jobs) > 1 else jobs


def _deleted(name: str, message: Any, _body: bytes) -> Sequence[Event]:
    candidate = id_at(message, "payload", "candidate", "id")
    if not candidate:
        return [Ignored(name=name, reason="The event has no candidate id.")]
    return [Ended(name=name, ids=(_ids(candidate=candidate),))]


def _job(name: str, message: Any, body: bytes) -> Sequence[Event]:
    """Return whether a job ended; an unpublished job is no longer advertised, but may still be recruited for."""
    offer = value_at(message, "payload", "offer")
    job, status = id_at(offer, "id"), text_at(offer, "status") or ""
    if name == "offer_updated" and value_at(message, "event_subtype") != "status_changed":
        return _other(name, message, body)
    if name == "offer_published":
        status = "published"
    if not job or value_at(offer, "kind") == _TALENT_POOL or status not in _JOB_STATUSES:
        return [Ignored(name=name, reason="No job was published, closed or archived.")]
    ended = _JOB_STATUSES[status]
    return [PositionEnded(name=name, ids=_ids(job=job), label=status, ended=ended, effective_at=_created_at(message))]


def _created_at(message: Any) -> datetime | None:
    """Return the time of an event: ISO 8601 with an offset, or without one in UTC."""
    match = _DATE.fullmatch(text_at(message, "created_at") or "")
    if match is None:
        return None
    day, time, _, hours, minutes = match.groups()
    return moment_at(f"{day}T{time}{f'{hours}:{minutes}' if hours else 'Z'}")


_READERS: Mapping[str, Callable[[str, Any, bytes], Sequence[Event]]] = {
    "new_candidate": _assigned,
    "candidate_assigned": _assigned,
    "candidate_moved": _moved,
    "candidate_deleted": _deleted,
    "offer_published": _job,
    "offer_unpublished": _job,
    "offer_updated": _job,
}
