"""The webhook of the ATSi contract: authenticate, validate the report, record it, reply.

webhook        the Lambda handler
StatusMessage  the fields of the JSON body
ReportReply    the fields of the reply
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
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
from application_status.applications.rules.application import ReportResult
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Status
from application_status.intake.recorded import log_recorded
from application_status.labels.overrides import OverrideLookup
from application_status.labels.rules.interpretation import interpret_raw_status
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.errors import MalformedHeader, MethodNotAllowed, Unauthenticated
from application_status.platform.http.body import PastMoment, ignored_fields, json_object, message
from application_status.platform.http.endpoint import LambdaHandler, Reply, Request, endpoint, reply
from application_status.platform.telemetry import set_caller
from application_status.platform.values import ApplicationId, AtsId, application_id, now, placeholder_reason

_BODY_LIMIT_BYTES = 8 * 1024
_LISTED_AT = "/api/application-status"
"""The path whose GET requests another function answers, with a list of applications."""

_RAW_STATUS_LIMIT = 200
IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_RULE = "[!-~]{1,255}", "1 to 255 visible ASCII characters"
_STATUS_LIMIT = 32
_SIMILARITY = 0.75
_STATUSES = {status.replace("_", "").lower(): status for status in Status}


def _is_an_id(text: str) -> ApplicationId:
    try:
        return application_id(text)
    except ValueError as error:
        raise ValueError(f"Input is {error}") from None


def _explain_status(value: Any) -> Any:
    """Explain a text that is no status; only misspelt ones and placeholders are safe to quote in the error."""
    if not isinstance(value, str) or value in _STATUSES.values():
        return value
    letters = re.sub("[ _-]", "", value).lower() if len(value) <= _STATUS_LIMIT else ""
    if meant := _STATUSES.get(letters):
        raise ValueError(f'Input is "{value}"; it must be spelt {meant}')
    if reason := placeholder_reason(value):
        raise ValueError(f"Input is not a status: {reason}")
    if nearest := _nearest_status(value, letters):
        raise ValueError(f"Input is not a status; send {nearest}, if you mean that, and your own label as RawStatus")
    raise ValueError("Input is not a status; send the one that fits best, and your own label as RawStatus")


def _nearest_status(label: str, letters: str) -> Status | None:
    """Return the status that a label means, in any language of the vocabulary, or that its letters resemble."""
    if len(label) > _RAW_STATUS_LIMIT:
        return None
    if status := Vocabulary.load().meaning(label).status:
        return status
    from difflib import get_close_matches  # noqa: PLC0415  # slows down a start, and few reports have a wrong status

    near = get_close_matches(letters, _STATUSES, n=1, cutoff=_SIMILARITY)
    return _STATUSES[near[0]] if near else None


SentId = Annotated[
    str,
    StringConstraints(strict=True),
    AfterValidator(_is_an_id),
    Field(description="the UUID from the ApplyRequest: its Header.AtsiApplicationId or Header.Id"),
]
SentStatus = Annotated[Status, BeforeValidator(_explain_status), Field(description=f"one of {', '.join(Status)}")]
SentLabel = Annotated[str, StringConstraints(strict=True, max_length=_RAW_STATUS_LIMIT)]
LABEL_DESCRIPTION = f"your own label for the status, at most {_RAW_STATUS_LIMIT} characters"


class StatusMessage(BaseModel):
    """The body of a status report; a blank RawStatus, or null for an optional field, counts as omitted."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True)

    atsi_application_id: SentId
    status: SentStatus
    raw_status: Annotated[SentLabel | None, Field(description=LABEL_DESCRIPTION)] = None
    business_date: Annotated[
        PastMoment | None,
        Field(description="when the change took effect: an RFC 3339 date-time with a zone, 2022-07-29T11:26:11.106Z"),
    ] = None


type _StatusResult = Literal[ReportResult.RECORDED, ReportResult.UNCHANGED, ReportResult.LATE]


