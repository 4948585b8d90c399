"""GraphQL over HTTP: queries by GET, and the media types and statuses of replies.

https://graphql.github.io/graphql-over-http/draft/
"""

import json
from typing import Any

import pytest
from graphql import get_introspection_query

from support.signals import ONE, TRUE_ONE, event, post, signal
from support.world import ATS_CLIENT_ID, ATS_CLIENT_SECRET, TEST_TOKEN, TOKEN, Answer, World, answer, http_event

JSON, GRAPHQL = "application/json", "application/graphql-response+json"
QUERY = "{ vocabularyVersion }"
NOT_EXECUTED: list[dict[str, Any]] = [
    {"query": "{"},
    {"query": "{ unknown }"},
    {"query": "query ($a: ID!) { __typename @skip(if: true) }", "variables": {"a": None}},
    {"query": ONE, "variables": {"input": {}}},
]


def get(world: World, token: str | None = TOKEN, /, **parameters: str) -> Answer:
    """Send a GET request."""
    made = event(None, token=token) | {"httpMethod": "GET", "queryStringParameters": parameters or None}
    return answer(world.signals(made, None))


def test_queries_may_be_sent_by_get(world: World) -> None:
    """With the parameters of the query string, of which variables is JSON; no body is read."""
    version = post(world, {"query": QUERY}).body
    assert get(world, query=QUERY).body == version
    asked = "query a($skip: Boolean!) { vocabularyVersion __typename @skip(if: $skip) } query b { __typename }"
    assert get(world, query=asked, operationName="a", variables='{"skip": true}').body == version
    for empty in ("", "null", "{}"):
        assert get(world, query=QUERY, variables=empty, extensions=empty).body == version


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "This is no GraphQL request"),
        ({"variables": "{}"}, "This is no GraphQL request"),
        ({"query": QUERY, "variables": "{"}, "The parameter variables is not accepted JSON"),
        ({"query": QUERY, "variables": "[]"}, "The parameter variables is JSON, but not an object"),
        ({"query": QUERY, "variables": '{"a":1,"a":2}'}, "The parameter variables is not accepted JSON"),
        ({"query": QUERY, "extensions": "7"}, "The parameter extensions is JSON, but not an object"),
        ({"query": "{"}, "Syntax Error"),
    ],
)
def test_wrong_parameters_are_refused(world: World, parameters: dict[str, str], message: str) -> None:
    """400, as a wrong body gets."""
    reply = get(world, **parameters)
    (error,) = reply.body["errors"]
    assert (reply.status, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert error["message"].startswith(message)


def test_parameter_is_sent_once(world: World) -> None:
    """One of two would be ignored."""
    repeated = {"multiValueQueryStringParameters": {"query": [QUERY, "{ __typename }"]}}
    reply = answer(world.signals(event(None) | {"httpMethod": "GET"} | repeated, None))
    assert (reply.status, reply.body["errors"][0]["message"]) == (
        400,
        "The parameter query was sent more than once; send it once.",
    )


def test_mutations_need_post(world: World) -> None:
    """405, and nothing is recorded, also if a query is in the same document."""
    before = world.contents()
    given = json.dumps({"input": signal()})
    for document in (ONE, f"query a {{ __typename }} {ONE.replace('mutation', 'mutation b')}"):
        reply = get(world, query=document, variables=given, operationName="b" if "mutation b" in document else "")
        assert (reply.status, reply.headers.get("Allow")) == (405, "POST"), reply.body
        assert reply.body["errors"][0]["message"] == "The path does not accept a mutation with this method; use POST."
    assert world.contents() == before
    assert post(world, {"query": ONE, "variables": {"input": signal()}}).body == TRUE_ONE


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON), ("*/*", JSON), (JSON, JSON), ("application/*", JSON), ("text/html", JSON), (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL), (f"{JSON}, {GRAPHQL}", GRAPHQL), (f"{JSON}, {GRAPHQL};q=0.9", JSON),
        (f"{GRAPHQL};q=0, */*", JSON), (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
        ("Application/GraphQL-Response+JSON", GRAPHQL),
    ],
)  # fmt: skip
def test_client_chooses_the_media_type(world: World, accept: str | None, media_type: str) -> None:
    """Only who names GraphQL's own gets it, for replies and for errors."""
    headers = {"Accept": accept} if accept else {}
    for body, token in (({"query": QUERY}, TOKEN), ({"query": "{"}, TOKEN), ({}, TOKEN), ({}, None)):
        assert post(world, body, headers, token).headers["Content-Type"] == media_type


@pytest.mark.parametrize("body", NOT_EXECUTED, ids=["syntax", "field", "variable", "input"])
@pytest.mark.parametrize(
    ("accept", "status"), [(GRAPHQL, 400), ("*/*", 400), (None, 400), (JSON, 200), (f"{JSON}, */*;q=0.1", 200)]
)
def test_status_of_a_document_with_errors(world: World, body: dict[str, Any], accept: str | None, status: int) -> None:
    """400, and 200 for who asks for application/json, because old clients read errors only then; there is no data."""
    before = world.contents()
    reply = post(world, body, {"Accept": accept} if accept else {})
    assert (reply.status, list(reply.body)) == (status, ["errors"])
    assert {error["extensions"]["code"] for error in reply.body["errors"]} == {"BAD_USER_INPUT"}
    assert world.contents() == before


@pytest.mark.parametrize("accept", [GRAPHQL, JSON, "*/*"])
def test_refused_signal_is_in_the_reply_to_an_executed_document(world: World, accept: str) -> None:
    """200 with data and errors, for any media type."""
    reply = post(world, {"query": ONE, "variables": {"input": signal(typeCode="?")}}, {"Accept": accept})
    assert (reply.status, reply.body["data"]) == (200, {"sendSignal": None})


@pytest.mark.parametrize("extensions", ["text", 0, False, ["list"]])
def test_extensions_are_an_object(world: World, extensions: Any) -> None:
    """An object is accepted, and ignored."""
    assert post(world, {"query": QUERY, "extensions": extensions}).status == 400
    assert post(world, {"query": QUERY, "extensions": {"persistedQuery": {"version": 1}}}).status == 200


def test_any_valid_token_may_introspect(world: World) -> None:
    """Live and test tokens, and access tokens, by either method."""
    asked = {"grant_type": "client_credentials", "client_id": ATS_CLIENT_ID, "client_secret": ATS_CLIENT_SECRET}
    access_token = answer(world.oauth(http_event("POST", "/oauth/token", asked, token=None), None)).body["access_token"]
    for token in (TOKEN, TEST_TOKEN, access_token):
        schema = post(world, {"query": get_introspection_query()}, token=token).body["data"]["__schema"]
        assert "sendSignals" in json.dumps(schema)
        assert get(world, token, query="{ __schema { queryType { name } } }").status == 200
    assert get(world, None, query="{ __typename }").status == 401


def test_each_error_has_the_id_of_its_request(world: World) -> None:
    """Support finds the request by it: errors of the request, of the document and of signals."""
    wrong = {"query": ONE, "variables": {"input": signal(typeCode="?")}}
    for body, token in ((wrong, TOKEN), ({"query": "{ a b }"}, TOKEN), ("{", TOKEN), (wrong, "unknown")):
        sent = event(body, token=token)
        errors = answer(world.signals(sent, None)).body["errors"]
        assert {error["extensions"]["requestId"] for error in errors} == {sent["requestContext"]["requestId"]}
