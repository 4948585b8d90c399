"""`application-status jobseeker`, and erasing again after a restore."""

import io
import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from moto import mock_aws

from application_status.access.assignments import Assignment, Role
from application_status.applications.erase import Erased, Erasure
from application_status.applications.register import Registrations
from application_status.applications.scan import AllApplications
from application_status.cli import main as command_line
from application_status.cli.facts import export
from application_status.cli.target import Target
from application_status.facts.rules import pseudonym
from application_status.platform.errors import Unavailable
from application_status.platform.values import ApplicationId
from application_status.quality.counters.items import marker
from support.counters import counted, expected_counters
from support.expiry import expire_all
from support.signals import position_signal, sent, signal, state
from support.streams import positions_copied, stream
from support.world import (
    APPLICATION,
    BERLIN,
    FOREIGN_APPLICATION,
    PROFILE,
    SIGNAL_TOKEN,
    SIGNALLED_APPLICATION,
    World,
    registration,
)

type Run = Callable[..., tuple[int, str, str]]

ALL = (APPLICATION, SIGNALLED_APPLICATION, FOREIGN_APPLICATION)
OTHER = ApplicationId("51c3be16-0f93-41ed-9cc0-000000000077")
UNKNOWN = ApplicationId("51c3be16-0f93-41ed-9cc0-000000000999")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Three applications of jobseeker-1, and one of another jobseeker, all counted."""
    with mock_aws():
        for bucket in ("FailedRecordsBucket", "FactsBucket"):
            boto3.client("s3").create_bucket(Bucket=bucket)
        world = World(boto3.client("dynamodb"))
        registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
        registrations.register(OTHER, registration(jobseeker_id="jobseeker-2"))
        sent(world, signal(state("Stage 3", 5)), position_signal(success=None))
        positions_copied(world)
        count(world)
        # The analytics function counts the erasures while the command waits for it.
        monkeypatch.setattr("application_status.cli.jobseeker.time.sleep", lambda _: count(world))
        yield world


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command: exit code, standard output without logs, standard error."""
    target = Target(None, "nowhere")
    target.dynamodb, target.s3 = world.dynamodb, boto3.client("s3")
    monkeypatch.setattr(command_line, "Target", lambda *_: target)
    monkeypatch.setattr(Target, "record", lambda *_: None)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = command_line.main([*map(str, arguments)])
        out, err = capsys.readouterr()
        return code, "".join(line for line in out.splitlines(keepends=True) if not line.startswith('{"')), err

    return run


def count(world: World) -> None:
    assert world.analytics({"Records": [*stream(world, "ApplicationsTable")]}, None) == {"batchItemFailures": []}


def set_aside(world: World, key: str, *applications: str) -> None:
    """Put the newest records of applications to the bucket of failed records, as Lambda does."""
    records = stream(world, "ApplicationsTable")
    chosen = [next(each for each in reversed(records) if of in str(each["dynamodb"]["Keys"])) for of in applications]
    document = {"requestContext": {"functionArn": "analytics"}, "payload": json.dumps({"Records": chosen}, default=str)}
    boto3.client("s3").put_object(Bucket="FailedRecordsBucket", Key=key, Body=json.dumps(document))


def objects(bucket: str) -> dict[str, bytes]:
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    return {each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found}


def deliver_facts(world: World, folder: Path) -> None:
    export(AllApplications(world.dynamodb, "ApplicationsTable"), BERLIN, folder)
    boto3.client("s3").upload_file(str(folder / "facts.parquet"), "FactsBucket", "facts/2026/11/26/1.parquet")


def delivered(folder: Path) -> set[Any]:
    """Return the pseudonyms in the delivered facts."""
    found = set()
    for content in objects("FactsBucket").values():
        file = folder / "delivered.parquet"
        file.write_bytes(content)
        with duckdb.connect() as connection:
            found |= {row[0] for row in connection.read_parquet(str(file)).select("application").fetchall()}
    return found


def naming(world: World, text: str) -> list[Any]:
    return [item for table in world.contents() for item in table if text in str(item)]


