"""docs/openapi.yaml: what it says is what the models, the routes and the problems say."""

from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from application_status.gateway.problems import PROBLEMS, UNEXPECTED
from application_status.registry.message import RegistrationMessage
from application_status.views.application import ApplicationView
from openapi import examples
from openapi.__main__ import PATH, text
from openapi.operations import OPERATIONS
from openapi.replies import GraphqlReply, GraphqlRequest, RegistrationReply, ReportReply
from support import TEMPLATE

METHODS = ("get", "put", "post", "delete")
NOT_DESCRIBED = {"method-not-allowed"}
"""Types of no described operation: what is described uses the right method."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return read


def test_it_is_up_to_date() -> None:
    """`make openapi` writes it anew."""
    assert PATH.read_text(encoding="utf-8") == text()


def test_every_route_is_described_and_no_other(described: dict[str, Any]) -> None:
    """With the authorizer of template.yaml; who has none brings a token that the function checks, or is let in."""
    assert described["paths"].keys() == OPERATIONS.keys() == {route.path for route in TEMPLATE.routes()}
    schemes = described["components"]["securitySchemes"]
    for route in TEMPLATE.routes():
        for method in METHODS:
            operation = described["paths"][route.path].get(method)
            if operation:
                names = {name for each in operation["security"] for name in each}
                assert names <= schemes.keys()
                assert names == {route.authorizer} if route.authorizer else names <= {"AtsiToken", "AtsBearer"}


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
    ("model", "shown"),
    [
        (ReportReply, examples.REPORT_REPLIES),
        (ApplicationView, examples.APPLICATIONS),
        (RegistrationReply, examples.REGISTRATION_REPLIES),
        (GraphqlRequest, examples.SIGNALS),
        (GraphqlReply, examples.SIGNAL_REPLIES),
    ],
)
def test_examples_are_of_their_kind(model: type[BaseModel], shown: dict[str, Any]) -> None:
    """Each has all its members and no others; requests are sent by tests/local/test_openapi.py."""
    for example in shown.values():
        assert model.model_validate(example).model_dump(mode="json", by_alias=True).keys() >= example.keys()
        required = {field.alias or name for name, field in model.model_fields.items() if field.is_required()}
        assert required <= example.keys()


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
