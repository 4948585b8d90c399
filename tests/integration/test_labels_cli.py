"""`application-status labels`: what labels mean, which nobody knows, and reading the stored ones anew."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from application_status.analytics.records import change
from application_status.cli.main import main
from application_status.local.tables import TableServer
from application_status.model.identifiers import application_id
from application_status.model.quality import contribution
from application_status.model.vocabulary import Vocabulary
from application_status.store import all_applications
from application_status.store.all_applications import AllApplications
from application_status.store.quality import Quality
from faults import fresh_client
from poison import FAILURES
from support import (
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


def test_unmapped_labels_are_listed_by_volume(world: World, run: Run) -> None:
    """Each application counts, also where it is the only one, and each ATS for itself."""
    for day, label in enumerate(["Stage 3", "Stage 4", "Stage 4", "First interview"], start=1):
        send(world, label, day)
    one = change(world.stored(SIGNALLED_APPLICATION), BERLIN)
    another = replace(one, application_id=application_id(APPLICATION), unmapped_labels=("Stage 4",))
    Quality(world.noting, "QualityTable", 1).count([one, another])
    expected = [f"           2  {ATS:<20} Stage 4", f"           1  {ATS:<20} Stage 3"]
    assert run("unmapped")[1].splitlines()[1:] == run("unmapped", "--ats", ATS)[1].splitlines()[1:] == expected
    assert run("unmapped", "--ats", OTHER_ATS)[1].splitlines()[1:] == []


def test_erased_applications_are_left_out(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of them is read anew; erased during a run, they stay so."""
    send(world, "Stage 3", 1)
    stale = world.stored(SIGNALLED_APPLICATION)
    world.erase(SIGNALLED_APPLICATION)
    before = world.item(SIGNALLED_APPLICATION)
    newer(monkeypatch)
    assert run("remap", "--apply")[1].startswith("0 labels read anew")
    assert not AllApplications(world.noting, "ApplicationsTable").replace_readings(stale, stale)
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
    assert "1 labels would be read anew; --apply does it, with vocabulary newer" in out
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
    assert "0 labels read anew" in run("remap", "--apply")[1]


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
    send(world, "Stage 3", 2)
    world.report("REJECTED", RawStatus="Absage")
    newer(monkeypatch)
    monkeypatch.setattr(all_applications, "_PAGE_SIZE", 1)
    written, replace_readings = [], AllApplications.replace_readings

    def stop_at_the_second(*given: object) -> bool:
        written.append(given)
        if len(written) == 2:
            raise KeyboardInterrupt
        return replace_readings(*given)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(AllApplications, "replace_readings", stop_at_the_second)
    assert run("remap", "--apply")[0] == 130
    assert "1 labels read anew" in run("remap", "--apply")[1]
    assert world.stored(SIGNALLED_APPLICATION).status == "INTERVIEW"
    assert world.stored().outcome[0] == "candidate_withdrew"


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("place", ["store.items.application", "cli.labels.remap"])
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
    assert (code, "1 labels read anew" in out) == (1, True)
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
    replace_readings = AllApplications.replace_readings

    def too_late(*given: object) -> bool:
        send(world, "Stage 4", 3)
        return replace_readings(*given)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(AllApplications, "replace_readings", too_late)
    assert "changed meanwhile; run again" in run("remap", "--apply")[1]
    assert len(world.stored(SIGNALLED_APPLICATION).transitions) == 2


def test_own_meanings_win_are_shown_and_can_go(world: World, run: Run) -> None:
    """An override counts for its ATS alone."""
    assert run("override", "--ats", ATS, "--set", "Stage 3", "OFFER") == (0, f"{'OFFER':<28} Stage 3\n", "")
    assert run("explain", "stage 3", "--ats", ATS)[1].startswith("OFFER, by the rule override")
    assert run("explain", "Stage 3", "--ats", OTHER_ATS)[1].startswith("unmapped")
    send(world, "Stage 3", 2)
    assert world.stored(SIGNALLED_APPLICATION).status == "OFFER"
    assert run("override", "--ats", ATS, "--unset", "Stage 3")[:2] == (0, "")
    assert run("override", "--ats", ATS, "--unset", "Stage 3")[0] == 1


def test_wrong_meaning_is_refused_and_nothing_stored(world: World, run: Run) -> None:
    """It names the label."""
    code, _, err = run("override", "--ats", ATS, "--set", "Stage 3", "interviewing")
    assert code == 1
    assert "interviewing" in err
    assert run("override", "--ats", ATS)[1] == ""
    assert OTHER_TOKEN not in err
    assert world.noting.operations == []
