"""The sections about the period as a whole, each made of the numbers of one row of a kind.

The figures that a reader looks for first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from application_status.applications.rules.status import Outcome
from application_status.quality.page.plots import bars, spans
from application_status.quality.page.section import TOO_FEW, About, Section, table
from application_status.quality.page.words import Numbers, named, said
from application_status.quality.rules.contribution import STAYS
from application_status.quality.rules.numbers import SILENCES, STEPS


def funnel(numbers: Numbers, about: About) -> Section:
    """Return how far applications came."""
    rows, shares = [], []
    for step in STEPS:
        count, share = (numbers.said(f"reached:{step}", unit) for unit in ("applications", "share"))
        passed = numbers.number(f"passed:{step}", "share")
        went_on = "" if passed.value is None else f" · {said(passed)} went on"
        shares.append((named(step), f"{count} · {share}{went_on}", numbers.share(f"reached:{step}")))
        decided = (said(passed), f"{passed.population:,}") if passed.measure in numbers else ("", "")
        rows.append([named(step), count, share, *decided])
    return Section(
        id="funnel",
        heading="Funnel",
        basis=about.cohort,
        families=("reached", "passed", "open"),
        plot=bars("How many applications reached each stage", shares),
        table=table(("Stage", "Reached it", "Share of all", "Went on", "of decided"), rows),
        instead="" if "applications" in numbers else TOO_FEW,
        downloads=("cohort",),
        notes=list(_not_applied(numbers)),
    )


def _not_applied(numbers: Numbers) -> Iterator[str]:
    """Yield why fewer have reached the first stage than there are, where that is so."""
    applications, applied = (numbers.number(name, "applications") for name in ("applications", "reached:APPLIED"))
    if applied.value != applications.value:
        yield (
            f"{said(applied)} of {said(applications)} applications reached Applied: of the others only a lead or an "
            "ending was reported."
        )


def outcomes(numbers: Numbers, about: About) -> Section:
    """Return how applications stand."""
    rows = [
        (named(each), *(numbers.said(f"outcome:{each}", unit) for unit in ("applications", "share")))
        for each in Outcome
    ]
    inferred = [numbers.said("inferred", unit) for unit in ("applications", "share")]
    return Section(
        id="outcomes",
        heading="Outcomes",
        basis=about.cohort,
        families=("outcome", "inferred"),
        plot=bars(
            "How the applications stand",
            [
                (name, f"{count} · {share}", numbers.share(f"outcome:{each}"))
                for each, (name, count, share) in zip(Outcome, rows, strict=True)
            ],
        ),
        table=table(
            ("Outcome", "Applications", "Share of all"), [*rows, ("Inferred from the position's end", *inferred)]
        ),
        instead="" if "applications" in numbers else TOO_FEW,
        downloads=("cohort",),
    )


def times(numbers: Numbers, about: About) -> Section:
    """Return how long the first response and each stage take."""
    rows, drawn = [], []
    for name, measure in (("First response", "first_response"), *((f"In {named(s)}", f"time_in:{s}") for s in STAYS)):
        median, p90 = (numbers.number(f"{measure}:{quantile}", "days") for quantile in ("median", "p90"))
        if median.population:
            texts = [numbers.said(f"{measure}:{quantile}", "days") for quantile in ("median", "p90")]
            unit = "applications" if measure == "first_response" else "entries"
            rows.append([name, *texts, f"{median.population:,} {unit}"])
            drawn.append((name, " · ".join(texts), median.value, p90.value))
    return Section(
        id="times",
        heading="Times",
        basis=about.both,
        families=("first_response", "time_in"),
        plot=spans("Medians, and within how many days 90% are done", drawn),
        table=table(("What", "Median", "90% within", "of"), rows),
        instead="" if rows else TOO_FEW,
        downloads=("cohort", "activity"),
        notes=("In days: the dot is the median, the bar ends where 90% are done.",),
    )


def waiting(numbers: Numbers, about: About) -> Section:
    """Return how many applications wait for a first response."""
    measures = [(f"{days} days", f"no_response_within:{days}") for days in SILENCES]
    return Section(
        id="waiting",
        heading="Waiting for a first response",
        basis=about.cohort,
        families=("no_response_within",),
        plot=bars(
            "The share without a response after so many days",
            [(name, numbers.said(measure, "share"), numbers.share(measure)) for name, measure in measures],
        ),
        table=table(
            ("Without a response after", "Share", "of applications"),
            [(name, numbers.said(m, "share"), numbers.population(m, "share")) for name, m in measures],
        ),
        instead="" if "applications" in numbers else TOO_FEW,
        downloads=("cohort",),
    )


def silence(numbers: Numbers, about: About) -> Section:
    """Return for how long there has been no news of open applications."""
    left_out = f", without those of {about.parts} that have fewer than five of them" if about.parts else ""
    rows = [
        (f"{days} days", *(numbers.said(f"last_activity:{days}", unit) for unit in ("applications", "share")))
        for days in SILENCES
    ]
    return Section(
        id="silence",
        heading="Open applications without news",
        basis=f"As of today, whatever period is chosen: open applications, whenever they were applied for{left_out}.",
        families=("last_activity", "open_applications"),
        plot=bars(
            "Open applications without news for so many days",
            [
                (name, f"{count} · {share}", numbers.share(f"last_activity:{days}"))
                for days, (name, count, share) in zip(SILENCES, rows, strict=True)
            ],
        ),
        table=table(("Without news for", "Applications", "Share of open ones"), rows),
        instead="" if "open_applications" in numbers else TOO_FEW,
        downloads=("silence",),
        notes=list(_open(numbers, about)),
    )


def _open(numbers: Numbers, about: About) -> Iterator[str]:
    """Yield how many applications are open, and why Outcomes has another number, where it has."""
    today, of_cohort = (numbers.number(name, "applications") for name in ("open_applications", "outcome:open"))
    yield f"{said(today)} applications are open today, whenever they were applied for."
    if of_cohort.value not in (None, today.value):
        yield (
            f"Outcomes has {said(of_cohort)} open ones: those applied for {about.days}, without the newest days, which "
            "are shown once they have five applications."
        )


def coverage(numbers: Numbers, about: About) -> Section:
    """Return how much is reported, understood, and how soon."""
    shares = [
        ("With feedback", "feedback", "applications"),
        ("With final feedback", "final_feedback", "applications"),
        ("Labels understood", "mapped", "reports"),
    ]
    return Section(
        id="coverage",
        heading="Coverage",
        basis=about.both,
        families=("feedback", "final_feedback", "mapped", "reports", "delay"),
        plot=bars(
            "How much is reported and understood",
            [(name, numbers.said(measure, "share"), numbers.share(measure)) for name, measure, _ in shares],
        ),
        table=table(("What", "Value", "of"), [*_covered(numbers, shares), *_delays(numbers)]),
        instead="" if "applications" in numbers or "reports" in numbers else TOO_FEW,
        downloads=("cohort", "activity"),
    )


def _covered(numbers: Numbers, shares: list[tuple[str, str, str]]) -> Iterator[list[str]]:
    for name, measure, of in shares:
        yield [name, numbers.said(measure, "share"), f"{numbers.population(measure, 'share')} {of}"]


def _delays(numbers: Numbers) -> Iterator[list[str]]:
    for name, quantile in (("Reported after, median", "median"), ("Reported after, 90% within", "p90")):
        measure = f"delay:{quantile}"
        yield [name, numbers.said(measure, "days"), f"{numbers.population(measure, 'days')} reports with a time"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: its name, its value in words, and what it is about."""

    name: str
    value: str
    about: str


def figures(numbers: Numbers) -> Sequence[Figure]:
    """Return the key figures of a cohort; none where it has too few applications."""
    if "applications" not in numbers:
        return []
    of_all = f"of {numbers.population('applications', 'applications')} applications"
    return [
        Figure("Applications", numbers.said("applications", "applications"), "applied for in the period"),
        Figure("With feedback", numbers.said("feedback", "share"), of_all),
        Figure("Reached interview", numbers.said("reached:INTERVIEW", "share"), of_all),
        Figure(
            "Hired",
            numbers.said("outcome:hired", "applications"),
            f"{numbers.said('outcome:hired', 'share')} {of_all}",
        ),
        Figure("Median first response", numbers.said("first_response:median", "days"), of_all),
    ]
