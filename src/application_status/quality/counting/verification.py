"""Verifies the counters against the applications, while reports keep arriving.

`verification` makes the handler of the scheduled function, which compares a sample; `Verifier` is also used by the
command line. A difference may be a change that is not counted yet, so only a difference that persists over several
reads, seconds apart, is drift. Busy counters are compared with the sums over the markers only once they are stable.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import batched
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.metrics import MetricUnit

from application_status.applications.scan import ITEMS_PER_CALL, AllApplications, Unreadable
from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.outages import one_by_one
from application_status.platform.randomness import RANDOM
from application_status.platform.telemetry import (
    add_stack_dimension,
    begin,
    flush,
    hiding_error_messages,
    logger,
    metrics,
)
from application_status.platform.values import ApplicationId, now, to_text
from application_status.quality.counters.generations import generations
from application_status.quality.counters.items import NOT_COUNTED
from application_status.quality.counters.read import QualityReader
from application_status.quality.counting import drift
from application_status.quality.counting.drift import Drift
from application_status.quality.counting.stream import change_of
from application_status.quality.rules.contribution import Cell

_READINGS, _PAUSE_SECONDS = 3, 5


@dataclass(frozen=True, slots=True)
class Verifier:
    """A comparison of one generation of the counters with the applications; days are cut in `zone`.

    Applications that can't be read are added to `unreadable` and not compared.
    """

    applications: AllApplications
    reader: QualityReader
    zone: ZoneInfo
    unreadable: Unreadable = field(default_factory=Unreadable)

    def suspects(self, items: Sequence[Item]) -> set[ApplicationId]:
        """Return the ids of applications that differ from their markers."""
        return {each.application_id for each in self._of_items(items) if each.application_id}

    def confirmed(self, suspects: Collection[ApplicationId]) -> list[Drift]:
        """Return the differences of suspects that persist over further reads."""
        found: list[Drift] = []
        for _ in range(_READINGS - 1):
            if not suspects:
                return []
            time.sleep(_PAUSE_SECONDS)
            found = [each for group in batched(suspects, ITEMS_PER_CALL, strict=False) for each in self._of(group)]
            suspects = {each.application_id for each in found if each.application_id}
        return found

    def verify_all(self, on_progress: Callable[[int], object]) -> list[Drift]:
        """Compare all applications, markers and counters; `on_progress` gets the number of each page's applications."""
        suspects: set[ApplicationId] = set()
        start = None
        while True:
            page, start = self.applications.page(start)
            suspects |= self.suspects(page)
            on_progress(len(page))
            if start is None:
                break
        wrong_sums, orphans = self._sums()
        contradictions = [each for ats_id in self.reader.ats_ids() for each in self.contradictions(ats_id)]
        return [*self.confirmed(suspects | orphans), *wrong_sums, *contradictions]

    def contradictions(self, ats_id: str) -> list[Drift]:
        """Return the contradictions between the counters of an ATS."""
        return list(drift.of_counts(ats_id, self.reader.of_ats(ats_id)))

    def _of_items(self, items: Iterable[Item]) -> list[Drift]:
        found: list[Drift] = []
        changes = one_by_one(items, lambda item: change_of(item, self.zone), self.unreadable.note)
        for group in batched((change for _, change in changes), ITEMS_PER_CALL, strict=False):
            markers = self.reader.markers(each.application_id for each in group)
            for each in group:
                found += drift.of_marker(each, markers.get(each.application_id, NOT_COUNTED))
        return found

    def _of(self, ids: Collection[ApplicationId]) -> list[Drift]:
        items = self.applications.of(ids)
        existing = {item["AtsiApplicationId"]["S"] for item in items}
        orphaned = self.reader.markers(each for each in ids if each not in existing)
        return self._of_items(items) + [each for marker in orphaned.items() for each in drift.of_orphan(*marker)]

    def _sums(self) -> tuple[list[Drift], set[ApplicationId]]:
        """Return counters that differ from the sums over the markers, and ids of markers without an application."""
        found, orphans = self._sums_once()
        for _ in range(_READINGS - 1):
            if found:
                time.sleep(_PAUSE_SECONDS)
                again, _orphans = self._sums_once()
                found = {cell: again[cell] for cell in found.keys() & again.keys()}
        return [found[cell] for cell in sorted(found)], orphans

    def _sums_once(self) -> tuple[dict[Cell, Drift], set[ApplicationId]]:
        sums: Counter[Cell] = Counter()
        orphans: set[ApplicationId] = set()
        before = self._counters()
        for markers in self.reader.all_markers():
            for marker in markers.values():
                sums.update(marker.contribution)
            orphans |= self._orphans([each for each, marker in markers.items() if marker.contribution])
        after = self._counters()
        wrong = {Cell(each.ats_id, each.day, each.measure): each for each in drift.of_sums(after, sums)}
        stable = {cell: each for cell, each in wrong.items() if before.get(cell, 0) == after.get(cell, 0)}
        return stable, orphans

    def _counters(self) -> dict[Cell, int]:
        return {
            Cell(ats_id, *cell): amount
            for ats_id in self.reader.ats_ids()
            for cell, amount in self.reader.of_ats(ats_id).items()
        }

    def _orphans(self, ids: Iterable[ApplicationId]) -> set[ApplicationId]:
        found: set[ApplicationId] = set()
        for group in batched(ids, ITEMS_PER_CALL, strict=False):
            existing = {ApplicationId(item["AtsiApplicationId"]["S"]) for item in self.applications.of(group)}
            found |= set(group) - existing
        return found


