"""Renders the reference: a page for each tag of the OpenAPI document, and one for the GraphQL schema.

`make openapi` writes them with the other pages of the portal (portal.py).
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLType,
    get_named_type,
    is_introspection_type,
    is_required_argument,
    is_required_input_field,
    is_specified_scalar_type,
)
from markdown_it import MarkdownIt

from application_status.intake.graphql.schema import SCHEMA
from openapi import examples
from openapi.document import document
from page import Page

type _Json = Mapping[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete", "head")
_ADDRESS = "https://status.example.com"
_GRAPHQL = "graphql"
_CREDENTIALS = {
    "AtsiToken": "The token of an ATS in the header `X-AtsiToken`, or a token or an access token as "
    "`Authorization: Bearer`.",
    "AtsBearer": "The token of an ATS, or an access token, as `Authorization: Bearer`.",
    "AtsClient": "The id and the secret of an OAuth client, in the body or as `Authorization: Basic`.",
    "Users": "The id token of a signed-in user, as `Authorization: Bearer`.",
    "AWS_IAM": "AWS Signature Version 4, by a role of the job board.",
}
"""What to send, by the first security scheme of an operation."""
_OPTIONS = {
    "AtsiToken": '-H "X-AtsiToken: $ATSI_TOKEN"',
    "AtsBearer": '-H "Authorization: Bearer $ATSI_TOKEN"',
    "Users": '-H "Authorization: Bearer $ID_TOKEN"',
    "AWS_IAM": '--aws-sigv4 aws:amz:eu-central-1:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\\n'
    '  -H "X-Amz-Security-Token: $AWS_SESSION_TOKEN"',
}
"""The options of curl, by the same."""
_MARKDOWN = MarkdownIt("commonmark")


def pages() -> Mapping[str, Page]:
    """Return the pages of the reference by their names; the first is the one that lists the others."""
    described = document()
    tags = [_tag_page(described, tag) for tag in described["tags"]]
    return {page.name: page for page in (_first_page(described), *tags, _graphql_page())}


def _first_page(described: _Json) -> Page:
    rows = [
        (
            f'<a href="{_page_name(tag["name"])}#{each["operationId"]}">{escape(each["summary"])}</a>',
            _code(f"{method.upper()} {path}"),
        )
        for tag in described["tags"]
        for path, method, each in _operations(described, tag["name"])
    ]
    schemes = [(_code(name), _inline(text)) for name, text in _CREDENTIALS.items()]
    return _page(
        "reference",
        "Reference",
        _MARKDOWN.render(described["info"]["description"]),
        '<p>The same as OpenAPI 3.1, for generators of clients, Postman and other tools: <a href="openapi.json">'
        f'openapi.json</a>. The GraphQL schema has <a href="{_GRAPHQL}">a page of its own</a>.</p>\n',
        _contents(f'<a href="{_page_name(tag["name"])}">{escape(tag["name"])}</a>' for tag in described["tags"]),
        _heading(2, "operations", "Operations"),
        _table("operations", ("What", "Request"), rows),
        _heading(2, "credentials", "Credentials"),
        _table("credentials", ("Name in the description", "What to send"), schemes),
        _heading(2, "ProblemDetails", "Errors"),
        f"<p>{escape(described['components']['schemas']['ProblemDetails']['description'])} "
        '<a href="errors">Errors</a> has each type with its cause and its fix.</p>\n',
        _fields(described, "ProblemDetails", "ProblemDetails"),
        _type_sections(described, _used(described, ["FieldProblem"]), 2),
    )


def _tag_page(described: _Json, tag: _Json) -> Page:
    operations = list(_operations(described, tag["name"]))
    links = [f'<a href="#{each["operationId"]}">{escape(each["summary"])}</a>' for _, _, each in operations]
    schemas = [schema for _, _, each in operations for schema in _bodies(each)]
    shown = {_name(schema) for schema in schemas if "$ref" in schema}
    parameters = [each.get("parameters", ()) for _, _, each in operations]
    types = _used(described, _references([schemas, parameters])) - shown - {"ProblemDetails", "FieldProblem"}
    if types:
        links.append('<a href="#types">Types</a>')
    return _page(
        _page_name(tag["name"]),
        tag["name"],
        f'<p class="lead">{_inline(tag["description"])}</p>\n',
        _contents(links),
        *(_operation(described, *each) for each in operations),
        _heading(2, "types", "Types") + _type_sections(described, types, 3) if types else "",
    )


def _operation(described: _Json, path: str, method: str, operation: _Json) -> str:
    name = operation["operationId"]
    scheme = next((each for needed in operation["security"] for each in needed), "")
    parameters = [*described["paths"][path].get("parameters", ()), *operation.get("parameters", ())]
    parts = [
        _heading(2, name, operation["summary"]),
        f"<p>{_code(f'{method.upper()} {path}')}</p>\n<p>{_inline(operation['description'])}</p>\n",
        f"<p>Credentials: {_inline(_CREDENTIALS.get(scheme, 'none.'))} Its operationId is {_code(name)}.</p>\n",
        _block(_curl(described, path, method, operation, scheme)),
    ]
    if parameters:
        rows = [
            (
                f"{_code(each['name'])} in {each['in']}{_required(is_required=each.get('required', False))}",
                _type(each["schema"]),
                _meaning({**each["schema"], "description": each["description"]}),
            )
            for each in parameters
        ]
        parts += [
            _heading(3, f"{name}-parameters", "Parameters"),
            _table(f"{name}-parameters", ("Name", "Type", "Meaning"), rows),
        ]
    if request := operation.get("requestBody"):
        parts += [_heading(3, f"{name}-request", "Request"), _body(described, f"{name}-request", request)]
    problems = []
    for status, reference in operation["responses"].items():
        reply = _resolved(described, reference)
        content = reply.get("content", {})
        if "application/problem+json" in content:
            kinds = content["application/problem+json"]["examples"]
            problems.append((status, ", ".join(f'<a href="../problems/{kind}">{kind}</a>' for kind in kinds)))
        else:
            identifier = f"{name}-{status}"
            parts += [_heading(3, identifier, f"Reply {status}"), _body(described, identifier, reply)]
    if problems:
        parts += [
            _heading(3, f"{name}-errors", "Errors"),
            _table(f"{name}-errors", ("Status", "Problem"), problems),
        ]
    return "".join(parts)


def _body(described: _Json, identifier: str, body: _Json) -> str:
    """Return what a body is, its fields, and its examples."""
    parts = [f"<p>{_inline(body['description'])}</p>\n"] if "description" in body else []
    media_types = body.get("content", {})
    if len(media_types) > 1:
        parts.append(f"<p>Its media type is {' or '.join(map(_code, media_types))}.</p>\n")
    content = media_types.get("application/json", {})
    schema = content.get("schema", {})
    if "$ref" in schema:
        parts.append(_fields(described, identifier, _name(schema)))
    elif isinstance(schema.get("additionalProperties"), Mapping):
        parts.append(f"<p>An object whose values are {_type(schema['additionalProperties'])}.</p>\n")
    for each, example in content.get("examples", {}).items():
        parts.append(f"<p>Example: {escape(each.replace('-', ' '))}</p>\n{_block(_pretty(example['value']))}")
    return "".join(parts)


def _curl(described: _Json, path: str, method: str, operation: _Json, scheme: str) -> str:
    """Return a command that sends an example of the request."""
    url = path
    for each in described["paths"][path].get("parameters", ()):
        url = url.replace(f"{{{each['name']}}}", str(each["example"]))
    send = "--head" if method == "head" else f"-X {method.upper()}"
    parts = [f'curl --silent {send} "{_ADDRESS}{url}"']
    if scheme in _OPTIONS:
        parts.append(_OPTIONS[scheme])
    parts += [
        f"--get --data-urlencode {shlex.quote(f'{each["name"]}={each["example"]}')}"
        for each in operation.get("parameters", ())
        if each["in"] == "query" and each.get("required")
    ]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    for example in list(content.get("examples", {}).values())[:1]:
        parts += ['-H "Content-Type: application/json"', f"-d {shlex.quote(_pretty(example['value']))}"]
    return " \\\n  ".join(parts)


def _fields(described: _Json, identifier: str, name: str) -> str:
    """Return a table of a type's fields, which says what a request must have, or what a reply may not have."""
    schema = described["components"]["schemas"][name]
    of_reply, required = schema.get("additionalProperties") is True, schema.get("required", ())
    note = " (may be missing)" if of_reply else " (required)"
    rows = [
        (_code(field) + (note if (field in required) is not of_reply else ""), _type(each), _meaning(each))
        for field, each in schema.get("properties", {}).items()
    ]
    return _table(identifier, ("Field", "Type", "Meaning"), rows)


