"""GraphQL requests that are refused as a whole: nothing is executed, and errors say what would be right."""

import base64
import re
from typing import Any

import pytest
from graphql import get_introspection_query

from support.signals import ONE, event, post, signal
from support.world import Answer, World, answer

VERSION = "vocabularyVersion"
GOOD = {"query": ONE, "variables": {"input": signal()}}
BODY_LIMIT = 256 * 1024
WRONG: dict[str, list[Any]] = {
    "query": [None, 7, True, [], {}, ["{ vocabularyVersion }"]],
    "variables": ["{}", 7, 0, True, False, [], "", [{}]],
    "operationName": [7, 0, True, False, [], {}],
}


def assert_refused(reply: Answer, status: int, code: str = "BAD_USER_INPUT") -> list[str]:
    """The contract's error form; return the messages."""
    assert reply.status == status, reply.body
    assert reply.body.keys() <= {"data", "errors"}
    assert reply.body.get("data") is None
    for error in reply.body["errors"]:
        assert error["extensions"]["code"] == code
        assert error["extensions"]["requestId"]
        assert error["message"]
        assert "path" not in error
    return [error["message"] for error in reply.body["errors"]]


def assert_no_echo(reply: Answer) -> None:
    """What was sent comes back cut, if at all."""
    assert all(len(error["message"]) <= 303 for error in reply.body.get("errors", ()))


def inline_fragments(levels: int) -> str:
    return "{" + "... on Query {" * (levels - 1) + VERSION + "}" * levels


def aliases(count: int) -> str:
    return "{" + " ".join(f"a{number}: {VERSION}" for number in range(count)) + "}"


def fields(count: int) -> str:
    """Return a query for so many fields, 300 or more, up to 50 of one name."""
    more = " ".join(f"a{number}: {VERSION}" for number in range(count - 300))
    kind = "name kind " * 50 + "specifiedByURL " * 48
    return f"{{ {f'{VERSION} __typename ' * 50} __schema {{ {'description ' * 50} queryType {{ {kind} }} }} {more} }}"


def fields_of_one_name(count: int) -> str:
    return f"{{ {f'{VERSION} ' * count} }}"


def fragments(count: int) -> str:
    used = " ".join(f"...f{number}" for number in range(count))
    return f"{{ {used} }}" + "".join(f" fragment f{number} on Query {{ {VERSION} }}" for number in range(count))


def tokens(count: int) -> str:
    values = '"" ' * (count - 30)
    return f"query ($a: [String!] = [{values}]) {{ {VERSION} @include(if: true) @skip(if: false) }}"


def spread_fields(count: int) -> str:
    """Return a document with 15 fields as written, and so many with its fragments written out."""
    rest = "".join(f" a{number}: {VERSION}" for number in range(count % 10))
    return f"{{ ...a {rest} }} fragment a on Query {{ {'...b ' * (count // 10)} }} fragment b on Query {{ " + (
        f"{VERSION} " * 10 + "}"
    )


def spread_aliases(count: int) -> str:
    return f"{{ {'...a ' * count} }} fragment a on Query {{ alias: {VERSION} }}"


def spread_levels(count: int) -> str:
    """Return a document of two definitions whose levels add up."""
    chain = "ofType {" * (count - 11) + "name" + "}" * (count - 11)
    nested = "ofType {" * 9 + "...chain" + "}" * 9
    return f'{{ __type(name: "Query") {{ {nested} }} }} fragment chain on __Type {{ {chain} }}'


def variables(count: int) -> str:
    """Return a query with so many variables, which has to use them."""
    used = " ".join(f"$v{number}" for number in range(count))
    declared = " ".join(f"$v{number}: Boolean" for number in range(count))
    return f"query ({declared}) {{ {VERSION} }} # {used}"


def directives(count: int) -> str:
    return "{" + f"{VERSION} @skip(if: false) " * count + "}"


def arguments(count: int) -> str:
    return f"{{ {VERSION}({'a: 1 ' * count}) }}"


