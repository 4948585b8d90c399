"""The parsers of what clients send, over any bytes: `python -m support.fuzzed_parsers FOLDER --runs=1000`.

atheris mutates the bytes so that they reach more and more lines and branches. The first byte chooses the parser. It
runs in a process of its own, because it instruments the service's code. Where atheris has no wheel, and so can't be
installed, the bytes are mutated at random.
https://github.com/google/atheris
"""

import csv
import io
import json
import sys
import uuid
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

try:
    import atheris  # type: ignore[import-untyped, unused-ignore]  # it has no types, and no wheel for each platform
except ImportError:
    atheris = None

with atheris.instrument_imports(include=["application_status"]) if atheris else nullcontext():
    from graphql import GraphQLError, parse, print_ast

    from application_status.access import clients, oauth
    from application_status.access.rules import key_id
    from application_status.access.sessions import IdTokens, cookie
    from application_status.applications.registry import parse_registration
    from application_status.applications.rules.report import Channel
    from application_status.intake.atsi.receive import StatusMessage
    from application_status.intake.connect.events import Delivery, Ignored
    from application_status.intake.connect.events import parse as parse_event
    from application_status.intake.connect.providers import PROVIDERS
    from application_status.intake.files.csv_format import Layout, RefusedFile, rows, scan
    from application_status.intake.files.rows import RefusedRow, RowReader
    from application_status.intake.graphql.endpoint import GraphqlRequest, execute
    from application_status.intake.graphql.schema import Mutations
    from application_status.intake.graphql.size import RequestSize
    from application_status.intake.indeed.rules import disposition
    from application_status.intake.seek.rules import signal
    from application_status.labels.rules.matching import normalize
    from application_status.labels.rules.vocabulary import Vocabulary
    from application_status.platform.errors import Refusal
    from application_status.platform.http.body import message, parsed_object
    from application_status.platform.http.endpoint import Request, qualities
    from application_status.platform.http.forms import form_fields
    from application_status.platform.http.negotiation import preferred_language
    from application_status.platform.values import (
        AtsId,
        SentMoment,
        application_id,
        from_text,
        sent_date,
        sent_moment,
        to_text,
    )
    from application_status.quality.reports.query import Caller, query_from
    from application_status.sign_in.endpoint import _Attempt

from support.lever_events import signed_body
from support.native_webhooks import body_of, mutated, names, signed

NOW, BERLIN, SECRET = datetime(2026, 11, 27, 12, tzinfo=UTC), ZoneInfo("Europe/Berlin"), "secret"
NOW_MS = round(NOW.timestamp() * 1000)
VOCABULARY = Vocabulary.load()
ID_TOKENS = IdTokens("https://pool.test", lambda _url, _form: (200, {"keys": []}))
EVENTS = Path(__file__).parents[2] / "events/SignalsFunction"
SENDS = {
    "signals": "mutation ($input: SendSignalsInput!) { sendSignals(input: $input) }",
    "dispositions": "mutation ($input: SendPartnerDispositionInput!) { partnerDisposition { send(input: $input) { "
    "numberGoodDispositions } } }",
}
type Parser = Callable[[bytes], bool]
"""Parses bytes, and checks the result; returns whether they were accepted."""


def json_body(data: bytes) -> bool:
    """What is accepted is what Python's parser reads, too."""
    try:
        found = parsed_object(data)
    except ValueError as refused:
        assert str(refused).isprintable()  # noqa: PT017  # no test of pytest's
        return False
    assert found == json.loads(data)
    return True


def report(data: bytes) -> bool:
    """A body of a report, a registration, a signal or a disposition is accepted, or its wrong fields are listed."""
    try:
        body = parsed_object(data)
    except ValueError:
        return False
    accepted = False
    for read in (
        lambda: message(StatusMessage, body, received_at=NOW),
        lambda: parse_registration(body),
        lambda: query_from({name: each for name, each in body.items() if isinstance(each, str)}, Caller(), NOW.date()),
    ):
        with suppress(Refusal):
            read()
            accepted = True
    return accepted


def moment(data: bytes) -> bool:
    """What is accepted is the same when it is written and read again."""
    text = data.decode(errors="replace")
    accepted = False
    ways: list[Callable[[], SentMoment]] = [lambda: sent_moment(text, NOW), lambda: sent_date(text, NOW, BERLIN)]
    for read in ways:
        with suppress(ValueError):
            found = read()
            assert from_text(to_text(found.at)) == found.at == sent_moment(to_text(found.at), NOW).at
            accepted = True
    return accepted


