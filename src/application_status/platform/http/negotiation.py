"""Content negotiation: chooses the language of a page by the header Accept-Language."""

from collections.abc import Collection

from application_status.platform.http.endpoint import Request, qualities
from application_status.texts.texts import LANGUAGES, Texts


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
