"""Senders' text where people look at it: terminals, logs, and spreadsheets."""

import csv
import io
import sys
import unicodedata

import pytest

from application_status.platform.escaping import printable, spreadsheet_cell

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x00\x07\x08\x7f", r"\x00\x07\x08\x7f"),
        ("\x85\x9b31m", r"\x85\x9b31m"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("abc\u202edef\u2066\u200f", r"abc\u202edef\u2066\u200f"),
        ("\u200bzero\ufeff width\u00ad", r"\u200bzero\ufeff width\xad"),
        ("\U000e0041\ud83d", r"\U000e0041\ud83d"),
        (r"\x1b", r"\\x1b"),
        ("\\\n", r"\\\n"),
    ],
    ids=ascii,
)
def test_terminal_gets_escapes(text: str, shown: str) -> None:
    """Escapes are as in a Python string; a backslash is doubled, so a typed escape looks different."""
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bewerber*in für Größe, geprüft",
        "cafe\u0301",
        "🎉 👍🏽",
        "面接 интервью ראיון",
        "'quoted' \"twice\" #$%&<>",
    ],
)
def test_ordinary_text_stays_readable(text: str) -> None:
    """Umlauts, combining accents, emoji and other scripts are left alone."""
    assert printable(text) == text


def test_every_character_is_shown_on_one_line_and_no_two_look_the_same() -> None:
    """All of Unicode: nothing that a terminal obeys or hides is left, and the escapes can be read back."""
    characters = [chr(code) for code in range(sys.maxunicode + 1)]
    shown = [printable(each) for each in characters]
    assert not [text for text in shown if any(unicodedata.category(c) in HIDDEN for c in text)]
    assert len({*shown}) == len(shown)
    assert all(text.encode("ascii").decode("unicode_escape") == c for c, text in zip(characters, shown, strict=True)
               if text != c)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r", "\n=1", "  =1", "\x00=1", "\uff1d1", "\u00a0@x", "'", "'s plan"],
    ids=ascii,
)
def test_spreadsheet_gets_no_formula(text: str) -> None:
    """An apostrophe stands before it, and a program has the text again without its first apostrophe."""
    row = io.StringIO()
    csv.writer(row).writerow([spreadsheet_cell(text)])
    ((cell,),) = csv.reader(io.StringIO(row.getvalue(), newline=""))
    assert cell == f"'{text}"


@pytest.mark.parametrize("text", ["", "Stage 3", "unmapped_label:=1", "a-b", "2026-01-01", " a", '"=1"', "ä@b"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    """Only the beginning makes a formula."""
    assert spreadsheet_cell(text) == text
