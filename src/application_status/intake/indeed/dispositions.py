"""Record dispositions: find the application, interpret the status and the label, store the result.

DispositionReceiver   records one disposition
DispositionMutations  the schema's mutation, for one ATS
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from application_status.applications.aliases import AliasTable
from application_status.applications.read import OwnApplications
from application_status.applications.record import Applications
from application_status.applications.rules.report import Channel, Report
from application_status.intake.indeed.rules import Disposition, disposition, echo, rationale
from application_status.intake.recorded import log_recorded
from application_status.labels.overrides import OverrideLookup
from application_status.labels.rules.dispositions import interpret_disposition
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.errors import InvalidFields, UnknownApplication
from application_status.platform.http.endpoint import PROBLEMS
from application_status.platform.telemetry import add_metric, logger, result_fields
from application_status.platform.values import ApplicationId, AtsId, application_id, now


class FailedDisposition(TypedDict):
    """A disposition that failed, in the schema's names."""

    identifiedBy: Mapping[str, Any]
    rationale: str


class Payload(TypedDict):
    """The result of a call, in the schema's names."""

    numberGoodDispositions: int
    failedDispositions: Sequence[FailedDisposition]


def failed(given: Mapping[str, Any], reason: str) -> FailedDisposition:
    """Return the failure of a disposition; it contains nothing else that was sent."""
    return {"identifiedBy": echo(given["identifiedBy"]), "rationale": reason}


@dataclass(frozen=True, slots=True)
class DispositionReceiver:
    """Record dispositions."""

    applications: Applications
    own_applications: OwnApplications
    aliases: AliasTable
    overrides: OverrideLookup
    vocabulary: Vocabulary

    def receive(self, ats_id: AtsId, disposition: Disposition) -> None:
        """Record a disposition; one that says nothing about the status is only counted.

        Raises:
            UnknownApplication: the ATS has no such application.
            Unavailable: the store failed; the disposition must be sent again.
        """
        application = self._application(ats_id, disposition)
        if disposition.given.says_nothing:
            self.own_applications.of(ats_id, application)
            add_metric("DispositionWithoutStatus")
            logger.info("unchanged", extra=result_fields("unchanged"), application=application)
            return
        report = Report(
            application_id=application,
            ats_id=ats_id,
            channel=Channel.INDEED,
            interpretation=interpret_disposition(
                disposition.given, disposition.label, self.vocabulary, self.overrides.of(ats_id)
            ),
            received_at=now(),
            effective_at=disposition.effective_at,
            day_offset=disposition.day_offset,
            tiebreaker=disposition.tiebreaker,
        )
        recorded = self.applications.record(report)
        log_recorded(report, recorded)

    def _application(self, ats_id: AtsId, disposition: Disposition) -> ApplicationId:
        """Return the application; a UUID that is no alias is taken as the AtsiApplicationId.

        Raises:
            UnknownApplication: the id is neither.
        """
        found = self.aliases.by_apply_id(disposition.apply_id, ats_id)
        if found is not None:
            return found
        if disposition.identifier != "indeedApplyID":
            raise UnknownApplication
        try:
            return application_id(disposition.apply_id)
        except ValueError:
            raise UnknownApplication from None


@dataclass(frozen=True, slots=True)
class DispositionMutations:
    """The schema's mutation, for an authenticated ATS."""

    receiver: DispositionReceiver
    ats_id: AtsId

    def send_dispositions(self, given: Mapping[str, Any]) -> Payload:
        """Record all good dispositions, and return why the others failed."""
        failures = [each for each in map(self._record, given["dispositions"]) if each]
        return {
            "numberGoodDispositions": len(given["dispositions"]) - len(failures),
            "failedDispositions": failures,
        }

    def _record(self, given: Mapping[str, Any]) -> FailedDisposition | None:
        try:
            checked = disposition(given, now())
        except InvalidFields as refused:
            _count_failure(PROBLEMS[InvalidFields].type)
            return failed(given, rationale(refused.errors))
        try:
            self.receiver.receive(self.ats_id, checked)
        except UnknownApplication:
            _count_failure(PROBLEMS[UnknownApplication].type)
            return failed(given, rationale([checked.unknown]))
        return None


def _count_failure(reason: str) -> None:
    add_metric("DispositionFailed")
    logger.warning("failed", extra=result_fields(reason))
