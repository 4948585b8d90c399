"""The items of the Quality table: their keys, and their shape in DynamoDB JSON.

    Scope                             Part             attributes
    generation                        current          which generations are read and written, see rebuilds.py
    marker#<generation>#<id>          marker           what an application was counted for: Version N, Revision N,
                                                       Contribution B, ClientId S, JobId S, Names S,
                                                       UnmappedLabels L of S
    journal#<generation>              <entry>          Amounts B, Changes N: amounts to add to totals, see journal.py
    merge#<generation>                current          the last merge, see merge.py: Number N, Entries B,
                                                       Until S, Process S
    months#<generation>#<YYYY-MM>     <ats>            totals of an ATS in a month, by day
    years#<generation>#<YYYY>         <ats>            totals of an ATS in a year, by month
    atss#<generation>                 <ats>            totals of an ATS over its whole life
    client#<generation>#<client>      <YYYY-MM>        totals of a client in a month, by day
    client#<generation>#<client>      at#<ats>         totals of a client at an ATS over its whole life, and its name
    clients#<generation>#<ats>        <client>         none: the client has applications at the ATS
    clients#<generation>#             <client>#<ats>   none: likewise, in the list of all clients
    jobs#<generation>#<client>        <job>            totals of a job over its whole life, and its name
    jobs, clients#...                 #                totals of the list's members by size, see disclosure.py
    names#<generation>#<list>         <name>#<member>  Name S: the name of a list's member, sorted by its folded form
    labels#<generation>#<ats>         <label>          LabelOf S <generation>#<ats>, Applications N
    archive                           <digest>         Amounts B, Changes N: what expired applications were counted for,
                                                       see archive.py; Revision N

A row of totals has Totals B, Number N (that of the merge that wrote it last), and in lists Name S and NamedAt S. What
is in an attribute of type B is JSON, compressed with zlib: DynamoDB charges a write for the whole item, and a row has
up to thousands of amounts. The index ByApplications (LabelOf, Applications) sorts the labels of an ATS.

The name of a measure in JSON is short. It is a letter for the family, a letter for the status or outcome, and the
bucket: `tI7` is time_in:INTERVIEW:7.
"""

import json
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from application_status.applications.rules.status import Outcome, Status
from application_status.platform.dynamodb.client import Item
from application_status.platform.values import ApplicationId
from application_status.quality.rules.contribution import Cell, Contribution
from application_status.quality.rules.totals import Kind, Row

LABELS_INDEX = "ByApplications"

AT, HEAD = "at#", "#"
"""The beginning of the Part of a client's life at an ATS, and the Part of the row with a list's totals by size."""

NO_CLIENT = "!"
"""The id of the client of applications that have none."""

ALL_ATSS = ""
"""The ATS of the list of all clients."""

_FOLDED_CHARACTERS = 100

