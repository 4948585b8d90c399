"""`application-status failures`: events that failed are shown, sent again, and gone once they succeed."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from application_status.cli.main import main
from application_status.local.tables import TableServer
from application_status.platform.errors import Unavailable
from application_status.platform.streams import FailedRecords
from support.counters import counters
from support.faults import fresh_client
from support.log_lines import batch, line
from support.streams import record
from support.unreadable_items import poison
from support.world import APPLICATION, World

BUCKET = "FailedRecordsBucket"
ASYNC = "aws/lambda/async/HealthFunction/2026/11/26/2026-11-26T10.00.00-0b2d"
STREAM = "aws/lambda/5b5f6a2c/shardId-1/2026/11/26/2026-11-26T10.00.00-9c1e"

type Run = Callable[..., tuple[int, str, str]]


class Context:
    """What Lambda tells the analytics function about itself."""

    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:AnalyticsFunction:live"


@pytest.fixture
def s3(server: TableServer) -> Any:
    return boto3.client("s3", endpoint_url=server.url)


@pytest.fixture
def world(server: TableServer, s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The functions of this world are those that the server invokes."""
    client = fresh_client(server)
    s3.create_bucket(Bucket=BUCKET)
    world = World(client, kept=FailedRecords(BUCKET, endpoint_url=server.url))  # type: ignore[arg-type]  # the real one
    functions = {
        "AnalyticsFunction": lambda event: world.analytics(event, Context()),
        "HealthFunction": lambda event: world.health(event, None),
    }
    monkeypatch.setattr(server, "functions", functions)
    world.report("INTERVIEW")
    yield world
    client.close()


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command: exit code, standard output without the functions' log lines, standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--local-tables", server.url, "failures", *arguments])
        out, err = capsys.readouterr()
        return code, "".join(each for each in out.splitlines(keepends=True) if not each.startswith('{"')), err

    return run


