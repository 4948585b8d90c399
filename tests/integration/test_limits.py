"""Limits of requests: each ATS has its own, whatever others send; invalid tokens from an address are limited too."""

import json
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.access import rules as tokens
from application_status.access.limits import Buckets, key_of_address, key_of_ats, limit_of_ats, limit_of_connection
from application_status.access.register import TokenRegister
from application_status.cli.main import main
from application_status.local.tables import TableServer
from application_status.platform.errors import ConditionFailed, TooManyRequests, Unavailable
from support.dispositions import disposition
from support.dispositions import send as send_dispositions
from support.faults import fresh_client
from support.log_lines import picked
from support.signals import counted, send, signal, state
from support.world import (
    APPLICATION,
    ATS,
    FOREIGN_APPLICATION,
    OTHER_TOKEN,
    SIGNALLED_APPLICATION,
    TEST_TOKEN,
    TOKEN,
    Answer,
    World,
    answer,
    http_event,
)

BURST = 100
START = "2026-11-22T09:00:00Z"


@pytest.fixture
def limited() -> Iterator[World]:
    """Each ATS may send two requests a second, and 100 at once."""
    with mock_aws():
        yield World(boto3.client("dynamodb"), requests_per_second=2)


def get(world: World, token: str = TOKEN, address: str = "192.0.2.1", of: str = APPLICATION) -> Answer:
    """Read an application back."""
    event = http_event("GET", f"/api/application-status/{of}", token=token)
    event["requestContext"]["identity"] = {"sourceIp": address}
    return answer(world.views(event, None))


def empty(world: World) -> None:
    """Take all permits of the ATS, as another environment."""
    Buckets(world.dynamodb, "TokensTable").take(key_of_ats(ATS, test=False), limit_of_ats(2), BURST)


def test_over_the_limit_a_report_gets_a_429(limited: World, capsys: pytest.CaptureFixture[str]) -> None:
    """It says how many may be sent, and when to send it again; nothing is recorded, and other ATSs are served."""
    with time_machine.travel(START, tick=False) as moment:
        empty(limited)
        before, _ = limited.item(), counted(capsys)
        refused = limited.report("INTERVIEW")
        assert refused.status == 429
        assert {name: refused.headers[name] for name in ("Retry-After", "RateLimit-Policy", "RateLimit")} == {
            "Retry-After": "1",
            "RateLimit-Policy": '"ats";q=100;w=50',
            "RateLimit": '"ats";r=0;t=1',
        }
        assert refused.body["type"] == "/problems/throttled"
        assert "2 requests a second, and 100 at once" in refused.body["detail"]
        assert counted(capsys) == {"TooManyRequests": 1, "Refused": 1}
        assert limited.item() == before
        assert get(limited, OTHER_TOKEN, of=FOREIGN_APPLICATION).status == 200
        moment.shift(1)
        assert limited.report("INTERVIEW").status == 200


def test_a_refusal_is_logged_with_its_ats(limited: World, log: StringIO) -> None:
    """So it is counted in the health of the ATS."""
    with time_machine.travel(START, tick=False):
        empty(limited)
        limited.report("INTERVIEW")
    (line,) = map(json.loads, picked(log))
    assert (line["ats"], line["channel"], line["result"]) == (ATS, "atsi", "throttled")


def test_every_path_with_a_token_is_limited(limited: World) -> None:
    """The functions share the ATS's bucket; test tokens have their own."""
    with time_machine.travel(START, tick=False):
        sandbox = http_event("POST", "/api/sandbox/applications", {}, token=TEST_TOKEN)
        empty(limited)
        assert answer(limited.sandbox(sandbox, None)).status == 201
        answers = [
            limited.report("INTERVIEW"),
            get(limited),
            answer(limited.views(http_event("GET", "/api/quality"), None)),
            send(limited, signal()),
        ]
        Buckets(limited.dynamodb, "TokensTable").take(key_of_ats(ATS, test=True), limit_of_ats(2), BURST - 1)
        answers.append(answer(limited.sandbox(sandbox, None)))
    assert [(each.status, each.body["type"]) for each in answers] == [(429, "/problems/throttled")] * 5