_FAMILIES = {
    "applications": "n",
    "reached": "s",
    "open": "o",
    "outcome": "x",
    "inferred": "i",
    "feedback": "f",
    "first_response": "a",
    "no_response": "b",
    "waiting": "w",
    "entered": "e",
    "reentered": "g",
    "time_in": "t",
    "position_closed": "c",
    "in": "p",
    "last_activity": "q",
    "reports": "r",
    "unmapped": "u",
    "delay": "d",
    "proxy": "y",
    "history": "h",
    "responded": "k",
}
_WORDS = dict(zip(Status, "LACPIQOHR", strict=True)) | dict(zip(Outcome, "ohnwdcu", strict=True))
_FAMILY_OF = {letter: family for family, letter in _FAMILIES.items()}
_WORD_OF = {letter: word for word, letter in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class Marker:
    """The contribution of an application that was counted last; `revision` is the lock of optimistic writes.

    `names` is a digest of the names of its client and its job that were stored last.
    """

    version: int
    revision: int
    contribution: Contribution
    client_id: str | None = None
    job_id: str | None = None
    unmapped_labels: tuple[str, ...] = ()
    names: str | None = None

    @property
    def ats_id(self) -> str | None:
        """The application's ATS, or None if nothing is counted."""
        return next((cell.ats_id for cell in self.contribution), None)


NOT_COUNTED = Marker(version=0, revision=0, contribution={})


_JSON = json.JSONEncoder(separators=(",", ":"))


@cache
def attribute(measure: str) -> str:
    """Return the short name of a measure."""
    family, *details = measure.split(":")
    return _FAMILIES[family] + "".join(_WORDS.get(detail, detail) for detail in details)  # type: ignore[call-overload]


@cache
def measure(attribute: str) -> str:
    """Return the measure of a short name.

    Raises:
        KeyError: the text is not the name of a measure.
    """
    family, details = _FAMILY_OF[attribute[0]], attribute[1:]
    letter = details.rstrip("0123456789")
    return ":".join([family, *([_WORD_OF[letter]] if letter else []), *filter(None, [details.removeprefix(letter)])])


def packed(content: Any) -> Item:
    """Return JSON as a compressed attribute value."""
    return {"B": zlib.compress(_JSON.encode(content).encode())}


def unpacked(value: Item) -> Any:
    """Return the JSON of a compressed attribute value."""
    return json.loads(zlib.decompress(value["B"]))


class RowKey(NamedTuple):
    """The key of a row of totals, and the kind of its slots."""

    scope: str
    part: str
    kind: Kind

    @property
    def item(self) -> Item:
        """The key in DynamoDB JSON."""
        return {"Scope": {"S": self.scope}, "Part": {"S": self.part}}


def month_of_ats(generation: int, ats_id: str, month: str) -> RowKey:
    """Return the key of an ATS's totals in a month (YYYY-MM)."""
    return RowKey(f"months#{generation}#{month}", ats_id, Kind.MONTH)


def year_of_ats(generation: int, ats_id: str, year: str) -> RowKey:
    """Return the key of an ATS's totals in a year (YYYY)."""
    return RowKey(f"years#{generation}#{year}", ats_id, Kind.YEAR)


def life_of_ats(generation: int, ats_id: str) -> RowKey:
    """Return the key of an ATS's totals over its whole life."""
    return RowKey(f"atss#{generation}", ats_id, Kind.ATS)


def month_of_client(generation: int, client_id: str, month: str) -> RowKey:
    """Return the key of a client's totals in a month (YYYY-MM)."""
    return RowKey(client_scope(generation, client_id), month, Kind.MONTH)


def life_of_client(generation: int, client_id: str, ats_id: str) -> RowKey:
    """Return the key of a client's totals at an ATS over its whole life."""
    return RowKey(client_scope(generation, client_id), f"{AT}{ats_id}", Kind.CLIENT)


def life_of_job(generation: int, client_id: str, job_id: str) -> RowKey:
    """Return the key of a job's totals over its whole life."""
    return RowKey(jobs_scope(generation, client_id), job_id, Kind.JOB)


def client_scope(generation: int, client_id: str) -> str:
    """Return the partition key of a client's totals."""
    return f"client#{generation}#{client_id}"


def clients_scope(generation: int, ats_id: str) -> str:
    """Return the partition key of the list of an ATS's clients, or of all clients with ALL_ATSS."""
    return f"clients#{generation}#{ats_id}"


def jobs_scope(generation: int, client_id: str) -> str:
    """Return the partition key of the list of a client's jobs."""
    return f"jobs#{generation}#{client_id}"


def folded(name: str) -> str:
    """Return a name as searches compare it: without differences of case or Unicode form, cut after 100 characters."""
    return unicodedata.normalize("NFKC", name).casefold().strip()[:_FOLDED_CHARACTERS]


def names_scope(of_list: str) -> str:
    """Return the partition key of the names of a list's members; `of_list` is the partition key of the list."""
    kind, generation, owner = of_list.split("#", 2)
    return f"names#{generation}#{kind}#{owner}"


def name_in_list(of_list: str, part: str, name: str) -> Item:
    """Return the item of the name of a list's member; `of_list` and `part` are its place in the list."""
    place_in_names = {"Scope": {"S": names_scope(of_list)}, "Part": {"S": f"{folded(name)}#{part}"}}
    return {**place_in_names, "Name": {"S": name}}


def member_of_name(item: Item) -> str:
    """Return the id of the member that the item of a name belongs to."""
    scope, part = place(item)
    return part.rsplit("#", 1 if scope.split("#", 3)[3] else 2)[1]


def label_key(generation: int, ats_id: str, label: str) -> Item:
    """Return the key of an ATS's unmapped label."""
    return {"Scope": {"S": f"labels#{generation}#{ats_id}"}, "Part": {"S": label}}


def label_item(generation: int, ats_id: str, label: str, applications: int) -> Item:
    """Return the item of an ATS's unmapped label with so many applications."""
    return {
        **label_key(generation, ats_id, label),
        "LabelOf": {"S": index_key(generation, ats_id)},
        "Applications": {"N": str(applications)},
    }


def marker_key(generation: int, application_id: ApplicationId) -> Item:
    """Return the key of an application's marker."""
    return {"Scope": {"S": marker_scope(generation, application_id)}, "Part": {"S": "marker"}}


def marker_scope(generation: int, application_id: str) -> str:
    """Return the partition key of an application's marker; with an empty id, the prefix of all markers."""
    return f"marker#{generation}#{application_id}"


def generation_of(item: Item) -> int | None:
    """Return the generation of an item, or None if it belongs to no generation."""
    kind, _, rest = item["Scope"]["S"].partition("#")
    return int(rest.partition("#")[0]) if kind in _OF_GENERATION | _OF_FORMER_SHAPE else None


_OF_GENERATION = {
    "marker",
    "journal",
    "merge",
    "months",
    "years",
    "atss",
    "client",
    "clients",
    "jobs",
    "names",
    "labels",
}
_OF_FORMER_SHAPE = {"ats", "counter", "counted"}
"""Kinds of items that release 1.0 wrote, and that nothing reads any more; a rebuild deletes them."""


def place(item: Item) -> tuple[str, str]:
    """Return the Scope and the Part of an item."""
    return item["Scope"]["S"], item["Part"]["S"]


def application_of(item: Item) -> ApplicationId:
    """Return the application id of a marker's item."""
    return ApplicationId(item["Scope"]["S"].rpartition("#")[2])


def marker_item(generation: int, application_id: ApplicationId, marker: Marker) -> Item:
    """Convert a marker to an item."""
    texts = {"ClientId": marker.client_id, "JobId": marker.job_id, "Names": marker.names}
    labels = marker.unmapped_labels
    return {
        **marker_key(generation, application_id),
        "Version": {"N": str(marker.version)},
        "Revision": {"N": str(marker.revision)},
        "Contribution": packed(_by_ats(marker.contribution)),
        **{name: {"S": text} for name, text in texts.items() if text},
        **({"UnmappedLabels": {"L": [{"S": label} for label in labels]}} if labels else {}),
    }


def marker(item: Item) -> Marker:
    """Convert an item to a marker."""
    texts = {name: item[name]["S"] for name in ("ClientId", "JobId", "Names") if name in item}
    return Marker(
        version=int(item["Version"]["N"]),
        revision=int(item["Revision"]["N"]),
        contribution=_contribution(unpacked(item["Contribution"])),
        client_id=texts.get("ClientId"),
        job_id=texts.get("JobId"),
        unmapped_labels=tuple(label["S"] for label in item["UnmappedLabels"]["L"]) if "UnmappedLabels" in item else (),
        names=texts.get("Names"),
    )


def index_key(generation: int, ats_id: str) -> str:
    """Return the partition key of an ATS in ByApplications."""
    return f"{generation}#{ats_id}"


def row_value(row: Row) -> Item:
    """Convert a row to an attribute value."""
    return packed({attribute(measure): slots for measure, slots in row.items()})


def row(value: Item) -> Row:
    """Convert an attribute value to a row."""
    return {measure(name): slots for name, slots in unpacked(value).items()}


def _by_ats(contribution: Contribution) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for cell, amount in contribution.items():
        found[cell.ats_id][cell.day][attribute(cell.measure)] = amount
    return found


def _contribution(by_ats: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Contribution:
    return {
        Cell(ats_id, day, measure(name)): amount
        for ats_id, days in by_ats.items()
        for day, amounts in days.items()
        for name, amount in amounts.items()
    }
