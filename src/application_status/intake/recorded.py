"""The metrics and the log line of a recorded report, the same for all contracts."""

from application_status.applications.record import Recorded
from application_status.applications.rules.report import Report
from application_status.platform.telemetry import add_metric, logger, result_fields


def log_recorded(report: Report, recorded: Recorded) -> None:
    """Count and log what became of a report."""
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
