"""A stand-in for Lambda's event source mapping of one shard of a DynamoDB stream.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html

A batch that fails from a record on is retried from that record. A batch that fails from its first record, or as a
whole, is split in two if bisecting is on, which uses no attempt, and otherwise retried. Records without attempts left,
or too old ones, go to the on-failure destination with their payload.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import not_
from typing import Any

from application_status.local.template import StreamMapping

type Record = dict[str, Any]
type Invoke = Callable[[dict[str, Any]], Any]


@dataclass(slots=True)
class _Batch:
    records: Sequence[Record]
    failures: int = 0


@dataclass(slots=True)
class EventSourceMapping:
    """Sends records to a function in order; `failed` is the on-failure destination."""

    settings: StreamMapping
    invoke: Invoke
    now: Callable[[], float]
    failed: list[Record] = field(default_factory=list)

    def feed(self, records: Iterable[Record]) -> None:
        """Process all records; each is then done, or in `failed`."""
        waiting = deque(self._batches(list(records)))
        while waiting:
            batch = waiting.popleft()
            batch.records = self._young_enough(batch.records)
            if batch.records:
                waiting.extendleft(reversed(self._process(batch)))

    def _batches(self, records: Sequence[Record]) -> list[_Batch]:
        size = self.settings.batch_size
        return [_Batch(records[start : start + size]) for start in range(0, len(records), size)]

    def _young_enough(self, records: Sequence[Record]) -> Sequence[Record]:
        oldest = self.now() - self.settings.maximum_record_age_seconds
        too_old = [r.get("dynamodb", {}).get("ApproximateCreationDateTime", oldest) < oldest for r in records]
        self.failed += compress(records, too_old)
        return list(compress(records, map(not_, too_old)))

    def _process(self, batch: _Batch) -> list[_Batch]:
        """Invoke the function once; return the batches that are left."""
        done = self._invoke(batch.records)
        rest = batch.records[done:]
        if not rest:
            return []
        if self.settings.bisect and not done and len(rest) > 1:
            middle = len(rest) // 2
            return [_Batch(rest[:middle], batch.failures), _Batch(rest[middle:], batch.failures)]
        if batch.failures >= self.settings.maximum_retry_attempts:
            self.failed += rest
            return []
        return [_Batch(rest, batch.failures + 1)]

    def _invoke(self, records: Sequence[Record]) -> int:
        """Return how many records are done, counted from the first."""
        try:
            answer = self.invoke({"Records": list(records)})
        except Exception:  # noqa: BLE001  # any exception of the function fails the batch
            return 0
        if not self.settings.report_batch_item_failures:
            return len(records)
        reported = [item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures") or []]
        numbers = [record.get("dynamodb", {}).get("SequenceNumber") for record in records]
        if any(number not in numbers for number in reported):
            return 0
        return min((numbers.index(number) for number in reported), default=len(records))
