"""Assembles the OpenAPI document from the template's routes and the operations."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from application_status.applications.rules.report import NATIVE
from application_status.jobseeker.rules.status import JobseekerStatus
from application_status.local.template import Template
from application_status.platform.http.endpoint import ProblemDetails
from openapi import examples
from openapi.operations import OPERATIONS, PAGES, Content, Operation
from openapi.problems import problem_responses
from openapi.schemas import Schemas, query_parameters

_OF_ATS = "The token of an ATS, or an access token."
_SECURITY = {
    "AtsiToken": {"type": "apiKey", "in": "header", "name": "X-AtsiToken", "description": _OF_ATS},
    "AtsBearer": {"type": "http", "scheme": "bearer", "description": _OF_ATS},
    "AtsClient": {
        "type": "http",
        "scheme": "basic",
        "description": "The client_id and client_secret of an OAuth client; the body can have them instead.",
    },
    "Users": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The id token of a signed-in user: a jobseeker, or a user of a client, an ATS or the board.",
    },
    "AWS_IAM": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "AWS Signature Version 4, for the board's own systems.",
    },
}
_ALTERNATIVES: Mapping[str, Mapping[str, list[Any]]] = {"AtsiToken": {"AtsBearer": []}, "AtsClient": {}}
"""What a request can have instead of the header of a security scheme; {} is none, as the body can have credentials."""

_TAGS = {
    "AtsiToken": "For ATSs",
    "AtsBearer": "For ATSs",
    "AtsClient": "For ATSs",
    "AWS_IAM": "For the board's systems",
    "Users": "For signed-in users",
    None: "Public",
}
_PATH_PARAMETERS = {
    "AtsiApplicationId": {
        "description": "the UUID from the ApplyRequest",
        "schema": {"type": "string", "format": "uuid"},
    },
    "JobseekerStatus": {
        "description": "the status that the feedback is about, as the jobseeker sees it",
        "schema": {"type": "string", "enum": [str(each) for each in JobseekerStatus]},
        "example": str(JobseekerStatus.INTERVIEW),
    },
    "FileId": {"description": "the FileId of the reply that created the file", "schema": {"type": "string"}},
    "provider": {
        "description": "the ATS's product",
        "schema": {"enum": [str(each) for each in NATIVE]},
        "example": "greenhouse",
    },
    "connectionId": {
        "description": "the connection's id",
        "schema": {"type": "string"},
        "example": examples.CONNECTION,
    },
    "key": {
        "description": "the secret part of the connection's URL",
        "schema": {"type": "string"},
        "example": "0uJ6oS4vKxq3c5W2hZ9yTnB7mRkE1aPdGfLXwQiVjCs",
    },
    "ATS_ID": {"description": "the id of the ATS, issued with its token", "schema": {"type": "string"}},
}
_FORM = "application/x-www-form-urlencoded"
_LINK = {
    "description": 'Only of CSV: the next page of a list, with rel="next" (RFC 8288).',
    "schema": {"type": "string"},
}
_ABOUT = """\
Receives status reports for job applications from applicant tracking systems (ATSs), and returns what is recorded.

Errors are problem documents (RFC 9457), except at `/graphql`, which has GraphQL errors, and below `/oauth`, which has
those of OAuth 2.0. Other paths are answered with 404 `unknown-path`, other methods with 405 `method-not-allowed`.
Addresses in replies begin with the API's stage, `/v1`, if the API has no domain of its own. After a 429 or 503, retry
in `Retry-After` seconds.
"""


def document() -> dict[str, Any]:
    """Return the OpenAPI document for all routes of template.yaml but pages.

    Raises:
        KeyError: a route has no operations.
    """
    schemas = Schemas()
    schemas.refer(ProblemDetails, closed=True)
    responses: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for route in (each for each in Template().routes() if each.path not in PAGES):
        paths[route.path] = {"parameters": _path_parameters(route.path)} if "{" in route.path else {}
        for operation in OPERATIONS[route.path]:
            references, referred = problem_responses(operation.problems)
            responses |= referred
            paths[route.path][operation.method] = _operation(operation, references, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ATSi Application Status",
            "version": version("application-status"),
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": _ABOUT,
        },
        "servers": [
            {"url": "..", "description": "the service that shows this page"},
            {"url": "http://127.0.0.1:3000", "description": f"make run; its X-AtsiToken is {examples.TOKEN}"},
        ],
        "tags": [{"name": name} for name in dict.fromkeys(_TAGS.values())],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": _SECURITY,
            "responses": dict(sorted(responses.items())),
            "schemas": dict(sorted(schemas.components.items())),
        },
    }


def _operation(operation: Operation, problems: dict[str, Any], schemas: Schemas) -> dict[str, Any]:
    parameters = [*operation.parameters, *(query_parameters(operation.query, schemas) if operation.query else ())]
    replies = {status: _reply(content, schemas) for status, content in operation.replies.items()}
    described: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary}
    described["tags"] = [_TAGS[operation.security]]
    described["security"] = _security(operation.security) if operation.security else []
    if parameters:
        described["parameters"] = parameters
    if operation.request:
        described["requestBody"] = {
            "required": not operation.request.optional,
            "content": _content(operation.request, schemas, closed=False),
        }
        if operation.request.about:
            described["requestBody"]["description"] = operation.request.about
    return described | {"responses": dict(sorted((replies | problems).items()))}


def _security(scheme: str) -> list[Mapping[str, list[Any]]]:
    return [{scheme: []}, *([_ALTERNATIVES[scheme]] if scheme in _ALTERNATIVES else ())]


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, **parameter}
        | ({} if "example" in parameter else {"example": examples.PATHS[path]})
        for name, parameter in _PATH_PARAMETERS.items()
        if f"{{{name}}}" in path
    ]


def _reply(content: Content | None, schemas: Schemas) -> dict[str, Any]:
    if content is None:
        return {"description": "Done. There is no body."}
    described = {
        "description": content.about or content.type.__doc__,
        "content": _content(content, schemas, closed=True),
    }
    return described | ({"headers": {"Link": _LINK}} if content.csv else {})


def _content(content: Content, schemas: Schemas, *, closed: bool) -> dict[str, Any]:
    schema = schemas.refer(content.type, closed=closed)
    if content.by_name:
        schema = {"type": "object", "additionalProperties": schema}
    shown = {name.replace(" ", "-"): {"value": value} for name, value in content.examples.items()}
    described = {"application/json": {"schema": schema} | ({"examples": shown} if shown else {})}
    if content.form:
        described[_FORM] = described["application/json"]
    return described | ({"text/csv": {"schema": {"type": "string"}}} if content.csv else {})
