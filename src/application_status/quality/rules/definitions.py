"""What each number of a quality report means: its definition, its population, and what is still unknown (censoring)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """The meaning of a family of measures."""

    definition: str
    population: str
    censoring: str = "None."


_APPLIED = "Applications applied for in the period."
_STILL_OPEN = "Open applications may still change; `open` says how many those are."
_WAITING = (
    "Those it has not happened to yet are counted as waiting until today, those it can no longer happen to as waiting "
    "until then (life table, actuarial estimate). No value where too few have waited long enough."
)

DEFINITIONS: Mapping[str, Definition] = {
    "applications": Definition("Applications applied for in the period.", _APPLIED),
    "open": Definition(
        "Those that have neither ended nor led to a hire. All that are open today, whenever they were applied for, are "
        "`open_applications`.",
        _APPLIED,
    ),
    "reached": Definition(
        "Those whose furthest stage ever is this one or a later one. A hire counts while it stands; stages that were "
        "skipped count as reached. A rejection takes no stage back.",
        _APPLIED,
        _STILL_OPEN,
    ),
    "passed": Definition(
        "The share that went on from this stage to a later one.",
        "Applications applied for in the period that reached the stage, without those that are open in it.",
        "Those open in the stage are left out, so the share is of those decided so far.",
    ),
    "outcome": Definition(
        "How they stand now. Only not_selected speaks of the applicant's quality; ended_unknown is a rejection whose "
        "label does not tell whether the candidate withdrew.",
        _APPLIED,
        _STILL_OPEN,
    ),
    "inferred": Definition("Those whose outcome only the end of their position tells.", _APPLIED),
    "feedback": Definition("Those with at least one report.", _APPLIED, _STILL_OPEN),
    "final_feedback": Definition("Those whose own reports tell how they ended.", _APPLIED, _STILL_OPEN),
    "first_response": Definition(
        "Days from applying to the employer's first response: a move beyond APPLIED, also to REJECTED, unless its "
        "label says that the candidate withdrew. A LEAD or CONTACT dated before applying is none; other reports dated "
        "before it count as made with it.",
        _APPLIED,
        _WAITING,
    ),
    "no_response_within": Definition(
        "The share without a response of the employer within so many days (ghosting rate).", _APPLIED, _WAITING
    ),
    "entered": Definition(
        "Entries into the status in the period, by applying or by a report, whenever the application was applied for.",
        "The entries themselves; an application counts as often as it enters.",
    ),
    "time_in": Definition(
        "Days from entering the status to leaving it for another.", "Entries into the status in the period.", _WAITING
    ),
    "reports": Definition(
        "Reports that took effect in the period, those that only confirm a status included.", "The reports themselves."
    ),
    "mapped": Definition(
        "The share of reports whose status or label is understood.", "Reports that took effect in the period."
    ),
    "delay": Definition(
        "Days from when a report took effect to when it was received.",
        "Reports that took effect in the period and whose sender said when.",
    ),
    "unmapped_label": Definition(
        "Applications with a report of the label, which is unmapped: no status is guessed from it. Of an application "
        "its first ten such labels count.",
        "The same.",
    ),
    "requests": Definition("Requests and signals of the ATS that came in during the period.", "The same."),
    "answered_with": Definition(
        "What they were answered with, by channel: recorded, unchanged, late, unmapped, or the reason of the refusal.",
        "Requests and signals of the ATS that came in during the period.",
        "Operational numbers: a line lost by the log's delivery is missing.",
    ),
    "last_seen": Definition(
        "Days since the last of them.", "Requests and signals of the ATS that came in during the period."
    ),
    "open_applications": Definition(
        "Applications open today, whenever they were applied for, without those of ATSs (of a client: of jobs) that "
        "have fewer than five. `open` has only those applied for in the period.",
        "The same.",
    ),
    "last_activity": Definition(
        "Open applications whose last change, applying or a report of another status or label, is at least so many "
        "days old.",
        "Applications open today.",
    ),
}


def family(measure: str) -> str:
    """Return the family of a measure: a key of DEFINITIONS."""
    return measure.partition(":")[0]
