"""Deliveries of native webhooks: the URL and the secrets of a connection, through the real handler."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.access.connections import MOST_SECRETS, ConnectionState, Created
from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases, NativeIds
from application_status.applications.rules.report import Channel
from application_status.intake.connect.activity import ActivityLog
from application_status.intake.connect.endpoint import BODY_LIMIT_BYTES
from application_status.intake.connect.rules import KEPT_FOR
from application_status.platform.errors import Unavailable
from application_status.platform.values import application_id, now
from support.signals import counted
from support.webhooks import (
    CLIENT,
    HEADER,
    PING,
    PROVIDERS,
    SECRET,
    deliver,
    delivery,
    mac,
    made,
    path,
    signed,
    stage,
)
from support.world import APPLICATION, RecordingDynamoDB, World, answer, http_event, registration

MINE, OTHERS = (application_id(f"{APPLICATION[:-4]}ce0{last}") for last in (1, 2))
NEW_SECRET = "another-secret-of-the-connection"


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"), providers=PROVIDERS)


@pytest.fixture
def limited() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"), providers=PROVIDERS, requests_per_second=50)


def register(world: World, of: str, provider: Channel, client: str = CLIENT, application: str = "700100") -> None:
    aliases = Aliases(native=(NativeIds(provider, application),))
    Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable").register(
        application_id(of), registration(client_id=client, aliases=aliases)
    )


def sent_to(world: World, url: str, body: bytes = PING, **changes: Any) -> dict[str, Any]:
    event = http_event("POST", url, body.decode(), signed(body), token=None) | changes
    event["requestContext"]["requestId"] = "request-1"
    reply: dict[str, Any] = world.connect(event, None)
    return reply


@pytest.mark.parametrize("provider", [Channel.GREENHOUSE, Channel.RECRUITEE])
def test_signed_event_is_recorded(world: World, provider: Channel) -> None:
    """The reply has the provider's code for success and says what became of each event."""
    created = made(world, provider)
    register(world, MINE, provider)
    reply = deliver(world, created, stage())
    assert (reply.status, reply.body["Results"]) == (200, ["recorded"])
    assert world.stored(MINE).status == "INTERVIEW"
    assert deliver(world, created, stage()).body["Results"] == ["unchanged"]


def test_event_is_recorded_for_applications_of_the_connections_client_alone(world: World) -> None:
    """Ids can be chosen by the customer: those of another client's application are like unknown ones."""
    register(world, OTHERS, Channel.GREENHOUSE, client="client-2")
    before = world.item(OTHERS)
    known = deliver(world, made(world), stage())
    unknown = deliver(world, made(world), stage(application="1"))
    assert known.body["Results"] == unknown.body["Results"] == ["parked"]
    assert world.item(OTHERS) == before


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({}, f"{HEADER} is missing"),
        ({HEADER: "sha256 " + "0" * 64}, 'has 71 characters and begins with "sha256 "'),
        ({HEADER: mac(PING)}, "has 64 characters"),
        (signed(PING, "wrong-secret"), 'begins with "sha256 ", as expected, but another secret made it'),
        (signed(PING + b" "), "has 71 characters"),
    ],
)
def test_wrong_signature_is_told_what_was_received(
    world: World, log: StringIO, headers: dict[str, str], text: str
) -> None:
    """The header, its length and its first characters: never the secret, and nothing else of the signature."""
    created = made(world)
    reply = deliver(world, created, PING, headers)
    assert (reply.status, reply.body["type"]) == (401, "/problems/wrong-signature")
    assert text in reply.body["detail"]
    assert reply.headers["WWW-Authenticate"].startswith("Signature ")
    assert SECRET not in json.dumps(reply.body) + log.getvalue()
    (line,) = [json.loads(each) for each in log.getvalue().splitlines() if '"wrong-signature"' in each]
    assert line["connection"] == created.connection.id, "many customers share an ATS"
    assert mac(PING)[:10] not in json.dumps(reply.body)
    seen = activity(world, created)
    assert seen.last_refusal
    assert seen.last_refusal.reason == reply.body["detail"]


@contextmanager
def failing(table: str, operation: str) -> Iterator[None]:
    """Make an operation on a table fail."""
    call = RecordingDynamoDB.__call__

    def called(self: RecordingDynamoDB, name: str, **request: Any) -> dict[str, Any]:
        if (name, request.get("TableName")) == (operation, table):
            raise Unavailable(name)
        return call(self, name, **request)

    with patch.object(RecordingDynamoDB, "__call__", called):
        yield


