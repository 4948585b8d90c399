"""Merges: add the entries of the journal to the rows of totals.

A merge has a number, and its item holds the entries that it adds. Each row holds the number of the merge that wrote it
last, so a merge that was interrupted continues: it skips the rows that have its number. Entries are deleted after all
rows are written. A reader adds an entry to the rows that do not include it yet (`read.py`).

One process merges at a time. It stops writing rows after `_RUN`, and another one may continue after `LEASE`. Both times
are those of the system clock, because a monotonic clock may stop while a computer sleeps.
"""

import math
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import batched
from typing import Any

from application_status.platform.dynamodb.client import (
    WRITES_PER_CALL,
    DynamoDB,
    Item,
    batch_delete,
    batch_get,
    batch_put,
    pages,
    side_by_side,
)
from application_status.platform.errors import ConditionFailed, Unavailable
from application_status.platform.values import from_text, now, to_text
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.items import AT, HEAD, NO_CLIENT, RowKey, clients_scope, packed, unpacked
from application_status.quality.counters.journal import Additions, additions, journal_scope, written_at
from application_status.quality.rules.disclosure import NO_MEMBERS, Sizes, size_class
from application_status.quality.rules.totals import Kind, Recent, Row, added, aged, amount_of

DUE_BYTES = 220_000
"""The size of a journal that is merged at once. Each report reads the whole journal, 4 KB for a read unit."""

_MOST_BYTES, _MOST_ENTRIES = 1_000_000, 5_000
_RUN, LEASE = timedelta(minutes=4), timedelta(minutes=10)
_KEYS_PER_CALL, _KEY_BYTES = 100, 100

type Head = Mapping[str, Sizes]
"""The members of a list by size, for each measure by which they are hidden."""

LISTED_MEASURES = ("applications", "last_activity")
"""The measures by which the members of a list are hidden: in a cohort or activity, and in silence."""


@dataclass(frozen=True, slots=True)
class LastMerge:
    """The last merge: its number, and the entries that it adds, if it is not finished."""

    number: int = 0
    entries: tuple[str, ...] = ()


def last_merge(dynamodb: DynamoDB, table: str, generation: int) -> LastMerge:
    """Read the last merge, with a consistent read."""
    item = dynamodb("GetItem", TableName=table, Key=_key(generation), ConsistentRead=True).get("Item")
    return _last_merge(item) if item else LastMerge()


def journal(dynamodb: DynamoDB, table: str, generation: int, most_bytes: float = math.inf) -> list[Item]:
    """Read the entries of the journal, oldest first, with consistent reads; about as many as have `most_bytes`."""
    request = {
        "TableName": table,
        "KeyConditionExpression": "#scope = :scope",
        "ExpressionAttributeNames": {"#scope": "Scope"},
        "ExpressionAttributeValues": {":scope": {"S": journal_scope(generation)}},
        "ConsistentRead": True,
    }
    found: list[Item] = []
    for page in pages(dynamodb, "Query", request):
        found += page
        if sum(map(entry_bytes, found)) > most_bytes:
            break
    return found