def identifier(data: bytes) -> bool:
    """An id is the UUID that Python reads, too, in its canonical form."""
    text = data.decode(errors="replace")
    try:
        found = application_id(text)
    except ValueError:
        return False
    assert found == str(uuid.UUID(text)) == application_id(found)
    return True


def csv_file(data: bytes) -> bool:
    """A file is refused with a reason, or read the same in blocks of any size; each row is a report or refused."""
    stored: dict[int, bytes] = {}
    try:
        whole = scan([data], 200, stored.__setitem__)
        small = scan([bytes(each) for each in batched(data, 7, strict=False)], 200, stored.__setitem__)
    except RefusedFile as refused:
        assert str(refused)  # noqa: PT017  # no test of pytest's
        return False
    assert whole == small
    reader = RowReader(whole.layout, AtsId("demo-ats"), NOW, BERLIN, VOCABULARY, {})
    count = 0
    for chunk in whole.chunks:
        content = data[chunk.start : chunk.end] if whole.is_original else stored[chunk.number]
        for row in rows([content], chunk.line, whole.layout, whole.encoding):
            count += 1
            with suppress(RefusedRow):
                reader.report(row)
    assert count == whole.rows
    return True


def csv_row(data: bytes) -> bool:
    """The cells of a row that Python's writer has written are the same when they are read."""
    cells = data.decode(errors="replace").replace("\0", "").split("|")[:4]
    cells += [""] * (4 - len(cells))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    written = out.getvalue().encode()
    found = [*rows([written], 2, Layout(",", 4, 0, 1, 2, 3), "utf-8")]
    if "\r" not in "".join(cells) and len(written) < 1000 and any(cells):
        assert [row.cells for row in found] == [tuple(cells)], found
    return bool(found)


def label(data: bytes) -> bool:
    """A label means the same with outer space, and has the meaning of its normal form."""
    text = data.decode(errors="replace")[:200]
    found = VOCABULARY.meaning(text)
    assert VOCABULARY.meaning(f" {text}\n") == found
    assert isinstance(normalize(text), str)
    return found.status is not None


def graphql_document(data: bytes) -> bool:
    """A document gets data or errors; one that can be parsed is the same when it is printed and parsed again."""
    text = data.decode(errors="replace")
    with suppress(GraphQLError):
        document = parse(text, max_tokens=200, no_location=True)
        assert parse(print_ast(document), no_location=True) == document
    size = RequestSize()
    with suppress(Refusal):
        executed, result = execute({"query": text, "variables": None, "operationName": None},
                                   Mutations(size, size), lambda _: None)  # fmt: skip
        assert executed or result.errors
        return executed
    return False


def graphql_input(data: bytes) -> bool:
    """A signal or a disposition in variables is read, or its wrong fields are listed."""
    try:
        variables = parsed_object(data)
    except ValueError:
        return False
    accepted = False

    class Reading(RequestSize):
        def send_signal(self, given: Mapping[str, Any]) -> bool:
            nonlocal accepted
            with suppress(Refusal):
                signal(given, NOW)
                accepted = True
            return True

        def send_signals(self, given: Mapping[str, Any]) -> bool:
            return all(self.send_signal(each) for each in given["signals"])

        def send_dispositions(self, given: Mapping[str, Any]) -> Any:
            nonlocal accepted
            for each in given["dispositions"]:
                with suppress(Refusal):
                    disposition(each, NOW)
                    accepted = True
            return {"numberGoodDispositions": 0}

    reading = Reading()
    for document in SENDS.values():
        call: GraphqlRequest = {"query": document, "variables": variables, "operationName": None}
        execute(call, Mutations(reading, reading), lambda _: None)
    return accepted


