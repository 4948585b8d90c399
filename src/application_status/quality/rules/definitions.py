"""The meaning of each number of a quality report: its definition, its population, and its censoring."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """The meaning of a family of measures."""

    definition: str
    population: str
    censoring: str = "None."


_APPLIED = "Applications applied for in the period."
_REQUESTS = (
    "Requests of the ATS that were received in the period. Each report or signal of a request, and each row of a file, "
    "counts as one."
)
_LATEST_REQUESTS = "Requests of the ATS in the four weeks up to its last request."
_OPERATIONAL = "These are operational numbers: a log line that was not delivered is missing."
_STILL_OPEN = "Open applications may still change; `open` is their number."
_PENDING = (
    "Pending cases are right-censored at today, and cases that can no longer happen at the moment they ended (life "
    "table, actuarial estimate). No value if too few cases were observed long enough."
)

DEFINITIONS: Mapping[str, Definition] = {
    "applications": Definition("Applications applied for in the period.", _APPLIED),
    "open": Definition(
        "Applications that are neither hired nor ended, by a report or by the end of their position. "
        "`open_applications` is the number of all applications that are open today, whenever they were applied for.",
        _APPLIED,
    ),
    "reached": Definition(
        "Applications whose furthest stage is this one or a later one. Skipped stages count as reached, and a "
        "rejection keeps the stage. A hire counts only while it is the current status.",
        _APPLIED,
        _STILL_OPEN,
    ),
    "passed": Definition(
        "The share of decided applications that moved from this stage to a later one.",
        "Applications applied for in the period that reached the stage and are no longer open in it.",
        "Applications that are still open in the stage are left out.",
    ),
    "outcome": Definition(
        "The current outcome. Only not_selected is evidence about the applicant's quality; ended_unknown is a "
        "rejection whose label does not show whether the candidate withdrew.",
        _APPLIED,
        _STILL_OPEN,
    ),
    "inferred": Definition("Applications whose outcome is inferred from the end of their position.", _APPLIED),
    "feedback": Definition("Applications with at least one report.", _APPLIED, _STILL_OPEN),
    "final_feedback": Definition("Applications with a final status from a report of their own.", _APPLIED, _STILL_OPEN),
    "first_response": Definition(
        "Days from applying to the employer's first response: a move beyond APPLIED, including REJECTED, unless the "
        "label says that the candidate withdrew. A LEAD or CONTACT dated before applying is no response; other reports "
        "dated before it count from the moment of applying. Responses whose time is unknown are left out.",
        _APPLIED,
        _PENDING,
    ),
    "no_response_within": Definition(
        "The share without an employer's response within so many days (ghosting rate). A response whose time is "
        "unknown counts as one within any time.",
        _APPLIED,
        _PENDING,
    ),
    "entered": Definition(
        "Entries into the status in the period, by applying or by a report, whenever the application was applied for.",
        "The entries; an application counts each time it enters the status.",
    ),
    "time_in": Definition(
        "Days from entering the status to the next status. Left out if the time of one of both is unknown.",
        "Entries into the status in the period.",
        _PENDING,
    ),
    "reports": Definition(
        "Reports that took effect in the period, including those that confirm a status.", "The reports."
    ),
    "mapped": Definition(
        "The share of reports with a known status or label.", "Reports that took effect in the period."
    ),
    "time_reported": Definition(
        "The share of reports that were sent with the time at which they took effect.",
        "Reports that took effect in the period.",
    ),
    "time_proxy": Definition(
        "The share of reports whose event has only another time, such as that of the application's last activity, "
        "which counts instead. For all others the time of receipt counts.",
        "Reports that took effect in the period.",
    ),
    "delay": Definition(
        "Days from when a report took effect to when it was received.",
        "Reports that took effect in the period and were sent with a time. Rows of files that are dated more than 14 "
        "days before the upload are left out: they are history that was filled in.",
    ),
    "unmapped_label": Definition(
        "Applications with a report of this unmapped label; no status is guessed from it. The first ten unmapped "
        "labels of an application count.",
        "Applications with a report of the label.",
    ),
    "requests": Definition(_REQUESTS, _REQUESTS),
    "answered_with": Definition(
        "Requests by channel and by result: recorded, unchanged, late, unmapped, or the reason of the refusal.",
        _REQUESTS,
        _OPERATIONAL,
    ),
    "refused": Definition(
        "Requests that were refused, dropped or failed. The others were recorded, unchanged, late or unmapped, or were "
        "events of a webhook that were stored for later or are about no status.",
        _REQUESTS,
        _OPERATIONAL,
    ),
    "last_seen": Definition(
        "Days since the last request, or the last row of a file, as of now.", _LATEST_REQUESTS, _OPERATIONAL
    ),
    "silent": Definition(
        "1 if the ATS sent requests on at least five days of four weeks, and none since then for more than a day "
        "longer than its longest pause in these weeks; else 0.",
        _LATEST_REQUESTS,
        _OPERATIONAL,
    ),
    "open_applications": Definition(
        "Applications open today, whenever they were applied for, without ATSs that have fewer than five. `open` is "
        "the number of those applied for in the period.",
        "Applications open today.",
    ),
    "last_activity": Definition(
        "Open applications whose last change is at least so many days old. A change is applying, or a report of "
        "another status or label.",
        "Applications open today.",
    ),
}


def family(measure: str) -> str:
    """Return the family of a measure, e.g. `reached` of `reached:OFFER`: a key of DEFINITIONS."""
    return measure.partition(":")[0]
