"""A model of what docs/semantics.md says a report does, to compare the service with.

It is written from that document, and imports nothing of the service: it has no conditions, no items and no stored keys.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

STATUSES = (
    *("LEAD", "APPLIED", "CONTACT", "PRE_INTERVIEW", "INTERVIEW"),
    *("POST_INTERVIEW", "OFFER", "HIRED", "REJECTED"),
)
ENDS = ("HIRED", "REJECTED")
MAY_BE_TOO_EARLY = ("LEAD", "CONTACT")
UNMAPPED = (0, -1)
"""The rank of what has no status of its own, before all others of the same time."""

_MILLISECOND, _DAY = timedelta(milliseconds=1), timedelta(days=1)
_BEGINS_DAY, _TIMED, _ENDS_DAY, _ELSEWHERE = range(4)

type Rank = tuple[int, ...]
"""What sorts reports of the same time: of signals the index and `success`, of others the status."""


class Place(NamedTuple):
    """The identity of a transition, and its place in the history."""

    at: datetime
    precision: int
    rank: Rank
    label: str


_NOWHERE = Place(datetime.min.replace(tzinfo=UTC), 0, UNMAPPED, "")


def rank(status: str | None) -> Rank:
    """Return the rank of a status."""
    return (1, STATUSES.index(status)) if status else UNMAPPED


def plain(label: str | None) -> str:
    """Return what labels that differ only in case and outer space have in common."""
    return (label or "").strip().casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a sender says about an application.

    Attributes:
        at: the effective time.
        day_offset: set if only the day was sent: the minutes by which its zone is ahead of UTC.
        ends: whether it is an ending where only the day was sent.
        sorted_at: another time that sorts it.
        key: what identifies it if no time does.
        is_snapshot: whether it says how things stand.
        is_decision: whether it counts as the newest when it is received, and only its key identifies it.
        is_open: whether it says that the application has not ended.
        withdrew: whether it says that the candidate withdrew.
        phase: what decides between reports that are otherwise the same.
        previous: the state that came before, if the sender says so.
    """

    status: str | None
    label: str | None = None
    rank: Rank
    at: datetime | None = None
    day_offset: int | None = None
    ends: bool = False
    sorted_at: datetime | None = None
    key: tuple[str, ...] | None = None
    is_snapshot: bool = False
    is_decision: bool = False
    is_open: bool = False
    withdrew: bool = False
    phase: str = ""
    previous: "Told | None" = None

    @property
    def order(self) -> datetime | None:
        """The time that sorts it; None if it is the newest when it is received."""
        return self.sorted_at or (None if self.is_decision else self.at)

    def place(self, received: datetime) -> Place:
        """Return its place, if it is not told as the newest."""
        order = self.order or received
        at, precision = order, _TIMED
        if self.at is not None and self.at != order:
            precision = _ELSEWHERE
        elif self.day_offset is not None:
            at, precision = (order + _DAY - _MILLISECOND, _ENDS_DAY) if self.ends else (order, _BEGINS_DAY)
        return Place(at, precision, self.rank, _digest(self.label))


def _digest(label: str | None) -> str:
    text = plain(label)
    return urlsafe_b64encode(sha256(text.encode()).digest()).decode()[:8] if text else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A transition of the history."""

    told: Told
    received: datetime
    source: str
    from_previous: bool = False
    folded: int | None = None
    """How many reports were folded after it; None if nothing was, and 0 if only a previous state was."""

    @property
    def effective(self) -> datetime:
        """When it took effect."""
        return self.told.at or self.told.sorted_at or self.received

    def repeats(self, other: "Entry") -> bool:
        """Return whether it has the same status and label."""
        return (self.told.status, plain(self.told.label)) == (other.told.status, plain(other.told.label))


class Answer(NamedTuple):
    """The answer to a report: its result, the status after and before it, and the version."""

    result: str
    status: str
    previous: str | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many transitions and keys an application keeps."""

    history: int = 256
    keys: int = 64


