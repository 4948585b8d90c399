"""Reports of ATSs' own webhooks: snapshots, the time that sorts an event, and events that are the newest on receipt."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from application_status.applications.record import Applications
from application_status.applications.register import Registrations
from application_status.applications.rules.application import HISTORY_LIMIT
from application_status.applications.rules.report import Channel, Interpretation, Report, TimeSource
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.values import now, to_text
from support.world import APPLICATION, ATS, World, registration

FIRST = now() - timedelta(days=10)


def at(hours: float) -> datetime:
    return FIRST + timedelta(hours=hours)


def report(status: str | None, label: str | None = None, *, outcome: str | None = None, **details: Any) -> Report:
    """Return a report of an event; one without a time is the newest."""
    return Report(
        application_id=APPLICATION,
        ats_id=ATS,
        channel=Channel.GREENHOUSE,
        interpretation=Interpretation(
            status=Status(status) if status else None,
            raw_status=label,
            outcome=Outcome(outcome) if outcome else None,
        ),
        received_at=details.pop("received_at", now()),
        tiebreaker=str(Status(status).rank) if status else "0",
        **details,
    )


def snapshot(status: str | None, hours: float, label: str | None = None, **details: Any) -> Report:
    """Return a report of how things stand, with a proxy of its time."""
    return report(status, label, ordered_at=at(hours), is_snapshot=True, **details)


def decision(status: str, key: str, label: str | None = None, **details: Any) -> Report:
    """Return a report that is the newest when it is received."""
    return report(status, label, is_decision=True, idempotency_key=key, **details)


@pytest.fixture
def applications(world: World) -> Applications:
    return Applications(world.dynamodb, "ApplicationsTable")


def results(applications: Applications, *reports: Report) -> list[str]:
    return [str(applications.record(each).result) for each in reports]


def test_repeated_snapshot_is_unchanged_whatever_its_time(world: World, applications: Applications) -> None:
    """It has no transition and no version, but an older event is late from then on."""
    assert results(
        applications,
        snapshot("INTERVIEW", 1, "On-site"),
        snapshot("INTERVIEW", 2, "On-site"),
        snapshot("INTERVIEW", 5, " on-SITE"),
        snapshot("INTERVIEW", 3, "On-site"),
    ) == ["recorded", "unchanged", "unchanged", "unchanged"]
    stored = world.stored(APPLICATION)
    assert (stored.version, len(stored.transitions)) == (2, 1)
    assert str(stored.seen_until).startswith(to_text(at(5)))
    assert results(applications, snapshot("OFFER", 4, "Offer")) == ["late"]
    assert results(applications, snapshot("OFFER", 6, "Offer")) == ["recorded"]
    assert world.stored(APPLICATION).status == "OFFER"


def test_late_event_stays_late_whatever_is_written_later(world: World, applications: Applications) -> None:
    """The repeated snapshot decides, also after a new registration, other meanings of labels, and a full history."""
    interviewed_again = snapshot("INTERVIEW", 5, "On-site")
    nights = [report("CONTACT", effective_at=at(number / 1000)) for number in range(HISTORY_LIMIT)]
    results(applications, snapshot("INTERVIEW", 1, "On-site"), interviewed_again)
    assert results(applications, snapshot("OFFER", 4, "Offer"), *nights) == ["late"] * (1 + len(nights))
    assert world.stored(APPLICATION).is_folded
    Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable").register(
        APPLICATION, registration(job_title="Koch (m/w/d)")
    )
    stored = world.stored(APPLICATION)
    assert (stored.status, stored.head) == ("INTERVIEW", interviewed_again.transition().key)
    changed = stored.with_head(stored.transitions, stored.registration)
    assert (changed.status, changed.head) == (stored.status, stored.head)
    assert results(applications, snapshot("OFFER", 6, "Offer")) == ["recorded"]


def test_snapshot_that_was_unchanged_is_unchanged_for_ever(world: World, applications: Applications) -> None:
    """Its delivery is repeated after a newer status; a snapshot that says something else at that time is late."""
    first = [snapshot("INTERVIEW", 2, "On-site"), snapshot("INTERVIEW", 3, "On-site"), snapshot("OFFER", 4)]
    again = [snapshot("INTERVIEW", 3, "On-site"), snapshot("INTERVIEW", 3), snapshot("APPLIED", 1)]
    assert results(applications, *first) == ["recorded", "unchanged", "recorded"]
    assert results(applications, *again) == ["unchanged"] * 3
    assert world.stored(APPLICATION).version == 3
    others = [snapshot("INTERVIEW", 3, "Phone"), snapshot("CONTACT", 3.5), snapshot("INTERVIEW", 3.7, "On-site")]
    assert results(applications, *others) == ["late"] * 3


def test_repeated_unmapped_label_makes_no_event_late(world: World, applications: Applications) -> None:
    """It does not decide the status, so an older event that does is still the newest that does."""
    assert results(
        applications, snapshot(None, 3, "Chemistry"), snapshot(None, 2, "Chemistry"), snapshot("INTERVIEW", 1)
    ) == ["unmapped", "unchanged", "recorded"]
    assert world.stored(APPLICATION).status == "INTERVIEW"


def test_repeated_snapshot_and_event_of_one_time_are_sorted_as_any_two(
    world: World, applications: Applications
) -> None:
    """The status decides: the rejection was seen again at the time of the interview, and comes after it."""
    assert results(applications, snapshot("REJECTED", 1), snapshot("REJECTED", 2), snapshot("INTERVIEW", 2)) == [
        "recorded",
        "unchanged",
        "late",
    ]
    assert results(applications, snapshot("HIRED", 1.5), snapshot("HIRED", 2.5)) == ["late", "recorded"]
    assert world.stored(APPLICATION).status == "HIRED"


def test_snapshot_without_label_repeats_any_label(applications: Applications) -> None:
    """A hire that is told without a stage, and again with other events, is one hire."""
    assert results(
        applications, snapshot("HIRED", 1, "Hired"), snapshot("HIRED", 2), decision("HIRED", "offer 77 version 1")
    ) == ["recorded", "unchanged", "unchanged"]


def test_unmapped_snapshots_are_compared_with_the_newest(world: World, applications: Applications) -> None:
    """A label that nobody mapped is one transition too, however often it is repeated."""
    assert results(
        applications,
        snapshot("INTERVIEW", 1, "On-site"),
        snapshot(None, 2, "Chemistry"),
        snapshot(None, 3, "chemistry"),
        snapshot("INTERVIEW", 4, "On-site"),
        snapshot(None, 5, "Chemistry"),
    ) == ["recorded", "unmapped", "unchanged", "unchanged", "unchanged"]
    stored = world.stored(APPLICATION)
    assert (stored.status, len(stored.transitions)) == ("INTERVIEW", 2)


def test_proxy_counts_as_the_time_and_is_marked(world: World, applications: Applications) -> None:
    """So is the receipt of an event without any time."""
    results(applications, snapshot("INTERVIEW", 1), decision("REJECTED", "rejected"))
    interview, rejection = world.stored(APPLICATION).in_order()
    assert (interview.effective_at, interview.time_source) == (at(1), TimeSource.PROXY)
    assert (rejection.effective_at, rejection.time_source) == (rejection.received_at, TimeSource.RECEIVED)


def test_time_of_an_event_and_the_time_that_sorts_it_are_apart(world: World, applications: Applications) -> None:
    """Each is stored: the offer was accepted before the interview, by what its sender says."""
    results(
        applications,
        report("INTERVIEW", effective_at=at(5), ordered_at=at(6)),
        report("HIRED", effective_at=at(1), ordered_at=at(7)),
    )
    stored = world.stored(APPLICATION)
    assert stored.status == "HIRED"
    interview, hire = stored.in_order()
    assert (interview.effective_at, interview.sorted_at, interview.time_source) == (at(5), at(6), TimeSource.REPORTED)
    assert (hire.effective_at, hire.sorted_at, hire.time_source) == (at(1), at(7), TimeSource.REPORTED)


def test_back_dated_offer_does_not_make_a_hire_late(world: World, applications: Applications) -> None:
    """A hire is the newest when it is received; its time is the one of the offer."""
    assert results(
        applications, snapshot("OFFER", 100, "Offer"), decision("HIRED", "offer 77 version 1", effective_at=at(2))
    ) == ["recorded", "recorded"]
    stored = world.stored(APPLICATION)
    assert (stored.status, stored.in_order()[-1].effective_at) == ("HIRED", at(2))


def test_delivery_that_is_repeated_for_ever_hires_once(world: World, applications: Applications) -> None:
    """Nothing in it says when it was sent, so what it says of the offer identifies it."""
    hire, unhire = decision("HIRED", "offer 77 version 1"), decision("OFFER", "unhired", "Offer")
    assert results(applications, hire, unhire, hire, hire) == ["recorded", "recorded", "unchanged", "unchanged"]
    assert world.stored(APPLICATION).status == "OFFER"
    assert results(applications, decision("HIRED", "offer 77 version 2")) == ["recorded"]


def test_known_decision_is_recognised_after_it_changed_nothing(world: World, applications: Applications) -> None:
    """A hire that a snapshot reported first is known as well."""
    hire = decision("HIRED", "offer 77 version 1")
    assert results(applications, snapshot("HIRED", 1), hire, decision("OFFER", "unhired"), hire) == [
        "recorded",
        "unchanged",
        "recorded",
        "unchanged",
    ]
    assert world.stored(APPLICATION).status == "OFFER"


def test_of_decisions_the_one_received_last_wins(world: World, applications: Applications) -> None:
    """Whatever times they have."""
    assert (
        results(
            applications,
            decision("REJECTED", "rejected at 1", effective_at=at(9)),
            decision("INTERVIEW", "unrejected", "On-site"),
            decision("REJECTED", "rejected at 2", effective_at=at(3)),
        )
        == ["recorded"] * 3
    )
    assert world.stored(APPLICATION).status == "REJECTED"


def test_snapshot_from_before_a_decision_is_late(world: World, applications: Applications) -> None:
    """A delivery may be retried for hours."""
    assert results(applications, decision("HIRED", "offer 77 version 1"), snapshot("INTERVIEW", 3, "On-site")) == [
        "recorded",
        "late",
    ]
    assert world.stored(APPLICATION).status == "HIRED"


@pytest.mark.parametrize("end", ["HIRED", "REJECTED"])
def test_snapshot_without_a_time_does_not_undo_an_end(world: World, applications: Applications, end: str) -> None:
    """An event of an offer that was delivered late says nothing of what came after it."""
    offer = decision("OFFER", "offer 77 version 1", is_snapshot=True)
    another = decision("OFFER", "offer 78 version 1", is_snapshot=True)
    assert (
        results(applications, offer, decision(end, "end"), offer, another)
        == ["recorded", "recorded"] + ["unchanged"] * 2
    )
    assert world.stored(APPLICATION).status == end


def test_status_that_a_snapshot_repeated_stays(world: World, applications: Applications) -> None:
    """An older event joins the history, and so does the repetition, so that the newest transition decides."""
    assert results(applications, snapshot("INTERVIEW", 1), snapshot("INTERVIEW", 5), snapshot("OFFER", 3)) == [
        "recorded",
        "unchanged",
        "late",
    ]
    stored = world.stored(APPLICATION)
    assert [each.status for each in stored.in_order()] == ["INTERVIEW", "OFFER", "INTERVIEW"]
    assert (stored.status, stored.head, stored.version) == ("INTERVIEW", max(stored.transitions), 3)
    assert results(applications, report("OFFER", effective_at=at(4))) == ["late"]


def test_dated_report_from_before_a_repeated_snapshot_is_late(world: World, applications: Applications) -> None:
    """So the status is the same as if it had come before the snapshot."""
    assert results(applications, snapshot("INTERVIEW", 1), snapshot("INTERVIEW", 5)) == ["recorded", "unchanged"]
    assert results(applications, report("OFFER", effective_at=at(3))) == ["late"]
    assert world.stored(APPLICATION).status == "INTERVIEW"


def test_repeated_unmapped_snapshot_makes_no_event_late(applications: Applications) -> None:
    """It says nothing about the status."""
    assert results(
        applications,
        snapshot("INTERVIEW", 1),
        snapshot(None, 2, "Chemistry"),
        snapshot(None, 5, "Chemistry"),
        snapshot("OFFER", 4),
    ) == ["recorded", "unmapped", "unchanged", "recorded"]