def _type_sections(described: _Json, names: Iterable[str], level: int) -> str:
    schemas = described["components"]["schemas"]
    return "".join(
        _heading(level, name, name)
        + f"<p>{_inline(_meaning_text(schemas[name]))}</p>\n"
        + (_fields(described, name, name) if "properties" in schemas[name] else "")
        for name in sorted(names)
    )


def _type(schema: _Json) -> str:
    """Return a schema's type in words, with links to the types of the page."""
    if "$ref" in schema:
        name = _name(schema)
        page = "reference" if name in {"ProblemDetails", "FieldProblem"} else ""
        return f'<a href="{page}#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    kind = schema.get("type", "any value")
    if kind == "array":
        return f"list of {_type(schema['items'])}"
    if "format" in schema:
        return f"{kind} ({schema['format']})"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {_type(schema['additionalProperties'])}"
    return str(kind)


def _meaning(schema: _Json) -> str:
    text = _inline(_meaning_text(schema))
    inner = next((each for each in _alternatives(schema) if each.get("properties")), None)
    if inner is None:
        return text
    members = _list(f"{_code(name)}: {_type(each)} {_meaning(each)}" for name, each in inner["properties"].items())
    return f"{text}\n{members}"


def _alternatives(schema: _Json) -> Iterator[_Json]:
    yield schema
    yield from schema.get("anyOf", ())
    if isinstance(schema.get("items"), Mapping):
        yield schema["items"]


