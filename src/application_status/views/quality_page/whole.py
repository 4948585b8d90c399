"""The sections about the period as a whole, each made of the numbers of one row of a kind."""

from collections.abc import Iterator

from application_status.model.quality import STAYS
from application_status.model.quality_report import SILENCES, STEPS
from application_status.model.status import Outcome
from application_status.views.quality_page.plots import bars, spans
from application_status.views.quality_page.section import BOTH, COHORT, TODAY, TOO_FEW, Section, table
from application_status.views.quality_page.words import Numbers, named, said


def funnel(numbers: Numbers) -> Section:
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
        basis=COHORT,
        families=("reached", "passed", "open"),
        plot=bars("How many applications reached each stage", shares),
        table=table(("Stage", "Reached it", "Share of all", "Went on", "of decided"), rows),
        instead="" if "applications" in numbers else TOO_FEW,
        downloads=("cohort",),
    )


def outcomes(numbers: Numbers) -> Section:
    """Return how applications stand."""
    rows = [
        (named(each), *(numbers.said(f"outcome:{each}", unit) for unit in ("applications", "share")))
        for each in Outcome
    ]
    inferred = [numbers.said("inferred", unit) for unit in ("applications", "share")]
    return Section(
        id="outcomes",
        heading="Outcomes",
        basis=COHORT,
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


def times(numbers: Numbers) -> Section:
    """Return how long the first response and each stage take."""
    rows, drawn = [], []
    for name, measure in (("First response", "first_response"), *((f"In {named(s)}", f"time_in:{s}") for s in STAYS)):
        median, p90 = (numbers.number(f"{measure}:{quantile}", "days") for quantile in ("median", "p90"))
        if median.population:
            texts = [numbers.said(f"{measure}:{quantile}", "days") for quantile in ("median", "p90")]
            rows.append([name, *texts, f"{median.population:,}"])
            drawn.append((name, " · ".join(texts), median.value, p90.value))
    return Section(
        id="times",
        heading="Times",
        basis=BOTH,
        families=("first_response", "time_in"),
        plot=spans("Medians, and within how many days 90% are done", drawn),
        table=table(("What", "Median", "90% within", "of"), rows),
        instead="" if rows else TOO_FEW,
        downloads=("cohort", "activity"),
        notes=("In days: the dot is the median, the bar ends where 90% are done.",),
    )


def waiting(numbers: Numbers) -> Section:
    """Return how many applications wait for a first response."""
    measures = [(f"{days} days", f"no_response_within:{days}") for days in SILENCES]
    return Section(
        id="waiting",
        heading="Waiting for a first response",
        basis=COHORT,
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


def silence(numbers: Numbers) -> Section:
    """Return for how long there has been no news of open applications."""
    rows = [
        (f"{days} days", *(numbers.said(f"no_update_for:{days}", unit) for unit in ("applications", "share")))
        for days in SILENCES
    ]
    return Section(
        id="silence",
        heading="Open applications without news",
        basis=TODAY,
        families=("no_update_for", "open_applications"),
        plot=bars(
            "Open applications without news for so many days",
            [
                (name, f"{count} · {share}", numbers.share(f"no_update_for:{days}"))
                for days, (name, count, share) in zip(SILENCES, rows, strict=True)
            ],
        ),
        table=table(("Without news for", "Applications", "Share of open ones"), rows),
        instead="" if "open_applications" in numbers else TOO_FEW,
        downloads=("silence",),
        notes=(f"{numbers.said('open_applications', 'applications')} applications are open.",),
    )


def coverage(numbers: Numbers) -> Section:
    """Return how much is reported, understood, and how soon."""
    shares = [
        ("With feedback", "feedback", "applications"),
        ("With final feedback", "final_feedback", "applications"),
        ("Labels understood", "mapped", "reports"),
    ]
    return Section(
        id="coverage",
        heading="Coverage",
        basis=BOTH,
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
