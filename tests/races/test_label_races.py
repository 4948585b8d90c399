"""What must hold when operators work at the same time: every override is kept, and labels are read anew once."""

from functools import partial
from pathlib import Path

import pytest

from application_status.applications import scan as all_applications
from application_status.cli.main import main
from application_status.labels.overrides import OverrideRegister
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.dynamodb.client import DynamoDB
from support.concurrency import CROWD, all_at_once
from support.world import APPLICATION, ATS, World

NEWER = 'version = "newer"\n[exact]\n"Absage" = "REJECTED/candidate_withdrew"\n'


def registers(clients: list[DynamoDB]) -> list[OverrideRegister]:
    return [OverrideRegister(dynamodb, "TokensTable") for dynamodb in clients]


@pytest.mark.usefixtures("world")
def test_all_overrides_set_at_once_are_kept(clients: list[DynamoDB]) -> None:
    """Each operator sees their own in the reply, and all are there in the end."""
    changes = [{f"Stage {number}": "OFFER"} for number in range(CROWD)]
    replies = all_at_once(
        *[partial(each.change, ATS, change) for each, change in zip(registers(clients), changes, strict=True)]
    )
    assert all(change.items() <= reply.items() for change, reply in zip(changes, replies, strict=True))
    assert registers(clients)[0].of(ATS) == {f"Stage {number}": "OFFER" for number in range(CROWD)}


@pytest.mark.usefixtures("world")
def test_set_and_unset_at_once(clients: list[DynamoDB]) -> None:
    """A removal takes away its label alone."""
    first, *others = registers(clients[:20])
    first.change(ATS, {f"Old {number}": "OFFER" for number in range(10)})
    sets = [partial(each.change, ATS, {f"New {number}": "HIRED"}) for number, each in enumerate(others[:9])]
    unsets = [partial(each.change, ATS, {}, [f"old {number}"]) for number, each in enumerate(others[9:])]
    all_at_once(*sets, *unsets)
    assert first.of(ATS) == {f"New {number}": "HIRED" for number in range(9)}


@pytest.mark.usefixtures("world")
def test_spellings_set_at_once_leave_one(clients: list[DynamoDB]) -> None:
    """The last one, whichever that is."""
    spellings = [" " * number + ("Stage 3" if number % 2 else "STAGE 3") for number in range(20)]
    meanings = [("OFFER", "HIRED")[number % 2] for number in range(20)]
    changes = [{label: meaning} for label, meaning in zip(spellings, meanings, strict=True)]
    all_at_once(*[partial(each.change, ATS, change) for each, change in zip(registers(clients), changes, strict=False)])
    assert registers(clients)[0].of(ATS) in changes


def test_two_operators_at_the_command_line(world: World, endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They run two `labels override` for one ATS at the same time."""
    command = ["--local-tables", endpoint, "labels", "override", "--ats", ATS]
    given = [("Stage 3", "OFFER"), ("Stage 4", "HIRED")]
    assert all_at_once(*[partial(main, [*command, "--set", *each]) for each in given]) == [0, 0]
    capsys.readouterr()
    assert main(command) == 0
    assert capsys.readouterr().out == "MEANING  LABEL\nOFFER    Stage 3\nHIRED    Stage 4\n"
    assert world.client.get_item(TableName="TokensTable", Key={"KeyId": {"S": f"ats#{ATS}"}})["Item"]["Version"] == {
        "N": "2"
    }


def test_two_runs_of_remap_at_once(
    world: World, endpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Both use one checkpoint file and succeed; each label is written once, and the file is deleted."""
    world.report("REJECTED", RawStatus="Absage")
    version = world.stored().version
    monkeypatch.setattr(Vocabulary, "load", classmethod(lambda _: Vocabulary(NEWER)))
    monkeypatch.setattr(all_applications, "_PAGE_SIZE", 1)
    checkpoint = tmp_path / "checkpoint"
    command = ["--local-tables", endpoint, "labels", "remap", "--apply", "--checkpoint", str(checkpoint)]
    assert all_at_once(*[partial(main, command)] * 4) == [0] * 4
    assert world.stored(APPLICATION).outcome[0] == "candidate_withdrew"
    assert world.stored().version == version + 1
    assert "Traceback" not in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == []
