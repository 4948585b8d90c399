"""A board of 100 ATSs with 2,740 applications a day, which makes 10,000,000 in ten years, and the totals of its past.

The largest ATS has a third of the applications. The largest client has a tenth, 1,000,000 in ten years, in 20,000 jobs;
the sizes of the others fall with their rank (Zipf), and a job has 50 applications on average.

`LargeBoard` generates applications like `generated_applications.Board`. `Past` makes rows of totals as they are stored,
each when it is first used: the amount of a measure on a day is random, with the mean that generated applications have.
So its rows have the size and the number of amounts of real ones, but do not agree with each other to the unit.
"""

import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Channel
from application_status.health.counts import first_items
from application_status.health.rules import RequestResult, by_day
from application_status.platform.values import AtsId, to_text
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.items import AT, HEAD, NO_CLIENT
from application_status.quality.counters.merge import head_value
from application_status.quality.counting.stream import change
from application_status.quality.rules.contribution import is_dated, is_size
from application_status.quality.rules.disclosure import Sizes, size_class
from application_status.quality.rules.totals import BY_DAY, RECENT, Kind
from benchmarks.generated_applications import Board
from benchmarks.ledger import Partition

BERLIN = ZoneInfo("Europe/Berlin")
APPLICATIONS_A_DAY = 2_740
ATSS, CLIENTS, APPLICATIONS_A_JOB = 100, 12_400, 50
LARGEST_ATS = 1 / 3
JOB_LIFE_DAYS = 60
_DAYS_OF_A_MONTH = 28  # every month has these
_SAMPLE = 3_000


type _Makers = Mapping[str, Callable[[], dict[str, Any]]]


