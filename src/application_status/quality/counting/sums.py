"""Compares all totals with the sums over all markers and the archive, in memory that the applications do not grow.

A reading adds up, for each partition of the Quality table, the amounts of its rows and of the journal, less those of
the markers and of the archive, each multiplied by a number that is derived from what the amount is about. The result of
a partition is zero if all its amounts are equal, and with near certainty another number if one differs. Only for the
partitions that differ, a further reading keeps the single amounts.

https://en.wikipedia.org/wiki/Fingerprint_(computing)
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple

from application_status.platform.dynamodb.client import DynamoDB, Item, pages
from application_status.platform.values import ApplicationId
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.archive import ARCHIVE
from application_status.quality.counters.items import AT, HEAD, Marker, RowKey, place
from application_status.quality.counters.journal import Subject, additions, read_journal, rows_of
from application_status.quality.counters.merge import (
    Head,
    clients_in_lists,
    head,
    head_with,
    last_merge,
    list_of,
    names_in_lists,
)
from application_status.quality.counting.drift import Drift
from application_status.quality.rules.contribution import Counts, is_dated
from application_status.quality.rules.totals import TOGETHER, Kind, Recent, Row

_KINDS = {"months": Kind.MONTH, "years": Kind.YEAR, "atss": Kind.ATS, "jobs": Kind.JOB}

_ALL_OLD = Recent("9999", "9999")


class Amount(NamedTuple):
    """What an amount is about: its partition and row, its slot and its measure."""

    scope: str
    part: str
    slot: str
    measure: str


@dataclass(slots=True)
class Reading:
    """The differences between totals and what is expected, by partition; it keeps each amount of those in `only`."""

    only: frozenset[str] = frozenset()
    differences: Counter[str] = field(default_factory=Counter)
    totals: Counter[Amount] = field(default_factory=Counter)
    expected: Counter[Amount] = field(default_factory=Counter)

    def add(self, about: Amount, amount: int) -> None:
        """Add an amount of the totals."""
        self.differences[about.scope] += amount * _number(about)
        if about.scope in self.only:
            self.totals[about] += amount

    def expect(self, about: Amount, amount: int) -> None:
        """Add an amount of the markers or of the archive."""
        self.differences[about.scope] -= amount * _number(about)
        if about.scope in self.only:
            self.expected[about] += amount

    @property
    def wrong(self) -> Mapping[str, int]:
        """The partitions that differ, with a number that is the same as long as the difference is."""
        return {scope: number for scope, number in self.differences.items() if number}

    def drift(self) -> Iterator[Drift]:
        """Yield the amounts that differ."""
        for about in sorted({*self.totals, *self.expected}):
            counted, expected = self.totals[about], self.expected[about]
            if counted != expected:
                yield Drift(_name(about), _time(about), about.measure, counted, expected)


def read_all(
    dynamodb: DynamoDB,
    table: str,
    generation: int,
    on_markers: Callable[[Mapping[ApplicationId, Marker]], object],
    only: Iterable[str] = (),
) -> Reading:
    """Read the whole table once; `on_markers` gets the markers of each page.

    The archive counts with the markers. Entries of the journal count with the totals, unless the row includes them
    already. Lists are compared with their members' rows, unless a merge is not finished, as it writes their totals
    first.
    """
    reading = Reading(frozenset(only))
    last = last_merge(dynamodb, table, generation)
    entries = read_journal(dynamodb, table, generation)
    in_merge = set(last.entries)
    unmerged = dict(additions(entry for entry in entries if entry["Part"]["S"] in in_merge).by_row(generation))
    for page in pages(dynamodb, "Scan", {"TableName": table, "ConsistentRead": True}):
        of_generation = [item for item in page if quality_items.generation_of(item) == generation]
        markers = {
            quality_items.application_of(item): quality_items.marker(item)
            for item in of_generation
            if item["Scope"]["S"].startswith("marker#")
        }
        for marker in markers.values():
            _add_marker(reading, generation, marker)
        archived = additions(item for item in page if item["Scope"]["S"] == ARCHIVE)
        for about, amount in _amounts(archived.by_row(generation)):
            reading.expect(about, amount)
        for key in _add_totals(reading, of_generation, last.number):
            unmerged.pop(key, None)
        if not last.entries:
            _add_lists(reading, generation, of_generation)
        on_markers(markers)
    waiting = additions(entry for entry in entries if entry["Part"]["S"] not in in_merge).by_row(generation)
    for about, amount in chain(_amounts(unmerged), _amounts(waiting)):
        reading.add(about, amount)
    return reading


def _amounts(by_row: Mapping[RowKey, Counts]) -> Iterator[tuple[Amount, int]]:
    for key, amounts in by_row.items():
        for (day, measure), amount in amounts.items():
            if key.kind.has(measure):
                yield _about(key, measure, day), amount


def _add_lists(reading: Reading, generation: int, items: Iterable[Item]) -> None:
    """Add the lists and their totals by size, and expect what the rows of their members say."""
    for item in items:
        scope, part = item["Scope"]["S"], item["Part"]["S"]
        if part == HEAD:
            for about, amount in _by_size(scope, head(item)):
                reading.add(about, amount)
        elif scope.startswith(("clients#", "names#")):
            reading.add(Amount(scope, part, "", "listed"), 1)
        elif "Totals" in item and (key := list_of(generation, row := _key(scope, part))):
            for listed in (*clients_in_lists(generation, row), *names_in_lists(generation, row, item)):
                reading.expect(Amount(*place(listed), "", "listed"), 1)
            for about, amount in _by_size(key.scope, head_with({}, [({}, quality_items.row(item["Totals"]))])):
                reading.expect(about, amount)


def _by_size(scope: str, of_list: Head) -> Iterator[tuple[Amount, int]]:
    for measure, sizes in of_list.items():
        yield Amount(scope, HEAD, "", f"{measure}:smallest"), sizes.smallest
        for size, members in sizes.members.items():
            yield Amount(scope, HEAD, "", f"{measure}:members-{size}"), members


def _add_totals(reading: Reading, items: Iterable[Item], merge: int) -> Iterator[RowKey]:
    """Add the totals among items; yield the keys of the rows that a merge has written."""
    for item in items:
        scope, part = item["Scope"]["S"], item["Part"]["S"]
        if scope.startswith("labels#"):
            reading.add(Amount(scope, part, "", "unmapped_label"), int(item["Applications"]["N"]))
        elif "Totals" in item and part != HEAD:
            key = _key(scope, part)
            _add_row(reading, key, quality_items.row(item["Totals"]))
            if int(item["Number"]["N"]) >= merge:
                yield key


def _add_row(reading: Reading, key: RowKey, row: Row) -> None:
    for measure, slots in row.items():
        for slot, amount in slots.items():
            kept = slot if key.kind in {Kind.MONTH, Kind.YEAR} or not is_dated(measure) else TOGETHER
            reading.add(Amount(key.scope, key.part, kept, measure), amount)


def _add_marker(reading: Reading, generation: int, marker: Marker) -> None:
    for cell, amount in marker.contribution.items():
        for key in rows_of(generation, Subject(cell.ats_id, marker.client_id, marker.job_id), cell.day[:7]):
            if key.kind.has(cell.measure):
                reading.expect(_about(key, cell.measure, cell.day), amount)
    for label in marker.unmapped_labels:
        scope = quality_items.label_key(generation, marker.ats_id or "", label)["Scope"]["S"]
        reading.expect(Amount(scope, label, "", "unmapped_label"), 1)


def _about(key: RowKey, measure: str, day: str) -> Amount:
    """Return what an amount is about, as if it was old: which dated measures are recent depends on the last merge."""
    return Amount(key.scope, key.part, key.kind.slot(measure, day, _ALL_OLD), measure)


def _key(scope: str, part: str) -> RowKey:
    of_client = Kind.CLIENT if part.startswith(AT) else Kind.MONTH
    return RowKey(scope, part, _KINDS.get(scope.partition("#")[0], of_client))


def _number(about: Amount) -> int:
    return int.from_bytes(blake2b("\n".join(about).encode(), digest_size=8).digest())


def _name(about: Amount) -> str:
    family, _, *rest = about.scope.split("#")
    match family:
        case "client":
            at_ats = f" at {about.part.removeprefix(AT)}" if about.part.startswith(AT) else ""
            return f"client {rest[0]}{at_ats}"
        case "clients" | "jobs" if about.part == HEAD:
            return f"the {family} of {rest[0]}"
        case "clients":
            return f"client {about.part} at {rest[0]}" if rest[0] else f"client {about.part.replace('#', ' at ')}"
        case "jobs":
            return f"job {about.part} of {rest[0]}"
        case "labels" | "names":
            return f"a {family.removesuffix('s')} of {' '.join(filter(None, rest))}"
    return about.part


def _time(about: Amount) -> str:
    family, _, *rest = about.scope.split("#")
    match family:
        case "months" | "years":
            return f"{rest[0]}-{about.slot}"
        case "client" if not about.part.startswith(AT):
            return f"{about.part}-{about.slot}"
    return about.slot