def webhook(provider: Channel) -> Parser:
    """A body is read without an error, whatever it is; the right signature is accepted, and no other."""

    def parser(data: bytes) -> bool:
        of = PROVIDERS[provider]
        events = of.read(data)
        assert events
        if of.is_test:
            of.is_test(data)
        if of.single_use:
            of.single_use(data)
        headers = {name.lower(): (value,) for name, value in signed(provider, data, SECRET).items()}
        if provider is Channel.LEVER:
            assert of.verify(Delivery(headers, data), ["another"], NOW)
            with suppress(ValueError, TypeError, RecursionError):
                data = signed_body(data, "token", NOW, SECRET)
                assert of.read(data)
            parsed_body = parse_event(data) or {}
            is_signed = parsed_body.get("token") == "token" and parsed_body.get("triggeredAt") == NOW_MS
            assert not is_signed or of.verify(Delivery(headers, data), [SECRET], NOW) is None
            return is_signed
        assert of.verify(Delivery(headers, data), ["another", SECRET], NOW) is None
        assert of.verify(Delivery(headers, data + b" "), [SECRET], NOW)
        assert of.verify(Delivery(headers, data), ["another"], NOW)
        wrong = {name: (data.decode(errors="replace"),) for name in headers}
        assert of.verify(Delivery(wrong, data), [SECRET], NOW)
        return not isinstance(events[0], Ignored)

    return parser


def token(data: bytes) -> bool:
    """A token has a key or none, and an id token that no one signed is refused."""
    text = data.decode(errors="replace")
    found = key_id(text)
    assert found is None or text.isprintable()
    clients.client_id(text)
    try:
        ID_TOKENS.claims(text, "local")
    except Refusal:
        return found is not None
    raise AssertionError("an unsigned token is accepted")


def headers(data: bytes) -> bool:
    """Cookies, ranges and credentials are read from any header."""
    text = data.decode(errors="replace")
    names = ("Cookie", "Accept", "Accept-Language", "Authorization", "traceparent")
    request = Request.from_event({"headers": dict.fromkeys(names, text), "resource": "/"})
    assert all(0 <= each <= 1 for each in qualities(request, "Accept").values())
    assert preferred_language(request, ["en", "de"]) in {"en", "de"}
    cookie(request, "a")
    request.traceparent()
    with suppress(Refusal):
        oauth._basic_credentials(text)  # noqa: SLF001  # the parser
        return True
    return False


def form(data: bytes) -> bool:
    """A form is read as Python reads it, or refused."""
    request = Request.from_event(
        {"headers": {"Content-Type": "application/x-www-form-urlencoded"}, "body": data.decode(errors="replace")}
    )
    with suppress(Refusal):
        form_fields(request, 5000)
        found = oauth._parameters(request)  # noqa: SLF001  # the parser
        assert dict(parse_qsl(urlencode(found))) == found
        return True
    return False


def sign_in(data: bytes) -> bool:
    """The attempt in a cookie is refused, or the same when it is written and read again."""
    text = data.decode(errors="replace")
    for each in (text, _Attempt.to_cookie(data.decode("latin-1").split("|"))):  # type: ignore[arg-type]  # anything
        with suppress(Refusal):
            found = _Attempt.from_cookie(each)
            assert _Attempt.from_cookie(found.to_cookie()) == found
            assert "".join(found).encode()
            return True
    return False


