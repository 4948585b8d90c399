"""`application-status applications import`: registers the applications of a file, however often it is interrupted."""

import csv
import gzip
import io
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from application_status.applications.register import Registrations
from application_status.applications.registry import AliasesMessage, RegistrationMessage
from application_status.cli import main as command_line
from application_status.cli import registrations
from application_status.cli.checkpoint import Checkpoint
from application_status.cli.main import main
from application_status.cli.target import Target
from application_status.local.tables import TableServer
from application_status.platform.errors import Unavailable
from support.faults import fresh_client
from support.world import APPLICATION, FOREIGN_APPLICATION, World, answer, http_event

HEADER = "AtsiApplicationId,AtsId,ClientId,JobId,JobseekerId,JobTitle,Company,AppliedAt"
SUMMARY = ("registered", "updated", "unchanged", "refused")

_TABLE = {"Table": {"TableArn": "arn", "CreationDateTime": 1}}

type Run = Callable[..., tuple[int, dict[str, int], str]]


def new_id(number: int) -> str:
    return f"51c3be16-0f93-41ed-9cc0-{number:012x}"


def fields(number: int, **changes: Any) -> dict[str, Any]:
    """Return the fields of a registration, with changes."""
    own = {
        "AtsiApplicationId": new_id(number), "AtsId": "demo-ats", "ClientId": "client-1", "JobId": "job-1",
        "JobseekerId": f"jobseeker-{number}", "JobTitle": "Python Developer", "Company": "Example GmbH",
        "AppliedAt": "2024-07-01T09:00:00Z",
    }  # fmt: skip
    return {**own, **changes}


