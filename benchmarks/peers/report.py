"""Validates a report without a library, for peers whose framework has no validation."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Status(StrEnum):
    """The contract's statuses."""

    LEAD = "LEAD"
    APPLIED = "APPLIED"
    CONTACT = "CONTACT"
    PRE_INTERVIEW = "PRE_INTERVIEW"
    INTERVIEW = "INTERVIEW"
    POST_INTERVIEW = "POST_INTERVIEW"
    OFFER = "OFFER"
    HIRED = "HIRED"
    REJECTED = "REJECTED"


def checked(text: str | bytes) -> tuple[str, str, str | None, datetime | None]:
    """Return the id, status, label and time of a report.

    Raises:
        ValueError, KeyError, TypeError: The body is invalid.
    """
    body: dict[str, Any] = json.loads(text)
    label, moment = body.get("RawStatus"), body.get("BusinessDate")
    if not isinstance(label, str | None) or len(label or "") > 200:
        raise ValueError("RawStatus")
    when = datetime.fromisoformat(moment) if moment else None
    return str(UUID(body["AtsiApplicationId"])), Status(body["Status"]), label, when
