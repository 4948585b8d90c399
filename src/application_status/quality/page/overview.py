"""The key figures of the quality page, and its sections about the whole period."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from application_status.applications.rules.status import Outcome
from application_status.quality.page.plots import bars, spans
from application_status.quality.page.section import TOO_FEW, Basis, Section, table
from application_status.quality.page.words import Numbers, display_name, format_number
from application_status.quality.rules.contribution import TIMED_STATUSES
from application_status.quality.rules.numbers import DAY_THRESHOLDS, STEPS


def funnel(numbers: Numbers, basis: Basis) -> Section:
    """Return the section with the stages that applications reached."""
    rows, shares = [], []
    for step in STEPS:
        count, share = (numbers.text(f"reached:{step}", unit) for unit in ("applications", "share"))
        passed = numbers.number(f"passed:{step}", "share")
        went_on = "" if passed.value is None else f" · {format_number(passed)} went on"
        shares.append((display_name(step), f"{count} · {share}{went_on}", numbers.share(f"reached:{step}")))
        decided = (format_number(passed), f"{passed.population:,}") if passed.measure in numbers else ("", "")
        rows.append([display_name(step), count, share, *decided])
    return Section(
        id="funnel",
        heading="Funnel",
        basis=basis.cohort,
        families=("reached", "passed", "open"),
        plot=bars("How many applications reached each stage", shares),
        table=table(("Stage", "Reached it", "Share of all", "Went on", "of decided"), rows),
        empty_text="" if "applications" in numbers else TOO_FEW,
        downloads=("cohort",),
        notes=list(_not_applied(numbers)),
    )


def _not_applied(numbers: Numbers) -> Iterator[str]:
    """Yield why fewer applications reached the first stage than there are, if that is so."""
    applications, applied = (numbers.number(name, "applications") for name in ("applications", "reached:APPLIED"))
    if applied.value != applications.value:
        yield (
            f"{format_number(applied)} of {format_number(applications)} applications reached Applied. For the others, "
            "only a lead or a final status was reported."
        )


def outcomes(numbers: Numbers, basis: Basis) -> Section:
    """Return the section with the outcomes of applications."""
    rows = [
        (display_name(each), *(numbers.text(f"outcome:{each}", unit) for unit in ("applications", "share")))
        for each in Outcome
    ]
    inferred = [numbers.text("inferred", unit) for unit in ("applications", "share")]
    return Section(
        id="outcomes",
        heading="Outcomes",
        basis=basis.cohort,
        families=("outcome", "inferred"),
        plot=bars(
            "Applications by outcome",
            [
                (name, f"{count} · {share}", numbers.share(f"outcome:{each}"))
                for each, (name, count, share) in zip(Outcome, rows, strict=True)
            ],
        ),
        table=table(
            ("Outcome", "Applications", "Share of all"), [*rows, ("Inferred from the position's end", *inferred)]
        ),
        empty_text="" if "applications" in numbers else TOO_FEW,
        downloads=("cohort",),
    )


def times(numbers: Numbers, basis: Basis) -> Section:
    """Return the section with the time until the first response and in each status."""
    rows, drawn = [], []
    for name, measure in (
        ("First response", "first_response"),
        *((f"In {display_name(s)}", f"time_in:{s}") for s in TIMED_STATUSES),
    ):
        median, p90 = (numbers.number(f"{measure}:{quantile}", "days") for quantile in ("median", "p90"))
        if median.population:
            texts = [numbers.text(f"{measure}:{quantile}", "days") for quantile in ("median", "p90")]
            unit = "applications" if measure == "first_response" else "entries"
            rows.append([name, *texts, f"{median.population:,} {unit}"])
            drawn.append((name, " · ".join(texts), median.value, p90.value))
    return Section(
        id="times",
        heading="Times",
        basis=basis.both,
        families=("first_response", "time_in"),
        plot=spans("Median and 90th percentile, in days", drawn),
        table=table(("What", "Median", "90% within", "of"), rows),
        empty_text="" if rows else TOO_FEW,
        downloads=("cohort", "activity"),
        notes=("In days. The dot is the median, and the bar ends at the 90th percentile.",),
    )


def waiting(numbers: Numbers, basis: Basis) -> Section:
    """Return the section with the shares of applications without a response after some days."""
    measures = [(f"{days} days", f"no_response_within:{days}") for days in DAY_THRESHOLDS]
    return Section(
        id="waiting",
        heading="Waiting for a first response",
        basis=basis.cohort,
        families=("no_response_within",),
        plot=bars(
            "The share without a response after so many days",
            [(name, numbers.text(measure, "share"), numbers.share(measure)) for name, measure in measures],
        ),
        table=table(
            ("Without a response after", "Share", "of applications"),
            [(name, numbers.text(m, "share"), numbers.population(m, "share")) for name, m in measures],
        ),
        empty_text="" if "applications" in numbers else TOO_FEW,
        downloads=("cohort",),
    )


def silence(numbers: Numbers, basis: Basis) -> Section:
    """Return the section with open applications without activity."""
    left_out = f", without {basis.subgroups} with fewer than five of them" if basis.subgroups else ""
    rows = [
        (f"{days} days", *(numbers.text(f"last_activity:{days}", unit) for unit in ("applications", "share")))
        for days in DAY_THRESHOLDS
    ]
    return Section(
        id="silence",
        heading="Open applications without activity",
        basis=f"As of today, not for the chosen period: open applications, whenever they were applied for{left_out}.",
        families=("last_activity", "open_applications"),
        plot=bars(
            "Open applications without activity, by days",
            [
                (name, f"{count} · {share}", numbers.share(f"last_activity:{days}"))
                for days, (name, count, share) in zip(DAY_THRESHOLDS, rows, strict=True)
            ],
        ),
        table=table(("No activity for", "Applications", "Share of open ones"), rows),
        empty_text="" if "open_applications" in numbers else TOO_FEW,
        downloads=("silence",),
        notes=list(_open(numbers, basis)),
    )


def _open(numbers: Numbers, basis: Basis) -> Iterator[str]:
    """Yield how many applications are open, and why the section Outcomes has another number, if it has."""
    today, of_cohort = (numbers.number(name, "applications") for name in ("open_applications", "outcome:open"))
    yield f"{format_number(today)} applications are open today, whenever they were applied for."
    if of_cohort.value not in (None, today.value):
        yield (
            f"The section Outcomes has {format_number(of_cohort)} open applications: those applied for {basis.days}."
        )


_TIMES = [
    ("Sent with their time", "time_reported", "reports"),
    ("Dated by another time of the event", "time_proxy", "reports"),
]


def coverage(numbers: Numbers, basis: Basis) -> Section:
    """Return the section with the share of applications reported on, of labels mapped, and the delay of reports."""
    shares = [
        ("With feedback", "feedback", "applications"),
        ("With final feedback", "final_feedback", "applications"),
        ("Labels mapped", "mapped", "reports"),
    ]
    return Section(
        id="coverage",
        heading="Coverage",
        basis=basis.both,
        families=("feedback", "final_feedback", "mapped", "reports", "time_reported", "time_proxy", "delay"),
        plot=bars(
            "Shares with feedback and with mapped labels",
            [(name, numbers.text(measure, "share"), numbers.share(measure)) for name, measure, _ in shares],
        ),
        table=table(("What", "Value", "of"), [*_covered(numbers, [*shares, *_TIMES]), *_delays(numbers)]),
        empty_text="" if "applications" in numbers or "reports" in numbers else TOO_FEW,
        downloads=("cohort", "activity"),
    )


def _covered(numbers: Numbers, shares: list[tuple[str, str, str]]) -> Iterator[list[str]]:
    for name, measure, of in shares:
        yield [name, numbers.text(measure, "share"), f"{numbers.population(measure, 'share')} {of}"]


def _delays(numbers: Numbers) -> Iterator[list[str]]:
    for name, quantile in (("Reported after, median", "median"), ("Reported after, 90% within", "p90")):
        measure = f"delay:{quantile}"
        yield [name, numbers.text(measure, "days"), f"{numbers.population(measure, 'days')} reports with a time"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: its name, its value as text, and its population as text."""

    name: str
    value: str
    population: str


def figures(numbers: Numbers, when: str = "in the period") -> Sequence[Figure]:
    """Return the key figures of a cohort, which was applied for `when`; empty if it has too few applications."""
    if "applications" not in numbers:
        return []
    of_all = f"of {numbers.population('applications', 'applications')} applications"
    return [
        Figure("Applications", numbers.text("applications", "applications"), f"applied for {when}"),
        Figure("With feedback", numbers.text("feedback", "share"), of_all),
        Figure("Reached interview", numbers.text("reached:INTERVIEW", "share"), of_all),
        Figure(
            "Hired",
            numbers.text("outcome:hired", "applications"),
            f"{numbers.text('outcome:hired', 'share')} {of_all}",
        ),
        Figure("Median first response", numbers.text("first_response:median", "days"), of_all),
    ]
