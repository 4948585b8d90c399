"""The Applications table, read: one application for the ATS it belongs to."""

from application_status.errors import UnknownApplication
from application_status.model.application import Application
from application_status.model.identifiers import ApplicationId, AtsId
from application_status.store import items
from application_status.store.dynamodb import DynamoDB


class OwnApplications:
    """Reads an ATS its own applications."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def of(self, ats_id: AtsId, application_id: ApplicationId) -> Application:
        """Return the application as it is now; UnknownApplication where it is unknown, another ATS's, or erased."""
        reply = self._dynamodb("GetItem", TableName=self._table, Key=items.key(application_id), ConsistentRead=True)
        item = reply.get("Item")
        if item is None or items.is_tombstone(item) or item["AtsId"]["S"] != ats_id:
            raise UnknownApplication
        return items.application(item)
