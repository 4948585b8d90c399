"""DynamoDB over boto3: every operation, with all of the SDK's ways to find credentials and endpoints."""

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's name
    CredentialRetrievalError,
    HTTPClientError,
)

from application_status.platform.dynamodb.client import (
    CONNECT_SECONDS,
    READ_SECONDS,
    DynamoDB,
    DynamoDBError,
    NoReply,
    Transport,
    parse_reply,
)

_METHODS = {
    "BatchGetItem": "batch_get_item",
    "BatchWriteItem": "batch_write_item",
    "DeleteItem": "delete_item",
    "DescribeTable": "describe_table",
    "GetItem": "get_item",
    "PutItem": "put_item",
    "Query": "query",
    "Scan": "scan",
    "TransactWriteItems": "transact_write_items",
    "UpdateItem": "update_item",
}


def connect(**client_options: Any) -> DynamoDB:
    """Open the door."""
    return DynamoDB(transport(client(**client_options)))


def client(**options: Any) -> Any:
    """Make a client with time-outs that leave room for a retry and without botocore's own retries."""
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    made = boto3.client("dynamodb", config=config, **options)
    made.meta.events.register("before-parse.dynamodb", _check_reply)
    return made


def transport(client: Any) -> Transport:
    """Let a client carry the calls."""

    def call(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = getattr(client, _METHODS[operation])(**request)
        except ClientError as error:
            raise _error(error.response) from error
        except (ConnectionError, CredentialRetrievalError, HTTPClientError) as error:
            raise NoReply(str(error)) from error
        return reply

    return call


def _error(reply: Mapping[str, Any]) -> DynamoDBError:
    error, status = reply["Error"], reply["ResponseMetadata"]["HTTPStatusCode"]
    return DynamoDBError(error["Code"], error["Message"], status, reply)


def _check_reply(response_dict: dict[str, Any], **_: Any) -> None:
    """Raise NoReply for a reply that botocore would take for an empty one, or whose checksum it would not check."""
    parse_reply(response_dict["status_code"], response_dict["body"], response_dict["headers"].get("x-amz-crc32"))
