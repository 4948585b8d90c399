"""The key figures of the quality page, and its sections about the whole period."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from application_status.applications.rules.status import Outcome
from application_status.quality.page.plots import share_bars, spans
from application_status.quality.page.section import Section, table
from application_status.quality.page.words import Numbers, format_number
from application_status.quality.rules.contribution import TIMED_STATUSES
from application_status.quality.rules.numbers import DAY_THRESHOLDS, STEPS, Number, Unit


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: its name, its value as text, and the end of the sentence that the value begins.

    `change` compares it with the period before, beginning with an arrow, and `board` with all ATSs; both may be empty.
    """

    name: str
    value: str
    says: str
    change: str
    board: str


def figures(numbers: Numbers, before: Numbers, board: Numbers) -> Sequence[Figure]:
    """Return the key figures of a cohort, of the period before, and of all ATSs; empty for too few applications."""
    if "applications" not in numbers:
        return []
    measures: Sequence[tuple[str, str, Unit]] = (
        ("applications", "applications", "applications"),
        ("feedback", "feedback", "share"),
        ("interview", "reached:INTERVIEW", "share"),
        ("hired", "outcome:hired", "share"),
        ("response", "first_response:median", "days"),
    )
    return [_figure(key, measure, unit, (numbers, before, board)) for key, measure, unit in measures]


def _figure(key: str, measure: str, unit: Unit, of: tuple[Numbers, Numbers, Numbers]) -> Figure:
    numbers, before, board = of
    t, number = numbers.t, numbers.number(measure, unit)
    on_board = board.number(measure, unit)
    return Figure(
        name=t(f"quality.figure.{key}"),
        value=format_number(number, t),
        says="" if number.value is None else _says(key, numbers),
        change=_change(number, before.number(measure, unit), numbers),
        board="" if on_board.value is None else t("quality.figure.board", value=format_number(on_board, t)),
    )


def _says(key: str, numbers: Numbers) -> str:
    t = numbers.t
    return (
        t(f"quality.figure.{key}_says", hires=numbers.count("outcome:hired"))
        if key == "hired"
        else t(f"quality.figure.{key}_says")
    )


def _change(number: Number, before: Number, numbers: Numbers) -> str:
    """Return the number before and an arrow that shows the difference; empty if it is unknown."""
    t = numbers.t
    if number.value is None or before.value is None:
        return ""
    text = format_number(before, t)
    if text == format_number(number, t):
        return f"→ {t('quality.change.same')}"
    arrow, direction = ("↑", "up") if number.value > before.value else ("↓", "down")
    return f"{arrow} {t(f'quality.change.{direction}', before=text)}"


def funnel(numbers: Numbers) -> Section:
    """Return the section with the stages that applications reached."""
    t, of_all = numbers.t, numbers.population("applications", "applications")
    rows, shares, in_words = [], [], []
    for step in STEPS:
        name, count, share = t(f"quality.status.{step}"), *_count_and_share(numbers, f"reached:{step}")
        passed = numbers.number(f"passed:{step}", "share")
        went_on = "" if passed.value is None else format_number(passed, t)
        shares.append((name, f"{count} · {share}", numbers.share(f"reached:{step}")))
        decided = (format_number(passed, t), t.number(passed.population)) if passed.measure in numbers else ("", "")
        rows.append([name, count, share, *decided])
        words = t("quality.funnel.row", part=count, all=of_all)
        in_words.append(f"{words} {t('quality.funnel.row_went_on', share=went_on)}" if went_on else words)
    return Section(
        id="funnel",
        heading=t("quality.funnel.heading"),
        covers=t("quality.covers.cohort"),
        says=t(
            "quality.funnel.says",
            applications=of_all,
            interviews=numbers.count("reached:INTERVIEW"),
            hires=numbers.count("outcome:hired"),
        ),
        family="reached",
        plot=share_bars(t("quality.funnel.plot"), shares, t),
        folded=table([t(f"quality.funnel.{key}") for key in _FUNNEL_COLUMNS], rows, in_words),
        is_empty="applications" not in numbers,
        download="cohort",
        notes=list(_not_applied(numbers)),
    )


_FUNNEL_COLUMNS = ("stage", "reached", "share", "went_on", "decided")


