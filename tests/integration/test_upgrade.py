"""From the counters of release 1.0 to today's: `analytics rebuild`, once the functions are deployed."""

from collections import Counter, defaultdict
from typing import Any

import pytest

from application_status.applications.rules.application import Application
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.quality.counters.generations import generations
from application_status.quality.counters.items import attribute
from application_status.quality.rules.contribution import contribution
from support.command_line import Run, command
from support.counters import counted, expected_counters, read, reader_of, stored, truth
from support.signals import sent, signal, state
from support.streams import deliver
from support.world import APPLICATION, BERLIN, SIGNALLED_APPLICATION, TEMPLATE, World

NEW_MEASURES = ("waiting", "in:")
SHARDS = 4
HEALTH = {"Scope": {"S": "health#demo-ats"}, "Part": {"S": "2026-11-22#POST"}, "Requests": {"N": "7"}}
PROGRESS = {"0": {"M": {"AtsiApplicationId": {"S": SIGNALLED_APPLICATION}}}}
REBUILDING = {"DaysIn": {"S": "Europe/Berlin"}, "ScanSegments": {"N": "1"}, "Progress": {"M": PROGRESS}}
GENERATION_ITEMS: dict[str, Item | None] = {
    "never rebuilt": None,
    "rebuilt": {"Live": {"N": "3"}},
    "rebuilt, and the former not deleted": {"Live": {"N": "3"}, "Former": {"N": "2"}},
    "in the middle of a rebuild": {"Live": {"N": "3"}, "Building": {"N": "4"}, **REBUILDING},
}


def former_items(applications: list[Application], generation: int) -> list[Item]:
    """Return the items that release 1.0 wrote for applications: the ATSs, their counters by shard, the markers."""
    counters: dict[tuple[str, str, int], Counter[str]] = defaultdict(Counter)
    markers = []
    for application in applications:
        amounts: dict[str, dict[str, Item]] = defaultdict(dict)
        shard = int(application.application_id[-1], 16) % SHARDS
        for cell, amount in contribution(application, BERLIN).items():
            if not cell.measure.startswith(NEW_MEASURES):
                amounts[f"{cell.ats_id}#{cell.day}"][attribute(cell.measure)] = {"N": str(amount)}
                counters[cell.ats_id, cell.day, shard][attribute(cell.measure)] += amount
        registration, labels = application.registration, application.unmapped_labels
        indexed = {"UnmappedAt": {"S": f"{generation}#{application.ats_id}"}} if labels else {}
        client = {"Client": {"S": f"{generation}#{registration.client_id}"}} if registration else {}
        job = {"Job": {"S": registration.job_id}} if registration else {}
        markers.append(
            {
                "Scope": {"S": f"counted#{generation}#{application.application_id}"},
                "Part": {"S": "marker"},
                "Version": {"N": str(application.version)},
                "Revision": {"N": "1"},
                "Contribution": {"M": {row: {"M": of_row} for row, of_row in amounts.items()}},
                **({"UnmappedLabels": {"L": [{"S": label} for label in labels]}} if labels else {}),
                **client,
                **job,
                **indexed,
            }
        )
    atss = [
        {"Scope": {"S": f"ats#{generation}"}, "Part": {"S": ats_id}, "Shards": {"N": str(SHARDS)}}
        for ats_id in {application.ats_id for application in applications}
    ]
    rows = [
        {
            "Scope": {"S": f"counter#{generation}#{ats_id}#{shard}"},
            "Part": {"S": day},
            **{name: {"N": str(amount)} for name, amount in of_day.items()},
        }
        for (ats_id, day, shard), of_day in counters.items()
    ]
    return [*atss, *rows, *markers]


