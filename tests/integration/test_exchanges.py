"""What the intakes answer, log and store stays as it is, in every name and text.

tests/data/exchanges has it, a file for each test. Integrators, alarms and other versions of the service read it, so
look at each change of these files. `WRITE_EXCHANGES=1 pytest tests/integration/test_exchanges.py` writes them anew.
"""

import json
import os
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from botocore.exceptions import ClientError

from application_status.applications import record
from application_status.applications.rules import application
from application_status.applications.rules.report import NATIVE, Channel
from application_status.labels.rules.dispositions import DispositionStatus
from application_status.platform.values import now
from application_status.quality.counters.items import unpacked
from support import dispositions, lever_events, oauth, sandbox, signals
from support.counters import COMPRESSED
from support.dynamodb_in_memory import Memory
from support.files import Station, csv
from support.native_flow import AFTERWARDS, Customer
from support.native_webhooks import body_of, names
from support.signals import complete, position_signal, signal, state
from support.webhooks import delivery
from support.world import (
    APPLICATION,
    ATS,
    FOREIGN_APPLICATION,
    OTHER_TOKEN,
    SIGNAL_TOKEN,
    SIGNALLED_APPLICATION,
    TEST_TOKEN,
    World,
    answer,
    http_event,
    sample_event,
)

STORED = Path(__file__).parents[1] / "data/exchanges"
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
UNKNOWN = "51c3be16-0000-4000-8000-000000000000"
NEW = "51c3be16-0000-4000-8000-000000000001"


class Exchanges:
    """What happened in a World in memory, whose clock stands still and whose random numbers are always the same."""

    def __init__(self, log: StringIO) -> None:
        self.world = World(Memory())
        self.before = self.world.client.saved()
        self.found: list[Any] = []
        self._log = log
        self._read = len(log.getvalue())

    def note(self, reply: Any) -> Any:
        """Note a reply and what was logged for it; return the reply."""
        lines = self._log.getvalue()[self._read :].splitlines()
        self._read += sum(len(line) + 1 for line in lines)
        logged = [json.loads(line) for line in lines if line.startswith("{")]
        shown = [{**line, "location": "", "timestamp": ""} for line in logged]
        shown.sort(key=json.dumps)  # reports of one request may be recorded at the same time
        self.found.append({"reply": _parsed(reply), "log": shown})
        return reply

    def call(
        self, function: str, method: str, path: str, body: Any = None, token: str | None = "", **headers: str
    ) -> Any:
        """Call a function, with the demo ATS's token if `token` is empty."""
        given = {} if token == "" else {"token": token}
        event = http_event(
            method, path, body, {name.replace("_", "-"): each for name, each in headers.items()}, **given
        )
        event["requestContext"]["requestId"] = f"request-{len(self.found)}"
        return self.send(function, event)

    def send(self, function: str, event: Any) -> Any:
        """Call a function with an event."""
        reply = self.note(getattr(self.world, function)(event, None))
        return answer(reply).body if reply and reply.get("body", "").startswith("{") else None

    def report(self, status: str, of: str = APPLICATION, **more: Any) -> Any:
        """Send a report."""
        headers = {"Idempotency_Key": more.pop("key")} if "key" in more else {}
        body = {"AtsiApplicationId": of, "Status": status, **more}
        return self.call("webhook", "POST", "/api/application-status", body, **headers)

    def graphql(self, query: str, given: Any) -> None:
        """Send a GraphQL request."""
        event = signals.event({"query": query, "variables": {"input": given}})
        event["requestContext"]["requestId"] = f"request-{len(self.found)}"
        self.send("signals", event)

    def count(self) -> None:
        """Process the changes of applications and positions."""
        client = self.world.client
        self.note(self.world.positions({"Records": list(client.streams["AliasesTable"])}, None))
        self.note(self.world.analytics({"Records": list(client.streams["ApplicationsTable"])}, None))

    def stored(self) -> dict[str, Any]:
        """Return the items that were added or changed, by table."""
        tables = self.world.client.saved()
        return {
            name: [_shown(item) for key, item in sorted(items.items()) if self.before[name].get(key) != item]
            for name, items in tables.items()
            if items != self.before[name]
        }


