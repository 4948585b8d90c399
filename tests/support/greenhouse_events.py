"""What each recorded body of Greenhouse means."""

from collections.abc import Mapping
from datetime import UTC, datetime

from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.connect.events import Change, Ended, Event, Ignored, Merged, PositionEnded, Test

IDS = NativeIds(Channel.GREENHOUSE, "700100", "500200", "300400", "51c3be16-0f93-41ed-9cc0-9092222d7333")
_OF_OFFER = NativeIds(Channel.GREENHOUSE, "700100", job="300400")
_CANDIDATE = NativeIds(Channel.GREENHOUSE, candidate="500200")
_JOB = NativeIds(Channel.GREENHOUSE, job="300400")


def _at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


_REJECTED_AT = _at(5, 12)
_REJECTION = f"reject {_REJECTED_AT:%Y-%m-%dT%H:%M:%SZ}"


def _rejection(label: str | None, outcome: Outcome | None) -> Change:
    return Change(
        name="reject_candidate",
        ids=IDS,
        identity=_REJECTION,
        status=Status.REJECTED,
        outcome=outcome,
        label=label,
        effective_at=_REJECTED_AT,
    )


def _offer(name: str, version: int = 1) -> Change:
    return Change(name=name, ids=_OF_OFFER, identity=f"offer 77 {version}", status=Status.OFFER, is_snapshot=True)


def _not_open(name: str) -> Ignored:
    return Ignored(name=name, reason="The offer is not open. Hires and rejections have their own events.")


def _other(name: str) -> Ignored:
    return Ignored(name=name, reason="This event does not change the status of an application.")


EVENTS: Mapping[str, Event] = {
    "ping": Test(name="ping"),
    "new_candidate_application": Change(
        name="new_candidate_application",
        ids=IDS,
        identity="new_candidate_application Application Review 2026-11-01T09:00:00Z",
        status=Status.APPLIED,
        label="Application Review",
        is_open=True,
        ordered_at=_at(1, 9),
        is_snapshot=True,
    ),
    "candidate_stage_change": Change(
        name="candidate_stage_change",
        ids=IDS,
        identity="candidate_stage_change Phone Interview 2026-11-02T09:30:00Z",
        label="Phone Interview",
        is_open=True,
        ordered_at=_at(2, 9, 30),
        is_snapshot=True,
    ),
    "application_updated": Change(
        name="application_updated",
        ids=IDS._replace(job=""),
        identity="application_updated Face to Face 2026-11-03T10:00:00Z",
        label="Face to Face",
        is_open=True,
        ordered_at=_at(3, 10),
        is_snapshot=True,
    ),
    "application_updated_rejected": Change(
        name="application_updated",
        ids=IDS,
        identity=_REJECTION,
        status=Status.REJECTED,
        outcome=Outcome.CANDIDATE_WITHDREW,
        label="Wasn't interested",
        effective_at=_REJECTED_AT,
        ordered_at=_at(5, 12, 0, 3),
        is_snapshot=True,
    ),
    "application_updated_hired": Change(
        name="application_updated",
        ids=IDS,
        identity="application_updated 2026-11-09T08:00:04Z",
        status=Status.HIRED,
        ordered_at=_at(9, 8, 0, 4),
        is_snapshot=True,
    ),
    "hire_candidate": Change(
        name="hire_candidate",
        ids=IDS,
        identity="hire 77 1 2026-11-09T08:00:00Z",
        status=Status.HIRED,
        effective_at=_at(9, 8),
    ),
    "unhire_candidate": Change(
        name="unhire_candidate",
        ids=IDS,
        identity="unhire_candidate Offer 2026-11-10T08:00:00Z",
        label="Offer",
        is_open=True,
    ),
    "reject_candidate": _rejection("Lacking skill(s)/qualification(s)", Outcome.NOT_SELECTED),
    "reject_candidate_withdrew": _rejection("Wasn't interested", Outcome.CANDIDATE_WITHDREW),
    "reject_candidate_declined_offer": Change(
        name="reject_candidate",
        ids=IDS,
        identity="reject 2026-11-08T12:00:00Z",
        status=Status.REJECTED,
        outcome=Outcome.OFFER_DECLINED,
        label="Didn't like offer",
        effective_at=_at(8, 12),
    ),
    "reject_candidate_unspecified": _rejection(None, None),
    "reject_candidate_unknown_type": _rejection("Position filled", None),
    "reject_candidate_prospect": Ignored(
        name="reject_candidate", reason="The candidate is a prospect, who has not applied."
    ),
    "unreject_candidate": Change(
        name="unreject_candidate",
        ids=IDS,
        identity="unreject_candidate Application Review 2026-11-06T12:00:00Z",
        status=Status.APPLIED,
        label="Application Review",
        is_open=True,
    ),
    "offer_created": _offer("offer_created"),
    "offer_approved": _offer("offer_approved"),
    "offer_updated": _not_open("offer_updated"),
    "offer_updated_deprecated": _not_open("offer_updated"),
    "offer_updated_rejected": _not_open("offer_updated"),
    "offer_updated_nested": _offer("offer_updated", version=2),
    "offer_deleted": _other("offer_deleted"),
    "delete_application": Ended(name="delete_application", ids=(IDS._replace(external=""),)),
    "delete_candidate": Ended(
        name="delete_candidate",
        ids=tuple(NativeIds(Channel.GREENHOUSE, each, "500200") for each in ("700100", "700101")),
    ),
    "delete_candidate_merged": Ignored(
        name="delete_candidate", reason="No application was deleted with the candidate."
    ),
    "merge_candidate": Merged(name="merge_candidate", gone=_CANDIDATE, kept=_CANDIDATE._replace(candidate="500999")),
    "candidate_anonymized": Ignored(
        name="candidate_anonymized", reason="The candidate was anonymized, but their stages were not reset."
    ),
    "candidate_anonymized_stages": Ended(name="candidate_anonymized", ids=(_CANDIDATE,)),
    "new_prospect_application": _other("new_prospect_application"),
    "update_candidate": _other("update_candidate"),
    "job_created": PositionEnded(name="job_created", ids=_JOB, label="open", ended=False),
    "job_approved": PositionEnded(name="job_approved", ids=_JOB, label="open", ended=False),
    "job_updated": PositionEnded(name="job_updated", ids=_JOB, label="closed", ended=True, effective_at=_at(12, 16)),
    "job_updated_draft": Ignored(name="job_updated", reason="The job is neither open nor closed."),
    "job_deleted": _other("job_deleted"),
}
