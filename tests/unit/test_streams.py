"""The records of a batch from a stream."""

from application_status.platform.errors import Unavailable
from application_status.platform.streams import Batch


def test_outage_ends_a_batch_and_a_failure_does_not() -> None:
    """What is behind an outage is not tried, and is sent again."""
    tried = []

    def make(record: str) -> str:
        tried.append(record)
        if record == "bad":
            raise KeyError
        if record == "outage":
            raise Unavailable
        return record.upper()

    batch = Batch(["a", "bad", "b", "outage", "c"])
    assert list(batch.process_each(enumerate(batch.records), make)) == [(0, "A"), (2, "B")]
    assert tried == ["a", "bad", "b", "outage"]
    assert list(batch.failures) == [1]
    assert batch.unprocessed() == ["outage", "c"]


def test_first_outage_decides_where_to_begin_again() -> None:
    """Whatever is found later."""
    batch = Batch(["a", "b", "c"])
    for index in (2, 1, 2):
        batch.stop(index, Unavailable())
    assert batch.unprocessed() == ["b", "c"]
