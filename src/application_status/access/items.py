"""The items of the Tokens table that hold tokens and OAuth clients, as DynamoDB JSON.

A token, or a client:

KeyId                            S     the key, see rules.key_id; of a client, its client_id
TokenSha256, AtsId               S     the digest of the token or of the client_secret, and the ATS to which it belongs
PublicKey                        S     only on clients: the Ed25519 key that verifies their access tokens, in base64url
Test                             BOOL  only on test tokens
CreatedAt, ExpiresAt, RevokedAt  S     the latter two only if they apply
IssuedBy                         S     who issued it; absent in tokens of release 1.0
LastUsedOn                       S     the day (UTC) of its last use; absent if it was not used

The tokens and clients of an ATS, to issue at most two:

KeyId      S     ats-tokens#<ats>
TokenIds   L     the key ids of those that were live when one was last issued
Version    N     + 1 with each one issued

Other items of the table: overrides of labels have keys that begin with ats#, and limits of requests (limits.py) have
keys that begin with limit#. The item of ats-names has the names of ATSs (names.py).
"""

from collections.abc import Sequence
from datetime import datetime

from application_status.access.rules import Token
from application_status.platform.dynamodb.client import Item
from application_status.platform.values import AtsId, from_text, to_text

HAS_DIGEST = "attribute_exists(TokenSha256)"
IS_TOKEN = f"{HAS_DIGEST} AND attribute_not_exists(PublicKey)"
IS_CLIENT = "attribute_exists(PublicKey)"


def key(key_id: str) -> Item:
    """Return the key of a token."""
    return {"KeyId": {"S": key_id}}


def key_of_tokens(ats_id: AtsId) -> Item:
    """Return the key of the item that names an ATS's tokens."""
    return {"KeyId": {"S": f"ats-tokens#{ats_id}"}}


def tokens_of_ats(ats_id: AtsId, key_ids: Sequence[str], version: int) -> Item:
    """Return the item that names an ATS's tokens."""
    ids = [{"S": each} for each in key_ids]
    return {**key_of_tokens(ats_id), "TokenIds": {"L": ids}, "Version": {"N": str(version)}}


def item(token: Token) -> Item:
    """Return the item of a token that was never used."""
    moments = {"CreatedAt": token.created_at, "ExpiresAt": token.expires_at, "RevokedAt": token.revoked_at}
    return {
        **key(token.key_id),
        "TokenSha256": {"S": token.sha256},
        "AtsId": {"S": token.ats_id},
        **({"Test": {"BOOL": True}} if token.test else {}),
        **({"PublicKey": {"S": token.public_key}} if token.public_key else {}),
        **({"IssuedBy": {"S": token.issued_by}} if token.issued_by else {}),
        **{name: {"S": to_text(moment)} for name, moment in moments.items() if moment},
    }


def token(item: Item) -> Token:
    """Parse a token."""

    def text(name: str) -> str | None:
        return item[name]["S"] if name in item else None

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
        issued_by=text("IssuedBy"),
        last_used_on=text("LastUsedOn"),
        public_key=text("PublicKey"),
    )