@dataclass
class Application:
    """What is known of an application."""

    limits: Limits
    ats: str
    applied_at: datetime | None = None
    version: int = 0
    history: dict[Place, Entry] = field(default_factory=dict)
    keys: tuple[tuple[str, ...], ...] = ()
    seen: Place | None = None
    title: str | None = None
    aliases: frozenset[tuple[str, str]] = frozenset()
    is_erased: bool = False

    def copy(self) -> "Application":
        """Return a copy."""
        copied = copy(self)
        copied.history = dict(self.history)
        return copied

    # How it stands.

    def is_too_early(self, entry: Entry) -> bool:
        """Return whether a LEAD or CONTACT is dated before the application was made."""
        told = entry.told
        if told.status not in MAY_BE_TOO_EARLY or entry.source != "reported" or self.applied_at is None:
            return False
        latest = entry.effective if told.day_offset is None else entry.effective + _DAY - _MILLISECOND
        return latest < self.applied_at

    @property
    def head(self) -> Place | None:
        """The place of the transition that decides the status."""
        return max((place for place, each in self.history.items() if self._counts(each)), default=None)

    def _counts(self, entry: Entry) -> bool:
        return entry.told.status is not None and not self.is_too_early(entry)

    @property
    def standing(self) -> Told:
        """The status and the label."""
        head = self.head
        return self.history[head].told if head else Told(status="APPLIED", rank=rank("APPLIED"))

    @property
    def status(self) -> str:
        """The status."""
        return str(self.standing.status)

    # What a report does.

    def report(self, told: Told, received: datetime) -> Answer:
        """Receive a report."""
        before = self.status if self.version else None
        told = self._reopened(told, received)
        if self._changes_nothing(told) or (told.is_snapshot and told.order and self._stood(told, told.place(received))):
            self._learn(told)
            return Answer("unchanged", self.status, before, self.version)
        added = {}
        place = self._place(told, received)
        states = [(place, Entry(told=told, received=received, source=_source(told, received)))]
        if told.previous and (earlier := told.previous.place(received)) < place:
            states.insert(
                0, (earlier, Entry(told=told.previous, received=received, source="reported", from_previous=True))
            )
        for where, entry in states:
            if not self._has(where, entry):
                added[where] = replace(entry, folded=self._folded_at(where))
        if not added:
            self._learn(told)
            return Answer("unchanged", self.status, before, self.version)
        self._add(added, is_newest=told.order is None)
        self._learn(told)
        self.version += 1
        result = "recorded" if self.head in added else "late"
        if told.status is None and place in added:
            result = "unmapped"
        return Answer(result, self.status, before, self.version)

    def _place(self, told: Told, received: datetime) -> Place:
        """Return the place; what no time sorts comes directly after the current status, if that is later."""
        place, head = told.place(received), self.head
        if told.order is not None or head is None or place > head:
            return place
        after = head.at + _MILLISECOND if head.precision == _ELSEWHERE else head.at
        return place._replace(at=after, precision=_ELSEWHERE)

    def _changes_nothing(self, told: Told) -> bool:
        is_offer_without_time = told.is_snapshot and told.is_decision
        if is_offer_without_time and self.status in ENDS:
            return True
        if (told.is_snapshot or told.is_decision or told.order is None) and self._repeats(told):
            if told.order and told.status:
                place = told.place(told.order)
                if place > max((each for each in (self.head, self.seen) if each), default=_NOWHERE):
                    self.seen = place
            return True
        return self._key(told) in self.keys

    def _repeats(self, told: Told) -> bool:
        """Return whether it repeats the current status and label; an unmapped label is compared with the newest."""
        if told.status is None:
            last = self.history[max(self.history)].told if self.history else None
            return last is not None and last.status is None and plain(told.label) == plain(last.label)
        stands = self.standing
        return self.version > 0 and told.status == stands.status and plain(told.label) in {"", plain(stands.label)}

    def _stood(self, told: Told, place: Place) -> bool:
        """Return whether a snapshot has the status and label at its own time, which is before the newest transition."""
        earlier = [each for where, each in sorted(self.history.items()) if where < place]
        known = [each.told for each in earlier if each.told.status or not told.status]
        if known:
            return known[-1].status == told.status and plain(told.label) in {"", plain(known[-1].label)}
        return self.applied_at is not None and told.status == "APPLIED" and not plain(told.label)

    def _reopened(self, told: Told, received: datetime) -> Told:
        """Return the status of what says that the application is open, in an unmapped stage."""
        if not told.is_open or told.status or self.status not in ENDS:
            return told
        if told.order is not None and told.place(received) < (self.head or told.place(received)):
            return told
        before = [each.told.status for _, each in sorted(self.history.items())]
        return replace(told, status=["APPLIED", *(each for each in before if each and each not in ENDS)][-1])

    def _key(self, told: Told) -> tuple[str, ...] | None:
        if told.key is None or not (told.is_decision or told.order is None):
            return None
        return told.key if told.is_decision else (*told.key, str(told.status), plain(told.label))

    def _learn(self, told: Told) -> None:
        key = self._key(told)
        if key and key not in self.keys:
            self.keys = (*self.keys, key)[-self.limits.keys :]

    def _has(self, place: Place, entry: Entry) -> bool:
        """Return whether a transition is known, or is in a part of the history that was folded."""
        if known := self.history.get(place):
            return (not entry.from_previous, plain(entry.told.phase)) <= (
                not known.from_previous,
                plain(known.told.phase),
            )
        if self._counts(entry) and (self.head is None or place > self.head):
            return False
        return self._is_folded_before(place)

    def _is_folded_before(self, place: Place) -> bool:
        before = max((each for each in self.history if each < place), default=None)
        return before is not None and self.history[before].folded is not None

    def _folded_at(self, place: Place) -> int | None:
        """Return what was folded after a place; what is added where others were folded has such a part after it."""
        if known := self.history.get(place):
            return known.folded
        return 0 if self._is_folded_before(place) else None

    def _add(self, added: Mapping[Place, Entry], *, is_newest: bool) -> None:
        stands, head, seen = self.standing, self.head, self.seen
        self.history |= added
        moved = self.head
        is_passed = seen and moved and moved in added and moved < seen  # a snapshot repeated the status later
        if seen and is_passed and not is_newest:
            told = replace(stands, at=None, day_offset=None, sorted_at=seen.at, key=None, previous=None)
            received = max(seen.at, self.history[head].received) if head else seen.at
            self.history[seen._replace(label=_digest(told.label))] = Entry(told=told, received=received, source="proxy")
        if len(self.history) > self.limits.history:
            self._fold()

    # A full history.

    def _fold(self) -> None:
        places = sorted(self.history)
        kept = self._always_kept(places)
        for index, place in enumerate(places[1:-1], start=1):
            entry, around = self.history[place], (self.history[places[index - 1]], self.history[places[index + 1]])
            if place not in kept and all(entry.repeats(each) for each in around):
                kept.discard(place)
            else:
                kept.add(place)
        left = [place for place in places if place in kept]
        excess = len(left) - self.limits.history
        for place in [each for each in left if each not in self._always_kept(places)][: max(excess, 0)]:
            kept.discard(place)
        folded: dict[Place, Entry] = {}
        for place in places:
            entry = self.history[place]
            if place in kept:
                folded[place] = last = entry
                last_place = place
            else:
                reports = (entry.folded or 0) + (not entry.from_previous)
                folded[last_place] = last = replace(last, folded=(last.folded or 0) + reports)
        self.history = folded

    def _always_kept(self, places: Iterable[Place]) -> set[Place]:
        """Return the first and last of all, the current status, first entries, and the first response."""
        ordered = list(places)
        kept, firsts, response = {ordered[0], ordered[-1], self.head or ordered[0]}, set[str | None](), False
        for place in ordered:
            entry = self.history[place]
            if not self._counts(entry):
                continue
            status = entry.told.status
            if status not in firsts:
                kept.add(place)
            firsts.add(status)
            responds = STATUSES.index(str(status)) > STATUSES.index("APPLIED") and not entry.told.withdrew
            if responds and not response:
                kept.add(place)
                response = True
        return kept


