"""Draws the chart of the benchmark: instructions of a start and of a warm call, as bars."""

from collections.abc import Sequence
from typing import Any

_WIDTH, _LABEL, _BAR, _STEP, _TOP = 760, 190, 440, 24, 30


def chart(rows: Sequence[dict[str, Any]]) -> str:
    """Return an SVG with a panel for starts and one for warm calls."""
    panels = [
        _panel("Start and first call, million instructions", rows, "start_instructions", 1e6, 0),
        _panel("Each further call, thousand instructions", rows, "warm_instructions", 1e3, _height(rows)),
    ]
    style = "text{font:13px sans-serif;fill:#57606a}.t{font-weight:600}.ours{fill:#1a7f37}.peer{fill:#8c959f}"
    size = f'width="{_WIDTH}" height="{2 * _height(rows)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{style}</style>\n{"".join(panels)}</svg>\n'


def _height(rows: Sequence[Any]) -> int:
    return _TOP + _STEP * len(rows) + 12


def _panel(title: str, rows: Sequence[dict[str, Any]], name: str, unit: float, top: int) -> str:
    most = max(row[name] for row in rows)
    lines = [f'<text class="t" x="4" y="{top + 18}">{title}</text>\n']
    for place, row in enumerate(sorted(rows, key=lambda row: int(row[name]))):
        y, width = top + _TOP + _STEP * place, max(1, round(_BAR * row[name] / most))
        kind = "ours" if row is rows[0] else "peer"
        lines.append(
            f'<text x="4" y="{y + 14}">{row["title"]}</text>'
            f'<rect class="{kind}" x="{_LABEL}" y="{y + 2}" width="{width}" height="16"/>'
            f'<text x="{_LABEL + width + 6}" y="{y + 14}">{row[name] / unit:,.0f}</text>\n'
        )
    return "".join(lines)
