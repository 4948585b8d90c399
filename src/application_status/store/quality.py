"""The Quality table: exact counters, and for each application what of it was counted last.

    Scope                     Part     attributes
    counter#<ats>#<client>    <day>    one number for each measure, e.g. entered:INTERVIEW
    application#<id>          counted  Version N, Contribution M: <ats>#<client>#<day>#<measure> -> N, Revision N

Counters and markers change together, in one transaction, on condition that no marker has changed since it was read.
So a change counts once, however often and in whatever order its record arrives.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from application_status.errors import ConditionFailed
from application_status.model.identifiers import ApplicationId
from application_status.model.quality import Cell, Contribution, difference
from application_status.store.dynamodb import DynamoDB, Item

CHANGES_PER_CALL = 100
"""The most changes that `Quality.count` takes: BatchGetItem's limit."""

_ACTIONS_PER_TRANSACTION = 100


@dataclass(frozen=True, slots=True)
class Change:
    """An application's version and what it contributes in it; a removed application contributes nothing."""

    application_id: ApplicationId
    version: int
    contribution: Contribution


@dataclass(frozen=True, slots=True)
class _Marker:
    """What was counted last of an application; the revision tells whether somebody else has counted meanwhile."""

    version: int
    contribution: Contribution
    revision: int


_NOTHING = _Marker(version=0, contribution={}, revision=0)


@dataclass(frozen=True, slots=True)
class _Step:
    """One change on its way from what was counted to what is to be counted."""

    change: Change
    counted: _Marker
    target: _Marker

    @property
    def rows(self) -> dict[tuple[str, str], dict[str, int]]:
        """The counter rows to change: (scope, day) -> measure -> amount."""
        rows: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for cell, amount in difference(self.target.contribution, self.counted.contribution).items():
            rows[_row(cell)][cell.measure] = amount
        return rows


class Quality:
    """Counts changes."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def count(self, changes: Sequence[Change]) -> list[Change]:
        """Count at most CHANGES_PER_CALL changes, one an application; return those that counted, not those overtaken.

        Raises Unavailable; then a part may be counted, and counting all again is right.
        """
        counted: list[Change] = []
        pending = list(changes)
        while pending:
            markers = self._markers(change.application_id for change in pending)
            steps = [_step(change, markers.get(change.application_id, _NOTHING)) for change in pending]
            pending = []
            for group in _transactions([step for step in steps if step.change.version > step.counted.version]):
                written = self._write(group)
                done = [step.change for step in group if written and step.target.version == step.change.version]
                counted += done
                pending += [step.change for step in group if step.change not in done]
        return counted

    def _markers(self, ids: Iterable[ApplicationId]) -> dict[ApplicationId, _Marker]:
        wanted: dict[str, Any] = {self._table: {"Keys": [_marker_key(i) for i in ids], "ConsistentRead": True}}
        found: dict[ApplicationId, _Marker] = {}
        while wanted:
            reply = self._dynamodb("BatchGetItem", RequestItems=wanted)
            for item in reply["Responses"].get(self._table, []):
                found[ApplicationId(item["Scope"]["S"].partition("#")[2])] = _marker(item)
            wanted = reply.get("UnprocessedKeys", {})
        return found

    def _write(self, group: Sequence[_Step]) -> bool:
        """Write steps in one transaction; False where somebody else has counted one of their applications meanwhile."""
        rows: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for step in group:
            for row, amounts in step.rows.items():
                for measure, amount in amounts.items():
                    rows[row][measure] += amount
        actions = [self._put_marker(step) for step in group] + [
            self._add(row, amounts) for row, amounts in rows.items()
        ]
        try:
            self._dynamodb("TransactWriteItems", TransactItems=actions)
        except ConditionFailed:
            return False
        return True

    def _put_marker(self, step: _Step) -> Item:
        marker = step.target
        contribution = {_text(cell): {"N": str(amount)} for cell, amount in marker.contribution.items()}
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": {
                **_marker_key(step.change.application_id),
                "Version": {"N": str(marker.version)},
                "Revision": {"N": str(marker.revision)},
                "Contribution": {"M": contribution},
            },
            "ConditionExpression": "attribute_not_exists(#scope)",
            "ExpressionAttributeNames": {"#scope": "Scope"},
        }
        if step.counted.revision:
            put["ConditionExpression"] = "#revision = :counted"
            put["ExpressionAttributeNames"] = {"#revision": "Revision"}
            put["ExpressionAttributeValues"] = {":counted": {"N": str(step.counted.revision)}}
        return {"Put": put}

    def _add(self, row: tuple[str, str], amounts: Mapping[str, int]) -> Item:
        named = list(enumerate(amounts.items()))
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"Scope": {"S": row[0]}, "Part": {"S": row[1]}},
                "UpdateExpression": "ADD " + ", ".join(f"#m{i} :a{i}" for i, _ in named),
                "ExpressionAttributeNames": {f"#m{i}": measure for i, (measure, _) in named},
                "ExpressionAttributeValues": {f":a{i}": {"N": str(amount)} for i, (_, amount) in named},
            }
        }


def _step(change: Change, counted: _Marker) -> _Step:
    """Go all the way where it fits into a transaction; else as far as fits, leaving the version for a further step."""
    target = _Marker(change.version, change.contribution, counted.revision + 1)
    step = _Step(change, counted, target)
    rows = list(step.rows)
    if len(rows) < _ACTIONS_PER_TRANSACTION:
        return step
    first = set(rows[: _ACTIONS_PER_TRANSACTION - 1])
    partial = {cell: n for cell, n in counted.contribution.items() if _row(cell) not in first}
    partial |= {cell: n for cell, n in change.contribution.items() if _row(cell) in first}
    return replace(step, target=_Marker(counted.version, partial, counted.revision + 1))


def _transactions(steps: Iterable[_Step]) -> Iterator[list[_Step]]:
    """Divide steps into groups that each fit into one transaction: an action a marker and one a counter row."""
    group: list[_Step] = []
    rows: set[tuple[str, str]] = set()
    for step in steps:
        if group and len(group) + 1 + len(rows | step.rows.keys()) > _ACTIONS_PER_TRANSACTION:
            yield group
            group, rows = [], set()
        group.append(step)
        rows |= step.rows.keys()
    if group:
        yield group


def _row(cell: Cell) -> tuple[str, str]:
    return f"counter#{cell.ats_id}#{cell.client_id}", cell.day


def _marker_key(application_id: ApplicationId) -> Item:
    return {"Scope": {"S": f"application#{application_id}"}, "Part": {"S": "counted"}}


def _marker(item: Item) -> _Marker:
    contribution = {Cell(*text.split("#")): int(amount["N"]) for text, amount in item["Contribution"]["M"].items()}
    return _Marker(int(item["Version"]["N"]), contribution, int(item["Revision"]["N"]))


def _text(cell: Cell) -> str:
    return f"{cell.ats_id}#{cell.client_id}#{cell.day}#{cell.measure}"
