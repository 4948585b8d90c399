"""GraphQL as clients speak it: variables or inline arguments, named operations, aliases, introspection."""

from importlib.resources import files
from typing import Any

import pytest
from graphql import build_client_schema, build_schema, get_introspection_query, print_schema

from application_status.intake import indeed, seek
from support.signals import (
    MANY,
    ONE,
    TRUE_MANY,
    TRUE_ONE,
    complete,
    history,
    post,
    refused,
    send,
    signal,
    stands,
    state,
    statuses,
)
from support.world import PROFILE, SIGNAL_TOKEN, SIGNALLED_APPLICATION, World

SDL = "\n".join(files(each).joinpath("schema.graphql").read_text(encoding="utf-8") for each in (seek, indeed))
STATE = '{status: {label: "Hired", index: 11, total: 14}, %s timestamp: "2022-08-01T12:00:00.000Z"}'
INLINE = f'{{typeCode: "ApplicationStatusUpdate", token: "{SIGNAL_TOKEN}", current: {STATE}}}'


@pytest.mark.parametrize(
    ("success", "status"),
    [("success: true,", "HIRED"), ("success: false,", "REJECTED"), ("success: null,", None), ("", "HIRED")],
)
def test_arguments_may_stand_in_the_document(world: World, success: str, status: str | None) -> None:
    """Dates and null included; they are the same as in variables."""
    reply = post(world, {"query": f"mutation {{ sendSignal(input: {INLINE % success}) }}"})
    assert (reply.status, reply.body) == (200, TRUE_ONE)
    inline = [(each.key, each.interpretation) for each in history(world)]
    assert statuses(world) == [status]
    given = {"": {}, "success: null,": {"success": None}}.get(success, {"success": success == "success: true,"})
    hired = state("Hired", 1, status={"label": "Hired", "index": 11, "total": 14}, **given)
    before = world.contents()
    assert send(world, signal(hired)).body == TRUE_ONE
    assert world.contents() == before
    assert [(each.key, each.interpretation) for each in history(world)] == inline


def test_batch_may_stand_in_the_document(world: World) -> None:
    """One signal in place of the list as well."""
    for arguments in (f"signals: {INLINE % ''}", f"signals: [{INLINE % ''}]", "signals: []"):
        reply = post(world, {"query": f"mutation {{ sendSignals(input: {{{arguments}}}) }}"})
        assert (reply.status, reply.body) == (200, TRUE_MANY)
    assert statuses(world) == ["HIRED"]


def test_thirty_whole_signals_fit_in_the_document(world: World) -> None:
    """The limits leave room for them without variables; docs/problems.md says so."""
    whole = STATE % 'phase: {label: "Hired", index: 5, total: 7}, success: null,'
    each = f'{{typeCode: "ApplicationStatusUpdate", token: "-", candidateApplicationProfileId: "{PROFILE}", '
    each += f'positionProfileIds: ["a", "b"], timestamp: "2022-08-01T12:00:00Z", current: {whole}, previous: {whole}}}'
    reply = post(world, {"query": f"mutation {{ sendSignals(input: {{signals: [{','.join([each] * 30)}]}}) }}"})
    assert (reply.status, reply.body) == (200, TRUE_MANY)


@pytest.mark.parametrize(
    ("variables", "status"), [({"success": True}, "HIRED"), ({"success": None}, None), ({}, "HIRED")]
)
def test_variables_may_be_parts_of_the_input(world: World, variables: dict[str, Any], status: str | None) -> None:
    """A variable that is left out leaves its field out."""
    document = f"mutation ($success: Boolean) {{ sendSignal(input: {INLINE % 'success: $success,'}) }}"
    assert post(world, {"query": document, "variables": variables}).body == TRUE_ONE
    assert statuses(world) == [status]


