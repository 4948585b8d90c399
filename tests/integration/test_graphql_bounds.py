"""Small requests for much work: what each kind of them leads to is bounded, in the reply and in calls of the store."""

import json
from typing import Any

import pytest

from support.dispositions import SEND, about, disposition, rationales
from support.signals import MANY, ONE, event, position_signal, post, refused, sent, signal, state, statuses
from support.world import POSITION, World

VERSION = "vocabularyVersion"
NOWHERE = {"label": "", "index": -1, "total": -5}
WORST_STATE = {"timestamp": "y", "status": NOWHERE, "phase": NOWHERE}
WORST_SIGNAL = {
    "typeCode": "?", "token": " ", "candidateApplicationProfileId": "", "positionProfileIds": "", "timestamp": "x",
    "current": WORST_STATE, "previous": WORST_STATE,
}  # fmt: skip
EVERYWHERE = "description type { description ofType { description fields { description args { description } } } }"


def fragments(levels: int, width: int) -> str:
    """Return a document whose fields multiply with each level of its fragments."""
    chain = "".join(
        f" fragment f{level} on __Schema {{ " + f"...f{level + 1} " * width + "}" for level in range(levels)
    )
    return f"{{ __schema {{ ...f0 }} }}{chain} fragment f{levels} on __Schema {{ types {{ name description }} }}"


def aliased_fragments(width: int) -> str:
    """Return 1.3 kB that ask for all types many times."""
    spread = " ".join(f"b{number}: __schema {{ ...s }}" for number in range(width))
    types = " ".join(f"c{number}: types {{ ...t }}" for number in range(8))
    inner = "name description fields { name description args { name description } }"
    return f"{{ {spread} }} fragment s on __Schema {{ {types} }} fragment t on __Type {{ {inner} }}"


def literal(fields: int, length: int = 4) -> str:
    """Return a signal of unknown fields."""
    return f"mutation {{ sendSignal(input: {{ {' '.join(f'f{n:0{length}}: 1' for n in range(fields))} }}) }}"


def fields_with(arguments: str, count: int) -> str:
    return "mutation ($v: SendSignalInput!) { " + f"sendSignal(input: {arguments}) " * count + "}"


def aliased(arguments: str, name: str, count: int = 20) -> str:
    """Return a document that sends the same several times, each under the longest of names."""
    kind = {"sendSignal": "SendSignalInput!", "sendSignals": "SendSignalsInput!"}[name]
    sends = " ".join(f"{f'a{number}':x<100}: {name}(input: {arguments})" for number in range(count))
    return f"mutation ($v: {kind}) {{ {sends} }}"


def nested_prints() -> str:
    """Return a literal that is wrong on each of its levels, and long."""
    unknown = "a: 1 b: 2 c: 3 d: 4 e: 5"
    label = '"" ' * 3_800
    status = f"{{ {unknown} current: {{ {unknown} status: {{ {unknown} label: [{label}] }} }} }}"
    return "mutation {" + "\n" * 7_900 + f"sendSignals(input: {{ {unknown} signals: [{status}] }}) }}"


def one_timestamp_everywhere() -> dict[str, Any]:
    """Return a batch whose signals share one long date that was never set."""
    moment = 'timestamp: $t, status: { label: "x", index: 1, total: 2 }'
    each = f'{{ typeCode: "?", timestamp: $t, current: {{ {moment} }}, previous: {{ {moment} }} }}'
    document = f"mutation ($t: DateTime!) {{ sendSignals(input: {{ signals: [{', '.join([each] * 100)}] }}) }}"
    return {"query": document, "variables": {"t": f"0001-01-01T00:00:00.{'0' * 200_000}Z"}}


WORST_DISPOSITION = disposition(
    "UNABLE_TO_MAP",
    "x" * 201,
    identifiedBy={"indeedApplyID": "\t" * 300, "ittk": "ö" * 300},
    statusChangeDateTime="1969-12-31T23:59:59.123456789+23:59",
)
FULL_CALL = {"input": {"dispositions": [WORST_DISPOSITION] * 100}}


