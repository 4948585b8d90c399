"""Batches of the ATSi contract: up to 100 reports in a request, each handled as if it were sent alone.

batch          the Lambda handler
BatchMessage   the fields of the JSON body
BatchReply     the fields of the reply
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple, NotRequired, TypedDict

from pydantic import BaseModel, ConfigDict, Field, SkipValidation, StringConstraints
from pydantic.alias_generators import to_pascal

from application_status.access import trials
from application_status.access.tokens import Environments, TokenLookup
from application_status.applications.record import Applications, Recorded
from application_status.applications.rules.report import Report
from application_status.intake.atsi.receive import (
    IDEMPOTENCY_KEY,
    IDEMPOTENCY_KEY_RULE,
    ReportReply,
    StatusMessage,
    report,
    report_reply,
    sender,
    with_outcome,
)
from application_status.intake.recorded import note, note_recorded
from application_status.intake.side_by_side import record_each
from application_status.labels.overrides import OverrideLookup
from application_status.platform.errors import InvalidFields, MalformedBody, MalformedHeader, Refusal, Unavailable
from application_status.platform.http.body import ignored_fields, json_object, message
from application_status.platform.http.endpoint import (
    PROBLEMS,
    UNEXPECTED,
    LambdaHandler,
    Problem,
    ProblemDetails,
    Reply,
    Request,
    endpoint,
    failure_details,
    refusal_details,
    reply,
    retry_later,
)
from application_status.platform.telemetry import add_metric, log_unexpected, logger, results_fields
from application_status.platform.values import AtsId, now

_BODY_LIMIT_BYTES = 256 * 1024
_REPORTS_LIMIT = 100
_STORE_SECONDS = 20.0
_TICK = timedelta(milliseconds=1)
_OK, _MULTI_STATUS = 200, 207


class BatchedReport(StatusMessage):
    """A report of a batch."""

    idempotency_key: Annotated[
        Annotated[str, StringConstraints(strict=True, pattern=f"^{IDEMPOTENCY_KEY}$")] | None,
        Field(description=f"what the header Idempotency-Key is for a single report: {IDEMPOTENCY_KEY_RULE}"),
    ] = None


class BatchMessage(BaseModel):
    """The body of a batch; each of its reports is validated by itself."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True)

    reports: Annotated[
        list[SkipValidation[BatchedReport]],
        Field(min_length=1, max_length=_REPORTS_LIMIT, description=f"1 to {_REPORTS_LIMIT} reports"),
    ]


class BatchResult(TypedDict):
    """The result of one report of a batch: its reply or its problem, as if it were sent alone."""

    Index: Annotated[int, Field(ge=0)]
    """The report's place in the batch, from 0."""
    Reply: NotRequired[ReportReply]
    Problem: NotRequired[ProblemDetails]
    """The pointers of its errors are relative to the report."""


class BatchReply(TypedDict):
    """The reply to a batch, with a result for each report, in the order sent."""

    Results: Sequence[BatchResult]
    RequestId: str
    IgnoredFields: NotRequired[Sequence[str]]
    """Unrecognised fields beside `Reports`."""


class _Sent(NamedTuple):
    """A valid report, and the names of its unrecognised fields."""

    report: Report
    ignored: tuple[str, ...]


class _Saved(NamedTuple):
    """A report that was recorded, and the result."""

    sent: _Sent
    recorded: Recorded


type _Outcome = _Saved | Refusal | Problem
"""What became of a report; a Problem means that the store or this service failed."""


def batch(tokens: TokenLookup, overrides: OverrideLookup, applications: Environments[Applications]) -> LambdaHandler:
    """Return the handler of `POST /api/application-status/batch`."""

    def receive(request: Request) -> Reply:
        ats = sender(request, tokens)
        received_at = now()
        entries, ignored = _entries(request)
        if len(entries) > 1:
            tokens.limit(ats, len(entries) - 1)
        checked = [_check(each, ats.id, received_at + place * _TICK) for place, each in enumerate(entries)]
        outcomes = _record(checked, overrides, applications.for_caller(ats))
        _log(outcomes)
        _note(outcomes)
        return _answer(request, outcomes, ignored)

    return endpoint(receive, seconds=_STORE_SECONDS)


def _entries(request: Request) -> tuple[Sequence[Any], tuple[str, ...]]:
    """Return the body's reports, which are not checked yet, and the names of the body's unrecognised fields.

    Raises:
        MalformedHeader: the request has an Idempotency-Key, which would not say which report it is for.
        UnsupportedMediaType: the body is not declared as UTF-8 JSON.
        BodyTooLarge: the body has more than 256 KiB.
        MalformedBody: the body is not an accepted JSON object.
        InvalidFields: it has no reports, or too many.
    """
    if "idempotency-key" in request.headers:
        raise MalformedHeader("A batch has no Idempotency-Key; send an IdempotencyKey in each report instead.")
    body = json_object(request, _BODY_LIMIT_BYTES)
    return message(BatchMessage, body).reports, ignored_fields(BatchMessage, body)


