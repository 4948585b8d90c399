"""Assembles the OpenAPI document from the template's routes and the operations."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from application_status.applications.rules.report import NATIVE
from application_status.jobseeker.rules.status import JobseekerStatus
from application_status.local.template import Template
from application_status.platform.http.endpoint import ProblemDetails
from openapi import examples
from openapi.operations import OPERATIONS, PAGES, TAGS, Content, Operation
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
_ALTERNATIVES: Mapping[str, Sequence[Mapping[str, list[Any]]]] = {
    "AtsiToken": ({"AtsiToken": []}, {"AtsBearer": []}),
    "AtsClient": ({}, {"AtsClient": []}),  # the body of the example has the credentials, and only one place may
}
"""What a request can have, where there is a choice; tools take the first."""

_NOT_EMPTY = {"type": "string", "minLength": 1}
_PATH_PARAMETERS = {
    "AtsiApplicationId": {
        "description": "the UUID from the ApplyRequest",
        "schema": {"type": "string", "format": "uuid"},
    },
    "FileId": {"description": "the FileId of the reply that created the file", "schema": _NOT_EMPTY},
    "JobseekerStatus": {
        "description": "the status that the feedback is about, as the jobseeker sees it",
        "schema": {"type": "string", "enum": [str(each) for each in JobseekerStatus]},
        "example": str(JobseekerStatus.INTERVIEW),
    },
    "provider": {
        "description": "the ATS's product",
        "schema": {"type": "string", "enum": [str(each) for each in NATIVE]},
        "example": "greenhouse",
    },
    "connectionId": {
        "description": "the connection's id",
        "schema": _NOT_EMPTY,
        "example": examples.CONNECTION,
    },
    "key": {
        "description": "the secret part of the connection's URL",
        "schema": _NOT_EMPTY,
        "example": "0uJ6oS4vKxq3c5W2hZ9yTnB7mRkE1aPdGfLXwQiVjCs",
    },
    "ATS_ID": {"description": "the id of the ATS, issued with its token", "schema": _NOT_EMPTY},
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

Replies may get new fields, and fields that list their values may get new ones: accept what you do not know.
"""
SERVERS: Sequence[Mapping[str, Any]] = (
    {
        "url": "https://{host}",
        "description": "The job board's service.",
        "variables": {
            "host": {
                "default": "status.example.com",
                "description": "Its host; without a domain of its own also the stage, as in `host.example/v1`.",
            }
        },
    },
    {
        "url": "http://127.0.0.1:3000",
        "description": f"The service on your machine (`make run`), whose X-AtsiToken is {examples.TOKEN}.",
    },
)
"""The servers of the file; what the service serves names its own address instead."""


def document(*, strict: bool = False) -> dict[str, Any]:
    """Return the OpenAPI document for all routes of template.yaml but pages; `strict` is as for Schemas.

    Only strict documents have the bodies of links, as generators of clients refuse a body that is no text.

    Raises:
        KeyError: a route has no operations.
    """
    schemas = Schemas(strict=strict)
    schemas.refer(ProblemDetails, reply=True)
    responses: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for path in dict.fromkeys(route.path for route in Template().routes() if route.path not in PAGES):
        paths[path] = {"parameters": _path_parameters(path)} if "{" in path else {}
        for operation in OPERATIONS[path]:
            references, referred = problem_responses(operation.problems)
            responses |= referred
            paths[path][operation.method] = _operation(operation, references, schemas, strict=strict)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ATSi Application Status",
            "version": version("application-status"),
            "contact": {"name": "The job board's support"},
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": _ABOUT,
        },
        "servers": list(SERVERS),
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": _SECURITY,
            "responses": dict(sorted(responses.items())),
            "schemas": dict(sorted(schemas.components.items())),
        },
    }


def _operation(operation: Operation, problems: dict[str, Any], schemas: Schemas, *, strict: bool) -> dict[str, Any]:
    parameters = [*operation.parameters, *(query_parameters(operation.query, schemas) if operation.query else ())]
    replies = {status: _reply(content, schemas) for status, content in operation.replies.items()}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
    }
    described["security"] = _security(operation.security) if operation.security else []
    if parameters:
        described["parameters"] = parameters
    if operation.request:
        described["requestBody"] = {
            "required": not operation.request.optional,
            "content": _content(operation.request, schemas, reply=False),
        }
        if operation.request.about:
            described["requestBody"]["description"] = operation.request.about
    for status, links in operation.links.items():
        replies[status]["links"] = {
            name: {key: value for key, value in link.items() if value and (strict or key != "requestBody")}
            for name, link in links.items()
        }
    return described | {"responses": dict(sorted((replies | problems).items()))}


def _security(scheme: str) -> list[Mapping[str, list[Any]]]:
    return list(_ALTERNATIVES.get(scheme, ({scheme: []},)))


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
        "content": _content(content, schemas, reply=True),
    }
    return described | ({"headers": {"Link": _LINK}} if content.csv else {})


def _content(content: Content, schemas: Schemas, *, reply: bool) -> dict[str, Any]:
    schema = schemas.refer(content.type, reply=reply)
    if content.by_name:
        schema = {"type": "object", "additionalProperties": schema}
    shown = {name.replace(" ", "-"): {"value": value} for name, value in content.examples.items()}
    described = {"application/json": {"schema": schema} | ({"examples": shown} if shown else {})}
    if content.form:
        described[_FORM] = described["application/json"]
    return described | ({"text/csv": {"schema": {"type": "string"}}} if content.csv else {})