def failures(copies: int, rationales: int = 0) -> str:
    """Return Indeed's document with its list of failures, or each rationale, several times."""
    more = " ".join(f"r{number}: rationale" for number in range(rationales))
    identifier = "alternateIdentifier { jobIdentifier { employerJobId } jobSeekerIdentifier { emailAddress } }"
    fields = f"identifiedBy {{ indeedApplyID ittk {identifier} }} rationale {more}"
    lists = " ".join(f"f{number}: failedDispositions {{ {fields} }}" for number in range(copies))
    return (
        "mutation ($input: SendPartnerDispositionInput!) { partnerDisposition { send(input: $input) { "
        f"numberGoodDispositions {lists} }} }} }}"
    )


WORST: dict[str, dict[str, Any]] = {
    "one timestamp everywhere": one_timestamp_everywhere(),
    "nested fragments": {"query": fragments(9, 500)},
    "aliased fragments": {"query": aliased_fragments(12)},
    "fragments in a cycle": {"query": f"{{ ...a {VERSION} }} fragment a on Query {{ ...b ...b }} "
                                      "fragment b on Query { ...a ...a }"},
    "introspection": {"query": f"{{ __schema {{ types {{ "
                               f"{' '.join(f'a{n}: fields {{ {EVERYWHERE} }}' for n in range(20))} }} }} }}"},
    "operation name": {"query": f"query {'n' * 200_000}({'$v: Int ' * 100}) {{ {VERSION} }}"},
    "operationName": {"query": f"{{ {VERSION} }}", "operationName": "n" * 200_000},
    "unknown operation": {"query": f"query a {{ {VERSION} }}", "operationName": "n" * 100},
    "field's name": {"query": f"{{ {'n' * 200_000} }}"},
    "alias": {"query": f"{{ {'n' * 200_000}: {VERSION} }}"},
    "variables": {"query": "query (" + " ".join(f"$v{n}: Nothing" for n in range(990)) + f") {{ {VERSION} }}"},
    "default values": {"query": f"query ({'$v: SendSignalInput = {a: 1 b: 2 token: 3} ' * 100}) {{ {VERSION} }}"},
    "unknown fields": {"query": literal(1300)},
    "unknown fields in short objects": {"query": "mutation { sendSignals(input: {signals: ["
                                                 + "{f: 1 g: 2} " * 480 + "]}) }"},
    "unknown fields of long names": {"query": literal(20, 90)},
    "literal that is wrong on each level": {"query": nested_prints()},
    "lines": {"query": "\n" * 100_000 + literal(20)},
    "arguments": {"query": f"{{ {VERSION}({'a: 1 ' * 1300}) }}"},
    "directives": {"query": f"{{ {VERSION} {'@a ' * 1980} }}"},
    "string": {"query": f'mutation {{ sendSignal(input: "{"é" * 100_000}") }}'},
    "fields to merge": {"query": fields_with("$v", 290), "variables": {"v": signal()}},
    "literals to merge": {"query": fields_with(json.dumps("x"), 290).replace("$v: SendSignalInput!", "$v: Int")},
    "fields that conflict": {"query": "{ " + " ".join(f"a: {VERSION} a: __typename" for _ in range(10)) + " }"},
    "string in variables": {"query": ONE, "variables": {"input": "x" * 250_000}},
    "unknown fields in variables": {"query": ONE, "variables": {"input": {f"f{n}": 1 for n in range(18_000)}}},
    "unknown long field in variables": {"query": ONE, "variables": {"input": {"f" * 250_000: 1}}},
    "nothing in variables": {"query": MANY, "variables": {"input": {"signals": [None] * 40_000}}},
    "aliases of one batch": {"query": aliased("$v", "sendSignals"),
                             "variables": {"v": {"signals": [signal()] * 100}}},
    "aliases of one signal": {"query": aliased(f"{{signals: [{'$v ' * 100}]}}", "sendSignals")
                              .replace("SendSignalsInput!", "SendSignalInput!"), "variables": {"v": signal()}},
    "signals that are wrong everywhere": {"query": MANY, "variables": {"input": {"signals": [WORST_SIGNAL] * 100}}},
    "aliases of wrong signals": {"query": aliased("$v", "sendSignals"),
                                 "variables": {"v": {"signals": [WORST_SIGNAL] * 5}}},
    "positions": {"query": MANY, "variables": {"input": {"signals": [
        position_signal(success=True, positionProfileIds=[f"{n}.{m}" for m in range(10)]) for n in range(100)]}}},
    "positions of one signal": {"query": ONE, "variables": {"input": position_signal(
        success=True, positionProfileIds=["x"] * 50_000)}},
    "failures of a full call": {"query": SEND, "variables": FULL_CALL},
    "failures under aliases": {"query": failures(20), "variables": FULL_CALL},
    "failures under some aliases": {"query": failures(3), "variables": FULL_CALL},
    "aliases of each failure": {"query": failures(1, rationales=18), "variables": FULL_CALL},
    "long texts of an identifier": {"query": failures(1), "variables": {"input": {"dispositions": [
        about({"alternateIdentifier": {"jobIdentifier": {"employerJobId": "\0" * 2000},
                                       "jobSeekerIdentifier": {"emailAddress": "é" * 2000}}})] * 15}}},
    "unknown applications": {"query": SEND, "variables": {"input": {"dispositions": [
        about({"indeedApplyID": "51c3be16-0f93-41ed-9cc0-00000000ffff"}, dispositionStatus=status)
        for status in ("INTERVIEW", "INCOMPLETE") * 50]}}},
    "both names of an application": {"query": MANY, "variables": {"input": {"signals": [
        signal(state("?", day % 28 + 1), previous=state("Offer", 1), token="unknown",
               candidateApplicationProfileId="unknown") for day in range(100)]}}},
}  # fmt: skip


