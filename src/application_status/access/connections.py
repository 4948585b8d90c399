"""Connections: customers' accounts at ATSs whose own webhooks are received.

Connection           one connection, without its secrets
ConnectionRegister   creates, lists and changes connections, for the command line
ConnectionLookup     authenticates the URL of a delivery, with a cache, and limits requests

In the Connections table, ConnectionId S and Part S are the key. The part `connection`:

Provider, AtsId, ClientId  S
KeySha256                  S       the digest of the key in the connection's URL
Sealed, DataKey            B       the encrypted secrets, see envelope.py; absent without a secret
SecretsAddedAt             L of S  when each secret was added, in the order of the secrets
CreatedAt, CreatedBy       S
DisabledAt                 S       only if it is disabled
Version                    N       + 1 with every change

Other parts are `activity` (intake/connect/activity.py) and `used#...` (intake/connect/single_use.py).
"""

import hmac
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from application_status.access.envelope import Envelope, Sealed, Secrets
from application_status.access.limits import (
    INVALID_TOKENS,
    Buckets,
    key_of_address,
    key_of_connection,
    limit_of_connection,
)
from application_status.access.rules import random_secret, sha256
from application_status.platform.dynamodb.client import Cache, DynamoDB, Item, pages
from application_status.platform.errors import ConditionFailed, Unauthenticated, UnknownConnection
from application_status.platform.telemetry import add_metric
from application_status.platform.values import AtsId, from_text, now, to_text

MOST_SECRETS = 5
"""The number of live secrets of a connection: Lever has one for each kind of event."""

_CACHE_SECONDS = 60
_PART = {"S": "connection"}
_ID_ALPHABET, _ID_LENGTH = "23456789abcdefghjkmnpqrstuvwxyz", 8  # without characters that look alike
_ID = re.compile(r"[0-9a-z-]{1,32}")
_SECRET = re.compile(r"[!-~]{8,512}")
_NO_KEY = sha256("")


class ConnectionState(StrEnum):
    """What a connection accepts: tests alone, or all deliveries, or none."""

    AWAITING_SECRET = "awaiting_secret"  # noqa: S105  # a state
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A customer's account at an ATS whose webhooks are received."""

    id: str
    provider: str
    ats_id: AtsId
    client_id: str
    key_sha256: str = field(repr=False)
    created_at: datetime
    created_by: str
    sealed: Sealed | None = field(default=None, repr=False)
    secrets_added_at: tuple[datetime, ...] = ()
    disabled_at: datetime | None = None
    version: int = 1

    @property
    def state(self) -> ConnectionState:
        """The state, which follows from its secrets and whether it was disabled."""
        if self.disabled_at:
            return ConnectionState.DISABLED
        return ConnectionState.ACTIVE if self.sealed else ConnectionState.AWAITING_SECRET


class Created(NamedTuple):
    """A new connection, and the key in its URL, which is not stored."""

    connection: Connection
    key: str


