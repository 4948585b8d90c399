"""How a report comes in."""

from enum import StrEnum


class Channel(StrEnum):
    """The contract by which an ATS reports."""

    ATSI = "atsi"
    SIGNALS = "signals"
