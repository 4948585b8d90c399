"""A stand-in for Lambda's event source mapping of one shard of a DynamoDB stream.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html

A batch of which the function reports a record is split there, and retried from that record on. A batch that fails as a
whole is split in two halves if bisecting is on, which uses no attempt, and otherwise retried. Records without attempts
left, or too old ones, go to the on-failure destination with their payload.

Where the documentation is silent, the mapping here is the stricter one: progress restores no attempts, and a reported
record that is not in the batch fails all of it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
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
        if done is None and self.settings.bisect and len(batch.records) > 1:
            middle = len(batch.records) // 2
            return [_Batch(half, batch.failures) for half in (batch.records[:middle], batch.records[middle:])]
        rest = batch.records[done or 0 :]
        if not rest:
            return []
        if batch.failures >= self.settings.maximum_retry_attempts:
            self.failed += rest
            return []
        return [_Batch(rest, batch.failures + 1)]

    def _invoke(self, records: Sequence[Record]) -> int | None:
        """Return how many records are done, counted from the first; None if the batch failed as a whole."""
        try:
            answer = self.invoke({"Records": list(records)})
        except Exception:  # noqa: BLE001  # any exception of the function fails the batch
            return None
        if not self.settings.report_batch_item_failures:
            return len(records)
        reported = [_identifier(each) for each in (answer or {}).get("batchItemFailures") or []]
        numbers = [record.get("dynamodb", {}).get("SequenceNumber") for record in records]
        if any(not number or number not in numbers for number in reported):
            return None
        return min((numbers.index(number) for number in reported), default=len(records))


def _identifier(failure: Any) -> Any:
    """Return the sequence number of a reported record, None if the report is malformed."""
    return failure.get("itemIdentifier") if isinstance(failure, Mapping) else None
