"""Lists of the quality reports: all clients, the members that a search finds, and sorted ones."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import time_machine

from application_status.access.names import AtsNames
from application_status.platform.values import ApplicationId, AtsId, now
from application_status.quality.counters.items import ALL_ATSS
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.write import Change, Counters
from application_status.quality.counting.sums import read_all
from application_status.quality.reports.report import SORTED_MEMBERS
from application_status.quality.rules.contribution import Cell
from support.counters import reader_of
from support.dynamodb_in_memory import Memory
from support.quality_pages import STAFF, api, ask
from support.world import World

OF_CLIENT = {"custom:client_id": "big"}
MEMBERS = {"client": "Client", "job": "Job", "ats": "Ats"}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel("2026-11-27T10:00:00Z", tick=False):
        yield


@pytest.fixture
def world() -> World:
    return World(Memory())


def count(world: World, amount: int, ats: str, client: str, job: str, *, hired: int = 0, **names: str) -> None:
    """Count new applications of a job, some of which are hired; it changes the names of the client and the job."""
    changes = []
    for number in range(amount):
        cells = dict.fromkeys(("applications", f"outcome:{'hired' if number < hired else 'open'}"), 1)
        changes.append(
            Change(
                ApplicationId(f"{ats}-{client}-{job}-{number}"),
                int(now().timestamp()),
                {Cell(ats, "2026-11-02", name): amount for name, amount in cells.items()},
                client,
                job,
                company=names.get("company", client.title()),
                job_title=names.get("job_title", job.title()),
                applied_on="2026-11-02",
            )
        )
    for start in range(0, len(changes), 100):
        Counters(world.dynamodb, "QualityTable").apply(changes[start : start + 100])


def merge(world: World) -> None:
    Merger(world.dynamodb, "QualityTable", 1).merge(now().date())


def members(world: World, claims: Mapping[str, str] = STAFF, **query: Any) -> list[str]:
    """Return the ids of the members of a list."""
    return [row[MEMBERS[query["by"]]] for row in api(world, claims, **query)["Rows"]]


def applications(row: Mapping[str, Any]) -> float:
    return next(float(each["Value"]) for each in row["Numbers"] if each["Measure"] == "applications")


def test_board_lists_all_clients(world: World) -> None:
    """Each once, with its name and its applications at all ATSs, in pages in the order of their ids."""
    for number in range(17):
        count(world, 5, "ats-1", f"client-{number:02}", "job")
    count(world, 6, "ats-2", "client-03", "job", company="Drei GmbH")
    merge(world)
    first = api(world, STAFF, by="client")
    assert [row["Client"] for row in first["Rows"]] == [f"client-{number:02}" for number in range(15)]
    assert (first["Next"], first["Of"]) == ("client-14", {})
    assert [(row["Company"], applications(row)) for row in first["Rows"][2:4]] == [("Client-02", 5), ("Drei GmbH", 11)]
    second = api(world, STAFF, by="client", after=first["Next"])
    assert ([row["Client"] for row in second["Rows"]], second["Next"]) == (["client-15", "client-16"], None)


def test_client_of_all_ats_is_shown_where_it_has_five_applications(world: World) -> None:
    """Otherwise the list of one ATS could be subtracted; a client that has five nowhere is hidden."""
    count(world, 6, "ats-1", "both", "job")
    count(world, 4, "ats-2", "both", "job")
    count(world, 4, "ats-1", "small", "job")
    count(world, 4, "ats-2", "small", "job")
    merge(world)
    found = api(world, STAFF, by="client")
    assert [(row["Client"], applications(row)) for row in found["Rows"]] == [("both", 6)]
    assert found["Hidden"] == 1


@pytest.mark.parametrize("claims", [{"custom:ats_id": "ats-1"}, OF_CLIENT])
def test_others_do_not_list_all_clients(world: World, claims: Mapping[str, str]) -> None:
    """An ATS lists its own, and a client none."""
    count(world, 6, "ats-1", "big", "job")
    count(world, 6, "ats-2", "elsewhere", "job")
    merge(world)
    reply = ask(world, claims, "/api/my/quality", by="client")
    assert "elsewhere" not in reply["body"]
    assert reply["statusCode"] == (422 if claims == OF_CLIENT else 200)


@pytest.mark.parametrize(
    ("text", "found"),
    [("pflege", ["j-2", "j-1"]), ("PFLEGEF", ["j-1"]), ("  Pflege", ["j-2", "j-1"]), ("über", ["j-3"]), ("fach", []),
     ("ÜBER", ["j-3"]), ("j-3", ["j-3"]), ("j-", []), ("j-9", []), ("#", []), ("x" * 100, []), ("b", [])],
)  # fmt: skip
def test_search_finds_jobs_by_the_beginning_of_their_names_or_by_id(world: World, text: str, found: list[str]) -> None:
    """In capitals or not, sorted by name; also one that is not merged yet, by its id."""
    for job, title in (("j-1", "Pflegefachkraft"), ("j-2", "Pflege-Azubi"), ("j-3", "Übersetzer")):
        count(world, 5, "ats-1", "big", job, job_title=title)
    count(world, 5, "ats-1", "other", "j-4", job_title="Pflegehelfer")
    merge(world)
    assert members(world, OF_CLIENT, by="job", search=text) == found


def test_search_finds_clients(world: World) -> None:
    """Those of an ATS, or for the board all; by their names at any ATS."""
    count(world, 5, "ats-1", "a", "job", company="Muster AG")
    count(world, 5, "ats-2", "a", "job", company="Muster AG")
    count(world, 5, "ats-2", "b", "job", company="Musterfrau KG")
    count(world, 5, "ats-2", "c", "job", company="Andere SE")
    merge(world)
    assert members(world, by="client", search="muster") == ["a", "b"]
    assert members(world, by="client", search="b") == ["b"]
    assert members(world, {"custom:ats_id": "ats-1"}, by="client", search="muster") == ["a"]
    assert members(world, {"custom:ats_id": "ats-1"}, by="client", search="b") == []
    reader = reader_of(world)
    assert reader.names_of_clients("ats-2", "b", 9) == [("b", "Musterfrau KG")]
    assert reader.names_of_clients("ats-1", "b", 9) == []


def test_search_says_how_many_more_it_found(world: World) -> None:
    """It has one page, of 15 clients or 100 jobs."""
    for number in range(18):
        count(world, 5, "ats-1", "big", f"job-{number}", job_title=f"Koch {number}")
        count(world, 5, "ats-1", f"c-{number}", "job", company="Muster")
    merge(world)
    found = api(world, STAFF, by="client", search="Muster")
    assert (len(found["Rows"]), found["Cut"], found["Next"]) == (15, 3, None)
    assert len(members(world, by="client", ats="ats-1", search="Muster")) == 15
    assert len(members(world, OF_CLIENT, by="job", search="koch")) == 18


def test_renamed_member_is_found_by_its_new_name_alone(world: World) -> None:
    """Also if only capitals have changed; the lists and names agree with the rows of their members."""
    names = iter(("Alt GmbH", "Neu GmbH", "NEU GmbH"))
    for number, company in enumerate(names):
        with time_machine.travel(f"2026-11-27T1{number}:00:00Z", tick=False):
            count(world, 5, "ats-1", "big", "job", company=company, job_title=company)
            merge(world)
    lists: list[dict[str, Any]] = [{"by": "client"}, {"by": "client", "ats": "ats-1"}, {"by": "job", "client": "big"}]
    for query in lists:
        assert [len(members(world, **query, search=text)) for text in ("alt", "neu")] == [0, 1]
    assert list(read_all(world.dynamodb, "QualityTable", 1, lambda _: None, ()).wrong) == []


def test_names_are_listed_in_their_order(world: World) -> None:
    """For pick-lists: also those of members with few applications, and at most as many as asked for."""
    for job, title in (("j-1", "Maurer"), ("j-2", "Koch"), ("j-3", "Bäcker")):
        count(world, 1, "ats-1", "big", job, job_title=title)
    count(world, 1, "ats-2", "second", "job")
    merge(world)
    reader = reader_of(world)
    assert reader.names_of_jobs("big", "", 2) == [("j-3", "Bäcker"), ("j-2", "Koch")]
    assert reader.names_of_clients(ALL_ATSS, "", 9) == [("big", "Big"), ("second", "Second")]
    assert reader.names_of_clients("ats-2", "", 9) == [("second", "Second")]
    assert reader.names_of_clients("ats-2", "big", 9) == []


def test_atss_are_searched_and_sorted_by_name(world: World) -> None:
    """By the beginning of the name or of the id."""
    names = AtsNames(world.dynamodb, "TokensTable")
    for ats, name in (("a-1", "Zeta"), ("a-2", "Alpha"), ("b-1", "")):
        count(world, 5, ats, "big", "job")
        if name:
            names.set(AtsId(ats), name)
    assert members(world, by="ats", search="a") == ["a-2", "a-1"]
    assert members(world, by="ats", search="ZE") == ["a-1"]
    assert members(world, by="ats", sort="name") == ["a-2", "b-1", "a-1"]


@pytest.mark.parametrize(
    ("sort", "found"),
    [("hired", ["b", "a", "c"]), ("-hired", ["c", "a", "b"]), ("-applications", ["b", "c", "a"]),
     ("name", ["c", "b", "a"]), ("first_response", ["a", "b", "c"]), ("-first_response", ["a", "b", "c"])],
)  # fmt: skip
def test_list_is_sorted_by_a_column(world: World, sort: str, found: list[str]) -> None:
    """Members without the number come last; with equal ones, the order is that of the ids."""
    for job, amount, hired, title in (("a", 6, 1, "Z"), ("b", 9, 0, "M"), ("c", 7, 5, "A")):
        count(world, amount, "ats-1", "big", job, hired=hired, job_title=title)
    merge(world)
    assert members(world, OF_CLIENT, by="job", sort=sort) == found


def test_sorted_list_has_pages(world: World) -> None:
    """They follow the order of the column, and a list with too many members is not sorted."""
    for number in range(104):
        count(world, 5 + number % 3, "ats-1", "big", f"job-{number:03}")
    merge(world)
    first = api(world, OF_CLIENT, by="job", sort="-applications")
    second = api(world, OF_CLIENT, by="job", sort="-applications", after=first["Next"])
    sizes = [applications(row) for page in (first, second) for row in page["Rows"]]
    assert len(first["Rows"]) == 100
    assert sizes == sorted(sizes, reverse=True)
    assert len({row["Job"] for page in (first, second) for row in page["Rows"]}) == len(sizes) == 104
    assert second["Next"] is None
    assert members(world, OF_CLIENT, by="job", sort="name", after="job-999") == []


def test_list_that_is_too_long_is_not_sorted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply is a 422 that names the parameter."""
    monkeypatch.setitem(SORTED_MEMBERS, "client", 2)
    for number in range(3):
        count(world, 5, "ats-1", f"client-{number}", "job")
    merge(world)
    for query in ({}, {"ats": "ats-1"}):
        reply = ask(world, STAFF, "/api/my/quality", by="client", sort="name", **query)
        assert (reply["statusCode"], '"/sort"' in reply["body"]) == (422, True)
    assert len(members(world, by="client", sort="name", search="client")) == 3


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"search": "a"}, "/search"), ({"kind": "health", "by": "ats", "search": "a"}, "/search"),
        ({"by": "ats", "search": ""}, "/search"), ({"by": "ats", "search": "x" * 101}, "/search"),
        ({"by": "ats", "search": "a", "after": "b"}, "/after"), ({"sort": "name"}, "/sort"),
        ({"by": "ats", "sort": "--name"}, "/sort"), ({"by": "ats", "sort": "delay"}, "/sort"),
        ({"by": "ats", "sort": "name", "kind": "silence"}, "/sort"),
        ({"by": "ats", "sort": "name", "interval": "month"}, "/sort"),
    ],
)  # fmt: skip
def test_wrong_search_or_sort_is_refused(world: World, query: dict[str, Any], pointer: str) -> None:
    """The reply is a 422 that names the parameter."""
    reply = ask(world, STAFF, "/api/my/quality", **query)
    assert (reply["statusCode"], f'"{pointer}"' in reply["body"]) == (422, True)
