"""Merges: add the entries of the journal to the rows of totals.

A merge has a number, and its item holds the entries that it adds. Each row holds the number of the merge that wrote it
last, so a merge that was interrupted continues: it skips the rows that have its number. Entries are deleted after all
rows are written. A reader adds an entry to the rows that do not include it yet (`read.py`).

One process merges at a time. It stops writing rows after `_RUN`, and another one may continue after `LEASE`. Both times
are those of the system clock, because a monotonic clock may stop while a computer sleeps.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import batched, chain
from typing import NamedTuple

from application_status.platform.dynamodb.client import (
    WRITES_PER_CALL,
    DynamoDB,
    Item,
    batch_delete,
    batch_get,
    batch_put,
)
from application_status.platform.errors import ConditionFailed, Unavailable
from application_status.platform.values import from_text, now, to_text
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.items import (
    ALL_ATSS,
    AT,
    HEAD,
    NO_CLIENT,
    RowKey,
    clients_scope,
    name_in_list,
    packed,
    place,
    unpacked,
)
from application_status.quality.counters.journal import (
    Additions,
    additions,
    entry_bytes,
    journal_scope,
    read_journal,
    written_at,
)
from application_status.quality.rules.disclosure import NO_MEMBERS, Sizes, size_class
from application_status.quality.rules.totals import Kind, Recent, Row, added, aged, amount_of

DUE_BYTES = 220_000
"""The size of a journal that is merged at once. Each report reads the whole journal, 4 KB for a read unit."""

_MOST_BYTES, _MOST_ENTRIES = 1_000_000, 5_000
_RUN, LEASE = timedelta(minutes=4), timedelta(minutes=10)

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
            entries = batch_get(self._dynamodb, self._table, keys)
            started = self._start(last.number, last)
        else:
            entries = read_journal(self._dynamodb, self._table, self._generation, _MOST_BYTES)[:_MOST_ENTRIES]
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
        """Add amounts to all rows that do not have this merge's number."""
        found = written(self._generation, total, number, today, self._rows)
        for write, items in (
            (batch_put, [*found.heads, *found.members]),
            (batch_delete, found.former_names),
            (batch_put, found.rows),
        ):
            for group in batched(items, WRITES_PER_CALL, strict=False):
                if now() > until:
                    raise Unavailable("the merge takes too long; the next one continues")
                write(self._dynamodb, self._table, group)

    def _rows(self, keys: Sequence[RowKey]) -> dict[RowKey, Item]:
        found = {place(item): item for item in batch_get(self._dynamodb, self._table, [key.item for key in keys])}
        return {key: found.get((key.scope, key.part), {}) for key in keys}

    def _entry_key(self, entry: str) -> Item:
        return {"Scope": {"S": journal_scope(self._generation)}, "Part": {"S": entry}}


def head_key(scope: str) -> RowKey:
    """Return the key of the totals of a list, which have no slots, so the kind is not used."""
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


type ReadRows = Callable[[Sequence[RowKey]], Mapping[RowKey, Item]]
"""Returns the stored items of rows; a missing row is an empty item."""


class Written(NamedTuple):
    """The items that a merge writes, in this order: totals of lists, members of lists with their names, and rows.

    It deletes `former_names`, which are keys, before the rows, which have the names, too.
    """

    heads: Sequence[Item]
    members: Sequence[Item]
    former_names: Sequence[Item]
    rows: Sequence[Item]


def written(generation: int, total: Additions, number: int, today: date, read: ReadRows) -> Written:
    """Return the items that a merge writes.

    The totals of lists are derived from the change of their members' rows, so they are all written before the first of
    these rows. If a row has the merge's number already, they are written, or did not change.
    """
    by_row = total.by_row(generation)
    known = read(list(dict.fromkeys([*by_row, *_named_rows(generation, total)])))
    stored = {key: item for key, item in known.items() if _number(item) < number}
    recent = Recent.of(today)
    new = {
        key: aged(added(_row(item), by_row.get(key, {}), key.kind, recent), key.kind, recent)
        for key, item in stored.items()
    }
    changes = _changes_of_lists(generation, stored, new) if len(stored) == len(known) else {}
    heads = {key: item for key, item in read(list(changes)).items() if _number(item) < number}
    rows = {key: _row_item(key, row, stored[key], number, total) for key, row in new.items()}
    named = {key: item for key, item in rows.items() if _name(item) != _name(stored[key])}
    names = {place(item): item for key, item in named.items() for item in names_in_lists(generation, key, item)}
    return Written(
        [item for key, of_list in heads.items() if (item := _head_item(key, of_list, changes[key], number))],
        [*chain.from_iterable(clients_in_lists(generation, key) for key in rows if not stored[key]), *names.values()],
        [
            {"Scope": item["Scope"], "Part": item["Part"]}
            for key in named
            for item in names_in_lists(generation, key, stored[key])
            if place(item) not in names
        ],
        list(rows.values()),
    )


def first_rows(generation: int, total: Additions, today: date) -> Iterator[Item]:
    """Yield the items of a generation whose only merge has added these amounts."""
    first = written(generation, total, 1, today, lambda keys: {key: {} for key in keys})
    yield from chain(first.heads, first.members, first.rows)
    yield {**_key(generation), "Number": {"N": "1"}}


def list_of(generation: int, key: RowKey) -> RowKey | None:
    """Return the key of the totals of the list that a row is a member of."""
    if key.kind is Kind.JOB:
        return head_key(key.scope)
    of = _client_at(key)
    return head_key(clients_scope(generation, of[0])) if of else None


def _client_at(key: RowKey) -> tuple[str, str] | None:
    """Return the ATS and the client whose life there a row has; None for other rows."""
    client_id = key.scope.rpartition("#")[2]
    return (key.part.removeprefix(AT), client_id) if key.kind is Kind.CLIENT and client_id != NO_CLIENT else None


def places_in_lists(generation: int, key: RowKey) -> list[tuple[str, str]]:
    """Return the lists that a row belongs to: their partition keys, each with the Part of the member."""
    if of := _client_at(key):
        ats_id, client_id = of
        return [
            (clients_scope(generation, ats_id), client_id),
            (clients_scope(generation, ALL_ATSS), f"{client_id}#{ats_id}"),
        ]
    return [(key.scope, key.part)] if key.kind is Kind.JOB else []


def clients_in_lists(generation: int, key: RowKey) -> list[Item]:
    """Return the items that list a client, if the row has the client's life at an ATS."""
    places = places_in_lists(generation, key) if key.kind is Kind.CLIENT else []
    return [{"Scope": {"S": of_list}, "Part": {"S": part}} for of_list, part in places]


def names_in_lists(generation: int, key: RowKey, item: Item) -> list[Item]:
    """Return the items with the name of a row's member in its lists, if the row's item has a name."""
    name = _name(item)
    return [name_in_list(*at, name) for at in places_in_lists(generation, key)] if name else []


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


def _name(item: Item) -> str:
    return str(item["Name"]["S"]) if "Name" in item else ""


def _row(item: Item) -> Row:
    return quality_items.row(item["Totals"]) if item else {}


def _number(item: Item) -> int:
    return int(item["Number"]["N"]) if item else 0


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
