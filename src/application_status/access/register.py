"""Add, list and revoke tokens and OAuth clients, for the command line; the verification lists them, too."""

from collections.abc import Sequence
from datetime import datetime

from application_status.access import items
from application_status.access.rules import Token, is_test, key_id, sha256
from application_status.platform.dynamodb.client import DynamoDB, Item, batch_get, pages
from application_status.platform.errors import ConditionFailed, ServiceError
from application_status.platform.values import AtsId, now, to_text

_LIVE_TOKENS_PER_ATS = 2


class TooManyTokens(ServiceError):
    """The ATS already has two live tokens or clients of the same kind, enough to replace one by the other."""


class TokenRegister:
    """The Tokens table, without a cache."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(
        self, text: str, ats_id: AtsId, *, issued_by: str | None = None, expires_at: datetime | None = None
    ) -> Token:
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
        token = Token(
            key_id=found,
            sha256=sha256(text),
            ats_id=ats_id,
            created_at=now(),
            test=is_test(text),
            expires_at=expires_at,
            issued_by=issued_by,
        )
        self._add(token)
        return token

    def add_client(  # noqa: PLR0913  # what is stored of a client
        self,
        client_id: str,
        client_secret: str,
        public_key: str,
        ats_id: AtsId,
        *,
        issued_by: str | None = None,
        expires_at: datetime | None = None,
    ) -> Token:
        """Store a client of an ATS: the digest of its secret, and the public key of its access tokens.

        Raises:
            ValueError: the client_id is already stored.
            TooManyTokens: the ATS has two live clients already; live and test clients are counted separately.
        """
        client = Token(
            key_id=client_id,
            sha256=sha256(client_secret),
            ats_id=ats_id,
            created_at=now(),
            test=is_test(client_id),
            expires_at=expires_at,
            issued_by=issued_by,
            public_key=public_key,
        )
        self._add(client)
        return client

    def list(self, ats_id: AtsId | None = None) -> Sequence[Token]:
        """Return all tokens and clients, or those of one ATS, oldest first."""
        request = {"TableName": self._table, "FilterExpression": items.HAS_DIGEST, "ConsistentRead": True}
        tokens = [items.token(item) for page in pages(self._dynamodb, "Scan", request) for item in page]
        return sorted((t for t in tokens if ats_id in (None, t.ats_id)), key=lambda token: token.created_at)

    def revoke(self, key_id: str) -> None:
        """Revoke a token permanently.

        Raises:
            LookupError: there is no token with this id.
        """
        self._revoke(key_id, items.IS_TOKEN, f"there is no token with the id {key_id}; `tokens list` has the ids")

    def revoke_client(self, client_id: str) -> None:
        """Revoke a client permanently, and with it its access tokens.

        Raises:
            LookupError: there is no client with this id.
        """
        unknown = f"there is no client with the client_id {client_id}; `clients list` has the ids"
        self._revoke(client_id, items.IS_CLIENT, unknown)

    def _revoke(self, key_id: str, condition: str, unknown: str) -> None:
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._table,
                Key=items.key(key_id),
                ConditionExpression=condition,
                UpdateExpression="SET RevokedAt = if_not_exists(RevokedAt, :now)",
                ExpressionAttributeValues={":now": {"S": to_text(now())}},
            )
        except ConditionFailed:
            raise LookupError(unknown) from None

    def _add(self, token: Token) -> None:
        """Store a token or a client.

        One transaction writes it and the list of the ATS's tokens and clients, on condition that the list has not
        changed since it was read. So an ATS has two live ones of a kind at most, however many operators issue some at
        the same time.

        Raises:
            ValueError: the id is already stored.
            TooManyTokens: the ATS has two live ones of this kind already.
        """
        while True:
            listed = self._dynamodb(
                "GetItem", TableName=self._table, Key=items.key_of_tokens(token.ats_id), ConsistentRead=True
            ).get("Item")
            others = [each for each in self._others(token.ats_id, listed) if each.is_live(token.created_at)]
            _check_room(token, others)
            try:
                self._put(token, others, listed)
            except ConditionFailed as failed:
                if 0 not in failed.actions:
                    continue  # another one was issued for this ATS meanwhile
                if failed.item != items.item(token):  # else an earlier attempt wrote it, and its reply was lost
                    raise ValueError(f"a {_kind(token)} with the id {token.key_id} is already stored") from None
            return

    def _others(self, ats_id: AtsId, listed: Item | None) -> Sequence[Token]:
        """Return at least an ATS's live tokens and clients; the first one since release 1.0 reads the whole table."""
        if listed is None:
            return self.list(ats_id)
        keys = [items.key(each["S"]) for each in listed["TokenIds"]["L"]]
        return [items.token(item) for item in batch_get(self._dynamodb, self._table, keys)]

    def _put(self, token: Token, others: Sequence[Token], listed: Item | None) -> None:
        version = int(listed["Version"]["N"]) if listed else 0
        seen = {"ExpressionAttributeValues": {":seen": {"N": str(version)}}} if listed else {}
        ids = [each.key_id for each in (*others, token)]
        self._dynamodb(
            "TransactWriteItems",
            TransactItems=[
                {
                    "Put": {
                        "TableName": self._table,
                        "Item": items.item(token),
                        "ConditionExpression": "attribute_not_exists(KeyId)",
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
                {
                    "Put": {
                        "TableName": self._table,
                        "Item": items.tokens_of_ats(token.ats_id, ids, version + 1),
                        "ConditionExpression": "Version = :seen" if listed else "attribute_not_exists(KeyId)",
                        **seen,
                    }
                },
            ],
        )


def _check_room(token: Token, others: Sequence[Token]) -> None:
    same = [each.key_id for each in others if (each.test, each.is_client) == (token.test, token.is_client)]
    if len(same) >= _LIVE_TOKENS_PER_ATS:
        kind = f"{'test ' if token.test else ''}{_kind(token)}s"
        raise TooManyTokens(f"{token.ats_id} has {len(same)} live {kind} ({', '.join(same)}); revoke one first")


def _kind(token: Token) -> str:
    return "client" if token.is_client else "token"