def fields_of_an_object(count: int) -> str:
    return f"mutation {{ sendSignal(input: {{ {'token: null ' * count} }}) }}"


def values_of_a_list(count: int) -> str:
    return f"mutation {{ sendSignal(input: [{'1 ' * count}]) }}"


def name_length(count: int) -> str:
    return f"{{ {'a' * count}: {VERSION} }}"


def lines(count: int) -> str:
    return "\r\n" * ((count - 1) // 2) + "\n" * ((count - 1) % 2) + f"{{ {VERSION} }}"


@pytest.mark.parametrize(
    ("document", "limit"),
    [
        (inline_fragments, 20), (aliases, 20), (fields, 300), (fields_of_one_name, 50), (fragments, 10),
        (directives, 20), (name_length, 100), (lines, 8_000), (spread_fields, 300),
        (spread_aliases, 20), (spread_levels, 20),
    ],
)  # fmt: skip
def test_documents_have_limits(world: World, document: Any, limit: int) -> None:
    """Up to the limit all is well; beyond it nothing is executed."""
    under = post(world, {"query": document(limit)})
    assert (under.status, "errors" in under.body) == (200, False), under.body
    (message,) = assert_refused(post(world, {"query": document(limit + 1)}), 400)
    assert re.fullmatch(rf"The document has too many [a-z ]+: {limit + 1}; at most {limit} are allowed\.", message)


@pytest.mark.parametrize(
    ("document", "limit"),
    [(tokens, 4_000), (variables, 100), (arguments, 300), (fields_of_an_object, 20), (values_of_a_list, 300)],
)
def test_what_is_over_a_limit_is_not_even_validated(world: World, document: Any, limit: int) -> None:
    """These are wrong in any number, and said to be wrong up to the limit."""
    assert not any(f"{limit}" in each for each in assert_refused(post(world, {"query": document(limit)}), 400))
    (message,) = assert_refused(post(world, {"query": document(limit + 1)}), 400)
    assert f"{limit}" in message


@pytest.mark.parametrize(("length", "status"), [(100, 200), (101, 400)])
def test_operation_name_has_a_limit(world: World, length: int, status: int) -> None:
    """As every name of the document has."""
    name = "n" * length
    reply = post(world, {"query": f"query {'n' * 100} {{ {VERSION} }}", "operationName": name})
    assert reply.status == status
    assert_no_echo(reply)


def test_body_has_a_limit(world: World) -> None:
    """The limit is in bytes and checked before parsing."""
    text = '{"query": "{ vocabularyVersion }"}'
    assert post(world, text + " " * (BODY_LIMIT - len(text))).status == 200
    assert_refused(post(world, text + " " * (BODY_LIMIT - len(text) + 1)), 413)
    assert_refused(post(world, "ä" * (BODY_LIMIT // 2 + 1)), 413)
    assert_refused(post(world, "{" * 10 * BODY_LIMIT), 413)


@pytest.mark.parametrize("nested", ["{a", "[", "{a:", "(", "query($a:["])
@pytest.mark.parametrize("levels", [200, 1000, 3000])
def test_depth_of_anything_is_bounded(world: World, nested: str, levels: int) -> None:
    """A document of any excessive depth is refused and not executed."""
    for prefix in ("", f"{{ {VERSION}(a: "):
        assert_refused(post(world, {"query": prefix + nested * levels}), 400)


def test_introspection_does_not_multiply(world: World) -> None:
    """Types of fields of types of fields: that grows by the power of the depth."""
    nested = "fields { type { ofType {" * 3 + "name" + "}}}" * 3
    assert_refused(post(world, {"query": f"{{ __schema {{ types {{ {nested} }} }} }}"}), 400)
    assert post(world, {"query": get_introspection_query()}).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "post"])
def test_other_methods_are_refused(world: World, method: str) -> None:
    """The reply has the Allow header; OPTIONS, with which browsers ask whether other sites may call, is refused too."""
    reply = answer(world.signals(event(GOOD) | {"httpMethod": method}, None))
    assert_refused(reply, 405)
    assert reply.headers["Allow"] == "GET, POST"
    assert not [name for name in reply.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/graphql", "application/json; charset=latin-1", "", "multipart/form-data"],
)
def test_only_json_is_understood(world: World, content_type: str) -> None:
    """The Content-Type has to be JSON."""
    assert_refused(post(world, GOOD, {"Content-Type": content_type}), 415)
    bare = event(GOOD)
    for headers in (bare["headers"], bare["multiValueHeaders"]):
        del headers["Content-Type"]
    assert_refused(answer(world.signals(bare, None)), 415)


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "null", '"text"', "7", "[]", "\ufeff{}", '{"query": NaN}', '{"query": "", "query": ""}',
        '{"query": "\\ud800"}', '{"query": "{ vocabularyVersion }"} x', "[" * 5000, [GOOD], [GOOD, GOOD],
    ],
)  # fmt: skip
def test_anything_but_one_json_object_is_refused(world: World, body: Any) -> None:
    """A batch of requests included: `sendSignals` is the way to send many."""
    before = world.contents()
    assert_refused(post(world, body), 400)
    assert world.contents() == before