def _meaning_text(schema: _Json) -> str:
    """Return the description of a schema and its limits, in Markdown."""
    text = schema.get("description", "")
    limits = []
    for each in _alternatives(schema):
        values = [each["const"]] if "const" in each else each.get("enum", ())
        if values and not all(str(value) in text for value in values):
            limits.append(f"One of {', '.join(f'`{value}`' for value in values)}.")
        if "pattern" in each:
            limits.append(f"Pattern: `{each['pattern']}`.")
        elif "maxLength" in each and str(each["maxLength"]) not in text:
            limits.append(f"At most {each['maxLength']} characters.")
        if "default" in each:
            limits.append(f"Without it: `{each['default']}`.")
    if limits and text and text[-1] not in ".!?":
        text += "."
    text = text[:1].upper() + text[1:]
    return " ".join([text, *dict.fromkeys(limits)]).strip()


def _operations(described: _Json, tag: str) -> Iterator[tuple[str, str, _Json]]:
    for path, methods in described["paths"].items():
        for method in _METHODS:
            if method in methods and tag in methods[method]["tags"]:
                yield path, method, methods[method]


def _bodies(operation: _Json) -> Iterator[_Json]:
    """Yield the schemas of an operation's request and replies, but not of its problems."""
    for body in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield body.get("content", {}).get("application/json", {}).get("schema", {})


