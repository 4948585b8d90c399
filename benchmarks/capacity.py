"""What a stack needs and costs at a rate of reports, including the analytics: `python -m benchmarks.capacity`.

It combines what the other benchmarks measured (write units, bytes) and assumed (durations) with AWS's prices in
us-east-1, the first price step, without free tiers and taxes: docs/performance.md has both with their sources.
"""

from dataclasses import dataclass
from math import ceil

from benchmarks.prices import SECONDS_A_MONTH, kept

RATES = (1, 10, 100, 1_000, 10_000)

PARTITION_WRITE_UNITS = 1_000
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"""

WEBHOOK_SECONDS = 0.010
WEBHOOK_DOLLARS = 5.53


@dataclass(frozen=True, slots=True)
class Counting:
    """Counting in batches of one size: seconds a batch, write units a change by purpose, dollars a million changes."""

    batch: int
    seconds: float
    write_units: float
    journal_units: float
    dollars: float


COUNTINGS = (
    Counting(1, 0.030, 9.97, 3.02, 7.73),
    Counting(10, 0.050, 5.26, 0.30, 3.88),
    Counting(100, 0.150, 4.23, 0.11, 3.06),
)
MERGE_SECONDS = 0.0004
"""Processor time of a merge for each change."""

HEALTH_DOLLARS = 3.70
"""A million batches of log lines; CloudWatch Logs delivers at most about one a second here."""

FIXED_DOLLARS = kept() + 15.0 + 0.26
"""A month of snapshots, about 150 metrics and alarms at $0.10 each, and Lambda's polling of the files' queue."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a rate of reports needs; concurrency in executions, dollars a month."""

    rate: int

    @property
    def shards(self) -> int:
        """The shards of the stream: one for each partition of the table, of which each takes 1,000 write units."""
        return ceil(self.rate / PARTITION_WRITE_UNITS)

    @property
    def counting(self) -> Counting:
        """The counting at this rate: a batch contains a second of a shard."""
        return max((each for each in COUNTINGS if each.batch <= self.rate / self.shards), key=lambda each: each.batch)

    @property
    def concurrency(self) -> int:
        """Concurrent executions of the webhook and the analytics."""
        return ceil(self.rate * WEBHOOK_SECONDS + self.rate / self.counting.batch * self.counting.seconds)

    @property
    def journal(self) -> float:
        """The share of what the journal's partition can take."""
        return self.rate * self.counting.journal_units / PARTITION_WRITE_UNITS

    @property
    def merging(self) -> float:
        """The share of its time in which the one process merges that may."""
        return self.rate * MERGE_SECONDS

    @property
    def dollars(self) -> float:
        """The price of a month."""
        millions = self.rate * SECONDS_A_MONTH / 1e6
        health = min(self.rate, 1) * SECONDS_A_MONTH / 1e6 * HEALTH_DOLLARS
        return millions * (WEBHOOK_DOLLARS + self.counting.dollars) + health + FIXED_DOLLARS


def table() -> str:
    """Return the table of all rates, in Markdown."""
    columns = (
        "reports a second",
        "executions at once",
        "write units a second: applications",
        "counters",
        "journal's partition",
        "merging",
        "dollars a month",
        "a million",
    )
    lines = [" | ".join(columns), " | ".join(["---"] * len(columns))]
    for rate in RATES:
        need = Capacity(rate)
        cells = (
            f"{rate:,}",
            f"{need.concurrency}",
            f"{rate:,}",
            f"{rate * need.counting.write_units:,.0f}",
            f"{need.journal:.1%}",
            f"{need.merging:.1%}",
            f"{need.dollars:,.0f}",
            f"{need.dollars / (rate * SECONDS_A_MONTH / 1e6):,.2f}",
        )
        lines.append(" | ".join(cells))
    return "\n".join(f"| {line} |" for line in lines)


if __name__ == "__main__":
    print(table())
