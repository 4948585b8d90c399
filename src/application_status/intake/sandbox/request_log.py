"""The newest requests with each test token, and how they were understood; kept in the table SandboxRequests.

recording     wraps the handler of a function, and stores its requests with test tokens
RequestLog    stores and reads them
requests      answers `GET /api/sandbox/requests`

TokenId    S  the key of the test token or OAuth client
Place      S  00 to 99: a request is stored in the place of the one 100 requests before; next: the row that counts them
Number     N  the number of the request, or of requests
Entry      S  the request, as JSON of at most 8 KiB
ExpiresAt  N  when DynamoDB deletes the row, in seconds since 1970

Nothing is stored for live tokens. A request that can't be stored is answered all the same.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, NotRequired, TypedDict

from application_status.access.tokens import TokenLookup, calling_ats
from application_status.access.trials import Trial, end_trial
from application_status.applications.items import expiry
from application_status.intake.recorded import Understood
from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.client import DynamoDB, Item, pages
from application_status.platform.errors import Forbidden
from application_status.platform.http.endpoint import SECONDS_FROM_FAILURE, LambdaHandler, Reply, Request, reply
from application_status.platform.telemetry import enter_sandbox, flush, log_unexpected
from application_status.platform.values import DateTimeText, now, to_text

REQUESTS_PATH = "/api/sandbox/requests"
KEPT = 100
"""How many requests are kept for a test token."""
KEPT_FOR = timedelta(days=7)

_SECONDS = 2.6
"""Time limit of storing a request: a call that takes longest, after one that is as fast as usual."""
_ENTRY_BYTES, _RECEIVED_BYTES = 8 * 1024, 3 * 1024
_PROBLEM_BYTES, _MOST_PROBLEMS = 400, 5
_LONGEST_PATH = 200
_NEXT = "next"
_TOO_MANY_REQUESTS = 429
_SECRET = re.compile(r"(atsi_(?:live|test|at_live|at_test|secret)_)[0-9A-Za-z._-]{3,}")


class SandboxRequest(TypedDict):
    """A request with a test token."""

    At: DateTimeText
    Method: str
    Path: str
    Status: int
    """The HTTP status of the reply."""
    RequestId: str
    ContentType: NotRequired[str]
    Received: NotRequired[str]
    """The beginning of the body. Tokens are replaced in it, and in all other texts."""
    ReceivedBytes: int
    """The size of the body."""
    Understood: Sequence[Understood]
    """How each report, signal or disposition was understood, or why it was dropped or refused."""
    UnderstoodLeftOut: int
    """How many more there are than `Understood` has room for."""
    Problems: Sequence[str]
    """What is wrong according to the reply, for each field if it names some."""


class SandboxRequests(TypedDict):
    """The newest requests with your test token, the newest first."""

    Requests: Sequence[SandboxRequest]
    RequestId: str


class RequestLog:
    """Store and read the newest requests with each test token."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(self, token_id: str, entry: SandboxRequest) -> None:
        """Store a request in the place of the oldest one, without the tokens in it.

        Raises:
            Unavailable: the store failed.
        """
        ends = expiry(now() + KEPT_FOR)
        counted = self._dynamodb(
            "UpdateItem",
            TableName=self._table,
            Key=_key(token_id, _NEXT),
            UpdateExpression="SET ExpiresAt = :end ADD #number :one",
            ExpressionAttributeNames={"#number": "Number"},
            ExpressionAttributeValues={":end": ends["ExpiresAt"], ":one": {"N": "1"}},
            ReturnValues="UPDATED_NEW",
        )
        number = counted["Attributes"]["Number"]
        text = _SECRET.sub(r"\1...", json.dumps(entry, ensure_ascii=False, separators=(",", ":")))
        place = f"{int(number['N']) % KEPT:02}"
        row = {**_key(token_id, place), "Number": number, "Entry": {"S": text}, **ends}
        self._dynamodb("PutItem", TableName=self._table, Item=row)

    def newest(self, token_id: str) -> list[SandboxRequest]:
        """Return the requests that are kept, the newest first."""
        query = {
            "TableName": self._table,
            "KeyConditionExpression": "TokenId = :token",
            "ExpressionAttributeValues": {":token": {"S": token_id}},
        }
        moment = now().timestamp()
        rows = [
            row
            for page in pages(self._dynamodb, "Query", query)
            for row in page
            if "Entry" in row and int(row["ExpiresAt"]["N"]) > moment
        ]
        rows.sort(key=lambda row: int(row["Number"]["N"]), reverse=True)
        return [json.loads(row["Entry"]["S"]) for row in rows]


