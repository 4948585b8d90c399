"""Files over `make run`: created over HTTP, uploaded with the form, imported by the same function, and shown."""

import csv
import json
import re
import subprocess
import sys
from http import HTTPStatus
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from application_status.local import demo, example_file
from application_status.platform.values import now
from local.process import LocalService, wait_for

FILES = "/api/application-status/files"
FINAL = {"completed", "refused", "duplicate", "failed"}


def call(service: LocalService, path: str, body: bytes | None = None) -> Any:
    headers = {"X-AtsiToken": demo.TOKEN, "Content-Type": "application/json"}
    request = Request(service.url + path, body, headers)  # noqa: S310  # loopback
    with urlopen(request, timeout=20) as reply:  # noqa: S310
        return json.load(reply)


def upload(created: dict[str, Any], content: bytes) -> int:
    """Send a file with the form, as a browser does."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in created["UploadFields"].items()
    ]
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\nContent-Type: text/csv\r\n\r\n'
    body = "".join([*parts, file]).encode() + content + b"\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with urlopen(Request(created["UploadUrl"], body, headers), timeout=20) as reply:  # noqa: S310  # loopback
        status: int = reply.status
        return status


def imported(service: LocalService, content: bytes) -> Any:
    """Create, upload and follow a file; return its last state."""
    created = call(service, FILES, b"")
    assert upload(created, content) == HTTPStatus.NO_CONTENT
    path = f"{FILES}/{created['FileId']}"
    return wait_for(lambda: (found := call(service, path))["State"] in FINAL and found)


def part_of_the_example(first: int, last: int) -> bytes:
    """Return the header and some rows of the example."""
    header, *rows = example_file.content(now().date()).splitlines(keepends=True)
    return "".join([header, *rows[first:last]]).encode()


def test_file_is_imported(service: LocalService) -> None:
    """Its rows show in their applications, and the refused ones in a listing; the same bytes again are a duplicate."""
    content = part_of_the_example(100, 200)  # row 163 has a mistake
    state = imported(service, content)
    assert (state["State"], state["Rows"], state["RowsRead"], state["Refused"]) == ("completed", 100, 100, 1)
    assert state["Recorded"] + state["Unchanged"] + state["Unmapped"] == 99
    first = call(service, f"/api/application-status/{content.decode().splitlines()[1].partition(';')[0]}")
    assert len(first["Transitions"]) >= 2
    with urlopen(state["RefusedRows"], timeout=20) as reply:  # noqa: S310  # loopback
        (refused,) = csv.DictReader(StringIO(reply.read().decode("utf-8-sig")))
    assert refused["Line"] == "64"
    assert "atsiApplicationId" in refused["Reason"]
    again = imported(service, content)
    assert (again["State"], again["DuplicateOf"]) == ("duplicate", state["FileId"])
    service.line(r"^\d\d:\d\d:\d\d  intake/files +file ended .* state=completed")


def test_rows_show_in_the_ats_s_health(service: LocalService) -> None:
    """Each row counts as a request of the channel `file`."""
    imported(service, part_of_the_example(200, 210))
    request = {"KeyConditionExpression": "#scope = :scope", "ExpressionAttributeNames": {"#scope": "Scope"}}
    values = {":scope": {"S": "health#demo-ats"}}

    def recorded() -> bool:
        items = service.dynamodb.query(TableName="QualityTable", ExpressionAttributeValues=values, **request)["Items"]
        return any("file:recorded" in item for item in items)

    wait_for(recorded)


def test_upload_that_is_no_csv_is_refused(service: LocalService) -> None:
    """With what it is."""
    state = imported(service, b"PK\x03\x04" + bytes(100))
    assert state["State"] == "refused"
    assert "zip" in state["Reason"].lower() or "xlsx" in state["Reason"].lower()


def test_reports_are_answered_during_an_import(service: LocalService) -> None:
    """The import of many rows doesn't take turns with the functions of requests."""
    created = call(service, FILES, b"")
    upload(created, part_of_the_example(1000, 3000))
    path = f"{FILES}/{created['FileId']}"
    wait_for(lambda: call(service, path).get("RowsRead"))
    body = json.dumps({"AtsiApplicationId": demo.SAMPLES[0].application_id, "Status": "OFFER"}).encode()
    assert call(service, "/api/application-status", body)["Status"] == "OFFER"
    assert call(service, path)["State"] == "importing"


def rows_imported(service: LocalService) -> int:
    return sum(
        int(found[1]) for line in list(service.lines) if (found := re.search(r"rows imported .* rows=(\d+)", line))
    )


def test_it_stops_during_an_import() -> None:
    """Ctrl-C waits for one small step of the import, of a second at most, which is far from all."""
    service = LocalService()
    service.line("Ctrl-C stops")
    created = call(service, FILES, b"")
    upload(created, part_of_the_example(0, 10_000))
    wait_for(lambda: call(service, f"{FILES}/{created['FileId']}").get("RowsRead"))
    before = rows_imported(service)
    assert service.end() == 0
    assert rows_imported(service) - before <= 1_000
    output = "".join(service.lines)
    assert service.lines[-1] == "Stopped.\n"
    assert not any(word in output for word in ("Traceback", "Warning", "unexpected", "unavailable")), output[-3000:]


def test_example_is_imported_by_the_command(service: LocalService, tmp_path: Path) -> None:
    """The file at /example.csv is the one that the module writes; here its beginning is imported."""
    with urlopen(f"{service.url}{example_file.PATH}", timeout=20) as reply:  # noqa: S310  # loopback
        served = reply.read()
    module = [sys.executable, "-m", "application_status.local.example_file"]
    assert subprocess.run(module, capture_output=True, check=True, timeout=20).stdout == served
    (tmp_path / "example.csv").write_bytes(b"".join(served.splitlines(keepends=True)[:301]))
    command = [str(Path(sys.executable).with_name("application-status")), "--local-tables"]
    command += [f"http://127.0.0.1:{service.tables_port}", "import", "example.csv", "--ats", "demo-ats"]
    done = subprocess.run(
        [*command, "--refused", "refused.csv"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert (printed["state"], printed["rows"], printed["refused"]) == ("completed", "300", "1")
    assert len((tmp_path / "refused.csv").read_text(encoding="utf-8-sig").splitlines()) == 2


def test_unknown_file_is_not_found(service: LocalService) -> None:
    """As on AWS, and a static path is not an application's."""
    with pytest.raises(HTTPError) as unknown:
        call(service, f"{FILES}/00000000-0000-4000-8000-000000000000")
    with unknown.value:
        assert json.load(unknown.value)["type"].endswith("/problems/unknown-file")
