"""Log lines on their way to the health function: selected by the template's filters, packed in batches."""

import json
from collections.abc import Iterable
from io import StringIO
from itertools import count
from typing import Any

from application_status.local.subscription_filter import as_event
from application_status.platform.values import from_text
from support.world import ATS, TEMPLATE

_NUMBERS = count(34622316099697884706540976068822859012661220141643892546)


def picked(log: StringIO) -> list[str]:
    """Return the lines that the filters let through, and forget all."""
    lines = log.getvalue().splitlines()
    log.seek(0)
    log.truncate()
    filters = {(each.field, each.value) for each in TEMPLATE.log_subscriptions()}
    return [line for line in lines if not filters.isdisjoint(_items(line))]


def _items(line: str) -> set[tuple[str, str]]:
    return {(name, value) for name, value in json.loads(line).items() if isinstance(value, str)}


def line(result: Any = "recorded", ats: Any = ATS, **changes: Any) -> str:
    """Return a line as the functions write it, but for the changes given."""
    return json.dumps({"level": "INFO", "message": result, "ats": ats, "channel": "atsi", "result": result} | changes)


def batch(messages: Iterable[Any], at: str = "2026-11-22T09:00:00.000+00:00") -> dict[str, Any]:
    """Return lines as CloudWatch Logs hands them over, each with an id of its own."""
    milliseconds = round(from_text(at).timestamp() * 1000)
    return as_event([{"id": str(next(_NUMBERS)), "timestamp": milliseconds, "message": each} for each in messages])