def _parsed(reply: Any) -> Any:
    """Return a reply with its body as JSON, if it is."""
    if isinstance(reply, dict) and reply.get("body", "").startswith("{"):
        return reply | {"body": json.loads(reply["body"])}
    return reply


def _shown(value: Any) -> Any:
    """Return an item as JSON, with what is compressed in it; other bytes are left out."""
    if isinstance(value, dict):
        return {name: unpacked(each) if name in COMPRESSED else _shown(each) for name, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list) else "" if isinstance(value, bytes) else value


def atsi(of: Exchanges) -> None:
    """Single reports."""
    of.report("INTERVIEW", RawStatus="On-site interview", BusinessDate="2026-11-20T12:00:00Z")
    of.report("INTERVIEW", RawStatus="On-site interview", BusinessDate="2026-11-20T12:00:00Z")
    of.report("CONTACT", RawStatus="Phone call", BusinessDate="2026-11-19T12:00:00+02:00")
    of.report("REJECTED", RawStatus="Candidate withdrew", key="key-1")
    of.report("REJECTED", RawStatus="Candidate withdrew", key="key-1")
    of.report("Zzz")
    of.report("hired", BusinessDate="tomorrow", RawStatus=7, More=1)
    of.report("HIRED", UNKNOWN)
    of.report("HIRED", FOREIGN_APPLICATION)
    of.call("webhook", "POST", "/api/application-status", {"AtsiApplicationId": APPLICATION}, token="wrong")
    of.call("webhook", "POST", "/api/application-status", "[")
    of.call("webhook", "GET", "/qs-api/public/atsi/v1/other-ats")
    of.call("views", "GET", f"/api/application-status/{APPLICATION}")
    of.call("views", "GET", f"/api/application-status/{UNKNOWN}")
    of.call("views", "GET", "/api/application-status")
    of.count()


def full_history(of: Exchanges) -> None:
    """A history beyond its limit, which is lowered, of many labels, with an end."""
    with pytest.MonkeyPatch.context() as patches:
        for module in (application, record):
            patches.setattr(module, "HISTORY_LIMIT", 14)
        for number in range(20):
            at = (START - timedelta(days=30 - number)).isoformat()
            of.report(("INTERVIEW", "OFFER")[number % 2], BusinessDate=at, RawStatus=f"label {number % 9}")
        of.report("HIRED")
    of.call("views", "GET", f"/api/application-status/{APPLICATION}")
    of.count()


def batch(of: Exchanges) -> None:
    """A batch with all results."""
    right = {"AtsiApplicationId": APPLICATION, "Status": "INTERVIEW", "BusinessDate": "2026-11-20T12:00:00Z"}
    reports = [
        right, right, right | {"Status": "OFFER", "BusinessDate": "2026-11-01T12:00:00Z", "IdempotencyKey": "k"},
        right | {"Status": "?"}, {"Status": "HIRED"}, 7, right | {"AtsiApplicationId": FOREIGN_APPLICATION},
        right | {"AtsiApplicationId": SIGNALLED_APPLICATION, "Status": "REJECTED", "RawStatus": "Absage"},
    ]  # fmt: skip
    of.call("batch", "POST", "/api/application-status/batch", {"Reports": reports})
    of.call("batch", "POST", "/api/application-status/batch", {"Reports": []})
    of.call("batch", "POST", "/api/application-status/batch", {"Reports": [right] * 101})
    of.count()


