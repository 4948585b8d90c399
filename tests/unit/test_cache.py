"""What is read once for many requests."""

from application_status.platform.dynamodb.client import Cache
from support.faults import Clock


def test_value_is_kept_for_its_time() -> None:
    """The time begins before the value is read; getting it does not prolong it."""
    clock = Clock(now=1000)
    cache = Cache[str, str](60, clock.monotonic)
    assert cache.get("key") is None
    clock.sleep(2)
    cache.keep("key", "value", read_at=1000)
    clock.now = 1000
    for _ in range(2):
        clock.sleep(29.9)
        assert cache.get("key") == "value"
    clock.sleep(0.2)
    assert cache.get("key") is None
    clock.now = 1000
    assert cache.get("key") is None


def test_newest_value_counts() -> None:
    """Its time begins anew, and other keys keep theirs."""
    clock = Clock()
    cache = Cache[str, str](60, clock.monotonic)
    cache.keep("key", "old", read_at=clock.now)
    cache.keep("other", "", read_at=clock.now)
    clock.sleep(59)
    cache.keep("key", "new", read_at=clock.now)
    assert cache.get("other") == ""
    clock.sleep(59)
    assert (cache.get("key"), cache.get("other")) == ("new", None)
