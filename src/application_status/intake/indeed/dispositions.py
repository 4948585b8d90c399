"""Record dispositions: find the application, interpret the status and the label, store the result.

DispositionReceiver   records one disposition
DispositionMutations  the schema's mutation, for one ATS
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

from application_status.applications.aliases import AliasTable
from application_status.applications.read import OwnApplications
from application_status.applications.record import Applications
from application_status.applications.rules.report import Channel, Report
from application_status.intake.indeed.rules import Disposition, disposition, echo, rationale
from application_status.intake.recorded import log_recorded, note
from application_status.intake.side_by_side import record_until_failure
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
            note("unchanged", "This disposition status says nothing about the application's status.", application)
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


class _Valid(NamedTuple):
    """A valid disposition, and how it was sent."""

    given: Mapping[str, Any]
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class DispositionMutations:
    """The schema's mutation, for an authenticated ATS."""

    receiver: DispositionReceiver
    ats_id: AtsId

    def send_dispositions(self, given: Mapping[str, Any]) -> Payload:
        """Record all good dispositions, and return why the others failed."""
        checked = [self._check(each) for each in given["dispositions"]]
        valid = [each for each in checked if isinstance(each, _Valid)]
        recorded = iter(
            record_until_failure(
                valid,
                lambda each: (each.disposition.identifier, each.disposition.apply_id),
                lambda each: each.disposition.effective_at,
                self._record,
            )
        )
        results = [next(recorded) if isinstance(each, _Valid) else each for each in checked]
        failures = [each for each in results if each]
        return {"numberGoodDispositions": len(results) - len(failures), "failedDispositions": failures}

    @staticmethod
    def _check(given: Mapping[str, Any]) -> _Valid | FailedDisposition:
        try:
            return _Valid(given, disposition(given, now()))
        except InvalidFields as refused:
            return _failed(given, PROBLEMS[InvalidFields].type, rationale(refused.errors))

    def _record(self, valid: _Valid) -> FailedDisposition | None:
        try:
            self.receiver.receive(self.ats_id, valid.disposition)
        except UnknownApplication:
            reason = rationale([valid.disposition.unknown])
            return _failed(valid.given, PROBLEMS[UnknownApplication].type, reason)
        return None


def _failed(given: Mapping[str, Any], result: str, reason: str) -> FailedDisposition:
    """Count, log and note the failure of a disposition, and return it."""
    add_metric("DispositionFailed")
    logger.warning("failed", extra=result_fields(result))
    note(result, reason)
    return failed(given, reason)