def _not_applied(numbers: Numbers) -> Iterator[str]:
    """Yield why fewer applications reached the first stage than there are, if that is so."""
    applications, applied = (numbers.number(name, "applications") for name in ("applications", "reached:APPLIED"))
    others = int((applications.value or 0) - (applied.value or 0))
    if others:
        yield numbers.t("quality.funnel.not_applied", count=others)


def outcomes(numbers: Numbers) -> Section:
    """Return the section with the outcomes of applications."""
    t, of_all = numbers.t, numbers.population("applications", "applications")
    measures = [
        *((f"outcome:{each}", t(f"quality.outcome.{each}"), f"quality.outcome_says.{each}") for each in Outcome),
        ("inferred", t("quality.outcomes.inferred"), "quality.outcome_says.inferred"),
    ]
    rows = [[name, *_count_and_share(numbers, measure)] for measure, name, _ in measures]
    return Section(
        id="outcomes",
        heading=t("quality.outcomes.heading"),
        covers=t("quality.covers.cohort"),
        says=t(
            "quality.outcomes.says",
            applications=of_all,
            open=numbers.count("outcome:open"),
            unknown=numbers.count("outcome:ended_unknown"),
        ),
        family="outcome",
        plot=share_bars(
            t("quality.outcomes.plot"),
            [
                (name, f"{count} · {share}", numbers.share(measure))
                for (measure, *_), (name, count, share) in zip(measures[:-1], rows, strict=False)
            ],
            t,
        ),
        folded=table(
            [t(f"quality.outcomes.{key}") for key in ("outcome", "applications", "share")],
            rows,
            [t(key, part=row[1], all=of_all) for (*_, key), row in zip(measures, rows, strict=True)],
        ),
        is_empty="applications" not in numbers,
        download="cohort",
    )


def waiting(numbers: Numbers) -> Section:
    """Return the section with the shares of applications without a response after some days."""
    t = numbers.t
    measures = [
        (t("quality.waiting.after_days", days=days), days, f"no_response_within:{days}") for days in DAY_THRESHOLDS
    ]
    days_said = next((days for _, days, m in measures[1:] if numbers.number(m, "share").value is not None), 0)
    return Section(
        id="waiting",
        heading=t("quality.waiting.heading"),
        covers=t("quality.covers.cohort"),
        says=_without_response(numbers, days_said) if days_said else "",
        family="no_response_within",
        plot=share_bars(
            t("quality.waiting.plot"),
            [(name, numbers.text(m, "share"), numbers.share(m)) for name, _, m in measures],
            t,
        ),
        folded=table(
            [t(f"quality.waiting.{key}") for key in ("after", "share", "of")],
            [(name, numbers.text(m, "share"), numbers.population(m, "share")) for name, _, m in measures],
            [_without_response(numbers, days) for _, days, _ in measures],
        ),
        is_empty="applications" not in numbers,
        download="cohort",
    )


def _without_response(numbers: Numbers, days: int) -> str:
    """Return the share without a response after so many days as a sentence; empty if it is unknown."""
    share = numbers.number(f"no_response_within:{days}", "share")
    t = numbers.t
    return "" if share.value is None else t("quality.waiting.row", share=format_number(share, t), days=days)


def times(numbers: Numbers) -> Section:
    """Return the section with the time until the first response and in each status."""
    t = numbers.t
    rows, drawn, in_words = [], [], []
    for name, measure, unit in (
        (t("quality.times.first_response"), "first_response", "applications"),
        *((t("quality.times.in", status=t(f"quality.status.{s}")), f"time_in:{s}", "entries") for s in TIMED_STATUSES),
    ):
        median, p90 = (numbers.number(f"{measure}:{quantile}", "days") for quantile in ("median", "p90"))
        if median.population:
            texts = [format_number(each, t) for each in (median, p90)]
            rows.append([name, *texts, t(f"quality.times.{unit}", count=median.population)])
            drawn.append((name, " · ".join(texts), median.value, p90.value))
            in_words.append(_time_in_words(median, p90, numbers))
    return Section(
        id="times",
        heading=t("quality.times.heading"),
        covers=t("quality.covers.both"),
        says=t("quality.times.says"),
        family="first_response",
        plot=spans(t("quality.times.plot"), drawn, t),
        folded=table([t(f"quality.times.{key}") for key in ("what", "median", "p90", "of")], rows, in_words),
        is_empty=not rows,
        download="activity",
    )


