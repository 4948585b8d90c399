"""Register applications, each in one write with the aliases that signals use for it.

Model: tests/promises/models/erasure.pml
Model: tests/promises/models/promotion.pml
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from application_status.applications import aliases, items
from application_status.applications.read import stored_application
from application_status.applications.record import Update
from application_status.applications.rules.application import Application
from application_status.applications.rules.registration import Aliases, Registration
from application_status.applications.rules.report import Report
from application_status.applications.rules.status import Status
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.errors import (
    AliasTaken,
    ApplicationErased,
    ConditionFailed,
    RegistrationConflict,
    TooManyAliases,
    UnknownApplication,
)
from application_status.platform.values import ApplicationId, AtsId, now, to_text

ALIAS_LIMIT = 40
"""The maximum number of aliases of each kind per application, expired ones included."""

_ACTIONS_PER_TRANSACTION = 100
_NO_ALIASES = Aliases()

_IDENTITY = {
    "AtsId": "ats_id",
    "ClientId": "client_id",
    "JobId": "job_id",
    "JobseekerId": "jobseeker_id",
    "AppliedAt": "applied_at",
}


class RegistrationResult(StrEnum):
    """The result of a registration: a new one, a change of an earlier one, or an exact repetition."""

    REGISTERED = "registered"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class Registrations:
    """Register applications, add registrations to applications known only by reports, and update earlier registrations.

    `life` is set for the sandbox only: applications and all their aliases expire this long after they were applied for.
    """

    def __init__(
        self, dynamodb: DynamoDB, applications_table: str, aliases_table: str, life: timedelta | None = None
    ) -> None:
        self._dynamodb = dynamodb
        self._applications = applications_table
        self._aliases = aliases_table
        self._life = life

    def register(self, application_id: ApplicationId, registration: Registration) -> RegistrationResult:
        """Register an application with one write, or two if it is already stored and changes.

        The newest JobTitle, Company, Link and Location are kept. Aliases are added, never removed. If the reply to a
        registration was lost, the repeated registration returns UNCHANGED.

        Raises:
            RegistrationConflict: the id is registered with another ATS, client, job, jobseeker or application date.
            AliasTaken: another application has one of the aliases.
            TooManyAliases: the application would have more than ALIAS_LIMIT aliases of a kind.
            ApplicationErased: the application was erased.
            Unavailable: the store failed; the same registration can be sent again. In all other cases nothing was
                written.
        """
        stored: Application | None = None
        while True:
            try:
                if stored is None:
                    return self._create(application_id, registration)
                if stored.registration is None:
                    return self._complete(stored, registration)
                return self._update(stored, stored.registration, registration)
            except ConditionFailed as failed:
                if items.first_id(failed.item):
                    raise RegistrationConflict(["AtsiApplicationId"]) from None
                if failed.item is not None and items.is_tombstone(failed.item):
                    raise ApplicationErased from None
                stored = items.application(failed.item) if failed.item else None

    def add_aliases(
        self, application_id: ApplicationId, more: Callable[[Registration], Aliases]
    ) -> tuple[AtsId, RegistrationResult]:
        """Add aliases to a registered application; return its ATS, and whether anything was new.

        `more` returns the aliases to add to a registration.

        Raises:
            UnknownApplication: the application is not registered, or was erased.
            AliasTaken: another application has one of the aliases.
            TooManyAliases: the application would have more than ALIAS_LIMIT aliases of a kind.
            Unavailable: the store failed; the same aliases can be sent again.
        """
        while True:
            stored = stored_application(self._dynamodb, self._applications, application_id)
            if stored is None or stored.registration is None:
                raise UnknownApplication
            known = stored.registration
            with suppress(ConditionFailed):  # the application has changed since it was read
                return known.ats_id, self._update(stored, known, replace(known, aliases=more(known)))

    def reopening(self, report: Report) -> Report:
        """Return a report that says that the application is open, with a status if it takes back an end.

        Raises:
            UnknownApplication: the application does not exist, or was erased.
        """
        stored = stored_application(self._dynamodb, self._applications, report.application_id)
        if stored is None:
            raise UnknownApplication
        return replace(report, interpretation=stored.reopened(report))

    def _create(self, application_id: ApplicationId, registration: Registration) -> RegistrationResult:
        """Put the application if there is none with this id."""
        application = Application(
            application_id=application_id,
            ats_id=registration.ats_id,
            status=Status.APPLIED,
            version=1,
            registration=registration,
        )
        put = {
            "Item": {**items.application_item(application, updated_at=to_text(now())), **self._expiry(registration)},
            "ConditionExpression": "attribute_not_exists(AtsiApplicationId)",
        }
        self._write("Put", put, application_id, registration)
        return RegistrationResult.REGISTERED

    def _complete(self, stored: Application, registration: Registration) -> RegistrationResult:
        """Add the registration to an application that is known only by its reports."""
        if stored.ats_id != registration.ats_id:
            raise RegistrationConflict(["AtsId"])
        self._write("Update", _registration_update(stored, registration), stored.application_id, registration)
        return RegistrationResult.REGISTERED

    def _update(self, stored: Application, known: Registration, registration: Registration) -> RegistrationResult:
        """Update the fields that may change, and add new aliases."""
        differing = [name for name, field in _IDENTITY.items() if getattr(known, field) != getattr(registration, field)]
        if differing:
            raise RegistrationConflict(differing)
        wanted = replace(registration, aliases=known.aliases.with_all(registration.aliases))
        if wanted == known:
            return RegistrationResult.UNCHANGED
        _require_room(wanted.aliases)
        self._write("Update", _registration_update(stored, wanted), stored.application_id, wanted, known.aliases)
        return RegistrationResult.UPDATED

    def _write(
        self,
        action: str,
        request: dict[str, Any],
        application_id: ApplicationId,
        registration: Registration,
        known: Aliases = _NO_ALIASES,
    ) -> None:
        """Write the application, in one transaction with the aliases that are new, `known` ones left out.

        Raises:
            AliasTaken: another application has one of the aliases.
            TooManyAliases: so many aliases change that they do not fit into one transaction.
            ConditionFailed: the application's condition failed; has its item.
        """
        request |= {"TableName": self._applications, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        claims = [
            *aliases.claims(self._aliases, application_id, registration, known, self._expiry(registration)),
            *(
                self._second_id(application_id, each, registration.ats_id)
                for each in registration.aliases.without(known).second_ids
                if each != application_id
            ),
        ]
        if len(claims) >= _ACTIONS_PER_TRANSACTION:
            raise TooManyAliases(list(dict.fromkeys(each.kind for each in claims)), ALIAS_LIMIT)
        if not claims:
            self._dynamodb(f"{action}Item", **request)
            return
        try:
            self._dynamodb("TransactWriteItems", TransactItems=[{action: request}, *(each.action for each in claims)])
        except ConditionFailed as failed:
            taken = [claims[place - 1].kind for place in failed.actions if place]
            if taken and failed.item is None:
                raise AliasTaken(list(dict.fromkeys(taken))) from None
            raise

    def _second_id(self, application_id: ApplicationId, second: ApplicationId, ats_id: AtsId) -> aliases.Claim:
        """Return the action that gives an application a second id; it fails if the id is an application's."""
        put = {
            "TableName": self._applications,
            "Item": items.second_id(application_id, second, ats_id, added_at=to_text(now())),
            "ConditionExpression": "attribute_not_exists(AtsiApplicationId) OR AliasOf = :first",
            "ExpressionAttributeValues": {":first": {"S": application_id}},
        }
        return aliases.Claim("AtsiApplicationId", {"Put": put})

    def _expiry(self, registration: Registration) -> Item:
        return items.expiry(registration.applied_at + self._life) if self._life else {}


def _registration_update(stored: Application, registration: Registration) -> dict[str, Any]:
    """Return the update that writes a registration, if the application has not changed since it was read.

    The states of its positions are kept. The head may change, because a LEAD or CONTACT dated before the application
    date no longer counts.
    """
    attributes = dict(items.registration_attributes(registration))
    update = Update()
    update.require_version(stored)
    if positions := attributes.pop("Positions", None):
        update.sets.append("Positions = if_not_exists(Positions, :no_positions)")
        update.values[":no_positions"] = positions
    update.set(attributes)
    removed = [name for name in ("Link", "Location") if name not in attributes]
    update.removes += [f"#{name}" for name in removed]
    update.names |= {f"#{name}": name for name in removed}
    after = stored.with_head(stored.transitions, registration)
    if after.head != stored.head:
        update.set_status(after)
    update.increment_version(now())
    return {"Key": items.key(stored.application_id), **update.expressions()}


def _require_room(wanted: Aliases) -> None:
    beyond = [kind for kind, values in wanted.by_kind.items() if len(values) > ALIAS_LIMIT]
    if beyond:
        raise TooManyAliases(beyond, ALIAS_LIMIT)
