"""The verification: now and then, a sample of the applications is compared with what was counted of them."""

import os
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from application_status.analytics.drift import Drift
from application_status.analytics.verifier import Verifier
from application_status.deadlines import deadline
from application_status.model.instant import now, to_text
from application_status.randomness import RANDOM
from application_status.settings import VerificationSettings, read
from application_status.store.all_applications import AllApplications, Unreadable
from application_status.store.apart import one_by_one
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB, Item
from application_status.store.generations import generations
from application_status.store.quality_reader import QualityReader
from application_status.telemetry import flush, logger, metrics, without_messages

_APPLICATIONS = 1_000
_READING_SECONDS, _STORE_SECONDS = 20.0, 50.0
_SETTLED = timedelta(minutes=15)  # until then a change may still be on its way; OldestRecordAge tells of such delays
_LOGGED = 20

type Handler = Callable[[Any, Any], dict[str, int]]


def make_handler(dynamodb: DynamoDB, settings: VerificationSettings) -> Handler:
    """Make the scheduled handler."""
    applications = AllApplications(dynamodb, settings.applications_table)

    def lambda_handler(_event: Any, _context: Any) -> dict[str, int]:
        try:
            with without_messages(), deadline(_STORE_SECONDS):
                live = generations(dynamodb, settings.quality_table).live
                reader = QualityReader(dynamodb, settings.quality_table, live)
                verifier = Verifier(applications, reader, settings.reporting_time_zone)
                verified, found = _verify(verifier)
                if generations(dynamodb, settings.quality_table).live == live:
                    _tell(settings.stack, verified, found, verifier.unreadable)
        finally:
            flush()
        return {"verified": verified, "drift": len(found)}

    return lambda_handler


def _verify(verifier: Verifier) -> tuple[int, Sequence[Drift]]:
    """Compare a random segment of the applications, and the counters of a random ATS with each other."""
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


def _tell(stack: str, verified: int, found: Sequence[Drift], unreadable: Unreadable) -> None:
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
    metrics.add_dimension(name="stack", value=stack)
    metrics.add_metric(name="Drift", unit=MetricUnit.Count, value=len(found))
    metrics.add_metric(name="Unreadable", unit=MetricUnit.Count, value=len(unreadable))
    metrics.add_metric(name="Verified", unit=MetricUnit.Count, value=verified)


lambda_handler = make_handler(connect(), read(VerificationSettings, os.environ))