def test_each_signal_counts(limited: World) -> None:
    """A request with more signals than are left is refused as a whole."""
    with time_machine.travel(START, tick=False) as moment:
        batch = [signal(state("Interview", day)) for day in range(1, 29)]
        assert [send(limited, *batch).status for _ in range(4)] == [200, 200, 200, 429]
        recorded = limited.stored(SIGNALLED_APPLICATION).version
        moment.shift(1)
        assert send(limited, *batch).status == 429
        moment.shift(12)
        assert send(limited, *batch).status == 200
        assert limited.stored(SIGNALLED_APPLICATION).version == recorded


def test_each_disposition_counts(limited: World) -> None:
    """As each signal does."""
    with time_machine.travel(START, tick=False):
        call = [disposition("REVIEW", f"Step {number}") for number in range(28)]
        assert [send_dispositions(limited, *call).status for _ in range(4)] == [200, 200, 200, 429]
        assert len(limited.stored().transitions) == 28


def test_a_refused_batch_refuses_no_single_request(limited: World) -> None:
    """If the bucket has enough for that."""
    with time_machine.travel(START, tick=False):
        Buckets(limited.dynamodb, "TokensTable").take(key_of_ats(ATS, test=False), limit_of_ats(2), 80)
        batch = [signal(state("Interview", day)) for day in range(1, 29)]
        assert send(limited, *batch).status == 429
        assert get(limited).status == 200


def test_an_ats_can_have_a_limit_of_its_own(limited: World) -> None:
    """It is stored with the bucket."""
    limited.client.put_item(
        TableName="TokensTable", Item={"KeyId": {"S": key_of_ats(ATS, test=False)}, "PerSecond": {"N": "100"}}
    )
    with time_machine.travel(START, tick=False) as moment:
        get(limited)
        moment.shift(60)
        assert Counter(get(limited).status for _ in range(202)) == {200: 200, 429: 2}


def test_permits_return_at_the_rate_of_the_limit() -> None:
    """A bucket never has more than its burst and one second's permits."""
    with mock_aws():
        world = World(boto3.client("dynamodb"))
        now = 1_800_000_000.0
        buckets = Buckets(world.dynamodb, "TokensTable", lambda: now)
        key, limit = key_of_ats(ATS, test=False), limit_of_ats(10)

        def admitted(most: int = 1000) -> int:
            for number in range(most):
                try:
                    buckets.take(key, limit)
                except TooManyRequests:
                    return number
            return most

        counts = []
        for pause in (0.0, 1.0, 2.5, 0.0, 8.0, 10.5, 11.0, 3600.0):
            now += pause
            counts.append(admitted())
        assert counts == [100, 10, 25, 0, 80, 105, 100, 100]


@pytest.mark.parametrize("error", [Unavailable("the table is down"), None])
def test_without_an_answer_of_the_table_requests_are_admitted(error: Exception | None) -> None:
    """Also if other environments win each race for a bucket; it is tried again when those permits are used up."""
    calls = []

    def store(operation: str, **_request: Any) -> dict[str, Any]:
        calls.append(operation)
        if error:
            raise error
        # Each time it is read, the bucket has just been moved.
        raise ConditionFailed({"FullAt": {"N": str(int(now * 1000) + len(calls) % 2 - 1)}}, in_doubt=False)

    now = 1_800_000_000.0
    buckets = Buckets(store, "TokensTable", lambda: now)  # type: ignore[arg-type]
    for _ in range(BURST if error else 1):
        buckets.take("limit#ats", limit_of_ats(10))
    assert len(calls) == (1 if error else 4)
    buckets.take("limit#ats", limit_of_ats(10))
    assert len(calls) == (2 if error else 8)


