"""Both transports of the client: the same faults have the same result, and the same calls get the same replies."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application_status.platform.dynamodb.client import DynamoDB, DynamoDBError, NoReply, Transport
from application_status.platform.errors import ConditionFailed, Unavailable
from support.faulty_proxy import Fault, Proxy
from wire.conftest import Transported, both, over_boto, over_wire

KEY = {"KeyId": {"S": "1"}}
BEFORE = [
    Fault.THROTTLE,
    Fault.ERROR,
    Fault.HTML,
    Fault.HTML_REFUSAL,
    Fault.JSON_REFUSAL,
    Fault.SILENCE,
    Fault.RESET,
    Fault.HANG_UP,
]
NOT_REPLIES = [
    Fault.CUT_OFF_AFTER,
    Fault.EMPTY_AFTER,
    Fault.HTML_AFTER,
    Fault.NULL_AFTER,
    Fault.LIST_AFTER,
    Fault.TEXT_AFTER,
    Fault.DEEP_AFTER,
    Fault.NOT_UTF8_AFTER,
]
AFTER = [
    *NOT_REPLIES,
    Fault.ERROR_AFTER,
    Fault.SILENCE_AFTER,
    Fault.RESET_AFTER,
    Fault.TRUNCATED_AFTER,
    Fault.WRONG_CHECKSUM_AFTER,
]


def count_up(dynamodb: DynamoDB) -> dict[str, Any]:
    return dynamodb(
        "UpdateItem",
        TableName="TokensTable",
        Key=KEY,
        ConditionExpression="attribute_not_exists(Amount)",
        UpdateExpression="ADD Amount :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="ALL_NEW",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )


@both
@pytest.mark.parametrize("fault", BEFORE)
def test_fault_before_the_commit_is_not_seen(way: Proxy, transport: Transported, fault: Fault) -> None:
    """The second attempt succeeds."""
    way.plan = [fault]
    assert count_up(DynamoDB(transport(way.url)))["Attributes"] == {**KEY, "Amount": {"N": "1"}}
    assert way.operations == ["UpdateItem"] * 2


@both
@pytest.mark.parametrize("fault", AFTER)
def test_fault_after_the_commit_leaves_it_in_doubt(way: Proxy, transport: Transported, fault: Fault) -> None:
    """The second attempt meets the first one's write, and the error is marked as in doubt."""
    way.plan = [fault]
    with pytest.raises(ConditionFailed) as failed:
        count_up(DynamoDB(transport(way.url)))
    assert failed.value.in_doubt
    assert failed.value.item == {**KEY, "Amount": {"N": "1"}}
    assert way.operations == ["UpdateItem"] * 2


@both
@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
def test_lasting_fault_is_unavailable(way: Proxy, transport: Transported, fault: Fault) -> None:
    """After four attempts; the connection is good again afterwards."""
    dynamodb = DynamoDB(transport(way.url))
    way.plan = [fault] * 4
    with pytest.raises(Unavailable):
        dynamodb("GetItem", TableName="TokensTable", Key=KEY)
    assert len(way.operations) == 4
    assert dynamodb("GetItem", TableName="TokensTable", Key=KEY).keys() <= {"ResponseMetadata"}


@both
@pytest.mark.parametrize("fault", [Fault.HTML_REFUSAL, Fault.JSON_REFUSAL, *NOT_REPLIES])
def test_what_dynamodb_did_not_send_is_no_reply(way: Proxy, transport: Transported, fault: Fault) -> None:
    """An empty reply would mean "there is no such item", or "it is written"."""
    way.plan = [fault]
    with pytest.raises(NoReply):
        transport(way.url)("GetItem", {"TableName": "TokensTable", "Key": KEY})


OF_ONE_TABLE: dict[str, dict[str, Any]] = {
    "BatchGetItem": {"RequestItems": {"TokensTable": {"Keys": [KEY]}}},
    "BatchWriteItem": {"RequestItems": {"TokensTable": [{"DeleteRequest": {"Key": KEY}}]}},
    "DescribeTable": {"TableName": "TokensTable"},
    "Query": {
        "TableName": "TokensTable",
        "KeyConditionExpression": "KeyId = :id",
        "ExpressionAttributeValues": {":id": {"S": "1"}},
    },
    "Scan": {"TableName": "TokensTable"},
}


@both
@pytest.mark.parametrize("operation", OF_ONE_TABLE)
def test_reply_that_lacks_what_it_always_has_is_none(way: Proxy, transport: Transported, operation: str) -> None:
    """It would mean "there are no items", or break the caller; the second attempt has it."""
    way.plan = [Fault.NO_MEMBERS_AFTER]
    assert DynamoDB(transport(way.url))(operation, **OF_ONE_TABLE[operation])
    assert way.operations == [operation] * 2


@both
def test_update_without_the_item_it_asked_for_is_in_doubt(way: Proxy, transport: Transported) -> None:
    """It was done, and its reply was lost."""
    way.plan = [Fault.NO_MEMBERS_AFTER]
    with pytest.raises(ConditionFailed) as failed:
        count_up(DynamoDB(transport(way.url)))
    assert failed.value.in_doubt


@both
def test_empty_object_means_that_there_is_no_item(way: Proxy, transport: Transported) -> None:
    """DynamoDB sends it as the reply to a GetItem of a missing item."""
    way.plan = [Fault.NO_MEMBERS_AFTER]
    assert "Item" not in DynamoDB(transport(way.url))("GetItem", TableName="TokensTable", Key=KEY)
    assert way.operations == ["GetItem"]


