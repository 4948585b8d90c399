"""Reads the totals: the stored rows, and the entries of the journal that they do not include yet."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, partial
from itertools import chain, islice
from typing import Any, NamedTuple

from application_status.platform.dynamodb.client import DynamoDB, Item, batch_get, pages, side_by_side
from application_status.platform.errors import ServiceError
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.items import ALL_ATSS, AT, HEAD, NO_CLIENT, RowKey, member_of_name
from application_status.quality.counters.journal import Additions, Subject, additions, read_journal
from application_status.quality.counters.merge import (
    LISTED_MEASURES,
    Head,
    head,
    head_key,
    head_with,
    last_merge,
)
from application_status.quality.rules.contribution import Counts, is_dated, is_size
from application_status.quality.rules.disclosure import NO_MEMBERS, MonthGroup, Size
from application_status.quality.rules.periods import Question
from application_status.quality.rules.totals import Kind, Recent, Row, add_counts, added, amount_of

_SINGLY = 10
"""The most rows of a partition that are read by their keys; more are read by one query."""

_MOST_CHANGED = 100
"""The most members of a list whose rows are read to find out whether their sizes have changed."""

_FIRST, _LAST = "!", "~"  # before and after all ids
_FIRST_CHARACTER, _LAST_CHARACTER = "\x01", "\U0010ffff"

_ID = re.compile(r"[0-9A-Za-z._:-]{1,64}")

NAMES_READ = 1_000
"""The most names that a search reads."""

type Place = tuple[str, ...]
"""An ATS, a client, a client at an ATS, or a job of a client: what the entries of the journal are grouped by."""


class MergedMeanwhile(ServiceError):
    """A merge wrote rows between the calls of a reader; read all again with a new reader."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a list: a client of an ATS, or a job of a client, with its name and its totals.

    The name is valid from `named_at` (ISO 8601) on; both are empty if there is none.
    """

    id: str
    name: str
    named_at: str
    row: Row


class MemberName(NamedTuple):
    """The id of an ATS, a client or a job, and its name, which is empty if it has none."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, sorted by id, or by name if it was searched.

    `following` is the id after which the next page begins, `further` how many more members a search found.
    """

    members: Sequence[Member]
    following: str | None
    head: Head
    further: int = 0


class PageOfClients(NamedTuple):
    """A page of all clients, like `Page`: the totals of each over its whole life at each of its ATSs."""

    lives: Mapping[str, Mapping[str, Member]]
    following: str | None
    further: int = 0


class QualityReader:
    """A reader of one generation of the counters, for the calls of one report or page; it reads each row once.

    Its results include all changes counted before its first call. A new member joins its list with the next merge.
    All methods raise MergedMeanwhile. `today` is in the reporting time zone.
    """

    def __init__(self, dynamodb: DynamoDB, table: str, generation: int, today: date) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._generation = generation
        self._recent = Recent.of(today)
        self._items: dict[RowKey, Item] = {}
        self._rows: dict[RowKey, Row] = {}
        self._groups: dict[tuple[str, Size], Sequence[MonthGroup]] = {}
        self._queried: dict[tuple[str, str, str], list[Item]] = {}

    def read_journal(self) -> None:
        """Read the journal, which all other methods need; after it, they may be called at the same time."""
        _ = self._unmerged

    def lives_of_atss(self) -> dict[str, Row]:
        """Return the totals of all ATSs over their whole lives."""
        found = self._query(f"atss#{self._generation}", _FIRST, _LAST)
        self._items |= {quality_items.life_of_ats(self._generation, item["Part"]["S"]): item for item in found}
        ids = {*(item["Part"]["S"] for item in found), *(place[0] for place in self._waiting_at(_by_ats))}
        self._load([quality_items.life_of_ats(self._generation, ats_id) for ats_id in ids])
        return {ats_id: self.life_of_ats(ats_id) for ats_id in sorted(ids)}

    def ats_ids(self) -> list[str]:
        """Return the ids of the ATSs that have counters."""
        return list(self.lives_of_atss())

    def life_of_ats(self, ats_id: str) -> Row:
        """Return the totals of an ATS over its whole life; empty if it has none."""
        key = quality_items.life_of_ats(self._generation, ats_id)
        self._load([key])
        return self._row(key, _by_ats, (ats_id,))

    def groups_of_ats(self, ats_id: str, question: Question) -> Sequence[MonthGroup]:
        """Return the groups of months of an ATS, which are the same for all questions about blocks of the same size."""
        key = (ats_id, question.size)
        if key not in self._groups:
            self._groups[key] = question.groups(self.life_of_ats(ats_id))
        return self._groups[key]

    def load(self, months: Mapping[str, Iterable[str]], years: Mapping[str, Iterable[str]]) -> None:
        """Read rows of ATSs at the same time: ATS -> months (YYYY-MM), ATS -> years (YYYY)."""
        self._load(
            [
                *(quality_items.month_of_ats(self._generation, ats, month) for ats in months for month in months[ats]),
                *(quality_items.year_of_ats(self._generation, ats, year) for ats in years for year in years[ats]),
            ]
        )

    def month_of_ats(self, ats_id: str, month: str) -> Row:
        """Return the totals of an ATS in a month, by day."""
        key = quality_items.month_of_ats(self._generation, ats_id, month)
        self._load([key])
        return self._row(key, _by_ats, (ats_id,), month)

    def year_of_ats(self, ats_id: str, year: str) -> Row:
        """Return the totals of an ATS in a year, by month."""
        key = quality_items.year_of_ats(self._generation, ats_id, year)
        self._load([key])
        return self._row(key, _by_ats, (ats_id,), year)

    def days_of_ats(self, ats_id: str, since: str = "") -> Counts:
        """Return the totals of an ATS by day, from the month `since` (YYYY-MM) on."""
        life = self.life_of_ats(ats_id)
        slots = {slot[:7] for name in life if is_size(name) or is_dated(name) for slot in life[name]}
        months = sorted(month for month in slots if month >= since and month)
        self.load({ats_id: months}, {})
        return {
            (f"{month}-{day}", name): amount
            for month in months
            for name, days in self.month_of_ats(ats_id, month).items()
            for day, amount in days.items()
        }

    def lives_of_client(self, client_id: str) -> dict[str, Member]:
        """Return the totals of a client over its whole life at each of its ATSs."""
        found = self._query(quality_items.client_scope(self._generation, client_id), AT, AT + _LAST)
        stored = {item["Part"]["S"].removeprefix(AT): item for item in found}
        self._items |= {
            quality_items.life_of_client(self._generation, client_id, ats_id): item for ats_id, item in stored.items()
        }
        new = [place[1] for place in self._waiting_at(_by_client_at_ats) if place[0] == client_id]
        return {ats_id: self._client_at(ats_id, client_id) for ats_id in sorted({*stored, *new})}

    def load_client(self, client_id: str, months: Iterable[str]) -> None:
        """Read the rows of a client by month at the same time."""
        self._load([quality_items.month_of_client(self._generation, client_id, month) for month in months])

    def month_of_client(self, client_id: str, month: str) -> Row:
        """Return the totals of a client in a month, by day."""
        key = quality_items.month_of_client(self._generation, client_id, month)
        self._load([key])
        return self._row(key, _by_client, (client_id,), month)

    def job(self, client_id: str, job_id: str) -> Member:
        """Return the totals of a job over its whole life; empty if it has none."""
        key = quality_items.life_of_job(self._generation, client_id, job_id)
        self._load([key])
        return self._member(key, job_id, self._row(key, _by_job, (client_id, job_id)))

    def head_of_jobs(self, client_id: str) -> Head:
        """Return the totals of a client's jobs by size."""
        self._load([head_key(quality_items.jobs_scope(self._generation, client_id))])
        return self._head_of_jobs(client_id)

    def jobs(self, client_id: str, after: str | None, limit: int) -> Page:
        """Return a page of a client's jobs, with at most `limit` members, from the job after `after`."""
        ids, following = self._page(quality_items.jobs_scope(self._generation, client_id), after, limit)
        return self._page_of_jobs(client_id, ids, following)

    def named_jobs(self, client_id: str, text: str, limit: int) -> Page:
        """Return a page with the first jobs of a client whose names begin with a text, or with the job of this id."""
        found = self.names_of_jobs(client_id, text, NAMES_READ)
        return self._page_of_jobs(client_id, [each.id for each in found[:limit]], None, max(0, len(found) - limit))

    def names_of_jobs(self, client_id: str, text: str, limit: int) -> Sequence[MemberName]:
        """Return the job of this id, and the first jobs of a client whose names begin with a text, sorted by name."""
        exact = [job] if _ID.fullmatch(text) and (job := self.job(client_id, text)).row else []
        return self._names(quality_items.jobs_scope(self._generation, client_id), exact, text, limit)

    def _page_of_jobs(self, client_id: str, ids: Sequence[str], following: str | None, further: int = 0) -> Page:
        self._load([quality_items.life_of_job(self._generation, client_id, each) for each in ids])
        members = [self.job(client_id, job_id) for job_id in ids]
        return Page(members, following, self.head_of_jobs(client_id), further)

    def clients(self, ats_id: str, after: str | None, limit: int) -> Page:
        """Return a page of an ATS's clients, with at most `limit` members, from the client after `after`.

        In the list's totals, applications without a client belong to the class of the smallest clients.
        """
        ids, following = self._page(quality_items.clients_scope(self._generation, ats_id), after, limit)
        return self._page_of_clients(ats_id, ids, following)

    def named_clients(self, ats_id: str, text: str, limit: int) -> Page:
        """Return a page with the first clients of an ATS whose names begin with a text, or with the one of this id."""
        found = self.names_of_clients(ats_id, text, NAMES_READ)
        return self._page_of_clients(ats_id, [each.id for each in found[:limit]], None, max(0, len(found) - limit))

    def names_of_clients(self, ats_id: str, text: str, limit: int) -> Sequence[MemberName]:
        """Return the client of this id, and the first clients whose names begin with a text, sorted by name.

        They are those of an ATS, or of all with ALL_ATSS.
        """
        exact: list[Member] = []
        if _ID.fullmatch(text) and ats_id:
            exact = [client] if (client := self._client_at(ats_id, text)).row else []
        elif _ID.fullmatch(text):
            exact = sorted(self.lives_of_client(text).values(), key=lambda life: life.named_at)[-1:]
        return self._names(quality_items.clients_scope(self._generation, ats_id), exact, text, limit)

    def _page_of_clients(self, ats_id: str, ids: Sequence[str], following: str | None, further: int = 0) -> Page:
        scope = quality_items.clients_scope(self._generation, ats_id)
        lives = [quality_items.life_of_client(self._generation, each, ats_id) for each in (*ids, NO_CLIENT)]
        self._load([*lives, head_key(scope)])
        changed = {
            place: quality_items.life_of_client(self._generation, *place)
            for place in self._waiting_at(_by_client_at_ats)
            if place[1] == ats_id and place[0] != NO_CLIENT
        }
        rest = self._client_at(ats_id, NO_CLIENT).row
        of_list = {
            measure: replace(sizes, smallest=sizes.smallest + amount_of(rest, measure))
            for measure, sizes in self._head(scope, _by_client_at_ats, changed).items()
        }
        return Page([self._client_at(ats_id, client_id) for client_id in ids], following, of_list, further)

    def all_clients(self, after: str | None, limit: int) -> PageOfClients:
        """Return a page of all clients, with at most `limit` of them, from the client after `after`."""
        scope, last = quality_items.clients_scope(self._generation, ALL_ATSS), f"{after or ''}#{_LAST}"
        found: dict[str, None] = {}
        for page in pages(self._dynamodb, "Query", self._query_after(scope, last, 2 * limit)):
            found |= dict.fromkeys(item["Part"]["S"].partition("#")[0] for item in page)
            if len(found) > limit:
                break
        ids = list(found)[:limit]
        return PageOfClients(self._lives_of_clients(ids), ids[-1] if len(found) > limit else None)

    def all_named_clients(self, text: str, limit: int) -> PageOfClients:
        """Return a page with the first clients whose names begin with a text, or with the client of this id."""
        found = self.names_of_clients(ALL_ATSS, text, NAMES_READ)
        lives = self._lives_of_clients([each.id for each in found[:limit]])
        return PageOfClients(lives, None, max(0, len(found) - limit))

    def _lives_of_clients(self, client_ids: Sequence[str]) -> Mapping[str, Mapping[str, Member]]:
        self.read_journal()
        lives = side_by_side([partial(self.lives_of_client, each) for each in client_ids])
        return dict(zip(client_ids, lives, strict=True))

    def unmapped_labels(self, ats_id: str, limit: int) -> list[tuple[str, int]]:
        """Return the unmapped labels of an ATS with their applications, the most frequent first, at most `limit`.

        The index that sorts them is seconds old at most.
        """
        request = {
            "TableName": self._table,
            "IndexName": quality_items.LABELS_INDEX,
            "KeyConditionExpression": "LabelOf = :ats",
            "ExpressionAttributeValues": {":ats": {"S": quality_items.index_key(self._generation, ats_id)}},
            "ScanIndexForward": False,
            "Limit": limit,
        }
        found = islice(chain.from_iterable(pages(self._dynamodb, "Query", request)), limit)
        return [(item["Part"]["S"], int(item["Applications"]["N"])) for item in found]

    def _client_at(self, ats_id: str, client_id: str) -> Member:
        key = quality_items.life_of_client(self._generation, client_id, ats_id)
        self._load([key])
        return self._member(key, client_id, self._row(key, _by_client_at_ats, (client_id, ats_id)))

    def _member(self, key: RowKey, member_id: str, row: Row) -> Member:
        item = self._items[key]
        name, named_at = (item[each]["S"] if each in item else "" for each in ("Name", "NamedAt"))
        return Member(member_id, name, named_at, row)

    @cached_property
    def _unmerged(self) -> "_Unmerged":
        """The journal; the merge is read first, so that an entry deleted in between is in rows of a later merge."""
        last = last_merge(self._dynamodb, self._table, self._generation)
        entries = read_journal(self._dynamodb, self._table, self._generation)
        in_merge = set(last.entries)
        return _Unmerged(
            last.number,
            additions(each for each in entries if each["Part"]["S"] in in_merge),
            additions(each for each in entries if each["Part"]["S"] not in in_merge),
        )

    def _waiting_at(self, place: "_Place") -> set[Place]:
        return self._unmerged.grouped("waiting", place).keys() | self._unmerged.grouped("in_merge", place).keys()

    def _row(self, key: RowKey, place: "_Place", at: Place, days: str = "") -> Row:
        """Return a row whose item is read, with the amounts of entries that it does not include."""
        if key not in self._rows:
            self._rows[key] = self._as_of(key, place, at, ("waiting", "in_merge"), days)
        return self._rows[key]

    def _as_of(self, key: RowKey, place: "_Place", at: Place, entries: Iterable[str], days: str = "") -> Row:
        """Return a row whose item is read, with the amounts of some entries: those that it does not include."""
        item, unmerged = self._items[key], self._unmerged
        number = int(item["Number"]["N"]) if item else 0
        if number > unmerged.number:
            raise MergedMeanwhile
        row = quality_items.row(item["Totals"]) if item else {}
        for name in entries:
            is_included = name == "in_merge" and number == unmerged.number
            if not is_included and (amounts := unmerged.grouped(name, place).get(at)):
                of_days = {cell: amount for cell, amount in amounts.items() if cell[0].startswith(days)}
                row = added(row, of_days, key.kind, self._recent)
        return row

    def _load(self, keys: Iterable[RowKey]) -> None:
        """Read the items of rows that are not read yet, with consistent reads; a missing row is an empty item.

        Many rows of a partition are read by one query, if it is one of months: a client may have any number of jobs.
        """
        _ = self._unmerged
        by_scope: dict[str, list[RowKey]] = defaultdict(list)
        for key in keys:
            if key not in self._items:
                by_scope[key.scope].append(key)
        together = {scope for scope, of in by_scope.items() if len(of) > _SINGLY and not scope.startswith("jobs#")}
        single = [key.item for scope, of in by_scope.items() if scope not in together for key in of]
        calls = [partial(batch_get, self._dynamodb, self._table, single)]
        for scope in sorted(together):
            parts = [key.part for key in by_scope[scope]]
            calls.append(partial(self._query, scope, min(parts), max(parts)))
        found = {quality_items.place(item): item for page in side_by_side(calls) for item in page}
        self._items |= {key: found.get((key.scope, key.part), {}) for of_scope in by_scope.values() for key in of_scope}

    def _query(self, scope: str, first: str, last: str) -> list[Item]:
        """Read the items of a partition whose Part is from `first` to `last`, once."""
        _ = self._unmerged
        asked = (scope, first, last)
        if asked in self._queried:
            return self._queried[asked]
        request = {
            "TableName": self._table,
            "KeyConditionExpression": "#scope = :scope AND Part BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#scope": "Scope"},
            "ExpressionAttributeValues": {":scope": {"S": scope}, ":first": {"S": first}, ":last": {"S": last}},
            "ConsistentRead": True,
        }
        self._queried[asked] = [item for page in pages(self._dynamodb, "Query", request) for item in page]
        return self._queried[asked]

    def _page(self, scope: str, after: str | None, limit: int) -> tuple[list[str], str | None]:
        """Read a page of a list, and the list's totals: the page's ids, and the id to continue after."""
        _ = self._unmerged
        calls: list[Callable[[], Any]] = [
            partial(self._dynamodb, "Query", **self._query_after(scope, after or HEAD, limit + 1)),
            partial(self._load, [head_key(scope)]),
        ]
        reply, _ = side_by_side(calls)
        items = reply["Items"][:limit]
        self._items |= {RowKey(scope, item["Part"]["S"], Kind.JOB): item for item in items}
        ids = [item["Part"]["S"] for item in items]
        has_more = len(reply["Items"]) > limit or "LastEvaluatedKey" in reply
        return ids, ids[-1] if has_more else None

    def _query_after(self, scope: str, after: str, limit: int) -> Mapping[str, Any]:
        """Return the query of the items of a partition after a Part."""
        return {
            "TableName": self._table,
            "KeyConditionExpression": "#scope = :scope AND Part > :after",
            "ExpressionAttributeNames": {"#scope": "Scope"},
            "ExpressionAttributeValues": {":scope": {"S": scope}, ":after": {"S": after}},
            "ConsistentRead": True,
            "Limit": limit,
        }

    def _names(self, of_list: str, exact: Iterable[Member], text: str, limit: int) -> Sequence[MemberName]:
        """Return members, and then those of a list whose names begin with a text, sorted by name; at most `limit`."""
        found = {each.id: each.name for each in exact}
        request = {
            "TableName": self._table,
            "KeyConditionExpression": "#scope = :scope AND Part BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#scope": "Scope"},
            "ExpressionAttributeValues": {
                ":scope": {"S": quality_items.names_scope(of_list)},
                ":first": {"S": quality_items.folded(text) or _FIRST_CHARACTER},
                ":last": {"S": f"{quality_items.folded(text)}{_LAST_CHARACTER}"},
            },
            "Limit": limit,
        }
        for page in pages(self._dynamodb, "Query", request):
            for item in page:
                found.setdefault(member_of_name(item), item["Name"]["S"])
            if len(found) >= limit:
                break
        return [MemberName(*each) for each in islice(found.items(), limit)]

    def _head_of_jobs(self, client_id: str) -> Head:
        changed = {
            place: quality_items.life_of_job(self._generation, *place)
            for place in self._waiting_at(_by_job)
            if place[0] == client_id
        }
        return self._head(quality_items.jobs_scope(self._generation, client_id), _by_job, changed)

    def _head(self, scope: str, place: "_Place", changed: Mapping[Place, RowKey]) -> Head:
        """Return the totals of a list, including the entries of the journal; `changed` are the members in them.

        The rows of these members are only read if the list has few small members, as hiding then depends on each. If
        they are more than _MOST_CHANGED, more members are hidden instead.
        """
        item, unmerged = self._items[head_key(scope)], self._unmerged
        number = int(item["Number"]["N"]) if item else 0
        if number > unmerged.number:
            raise MergedMeanwhile
        known = head(item)
        if all(known.get(measure, NO_MEMBERS).stays_enough(len(changed)) for measure in LISTED_MEASURES):
            return known
        if len(changed) > _MOST_CHANGED:
            return {measure: replace(sizes, changed=len(changed)) for measure, sizes in known.items()}
        self._load(changed.values())
        if unmerged.is_merging:  # rows are written after the totals of lists, so these are final if a row is written
            del self._items[head_key(scope)]
            self._load([head_key(scope)])
            item = self._items[head_key(scope)]
            number, known = int(item["Number"]["N"]) if item else 0, head(item)
        numbers = {number, *(int(self._items[key]["Number"]["N"]) for key in changed.values() if self._items[key])}
        of_head = ("in_merge",) if unmerged.number in numbers else ()  # a merge writes rows after all lists' totals
        changes = [(self._as_of(key, place, at, of_head), self._row(key, place, at)) for at, key in changed.items()]
        return head_with(known, changes)


