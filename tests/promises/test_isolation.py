"""Five ATSs call every operation of the API about what is their own, another's, erased and unknown."""

import gc
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import partial
from io import StringIO
from itertools import product
from random import Random
from statistics import median
from types import FrameType
from typing import Any, get_args

import pytest
import time_machine

from application_status.access.assignments import ATS_CLAIM, CLIENT_CLAIM, JOBSEEKER_CLAIM
from application_status.access.rules import key_id
from application_status.applications.record import UnknownApplications
from application_status.applications.rules.registration import Aliases
from application_status.intake.graphql.schema import SCHEMA
from application_status.jobseeker.forms import ACTIONS
from application_status.platform.values import now, to_text
from application_status.quality.reports.query import QualityQuery, ReportKind
from openapi.operations import OPERATIONS, PAGES
from support import dispositions, oauth, signals, webhooks
from support.estates import Caller, Estate, Ids, Watched, answered, five, form, unknown_ids
from support.proof import IN_FULL, Figure, amount
from support.world import HOST, ROUTES, World

type Probe = Callable[[Caller, Ids], dict[str, Any]]
"""Makes the event of a request of a caller that names ids."""

KINDS: tuple[str, ...] = get_args(ReportKind.__value__)
RANDOM = Random(20_261_127)  # noqa: S311  # chooses requests
FROM_PAGE = {"Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}


def report(path: str, **more: str) -> Probe:
    """Report about an application; `second` names it by its second id."""
    headers = {"Idempotency-Key": "key-1"} if "keyed" in more else {}
    own = {name: value for name, value in more.items() if name not in {"keyed", "second"}}

    def probe(caller: Caller, ids: Ids) -> dict[str, Any]:
        of = ids.second if "second" in more else ids.application
        body = {"AtsiApplicationId": of, "Status": "OFFER"} | own
        return caller.request("POST", path.format(ids=ids, own=caller.ids), body, headers)

    return probe


def batch(*more: str) -> Probe:
    """Report about an application in a batch, alone or between reports of one's own."""

    def probe(caller: Caller, ids: Ids) -> dict[str, Any]:
        mine, asked = ({"AtsiApplicationId": each.application, "Status": "OFFER"} for each in (caller.ids, ids))
        reports = [mine, asked, mine] if more else [asked]
        return caller.request("POST", "/api/application-status/batch", {"Reports": reports})

    return probe


def signal(*kinds: str, day: int = 1, complete: bool = False) -> Probe:
    """Send a signal of a day that names an application by these aliases, or a position."""

    def probe(caller: Caller, ids: Ids) -> dict[str, Any]:
        values = {"token": ids.token, "candidateApplicationProfileId": ids.profile}
        if kinds == ("positionProfileIds",):
            sent = signals.position_signal(success=False, positionProfileIds=[ids.position])
        else:
            named = {"token": None} | {kind: values[kind] for kind in kinds}
            sent = signals.complete(**named) if complete else signals.signal(signals.state("Offer", day), **named)
        return caller.request("POST", "/graphql", {"query": signals.ONE, "variables": {"input": sent}})

    return probe


def signal_batch(caller: Caller, ids: Ids) -> dict[str, Any]:
    """Send signals about one's own application and another."""
    current = signals.state("Offer", 14)
    sent = [signals.signal(current, token=each.token) for each in (caller.ids, ids)]
    return caller.request("POST", "/graphql", {"query": signals.MANY, "variables": {"input": {"signals": sent}}})


def deprecated_signal(caller: Caller, ids: Ids) -> dict[str, Any]:
    """Send an ApplicationComplete by the deprecated mutation."""
    document = "mutation ($input: SendApplicationSignalInput!) { sendApplicationSignal(input: $input) }"
    sent = {"typeCode": "ApplicationComplete", "schemeId": "seekAnz", "token": ids.token}
    return caller.request("POST", "/graphql", {"query": document, "variables": {"input": sent}})


def disposition(name: str, status: str = "INTERVIEW") -> Probe:
    """Send a disposition that names an application by an id of this name."""

    def probe(caller: Caller, ids: Ids) -> dict[str, Any]:
        sent = dispositions.disposition(status, identifiedBy={"indeedApplyID": getattr(ids, name)})
        body = {"query": dispositions.SEND, "variables": {"input": {"dispositions": [sent]}}}
        return caller.request("POST", "/graphql", body)

    return probe


def get(path: str, **query: str) -> Probe:
    """Get a path and query in which `{ids.name}` stands for an id."""

    def probe(caller: Caller, ids: Ids) -> dict[str, Any]:
        values = {name.rstrip("_"): value.format(ids=ids, own=caller.ids) for name, value in query.items()}
        return caller.request("GET", path.format(ids=ids), None, {"Accept": "application/json, text/html"}, **values)

    return probe


def delivery(connection: str, native: str) -> Probe:
    """Deliver a signed event to a connection, with the key of the caller's own."""

    def probe(caller: Caller, ids: Ids) -> dict[str, Any]:
        whose = {"own": caller.ids, "named": ids}
        key, secret = caller.estate.connection.key, f"{caller.estate.name}-webhook-secret"
        path = f"/connect/greenhouse/{whose[connection].connection}/{key}"
        body = webhooks.stage(application=whose[native].native)
        event = caller.request("POST", path, None, webhooks.signed(body, secret))
        return event | {"body": body.decode()}

    return probe


def access_token(path: str) -> Probe:
    """Ask for an access token of a client, with one's own secret."""

    def probe(caller: Caller, ids: Ids) -> dict[str, Any]:
        secret = (caller.estate.test_client if caller.is_test else caller.estate.client).client_secret
        return caller.request("POST", path, form(**oauth.GRANT, client_id=ids.oauth_client, client_secret=secret))

    return probe


def jobseekers_form(action: str) -> Probe:
    """Send a form of the page of an application."""

    def probe(caller: Caller, ids: Ids) -> dict[str, Any]:
        body = form(do=action, status=f"interview@{to_text(now())}", reason="other", text="not me")
        return caller.request("POST", "/my/applications", body, FROM_PAGE, application=ids.application)

    return probe


FILTERS: Mapping[str, Mapping[str, str]] = {
    "ats": {"ats": "{ids.ats}"},
    "client": {"client": "{ids.client}"},
    "job": {"client": "{ids.client}", "job": "{ids.job}"},
    "job of an own client": {"client": "{own.client}", "job": "{ids.job}"},
}
"""What both the API and the page can be asked about."""


def qualities(path: str) -> dict[str, Probe]:
    """Ask for every kind of report, with every filter that can name somebody."""
    filters: Mapping[str, Mapping[str, str]] = {
        **FILTERS,
        "search in clients": {"by": "client", "search": "{ids.client}"},
        "search in jobs": {"by": "job", "client": "{own.client}", "search": "{ids.job}"},
        "search in ATSs": {"by": "ats", "search": "{ids.ats}"},
        "ats and client": {"by": "client", "ats": "{ids.ats}"},
    }
    return {
        f"{kind} by {name}": get(path, kind=kind, **query) for kind, (name, query) in product(KINDS, filters.items())
    }


def quality_pages() -> dict[str, Probe]:
    """Ask for the quality page, with every parameter that can name somebody."""
    filters: Mapping[str, Mapping[str, str]] = {
        **FILTERS,
        "typed job": {"job": "{ids.job}", "typed": "job"},
        "list": {"client": "{ids.client}", "by": "client"},
        "tables": {"client": "{ids.client}", "csv": "all"},
    }
    return {name: get("/quality", **query) for name, query in filters.items()}


REPORT, ONE = "/api/application-status", "/api/application-status/{ids.application}"
OF_ATSS: Mapping[str, Mapping[str, Probe]] = {
    "post /api/application-status": {
        "status": report(REPORT),
        "dated": report(REPORT, BusinessDate="2022-08-01T12:00:00Z"),
        "with a key": report(REPORT, keyed="yes"),
        "with a label": report(REPORT, Status="REJECTED", RawStatus="Candidate withdrew"),
        "by its second id": report(REPORT, second="yes"),
    },
    "post /qs-api/public/atsi/v1/{ATS_ID}": {
        "at the own path": report("/qs-api/public/atsi/v1/{own.ats}"),
        "at the path of an ATS": report("/qs-api/public/atsi/v1/{ids.ats}"),
    },
    "post /api/application-status/batch": {"alone": batch(), "among its own": batch("mixed")},
    "get /api/application-status/{AtsiApplicationId}": {
        "by its id": get(ONE),
        "by its second id": get("/api/application-status/{ids.second}"),
    },
    "get /api/application-status/files/{FileId}": {"file": get("/api/application-status/files/{ids.file}")},
    "post /graphql": {
        "token": signal("token", day=11),
        "profile": signal("candidateApplicationProfileId", day=12),
        "token and profile": signal("token", "candidateApplicationProfileId", day=13),
        "position": signal("positionProfileIds"),
        "complete": signal("token", complete=True),
        "signals": signal_batch,
        "deprecated": deprecated_signal,
        "apply id": disposition("apply_id"),
        "application": disposition("application"),
        "second id": disposition("second"),
        "without a status": disposition("application", "NEW"),
    },
    "post /oauth/token": {"client": access_token("/oauth/token")},
    "post /oauth/v2/tokens": {"client": access_token("/oauth/v2/tokens")},
    "post /connect/{provider}/{connectionId}/{key}": {
        "application": delivery("own", "named"),
        "connection": delivery("named", "own"),
    },
    "get /api/quality": qualities("/api/quality"),
}
"""Requests of an ATS that name something, by operation."""

WITHOUT_IDS: Mapping[str, Mapping[str, Probe]] = {
    "get /api/application-status": {"list": get(REPORT), "list from an id on": get(REPORT, after="{ids.application}")},
    "post /api/application-status/files": {"create": lambda caller, _: caller.request("POST", f"{REPORT}/files")},
    "post /api/sandbox/applications": {
        "create": lambda caller, _: caller.request("POST", "/api/sandbox/applications", {})
    },
    "get /api/sandbox/requests": {"list": get("/api/sandbox/requests")},
    "post /sandbox/requests": {
        "page": lambda caller, _: caller.request("POST", "/sandbox/requests", form(token=caller.token))
    },
    "get /graphql": {"introspection": get("/graphql", query="{{ __schema {{ mutationType {{ name }} }} }}")},
    "get /api/quality": {kind: get("/api/quality", kind=kind) for kind in KINDS},
}
"""Requests of an ATS that name nothing, so all that they return must be its own."""

OF_PEOPLE: Mapping[str, Mapping[str, Probe]] = {
    "get /api/my/quality": qualities("/api/my/quality"),
    "get /quality": quality_pages(),
    "get /api/connections/{connectionId}": {"connection": get("/api/connections/{ids.connection}")},
    "get /connections/{connectionId}": {"connection": get("/connections/{ids.connection}")},
    "get /api/my/applications": {"search": get("/api/my/applications", search="{ids.title}")},
    "get /api/my/applications/{AtsiApplicationId}": {"one": get("/api/my/applications/{ids.application}")},
    "get /my/applications": {
        "one": get("/my/applications", application="{ids.application}"),
        "search": get("/my/applications", search="{ids.title}"),
    },
    "post /my/applications": {action: jobseekers_form(action) for action in ACTIONS},
}
"""Requests of signed-in people that name something."""

PEOPLE_WITHOUT_IDS: Mapping[str, Mapping[str, Probe]] = {
    "get /api/my/quality": {kind: get("/api/my/quality", kind=kind) for kind in KINDS},
    "get /quality": {
        "page": get("/quality"),
        "tables": get("/quality", csv="all"),
        "meaning": get("/quality", show="definitions"),
    },
    **{
        f"get {path}": {show: get(path, show=show) for show in ("current", "archived")}
        for path in ("/api/my/applications", "/my/applications")
    },
}

PUBLIC = {
    *("get /health", "head /health", "get /docs", "get /docs/{File}", "get /problems/{Type}", "get /{proxy+}"),
    *("get /sign-in", "get /sign-out", "get /sign-in/callback", "get /sandbox/requests"),
    "get /api/quality/definitions",
}
"""Operations that read nothing of anybody."""


def operations() -> set[str]:
    """Return every operation that is not for the board's own systems, whose requests AWS signatures protect."""
    of_board = {route.path for route in ROUTES if route.authorizer == "AWS_IAM"}
    described = {
        f"{each.method} {path}" for path, all_of in OPERATIONS.items() for each in all_of if path not in of_board
    }
    posted = {"post /my/applications", "post /sandbox/requests"}
    return described | {f"get {path}" for path in PAGES} | posted


def require_all_ways_to_name_something() -> None:
    """Fail for a new operation, kind of alias, filter or mutation, for which a request is missing here."""
    assert operations() == {*OF_ATSS, *WITHOUT_IDS, *OF_PEOPLE, *PEOPLE_WITHOUT_IDS, *PUBLIC}
    aliases = {"tokens", "candidate_application_profile_ids", "position_profile_ids", "apply_ids", "native"}
    assert {each.name for each in fields(Aliases)} == aliases | {"second_ids"}
    filters = {"ats", "client", "job", "search", "after"}
    assert QualityQuery.model_fields.keys() == filters | {"kind", "interval", "first", "last", "by", "sort"}
    assert SCHEMA.mutation_type
    mutations = {"sendSignal", "sendSignals", "sendApplicationSignal", "partnerDisposition"}
    assert SCHEMA.mutation_type.fields.keys() == mutations


@dataclass
class Examined:
    """How many requests were sent by what they named, and the probes whose own ids made a difference."""

    sent: Counter[str] = field(default_factory=Counter)
    told_apart: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        parts = ", ".join(f"{amount:,} {kind}" for kind, amount in self.sent.items())
        return f"0 leaks and 0 changes in {self.sent.total():,} requests ({parts})"


@pytest.fixture
def world() -> Iterator[World]:
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False):
        yield World(Watched(), providers=webhooks.PROVIDERS)


