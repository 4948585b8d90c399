"""docs/openapi.yaml: what it says is what the models, the routes and the problems say."""

import re
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from application_status.access.oauth import TokenReply
from application_status.api_docs.problem_types import PROBLEM_TYPES
from application_status.applications.registry import RegistrationMessage, RegistrationReply
from application_status.intake.atsi.batch import BatchReply
from application_status.intake.atsi.read_back import ApplicationView
from application_status.intake.atsi.receive import ReportReply
from application_status.intake.connect.endpoint import DeliveryReply
from application_status.intake.connect.page import ConnectionReply
from application_status.intake.files.endpoint import CreatedFile, FileStatus
from application_status.intake.graphql.endpoint import GraphqlReply, GraphqlRequest
from application_status.intake.sandbox.create import SandboxApplication
from application_status.platform.http.endpoint import PROBLEMS, UNEXPECTED
from openapi import examples
from openapi.__main__ import DESCRIPTION, written
from openapi.document import document
from openapi.operations import OPERATIONS, PAGES
from support.world import TEMPLATE

METHODS = ("get", "put", "post", "delete")
NOT_DESCRIBED = {"method-not-allowed", "unsupported-grant-type"}
"""Types of no described operation: what is described uses the right method, and OAuth has errors of its own."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    return read


def test_what_is_generated_is_up_to_date() -> None:
    """`make openapi` writes it anew: the description, the page's copy of it, and the table of problems."""
    stale = [path.name for path, text in written().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run `make openapi`"


def test_every_problem_is_explained(api: dict[str, Any]) -> None:
    """Under the statuses that the functions and the gateway answer it with."""
    known = {each.type: str(each.status) for each in (*PROBLEMS.values(), UNEXPECTED)}
    for response in api["x-amazon-apigateway-gateway-responses"].values():
        ((body, _),) = (each["Fn::Sub"] for each in response["responseTemplates"].values())
        (kind,) = re.findall(r'/problems/([^"]+)"', body)
        assert known.setdefault(kind, response.get("statusCode", "4xx")) == response.get("statusCode", "4xx")
    assert {each.type: each.status for each in PROBLEM_TYPES} == known


def test_every_route_is_described_and_no_other(described: dict[str, Any]) -> None:
    """With the authorizer of template.yaml; who has none brings a token that the function checks, or is let in."""
    assert described["paths"].keys() == OPERATIONS.keys() == {route.path for route in TEMPLATE.routes()} - PAGES
    schemes = described["components"]["securitySchemes"]
    for route in (each for each in TEMPLATE.routes() if each.path not in PAGES):
        for method in METHODS:
            operation = described["paths"][route.path].get(method)
            if operation:
                names = {name for each in operation["security"] for name in each}
                assert names <= schemes.keys()
                assert (
                    names == {route.authorizer}
                    if route.authorizer
                    else names <= {"AtsiToken", "AtsBearer", "AtsClient"}
                )


def test_every_problem_is_described(described: dict[str, Any]) -> None:
    """Under its status, with an example as the function would answer it."""
    known = {each.type: each.status for each in (*PROBLEMS.values(), UNEXPECTED)}
    found = {}
    for path in described["paths"].values():
        for method in METHODS:
            for status, response in path.get(method, {}).get("responses", {}).items():
                if "$ref" in response:
                    name = response["$ref"].rpartition("/")[2]
                    content = described["components"]["responses"][name]["content"]["application/problem+json"]
                    for kind, example in content["examples"].items():
                        assert example["value"]["type"] == f"/problems/{kind}"
                        assert example["value"].get("status", int(status)) == int(status)
                        found[kind] = int(status)
    assert {kind: found.get(kind) for kind in known.keys() - NOT_DESCRIBED} == {
        kind: status for kind, status in known.items() if kind not in NOT_DESCRIBED
    }


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (ReportReply, examples.REPORT_REPLIES),
        (BatchReply, examples.BATCH_REPLIES),
        (BatchReply, examples.MIXED_BATCH_REPLIES),
        (ApplicationView, examples.APPLICATIONS),
        (RegistrationReply, examples.REGISTRATION_REPLIES),
        (SandboxApplication, examples.SANDBOX_APPLICATIONS),
        (CreatedFile, examples.CREATED_FILES),
        (FileStatus, examples.FILE_STATUSES),
        (DeliveryReply, examples.DELIVERY_REPLIES),
        (ConnectionReply, examples.CONNECTIONS),
        (GraphqlRequest, examples.SIGNALS),
        (GraphqlReply, examples.SIGNAL_REPLIES),
        (TokenReply, examples.TOKEN_REPLIES),
        (GraphqlRequest, examples.DISPOSITIONS),
        (GraphqlReply, examples.DISPOSITION_REPLIES),
    ],
)
def test_examples_are_of_their_kind(kind: type, shown: dict[str, Any]) -> None:
    """Each has all its members and no others; requests are sent by tests/local/test_conformance.py."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    for example in shown.values():
        assert adapter.dump_python(adapter.validate_python(example), mode="json") == example


def test_schemas_are_the_models_own(described: dict[str, Any]) -> None:
    """What a field's annotation says can be read there."""
    schemas = described["components"]["schemas"]
    message = schemas["RegistrationMessage"]
    required = [str(each.alias) for each in RegistrationMessage.model_fields.values() if each.is_required()]
    assert message["required"] == required
    assert message["properties"]["AtsId"]["pattern"] == "^[0-9A-Za-z._:-]{1,64}$"
    assert schemas["StatusMessage"]["properties"]["RawStatus"]["anyOf"][0] == {"type": "string", "maxLength": 200}
    assert schemas["StatusMessage"]["properties"]["AtsiApplicationId"]["format"] == "uuid"
    assert not [name for name in schemas if name.startswith("_")]


