"""The list of refused rows, a CSV file for the sender that a spreadsheet can open safely."""

from collections.abc import Iterable
from typing import NamedTuple

from application_status.intake.files.csv_format import Layout, Row


class Refused(NamedTuple):
    """A row and the reason for which it was refused."""

    row: Row
    reason: str


HEADER = b"\xef\xbb\xbfLine,Reason,AtsiApplicationId,RawStatus,Status,BusinessDate\r\n"
"""The first line of the whole list, with the byte order mark by which spreadsheets know UTF-8."""


def refused_rows(refused: Iterable[Refused], layout: Layout) -> bytes:
    """Return the lines of refused rows, without the header; the whole list is the header and all such parts."""
    raise NotImplementedError
