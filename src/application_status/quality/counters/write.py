"""Exactly-once counting: a transaction writes the markers of applications together with an entry of the journal.

A transaction fails if one of its markers has changed since it was read. So each change counts once, however often and
in whatever order its stream record arrives. `Counters.apply` is the entry; the functions before it plan transactions.

Model: tests/promises/models/counting.pml
Model: tests/promises/models/rebuild.pml
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from application_status.platform.dynamodb.client import DynamoDB, Item, batch_get
from application_status.platform.errors import ConditionFailed
from application_status.platform.values import ApplicationId, now, to_text
from application_status.quality.counters.generations import generations
from application_status.quality.counters.items import (
    NOT_COUNTED,
    Marker,
    application_of,
    index_key,
    label_key,
    marker,
    marker_item,
    marker_key,
    place,
)
from application_status.quality.counters.journal import Additions, Name, Subject, entry_item
from application_status.quality.rules.contribution import Contribution

_ACTIONS_PER_TRANSACTION = 100
_AMOUNTS_PER_TRANSACTION = 20_000
"""The most amounts of a transaction: with it, an entry stays far below the 400 KB of an item."""


@dataclass(frozen=True, slots=True)
class Change:
    """An application's version and its contribution, which is empty for a removed application.

    `company`, `job_title` and `applied_on` (ISO 8601, a day in UTC) are those of its registration.
    """

    application_id: ApplicationId
    version: int
    contribution: Contribution
    client_id: str | None = None
    job_id: str | None = None
    unmapped_labels: tuple[str, ...] = ()
    company: str = ""
    job_title: str = ""
    applied_on: str = ""

    @property
    def names(self) -> str | None:
        """A digest of the names of its client and its job; None without a registration."""
        return self.client_id and sha256(f"{self.company}\n{self.job_title}".encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class CounterUpdate:
    """The step of one application from the marker that was read to the marker that is written.

    `labels` are the applications to add to unmapped labels: (ATS, label) -> 1 or -1.
    """

    change: Change
    counted: Marker
    target: Marker
    labels: Mapping[tuple[str, str], int]

    @property
    def size(self) -> int:
        """The number of amounts that it can add."""
        return len(self.change.contribution) + len(self.counted.contribution)


def counter_update(change: Change, counted: Marker) -> CounterUpdate:
    """Return the update that counts a change."""
    target = Marker(
        version=change.version,
        revision=counted.revision + 1,
        contribution=change.contribution,
        client_id=change.client_id,
        job_id=change.job_id,
        unmapped_labels=change.unmapped_labels,
        names=change.names,
    )
    labels = {(counted.ats_id or "", label): -1 for label in counted.unmapped_labels}
    for label in target.unmapped_labels:
        labels[target.ats_id or "", label] = labels.get((target.ats_id or "", label), 0) + 1
    return CounterUpdate(change, counted, target, {label: amount for label, amount in labels.items() if amount})


def additions_of(updates: Iterable[CounterUpdate]) -> Additions:
    """Return what updates add to the totals."""
    total = Additions()
    for update in updates:
        for of, sign in ((update.target, 1), (update.counted, -1)):
            for cell, amount in of.contribution.items():
                amounts = total.amounts[Subject(cell.ats_id, of.client_id, of.job_id)]
                amounts[cell.day, cell.measure] = amounts.get((cell.day, cell.measure), 0) + sign * amount
        _add_names(total, update)
        total.changes += 1
    return total


def _add_names(total: Additions, update: CounterUpdate) -> None:
    """Add the names of an application's client and job if they are not stored yet; changed names are the newest."""
    change, known = update.change, update.counted.names
    if change.client_id and change.job_id and change.names != known:
        at = to_text(now()) if known else change.applied_on
        total.name(change.client_id, change.job_id, Name(at, change.company), Name(at, change.job_title))


def transactions(updates: Iterable[CounterUpdate]) -> Iterator[list[CounterUpdate]]:
    """Group updates into transactions: an action for each marker and each unmapped label, and one for the entry."""
    group: list[CounterUpdate] = []
    actions, amounts = 1, 0
    for update in updates:
        more = 1 + len(update.labels)
        full = actions + more > _ACTIONS_PER_TRANSACTION or amounts + update.size > _AMOUNTS_PER_TRANSACTION
        if group and full:
            yield group
            group, actions, amounts = [], 1, 0
        group.append(update)
        actions, amounts = actions + more, amounts + update.size
    if group:
        yield group


