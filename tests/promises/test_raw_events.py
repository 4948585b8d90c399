"""Raw events for all routes: good requests that are wrong in their bytes, values, parts and types."""

import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stdout
from functools import cache
from multiprocessing import get_context
from typing import Any

from application_status.applications.record import UnknownApplications
from application_status.platform.telemetry import logger
from support import odd_events
from support.dynamodb_in_memory import Memory
from support.good_requests import GoodRequests
from support.odd_values import Odd
from support.proof import IN_FULL, Figure, amount
from support.world import HTTP_FUNCTIONS, TEMPLATE, World

EVENTS_A_SEED = 1000
LONGEST_REPLY_BYTES = 1_000_000
FUNCTIONS = {(route.path, route.method): route.function for route in TEMPLATE.routes()}
ROUTES = sorted({route.path for route in TEMPLATE.routes()})
CHECKED_BEFORE = {"Users", "AWS_IAM"}
"""API Gateway calls functions with these authorizers for signed-in users and the board alone."""

SHARES = {
    "/api/application-status": 12, "/connect/{provider}/{connectionId}/{key}": 12, "/oauth/token": 6,
    "/api/application-status/batch": 4, "/api/applications/{AtsiApplicationId}": 6, "/sign-in/callback": 6,
    "/graphql": 1.5, "/quality": 0.7, "/connections/{connectionId}": 0.7, "/my/applications": 1,
    "/api/my/applications": 1, "/api/sandbox/applications": 1,
}  # fmt: skip
"""How often routes are chosen, for 2 times any other; requests for pages take the longest."""

type Seen = Counter[str]


@contextmanager
def _log() -> Iterator[io.StringIO]:
    """Collect what goes to standard output, which is the log in Lambda."""
    handlers: list[Any] = list(logger.handlers)
    streams = [handler.stream for handler in handlers]
    with redirect_stdout(io.StringIO()) as out:
        for handler in handlers:
            handler.stream = out
        try:
            yield out
        finally:
            for handler, stream in zip(handlers, streams, strict=True):
                handler.stream = stream


@cache
def _requests() -> tuple[GoodRequests, dict[str, Any]]:
    """Return the makers of requests, and the contents of their tables."""
    with _log():
        made = GoodRequests(Odd(0), World(Memory(), UnknownApplications.ACCEPT))
    return made, {name: dict(items) for name, items in made.world.client.tables.items()}


def _made(good: GoodRequests, chance: Odd) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield events, each with the path of its route."""
    makers = good.routes()
    assert makers.keys() == set(ROUTES), "each route needs a maker of requests"
    weights = [SHARES.get(path, 2) for path in ROUTES]
    for path in chance.random.choices(ROUTES, weights, k=EVENTS_A_SEED):
        event = chance.one_of(makers[path])()
        for _ in range(chance.one_of([0, 0, 0, 0, 1, 1, 2, 5])):
            event = odd_events.changed(event, chance)
        yield path, event


def run(seed: int) -> Seen:
    """Send the events of a seed to their functions, and check the replies; return what was seen."""
    good, contents = _requests()
    good.odd.random.seed(seed)
    good.world.client.tables.update({name: dict(items) for name, items in contents.items()})
    good.world.client.streams.clear()
    seen: Seen = Counter()
    with _log() as out:
        for number, (path, event) in enumerate(_made(good, good.odd)):
            function = FUNCTIONS.get((path, str(event.get("httpMethod")).lower())) or FUNCTIONS[path, "any"]
            good.world.dynamodb.operations.clear()
            out.seek(0)
            out.truncate()
            try:
                reply = getattr(good.world, HTTP_FUNCTIONS[function])(event, None)
                seen[_checked(path, reply)] += 1
                assert len(good.world.dynamodb.operations) <= 700, "too many calls of the store"
            except Exception as error:
                error.add_note(f"seed {seed}, event {number} for {function}: {json.dumps(event)[:5000]}")
                error.add_note(f"log: {out.getvalue()[-1000:]}")
                raise
            seen[f"{path} {str(reply['statusCode'])[0]}xx"] += 1
    return seen


def _checked(path: str, reply: Any) -> str:
    """Check a reply, and return what kind it is."""
    assert reply.keys() - {"multiValueHeaders"} == {"statusCode", "headers", "body"}
    status = int(reply["statusCode"])
    headers = [*reply["headers"].items()]
    headers += [(name, value) for name, values in reply.get("multiValueHeaders", {}).items() for value in values]
    assert all(type(text) is str and text.isascii() and text.isprintable() for header in headers for text in header)
    sent = json.dumps(reply, ensure_ascii=False).encode()
    assert len(sent) < LONGEST_REPLY_BYTES
    kind = reply["headers"].get("Content-Type", "")
    body: Any = json.loads(reply["body"]) if kind.endswith("json") else None
    if kind == "application/problem+json":
        assert body["status"] == status
        assert body["title"]
        assert body["detail"]
    if path == "/graphql":
        assert len(reply["body"]) <= 400_000
        errors = body.get("errors", ()) if isinstance(body, dict) else ()
        assert {each["extensions"]["code"] for each in errors} <= {"BAD_USER_INPUT", "UNAUTHENTICATED"}
        assert all(each["message"] for each in errors)
    if status == 503 and body and body["type"].endswith("/problems/awaiting-secret"):
        return "awaiting a secret"
    assert status < 500, f"status {status}"
    return "accepted" if status < 400 else "refused"


def test_no_input_makes_a_function_fail(figure: Figure) -> None:
    """No request makes a function crash, and no client's mistake is answered with a 5xx.

    The events are good requests of each route, with valid tokens, sessions and signatures, that are changed anywhere. A
    connection that awaits its secret is the one exception: it answers 503, so that the provider repeats the delivery.
    """
    seeds = range(amount(100, 2000))
    seen: Seen = sum(_all(run, seeds), Counter())
    events, accepted = len(seeds) * EVENTS_A_SEED, seen["accepted"]
    assert accepted + seen["refused"] + seen["awaiting a secret"] == events
    assert accepted > events // 5
    for path in ROUTES:
        assert seen[f"{path} 4xx"], f"no event for {path} is refused"
        assert path == "/{proxy+}" or seen[f"{path} 2xx"] + seen[f"{path} 3xx"], f"no event for {path} is accepted"
    figure(f"{events:,} events, 0 crashes, 0 5xx; {accepted / events:.0%} accepted")


def _all(call: Callable[[int], Seen], seeds: Iterable[int]) -> Iterator[Seen]:
    """Call a function for each seed; in full, in two processes."""
    if not IN_FULL:
        yield from map(call, seeds)
        return
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        yield from pool.map(call, seeds, chunksize=10)
