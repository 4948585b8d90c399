"""Notes on how a request with a test token was understood, which its sender can read.

A request with a live token has no notes, so what would make them is left out.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple


class Trial(NamedTuple):
    """A request with a valid test token: the key of the token or OAuth client, and the notes on the request.

    Threads of the request add notes at the same time.
    """

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


def end_trial() -> Trial | None:
    """Return the current request with its notes, and end it; None if its token is not a test token."""
    call = _call.get()
    if call:
        _call.set(None)
    return call