def read_markers(
    dynamodb: DynamoDB, table: str, generation: int, ids: Iterable[ApplicationId]
) -> dict[ApplicationId, Marker]:
    """Return the markers of applications; those without one are left out."""
    keys = [marker_key(generation, application_id) for application_id in ids]
    return {application_of(item): marker(item) for item in batch_get(dynamodb, table, keys)}


CHANGES_PER_CALL = 100
"""The most changes that `Counters.apply` takes, and of which it reads the markers in one call."""


class Counters:
    """Counts changes."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def apply(self, changes: Sequence[Change]) -> list[Change]:
        """Count at most CHANGES_PER_CALL changes, one for each application; return those newer than what was counted.

        Raises:
            Unavailable: dynamoDB failed. Some changes may be counted; it is safe to count all again.
        """
        live, *_building = [
            self.apply_in(generation, changes) for generation in generations(self._dynamodb, self._table).counted
        ]
        return live

    def apply_in(self, generation: int, changes: Sequence[Change]) -> list[Change]:
        """Count changes in one generation; otherwise as `apply`."""
        counted: list[Change] = []
        pending = list(changes)
        while pending:
            markers = read_markers(
                self._dynamodb, self._table, generation, [change.application_id for change in pending]
            )
            updates = [counter_update(change, markers.get(change.application_id, NOT_COUNTED)) for change in pending]
            pending = []
            newer = [update for update in updates if update.change.version > update.counted.version]
            for group in transactions(newer):
                of_group = [update.change for update in group]
                if self._write(generation, group):
                    counted += of_group
                else:
                    pending += of_group
        return counted

    def _write(self, generation: int, group: Sequence[CounterUpdate]) -> bool:
        """Write updates in one transaction; return False if something that they depend on has changed meanwhile."""
        entry = {"Put": {"TableName": self._table, "Item": entry_item(generation, additions_of(group))}}
        try:
            self._dynamodb("TransactWriteItems", TransactItems=[*self.actions(generation, group), entry])
        except ConditionFailed:
            return False
        return True

    def actions(self, generation: int, group: Sequence[CounterUpdate]) -> list[Item]:
        """Return the actions of a transaction that write markers and unmapped labels, without the amounts."""
        labels: Counter[tuple[str, str]] = Counter()
        for update in group:
            for label, amount in update.labels.items():
                labels[label] += amount
        actions = [self._put_marker(generation, update) for update in group]
        return actions + self._label_actions(generation, {label: amount for label, amount in labels.items() if amount})

    def _put_marker(self, generation: int, update: CounterUpdate) -> Item:
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": marker_item(generation, update.change.application_id, update.target),
            "ConditionExpression": "attribute_not_exists(#scope)",
            "ExpressionAttributeNames": {"#scope": "Scope"},
        }
        if update.counted.revision:
            put["ConditionExpression"] = "#revision = :counted"
            put["ExpressionAttributeNames"] = {"#revision": "Revision"}
            put["ExpressionAttributeValues"] = {":counted": {"N": str(update.counted.revision)}}
        return {"Put": put}

    def _label_actions(self, generation: int, labels: Mapping[tuple[str, str], int]) -> list[Item]:
        """Return the writes that add applications to unmapped labels.

        A label without applications is deleted, as its text may be personal data. So the applications of a label that
        loses some are read first.
        """
        fewer = [label for label, amount in labels.items() if amount < 0]
        keys = [label_key(generation, *label) for label in fewer]
        found = {place(item): int(item["Applications"]["N"]) for item in batch_get(self._dynamodb, self._table, keys)}
        stored = {label: found.get(place(label_key(generation, *label))) for label in labels}
        return [
            self._add_to_label(generation, label, amount, stored[label])
            for label, amount in labels.items()
            if amount > 0 or stored[label] is not None  # a label that is missing has nothing to lose
        ]

    def _add_to_label(self, generation: int, label: tuple[str, str], amount: int, known: int | None) -> Item:
        action: dict[str, Any] = {"TableName": self._table, "Key": label_key(generation, *label)}
        if known is not None and known + amount <= 0:
            action["ConditionExpression"] = "Applications = :known"
            action["ExpressionAttributeValues"] = {":known": {"N": str(known)}}
            return {"Delete": action}
        values = {":ats": {"S": index_key(generation, label[0])}, ":amount": {"N": str(amount)}}
        if amount < 0:
            action["ConditionExpression"] = "Applications > :fewer"
            values[":fewer"] = {"N": str(-amount)}
        action["UpdateExpression"] = "SET LabelOf = :ats ADD Applications :amount"
        action["ExpressionAttributeValues"] = values
        return {"Update": action}
