"""A store that fails once."""

from typing import Any

from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB


class Failing(DynamoDB):
    """The real door, but for one call of an operation."""

    def __init__(self, client: Any, operation: str, call: int, error: Exception) -> None:
        super().__init__(boto.transport(client))
        self.operation, self.left, self.error = operation, call, error

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        self.left -= operation == self.operation
        if operation == self.operation and not self.left:
            raise self.error
        return super().__call__(operation, **request)
