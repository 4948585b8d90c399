"""The API's description as OpenAPI, with the address of the service that serves it."""

import json
import re
from pathlib import Path
from typing import Final

from application_status.platform.http.endpoint import Request

ADDRESS: Final = "{address}"
"""What stands for the service's address in openapi.json."""

_LOCAL = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?")


def address(request: Request) -> str:
    """Return the address of the service in the client's URL, without a slash at its end.

    API Gateway serves HTTPS alone. The client's headers do not matter, because caches keep what contains the address.
    """
    scheme = "http" if _LOCAL.fullmatch(request.host) else "https"
    return f"{scheme}://{request.host}{request.prefix}"


def description(request: Request) -> str:
    """Return the OpenAPI document, as JSON."""
    text = Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")
    return text.replace(json.dumps(ADDRESS), json.dumps(address(request)), 1)
