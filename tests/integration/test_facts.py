"""The facts of a board's run through the real handlers agree with the counters to the last unit."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from application_status.applications.record import UnknownApplications
from application_status.applications.scan import AllApplications, Unreadable
from application_status.cli import parquet
from application_status.cli.facts import export
from application_status.facts.firehose import Firehose
from application_status.facts.stream import fact_sink
from application_status.functions.delivery import make_handler
from application_status.local.event_source_mapping import EventSourceMapping
from application_status.quality.rules.contribution import Cell
from support.counters import counted
from support.facts_queries import assert_agree, of, unmapped
from support.failed_records import set_aside
from support.firehose import STREAM, UnreliableFirehose, delivered, open_stream
from support.simulated_board import UNKNOWN_LABELS, Board
from support.streams import stream
from support.world import BERLIN, TEMPLATE, World

APPLICATIONS = 30
MAPPINGS = {mapping.function: mapping for mapping in TEMPLATE.stream_mappings()}

type Records = list[dict[str, Any]]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """The tables after the run."""
    with mock_aws():
        world = World(boto3.client("dynamodb"), UnknownApplications.ACCEPT)
        Board(world, seed=1, applications=APPLICATIONS).play()
        yield world


@pytest.fixture(scope="module")
def records(world: World) -> Records:
    """The applications' stream."""
    return stream(world, "ApplicationsTable")


@pytest.fixture(scope="module")
def counters(world: World, records: Records) -> dict[Cell, int]:
    """What the analytics made of the stream."""
    mapping = EventSourceMapping(MAPPINGS["AnalyticsFunction"], lambda event: world.analytics(event, None), time.time)
    mapping.feed(records)
    assert mapping.failed == []
    return dict(counted(world))


@pytest.fixture(scope="module")
def objects(records: Records) -> list[str]:
    """What Firehose took, in JSON: the stream, a part of it again, and late replays, under faults on every side."""
    chance = random.Random(2)  # noqa: S311  # a seeded run, no secret
    firehose = UnreliableFirehose(open_stream(), chance)
    handler = make_handler([fact_sink(Firehose(firehose), STREAM, BERLIN)], None, set_aside())

    def mortal(event: dict[str, Any]) -> Any:
        answer = handler(event, None)
        if chance.random() < 0.1:
            raise RuntimeError("killed before its answer arrived")
        return answer

    impatient = replace(MAPPINGS["DeliveryFunction"], batch_size=10, maximum_retry_attempts=0)
    mapping = EventSourceMapping(impatient, mortal, time.time)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("application_status.platform.deadlines._FIRST_PAUSE_SECONDS", 0)
        mapping.feed(records)
        mapping.feed(records[len(records) // 3 : len(records) // 2])
    assert mapping.failed, "some records end in the on-failure destination"
    chance.shuffle(mapping.failed)
    firehose.calm = True
    assert handler({"Records": mapping.failed}, None) == {"batchItemFailures": []}
    return delivered()


def test_delivered_facts_agree_with_the_counters(objects: list[str], counters: dict[Cell, int], tmp_path: Path) -> None:
    """Every cell of every query agrees, with several files and repeated facts."""
    parquet.write(objects[::2], tmp_path / "1.parquet")
    parquet.write(objects[1::2], tmp_path / "2.parquet")
    parquet.write(objects[::5], tmp_path / "again.parquet")
    assert_agree(tmp_path, counters)
    assert {"outcome:position_closed", "outcome:hired", "reached:INTERVIEW"} <= {cell.measure for cell in counters}
    assert of(counters, "position_closed")
    assert unmapped(tmp_path)


def test_exported_facts_agree_with_the_counters(world: World, counters: dict[Cell, int], tmp_path: Path) -> None:
    """The export reads only the table and yields the same counts."""
    export(AllApplications(world.dynamodb, "ApplicationsTable"), BERLIN, tmp_path)
    assert_agree(tmp_path, counters)
    pages = AllApplications(world.dynamodb, "ApplicationsTable").pages(Unreadable())
    unknown = [(a.ats_id, t.raw_status) for page, _ in pages for a in page for t in a.in_order() if t.status is None]
    assert {key: reports for key, (reports, _, _) in unmapped(tmp_path).items()} == Counter(unknown)


def test_export_fills_up_what_was_delivered(
    world: World, objects: list[str], counters: dict[Cell, int], tmp_path: Path
) -> None:
    """An export adds what was missing before the delivery began; nothing counts twice."""
    parquet.write(objects[len(objects) // 2 :], tmp_path / "late.parquet")
    export(AllApplications(world.dynamodb, "ApplicationsTable"), BERLIN, tmp_path)
    assert_agree(tmp_path, counters)


def test_facts_contain_no_personal_data(world: World, objects: list[str]) -> None:
    """They contain no id of the board or an ATS, and only those labels that are unmapped."""
    text = "".join(objects)
    assert any(label in text for label in UNKNOWN_LABELS)
    for item in world.client.scan(TableName="ApplicationsTable")["Items"]:
        assert item["AtsiApplicationId"]["S"] not in text
    for personal in ("jobseeker-1", "Python Developer", "Example GmbH", "token-", "Müller", "M\\u00fcller"):
        assert personal not in text
