"""Slow requests of an ATS: a search for them, and their cost in instructions, beside that of a plain report.

    python -m support.slow_inputs search FILE STEPS [NAME...]   looks for slower requests than those in a file
    python -m support.slow_inputs count LIBRARY FILE            sends the requests in a file, under callgrind

A request of a kind is made of one text, and a text of pieces, each repeated. The search changes pieces, and keeps what
takes more CPU time; instructions are exact, but take 50 times as long to count. tests/data/slow_inputs.json has the
slowest texts that were found. The tables are in memory, so the cost is that of the service's own code.
"""

import ctypes
import gc
import io
import json
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from application_status.applications import items
from application_status.applications.rules.application import HISTORY_LIMIT
from application_status.applications.rules.report import Channel
from application_status.intake.files.csv_format import rows, scan
from application_status.intake.files.rows import RefusedRow, RowReader
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.telemetry import logger
from support.dispositions import SEND, disposition
from support.dynamodb_in_memory import Memory
from support.histories import application, move
from support.native_flow import Customer
from support.native_webhooks import body_of, names
from support.signals import MANY, signal, state
from support.world import APPLICATION, ATS, BERLIN, SIGNALLED_APPLICATION, World, http_event

LABEL_LENGTH, SENT = 200, 5
NOW = datetime(2026, 11, 27, tzinfo=UTC)
type Pieces = list[tuple[str, int]]
type Send = Callable[[], None]


class Kind(NamedTuple):
    """A kind of requests: how one is made of a text, the longest text, and the pieces to begin with."""

    make: Callable[["Sender", str], Send]
    longest: int
    pieces: Sequence[str]


class Sender:
    """A World whose application SIGNALLED_APPLICATION has a full history."""

    def __init__(self) -> None:
        self.world = World(Memory())
        self.customers = {
            each: Customer.of(self.world, each, f"client-of-{each}") for each in Channel if each in _NATIVE
        }
        for each in self.customers.values():
            each.register()
        self.numbers = count()
        moves = [
            replace(move("INTERVIEW", number, raw_status=f"label {number}"), version=number + 1)
            for number in range(HISTORY_LIMIT)
        ]
        full = application(*moves)
        item = {**self.world.item(SIGNALLED_APPLICATION), **items.history_attributes(full.transitions)}
        item |= {"Head": {"S": full.head}, "Status": {"S": full.status}, "RawStatus": {"S": full.raw_status}}
        self.world.client.put_item(TableName="ApplicationsTable", Item=item | {"Version": {"N": str(len(moves))}})

    def plain(self) -> None:
        """Send a plain report, which is recorded."""
        status = ("INTERVIEW", "OFFER")[next(self.numbers) % 2]
        assert self.world.webhook(self.report(APPLICATION, status), None)["statusCode"] == 200

    def report(self, application: str, status: str, **more: Any) -> dict[str, Any]:
        body = {"AtsiApplicationId": application, "Status": status, **more}
        return http_event("POST", "/api/application-status", body)

    def sends(self, function: str, event: Mapping[str, Any]) -> Send:
        """Return a call of a function with an event, which it answers without an error of its own."""

        def send() -> None:
            reply = getattr(self.world, function)(event, None)
            assert reply["statusCode"] < 500, reply["body"][:300]

        return send

    def webhook(self, event: Mapping[str, Any]) -> Send:
        return self.sends("webhook", event)


def _label(sender: Sender, text: str) -> Send:
    return sender.webhook(sender.report(APPLICATION, "REJECTED", RawStatus=text))


def _status(sender: Sender, text: str) -> Send:
    return sender.webhook(sender.report(APPLICATION, text, RawStatus="x"))


def _body(sender: Sender, text: str) -> Send:
    body = f'{{"AtsiApplicationId":"{APPLICATION}","Status":"INTERVIEW",{text}"z":1}}'
    return sender.webhook(http_event("POST", "/api/application-status", body[: 8 * 1024]))


