"""Content negotiation: parses the headers Accept and Accept-Language."""

import re
from collections.abc import Collection

from application_status.platform.http.endpoint import Request
from application_status.texts.texts import LANGUAGES, Texts

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


def preferred_language(request: Request, offered: Collection[str]) -> str:
    """Return the language that `Accept-Language` prefers among those offered, or the first if it prefers none.

    A regional language counts as the language itself.
    https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
    """
    preferred: dict[str, float] = {}
    for name, quality in qualities(request, "Accept-Language").items():
        language = name.partition("-")[0]
        preferred[language] = max(quality, preferred.get(language, 0.0))
    others = preferred.get("*", 0.0)
    ours = {name: preferred.get(name, others) for name in (*preferred, *offered) if name in offered}
    best = max(ours, key=lambda name: ours[name])
    return best if ours[best] else next(iter(offered))


def preferred_texts(request: Request, offered: Collection[str] = LANGUAGES) -> Texts:
    """Return the texts in the language that `Accept-Language` prefers among those offered."""
    return LANGUAGES[preferred_language(request, offered)]


def in_language(texts: Texts) -> dict[str, str]:
    """Return the headers of a reply whose language `Accept-Language` chose."""
    return {"Content-Language": texts.language, "Vary": "Accept-Language"}
