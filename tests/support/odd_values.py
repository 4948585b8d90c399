"""Wrong texts, bytes and JSON values, made from right ones by a seeded random generator."""

import base64
import json
import random
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from support.world import APPLICATION, ATS, POSITION, PROFILE, SIGNAL_TOKEN

_T = TypeVar("_T")

DATES = [
    "2022-07-29T11:26:11.106Z", "2022-07-29", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1659093971",
    "2022-07-29T24:00:00Z", "2022-W30-5T00:00Z", "2016-12-31T23:59:60Z", "2022-07-29T11:26:11.106Z[Europe/Berlin]",
    "2022-08-01T12:00:60Z", "\uff12022-08-01T12:00:00Z", "2022-08-01 00+23:59:59.999999", "2000-01-01T00:00:00+23:59",
]  # fmt: skip
TEXTS = [
    "", " ", "x", "\0", "\n", "\r\n", "é", "😀", "\ud800", "\udfff\ud800", "\u2028", "\ufeff", "\u202e", "null", "NaN",
    "None", "1e999", "-0", "-1", "0x1", "{}", "[]", "{", "}", '"', "'", "\\", ";", ",", "=", "&", "%", "%00", "%ff",
    "../..", "//example.org", "javascript:1", "<b>", "__proto__", "$ref", ":ats", "#status", "a.b[0]", "*", "*/*;q=2",
    "HIRED", "hired", "REJECTED", "POST", "PUT", "application/json", "text/html", "text/csv", "de;q=0.5", "gzip",
    "cohort", "silence", "benchmark", "day", "ats", "client", "job", "2026-09-01", "guide", "staff", "x" * 64,
    "x" * 201, "é" * 5000, "x" * 100_000, "7" * 5000, "&" * 2000, APPLICATION, APPLICATION.upper(), ATS,
    SIGNAL_TOKEN, PROFILE, POSITION, *DATES,
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 1.5, 1e308, float("inf"), float("nan"), 2**31, 2**63, 10**25, 10**400, 1659093971,
    1659093971000, [], {}, [None], [[]], {"": None}, ["x"], [1, "x"],
]  # fmt: skip


class Odd:
    """Makes values wrong; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  # the same values in every run
        self.chance = self.random.random
        self.one_of = self.random.choice

    def some(self, values: Iterable[_T], most: int = 3) -> list[_T]:
        """Return a few of these values, in their order."""
        listed = list(values)
        wanted = set(self.random.choices(range(len(listed)), k=self.random.randrange(most + 1))) if listed else set()
        return [listed[place] for place in sorted(wanted)]

    def anything(self) -> Any:
        """Return any JSON value."""
        kind = self.chance()
        if kind < 0.5:
            return self.one_of(TEXTS)
        if kind < 0.88:
            return self.one_of(VALUES)
        if kind < 0.9:
            depth = self.one_of([3, 100, 900])
            return json.loads("[" * depth + "]" * depth)
        if kind < 0.95:
            return self.random.randbytes(self.random.randrange(1, 40)).decode("latin-1")
        return {self.one_of(TEXTS): self.one_of(VALUES), "x": [self.one_of(TEXTS)]}

    def text(self, text: str) -> str:
        """Return a text with a piece left out, repeated, changed or replaced."""
        start = self.random.randrange(len(text) + 1)
        end = min(len(text), start + self.one_of([0, 1, 1, 3, 30]))
        kind = self.chance()
        if kind < 0.1:
            return self.one_of(TEXTS)
        if kind < 0.2:
            return self.one_of([text.lower(), text.upper(), text.swapcase(), text.strip()])
        if kind < 0.5:
            piece = chr(self.random.randrange(1, 256))
        else:
            piece = self.one_of([*self.random.choices(TEXTS, k=3), "", text[start:end] * self.one_of([2, 300])])
        return text[:start] + piece + text[end:]

    def raw(self, content: bytes) -> bytes:
        """Return bytes with one to three of them, or a piece, changed."""
        changed = bytearray(content)
        for _ in range(self.random.randint(1, 3)):
            place = self.random.randrange(len(changed) + 1)
            end = place + self.random.randint(1, 9)
            match self.random.randrange(6):
                case 0:
                    changed[place : place + 1] = self.random.randbytes(1)
                case 1:
                    del changed[place:end]
                case 2:
                    changed[place:place] = self.random.randbytes(end - place)
                case 3:
                    changed[place:place] = changed[place:end] * self.one_of([1, 1, 100])
                case 4:
                    changed = changed[:place] if self.chance() < 0.3 else changed
                case _:
                    changed[place:place] = self.one_of(TEXTS[:60]).encode(errors="surrogatepass")
        return bytes(changed)

    def value(self, value: Any, times: int = 1) -> Any:
        """Return a JSON value with one place of it, at any depth, left out, renamed, added or of another kind."""
        for _ in range(times):
            value = self._changed(value)
        return value

    def _changed(self, value: Any) -> Any:  # noqa: PLR0911  # one for each kind of change
        if isinstance(value, list) and value and self.chance() < 0.95:
            place = self.random.randrange(len(value))
            changed = [self._changed(value[place])] if self.chance() < 0.9 else [value[place]] * self.one_of([0, 2])
            return [*value[:place], *changed, *value[place + 1 :]]
        if isinstance(value, str) and self.chance() < 0.4:
            return self.one_of(DATES) if self.chance() < 0.2 else self.text(value)
        if not isinstance(value, dict) or not value or self.chance() < 0.02:
            return self.anything()
        key, kind = self.one_of(list(value)), self.chance()
        rest = {name: each for name, each in value.items() if name != key}
        if kind < 0.1:
            return rest
        if kind < 0.2:
            return rest | {self.text(key): value[key]}
        if kind < 0.3:
            return value | {self.one_of(TEXTS): self.anything()}
        if kind < 0.4:
            return value | {key: self.anything()}
        return value | {key: self._changed(value[key])}

    def json(self, value: Any) -> bytes:
        """Write a value as JSON, now and then not quite."""
        text = json.dumps(value, ensure_ascii=self.chance() < 0.5)
        kind = self.chance()
        if kind < 0.05:
            return self.raw(text.encode(errors="surrogatepass"))
        if kind < 0.07:
            depth = self.one_of([10, 190, 210, 2000, 4000, 100_000])
            text = f'{text[:-1]},"Deep":{"[" * depth}{"]" * depth}}}'
        elif kind < 0.09:
            text = f"{text[:-1]},{self.one_of(['"Status":1', '"a":' + '7' * 5000, '"a":NaN', '"a":1e999'])}}}"
        elif kind < 0.1:
            return text.encode("utf-16", "surrogatepass")
        return text.encode(errors="surrogatepass")

    def encoded(self, body: bytes) -> Mapping[str, Any]:
        """Return the parts of an event with a body, in base64 or not, which is now and then broken."""
        kind = self.chance()
        if kind < 0.5:
            try:
                return {"body": body.decode(), "isBase64Encoded": kind < 0.01}
            except UnicodeDecodeError:
                pass
        text = base64.b64encode(body).decode()
        if kind > 0.98:
            text = self.one_of([text[:-1], text + "=", self.text(text), text.replace("+", "-")])
        return {"body": text, "isBase64Encoded": kind < 0.995}
