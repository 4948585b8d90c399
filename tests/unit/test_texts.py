"""The texts of the pages: both languages have the same ones, each is used, and each that is used exists."""

import ast
import re
import string
from datetime import date
from pathlib import Path

import pytest

import application_status
from application_status.texts.texts import ENGLISH, GERMAN, LANGUAGES, Texts

ROOT = Path(application_status.__file__).parent
_IN_TEMPLATES = re.compile(r"""\bt\(\s*["']([a-z_0-9.]+)["']""")
_KEY = re.compile(r"[a-z_]+(\.[A-Za-z_0-9]+)+")
SECTIONS = {key.partition(".")[0] for key in ENGLISH.keys()}  # noqa: SIM118  # of texts, not of a mapping


def literals() -> set[str]:
    """Return the keys that templates and modules name; a key that is put together is named by what it begins with.

    What it begins with has a section and a table, or it would stand for all texts of a page.
    """
    found = {key for path in ROOT.rglob("*.html") for key in _IN_TEMPLATES.findall(path.read_text(encoding="utf-8"))}
    prefixes = set()
    for path in ROOT.rglob("*.html"):
        prefixes |= set(re.findall(r"""\bt\(\s*["']([a-z_0-9.]+\.)["']\s*~""", path.read_text(encoding="utf-8")))
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                prefixes.add(str(node.values[0].value))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _KEY.fullmatch(node.value):
                found.add(node.value)
    named = {key for key in found if key.partition(".")[0] in SECTIONS and not key.endswith(".")}
    begun = tuple(prefix for prefix in prefixes if prefix.partition(".")[0] in SECTIONS and prefix.count(".") > 1)
    return named | {key for key in ENGLISH.keys() if key.startswith(begun)}  # noqa: SIM118


def without_number(key: str) -> str:
    return re.sub(r"\.(one|other)$", "", key)


def test_both_languages_have_the_same_texts() -> None:
    """A text that is missing in one language is found here."""
    assert ENGLISH.keys() ^ GERMAN.keys() == set()


@pytest.mark.parametrize("key", sorted(ENGLISH.keys() & GERMAN.keys()))
def test_a_text_has_the_same_placeholders_in_both_languages(key: str) -> None:
    """A translation that loses a number, or names it differently, is found here."""
    english, german = (
        {name for _, name, _, _ in string.Formatter().parse(texts.raw(key)) if name is not None}
        for texts in (ENGLISH, GERMAN)
    )
    if key.endswith(".one"):  # "an application" may do without its number
        english, german = english - {"count"}, german - {"count"}
    assert english == german
    assert all(texts.raw(key).strip() for texts in LANGUAGES.values())


def test_every_text_is_used_and_every_text_used_exists() -> None:
    """A key that a template or a module names has a text, and no text is left over."""
    keys = {without_number(key) for key in ENGLISH.keys()}  # noqa: SIM118
    used = {without_number(key) for key in literals()}
    assert keys - used == set(), "texts that nothing uses"
    assert used - keys == set(), "keys without a text"


@pytest.mark.parametrize(
    ("texts", "number", "decimals", "percent", "day"),
    [
        (ENGLISH, "1,234,567", "8.5", "68%", "9\u00a0Nov\u00a02026"),
        (GERMAN, "1.234.567", "8,5", "68\u00a0%", "9.\u00a0Nov.\u00a02026"),
    ],
    ids=["en", "de"],
)
def test_numbers_and_days_are_written_as_the_language_does(
    texts: Texts, number: str, decimals: str, percent: str, day: str
) -> None:
    assert (texts.number(1234567), texts.number(8.46, 1), texts.percent(0.68)) == (number, decimals, percent)
    assert texts.short_day(date(2026, 11, 9)) == day


def test_small_and_large_shares_are_not_rounded_to_none_and_all() -> None:
    assert [ENGLISH.percent(share) for share in (0.0, 0.001, 0.999, 1.0)] == ["0%", "<1%", ">99%", "100%"]
