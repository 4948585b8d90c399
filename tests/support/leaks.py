"""Watches every log line of every test for tokens, secrets and personal data, which no line may have."""

import re
from collections.abc import Iterator
from functools import cache

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

_PERSONAL = ("Candidate withdrew", "On-site", "Python Developer", "Example GmbH")
"""Labels, titles and names of companies that the tests use."""
_FORMS = (
    r"atsi_(?:live|test)_\w{8}_\w{43}",  # tokens
    r"atsi_secret_\w{20}",
    r"atsi_at_(?:live|test)_eyJ",  # access tokens
    r"eyJ[\w-]+\.eyJ",  # id tokens, also of a cookie
    r"(?i:bearer )",
)

_format = LambdaPowertoolsFormatter.format
_leaks: list[str] = []


@cache
def _leak() -> re.Pattern[str]:
    """Return the pattern of what no line may have; the tests that log import `world` anyway."""
    from support import webhooks, world  # noqa: PLC0415  # the other tests do without

    secrets = (world.TOKEN, world.OTHER_TOKEN, world.TEST_TOKEN, world.ATS_CLIENT_SECRET, webhooks.SECRET)
    return re.compile("|".join((*map(re.escape, (*secrets, *_PERSONAL)), *_FORMS)))


def _watched(self: LambdaPowertoolsFormatter, record: object) -> str:
    line: str = _format(self, record)  # type: ignore[arg-type]  # what logging passes
    if _leak().search(line):
        _leaks.append(line)
    return line


@pytest.fixture(autouse=True)
def no_leaks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail the test in which a line has one of them."""
    monkeypatch.setattr(LambdaPowertoolsFormatter, "format", _watched)
    _leaks.clear()
    yield
    assert not _leaks, f"log lines have what no log may have: {_leaks}"
