"""Builds the rows of a quality report from the totals, without groups of too few applications.

`report` builds the reports over the totals; `unmapped_report` builds the list of unmapped labels.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Literal, TypedDict

from application_status.platform.dynamodb.client import side_by_side
from application_status.quality.counters.read import Member, QualityReader
from application_status.quality.reports.query import QualityQuery
from application_status.quality.rules.contribution import Counts, is_of_cohort, is_size
from application_status.quality.rules.disclosure import (
    NO_MEMBERS,
    MonthGroup,
    applications_in_activity,
    applications_in_cohort,
)
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import Number, activity, cohort, silence
from application_status.quality.rules.periods import (
    Cut,
    Interval,
    Period,
    Question,
    sums_of_month,
    sums_of_months,
)
from application_status.quality.rules.totals import Row as Totals
from application_status.quality.rules.totals import amount_of, counts_of_life, merged

ROWS_LIMIT = 400
"""The most rows of a report over time."""

PAGE_ROWS, CLIENTS_PAGE_ROWS = 100, 15
"""The most rows of a page of a list; a page of clients reads a row of up to 8 kB for each."""

DAYS_LIMIT = 400
"""The most days of a report about several ATSs by day or week; a longer one is by month, or about all days together."""

_KINDS = {"cohort": cohort, "activity": activity, "silence": silence}


class Subject(TypedDict, total=False):
    """The subject of numbers: an ATS, a client, a job of a client, or, without members, all ATSs.

    Company and JobTitle are the newest names of the client and the job.
    """

    Ats: str
    Client: str
    Company: str
    Job: str
    JobTitle: str


MEMBERS: Mapping[str | None, Literal["Ats", "Client", "Job"]] = {"ats": "Ats", "client": "Client", "job": "Job"}
"""The member of `Subject` that differs in the rows of a list, by the query's `by`."""


@dataclass(frozen=True, slots=True)
class Row:
    """The numbers of a subject in a period, or, without days, over its whole life."""

    of: Subject
    first: date | None
    last: date | None
    numbers: Sequence[Number]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The rows of a report, and what is left out.

    `hidden` is the number of ATSs, clients, jobs or labels with too few applications, `cut` that of labels beyond the
    limit. `following` is the id after which the next page of a list begins. `too_many` is the number of rows if it
    exceeds ROWS_LIMIT, and `too_long` the most days of such a report if the period has more; `rows` is then empty.
    """

    rows: Sequence[Row]
    hidden: int = 0
    cut: int = 0
    following: str | None = None
    too_many: int = 0
    too_long: int = 0

    @property
    def amount(self) -> int:
        """How many numbers the report has."""
        return sum(len(row.numbers) for row in self.rows)


def report(query: QualityQuery, reader: QualityReader, today: date) -> QualityReport:
    """Build the report of a query, of any size."""
    if query.job and query.client:
        return _of_job(query, query.client, query.job, reader, today)
    if query.by in {"job", "client"}:
        return _of_list(query, reader, today)
    if query.client:
        return _of_client(query, query.client, reader, today)
    return _of_atss(query, reader, today)


def too_many(query: QualityQuery, rows: int) -> bool:
    """Return whether a report over time has too many rows."""
    return query.interval is not Interval.ALL and rows > ROWS_LIMIT


def days_of(query: QualityQuery) -> int:
    """Return the number of days of a query's period."""
    return ((query.last or date.max) - (query.first or date.min)).days + 1


def _of_atss(query: QualityQuery, reader: QualityReader, today: date) -> QualityReport:
    lives = {query.ats: reader.life_of_ats(query.ats)} if query.ats else reader.lives_of_atss()
    existing = {ats_id: life for ats_id, life in lives.items() if life}
    large = {ats_id: life for ats_id, life in existing.items() if amount_of(life, "applications") >= MINIMUM}
    hidden = len(existing) - len(large)
    following = None
    if query.by == "ats":
        ids = [ats_id for ats_id in large if ats_id > (query.after or "")]
        following = ids[PAGE_ROWS - 1] if len(ids) > PAGE_ROWS else None
        large = {ats_id: large[ats_id] for ats_id in ids[:PAGE_ROWS]}
    if query.kind == "silence":
        return QualityReport(list(_silent(query, large, today)), hidden, following=following)
    if _is_too_long(query):
        return QualityReport([], hidden, too_long=DAYS_LIMIT)
    periods = _periods_of_atss(query, large, reader, today)
    return _rows(query, periods, hidden, following, today)


def _is_too_long(query: QualityQuery) -> bool:
    by_days = query.interval in {Interval.DAY, Interval.WEEK}
    return by_days and not query.ats and days_of(query) > DAYS_LIMIT


