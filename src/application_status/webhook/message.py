"""The ATSi contract's message, and its way from bytes to a report."""

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic.alias_generators import to_pascal

from application_status.errors import MalformedHeader
from application_status.gateway.body import ignored_fields, json_object, message
from application_status.gateway.fields import PastMoment
from application_status.gateway.request import Request
from application_status.model.identifiers import ApplicationId, AtsId, application_id, why_no_value
from application_status.model.instant import now
from application_status.model.report import Reading, Report
from application_status.model.status import Status

_BODY_LIMIT_BYTES = 8 * 1024
_RAW_STATUS_LIMIT = 200
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")
_STATUS_LIMIT = 32
_STATUSES = {status.replace("_", "").lower(): status for status in Status}


def _is_an_id(text: str) -> ApplicationId:
    try:
        return application_id(text)
    except ValueError as error:
        raise ValueError(f"Input is {error}") from None


def _explain_status(value: Any) -> Any:
    """Say what is wrong with a status that is only misspelt, empty or a placeholder; these are safe to repeat."""
    if not isinstance(value, str) or value in _STATUSES.values():
        return value
    letters = re.sub("[ _-]", "", value).lower() if len(value) <= _STATUS_LIMIT else ""
    if meant := _STATUSES.get(letters):
        raise ValueError(f'Input is "{value}", which has to be spelt {meant}')
    if reason := why_no_value(value):
        raise ValueError(f"Input is not a status: {reason}")
    return value


class StatusMessage(BaseModel):
    """The body of a report, either form. A blank RawStatus, or null for either option, counts as left out."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True)

    atsi_application_id: Annotated[
        str,
        StringConstraints(strict=True),
        AfterValidator(_is_an_id),
        Field(description="the UUID from the ApplyRequest: its Header.AtsiApplicationId or Header.Id"),
    ]
    status: Annotated[Status, BeforeValidator(_explain_status), Field(description=f"one of {', '.join(Status)}")]
    raw_status: Annotated[
        Annotated[str, StringConstraints(strict=True, max_length=_RAW_STATUS_LIMIT)] | None,
        Field(description=f"your own label for the status, at most {_RAW_STATUS_LIMIT} characters"),
    ] = None
    business_date: Annotated[
        PastMoment | None,
        Field(description="when the change took effect: an RFC 3339 date-time with a zone, 2022-07-29T11:26:11.106Z"),
    ] = None


def report(request: Request, ats_id: AtsId) -> tuple[Report, tuple[str, ...]]:
    """Return the request's report, and the names of the body fields that nobody reads.

    Raises UnsupportedMediaType, BodyTooLarge, MalformedBody, MalformedHeader or InvalidFields.
    """
    received_at = now()
    body = json_object(request, _BODY_LIMIT_BYTES)
    read = message(StatusMessage, body, received_at=received_at)
    return Report(
        application_id=application_id(read.atsi_application_id),
        ats_id=ats_id,
        reading=Reading(status=read.status, raw_status=read.raw_status if (read.raw_status or "").strip() else None),
        received_at=received_at,
        place=str(read.status.rank),
        effective_at=read.business_date.at if read.business_date else None,
        day_offset=read.business_date.day_offset if read.business_date else None,
        idempotency_key=_idempotency_key(request),
    ), ignored_fields(StatusMessage, body)


def _idempotency_key(request: Request) -> str | None:
    key = request.header("Idempotency-Key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise MalformedHeader("Idempotency-Key has 1 to 255 visible ASCII characters.")
    return key
