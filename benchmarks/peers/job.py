"""What every peer does beside its framework, over boto3: the token looked up and remembered, one conditional update."""

import hashlib
import hmac
import os
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(connect_timeout=0.5, read_timeout=1.5, retries={"total_max_attempts": 3, "mode": "standard"})
_dynamodb = boto3.client("dynamodb", config=_CONFIG)
_owners: dict[str, str] = {}


def owner(token: str) -> str | None:
    """Return whose token it is."""
    if token not in _owners:
        digest = hashlib.sha256(token.encode()).hexdigest()
        key = {"KeyId": {"S": f"opaque-{digest[:16]}"}}
        item = _dynamodb.get_item(TableName=os.environ["TOKENS_TABLE"], Key=key, ConsistentRead=True).get("Item")
        if item is None or not hmac.compare_digest(item["TokenSha256"]["S"], digest):
            return None
        _owners[token] = item["AtsId"]["S"]
    return _owners[token]


def record(ats: str, application: str, status: str, raw_status: str | None, moment: datetime | None) -> dict[str, Any]:
    """Record a report, and return what the sender is answered."""
    now = datetime.now(UTC)
    key = f"{(moment or now).isoformat(timespec='milliseconds')}#{status}"
    before = _dynamodb.update_item(
        TableName=os.environ["APPLICATIONS_TABLE"],
        Key={"AtsiApplicationId": {"S": application}},
        ConditionExpression="attribute_exists(AtsiApplicationId) AND AtsId = :ats AND "
        "attribute_not_exists(Transitions.#key) AND (attribute_not_exists(Head) OR Head < :key) AND #status <> :status",
        UpdateExpression="SET Transitions.#key = :transition, Head = :key, #status = :status, RawStatus = :raw, "
        "UpdatedAt = :now ADD Version :one",
        ExpressionAttributeNames={"#key": key, "#status": "Status"},
        ExpressionAttributeValues={
            ":ats": {"S": ats},
            ":key": {"S": key},
            ":status": {"S": status},
            ":raw": {"S": raw_status or ""},
            ":transition": {"M": {"ReceivedAt": {"S": now.isoformat()}, "Status": {"S": status}}},
            ":now": {"S": now.isoformat()},
            ":one": {"N": "1"},
        },
        ReturnValues="ALL_OLD",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )["Attributes"]
    return {
        "AtsiApplicationId": application,
        "Status": status,
        "PreviousStatus": before["Status"]["S"],
        "Result": "recorded",
        "Version": int(before["Version"]["N"]) + 1,
    }
