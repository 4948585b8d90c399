"""Limits on a fake clock: an ATS that sends 50 times its limit, and senders who guess."""

import logging
import random
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from heapq import merge
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from application_status.access import rules as formats
from application_status.access.connections import Created
from application_status.access.limits import INVALID_TOKENS, Limit, limit_of_ats, limit_of_connection
from application_status.access.register import TokenRegister
from application_status.applications.register import Registrations
from application_status.applications.rules.report import Channel
from application_status.functions.connect import make_handler as make_connect
from application_status.functions.oauth import OauthSettings
from application_status.functions.oauth import make_handler as make_oauth
from application_status.functions.webhook import make_handler as make_webhook
from application_status.local.template import read_template
from application_status.platform import deadlines
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.telemetry import logger, metrics
from application_status.platform.values import AtsId, application_id
from benchmarks.limits import FLOOD, LIMIT, OTHERS, OVER, arrivals
from support import oauth
from support.dynamodb_in_memory import Memory
from support.faults import Clock
from support.native_webhooks import body_of, signed
from support.proof import Figure, amount
from support.webhooks import SECRET, path
from support.world import (
    ATS,
    TOKEN,
    World,
    connect_settings,
    http_event,
    registration,
    set_last_use,
    webhook_settings,
)

SECONDS, GUESSES = amount(4, 60), amount(500, 10_000)
CONTAINERS = amount(8, 20)
GUESSES_A_SECOND = 20
START = 1_800_000_000.0
ALARM_SECONDS = 300

type Guess = Callable[[random.Random], tuple[LambdaHandler, Any]]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """The metrics, without the log."""
    found: Counter[str] = Counter()
    monkeypatch.setattr(metrics, "add_metric", lambda name, value, **_: found.update({name: value}))
    monkeypatch.setattr(deadlines, "time", Clock())  # or a busy machine would reach them
    level = logger.log_level
    logger.setLevel(logging.CRITICAL)
    yield found
    logger.setLevel(level)


def container_of(memory: Memory) -> DynamoDB:
    return DynamoDB(boto.transport(memory))


@pytest.mark.usefixtures("counted")
def test_a_noisy_ats_takes_nothing_from_the_others(figure: Figure) -> None:
    """An ATS that sends 50 times what it may is limited, and no other ATS is refused for it.

    Nine others send all that they may. Each report goes to a random container.
    """
    with time_machine.travel(START, tick=False) as moment:
        memory, chance = Memory(), random.Random(18)  # noqa: S311  # no secret
        world = World(memory)
        registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
        events = {}
        for place, ats in enumerate([FLOOD, *OTHERS]):
            token, application = formats.generate(), application_id(f"{place:032}")
            TokenRegister(world.dynamodb, "TokensTable").add(token, ats)
            registrations.register(application, registration(ats_id=ats))
            body = {"AtsiApplicationId": application, "Status": "INTERVIEW"}
            events[ats] = http_event("POST", "/api/application-status", body, token=token)
        set_last_use(memory)
        settings = webhook_settings(requests_per_second=LIMIT)
        containers = [make_webhook(container_of(memory), settings) for _ in range(CONTAINERS)]
        statuses: defaultdict[AtsId, Counter[int]] = defaultdict(Counter)
        flood = arrivals(FLOOD, OVER * LIMIT, SECONDS, chance)
        for at, ats in merge(flood, *(arrivals(each, LIMIT, SECONDS, chance) for each in OTHERS)):
            moment.move_to(at)
            statuses[ats][chance.choice(containers)(events[ats], None)["statusCode"]] += 1
    assert {each: statuses[each] for each in OTHERS} == {each: {200: LIMIT * SECONDS} for each in OTHERS}
    admitted, refused = statuses[FLOOD][200], statuses[FLOOD][429]
    assert admitted + refused == OVER * LIMIT * SECONDS
    assert LIMIT * SECONDS <= admitted <= most(limit_of_ats(LIMIT), SECONDS)
    figure(
        f"0 of {len(OTHERS) * LIMIT * SECONDS:,} reports of nine refused, {refused:,} of {OVER * LIMIT * SECONDS:,} "
        f"of the noisy one, over {CONTAINERS} containers"
    )