def _headers(sender: Sender, text: str) -> Send:
    shown = "".join(each for each in text if each.isprintable())
    event = sender.report(APPLICATION, "INTERVIEW")
    named = ("Accept", "Accept-Language", "Cookie", "Idempotency-Key", "traceparent", "X-Api-Key")
    event["multiValueHeaders"] |= {name: [shown[: 10_240 // len(named)]] for name in named}
    return sender.webhook(event)


def _batch(sender: Sender, text: str) -> Send:
    """A batch of reports about an application with a full history, each with another date and label."""

    def send() -> None:
        reports = [
            {
                "AtsiApplicationId": SIGNALLED_APPLICATION,
                "Status": "REJECTED",
                "RawStatus": f"{next(sender.numbers)} {text}"[:LABEL_LENGTH],
                "BusinessDate": f"20{10 + number % 10}-04-{1 + number % 28:02}T12:00:{number % 60:02}Z",
            }
            for number in range(SENT)
        ]
        event = http_event("POST", "/api/application-status/batch", {"Reports": reports})
        assert sender.world.batch(event, None)["statusCode"] == 200

    return send


def _wrong_batch(sender: Sender, text: str) -> Send:
    reports = [{"AtsiApplicationId": text, "Status": text, "RawStatus": text * 3, "BusinessDate": text, text: 1}] * 100
    body = json.dumps({"Reports": reports}, ensure_ascii=False)
    return sender.sends("batch", http_event("POST", "/api/application-status/batch", body))


def _signals(sender: Sender, text: str) -> Send:
    """Signals about an application with a full history, each with two states."""

    def send() -> None:
        signals = []
        for number in range(SENT):
            label = f"{next(sender.numbers)} {text}"[:LABEL_LENGTH]
            signals.append(signal(state(label, 1 + number % 28), previous=state(f"{label[:-1]}p", 1)))
        event = _graphql({"query": MANY, "variables": {"input": {"signals": signals}}})
        assert sender.world.signals(event, None)["statusCode"] == 200

    return send


def _dispositions(sender: Sender, text: str) -> Send:
    def send() -> None:
        given = [
            disposition(
                "UNABLE_TO_MAP",
                f"{next(sender.numbers)} {text}"[:LABEL_LENGTH],
                1 + number % 28,
                identifiedBy={"indeedApplyID": SIGNALLED_APPLICATION},
            )
            for number in range(SENT)
        ]
        event = _graphql({"query": SEND, "variables": {"input": {"dispositions": given}}})
        assert sender.world.signals(event, None)["statusCode"] == 200

    return send


def _document(sender: Sender, text: str) -> Send:
    return sender.sends("signals", _graphql({"query": text, "variables": {"v": signal(), "s": [signal()] * 20}}))


def _variables(sender: Sender, text: str) -> Send:
    body = json.dumps({"query": MANY})[:-1] + f', "variables": {{"input": {{"signals": [{text} null]}}}}}}'
    return sender.sends("signals", _graphql(body))


def _graphql(body: Any) -> dict[str, Any]:
    token = http_event("GET", "/graphql")["headers"]["X-AtsiToken"]
    return http_event("POST", "/graphql", body, {"Authorization": f"Bearer {token}"}, token=None)


def _native(provider: Channel) -> Callable[[Sender, str], Send]:
    def make(sender: Sender, text: str) -> Send:
        customer = sender.customers[provider]

        def send() -> None:
            assert customer.send(text.encode(), is_base64=True).status < 500

        return send

    return make


def _query(sender: Sender, text: str) -> Send:
    """A question for a report; 8,000 characters of a query string."""
    event = http_event("GET", "/api/quality")
    pairs: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        pairs.setdefault(name, []).append(value)
    return sender.sends("views", event | {"multiValueQueryStringParameters": pairs})


def _form(sender: Sender, text: str) -> Send:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return sender.sends("oauth", http_event("POST", "/oauth/token", text, headers, token=None))


def _token(sender: Sender, text: str) -> Send:
    event = http_event("POST", "/api/application-status", {}, {"Authorization": f"Bearer {text}"}, token=None)
    event["requestContext"]["identity"] = {"sourceIp": f"192.0.2.{next(sender.numbers) % 250}"}
    return sender.webhook(event)


def _row(sender: Sender, text: str) -> Send:
    """A row of a file, and the lines into which it falls."""
    data = b"atsiApplicationId,rawStatus,status,businessDate\n" + text.encode()[: 16 * 1024] + b"\n"
    del sender

    def send() -> None:
        scanned = scan([data], 1 << 20, lambda _number, _content: None)
        reader = RowReader(scanned.layout, ATS, NOW, BERLIN, Vocabulary.load(), {})
        for chunk in scanned.chunks:
            for row in rows([data[chunk.start : chunk.end]], 2, scanned.layout, scanned.encoding):
                try:
                    reader.report(row)
                except RefusedRow:
                    continue

    return send


_NATIVE = (Channel.GREENHOUSE, Channel.ASHBY, Channel.RECRUITEE, Channel.LEVER)
_WORDS = [
    "rejected ", "Absage ", "interview ", "1st ", "2. ", "offer ", "candidate ", "withdrew ", "by ", "the ", "nicht ",
    "Bewerber:in ", "(m/w/d) ", "- ", "/ ", "> ", "?", "A", "aB", "é", "ß", "\u0130", "採用", "'", "x", "7", "\ufdfa",
    "Vorstellungsgespräch", "zurückgezogen ", "no ", "longer ", "interested ", "n'", "\u0301", "e\u0301",
]  # fmt: skip
_JSON = ['{"a":', "[", "]", "}", '"', "1", ",", '"a":1,', "1e9,", "null,", '"\\u00e9",', '"' + "x" * 50 + '",', "é",
         '"123456789012":[1.5],', "-0.1,", "123456789012345678901,"]  # fmt: skip
_GRAPHQL = [
    "{", "}", "{ ", " }", "(", ")", "[", "]", "mutation ", "query ", "fragment a on Query ", "...a ", "...on Query ",
    "__typename ", "a: __typename ", "__schema ", "types ", "fields ", "args ", "type ", "ofType ", "name ", "$v: Int ",
    "sendSignal(input: $v) ", "{ a: 1 } ", "[[1]] ", '"x" ', '"""x""" ', "1 ", "@skip(if: true) ", "\n", "#x\n", "b ",
    "description ", "possibleTypes ", "inputFields ", "enumValues ", "directives ",
]  # fmt: skip
KINDS: Mapping[str, Kind] = {
    "a report's label": Kind(_label, LABEL_LENGTH, _WORDS),
    "a report's status": Kind(_status, 4000, [*_WORDS, "INTERVIE", "POST_", "PRE", "HIREDD"]),
    "a report's body": Kind(_body, 8000, ['"a":1,', '"b":[[]],', '"Status":1,', '"\\u00e9":"x",', " "]),
    "headers": Kind(_headers, 2000, [*_WORDS, "de;q=0.5,", ";q=", ",", "a=b;", "Bearer ", " "]),
    "a batch of reports": Kind(_batch, LABEL_LENGTH, _WORDS),
    "a batch of 100 wrong reports": Kind(_wrong_batch, 300, [*_WORDS, "9999-12-31T23:59:59Z", "INTERVIE", "{id}"]),
    "signals": Kind(_signals, LABEL_LENGTH, _WORDS),
    "dispositions": Kind(_dispositions, LABEL_LENGTH, _WORDS),
    "a GraphQL document": Kind(_document, 240_000, _GRAPHQL),
    "variables of GraphQL": Kind(_variables, 240_000, [*_JSON, '{"typeCode":"?","timestamp":"x","token":" "},', "{},"]),
    **{
        f"a webhook of {each.capitalize()}": Kind(
            _native(each), 1_000_000, [*_JSON, *(body_of(each, name).decode() for name in names(each)[:6])]
        )
        for each in _NATIVE
    },
    "a query": Kind(_query, 8000, ["kind=cohort&", "by=client&", "from=2000-01-01&", "interval=day&", "a=b&", "&", "%",
                                   "%41", "search=e&", "sort=-hired&", "kind=unmapped&", "kind=health&", "é"]),
    "a form": Kind(_form, 8000, ["a=b&", "&", "=", "+", "%41", "grant_type=client_credentials&", "client_id=", "%"]),
    "a token": Kind(_token, 10_000, ["atsi_live_", "atsi_at_live_", "eyJhbGciOiJFZERTQSJ9", ".", "x", "e30", "=", " "]),
    "a row of a file": Kind(_row, 16_000, [APPLICATION, ",", '"', '""', "\n", "\r", "x", ",HIRED,2026-01-01", *_WORDS]),
}  # fmt: skip


def text_of(pieces: Pieces, kind: Kind) -> str:
    return "".join(piece * times for piece, times in pieces)[: kind.longest]


def _seconds(send: Send) -> float:
    """Return the CPU time of a call: the shortest of three."""
    took = []
    for _ in range(3):
        began = time.process_time()
        send()
        took.append(time.process_time() - began)
    return min(took)


def search(sender: Sender, kind: Kind, begin: Pieces, steps: int, seed: int) -> tuple[Pieces, float]:
    """Look for slower texts, from one on; return the slowest, and the CPU time of its request in seconds."""
    chance = random.Random(seed)  # noqa: S311  # the same steps in every run
    best, most = begin, _seconds(kind.make(sender, text_of(begin, kind)))
    for _ in range(steps):
        changed = _changed(best, kind, chance)
        took = _seconds(kind.make(sender, text_of(changed, kind)))
        if took > most * 1.03:
            best, most = changed, took
    return best, most


def _changed(pieces: Pieces, kind: Kind, chance: random.Random) -> Pieces:
    changed = [*pieces]
    for _ in range(chance.choice([1, 1, 2, 4])):
        place = chance.randrange(len(changed) + 1)
        match chance.randrange(6):
            case 0 | 1:
                changed.insert(place, (chance.choice(kind.pieces), chance.choice([1, 1, 3, 30, 300])))
            case 2:
                del changed[place : place + 1]
            case 3:
                changed[place:place] = changed[place : place + chance.randint(1, 4)]
            case _:
                part = changed[place : place + 1]
                factor, more = chance.choice([(2, 0), (1, 1), (0.5, 1)])
                changed[place : place + 1] = [
                    (piece, min(int(times * factor) + more, kind.longest)) for piece, times in part
                ]
    return changed[:30]


def _count(library: Path, file: Path) -> None:
    """Send requests, and have callgrind write the instructions of each to a file of its own."""
    callgrind = ctypes.CDLL(str(library))
    sender = Sender()
    requests = [("plain", sender.plain)] * 10
    requests += [
        (name, kind.make(sender, text_of(pieces, kind)))
        for name, pieces in json.loads(file.read_text(encoding="utf-8")).items()
        for kind in [KINDS[name.partition(" / ")[0]]]
    ]
    for _ in range(20):
        sender.plain()
    gc.collect()
    gc.freeze()  # the objects of the tests would cost as much again, now and then
    callgrind.start()
    for name, send in requests:
        gc.collect()
        callgrind.zero()
        send()
        callgrind.dump(name.encode())
    callgrind.stop()


def _search(file: Path, steps: int, chosen: Sequence[str]) -> None:
    """Look for slower texts than those in a file, and store them there."""
    known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    with redirect_stdout(io.StringIO()):
        sender = Sender()
        plain = min(_seconds(sender.plain) for _ in range(50))
    for name in chosen or list(dict.fromkeys([*known, *KINDS])):
        kind = KINDS[name.partition(" / ")[0]]
        begin = [(piece, times) for piece, times in known.get(name, [[kind.pieces[0], 1]])]
        with redirect_stdout(io.StringIO()):
            known[name], took = search(sender, kind, begin, steps, seed=0)
        sys.stderr.write(f"{took / plain:6.1f} {name}: {str(known[name])[:200]}\n")
        file.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Search, or count."""
    command, *arguments = sys.argv[1:]
    handlers: list[Any] = list(logger.handlers)
    for handler in handlers:
        handler.stream = io.StringIO()
    if command == "search":
        file, steps, *chosen = arguments
        _search(Path(file), int(steps), chosen)
        return
    library, file = arguments
    with redirect_stdout(io.StringIO()):
        _count(Path(library), Path(file))


if __name__ == "__main__":
    main()
