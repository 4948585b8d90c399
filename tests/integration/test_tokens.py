"""Tokens in the table: what is stored of them, how many live, and how soon a revocation is felt."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.access import rules as tokens
from application_status.access.register import TokenRegister, TooManyTokens
from application_status.access.tokens import TokenLookup
from application_status.platform.dynamodb.client import DynamoDBError
from application_status.platform.errors import ConditionFailed, Unavailable
from application_status.platform.values import AtsId, now
from support.faults import Clock
from support.world import OTHER_TOKEN, TEMPLATE, TOKEN, RecordingDynamoDB

ATS, OTHER_ATS = AtsId("workday"), AtsId("greenhouse")
TABLE = "TokensTable"


@pytest.fixture
def dynamodb() -> Iterator[RecordingDynamoDB]:
    with mock_aws():
        client = boto3.client("dynamodb")
        for table in TEMPLATE.tables():
            client.create_table(**table)
        yield RecordingDynamoDB(client)


@pytest.fixture
def register(dynamodb: RecordingDynamoDB) -> TokenRegister:
    return TokenRegister(dynamodb, TABLE)


def owner(dynamodb: RecordingDynamoDB, text: str) -> AtsId | None:
    """Ask a fresh container."""
    return TokenLookup(dynamodb, TABLE).owner(text)


def test_only_the_digest_is_stored(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """No item holds a token or its secret; an opaque token's id is cut from its digest."""
    own = tokens.generate()
    register.add(own, ATS)
    register.add(TOKEN, ATS, expires_at=now() + timedelta(days=1))
    everything = json.dumps(dynamodb("Scan", TableName=TABLE)["Items"])
    items = [item for item in dynamodb("Scan", TableName=TABLE)["Items"] if "TokenSha256" in item]
    for secret in (own, own[-49:], own[-49:-6], TOKEN, TOKEN[6:-6]):
        assert secret not in everything
    assert {item["TokenSha256"]["S"] for item in items} == {tokens.sha256(own), tokens.sha256(TOKEN)}
    assert {item["KeyId"]["S"] for item in items} == {own[10:18], f"opaque-{tokens.sha256(TOKEN)[:16]}"}


@pytest.mark.parametrize("text", [TOKEN, "x", "~" * 256, "Bearer", "atsi", "atsi-live-token", '{"a":1}'])
def test_opaque_tokens_work(dynamodb: RecordingDynamoDB, register: TokenRegister, text: str) -> None:
    """Up to 256 visible ASCII characters; the contract's sample is one."""
    assert owner(dynamodb, text) is None
    register.add(text, ATS)
    assert owner(dynamodb, text) == ATS


MISTYPED = f"atsi_live_00000000_{'0' * 43}000000"


@pytest.mark.parametrize("text", ["", " ", "a b", "x" * 257, "ä", "x\n", MISTYPED, "\ud800"])
def test_what_cannot_be_a_token_is_not_stored(dynamodb: RecordingDynamoDB, register: TokenRegister, text: str) -> None:
    """Or it could never be presented."""
    with pytest.raises(ValueError, match="visible ASCII"):
        register.add(text, ATS)
    assert dynamodb("Scan", TableName=TABLE)["Count"] == 0


