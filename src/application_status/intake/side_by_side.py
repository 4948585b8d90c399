"""Records many reports at the same time, those of one application one after the other.

record_each            for a batch whose reports have results of their own, also if they fail
record_until_failure   for a batch that fails as a whole, and is then sent again
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from itertools import chain
from typing import Any, cast

from application_status.access import trials

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
    `record` is called in several threads, with the caller's deadline, and must not raise. Its notes on a request with a
    test token come in the order given.
    """
    dated = {place: moment for place, each in enumerate(given) if (moment := effective_at(each))}
    undated = (place for place in range(len(given)) if place not in dated)
    groups: dict[Hashable, list[int]] = {}
    for place in (*sorted(dated, key=dated.__getitem__), *undated):
        groups.setdefault(application(given[place]), []).append(place)
    waiting = iter(list(groups.values()))
    results: dict[int, Result] = {}
    notes: dict[int, list[Mapping[str, Any]]] = {}

    def work() -> None:
        for places in waiting:  # each thread takes the next application that no other has taken
            for place in places:
                with trials.notes_apart() as notes[place]:
                    results[place] = record(given[place])

    others = [_threads.submit(copy_context().run, work) for _ in range(min(len(groups), _MOST_AT_ONCE) - 1)]
    work()
    for each in others:
        each.result()
    of_request = trials.notes()
    if of_request is not None:
        of_request += chain.from_iterable(notes[place] for place in range(len(given)))
    return [results[place] for place in range(len(given))]


def record_until_failure[Given, Result](
    given: Sequence[Given],
    application: Callable[[Given], Hashable],
    effective_at: Callable[[Given], datetime | None],
    record: Callable[[Given], Result],
) -> list[Result]:
    """Do the same as `record_each`; after an exception of `record`, no more reports are begun.

    Raises:
        Exception: the first exception of `record`.
    """
    failures: list[Exception] = []

    def attempt(each: Given) -> Result | None:
        try:
            return None if failures else record(each)
        except Exception as error:  # noqa: BLE001  # raised below, once no thread records any more
            failures.append(error)
            return None

    results = record_each(given, application, effective_at, attempt)
    if failures:
        raise failures[0]
    return cast("list[Result]", results)
