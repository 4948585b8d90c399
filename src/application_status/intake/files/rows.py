"""Convert the rows of a file to reports, by the rules of the ATSi contract."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from application_status.applications.rules.report import Report
from application_status.intake.files.csv_format import Layout, Row
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.values import AtsId


class RefusedRow(Exception):
    """A row that is no valid report; the text names the column, what is wrong, and what to send instead."""


class RowReader:
    """Converts the rows of one file to reports.

    `received_at` is when the upload was complete, and `zone` the time zone of days without a time.
    """

    def __init__(
        self,
        layout: Layout,
        ats_id: AtsId,
        received_at: datetime,
        zone: ZoneInfo,
        vocabulary: Vocabulary,
        overrides: Mapping[str, str],
    ) -> None:
        self._layout = layout

    def report(self, row: Row) -> Report:
        """Return the report of a row.

        Raises:
            RefusedRow: the row has a problem, or fields that are missing or invalid.
        """
        raise NotImplementedError