@contextmanager
def quiet() -> Iterator[None]:
    """Write no log lines and metrics: test_canaries.py reads them."""
    logging.disable()
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


def others(estates: Sequence[Estate]) -> Iterator[tuple[Estate, list[Estate]]]:
    """Yield each ATS with the others."""
    for each in estates:
        yield each, [other for other in estates if other is not each]


def with_live_tokens(estates: Sequence[Estate]) -> list[Caller]:
    """Return each ATS with its token, and with an access token of its client."""
    return [
        Caller(each, rest, name, each.ids, token, [each.in_sandbox._replace(ats="nobody-ats")])
        for each, rest in others(estates)
        for name, token in (("token", each.token), ("access token", oauth.access_token(each.world, each.client)))
    ]


def with_test_tokens(estates: Sequence[Estate]) -> list[Caller]:
    """Return each ATS with its test token."""
    return [
        Caller(each, rest, "test token", each.in_sandbox, each.test_token, [each.ids._replace(ats="nobody-ats")])
        for each, rest in others(estates)
    ]


def people(estates: Sequence[Estate]) -> list[Caller]:
    """Return a user of each ATS, a user of its client, and its jobseeker."""
    return [
        Caller(each, rest, claim, each.ids, claims={claim: value})
        for each, rest in others(estates)
        for claim, value in (
            (ATS_CLAIM, each.ids.ats),
            (CLIENT_CLAIM, each.ids.client),
            (JOBSEEKER_CLAIM, f"{each.name}-jobseeker"),
        )
    ]


