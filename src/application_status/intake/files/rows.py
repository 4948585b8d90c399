"""Convert the rows of a file to reports, by the rules for single reports of the ATSi contract (`atsi/receive.py`).

A row without a status is interpreted by its label, as native webhooks are. A row without a date says how things stand
when the upload is complete, so it never comes before what was reported since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationInfo
from pydantic.alias_generators import to_camel

from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Status
from application_status.intake.atsi.receive import LABEL_DESCRIPTION, SentId, SentLabel, SentStatus
from application_status.intake.files.csv_format import APPLICATION_ID, BUSINESS_DATE, RAW_STATUS, STATUS, Layout, Row
from application_status.labels.rules.interpretation import interpret_event
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.errors import InvalidFields
from application_status.platform.http.body import message
from application_status.platform.values import AtsId, SentMoment, application_id, sent_date, sent_moment

_UNMAPPED_TIEBREAKER = "000"


class RefusedRow(Exception):
    """A row that is no valid report; the text names the columns, what is wrong, and what to send instead."""


def _is_not_blank(label: str) -> str:
    if not label:
        raise ValueError("Input is empty, but required in each row, also in one with a status")
    return label


def _moment_or_day(text: str, info: ValidationInfo) -> SentMoment:
    received_at, zone = info.context["received_at"], info.context["zone"]  # type: ignore[index]  # RowReader passes them
    try:
        return sent_moment(text, received_at) if ":" in text else sent_date(text, received_at, zone)
    except ValueError as wrong:
        what, _, _ = str(wrong).partition("; send a day")  # as midnight, which files need not do
        raise ValueError(f"Input {what}") from None


class RowMessage(BaseModel):
    """The cells of a row, without outer white space; an optional cell that is empty counts as omitted."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    atsi_application_id: SentId
    raw_status: Annotated[SentLabel, AfterValidator(_is_not_blank), Field(description=LABEL_DESCRIPTION)]
    status: Annotated[SentStatus | None, Field(description=f"one of {', '.join(Status)}, or an empty cell")] = None
    business_date: Annotated[
        Annotated[SentMoment, PlainValidator(_moment_or_day)] | None,
        Field(
            description="when the change took effect: a day, 2022-07-29, an RFC 3339 date-time with a zone, "
            "2022-07-29T11:26:11.106Z, or an empty cell"
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class RowReader:
    """Converts the rows of a file to reports.

    Attributes:
        received_at: when the upload was complete.
        zone: the time zone of days without a time.
        overrides: the ATS's own meanings of labels; `ParsedOverrides` is faster for many rows.
    """

    layout: Layout
    ats_id: AtsId
    received_at: datetime
    zone: ZoneInfo
    vocabulary: Vocabulary
    overrides: Mapping[str, str]

    def report(self, row: Row) -> Report:
        """Return the report of a row.

        Raises:
            RefusedRow: the row has a problem, or cells that are missing or invalid.
        """
        if row.cells is None:
            raise RefusedRow(row.problem)
        parsed = self._parse(row.cells)
        moment = parsed.business_date
        interpretation = self._interpret(parsed)
        return Report(
            application_id=application_id(parsed.atsi_application_id),
            ats_id=self.ats_id,
            channel=Channel.FILE,
            interpretation=interpretation,
            received_at=self.received_at,
            tiebreaker=str(interpretation.status.rank) if interpretation.status else _UNMAPPED_TIEBREAKER,
            effective_at=moment.at if moment else None,
            day_offset=moment.day_offset if moment else None,
            ordered_at=None if moment else self.received_at,
            is_snapshot=moment is None,
        )

    def _parse(self, cells: tuple[str, ...]) -> RowMessage:
        layout = self.layout
        given = {APPLICATION_ID: cells[layout.application_id].strip(), RAW_STATUS: cells[layout.raw_status].strip()}
        for name, place in ((STATUS, layout.status), (BUSINESS_DATE, layout.business_date)):
            if place is not None and (cell := cells[place].strip()):
                given[name] = cell
        try:
            return message(RowMessage, given, received_at=self.received_at, zone=self.zone)
        except InvalidFields as invalid:
            wrong = [f"{each.pointer[1:]}: {each.detail}. Send {each.expected}." for each in invalid.errors]
            raise RefusedRow(" ".join(wrong)) from None

    def _interpret(self, parsed: RowMessage) -> Interpretation:
        """Interpret the label: fully if there is no status, and the outcome of a rejection."""
        if parsed.status not in (None, Status.REJECTED):
            return Interpretation(status=parsed.status, raw_status=parsed.raw_status)
        return interpret_event(
            parsed.raw_status,
            rejects=parsed.status is Status.REJECTED,
            may_end=True,
            vocabulary=self.vocabulary,
            overrides=self.overrides,
        )
