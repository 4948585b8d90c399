"""The Tokens table, and the authentication of a request by its token.

calling_ats, ats_of_token  return the ATS to which a request's token belongs
Environments               selects live data or the sandbox's, depending on the token
TokenLookup                reads tokens, with a cache
TokenRegister              adds, lists and revokes tokens, for the command line

KeyId                            S     the key, see rules.key_id; overrides of labels have keys that begin with ats#,
                                       and limits of requests (limits.py) keys that begin with limit#
TokenSha256, AtsId               S     the token's digest, and the ATS to which it belongs
Test                             BOOL  only on test tokens
CreatedAt, ExpiresAt, RevokedAt  S     the latter two only if they apply
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from application_status.access.limits import (
    INVALID_TOKENS,
    Buckets,
    is_empty,
    key_of_address,
    key_of_ats,
    limit_of_ats,
)
from application_status.access.rules import Token, is_opaque, is_test, key_id, sha256
from application_status.platform.dynamodb.client import Cache, DynamoDB, Item, batch_get, pages
from application_status.platform.errors import ConditionFailed, ServiceError, Unauthenticated
from application_status.platform.http.endpoint import Request
from application_status.platform.telemetry import enter_sandbox
from application_status.platform.values import AtsId, from_text, now, to_text

_CACHE_SECONDS = 60
_LIVE_TOKENS_PER_ATS = 2
_HAS_DIGEST = "attribute_exists(TokenSha256)"


class TokenLookup:
    """Look up the ATS to which a token belongs, and limit the requests of ATSs.

    Valid tokens are cached for 60 seconds, so a revocation takes effect within that time. `requests_per_second` is the
    limit of each ATS; 0 means that nothing is limited.
    """

    def __init__(
        self,
        dynamodb: DynamoDB,
        table: str,
        requests_per_second: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._cache = Cache[str, Token](_CACHE_SECONDS, clock)
        self._buckets = Buckets(dynamodb, table)
        self._requests_per_second = requests_per_second

    def owner(self, text: str, address: str = "") -> AtsId | None:
        """Return the ATS to which this live token belongs, or None; `address` is the sender's IP address.

        Raises:
            TooManyRequests: the token is not valid, or is opaque, and the address has sent too many invalid ones.
        """
        found = key_id(text)
        if found is None:
            return None
        token = self._cache.get(found) or self._read(found, text, address)
        if token and token.matches(text) and token.is_live(now()):
            return token.ats_id
        if self._requests_per_second:
            self._buckets.take(key_of_address(address), INVALID_TOKENS)
        return None

    def _read(self, found: str, text: str, address: str) -> Token | None:
        """Read a token and cache it, if the text is this token.

        An opaque token may be short enough to be guessed, so its address's bucket is read with it.
        """
        if self._requests_per_second and is_opaque(found):
            of_address = key_of_address(address)
            items = {
                each["KeyId"]["S"]: each
                for each in batch_get(self._dynamodb, self._table, [_key(found), _key(of_address)])
            }
            if of_address in items and is_empty(items[of_address], INVALID_TOKENS, self._buckets.clock()):
                self._buckets.take(of_address, INVALID_TOKENS)
            item = items.get(found)
        else:
            item = self._dynamodb("GetItem", TableName=self._table, Key=_key(found), ConsistentRead=True).get("Item")
        token = _token(item) if item else None
        if token and token.matches(text):
            self._cache.keep(found, token)
        return token

    def limit(self, ats: "CallingAts", requests: int = 1) -> None:
        """Count requests of an ATS.

        Raises:
            TooManyRequests: the ATS sends too many.
        """
        if self._requests_per_second:
            key = key_of_ats(ats.id, test=ats.in_sandbox)
            self._buckets.take(key, limit_of_ats(self._requests_per_second), requests)


class CallingAts(NamedTuple):
    """An authenticated ATS; `in_sandbox` is True if its token is a test token."""

    id: AtsId
    in_sandbox: bool


class Environments[Kind](NamedTuple):
    """A pair of the same object: one for live data, one for the sandbox."""

    live: Kind
    sandbox: Kind

    def for_caller(self, ats: CallingAts) -> Kind:
        """Return the one that an ATS may use."""
        return self.sandbox if ats.in_sandbox else self.live


def calling_ats(request: Request, tokens: TokenLookup) -> CallingAts:
    """Return the ATS whose token is in the header `X-AtsiToken`.

    Raises:
        Unauthenticated: there is no valid token, or several different ones.
        TooManyRequests: the address has sent too many invalid tokens.
    """
    presented = request.headers.get("x-atsitoken", ())
    return ats_of_token(presented[0] if len(presented) == 1 else "", request, tokens)


def ats_of_token(text: str, request: Request, tokens: TokenLookup) -> CallingAts:
    """Return the ATS to which a request's token belongs; a test token marks the telemetry as the sandbox's.

    Raises:
        Unauthenticated: the token is not valid.
        TooManyRequests: the address has sent too many invalid tokens.
    """
    in_sandbox = is_test(text)
    if in_sandbox:
        enter_sandbox()
    ats_id = tokens.owner(text, request.address)
    if ats_id is None:
        raise Unauthenticated
    return CallingAts(ats_id, in_sandbox)


class TooManyTokens(ServiceError):
    """The ATS already has two live tokens of the same kind, enough to replace one by the other."""


class TokenRegister:
    """Add, list and revoke tokens, for the command line."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(self, text: str, ats_id: AtsId, *, expires_at: datetime | None = None) -> Token:
        """Store a token's digest for an ATS.

        Raises:
            ValueError: the text can't be a token, or its key id is already stored.
            TooManyTokens: the ATS has two live tokens already; live and test tokens are counted separately.
        """
        found = key_id(text)
        if found is None:
            raise ValueError(
                "not a token: a token has 1 to 256 visible ASCII characters, and one that begins with atsi_live_ or "
                "atsi_test_ ends in its checksum"
            )
        created, test = now(), is_test(text)
        live = [token for token in self.list(ats_id) if token.is_live(created) and token.test is test]
        if len(live) >= _LIVE_TOKENS_PER_ATS:
            ids = ", ".join(token.key_id for token in live)
            raise TooManyTokens(
                f"{ats_id} has {len(live)} live {'test ' if test else ''}tokens ({ids}); revoke one first"
            )
        token = Token(
            key_id=found, sha256=sha256(text), ats_id=ats_id, created_at=created, test=test, expires_at=expires_at
        )
        try:
            self._dynamodb(
                "PutItem",
                TableName=self._table,
                Item=_item(token),
                ConditionExpression="attribute_not_exists(KeyId)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as failed:
            if failed.item != _item(token):
                raise ValueError(f"a token with the id {found} is already stored") from None
        return token

    def list(self, ats_id: AtsId | None = None) -> list[Token]:
        """Return all tokens, or those of one ATS, oldest first."""
        request = {"TableName": self._table, "FilterExpression": _HAS_DIGEST}
        tokens = [_token(item) for page in pages(self._dynamodb, "Scan", request) for item in page]
        return sorted((t for t in tokens if ats_id in (None, t.ats_id)), key=lambda token: token.created_at)

    def revoke(self, revoked_id: str) -> None:
        """Revoke a token permanently.

        Raises:
            LookupError: there is no token with this id.
        """
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._table,
                Key=_key(revoked_id),
                ConditionExpression="attribute_exists(KeyId)",
                UpdateExpression="SET RevokedAt = if_not_exists(RevokedAt, :now)",
                ExpressionAttributeValues={":now": {"S": to_text(now())}},
            )
        except ConditionFailed:
            raise LookupError(f"there is no token with the id {revoked_id}") from None


def _key(key_id: str) -> Item:
    return {"KeyId": {"S": key_id}}


def _item(token: Token) -> Item:
    moments = {"CreatedAt": token.created_at, "ExpiresAt": token.expires_at, "RevokedAt": token.revoked_at}
    return {
        **_key(token.key_id),
        "TokenSha256": {"S": token.sha256},
        "AtsId": {"S": token.ats_id},
        **({"Test": {"BOOL": True}} if token.test else {}),
        **{name: {"S": to_text(moment)} for name, moment in moments.items() if moment},
    }


def _token(item: Item) -> Token:
    def moment(name: str) -> datetime | None:
        return from_text(item[name]["S"]) if name in item else None

    return Token(
        key_id=item["KeyId"]["S"],
        sha256=item["TokenSha256"]["S"],
        ats_id=AtsId(item["AtsId"]["S"]),
        created_at=from_text(item["CreatedAt"]["S"]),
        test="Test" in item,
        expires_at=moment("ExpiresAt"),
        revoked_at=moment("RevokedAt"),
    )
