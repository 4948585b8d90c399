"""The unmapped labels, as rows of a report: whose they are, and how many applications have them."""

from datetime import date

from application_status.model.durations import MINIMUM
from application_status.model.quality_report import Number
from application_status.store.quality_reader import QualityReader
from application_status.views.query import QualityQuery
from application_status.views.report import Report, Row

LABELS_LIMIT = 100
"""How many labels of an ATS a report lists."""

ALL_LABELS_LIMIT = 500
"""How many labels a report about several ATSs lists; so many fit into a reply, however long they are."""


def unmapped_report(query: QualityQuery, reader: QualityReader, today: date) -> Report:
    """Return a row for each ATS with such labels, as of today: the most frequent ones.

    A label may be personal, so one of few applications is hidden.
    """
    found: list[tuple[str, str, int]] = []
    hidden = cut = 0
    for ats_id in [query.ats] if query.ats else reader.ats_ids():
        labels = reader.unmapped_labels(ats_id)
        shown = [(ats_id, label, amount) for label, amount in sorted(labels.items()) if amount >= MINIMUM]
        hidden += len(labels) - len(shown)
        cut += max(0, len(shown) - LABELS_LIMIT)
        found += sorted(shown, key=_amount, reverse=True)[:LABELS_LIMIT]
    listed = sorted(found, key=_amount, reverse=True)[:ALL_LABELS_LIMIT]
    rows: dict[str, list[Number]] = {ats_id: [] for ats_id, *_ in found}
    for ats_id, label, amount in listed:
        rows[ats_id].append(Number(f"unmapped_label:{label}", "applications", amount, amount))
    return Report(
        [Row({"Ats": ats_id}, today, today, numbers) for ats_id, numbers in rows.items() if numbers],
        hidden,
        cut + len(found) - len(listed),
    )


def _amount(label: tuple[str, str, int]) -> int:
    return label[2]
