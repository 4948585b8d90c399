"""The boto3 transport for DynamoDB, which supports all operations and all ways to configure credentials."""

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
    MOST_CALLS_AT_ONCE,
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
    """Return a DynamoDB client that uses boto3; the options are those of `boto3.client`."""
    return DynamoDB(transport(client(**client_options)))


def client(**options: Any) -> Any:
    """Create a boto3 client with short time-outs and without botocore's own retries."""
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        max_pool_connections=MOST_CALLS_AT_ONCE,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    made = boto3.client("dynamodb", config=config, **options)
    made.meta.events.register("before-parse.dynamodb", _check_reply)
    return made


def transport(client: Any) -> Transport:
    """Return a Transport that sends calls with a boto3 client."""

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
    """Check the checksum and the JSON of a reply, which botocore does not do.

    Raises:
        NoReply: the reply is damaged.
    """
    parse_reply(response_dict["status_code"], response_dict["body"], response_dict["headers"].get("x-amz-crc32"))
