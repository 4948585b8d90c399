"""The items of the Quality table: their keys, and their shape in DynamoDB JSON.

    Scope                              Part       attributes
    generation                         current    which generations are read and written, see rebuilds.py
    ats#<generation>                   <ats>      Shards N: the number of scopes of its counters
    counter#<generation>#<ats>#<shard> <day>      a number for each measure
    counted#<generation>#<id>          marker     Version N, Revision N, Contribution M: <ats>#<day> -> measure -> N,
                                                  Client S <generation>#<client>, Job S,
                                                  UnmappedAt S <generation>#<ats>, UnmappedLabels L of S

A counter is the sum over its shards. A marker holds the contribution of an application that was counted last. The index
ByClient (Client, Job) finds the markers of a client or a job; their sum is its report, so clients need no counters of
their own. The index ByUnmapped (UnmappedAt) has only the markers with unmapped labels.

The attribute name of a measure is short, as a row of up to 1 KB costs half the write units of a larger one. It is a
letter for the family, a letter for the status or outcome, and the bucket: `tI7` is time_in:INTERVIEW:7.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from application_status.applications.rules.status import Outcome, Status
from application_status.platform.dynamodb.client import Item
from application_status.platform.values import ApplicationId
from application_status.quality.rules.contribution import Cell, Contribution

CLIENT_INDEX, UNMAPPED_INDEX = "ByClient", "ByUnmapped"

_FAMILIES = {
    "applications": "n",
    "reached": "s",
    "open": "o",
    "outcome": "x",
    "inferred": "i",
    "feedback": "f",
    "first_response": "a",
    "no_response": "b",
    "entered": "e",
    "reentered": "g",
    "time_in": "t",
    "position_closed": "c",
    "last_activity": "q",
    "reports": "r",
    "unmapped": "u",
    "delay": "d",
}
_WORDS = dict(zip(Status, "LACPIQOHR", strict=True)) | dict(zip(Outcome, "ohnwdcu", strict=True))
_FAMILY_OF = {letter: family for family, letter in _FAMILIES.items()}
_WORD_OF = {letter: word for word, letter in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class Marker:
    """The contribution of an application that was counted last; `revision` is the lock of optimistic writes."""

    version: int
    revision: int
    contribution: Contribution
    client_id: str | None = None
    job_id: str | None = None
    unmapped_labels: tuple[str, ...] = ()

    @property
    def ats_id(self) -> str | None:
        """The application's ATS, or None if nothing is counted."""
        return next((cell.ats_id for cell in self.contribution), None)


NOT_COUNTED = Marker(version=0, revision=0, contribution={})


def attribute(measure: str) -> str:
    """Return the attribute name of a measure."""
    family, *details = measure.split(":")
    return _FAMILIES[family] + "".join(_WORDS.get(detail, detail) for detail in details)  # type: ignore[call-overload]


def measure(attribute: str) -> str:
    """Return the measure of an attribute name.

    Raises:
        KeyError: the attribute is not a measure.
    """
    family, details = _FAMILY_OF[attribute[0]], attribute[1:]
    letter = details.rstrip("0123456789")
    return ":".join([family, *([_WORD_OF[letter]] if letter else []), *filter(None, [details.removeprefix(letter)])])


def counter_key(generation: int, ats_id: str, shard: int, day: str) -> Item:
    """Return the key of a row of counters."""
    return {"Scope": {"S": counter_scope(generation, ats_id, shard)}, "Part": {"S": day}}


def counter_scope(generation: int, ats_id: str, shard: int) -> str:
    """Return the partition key of a shard of an ATS's counters."""
    return f"counter#{generation}#{ats_id}#{shard}"


def marker_key(generation: int, application_id: ApplicationId) -> Item:
    """Return the key of an application's marker."""
    return {"Scope": {"S": marker_scope(generation, application_id)}, "Part": {"S": "marker"}}


def marker_scope(generation: int, application_id: str) -> str:
    """Return the partition key of an application's marker; with an empty id, the prefix of all markers."""
    return f"counted#{generation}#{application_id}"


def generation_of(item: Item) -> int | None:
    """Return the generation of an item, or None if it belongs to no generation."""
    kind, _, rest = item["Scope"]["S"].partition("#")
    return int(rest.partition("#")[0]) if kind in {"ats", "counter", "counted"} else None


def application_of(item: Item) -> ApplicationId:
    """Return the application id of a marker's item."""
    return ApplicationId(item["Scope"]["S"].rpartition("#")[2])


def marker_item(generation: int, application_id: ApplicationId, marker: Marker) -> Item:
    """Convert a marker to an item."""
    labels = marker.unmapped_labels
    index = {
        "Client": marker.client_id and index_key(generation, marker.client_id),
        "Job": marker.job_id,
        "UnmappedAt": marker.ats_id and labels and index_key(generation, marker.ats_id),
    }
    return {
        **marker_key(generation, application_id),
        "Version": {"N": str(marker.version)},
        "Revision": {"N": str(marker.revision)},
        "Contribution": contribution_value(marker.contribution),
        **{name: {"S": text} for name, text in index.items() if text},
        **({"UnmappedLabels": {"L": [{"S": label} for label in labels]}} if labels else {}),
    }


def marker(item: Item) -> Marker:
    """Convert an item to a marker."""
    return Marker(
        version=int(item["Version"]["N"]),
        revision=int(item["Revision"]["N"]),
        contribution=contribution(item["Contribution"]),
        client_id=item["Client"]["S"].partition("#")[2] if "Client" in item else None,
        job_id=item["Job"]["S"] if "Job" in item else None,
        unmapped_labels=unmapped_labels(item),
    )


def unmapped_labels(item: Item) -> tuple[str, ...]:
    """Return the unmapped labels of a marker's item."""
    return tuple(label["S"] for label in item["UnmappedLabels"]["L"]) if "UnmappedLabels" in item else ()


def index_key(generation: int, of: str) -> str:
    """Return the partition key of an index: a client in ByClient, an ATS in ByUnmapped."""
    return f"{generation}#{of}"


def contribution_value(contribution: Contribution) -> Item:
    """Convert a contribution to an attribute value."""
    rows: dict[str, dict[str, Any]] = defaultdict(dict)
    for cell, amount in contribution.items():
        rows[f"{cell.ats_id}#{cell.day}"][attribute(cell.measure)] = {"N": str(amount)}
    return {"M": {row: {"M": amounts} for row, amounts in rows.items()}}


def contribution(value: Item) -> Contribution:
    """Convert an attribute value to a contribution."""
    cells: dict[Cell, int] = {}
    for row, amounts in value["M"].items():
        ats_id, day = row.split("#")
        cells |= {Cell(ats_id, day, measure(name)): int(amount["N"]) for name, amount in amounts["M"].items()}
    return cells


def amounts(item: Item) -> Mapping[str, int]:
    """Return the amounts of a row of counters by measure, without zeros."""
    found = {name: int(value["N"]) for name, value in item.items() if "N" in value}
    return {measure(name): amount for name, amount in found.items() if amount}