@pytest.mark.parametrize("raw", [b"\xff\xfe{}", '{"query": "ä"}'.encode("latin-1"), '{"query": ""}'.encode("utf-16")])
def test_body_is_utf8(world: World, raw: bytes) -> None:
    """As API Gateway hands it over, in base64."""
    encoded = event(base64.b64encode(raw).decode()) | {"isBase64Encoded": True}
    assert_refused(answer(world.signals(encoded, None)), 400)
    assert_refused(answer(world.signals(encoded | {"body": "no base64"}, None)), 400)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_parts_of_a_request_have_types(world: World, name: str, value: Any) -> None:
    """An empty list is no object, and false is no text."""
    before = world.contents()
    assert_refused(post(world, {"query": f"{{ {VERSION} }}", name: value}), 400)
    assert world.contents() == before


def test_query_is_required(world: World) -> None:
    """An empty object, or variables alone, are refused."""
    assert_refused(post(world, {}), 400)
    assert_refused(post(world, {"variables": GOOD["variables"]}), 400)


@pytest.mark.parametrize(
    "document",
    [
        "", " ", "#", "{", "}", "query", "{ vocabularyVersion", "{ unknown }", "mutation { vocabularyVersion }",
        "subscription { sendSignal }", "{ vocabularyVersion { a } }", "{ vocabularyVersion(a: 1) }", "{ ...f }",
        "fragment f on Query { vocabularyVersion }", "query ($a: Unknown) { vocabularyVersion }",
        "{ ...f } fragment f on Query { ...f }", "mutation { sendSignal }", "mutation { sendSignal(input: {}) }",
        "mutation { sendSignal(input: null) }", "mutation { sendSignal(input: $input) }", "type A { a: Int }",
        "query a { vocabularyVersion } query a { vocabularyVersion }", "{ vocabularyVersion @unknown }", "\0",
        "extend type Query { a: Int }", '{ a: vocabularyVersion } "',
        'mutation { sendSignal(input: {typeCode: "ApplicationComplete", token: "a", timestamp: 20220801}) }',
        'mutation { sendSignal(input: {typeCode: "ApplicationComplete", token: "a", unknown: 1}) }',
        'mutation { sendSignal(input: {typeCode: ApplicationComplete, token: "a"}) }',
        f'mutation {{ sendSignal(input: {{typeCode: "a", current: {{status: {{index: {"7" * 5000}}}}}}}) }}',
    ],
)  # fmt: skip
def test_documents_that_make_no_sense_are_refused(world: World, document: str) -> None:
    """Documents that don't parse or don't fit the schema are refused."""
    assert_refused(post(world, {"query": document}), 400)
