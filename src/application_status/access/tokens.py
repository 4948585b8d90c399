"""The authentication of a request by its token.

calling_ats, bearing_ats  return the ATS to which a request's token belongs
Environments              selects live data or the sandbox's, depending on the token
TokenLookup               reads tokens and OAuth clients, with a cache, stores the day of their last use, and limits
                          requests
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from application_status.access import items
from application_status.access.limits import (
    INVALID_TOKENS,
    Buckets,
    is_empty,
    key_of_address,
    key_of_ats,
    limit_of_ats,
)
from application_status.access.rules import Token, is_access_token, is_client_id, is_opaque, is_test, key_id
from application_status.access.trials import begin_trial
from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.client import CONNECT_SECONDS, READ_SECONDS, Cache, DynamoDB, batch_get
from application_status.platform.errors import ConditionFailed, ServiceError, TooManyRequests, Unauthenticated
from application_status.platform.http.endpoint import Request
from application_status.platform.telemetry import add_metric, enter_sandbox, logger
from application_status.platform.values import AtsId, now

_CACHE_SECONDS = 60
_ONE_ATTEMPT_SECONDS = CONNECT_SECONDS + READ_SECONDS + 0.01
_IS_FIRST_USE_OF_DAY = f"{items.HAS_DIGEST} AND (attribute_not_exists(LastUsedOn) OR LastUsedOn < :today)"

_OWN_HEADER, _AUTHORIZATION = "X-AtsiToken", "Authorization"
_OTHER_HEADERS = (
    *("X-Atsi-Token", "Atsi-Token", "AtsiToken", "X-Api-Key", "Api-Key", "ApiKey"),
    *("X-Auth-Token", "X-Access-Token", "Access-Token", "Token"),
)
_OTHER_PARAMETERS = ("X-AtsiToken", "AtsiToken", "atsi_token", "token", "access_token", "api_key", "apikey")
_IN_EITHER_HEADER: Final = f"alone in the header {_OWN_HEADER}, or as {_AUTHORIZATION}: Bearer"
_AS_BEARER: Final = f"as {_AUTHORIZATION}: Bearer"
_WORD = re.compile(r"[^\s,;<>\"']+")

type _Proof = Callable[[Token], bool]
"""Returns whether a sender has this token, or this client's secret or access token."""


