"""The texts, numbers and days of a page in one language."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


class Texts:
    """The texts of one language, and how it writes numbers and days.

    `language` is its code (ISO 639-1).
    """

    def __init__(self, language: str, name: str) -> None:
        self.language = language
        content = tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
        self._texts: Mapping[str, str] = dict(_flat(content))

    def __call__(self, key: str, **values: object) -> str:
        """Return a text, with its `{names}` replaced by the values; numbers are written as `number` writes them.

        With `count`, the text is `key.one` for 1, and else `key.other`.

        Raises:
            KeyError: there is no such text, or a value is missing.
        """
        if "count" in values:
            key = f"{key}.{'one' if values['count'] == 1 else 'other'}"
        written = {name: self.number(of) if isinstance(of, int | float) else of for name, of in values.items()}
        return self._texts[key].format(**written) if written else self._texts[key]

    def raw(self, key: str) -> str:
        """Return a text with its placeholders."""
        return self._texts[key]

    def keys(self) -> frozenset[str]:
        """Return the keys of all texts."""
        return frozenset(self._texts)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with separators of thousands, rounded to so many decimals."""
        point, thousands = self("layout.decimal_point"), self("layout.thousands_separator")
        return f"{value:,.{decimals}f}".translate({ord(","): thousands, ord("."): point})

    def percent(self, share: float) -> str:
        """Return a share in whole percent; a small share is <1% rather than 0%, a large one >99% rather than 100%."""
        whole = round(100 * share)
        if whole == 0 and share > 0:
            return self("layout.percent", value="<1")
        return self("layout.percent", value=">99" if whole == 100 and share < 1 else whole)  # noqa: PLR2004  # percent

    def day(self, day: date) -> str:
        """Return a day with the month's name, such as 9 November 2026."""
        return self("layout.date", day=str(day.day), month=self.month(day), year=str(day.year))

    def short_day(self, day: date) -> str:
        """Return a day with the month's short name, such as 9 Nov 2026."""
        month = self("layout.months_short").split()[day.month - 1]
        return self("layout.date", day=str(day.day), month=month, year=str(day.year)).replace(" ", _NO_BREAK_SPACE)

    def moment(self, moment: datetime) -> str:
        """Return a day and a time, in the moment's own time zone, such as 9 Nov 2026, 14:05."""
        return self("layout.moment", day=self.short_day(moment.date()), time=f"{moment:%H:%M}")

    def month(self, day: date) -> str:
        """Return the name of a day's month."""
        return self("layout.months").split()[day.month - 1]


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text with its key, the names of its tables joined with dots."""
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


ENGLISH, GERMAN = Texts("en", "english"), Texts("de", "german")
LANGUAGES: Final[Mapping[str, Texts]] = MappingProxyType({each.language: each for each in (ENGLISH, GERMAN)})
"""The texts by language, the default first."""
