"""docs/openapi.yaml works with the tools that integrators use: linters, generators of clients, and Postman."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from application_status.local import demo
from local.process import LocalService
from openapi.__main__ import DESCRIPTION
from prerequisites import GENERATORS, NODE

TYPESCRIPT = """\
import type { components, paths } from "./api";

type Send = paths["/api/application-status"]["post"];
const report: Send["requestBody"]["content"]["application/json"] = {
  AtsiApplicationId: "51c3be16-0f93-41ed-9cc0-9092222d7333",
  Status: "INTERVIEW",
};
type Reply = Send["responses"][200]["content"]["application/json"];
export function result(reply: Reply): string {
  const result: string = reply.Result;
  return reply.IgnoredFields?.length ? `${result}, without ${reply.IgnoredFields}` : result;
}
export const problem: components["schemas"]["ProblemDetails"] | undefined = undefined;
export default report;
"""
PYTHON = """\
import sys
from uuid import UUID

from client import AuthenticatedClient
from client.api.reports import send_report
from client.models import ReportReply, Status, StatusMessage

url, token = sys.argv[1:]
service = AuthenticatedClient(base_url=url, token=token, auth_header_name="X-AtsiToken", prefix="")
report = StatusMessage(atsi_application_id=UUID("51c3be16-0f93-41ed-9cc0-9092222d7333"), status=Status.INTERVIEW)
reply = send_report.sync(client=service, body=report)
assert isinstance(reply, ReportReply), reply
assert (reply.result, reply.status) == ("recorded", "INTERVIEW"), reply
later = ReportReply.from_dict({**reply.to_dict(), "Result": "postponed", "Status": "ONBOARDED", "NewField": [1]})
assert (later.result, later.status, later["NewField"]) == ("postponed", "ONBOARDED", [1]), later
"""
OF_THE_GENERATOR = (
    "OpenAPI 3.1 support is still in beta",
    "Failed to get the schema name: null",  # for any example that is not in the components
    "Ignoring complex example on request body",  # for any example of an object
    "Client (reserved word) cannot be used as model name",  # C#: a field may not be named like the generator's class
)
"""Warnings of openapi-generator about itself, which a description can't avoid."""


def run(folder: Path, *command: str | Path) -> str:
    """Run a program in a folder; return its output."""
    environment = os.environ | {"REDOCLY_TELEMETRY": "off", "PATH": f"{GENERATORS}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_redocly_has_no_warnings(tmp_path: Path) -> None:
    """With the rules that it recommends."""
    (tmp_path / "redocly.yaml").write_text("extends: [recommended]\n", encoding="utf-8")
    printed = run(tmp_path, NODE / "redocly", "lint", DESCRIPTION, "--format=json", "--config=redocly.yaml")
    assert '"problems": []' in printed, printed


def test_spectral_has_no_warnings(tmp_path: Path) -> None:
    """With all its rules for OpenAPI."""
    (tmp_path / "spectral.yaml").write_text('extends: ["spectral:oas"]\n', encoding="utf-8")
    run(tmp_path, NODE / "spectral", "lint", "--ruleset=spectral.yaml", "--fail-severity=hint", DESCRIPTION)


def test_typescript(tmp_path: Path) -> None:
    """A program that uses the generated types compiles under the strictest checks."""
    printed = run(tmp_path, NODE / "openapi-typescript", DESCRIPTION, "--output", "api.d.ts")
    assert "warn" not in printed.lower()
    (tmp_path / "report.ts").write_text(TYPESCRIPT, encoding="utf-8")
    run(tmp_path, NODE / "tsc", "--strict", "--noEmit", "--target", "es2022", "report.ts")
    (tmp_path / "report.ts").write_text(TYPESCRIPT.replace('"INTERVIEW"', '"INTERVIEWED"'), encoding="utf-8")
    with pytest.raises(AssertionError, match="INTERVIEWED"):
        run(tmp_path, NODE / "tsc", "--strict", "--noEmit", "--target", "es2022", "report.ts")


def test_python(service: LocalService, tmp_path: Path) -> None:
    """The generated client sends a report, and reads a reply with fields and values that are new to it."""
    options = ("--path", DESCRIPTION, "--meta=none", "--output-path=client", "--fail-on-warning")
    assert "warning" not in run(tmp_path, GENERATORS / "openapi-python-client", "generate", *options).lower()
    (tmp_path / "report.py").write_text(PYTHON, encoding="utf-8")
    run(tmp_path, GENERATORS / "python", "report.py", service.url, demo.TOKEN)


@pytest.mark.parametrize(
    ("language", "reply", "refuses"),
    [
        ("java", "src/main/java/org/openapitools/client/model/{}.java", "in the JSON string is not defined in the"),
        ("csharp", "src/Org.OpenAPITools/Model/{}.cs", "JsonUnmappedMemberHandling.Disallow"),
        ("php", "lib/Model/{}.php", "getResultAllowableValues"),
        ("go", "model_{}.go", "DisallowUnknownFields"),
    ],
    ids=["java", "csharp", "php", "go"],
)
def test_openapi_generator(tmp_path: Path, language: str, reply: str, refuses: str) -> None:
    """It warns about nothing in the description; what it makes for a reply accepts new fields and values."""
    options = ("--input-spec", DESCRIPTION, "--generator-name", language, "--output", tmp_path)
    printed = run(tmp_path, GENERATORS / "openapi-generator-cli", "generate", *options)
    warnings = [line for line in printed.splitlines() if "WARN" in line or "ERROR" in line]
    assert [line for line in warnings if not any(each in line for each in OF_THE_GENERATOR)] == []
    name = "report_reply" if language == "go" else "ReportReply"
    text = (tmp_path / reply.format(name)).read_text(encoding="utf-8")
    assert "IgnoredFields" in text
    assert refuses not in text


def test_postman(service: LocalService, tmp_path: Path) -> None:
    """The imported collection, with the address and a token entered, gets the replies described."""
    options = "folderStrategy=Tags,parametersResolution=Example,enableOptionalParameters=false"
    run(
        tmp_path, NODE / "openapi2postmanv2", "--spec", DESCRIPTION, "--output", "collection.json", "--options", options
    )
    collection = json.loads((tmp_path / "collection.json").read_text(encoding="utf-8"))
    assert {each["name"] for each in collection["item"]} >= {"Reports", "Files", "Access tokens"}
    entered = {"baseUrl": service.url, "apiKey": demo.TOKEN, "bearerToken": demo.TOKEN}
    found: dict[str, int] = {}
    for folder in (
        "Reports",
        "Batches",
        "Signals and dispositions",
        "Access tokens",
        "Applications",
        "Files",
        "Health",
    ):
        found |= statuses(tmp_path, folder, entered)
    assert found.pop("Get how far a file is, and what became of its rows") == 404, "the example is another file"
    assert len(found) >= 10
    assert {name: status for name, status in found.items() if status not in {200, 201}} == {}


def statuses(tmp_path: Path, folder: str, entered: Mapping[str, str]) -> dict[str, int]:
    """Send the requests of a folder of the collection; return the status of each by its name."""
    variables = [f"--env-var={name}={value}" for name, value in entered.items()]
    export = ("--reporters=json", "--reporter-json-export=run.json")
    run(tmp_path, NODE / "newman", "run", "collection.json", f"--folder={folder}", *variables, *export)
    executions = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["run"]["executions"]
    return {each["item"]["name"]: each["response"]["code"] for each in executions}
