"""Accept-Language, read as RFC 9110 and RFC 4647 have it."""

import pytest

from application_status.platform.http.endpoint import Request
from application_status.platform.http.negotiation import preferred_texts


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "de"),
        ("en-GB, de;q=0.9", "en"),
        ("fr, de;q=0.5, en;q=0.4", "de"),
        ("en;q=0.3 , de ; q=0.8", "de"),
        ("en;q=0.8, de-CH;q=0.801", "de"),
        ("de-AT, en;q=0.9, de;q=0.1", "de"),
        ("de, en", "de"),
        ("en, de", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("*, en;q=0.1", "de"),
        ("en;q=0, *;q=0.1", "de"),
        ("de;q=0", "en"),
        ("de;q=0, *", "en"),
        ("de;q=0, en;q=0", "en"),
        ("de;q=1.5, en;q=0.1", "en"),
        ("de;q=, en;q=0.1", "en"),
        ("de;q=nan, en;q=0.1", "en"),
        ("deutsch, en;q=0.1", "en"),
        (",,;;q=,de;q=0.1", "de"),
    ],
)
def test_language_is_the_one_preferred(accept: str | None, language: str) -> None:
    """The higher weight wins, then the first; what is malformed or neither ours nor * counts for nothing."""
    headers = {} if accept is None else {"Accept-Language": accept}
    assert preferred_texts(Request.from_event({"headers": headers})).language == language
