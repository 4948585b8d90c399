"""The colour of the job board on its pages: links, buttons and bars are as close to it as can be read."""

import re
from pathlib import Path

import pytest

from application_status.platform.http import html
from application_status.platform.http.html import Brand

COLORS = ["#0b5cad", "#000000", "#ffffff", "#ffcc00", "#e30613", "#00a650", "#777777", "#0000FF", "#fffffe", "#010101"]
GROUNDS = {"light": ("#f5f6f8", "#ffffff"), "dark": ("#12161c", "#1c222b")}


def luminance(color: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in (red, green, blue)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("color", COLORS)
def test_accent_can_be_read(color: str) -> None:
    """On both grounds of each colour scheme, and text of these grounds on it: at least 4.5."""
    accents = re.findall(r"--accent: (#[0-9a-f]{6})", Brand("Board", color, "").variables)
    for accent, grounds in zip(accents, GROUNDS.values(), strict=True):
        assert min(contrast(accent, ground) for ground in grounds) >= 4.5


@pytest.mark.parametrize(
    ("color", "light", "dark"), [("#0b5cad", "#0b5cad", "#548dc6"), ("#ffcc00", "#8a6e00", "#ffcc00")]
)
def test_readable_colour_stays(color: str, light: str, dark: str) -> None:
    """Only a colour that can't be read is mixed with black or white; the line at the top has it as it is."""
    assert Brand("Board", color, "").variables == (
        f":root {{ --brand: {color}; --accent: {light}; }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ --accent: {dark}; }} }}\n"
    )


def test_grounds_are_those_of_the_style() -> None:
    """The colours against which a brand's is tried."""
    style = (Path(html.__file__).parent / "templates" / "base.css").read_text(encoding="utf-8")
    found = re.findall(r"--ground: (#[0-9a-f]{6}); --card: (#[0-9a-f]{6})", style)
    assert found[:2] == list(GROUNDS.values())
