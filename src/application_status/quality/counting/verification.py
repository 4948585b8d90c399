"""Verifies the counters against the applications, while reports keep arriving.

`verification` makes the handler of the scheduled function, which compares a sample; `Verifier` is also used by the
command line. A difference may be a change that is not counted yet, so only a difference that persists over several
reads, seconds apart, is drift. `sums.py` compares the totals with the sums over all markers.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.metrics import MetricUnit

from application_status.access.register import TokenRegister
from application_status.access.rules import Token, expiring
from application_status.applications.scan import ITEMS_PER_CALL, AllApplications, Unreadable
from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.outages import one_by_one
from application_status.platform.randomness import RANDOM
from application_status.platform.telemetry import begin, flush, hiding_error_messages, logger, metrics
from application_status.platform.values import ApplicationId, now, to_text
from application_status.quality.counters.generations import generations
from application_status.quality.counters.items import NOT_COUNTED, Marker
from application_status.quality.counters.read import QualityReader, read_consistently
from application_status.quality.counters.write import read_markers
from application_status.quality.counting import drift
from application_status.quality.counting.drift import Drift
from application_status.quality.counting.stream import change_of
from application_status.quality.counting.sums import Reading, read_all
from application_status.quality.rules.totals import amount_of, months_of

_READINGS, _PAUSE_SECONDS = 3, 5


@dataclass(frozen=True, slots=True)
class Verifier:
    """A comparison of one generation of the counters with the applications; days are cut in `zone`.

    Applications that can't be read are added to `unreadable` and not compared.
    """

    applications: AllApplications
    dynamodb: DynamoDB
    quality_table: str
    generation: int
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
        contradictions = [each for ats_id in self.ats_ids() for each in self.contradictions(ats_id)]
        return [*self.confirmed(suspects | orphans), *wrong_sums, *contradictions]

    def ats_ids(self) -> list[str]:
        """Return the ids of the ATSs that have totals."""
        return self._read(QualityReader.ats_ids)

    def contradictions(self, ats_id: str) -> list[Drift]:
        """Return the contradictions between the totals of an ATS: on the days of the last year, and of its life."""
        return self._read(lambda reader: list(self._contradictions(reader, ats_id)))

    def _contradictions(self, reader: QualityReader, ats_id: str) -> Iterator[Drift]:
        today = datetime.now(self.zone).date()
        yield from drift.of_counts(ats_id, reader.days_of_ats(ats_id, since=f"{today.year - 1}-{today.month:02}"))
        life = reader.life_of_ats(ats_id)
        years = sorted({month[:4] for month in months_of(life)})
        reader.load({}, {ats_id: years})
        sums: Counter[str] = Counter()
        for year in years:
            row = reader.year_of_ats(ats_id, year)
            sums.update({measure: amount_of(row, measure) for measure in row})
        yield from drift.of_life(ats_id, {measure: amount_of(life, measure) for measure in life}, sums)

    def _read[Result](self, read: Callable[[QualityReader], Result]) -> Result:
        return read_consistently(self._reader, read)

    def _reader(self) -> QualityReader:
        today = datetime.now(self.zone).date()
        return QualityReader(self.dynamodb, self.quality_table, self.generation, today)

    def _of_items(self, items: Iterable[Item]) -> list[Drift]:
        found: list[Drift] = []
        changes = one_by_one(items, lambda item: change_of(item, self.zone), self.unreadable.note)
        for group in batched((change for _, change in changes), ITEMS_PER_CALL, strict=False):
            markers = self._markers(each.application_id for each in group)
            for each in group:
                found += drift.of_marker(each, markers.get(each.application_id, NOT_COUNTED))
        return found

    def _of(self, ids: Collection[ApplicationId]) -> list[Drift]:
        items = self.applications.of(ids)
        existing = {item["AtsiApplicationId"]["S"] for item in items}
        orphaned = self._markers(each for each in ids if each not in existing)
        return self._of_items(items) + [each for marker in orphaned.items() for each in drift.of_orphan(*marker)]

    def _markers(self, ids: Iterable[ApplicationId]) -> dict[ApplicationId, Marker]:
        return read_markers(self.dynamodb, self.quality_table, self.generation, ids)

    def _sums(self) -> tuple[list[Drift], set[ApplicationId]]:
        """Return totals that differ from the sums over the markers, and ids of markers without an application."""
        orphans: set[ApplicationId] = set()

        def note_orphans(markers: Mapping[ApplicationId, Marker]) -> None:
            orphans.update(self._orphans([each for each, marker in markers.items() if marker.contribution]))

        wrong = dict(self._reading(note_orphans).wrong)
        for _ in range(_READINGS - 1):
            if wrong:
                time.sleep(_PAUSE_SECONDS)
                again = self._reading(lambda _: None).wrong
                wrong = {scope: number for scope, number in wrong.items() if again.get(scope) == number}
        return self._drift_of(wrong) if wrong else [], orphans

    def _drift_of(self, wrong: Iterable[str]) -> list[Drift]:
        """Return the amounts of wrong partitions that differ in two readings; busy ones are left out."""
        before = set(self._reading(lambda _: None, wrong).drift())
        time.sleep(_PAUSE_SECONDS)
        return [each for each in self._reading(lambda _: None, wrong).drift() if each in before]

    def _reading(
        self, on_markers: Callable[[Mapping[ApplicationId, Marker]], object], only: Iterable[str] = ()
    ) -> Reading:
        return read_all(self.dynamodb, self.quality_table, self.generation, on_markers, only)

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
    dynamodb: DynamoDB, applications: AllApplications, quality_table: str, tokens: TokenRegister, zone: ZoneInfo
) -> Handler:
    """Return the handler of the scheduled function, which also counts the tokens that expire soon."""

    def lambda_handler(_event: Any, context: Any) -> dict[str, int]:
        begin(getattr(context, "aws_request_id", None))
        try:
            with hiding_error_messages(), deadline(_STORE_SECONDS):
                live = generations(dynamodb, quality_table).live
                verifier = Verifier(applications, dynamodb, quality_table, live, zone)
                verified, found = _verify(verifier)
                if generations(dynamodb, quality_table).live == live:
                    _log(verified, found, verifier.unreadable)
                _log_expiring(expiring(tokens.list(), now()))
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
    ats_ids = verifier.ats_ids()
    contradictions = verifier.contradictions(RANDOM.choice(ats_ids)) if ats_ids else []
    return verified, [*verifier.confirmed(suspects), *contradictions]


def _is_settled(item: Item) -> bool:
    changed = item.get("UpdatedAt") or item.get("ErasedAt")
    return changed is None or changed["S"] < to_text(now() - _SETTLED)


def _log_expiring(tokens: Sequence[Token]) -> None:
    for token in tokens:
        logger.warning("token expires", ats=token.ats_id, token=token.key_id, at=str(token.expires_at))
    metrics.add_metric(name="TokensExpiring", unit=MetricUnit.Count, value=len(tokens))


def _log(verified: int, found: Sequence[Drift], unreadable: Unreadable) -> None:
    for each in found[:_LOGGED]:
        logger.error(
            "drift",
            of=each.of,
            time=each.time,
            measure=each.measure,
            counted=str(each.counted),
            expected=str(each.expected),
            application=each.application_id,
        )
    for application_id, error in list(unreadable.items())[:_LOGGED]:
        logger.error("unreadable", application=application_id, error=error)
    metrics.add_metric(name="Drift", unit=MetricUnit.Count, value=len(found))
    metrics.add_metric(name="Unreadable", unit=MetricUnit.Count, value=len(unreadable))
    metrics.add_metric(name="Verified", unit=MetricUnit.Count, value=verified)
