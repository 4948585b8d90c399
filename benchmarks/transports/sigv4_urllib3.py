"""The webhook with botocore's signer and credentials, and urllib3."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ContainerProvider, CredentialResolver, EnvProvider
from urllib3 import Timeout, connection_from_url
from urllib3.exceptions import HTTPError

from application_status.functions.webhook import WebhookSettings, make_handler
from application_status.platform.dynamodb.client import (
    CONNECT_SECONDS,
    READ_SECONDS,
    DynamoDB,
    DynamoDBError,
    NoReply,
    Transport,
    parse_reply,
)
from application_status.platform.settings import read

_OK = 200


def _transport(endpoint: str, region: str) -> Transport:
    pool = connection_from_url(endpoint, timeout=Timeout(CONNECT_SECONDS, READ_SECONDS), retries=False)
    load = cache(
        CredentialResolver([EnvProvider(), ContainerProvider()]).load_credentials
    )  # they are renewed automatically

    def call(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if (credentials := load()) is None:
            raise NoReply("no credentials")
        body = json.dumps(request, separators=(",", ":")).encode()
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{operation}"}
        signed = AWSRequest("POST", f"{endpoint}/", headers, body)
        SigV4Auth(credentials, "dynamodb", region).add_auth(signed)
        try:
            reply = pool.urlopen("POST", "/", body, dict(signed.headers.items()))
        except HTTPError as error:
            raise NoReply(type(error).__name__) from error
        found = parse_reply(reply.status, reply.data, reply.headers.get("x-amz-crc32"))
        if reply.status != _OK:
            code, message = str(found["__type"]).rpartition("#")[2], str(found.get("message", found.get("Message", "")))
            raise DynamoDBError(code, message, reply.status, found)
        return found

    return call


lambda_handler = make_handler(
    DynamoDB(_transport(os.environ["AWS_ENDPOINT_URL_DYNAMODB"], os.environ["AWS_REGION"])),
    read(WebhookSettings, os.environ),
)
