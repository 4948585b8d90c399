"""The labels that nobody knows, as rows of a report: whose they are, and how many applications have them."""

from datetime import date

from application_status.model.durations import MINIMUM
from application_status.model.quality_report import Number
from application_status.store.quality_reader import QualityReader
from application_status.views.query import QualityQuery
from application_status.views.report import Report, Row

LABELS_LIMIT = 100
"""How many labels of an ATS there are at most."""


def unmapped_report(query: QualityQuery, reader: QualityReader, today: date) -> Report:
    """Return a row for each ATS with such labels, as of today: the most frequent ones.

    A label may be personal, so one of few applications is hidden.
    """
    rows, hidden = [], 0
    for ats_id in [query.ats] if query.ats else reader.ats_ids():
        labels = reader.unmapped_labels(ats_id)
        shown = [(label, amount) for label, amount in sorted(labels.items()) if amount >= MINIMUM]
        hidden += len(labels) - len(shown)
        shown.sort(key=lambda item: item[1], reverse=True)
        if shown:
            numbers = [Number(f"unmapped_label:{label}", "applications", n, n) for label, n in shown[:LABELS_LIMIT]]
            rows.append(Row({"Ats": ats_id}, today, today, numbers))
    return Report(rows, hidden)
