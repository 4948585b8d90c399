"""The daily limit of sandbox applications per ATS (UTC), counted in rows of the sandbox's Aliases table.

Alias              Member  attributes
made#<ats>#<day>   -       Made N, ExpiresAt N (the end of the day)
"""

from datetime import datetime, timedelta

from application_status.applications.aliases import row_key
from application_status.applications.items import expiry
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import ConditionFailed, DailyLimitReached
from application_status.platform.values import AtsId, now

_IS_BELOW_THE_LIMIT = "attribute_not_exists(Made) OR Made < :limit"


class SandboxCreations:
    """Count and limit the applications that each ATS creates per day."""

    def __init__(self, dynamodb: DynamoDB, aliases_table: str, limit: int) -> None:
        self._dynamodb = dynamodb
        self._aliases = aliases_table
        self._limit = limit

    def add(self, ats_id: AtsId) -> None:
        """Count one more application before it is created, also if its creation then fails.

        Raises:
            DailyLimitReached: the ATS has created the maximum number today.
        """
        made_at = now()
        tomorrow = made_at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._aliases,
                Key=row_key(f"made#{ats_id}#{made_at:%Y-%m-%d}", "-"),
                ConditionExpression=_IS_BELOW_THE_LIMIT,
                UpdateExpression="SET ExpiresAt = :end ADD Made :one",
                ExpressionAttributeValues={
                    ":end": expiry(tomorrow)["ExpiresAt"],
                    ":limit": {"N": str(self._limit)},
                    ":one": {"N": "1"},
                },
            )
        except ConditionFailed:
            raise DailyLimitReached(self._limit, _seconds(made_at, tomorrow)) from None


def _seconds(start: datetime, end: datetime) -> int:
    return -((start - end) // timedelta(seconds=1))