def test_replies_are_described_by_their_types(described: dict[str, Any]) -> None:
    """Each member with its docstring, also where a base class has it."""
    schemas = described["components"]["schemas"]
    application = schemas["MyApplicationInFull"]
    assert application["properties"]["ChangedDay"] == {
        "anyOf": [{"type": "string", "format": "date"}, {"type": "null"}],
        "description": "The day of the change, if the ATS sent only the day; else null.",
    }
    assert application["properties"]["AppliedAt"] == {"type": "string", "format": "date-time"}
    assert set(application["required"]) == application["properties"].keys()
    result = schemas["ReportReply"]["properties"]["Result"]
    assert "late: older than the status" in result["description"]
    assert "IgnoredFields" not in schemas["ReportReply"]["required"]


def test_replies_can_grow(described: dict[str, Any]) -> None:
    """A reply may get members and values later; for the tests of the service, it has those of today."""
    reply = described["components"]["schemas"]["ReportReply"]
    result = reply["properties"]["Result"]
    assert reply["additionalProperties"] is True
    assert (result.get("enum"), result["x-extensible-enum"]) == (None, ["recorded", "unchanged", "late"])
    assert result["description"].endswith("One of recorded, unchanged, late; new values may be added.")
    of_today = document(strict=True)["components"]["schemas"]["ReportReply"]
    assert of_today["additionalProperties"] is False
    assert of_today["properties"]["Result"]["enum"] == ["recorded", "unchanged", "late"]


def test_requests_are_as_they_are_checked(described: dict[str, Any]) -> None:
    """With the values that are accepted, and the lengths, from 1 where an empty text is refused."""
    schemas = described["components"]["schemas"]
    assert schemas["StatusMessage"]["properties"]["Status"]["$ref"] == "#/components/schemas/Status"
    assert "HIRED" in schemas["Status"]["enum"]
    assert "additionalProperties" not in schemas["GraphqlRequest"]
    ids = schemas["RegistrationMessage"]["properties"]["AtsId"]
    assert (ids["minLength"], ids["maxLength"]) == (1, 64)


def test_servers_are_absolute(described: dict[str, Any]) -> None:
    """So that the file works away from the service; it has no relative address anywhere."""
    assert [each["url"] for each in described["servers"]] == ["https://{host}", "http://127.0.0.1:3000"]
    assert ".." not in re.sub(r"\.\.\.", "", DESCRIPTION.read_text(encoding="utf-8"))