def set_aside(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let a change fail in the analytics function; return the key of what it kept."""
    with monkeypatch.context() as patched:
        poison(patched, "ValueError", APPLICATION)
        world.analytics({"Records": [record(world.item())]}, Context())
    (kept,) = boto3.client("s3", endpoint_url=world.client.meta.endpoint_url).list_objects_v2(Bucket=BUCKET)["Contents"]
    return str(kept["Key"])


def keep(s3: Any, key: str, function: str, **members: Any) -> None:
    """Write an object as Lambda does."""
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}:live"
    context = {"requestId": "r", "functionArn": arn, "condition": "RetriesExhausted", "approximateInvokeCount": 3}
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps({"requestContext": context, **members}).encode())


def keep_lines(s3: Any, event: Any) -> None:
    """Write what Lambda keeps of an asynchronous call."""
    response = {"errorType": "Unavailable", "errorMessage": "PutItem failed"}
    keep(s3, ASYNC, "HealthFunction", requestPayload=event, responsePayload=response)


def counted(world: World) -> int:
    return sum(counters(world.client).values())


def test_failed_record_is_listed_and_shown(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its error and ids; what else is in the record takes --payload."""
    key = set_aside(world, monkeypatch)
    (listed,) = json.loads(run("list", "--json")[1])
    assert (listed["function"], listed["why"], listed["records"], listed["key"]) == (
        "AnalyticsFunction", "ValueError", 1, key
    )  # fmt: skip
    assert key in run("list")[1].splitlines()[1]
    code, out, _ = run("show", key)
    assert (code, "Python Developer" in out, "jobseeker-1" in out) == (0, False, False)
    assert "ValueError" in out
    assert "Python Developer" in run("show", key, "--payload")[1]
    shown = json.loads(run("show", key, "--payload", "--json")[1])
    assert (shown["records"][0]["sequence"], shown["event"]["Records"][0]["eventName"]) == ("1", "MODIFY")


def test_record_that_fails_again_is_kept(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1, with the error; once the cause is corrected it counts, and is gone."""
    key = set_aside(world, monkeypatch)
    with monkeypatch.context() as patched:
        poison(patched, "KeyError", APPLICATION)
        code, out, err = run("redrive", key)
    assert (code, out) == (1, "0 events succeeded, 1 failed again\n")
    assert err.endswith(f"{key}: AnalyticsFunction set it aside again: KeyError\n")
    assert [each["why"] for each in json.loads(run("list", "--json")[1])] == ["KeyError"]
    assert counted(world) == 0
    assert run("redrive", key) == (0, "1 events succeeded, 0 failed again\n", "")
    assert counted(world) > 0
    assert run("list")[1].splitlines()[1:] == []


def test_event_that_is_sent_twice_counts_once(world: World, run: Run, s3: Any) -> None:
    """Of both kinds: a batch of a stream, and lines of a log."""
    for _ in range(2):
        keep(s3, STREAM, "AnalyticsFunction", payload=json.dumps({"Records": [record(world.item())]}))
        assert run("redrive", "--all") == (0, "1 events succeeded, 0 failed again\n", "")
    before = counted(world)
    assert before > 0
    lines = batch([line()])
    for _ in range(2):
        keep_lines(s3, lines)
        assert [each["why"] for each in json.loads(run("list", "--json")[1])] == ["Unavailable"]
        assert run("redrive", ASYNC)[0] == 0
    (day,) = (each for each in world.client.scan(TableName="QualityTable")["Items"] if "atsi:recorded" in each)
    assert day["atsi:recorded"] == {"N": "1"}
    assert run("redrive", "--all") == (0, "0 events succeeded, 0 failed again\n", "")
    code, out, err = run("redrive", ASYNC)
    assert (code, out) == (1, "")
    assert f"there is no failed record {ASYNC}; it was sent again" in err


def test_event_whose_function_fails_is_kept(
    world: World, server: TableServer, run: Run, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that raises an error, and one that reports that its store is down."""

    def fails(_: Any) -> None:
        raise Unavailable

    answers = {"HealthFunction": fails, "AnalyticsFunction": lambda _: {"batchItemFailures": [{"itemIdentifier": "1"}]}}
    monkeypatch.setattr(server, "functions", answers)
    keep_lines(s3, batch([line()]))
    keep(s3, STREAM, "AnalyticsFunction", payload=json.dumps({"Records": [record(world.item())]}))
    code, out, err = run("redrive", "--all")
    assert (code, out) == (1, "0 events succeeded, 2 failed again\n")
    assert f"{ASYNC}: HealthFunction failed: Unavailable\n" in err
    assert f"{STREAM}: AnalyticsFunction could not reach its store; run the command again later\n" in err
    assert {each["key"] for each in json.loads(run("list", "--json")[1])} == {ASYNC, STREAM}


def test_event_of_a_function_that_is_gone_does_not_stop_the_others(world: World, run: Run, s3: Any) -> None:
    """It stays, with the reason."""
    assert world.stored()
    keep(s3, STREAM, "FormerFunction", payload=json.dumps({"Records": []}))
    keep_lines(s3, batch([line()]))
    code, out, err = run("redrive", "--all")
    assert (code, out) == (1, "1 events succeeded, 1 failed again\n")
    assert "FormerFunction can't be called" in err


def test_dry_run_sends_nothing(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It prints the functions and keys."""
    key = set_aside(world, monkeypatch)
    assert run("redrive", "--all", "--dry-run") == (0, f"AnalyticsFunction  {key}\n1 events would be sent again\n", "")
    assert counted(world) == 0
    assert len(json.loads(run("list", "--json")[1])) == 1


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("arguments", [[], ["key", "--all"]], ids=str)
def test_choice_of_events_is_required(run: Run, arguments: list[str]) -> None:
    """Exit code 2."""
    assert run("redrive", *arguments)[:2] == (2, "")


@pytest.mark.usefixtures("world")
def test_missing_key_is_said(run: Run) -> None:
    """Exit code 1."""
    assert run("show", "set-aside/x")[2].startswith("application-status: there is no failed record set-aside/x; ")