def each_with[Probed](probes: Iterable[Probed], callers: Sequence[Caller]) -> Iterator[tuple[Probed, Caller]]:
    """Yield each probe with all callers or, in short, with one caller of each kind."""
    kinds = [[each for each in callers if each.name == name] for name in dict.fromkeys(each.name for each in callers)]
    for probe in probes:
        for kind in kinds:
            yield from ((probe, caller) for caller in RANDOM.sample(kind, amount(1, len(kind))))


def examine(
    examined: Examined,
    callers: Sequence[Caller],
    probes: Mapping[str, Mapping[str, Probe]],
    *,
    accepts_unknown: bool = False,
) -> None:
    """Send every request by every caller about all ids; the reply must be that to an unknown id, or to an erased one.

    The own id comes first, so that nothing of the caller's changes afterwards.
    """
    for operation, cases in probes.items():
        for (name, probe), caller in each_with(cases.items(), callers):
            own = answered_about(caller, probe, caller.ids, own=True)
            examined.sent["own"] += 1
            has_changed = any(not is_log(caller, each) for each in caller.estate.world.client.changes)
            rest = RANDOM.sample(caller.rest, amount(1, len(caller.rest)))
            named = {
                "foreign": [each.ids for each in rest],
                "of the other kind": [] if accepts_unknown else [*(each.in_sandbox for each in rest), *caller.apart],
                "erased": [each.erased for each in (caller.estate, *rest)],
                "unknown": [] if accepts_unknown else [unknown_ids("nobody")],
            }
            replies = {}
            for kind, some in named.items():
                for ids in some:
                    replies[answered_about(caller, probe, ids)] = f"{kind} {ids}"
                    examined.sent[kind] += 1
            assert len(replies) == 1, f"{operation}, {name}, {caller.name}: {replies}"
            if has_changed or own not in replies:
                examined.told_apart.add(f"{operation}, {name}")


