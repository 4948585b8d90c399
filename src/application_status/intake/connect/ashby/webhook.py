"""Verify and read the webhooks of Ashby, see https://developers.ashbyhq.com/docs/setting-up-webhooks.

The events of an application say how it stands, and its `updatedAt` orders them. One action of a user sends several
events with the same data: a hire is also an update and a change of the stage.
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

_ids = partial(NativeIds, Channel.ASHBY)

_ENDS = ("Hired", "Archived")
_NOT_ACTIVE = (*_ENDS, "Lead")
_FIRST_STAGE = "application review"
_JOB_ENDED = {"Open": False, "Closed": True, "Archived": True}


def verify(delivery: Delivery, secrets: Sequence[str], _now: datetime) -> str | None:
    """Return what is wrong with the signature of the body, None if it was made with one of the secrets."""
    received = single_header(delivery, "Ashby-Signature")
    return signature_error(delivery.body, received, secrets, name="Ashby-Signature", prefix="sha256=")


def read(body: bytes) -> Sequence[Event]:
    """Return the event in a body."""
    message = parse(body)
    if message is None:
        return [UNREADABLE]
    name = name_at(message, "action")
    identity = identity_of(name, id_at(message, "webhookActionId"), body=body)
    return [_READERS.get(name, _other)(name, value_at(message, "data"), identity)]


def _test(name: str, _data: Any, _identity: str) -> Event:
    return Test(name=name)


def _schedule(name: str, _data: Any, _identity: str) -> Event:
    """Ignore an interview's schedule: it has no name, and a phone screen has one too."""
    return Ignored(name=name, reason="The application's own events have the name of its stage.")


def _other(name: str, _data: Any, _identity: str) -> Event:
    return Ignored(name=name, reason="This event does not change the status of an application.")


def _application(name: str, data: Any, identity: str) -> Event:
    application = value_at(data, "application")
    ids = _ids(
        application=id_at(application, "id"),
        candidate=id_at(application, "candidate", "id"),
        job=id_at(application, "job", "id"),
    )
    if not ids.application:
        return Ignored(name=name, reason="The event has no application id.")
    change = partial(
        Change,
        name=name,
        ids=ids,
        identity=identity,
        ordered_at=moment_at(application, "updatedAt"),
        is_snapshot=True,
    )
    match _standing(name, application):
        case "Hired":
            return change(status=Status.HIRED, effective_at=moment_at(data, "offer", "decidedAt"))
        case "Archived":
            return change(
                status=Status.REJECTED,
                outcome=_outcome(data),
                label=text_at(application, "archiveReason", "text"),
                effective_at=moment_at(application, "archivedAt"),
            )
        case standing:
            label = text_at(application, "currentInterviewStage", "title")
            status = _stage_status(standing, label)
            if status is None and label is None:
                return Ignored(name=name, reason="The application is in no stage.")
            return change(status=status, label=label, is_open=text_at(application, "status") == "Active")


def _standing(name: str, application: Any) -> str | None:
    """Return the status of an application if it is not active, else the type of its stage."""
    if name == "candidateHire":
        return "Hired"
    status = text_at(application, "status")
    type_ = text_at(application, "currentInterviewStage", "type")
    if status in _NOT_ACTIVE:
        return status
    return None if status and type_ in _ENDS else type_


def _stage_status(standing: str | None, label: str | None) -> Status | None:
    """Return the status that the type of a stage says; None if its title says more, or all."""
    if standing == "PreInterviewScreen" and (label is None or label.casefold() == _FIRST_STAGE):
        return Status.APPLIED
    return {"Lead": Status.LEAD, "Offer": Status.OFFER}.get(standing or "")


def _outcome(data: Any) -> Outcome | None:
    """Return the outcome of an archived application, None if its reason does not say who decided."""
    match text_at(data, "application", "archiveReason", "reasonType"):
        case "RejectedByOrg":
            return Outcome.NOT_SELECTED
        case "RejectedByCandidate" if text_at(data, "offer", "acceptanceStatus") == "Declined":
            return Outcome.OFFER_DECLINED
        case "RejectedByCandidate":
            return Outcome.CANDIDATE_WITHDREW
    return None


def _offer(name: str, data: Any, identity: str) -> Event:
    """Return an offer that the candidate has received. The application's own events have the decision.

    The time of the version sorts it: by the time of receipt, an offer that is delivered late would replace the hire.
    """
    offer = value_at(data, "offer")
    ids = _ids(application=id_at(offer, "applicationId"))
    if not ids.application:
        return Ignored(name=name, reason="The event has no application id.")
    waits = (
        text_at(offer, "offerStatus") == "WaitingOnCandidateResponse"
        or text_at(offer, "acceptanceStatus") == "WaitingOnResponse"
    )
    if not waits:
        return Ignored(name=name, reason="The offer does not wait for the candidate's response.")
    version = id_at(offer, "latestVersion", "id")
    same = f"offer {version}" if version else identity
    at = moment_at(offer, "latestVersion", "createdAt")
    return Change(name=name, ids=ids, identity=same, status=Status.OFFER, ordered_at=at, is_snapshot=True)


def _deleted(name: str, data: Any, _identity: str) -> Event:
    candidate = id_at(data, "candidate", "id")
    if not candidate:
        return Ignored(name=name, reason="The event has no candidate id.")
    return Ended(name=name, ids=(_ids(candidate=candidate),))


def _merged(name: str, data: Any, _identity: str) -> Event:
    gone, kept = id_at(data, "deletedCandidate", "id"), id_at(data, "mergedCandidate", "id")
    if not (gone and kept):
        return Ignored(name=name, reason="The event does not have the ids of both candidates.")
    return Merged(name=name, gone=_ids(candidate=gone), kept=_ids(candidate=kept))


def _job(name: str, data: Any, _identity: str) -> Event:
    job = value_at(data, "job")
    ids, status = _ids(job=id_at(job, "id")), text_at(job, "status") or ""
    ended = _JOB_ENDED.get(status)
    if not ids.job or ended is None:
        return Ignored(name=name, reason="The job is neither open nor closed.")
    moment = (moment_at(job, "closedAt") if ended else None) or moment_at(job, "updatedAt")
    return PositionEnded(name=name, ids=ids, label=status, ended=ended, effective_at=moment)


_READERS: Mapping[str, Callable[[str, Any, str], Event]] = {
    "ping": _test,
    "applicationSubmit": _application,
    "applicationUpdate": _application,
    "candidateStageChange": _application,
    "candidateHire": _application,
    "candidateDelete": _deleted,
    "candidateMerge": _merged,
    "offerCreate": _offer,
    "offerUpdate": _offer,
    "interviewScheduleCreate": _schedule,
    "interviewScheduleUpdate": _schedule,
    "jobUpdate": _job,
}
