"""The ATSi contract's message, and its way from bytes to a report.

The webhook: a report's way from the request to the table.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, NotRequired, TypedDict, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic.alias_generators import to_pascal

from application_status.access.tokens import CallingAts, Environments, TokenLookup, calling_ats
from application_status.applications.record import Applications, Recorded
from application_status.applications.rules.application import Receipt
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Status
from application_status.labels.overrides import Overrides
from application_status.labels.rules.interpretation import interpret_raw_status
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.errors import MalformedHeader, Unauthenticated
from application_status.platform.http.body import PastMoment, ignored_fields, json_object, message
from application_status.platform.http.endpoint import LambdaHandler, Reply, Request, endpoint, reply
from application_status.platform.telemetry import add_metric, answered, called_by, logger
from application_status.platform.values import ApplicationId, AtsId, application_id, now, why_no_value

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
        channel=Channel.ATSI,
        interpretation=Interpretation(
            status=read.status, raw_status=read.raw_status if (read.raw_status or "").strip() else None
        ),
        received_at=received_at,
        tiebreaker=str(read.status.rank),
        effective_at=read.business_date.at if read.business_date else None,
        day_offset=read.business_date.day_offset if read.business_date else None,
        idempotency_key=_idempotency_key(request),
    ), ignored_fields(StatusMessage, body)


def _idempotency_key(request: Request) -> str | None:
    key = request.header("Idempotency-Key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise MalformedHeader("Idempotency-Key has 1 to 255 visible ASCII characters.")
    return key


def webhook(tokens: TokenLookup, overrides: Overrides, applications: Environments[Applications]) -> LambdaHandler:
    """Make the handler of `POST /api/application-status` and `POST /qs-api/public/atsi/v1/{ATS_ID}`."""

    @endpoint
    def receive(request: Request) -> Reply:
        request.require_method("POST")
        ats = _authenticate(request, tokens)
        called_by(ats.id, Channel.ATSI)
        checked, ignored = report(request, ats.id)
        checked = _with_outcome(checked, overrides)
        recorded = applications.for_caller(ats).record(checked)
        return _answer(request, checked, recorded, ignored)

    return receive


def _authenticate(request: Request, tokens: TokenLookup) -> CallingAts:
    """Return the caller's ATS, which is the path's where the path names one; Unauthenticated in every other case."""
    ats = calling_ats(request, tokens)
    if request.path_parameters.get("ATS_ID", ats.id) != ats.id:
        raise Unauthenticated
    return ats


def _with_outcome(checked: Report, overrides: Overrides) -> Report:
    """Interpret the label of a rejection: it may say whether the candidate withdrew or was not selected."""
    interpretation = checked.interpretation
    if interpretation.status is not Status.REJECTED or interpretation.raw_status is None:
        return checked
    meaning = Vocabulary.load().meaning(interpretation.raw_status, overrides.of(checked.ats_id))
    return replace(
        checked, interpretation=interpret_raw_status(interpretation.status, interpretation.raw_status, meaning)
    )


type _OfStatus = Literal[Receipt.RECORDED, Receipt.UNCHANGED, Receipt.LATE]


class ReportReply(TypedDict):
    """What became of a report."""

    AtsiApplicationId: ApplicationId
    Status: Status
    """The application's status after the report."""
    PreviousStatus: Status | None
    """The one before it; null at first contact."""
    Result: _OfStatus
    """recorded; unchanged: known already; late: older than the status, it joined the history."""
    Version: Annotated[int, Field(ge=1)]
    RequestId: str
    IgnoredFields: NotRequired[Sequence[str]]
    """Fields that nobody reads."""


def _answer(request: Request, checked: Report, recorded: Recorded, ignored: tuple[str, ...]) -> Reply:
    body: ReportReply = {
        "AtsiApplicationId": checked.application_id,
        "Status": recorded.status,
        "PreviousStatus": recorded.previous,
        "Result": cast("_OfStatus", recorded.receipt),  # never unmapped, as the report has a status
        "Version": recorded.version,
        "RequestId": request.request_id,
    }
    if ignored:
        body["IgnoredFields"] = ignored
    add_metric(recorded.receipt.capitalize())
    if recorded.folded:
        add_metric("Folded", recorded.folded)
    logger.info(
        recorded.receipt,
        extra=answered(recorded.receipt),
        application=checked.application_id,
        reported=checked.interpretation.status,
        status=recorded.status,
        version=recorded.version,
    )
    return reply(200, body)