type _Place = Callable[[Subject], Place | None]


def _by_ats(subject: Subject) -> Place:
    return (subject.ats_id,)


def _by_client(subject: Subject) -> Place | None:
    return (subject.client_id,) if subject.client_id else None


def _by_client_at_ats(subject: Subject) -> Place:
    return (subject.client_id or NO_CLIENT, subject.ats_id)


def _by_job(subject: Subject) -> Place | None:
    return (subject.client_id, subject.job_id) if subject.client_id and subject.job_id else None


def read_consistently[Result](reader: Callable[[], QualityReader], read: Callable[[QualityReader], Result]) -> Result:
    """Return what a new reader reads; if a merge writes rows meanwhile, read all again with another one."""
    while True:
        with suppress(MergedMeanwhile):
            return read(reader())


class _Unmerged:
    """The entries of the journal: those in a merge that is not finished, and those that wait for the next one."""

    def __init__(self, number: int, in_merge: Additions, waiting: Additions) -> None:
        self.number = number
        self._additions = {"in_merge": in_merge, "waiting": waiting}
        self._grouped: dict[tuple[str, _Place], Mapping[Place, Counts]] = {}

    @property
    def is_merging(self) -> bool:
        """Whether a merge is not finished."""
        return self._additions["in_merge"].changes > 0

    def grouped(self, name: str, place: _Place) -> Mapping[Place, Counts]:
        """Return the amounts of the entries by place."""
        if (name, place) not in self._grouped:
            found: dict[Place, dict[tuple[str, str], int]] = defaultdict(dict)
            for subject, amounts in self._additions[name].amounts.items():
                if at := place(subject):
                    add_counts(found[at], amounts)
            self._grouped[name, place] = found
        return self._grouped[name, place]