_APPLICATIONS = 1_000
_READING_SECONDS, _STORE_SECONDS = 20.0, 50.0
_SETTLED = timedelta(minutes=15)
"""A younger change may not be counted yet; the metric OldestRecordAge shows such delays."""

_LOGGED = 20

type Handler = Callable[[Any, Any], dict[str, int]]


def verification(
    dynamodb: DynamoDB, applications: AllApplications, quality_table: str, zone: ZoneInfo, stack: str
) -> Handler:
    """Return the handler of the scheduled function."""

    def lambda_handler(_event: Any, context: Any) -> dict[str, int]:
        begin(getattr(context, "aws_request_id", None))
        try:
            with hiding_error_messages(), deadline(_STORE_SECONDS):
                live = generations(dynamodb, quality_table).live
                reader = QualityReader(dynamodb, quality_table, live)
                verifier = Verifier(applications, reader, zone)
                verified, found = _verify(verifier)
                if generations(dynamodb, quality_table).live == live:
                    _log(stack, verified, found, verifier.unreadable)
        finally:
            flush()
        return {"verified": verified, "drift": len(found)}

    return lambda_handler


def _verify(verifier: Verifier) -> tuple[int, Sequence[Drift]]:
    """Compare a random sample of the applications, and check the counters of a random ATS for contradictions."""
    until = time.monotonic() + _READING_SECONDS
    verified, suspects = 0, set()
    for page in verifier.applications.sample(
        _APPLICATIONS / max(_APPLICATIONS, verifier.applications.approximate_count())
    ):
        settled = [item for item, is_settled in one_by_one(page, _is_settled, verifier.unreadable.note) if is_settled]
        suspects |= verifier.suspects(settled)
        verified += sum(item["AtsiApplicationId"]["S"] not in verifier.unreadable for item in settled)
        if time.monotonic() > until:
            break
    ats_ids = verifier.reader.ats_ids()
    contradictions = verifier.contradictions(RANDOM.choice(ats_ids)) if ats_ids else []
    return verified, [*verifier.confirmed(suspects), *contradictions]


def _is_settled(item: Item) -> bool:
    changed = item.get("UpdatedAt") or item.get("ErasedAt")
    return changed is None or changed["S"] < to_text(now() - _SETTLED)


def _log(stack: str, verified: int, found: Sequence[Drift], unreadable: Unreadable) -> None:
    for each in found[:_LOGGED]:
        logger.error(
            "drift",
            ats=each.ats_id,
            day=each.day,
            measure=each.measure,
            counted=str(each.counted),
            expected=str(each.expected),
            application=each.application_id,
        )
    for application_id, error in list(unreadable.items())[:_LOGGED]:
        logger.error("unreadable", application=application_id, error=error)
    add_stack_dimension(stack)
    metrics.add_metric(name="Drift", unit=MetricUnit.Count, value=len(found))
    metrics.add_metric(name="Unreadable", unit=MetricUnit.Count, value=len(unreadable))
    metrics.add_metric(name="Verified", unit=MetricUnit.Count, value=verified)
