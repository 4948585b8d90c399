"""Measures the error of medians and percentiles from buckets, and their size: ours and logarithmic ones.

The logarithmic buckets are those of DDSketch (https://arxiv.org/abs/1908.10693), with its relative accuracy. A t-digest
is not compared, because corrections can't be subtracted from it.
"""

import math
import random
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from statistics import mean, quantiles

from application_status.quality.rules.durations import EDGES, LifeTable, bucket

AMOUNTS = (20, 200, 2_000)
REPEATS = 200
ATTRIBUTE_BYTES = 6  # a name of three or four letters and a number of up to four digits
DAY = timedelta(days=1)

type Estimate = Callable[[list[float]], tuple[list[float], int]]


def ours(days: list[float]) -> tuple[list[float], int]:
    """Return the median and 90th percentile in days, and the number of buckets."""
    counts = Counter(bucket(each * DAY) for each in days)
    table = LifeTable(counts, {})
    return [(table.quantile(share) or EDGES[-1]) / DAY for share in (0.5, 0.9)], len(counts)


def logarithmic(accuracy: float) -> Estimate:
    """Return an estimator with logarithmic buckets of a relative accuracy."""
    base = (1 + accuracy) / (1 - accuracy)

    def estimate(days: list[float]) -> tuple[list[float], int]:
        counts = Counter(math.ceil(math.log(each, base)) for each in days)
        numbers = sorted(counts)
        ranks = [sum(counts[each] for each in numbers[: place + 1]) for place in range(len(numbers))]
        found = [numbers[min(bisect_right(ranks, share * (len(days) - 1)), len(ranks) - 1)] for share in (0.5, 0.9)]
        return [2 * base**each / (base + 1) for each in found], len(counts)

    return estimate


def main() -> int:
    """Print the table."""
    chance = random.Random(1)  # noqa: S311  # seeded durations, no secret
    kinds: dict[str, Estimate] = {"ours": ours}
    kinds |= {f"log {share:.0%}": logarithmic(share) for share in (0.02, 0.05, 0.1, 0.2)}
    print("durations  buckets  mean error of median  of p90  worst  bytes a row")
    for amount in AMOUNTS:
        samples = [[8 * chance.lognormvariate(0, 1) for _ in range(amount)] for _ in range(REPEATS)]
        for name, estimate in kinds.items():
            errors, taken = [], []
            for sample in samples:
                exact = [quantiles(sample, n=10, method="inclusive")[place] for place in (4, 8)]
                found, buckets = estimate(sample)
                errors.append([abs(f / e - 1) for f, e in zip(found, exact, strict=True)])
                taken.append(buckets)
            median, p90 = (mean(each[place] for each in errors) for place in (0, 1))
            worst = max(max(each) for each in errors)
            print(
                f"{amount:>9,}  {name:>7}  {median:>20.1%}  {p90:>6.1%}  {worst:>5.1%}"
                f"  {mean(taken) * ATTRIBUTE_BYTES:>11.0f}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