def _source(told: Told, received: datetime) -> str:
    if told.at is not None:
        return "reported"
    return "received" if (told.order or received) == received else "proxy"


@dataclass
class Model:
    """All applications, their ids, and the events that wait for an id."""

    accepts_unknown: bool = False
    limits: Limits = Limits()
    applications: dict[str, Application] = field(default_factory=dict)
    second_ids: dict[str, str] = field(default_factory=dict)
    parked: dict[str, dict[tuple[str, ...], tuple[Told, datetime]]] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    ended: set[tuple[str, str]] = field(default_factory=set)
    given: list[tuple[str, str]] = field(default_factory=list)

    def copy(self) -> "Model":
        """Return a copy."""
        return Model(
            self.accepts_unknown,
            self.limits,
            {name: each.copy() for name, each in self.applications.items()},
            dict(self.second_ids),
            {name: dict(each) for name, each in self.parked.items()},
            dict(self.named),
            set(self.ended),
            list(self.given),
        )

    def of(self, application: str) -> Application | None:
        """Return an application by one of its ids; None if it is unknown or erased."""
        found = self.applications.get(self.second_ids.get(application, application))
        return None if found is None or found.is_erased else found

    def report(
        self, ats: str, application: str, told: Told, received: datetime, *, creates: bool = True
    ) -> Answer | None:
        """Receive a report; None is the answer to one about an unknown application."""
        first = self.second_ids.get(application, application)
        if self.accepts_unknown and creates and told.status and first not in self.applications:
            self.applications[first] = Application(self.limits, ats)
        found = self.of(application)
        return found.report(told, received) if found and found.ats == ats else None

    def register(
        self, ats: str, application: str, applied_at: datetime, title: str, aliases: frozenset[tuple[str, str]]
    ) -> int:
        """Register an application; return the status code."""
        if application in self.second_ids:
            return 409
        found = self.applications.get(application)
        if found and found.is_erased:
            return 410
        if found and found.ats != ats:
            return 409
        if not self._are_free(aliases, application):
            return 409
        is_new = found is None or found.applied_at is None
        found = found or Application(self.limits, ats)
        if not is_new and title == found.title and aliases <= found.aliases:
            return 200
        self.applications[application] = found
        found.version += 1
        found.applied_at, found.title = applied_at, title
        self._name(application, found, aliases)
        return 201 if is_new else 200

    def add_aliases(self, application: str, aliases: frozenset[tuple[str, str]]) -> int:
        """Add aliases to a registered application; return the status code."""
        found = self.of(application)
        if found is None or found.applied_at is None:
            return 404
        if not self._are_free(aliases, self.second_ids.get(application, application)):
            return 409
        if not aliases <= found.aliases:
            found.version += 1
            self._name(self.second_ids.get(application, application), found, aliases)
        return 200

    def _are_free(self, aliases: Iterable[tuple[str, str]], application: str) -> bool:
        return all(
            self.named.get(each, application) == application
            and (each[0] != "AtsiApplicationId" or each[1] not in self.applications or each[1] == application)
            for each in aliases
        )

    def _name(self, application: str, found: Application, aliases: frozenset[tuple[str, str]]) -> None:
        for kind, value in sorted(aliases - found.aliases):
            self.named[kind, value] = application
            if kind == "AtsiApplicationId":
                if value != application:
                    self.second_ids[value] = application
            elif kind in {"Ashby", "Greenhouse", "Lever", "Recruitee"}:
                self.given.append((f"{kind} {value}", application))
        found.aliases |= aliases

    def erase(self, application: str) -> None:
        """Erase an application by one of its ids, or an unknown one."""
        first = self.second_ids.get(application, application)
        found = self.applications.setdefault(first, Application(self.limits, ""))
        if found.is_erased:
            return
        for each in found.aliases:
            if each[0] != "AtsiApplicationId":  # which stays with its tombstone
                del self.named[each]
                self.ended.discard(each)
        self.applications[first] = Application(self.limits, "", version=found.version + 1, is_erased=True)

    def event(self, ats: str, kind: str, value: str, told: Told, received: datetime) -> str:
        """Receive an event of a webhook; return its result."""
        application = self.named.get((kind, value))
        if application is None:
            if told.status is None and not told.is_open:
                return "dropped"
            waiting = self.parked.setdefault(f"{kind} {value}", {})
            waiting.setdefault(told.key or (), (told, received))
            return "parked"
        if (kind, value) in self.ended:
            return "ended"
        answer = self.report(ats, application, told, received, creates=False)
        return answer.result if answer else "dropped"

    def end(self, kind: str, value: str) -> str:
        """Receive that nothing more will be reported by an id; return the result."""
        if (kind, value) not in self.named:
            return "dropped"
        self.ended.add((kind, value))
        return "noted"

    def replay(self, ats: str, name: str, application: str) -> None:
        """Record the events that wait for an id, in the order of their times; they have no labels."""
        found = self.of(application)
        if found is None:
            return
        waiting = self.parked.pop(name, {}).values()
        for told, received in sorted(waiting, key=lambda each: each[0].order or each[1]):
            given = replace(
                told, label=None, sorted_at=told.order or received, is_snapshot=told.is_snapshot or not told.is_decision
            )
            given = found._reopened(given, received)  # noqa: SLF001  # one that takes nothing back says nothing
            if given.status:
                self.report(ats, application, given, received, creates=False)
