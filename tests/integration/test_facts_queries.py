"""The queries agree with the counters' definition to the last unit, over a thousand lives and in any order."""

import random
from collections import Counter
from pathlib import Path

import pytest
import sqlglot

from application_status import facts as facts_package
from application_status.applications.rules.status import Outcome, Status
from application_status.cli import parquet
from application_status.facts.rules import facts
from application_status.facts.stream import stream_record
from application_status.quality.rules.contribution import Cell, contribution
from application_status.quality.rules.durations import EDGES
from support.facts_queries import assert_agree, of, unmapped
from support.generated_applications import Life
from support.world import BERLIN

LIVES = 1000


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    chance = random.Random(3)  # noqa: S311  # a seeded run, no secret
    return [Life(chance) for _ in range(LIVES)]


@pytest.fixture(scope="module")
def counters(lives: list[Life]) -> dict[Cell, int]:
    """What the applications contribute that were not erased: what the counters contain, see test_counters."""
    total: Counter[Cell] = Counter()
    for life in lives:
        total.update({} if life.erased else contribution(life.versions[-1], BERLIN))
    return total


@pytest.fixture(scope="module")
def stream_facts(lives: list[Life]) -> list[str]:
    """Return the facts that the stream's records lead to, as JSON lines."""
    texts = []
    for life in lives:
        for record in life.records():
            body = {"eventName": "MODIFY" if "NewImage" in record else "REMOVE"}
            texts.append(stream_record(body | {"dynamodb": record | {"SequenceNumber": "1"}}, BERLIN).data().decode())
    return texts


def test_changes_in_any_order_agree_with_the_counters(
    stream_facts: list[str], counters: dict[Cell, int], tmp_path: Path
) -> None:
    """Shuffled, in several files, a third of them twice."""
    chance = random.Random(4)  # noqa: S311  # a seeded run, no secret
    shuffled = chance.sample(stream_facts, len(stream_facts))
    parquet.write(shuffled[: len(stream_facts) // 2], tmp_path / "1.parquet")
    parquet.write(shuffled[len(stream_facts) // 2 :], tmp_path / "2.parquet")
    parquet.write(shuffled[::3], tmp_path / "again.parquet")
    assert_agree(tmp_path, counters)


def test_present_facts_agree_with_the_counters(lives: list[Life], counters: dict[Cell, int], tmp_path: Path) -> None:
    """Those of each application as it is, as `facts export` writes them."""
    present = [fact.to_json() for life in lives if not life.erased for fact in facts(life.versions[-1], BERLIN)]
    parquet.write(present, tmp_path / "facts.parquet")
    assert_agree(tmp_path, counters)


def test_unmapped_labels_are_listed_by_volume(lives: list[Life], stream_facts: list[str], tmp_path: Path) -> None:
    """Each label of each ATS, how often, and its first and last day."""
    parquet.write(stream_facts, tmp_path / "facts.parquet")
    days: dict[tuple[str, str], list[str]] = {}
    for life in (life for life in lives if not life.erased):
        for each in life.versions[-1].transitions.values():
            if each.status is None:
                day = each.effective_at.astimezone(BERLIN).date().isoformat()
                days.setdefault((life.versions[-1].ats_id, str(each.raw_status)), []).append(day)
    assert unmapped(tmp_path) == {key: (len(found), min(found), max(found)) for key, found in days.items()}


def test_lives_reach_every_measure(counters: dict[Cell, int]) -> None:
    """The generated lives reach every measure, so the comparisons above are complete."""
    measures = {cell.measure for cell in of(counters, "reached", "outcome", "entered", "time_in", "position_closed")}
    assert measures >= {f"reached:{status}" for status in Status if status.is_stage}
    assert measures >= {f"outcome:{outcome}" for outcome in Outcome}
    assert measures >= {f"entered:{status}" for status in Status}
    stayed, closed = (
        {measure.rpartition(":")[2] for measure in measures if measure.startswith(family)}
        for family in ("time_in", "position_closed")
    )
    assert stayed == {str(number) for number in range(len(EDGES) + 1)}
    assert len(closed) > 10


STATEMENTS = {name: parquet.view(name) for name in parquet.VIEWS} | {
    name: parquet.sql(name) for name in parquet.QUERIES
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_athena_and_duckdb_read_the_same_in_a_statement(name: str) -> None:
    """Athena's engine is Trino: in both dialects the text has one and the same syntax tree."""
    (athena,), (duckdb,) = (sqlglot.parse(STATEMENTS[name], read=dialect) for dialect in ("athena", "duckdb"))
    assert athena == duckdb


def test_no_sql_is_written_twice() -> None:
    """What several queries need is a view, so no file repeats a condition or an expression of another."""
    lines = [line.strip() for text in STATEMENTS.values() for line in text.splitlines()]
    assert [line for line, times in Counter(lines).items() if times > 1 and ("(" in line or "WHERE" in line)] == []
    (folder,) = facts_package.__path__
    assert {file.stem for file in Path(folder).rglob("*.sql")} == STATEMENTS.keys()
