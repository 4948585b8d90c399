"""Content negotiation: parses the headers Accept and Accept-Language."""

import re

from application_status.platform.http.endpoint import Request

_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def qualities(request: Request, header: str) -> dict[str, float]:
    """Return the ranges in a header, in lower case and in their order, each with its quality from 0 to 1.

    A range without a quality has 1. A range that occurs twice has the higher quality. Malformed ranges are skipped, and
    other parameters are ignored.
    https://www.rfc-editor.org/rfc/rfc9110#name-quality-values
    """
    found: dict[str, float] = {}
    for text in ",".join(request.headers.get(header.lower(), ())).lower().split(","):
        name, *parameters = (part.strip() for part in text.split(";"))
        weight = next((each for each in parameters if each.partition("=")[0].strip() == "q"), "q=1")
        match = _QUALITY.fullmatch(weight)
        if name and match:
            found[name] = max(float(match[1]), found.get(name, 0.0))
    return found