def test_guessing_is_limited_and_raises_an_alarm(counted: Counter[str], figure: Figure) -> None:
    """Whoever guesses tokens, secrets, ids or signatures gets few answers, and an alarm is raised.

    Beyond 20 guesses at once and 12 a minute, an address is told nothing about its tokens, OAuth clients and URLs of
    webhooks. Who has a valid token or URL may guess ids of applications, or signatures, as often as its limit allows.
    """
    alarms = {
        each["Properties"]["MetricName"]: each["Properties"]
        for each in read_template()["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Alarm" and each["Properties"].get("Namespace") == "ApplicationStatus"
    }
    kinds = {
        "tokens": (INVALID_TOKENS, "Unauthenticated"),
        "client secrets": (INVALID_TOKENS, "Unauthenticated"),
        "URLs": (INVALID_TOKENS, "Unauthenticated"),
        "ids": (limit_of_ats(LIMIT), "UnknownApplication"),
        "signatures": (limit_of_connection(LIMIT), "WrongSignature"),
    }
    answered = {}
    for kind, (limit, metric) in kinds.items():
        counted.clear()
        answered[kind], first = guessed(kind, counted, metric)
        assert min(limit.burst, GUESSES) <= answered[kind] <= most(limit, GUESSES / GUESSES_A_SECOND)
        assert first >= alarms[metric]["Threshold"], f"no alarm about {kind}"
        assert alarms[metric]["Period"] >= ALARM_SECONDS
    figure(f"answers to {GUESSES:,} guesses each: {', '.join(f'{kind} {each:,}' for kind, each in answered.items())}")


def guessed(kind: str, counted: Counter[str], metric: str) -> tuple[int, int]:
    """Guess from one address, in any container; return the number of answers, and the metric's sum of 5 minutes."""
    chance = random.Random(18)  # noqa: S311  # no secret
    statuses: Counter[int] = Counter()
    with time_machine.travel(START, tick=False) as moment:
        memory = Memory()
        world = World(memory)
        set_last_use(memory)
        created = world.connections.create(Channel.GREENHOUSE, ATS, "client-1", secret=SECRET, created_by="operator")
        guesses = [_guess(kind, world, created, container_of(memory)) for _ in range(CONTAINERS)]
        first = 0
        for number in range(GUESSES):
            moment.move_to(START + number / GUESSES_A_SECOND)
            handler, event = chance.choice(guesses)(chance)
            event["requestContext"]["identity"] = {"sourceIp": "192.0.2.1"}
            statuses[handler(event, None)["statusCode"]] += 1
            if number < ALARM_SECONDS * GUESSES_A_SECOND:
                first = counted[metric]
    expected = {"ids": 404, "URLs": 404}.get(kind, 401)
    assert statuses.keys() <= {expected, 429}
    return statuses[expected], first


def _guess(kind: str, world: World, created: Created, dynamodb: DynamoDB) -> Guess:
    """Return what makes guesses of a kind, each a handler and its event."""
    webhook = make_webhook(dynamodb, webhook_settings(requests_per_second=LIMIT))
    connect = make_connect(dynamodb, world.kms, connect_settings(LIMIT))
    report = "/api/application-status"
    body = {"AtsiApplicationId": str(uuid4()), "Status": "HIRED"}

    def tokens(_: random.Random) -> tuple[LambdaHandler, Any]:
        return webhook, http_event("POST", report, body, token=secrets.token_hex(4))

    def ids(chance: random.Random) -> tuple[LambdaHandler, Any]:
        guess = body | {"AtsiApplicationId": f"51c3be16-0f93-41ed-9cc0-{chance.randrange(10**11):012}"}
        return webhook, http_event("POST", report, guess, token=TOKEN)

    def client_secrets(_: random.Random) -> tuple[LambdaHandler, Any]:
        guess = oauth.GRANT | oauth.Credentials()._asdict() | {"client_secret": formats.generate_client()[1]}
        return endpoint, http_event("POST", oauth.PATH, guess, token=None)

    def urls(_: random.Random) -> tuple[LambdaHandler, Any]:
        url = path(created.connection, formats.random_secret())
        return connect, http_event("POST", url, "{}", token=None)

    def signatures(_: random.Random) -> tuple[LambdaHandler, Any]:
        ping = body_of(Channel.GREENHOUSE, "ping")
        headers = signed(Channel.GREENHOUSE, ping, secrets.token_hex(8))
        return connect, http_event("POST", path(*created), ping.decode(), headers, token=None)

    endpoint = make_oauth(dynamodb, OauthSettings("TokensTable", LIMIT))
    made = {"tokens": tokens, "ids": ids, "client secrets": client_secrets, "URLs": urls, "signatures": signatures}
    return made[kind]


def most(limit: Limit, seconds: float) -> float:
    """Return how many requests a limit admits; a bucket may have one second's permits beyond its burst."""
    return limit.burst + limit.per_second * (seconds + 1) + 1
