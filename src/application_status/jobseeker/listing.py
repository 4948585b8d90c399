"""Pages a jobseeker's applications, the newest change first, with a cursor to the next page."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from application_status.applications.rules.report import digest
from application_status.jobseeker.rules.status import JobseekerView
from application_status.platform.errors import FieldError, InvalidFields
from application_status.platform.http.endpoint import Request
from application_status.platform.telemetry import log_unreadable
from application_status.platform.values import to_text

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """A page of applications; `next` is the cursor to the next page, None on the last."""

    applications: Sequence[JobseekerView]
    next: str | None


def not_shown(of: JobseekerView, error: Exception) -> None:
    """Log and count an application that is left out of a page because it can't be shown."""
    log_unreadable(of.application_id, error)


def page(applications: Sequence[JobseekerView], jobseeker_id: str, request: Request) -> Page:
    """Return the page after the request's cursor, or the first page.

    Raises:
        InvalidFields: the cursor is not of this list.
    """
    after = _position_in(request, jobseeker_id)
    ordered = sorted(applications, key=_position, reverse=True)
    rest = [each for each in ordered if after is None or _position(each) < after]
    shown = rest[:PAGE_SIZE]
    more = len(rest) > PAGE_SIZE
    return Page(shown, _cursor(_position(shown[-1]), jobseeker_id) if more else None)


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