@both
def test_slow_reply_is_waited_for(way: Proxy, transport: Transported) -> None:
    """The time-out of replies is longer than that of connections."""
    way.plan = [Fault.SLOW_AFTER]
    count_up(DynamoDB(transport(way.url)))
    assert way.operations == ["UpdateItem"]


@both
def test_refusal_after_a_throttle_is_not_in_doubt(way: Proxy, client: Any, transport: Transported) -> None:
    """Throttled calls do nothing, so a condition that fails next was another's doing."""
    client.put_item(TableName="TokensTable", Item={**KEY, "Amount": {"N": "7"}})
    way.plan = [Fault.THROTTLE]
    with pytest.raises(ConditionFailed) as failed:
        count_up(DynamoDB(transport(way.url)))
    assert (failed.value.in_doubt, failed.value.item) == (False, {**KEY, "Amount": {"N": "7"}})


@both
def test_missing_server_is_unavailable(way: Proxy, transport: Transported) -> None:
    """A refused connection is tried again like a lost one."""
    way.shutdown()
    way.server_close()
    with pytest.raises(Unavailable):
        count_up(DynamoDB(transport(way.url)))


def outcome(transport: Transport, operation: str, request: dict[str, Any]) -> Any:
    """Return what a call ended in, comparable: the reply, or the details of an error."""
    try:
        reply = transport(operation, request)
    except DynamoDBError as error:
        return str(error), error.is_server_error, error.is_retryable, error.item, error.reasons
    except NoReply:
        return NoReply
    reply.pop("ResponseMetadata", None)
    return reply


UPDATE = {
    "TableName": "TokensTable",
    "Key": KEY,
    "ConditionExpression": "attribute_exists(#map) AND size(#map) < :limit AND NOT contains(Texts, :new)",
    "UpdateExpression": "SET #map.#key = :value, Moment = if_not_exists(Moment, :new) ADD Version :one, Texts :news",
    "ExpressionAttributeNames": {"#map": "Map", "#key": "2022-07-29T11:26:11.106Z#4"},
    "ExpressionAttributeValues": {
        ":limit": {"N": "2"},
        ":new": {"S": "früher 🙂"},
        ":news": {"SS": ["früher 🙂"]},
        ":one": {"N": "1"},
        ":value": {"M": {"Status": {"S": "OFFER"}, "Undated": {"BOOL": True}, "None": {"NULL": True}}},
    },
    "ReturnValues": "ALL_OLD",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
PUT = {
    "TableName": "TokensTable",
    "Item": {
        **KEY,
        "Map": {"M": {}},
        "Texts": {"SS": ["a\u2028b"]},
        "Version": {"N": "1"},
        "List": {"L": [KEY["KeyId"]]},
    },
    "ConditionExpression": "attribute_not_exists(KeyId)",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
GET = {"TableName": "TokensTable", "Key": KEY, "ConsistentRead": True}
TWICE = {"TransactItems": [{"Put": {**PUT, "Item": {"KeyId": {"S": "2"}}}}, {"Put": PUT}]}
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("GetItem", GET),
    ("UpdateItem", UPDATE),
    ("PutItem", PUT),
    ("PutItem", PUT),
    ("UpdateItem", UPDATE),
    ("GetItem", GET),
    ("UpdateItem", UPDATE),
    ("UpdateItem", UPDATE | {"ConditionExpression": "attribute_exists(Map)"}),
    ("UpdateItem", UPDATE | {"UpdateExpression": "SET Map = "}),
    ("UpdateItem", UPDATE | {"TableName": "NoTable"}),
    ("TransactWriteItems", TWICE),
    ("GetItem", GET | {"Key": {"Wrong": {"S": "1"}}}),
    ("Scan", {"TableName": "TokensTable"}),
]


def test_the_same_calls_get_the_same_answers(way: Proxy, client: Any) -> None:
    """Replies, and of errors the code, message, kind, item and reasons, are those that boto3 reports."""
    seen = []
    for transport in (over_boto(way.url), over_wire(way.url)):
        seen.append([outcome(transport, *call) for call in CALLS])
        client.delete_item(TableName="TokensTable", Key=KEY)
    assert seen[1] == seen[0]
    errors = {entry[0].partition(":")[0] for entry in seen[0] if isinstance(entry, tuple)}
    assert errors == {
        "ConditionalCheckFailedException",
        "ResourceNotFoundException",
        "TransactionCanceledException",
        "ValidationException",
    }


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    texts.map(lambda text: {"S": text})
    | st.integers(-(10**30), 10**30).map(lambda number: {"N": str(number)})
    | st.booleans().map(lambda flag: {"BOOL": flag}),
    lambda inner: (
        st.dictionaries(texts.filter(bool), inner, max_size=3).map(lambda members: {"M": members})
        | st.lists(inner, max_size=3).map(lambda members: {"L": members})
    ),
    max_leaves=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=values)
def test_any_value_is_written_and_read_alike(way: Proxy, value: Any) -> None:
    """Whatever a sender's label holds: what one transport writes, the other reads as it was."""
    item = {"KeyId": {"S": "1"}, "Value": value}
    boto, wire = over_boto(way.url), over_wire(way.url)
    for writer, reader in ((boto, wire), (wire, boto)):
        writer("PutItem", {"TableName": "TokensTable", "Item": item})
        assert outcome(reader, "GetItem", GET) == {"Item": item}
