"""Builds the rows of a quality report from the totals, without groups of too few applications.

`report` builds the reports over the totals; `unmapped_report` builds the list of unmapped labels.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Literal, TypedDict

from application_status.platform.dynamodb.client import side_by_side
from application_status.quality.counters.items import folded
from application_status.quality.counters.read import Member, MemberName, Page, PageOfClients, QualityReader
from application_status.quality.reports.query import QualityQuery, SortColumn
from application_status.quality.rules.contribution import Counts, is_of_cohort, is_size
from application_status.quality.rules.disclosure import (
    NO_MEMBERS,
    MonthGroup,
    applications_in_activity,
    applications_in_cohort,
)
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import Number, Unit, activity, cohort, silence
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

SORTED_MEMBERS: Mapping[str | None, int] = {"client": 100, "job": 500}
"""The most members of a list that can be sorted, as their rows are all read. ATSs are always sorted."""

DAYS_LIMIT = 400
"""The most days of a report about several ATSs by day or week; a longer one is by month, or about all days together."""

_KINDS = {"cohort": cohort, "activity": activity, "silence": silence}


class Subject(TypedDict, total=False):
    """The subject of numbers: an ATS, a client, a job of a client, or, without members, all ATSs.

    Company and JobTitle are the newest names of the client and the job. AtsName is missing if the ATS has no name.
    """

    Ats: str
    AtsName: str
    Client: str
    Company: str
    Job: str
    JobTitle: str


type NameMember = Literal["AtsName", "Company", "JobTitle"]

NAMES: Mapping[str | None, NameMember] = {"ats": "AtsName", "client": "Company", "job": "JobTitle"}
"""The member of `Subject` with the name, by the query's `by`."""

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
    """The rows of a report, its subject, and what is left out.

    `hidden` is the number of ATSs, clients, jobs or labels with too few applications, `cut` that of labels beyond the
    limit, or of members that a search found beyond the page. `following` is the id after which the next page of a list
    begins. `too_many` is the number of rows if it exceeds ROWS_LIMIT, and `too_long` the most days of such a report if
    the period has more; `rows` is then empty. `unsorted` says that a list has too many members to be sorted; its rows
    are in the order of ids. `of` is the subject of the query, with its names, even if there are no rows.
    """

    rows: Sequence[Row]
    hidden: int = 0
    cut: int = 0
    following: str | None = None
    too_many: int = 0
    too_long: int = 0
    unsorted: bool = False
    of: Subject = field(default_factory=Subject)

    @property
    def amount(self) -> int:
        """How many numbers the report has."""
        return sum(len(row.numbers) for row in self.rows)


def report(query: QualityQuery, reader: QualityReader, today: date, ats_names: Mapping[str, str]) -> QualityReport:
    """Build the report of a query, of any size."""
    if query.job and query.client:
        return _of_job(query, query.client, query.job, reader, today)
    if query.by == "job" or (query.by == "client" and query.ats):
        return _of_list(query, reader, today)
    if query.by == "client":
        return _of_all_clients(query, reader, today)
    if query.client:
        return _of_client(query, query.client, reader, today)
    return _of_atss(query, reader, today, ats_names)


def too_many(query: QualityQuery, rows: int) -> bool:
    """Return whether a report over time has too many rows."""
    return query.interval is not Interval.ALL and rows > ROWS_LIMIT


def days_of(query: QualityQuery) -> int:
    """Return the number of days of a query's period."""
    return ((query.last or date.max) - (query.first or date.min)).days + 1


def subject(query: QualityQuery, reader: QualityReader) -> Subject:
    """Return the subject of a query with the names of its client and its job."""
    found = Subject()
    if query.ats:
        found["Ats"] = query.ats
    if query.client:
        found |= Subject(Client=query.client, **company(query.client, reader))
    if query.client and query.job:
        found["Job"] = query.job
        if title := reader.job(query.client, query.job).name:
            found["JobTitle"] = title
    return found


def company(client_id: str, reader: QualityReader) -> Subject:
    """Return the newest name of a client; nothing if it has none."""
    return _company(reader.lives_of_client(client_id).values())


def with_name(of: Subject, ats_names: Mapping[str, str]) -> Subject:
    """Return a subject with the name of its ATS, if it has one."""
    name = ats_names.get(of.get("Ats", ""))
    return {"Ats": of["Ats"], "AtsName": name, **of} if name else of


def names_of_atss(ids: Iterable[str], ats_names: Mapping[str, str], text: str) -> Sequence[MemberName]:
    """Return the ATSs whose names or ids begin with a text, sorted by name."""
    wanted = folded(text)
    named = [MemberName(ats_id, ats_names.get(ats_id, "")) for ats_id in ids]
    found = [each for each in named if any(folded(part).startswith(wanted) for part in each)]
    return sorted(found, key=lambda each: (folded(each.name or each.id), each.id))


