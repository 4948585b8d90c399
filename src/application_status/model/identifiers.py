"""The names of things: each a str that has been checked."""

import re
from typing import NewType

ApplicationId = NewType("ApplicationId", str)
"""An AtsiApplicationId in its one canonical spelling: lower case, five groups."""

AtsId = NewType("AtsId", str)
"""The applicant tracking system, as the board names it."""

_UUID = re.compile(r"([0-9a-f]{8})(-?)([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{12})")


def application_id(text: str) -> ApplicationId:
    """Return the canonical spelling of a UUID written with or without hyphens, braces, `urn:uuid:` or capitals.

    Raises ValueError for anything else. RFC 9562, section 4, has the canonical form.
    """
    bare = text.lower()
    bare = bare[1:-1] if bare.startswith("{") and bare.endswith("}") else bare.removeprefix("urn:uuid:")
    match = _UUID.fullmatch(bare)
    if match is None:
        raise ValueError("not a UUID")
    first, _, second, third, fourth, last = match.groups()
    return ApplicationId(f"{first}-{second}-{third}-{fourth}-{last}")
