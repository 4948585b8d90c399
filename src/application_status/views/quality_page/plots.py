"""The geometry of the page's plots; lengths across are percents of the width, so that text never shrinks with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from application_status.model.periods import Interval
from application_status.views.quality_page.words import dated

_LABEL_LENGTH = 28
_ROW, _AXIS = 42, 22  # pixels: a label over a bar of 12; a line of text
_STRIP, _COLUMN = 74, 40
_LONGEST = {Interval.DAY: timedelta(1), Interval.WEEK: timedelta(7), Interval.MONTH: timedelta(31)}
_TICKS = 5
_STEPS = (1, 2, 5, 10, 15, 30, 60, 90, 120)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the axis: where, what it says, and which end of the text is there."""

    at: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar under its label and what it says."""

    label: str
    text: str
    top: int
    width: float


@dataclass(frozen=True, slots=True)
class Bars:
    """A share of the whole for each label."""

    kind: ClassVar[str] = "bars"
    title: str
    bars: Sequence[Bar]
    height: int


def bars(title: str, shares: Sequence[tuple[str, str, float]]) -> Bars:
    """Draw shares, each with its label and what it says."""
    drawn = [
        Bar(_short(label), text, number * _ROW, _percent(share)) for number, (label, text, share) in enumerate(shares)
    ]
    return Bars(title, drawn, len(drawn) * _ROW)


@dataclass(frozen=True, slots=True)
class Span:
    """A line from the median to the 90th percentile; either end may be unknown."""

    label: str
    text: str
    top: int
    median: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Spans:
    """A span of days for each label."""

    kind: ClassVar[str] = "spans"
    title: str
    spans: Sequence[Span]
    ticks: Sequence[Tick]
    height: int


def spans(title: str, times: Sequence[tuple[str, str, float | None, float | None]]) -> Spans:
    """Draw medians and 90th percentiles, in days, each with its label and what it says."""
    longest = max([1.0, *(days for _, _, *both in times for days in both if days is not None)])
    step = next((step for step in _STEPS if longest / step <= _TICKS), 365)
    end = step * -(-longest // step)

    def at(days: float | None) -> float | None:
        return None if days is None else _percent(days / end)

    drawn = [
        Span(_short(label), text, number * _ROW, at(median), at(p90))
        for number, (label, text, median, p90) in enumerate(times)
    ]
    marks = [Tick(_percent(days / end), str(days), "middle") for days in range(step, int(end), step)]
    ticks = [Tick(0, "0", "start"), *marks, Tick(100, f"{end:g}", "end")]
    return Spans(title, drawn, ticks, len(drawn) * _ROW + _AXIS)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: where it begins, from the left and from the top, and how broad and high it is."""

    left: float
    width: float
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Strip:
    """A row of columns, one a period, in a scale of its own."""

    label: str
    text: str
    top: int
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True)
class Strips:
    """A strip for each label, over the same periods."""

    kind: ClassVar[str] = "strips"
    title: str
    strips: Sequence[Strip]
    ticks: Sequence[Tick]
    height: int


def strips(
    title: str, days: Sequence[date], interval: Interval, amounts: Sequence[tuple[str, str, Sequence[float]]]
) -> Strips:
    """Draw what happened in the periods that these days are in, for each label; periods without any stay empty."""
    starts = [interval.start(day) for day in days]
    first, end = min(starts, default=date.max), max((_next(interval, start) for start in starts), default=date.max)
    length = (end - first).days
    places = [(_percent((s - first).days / length), (_next(interval, s) - s).days / length) for s in starts]
    drawn = [
        Strip(_short(label), text, number * _STRIP, _columns(places, values))
        for number, (label, text, values) in enumerate(amounts)
    ]
    ticks = [Tick(0, dated(first), "start"), Tick(100, dated(end - timedelta(days=1)), "end")]
    return Strips(title, drawn, ticks, len(drawn) * _STRIP + _AXIS)


def _columns(places: Sequence[tuple[float, float]], values: Sequence[float]) -> list[Column]:
    highest = max([1.0, *values])
    return [
        Column(left, round(_percent(width) * 0.8, 3), _COLUMN - height, height)
        for (left, width), value in zip(places, values, strict=True)
        if (height := round(_COLUMN * value / highest, 1))
    ]


def _next(interval: Interval, start: date) -> date:
    return interval.start(start + _LONGEST[interval])


def _percent(share: float) -> float:
    return round(100 * share, 3)


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_LENGTH else f"{label[: _LABEL_LENGTH - 1]}…"