def activity(world: World, created: Created) -> Any:
    return ActivityLog(world.dynamodb, "ConnectionsTable").read(created.connection.id, now())


@pytest.mark.parametrize("place", range(0, 71, 5))
def test_changed_signature_is_refused(world: World, place: int) -> None:
    """Any character of it."""
    right = signed(PING)[HEADER]
    changed = right[:place] + ("0" if right[place] != "0" else "1") + right[place + 1 :]
    assert deliver(world, made(world), PING, {HEADER: changed}).status == 401


def test_unknown_connections_disabled_ones_and_wrong_keys_are_alike(world: World) -> None:
    """The same bytes, and the same reads: nobody can find out which connections exist."""
    created, disabled = made(world), made(world)
    world.connections.disable(disabled.connection)
    other = made(world).key
    replies, operations = [], []
    for url in (
        path(created.connection, other),
        path(created.connection, created.key[:-1]),
        path(created.connection, created.key).replace("greenhouse", "lever"),
        path(created.connection, created.key).replace("greenhouse", "unknown"),
        path(created.connection, created.key).replace(created.connection.id, "gr-22222222"),
        path(*disabled),
    ):
        deliver(world, created)  # its right URL is cached
        world.dynamodb.operations.clear()
        replies.append(sent_to(world, url))
        operations.append(list(world.dynamodb.operations))
    assert replies[0]["statusCode"] == 404
    assert all(each == replies[0] for each in replies)
    assert all(each == ["GetItem"] for each in operations)
    assert world.kms.calls.count("Decrypt") == 1, "a wrong key decrypts nothing"


@pytest.mark.parametrize("odd", ["x" * 3000, "é", "gr 1", "%2e", "GR-22222222"])
def test_what_can_be_no_connection_is_unknown(world: World, odd: str) -> None:
    """The same reply, without a read that DynamoDB would refuse."""
    known = sent_to(world, path(*made(world)).replace("greenhouse", "lever"))
    assert sent_to(world, f"/connect/greenhouse/{odd}/key") == known


def test_guesses_of_an_address_are_limited(limited: World, capsys: pytest.CaptureFixture[str]) -> None:
    """As invalid tokens are, and counted for the same alarm; the right URL works from the same address."""
    created = made(limited)
    url = path(created.connection, "A" * 43)
    statuses = [sent_to(limited, url)["statusCode"] for _ in range(25)]
    assert statuses == [404] * 20 + [429] * 5
    assert counted(capsys)["Unauthenticated"] == 25
    assert deliver(limited, created).status == 200


def test_requests_of_a_connection_are_limited(limited: World) -> None:
    """A thousand at once; then the provider is told when to repeat them."""
    created = made(limited)
    with time_machine.travel(now(), tick=False):
        statuses = {deliver(limited, created).status for _ in range(1000)}
        refused = deliver(limited, created)
    assert (statuses, refused.status) == ({200}, 429)
    assert refused.body["detail"].startswith("A connection may send 50 requests a second, and 1000 at once")
    assert deliver(limited, made(limited)).status == 200, "each connection has its own"


def test_only_posts_are_accepted(world: World) -> None:
    """Before anything else is looked at."""
    created = made(world)
    event = http_event("GET", path(*created), token=None)
    assert answer(world.connect(event, None)).status == 405


def sized(size: int) -> bytes:
    return PING[:-1] + b"," + b'"x":"' + b"x" * (size - len(PING) - 7) + b'"}'


@pytest.mark.parametrize("is_base64", [False, True])
@pytest.mark.parametrize(("size", "status"), [(BODY_LIMIT_BYTES, 200), (BODY_LIMIT_BYTES + 1, 413)])
def test_bodies_have_at_most_a_mebibyte(world: World, size: int, status: int, *, is_base64: bool) -> None:
    """In base64, too, in which API Gateway passes them on; a longer one is refused before its signature is made."""
    created, body = made(world), sized(size)
    assert len(body) == size
    event = delivery(created, body, is_base64=is_base64)
    assert answer(world.connect(event, None)).status == status
    refused = activity(world, created).last_refusal
    assert bool(refused) is (status == 413)