@pytest.mark.parametrize("kind", WORST)
def test_work_and_reply_are_bounded(world: World, kind: str) -> None:
    """A reply of at most 400 kB, with at most 20 errors of 300 characters, after at most 600 calls of the store."""
    text = json.dumps(WORST[kind], ensure_ascii=False)
    assert len(text.encode()) <= 256 * 1024
    world.dynamodb.operations.clear()
    reply = world.signals(event(text), None)
    assert reply["statusCode"] in {200, 400}
    assert len(reply["body"].encode()) <= 400_000
    errors = json.loads(reply["body"]).get("errors", [])
    assert len(errors) <= 20
    assert all(len(error["message"]) <= 303 for error in errors)
    assert {error["extensions"]["code"] for error in errors} <= {"BAD_USER_INPUT"}
    assert len(world.dynamodb.operations) <= 600


def test_every_failure_of_a_full_call_is_named(world: World) -> None:
    """However much is wrong with each disposition."""
    reply = post(world, json.dumps(WORST["failures of a full call"], ensure_ascii=False))
    assert [len(each) > 300 for each in rationales(reply)] == [True] * 100


def test_reply_that_could_be_too_long_is_refused(world: World) -> None:
    """Before anything is recorded, and also if nothing would fail; with fewer dispositions the document works."""
    before = world.contents()
    many = [disposition("REVIEW", f"Step {number}") for number in range(100)]
    reply = post(world, {"query": failures(20), "variables": {"input": {"dispositions": many}}})
    (error,) = reply.body["errors"]
    assert (reply.status, error["message"].partition(".")[0]) == (400, "The reply could have more than 400000 bytes")
    assert world.contents() == before
    reply = post(world, {"query": failures(20), "variables": {"input": {"dispositions": many[:20]}}})
    assert reply.body["data"]["partnerDisposition"]["send"]["numberGoodDispositions"] == 20


