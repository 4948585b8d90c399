"""What a connection does, for the customer's staff and the board's: as JSON, and as a page.

`connection_reply` answers the API, `connection_page` the page; `refused` and `failed` answer errors of the page.
"""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple, TypedDict
from zoneinfo import ZoneInfo

from application_status.access.connections import Connection, ConnectionState, read_connection
from application_status.access.sessions import frame, not_signed_in
from application_status.applications.parked import ParkedCounts, ParkedEvents
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.connect.activity import ActivityLog
from application_status.intake.connect.endpoint import account_of
from application_status.intake.connect.providers import Provider
from application_status.intake.connect.rules import Activity, unmapped_first
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import Forbidden, Refusal, Unauthenticated, UnknownConnection
from application_status.platform.http.endpoint import (
    PROBLEMS,
    Problem,
    Reply,
    Request,
    refusal_headers,
    reply,
    retry_later,
)
from application_status.platform.http.html import Pages
from application_status.platform.http.negotiation import preferred_texts
from application_status.platform.telemetry import logger
from application_status.platform.values import AtsId, DateTimeText, now, to_text
from application_status.quality.reports.query import signed_in
from application_status.texts.texts import ENGLISH, LANGUAGES, Texts

CONNECTION_PATH, CONNECTION_PAGE = "/api/connections/{connectionId}", "/connections/{connectionId}"

_PAGES = Pages("application_status.intake.connect", languages=LANGUAGES)
_REFUSED = {Forbidden: "connection.forbidden", UnknownConnection: "connection.unknown"}


class EventTypeReply(TypedDict):
    """An event type that the connection has sent."""

    Name: str
    Received: int
    """About how often it was received."""
    LastAt: DateTimeText


class RefusalReply(TypedDict):
    """The last delivery that was refused."""

    At: DateTimeText
    Reason: str


class LabelReply(TypedDict):
    """A stage's name or a reason, and how it is read."""

    Label: str
    Status: Status | None
    """Null if the label is unmapped, so that its events change no status."""
    Outcome: Outcome | None
    LastAt: DateTimeText


class ParkedIdsReply(TypedDict):
    """The ids of an application that no registration had when its event came."""

    Ids: str
    LastAt: DateTimeText


class ParkedReply(TypedDict):
    """Events of the last 30 days about ids that no registered application had when they came."""

    Events: int
    Recorded: int
    """How many of them were recorded later, when an application got their ids."""
    Newest: Sequence[ParkedIdsReply]
    """The 20 newest; some of them may be known by now."""


class ConnectionReply(TypedDict):
    """A connection, and what it has sent in the last 90 days."""

    ConnectionId: str
    Provider: Channel
    AtsId: AtsId
    ClientId: str
    State: ConnectionState
    CreatedAt: DateTimeText
    Secrets: int
    """How many secrets are valid."""
    Checklist: Sequence[str]
    """What to select in the ATS."""
    EventTypes: Sequence[EventTypeReply]
    LastTestAt: DateTimeText | None
    LastRefusal: RefusalReply | None
    Labels: Sequence[LabelReply]
    """Unmapped labels first."""
    Parked: ParkedReply
    RequestId: str


class ConnectionSource(NamedTuple):
    """The source of what is shown of connections; times are shown in `zone`.

    `company` returns the name of the client with an id; empty if there is none.
    """

    dynamodb: DynamoDB
    table: str
    parked: ParkedEvents
    zone: ZoneInfo
    providers: Mapping[Channel, Provider]
    company: Callable[[str], str]


class _Shown(NamedTuple):
    """What is known of a connection."""

    connection: Connection
    provider: Provider
    activity: Activity
    parked: ParkedCounts


def connection_reply(request: Request, source: ConnectionSource) -> Reply:
    """Reply with a connection as JSON.

    Raises:
        UnknownConnection: there is none, or it is another client's.
        Forbidden: the user has no client, or several.
    """
    connection, _, activity, parked = _shown(request, source)
    refused = activity.last_refusal
    body: ConnectionReply = {
        "ConnectionId": connection.id,
        "Provider": Channel(connection.provider),
        "AtsId": connection.ats_id,
        "ClientId": connection.client_id,
        "State": connection.state,
        "CreatedAt": to_text(connection.created_at),
        "Secrets": len(connection.secrets_added_at),
        "Checklist": _checklist(connection, ENGLISH),
        "EventTypes": [
            {"Name": name, "Received": each.received, "LastAt": to_text(each.last)}
            for name, each in sorted(activity.event_types.items())
        ],
        "LastTestAt": to_text(activity.last_test) if activity.last_test else None,
        "LastRefusal": {"At": to_text(refused.at), "Reason": refused.reason} if refused else None,
        "Labels": [
            {"Label": text, "Status": each.status, "Outcome": each.outcome, "LastAt": to_text(each.last)}
            for text, each in unmapped_first(activity.labels)
        ],
        "Parked": {
            "Events": parked.events,
            "Recorded": parked.replayed,
            "Newest": [{"Ids": ids, "LastAt": to_text(each.last)} for ids, each in activity.parked.items()],
        },
        "RequestId": request.request_id,
    }
    return reply(HTTPStatus.OK, body)


def connection_page(request: Request, source: ConnectionSource) -> Reply:
    """Reply with a connection as a page; raises what `connection_reply` raises."""
    connection, provider, activity, parked = _shown(request, source)
    t, last_event = preferred_texts(request), max((each.last for each in activity.event_types.values()), default=None)
    return _PAGES.reply(
        request,
        HTTPStatus.OK,
        "page.html",
        title=t("connection.title"),
        connection=connection,
        client=source.company(connection.client_id) or connection.client_id,
        provider=provider,
        works=connection.state is ConnectionState.ACTIVE and last_event is not None,
        last_event=last_event,
        checklist=_checklist(connection, t),
        activity=activity,
        event_types=sorted(activity.event_types.items()),
        labels=unmapped_first(activity.labels),
        parked=parked,
        shown=lambda moment: t.moment(moment.astimezone(source.zone)),
        machine=to_text,
        zone=source.zone.key,
        frame=frame(request),
    )


def refused(error: Refusal, request: Request) -> Reply:
    """Return the page's reply to a refused request."""
    if isinstance(error, Unauthenticated):
        return not_signed_in(error, request)
    t, key = preferred_texts(request), _REFUSED.get(type(error))
    text = t(key) if key else str(error)
    return _notice(PROBLEMS[type(error)].status, text, request, refusal_headers(error, "Bearer"))


def failed(problem: Problem, request: Request) -> Reply:
    """Return the page's reply to a failed request."""
    return _notice(problem.status, preferred_texts(request)("layout.failed"), request, retry_later())


def _notice(status: int, text: str, request: Request, headers: dict[str, str]) -> Reply:
    title = preferred_texts(request)("connection.title")
    return _PAGES.reply(request, status, "notice.html", headers, title=title, text=text, frame=frame(request))


def _checklist(connection: Connection, t: Texts) -> Sequence[str]:
    return t(f"connection.checklist.{connection.provider}").splitlines()


def _shown(request: Request, source: ConnectionSource) -> _Shown:
    caller = signed_in(request.claims)
    found = read_connection(source.dynamodb, source.table, request.path_parameters.get("connectionId", ""))
    if found is None or not (caller.is_board or caller.client_id == found.client_id):
        raise UnknownConnection
    account = account_of(found)
    logger.info("shown", connection=found.id)
    activity = ActivityLog(source.dynamodb, source.table).read(found.id, now())
    return _Shown(found, source.providers[account.provider], activity, source.parked.counts(account))
