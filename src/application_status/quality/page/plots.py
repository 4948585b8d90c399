"""The geometry of the page's plots; horizontal lengths are percentages of the width."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

_COLUMN = 40  # pixels
_TICKS = 5
_STEPS = (1, 2, 5, 10, 15, 30, 60, 90, 120)


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick of an axis: its position, its text, and the anchor of the text."""

    at: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, with a label and a text above it."""

    label: str
    text: str
    width: float


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart of shares."""

    kind: ClassVar[str] = "bars"
    title: str
    bars: Sequence[Bar]


def bars(title: str, shares: Sequence[tuple[str, str, float]]) -> Bars:
    """Return a bar chart of (label, text, share)."""
    return Bars(title, [Bar(label, text, _percent(share)) for label, text, share in shares])


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


def spans(title: str, times: Sequence[tuple[str, str, float | None, float | None]]) -> Spans:
    """Return a chart of (label, text, median, 90th percentile), in days."""
    room = 1.05  # for the half of a median's dot
    ends = [end for _, _, median, p90 in times for end in (median and median * room, p90)]
    longest = max([1.0, *(end for end in ends if end is not None)])
    step = next((step for step in _STEPS if longest / step <= _TICKS), 365)
    end = step * -(-longest // step)

    def at(days: float | None) -> float | None:
        return None if days is None else _percent(days / end)

    drawn = [Span(label, text, at(median), at(p90)) for label, text, median, p90 in times]
    marks = [Tick(_percent(days / end), str(days), "middle") for days in range(step, int(end), step)]
    ticks = [Tick(0, "0", "start"), *marks, Tick(100, f"{end:g}", "end")]
    return Spans(title, drawn, ticks)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its position from the left and the top, its width and its height in pixels."""

    left: float
    width: float
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Strip:
    """A row of columns with a vertical scale of its own."""

    label: str
    text: str
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True)
class Strips:
    """Strips over the same axis; `ends` are the texts at both ends of it."""

    kind: ClassVar[str] = "strips"
    title: str
    strips: Sequence[Strip]
    ends: tuple[str, str]


def strips(title: str, amounts: Sequence[tuple[str, str, Sequence[float]]], ends: tuple[str, str]) -> Strips:
    """Return strips of (label, text, amounts); all columns are equally wide."""
    return Strips(title, [Strip(label, text, _columns(values)) for label, text, values in amounts], ends)


def _columns(values: Sequence[float]) -> list[Column]:
    highest, width = max([1.0, *values]), 1 / max(1, len(values))
    return [
        Column(_percent(number * width), _percent(0.8 * width), _COLUMN - height, height)
        for number, value in enumerate(values)
        if (height := round(_COLUMN * value / highest, 1))
    ]


def _percent(share: float) -> float:
    return round(100 * share, 3)
