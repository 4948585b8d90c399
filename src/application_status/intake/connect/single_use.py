"""Values that may be used for one body only, of providers that sign a value instead of the body.

In the Connections table, beside a connection's other parts (see access/connections.py):

Part        S  used#<digest of the value>
BodySha256  S
ExpiresAt   N  when DynamoDB deletes it, in seconds since 1970
"""

import hashlib
from datetime import datetime, timedelta

from application_status.access.connections import part_key
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import ConditionFailed

_KEPT_FOR = timedelta(days=7)
_IS_UNUSED_OR_REPEATED = "attribute_not_exists(Part) OR BodySha256 = :body"


class SingleUse:
    """The values that were used in deliveries of the last days."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def use(self, connection_id: str, value: str, body: bytes, received_at: datetime) -> bool:
        """Store that a value belongs to a body; return False if it belongs to another one."""
        body_sha256 = {"S": hashlib.sha256(body).hexdigest()}
        key = part_key(connection_id, f"used#{hashlib.sha256(value.encode()).hexdigest()}")
        expires_at = {"N": str(int((received_at + _KEPT_FOR).timestamp()))}
        try:
            self._dynamodb(
                "PutItem",
                TableName=self._table,
                Item={**key, "BodySha256": body_sha256, "ExpiresAt": expires_at},
                ConditionExpression=_IS_UNUSED_OR_REPEATED,
                ExpressionAttributeValues={":body": body_sha256},
            )
        except ConditionFailed:
            return False
        return True
