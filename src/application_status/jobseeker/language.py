"""The language of a reply, chosen by `Accept-Language`."""

import re

from application_status.jobseeker.rules.words import ENGLISH, GERMAN, Words
from application_status.platform.http.endpoint import Request

_LANGUAGES = {words.language: words for words in (ENGLISH, GERMAN)}
_RANGE = re.compile(r"\s*([a-z]{1,8}|\*)(?:-[a-z0-9]{1,8})*\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?")


def words(request: Request) -> Words:
    """Return the texts in the language that `Accept-Language` prefers, or in English if it prefers neither language.

    A regional language is served as the language itself; ranges that make no sense are skipped.
    https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
    """
    qualities: dict[str, float] = {}
    for text in ",".join(request.headers.get("accept-language", ())).lower().split(","):
        match = _RANGE.fullmatch(text)
        if match:
            quality = float(match[2] or 1)
            qualities[match[1]] = max(quality, qualities.get(match[1], 0))
    others = qualities.get("*", 0)
    ours = {name: qualities.get(name, others) for name in (*qualities, *_LANGUAGES) if name in _LANGUAGES}
    best = max(ours, key=lambda name: ours[name])
    return _LANGUAGES[best] if ours[best] else ENGLISH


def in_language(words: Words) -> dict[str, str]:
    """Return the headers of a reply in a language."""
    return {"Content-Language": words.language, "Vary": "Accept-Language"}
