"""The board that `make run` begins with: a board's normal months, with ATSs that differ."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.applications.rules.registration import Registration
from application_status.applications.rules.status import Outcome, Status
from application_status.labels.rules import remap as remapping
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.local import demo, demo_board, example_file
from application_status.local.demo import ATS_PROFILES
from application_status.local.demo_board import SimulatedApplication
from application_status.platform.dynamodb.client import Item
from application_status.platform.values import AtsId
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.items import AT, HEAD
from application_status.quality.rules.contribution import contribution, is_of_cohort
from application_status.quality.rules.disclosure import applications_in_cohort
from application_status.quality.rules.periods import Interval, Question, requested_days
from application_status.quality.rules.totals import Kind, Recent, added
from support.counters import heads_and_members, totals_and_markers

TODAY = datetime(2026, 11, 22, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def tables() -> dict[str, list[Item]]:
    """What the board puts into each table."""
    found: dict[str, list[Item]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_board, "now", lambda: TODAY)
        demo_board.fill(lambda table, loaded: found.setdefault(table, []).extend(loaded), BERLIN)
    return found


@pytest.fixture(scope="module")
def lives() -> Sequence[SimulatedApplication]:
    return list(demo_board.simulated_applications(TODAY))


@pytest.fixture(scope="module")
def stored(tables: dict[str, list[Item]]) -> Sequence[Application]:
    return [items.application(item) for item in tables["ApplicationsTable"]]


@pytest.fixture(scope="module")
def applications(stored: Sequence[Application]) -> Sequence[Application]:
    """Those of the board, without those of the example file."""
    return stored[: demo_board.APPLICATIONS]


def days_until_first_report(applications: Sequence[Application], ats_id: str) -> float:
    waited = [
        (each.in_order()[0].effective_at - each.registration.applied_at) / timedelta(days=1)
        for each in applications
        if each.ats_id == ats_id and each.transitions and each.registration
    ]
    return median(waited)


def test_applications_are_readable_and_of_the_last_days(applications: Sequence[Application]) -> None:
    """There are as many as configured, none is from the future, and no status is reported before it took effect."""
    assert len({each.application_id for each in applications}) == len(applications) == demo_board.APPLICATIONS
    applied = [each.registration.applied_at for each in applications if each.registration]
    assert TODAY - timedelta(days=90) <= min(applied)
    assert max(applied) <= TODAY
    assert all(each.version == 1 + len(each.transitions) for each in applications)
    transitions = [each for application in applications for each in application.transitions.values()]
    assert all(each.effective_at <= each.received_at <= TODAY for each in transitions)


def test_applications_of_the_example_file_are_stored(stored: Sequence[Application]) -> None:
    """As they were registered."""
    assert stored[demo_board.APPLICATIONS :] == list(example_file.applications(TODAY.date()))


def test_the_same_board_each_time(lives: Sequence[SimulatedApplication]) -> None:
    """An hour later all times have moved by an hour; except at the edges, each application has the same status."""
    assert list(demo_board.simulated_applications(TODAY)) == lives
    later = [each.application.status for each in demo_board.simulated_applications(TODAY + timedelta(hours=1))]
    same = sum(a is b.application.status for a, b in zip(later, lives, strict=True))
    assert same > len(lives) * 0.98


def test_counters_are_the_sum_of_the_applications(tables: dict[str, list[Item]]) -> None:
    """Row by row, and each marker is its application's; the totals of lists are those of their members."""
    applications = {each.application_id: each for each in map(items.application, tables["ApplicationsTable"])}
    markers = {}
    for item in tables["QualityTable"]:
        if item["Scope"]["S"].startswith(quality_items.marker_scope(1, "")):
            markers[quality_items.application_of(item)] = quality_items.marker(item)
    assert markers.keys() == applications.keys()
    for of, marker in markers.items():
        application = applications[of]
        assert (marker.version, marker.contribution) == (application.version, contribution(application, BERLIN))
        assert application.registration
        assert (marker.client_id, marker.job_id) == (
            application.registration.client_id,
            application.registration.job_id,
        )
    ((totals, expected),) = totals_and_markers(tables["QualityTable"]).values()
    assert totals == expected
    lists = heads_and_members(tables["QualityTable"])
    assert {scope.split("#")[0] for scope in lists} == {"clients", "jobs"}
    assert all(head == members for head, members in lists.values())


def test_clients_and_jobs_have_their_names(tables: dict[str, list[Item]], stored: Sequence[Application]) -> None:
    """Each name is that of a registration."""
    registered = [each.registration for each in stored if each.registration]
    companies = {(each.client_id, each.company) for each in registered}
    titles = {(each.client_id, each.job_id, each.job_title) for each in registered}
    for item in tables["QualityTable"]:
        kind, *ids = item["Scope"]["S"].replace("#1#", "#").split("#")
        if kind == "client" and item["Part"]["S"].startswith(AT):
            assert (*ids, item["Name"]["S"]) in companies
        elif kind == "jobs" and item["Part"]["S"] != HEAD:
            assert (*ids, item["Part"]["S"], item["Name"]["S"]) in titles


