"""The names of things: each a str that has been checked."""

import re
from typing import NewType

ApplicationId = NewType("ApplicationId", str)
"""An AtsiApplicationId in its one canonical spelling: lower case, five groups."""

AtsId = NewType("AtsId", str)
"""The applicant tracking system, as the board names it."""

_PLACEHOLDER_LENGTH = 64
_PLACEHOLDER_CHARACTERS = r"[A-Za-z ${}<>()\[\]#%:_.-]*"
_PLACEHOLDER_WORDS = (
    "(?:application|apply|atsi|enter|example|from|guid|header|here|id|insert|my|of|placeholder|replace|request|sample"
    "|status|string|text|the|todo|uuid|value|x|your)*"
)
_NO_VALUES = ("nil", "none", "null", "undefined")
_UUID = re.compile(r"([0-9a-f]{8})(-?)([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{12})")


def application_id(text: str) -> ApplicationId:
    """Return the canonical spelling of a UUID written with or without hyphens, braces, `urn:uuid:` or capitals.

    Raises ValueError for anything else. RFC 9562, section 4, has the canonical form.
    """
    bare = text.lower()
    bare = bare[1:-1] if bare.startswith("{") and bare.endswith("}") else bare.removeprefix("urn:uuid:")
    match = _UUID.fullmatch(bare)
    if match is None:
        reason = why_no_value(text)
        raise ValueError(f"not a UUID: {reason}" if reason else "not a UUID")
    first, _, second, third, fourth, last = match.groups()
    return ApplicationId(f"{first}-{second}-{third}-{fourth}-{last}")


def why_no_value(text: str) -> str | None:
    """Say why a text stands for no value: it is empty, `null`, or a placeholder such as `string`, `<id>`, `{ATSI_ID}`.

    None for any other text. A placeholder is repeated, as it is made of a few known words and so is nobody's name.
    """
    if not text.strip():
        return "it is empty"
    if text.lower() in _NO_VALUES:
        return f'"{text}" stands for no value'
    has_its_form = len(text) <= _PLACEHOLDER_LENGTH and re.fullmatch(_PLACEHOLDER_CHARACTERS, text)
    if has_its_form and re.fullmatch(_PLACEHOLDER_WORDS, re.sub("[^a-z]", "", text.lower())):
        return f'"{text}" looks like a placeholder from documentation'
    return None
