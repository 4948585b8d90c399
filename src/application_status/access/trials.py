"""Notes on how a request with a test token was understood, which its sender can read.

A request with a live token has no notes, so what would make them is left out.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple


class Trial(NamedTuple):
    """A request with a valid test token: the key of the token or OAuth client, and the notes on the request."""

    token_id: str
    notes: list[Mapping[str, Any]]


_call: ContextVar[Trial | None] = ContextVar("trial", default=None)


def begin_trial(token_id: str) -> None:
    """Begin the notes on a request whose test token has this key."""
    _call.set(Trial(token_id, []))


def notes() -> list[Mapping[str, Any]] | None:
    """Return the notes of the current request; None if its token is not a test token."""
    call = _call.get()
    return call.notes if call else None


@contextmanager
def notes_apart() -> Iterator[list[Mapping[str, Any]]]:
    """Collect the notes made inside the `with` block apart from the request's, as threads make them in any order."""
    call, collected = _call.get(), list[Mapping[str, Any]]()
    token = _call.set(call and call._replace(notes=collected))
    try:
        yield collected
    finally:
        _call.reset(token)


def end_trial() -> Trial | None:
    """Return the current request with its notes, and end it; None if its token is not a test token."""
    call = _call.get()
    if call:
        _call.set(None)
    return call