def _used(described: _Json, names: Iterable[str]) -> set[str]:
    """Return these types and all that they refer to."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(described["components"]["schemas"][name])
    return found


def _references(schema: Any) -> list[str]:
    return re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schema))


def _name(schema: _Json) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _resolved(described: _Json, response: _Json) -> _Json:
    found: _Json = described["components"]["responses"][_name(response)] if "$ref" in response else response
    return found


def _graphql_page() -> Page:
    kinds = [
        ("Inputs", GraphQLInputObjectType),
        ("Types", GraphQLObjectType),
        ("Enumerations", GraphQLEnumType),
        ("Scalars", GraphQLScalarType),
    ]
    roots = [each for each in (SCHEMA.query_type, SCHEMA.mutation_type) if each is not None]
    own = [
        each
        for name, each in sorted(SCHEMA.type_map.items())
        if each not in roots and not is_introspection_type(each) and not is_specified_scalar_type(each)
    ]
    sections = [
        _heading(2, heading.lower(), heading)
        + "".join(_heading(3, each.name, each.name) + _graphql_type(each) for each in own if isinstance(each, kind))
        for heading, kind in kinds
    ]
    sent = examples.SIGNALS | examples.DISPOSITIONS
    replies = list((examples.SIGNAL_REPLIES | examples.DISPOSITION_REPLIES).values())
    commands = [
        f"<p>Example: {escape(name)}</p>\n"
        + _block(
            f'curl --silent -X POST "{_ADDRESS}/graphql" {_OPTIONS["AtsBearer"]} \\\n'
            f'  -H "Content-Type: application/json" -d {shlex.quote(_pretty(request))}'
        )
        + "<p>The reply:</p>\n"
        + _block(_pretty(reply))
        for (name, request), reply in zip(sent.items(), replies, strict=False)
    ]
    links = [("queries", "Queries"), ("mutations", "Mutations"), ("examples", "Examples")]
    links += [(heading.lower(), heading) for heading, _ in kinds]
    return _page(
        _GRAPHQL,
        "GraphQL",
        "<p>The schema of <code>/graphql</code>, for Selection Signals and dispositions. "
        '<a href="guide-signals">Selection Signals</a> and <a href="guide-dispositions">Indeed\'s dispositions</a> say '
        'how to use it, and <a href="reference-signals-and-dispositions">the reference</a> has requests and errors. '
        "Introspection returns the same schema.</p>\n",
        _contents(f'<a href="#{identifier}">{text}</a>' for identifier, text in links),
        _heading(2, "queries", "Queries"),
        *(
            _graphql_root(name, field)
            for name, field in (SCHEMA.query_type.fields if SCHEMA.query_type else {}).items()
        ),
        _heading(2, "mutations", "Mutations"),
        *(
            _graphql_root(name, field)
            for name, field in (SCHEMA.mutation_type.fields if SCHEMA.mutation_type else {}).items()
        ),
        _heading(2, "examples", "Examples"),
        *commands,
        *sections,
    )


def _graphql_root(name: str, field: GraphQLField) -> str:
    return (
        _heading(3, name, name)
        + f"<p>{_graphql_meaning(field)} Returns {_graphql_type_text(field.type)}.</p>\n"
        + (_graphql_fields(name, field.args, "Argument") if field.args else "")
    )


def _graphql_type(kind: GraphQLNamedType) -> str:
    about = f"<p>{_inline(kind.description)}</p>\n" if kind.description else ""
    if isinstance(kind, GraphQLEnumType):
        rows = [(_code(name), _inline(value.description or "")) for name, value in kind.values.items()]
        return about + _table(kind.name, ("Value", "Meaning"), rows)
    if isinstance(kind, GraphQLInputObjectType | GraphQLObjectType):
        about += _graphql_fields(kind.name, kind.fields, "Field")
        if isinstance(kind, GraphQLObjectType):
            about += "".join(
                f"<p>Argument of {_code(name)}: "
                + ", ".join(f"{_code(each)} {_graphql_type_text(sent.type)}" for each, sent in field.args.items())
                + "</p>\n"
                for name, field in kind.fields.items()
                if field.args
            )
    return about


def _graphql_fields(
    identifier: str, fields: Mapping[str, GraphQLArgument | GraphQLInputField | GraphQLField], heading: str
) -> str:
    rows = [
        (
            f"{_code(name)}{_required(is_required=_is_required(field))}",
            _graphql_type_text(field.type),
            _graphql_meaning(field),
        )
        for name, field in fields.items()
    ]
    return _table(identifier, (heading, "Type", "Meaning"), rows)


def _is_required(field: GraphQLArgument | GraphQLInputField | GraphQLField) -> bool:
    if isinstance(field, GraphQLArgument):
        return is_required_argument(field)
    return isinstance(field, GraphQLInputField) and is_required_input_field(field)


def _graphql_meaning(field: GraphQLArgument | GraphQLInputField | GraphQLField) -> str:
    deprecated = f" Deprecated: {field.deprecation_reason}" if field.deprecation_reason else ""
    return _inline((field.description or "") + deprecated)


def _graphql_type_text(kind: GraphQLType) -> str:
    name = get_named_type(kind).name
    link = name if is_specified_scalar_type(get_named_type(kind)) else f'<a href="#{name}">{name}</a>'
    return escape(str(kind)).replace(name, link)


def _page(name: str, title: str, *parts: str) -> Page:
    return Page(name, title, f"<h1>{escape(title)}</h1>\n{''.join(parts)}")


def _page_name(tag: str) -> str:
    return f"reference-{tag.lower().replace(' ', '-')}"


def _heading(level: int, identifier: str, text: str) -> str:
    return f'<h{level} id="{identifier}"><a href="#{identifier}">{escape(text)}</a></h{level}>\n'


def _contents(links: Iterable[str]) -> str:
    return f'<nav class="contents" aria-label="Contents">\n{_list(links)}</nav>\n'


def _list(entries: Iterable[str]) -> str:
    items = "".join(f"<li>{each}</li>\n" for each in entries)
    return f"<ul>\n{items}</ul>\n"


def _table(identifier: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table named by the heading above it; cells are HTML."""
    head = "".join(f"<th>{each}</th>" for each in headings)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-labelledby="{identifier}">\n<table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n"
    )


def _block(text: str) -> str:
    return f"<pre><code>{escape(text)}\n</code></pre>\n"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _required(*, is_required: bool) -> str:
    return " (required)" if is_required else ""


def _inline(text: str) -> str:
    return str(_MARKDOWN.renderInline(text))


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
