"""`application-status labels`: what labels mean, which are unmapped, and mapping the stored ones again."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from application_status.applications import scan as all_applications
from application_status.applications.scan import AllApplications
from application_status.cli.checkpoint import Checkpoint
from application_status.cli.main import main
from application_status.labels.overrides import OverrideRegister
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.local.tables import TableServer
from application_status.platform.values import application_id
from application_status.quality.counters.write import Counters
from application_status.quality.counting.stream import change
from application_status.quality.rules.contribution import contribution
from support.faults import fresh_client
from support.unreadable_items import FAILURES
from support.world import (
    APPLICATION,
    ATS,
    BERLIN,
    OTHER_ATS,
    OTHER_TOKEN,
    SIGNAL_TOKEN,
    SIGNALLED_APPLICATION,
    World,
    answer,
    http_event,
)

NEWER = """
version = "newer"
[exact]
"Stage 3" = "INTERVIEW"
"Absage" = "REJECTED/candidate_withdrew"
"""
MUTATION = "mutation ($input: SendSignalInput!) { sendSignal(input: $input) }"

NO_OVERRIDES = "MEANING  LABEL\n"

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def world(server: TableServer) -> Iterator[World]:
    client = fresh_client(server)
    yield World(client)
    client.close()


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command: exit code, standard output, standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        checkpoint = ("--checkpoint", str(tmp_path / "checkpoint")) if arguments[0] == "remap" else ()
        code = main(["--local-tables", server.url, "labels", *arguments, *checkpoint])
        return code, *capsys.readouterr()

    return run


def send(world: World, label: str, day: int) -> None:
    state = {"status": {"label": label, "index": day, "total": 20}, "timestamp": f"2022-08-{day:02}T12:00:00Z"}
    given = {"typeCode": "ApplicationStatusUpdate", "token": SIGNAL_TOKEN, "current": state}
    body = {"query": MUTATION, "variables": {"input": given}}
    event = http_event("POST", "/graphql", body, {"Authorization": "Bearer node01nwh2px2exa8a1d7006h0cnbof7.node0"})
    assert answer(world.signals(event, None)).body == {"data": {"sendSignal": True}}


def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a newer version of the vocabulary in place."""
    monkeypatch.setattr(Vocabulary, "load", classmethod(lambda _: Vocabulary(NEWER)))