@pytest.mark.parametrize(("per_second", "burst"), [(10, 1000), (600, 1200), (600.4, 1201)])
def test_burst_of_a_connection_grows_with_its_rate(per_second: float, burst: int) -> None:
    """A thousand at least, and two seconds' permits."""
    assert limit_of_connection(per_second).burst == burst


def test_guessing_is_limited_by_address(limited: World, capsys: pytest.CaptureFixture[str]) -> None:
    """After 20 invalid tokens an address gets a 429, also for a right opaque token; a generated one works."""
    generated = tokens.generate()
    with time_machine.travel(START, tick=False) as moment:
        TokenRegister(limited.dynamodb, "TokensTable").add(generated, ATS)
        guesses = [get(limited, f"secret{number}").status for number in range(22)]
        assert guesses == [401] * 20 + [429] * 2
        assert counted(capsys)["Unauthenticated"] == 22  # so that its alarm sees those beyond the limit, too
        limited.restart()
        refused = get(limited, OTHER_TOKEN, of=FOREIGN_APPLICATION)
        assert (refused.status, refused.headers["RateLimit-Policy"]) == (429, '"invalid-tokens";q=20;w=100')
        assert "invalid token" in refused.body["detail"]
        assert get(limited, tokens.generate()).status == 429
        assert get(limited, generated).status == 200
        assert get(limited, OTHER_TOKEN, "198.51.100.7", FOREIGN_APPLICATION).status == 200
        moment.shift(5)
        limited.restart()
        assert get(limited, OTHER_TOKEN, of=FOREIGN_APPLICATION).status == 200


def test_tokens_that_cannot_exist_cost_nothing(limited: World) -> None:
    """Neither a call nor a permit."""
    limited.dynamodb.operations.clear()
    assert {get(limited, text).status for text in ["", "atsi_live_x", tokens.generate()[:-1] + "!"] * 20} == {401}
    assert limited.dynamodb.operations == []


def test_a_bucket_of_an_address_expires_and_hides_the_address(limited: World) -> None:
    """The addresses of an IPv6 /64 share one."""
    with time_machine.travel(START, tick=False):
        get(limited, "secret", "2001:db8:1:2::1")
        get(limited, "secret", "2001:db8:1:2:ffff::2")
        items = [
            item
            for item in limited.client.scan(TableName="TokensTable")["Items"]
            if item["KeyId"]["S"].startswith("limit#address")
        ]
    assert [item["KeyId"]["S"] for item in items] == [key_of_address("2001:db8:1:2::3")]
    assert items[0]["DeleteAt"] == {"N": str(1_795_338_000 + 100 + 3600)}
    assert key_of_address("2001:db8:1:3::1") != key_of_address("2001:db8:1:2::1") != key_of_address("not an address")


def test_leases_of_many_addresses_are_forgotten() -> None:
    """An environment's memory does not grow with the addresses that it has seen."""
    with mock_aws():
        world = World(boto3.client("dynamodb"))
        now = 1_800_000_000.0
        buckets = Buckets(world.dynamodb, "TokensTable", lambda: now)
        for number in range(1200):
            now += 0.01
            buckets.take(f"limit#{number}", limit_of_ats(10))
        assert len(buckets._leases) < 400  # noqa: SLF001


def test_operators_give_an_ats_a_limit_of_its_own(server: TableServer, capsys: pytest.CaptureFixture[str]) -> None:
    """And the general one again."""
    world = World(fresh_client(server))

    def run(*arguments: str, code: int = 0) -> str:
        assert main(["--local-tables", server.url, "limits", *arguments]) == code
        return capsys.readouterr().out

    run("set", "--ats", "workday", "--per-second", "200")
    run("set", "--ats", "greenhouse", "--per-second", "7")
    assert run("list").split() == ["ATS", "PER_SECOND", "greenhouse", "7", "workday", "200"]
    run("unset", "--ats", "workday")
    assert json.loads(run("list", "--json")) == [{"ats": "greenhouse", "per_second": 7}]
    run("set", "--ats", "workday", "--per-second", "0", code=2)
    world.close()