class ConnectionRegister:
    """Create, list and change connections; `key_id` is the id of the KMS key that protects their secrets."""

    def __init__(self, dynamodb: DynamoDB, table: str, envelope: Envelope, key_id: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._envelope = envelope
        self._key_id = key_id

    def get(self, connection_id: str) -> Connection:
        """Return a connection.

        Raises:
            UnknownConnection: there is none with this id.
        """
        found = read_connection(self._dynamodb, self._table, connection_id)
        if found is None:
            raise UnknownConnection
        return found

    def all(self) -> list[Connection]:
        """Return all connections, oldest first."""
        request = {
            "TableName": self._table,
            "FilterExpression": "Part = :part",
            "ExpressionAttributeValues": {":part": _PART},
            "ConsistentRead": True,
        }
        found = [_connection(item) for page in pages(self._dynamodb, "Scan", request) for item in page]
        return sorted(found, key=lambda each: each.created_at)

    def create(self, provider: str, ats_id: AtsId, client_id: str, *, secret: str | None, created_by: str) -> Created:
        """Store a new connection, with its first secret if there is one already."""
        key, moment = random_secret(), now()
        connection = Connection(
            id=f"{provider[:2]}-{''.join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))}",
            provider=provider,
            ats_id=ats_id,
            client_id=client_id,
            key_sha256=sha256(key),
            created_at=moment,
            created_by=created_by,
        )
        if secret:
            connection = self._with_secrets(connection, [secret], (moment,))
        self._put(connection, "attribute_not_exists(ConnectionId)")
        return Created(connection, key)

    def secrets(self, connection: Connection) -> Secrets:
        """Return the secrets of a connection in plain."""
        return self._envelope.open(connection.id, connection.sealed) if connection.sealed else Secrets()

    def add_secret(self, connection: Connection, secret: str) -> Connection:
        """Add a secret.

        Raises:
            ValueError: the text can't be a secret, is one already, or there are five.
        """
        known = self.secrets(connection)
        if not _SECRET.fullmatch(secret):
            raise ValueError(
                f"received {len(secret)} characters; a secret has 8 to 512, all visible ASCII without spaces"
            )
        if secret in known:
            raise ValueError(f"{connection.id} has this secret already")
        if len(known) >= MOST_SECRETS:
            raise ValueError(f"{connection.id} has {MOST_SECRETS} secrets; remove one first, with --remove")
        return self._replaced(self._with_secrets(connection, [*known, secret], (*connection.secrets_added_at, now())))

    def remove_secret(self, connection: Connection, number: int) -> Connection:
        """Remove a secret by its number, counted from 1.

        Raises:
            LookupError: there is no secret with this number.
        """
        left, times = list(self.secrets(connection)), list(connection.secrets_added_at)
        if not 1 <= number <= len(left):
            raise LookupError(f"{connection.id} has no secret {number}; `connections show` lists them")
        del left[number - 1], times[number - 1]
        return self._replaced(self._with_secrets(connection, left, tuple(times)))

    def disable(self, connection: Connection) -> Connection:
        """Disable a connection permanently and delete its secrets."""
        disabled = replace(connection, disabled_at=connection.disabled_at or now(), sealed=None, secrets_added_at=())
        return self._replaced(disabled)

    def _with_secrets(self, connection: Connection, plain: Sequence[str], added_at: tuple[datetime, ...]) -> Connection:
        sealed = self._envelope.seal(self._key_id, connection.id, plain) if plain else None
        return replace(connection, sealed=sealed, secrets_added_at=added_at)

    def _replaced(self, changed: Connection) -> Connection:
        """Store a changed connection, unless it was changed by others since it was read.

        Raises:
            ValueError: it was changed by others.
        """
        stored = replace(changed, version=changed.version + 1)
        try:
            self._put(stored, "Version = :read", {":read": {"N": str(changed.version)}})
        except ConditionFailed as failed:
            if not failed.in_doubt:
                raise ValueError(f"{changed.id} was changed at the same time; run the command again") from None
        return stored

    def _put(self, connection: Connection, condition: str, values: Item | None = None) -> None:
        self._dynamodb(
            "PutItem",
            TableName=self._table,
            Item=connection_item(connection),
            ConditionExpression=condition,
            **({"ExpressionAttributeValues": values} if values else {}),
        )


class Opened(NamedTuple):
    """A connection whose URL was used, and its secrets."""

    connection: Connection
    secrets: Secrets


class ConnectionLookup:
    """Authenticate the URLs of connections, and limit their requests.

    Connections are cached for 60 seconds, so that a change takes effect within that time; a new secret does at once
    (see `open`). Only right URLs are cached: a wrong key takes as long as an unknown connection.
    `requests_per_second` is the limit of each connection; 0 means that nothing is limited.
    """

    def __init__(  # noqa: PLR0913  # the collaborators of one lookup
        self,
        dynamodb: DynamoDB,
        table: str,
        envelope: Envelope,
        tokens_table: str,
        *,
        requests_per_second: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._envelope = envelope
        self._cache = Cache[str, Opened](_CACHE_SECONDS, clock)
        self._buckets = Buckets(dynamodb, tokens_table)
        self._requests_per_second = requests_per_second

    def open(self, provider: str, connection_id: str, key: str, address: str, *, seen: Opened | None = None) -> Opened:
        """Return the connection of a URL; `address` is the sender's IP address.

        With `seen`, whose secrets made no signature, return the connection as it is stored now: an operator may have
        added the secret since, and not every ATS repeats a delivery that is refused.

        Raises:
            UnknownConnection: there is none, its key is another, or it is disabled.
            TooManyRequests: likewise, and the address has used too many wrong URLs.
            Unavailable: KMS or the store did not answer in time.
        """
        digest = sha256(f"{provider}/{connection_id}/{key}")
        if seen is None and (cached := self._cache.get(digest)):
            return cached
        start = self._cache.clock()
        opened = self._read(provider, connection_id, key, address, seen)
        self._cache.keep(digest, opened, read_at=start)
        return opened

    def limit(self, connection: Connection) -> None:
        """Count a request of a connection.

        Raises:
            TooManyRequests: it sends too many.
        """
        if self._requests_per_second:
            self._buckets.take(key_of_connection(connection.id), limit_of_connection(self._requests_per_second))

    def _read(self, provider: str, connection_id: str, key: str, address: str, seen: Opened | None) -> Opened:
        found = read_connection(self._dynamodb, self._table, connection_id)
        has_key = hmac.compare_digest(found.key_sha256 if found else _NO_KEY, sha256(key))
        if found is None or not has_key or found.provider != provider or found.disabled_at:
            add_metric(Unauthenticated.__name__)  # its alarm tells of guessing, from however many addresses
            if self._requests_per_second:
                self._buckets.take(key_of_address(address), INVALID_TOKENS)
            raise UnknownConnection
        if seen and found == seen.connection:
            return seen  # KMS is called only if the secrets may have changed
        return Opened(found, self._envelope.open(found.id, found.sealed) if found.sealed else Secrets())


def read_connection(dynamodb: DynamoDB, table: str, connection_id: str) -> Connection | None:
    """Return a connection, or None."""
    if not _ID.fullmatch(connection_id):  # DynamoDB refuses keys of any length
        return None
    reply = dynamodb("GetItem", TableName=table, Key=part_key(connection_id, _PART["S"]), ConsistentRead=True)
    return _connection(reply["Item"]) if "Item" in reply else None


def part_key(connection_id: str, part: str) -> Item:
    """Return the key of a part of a connection."""
    return {"ConnectionId": {"S": connection_id}, "Part": {"S": part}}


def connection_item(connection: Connection) -> Item:
    """Return the item of a connection."""
    sealed = connection.sealed
    return {
        **part_key(connection.id, _PART["S"]),
        "Provider": {"S": connection.provider},
        "AtsId": {"S": connection.ats_id},
        "ClientId": {"S": connection.client_id},
        "KeySha256": {"S": connection.key_sha256},
        **({"Sealed": {"B": sealed.content}, "DataKey": {"B": sealed.data_key}} if sealed else {}),
        "SecretsAddedAt": {"L": [{"S": to_text(each)} for each in connection.secrets_added_at]},
        "CreatedAt": {"S": to_text(connection.created_at)},
        "CreatedBy": {"S": connection.created_by},
        **({"DisabledAt": {"S": to_text(connection.disabled_at)}} if connection.disabled_at else {}),
        "Version": {"N": str(connection.version)},
    }


def _connection(item: Item) -> Connection:
    return Connection(
        id=item["ConnectionId"]["S"],
        provider=item["Provider"]["S"],
        ats_id=AtsId(item["AtsId"]["S"]),
        client_id=item["ClientId"]["S"],
        key_sha256=item["KeySha256"]["S"],
        created_at=from_text(item["CreatedAt"]["S"]),
        created_by=item["CreatedBy"]["S"],
        sealed=Sealed(item["Sealed"]["B"], item["DataKey"]["B"]) if "Sealed" in item else None,
        secrets_added_at=tuple(from_text(each["S"]) for each in item["SecretsAddedAt"]["L"]),
        disabled_at=from_text(item["DisabledAt"]["S"]) if "DisabledAt" in item else None,
        version=int(item["Version"]["N"]),
    )
