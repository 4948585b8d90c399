"""The daily limit of sandbox applications per ATS, counted in rows of the sandbox's Aliases table.

Alias              Member  attributes
made#<ats>#<day>   -       those of intake/daily_limit.py
"""

from application_status.applications.aliases import row_key
from application_status.intake.daily_limit import DailyLimit
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import AtsId


class SandboxCreations:
    """Count and limit the applications that each ATS creates per day."""

    def __init__(self, dynamodb: DynamoDB, aliases_table: str, limit: int) -> None:
        self._limit = DailyLimit(dynamodb, aliases_table, limit, "sandbox applications")

    def add(self, ats_id: AtsId) -> None:
        """Count one more application before it is created, also if its creation then fails.

        Raises:
            DailyLimitReached: the ATS has created the maximum number today.
        """
        self._limit.add(lambda day: row_key(f"made#{ats_id}#{day}", "-"))