def test_ats_s_differ(applications: Sequence[Application], lives: Sequence[SimulatedApplication]) -> None:
    """One is quick, one slow, one reports only endings, one has unmapped labels, one has stopped reporting."""
    assert {each.ats_id for each in applications} == ATS_PROFILES.keys()
    assert days_until_first_report(applications, "demo-ats") < 4
    assert days_until_first_report(applications, "workday") > 9
    of_personio = [t.status for each in applications if each.ats_id == "personio" for t in each.transitions.values()]
    assert set(of_personio) == {Status.HIRED, Status.REJECTED}
    unmapped = Counter(each.ats_id for each in applications for t in each.transitions.values() if t.status is None)
    assert list(unmapped) == ["greenhouse"]
    requests = [each for life in lives for each in life.requests]
    newest = {ats_id: max(each.at for each in requests if each.ats_id == ats_id) for ats_id in ATS_PROFILES}
    assert TODAY - newest[AtsId("icims")] > timedelta(weeks=4)
    assert all(TODAY - at < timedelta(days=2) for ats_id, at in newest.items() if ats_id != "icims")


def test_everything_happens(applications: Sequence[Application]) -> None:
    """Each status and outcome, moves back, a hire taken back, and late reports."""
    histories = [[t for t in each.in_order() if t.status] for each in applications]
    assert {t.status for history in histories for t in history} == set(Status) - {Status.LEAD, Status.APPLIED}
    assert {each.outcome[0] for each in applications} == set(Outcome)
    statuses = [[t.status for t in history] for history in histories]
    assert any(Status.HIRED in each[:-1] for each in statuses)
    assert any(Status.REJECTED in each[:-1] for each in statuses)
    assert any(h[n].received_at > h[n + 1].received_at for h in histories for n in range(len(h) - 1))


def test_unknown_labels_are_many_and_few(applications: Sequence[Application]) -> None:
    """At least four are on more than five applications, and some on fewer than five."""
    labels = Counter(t.raw_status for each in applications for t in each.transitions.values() if t.status is None)
    assert sum(amount > 5 for amount in labels.values()) >= 4
    assert sum(amount < 5 for amount in labels.values()) >= 2


def test_labels_are_read_as_the_service_reads_them(applications: Sequence[Application]) -> None:
    """Mapping the labels again changes nothing."""
    vocabulary = Vocabulary.load()
    assert all(remapping.remap(each, vocabulary, {}) is each for each in applications)


def test_health_has_what_an_operator_looks_for(lives: Sequence[SimulatedApplication]) -> None:
    """Each ATS repeats reports, and some are late, unknown or refused."""
    results: dict[str, set[str]] = {}
    for life in lives:
        for request in life.requests:
            results.setdefault(request.ats_id, set()).add(str(request.result))
    assert all({"recorded", "unchanged", "invalid-fields"} <= seen for seen in results.values())
    assert "unmapped" in results["greenhouse"]
    assert all("late" in results[ats_id] for ats_id in results.keys() - {"personio"})


def test_reports_on_the_samples_show_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds just after midnight too: the days shown reach to the youngest sample."""
    midnight = datetime(2026, 11, 22, 0, 10, tzinfo=BERLIN)
    monkeypatch.setattr(demo, "now", lambda: midnight)
    samples: list[Registration] = []
    demo.seed(
        SimpleNamespace(add=lambda *_: None, add_client=lambda *_: None),  # type: ignore[arg-type]  # a register that forgets
        SimpleNamespace(register=lambda _, registration: samples.append(registration)),  # type: ignore[arg-type]
    )
    assert len(samples) == len(demo.SAMPLES)
    counts: Counter[tuple[str, str]] = Counter()
    for each in demo_board.simulated_applications(midnight):
        cells = contribution(each.application, BERLIN)
        counts.update({(cell.day, cell.measure): n for cell, n in cells.items() if cell.ats_id == demo.ATS_ID})
    life = added({}, counts, Kind.ATS, Recent.of(midnight.date()))
    first, last = requested_days(None, None, midnight.date())
    asked = Question(applications_in_cohort, is_of_cohort, Interval.ALL, first, last, last)
    cut = asked.cut(asked.groups(life))
    groups = [*cut.whole, *cut.in_days]
    days = [each.applied_at.astimezone(BERLIN).date() for each in samples]
    assert all(any(group.first <= day <= group.last for group in groups) for day in days)


def test_first_jobseeker_has_a_page_to_look_at(applications: Sequence[Application]) -> None:
    """Some open, one silent for weeks, some ended, in different stages."""
    own = [each for each in applications if each.registration and each.registration.jobseeker_id == "jobseeker-1"]
    assert 4 <= len(own) <= 12
    assert len({each.status for each in own}) >= 4
    assert {each.outcome[0] is Outcome.OPEN for each in own} == {True, False}
    silent = [each for each in own if each.outcome[0] is Outcome.OPEN and each.transitions]
    assert any(TODAY - each.in_order()[-1].effective_at > timedelta(weeks=3) for each in silent)