def recording(handler: LambdaHandler, log: RequestLog) -> LambdaHandler:
    """Return a handler that also stores its requests with test tokens, once they are answered."""

    def lambda_handler(event: Any, context: Any) -> Reply:
        with deadline(math.inf, SECONDS_FROM_FAILURE):  # if the store fails, no time is left to keep the request
            answered = handler(event, context)
            if trial := end_trial():
                _store(trial, event, answered, log)
        return answered

    return lambda_handler


def requests(request: Request, tokens: TokenLookup, log: RequestLog) -> Reply:
    """Answer `GET /api/sandbox/requests`, which is not stored itself.

    Raises:
        Forbidden: the token is a live token.
        Unauthenticated: the token is missing or not valid.
        TooManyRequests: a limit is reached.
    """
    body: SandboxRequests = {"Requests": own_requests(request, tokens, log), "RequestId": request.request_id}
    return reply(200, body)


def own_requests(request: Request, tokens: TokenLookup, log: RequestLog) -> list[SandboxRequest]:
    """Return the requests with the test token of this one; raises what `requests` raises."""
    ats = calling_ats(request, tokens)
    tokens.limit(ats)
    trial = end_trial()
    if trial is None:
        raise Forbidden("This is a live token, whose requests are not kept; send a test token (atsi_test_...).")
    return log.newest(trial.token_id)


def _store(trial: Trial, event: Any, answered: Reply, log: RequestLog) -> None:
    """Store a request, unless a limit of requests refused it; one that can't be stored is only logged."""
    if answered["statusCode"] == _TOO_MANY_REQUESTS and "RateLimit-Policy" in answered["headers"]:
        return
    enter_sandbox()  # so that the metrics of these calls are the sandbox's
    try:
        with deadline(_SECONDS):
            log.add(trial.token_id, _entry(trial, event, answered))
    except Exception as error:  # noqa: BLE001  # the request is answered, and its sender must get the answer
        log_unexpected(error)
    finally:
        flush()


def _entry(trial: Trial, event: Mapping[str, Any], answered: Reply) -> SandboxRequest:
    request = Request.from_event(event)
    content, size = _received(request)
    entry: SandboxRequest = {
        "At": to_text(now()),
        "Method": request.method,
        "Path": _cut(str(event.get("path", "")).encode(errors="replace").decode(), _LONGEST_PATH),
        "Status": answered["statusCode"],
        "RequestId": request.request_id,
        "ReceivedBytes": size,
        "Understood": [],
        "UnderstoodLeftOut": 0,
        "Problems": _problems(answered),
    }
    if content:
        entry["ContentType"] = _cut(", ".join(request.headers.get("content-type", ())), _LONGEST_PATH)
        entry["Received"] = content
    return _with_notes(entry, trial.notes)


def _with_notes(entry: SandboxRequest, notes: Sequence[Mapping[str, Any]]) -> SandboxRequest:
    """Add as many notes as there is room for."""
    room = _ENTRY_BYTES - _size(entry)
    listed: list[Any] = []
    for each in notes:
        room -= _size(each) + 1
        if room < 0:
            break
        listed.append(each)
    return {**entry, "Understood": listed, "UnderstoodLeftOut": len(notes) - len(listed)}


def _received(request: Request) -> tuple[str, int]:
    """Return the beginning of the body as text, and the size of the body in bytes."""
    body = request.encoded_body.encode(errors="replace")
    if request.body_is_base64:
        with suppress(binascii.Error):
            body = base64.b64decode(body)
    text = body[:_RECEIVED_BYTES].decode(errors="replace" if len(body) <= _RECEIVED_BYTES else "ignore")
    return _cut(text, _RECEIVED_BYTES), len(body)


def _problems(answered: Reply) -> list[str]:
    """Return what a reply in JSON says is wrong: its problem details, or the errors of GraphQL."""
    if not answered["headers"].get("Content-Type", "").endswith("json"):
        return []
    body = json.loads(answered["body"])
    errors = [
        each["message"] if "message" in each else f"{each['pointer']}: {each['detail']}; expected: {each['expected']}"
        for each in body.get("errors", ())
    ]
    found = errors or ([body["detail"]] if "detail" in body else [])
    return [_cut(each, _PROBLEM_BYTES) for each in found[:_MOST_PROBLEMS]]


def _cut(text: str, limit: int) -> str:
    """Return the beginning of a text that has at most so many bytes as JSON."""
    while (size := _size(text)) > limit:
        text = text[: len(text) * limit // size]
    return text


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))


def _key(token_id: str, place: str) -> Item:
    return {"TokenId": {"S": token_id}, "Place": {"S": place}}
