"""Reports, the transitions that they create, and the keys that identify and sort transitions."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.applications.rules.status import ENDS, Outcome, Status
from application_status.platform.values import ApplicationId, AtsId, from_text, to_text


class Channel(StrEnum):
    """The contract through which a transition was reported."""

    ATSI = "atsi"
    SIGNALS = "signals"
    INDEED = "indeed"
    GREENHOUSE = "greenhouse"
    ASHBY = "ashby"
    RECRUITEE = "recruitee"
    LEVER = "lever"
    FILE = "file"
    """A file of the ATSi contract."""


NATIVE = (Channel.GREENHOUSE, Channel.ASHBY, Channel.RECRUITEE, Channel.LEVER)
"""The channels of ATSs' own webhooks."""

HISTORY_AGE = timedelta(days=14)
"""What took effect longer ago than this is history, and no news: as long as a weekly sender needs if a week fails."""

_TICK, _DAY = timedelta(milliseconds=1), timedelta(days=1)
_MOMENT_LENGTH = 24
_DAY_ALONE, _TIMED, _ENDING_OF_DAY, _AFTER = "!", "#", "$", "~"  # in their sort order


class Success(StrEnum):
    """The value of a signal's `success`; None if the signal has none."""

    PLACED = "true"
    NOT_PLACED = "false"
    NOT_FINAL = "null"