@pytest.fixture(params=GENERATION_ITEMS)
def former(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A board that release 1.0 has counted, also in the generation that it was building."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    world.report("INTERVIEW", BusinessDate="2022-07-29T11:26:11Z")
    sent(world, signal(state("Stage 3", 5)))
    numbers = [1]
    if generation := GENERATION_ITEMS[request.param]:
        key = {"Scope": {"S": "generation"}, "Part": {"S": "current"}}
        world.client.put_item(TableName="QualityTable", Item={**key, **generation})
        numbers = [int(generation[name]["N"]) for name in ("Live", "Building", "Former") if name in generation]
    for item in [HEALTH, *(item for number in numbers for item in former_items(stored(world), number))]:
        world.client.put_item(TableName="QualityTable", Item=item)
    return world


@pytest.fixture
def run(former: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command(DynamoDB(transport(former.client)), monkeypatch, capsys)


def rebuild(run: Run) -> None:
    """Rebuild; if the former release had not finished a rebuild's deletions, the first run only does that."""
    for _ in range(2):
        code, out, err = run("rebuild", "--segments", "1")
        assert code == 0, err
        assert "Resuming" not in out
        if "Run the command again to start a new one." not in out:
            break


def kinds(world: World) -> set[str]:
    return {item["Scope"]["S"].partition("#")[0] for item in _rows(world)}


def _rows(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.client.scan(TableName="QualityTable")["Items"]
    return found


def test_rebuild_counts_all_in_todays_shape(former: World, run: Run) -> None:
    """Nothing of the former shape is left but health, which is not counted from applications; nothing has drifted."""
    live = generations(former.dynamodb, "QualityTable").live
    rebuild(run)
    assert generations(former.dynamodb, "QualityTable").live > live
    assert counted(former) == expected_counters(former)
    assert read(reader_of(former), ("client-1", "client-3")) == truth(stored(former))
    assert not kinds(former) & {"ats", "counter", "counted"}
    assert HEALTH in _rows(former)
    code, out, _ = run("verify")
    assert (code, out.splitlines()[-1].rpartition(" ")[2]) == (0, "0")


def test_changes_before_the_rebuild_count_whole_and_once(former: World, run: Run) -> None:
    """Reports begin with what has changed since the deployment; the rebuild adds all others, and counts none twice."""
    assert counted(former) == Counter()
    former.report("OFFER", BusinessDate="2022-08-03T11:26:11Z")
    for _ in range(2):
        deliver(former)
    own = contribution(former.stored(), BERLIN)
    assert counted(former) == own
    sent(former, signal(state("Stage 4", 6)))
    deliver(former, SIGNALLED_APPLICATION)
    assert counted(former) == Counter(own) + Counter(contribution(former.stored(SIGNALLED_APPLICATION), BERLIN))
    rebuild(run)
    assert counted(former) == expected_counters(former)
    assert run("verify")[0] == 0


def test_verification_before_the_rebuild_names_what_is_missing(former: World, run: Run) -> None:
    """All that has not changed since the deployment is drift, and no error."""
    deliver(former)
    code, out, err = run("verify", "--first", "1000")
    assert (code, "Traceback" in err) == (1, False)
    named = {line.split()[-1] for line in out.splitlines()[1:-1] if not line.startswith("Generation")}
    assert SIGNALLED_APPLICATION in named
    assert APPLICATION not in named


def test_application_erased_before_the_rebuild_is_forgotten_by_it(former: World, run: Run) -> None:
    """Its former marker, with its id and its labels, is deleted with all others."""
    assert former.erase(SIGNALLED_APPLICATION).status == 204
    deliver(former, SIGNALLED_APPLICATION)
    rebuild(run)
    assert "Stage 3" not in str(_rows(former))
    assert counted(former) == expected_counters(former)


def test_deployment_changes_one_index_at_most() -> None:
    """CloudFormation refuses an update that creates or deletes two indexes of a table, or changes the keys of one."""
    (table,) = (table for table in TEMPLATE.tables() if table["TableName"] == "QualityTable")
    keys = {
        each["IndexName"]: [key["AttributeName"] for key in each["KeySchema"]]
        for each in table["GlobalSecondaryIndexes"]
    }
    former = {"ByClient": ["Client", "Job"], "ByUnmapped": ["UnmappedAt"]}
    assert len({*keys} ^ {*former}) == 1
    assert {name: keys[name] for name in former} == former


def test_items_of_today_are_in_no_former_index(former: World, run: Run) -> None:
    """An index entry costs a write unit with each change."""
    rebuild(run)
    assert not [item for item in _rows(former) if {"Client", "UnmappedAt"} & {*item}]
