"""Limits of requests: a token bucket for each ATS and connection, and for each address that sends invalid tokens.

The buckets are items of the Tokens table, so all execution environments share them. An environment takes permits in
advance (a lease): first one, then twice as many each time it used up the former lease within a second. Requests are
admitted if the table does not answer.

KeyId      S  limit#<ats>, limit#test#<ats> (test tokens), limit#connection#<id>, limit#address#<digest of the address>
FullAt     N  when the bucket is full again, in milliseconds since 1970; it determines how many permits are left
PerSecond  N  an ATS's own limit, if it has one
DeleteAt   N  when DynamoDB deletes an address's item, in seconds since 1970

One stored time is all that a bucket needs: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
"""

import hashlib
import math
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.client import DynamoDB, Item, pages
from application_status.platform.errors import ConditionFailed, TooManyRequests, Unavailable
from application_status.platform.values import AtsId

_LEASE_SECONDS = 1.0
_REFUSAL_SECONDS = 1.0  # an environment asks for more permits once a second, however many requests it refuses
_CALL_SECONDS = 2.2  # time for one attempt, so that the report itself still has time if the table is slow
_ATTEMPTS = 4
_LEASES_PER_BURST = 10
_MOST_LEASES = 1000
_DELETED_AFTER_SECONDS = 3600
_OVERFILL = 1000  # a bucket may gain a second's permits beyond its burst, so that most updates succeed at once
_KNOWN_FOR = 5000
_OF_ATS = "limit#"
_CONNECTION_BURST = 1000
_IS_FULL = "attribute_not_exists(FullAt) OR FullAt <= :now"
_IS_REFILLING = "FullAt > :recently AND FullAt <= :latest"


class Limit(NamedTuple):
    """A bucket of `burst` permits, which refills at `per_second`."""

    name: str
    per_second: float
    burst: int
    is_temporary: bool = False
    """Whether DynamoDB deletes the bucket's item an hour after it is full."""

    @property
    def window(self) -> float:
        """The seconds in which an empty bucket refills."""
        return self.burst / self.per_second


def limit_of_ats(per_second: float) -> Limit:
    """Return the limit of an ATS: two seconds' requests at once, but at least the 100 signals of a request."""
    return Limit("ats", per_second, burst=max(100, math.ceil(2 * per_second)))


INVALID_TOKENS = Limit("invalid-tokens", per_second=0.2, burst=20, is_temporary=True)
"""The limit of an address's requests with invalid tokens, or to unknown connections: 20 at once, then 12 a minute."""


def key_of_ats(ats_id: AtsId, *, test: bool) -> str:
    """Return the key of an ATS's bucket; its test tokens have a bucket of their own."""
    return f"limit#test#{ats_id}" if test else f"{_OF_ATS}{ats_id}"


def limit_of_connection(per_second: float) -> Limit:
    """Return the limit of a connection, which admits 1,000 rejections by one click."""
    return Limit("connection", per_second, burst=max(_CONNECTION_BURST, math.ceil(2 * per_second)), is_temporary=True)


def key_of_connection(connection_id: str) -> str:
    """Return the key of a connection's bucket."""
    return f"limit#connection#{connection_id}"


def key_of_address(address: str) -> str:
    """Return the key of an address's bucket, which contains only a digest, as addresses are personal data.

    All addresses of an IPv6 /64, which one host can have, share a bucket.
    """
    try:
        host = socket.inet_pton(socket.AF_INET6, address)[:8]
    except OSError:
        host = address.encode()
    return f"limit#address#{hashlib.sha256(host).hexdigest()[:16]}"


def is_empty(item: Item, limit: Limit, seconds: float) -> bool:
    """Return whether a bucket's item has no permit at a time, in seconds since 1970."""
    return "FullAt" in item and _permits(int(item["FullAt"]["N"]), limit, int(seconds * 1000)) < 1


@dataclass(slots=True)
class _Lease:
    """A bucket as last read, and the permits taken from it; times in seconds since 1970."""

    limit: Limit
    size: int = 0
    left: int = 0
    ends: float = 0.0
    refuses_until: float = 0.0
    full_at: int = 0