def _silent(query: QualityQuery, lives: Mapping[str, Totals], today: date) -> Iterable[Row]:
    """Yield the rows of open applications without activity; ATSs with fewer than five open ones are left out."""
    open_ones = {
        ats_id: counts_of_life(life) for ats_id, life in lives.items() if amount_of(life, "last_activity") >= MINIMUM
    }
    if query.ats or query.by == "ats":
        for ats_id, counts in open_ones.items():
            yield Row({"Ats": ats_id}, today, today, list(silence(counts, today)))
    elif open_ones:
        yield Row({}, today, today, list(silence(merged(open_ones.values()), today)))


def _periods_of_atss(
    query: QualityQuery, lives: Mapping[str, Totals], reader: QualityReader, today: date
) -> Sequence[tuple[Subject, Period]]:
    """Return the periods of each ATS, or of all together; a long period is read by month where it can be."""
    question = _question(query, today)
    cuts = {ats_id: question.cut(reader.groups_of_ats(ats_id, question)) for ats_id in lives}
    by_year = days_of(query) > DAYS_LIMIT
    months = {ats_id: _months(cut.in_days if by_year else [*cut.whole, *cut.in_days]) for ats_id, cut in cuts.items()}
    years = {
        ats_id: {month[:4] for month in _months(cut.whole)} if by_year else set[str]() for ats_id, cut in cuts.items()
    }
    reader.load(months, years)
    separate = bool(query.ats or query.by == "ats")
    found: dict[str, dict[date, Period]] = {}
    for ats_id, cut in cuts.items():
        periods = found.setdefault(ats_id if separate else "", {})
        if by_year:
            sums = dict(
                month
                for year in sorted(years[ats_id])
                for month in sums_of_months(year, reader.year_of_ats(ats_id, year), lives[ats_id], question.of_kind)
            )
        else:
            sums = {
                month: sums_of_month(month, reader.month_of_ats(ats_id, month), question.of_kind)
                for month in _months(cut.whole)
            }
        _add(question, cut, periods, sums, partial(reader.month_of_ats, ats_id))
    return [
        (Subject(Ats=ats_id) if separate else Subject(), periods[start])
        for ats_id, periods in found.items()
        for start in sorted(periods)
    ]


def _of_client(query: QualityQuery, client_id: str, reader: QualityReader, today: date) -> QualityReport:
    lives = reader.lives_of_client(client_id).values()
    of = Subject(Client=client_id, **_company(lives))
    if query.kind == "silence":
        counts = merged(counts_of_life(life.row) for life in lives)
        is_large = sum(amount_of(life.row, "last_activity") for life in lives) >= MINIMUM
        return QualityReport([Row(of, today, today, list(silence(counts, today)))] if is_large else [])
    question = _question(query, today)
    cut = question.cut(question.groups(_all_sizes(life.row for life in lives)))
    reader.load_client(client_id, [*_months(cut.whole), *_months(cut.in_days)])
    periods: dict[date, Period] = {}
    sums = {
        month: sums_of_month(month, reader.month_of_client(client_id, month), question.of_kind)
        for month in _months(cut.whole)
    }
    _add(question, cut, periods, sums, partial(reader.month_of_client, client_id))
    return _rows(query, [(of, periods[start]) for start in sorted(periods)], 0, None, today)


def _of_job(query: QualityQuery, client_id: str, job_id: str, reader: QualityReader, today: date) -> QualityReport:
    job, sizes = reader.job(client_id, job_id), reader.head_of_jobs(client_id).get(_measure(query), NO_MEMBERS)
    if not job.row:
        return QualityReport([])
    if not sizes.shows(amount_of(job.row, _measure(query))):
        return QualityReport([], hidden=1)
    company = _company(reader.lives_of_client(client_id).values())
    return QualityReport([_life_row(query, Subject(Client=client_id, **company), job, today)])


def _of_list(query: QualityQuery, reader: QualityReader, today: date) -> QualityReport:
    """Return a page of the jobs of a client, or of the clients of an ATS, over their whole lives."""
    if query.client:
        page = reader.jobs(query.client, query.after, PAGE_ROWS)
        of = Subject(Client=query.client, **_company(reader.lives_of_client(query.client).values()))
    else:
        page = reader.clients(query.ats or "", query.after, CLIENTS_PAGE_ROWS)
        of = Subject(Ats=query.ats or "")
    sizes = page.head.get(_measure(query), NO_MEMBERS)
    rows = [
        _life_row(query, of, each, today) for each in page.members if sizes.shows(amount_of(each.row, _measure(query)))
    ]
    return QualityReport(rows, sizes.hidden, following=page.following)