def test_signature_is_over_the_bytes_received(world: World) -> None:
    """Bytes that are not UTF-8, escapes and white space count as they are; a text of them would not verify."""
    created = made(world)
    body = b'{"test": true, "name": "\xff\xfe \\u003c"}\r\n'
    assert deliver(world, created, body).status == 200
    assert deliver(world, created, body + b" ", signed(body)).status == 401
    broken = delivery(created, body) | {"body": "*"}
    assert answer(world.connect(broken, None)).status == 400


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\xff", b"{" * 10_000, b'{"a":1,"a":2}'])
def test_signed_nonsense_is_accepted(world: World, log: StringIO, body: bytes) -> None:
    """A provider would repeat it for hours, and report an error to the customer. The log says why it is ignored."""
    created = made(world)
    reply = deliver(world, created, body)
    assert (reply.status, reply.body["Results"]) == (200, ["ignored"])
    assert '"reason":"the body is no JSON object"' in log.getvalue()


class TestAwaitingSecret:
    """A connection whose ATS shows the secret only after it has tested the URL."""

    def test_tests_are_accepted_and_events_come_again(self, world: World) -> None:
        """They are repeated by the ATS, once the secret is there."""
        created = made(world, Channel.RECRUITEE, secret=None)
        register(world, MINE, Channel.RECRUITEE)
        assert deliver(world, created, PING, {}).body["Results"] == ["test"]
        refused = deliver(world, created, stage(), signed(stage(), NEW_SECRET))
        assert (refused.status, refused.body["type"]) == (503, "/problems/awaiting-secret")
        assert refused.headers["Retry-After"] == "60"
        assert world.stored(MINE).status == "APPLIED"
        seen = activity(world, created)
        assert seen.last_test
        assert "no secret yet" in seen.last_refusal.reason
        world.connections.add_secret(created.connection, NEW_SECRET)
        world.restart()
        assert deliver(world, created, stage(), signed(stage(), NEW_SECRET)).body["Results"] == ["recorded"]

    def test_events_that_are_all_tests_are_tests(self, world: World) -> None:
        """Of a provider without unsigned tests: the signature can't be checked yet."""
        created = made(world, Channel.LEVER, secret=None)
        assert deliver(world, created, PING, {}).status == 202
        assert deliver(world, created, stage(), {}).status == 503
        assert deliver(world, created, b"{", {}).status == 503

    def test_nothing_is_verified_with_an_empty_secret(self, world: World) -> None:
        """Not even a signature that was made with none."""
        created = made(world, secret=None)
        assert deliver(world, created, stage(), signed(stage(), "")).status == 503


def test_unsigned_test_never_changes_anything(world: World) -> None:
    """Whatever else is in its body."""
    created = made(world, Channel.RECRUITEE)
    register(world, MINE, Channel.RECRUITEE)
    assert deliver(world, created, stage(test=True), {}).body["Results"] == ["test"]
    assert world.stored(MINE).status == "APPLIED"


def test_secret_is_replaced_without_a_gap(world: World) -> None:
    """Both are valid until the first is removed. A change takes effect within 60 s, or in a new container."""
    created = made(world)
    changed = world.connections.add_secret(created.connection, NEW_SECRET)
    for each in (SECRET, NEW_SECRET):
        assert deliver(world, created, PING, signed(PING, each)).status == 200
    world.connections.remove_secret(changed, 1)
    world.restart()
    assert deliver(world, created, PING, signed(PING, SECRET)).status == 401
    assert deliver(world, created, PING, signed(PING, NEW_SECRET)).status == 200


def test_five_secrets_are_valid_and_a_sixth_is_refused(world: World) -> None:
    """Lever has a signature token for each kind of event."""
    created = made(world, secret=None)
    connection = created.connection
    for number in range(MOST_SECRETS):
        connection = world.connections.add_secret(connection, f"secret-number-{number}")
    with pytest.raises(ValueError, match="has 5 secrets"):
        world.connections.add_secret(connection, "one-secret-too-many")
    assert world.connections.get(connection.id) == connection
    for number in range(MOST_SECRETS):
        assert deliver(world, created, PING, signed(PING, f"secret-number-{number}")).status == 200


@pytest.mark.parametrize("change", ["disable", "remove", "add"])
def test_changes_take_effect_within_a_minute(world: World, change: str) -> None:
    """A container keeps a connection and its secrets for 60 s; but a new secret works at once."""
    seconds = 0.0
    world.clock = lambda: seconds
    world.restart()
    created = made(world)
    assert deliver(world, created).status == 200
    expected = {"disable": (SECRET, 404), "remove": (SECRET, 503), "add": (NEW_SECRET, 200)}[change]
    if change == "disable":
        world.connections.disable(created.connection)
    elif change == "remove":
        world.connections.remove_secret(created.connection, 1)
    else:
        world.connections.add_secret(created.connection, NEW_SECRET)
    body = stage()
    seconds = 59.9
    before = deliver(world, created, body, signed(body, expected[0])).status
    assert before == 200
    seconds = 60.0
    assert deliver(world, created, body, signed(body, expected[0])).status == expected[1]


def test_disabled_connection_has_no_secrets(world: World) -> None:
    """They are deleted with the key that encrypts them."""
    created = made(world)
    disabled = world.connections.disable(created.connection)
    assert disabled.state is ConnectionState.DISABLED
    assert world.connections.secrets(world.connections.get(disabled.id)) == ()


def test_two_operators_do_not_overwrite_each_other(world: World) -> None:
    """The second has to run the command again."""
    created = made(world)
    world.connections.add_secret(created.connection, NEW_SECRET)
    with pytest.raises(ValueError, match="changed at the same time"):
        world.connections.remove_secret(created.connection, 1)


def test_failing_kms_is_a_failure_of_ours(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, so that the ATS repeats the delivery, and not a wrong signature."""
    monkeypatch.setattr("application_status.platform.deadlines._FIRST_PAUSE_SECONDS", 0.0)
    created = made(world)
    world.kms.is_down = True
    reply = deliver(world, created, stage())
    assert (reply.status, reply.body["type"]) == (503, "/problems/unavailable")
    assert reply.headers["Retry-After"]
    world.kms.is_down = False
    assert deliver(world, created, stage()).status == 200


def test_secrets_of_another_connection_can_not_be_put_in(world: World) -> None:
    """The connection's id is authenticated with the secrets and with their key."""
    created, other = made(world), made(world)
    theirs = world.client.get_item(
        TableName="ConnectionsTable", Key={"ConnectionId": {"S": other.connection.id}, "Part": {"S": "connection"}}
    )["Item"]
    world.client.update_item(
        TableName="ConnectionsTable",
        Key={"ConnectionId": {"S": created.connection.id}, "Part": {"S": "connection"}},
        UpdateExpression="SET Sealed = :sealed, DataKey = :key",
        ExpressionAttributeValues={":sealed": theirs["Sealed"], ":key": theirs["DataKey"]},
    )
    assert deliver(world, created).status == 503


def test_failing_store_is_answered_503(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ATS repeats the delivery, and then it is recorded."""
    monkeypatch.setattr("application_status.platform.deadlines._FIRST_PAUSE_SECONDS", 0.0)
    created = made(world)
    register(world, MINE, Channel.GREENHOUSE)
    with failing("ApplicationsTable", "UpdateItem"):
        assert deliver(world, created, stage()).status == 503
    assert deliver(world, created, stage()).body["Results"] == ["recorded"]


class TestSingleUse:
    """A provider that signs a token instead of the body."""

    @staticmethod
    def body(token: str = "token-1", **more: Any) -> bytes:  # noqa: S107  # of a test
        return stage(token=token, signature=mac(token.encode()), **more)

    def test_token_is_for_one_body_alone(self, world: World) -> None:
        """A repetition is accepted; whoever saw one delivery can't forge another."""
        created = made(world, Channel.LEVER)
        assert deliver(world, created, self.body(), {}).status == 202
        assert deliver(world, created, self.body(), {}).status == 202
        forged = deliver(world, created, self.body(application="700101"), {})
        assert (forged.status, "used before" in forged.body["detail"]) == (401, True)
        world.restart()
        assert deliver(world, created, self.body(application="700101"), {}).status == 401
        assert deliver(world, created, self.body("token-2", application="700101"), {}).status == 202

    def test_wrong_signature_uses_no_token(self, world: World) -> None:
        """Else anybody who knows the URL could make the real delivery fail."""
        created = made(world, Channel.LEVER)
        forged = stage(token="token-1", signature="0" * 64)
        assert deliver(world, created, forged, {}).status == 401
        assert deliver(world, created, self.body(), {}).status == 202

    def test_tokens_are_kept_for_a_week(self, world: World) -> None:
        """And belong to one connection."""
        created, other = made(world, Channel.LEVER), made(world, Channel.LEVER)
        for each in (created, other):
            assert deliver(world, each, self.body(at=each.connection.id), {}).status == 202
        rows = [each for each in world.client.scan(TableName="ConnectionsTable")["Items"] if "BodySha256" in each]
        assert len(rows) == 2
        seconds = int(rows[0]["ExpiresAt"]["N"]) - now().timestamp()
        assert timedelta(seconds=seconds) == pytest.approx(timedelta(days=7), abs=timedelta(minutes=1))


def test_neither_secret_nor_key_nor_label_is_logged_or_shown(world: World, log: StringIO) -> None:
    """Whatever becomes of a delivery; nor are they in the text of any object."""
    created = made(world)
    label = "Waits for Ms Weber"
    deliver(world, created, stage(label))
    deliver(world, created, stage(label), {})
    deliver(world, created, stage(label), signed(b"", SECRET))
    world.connections.add_secret(created.connection, NEW_SECRET)
    world.connections.disable(world.connections.get(created.connection.id))
    world.restart()
    deliver(world, created, stage(label))
    lines = log.getvalue()
    assert '"ats":"demo-ats"' in lines.replace(" ", "")
    stored = world.connections.get(created.connection.id)
    shown = lines + repr(created.connection) + repr(stored) + repr(world.connections.secrets(created.connection))
    for each in (SECRET, NEW_SECRET, created.key, created.connection.key_sha256, label, "700100"):
        assert each not in shown


def test_neither_secret_nor_key_is_stored_in_plain(world: World) -> None:
    """The table alone reveals no secret."""
    created = made(world)
    content = repr(world.client.scan(TableName="ConnectionsTable")["Items"])
    assert SECRET not in content
    assert created.key not in content


class TestActivity:
    """What a connection has sent lately."""

    def test_event_types_tests_and_labels_are_noted(self, world: World) -> None:
        """With how often and when, and how a label was read."""
        created = made(world)
        deliver(world, created)
        deliver(world, created, stage("On-site interview"))
        deliver(world, created, stage("Bucket 7"))
        seen = activity(world, created)
        assert {name: each.received for name, each in seen.event_types.items()} == {"ping": 1, "stage_change": 2}
        assert {text: each.status for text, each in seen.labels.items()} == {
            "On-site interview": "INTERVIEW",
            "Bucket 7": None,
        }
        assert seen.last_test
        assert seen.last_refusal is None

    def test_repetitions_are_written_once_a_minute(self, world: World) -> None:
        """The numbers of the meantime are added then."""
        seconds = 0.0
        world.clock = lambda: seconds
        world.restart()
        created = made(world)
        for _ in range(5):
            deliver(world, created)
        assert activity(world, created).event_types["ping"].received == 1
        seconds = 59.9
        deliver(world, created)
        assert activity(world, created).event_types["ping"].received == 1
        seconds = 60.0
        deliver(world, created)
        assert activity(world, created).event_types["ping"].received == 7

    def test_failing_write_fails_no_delivery(self, world: World, log: StringIO) -> None:
        """It is written with the next."""
        created = made(world)
        deliver(world, created)
        world.restart()
        with failing("ConnectionsTable", "PutItem"):
            assert deliver(world, created).status == 200
        assert "activity not stored" in log.getvalue()
        deliver(world, created)
        assert activity(world, created).event_types["ping"].received == 3

    def test_what_was_not_seen_for_90_days_is_forgotten(self, world: World) -> None:
        """Labels can be personal data."""
        created = made(world)
        deliver(world, created, stage("Waits for Ms Weber"))
        with time_machine.travel(now() + KEPT_FOR - timedelta(minutes=1)):
            assert activity(world, created).labels
            world.restart()
            deliver(world, created)
        with time_machine.travel(now() + KEPT_FOR + timedelta(minutes=1)):
            assert activity(world, created).event_types.keys() == {"ping"}
            world.restart()
            deliver(world, created)
        assert "Ms Weber" not in repr(world.client.scan(TableName="ConnectionsTable")["Items"])


def test_calls_of_a_delivery_are_few(world: World) -> None:
    """docs/performance.md counts them; connection and activity are read and written once a minute."""
    created = made(world)
    register(world, MINE, Channel.GREENHOUSE)
    deliver(world, created, stage(application="2"))
    calls = []
    for body in (stage(), stage(application="1")):
        world.dynamodb.operations.clear()
        deliver(world, created, body)
        calls.append(list(world.dynamodb.operations))
    assert calls == [["BatchGetItem", "UpdateItem"], ["BatchGetItem", "UpdateItem", "PutItem", "BatchGetItem"]]
