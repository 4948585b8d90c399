"""Records many reports at the same time, those of one application one after the other."""

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime

_MOST_AT_ONCE = 25
_threads = ThreadPoolExecutor(_MOST_AT_ONCE - 1)  # kept, as starting them again adds a third to a batch's CPU time


def record_each[Given, Result](
    given: Sequence[Given],
    application: Callable[[Given], Hashable],
    effective_at: Callable[[Given], datetime | None],
    record: Callable[[Given], Result],
) -> list[Result]:
    """Call `record` with each of the reports, and return its results in the order given.

    Reports of the same application are recorded by effective time; those without one come last, in the order given.
    `record` is called in several threads, with the caller's deadline, and must not raise.
    """
    dated = {place: moment for place, each in enumerate(given) if (moment := effective_at(each))}
    undated = (place for place in range(len(given)) if place not in dated)
    groups: dict[Hashable, list[int]] = {}
    for place in (*sorted(dated, key=dated.__getitem__), *undated):
        groups.setdefault(application(given[place]), []).append(place)
    waiting = iter(list(groups.values()))
    results: dict[int, Result] = {}

    def work() -> None:
        for places in waiting:  # each thread takes the next application that no other has taken
            for place in places:
                results[place] = record(given[place])

    others = [_threads.submit(copy_context().run, work) for _ in range(min(len(groups), _MOST_AT_ONCE) - 1)]
    work()
    for each in others:
        each.result()
    return [results[place] for place in range(len(given))]
