"""Registrations, each written as one with the aliases by which signals will know the application."""

from datetime import timedelta
from typing import Any

from application_status.errors import AliasTaken, ApplicationErased, ConditionFailed, RegistrationConflict
from application_status.model.application import Application, Registration
from application_status.model.identifiers import ApplicationId
from application_status.model.instant import now, to_text
from application_status.model.status import Status
from application_status.store import aliases, items
from application_status.store.dynamodb import DynamoDB, Item

_IS_UNREGISTERED = "AtsId = :ats AND attribute_not_exists(AppliedAt)"


class Registrations:
    """Registers applications, and completes those known only by their reports.

    With a `life`, new ones expire so long after they were applied for, and all aliases with them.
    """

    def __init__(
        self, dynamodb: DynamoDB, applications_table: str, aliases_table: str, life: timedelta | None = None
    ) -> None:
        self._dynamodb = dynamodb
        self._applications = applications_table
        self._aliases = aliases_table
        self._life = life

    def register(self, application_id: ApplicationId, registration: Registration) -> bool:
        """Register an application; False when it was registered just so.

        Raises RegistrationConflict when the id is registered with other content or reported by another ATS, AliasTaken
        when an alias is another application's, ApplicationErased when the application was erased.
        """
        try:
            self._write("Put", self._new(application_id, registration), application_id, registration)
        except ConditionFailed as failed:
            stored = _in_the_way(failed)
            if stored.registration == registration:
                return failed.in_doubt
            if stored.registration is not None or stored.ats_id != registration.ats_id:
                raise RegistrationConflict from None
            return self._complete(application_id, registration)
        return True

    def _complete(self, application_id: ApplicationId, registration: Registration) -> bool:
        try:
            self._write("Update", self._completion(application_id, registration), application_id, registration)
        except ConditionFailed as failed:
            if _in_the_way(failed).registration != registration:
                raise RegistrationConflict from None
            return failed.in_doubt
        return True

    def _write(
        self, action: str, request: dict[str, Any], application_id: ApplicationId, registration: Registration
    ) -> None:
        """Write the application, in one transaction with its aliases where it has any.

        ConditionFailed carries the application's item if that was in the way, and none if an alias was.
        """
        request |= {"TableName": self._applications, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        others = aliases.writes(self._aliases, application_id, registration, self._end(registration))
        if others:
            self._dynamodb("TransactWriteItems", TransactItems=[{action: request}, *others])
        else:
            self._dynamodb(f"{action}Item", **request)

    def _new(self, application_id: ApplicationId, registration: Registration) -> dict[str, Any]:
        application = Application(
            application_id=application_id,
            ats_id=registration.ats_id,
            status=Status.APPLIED,
            version=1,
            registration=registration,
        )
        return {
            "Item": {**items.application_item(application, updated_at=to_text(now())), **self._end(registration)},
            "ConditionExpression": "attribute_not_exists(AtsiApplicationId)",
        }

    def _completion(self, application_id: ApplicationId, registration: Registration) -> dict[str, Any]:
        attributes = items.registration_attributes(registration)
        sets = ", ".join(f"{name} = :{name}" for name in attributes)
        values: dict[str, Item] = {f":{name}": value for name, value in attributes.items()}
        return {
            "Key": items.key(application_id),
            "ConditionExpression": _IS_UNREGISTERED,
            "UpdateExpression": f"SET UpdatedAt = :now, {sets} ADD Version :one",
            "ExpressionAttributeValues": {
                ":ats": {"S": registration.ats_id},
                ":now": {"S": to_text(now())},
                ":one": {"N": "1"},
                **values,
            },
        }

    def _end(self, registration: Registration) -> Item:
        return items.expiry(registration.applied_at + self._life) if self._life else {}


def _in_the_way(failed: ConditionFailed) -> Application:
    if failed.item is None:
        raise AliasTaken from None
    if items.is_tombstone(failed.item):
        raise ApplicationErased from None
    return items.application(failed.item)
