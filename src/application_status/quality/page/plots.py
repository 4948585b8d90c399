"""The geometry of the page's plots; horizontal lengths are percentages of the width, vertical ones pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, NamedTuple

from application_status.quality.page.words import format_days, short_day_of_year
from application_status.texts.texts import Texts

_TICKS = 5
_DAY_STEPS = (1, 2, 5, 10, 15, 30, 60, 90, 120)
_YEAR = 366


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick of an axis: its position, its text, and the anchor of the text."""

    at: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, with a label and its value above it."""

    label: str
    text: str
    width: float


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart over one axis."""

    kind: ClassVar[str] = "bars"
    title: str
    bars: Sequence[Bar]
    ticks: Sequence[Tick]


def share_bars(title: str, shares: Sequence[tuple[str, str, float]], t: Texts) -> Bars:
    """Return a bar chart of (label, text, share), from none to all."""
    ticks = [Tick(100 * share, t.percent(share), anchor) for share, anchor in _ENDS_AND_MIDDLE]
    return Bars(title, [Bar(label, text, _percent(share)) for label, text, share in shares], ticks)


_ENDS_AND_MIDDLE = ((0.0, "start"), (0.5, "middle"), (1.0, "end"))


def count_bars(title: str, counts: Sequence[tuple[str, str, float]], t: Texts) -> Bars:
    """Return a bar chart of (label, text, count), from 0 to a round number."""
    end = round_up(max([1.0, *(count for *_, count in counts)]))
    ticks = [
        Tick(100 * share, t.number(end * share, int(share * end % 1 > 0)), anchor) for share, anchor in _ENDS_AND_MIDDLE
    ]
    return Bars(title, [Bar(label, text, _percent(count / end)) for label, text, count in counts], ticks)


def round_up(amount: float) -> int:
    """Return the next round number: 1 to 6, 8, 10, 15, 20 and so on."""
    power = 1
    while 10 * power < amount:
        power *= 10
    digits = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
    return int(next(rounded for digit in digits if (rounded := digit * power) >= amount and rounded == int(rounded)))


@dataclass(frozen=True, slots=True)
class Span:
    """A line from the median to the 90th percentile; None if unknown."""

    label: str
    text: str
    median: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Spans:
    """A chart of medians and 90th percentiles, in days."""

    kind: ClassVar[str] = "spans"
    title: str
    spans: Sequence[Span]
    ticks: Sequence[Tick]


def spans(title: str, times: Sequence[tuple[str, str, float | None, float | None]], t: Texts) -> Spans:
    """Return a chart of (label, text, median, 90th percentile), in days."""
    room = 1.05  # for the half of a median's dot
    ends = [end for _, _, median, p90 in times for end in (median and median * room, p90)]
    longest = max([1.0, *(end for end in ends if end is not None)])
    step = next((step for step in _DAY_STEPS if longest / step <= _TICKS), 365)
    end = int(step * -(-longest // step))

    def at(days: float | None) -> float | None:
        return None if days is None else _percent(days / end)

    drawn = [Span(label, text, at(median), at(p90)) for label, text, median, p90 in times]
    marks = [Tick(_percent(days / end), t.number(days), "middle") for days in range(step, end, step)]
    ticks = [Tick(0, t.number(0), "start"), *marks, Tick(100, t.number(end), "end")]
    return Spans(title, drawn, ticks)


class Series(NamedTuple):
    """A row of a timeline: its label, a text beside it, and an amount for each period."""

    label: str
    text: str
    amounts: Sequence[float]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a timeline: its label and text, and the heights at which its scale begins and ends."""

    label: str
    text: str
    top: int
    base: int


@dataclass(frozen=True, slots=True)
class Column:
    """An amount of a timeline as text, and its column."""

    text: str
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Period:
    """A period of a timeline: its days, its amounts in words, where it is, and its columns."""

    days: str
    words: str
    left: float
    width: float
    middle: float
    anchor: str
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Columns over days, in rows with the same scale; `highest` is the end of the scale as text."""

    kind: ClassVar[str] = "timeline"
    title: str
    highest: str
    lines: Sequence[Line]
    periods: Sequence[Period]
    ticks: Sequence[Tick]
    base: int
    height: int


_LINE, _SCALE, _AXIS = 82, 44, 22  # pixels: of a row, of its scale, and of the days below


def timeline(title: str, series: Sequence[Series], days: Sequence[tuple[date, date]], t: Texts) -> Timeline:
    """Return a timeline over days that don't overlap, which may have gaps."""
    end = round_up(max([1.0, *(amount for each in series for amount in each.amounts)]))
    first, last = days[0][0], days[-1][1]
    total = (last - first).days + 1
    base = _LINE * len(series)
    periods = []
    for number, (start, stop) in enumerate(days):
        left, width = _percent((start - first).days / total), _percent(((stop - start).days + 1) / total)
        text = format_days(start, stop, t)
        amounts = [(each.label, each.amounts[number]) for each in series]
        middle = round(left + width / 2, 1)
        periods.append(
            Period(
                days=text,
                words=f"{text}: " + ", ".join(f"{label} {t.number(amount)}" for label, amount in amounts),
                left=left,
                width=round(0.9 * width, 2),
                middle=middle,
                anchor=_anchor(middle),
                columns=[_column(row, amount, end, t) for row, (_, amount) in enumerate(amounts, start=1) if amount],
            )
        )
    return Timeline(
        title=title,
        highest=t.number(end),
        lines=[
            Line(each.label, each.text, _LINE * number - _SCALE, _LINE * number)
            for number, each in enumerate(series, start=1)
        ],
        periods=periods,
        ticks=list(_day_ticks(days, first, total, t)),
        base=base,
        height=base + _AXIS,
    )


def _column(row: int, amount: float, end: int, t: Texts) -> Column:
    height = max(1.0, round(_SCALE * amount / end, 1))
    return Column(t.number(amount), round(_LINE * row - height, 1), height)


def _anchor(at: float) -> str:
    """Return the anchor of a text, so that it stays inside the axis."""
    return "start" if at < 20 else "end" if at > 80 else "middle"  # noqa: PLR2004  # percent


def _day_ticks(days: Sequence[tuple[date, date]], first: date, total: int, t: Texts) -> Iterator[Tick]:
    """Yield the first and the last day, and two days between them if there is room for their texts on a phone.

    These stand in the middle, and need a quarter of the axis between them and a third to its ends.
    """
    yield Tick(0, _day(first, total, t), "start")
    for part, least, most in ((1, 33, 38), (2, 62, 67)):
        found = days[len(days) * part // 3][0]
        at = _percent((found - first).days / total)
        if total <= _YEAR and least <= at <= most:
            yield Tick(at, _day(found, total, t), "middle")
    yield Tick(100, _day(days[-1][1], total, t), "end")


def _day(day: date, total: int, t: Texts) -> str:
    return t.short_day(day) if total > _YEAR else short_day_of_year(day, t)


def _percent(share: float) -> float:
    return round(100 * share, 1)