def answered_about(caller: Caller, probe: Probe, ids: Ids, *, own: bool = False) -> str:
    """Return a reply as text with a placeholder for each id that was sent.

    Nothing of other ATSs may be in the reply or in what changes; only an own id may change more than the caller's log.
    """
    world, event = caller.estate.world, probe(caller, ids)
    sent = json.dumps(event) + sent_before(caller)
    world.client.changes.clear()
    reply = answered(world, event)
    changed = world.client.changes
    text = json.dumps([reply["statusCode"], [*reply["headers"].items()], reply["body"]], ensure_ascii=False)
    assert reply["statusCode"] < 500, text
    hidden = [secret for each in caller.rest for secret in each.secrets if secret not in sent]
    for place in (text, *changed):
        assert not [secret for secret in hidden if secret in place], f"{event} leaked {place}"
    for each in changed:
        assert own or is_log(caller, each), f"{event} changed {each}"
    return ids.hidden_in(text)


def sent_before(caller: Caller) -> str:
    """Return what the log of the caller's test token has."""
    log = caller.estate.world.client.tables["SandboxRequestsTable"]
    return " ".join(str(item) for key, item in log.items() if key[0] in caller.token) if caller.is_test else ""


def is_log(caller: Caller, change: str) -> bool:
    """Return whether a change only notes the caller's request: in its log, its connection's, or as a parked event."""
    account = f"greenhouse#{caller.ids.ats}#{caller.ids.client}"
    logs = [
        *([f"SandboxRequestsTable ('{key_id(caller.token)}', "] if caller.is_test else []),
        f"ConnectionsTable ('{caller.ids.connection}', 'activity')",
        f"AliasesTable ('parked#{account}#",
        f"AliasesTable ('parked#{account}',",
    ]
    return change.startswith(tuple(logs))


