"""The analytics handler's answer to Lambda, and the metrics it writes."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from io import BytesIO
from itertools import count, permutations
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

from application_status.applications import items
from application_status.local.event_source_mapping import EventSourceMapping
from application_status.platform import streams
from application_status.quality.counters.generations import KEY
from application_status.quality.counters.write import Counters, CounterUpdate
from application_status.quality.rules.contribution import contribution
from support.counters import counters
from support.faults import Clock
from support.streams import stream
from support.unreadable_items import FAILURES, poison
from support.world import APPLICATION, BERLIN, TEMPLATE, World, sample_event


def records(*changes: dict[str, Any]) -> dict[str, Any]:
    """Return copies of the sample's INSERT, one an application, with the changes given."""
    insert = sample_event("AnalyticsFunction/changes")["Records"][0]
    batch = []
    for number, change in enumerate(changes):
        image = insert["dynamodb"]["NewImage"] | {"AtsiApplicationId": {"S": f"{APPLICATION[:-4]}{number:04x}"}}
        body = insert["dynamodb"] | {"SequenceNumber": str(number), "NewImage": image}
        batch.append(insert | {"dynamodb": body} | change)
    return {"Records": batch}


def applications_counted(world: World) -> int:
    return sum(amount for cell, amount in counters(world.client).items() if cell.measure == "applications")


def ids_counted(world: World) -> set[str]:
    """Return the last four digits of the applications of which something is counted."""
    rows = world.client.scan(TableName="QualityTable")["Items"]
    return {row["Scope"]["S"][-4:] for row in rows if row["Scope"]["S"].startswith("marker#")}


def unavailable(world: World, fails: Callable[[bytes], bool]) -> None:
    """Let calls of DynamoDB fail, chosen by their body."""

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        if not fails(request.body):
            return None
        return AWSResponse(request.url, 500, HTTPHeaders(), HTTPResponse(BytesIO(b"{}"), preload_content=False))

    world.client.meta.events.register_first("before-send.dynamodb.*", answer)


@pytest.mark.parametrize("failure", FAILURES)
def test_record_that_fails_in_any_way_is_set_aside_and_the_others_count(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failure: str
) -> None:
    """At any place of its batch: in S3 lies the record as it came, and which error it caused, but not its message."""
    for place in range(4):
        batch = records(*[{}] * 4)
        with monkeypatch.context() as patched:
            poison(patched, failure, f"{APPLICATION[:-4]}{place:04x}")
            assert world.analytics(batch, None) == {"batchItemFailures": []}
        assert world.kept.records() == [batch["Records"][place]]
        ((key, document),) = world.kept.objects.items()
        assert re.fullmatch(rf"set-aside/analytics/{place}-[0-9a-f]{{16}}\.json", key)
        assert document["requestContext"] == {"functionArn": "analytics", "condition": "SetAside"}
        assert document["failure"]["error"] == failure
        assert "Geheimnis" not in str(document)
        assert ids_counted(world) == {f"{other:04x}" for other in range(4) if other != place}
        output = capsys.readouterr().out
        assert "Geheimnis" not in output
        assert '"SetAside":[1.0]' in output
        world.kept.objects.clear()
        for row in world.client.scan(TableName="QualityTable")["Items"]:
            world.client.delete_item(TableName="QualityTable", Key={name: row[name] for name in ("Scope", "Part")})
        world.restart()


@pytest.mark.parametrize("failure", FAILURES)
def test_record_that_fails_on_its_way_to_the_counters_is_set_aside_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    """Others are counted in the same transaction; then each is counted by itself, also the failing one's older one."""
    failing = f"{APPLICATION[:-4]}0002"
    batch = records(*[{}] * 5)["Records"]
    newer = deepcopy(batch[2])
    newer["dynamodb"]["NewImage"]["Version"] = {"N": "7"}
    newer["dynamodb"]["SequenceNumber"] = "5"
    write = Counters._write  # noqa: SLF001  # where the store's part begins

    def writing(self: Counters, generation: int, group: list[CounterUpdate]) -> bool:
        if any((update.change.application_id, update.change.version) == (failing, 7) for update in group):
            FAILURES[failure]()
        return write(self, generation, group)

    monkeypatch.setattr(Counters, "_write", writing)
    assert world.analytics({"Records": [*batch, newer]}, None) == {"batchItemFailures": []}
    assert world.kept.records() == [newer]
    assert applications_counted(world) == 5