def _measure(query: QualityQuery) -> str:
    """Return the measure that is the size of a member of a list."""
    return "last_activity" if query.kind == "silence" else "applications"


def _life_row(query: QualityQuery, of: Subject, member: Member, today: date) -> Row:
    name, title = ("Job", "JobTitle") if query.client else ("Client", "Company")
    subject: Subject = {**of, name: member.id, **({title: member.name} if member.name else {})}  # type: ignore[misc]
    day = today if query.kind == "silence" else None
    return Row(subject, day, day, list(_KINDS[query.kind](counts_of_life(member.row), today)))


def _company(lives: Iterable[Member]) -> Subject:
    """Return the newest name of a client, from its lives at several ATSs."""
    named = [life for life in lives if life.name]
    return Subject(Company=max(named, key=lambda life: life.named_at).name) if named else Subject()


def _question(query: QualityQuery, today: date) -> Question:
    of_cohort = query.kind == "cohort"
    return Question(
        size=applications_in_cohort if of_cohort else applications_in_activity,
        of_kind=is_of_cohort if of_cohort else _is_of_activity,
        interval=query.interval,
        first=query.first or date.min,
        last=query.last or date.max,
        today=today,
    )


def _is_of_activity(measure: str) -> bool:
    return not is_of_cohort(measure)


def _add(
    question: Question,
    cut: Cut,
    periods: dict[date, Period],
    sums: Mapping[str, Counts],
    month: Callable[[str], Totals],
) -> None:
    """Add the groups of months to the periods: whole ones from the sums, others from their rows by day."""
    for group in cut.whole:
        question.add_months(periods, group, [sums[each] for each in group.months if each in sums])
    for group in cut.in_days:
        question.add_days(periods, group, {each: month(each) for each in group.months})


def _rows(
    query: QualityQuery, periods: Sequence[tuple[Subject, Period]], hidden: int, following: str | None, today: date
) -> QualityReport:
    if too_many(query, len(periods)):
        return QualityReport([], hidden, too_many=len(periods))
    rows = [
        Row(of, period.first, period.last, list(_KINDS[query.kind](period.counts, today))) for of, period in periods
    ]
    return QualityReport(rows, hidden, following=following)


def _months(groups: Iterable[MonthGroup]) -> list[str]:
    return [month for group in groups for month in group.months]


def _all_sizes(lives: Iterable[Totals]) -> Totals:
    """Return the sizes of months, added up over the lives of a client at several ATSs."""
    found: dict[str, dict[str, int]] = {}
    for life in lives:
        for measure in filter(is_size, life):
            total = found.setdefault(measure, {})
            for month, amount in life[measure].items():
                total[month] = total.get(month, 0) + amount
    return found


LABELS_LIMIT = 100
"""The most labels of an ATS in a report."""

ALL_LABELS_LIMIT = 500
"""The most labels of a report; so many fit into a reply even if all have the greatest length."""

LABELS_READ = 1_000
"""How many labels of a single ATS are read, the most frequent first; rarer ones are in no number of the report."""


def unmapped_report(query: QualityQuery, reader: QualityReader, today: date) -> QualityReport:
    """Build the report of unmapped labels as of today: a row for each ATS with its most frequent labels.

    A label of fewer than five applications is hidden, as it may be personal data.
    """
    found: list[tuple[str, str, int]] = []
    hidden = cut = 0
    ids, limit = ([query.ats], LABELS_READ) if query.ats else (reader.ats_ids(), LABELS_LIMIT)
    for ats_id, labels in zip(
        ids, side_by_side([partial(reader.unmapped_labels, each, limit) for each in ids]), strict=True
    ):
        shown = [(ats_id, label, amount) for label, amount in sorted(labels) if amount >= MINIMUM]
        hidden += len(labels) - len(shown)
        cut += max(0, len(shown) - LABELS_LIMIT)
        found += sorted(shown, key=_amount, reverse=True)[:LABELS_LIMIT]
    listed = sorted(found, key=_amount, reverse=True)[:ALL_LABELS_LIMIT]
    rows: dict[str, list[Number]] = {ats_id: [] for ats_id, *_ in found}
    for ats_id, label, amount in listed:
        rows[ats_id].append(Number(f"unmapped_label:{label}", "applications", amount, amount))
    return QualityReport(
        [Row({"Ats": ats_id}, today, today, numbers) for ats_id, numbers in rows.items() if numbers],
        hidden,
        cut + len(found) - len(listed),
    )


def _amount(label: tuple[str, str, int]) -> int:
    return label[2]