class ReportReply(TypedDict):
    """The reply to a status report."""

    AtsiApplicationId: ApplicationId
    Status: Status
    """The application's status after the report."""
    PreviousStatus: Status | None
    """The status before the report; null if the report created the application."""
    Result: _StatusResult
    """recorded; unchanged: already known; late: older than the status, so it was added to the history only."""
    Version: Annotated[int, Field(ge=1)]
    RequestId: str
    IgnoredFields: NotRequired[Sequence[str]]
    """Unrecognised fields."""


def webhook(tokens: TokenLookup, overrides: OverrideLookup, applications: Environments[Applications]) -> LambdaHandler:
    """Return the handler of `POST /api/application-status` and `POST /qs-api/public/atsi/v1/{ATS_ID}`."""

    @endpoint
    def receive(request: Request) -> Reply:
        ats = sender(request, tokens)
        received_at = now()
        body = json_object(request, _BODY_LIMIT_BYTES)
        sent = message(StatusMessage, body, received_at=received_at)
        checked = with_outcome(report(sent, ats.id, received_at, _idempotency_key(request)), overrides)
        recorded = applications.for_caller(ats).record(checked)
        log_recorded(checked, recorded)
        return reply(200, report_reply(checked, recorded, ignored_fields(StatusMessage, body), request.request_id))

    return receive


def sender(request: Request, tokens: TokenLookup) -> CallingAts:
    """Return the ATS of a POST request's token, and count the request.

    Raises:
        MethodNotAllowed: the request is no POST request.
        Unauthenticated: the token is not valid, or the path names another ATS.
        TooManyRequests: a limit is reached.
    """
    if request.method != "POST":
        raise MethodNotAllowed("GET, POST" if request.resource == _LISTED_AT else "POST")
    ats = calling_ats(request, tokens)
    if request.path_parameters.get("ATS_ID", ats.id) != ats.id:
        raise Unauthenticated(
            f"Your token is valid, but it belongs to the ATS {ats.id} and not to the one in the path; send the report "
            f"to {request.prefix}/qs-api/public/atsi/v1/{ats.id}, or the other ATS's token."
        )
    set_caller(ats.id, Channel.ATSI)
    tokens.limit(ats)
    return ats


def report(sent: StatusMessage, ats_id: AtsId, received_at: datetime, idempotency_key: str | None) -> Report:
    """Return the report in a message."""
    return Report(
        application_id=ApplicationId(sent.atsi_application_id),
        ats_id=ats_id,
        channel=Channel.ATSI,
        interpretation=Interpretation(
            status=sent.status, raw_status=sent.raw_status if (sent.raw_status or "").strip() else None
        ),
        received_at=received_at,
        tiebreaker=str(sent.status.rank),
        effective_at=sent.business_date.at if sent.business_date else None,
        day_offset=sent.business_date.day_offset if sent.business_date else None,
        idempotency_key=idempotency_key,
    )


def _idempotency_key(request: Request) -> str | None:
    key = request.header("Idempotency-Key")
    if key is not None and not re.fullmatch(IDEMPOTENCY_KEY, key):
        raise MalformedHeader(f"Idempotency-Key must have {IDEMPOTENCY_KEY_RULE}.")
    return key


def with_outcome(checked: Report, overrides: OverrideLookup) -> Report:
    """Refine the outcome of a rejection by its label, e.g. that the candidate withdrew."""
    interpretation = checked.interpretation
    if interpretation.status is not Status.REJECTED or interpretation.raw_status is None:
        return checked
    meaning = Vocabulary.load().meaning(interpretation.raw_status, overrides.of(checked.ats_id))
    return replace(
        checked, interpretation=interpret_raw_status(interpretation.status, interpretation.raw_status, meaning)
    )


def report_reply(checked: Report, recorded: Recorded, ignored: Sequence[str], request_id: str) -> ReportReply:
    """Return the reply to a recorded report."""
    body: ReportReply = {
        "AtsiApplicationId": checked.application_id,
        "Status": recorded.status,
        "PreviousStatus": recorded.previous,
        "Result": cast("_StatusResult", recorded.result),  # never unmapped, as the report has a status
        "Version": recorded.version,
        "RequestId": request_id,
    }
    if ignored:
        body["IgnoredFields"] = ignored
    return body
