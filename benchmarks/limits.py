"""What the limits of requests cost and how exact they are: `python -m benchmarks.limits [--short]`.

Ten ATSs send at once, one of them 50 times its limit, the nine others exactly theirs, each at random moments within
its own rhythm. Each request goes to a random execution environment. All take permits from buckets in one table, which
moto stands in for. Time is simulated, so the figures are the same on each machine.
"""

import argparse
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge

import boto3
from moto import mock_aws

from application_status.access.limits import Buckets, key_of_ats, limit_of_ats
from application_status.local.template import Template
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import TooManyRequests
from application_status.platform.values import AtsId

LIMIT = 10
OVER = 50
FLOOD, OTHERS = AtsId("flood"), [AtsId(f"ats-{number}") for number in range(9)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Admitted and refused requests, and calls to the table, by ATS."""

    admitted: Counter[AtsId]
    refused: Counter[AtsId]
    calls: Counter[AtsId]


def arrivals(ats: AtsId, per_second: float, seconds: float, chance: random.Random) -> Iterator[tuple[float, AtsId]]:
    """Yield an ATS's requests, one at a random moment of each of its periods."""
    for number in range(int(per_second * seconds)):
        yield 1_800_000_000 + (number + chance.random()) / per_second, ats


def simulate(environments: int, seconds: float, limit: int = LIMIT) -> Outcome:
    """Send the requests of all ATSs through a number of execution environments."""
    chance = random.Random(environments)  # noqa: S311  # the same requests in each run
    now, current = 0.0, FLOOD
    found = Outcome(Counter(), Counter(), Counter())
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        table = next(each for each in Template().tables() if each["TableName"] == "TokensTable")
        client.create_table(**table)
        dynamodb = DynamoDB(boto.transport(client))

        class Counting(DynamoDB):
            def __call__(self, operation: str, **request: object) -> dict[str, object]:
                found.calls[current] += 1
                return dynamodb(operation, **request)

        buckets = [Buckets(Counting(boto.transport(client)), "TokensTable", lambda: now) for _ in range(environments)]
        streams = [arrivals(each, limit, seconds, chance) for each in OTHERS]
        for now, current in merge(arrivals(FLOOD, OVER * limit, seconds, chance), *streams):  # noqa: B007  # the clock
            try:
                chance.choice(buckets).take(key_of_ats(current, test=False), limit_of_ats(limit))
            except TooManyRequests:
                found.refused[current] += 1
            else:
                found.admitted[current] += 1
    return found


def main() -> None:
    """Print a row for each number of environments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    short = parser.parse_args().short
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    seconds = 20 if short else 60
    print(f"limit {LIMIT} a second, for {seconds} seconds; nine ATSs send it, one sends {OVER} times as much")
    print("environments  nine: admitted  refused  calls a request   one: admitted a second  calls a second")
    for environments in (1, 20) if short else (1, 5, 20, 100, 500):
        found = simulate(environments, seconds)
        nine = sum(found.admitted[each] for each in OTHERS)
        calls = sum(found.calls[each] for each in OTHERS) / nine
        print(
            f"{environments:12}  {nine:14}  {sum(found.refused[each] for each in OTHERS):7}  {calls:15.2f}"
            f"  {found.admitted[FLOOD] / seconds:22.1f}  {found.calls[FLOOD] / seconds:14.1f}"
        )


if __name__ == "__main__":
    main()