def as_csv(*rows: Mapping[str, str]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def as_json_lines(*rows: Mapping[str, Any]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


@pytest.fixture
def world(server: TableServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("time.sleep", lambda _: None)
    client = fresh_client(server)
    yield World(client)
    client.close()


@pytest.fixture
def run(
    server: TableServer, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Write a file and import it; return the exit code, the summary, and what was said on standard error."""
    monkeypatch.chdir(tmp_path)

    def run(content: str | bytes, *options: str) -> tuple[int, dict[str, int], str]:
        Path("file").write_bytes(content.encode() if isinstance(content, str) else content)
        capsys.readouterr()
        code = main(["--local-tables", server.url, "applications", "import", "file", *options])
        out, err = capsys.readouterr()
        summary = [line.split() for line in out.splitlines() if line.startswith(" ")]
        return code, {name: int(amount) for amount, name in summary}, err

    return run


def amounts(**changes: int) -> dict[str, int]:
    return dict.fromkeys(SUMMARY, 0) | changes


def refused() -> list[list[str]]:
    """Return the list of refused lines, without its header."""
    with Path("file.refused.csv").open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    assert header == ["Line", "Reason", "AtsiApplicationId"]
    return rows


@pytest.mark.parametrize("written", [as_csv, as_json_lines], ids=["csv", "json-lines"])
def test_applications_are_registered_as_by_the_api(world: World, run: Run, written: Callable[..., str]) -> None:
    """All are stored as the API stores them; the second time nothing changes, and a new title is an update."""
    lines = [fields(number) for number in range(16, 20)]
    assert run(written(*lines)) == (0, amounts(registered=4), "")
    assert run(written(*lines)) == (0, amounts(unchanged=4), "")
    assert run(written(fields(16, JobTitle="Rust Developer"), *lines[1:])) == (0, amounts(updated=1, unchanged=3), "")
    body = {name: value for name, value in fields(16).items() if name != "AtsiApplicationId"} | {"JobId": "job-2"}
    replied = answer(world.registry(http_event("PUT", f"/api/applications/{new_id(16)}", body, token=None), None))
    assert (replied.status, "another JobId." in replied.body["detail"]) == (409, True)
    assert not [*Path().glob("file.*"), *Path().glob(".application*")]


def test_columns_may_have_any_order_case_and_delimiter(world: World, run: Run) -> None:
    """With a byte order mark, quotes, any line ends, and lists of aliases separated by spaces."""
    head = "COMPANY;AppliedAt;jobtitle;AtsId;ClientId;JobId;JobseekerId;atsiapplicationid;"
    names = "aliases.token;Aliases.ApplyId;Aliases.Greenhouse.CandidateId;Aliases.Greenhouse.JobId"
    row = f'"Example; ""GmbH""\r\nBerlin";2024-07-01T09:00:00Z;Dev;demo-ats;c;j;s;{new_id(16).upper()};t1 t2;;500;300'
    again = f"Other;2024-07-01T09:00:00Z;Dev;demo-ats;c;j;s;{new_id(17)};;;;"
    content = f"\ufeff{head}{names}\r{row}\r\n\n{again}\r"
    assert run(content) == (0, amounts(registered=2), "")
    registered = world.stored(new_id(16)).registration
    assert registered
    assert registered.company == 'Example; "GmbH"\r\nBerlin'
    assert registered.aliases.tokens == ("t1", "t2")
    assert [each[:4] for each in registered.aliases.native] == [("greenhouse", "", "500", "300")]
    assert world.stored(new_id(17)).registration
    assert run(gzip.compress(content.encode()))[:2] == (0, amounts(unchanged=2))
    assert run(content[1:].encode("utf-16"))[:2] == (0, amounts(unchanged=2))


def test_json_lines_have_all_fields_of_the_api(world: World, run: Run) -> None:
    """Also Aliases; empty lines are left out."""
    aliases = {"Token": ["t1"], "Lever": {"ApplicationId": "700"}, "AtsiApplicationId": [new_id(99)]}
    assert run(f"\ufeff\n{as_json_lines(fields(16, Aliases=aliases))}\r\n\n") == (0, amounts(registered=1), "")
    registered = world.stored(new_id(16)).registration
    assert registered
    assert (registered.aliases.tokens, registered.aliases.second_ids) == (("t1",), (new_id(99),))


@pytest.mark.usefixtures("world")
def test_every_field_and_alias_of_the_api_has_a_column() -> None:
    """A new field or kind of alias has to be named in the command's table of columns."""
    known = {"AtsiApplicationId", *(str(each.alias) for each in RegistrationMessage.model_fields.values())} - {
        "Aliases"
    }
    schema = AliasesMessage.model_json_schema()["$defs"]
    for name, kind in schema["_Aliases"]["properties"].items():
        within = schema["_NativeIds"]["properties"] if "_NativeIds" in str(kind) else [None]
        known |= {".".join(filter(None, ("Aliases", name, each))) for each in within}
    assert {".".join(path) for path in registrations._PATHS.values()} == known  # noqa: SLF001  # all of them


def test_refused_lines_are_listed_and_the_others_registered(world: World, run: Run) -> None:
    """With their numbers, and the reasons that the API gives; no cell is a formula, and the exit code is 1."""
    world.erase(APPLICATION)
    assert run(as_csv(fields(16, **{"Aliases.Token": "taken"})))[0] == 0
    rows = [
        fields(17),
        fields(16, JobId="job-2"),
        fields(18, **{"Aliases.Token": "taken"}),
        fields(19, AtsiApplicationId=APPLICATION),
        fields(20, AtsiApplicationId="=cmd()"),
        fields(21, AppliedAt="2024-07-01", JobId="="),
        fields(22, JobTitle=""),
        fields(23, AtsiApplicationId=""),
        fields(24, AtsiApplicationId=FOREIGN_APPLICATION),
        fields(25),
    ]
    code, summary, err = run(as_csv(*rows))
    assert (code, summary) == (1, amounts(registered=2, refused=8))
    assert "The refused lines of file are in file.refused.csv" in err
    found = refused()
    assert [each[0] for each in found] == ["3", "4", "5", "6", "7", "8", "9", "10"]
    assert [each[2] for each in found][3:7] == ["'=cmd()", new_id(21), new_id(22), ""]
    reasons = [each[1] for each in found]
    expected = ["registered with another JobId", "belongs to another application: Token", "was erased", "not a UUID"]
    assert all(text in reason for text, reason in zip(expected, reasons, strict=False))
    assert reasons[4].startswith("JobId: String should match pattern")
    assert "; AppliedAt: Input should be an RFC 3339 date-time" in reasons[4]
    assert reasons[5].startswith("JobTitle: Field required (for display")
    assert reasons[6] == "AtsiApplicationId is missing, or no text; send a UUID."
    assert Path("file.refused.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("world")
def test_lines_that_cant_be_read_cost_only_themselves(run: Run) -> None:
    """NUL bytes, an open quote, a line of 10 MB, too many cells, bytes that are no UTF-8: each by its number."""
    good = [as_csv(fields(number)).splitlines()[1].encode() for number in (16, 17)]
    bad = [
        good[0].replace(b"job-1", b"job\0"),
        good[0].replace(b"job-1", b'"job-1'),
        good[0].replace(b"job-1", b"x" * 10_000_000),
        good[0] + b",more",
        good[0].replace(b"Example", b"\xfc"),
    ]
    code, summary, _ = run(b"\n".join([HEADER.encode(), good[0], *bad, good[1], b""]))
    assert (code, summary) == (1, amounts(registered=2, refused=5))
    assert [each[0] for each in refused()] == ["3", "4", "5", "6", "7"]
    for text, (_, reason, _) in zip(
        ("NUL", "quote", "16 KiB", "9 instead of 8 cells", "UTF-8"), refused(), strict=True
    ):
        assert text in reason


@pytest.mark.usefixtures("world")
def test_json_lines_that_cant_be_read_cost_only_themselves(run: Run) -> None:
    """No JSON, no object, a key twice, a number as the id, a line of 10 MB, and bytes that are no UTF-8."""
    good = as_json_lines(fields(16), fields(17)).encode().splitlines()
    bad = [b"{", b"[1]", b'{"JobId": "1", "JobId": "2"}', b'{"AtsiApplicationId": 7}', b'{"x": "%b"}' % (b"x" * 10**7),
           b'{"AtsId": "\xfc"}']  # fmt: skip
    code, summary, err = run(b"\n".join([good[0], *bad, good[1]]))
    assert (code, summary) == (1, amounts(registered=2, refused=6))
    assert [each[0] for each in refused()] == ["2", "3", "4", "5", "6", "7"]
    for text, (_, reason, _) in zip(
        ("The line is not accepted JSON", "not an object", "Detected duplicate key", "no text", "8 KiB", "JSON"),
        refused(),
        strict=True,
    ):
        assert text in reason
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf", "no column AtsiApplicationId, AtsId"),
        (f"{HEADER}\n".encode(), "no rows below the names of the columns"),
        (b"AtsId,ClientId\na,b\n", "no column AtsiApplicationId, JobId"),
        (f"{HEADER},JOBID\n1,2,3,4,5,6,7,8,9\n".encode(), "the column JobId twice"),
        (f"{HEADER},Aliases\n".encode(), "a column for each kind"),
        (b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml", "an Excel workbook"),
        (b"PK\x03\x04" + b"\0" * 200, "a ZIP archive"),
        (b"%PDF-1.7", "a PDF document"),
        (b'[{"AtsId": "a"}]', "is a JSON array; write JSON Lines"),
    ],
    ids=["empty", "mark-alone", "header-alone", "missing", "twice", "aliases", "xlsx", "zip", "pdf", "array"],
)
def test_other_files_are_refused_with_what_they_are(world: World, run: Run, content: bytes, said: str) -> None:
    """Nothing is registered, and no file is left behind."""
    before = world.client.scan(TableName="ApplicationsTable")["Items"]
    code, summary, err = run(content)
    assert (code, summary) == (1, {})
    assert said in err
    assert world.client.scan(TableName="ApplicationsTable")["Items"] == before
    assert [path.name for path in Path().iterdir()] == ["file"]


@pytest.mark.usefixtures("world")
def test_fields_that_are_no_fields_are_named_once(run: Run) -> None:
    """A typo in the name of an optional column shows at its first line."""
    code, _, err = run(as_csv(*(fields(number, **{"Alias.Token": "x"}) for number in (16, 17))))
    assert (code, err.count("Alias.Token")) == (0, 1)
    assert "Alias.Token, first on line 2, is no field of a registration and is ignored." in err


def interrupt(monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool, by: type[BaseException]) -> None:
    """Make the command end at its checkpoint with this number, before or after this is stored."""
    calls, keep = count(), Checkpoint.keep

    def interrupted(self: Checkpoint, following: Any) -> None:
        if next(calls) != at:
            keep(self, following)
            return
        if after:
            keep(self, following)
        raise by

    monkeypatch.setattr(Checkpoint, "keep", interrupted)


@pytest.mark.parametrize("written", [as_csv, as_json_lines], ids=["csv", "json-lines"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(6))
def test_interrupted_run_resumes(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool, written: Callable[..., str]
) -> None:
    """At every checkpoint: each line counts once, and is listed once if it is refused."""
    lines = [fields(number, JobId="!" if number % 3 == 0 else "job-1") for number in range(16, 29)]
    options = ("--per-second", "3")
    with monkeypatch.context() as patched:
        interrupt(patched, at, after=after, by=KeyboardInterrupt)
        assert run(written(*lines), *options)[0] == 130
    if at == 0 and not after:  # nothing was done, and the empty list is not known to be this run's
        Path("file.refused.csv").unlink()
    code, summary, _ = run(written(*lines), *options)
    assert (code, summary["refused"], sum(summary.values())) == (1, 4, 13)
    assert summary["unchanged"] <= (0 if after else 3)
    assert len(refused()) == 4
    assert [int(row[0]) for row in refused()] == [3 + 3 * n - (written is as_json_lines) + 1 for n in range(4)]
    registered = [number for number in range(16, 29) if number % 3]
    assert all(world.stored(new_id(number)).registration for number in registered)
    assert not Path(".application-status-import.json").exists()


@pytest.mark.usefixtures("world")
def test_other_file_does_not_resume(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoint of another file is not used; its list of refused lines is kept."""
    with monkeypatch.context() as patched:
        interrupt(patched, 1, after=True, by=KeyboardInterrupt)
        run(as_csv(fields(16), fields(17)), "--per-second", "1")
    code, _, err = run(as_csv(fields(18), fields(19)), "--per-second", "1")
    assert (code, "file.refused.csv exists; name a new file" in err) == (1, True)
    code, summary, _ = run(as_csv(fields(18), fields(19)), "--refused", "new.csv")
    assert (code, summary) == (0, amounts(registered=2))


@pytest.mark.usefixtures("world")
def test_outage_stops_the_run_and_it_resumes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch that met it is done again as a whole."""
    content = as_csv(*(fields(number) for number in range(16, 22)))
    register, calls = Registrations.register, count()

    def fails(self: Any, *of: Any) -> Any:
        if next(calls) == 3:
            raise Unavailable("throttled")
        return register(self, *of)

    with monkeypatch.context() as patched:
        patched.setattr(Registrations, "register", fails)
        code, summary, err = run(content, "--per-second", "2")
        assert (code, summary, "can't reach" in err) == (1, {}, True)
    assert run(content, "--per-second", "2")[:2] == (0, amounts(registered=5, unchanged=1))


@pytest.mark.usefixtures("world")
def test_pace_is_limited(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each batch it waits until as many registrations are allowed."""
    clock, pauses = [0.0], []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", sleep)
    run(as_csv(*(fields(number) for number in range(16, 27))), "--per-second", "4")
    assert pauses == [1.0, 1.0, 0.75]


def test_lines_of_one_application_apply_in_their_order(world: World, run: Run) -> None:
    """The last title of the file wins."""
    rows = [fields(16, JobTitle=f"Title {number}") for number in range(20)]
    assert run(as_csv(*rows)) == (0, amounts(registered=1, updated=19), "")
    registered = world.stored(new_id(16)).registration
    assert registered
    assert registered.job_title == "Title 19"


def test_memory_is_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times as many lines need no more memory, over a store that keeps nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.sleep", lambda _: None)
    target = Target(None, "nowhere")
    target.dynamodb = lambda operation, **_: _TABLE if operation == "DescribeTable" else {}  # type: ignore[assignment]
    monkeypatch.setattr(command_line, "Target", lambda *_: target)

    def peak(lines: int) -> int:
        with Path("file").open("w", encoding="utf-8") as file:
            file.write(f"{HEADER},Notes\n")
            rows = (fields(number, Notes="x" * 4000, JobId="" if number % 2 else "job-1") for number in range(lines))
            file.writelines(",".join(row.values()) + "\n" for row in rows)
        tracemalloc.start()
        try:
            assert main(["applications", "import", "file", "--per-second", "5000", "--refused", f"{lines}.csv"]) == 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(100)
    assert peak(2_000) < 1.2 * peak(500)
