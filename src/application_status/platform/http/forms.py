"""The fields of a form that a page sent."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from application_status.platform.errors import UnsupportedMediaType
from application_status.platform.http.endpoint import Request

_FORM = "application/x-www-form-urlencoded"


def form_fields(request: Request, limit: int) -> Mapping[str, str]:
    """Return the fields of a form by name, without spaces around the values; a repeated field has its last value.

    `limit` is in bytes.

    Raises:
        UnsupportedMediaType: the Content-Type is missing or is not that of a form.
        BodyTooLarge: the body exceeds the limit.
    """
    if (request.header("Content-Type") or "").partition(";")[0].strip().lower() != _FORM:
        raise UnsupportedMediaType(f"The Content-Type is missing or not that of a form; send {_FORM}.")
    pairs = parse_qsl(request.body(limit).decode(errors="replace"), keep_blank_values=True)
    return {name: value.strip() for name, value in pairs}