class Merger:
    """Merges the journal of a generation."""

    def __init__(self, dynamodb: DynamoDB, table: str, generation: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._generation = generation

    def merge(self, today: date, oldest: timedelta = timedelta()) -> int:
        """Merge the journal if it is large, or if an entry is older than `oldest`; return the number of entries.

        `today` is in the reporting time zone. The number is 0 if there is nothing to merge, or if another process is
        merging. A merge that was interrupted is continued first.

        Raises:
            Unavailable: dynamoDB failed, or the time is up; the next merge continues.
        """
        until = now() + _RUN
        last = last_merge(self._dynamodb, self._table, self._generation)
        if last.entries:
            keys = [self._entry_key(entry) for entry in last.entries]
            entries = [item for group in _groups(keys) for item in batch_get(self._dynamodb, self._table, group)]
            started = self._start(last.number, last)
        else:
            entries = journal(self._dynamodb, self._table, self._generation, _MOST_BYTES)[:_MOST_ENTRIES]
            if not _is_due(entries, oldest):
                return 0
            last = LastMerge(last.number + 1, tuple(entry["Part"]["S"] for entry in entries))
            started = self._start(last.number - 1, last)
        if not started:
            return 0
        total = additions(entries)
        self._add(total, last.number, today, until)
        batch_delete(self._dynamodb, self._table, [self._entry_key(entry) for entry in last.entries])
        self._finish(last.number)
        return len(last.entries)

    def _start(self, known: int, new: LastMerge) -> bool:
        """Store the merge with a new lease; return False if another process merges."""
        began = now()
        merge = {
            **_key(self._generation),
            "Number": {"N": str(new.number)},
            "Entries": packed(new.entries),
            "Until": {"S": to_text(began + LEASE)},
            "Process": {"S": uuid.uuid4().hex},
        }
        names, values, idle = {"#number": "Number"}, {":known": {"N": str(known)}}, "attribute_not_exists(Entries)"
        if known == new.number:
            names["#until"], values[":now"], idle = "Until", {"S": to_text(began)}, "#until < :now"
        try:
            self._dynamodb(
                "PutItem",
                TableName=self._table,
                Item=merge,
                ConditionExpression=f"attribute_not_exists(#number) OR (#number = :known AND {idle})",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
        except ConditionFailed as failed:
            if not failed.in_doubt:
                return False
            stored = self._dynamodb("GetItem", TableName=self._table, Key=_key(self._generation), ConsistentRead=True)
            return stored.get("Item") == merge  # the first attempt was executed, but its reply was lost
        return True

    def _finish(self, number: int) -> None:
        with suppress(ConditionFailed):  # it is finished
            self._dynamodb(
                "UpdateItem",
                TableName=self._table,
                Key=_key(self._generation),
                UpdateExpression="REMOVE Entries, #until, #process",
                ConditionExpression="#number = :number",
                ExpressionAttributeNames={"#number": "Number", "#until": "Until", "#process": "Process"},
                ExpressionAttributeValues={":number": {"N": str(number)}},
            )

    def _add(self, total: Additions, number: int, today: date, until: datetime) -> None:
        """Add amounts to all rows that do not have this merge's number.

        The totals of lists are derived from the change of their members' rows, so they are all written before the
        first of these rows. If a row has the merge's number already, they are written, or did not change.
        """
        by_row = total.by_row(self._generation)
        keys = dict.fromkeys([*by_row, *_named_rows(self._generation, total)])
        known = self._rows(list(keys))
        stored = {key: item for key, item in known.items() if _number(item) < number}
        recent = Recent.of(today)
        new = {
            key: aged(added(_row(item), by_row.get(key, {}), key.kind, recent), key.kind, recent)
            for key, item in stored.items()
        }
        changes = _changes_of_lists(self._generation, stored, new) if len(stored) == len(known) else {}
        heads = {key: item for key, item in self._rows(list(changes)).items() if _number(item) < number}
        for items in (
            [item for key, of_list in heads.items() if (item := _head_item(key, of_list, changes[key], number))],
            [item for key in new if not stored[key] and (item := _listed_client(self._generation, key))],
            [_row_item(key, row, stored[key], number, total) for key, row in new.items()],
        ):
            for group in batched(items, WRITES_PER_CALL, strict=False):
                if now() > until:
                    raise Unavailable("the merge takes too long; the next one continues")
                batch_put(self._dynamodb, self._table, group)

    def _rows(self, keys: Sequence[RowKey]) -> dict[RowKey, Item]:
        """Read the items of rows; a missing row is an empty item."""
        calls = [
            partial(batch_get, self._dynamodb, self._table, [key.item for key in group]) for group in _groups(keys)
        ]
        found = {_place(item): item for page in side_by_side(calls) for item in page}
        return {key: found.get((key.scope, key.part), {}) for key in keys}

    def _entry_key(self, entry: str) -> Item:
        return {"Scope": {"S": journal_scope(self._generation)}, "Part": {"S": entry}}


def head_key(scope: str) -> RowKey:
    """Return the key of the totals of a list."""
    return RowKey(scope, HEAD, Kind.JOB)


def head(item: Item) -> Head:
    """Convert an item to the totals of a list; an empty item is an empty list."""
    content = unpacked(item["Totals"]) if item else {}
    return {
        measure: Sizes({int(number): amount for number, amount in members.items()}, smallest)
        for measure, (members, smallest) in content.items()
    }


def head_value(of: Head) -> Item:
    """Convert the totals of a list to an attribute value."""
    return packed({measure: [sizes.members, sizes.smallest] for measure, sizes in of.items()})


def head_with(known: Head, changes: Sequence[tuple[Row, Row]]) -> Head:
    """Return the totals of a list after changes of its members' rows."""
    found: dict[str, Sizes] = {}
    for measure in LISTED_MEASURES:
        sizes = known.get(measure, NO_MEMBERS)
        members, smallest = Counter(sizes.members), sizes.smallest
        for before, after in changes:
            for row, sign in ((before, -1), (after, 1)):
                amount = amount_of(row, measure)
                members[size_class(amount)] += sign
                smallest += sign * amount if size_class(amount) == 1 else 0
        found[measure] = Sizes({number: amount for number, amount in members.items() if number and amount}, smallest)
    return found


def _changes_of_lists(
    generation: int, before: Mapping[RowKey, Item], after: Mapping[RowKey, Row]
) -> Mapping[RowKey, Sequence[tuple[Row, Row]]]:
    """Return the changes of members' rows, by the key of their list's totals."""
    found: dict[RowKey, list[tuple[Row, Row]]] = defaultdict(list)
    for key, row in after.items():
        if of_list := list_of(generation, key):
            found[of_list].append((_row(before[key]), row))
    return found


def _head_item(key: RowKey, stored: Item, changes: Sequence[tuple[Row, Row]], number: int) -> Item | None:
    """Return the item of a list's totals after changes of its members' rows, or None if they stay the same."""
    known = head(stored)
    new = head_with(known, changes)
    return None if new == known else {**key.item, "Totals": head_value(new), "Number": {"N": str(number)}}


def first_rows(generation: int, total: Additions, today: date) -> Iterator[Item]:
    """Yield the items that the first merge of a generation writes for amounts."""
    by_row = total.by_row(generation)
    stored: dict[RowKey, Item] = {key: {} for key in by_row}
    new = {key: added({}, amounts, key.kind, Recent.of(today)) for key, amounts in by_row.items()}
    for key, changes in _changes_of_lists(generation, stored, new).items():
        if item := _head_item(key, {}, changes, number=1):
            yield item
    for key, row in new.items():
        if item := _listed_client(generation, key):
            yield item
        yield _row_item(key, row, {}, 1, total)
    yield {**_key(generation), "Number": {"N": "1"}}


def list_of(generation: int, key: RowKey) -> RowKey | None:
    """Return the key of the totals of the list that a row is a member of."""
    if key.kind is Kind.JOB:
        return head_key(key.scope)
    if not key.part.startswith(AT) or key.scope.endswith(f"#{NO_CLIENT}"):
        return None
    return head_key(clients_scope(generation, key.part.removeprefix(AT)))


def _listed_client(generation: int, key: RowKey) -> Item | None:
    """Return the item that lists a client at an ATS, if the row is a client's life there."""
    if not key.part.startswith(AT) or key.scope.endswith(f"#{NO_CLIENT}"):
        return None
    client_id = key.scope.rpartition("#")[2]
    return quality_items.client_at_ats(generation, key.part.removeprefix(AT), client_id)


def _named_rows(generation: int, total: Additions) -> list[RowKey]:
    """Return the rows that have names."""
    clients = [
        quality_items.life_of_client(generation, subject.client_id, subject.ats_id)
        for subject in total.amounts
        if subject.client_id in total.clients
    ]
    return [*clients, *(quality_items.life_of_job(generation, *job) for job in total.jobs)]


def _row_item(key: RowKey, row: Row, stored: Item, number: int, total: Additions) -> Item:
    return {
        **key.item,
        "Totals": quality_items.row_value(row),
        "Number": {"N": str(number)},
        **_names(key, stored, total),
    }


def _names(key: RowKey, stored: Item, total: Additions) -> Item:
    """Return the attributes of the newest name of a client or job."""
    client_id = key.scope.rpartition("#")[2]
    if key.kind is Kind.JOB:
        new = total.jobs.get((client_id, key.part))
    elif key.part.startswith(AT):
        new = total.clients.get(client_id)
    else:
        return {}
    if new and new.at >= stored.get("NamedAt", {"S": ""})["S"]:
        return {"Name": {"S": new.text}, "NamedAt": {"S": new.at}}
    return {name: stored[name] for name in ("Name", "NamedAt") if name in stored}


def _row(item: Item) -> Row:
    return quality_items.row(item["Totals"]) if item else {}


def _number(item: Item) -> int:
    return int(item["Number"]["N"]) if item else 0


def _place(item: Item) -> tuple[str, str]:
    return item["Scope"]["S"], item["Part"]["S"]


def _groups[Key](keys: Sequence[Key]) -> list[tuple[Key, ...]]:
    return list(batched(keys, _KEYS_PER_CALL, strict=False))


def _key(generation: int) -> Item:
    return {"Scope": {"S": f"merge#{generation}"}, "Part": {"S": "current"}}


def _last_merge(item: Item) -> LastMerge:
    return LastMerge(int(item["Number"]["N"]), tuple(unpacked(item["Entries"])) if "Entries" in item else ())


def _is_due(entries: Sequence[Item], oldest: timedelta) -> bool:
    if not entries:
        return False
    age: timedelta = now() - _moment(entries[0])
    return sum(map(entry_bytes, entries)) >= DUE_BYTES or age >= oldest


def _moment(entry: Item) -> datetime:
    return from_text(written_at(entry))


def entry_bytes(entry: Any) -> int:
    """Return the approximate size of an entry in bytes."""
    return len(entry["Amounts"]["B"]) + _KEY_BYTES
