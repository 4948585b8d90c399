"""What became of a report, the same for all contracts: its metrics, its log line, and a note for a test token.

log_recorded         counts and logs a recorded report
note_recorded, note  note for the sender of a test token how something was understood; they do nothing for live tokens
"""

from typing import NotRequired, TypedDict

from application_status.access import trials
from application_status.applications.record import Recorded
from application_status.applications.rules.report import Report, TimeSource
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.telemetry import add_metric, logger, result_fields
from application_status.platform.values import ApplicationId, DateTimeText, to_text

_LONGEST_TEXT = 200


class Understood(TypedDict):
    """How a report, signal or disposition was understood, or why it was not recorded."""

    Result: str
    """recorded; unchanged: it changes nothing; late: older than the status, so it was added to the history only;
    unmapped: the label is unknown, so it was added to the history only; dropped: a signal that is no error, but has no
    effect; or the type of the problem for which it was refused.
    """
    Reason: NotRequired[str]
    """Why it was dropped or refused, or changes nothing."""
    About: NotRequired[str]
    """Its token or id, as you sent it."""
    AtsiApplicationId: NotRequired[ApplicationId]
    Status: NotRequired[Status | None]
    """The status that was reported; null if the label is unmapped."""
    RawStatus: NotRequired[str | None]
    """Your own label, as sent."""
    Outcome: NotRequired[Outcome | None]
    """The outcome according to this report."""
    Mapping: NotRequired[str | None]
    """The rule@version of the vocabulary that mapped the label, if one did."""
    EffectiveAt: NotRequired[DateTimeText]
    """When it took effect: the time that you sent, or the time of receipt."""
    TimeSource: NotRequired[TimeSource]
    ApplicationStatus: NotRequired[Status]
    """The application's status afterwards."""


def log_recorded(report: Report, recorded: Recorded) -> None:
    """Count, log and note what became of a report."""
    add_metric(recorded.result.capitalize())
    if recorded.folded:
        add_metric("Folded", recorded.folded)
    mapping = {"mapping": report.interpretation.mapping} if report.interpretation.mapping else {}
    fields = {
        **result_fields(recorded.result),
        "application": report.application_id,
        "reported": report.interpretation.status,
        **mapping,
        "status": recorded.status,
        "version": recorded.version,
    }
    logger.info(recorded.result, extra=fields, stacklevel=3)  # 2 is this function; the line is its caller's
    note_recorded(report, recorded)


def note_recorded(report: Report, recorded: Recorded) -> None:
    """Note how a report was understood."""
    notes = trials.notes()
    if notes is None:
        return
    interpretation, status = report.interpretation, report.interpretation.status
    made: Understood = {
        "Result": recorded.result,
        "AtsiApplicationId": report.application_id,
        "Status": status,
        "RawStatus": interpretation.raw_status,
        "Outcome": interpretation.outcome or (Outcome.of(status) if status else None),
        "Mapping": interpretation.mapping,
        "EffectiveAt": to_text(report.effective_at or report.received_at),
        "TimeSource": report.transition().time_source,
        "ApplicationStatus": recorded.status,
    }
    notes.append(made)


def note(result: str, reason: str, about: str = "") -> None:
    """Note what became of something that is no recorded report, and why; `about` is its token or id, as sent."""
    notes = trials.notes()
    if notes is not None:
        made: Understood = {"Result": result, "Reason": reason}
        if about:
            made["About"] = about[:_LONGEST_TEXT]
        notes.append(made)