def selection_signals(of: Exchanges) -> None:
    """Signals of all kinds."""
    of.graphql(signals.ONE, signal(state("Interview", 2), previous=state("Phone screen", 1)))
    of.graphql(signals.ONE, signal(state("Interview", 2)))
    hired = state("Hired", 5, phase={"label": "End", "index": 4, "total": 4}, success=True)
    given = [signal(state("Zzz", 3)), signal(hired), signal(state("Offer", 4)), complete(), signal(state(" ", 3))]
    of.graphql(signals.MANY, {"signals": given})
    given = [signal(state(), token="unknown"), position_signal(success=True), position_signal(success=None, day=11)]
    of.graphql(signals.MANY, {"signals": [*given, position_signal(success=False, positionProfileIds=["p-9"])]})
    of.graphql(signals.ONE, {"typeCode": "?", "token": SIGNAL_TOKEN})
    of.graphql("mutation ($input: SendSignalInput!) { sendSignal(input: $input, b: 1) c }", signal())
    of.graphql("{", None)
    of.count()


def indeeds_dispositions(of: Exchanges) -> None:
    """Dispositions of all kinds."""
    dispositions.register_apply_ids(of.world)
    person = {"jobIdentifier": {"employerJobId": "j"}, "jobSeekerIdentifier": {"emailAddress": "x@person.test"}}
    each = dispositions.disposition
    given = [
        each("INTERVIEW", "On-site", 3), each("INTERVIEW", "On-site", 3), each("SCREEN", "Zzz", 2),
        each("NOT_SELECTED", "Absage", 4), each("UNABLE_TO_MAP", "Zzz", 5), each("INTERVIEW", "x" * 201, 6),
        each("HIRED", "Hired", 7, identifiedBy={"indeedApplyID": dispositions.APPLY_ID}),
        each("HIRED", "Hired", 7, identifiedBy={"indeedApplyID": dispositions.FOREIGN_APPLY_ID}),
        each(identifiedBy={"alternateIdentifier": person}), each(statusChangeDateTime="9999-01-01T00:00:00Z"),
    ]  # fmt: skip
    of.graphql(dispositions.SEND, {"dispositions": given})
    of.graphql(dispositions.SEND, {"dispositions": [each(status.value, "", 8) for status in DispositionStatus]})
    of.graphql(dispositions.SEND, {"dispositions": given[:1] * 101})
    of.count()


_ID, _TEXT = re.compile(r"(?i).*id"), re.compile(r"(?i)name|stage|title|status|.*reason.*")


