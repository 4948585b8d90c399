"""The language of a reply, chosen by `Accept-Language`."""

from application_status.jobseeker.rules.words import ENGLISH, GERMAN, Words
from application_status.platform.http.endpoint import Request
from application_status.platform.http.negotiation import preferred_language

_LANGUAGES = {words.language: words for words in (ENGLISH, GERMAN)}


def words(request: Request) -> Words:
    """Return the texts in the language that `Accept-Language` prefers, or in English if it prefers neither language."""
    return _LANGUAGES[preferred_language(request, _LANGUAGES)]


def in_language(words: Words) -> dict[str, str]:
    """Return the headers of a reply in a language."""
    return {"Content-Language": words.language, "Vary": "Accept-Language"}
