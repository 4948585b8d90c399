"""Generated requests, most of them wrong somewhere: each gets a well-formed reply, and none is our failure."""

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from support.dispositions import SEND, disposition
from support.signals import MANY, ONE, complete, event, position_signal, signal, state
from support.world import APPLICATION, OTHER_TOKEN, POSITION, PROFILE, SIGNAL_TOKEN, TOKEN, World

REQUESTS_A_SEED = 1000
TEXTS = [
    "", " ", "x", "\0", "é", "😀", "\ud800", "\u2028", "null", "{", "}", "{{", "...", "$input", "@include", '"', '"""',
    "\\", "#", "!", "[", "]", ":", "fragment", "on", "query", "mutation", "input", "7" * 5000, "1e999", "-0", "0x1",
    "x" * 201, "ApplicationComplete", "PositionStatusUpdate", SIGNAL_TOKEN, PROFILE, POSITION, TOKEN, "__typename",
    "2022-08-01T12:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2022-W31-1T00Z", "2022-08-01",
    "2022-08-01T24:00:00Z", "2022-08-01T12:00:60Z", "\uff12022-08-01T12:00:00Z", "2022-08-01 00+23:59:59.999999",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 1.0, 1.5, 1e308, float("inf"), 2**31, 10**400, [], {}, [None], [[]], {"": None},
]  # fmt: skip

COUNTS = [0, 1, 2, 5, 20, 110]
FAILURES = (
    "failedDispositions { identifiedBy { indeedApplyID ittk universalApplyId alternateIdentifier { jobIdentifier { "
    "employerJobId } jobSeekerIdentifier { emailAddress } } } rationale }"
)
LEADS_TO = {
    "Query": {"__schema": "__Schema", "a: __schema": "__Schema"},
    "__Schema": {"types": "__Type", "b: types": "__Type", "queryType": "__Type"},
    "__Type": {"fields": "__Field", "c: fields": "__Field", "inputFields": "__InputValue", "ofType": "__Type"},
    "__Field": {"args": "__InputValue", "type": "__Type", f"{'d' * 100}: type": "__Type"},
    "__InputValue": {"type": "__Type"},
}
"""The schema's own types, and where their fields lead."""


