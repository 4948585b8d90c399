"""Log lines as the health function receives them: selected by the template's filters, in batches."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from itertools import count
from typing import Any

import pytest

from application_status.local.subscription_filter import as_event
from application_status.platform.telemetry import logger
from application_status.platform.values import from_text
from support.world import ATS, TEMPLATE

_NUMBERS = count(34622316099697884706540976068822859012661220141643892546)


def picked(log: StringIO) -> list[str]:
    """Return the lines that match the filters, and clear the log."""
    lines = log.getvalue().splitlines()
    log.seek(0)
    log.truncate()
    return [line for line in lines if _is_picked(json.loads(line))]


def _is_picked(fields: Mapping[str, Any]) -> bool:
    return any(isinstance(fields.get(each.field), str) for each in TEMPLATE.log_subscriptions())


def line(result: Any = "recorded", ats: Any = ATS, **changes: Any) -> str:
    """Return a line as the functions write it, with changes."""
    return json.dumps({"level": "INFO", "message": result, "ats": ats, "channel": "atsi", "result": result} | changes)


def batch(messages: Iterable[Any], at: str = "2026-11-22T09:00:00.000+00:00") -> dict[str, Any]:
    """Return lines as log events of CloudWatch Logs, each with an id of its own."""
    milliseconds = round(from_text(at).timestamp() * 1000)
    return as_event([{"id": str(next(_NUMBERS)), "timestamp": milliseconds, "message": each} for each in messages])


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What goes to standard output, which is the log in Lambda."""
    with redirect_stdout(StringIO()) as out:
        for handler in logger.handlers:
            monkeypatch.setattr(handler, "stream", out)
        yield out
