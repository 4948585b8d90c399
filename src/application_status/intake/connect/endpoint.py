"""The endpoint of native webhooks: find the connection, verify the signature, read the events, record each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from application_status.access.connections import Connection, ConnectionLookup, ConnectionState, Opened
from application_status.applications.aliases import Account
from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.intake.connect.activity import ActivityLog
from application_status.intake.connect.events import Change, Delivery, Event, Linked, Test
from application_status.intake.connect.providers import Provider
from application_status.intake.connect.receive import EventResult, Received, Receiver
from application_status.intake.connect.rules import Activity, Label, Parked
from application_status.intake.connect.single_use import SingleUse
from application_status.platform.errors import AwaitingSecret, Refusal, WrongSignature
from application_status.platform.http.endpoint import (
    LambdaHandler,
    Reply,
    Request,
    endpoint,
    refusal,
    refusal_headers,
    reply,
)
from application_status.platform.telemetry import set_caller
from application_status.platform.values import now

BODY_LIMIT_BYTES = 1024 * 1024
_STORE_SECONDS = 8.0
_UNSIGNED_TEST = Test(name="test")


class DeliveryReply(TypedDict):
    """The reply to a delivery that was accepted."""

    Results: Sequence[EventResult]
    """What became of each of its events."""
    RequestId: str


def connect(
    connections: ConnectionLookup,
    receiver: Receiver,
    single_use: SingleUse,
    activity: ActivityLog,
    providers: Mapping[Channel, Provider],
) -> LambdaHandler:
    """Return the handler of `POST /connect/{provider}/{connectionId}/{key}`."""

    def receive(request: Request) -> Reply:
        request.require_method("POST")
        url = _url(request)
        opened = connections.open(*url)
        connection = opened.connection
        account = account_of(connection)
        set_caller(account.ats_id, account.provider, connection.id)
        connections.limit(connection)
        provider, received_at = providers[account.provider], now()
        with activity.noting_refusals(connection.id, received_at):
            body = request.body(BODY_LIMIT_BYTES)
            if provider.verify(Delivery(request.headers, body), opened.secrets, received_at):
                opened = connections.open(*url, seen=opened)
            events = _events(request, body, opened, provider, single_use, received_at)
        received = [(each, receiver.receive(account, each, received_at)) for each in events]
        activity.note(connection.id, _seen(received, received_at), received_at)
        results: DeliveryReply = {"Results": [each.result for _, each in received], "RequestId": request.request_id}
        return reply(provider.success, results)

    return endpoint(receive, refuse=_refused, seconds=_STORE_SECONDS)


def account_of(connection: Connection) -> Account:
    """Return the account whose applications the connection may change."""
    return Account(Channel(connection.provider), connection.ats_id, connection.client_id)


def _url(request: Request) -> tuple[str, str, str, str]:
    """Return the provider, connection and key in a URL, and the address that called it."""
    given = request.path_parameters
    return given.get("provider", ""), given.get("connectionId", ""), given.get("key", ""), request.address


def _events(  # noqa: PLR0913, PLR0917  # what a delivery consists of
    request: Request, body: bytes, opened: Opened, provider: Provider, single_use: SingleUse, received_at: datetime
) -> Sequence[Event]:
    """Return the events of a delivery.

    Raises:
        AwaitingSecret: the connection has no secret yet, and the delivery is no test.
        WrongSignature: the delivery was not signed with a secret of the connection.
    """
    if provider.is_test and provider.is_test(body):
        return [_UNSIGNED_TEST]
    if opened.connection.state is ConnectionState.AWAITING_SECRET:
        events = provider.read(body)
        if not events or not all(isinstance(each, Test) for each in events):
            raise AwaitingSecret
        return events
    wrong = provider.verify(Delivery(request.headers, body), opened.secrets, received_at)
    if wrong:
        raise WrongSignature(f"{wrong}.")
    if provider.single_use:
        value = provider.single_use(body)
        if value is None or not single_use.use(opened.connection.id, value, body, received_at):
            raise WrongSignature("The signed value of this delivery was used before, for another body.")
    return provider.read(body)


def _seen(received: Sequence[tuple[Event, Received]], at: datetime) -> Activity:
    """Return the activity of a delivery."""
    seen = Activity()
    for event, each in received:
        seen = seen.with_event(event.name, at)
        if each.result is EventResult.PARKED and isinstance(event, (Change, Linked)):
            ids = event.ids if isinstance(event, Change) else event.known
            seen = seen.with_more(Activity(parked={_described(ids): Parked(at)}))
        if each.result is EventResult.TEST:
            seen = seen.with_more(Activity(last_test=at))
        elif (of := each.interpretation) and of.raw_status:
            seen = seen.with_more(Activity(labels={of.raw_status: Label(of.status, of.outcome, at)}))
    return seen


def _described(ids: NativeIds) -> str:
    """Return an application's ids for people, such as "application 700100, candidate 500200"."""
    named = ids._asdict().items()
    return ", ".join(f"{name} {value}" for name, value in named if value and name != "provider")


def _refused(error: Refusal, request: Request) -> Reply:
    answer = refusal(error, request)
    return answer | {"headers": answer["headers"] | refusal_headers(error, "Signature")}