class Buckets:
    """Take permits from buckets; `clock` returns seconds since 1970."""

    def __init__(self, dynamodb: DynamoDB, tokens_table: str, clock: Callable[[], float] = time.time) -> None:
        self._dynamodb = dynamodb
        self._table = tokens_table
        self.clock = clock
        self._leases: dict[str, _Lease] = {}

    def take(self, key: str, limit: Limit, amount: int = 1) -> None:
        """Take permits from a bucket; `amount` is at most the limit's burst.

        Raises:
            TooManyRequests: the bucket has too few.
        """
        now = self.clock()
        lease = self._leases.get(key)
        if lease is None:
            self._forget_ended(now)
            lease = self._leases[key] = _Lease(limit)
        if now < lease.refuses_until:
            raise refusal(lease.limit, lease.refuses_until - now)
        if now >= lease.ends:
            lease.size = 0
        if lease.left < amount:
            self._renew(key, lease, limit, amount - lease.left, now)
        lease.left -= amount

    def _renew(self, key: str, lease: _Lease, default: Limit, amount: int, now: float) -> None:
        size = max(amount, min(2 * lease.size, lease.limit.burst // _LEASES_PER_BURST))
        start = int(now * 1000)
        is_refilling = lease.full_at > start - _KNOWN_FOR
        for _ in range(_ATTEMPTS):
            taking = self._taking(key, lease.limit, size, start, is_refilling=is_refilling)
            try:
                with deadline(_CALL_SECONDS):
                    reply = self._dynamodb("UpdateItem", **taking)
            except Unavailable:
                size = lease.limit.burst
            except ConditionFailed as failed:
                _learn(lease, default, failed.item or {})
                is_refilling = lease.full_at > start - _OVERFILL
                left = _permits(lease.full_at, lease.limit, start)
                if left < amount:
                    if left < 1:
                        lease.refuses_until = now + _REFUSAL_SECONDS
                    again = amount + 1 if amount > 1 else 1  # the next request takes one before those of its reports
                    raise refusal(lease.limit, (again - left) / lease.limit.per_second) from None
                size = max(amount, min(size, int(left)))
                continue
            else:
                _learn(lease, default, reply["Attributes"])
            break
        lease.size = size
        lease.left += size
        lease.ends = now + _LEASE_SECONDS

    def _taking(self, key: str, limit: Limit, size: int, start: int, *, is_refilling: bool) -> dict[str, Any]:
        """Return the update that takes permits from a bucket that is refilling, or full; `start` is in milliseconds."""
        cost = math.ceil(size * 1000 / limit.per_second)
        if is_refilling:
            condition, full_at = _IS_REFILLING, "FullAt + :cost"
            values = {":cost": cost, ":recently": start - _OVERFILL, ":latest": start + int(limit.window * 1000) - cost}
        else:
            condition, full_at = _IS_FULL, ":full"
            values = {":now": start, ":full": start + cost}
        update = f"SET FullAt = {full_at}"
        if limit.is_temporary:
            update += ", DeleteAt = :deleted"
            values[":deleted"] = start // 1000 + int(limit.window) + _DELETED_AFTER_SECONDS
        return {
            "TableName": self._table,
            "Key": {"KeyId": {"S": key}},
            "ConditionExpression": condition,
            "UpdateExpression": update,
            "ExpressionAttributeValues": {name: {"N": str(value)} for name, value in values.items()},
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _forget_ended(self, now: float) -> None:
        if len(self._leases) >= _MOST_LEASES:
            self._leases = {key: each for key, each in self._leases.items() if now < max(each.ends, each.refuses_until)}


class OwnLimits:
    """Set and list the limits of single ATSs, for the command line."""

    def __init__(self, dynamodb: DynamoDB, tokens_table: str) -> None:
        self._dynamodb = dynamodb
        self._table = tokens_table

    def all(self) -> dict[AtsId, int]:
        """Return the ATSs that have a limit of their own, and their requests a second."""
        request = {"TableName": self._table, "FilterExpression": "attribute_exists(PerSecond)", "ConsistentRead": True}
        items = [item for page in pages(self._dynamodb, "Scan", request) for item in page]
        return {AtsId(each["KeyId"]["S"].removeprefix(_OF_ATS)): int(each["PerSecond"]["N"]) for each in items}

    def set(self, ats_id: AtsId, per_second: int) -> None:
        """Limit an ATS to a number of requests a second."""
        self._update(ats_id, "SET PerSecond = :limit", {":limit": {"N": str(per_second)}})

    def unset(self, ats_id: AtsId) -> None:
        """Limit an ATS like all others."""
        self._update(ats_id, "REMOVE PerSecond")

    def _update(self, ats_id: AtsId, update: str, values: Item | None = None) -> None:
        self._dynamodb(
            "UpdateItem",
            TableName=self._table,
            Key={"KeyId": {"S": key_of_ats(ats_id, test=False)}},
            UpdateExpression=update,
            **({"ExpressionAttributeValues": values} if values else {}),
        )


def _learn(lease: _Lease, default: Limit, item: Mapping[str, Any]) -> None:
    """Store what an item contains: when the bucket is full again, and the ATS's own limit, if it has one."""
    lease.full_at = int(item["FullAt"]["N"]) if "FullAt" in item else 0
    lease.limit = limit_of_ats(int(item["PerSecond"]["N"])) if "PerSecond" in item else default


def _permits(full_at: int, limit: Limit, start: int) -> float:
    """Return how many permits a bucket has; times in milliseconds since 1970."""
    return limit.burst - max(full_at - start, 0) * limit.per_second / 1000


def refusal(limit: Limit, seconds: float = 0) -> TooManyRequests:
    """Return the error of a reached limit, with the seconds until it admits more."""
    if limit is INVALID_TOKENS:
        text = (
            "Too many requests with an invalid token or to unknown connections came from this address. Send a valid "
            "token, or use a connection's own URL"
        )
    else:
        sender = "Your ATS" if limit.name == "ats" else "A connection"
        text = (
            f"{sender} may send {limit.per_second:g} requests a second, and {limit.burst} at once; each signal counts "
            "as one. Send the same request again"
        )
    retry_after = math.ceil(max(seconds, _REFUSAL_SECONDS))
    text = f"{text} after Retry-After seconds."
    return TooManyRequests(text, limit.name, limit.burst, math.ceil(limit.window), retry_after)