@pytest.mark.parametrize("wrong", ["in variables", "in the document"])
def test_errors_beyond_the_first_are_left_out(world: World, wrong: str) -> None:
    """The reply has the first ten errors and says that there are more."""
    signals = [{"typeCode": "ApplicationComplete", "tokens": 1}] * 100
    if wrong == "in variables":
        reply = post(world, {"query": MANY, "variables": {"input": {"signals": signals}}})
    else:
        inline = '{typeCode: "ApplicationComplete", tokens: 1} ' * 100
        reply = post(world, {"query": f"mutation {{ sendSignals(input: {{signals: [{inline}]}}) }}"})
    *log, last = [error["message"] for error in reply.body["errors"]]
    assert (reply.status, len(log)) == (400, 10)
    assert all("unknown field 'tokens'" in message for message in log)
    assert last.startswith("Too many")


def test_every_refused_signal_of_a_full_batch_is_named(world: World) -> None:
    """With each place that is wrong: the contract promises it, and a request has a hundred at most."""
    reply = post(world, {"query": MANY, "variables": {"input": {"signals": [WORST_SIGNAL] * 100}}})
    places = refused(reply)
    assert [len([each for each in places if each.startswith(f"/input/signals/{n}/")]) for n in range(100)] == [19] * 100


def test_signals_of_all_fields_count_together(world: World) -> None:
    """A request with more than 100 records none; each field's own batch may be small."""
    before = world.contents()
    document = "mutation ($a: SendSignalsInput!, $b: SendSignalInput!, $c: SendApplicationSignalInput!) "
    document += "{ a: sendSignals(input: $a) b: sendSignal(input: $b) c: sendApplicationSignal(input: $c) }"
    old = {"schemeId": "global", "token": "unknown", "typeCode": "ApplicationComplete"}
    signals = [signal(state("Interview", 1))] * 99
    body = {"query": document, "variables": {"a": {"signals": signals}, "b": signal(state("Offer", 2)), "c": old}}
    reply = post(world, body)
    (error,) = reply.body["errors"]
    assert (reply.status, error["message"].partition(";")[0]) == (
        400,
        "The request has 101 signals with 0 positionProfileIds",
    )
    assert world.contents() == before
    skipped = {**body, "query": document.replace("c: sendApp", "c: __typename @skip(if: false) d: sendApp")}
    assert post(world, skipped).status == 400
    left_out = {**body, "query": document.replace("(input: $c)", "(input: $c) @skip(if: true)")}
    assert post(world, left_out).body == {"data": {"a": True, "b": True}}
    assert statuses(world) == ["INTERVIEW", "OFFER"]


def test_positions_of_all_signals_count_together(world: World) -> None:
    """A request with more than 300 of position signals records none; those of other signals lead to no call."""
    before = world.contents()
    positions = [POSITION, *(f"another.{number}" for number in range(9))]
    signals = [position_signal(success=True, positionProfileIds=positions) for _ in range(30)]
    one = position_signal(success=True, positionProfileIds=[POSITION])
    assert post(world, {"query": MANY, "variables": {"input": {"signals": [*signals, one]}}}).status == 400
    assert world.contents() == before
    with_many = [signal(positionProfileIds=positions) for _ in range(70)]
    sent(world, *signals, *with_many)
    assert world.contents() != before


def test_a_signal_with_too_many_positions_costs_only_itself(world: World) -> None:
    """It leads to no call, so it does not count for the others either."""
    wrong = position_signal(success=True, positionProfileIds=[POSITION] * 400)
    reply = post(world, {"query": MANY, "variables": {"input": {"signals": [wrong, signal(state("Offer"))]}}})
    assert refused(reply) == ["/input/signals/0/positionProfileIds"]
    assert statuses(world) == ["OFFER"]