def _without(part: re.Pattern[str], value: Any, depth: int = 0) -> Any:
    """Return an event without the members of such names, but for those at the top."""
    if isinstance(value, list):
        return [_without(part, each, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without(part, each, depth + 1) for name, each in value.items() if not (depth and part.fullmatch(name))
    }


def webhooks(provider: Channel) -> Callable[[Exchanges], None]:
    """Return a test of all recorded deliveries of a provider."""

    def send(of: Exchanges) -> None:
        """Before and after the application is registered, wrongly signed, and about nothing."""
        customer = Customer.of(of.world, provider, "client-1")
        bodies = [body_of(provider, name) for name in names(provider)]
        empty = [b"[]", b'{"event":"x","action":"x","event_type":"x","data":{},"payload":{}}']
        lacking = [json.dumps(_without(part, json.loads(body))).encode() for body in bodies for part in (_ID, _TEXT)]

        def deliver(body: bytes) -> None:
            if provider is Channel.LEVER and body in lacking:  # a signed token is for one body
                body = lever_events.signed_body(body, f"token-{len(of.found)}", now())
            reply = customer.send(body)
            of.note([reply.status, reply.headers, reply.body])

        for body in bodies[::3]:
            deliver(body)
        customer.register()
        for body in bodies + empty + lacking:
            deliver(body)
        event = delivery(customer.created, bodies[0], {"Signature": "sha256 x", "Ashby-Signature": "x"})
        of.send("connect", event | {"requestContext": event["requestContext"] | {"requestId": "r"}})
        event = http_event("GET", f"/api/connections/{customer.created.connection.id}", token=None)
        claims = {"claims": {"cognito:groups": "staff"}}
        of.send("views", event | {"requestContext": event["requestContext"] | {"requestId": "r", "authorizer": claims}})
        of.count()

    return send


def file(of: Exchanges) -> None:
    """A file with rows of all kinds, the same file again, and files that are refused."""
    station = Station(of.world)
    rows = [
        f"{APPLICATION},On-site interview,,2026-11-20", f"{APPLICATION},Zzz,,2026-11-21", f"{APPLICATION},,OFFER,",
        f"{APPLICATION},,CONTACT,2026-11-01T12:00:00Z", f"{UNKNOWN},Absage,,", "x,,?,tomorrow", f"{APPLICATION},,,",
        f"{SIGNALLED_APPLICATION},Absage,REJECTED,2026-11-20T12:00:00+01:00",
    ]  # fmt: skip
    for content in (csv(*rows), csv(*rows), b"", b"x,y\n1,2\n", csv('a,"b')):
        found = station.imported(content)
        of.note([str(found), station.s3.objects.get(found.refused_rows_key, b"").decode()])
        of.call("files", "GET", f"/api/application-status/files/{found.id}")
    of.call("files", "POST", "/api/application-status/files")
    of.call("files", "GET", f"/api/application-status/files/{UNKNOWN}")
    of.count()


def registrations(of: Exchanges) -> None:
    """Registrations, aliases and erasures."""
    aliases = {"Token": ["t-1"], "PositionProfileIds": ["p-1"], "ApplyId": ["a-1"], "AtsiApplicationId": [UNKNOWN]}
    native = {"Greenhouse": {"ApplicationId": "700100"}, "Lever": {"CandidateId": "o", "ApplicationId": "a"}}
    body = {
        "AtsId": ATS, "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1", "JobTitle": "Koch",
        "Company": "Example GmbH", "AppliedAt": "2026-11-01T09:00:00Z", "Location": "Berlin", "Link": "https://a.test",
        "Aliases": aliases | native,
    }  # fmt: skip
    path = f"/api/applications/{NEW}"
    for given in (body, body, body | {"JobTitle": "Chef"}, body | {"AtsId": "other-ats"}, body | {"AppliedAt": "x"}):
        of.call("registry", "PUT", path, given, token=None)
    of.call("registry", "PUT", f"/api/applications/{APPLICATION}", body, token=None)
    more: dict[str, Any] = {"Token": ["t-2"], "Greenhouse": {"CandidateId": "500200", "JobId": "9"}}
    for added in (more, more, {"Token": [SIGNAL_TOKEN]}, {"Ashby": {"x": "y"}}, {"AtsiApplicationId": [APPLICATION]}):
        of.call("registry", "PATCH", f"{path}/aliases", {"Aliases": added}, token=None)
    of.call("registry", "PUT", f"/api/applications/{UNKNOWN}", body, token=None)
    of.report("INTERVIEW", UNKNOWN)
    for each in (UNKNOWN, NEW, APPLICATION, "51c3be16-0000-4000-8000-000000000009"):
        of.call("registry", "DELETE", f"/api/applications/{each}", token=None)
    of.report("OFFER", NEW)
    of.call("registry", "PUT", path, body, token=None)
    of.call("registry", "GET", "/api/feedback", token=None)
    of.count()


def sandbox_requests(of: Exchanges) -> None:
    """Requests to the sandbox and with test tokens."""
    made = of.call("sandbox", "POST", sandbox.PATH, token=TEST_TOKEN)
    of.call("sandbox", "POST", sandbox.PATH, {"x": 1})
    body = {"AtsiApplicationId": made["AtsiApplicationId"], "Status": "INTERVIEW", "RawStatus": "Interview"}
    of.call("webhook", "POST", "/api/application-status", body, token=TEST_TOKEN)
    of.call("webhook", "POST", "/api/application-status", body | {"Status": "?"}, token=TEST_TOKEN)
    of.call("webhook", "POST", "/api/application-status", body | {"AtsiApplicationId": APPLICATION}, token=TEST_TOKEN)
    sent = [signal(state("Offer", 4), token=made["Aliases"]["Token"][0]), signal(state("Offer", 4), token="unknown")]
    of.send(
        "signals", signals.event({"query": signals.MANY, "variables": {"input": {"signals": sent}}}, token=TEST_TOKEN)
    )
    of.call("views", "GET", "/api/sandbox/requests", token=TEST_TOKEN)
    of.call("views", "GET", f"/api/application-status/{made['AtsiApplicationId']}", token=TEST_TOKEN)


def access_tokens(of: Exchanges) -> None:
    """Access tokens, and requests with wrong credentials."""
    given = oauth.GRANT | oauth.Credentials()._asdict()
    for each in (given, given | {"client_secret": "x"}, given | {"grant_type": "password"}, {}):
        of.call("oauth", "POST", oauth.PATH, each, token=None)
    of.call("views", "GET", f"/api/application-status/{APPLICATION}", token=OTHER_TOKEN)


def failures(of: Exchanges) -> None:
    """Requests while the table refuses writes."""
    reply: Any = {"Error": {"Code": "AccessDeniedException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}

    def refuse(**_: Any) -> None:
        raise ClientError(reply, "UpdateItem")

    of.world.client.update_item = refuse
    right = {"AtsiApplicationId": APPLICATION, "Status": "INTERVIEW"}
    of.report("INTERVIEW")
    of.call("batch", "POST", "/api/application-status/batch", {"Reports": [right, {}]})
    of.graphql(signals.MANY, {"signals": [signal(), signal(typeCode="?")]})
    of.graphql(dispositions.SEND, {"dispositions": [dispositions.disposition()]})


def merge(of: Exchanges) -> None:
    """The merge of a day's counts."""
    of.report("INTERVIEW", BusinessDate="2026-11-20T12:00:00Z")
    of.report("HIRED", SIGNALLED_APPLICATION)
    of.count()
    with time_machine.travel(now() + timedelta(days=1), tick=False):
        of.note(of.world.merge(sample_event("MergeFunction/scheduled"), None))


EXCHANGES: dict[str, Callable[[Exchanges], None]] = {
    "atsi": atsi,
    "full-history": full_history,
    "batch": batch,
    "signals": selection_signals,
    "dispositions": indeeds_dispositions,
    **{each.value: webhooks(each) for each in sorted(NATIVE)},
    "file": file,
    "registrations": registrations,
    "sandbox": sandbox_requests,
    "access-tokens": access_tokens,
    "failures": failures,
    "merge": merge,
}


@pytest.fixture
def exchanges(log: StringIO, monkeypatch: pytest.MonkeyPatch) -> Exchanges:
    chance = random.Random(18)  # noqa: S311  # the same in every run
    monkeypatch.setattr("secrets.token_bytes", chance.randbytes)
    monkeypatch.setattr("secrets.choice", chance.choice)
    monkeypatch.setattr("uuid.uuid4", lambda: UUID(int=chance.getrandbits(128), version=4))
    with time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC), tick=False):
        return Exchanges(log)


@pytest.mark.parametrize("name", EXCHANGES)
def test_exchanges_stay_as_they_are(name: str, exchanges: Exchanges, capsys: pytest.CaptureFixture[str]) -> None:
    """Replies, log lines, metrics and items."""
    with time_machine.travel(AFTERWARDS[Channel(name)] if name in NATIVE else START, tick=False):
        EXCHANGES[name](exchanges)
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    metrics = [dict(sorted(each.items())) for each in metrics]  # those of a request may be added at the same time
    for each in metrics:
        for kind in each["_aws"]["CloudWatchMetrics"]:
            kind["Metrics"].sort(key=lambda metric: metric["Name"])
    found = {"exchanges": exchanges.found, "metrics": metrics, "stored": exchanges.stored()}
    text = json.dumps(found, indent=1, ensure_ascii=False, default=str) + "\n"
    file = STORED / f"{name}.json"
    if os.environ.get("WRITE_EXCHANGES"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