def examine_lists(examined: Examined, callers: Sequence[Caller], probes: Mapping[str, Mapping[str, Probe]]) -> None:
    """Send the requests that name nothing, which return and change only what is the caller's."""
    for cases in probes.values():
        for probe, caller in each_with(cases.values(), callers):
            answered_about(caller, probe, caller.ids, own=True)
            examined.sent["lists"] += 1


def answered_alike(examined: Examined, probes: Mapping[str, Mapping[str, Probe]]) -> set[str]:
    """Return the requests, but for quality reports, that are answered alike whatever they name, and change nothing."""
    of_others = {each for each in names(probes) if "quality" not in each}
    return of_others - examined.told_apart


def names(probes: Mapping[str, Mapping[str, Probe]]) -> set[str]:
    """Return the name of each probe."""
    return {f"{operation}, {name}" for operation, cases in probes.items() for name in cases}


def test_no_ats_reads_or_writes_anothers(world: World, figure: Figure) -> None:
    """No ATS reads or changes anything of another, and cannot find out what exists.

    Each of five ATSs sends every request about its own ids, another's, erased and unknown ones, with a token, an access
    token and a test token. Replies to all but the own ids are the same bytes, and no table changes.
    """
    require_all_ways_to_name_something()
    estates, examined = five(world), Examined()
    live, test = with_live_tokens(estates), with_test_tokens(estates)
    not_of_tokens = {"post /connect/{provider}/{connectionId}/{key}"}
    of_tests = {operation: cases for operation, cases in OF_ATSS.items() if operation not in not_of_tokens}
    with quiet():
        examine(examined, live, OF_ATSS)
        examine(examined, test, of_tests)
        examine_lists(examined, [*live, *test], WITHOUT_IDS)
        assert not answered_alike(examined, OF_ATSS)
        assert {f"get /api/quality, {kind} by ats" for kind in KINDS} <= examined.told_apart
        accepting = World(Watched(), UnknownApplications.ACCEPT, providers=webhooks.PROVIDERS)
        accepted = {each: OF_ATSS[each] for each in OF_ATSS if "application-status" in each or "qs-api" in each}
        examine(examined, with_live_tokens(five(accepting)), accepted, accepts_unknown=True)
    figure(str(examined))