def event(data: bytes) -> bool:
    """Any JSON is an event."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False
    request = Request.from_event(value)
    with suppress(Refusal):
        request.require_resource()
        request.body(100)
        return True
    return False


def _variables(file: Path) -> bytes:
    """Return the variables of a sample."""
    sample = json.loads(json.loads(file.read_text(encoding="utf-8"))["body"])["variables"]
    given = sample["input"]
    return json.dumps({"input": given if "dispositions" in given else {"signals": [given]}}).encode()


_REPORT = (
    b'{"AtsiApplicationId":"51c3be16-0f93-41ed-9cc0-9092222d7333","Status":"INTERVIEW","RawStatus":"x",'
    b'"BusinessDate":"2026-11-01T00:00:00+01:00"}'
)
_REGISTRATION = (
    b'{"AtsId":"a","ClientId":"c","JobId":"j","JobseekerId":"s","JobTitle":"t","Company":"x","AppliedAt":'
    b'"2022-07-01T09:00:00Z","Link":"https://a.test/?x","Aliases":{"Token":["t"],"Lever":{"ApplicationId":"1"}}}'
)
_FILE = (
    b"atsiApplicationId,rawStatus,status,businessDate\n51c3be16-0f93-41ed-9cc0-9092222d7333,x,HIRED,2026-01-01\n"
    b'51c3be16-0f93-41ed-9cc0-9092222d7333,"a ""b""\n c",,\n'
)
_DOCUMENTS = [
    *(each.encode() for each in SENDS.values()),
    b"{ __schema { types { name ...f } } } fragment f on __Type { kind }",
    b'mutation { a: sendSignal(input: {typeCode: "x"}) }',
]
_TOKENS = [b"atsi_live_abcdefgh_" + b"x" * 49, b"opaque", b"a.b.c", b"eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.e30.x"]
_EVENT = b'{"resource": "/x", "headers": {"A": "b"}, "body": "e30=", "isBase64Encoded": true}'

PARSERS: Mapping[str, tuple[Parser, list[bytes]]] = {
    "JSON": (json_body, [b'{"a":[1,2.5e3,"\\u00e9",null,true]}', b'{"a":1,"a":2}', b"\xef\xbb\xbf{}", b"[" * 300]),
    "fields": (report, [_REPORT, _REGISTRATION, b'{"kind":"cohort","from":"2026-09-01","by":"ats","sort":"-hired"}']),
    "moments": (moment, [b"2022-07-29T11:26:11.106Z", b"2022-07-29", b"2022-07-29t00:00:00+02:00", b"0001-01-01"]),
    "ids": (identifier, [b"{51C3BE16-0f93-41ed-9cc0-9092222d7333}", b"urn:uuid:51c3be160f9341ed9cc09092222d7333"]),
    "files": (csv_file, [_FILE, _FILE.replace(b",", b";"), _FILE.replace(b",", b"\t").decode().encode("utf-16")]),
    "rows": (csv_row, [b"id|label|HIRED|2026-01-01", b'"a|, \n|""', b" x | ;\t"]),
    "labels": (label, [b"1st phone interview", b"Absage (m/w/d) - Bewerber:in", "採用".encode(), b"Rejected?"]),
    "documents": (graphql_document, _DOCUMENTS),
    "variables": (graphql_input, [_variables(each) for each in sorted(EVENTS.glob("*.json"))]),
    **{each.value: (webhook(each), [body_of(each, name) for name in names(each)[::4]]) for each in sorted(PROVIDERS)},
    "tokens": (token, _TOKENS),
    "headers": (headers, [b"a=b; c=d", b"de-DE,de;q=0.9,*;q=0.1", b"text/html;q=1.000", b"Basic YTpi", b"Bearer x"]),
    "forms": (form, [b"grant_type=client_credentials&scope=a+b%20c", b"a=1&a=2&b"]),
    "sign-ins": (sign_in, [b"WyJhIiwgImIiLCAiYyIsICJkIl0=", b"a|b|c|d"]),
    "events": (event, [_EVENT]),
}
"""The parsers by what they read, each with the bytes to begin with."""

NAMES = list(PARSERS)


def parsed(data: bytes) -> None:
    """Give bytes to the parser that the first of them chooses."""
    if data:
        PARSERS[NAMES[data[0] % len(NAMES)]][0](data[1:])


def main() -> None:
    """Run all parsers."""
    arguments = ArgumentParser()
    arguments.add_argument("folder", type=Path, help="an empty folder, for the bytes that reach more")
    arguments.add_argument("--runs", type=int, default=-1)
    arguments.add_argument("--seconds", type=int, default=0)
    given = arguments.parse_args()
    corpus = [bytes([number]) + each for number, name in enumerate(NAMES) for each in PARSERS[name][1]]
    for each in corpus:
        parsed(each)
    if atheris is None:
        _at_random(corpus, max(given.runs, given.seconds * 2000))
        return
    for number, each in enumerate(corpus):
        given.folder.joinpath(str(number)).write_bytes(each)
    limits = [f"-runs={given.runs}", f"-max_total_time={given.seconds}", "-max_len=3000", "-timeout=20"]
    options = [*limits, "-seed=1", "-verbosity=0", "-print_final_stats=1", f"-artifact_prefix={given.folder}/"]
    atheris.Setup([sys.argv[0], str(given.folder), *options], parsed)
    atheris.Fuzz()


def _at_random(corpus: list[bytes], runs: int) -> None:
    random = Random(1)  # noqa: S311  # the same bytes in every run
    for number in range(runs):
        data = random.choice(corpus)
        (changed,) = mutated(data, random, 1)
        try:
            parsed(data[:1] + changed)
        except Exception as error:
            error.add_note(f"run {number}: {changed!r}")
            raise
    sys.stderr.write(f"stat::number_of_executed_units: {runs}\n")


if __name__ == "__main__":
    main()