def interrupted(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the checkpoint of a run that stopped before it wrote the second of two applications."""
    send(world, "Stage 3", 2)
    world.report("REJECTED", RawStatus="Absage")
    newer(monkeypatch)
    monkeypatch.setattr(all_applications, "_PAGE_SIZE", 1)
    written, replace_interpretations = [], AllApplications.replace_interpretations

    def stop_at_the_second(*given: Any) -> bool:
        written.append(given)
        if len(written) == 2:
            raise KeyboardInterrupt
        return replace_interpretations(*given)

    with monkeypatch.context() as patch:
        patch.setattr(AllApplications, "replace_interpretations", stop_at_the_second)
        assert run("remap", "--apply")[0] == 130


def test_unmapped_labels_are_listed_by_volume(world: World, run: Run) -> None:
    """Each application counts, also where it is the only one, and each ATS for itself."""
    for day, label in enumerate(["Stage 3", "Stage 4", "Stage 4", "First interview"], start=1):
        send(world, label, day)
    one = change(world.stored(SIGNALLED_APPLICATION), BERLIN)
    another = replace(one, application_id=application_id(APPLICATION), unmapped_labels=("Stage 4",))
    Counters(world.dynamodb, "QualityTable").apply([one, another])
    expected = [f"           2  {ATS}  Stage 4", f"           1  {ATS}  Stage 3"]
    assert run("unmapped")[1].splitlines()[1:] == run("unmapped", "--ats", ATS)[1].splitlines()[1:] == expected
    assert run("unmapped", "--ats", OTHER_ATS)[1].splitlines()[1:] == []


def test_erased_applications_are_left_out(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their labels are not mapped again, and one that is erased during a run stays erased."""
    send(world, "Stage 3", 1)
    stale = world.stored(SIGNALLED_APPLICATION)
    world.erase(SIGNALLED_APPLICATION)
    before = world.item(SIGNALLED_APPLICATION)
    newer(monkeypatch)
    assert run("remap", "--apply")[1].startswith("0 labels mapped again")
    assert not AllApplications(world.dynamodb, "ApplicationsTable").replace_interpretations(stale, stale)
    assert world.item(SIGNALLED_APPLICATION) == before


def test_remap_shows_what_would_change_and_changes_nothing(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dry run is the default."""
    send(world, "Stage 3", 1)
    before = world.item(SIGNALLED_APPLICATION)
    newer(monkeypatch)
    code, out, _ = run("remap")
    assert (code, out.splitlines()[0].strip()) == (0, "1  Stage 3: unmapped -> INTERVIEW")
    assert "1 labels would be mapped again (use --apply), with vocabulary newer" in out
    assert world.item(SIGNALLED_APPLICATION) == before


def test_remap_moves_the_head_and_the_counters_follow(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest transition that is understood becomes the head; a further run finds nothing to do."""
    send(world, "First interview", 1)
    send(world, "Stage 3", 2)
    world.report("REJECTED", RawStatus="Absage")
    before = world.stored(SIGNALLED_APPLICATION)
    newer(monkeypatch)
    assert run("remap", "--apply")[0] == 0
    after = world.stored(SIGNALLED_APPLICATION)
    assert (after.status, after.raw_status, after.version) == ("INTERVIEW", "Stage 3", before.version + 1)
    assert after.transitions.keys() == before.transitions.keys()
    measures = {cell.measure for cell in contribution(after, BERLIN)}
    assert {"unmapped", "entered:INTERVIEW"} <= measures  # "First interview" is not in the newer vocabulary
    assert world.stored().outcome == ("candidate_withdrew", False)
    assert "0 labels mapped again" in run("remap", "--apply")[1]


def test_resend_after_a_remap_is_still_known(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal is known by its own words and place, not by what they were read as."""
    send(world, "Stage 3", 2)
    newer(monkeypatch)
    run("remap", "--apply")
    version = world.stored(SIGNALLED_APPLICATION).version
    send(world, "Stage 3", 2)
    assert world.stored(SIGNALLED_APPLICATION).version == version


def test_interrupted_remap_goes_on_where_it_stopped(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages done are not read again; in the end all are."""
    interrupted(world, run, monkeypatch)
    assert "1 labels mapped again" in run("remap", "--apply")[1]
    assert world.stored(SIGNALLED_APPLICATION).status == "INTERVIEW"
    assert world.stored().outcome[0] == "candidate_withdrew"


def test_remap_starts_anew_after_an_override_changed(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels that were mapped with the former meanings are mapped again."""
    interrupted(world, run, monkeypatch)
    run("override", "--ats", ATS, "--set", "Absage", "REJECTED/position_closed", "--set", "Stage 3", "OFFER")
    out = run("remap", "--apply")[1]
    assert out.startswith("Starting over: the interrupted run used other values of overrides.\n")
    assert world.stored().outcome[0] == "position_closed"
    assert world.stored(SIGNALLED_APPLICATION).status == "OFFER"


def test_remap_continues_after_a_change_that_was_taken_back(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The meanings are the same again."""
    interrupted(world, run, monkeypatch)
    run("override", "--ats", OTHER_ATS, "--set", "Stage 3", "OFFER")
    run("override", "--ats", OTHER_ATS, "--unset", "Stage 3")
    out = run("remap", "--apply")[1]
    assert out.startswith("Resuming the interrupted run.\n")
    assert "1 labels mapped again" in out


def test_remap_starts_anew_on_another_table(
    server: TableServer, world: World, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """This includes a new table of the same name and address, as the local service creates at each start."""
    interrupted(world, run, monkeypatch)
    checkpoint = json.loads((tmp_path / "checkpoint").read_text())
    (tmp_path / "checkpoint").write_text(json.dumps(checkpoint | {"used": {**checkpoint["used"], "table": "former"}}))
    assert server.url in checkpoint["used"]["table"]
    assert "other values of table." in run("remap", "--apply")[1]
    identity = AllApplications(world.dynamodb, "ApplicationsTable").identity()
    assert checkpoint["used"]["table"].endswith(f", {identity}")
    assert (f"{datetime.now(UTC):%Y-%m-%d}" in identity, ":table/ApplicationsTable " in identity) == (True, True)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "7", "\xff", '{"key": {}}', '{"used": [], "key": {}}', '{"used": {}, "key": 7}'],
)
def test_file_that_is_no_checkpoint_is_named_and_left(world: World, run: Run, tmp_path: Path, content: str) -> None:
    """Damaged, or another file by mistake; nothing is read anew then. A run that only shows does not read it."""
    file = tmp_path / "checkpoint"
    file.write_text(content, encoding="latin-1")
    code, out, err = run("remap", "--apply")
    assert (code, out, file.read_text(encoding="latin-1")) == (1, "", content)
    assert (
        err == f"application-status: {file} is not a checkpoint; delete it, or choose another file with --checkpoint\n"
    )
    assert run("remap")[0] == 0
    assert world.dynamodb.operations == []


def test_checkpoint_is_written_as_a_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The disk is full: the former checkpoint stays, and nothing else is left."""
    checkpoint = Checkpoint(tmp_path / "checkpoint", {"vocabulary": "newer"})
    key = {"AtsiApplicationId": {"S": APPLICATION}}
    checkpoint.keep(key)

    def half(path: Path, text: str, encoding: str) -> int:
        with path.open("w", encoding=encoding) as file:
            file.write(text[:20])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", half)
        with pytest.raises(OSError, match="No space left"):
            checkpoint.keep({"AtsiApplicationId": {"S": SIGNALLED_APPLICATION}})
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint"]
    assert checkpoint.start() == key
    checkpoint.keep(None)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("apply", [["--apply"], []], ids=str)
def test_override_that_changes_during_a_run_is_said(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, apply: list[str]
) -> None:
    """All labels of a run are read with the same meanings, those of its beginning."""
    send(world, "Stage 3", 1)
    send(world, "Stage 4", 2)
    newer(monkeypatch)
    pages, register = AllApplications.pages, OverrideRegister(world.dynamodb, "TokensTable")

    def changed(*given: Any) -> Any:
        register.change(ATS, {"Stage 4": "OFFER"})
        return pages(*given)

    monkeypatch.setattr(AllApplications, "pages", changed)
    out = run("remap", *apply)[1]
    assert out.splitlines()[-1] == "The overrides of an ATS changed during this run. Run it again."
    assert "Stage 4" not in out
    monkeypatch.setattr(AllApplications, "pages", pages)
    out = run("remap", *apply)[1]
    assert "Stage 4: unmapped -> OFFER" in out
    assert "changed during this run" not in out


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("place", ["applications.items.application", "cli.labels.remap"])
def test_application_that_cant_be_read_anew_is_named_and_the_others_are(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, place: str, failure: str
) -> None:
    """Exit code 1; it stays as it is, and so does nothing else."""
    send(world, "Stage 3", 2)
    world.report("REJECTED", RawStatus="Absage")
    before = world.item(SIGNALLED_APPLICATION)
    newer(monkeypatch)
    done = resolve_name(f"application_status.{place}")

    def fails(of: Any, *more: Any) -> Any:
        if SIGNALLED_APPLICATION in str(of):
            FAILURES[failure]()
        return done(of, *more)

    with monkeypatch.context() as patched:
        patched.setattr(f"application_status.{place}", fails)
        code, out, err = run("remap", "--apply")
    assert (code, "1 labels mapped again" in out) == (1, True)
    assert f"can't be read: {SIGNALLED_APPLICATION} ({failure})\n" in err
    assert "Geheimnis" not in out + err
    assert world.item(SIGNALLED_APPLICATION) == before
    assert world.stored().outcome[0] == "candidate_withdrew"


def test_application_that_changes_meanwhile_is_left_for_another_run(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report that came in between stays."""
    send(world, "Stage 3", 2)
    newer(monkeypatch)
    replace_interpretations = AllApplications.replace_interpretations

    def too_late(*given: object) -> bool:
        send(world, "Stage 4", 3)
        return replace_interpretations(*given)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(AllApplications, "replace_interpretations", too_late)
    assert "changed meanwhile; run again" in run("remap", "--apply")[1]
    assert len(world.stored(SIGNALLED_APPLICATION).transitions) == 2


def test_own_meanings_win_are_shown_and_can_go(world: World, run: Run) -> None:
    """An override counts for its ATS alone."""
    assert run("override", "--ats", ATS, "--set", "Stage 3", "OFFER") == (0, "MEANING  LABEL\nOFFER    Stage 3\n", "")
    assert run("explain", "stage 3", "--ats", ATS)[1].startswith("OFFER, by the rule override")
    assert run("explain", "Stage 3", "--ats", OTHER_ATS)[1].startswith("unmapped")
    send(world, "Stage 3", 2)
    assert world.stored(SIGNALLED_APPLICATION).status == "OFFER"
    assert run("override", "--ats", ATS, "--unset", "Stage 3")[:2] == (0, NO_OVERRIDES)
    assert run("override", "--ats", ATS, "--unset", "Stage 3")[0] == 1


def test_another_spelling_is_the_same_label(run: Run, world: World) -> None:
    """Its meaning replaces the former one, and it removes that of any other; two in one command are refused."""
    run("override", "--ats", ATS, "--set", "Stage 3", "OFFER")
    assert run("override", "--ats", ATS, "--set", "stage 3", "HIRED") == (0, "MEANING  LABEL\nHIRED    stage 3\n", "")
    code, out, err = run("override", "--ats", ATS, "--set", "Stage 3", "OFFER", "--unset", "STAGE 3")
    assert (code, out) == (1, "")
    assert err == "application-status: 'Stage 3' and 'STAGE 3' are spellings of the same label; send only one of them\n"
    assert run("override", "--ats", ATS, "--unset", "Stage  3")[:2] == (0, NO_OVERRIDES)
    assert world.dynamodb.operations == []


def test_wrong_meaning_is_refused_and_nothing_stored(world: World, run: Run) -> None:
    """It names the label."""
    code, _, err = run("override", "--ats", ATS, "--set", "Stage 3", "interviewing")
    assert code == 1
    assert "interviewing" in err
    assert run("override", "--ats", ATS)[1] == NO_OVERRIDES
    assert OTHER_TOKEN not in err
    assert world.dynamodb.operations == []


def test_overrides_are_set_from_a_file(world: World, run: Run, tmp_path: Path) -> None:
    """All at once, beside those of --set, which win; a spreadsheet's byte order mark is fine."""
    file = tmp_path / "overrides.csv"
    file.write_text("\ufefflabel,status,outcome\nStage 3,OFFER,\nAbsage,REJECTED,position_closed\n", encoding="utf-8")
    code, out, _ = run("override", "--ats", ATS, "--file", str(file), "--set", "Stage 3", "HIRED", "--json")
    assert (code, json.loads(out)) == (
        0, [{"meaning": "REJECTED/position_closed", "label": "Absage"}, {"meaning": "HIRED", "label": "Stage 3"}]
    )  # fmt: skip
    assert world.dynamodb.operations == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "the first line of {file} should be label,status or label,status,outcome"),
        ("label;status\nStage 3;OFFER\n", "the first line of {file} should be"),
        ("label,status\nStage 3,OFFER\nStage 4\n", "line 3 of {file} should have a label, a status and at most"),
        ("label,status\nStage 3,OFFER,open\n", "line 2 of {file} should have a label, a status and at most"),
        ("label,status\nStage 3,OFFER\nStage 3,HIRED\n", "line 3 of {file} repeats the label 'Stage 3'"),
        ("label,status\nStage 3,OFFER\nStage 4,nothing\n", "nothing"),
    ],
)
@pytest.mark.usefixtures("world")
def test_wrong_file_of_overrides_changes_nothing(run: Run, tmp_path: Path, content: str, sentence: str) -> None:
    """Exit code 1; a sentence names the file and the line."""
    file = tmp_path / "overrides.csv"
    file.write_text(content)
    code, out, err = run("override", "--ats", ATS, "--file", str(file))
    assert (code, out) == (1, "")
    assert sentence.format(file=file) in err
    assert run("override", "--ats", ATS)[1] == NO_OVERRIDES
