"""The language that a request prefers."""

from application_status.jobseeker.rules.words import ENGLISH, GERMAN, Words
from application_status.platform.http.endpoint import Request
from application_status.platform.http.negotiation import qualities

_LANGUAGES = {words.language: words for words in (ENGLISH, GERMAN)}


def words(request: Request) -> Words:
    """Return the words in the language that `Accept-Language` prefers, in English where it prefers none of ours.

    A regional language is served as the language itself.
    https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
    """
    preferred: dict[str, float] = {}
    for name, quality in qualities(request, "Accept-Language").items():
        language = name.partition("-")[0]
        preferred[language] = max(quality, preferred.get(language, 0.0))
    others = preferred.get("*", 0.0)
    ours = {name: preferred.get(name, others) for name in (*preferred, *_LANGUAGES) if name in _LANGUAGES}
    best = max(ours, key=lambda name: ours[name])
    return _LANGUAGES[best] if ours[best] else ENGLISH


def in_language(words: Words) -> dict[str, str]:
    """Return the headers of a reply in a language."""
    return {"Content-Language": words.language, "Vary": "Accept-Language"}
