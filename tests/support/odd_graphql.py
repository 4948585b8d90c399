"""GraphQL requests, most of them wrong somewhere, and documents that ask for much."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from support.dispositions import SEND, disposition
from support.odd_values import DATES, Odd
from support.signals import MANY, ONE, complete, position_signal, signal, state
from support.world import APPLICATION, POSITION

_PIECES = [
    "", " ", "x", "\0", "é", "\ud800", "null", "{", "}", "{{", "...", "$input", "@include", '"', '"""', "\\", "#", "!",
    "[", "]", ":", "fragment", "on", "query", "mutation", "input", "7" * 5000, "1e999", "-0", "0x1", "x" * 201,
    "ApplicationComplete", "PositionStatusUpdate", "__typename", *DATES,
]  # fmt: skip
_COUNTS = [0, 1, 2, 5, 20, 110]
_FAILURES = (
    "failedDispositions { identifiedBy { indeedApplyID ittk universalApplyId alternateIdentifier { jobIdentifier { "
    "employerJobId } jobSeekerIdentifier { emailAddress } } } rationale }"
)
_LEADS_TO = {
    "Query": {"__schema": "__Schema", "a: __schema": "__Schema"},
    "__Schema": {"types": "__Type", "b: types": "__Type", "queryType": "__Type"},
    "__Type": {"fields": "__Field", "c: fields": "__Field", "inputFields": "__InputValue", "ofType": "__Type"},
    "__Field": {"args": "__InputValue", "type": "__Type", f"{'d' * 100}: type": "__Type"},
    "__InputValue": {"type": "__Type"},
}
"""The schema's own types, and where their fields lead."""

type Request = tuple[str, bytes | None, Mapping[str, str]]
"""A method, a body and a query."""


class OddGraphql:
    """Makes requests."""

    def __init__(self, odd: Odd) -> None:
        self.odd, self.chance = odd, odd.random

    def request(self) -> Request:
        """Return a good request, changed in a few places."""
        small = [self.in_variables, self.in_the_document, self.dispositions, self.dispositions_in_the_document]
        document, variables = self.chance.choice([*small * 12, self.greedy, self.greedy_dispositions])()
        if self.chance.random() < 0.3:
            document = self.torn(document)
        body: Any = {"query": document, "variables": self.odd.value(variables, self.chance.choice([0, 0, 1, 2, 4]))}
        body = self.odd.value(body, self.chance.choice([0] * 9 + [1]))
        kind = self.chance.random()
        if kind < 0.05:
            asked = {"query": document, "variables": self.torn(json.dumps(variables)) if kind < 0.02 else "{}"}
            return "GET", None, asked
        return "PUT" if kind < 0.06 else "POST", self.odd.json(body), {}

    def in_variables(self) -> tuple[str, dict[str, Any]]:
        """Return a document with its input in the variables."""
        if self.chance.random() < 0.5:
            return ONE, {"input": self.signal()}
        return MANY, {"input": {"signals": [self.signal() for _ in range(self.chance.choice([0, 1, 3]))]}}

    def in_the_document(self) -> tuple[str, dict[str, Any]]:
        """Return a document with its input inside."""
        given = self.odd.value(self.signal(), self.chance.choice([0, 0, 1, 2]))
        extra = self.chance.choice(["", "__typename", "b: sendSignals(input: {signals: []})", "...f", "@skip(if: $a)"])
        return f"mutation {{ a: sendSignal(input: {literal(given)}) {extra} }}", {}

    def greedy(self) -> tuple[str, dict[str, Any]]:
        """Return a document that asks for much, as its parts, their aliases and its fragments multiply."""
        if self.chance.random() < 0.5:
            kind = self.chance.choice(["SendSignalInput!", "[SendSignalInput!]!", "SendSignal_StateInput"])
            fields = range(self.chance.choice(_COUNTS))
            sends = " ".join(f"a{number}: sendSignals(input: {{signals: $v}})" for number in fields)
            signals = [self.signal() for _ in range(self.chance.choice(_COUNTS))]
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
        given = self.disposition()
        status = given["dispositionStatus"]
        written = literal(self.odd.value(given, self.chance.choice([0, 0, 1, 2]))).replace(f'"{status}"', status)
        fields = self.chance.choice([_FAILURES, "...f", f"a: {_FAILURES} b: {_FAILURES}", "@skip(if: $a)", ""])
        sends = f"send(input: {{dispositions: [{written}]}}) {{ numberGoodDispositions {fields} }}"
        extra = self.chance.choice(["", "__typename", sends.replace("send", "b: send")])
        return f"mutation {{ partnerDisposition {{ {sends} {extra} }} }}", {"variables": {}}

    def greedy_dispositions(self) -> tuple[str, dict[str, Any]]:
        """Return a document that asks for many failures many times."""
        given = [self.disposition() for _ in range(self.chance.choice(_COUNTS))]
        if self.chance.random() < 0.7:
            given = [each | {"identifiedBy": {"indeedApplyID": "x" * self.chance.choice([1, 200])}} for each in given]
        copies = " ".join(f"a{number}: {_FAILURES}" for number in range(self.chance.choice(_COUNTS)))
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
            spread = [fragments[0], *self.chance.choices(fragments, k=self.chance.choice(_COUNTS[:4]))]
            made += [f"...{each}" for each in spread]
        for outer in self.chance.choices(list(_LEADS_TO[on]), k=self.chance.choice(_COUNTS[:3]) if depth else 0):
            made.append(f"{outer} {{ {self.selections(_LEADS_TO[on][outer], fragments, depth - 1)} }}")
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
        piece = self.chance.choice([*_PIECES, text[start:end] * self.chance.choice([2, 300])])
        return text[:start] + piece + text[end:]


def literal(value: Any) -> str:
    """Write a value as GraphQL does."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)