def test_operation_name_picks_one_of_several(world: World) -> None:
    """Only that one is executed."""
    document = f"""
        query Version {{ vocabularyVersion }}
        mutation Send {{ sendSignal(input: {INLINE % ""}) }}
        mutation Other {{ sendSignal(input: {(INLINE % "").replace("Hired", "Offer")}) }}
    """
    reply = post(world, {"query": document, "operationName": "Version"})
    assert reply.body == {"data": {"vocabularyVersion": "2026-11-27"}}
    assert post(world, {"query": document, "operationName": "Other", "variables": None}).body == TRUE_ONE
    assert statuses(world) == ["OFFER"]
    for name in (None, "", "Unknown", "send"):
        reply = post(world, {"query": document, "operationName": name})
        assert reply.status == 400
        assert [each["extensions"]["code"] for each in reply.body["errors"]] == ["BAD_USER_INPUT"]
    assert statuses(world) == ["OFFER"]


def test_aliases_name_the_answers(world: World) -> None:
    """Several mutations in one request, each with a result of its own, in the order of the document."""
    document = "mutation ($a: SendSignalInput!, $b: SendSignalInput!, $c: SendSignalsInput!)"
    document += "{ first: sendSignal(input: $a) second: sendSignal(input: $b) all: sendSignals(input: $c) }"
    variables = {
        "a": signal(state("Interview", 1)),
        "b": signal(state(" ", 1)),
        "c": {"signals": [signal(state("Offer", 2)), complete(timestamp="2022-07-20T12:00:00Z")]},
    }
    reply = post(world, {"query": document, "variables": variables})
    assert (reply.status, reply.body["data"]) == (200, {"first": True, "second": None, "all": True})
    assert refused(reply) == ["/input/current/status/label"]
    assert reply.body["errors"][0]["path"] == ["second"]
    assert statuses(world) == ["INTERVIEW", "OFFER"]  # the application was complete long before


def test_type_names_fragments_and_directives_work(world: World) -> None:
    """Client libraries add these by themselves."""
    document = "mutation Send($input: SendSignalInput!, $no: Boolean = false) { __typename ...Sending } "
    document += "fragment Sending on Mutation { sendSignal(input: $input) again: __typename @include(if: $no) }"
    reply = post(world, {"query": document, "variables": {"input": signal()}, "extensions": {}, "id": 7})
    assert (reply.status, reply.body) == (200, {"data": {"__typename": "Mutation", "sendSignal": True}})
    assert stands(world) == ("INTERVIEW", "open")


def test_introspection_gives_the_published_schema(world: World) -> None:
    """Client generators ask for it; they get what the SDL files say."""
    reply = post(world, {"query": get_introspection_query()})
    assert reply.status == 200
    assert "errors" not in reply.body
    found, published = build_client_schema(reply.body["data"]), build_schema(SDL)
    assert print_schema(found) == print_schema(published)


def test_introspection_in_its_longest_form_works(world: World) -> None:
    """With descriptions of the schema, of directives and of deprecated inputs."""
    options = {"specified_by_url": True, "directive_is_repeatable": True, "schema_description": True}
    reply = post(world, {"query": get_introspection_query(**options, input_value_deprecation=True)})
    assert reply.status == 200
    assert print_schema(build_client_schema(reply.body["data"])) == print_schema(build_schema(SDL))


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "application/json;"],
)
def test_content_type_of_the_request_and_of_the_answer(world: World, content_type: str) -> None:
    """JSON in UTF-8, however it is spelled; never to be cached."""
    reply = post(world, {"query": ONE, "variables": {"input": signal()}}, {"Content-Type": content_type})
    assert (reply.status, reply.body) == (200, TRUE_ONE)
    assert reply.headers == {"Content-Type": "application/json", "Cache-Control": "no-store"}


def test_one_and_many_are_the_same(world: World) -> None:
    """A batch of one is a signal."""
    update = signal(state("Hired", 2, success=True), previous=state("Offer", 1))
    assert post(world, {"query": MANY, "variables": {"input": {"signals": [update]}}}).body == TRUE_MANY
    before = world.item(SIGNALLED_APPLICATION)
    assert post(world, {"query": ONE, "variables": {"input": update}}).body == TRUE_ONE
    assert world.item(SIGNALLED_APPLICATION) == before
