"""Verify and read the webhooks of Greenhouse Recruiting, see https://developers.greenhouse.io/webhooks.html.

An event has no time of its own. Hires and rejections, and taking them back, count in the order of their receipt. All
other events say how an application stands, and `last_activity_at` orders them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.connect.events import (
    UNREADABLE,
    Change,
    Delivery,
    Ended,
    Event,
    Ignored,
    Merged,
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

_ids = partial(NativeIds, Channel.GREENHOUSE)

_DECISIONS = {
    "hire_candidate": "hired",
    "unhire_candidate": "active",
    "reject_candidate": "rejected",
    "unreject_candidate": "active",
}
"""The events that decide, and the status of the application that each means."""

_FIRST_STAGE = "application review"
_OUTCOMES = {"we rejected them": Outcome.NOT_SELECTED, "they rejected us": Outcome.CANDIDATE_WITHDREW}
_DECLINED_OFFER = "didn't like offer"
_MAX_DELETED = 100
_STAGES_ARE_RESET = "candidate_stage_data"


def verify(delivery: Delivery, secrets: Sequence[str], _now: datetime) -> str | None:
    """Return what is wrong with the signature of the body, None if it was made with one of the secrets."""
    received = single_header(delivery, "Signature")
    return signature_error(delivery.body, received, secrets, name="Signature", prefix="sha256 ")


def read(body: bytes) -> Sequence[Event]:
    """Return the event in a body."""
    message = parse(body)
    if message is None:
        return [UNREADABLE]
    name = name_at(message, "action")
    return [_READERS.get(name, _other)(name, value_at(message, "payload"), body)]


def _test(name: str, _payload: Any, _body: bytes) -> Event:
    return Test(name=name)


def _other(name: str, _payload: Any, _body: bytes) -> Event:
    return Ignored(name=name, reason="This event does not change the status of an application.")


def _application(name: str, payload: Any, body: bytes) -> Event:
    application = value_at(payload, "application")
    external = id_at(application, "candidate", "external_id")
    ids = _ids(
        application=id_at(application, "id"),
        candidate=id_at(application, "candidate", "id"),
        job=id_at(_job_of(application), "id"),
        external=external if "@" not in external else "",  # that of another partner may be an e-mail address
    )
    if not ids.application:
        return Ignored(name=name, reason="The event has no application id.")
    if value_at(application, "prospect") is True:
        return Ignored(name=name, reason="The candidate is a prospect, who has not applied.")
    change = _change(name, ids, application, body)
    if change.status is None and change.label is None:
        return Ignored(name=name, reason="The application is in no stage.")
    return change


def _job_of(application: Any) -> Any:
    """Return the job of an application; `job` is the older form of `jobs`, and a candidate has one job."""
    jobs = value_at(application, "jobs")
    return jobs[0] if isinstance(jobs, list) and jobs else value_at(application, "job")


def _change(name: str, ids: NativeIds, application: Any, body: bytes) -> Change:
    stage = text_at(application, "current_stage", "name")
    activity = text_at(application, "last_activity_at")
    change = partial(
        Change,
        name=name,
        ids=ids,
        ordered_at=None if name in _DECISIONS else moment_at(application, "last_activity_at"),
        is_snapshot=name not in _DECISIONS,
    )
    standing = _DECISIONS.get(name) or text_at(application, "status")
    match standing:
        case "hired":
            return change(
                identity=_hire(application, body) if name in _DECISIONS else identity_of(name, activity, body=body),
                status=Status.HIRED,
                effective_at=moment_at(application, "offer", "resolved_at"),
            )
        case "rejected":
            return change(
                identity=identity_of("reject", text_at(application, "rejected_at"), body=body),
                status=Status.REJECTED,
                outcome=_outcome(application),
                label=text_at(application, "rejection_reason", "name"),
                effective_at=moment_at(application, "rejected_at"),
            )
    return change(
        identity=identity_of(name, stage, activity, body=body),
        status=Status.APPLIED if stage and stage.casefold() == _FIRST_STAGE else None,
        label=stage,
        is_open=standing == "active",
    )


def _hire(application: Any, body: bytes) -> str:
    """Return the identity of a hire; after an unhire, the same version of the offer can be accepted again."""
    offer = value_at(application, "offer")
    return identity_of("hire", id_at(offer, "id"), id_at(offer, "version"), text_at(offer, "resolved_at"), body=body)


def _outcome(application: Any) -> Outcome | None:
    """Return the outcome of a rejection; None if its type does not say who decided.

    The ids of the types differ between organisations, so only their names identify them.
    """
    reason = text_at(application, "rejection_reason", "name") or ""
    type_name = text_at(application, "rejection_reason", "type", "name") or ""
    outcome = _OUTCOMES.get(type_name.casefold())
    declined = reason.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") == _DECLINED_OFFER
    return Outcome.OFFER_DECLINED if outcome is Outcome.CANDIDATE_WITHDREW and declined else outcome


def _offer(name: str, payload: Any, body: bytes) -> Event:
    """Return an open offer. Hires and rejections have their own events."""
    nested = value_at(payload, "offer")
    offer = nested if isinstance(nested, Mapping) else payload
    ids = _ids(application=id_at(offer, "application_id"), job=id_at(offer, "job_id"))
    if not ids.application:
        return Ignored(name=name, reason="The event has no application id.")
    if text_at(offer, "offer_status") != "Created":
        return Ignored(name=name, reason="The offer is not open. Hires and rejections have their own events.")
    identity = identity_of("offer", id_at(offer, "id"), id_at(offer, "version"), body=body)
    return Change(name=name, ids=ids, identity=identity, status=Status.OFFER, is_snapshot=True)


def _job(name: str, payload: Any, _body: bytes) -> Event:
    job = value_at(payload, "job")
    ids, status = _ids(job=id_at(job, "id")), text_at(job, "status")
    if not ids.job or status not in {"open", "closed"}:
        return Ignored(name=name, reason="The job is neither open nor closed.")
    ended = status == "closed"
    closed_at = moment_at(job, "closed_at") if ended else None
    return PositionEnded(name=name, ids=ids, label=status, ended=ended, effective_at=closed_at)


def _deleted_application(name: str, payload: Any, _body: bytes) -> Event:
    application = value_at(payload, "application")
    ids = _ids(
        application=id_at(application, "id"),
        candidate=id_at(application, "candidate_id"),
        job=id_at(application, "job_id"),
    )
    if not ids.application:
        return Ignored(name=name, reason="The event has no application id.")
    return Ended(name=name, ids=(ids,))


def _deleted_candidate(name: str, payload: Any, _body: bytes) -> Event:
    """Return the applications that were deleted with a candidate.

    The list is empty if the candidate was merged into another, whose applications live on.
    """
    candidate = id_at(payload, "person", "id")
    deleted = value_at(payload, "person", "deleted_application_ids")
    listed = deleted[:_MAX_DELETED] if isinstance(deleted, list) else []
    applications = [found for each in listed if (found := id_at(each))]
    if not applications:
        return Ignored(name=name, reason="No application was deleted with the candidate.")
    return Ended(name=name, ids=tuple(_ids(application=each, candidate=candidate) for each in applications))


def _merged(name: str, payload: Any, _body: bytes) -> Event:
    gone, kept = id_at(payload, "person", "id"), id_at(payload, "person", "new_candidate_id")
    if not (gone and kept):
        return Ignored(name=name, reason="The event does not have the ids of both candidates.")
    return Merged(name=name, gone=_ids(candidate=gone), kept=_ids(candidate=kept))


def _anonymized(name: str, payload: Any, _body: bytes) -> Event:
    """Return the end of reports if the stages were reset, because later stages of the candidate mean nothing."""
    candidate, fields = id_at(payload, "candidate_id"), value_at(payload, "anonymized_fields")
    if not candidate or not isinstance(fields, list) or _STAGES_ARE_RESET not in fields:
        return Ignored(name=name, reason="The candidate was anonymized, but their stages were not reset.")
    return Ended(name=name, ids=(_ids(candidate=candidate),))


_READERS: Mapping[str, Callable[[str, Any, bytes], Event]] = {
    "ping": _test,
    "new_candidate_application": _application,
    "candidate_stage_change": _application,
    "application_updated": _application,
    **dict.fromkeys(_DECISIONS, _application),
    "offer_created": _offer,
    "offer_approved": _offer,
    "offer_updated": _offer,
    "delete_application": _deleted_application,
    "delete_candidate": _deleted_candidate,
    "merge_candidate": _merged,
    "candidate_anonymized": _anonymized,
    "job_created": _job,
    "job_approved": _job,
    "job_updated": _job,
}