_RANKS_OF_ENDS = tuple(str(status.rank) for status in ENDS)
FINAL_SUCCESS = (Success.PLACED, Success.NOT_PLACED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """A sender's status or label, interpreted as a status; `status` is None if the label is unmapped.

    `raw_status` and `raw_phase` are the sender's own labels; the phase of a disposition is Indeed's status. `outcome`
    and `mapping` (rule@version) come from the vocabulary or from Indeed's status. Without an outcome, it follows from
    the status.
    """

    status: Status | None
    raw_status: str | None = None
    raw_phase: str | None = None
    outcome: Outcome | None = None
    mapping: str | None = None
    success: Success | None = None


class TimeSource(StrEnum):
    """Where a transition's effective time comes from."""

    REPORTED = "reported"
    """The sender said when it happened."""
    PROXY = "proxy"
    """The event has only another time, e.g. of the application's last activity."""
    RECEIVED = "received"
    """The event has no time, so the time of receipt counts."""


class Folded(NamedTuple):
    """The number of reports removed from a full history, and how many of them had an unmapped label."""

    reports: int
    unmapped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of an application to a status, or a confirmation of its status.

    Attributes:
        tiebreaker: sorts transitions with the same time. It is the status's rank or, for a signal, the index that was
            sent, because a signal's status is an interpretation that may change.
        time_source: where the effective time comes from.
        day_offset: set if only the day was sent: the minutes by which its zone is ahead of UTC.
        from_previous: whether it is the `previous` state of a later signal, and its own signal has not been received.
        sorted_at: set if the effective time does not sort it: its event has another time for that, or the report was
            the newest when it was received.
        folded: the reports removed between it and the next transition.
        version: the application's version after the report.
    """

    channel: Channel
    interpretation: Interpretation
    effective_at: datetime
    received_at: datetime
    tiebreaker: str
    time_source: TimeSource = TimeSource.REPORTED
    day_offset: int | None = None
    from_previous: bool = False
    sorted_at: datetime | None = None
    folded: Folded | None = field(default=None, compare=False)
    version: int | None = field(default=None, compare=False)

    @property
    def has_business_date(self) -> bool:
        """Whether the sender sent the effective time."""
        return self.time_source is TimeSource.REPORTED

    @property
    def is_history(self) -> bool:
        """Whether it is a dated row of a file that took effect more than HISTORY_AGE before the upload."""
        is_dated = self.channel is Channel.FILE and self.has_business_date
        return is_dated and self.received_at - self.effective_at > HISTORY_AGE

    @property
    def status(self) -> Status | None:
        """The status, None if the sender's label is unmapped."""
        return self.interpretation.status

    @property
    def raw_status(self) -> str | None:
        """The sender's own label."""
        return self.interpretation.raw_status

    @property
    def key(self) -> str:
        """The transition's identity and sort key in one text: time, precision, tiebreaker, label."""
        if self.sorted_at:
            order = f"{to_text(self.sorted_at)}{_AFTER}{self.tiebreaker}"
        else:
            order = order_key(self.effective_at, self.day_offset, self.tiebreaker, ends=self._is_ending)
        return f"{order}{label_key(self.raw_status)}"

    @property
    def precedence(self) -> tuple[bool, str, int]:
        """The order of transitions with the same key, of which the greatest is kept.

        A signal's own state comes before the same state sent as the `previous` of another signal. Midnight of a day at
        +12:00 is that of the day before at -12:00, of which the first is kept.
        """
        return not self.from_previous, _normalized(self.interpretation.raw_phase or ""), self.day_offset or 0

    @property
    def latest(self) -> datetime:
        """The latest time at which it can have happened: the end of the day if only the day was sent."""
        return latest(self.effective_at, self.day_offset)

    def day(self, zone: ZoneInfo) -> date:
        """Return its day: as sent if only the day was sent, else in this time zone."""
        return day_of(self.effective_at, self.day_offset, zone)

    @property
    def sent_day(self) -> date | None:
        """The day that was sent; None if a time of day was sent."""
        return sent_day(self.effective_at, self.day_offset)

    def repeats(self, other: "Transition") -> bool:
        """Return whether it has the same status and label as another transition."""
        return self.status is other.status and same_label(self.raw_status, other.raw_status)

    @property
    def _is_ending(self) -> bool:
        """Whether it ends the application. An interpreted status is not used, because it may change."""
        if self.channel is Channel.SIGNALS:
            return self.interpretation.success in FINAL_SUCCESS
        return self.tiebreaker in _RANKS_OF_ENDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report about one application, validated.

    Attributes:
        effective_at: when the status took effect, None if the sender sent no such time.
        day_offset, tiebreaker: as in Transition.
        idempotency_key: identifies a report that no time identifies.
        previous: the state that the sender says came before.
        ordered_at: a time that sorts the report, and counts as the effective time if there is none.
        is_decision: whether only its idempotency key identifies it, and not its times, and it is the newest when it is
            received, if nothing else sorts it. Repetitions are no reports.
        is_snapshot: whether it says how things stand, and not that something changed. Repetitions are no reports.
    """

    application_id: ApplicationId
    ats_id: AtsId
    channel: Channel
    interpretation: Interpretation
    received_at: datetime
    tiebreaker: str
    effective_at: datetime | None = None
    day_offset: int | None = None
    idempotency_key: str | None = None
    previous: Transition | None = None
    ordered_at: datetime | None = None
    is_decision: bool = False
    is_snapshot: bool = False

    @property
    def order(self) -> datetime | None:
        """The time that sorts the report, None if it is the newest when it is received."""
        return self.ordered_at or (None if self.is_decision else self.effective_at)

    @property
    def is_unchanged_if_repeated(self) -> bool:
        """Whether a repetition of the newest status and label is no report."""
        return self.is_snapshot or self.is_decision or self.order is None

    @property
    def may_precede_end(self) -> bool:
        """Whether it is a snapshot without a time, which may be older than an end that was received before."""
        return self.is_snapshot and self.is_decision

    @property
    def resend_key(self) -> str | None:
        """A digest that identifies a resent report which no time identifies, None for other reports.

        Other reports are identified by their transition's key.
        """
        if self.idempotency_key is None or not (self.is_decision or self.order is None):
            return None
        interpretation = self.interpretation
        text = f"{interpretation.status}\n{self.idempotency_key}\n{_normalized(interpretation.raw_status or '')}"
        return digest(self.idempotency_key if self.is_decision else text, length=16)

    def transition(self, *, after: str | None = None) -> Transition:
        """Return the transition to write; a report that no time sorts comes after the head key in `after`."""
        order = self.order or self.received_at
        effective_at, source = self.effective_at or order, TimeSource.REPORTED
        if self.effective_at is None:
            source = TimeSource.RECEIVED if order == self.received_at else TimeSource.PROXY
        transition = Transition(
            channel=self.channel,
            interpretation=self.interpretation,
            effective_at=effective_at,
            received_at=self.received_at,
            tiebreaker=self.tiebreaker,
            time_source=source,
            day_offset=self.day_offset,
            sorted_at=order if order != effective_at else None,
        )
        if after is None or transition.key > after:
            return transition
        return replace(transition, sorted_at=order_time(after) + (_TICK if is_after_another(after) else timedelta()))


def order_key(moment: datetime, day_offset: int | None, tiebreaker: str, *, ends: bool) -> str:
    """Return a sort key for transitions and states of positions: time, precision and tiebreaker.

    If only the day is known, an ending comes after everything else on that day, and any other status before it.
    """
    if day_offset is None:
        return f"{to_text(moment)}{_TIMED}{tiebreaker}"
    if ends:
        return f"{to_text(latest(moment, day_offset))}{_ENDING_OF_DAY}{tiebreaker}"
    return f"{to_text(moment)}{_DAY_ALONE}{tiebreaker}"


def latest(moment: datetime, day_offset: int | None) -> datetime:
    """Return the latest possible time: the end of the day if only the day was sent."""
    return moment if day_offset is None else moment + _DAY - _TICK


def day_of(moment: datetime, day_offset: int | None, zone: ZoneInfo) -> date:
    """Return the day of a time: as sent if only the day was sent, else in this time zone."""
    return sent_day(moment, day_offset) or moment.astimezone(zone).date()


def sent_day(moment: datetime, day_offset: int | None) -> date | None:
    """Return the day that was sent; None if a time of day was sent."""
    return None if day_offset is None else (moment + timedelta(minutes=day_offset)).date()


def order_time(key: str) -> datetime:
    """Return the time by which a transition's key is sorted."""
    return from_text(key[:_MOMENT_LENGTH])


def effective_time(key: str) -> datetime:
    """Return the effective time in a transition's key: its sort time, except for the ending of a day."""
    moment = order_time(key)
    return moment - _DAY + _TICK if key[_MOMENT_LENGTH] == _ENDING_OF_DAY else moment


def is_day_alone(key: str) -> bool:
    """Return whether a transition's key has only the day."""
    return key[_MOMENT_LENGTH] in {_DAY_ALONE, _ENDING_OF_DAY}


def is_after_another(key: str) -> bool:
    """Return whether a transition's key is sorted by another time than the effective time."""
    return key[_MOMENT_LENGTH:].startswith(_AFTER)


def tiebreaker_of(key: str) -> str:
    """Return the tiebreaker in a transition's key."""
    return key[_MOMENT_LENGTH + 1 :].partition("#")[0]


@lru_cache(1024)  # a full history is sorted several times
def label_key(label: str | None) -> str:
    """Return a label's part of a transition's key: equal for labels that differ only in form, case or outer space."""
    plain = _normalized(label or "")
    return f"#{digest(plain, length=8)}" if plain else ""


def same_label(label: str | None, other: str | None) -> bool:
    """Return whether two labels differ only in Unicode form, case and outer space."""
    return _normalized(label or "") == _normalized(other or "")


def _normalized(label: str) -> str:
    if label.isascii():  # as most are; loading unicodedata slows down a start
        return label.strip().lower()
    import unicodedata  # noqa: PLC0415

    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).casefold()).strip()


def digest(text: str, *, length: int) -> str:
    """Return the first `length` characters of a text's SHA-256 in URL-safe base 64."""
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest())[:length].decode()