def test_people_see_only_their_own(world: World, figure: Figure) -> None:
    """No client sees another client's data, and no jobseeker another jobseeker's."""
    estates, examined = five(world), Examined()
    with quiet():
        examine(examined, people(estates), OF_PEOPLE)
        examine_lists(examined, people(estates), PEOPLE_WITHOUT_IDS)
    assert not answered_alike(examined, OF_PEOPLE)
    assert {f"get /api/my/quality, {kind} by ats" for kind in KINDS} <= examined.told_apart
    assert {*(f"get /quality, {each}" for each in quality_pages())} <= examined.told_apart
    figure(str(examined))


class Stopwatch:
    """A client that measures the processor time of its calls, in nanoseconds."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.spent = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        return partial(self._call, found) if callable(found) else found

    def _call(self, method: Callable[..., Any], **request: Any) -> Any:
        start = time.process_time_ns()
        try:
            return method(**request)
        finally:
            self.spent += time.process_time_ns() - start


TIMED: Mapping[str, Probe] = {
    "report": report(REPORT),
    "batch": batch(),
    "read back": get(ONE),
    "signal": signal("token"),
    "disposition": disposition("application"),
    "file": get("/api/application-status/files/{ids.file}"),
    "one of a jobseeker": get("/api/my/applications/{ids.application}"),
}


def make_a_long_history(of: Estate) -> None:
    """Report about the application many times."""
    for day in range(amount(60, 200)):
        when = to_text(now() - timedelta(days=400 - day))
        body = {"AtsiApplicationId": of.ids.application, "Status": "OFFER", "RawStatus": f"{day}", "BusinessDate": when}
        assert of.sent("POST", REPORT, body)["statusCode"] == 200


def lines_executed(world: World, event: Mapping[str, Any]) -> int:
    """Return how many lines of the package a request executes."""
    lines = 0

    def trace(frame: FrameType, what: str, _: Any) -> Any:
        nonlocal lines
        lines += what == "line"
        return trace if "application_status" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        answered(world, event)
    finally:
        sys.settrace(before)
    return lines


def medians(world: World, events: Mapping[str, Callable[[], dict[str, Any]]], requests: int) -> dict[str, float]:
    """Return the median processor time of each kind of request, without that of the store, in microseconds.

    They are sent in a random order.
    """
    order = [kind for kind in events for _ in range(requests // len(events))]
    RANDOM.shuffle(order)
    spent: dict[str, list[int]] = {kind: [] for kind in events}
    gc.disable()
    try:
        for kind in order:
            event = events[kind]()
            world.client.spent, start = 0, time.process_time_ns()
            answered(world, event)
            spent[kind].append(time.process_time_ns() - start - world.client.spent)
    finally:
        gc.enable()
    return {kind: median(some) / 1000 for kind, some in spent.items()}


def apart(found: Mapping[str, float]) -> float:
    """Return by how much the largest exceeds the smallest, in percent."""
    return 100 * (max(found.values()) / min(found.values()) - 1)


def test_time_tells_nothing(figure: Figure) -> None:
    """The time of a reply does not show whether an id exists.

    In short, the lines that each request executes are counted; in full, 10,000 requests of each kind are also timed.
    """
    world = World(Stopwatch(Watched()), providers=webhooks.PROVIDERS)
    estates = five(world)
    make_a_long_history(estates[1])
    ats, jobseeker = with_live_tokens(estates)[0], people(estates)[2]
    worst: dict[str, float] = {"lines": 0, "time": 0}
    with quiet():
        for name, probe in TIMED.items():
            caller = jobseeker if "jobseeker" in name else ats
            subjects = {
                "foreign": estates[2].ids,
                "foreign with a long history": estates[1].ids,
                "foreign by its second id": estates[2].ids._replace(application=estates[2].ids.second),
                "erased": caller.estate.erased,
                "another's erased": estates[1].erased,
                "unknown": unknown_ids("nobody"),
            }
            events = {kind: partial(probe, caller, ids) for kind, ids in subjects.items()}
            for event in events.values():
                answered(world, event())
            lines = {kind: lines_executed(world, event()) for kind, event in events.items()}
            assert apart(lines) <= 5, f"{name}: {lines}"
            worst["lines"] = max(worst["lines"], apart(lines))
            if IN_FULL:
                times = medians(world, events, 10_000)
                assert apart(times) <= 5, f"{name}: {times}"
                worst["time"] = max(worst["time"], apart(times))
    if IN_FULL:
        figure(f"medians at most {worst['time']:.1f} % apart over 10,000 requests of each of {len(TIMED)} operations")
    else:
        figure(f"lines executed at most {worst['lines']:.1f} % apart, {len(TIMED)} operations")
