"""A page of a jobseeker's applications, the newest change first, and the cursor that leads to the next page."""

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
    """A page, and the cursor to the next one, None on the last."""

    applications: Sequence[JobseekerView]
    next: str | None


def not_shown(of: JobseekerView, error: Exception) -> None:
    """Log and count an application that can't be shown and is left out of its page."""
    log_unreadable(of.application_id, error)


def page(applications: Sequence[JobseekerView], jobseeker_id: str, request: Request) -> Page:
    """Return the page after the request's cursor, the first one without; InvalidFields where it is none of ours."""
    after = _position_in(request, jobseeker_id)
    ordered = sorted(applications, key=_position, reverse=True)
    rest = [each for each in ordered if after is None or _position(each) < after]
    shown = rest[:PAGE_SIZE]
    more = len(rest) > PAGE_SIZE
    return Page(shown, _cursor(_position(shown[-1]), jobseeker_id) if more else None)


def _position(of: JobseekerView) -> str:
    return f"{to_text(of.last.at)}#{of.application_id}"


def _cursor(position: str, jobseeker_id: str) -> str:
    """Write a position with a check sum over it and the jobseeker.

    It is no signature: whoever makes up a cursor only gets another part of the own list.
    """
    return base64.urlsafe_b64encode(f"{position}#{_check(position, jobseeker_id)}".encode()).decode().rstrip("=")


def _position_in(request: Request, jobseeker_id: str) -> str | None:
    values = request.query.get("after", ())
    if not values:
        return None
    position = _read(values[0])
    if len(values) > 1 or _cursor(position, jobseeker_id) != values[0]:
        raise InvalidFields((FieldError("/after", "after is no cursor of this list", "Next of the page before"),))
    return position


def _read(cursor: str) -> str:
    """Return what stands before a cursor's check sum; where it can't be read, nothing."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rpartition("#")[0]
    except (binascii.Error, ValueError):
        return ""


def _check(position: str, jobseeker_id: str) -> str:
    return digest(f"{jobseeker_id}\n{position}", length=8)