class TokenLookup:
    """Look up the ATS to which a token belongs, and limit the requests of ATSs.

    Valid tokens are cached for 60 seconds, so a revocation takes effect within that time. The first read of a token on
    a day stores that day as its last use; a request does not fail if this write fails. The same is true of clients: an
    access token is valid only as long as its client. `requests_per_second` is the limit of each ATS; 0 means that
    nothing is limited.
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
        """Return the ATS to which this live token or access token belongs, or None; `address` is the sender's.

        Raises:
            TooManyRequests: the token is not valid, or is opaque, and the address has sent too many invalid ones.
        """
        if is_access_token(text):
            from application_status.access import clients  # noqa: PLC0415  # only access tokens need cryptography

            proves = partial(clients.is_access_token_of, text=text, moment=now())
            token = self._find(clients.client_id(text), proves, address)
        else:
            token = self._find(key_id(text), partial(Token.matches, text=text), address)
        return token.ats_id if token else None

    def client(self, client_id: str, secret: str, address: str) -> Token | None:
        """Return the live client with these credentials, or None; `address` is the sender's.

        Raises:
            TooManyRequests: they are not valid, and the address has sent too many invalid credentials or tokens.
        """
        found = client_id if is_client_id(client_id) else None
        return self._find(found, partial(Token.matches, text=secret), address)

    def limit(self, ats: "CallingAts", requests: int = 1) -> None:
        """Count requests of an ATS.

        Raises:
            TooManyRequests: the ATS sends too many.
        """
        if self._requests_per_second:
            key = key_of_ats(ats.id, test=ats.in_sandbox)
            self._buckets.take(key, limit_of_ats(self._requests_per_second), requests)

    def _count_invalid(self, address: str) -> None:
        """Count a request without a valid token.

        Raises:
            TooManyRequests: the address has sent too many.
        """
        try:
            self._buckets.take(key_of_address(address), INVALID_TOKENS)
        except TooManyRequests:
            add_metric(Unauthenticated.__name__)  # so that its alarm counts these replies, too
            raise

    def _find(self, key: str | None, proves: _Proof, address: str) -> Token | None:
        """Return the live token or client with this key, if the sender proves to have it.

        Raises:
            TooManyRequests: the address has sent too many invalid ones.
        """
        if key is None:
            return None
        token = self._cache.get(key) or self._read(key, proves, address)
        if token and proves(token) and token.is_live(now()):
            return token
        if self._requests_per_second:
            self._count_invalid(address)
        return None

    def _read(self, key_id: str, proves: _Proof, address: str) -> Token | None:
        """Read a token or client, and cache it if the sender proves to have it.

        An opaque token may be short enough to be guessed, so its address's bucket is read with it.
        """
        start = self._cache.clock()
        if self._requests_per_second and is_opaque(key_id):
            of_address = key_of_address(address)
            read = {
                each["KeyId"]["S"]: each
                for each in batch_get(self._dynamodb, self._table, [items.key(key_id), items.key(of_address)])
            }
            if of_address in read and is_empty(read[of_address], INVALID_TOKENS, self._buckets.clock()):
                self._count_invalid(address)
            item = read.get(key_id)
        else:
            key = items.key(key_id)
            item = self._dynamodb("GetItem", TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        token = items.token(item) if item else None
        if token and proves(token):
            self._cache.keep(key_id, token, read_at=start)
            self._store_use(token)
        return token

    def _store_use(self, token: Token) -> None:
        """Store that a live token is used today, unless that is stored; make one attempt only."""
        moment = now()
        today = moment.date().isoformat()
        if not token.is_live(moment) or (token.last_used_on or "") >= today:
            return
        try:
            with deadline(_ONE_ATTEMPT_SECONDS):
                self._dynamodb(
                    "UpdateItem",
                    TableName=self._table,
                    Key=items.key(token.key_id),
                    ConditionExpression=_IS_FIRST_USE_OF_DAY,
                    UpdateExpression="SET LastUsedOn = :today",
                    ExpressionAttributeValues={":today": {"S": today}},
                )
        except ConditionFailed:
            return  # another container stored it
        except ServiceError as error:
            logger.warning("last use not stored", error=type(error).__name__)


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
    """Return the ATS whose token is in the header `X-AtsiToken` or, without that, in `Authorization: Bearer`.

    Raises:
        Unauthenticated: there is no valid token, or several different ones.
        TooManyRequests: the address has sent too many invalid tokens.
    """
    presented = request.headers.get(_OWN_HEADER.lower())
    if presented is None:
        return _authenticated(_bearer_token(request), _IN_EITHER_HEADER, request, tokens)
    return _authenticated(presented[0] if len(presented) == 1 else "", _IN_EITHER_HEADER, request, tokens)


def bearing_ats(request: Request, tokens: TokenLookup) -> CallingAts:
    """Return the ATS whose token is in `Authorization: Bearer`.

    Raises:
        Unauthenticated: there is no valid token, or several different ones.
        TooManyRequests: the address has sent too many invalid tokens.
    """
    return _authenticated(_bearer_token(request), _AS_BEARER, request, tokens)


def no_valid_token(way: str = _IN_EITHER_HEADER) -> Unauthenticated:
    """Return the error of a request without a valid token; `way` says how to send one."""
    return Unauthenticated(f"A valid token for this path is required; send it {way}.")


def _bearer_token(request: Request) -> str:
    """Return the token in the header `Authorization: Bearer`, or an empty text without exactly one."""
    sent = request.headers.get(_AUTHORIZATION.lower(), ())
    scheme, _, token = sent[0].partition(" ") if len(sent) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""


def _authenticated(text: str, way: str, request: Request, tokens: TokenLookup) -> CallingAts:
    """Return the ATS to which a token belongs; without one, look for the token in one other place of the request.

    Raises:
        Unauthenticated: the token is not valid, or is in the other place; only then the error says so.
        TooManyRequests: the address has sent too many invalid tokens.
    """
    if ats := _owner(text, request, tokens):
        return ats
    token, place = next(_elsewhere(request, text), ("", ""))
    if _owner(token, request, tokens):
        raise Unauthenticated(f"Your token is valid, but this path can't read it from {place}; send it {way}.")
    raise no_valid_token(way)


def _owner(text: str, request: Request, tokens: TokenLookup) -> CallingAts | None:
    """Return the ATS to which a request's token belongs.

    A test token marks the telemetry as the sandbox's, and begins the notes on the request.
    """
    in_sandbox = is_test(text)
    if in_sandbox:
        enter_sandbox()
    ats_id = tokens.owner(text, request.address)
    if ats_id and in_sandbox:
        begin_trial(_key(text))
    return CallingAts(ats_id, in_sandbox) if ats_id else None


def _key(text: str) -> str:
    """Return the key of a valid token, or of the client of a valid access token."""
    if is_access_token(text):
        from application_status.access import clients  # noqa: PLC0415  # only access tokens need cryptography

        return str(clients.client_id(text))
    return str(key_id(text))


def _elsewhere(request: Request, read: str) -> Iterator[tuple[str, str]]:
    """Yield what may be the token in other places than it was read from, and the name of each place."""
    for name in (_OWN_HEADER, _AUTHORIZATION, *_OTHER_HEADERS):
        values = request.headers.get(name.lower(), ())
        words = _WORD.findall(values[0]) if values else []
        if words and words[-1] != read:  # the last word, because a scheme comes before the token
            yield words[-1], _described(name, values, request)
    for name in _OTHER_PARAMETERS:
        for value in request.query.get(name, ()):
            yield value, "the query string, which logs may keep"


def _described(header: str, values: Sequence[str], request: Request) -> str:
    if len(values) > 1:
        return f"the header {header}, which came {len(values)} times with different values"
    if header == _AUTHORIZATION and _OWN_HEADER.lower() in request.headers:
        return f"the header {header} while there is a header {_OWN_HEADER}"
    return f"the header {header} as it was sent"