def test_export_has_all_that_is_stored(world: World, run: Run, tmp_path: Path) -> None:
    """Applications with histories, aliases, states of positions and counts; only its owner can read the file."""
    file = tmp_path / "jobseeker.json"
    world.assignments.assign("own", Assignment(Role.JOBSEEKER, "jobseeker-1"))
    code, out, _ = run("jobseeker", "export", "jobseeker-1", "--to", file)
    assert (code, out) == (0, f"3 applications of the jobseeker jobseeker-1 are in {file}.\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = json.loads(file.read_text(encoding="utf-8"))
    assert (found["jobseeker"], found["users"]) == ("jobseeker-1", ["own"])
    applications = {each["application"]: each for each in found["applications"]}
    assert applications.keys() == {*ALL}
    signalled = applications[SIGNALLED_APPLICATION]
    assert [each["label"] for each in signalled["history"]] == ["Stage 3"]
    assert {row["Alias"].split("#")[0] for row in signalled["aliases"]} == {"token", "profile", "position"}
    assert SIGNAL_TOKEN in str(signalled["aliases"])
    assert [row["State"]["Ended"] for row in signalled["positions"]] == [False]
    assert {"measure": "applications", "amount": 1, "day": "2022-07-01", "ats": "demo-ats"} in signalled["counted"]
    assert (signalled["stored"]["JobTitle"], signalled["stored"]["Version"]) == ("Python Developer", "3")


def test_export_replaces_no_file(run: Run, tmp_path: Path) -> None:
    """Others may be able to read a file that exists."""
    file = tmp_path / "jobseeker.json"
    file.write_text("mine", encoding="utf-8")
    code, _, err = run("jobseeker", "export", "jobseeker-1", "--to", file)
    assert (code, "exists; name a new file" in err, file.read_text(encoding="utf-8")) == (1, True, "mine")


def test_unreadable_application_is_exported_as_stored(world: World, run: Run, tmp_path: Path) -> None:
    """It is about the jobseeker, too."""
    world.client.update_item(
        TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": APPLICATION}}, UpdateExpression="SET #s = :x",
        ExpressionAttributeNames={"#s": "Status"}, ExpressionAttributeValues={":x": {"S": "NONE"}},
    )  # fmt: skip
    assert run("jobseeker", "export", "jobseeker-1", "--to", tmp_path / "x.json")[0] == 0
    found = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert [each["stored"]["Status"] for each in found["applications"] if "ats" not in each] == ["NONE"]


@pytest.mark.parametrize("command", [("export", "--to", "x.json"), ("erase",), ("erase", "--yes")], ids=str)
def test_unknown_id_is_said(
    world: World, run: Run, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1, and nothing changes."""
    monkeypatch.chdir(tmp_path)
    before = world.contents()
    code, out, err = run("jobseeker", command[0], "jobseeker-9", *command[1:])
    assert (code, out) == (1, "")
    assert "nothing is stored about a jobseeker jobseeker-9" in err
    assert world.contents() == before
    assert not [*tmp_path.iterdir()]


def test_erasing_removes_all_and_says_what(world: World, run: Run, tmp_path: Path) -> None:
    """The report has a line for each place; another jobseeker's data stay."""
    set_aside(world, "aws/lambda/batch", APPLICATION, OTHER)
    set_aside(world, "set-aside/analytics/1.json", SIGNALLED_APPLICATION)
    set_aside(world, "set-aside/analytics/2.json", OTHER)
    deliver_facts(world, tmp_path)
    for user, jobseeker in (("own", "jobseeker-1"), ("other", "jobseeker-2")):
        world.assignments.assign(user, Assignment(Role.JOBSEEKER, jobseeker))
    code, out, err = run("jobseeker", "erase", "jobseeker-1", "--yes")
    assert (code, "`users remove own`" in err) == (0, True)
    assert dict(world.assignments.all()).keys() == {"other"}
    removed = {line[:16].strip(): int(line.split()[-1]) for line in out.splitlines()[1:]}
    assert removed == {"applications": 3, "aliases": 3, "counters": 3, "facts": 5, "failed records": 2, "users": 1}
    for text in ("jobseeker-1", SIGNAL_TOKEN, PROFILE, "Stage 3"):
        assert naming(world, text) == []
    left = objects("FailedRecordsBucket")
    assert left.keys() == {"aws/lambda/batch", "set-aside/analytics/2.json"}
    assert not any(text.encode() in content for text in ("jobseeker-1", *ALL) for content in left.values())
    assert delivered(tmp_path) == {pseudonym(OTHER)}
    assert counted(world) == expected_counters(world)
    assert naming(world, "jobseeker-2")


def test_erasing_without_a_confirmation_erases_nothing(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no terminal can ask, the command says what to give."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    code, _, err = run("jobseeker", "erase", "jobseeker-1")
    assert (code, "Give --yes to erase" in err) == (2, True)
    assert naming(world, "jobseeker-1")


def test_erasing_again_says_that_nothing_is_left(run: Run) -> None:
    """As for an unknown id, because no link from the jobseeker remains."""
    assert run("jobseeker", "erase", "jobseeker-1", "--yes")[0] == 0
    code, _, err = run("jobseeker", "erase", "jobseeker-1", "--yes")
    assert (code, "all was erased or expired before" in err) == (1, True)


@pytest.mark.parametrize(("jobseeker", "applications"), [("jobseeker-1", 3), ("jobseeker-9", 0)])
def test_erasing_asks_first(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, jobseeker: str, applications: int
) -> None:
    """The question says how much would be erased; after another answer than yes nothing is erased."""
    world.assignments.assign("own", Assignment(Role.JOBSEEKER, jobseeker))
    before = world.contents()
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return "n"

    monkeypatch.setattr("click.termui.visible_prompt_func", answer)
    assert run("jobseeker", "erase", jobseeker)[0] == 2
    assert world.contents() == before
    assert f"Erase {applications} applications and 1 assignments of the jobseeker {jobseeker}" in "".join(asked)


def test_user_without_applications_is_exported_and_erased(world: World, run: Run, tmp_path: Path) -> None:
    """An assignment is stored about the jobseeker as well."""
    world.assignments.assign("own", Assignment(Role.JOBSEEKER, "jobseeker-9"))
    assert run("jobseeker", "export", "jobseeker-9", "--to", tmp_path / "jobseeker.json")[0] == 0
    found = json.loads((tmp_path / "jobseeker.json").read_text(encoding="utf-8"))
    assert (found["users"], found["applications"]) == (["own"], [])
    assert run("jobseeker", "erase", "jobseeker-9", "--yes")[0] == 0
    assert run("jobseeker", "export", "jobseeker-9", "--to", tmp_path / "second.json")[0] == 1


def test_interrupted_erasure_is_finished_by_the_next(
    world: World, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is found by the applications' ids goes first, and an application goes after its aliases."""
    set_aside(world, "set-aside/analytics/1.json", SIGNALLED_APPLICATION)
    deliver_facts(world, tmp_path)
    erase, done = Erasure.erase, 0

    def failing(erasure: Erasure, of: ApplicationId) -> Erased:
        nonlocal done
        done += 1
        if done == 2:
            raise Unavailable("the store failed")
        return erase(erasure, of)

    monkeypatch.setattr(Erasure, "erase", failing)
    assert run("jobseeker", "erase", "jobseeker-1", "--yes")[0] == 1
    assert naming(world, "jobseeker-1")
    assert run("jobseeker", "erase", "jobseeker-1", "--yes")[0] == 0
    assert naming(world, "jobseeker-1") == naming(world, SIGNAL_TOKEN) == []
    assert objects("FailedRecordsBucket") == {}
    assert delivered(tmp_path) == {pseudonym(OTHER)}


def test_failed_records_are_found_without_the_applications(world: World, run: Run) -> None:
    """They name the jobseeker."""
    set_aside(world, "set-aside/analytics/1.json", APPLICATION)
    for each in ALL:
        world.erase(each)
    count(world)
    assert run("jobseeker", "erase", "jobseeker-1", "--yes")[0] == 0
    assert objects("FailedRecordsBucket") == {}


def test_unreadable_object_is_named(world: World, run: Run) -> None:
    """The erasure goes on; somebody has to look into the object."""
    boto3.client("s3").put_object(Bucket="FailedRecordsBucket", Key="odd", Body=b"{}")
    code, _, err = run("jobseeker", "erase", "jobseeker-1", "--yes")
    assert (code, "s3://FailedRecordsBucket/odd" in err) == (0, True)
    assert naming(world, "jobseeker-1") == []


def test_many_applications_are_erased(world: World, run: Run) -> None:
    """More than the thousand that a page lists."""
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    for number in range(1_200):
        registrations.register(ApplicationId(f"51c3be16-0f93-41ed-9cc1-{number:012}"), registration())
    code, out, _ = run("jobseeker", "erase", "jobseeker-1", "--yes")
    assert (code, out.splitlines()[1].split()) == (0, ["applications", "1203"])
    assert naming(world, "jobseeker-1") == []


def test_erasing_applications_says_what_was_there(world: World, run: Run) -> None:
    """A stored one, the same again, and an unknown one."""
    assert run("applications", "erase", SIGNALLED_APPLICATION)[1] == (
        f"{SIGNALLED_APPLICATION} is erased, with 3 aliases.\n"
    )
    at = world.item(SIGNALLED_APPLICATION)["ErasedAt"]["S"]
    assert run("applications", "erase", SIGNALLED_APPLICATION)[1] == (
        f"{SIGNALLED_APPLICATION} was erased at {at}; nothing was left to erase.\n"
    )
    assert "is unknown, so nothing was erased" in run("applications", "erase", UNKNOWN)[1]


def restore(client: Any) -> None:
    """Restore the Applications table to now, in a table of its own."""
    client.restore_table_to_point_in_time(
        SourceTableName="ApplicationsTable", TargetTableName="RestoredTable", UseLatestRestorableTime=True
    )


def switch(client: Any) -> None:
    """Replace the items of the Applications table by those restored; FormerTable gets what it had."""
    described = client.describe_table(TableName="ApplicationsTable")["Table"]
    client.create_table(
        TableName="FormerTable", BillingMode="PAY_PER_REQUEST", KeySchema=described["KeySchema"],
        AttributeDefinitions=[{"AttributeName": "AtsiApplicationId", "AttributeType": "S"}],
    )  # fmt: skip
    former, restored = (client.scan(TableName=name)["Items"] for name in ("ApplicationsTable", "RestoredTable"))
    for item in former:
        client.put_item(TableName="FormerTable", Item=item)
    for item in former:
        client.delete_item(TableName="ApplicationsTable", Key={"AtsiApplicationId": item["AtsiApplicationId"]})
    for item in restored:
        client.put_item(TableName="ApplicationsTable", Item=item)


def by_id(client: Any, table: str) -> dict[str, Any]:
    return {item["AtsiApplicationId"]["S"]: item for item in client.scan(TableName=table)["Items"]}


def test_erasures_are_applied_again_after_a_restore(world: World, run: Run) -> None:
    """The restored table has what was erased or expired since; the former table has the tombstones."""
    restore(world.client)
    world.erase(SIGNALLED_APPLICATION)
    world.erase(UNKNOWN)
    count(world)
    assert expire_all(world) == 3
    switch(world.client)
    code, out, _ = run("applications", "reapply-erasures", "--from", "FormerTable")
    assert (code, out) == (0, "4 applications are erased again.\n")
    assert by_id(world.client, "ApplicationsTable") == by_id(world.client, "FormerTable")
    assert run("applications", "reapply-erasures", "--from", "FormerTable")[1] == "0 applications are erased again.\n"


def test_expired_application_stays_if_the_counters_were_restored_too(world: World, run: Run) -> None:
    """The restored archive lacks it, so it expires once more, and joins the archive then."""
    restore(world.client)
    before = world.client.scan(TableName="QualityTable")["Items"]
    expire_all(world)
    switch(world.client)
    for item in world.client.scan(TableName="QualityTable")["Items"]:
        world.client.delete_item(TableName="QualityTable", Key={name: item[name] for name in ("Scope", "Part")})
    for item in before:
        world.client.put_item(TableName="QualityTable", Item=item)
    assert run("applications", "reapply-erasures", "--from", "FormerTable")[1] == "0 applications are erased again.\n"
    assert marker(naming(world, f"marker#1#{APPLICATION}")[0]).contribution
    assert expire_all(world) == 4
