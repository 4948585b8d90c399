"""Failures in the conversion of items of chosen applications, by type of error."""

import zlib
from collections.abc import Callable, Collection
from typing import Any

import pytest

from application_status.applications import items
from application_status.platform.dynamodb.client import DynamoDBError


def _endless(depth: int = 0) -> int:
    return _endless(depth + 1)


def _raise(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


FAILURES: dict[str, Callable[[], object]] = {
    "KeyError": _raise(KeyError("Geheimnis")),
    "OverflowError": lambda: 10.0**400,
    "ValueError": lambda: int("x"),
    "RecursionError": _endless,
    "UnicodeDecodeError": b"\xff".decode,
    "UnicodeEncodeError": "\ud800".encode,
    "ZeroDivisionError": lambda: 1 // 0,
    "AttributeError": lambda: None.real,  # type: ignore[attr-defined]  # raises the error
    "IndexError": _raise(IndexError()),
    "AssertionError": _raise(AssertionError()),
    "StopIteration": lambda: next(iter(())),
    "OSError": _raise(OSError()),
    "error": lambda: zlib.decompress(b"x"),
    "Exception": _raise(Exception("Geheimnis")),
    "DynamoDBError": _raise(DynamoDBError("ValidationException", "Geheimnis", 400, {})),
}
"""Functions that fail, by the name of their error's type."""


def poison(monkeypatch: pytest.MonkeyPatch, failure: str, *applications: str) -> None:
    """Make the conversion of some applications' items fail."""
    _poison(monkeypatch, FAILURES[failure], applications)


def _poison(monkeypatch: pytest.MonkeyPatch, fail: Callable[[], object], applications: Collection[str]) -> None:
    read = items.application

    def reading(item: Any) -> Any:
        if item["AtsiApplicationId"]["S"] in applications:
            fail()
        return read(item)

    monkeypatch.setattr(items, "application", reading)