def _of_atss(query: QualityQuery, reader: QualityReader, today: date, ats_names: Mapping[str, str]) -> QualityReport:
    lives = {query.ats: reader.life_of_ats(query.ats)} if query.ats else reader.lives_of_atss()
    existing = {ats_id: life for ats_id, life in lives.items() if life}
    large = {ats_id: life for ats_id, life in existing.items() if amount_of(life, "applications") >= MINIMUM}
    hidden = len(existing) - len(large)
    following, further = None, 0
    if query.search:
        found = [each.id for each in names_of_atss(large, ats_names, query.search)]
        further = max(0, len(found) - PAGE_ROWS)
        large = {ats_id: large[ats_id] for ats_id in found[:PAGE_ROWS]}
    elif query.by == "ats" and not query.sort:
        ids = [ats_id for ats_id in large if ats_id > (query.after or "")]
        following = ids[PAGE_ROWS - 1] if len(ids) > PAGE_ROWS else None
        large = {ats_id: large[ats_id] for ats_id in ids[:PAGE_ROWS]}
    if query.kind == "silence":
        return QualityReport(list(_silent(query, large, today)), hidden, further, following)
    if _is_too_long(query):
        return QualityReport([], hidden, too_long=DAYS_LIMIT)
    periods = _periods_of_atss(query, large, reader, today)
    return replace(_rows(query, periods, hidden, following, today), cut=further)


def periods_of_large_atss(query: QualityQuery, reader: QualityReader, today: date) -> Sequence[tuple[Subject, Period]]:
    """Return the periods of each ATS that has enough applications."""
    lives = reader.lives_of_atss()
    large = {ats_id: life for ats_id, life in lives.items() if amount_of(life, "applications") >= MINIMUM}
    return _periods_of_atss(query, large, reader, today)


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
    of = Subject(Client=client_id, **company(client_id, reader))
    return QualityReport([_life_row(query, of, job, today)])


def _of_list(query: QualityQuery, reader: QualityReader, today: date) -> QualityReport:
    """Return a page of the jobs of a client, or of the clients of an ATS, over their whole lives."""
    if query.client:
        of = Subject(Client=query.client, **company(query.client, reader))
        named, listed = partial(reader.named_jobs, query.client), partial(reader.jobs, query.client)
    else:
        of = Subject(Ats=query.ats or "")
        named, listed = partial(reader.named_clients, query.ats or ""), partial(reader.clients, query.ats or "")
    page, unsorted = _chosen(query, named, listed)
    sizes = page.head.get(_measure(query), NO_MEMBERS)
    rows = [
        _life_row(query, of, each, today) for each in page.members if sizes.shows(amount_of(each.row, _measure(query)))
    ]
    return QualityReport(rows, sizes.hidden, page.further, page.following, unsorted=unsorted)


def _of_all_clients(query: QualityQuery, reader: QualityReader, today: date) -> QualityReport:
    """Return a page of all clients, over their whole lives at the ATSs where they have enough applications."""
    page, unsorted = _chosen(query, reader.all_named_clients, reader.all_clients)
    found = [_row_of_client(query, client_id, lives.values(), today) for client_id, lives in page.lives.items()]
    rows = [row for row in found if row]
    return QualityReport(rows, len(found) - len(rows), page.further, page.following, unsorted=unsorted)


def _chosen[Found: (Page, PageOfClients)](
    query: QualityQuery, named: Callable[[str, int], Found], listed: Callable[[str | None, int], Found]
) -> tuple[Found, bool]:
    """Return the page that a query asks for, or all of a list to sort; True if the list is too long to be sorted."""
    if query.search:
        return named(query.search, _page_rows(query)), False
    if query.sort and (whole := listed(None, SORTED_MEMBERS[query.by])).following is None:
        return whole, False
    return listed(query.after, _page_rows(query)), query.sort is not None


def _page_rows(query: QualityQuery) -> int:
    return CLIENTS_PAGE_ROWS if query.by == "client" else PAGE_ROWS


def _row_of_client(query: QualityQuery, client_id: str, lives: Collection[Member], today: date) -> Row | None:
    large = [life.row for life in lives if amount_of(life.row, _measure(query)) >= MINIMUM]
    if not large:
        return None
    day = today if query.kind == "silence" else None
    counts = merged(map(counts_of_life, large))
    return Row(Subject(Client=client_id, **_company(lives)), day, day, list(_KINDS[query.kind](counts, today)))


_SORTED_BY: Mapping[SortColumn, tuple[str, Unit]] = {
    "applications": ("applications", "applications"),
    "feedback": ("feedback", "share"),
    "interview": ("reached:INTERVIEW", "share"),
    "hired": ("outcome:hired", "applications"),
    "first_response": ("first_response:median", "days"),
}


def sorted_page(query: QualityQuery, found: QualityReport) -> QualityReport:
    """Return a page of a list that has all members, sorted as the query asks; rows without the number come last."""
    if query.order is None or found.unsorted:
        return found
    column, descending = query.order
    known = [row for row in found.rows if _value(query, row, column) is not None]
    unknown = [row for row in found.rows if _value(query, row, column) is None]
    known.sort(key=lambda row: _value(query, row, column), reverse=descending)  # type: ignore[arg-type,return-value]
    rows = [*known, *unknown]
    if query.after:
        ids = [row.of[MEMBERS[query.by]] for row in rows]
        rows = rows[ids.index(query.after) + 1 :] if query.after in ids else []
    limit = _page_rows(query)
    following = rows[limit - 1].of[MEMBERS[query.by]] if len(rows) > limit else None
    return replace(found, rows=rows[:limit], following=following)


def _value(query: QualityQuery, row: Row, column: SortColumn) -> float | str | None:
    """Return the value by which a row is sorted."""
    if column == "name":
        return folded(row.of.get(NAMES[query.by], row.of[MEMBERS[query.by]]))
    measure, unit = _SORTED_BY[column]
    return next((each.value for each in row.numbers if (each.measure, each.unit) == (measure, unit)), None)


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