def test_record_that_dynamodb_refuses_is_set_aside(world: World) -> None:
    """An ATS's id that makes a key too long, in the middle of a batch of good records."""
    batch = records(*[{}] * 3)
    batch["Records"][1]["dynamodb"]["NewImage"]["AtsId"] = {"S": "a" * 3000}
    assert world.analytics(batch, None) == {"batchItemFailures": []}
    assert world.kept.records() == [batch["Records"][1]]
    assert ids_counted(world) == {"0000", "0002"}


@pytest.mark.parametrize("removed", [False, True])
def test_record_of_an_application_whose_id_is_no_text_is_set_aside(world: World, *, removed: bool) -> None:
    """Counting would look for it in vain until the function ends, and hold up its shard."""
    batch = records({}, {}, {})
    body = batch["Records"][1]["dynamodb"]
    body["NewImage"] = body["NewImage"] | {"AtsiApplicationId": {"S": None}}
    if removed:
        batch["Records"][1]["eventName"], body["OldImage"] = "REMOVE", body.pop("NewImage")
    assert world.analytics(batch, None) == {"batchItemFailures": []}
    assert ids_counted(world) == {"0000", "0002"}
    assert len(world.kept.objects) == 1


def test_later_record_of_the_same_application_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has the whole application, so that nothing is missing but the versions in between."""
    batch = records({}, {})["Records"]
    with monkeypatch.context() as patched:
        poison(patched, "KeyError", APPLICATION[:-4] + "0001")
        world.analytics({"Records": batch}, None)
    assert world.analytics({"Records": batch[1:]}, None) == {"batchItemFailures": []}
    assert ids_counted(world) == {"0000", "0001"}


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))), ids=str)
def test_newest_record_of_an_application_counts_wherever_it_stands(world: World, order: tuple[int, ...]) -> None:
    """Records may come again behind newer ones; the version says which is the newest, not the place in the batch."""
    for status in ("INTERVIEW", "HIRED"):
        world.report(status)
    own = [each for each in stream(world, "ApplicationsTable") if APPLICATION in str(each["dynamodb"]["Keys"])]
    versions = {int(each["dynamodb"]["NewImage"]["Version"]["N"]): each for each in own}
    batch = [versions[number] for number in order]
    assert world.analytics({"Records": batch}, None) == {"batchItemFailures": []}
    assert counters(world.client) == contribution(world.stored(), BERLIN)


def test_record_that_comes_again_lies_there_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key is made of its number and content; another record has another one."""
    poison(monkeypatch, "KeyError", *[f"{APPLICATION[:-4]}{number:04x}" for number in range(3)])
    for batch in (records({}), records({}), records({}, {})):
        world.analytics(batch, None)
    assert sorted(key.split("-")[1] for key in world.kept.objects) == ["aside/analytics/0", "aside/analytics/1"]


def test_record_that_was_set_aside_counts_when_it_is_fed_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The object's payload is the event for its function."""
    with monkeypatch.context() as patched:
        poison(patched, "OverflowError", APPLICATION[:-4] + "0000")
        world.analytics(records({}, {}), None)
    (document,) = world.kept.objects.values()
    assert world.analytics(json.loads(document["payload"]), None) == {"batchItemFailures": []}
    assert ids_counted(world) == {"0000", "0001"}


def test_shard_moves_on_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the template's mapping: each batch is invoked once, and nothing is left for Lambda's own destination."""
    (settings,) = (each for each in TEMPLATE.stream_mappings() if each.function == "AnalyticsFunction")
    poison(monkeypatch, "OverflowError", *[f"{APPLICATION[:-4]}{number:04x}" for number in (0, 3, 4, 9)])
    batches: list[int] = []

    def invoke(event: Any) -> Any:
        batches.append(len(event["Records"]))
        return world.analytics(event, None)

    mapping = EventSourceMapping(replace(settings, batch_size=5), invoke, lambda: 0.0)
    mapping.feed(records(*[{}] * 10)["Records"])
    assert (batches, mapping.failed, len(world.kept.objects)) == ([5, 5], [], 4)
    assert applications_counted(world) == 6


def test_no_time_left_to_set_aside_is_as_if_s3_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function ends before Lambda would end it; what is set aside so far does not come again."""
    poison(monkeypatch, "KeyError", *[f"{APPLICATION[:-4]}{number:04x}" for number in range(3)])
    put = world.kept.put

    def slow(key: str, document: Any) -> None:
        put(key, document)
        clock.now += 5

    clock = Clock()
    monkeypatch.setattr(world.kept, "put", slow)
    monkeypatch.setattr(streams, "time", clock)
    assert world.analytics(records(*[{}] * 3), None) == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert len(world.kept.objects) == 2


