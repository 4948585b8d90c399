"""A limit of what an ATS may create on a day (UTC), counted in a table's row for each ATS and day.

The row has the attributes Made N and ExpiresAt N (the end of the day).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from application_status.applications.items import expiry
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.errors import ConditionFailed, DailyLimitReached
from application_status.platform.values import now

_IS_BELOW_THE_LIMIT = "attribute_not_exists(Made) OR Made < :limit"


class DailyLimit:
    """Count and limit what each ATS creates per day; `what` is its name in the plural."""

    def __init__(self, dynamodb: DynamoDB, table: str, limit: int, what: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._limit = limit
        self._what = what

    def add(self, key: Callable[[str], Item]) -> None:
        """Count one more before it is created, also if its creation then fails.

        `key` returns the key of the row for a day in ISO 8601.

        Raises:
            DailyLimitReached: the ATS has created the maximum number today.
        """
        made_at = now()
        tomorrow = made_at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._table,
                Key=key(f"{made_at:%Y-%m-%d}"),
                ConditionExpression=_IS_BELOW_THE_LIMIT,
                UpdateExpression="SET ExpiresAt = :end ADD Made :one",
                ExpressionAttributeValues={
                    ":end": expiry(tomorrow)["ExpiresAt"],
                    ":limit": {"N": str(self._limit)},
                    ":one": {"N": "1"},
                },
            )
        except ConditionFailed:
            raise DailyLimitReached(self._limit, _seconds(made_at, tomorrow), self._what) from None


def _seconds(start: datetime, end: datetime) -> int:
    return -((start - end) // timedelta(seconds=1))