class Generator:
    """Makes requests, each from its seed alone."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # the same requests in every run

    def event(self) -> dict[str, Any]:
        """Return a good request, changed in a few places."""
        small = [self.in_variables, self.in_the_document, self.dispositions, self.dispositions_in_the_document]
        document, variables = self.chance.choice([*small * 2, self.greedy, self.greedy_dispositions])()
        if self.chance.random() < 0.4:
            document = self.torn(document)
        body: Any = {"query": document, "variables": self.changed(variables, self.chance.choice([0, 0, 1, 2, 4]))}
        body = self.changed(body, self.chance.choice([0] * 9 + [1]))
        text = json.dumps(body, ensure_ascii=self.chance.random() < 0.9)
        if self.chance.random() < 0.1:
            text = self.torn(text)
        token = self.chance.choice([TOKEN] * 8 + [OTHER_TOKEN, "unknown"])
        made = event(text, {"Content-Type": "text/plain"} if self.chance.random() < 0.02 else None, token)
        kind = self.chance.random()
        if kind < 0.05:
            asked = {"query": [document], "variables": [self.torn(json.dumps(variables)) if kind < 0.02 else "{}"]}
            return made | {"httpMethod": "GET", "multiValueQueryStringParameters": asked}
        return made | {"httpMethod": "PUT" if kind < 0.07 else "POST"}

    def in_variables(self) -> tuple[str, dict[str, Any]]:
        """Return a document with its input in the variables."""
        if self.chance.random() < 0.5:
            return ONE, {"input": self.signal()}
        return MANY, {"input": {"signals": [self.signal() for _ in range(self.chance.choice([0, 1, 3]))]}}

    def in_the_document(self) -> tuple[str, dict[str, Any]]:
        """Return a document with its input inside."""
        given = self.changed(self.signal(), self.chance.choice([0, 0, 1, 2]))
        extra = self.chance.choice(["", "__typename", "b: sendSignals(input: {signals: []})", "...f", "@skip(if: $a)"])
        return f"mutation {{ a: sendSignal(input: {literal(given)}) {extra} }}", {}

    def greedy(self) -> tuple[str, dict[str, Any]]:
        """Return a document that asks for much, as its parts, their aliases and its fragments multiply."""
        if self.chance.random() < 0.5:
            kind = self.chance.choice(["SendSignalInput!", "[SendSignalInput!]!", "SendSignal_StateInput"])
            fields = range(self.chance.choice(COUNTS))
            sends = " ".join(f"a{number}: sendSignals(input: {{signals: $v}})" for number in fields)
            signals = [self.signal() for _ in range(self.chance.choice(COUNTS))]
            return f"mutation ($v: {kind}) {{ __typename {sends} }}", {"v": signals}
        names = [f"f{number}" for number in range(self.chance.choice([1, 2, 3, 8]))]
        document = (
            f"{{ {self.selections('Query', [], 6)} __schema {{ types {{ {self.selections('__Type', names, 4)} }} }} }}"
        )
        for place, name in enumerate(names):
            later = names[place + (self.chance.random() < 0.95) :]
            document += f" fragment {name} on __Type {{ {self.selections('__Type', later, 2)} }}"
        return document, {}

    def dispositions(self) -> tuple[str, dict[str, Any]]:
        """Return Indeed's document with its input in the variables."""
        count = self.chance.choice([0, 1, 3])
        return SEND, {"input": {"dispositions": [self.disposition() for _ in range(count)]}}

    def dispositions_in_the_document(self) -> tuple[str, dict[str, Any]]:
        """Return Indeed's document with its input inside."""
        given = self.changed(self.disposition(), self.chance.choice([0, 0, 1, 2]))
        written = literal(given).replace(f'"{given.get("dispositionStatus")}"', str(given.get("dispositionStatus")))
        fields = self.chance.choice([FAILURES, "...f", f"a: {FAILURES} b: {FAILURES}", "@skip(if: $a)", ""])
        sends = f"send(input: {{dispositions: [{written}]}}) {{ numberGoodDispositions {fields} }}"
        extra = self.chance.choice(["", "__typename", sends.replace("send", "b: send")])
        return f"mutation {{ partnerDisposition {{ {sends} {extra} }} }}", {"variables": {}}

    def greedy_dispositions(self) -> tuple[str, dict[str, Any]]:
        """Return a document that asks for many failures many times."""
        given = [self.disposition() for _ in range(self.chance.choice(COUNTS))]
        if self.chance.random() < 0.7:
            given = [each | {"identifiedBy": {"indeedApplyID": "x" * self.chance.choice([1, 200])}} for each in given]
        copies = " ".join(f"a{number}: {FAILURES}" for number in range(self.chance.choice(COUNTS)))
        sends = f"send(input: {{dispositions: $v}}) {{ numberGoodDispositions {copies} }}"
        again = " ".join(f"b{number}: {sends}" for number in range(self.chance.choice([0, 0, 1, 2])))
        document = f"mutation ($v: [PartnerDispositionInput!]!) {{ partnerDisposition {{ {sends} {again} }} }}"
        return document, {"v": given}

    def disposition(self) -> dict[str, Any]:
        """Return a disposition with any of the identifiers."""
        status = self.chance.choice(["INTERVIEW", "HIRED", "UNABLE_TO_MAP", "DROPPED_OTHER"])
        label = self.chance.choice(["Interview", "Hired", "Absage", "Blue folder", "採用"])
        person = {"jobIdentifier": {"employerJobId": "é" * 300}, "jobSeekerIdentifier": {"emailAddress": "a@b.test"}}
        identifiers: list[dict[str, Any]] = [
            {"indeedApplyID": APPLICATION},
            {"ittk": "unknown"},
            {"universalApplyId": "x" * 300},
            {"alternateIdentifier": person},
        ]
        identified = self.chance.choice(identifiers[:1] * 4 + identifiers)
        return disposition(status, label, self.chance.randint(1, 28), identifiedBy=identified)

    def selections(self, on: str, fragments: list[str], depth: int) -> str:
        """Return selections on a type, some of them with selections in turn."""
        made = ["__typename", *([] if on in {"Query", "__Schema"} else ["name", "description"])]
        if on == "__Type" and fragments:
            spread = [fragments[0], *self.chance.choices(fragments, k=self.chance.choice(COUNTS[:4]))]
            made += [f"...{each}" for each in spread]
        for outer in self.chance.choices(list(LEADS_TO[on]), k=self.chance.choice(COUNTS[:3]) if depth else 0):
            made.append(f"{outer} {{ {self.selections(LEADS_TO[on][outer], fragments, depth - 1)} }}")
        return " ".join(made)

    def signal(self) -> dict[str, Any]:
        """Return one of the kinds of signals."""
        day = self.chance.randint(1, 28)
        label = self.chance.choice(["Interview", "Hired", "Absage", "Blue folder", "採用"])
        success: dict[str, Any] = self.chance.choice([{}, {"success": None}, {"success": True}])
        current = state(label, day, **success)
        kinds: list[Callable[[], dict[str, Any]]] = [
            lambda: signal(current),
            lambda: signal(current, previous=state("Offer", day), positionProfileIds=POSITION),
            lambda: complete(timestamp=f"2022-07-{day:02}T12:00:00Z"),
            lambda: position_signal(current.get("success"), day),
        ]
        return self.chance.choice(kinds)()

    def torn(self, text: str) -> str:
        """Return the text with a piece replaced by another or repeated."""
        start = self.chance.randrange(len(text) + 1)
        end = min(len(text), start + self.chance.choice([0, 1, 3, 30]))
        piece = self.chance.choice([*TEXTS, text[start:end] * self.chance.choice([2, 300])])
        return text[:start] + piece + text[end:]

    def changed(self, value: Any, times: int) -> Any:
        for _ in range(times):
            value = self.changed_once(value)
        return value

    def changed_once(self, value: Any) -> Any:
        """Return the value with one place of it, at any depth, left out, added or of another type."""
        if isinstance(value, list) and value:
            place = self.chance.randrange(len(value))
            return [*value[:place], self.changed_once(value[place]), *value[place + 1 :]]
        if not isinstance(value, dict) or not value:
            return self.chance.choice([*TEXTS, *VALUES])
        key, what = self.chance.choice(list(value)), self.chance.random()
        if what < 0.1:
            return {name: each for name, each in value.items() if name != key}
        if what < 0.2:
            return value | {self.chance.choice(["success", "phase", "token", *TEXTS]): self.chance.choice(VALUES)}
        return value | {key: self.changed_once(value[key])}