def test_two_live_tokens_at_most(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """A rotation needs two; a third is refused with the ids of the two, until one is revoked."""
    first, second = (register.add(tokens.generate(), ATS) for _ in range(2))
    third = tokens.generate()
    with pytest.raises(TooManyTokens, match=f"{first.key_id}, {second.key_id}") as refusal:
        register.add(third, ATS)
    assert third not in str(refusal.value)
    assert owner(dynamodb, third) is None
    register.add(OTHER_TOKEN, OTHER_ATS)
    register.revoke(first.key_id)
    register.add(third, ATS)
    assert owner(dynamodb, third) == ATS


def test_test_tokens_count_for_themselves(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """Two of each; an item without a kind, as all were before there was a choice, is a live token's."""
    for kind in (False, True):
        texts = [tokens.generate(test=kind) for _ in range(3)]
        for text in texts[:2]:
            assert register.add(text, ATS).test is kind
        with pytest.raises(TooManyTokens):
            register.add(texts[2], ATS)
    assert [(token.ats_id, token.test) for token in register.list()] == [(ATS, False)] * 2 + [(ATS, True)] * 2
    items = dynamodb("Scan", TableName=TABLE)["Items"]
    kinds = {item["KeyId"]["S"]: item.get("Test") for item in items if "TokenSha256" in item}
    assert kinds == {token.key_id: {"BOOL": True} if token.test else None for token in register.list()}
    register.add(tokens.generate(test=True), OTHER_ATS)


def test_only_a_test_token_is_one(register: TokenRegister) -> None:
    """No other token is taken for one, and a live token can't be turned into one."""
    with pytest.raises(ValueError, match="atsi_test_"):
        register.add("atsi_test_of-our-own", ATS)
    assert not register.add("atsi_tested", ATS).test
    live = tokens.generate()
    assert tokens.key_id(live.replace("atsi_live_", "atsi_test_")) is None


def test_expired_tokens_make_room(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """They are not live, from the moment of their expiry on."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as moment:
        for _ in range(2):
            register.add(tokens.generate(), ATS, expires_at=now() + timedelta(days=1))
        moment.shift(timedelta(days=1) - timedelta(milliseconds=1))
        with pytest.raises(TooManyTokens):
            register.add(TOKEN, ATS)
        moment.shift(timedelta(milliseconds=1))
        register.add(TOKEN, ATS)
        assert owner(dynamodb, TOKEN) == ATS


def test_a_token_belongs_to_one_ats_for_ever(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """It can't be stored again, for the same ATS or another, nor brought back after its revocation."""
    stored = register.add(TOKEN, ATS)
    with pytest.raises(ValueError, match="already stored"):
        register.add(TOKEN, OTHER_ATS)
    register.revoke(stored.key_id)
    with time_machine.travel(now() + timedelta(days=1)), pytest.raises(ValueError, match="already stored"):
        register.add(TOKEN, ATS)
    assert owner(dynamodb, TOKEN) is None


def test_expired_token_is_refused_at_once(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """A container that remembers the token refuses it too."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as moment:
        register.add(TOKEN, ATS, expires_at=now() + timedelta(seconds=30))
        lookup = TokenLookup(dynamodb, TABLE, clock=Clock().monotonic)
        moment.shift(29.999)
        assert lookup.owner(TOKEN) == ATS
        moment.shift(0.001)
        assert lookup.owner(TOKEN) is None


def test_revoked_token_is_refused_within_sixty_seconds(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """A container may remember the token for that long, counted from its look-up; a fresh one refuses it at once."""
    stored, clock = register.add(TOKEN, ATS), Clock(now=1000)
    lookup = TokenLookup(dynamodb, TABLE, clock=clock.monotonic)
    assert lookup.owner(TOKEN) == ATS
    clock.sleep(1)
    register.revoke(stored.key_id)
    assert owner(dynamodb, TOKEN) is None
    dynamodb.operations.clear()
    clock.sleep(58.9)
    assert lookup.owner(TOKEN) == ATS
    assert dynamodb.operations == []
    clock.sleep(0.1)
    assert lookup.owner(TOKEN) is None
    assert dynamodb.operations == ["GetItem"]


def test_being_asked_does_not_prolong_the_memory(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """A busy container looks a token up as often as an idle one."""
    register.add(TOKEN, ATS)
    clock = Clock()
    lookup = TokenLookup(dynamodb, TABLE, clock=clock.monotonic)
    dynamodb.operations.clear()
    for _ in range(121):
        assert lookup.owner(TOKEN) == ATS
        clock.sleep(1)
    assert dynamodb.operations == ["GetItem", "UpdateItem", "GetItem", "GetItem"]


def test_unknown_tokens_are_not_remembered(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """A token works from the moment it is issued, and strangers can't fill the memory."""
    lookup = TokenLookup(dynamodb, TABLE, clock=Clock().monotonic)
    assert lookup.owner(TOKEN) is None
    register.add(TOKEN, ATS)
    assert lookup.owner(TOKEN) == ATS
    dynamodb.operations.clear()
    for _ in range(2):
        assert lookup.owner("unknown") is None
    assert dynamodb.operations == ["GetItem"] * 2


def test_revocation_is_once_and_for_all(register: TokenRegister) -> None:
    """The first moment stays; an unknown id is said to be unknown, and is not created."""
    stored = register.add(TOKEN, ATS)
    with time_machine.travel("2027-01-01T00:00:00Z", tick=False):
        register.revoke(stored.key_id)
    register.revoke(stored.key_id)
    (kept,) = register.list()
    assert str(kept.revoked_at) == "2027-01-01 00:00:00+00:00"
    with pytest.raises(LookupError, match="no token with the id nobody"):
        register.revoke("nobody")
    assert register.list() == [kept]


def test_list_is_complete_and_oldest_first(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """The list is longer than the megabyte that one Scan returns."""
    for day in range(4, 0, -1):
        with time_machine.travel(f"2026-11-0{day}T00:00:00Z", tick=False):
            stored = register.add(tokens.generate(), AtsId(f"ats-{day}"))
        key = {"KeyId": {"S": stored.key_id}}
        pad = {":pad": {"S": "x" * 390_000}}
        change = {"UpdateExpression": "SET Padding = :pad", "ExpressionAttributeValues": pad}
        dynamodb("UpdateItem", TableName=TABLE, Key=key, **change)
    dynamodb.operations.clear()
    assert [token.ats_id for token in register.list()] == ["ats-1", "ats-2", "ats-3", "ats-4"]
    assert dynamodb.operations == ["Scan", "Scan"]
    assert [token.ats_id for token in register.list(AtsId("ats-2"))] == ["ats-2"]


def test_first_use_of_a_day_is_stored(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """One write a token and day, whichever container is first; a cached or refused token leads to none."""
    with time_machine.travel("2026-11-22T23:59:00Z", tick=False) as moment:
        stored = register.add(TOKEN, ATS)
        assert [token.last_used_on for token in register.list()] == [None]
        lookup = TokenLookup(dynamodb, TABLE, clock=Clock().monotonic)
        dynamodb.operations.clear()
        for _ in range(3):
            assert lookup.owner(TOKEN) == ATS
            assert owner(dynamodb, TOKEN) == ATS
        assert dynamodb.operations.count("UpdateItem") == 1
        assert [token.last_used_on for token in register.list()] == ["2026-11-22"]
        moment.shift(timedelta(minutes=2))
        assert owner(dynamodb, TOKEN) == ATS
        register.revoke(stored.key_id)
        moment.shift(timedelta(days=1))
        assert owner(dynamodb, TOKEN) is None
        assert [token.last_used_on for token in register.list()] == ["2026-11-23"]


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("throttled"),
        DynamoDBError("AccessDeniedException", "", 400, {}),
        ConditionFailed(None, in_doubt=False),
    ],
)
def test_token_works_where_its_use_cannot_be_stored(
    dynamodb: RecordingDynamoDB, register: TokenRegister, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The request matters more than the day of its token."""
    register.add(TOKEN, ATS)
    call = RecordingDynamoDB.__call__

    def fails(client: RecordingDynamoDB, operation: str, **request: Any) -> dict[str, Any]:
        if operation == "UpdateItem":
            raise error
        return call(client, operation, **request)

    monkeypatch.setattr(RecordingDynamoDB, "__call__", fails)
    assert owner(dynamodb, TOKEN) == ATS
    assert [token.last_used_on for token in register.list()] == [None]


def test_tokens_of_release_1_0_count(dynamodb: RecordingDynamoDB, register: TokenRegister) -> None:
    """No item names them: the first token that is issued afterwards reads them all, the later ones no more."""
    for text in (TOKEN, OTHER_TOKEN):
        register.add(text, ATS)
    dynamodb("DeleteItem", TableName=TABLE, Key={"KeyId": {"S": f"ats-tokens#{ATS}"}})
    with pytest.raises(TooManyTokens):
        register.add(tokens.generate(), ATS)
    register.revoke(register.list()[0].key_id)
    register.add(tokens.generate(), ATS)
    dynamodb.operations.clear()
    with pytest.raises(TooManyTokens):
        register.add(tokens.generate(), ATS)
    assert dynamodb.operations == ["GetItem", "BatchGetItem"]


def test_token_whose_reply_was_lost_is_stored_once(register: TokenRegister, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second attempt finds the first one's items."""
    call = RecordingDynamoDB.__call__

    def twice(client: RecordingDynamoDB, operation: str, **request: Any) -> dict[str, Any]:
        if operation == "TransactWriteItems":
            call(client, operation, **request)
        return call(client, operation, **request)

    monkeypatch.setattr(RecordingDynamoDB, "__call__", twice)
    token = register.add(TOKEN, ATS)
    assert register.list() == [token]


@pytest.mark.parametrize("key", ["ats#workday", "ats-tokens#workday"])
def test_only_tokens_can_be_revoked(dynamodb: RecordingDynamoDB, register: TokenRegister, key: str) -> None:
    """Other items of the table are left alone."""
    register.add(TOKEN, ATS)
    dynamodb("PutItem", TableName=TABLE, Item={"KeyId": {"S": "ats#workday"}, "Overrides": {"M": {}}})
    before = dynamodb("Scan", TableName=TABLE)["Items"]
    with pytest.raises(LookupError):
        register.revoke(key)
    assert dynamodb("Scan", TableName=TABLE)["Items"] == before