def _check(entry: Any, ats_id: AtsId, received_at: datetime) -> _Sent | Refusal:
    """Return a valid report, or what is wrong with it."""
    if not isinstance(entry, dict):
        return MalformedBody("The report is JSON, but not an object; send each report as {...}.")
    try:
        sent = message(BatchedReport, entry, received_at=received_at)
    except InvalidFields as error:
        return error
    return _Sent(report(sent, ats_id, received_at, sent.idempotency_key), ignored_fields(BatchedReport, entry))


def _record(
    checked: Sequence[_Sent | Refusal], overrides: OverrideLookup, applications: Applications
) -> list[_Outcome]:
    """Record the valid reports; return what became of all, in the order given.

    After a failure, the application's later reports without a BusinessDate fail, too: the order in which they are
    received is all that orders them, so the one that failed could not be sent again before them.
    """
    interrupted = set()

    def record(sent: _Sent) -> _Outcome:
        given = sent.report
        if given.effective_at is None and given.application_id in interrupted:
            return PROBLEMS[Unavailable]
        try:
            checked = with_outcome(given, overrides)
            return _Saved(_Sent(checked, sent.ignored), applications.record(checked))
        except Refusal as error:
            return error
        except Unavailable:
            failure = PROBLEMS[Unavailable]
        except Exception as error:  # noqa: BLE001  # the other reports are recorded; this one can be sent again
            log_unexpected(error)
            failure = UNEXPECTED
        if given.effective_at is None:
            interrupted.add(given.application_id)
        return failure

    valid = [each for each in checked if isinstance(each, _Sent)]
    outcomes = iter(
        record_each(valid, lambda each: each.report.application_id, lambda each: each.report.effective_at, record)
    )
    return [next(outcomes) if isinstance(each, _Sent) else each for each in checked]


def _log(outcomes: Sequence[_Outcome]) -> None:
    """Count what became of the reports, and log it in one line."""
    results, metrics, applications = Counter[str](), Counter[str](), []
    for each in outcomes:
        match each:
            case _Saved(sent, recorded):
                results[recorded.result] += 1
                metrics.update({recorded.result.capitalize(): 1, "Folded": recorded.folded})
                where = f"{recorded.result} {recorded.status} v{recorded.version}"
                applications.append(f"{sent.report.application_id} {where}")
            case Refusal():
                results[PROBLEMS[type(each)].type] += 1
                metrics.update((type(each).__name__, "Refused"))
            case Problem():
                results[each.type] += 1
                metrics["Failed"] += 1
    for name, amount in (+metrics).items():
        add_metric(name, amount)
    logger.info("batch", extra=results_fields(results) | {"applications": applications})


def _note(outcomes: Sequence[_Outcome]) -> None:
    """Note for a test token how each report was understood."""
    if trials.notes() is None:
        return
    for each in outcomes:
        match each:
            case _Saved(sent, recorded):
                note_recorded(sent.report, recorded)
            case Refusal():
                note(PROBLEMS[type(each)].type, _reason(each))
            case Problem():
                note(each.type, each.title)


def _reason(refused: Refusal) -> str:
    if isinstance(refused, InvalidFields):
        return "; ".join(f"{each.pointer}: {each.detail}" for each in refused.errors)
    return str(refused)


def _answer(request: Request, outcomes: Sequence[_Outcome], ignored: tuple[str, ...]) -> Reply:
    body: BatchReply = {
        "Results": [_result(request, place, each) for place, each in enumerate(outcomes)],
        "RequestId": request.request_id,
    }
    if ignored:
        body["IgnoredFields"] = ignored
    status = _OK if all(isinstance(each, _Saved) for each in outcomes) else _MULTI_STATUS
    headers = retry_later() if any(isinstance(each, Problem) for each in outcomes) else {}
    return reply(status, body, **headers)


def _result(request: Request, place: int, outcome: _Outcome) -> BatchResult:
    match outcome:
        case _Saved((checked, ignored), recorded):
            return {"Index": place, "Reply": report_reply(checked, recorded, ignored, request.request_id)}
        case Refusal():
            return {"Index": place, "Problem": refusal_details(outcome, request)}
        case Problem():
            return {"Index": place, "Problem": failure_details(outcome, request)}