@pytest.mark.parametrize("place", range(3))
def test_record_that_cant_be_set_aside_comes_again(world: World, monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    """S3 fails: the answer names that record; those before it are done, and set aside where they failed, too."""
    poison(monkeypatch, "KeyError", *[f"{APPLICATION[:-4]}{number:04x}" for number in (1, 3, 5)])
    world.kept.fails_at = (place + 1,)
    failing = (1, 3, 5)[place]
    assert world.analytics(records(*[{}] * 7), None) == {"batchItemFailures": [{"itemIdentifier": str(failing)}]}
    assert len(world.kept.objects) == place
    assert {f"{number:04x}" for number in range(failing) if number % 2 == 0} <= ids_counted(world)
    rest = {"Records": records(*[{}] * 7)["Records"][failing:]}
    assert world.analytics(rest, None) == {"batchItemFailures": []}
    assert len(world.kept.objects) == 3
    assert applications_counted(world) == 4


@pytest.mark.parametrize("broken", [{"dynamodb": None}, {"dynamodb": {}}, {"dynamodb": "x"}])
def test_record_without_sequence_number_is_set_aside(world: World, broken: dict[str, Any]) -> None:
    """Its content alone makes its key."""
    assert world.analytics(records({}, broken, {}), None) == {"batchItemFailures": []}
    assert len(world.kept.records()) == 1
    (key,) = world.kept.objects
    assert re.fullmatch(r"set-aside/analytics/[0-9a-f]{16}\.json", key)
    assert applications_counted(world) == 2


def test_failures_behind_an_outage_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store fails at the third record; those before it are done, and nothing innocent is set aside."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    poison(monkeypatch, "KeyError", *[f"{APPLICATION[:-4]}{number:04x}" for number in (0, 3)])
    unavailable(world, lambda body: f"{APPLICATION[:-4]}0002".encode() in body)
    assert world.analytics(records(*[{}] * 5), None) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert [record["dynamodb"]["SequenceNumber"] for record in world.kept.records()] == ["0"]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "ExpiredTokenException"])
def test_store_that_refuses_everything_sets_nothing_aside(world: World, code: str) -> None:
    """It is the store's failure, and the batch comes again."""

    def refuse(**_: Any) -> AWSResponse:
        body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": ""}).encode()
        return AWSResponse("", 400, HTTPHeaders(), HTTPResponse(BytesIO(body), preload_content=False))

    world.client.meta.events.register_first("before-send.dynamodb.*", refuse)
    assert world.analytics(records({}, {}), None) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert world.kept.writes == 0


def test_state_of_the_counters_that_cant_be_read_is_no_records_failure(world: World) -> None:
    """The generations are all records' concern: the function fails, and Lambda tries the batch again."""
    world.client.put_item(TableName="QualityTable", Item={**KEY, "Live": {"S": "x"}})
    with pytest.raises(RuntimeError, match="see the log line"):
        world.analytics(records({}, {}), None)
    assert world.kept.writes == 0


def test_lack_of_memory_is_no_records_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is tried again; a smaller batch may do."""

    def exhausted(_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(items, "application", exhausted)
    assert world.analytics(records({}, {}), None) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert world.kept.writes == 0


def test_unavailable_store_is_reported_from_the_first_uncounted_record(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """250 applications are counted a hundred at a time; the store fails in the second hundred."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    reads, mended = count(), list[bool]()

    def fail_from_the_second_read_on(request: Any, **_: Any) -> AWSResponse | None:
        is_read = request.headers["X-Amz-Target"].endswith(b"BatchGetItem")
        if not is_read or not next(reads) or mended:
            return None
        return AWSResponse(request.url, 500, HTTPHeaders(), HTTPResponse(BytesIO(b"{}"), preload_content=False))

    world.client.meta.events.register_first("before-send.dynamodb.*", fail_from_the_second_read_on)
    answer = world.analytics(records(*[{}] * 250), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "100"}]}
    mended.append(True)
    assert applications_counted(world) == 100


def test_more_applications_than_a_call_takes_are_all_counted(world: World) -> None:
    """250 changes of 250 applications."""
    assert world.analytics(records(*[{}] * 250), None) == {"batchItemFailures": []}
    assert applications_counted(world) == 250


def test_metrics_have_changes_by_status_and_the_oldest_records_age(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are in CloudWatch's embedded metric format, one line for each batch."""
    world.analytics(sample_event("AnalyticsFunction/changes"), None)
    (metrics,) = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in line]
    assert metrics["Changes.INTERVIEW"] == [1.0]
    assert metrics["OldestRecordAge"][0] > 86_400
    world.analytics(sample_event("AnalyticsFunction/changes"), None)
    (metrics,) = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in line]
    assert metrics["Skipped"] == [1.0]
    assert "Changes.INTERVIEW" not in metrics
