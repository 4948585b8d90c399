"""What each recorded body of Ashby means."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.connect.events import Change, Ended, Event, Ignored, Merged, PositionEnded, Test
from support.native_webhooks import body_of

IDS = NativeIds(
    Channel.ASHBY,
    "6f2a1f0e-2f55-4d0b-8a3f-6b7b0f6f1a10",
    "c1d7f3f2-9a4e-4f44-8f16-3d7b6f1c2e33",
    "2d9b7a10-55aa-4c0e-8b6b-7e6d5c4b3a21",
)
WITHOUT_ACTION_ID = "candidateStageChange_without_job"
"""The body whose event is identified by its digest, as it has no `webhookActionId`."""

_OWN = f"candidateStageChange {sha256(body_of(Channel.ASHBY, WITHOUT_ACTION_ID)).hexdigest()}"
_OF_OFFER = NativeIds(Channel.ASHBY, IDS.application)
_CANDIDATE = NativeIds(Channel.ASHBY, candidate=IDS.candidate)
_JOB = NativeIds(Channel.ASHBY, job=IDS.job)


def _at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


def _identity(name: str, number: int) -> str:
    return f"{name} 0b0f7a52-5f0e-4e5f-9a55-{number:012x}"


def _change(name: str, number: int, at: datetime, label: str | None = None, status: Status | None = None) -> Change:
    return Change(
        name=name,
        ids=IDS,
        identity=_identity(name, number),
        status=status,
        label=label,
        is_open=label is not None and status in {None, Status.APPLIED, Status.OFFER},
        ordered_at=at,
        is_snapshot=True,
    )


def _archived(number: int, label: str, outcome: Outcome | None) -> Change:
    change = _change("candidateStageChange", number, _at(5, 12, 0, 1), label, Status.REJECTED)
    return replace(change, outcome=outcome, effective_at=_at(5, 12))


def _hired(name: str, number: int) -> Change:
    return _change(name, number, _at(9, 8), status=Status.HIRED)


def _offer(name: str) -> Change:
    identity = "offer 7d0e9a0d-0f0b-4a44-9f5a-1c2b3d4e5f67"
    return Change(
        name=name, ids=_OF_OFFER, identity=identity, status=Status.OFFER, ordered_at=_at(6, 8), is_snapshot=True
    )


def _not_waiting(name: str) -> Ignored:
    return Ignored(name=name, reason="The offer does not wait for the candidate's response.")


def _schedule(name: str) -> Ignored:
    return Ignored(name=name, reason="The application's own events have the name of its stage.")


def _other(name: str) -> Ignored:
    return Ignored(name=name, reason="This event does not change the status of an application.")


EVENTS: Mapping[str, Event] = {
    "ping": Test(name="ping"),
    "applicationSubmit": _change("applicationSubmit", 0x1, _at(1, 9), "Application Review", Status.APPLIED),
    "applicationUpdate": _change("applicationUpdate", 0x2, _at(2, 9, 30), "Phone Screen"),
    "applicationUpdate_lead": _change("applicationUpdate", 0x3, _at(1, 8), "Reached Out", Status.LEAD),
    "applicationUpdate_reopened": _change("applicationUpdate", 0x4, _at(6, 9), "Onsite"),
    "candidateStageChange": _change("candidateStageChange", 0x5, _at(2, 9, 30), "Phone Screen"),
    "candidateStageChange_without_job": replace(
        _change("candidateStageChange", 0, _at(2, 9, 30), "Final Round"), ids=IDS._replace(job=""), identity=_OWN
    ),
    "candidateStageChange_offer": _change("candidateStageChange", 0x6, _at(6, 10), "Contract talks", Status.OFFER),
    "candidateStageChange_archived": _archived(0x7, "Too junior", Outcome.NOT_SELECTED),
    "candidateStageChange_withdrew": _archived(0x8, "Took another job", Outcome.CANDIDATE_WITHDREW),
    "candidateStageChange_other": _archived(0x9, "Position filled", None),
    "candidateHire": replace(_hired("candidateHire", 0xA), effective_at=_at(8, 18)),
    "candidateHire_without_offer": _hired("candidateHire", 0xB),
    "applicationUpdate_hired": _hired("applicationUpdate", 0xA),
    "candidateStageChange_hired": _hired("candidateStageChange", 0xA),
    "offerCreate": _not_waiting("offerCreate"),
    "offerCreate_waiting": _offer("offerCreate"),
    "offerUpdate": _offer("offerUpdate"),
    "offerUpdate_accepted": _not_waiting("offerUpdate"),
    "offerUpdate_declined": _not_waiting("offerUpdate"),
    "offerDelete": _other("offerDelete"),
    "candidateDelete": Ended(name="candidateDelete", ids=(_CANDIDATE,)),
    "candidateMerge": Merged(
        name="candidateMerge",
        gone=_CANDIDATE,
        kept=_CANDIDATE._replace(candidate="c1d7f3f2-9a4e-4f44-8f16-3d7b6f1c2e99"),
    ),
    "interviewScheduleCreate": _schedule("interviewScheduleCreate"),
    "interviewScheduleUpdate": _schedule("interviewScheduleUpdate"),
    "interviewPlanTransition": _other("interviewPlanTransition"),
    "jobUpdate": PositionEnded(name="jobUpdate", ids=_JOB, label="Closed", ended=True, effective_at=_at(12, 16)),
    "jobUpdate_open": PositionEnded(name="jobUpdate", ids=_JOB, label="Open", ended=False, effective_at=_at(13, 9)),
    "jobUpdate_draft": Ignored(name="jobUpdate", reason="The job is neither open nor closed."),
    "pushToHRIS": _other("pushToHRIS"),
}
