"""The journal of the counters: amounts that are not merged into the rows of totals yet.

Each transaction that counts changes writes one entry. It has the amounts that they add, by ATS, client and job, and the
names of clients and jobs. A merge (`merge.py`) adds entries to the rows and deletes them.
"""

import math
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from application_status.platform.dynamodb.client import DynamoDB, Item, pages
from application_status.platform.values import now, to_text
from application_status.quality.counters.items import (
    NO_CLIENT,
    RowKey,
    attribute,
    life_of_ats,
    life_of_client,
    life_of_job,
    measure,
    month_of_ats,
    month_of_client,
    packed,
    unpacked,
    year_of_ats,
)
from application_status.quality.rules.contribution import Counts
from application_status.quality.rules.totals import add_counts


class Subject(NamedTuple):
    """The ATS, client and job of applications; an application known only by its reports has no client and no job."""

    ats_id: str
    client_id: str | None = None
    job_id: str | None = None


class Name(NamedTuple):
    """A name, and the time from which it is valid; the newest name is shown."""

    at: str
    text: str


@dataclass(slots=True)
class Additions:
    """Amounts to add to the totals, and names; `changes` is the number of changes that they come from."""

    amounts: dict[Subject, dict[tuple[str, str], int]] = field(default_factory=lambda: defaultdict(dict))
    clients: dict[str, Name] = field(default_factory=dict)
    jobs: dict[tuple[str, str], Name] = field(default_factory=dict)
    changes: int = 0

    def name(self, client_id: str, job_id: str, company: Name, job_title: Name) -> None:
        """Add the names of a client and its job."""
        _name_newest(self.clients, client_id, company)
        _name_newest(self.jobs, (client_id, job_id), job_title)

    def include(self, others: "Additions") -> None:
        """Add all of another entry."""
        for subject, amounts in others.amounts.items():
            add_counts(self.amounts[subject], amounts)
        for client_id, company in others.clients.items():
            _name_newest(self.clients, client_id, company)
        for job, title in others.jobs.items():
            _name_newest(self.jobs, job, title)
        self.changes += others.changes

    def by_row(self, generation: int) -> Mapping[RowKey, Counts]:
        """Return the amounts to add to each row of totals.

        A row whose amounts cancel out is among them: a merge writes each row that one of its entries is about.
        Otherwise a reader would add the entries that are not deleted yet to a row without the merge's number.
        """
        found: dict[RowKey, dict[tuple[str, str], int]] = defaultdict(dict)
        for subject, amounts in self.amounts.items():
            for cell, amount in amounts.items():
                for key in rows_of(generation, subject, cell[0][:7]):
                    row = found[key]
                    row[cell] = row.get(cell, 0) + amount
        return {key: {cell: amount for cell, amount in row.items() if amount} for key, row in found.items()}


def _name_newest[Key](names: dict[Key, Name], of: Key, name: Name) -> None:
    names[of] = max(name, names.get(of, name))


def rows_of(generation: int, subject: Subject, month: str) -> Iterator[RowKey]:
    """Yield the keys of the rows that an amount of a month (YYYY-MM) belongs to."""
    yield month_of_ats(generation, subject.ats_id, month)
    yield year_of_ats(generation, subject.ats_id, month[:4])
    yield life_of_ats(generation, subject.ats_id)
    yield life_of_client(generation, subject.client_id or NO_CLIENT, subject.ats_id)
    if subject.client_id and subject.job_id:
        yield month_of_client(generation, subject.client_id, month)
        yield life_of_job(generation, subject.client_id, subject.job_id)


def journal_scope(generation: int) -> str:
    """Return the partition key of the journal."""
    return f"journal#{generation}"


_LONGEST_KEY_BYTES = 1024


def entry_item(generation: int, additions: Additions) -> Item:
    """Return the item of a new entry; entries are sorted by their time.

    Raises:
        ValueError: an id is empty or too long for the keys of rows, so no merge could add the entry.
    """
    if any(
        not 0 < len(each.encode()) <= _LONGEST_KEY_BYTES for of in additions.amounts for each in of if each is not None
    ):
        raise ValueError(f"an id must have 1 to {_LONGEST_KEY_BYTES} bytes")
    return {**entry_key(generation), **stored_additions(additions)}


def entry_key(generation: int) -> Item:
    """Return the key of a new entry."""
    return {"Scope": {"S": journal_scope(generation)}, "Part": {"S": f"{to_text(now())}#{uuid.uuid4().hex[:12]}"}}


def stored_additions(additions: Additions) -> Item:
    """Return the attributes that store additions, as `additions` reads them."""
    return {"Changes": {"N": str(additions.changes)}, "Amounts": packed(_content(additions))}


def read_journal(dynamodb: DynamoDB, table: str, generation: int, most_bytes: float = math.inf) -> list[Item]:
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


_KEY_BYTES = 100  # of an entry's key and the names of its attributes


def entry_bytes(entry: Any) -> int:
    """Return the approximate size of an entry in bytes."""
    return len(entry["Amounts"]["B"]) + _KEY_BYTES


def written_at(entry: Item) -> str:
    """Return the time of an entry (ISO 8601)."""
    return str(entry["Part"]["S"].partition("#")[0])


def additions(entries: Iterable[Item]) -> Additions:
    """Return the sum of entries."""
    total = Additions()
    for entry in entries:
        total.include(_additions(unpacked(entry["Amounts"]), int(entry["Changes"]["N"])))
    return total


def _content(of: Additions) -> Any:
    amounts = []
    for subject, cells in of.amounts.items():
        by_day: dict[str, dict[str, int]] = defaultdict(dict)
        for (day, name), amount in cells.items():
            if amount:
                by_day[day][attribute(name)] = amount
        if by_day or subject.client_id in of.clients:  # a new name also reaches rows whose amounts stay
            amounts.append([*subject, by_day])
    clients = [[client_id, *name] for client_id, name in of.clients.items()]
    jobs = [[*job, *name] for job, name in of.jobs.items()]
    return {"amounts": amounts, "clients": clients, "jobs": jobs}


def _additions(content: Any, changes: int) -> Additions:
    found = Additions(changes=changes)
    for ats_id, client_id, job_id, by_day in content["amounts"]:
        found.amounts[Subject(ats_id, client_id, job_id)] = {
            (day, measure(name)): amount for day, amounts in by_day.items() for name, amount in amounts.items()
        }
    found.clients = {client_id: Name(at, text) for client_id, at, text in content["clients"]}
    found.jobs = {(client_id, job_id): Name(at, text) for client_id, job_id, at, text in content["jobs"]}
    return found
