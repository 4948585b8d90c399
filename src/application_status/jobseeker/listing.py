"""Selects a jobseeker's applications, and pages them, the newest change first, with a cursor to the next page."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from unicodedata import normalize

from application_status.applications.rules.report import digest
from application_status.jobseeker.rules.status import JobseekerView
from application_status.platform.errors import FieldError, InvalidFields
from application_status.platform.http.endpoint import Request
from application_status.platform.telemetry import log_unreadable
from application_status.platform.values import to_text

PAGE_SIZE = 50
SEARCH_LIMIT = 100
"""The maximum length of a search."""


class Show(StrEnum):
    """Which applications are listed: those not archived, those of them in progress or finished, or the archived."""

    CURRENT = "current"
    OPEN = "open"
    ENDED = "ended"
    ARCHIVED = "archived"

    def includes(self, of: JobseekerView) -> bool:
        """Return whether an application is listed."""
        if of.is_archived:
            return self is Show.ARCHIVED
        return self is Show.CURRENT or self is (Show.ENDED if of.last.status.finished else Show.OPEN)


class Selection(NamedTuple):
    """Which applications are listed: also only those whose title, company or place has each word of the search."""

    show: Show = Show.CURRENT
    search: str = ""

    def matches(self, of: JobseekerView) -> bool:
        """Return whether an application has each word of the search; case does not matter."""
        about = of.registration
        text = _folded(f"{about.job_title} {about.company} {about.location or ''}")
        return all(word in text for word in _folded(self.search).split())

    @classmethod
    def of(cls, request: Request) -> "Selection":
        """Read the parameters `show` and `search`.

        Raises:
            InvalidFields: `show` is unknown, or `search` is too long.
        """
        show, search = _one(request, "show", Show.CURRENT), _one(request, "search").strip()
        wrong = []
        if show not in [*Show]:
            wrong.append(FieldError("/show", "show is unknown, or was sent twice", f"one of {', '.join(Show)}"))
        if len(search) > SEARCH_LIMIT:
            wrong.append(FieldError("/search", "search is too long", f"at most {SEARCH_LIMIT} characters"))
        if wrong:
            raise InvalidFields(tuple(wrong))
        return cls(Show(show), search)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of applications; `next` is the cursor to the next page, None on the last.

    `counts` says how many of those that match the search each selection has.
    """

    applications: Sequence[JobseekerView]
    next: str | None
    selection: Selection
    counts: Mapping[Show, int]


def not_shown(of: JobseekerView, error: Exception) -> None:
    """Log and count an application that is left out of a page because it can't be shown."""
    log_unreadable(of.application_id, error)


def page(applications: Sequence[JobseekerView], jobseeker_id: str, request: Request) -> Page:
    """Return the page after the request's cursor, or the first page, of the applications that the request selects.

    Raises:
        InvalidFields: the cursor is not of this list, or the selection is not valid.
    """
    after, selection = _position_in(request, jobseeker_id), Selection.of(request)
    found = [each for each in applications if selection.matches(each)]
    ordered = sorted(filter(selection.show.includes, found), key=_position, reverse=True)
    rest = [each for each in ordered if after is None or _position(each) < after]
    shown = rest[:PAGE_SIZE]
    more = len(rest) > PAGE_SIZE
    counts = {show: sum(map(show.includes, found)) for show in Show}
    return Page(shown, _cursor(_position(shown[-1]), jobseeker_id) if more else None, selection, counts)


def _folded(text: str) -> str:
    return normalize("NFKC", text).casefold()


def _one(request: Request, name: str, otherwise: str = "") -> str:
    """Return a parameter's value, or another if it was not sent; several values are joined, so none is taken."""
    return ",".join(request.query.get(name, (otherwise,)))


def _position(of: JobseekerView) -> str:
    return f"{to_text(of.last.at)}#{of.application_id}"


def _cursor(position: str, jobseeker_id: str) -> str:
    """Encode a position with a checksum over it and the jobseeker.

    The checksum is no signature: a forged cursor only leads to another part of the jobseeker's own list.
    """
    return base64.urlsafe_b64encode(f"{position}#{_check(position, jobseeker_id)}".encode()).decode().rstrip("=")


def _position_in(request: Request, jobseeker_id: str) -> str | None:
    values = request.query.get("after", ())
    if not values:
        return None
    position = _read(values[0])
    if len(values) > 1 or _cursor(position, jobseeker_id) != values[0]:
        raise InvalidFields((FieldError("/after", "after is not a cursor of this list", "Next of the previous page"),))
    return position


def _read(cursor: str) -> str:
    """Return the position in a cursor, or an empty text if it can't be decoded."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rpartition("#")[0]
    except (binascii.Error, ValueError):
        return ""


def _check(position: str, jobseeker_id: str) -> str:
    return digest(f"{jobseeker_id}\n{position}", length=8)