def _time_in_words(median: Number, p90: Number, numbers: Numbers) -> str:
    t = numbers.t
    if median.value is None:
        return ""
    if p90.value is None:
        return t("quality.times.row_median", median=format_number(median, t))
    return t("quality.times.row", median=format_number(median, t), p90=format_number(p90, t))


def silence(numbers: Numbers) -> Section:
    """Return the section with open applications without activity."""
    t, of_all = numbers.t, numbers.count("open_applications")
    rows = [
        (t("quality.silence.for_days", days=days), *_count_and_share(numbers, f"last_activity:{days}"))
        for days in DAY_THRESHOLDS
    ]
    in_words = [
        t("quality.silence.row", part=count, all=of_all, days=days)
        for days, (_, count, _) in zip(DAY_THRESHOLDS, rows, strict=True)
    ]
    return Section(
        id="silence",
        heading=t("quality.silence.heading"),
        covers=t("quality.covers.today"),
        says=in_words[DAY_THRESHOLDS.index(30)],
        family="last_activity",
        plot=share_bars(
            t("quality.silence.plot"),
            [
                (name, f"{count} · {share}", numbers.share(f"last_activity:{days}"))
                for days, (name, count, share) in zip(DAY_THRESHOLDS, rows, strict=True)
            ],
            t,
        ),
        folded=table([t(f"quality.silence.{key}") for key in ("for", "applications", "share")], rows, in_words),
        is_empty="open_applications" not in numbers,
        download="silence",
        notes=list(_open(numbers)),
    )


def _open(numbers: Numbers) -> Iterator[str]:
    """Yield why the section about outcomes has another number of open applications, if it has."""
    today, of_cohort = (numbers.number(name, "applications") for name in ("open_applications", "outcome:open"))
    if of_cohort.value not in (None, today.value):
        yield numbers.t("quality.silence.differs", amount=format_number(of_cohort, numbers.t))


def coverage(numbers: Numbers) -> Section:
    """Return the section with the share of applications reported on, of labels mapped, and the delay of reports."""
    t = numbers.t
    measures: Sequence[tuple[str, str, Unit, str]] = (
        ("feedback", "feedback", "share", "applications"),
        ("final_feedback", "final_feedback", "share", "applications"),
        ("mapped", "mapped", "share", "reports"),
        ("time_reported", "time_reported", "share", "reports"),
        ("time_proxy", "time_proxy", "share", "reports"),
        ("delay_median", "delay:median", "days", "timed"),
        ("delay_p90", "delay:p90", "days", "timed"),
    )
    known = [(key, each, what) for key, measure, unit, what in measures for each in [numbers.number(measure, unit)]]
    return Section(
        id="coverage",
        heading=t("quality.coverage.heading"),
        covers=t("quality.covers.both"),
        says=_complete("feedback", known[0][1], numbers),
        family="feedback",
        plot=share_bars(
            t("quality.coverage.plot"),
            [
                (t(f"quality.coverage.{key}"), format_number(each, t), each.value or 0.0)
                for key, each, _ in known
                if each.unit == "share"
            ],
            t,
        ),
        folded=table(
            [t(f"quality.coverage.{key}") for key in ("what", "value", "of")],
            [
                (
                    t(f"quality.coverage.{key}"),
                    format_number(each, t),
                    t(f"quality.coverage.{of}", count=each.population),
                )
                for key, each, of in known
            ],
            [_complete(key, each, numbers) for key, each, _ in known],
        ),
        is_empty=not {"feedback", "reports"} & {each.measure for _, each, _ in known if each.measure in numbers},
        download="activity",
    )


def _complete(key: str, number: Number, numbers: Numbers) -> str:
    """Return a number about the data as a sentence; empty if it is unknown."""
    t = numbers.t
    return "" if number.value is None else t(f"quality.coverage.{key}_says", value=format_number(number, t))


def _count_and_share(numbers: Numbers, measure: str) -> tuple[str, str]:
    """Return a number of applications, and their share of all, as texts."""
    return numbers.count(measure), numbers.text(measure, "share")