def _shares(weights: list[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]


ATS_SHARES = [LARGEST_ATS, *((1 - LARGEST_ATS) * share for share in _shares([1 / (n + 5) for n in range(1, ATSS)]))]
CLIENT_SHARES = _shares([1 / rank for rank in range(1, CLIENTS + 1)])
_ATSS_UP_TO, _CLIENTS_UP_TO = list(accumulate(ATS_SHARES)), list(accumulate(CLIENT_SHARES))


@cache
def ats_of(client: int) -> str:
    """Return the ATS of a client; the shares of ATSs come about by the number of their clients."""
    chance = random.Random(client)  # noqa: S311  # a simulation, no secret
    return f"ats-{0 if client == 0 else min(ATSS - 1, bisect_left(_ATSS_UP_TO, chance.random())):02}"


_STEP = 7_919  # has no common divisor with CLIENTS


def client_id(rank: int) -> str:
    """Return the id of a client by its rank in size; ids are not sorted by size, but the largest is the first."""
    return f"client-{rank * _STEP % CLIENTS:05}"


def _rank(client: str) -> int:
    return int(client.removeprefix("client-")) * pow(_STEP, -1, CLIENTS) % CLIENTS


def jobs_at_once(client: int) -> int:
    """Return how many jobs of a client get applications at the same time."""
    return max(1, round(CLIENT_SHARES[client] * APPLICATIONS_A_DAY * JOB_LIFE_DAYS / APPLICATIONS_A_JOB))


@dataclass(frozen=True, slots=True)
class LargeBoard(Board):
    """The board's applications of some days."""

    def _registered(self, number: int, chance: random.Random, applied_at: datetime) -> Application:
        client = min(CLIENTS - 1, bisect_left(_CLIENTS_UP_TO, chance.random()))
        at_once = jobs_at_once(client)
        job = int(applied_at.toordinal() / JOB_LIFE_DAYS) * at_once + chance.randrange(at_once)
        return self._application(number, ats_of(client), client_id(client), f"job-{job:07}", applied_at)


@cache
def amounts_of_an_application() -> Mapping[str, float]:
    """Return how much an application adds to each measure, on average."""
    chance = random.Random(7)  # noqa: S311  # a simulation, no secret
    board = LargeBoard(["ats-00"], clients=1, start=datetime(2025, 1, 1, tzinfo=UTC), days=60)
    total: Counter[str] = Counter()
    for number in range(_SAMPLE):
        *_, (_, last) = board.versions(number, chance)
        for cell, amount in change(last, BERLIN).contribution.items():
            total[cell.measure] += amount
    return {measure: amount / _SAMPLE for measure, amount in total.items()}


class Past:
    """The totals of a board after some years, the last of which ends with `today`."""

    def __init__(self, years: int, today: date) -> None:
        self._years = years
        self._today = today
        first, last = (day.year * 12 + day.month - 1 for day in (today - timedelta(days=365 * years), today))
        self._first = today - timedelta(days=365 * years)
        self._months = [f"{number // 12}-{number % 12 + 1:02}" for number in range(first, last + 1)]

    def partition(self, scope: str) -> Partition:
        """Return the items of a partition of the Quality table, each made when it is first used."""
        kind, *rest = scope.split("#")
        of = rest[-1] if rest else ""
        atss = [f"ats-{number:02}" for number in range(ATSS)]
        makers: _Makers = {}
        match kind:
            case "merge":
                makers = {"current": lambda: {**_item(scope, "current"), "Number": {"N": "1"}}}
            case "months" | "years":
                makers = {ats_id: partial(self._of_ats, scope, kind, of, ats_id) for ats_id in atss}
            case "atss":
                makers = {ats_id: partial(self._life, scope, ats_id, self._rate_of_ats(ats_id)) for ats_id in atss}
            case "client" if of != NO_CLIENT:
                makers = self._of_client(scope, _rank(of))
            case "clients":
                ids = _clients(of)
                makers = {HEAD: partial(_head, scope), **{each: partial(_item, scope, each) for each in ids}}
            case "jobs":
                makers = self._jobs(scope, _rank(of))
            case "names":
                of_list = list(self.partition(f"{rest[1]}#{rest[0]}#{of}"))
                makers = {f"a {each}#{each}": partial(_name, scope, each) for each in of_list if each != HEAD}
            case "health":
                makers = self._health(of) if of else {ats_id: partial(_item, "health", ats_id) for ats_id in atss}
            case "labels-by-applications":
                makers = {f"Stage {number:03}": partial(_label, scope, number) for number in range(1, 200)}
        return Partition(makers)

    def _rate_of_ats(self, ats_id: str) -> float:
        return APPLICATIONS_A_DAY * ATS_SHARES[int(ats_id[-2:])]

    def _of_ats(self, scope: str, kind: str, period: str, ats_id: str) -> dict[str, Any]:
        rate = self._rate_of_ats(ats_id)
        row = self._by_day(scope + ats_id, rate, period) if kind == "months" else self._by_month(ats_id, rate, period)
        return _row_item(scope, ats_id, row)

    def _of_client(self, scope: str, client: int) -> _Makers:
        rate = APPLICATIONS_A_DAY * CLIENT_SHARES[client]
        at = AT + ats_of(client)
        months = {month: partial(self._month_of_client, scope, rate, month) for month in self._months}
        return {at: partial(self._life, scope, at, rate), **months}

    def _month_of_client(self, scope: str, rate: float, month: str) -> dict[str, Any]:
        return _row_item(scope, month, self._by_day(scope + month, rate, month))

    def _jobs(self, scope: str, client: int) -> _Makers:
        jobs = round(APPLICATIONS_A_DAY * 365 * self._years * CLIENT_SHARES[client] / APPLICATIONS_A_JOB)
        first = int(self._first.toordinal() / JOB_LIFE_DAYS)
        at_once = jobs_at_once(client)
        ids = [f"job-{(first + number // at_once) * at_once + number % at_once:07}" for number in range(jobs)]
        return {HEAD: partial(_head, scope), **{each: partial(_job, scope, each) for each in ids}}

    def _life(self, scope: str, part: str, rate: float) -> dict[str, Any]:
        chance = random.Random(scope + part)  # noqa: S311  # a simulation, no secret
        by_day = BY_DAY if part.startswith(AT) else RECENT
        recent = [(self._today - timedelta(days=n)).isoformat() for n in range(by_day.days)]
        recent_months = self._months[-13:-4] if part.startswith(AT) else []
        row: dict[str, dict[str, int]] = {}
        for measure, mean in amounts_of_an_application().items():
            if part.startswith(AT) and not Kind.CLIENT.has(measure):
                continue
            if is_dated(measure):
                row[measure] = _spread(chance, rate * mean, recent) | _spread(chance, rate * mean * 30, recent_months)
                row[measure][""] = int(rate * mean * 365 * self._years)
            elif is_size(measure):
                row[measure] = _spread(chance, rate * mean * 30, self._months)
            else:
                row[measure] = {"": int(rate * mean * 365 * self._years) + 1}
        return {**_row_item(scope, part, row), **_named(part)}

    def _by_day(self, seed: str, rate: float, month: str) -> dict[str, dict[str, int]]:
        chance = random.Random(seed)  # noqa: S311  # a simulation, no secret
        last = self._today.day if month == self._today.isoformat()[:7] else _DAYS_OF_A_MONTH
        days = [f"{day:02}" for day in range(1, last + 1)]
        return _of_all(chance, rate, days)

    def _by_month(self, ats_id: str, rate: float, year: str) -> dict[str, dict[str, int]]:
        chance = random.Random(ats_id + year)  # noqa: S311  # a simulation, no secret
        return _of_all(chance, rate * 30, [month[5:] for month in self._months if month.startswith(year)])

    def _health(self, ats_id: str) -> _Makers:
        results = ("recorded", "unchanged", "late", "unmapped", "invalid-fields", "unknown-application")
        start = datetime(self._first.year, self._first.month, self._first.day, 9, tzinfo=UTC)
        return {
            day.isoformat(): partial(_health_day, ats_id, day, results)
            for number in range(365 * self._years)
            if (day := (start + timedelta(days=number)).date())
        }


def _clients(ats_id: str) -> list[str]:
    """Return the members of the list of an ATS's clients, or of all clients with an empty id."""
    if not ats_id:
        return [f"{client_id(client)}#{ats_of(client)}" for client in range(CLIENTS)]
    return [client_id(client) for client in range(CLIENTS) if ats_of(client) == ats_id]


def _health_day(ats_id: str, day: date, results: Sequence[str]) -> dict[str, Any]:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    requests = [RequestResult(AtsId(ats_id), Channel.ATSI, result, at) for result in results]
    return dict(list(first_items(by_day(requests, BERLIN)))[-1])


def _label(scope: str, number: int) -> dict[str, Any]:
    return {**_item(scope, f"Stage {number:03}"), "Applications": {"N": str(2_000 // number)}}


def _job(scope: str, job_id: str) -> dict[str, Any]:
    chance = random.Random(scope + job_id)  # noqa: S311  # a simulation, no secret
    row = {
        measure: {"": amount}
        for measure, mean in amounts_of_an_application().items()
        if (amount := int(mean * APPLICATIONS_A_JOB + chance.random()))
    }
    return {**_row_item(scope, job_id, row), **_named(f"A {job_id}")}


def _name(scope: str, member: str) -> dict[str, Any]:
    return {**_item(scope, f"a {member}#{member}"), "Name": {"S": f"A {member}"}}


def _of_all(chance: random.Random, rate: float, slots: list[str]) -> dict[str, dict[str, int]]:
    row = {measure: _spread(chance, rate * mean, slots) for measure, mean in amounts_of_an_application().items()}
    return {measure: amounts for measure, amounts in row.items() if amounts}


def _spread(chance: random.Random, mean: float, slots: list[str]) -> dict[str, int]:
    """Return a random amount for each slot, without zeros."""
    return {slot: amount for slot in slots if (amount := int(mean * chance.uniform(0.8, 1.2) + chance.random()))}


def _item(scope: str, part: str) -> dict[str, Any]:
    return {"Scope": {"S": scope}, "Part": {"S": part}}


def _row_item(scope: str, part: str, row: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    return {**_item(scope, part), "Totals": quality_items.row_value(row), "Number": {"N": "1"}}


def _named(text: str) -> dict[str, Any]:
    return {"Name": {"S": text}, "NamedAt": {"S": to_text(datetime(2026, 1, 1, tzinfo=UTC))}}


def _head(scope: str) -> dict[str, Any]:
    sizes = Sizes({size_class(3): 200, size_class(50): 20_000}, 600)
    content = head_value({"applications": sizes, "last_activity": sizes})
    return {**_item(scope, HEAD), "Totals": content, "Number": {"N": "1"}}
