"""Calls of other services' HTTP APIs that reply in JSON."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from application_status.platform.errors import Unavailable

_SECONDS = 2.0
_LIMIT_BYTES = 100_000

type Fetch = Callable[[str, Mapping[str, str] | None], tuple[int, Any]]
"""`fetch`, or a stand-in for it."""


def fetch(url: str, form: Mapping[str, str] | None) -> tuple[int, Any]:
    """GET a URL, or POST a form to it; return the reply's status, below 500, and its JSON (None for other content).

    Raises:
        Unavailable: there was no reply in two seconds, or one with a status from 500 on.
    """
    body = None if form is None else urlencode(form).encode()
    try:
        with urlopen(Request(url, body), timeout=_SECONDS) as reply:  # noqa: S310  # the URL is from the settings
            return reply.status, _json(reply.read(_LIMIT_BYTES))
    except HTTPError as error:
        with error:
            if error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                return error.code, _json(error.read(_LIMIT_BYTES))
        raise Unavailable(f"{url} replied with status {error.code}") from None
    except OSError as error:
        raise Unavailable(f"no reply from {url}: {error}") from None


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