def literal(value: Any) -> str:
    """Write a value as GraphQL does."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


@pytest.mark.parametrize("seed", range(5))
def test_no_request_makes_the_signals_fail(world: World, seed: int) -> None:
    """5,000 requests: never an exception, a 5xx, an INTERNAL_SERVER_ERROR or a reply of another form.

    Nor one of more than 400 kB, or more than 600 calls of the store.
    """
    generator, seen, longest = Generator(seed), Counter[Any](), 0
    for number in range(REQUESTS_A_SEED):
        made = generator.event()
        world.dynamodb.operations.clear()
        reply = world.signals(made, None)
        said = f"request {number}: {made['body'][:2000]} -> {reply['body'][:1000]}"
        assert reply["statusCode"] in {200, 400, 401, 405, 413, 415}, said
        body = json.loads(reply["body"])
        assert body.keys() <= {"data", "errors"}, said
        longest = max(longest, len(reply["body"].encode()))
        assert longest <= 400_000, said
        assert len(world.dynamodb.operations) <= 600, said
        codes = {error["extensions"]["code"] for error in body.get("errors", ())}
        assert codes <= {"BAD_USER_INPUT", "UNAUTHENTICATED"}, said
        assert all(error["message"] for error in body.get("errors", ())), said
        ids = {error["extensions"]["requestId"] for error in body.get("errors", ())}
        assert ids <= {made["requestContext"]["requestId"]}, said
        assert reply["statusCode"] == 200 or codes, said
        seen[reply["statusCode"], *sorted(codes)] += 1
        call = ((body.get("data") or {}).get("partnerDisposition") or {}).get("send")
        if isinstance(call, dict):
            seen["good dispositions"] += call.get("numberGoodDispositions", 0)
            seen["failed dispositions"] += len(call.get("failedDispositions", ()))
    assert longest > 10_000
    assert seen[200,] > REQUESTS_A_SEED // 10
    assert seen[200, "BAD_USER_INPUT"] > REQUESTS_A_SEED // 100
    assert seen[400, "BAD_USER_INPUT"] > REQUESTS_A_SEED // 10
    assert min(seen["good dispositions"], seen["failed dispositions"]) > REQUESTS_A_SEED // 50
    assert seen.keys() >= {(401, "UNAUTHENTICATED"), (405, "BAD_USER_INPUT"), (415, "BAD_USER_INPUT")}
