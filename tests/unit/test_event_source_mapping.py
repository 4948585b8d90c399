"""Our model of Lambda's event source mapping does what Lambda's documentation says."""

from typing import Any

import pytest

from application_status.local.event_source_mapping import EventSourceMapping
from application_status.local.template import StreamMapping

Batches = list[list[int]]


def records(count: int, written: float = 100.0) -> list[dict[str, Any]]:
    return [{"dynamodb": {"SequenceNumber": str(n), "ApproximateCreationDateTime": written}} for n in range(count)]


def numbers(some: list[dict[str, Any]]) -> list[int]:
    return [int(record["dynamodb"]["SequenceNumber"]) for record in some]


class Function:
    """Fails on the records given, by raising or by reporting, and notes the batches it got."""

    def __init__(self, poison: set[int], *, reports: bool = False, heals_after: int = 10**9) -> None:
        self.poison, self.reports, self.heals_after = poison, reports, heals_after
        self.batches: Batches = []

    def __call__(self, event: dict[str, Any]) -> Any:
        batch = numbers(event["Records"])
        self.batches.append(batch)
        bad = self.poison.intersection(batch) if len(self.batches) <= self.heals_after else set()
        if bad and not self.reports:
            raise RuntimeError
        return {"batchItemFailures": [{"itemIdentifier": str(number)} for number in bad]}


def mapping(function: Function, **changes: Any) -> EventSourceMapping:
    settings: dict[str, Any] = {
        "function": "F", "table": "T", "batch_size": 4, "bisect": True,
        "maximum_retry_attempts": 1, "maximum_record_age_seconds": 60, "report_batch_item_failures": True,
    }  # fmt: skip
    return EventSourceMapping(StreamMapping(**settings | changes), function, lambda: 100.0)


def test_records_come_in_order_and_in_batches() -> None:
    """No failure: each record once."""
    function = Function(set())
    mapping(function).feed(records(6))
    assert function.batches == [[0, 1, 2, 3], [4, 5]]


def test_failing_batch_is_bisected_down_to_the_bad_record() -> None:
    """The bad record alone is tried again and given up; all others get through, in order."""
    function = Function({2})
    esm = mapping(function)
    esm.feed(records(5))
    assert function.batches == [[0, 1, 2, 3], [0, 1], [2, 3], [2], [2], [3], [4]]
    assert numbers(esm.failed) == [2]


def test_reported_failure_is_the_checkpoint() -> None:
    """Records before the lowest number reported are done and not delivered again; the batch is split only there."""
    function = Function({2, 3}, reports=True)
    esm = mapping(function)
    esm.feed(records(5))
    assert function.batches == [[0, 1, 2, 3], [2, 3], [4]]
    assert numbers(esm.failed) == [2, 3]


def test_reports_are_lost_unless_the_mapping_asks_for_them() -> None:
    """Without ReportBatchItemFailures, Lambda takes a batch with a reply as done."""
    function = Function({2}, reports=True)
    esm = mapping(function, report_batch_item_failures=False)
    esm.feed(records(4))
    assert function.batches == [[0, 1, 2, 3]]


@pytest.mark.parametrize(
    "report", [{"itemIdentifier": ""}, {"itemIdentifier": None}, {"identifier": "1"}, {"itemIdentifier": "7"}, None]
)
def test_malformed_report_fails_the_whole_batch(report: Any) -> None:
    """An identifier that is empty, null, misnamed or of another batch counts for all records."""

    def confused(event: dict[str, Any]) -> Any:
        seen.append(numbers(event["Records"]))
        return {"batchItemFailures": [report]} if len(seen) == 1 else None

    seen: Batches = []
    EventSourceMapping(mapping(Function(set())).settings, confused, lambda: 100.0).feed(records(2))
    assert seen == [[0, 1], [0], [1]]


def test_whole_batch_is_tried_again_without_bisecting() -> None:
    """It is given up whole once its attempts are used up."""
    function = Function({1})
    esm = mapping(function, bisect=False)
    esm.feed(records(2))
    assert function.batches == [[0, 1], [0, 1]]
    assert numbers(esm.failed) == [0, 1]


def test_passing_failure_heals_by_the_retry() -> None:
    """No record is set aside."""
    function = Function({0}, heals_after=1)
    esm = mapping(function, bisect=False)
    esm.feed(records(2))
    assert (len(function.batches), esm.failed) == (2, [])


def test_records_too_old_are_given_up_untried() -> None:
    """They go to the on-failure destination, with their payload."""
    function = Function(set())
    esm = mapping(function)
    esm.feed(records(2, written=39.0))
    assert (function.batches, numbers(esm.failed)) == ([], [0, 1])
