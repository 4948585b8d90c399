"""Rebuilds the counters: scans all applications and counts them into a new generation.

Model: tests/promises/models/rebuild.pml
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import batched
from threading import Event
from zoneinfo import ZoneInfo

from application_status.applications.scan import AllApplications, Key, Segment, Unreadable
from application_status.platform.dynamodb.client import Item
from application_status.platform.errors import Unavailable
from application_status.platform.outages import is_outage, one_by_one
from application_status.quality.counters.read import QualityReader, read_consistently
from application_status.quality.counters.rebuilds import Rebuild, Rebuilds
from application_status.quality.counters.write import CHANGES_PER_CALL, Change, Counters
from application_status.quality.counting.stream import change_of

_PAUSES_SECONDS = (1, 2, 4, 8, 15, 30, 60)  # between attempts while DynamoDB is unavailable
_READINGS, _READING_PAUSE_SECONDS = 3, 2


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan that counts all applications into the generation being built, with a thread for each segment.

    What expired applications were counted for is added first, from the archive.

    Applications that can't be read or counted are added to `unreadable` and left out.
    """

    applications: AllApplications
    quality: Counters
    rebuilds: Rebuilds
    zone: ZoneInfo
    unreadable: Unreadable = field(default_factory=Unreadable)

    def run(self, rebuild: Rebuild, on_progress: Callable[[int], object]) -> None:
        """Count the remaining applications; `on_progress` gets the number of applications of each page.

        It is resumable: each page counted is stored. An interruption takes effect after the current pages.

        Raises:
            Unavailable: dynamoDB stays unavailable.
            RebuildOvertaken: another rebuild has progressed further.
        """
        self.rebuilds.add_archive(rebuild)
        stopped = Event()
        with ThreadPoolExecutor(max(1, len(rebuild.unfinished))) as pool:
            segments = [
                pool.submit(self._segment, rebuild, segment, start, on_progress, stopped)
                for segment, start in rebuild.unfinished.items()
            ]
            try:
                for done in as_completed(segments):
                    done.result()
            finally:
                stopped.set()

    def _segment(
        self, rebuild: Rebuild, segment: Segment, start: Key, on_progress: Callable[[int], object], stopped: Event
    ) -> None:
        following: Key | None = start
        pauses = iter(_PAUSES_SECONDS)
        while following is not None and not stopped.is_set():
            try:
                amount, following = self._page(rebuild, segment, following)
            except Unavailable:
                pause = next(pauses, None)
                if pause is None:
                    raise
                stopped.wait(pause)
            else:
                pauses = iter(_PAUSES_SECONDS)
                on_progress(amount)

    def _page(self, rebuild: Rebuild, segment: Segment, start: Key) -> tuple[int, Key | None]:
        """Count a page; if it fails in between, it is safe to count the whole page again."""
        page, following = self.applications.page(start, segment)
        changes = one_by_one(page, lambda item: change_of(item, self.zone), self.unreadable.note)
        for group in batched(changes, CHANGES_PER_CALL, strict=False):
            self._apply(rebuild.generation, group)
        self.rebuilds.save(rebuild, segment, following)
        return len(page), following

    def _apply(self, generation: int, group: Sequence[tuple[Item, Change]]) -> None:
        """Count changes together; if one of them fails, one at a time."""
        try:
            self.quality.apply_in(generation, [change for _, change in group])
        except Exception as error:
            if is_outage(error):
                raise
            alone = one_by_one(
                group,
                lambda counted: self.quality.apply_in(generation, [counted[1]]),
                lambda counted, error: self.unreadable.note(counted[0], error),
            )
            deque(alone, maxlen=0)


def compare(reader: Callable[[int], QualityReader], former_generation: int, new_generation: int) -> Counter[str]:
    """Return the number of differing totals by ATS; only differences in each of several reads count.

    `reader` returns a new reader of a generation.
    """

    def read[Result](generation: int, of: Callable[[QualityReader], Result]) -> Result:
        return read_consistently(lambda: reader(generation), of)

    def differing(ats_id: str) -> set[tuple[str, str]]:
        former, new = (read(each, lambda of: of.days_of_ats(ats_id)) for each in (former_generation, new_generation))
        return {cell for cell, _ in former.items() ^ new.items()}

    ats_ids = {each for number in (former_generation, new_generation) for each in read(number, QualityReader.ats_ids)}
    found = {ats_id: differing(ats_id) for ats_id in sorted(ats_ids)}
    for _ in range(_READINGS - 1):
        found = {ats_id: cells for ats_id, cells in found.items() if cells}
        if found:
            time.sleep(_READING_PAUSE_SECONDS)
            found = {ats_id: cells & differing(ats_id) for ats_id, cells in found.items()}
    return Counter({ats_id: len(cells) for ats_id, cells in found.items() if cells})
