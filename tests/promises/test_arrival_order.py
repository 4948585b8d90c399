"""Reports in every order of arrival, through the real handlers and through the writes that they make."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
import time_machine

from application_status.applications.record import Applications, Recorded
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Status
from application_status.platform.values import now
from support import dispositions, signals
from support.arrival_orders import Step, ends_of_all_orders, without_arrival
from support.dynamodb_in_memory import Memory
from support.proof import IN_FULL, Figure, amount
from support.signals import signal, state
from support.world import ATS, SIGNALLED_APPLICATION, World

START = "2026-11-22T10:00:00Z"
NOON, NIGHT = "2022-08-02T12:00:00Z", "2022-08-02T00:00:00Z"


def report(status: str, when: str, label: str | None = None) -> Step:
    def send(world: World) -> None:
        found = world.report(status, AtsiApplicationId=SIGNALLED_APPLICATION, BusinessDate=when, RawStatus=label)
        assert found.status == 200, found.body

    return send


def signalled(current: Mapping[str, Any], **more: Any) -> Step:
    return lambda world: signals.sent(world, signal(current, **more))


def disposed(status: str, label: str, when: str) -> Step:
    about = {"indeedApplyID": SIGNALLED_APPLICATION}
    sent = dispositions.about(about, dispositionStatus=status, rawDispositionStatus=label, statusChangeDateTime=when)
    return lambda world: dispositions.sent(world, sent)


def indexed(label: str, index: int, **more: Any) -> dict[str, Any]:
    return state(label, 2, status={"label": label, "index": index, "total": 9}, **more)


SETS: Mapping[str, Sequence[Step]] = {
    "times": [
        report("CONTACT", "2022-07-30T10:00:00Z"),
        report("INTERVIEW", "2022-08-01T10:00:00Z", "On-site"),
        report("INTERVIEW", "2022-08-03T10:00:00Z"),
        report("OFFER", "2022-08-02T10:00:00.001+02:00"),
        report("REJECTED", "2022-08-01T23:59:59.999Z"),
        report("HIRED", "2022-08-04T10:00:00Z"),
    ],
    "days without times, in several zones": [
        report("REJECTED", NIGHT),
        report("INTERVIEW", "2022-08-02T14:00:00Z"),
        report("OFFER", NIGHT),
        report("HIRED", "2022-08-02T00:00:00+02:00"),
        report("OFFER", "2022-08-03T00:00:00+12:00"),
        report("OFFER", "2022-08-02T00:00:00-12:00"),
    ],
    "equal times": [
        report("INTERVIEW", NOON),
        report("INTERVIEW", NOON, "On-site"),
        report("INTERVIEW", "2022-08-02T14:00:00+02:00", "Second"),
        report("HIRED", NOON),
        report("REJECTED", NOON),
        report("OFFER", NOON, "Offer"),
    ],
    "confirmations": [report("INTERVIEW", f"2022-08-0{day}T10:00:00Z", "On-site") for day in range(1, 6)]
    + [report("OFFER", "2022-08-03T12:00:00Z")],
    "before the application was made": [
        report("LEAD", "2022-06-01T10:00:00Z"),
        report("CONTACT", "2022-06-30T00:00:00Z"),
        report("CONTACT", "2022-07-01T00:00:00Z"),
        report("INTERVIEW", "2022-06-15T10:00:00Z"),
        report("APPLIED", "2022-06-20T10:00:00Z"),
        report("CONTACT", "2022-07-01T08:59:59.999Z"),
    ],
    "previous states of signals": [
        signalled(state("Screening", 2), previous=state("Applied", 1)),
        signalled(state("Offer", 5), previous=state("Interview", 4)),
        signalled(state("Interview", 4), previous=state("Screening", 2)),
        signalled(state("Blue folder", 3), previous=state("Screening", 2)),
        signalled(state("Offer", 5), previous=state("Red folder", 1)),
        signalled(state("Applied", 1)),
    ],
    "endings of signals": [
        signalled(state("Hired", 2)),
        signalled(state("Hired", 2, success=None)),
        signalled(state("Hired", 2, success=True)),
        signalled(state("Hired", 2, success=False)),
        signalled(state("Closed", timestamp=NIGHT, success=False)),
        signalled(state("Interview", timestamp="2022-08-02T20:00:00Z")),
    ],
    "places and phases of signals": [
        signalled(indexed("Interview", 3)),
        signalled(indexed("Interview", 2)),
        signalled(indexed("Zorblax", 4)),
        signalled(indexed("Zorblax", 4, phase={"label": "Interview", "index": 1, "total": 3})),
        signalled(state("Offer", 3), previous=indexed("Zorblax", 4, phase={"label": "Offer", "index": 2, "total": 3})),
        signalled(indexed("Interview", 3, phase={"label": "Talks", "index": 1, "total": 3})),
    ],
    "dispositions": [
        disposed("SCREEN", "Phone", NOON),
        disposed("LIKED", "Phone", NOON),
        disposed("UNABLE_TO_MAP", "Blue folder", NIGHT),
        disposed("REJECTED", "No", NIGHT),
        disposed("HIRED", "Yes", "2022-08-02T09:00:00Z"),
        disposed("UNABLE_TO_MAP", "Rejected", "2022-08-03T00:00:00Z"),
    ],
    "all contracts": [
        report("INTERVIEW", NOON, "On-site"),
        signalled(state("Offer", 2), previous=state("On-site", 1)),
        disposed("HIRED", "Yes", NIGHT),
        report("REJECTED", "2022-08-01T00:00:00+02:00"),
        signalled(state("Rejected", 3, success=False)),
        disposed("INTERVIEW", "Second", NOON),
    ],
}


@pytest.fixture
def world() -> Iterator[World]:
    with time_machine.travel(START, tick=False):
        yield World(Memory())


def reports_of(world: World, sends: Sequence[Step]) -> list[Report]:
    """Return the reports that the handlers record."""
    found: list[Report] = []
    record = Applications.record

    def noted(self: Applications, report: Report, **doubt: Any) -> Recorded:
        found.append(report)
        return record(self, report, **doubt)

    saved = world.client.saved()
    with patch.object(Applications, "record", noted):
        for send in sends:
            send(world)
    world.client.restore(saved)
    return found


def recording(each: Report) -> Step:
    def record(world: World) -> Recorded:
        return Applications(world.dynamodb, "ApplicationsTable").record(each)

    return record


def test_arrival_order(world: World, figure: Figure) -> None:
    """Reports with effective times lead to the same item in every order of arrival.

    Each set goes through the handlers, or through the writes that they make, in all orders, and so do samples of twelve
    out of all sets. Only the numbers of the versions and the times of receipt differ.
    """
    known: list[Report] = []
    orders, size = 0, amount(5, 6)
    for name, sends in SETS.items():
        of_set = reports_of(world, sends)
        known += of_set
        steps = sends if IN_FULL else [recording(each) for each in of_set[:size]]
        ends = ends_of_all_orders(world, steps, SIGNALLED_APPLICATION)
        orders += len(ends)
        first = without_arrival(next(iter(ends.values())))
        for order, item in ends.items():
            assert without_arrival(item) == first, f"{name}, in the order {order}"
    random, start, samples = Random(18), world.client.saved(), amount(100, 1000)  # noqa: S311  # no secret
    for number in range(samples):
        some = random.sample(known, 12)
        found = []
        for arrived in (some, random.sample(some, len(some))):
            for each in arrived:
                recording(each)(world)
            found.append(without_arrival(world.item(SIGNALLED_APPLICATION)))
            world.client.restore(start)
        assert found[0] == found[1], f"sample {number}: {some}"
    figure(f"{orders:,} orders of {size} reports, {samples:,} of 12: 0 other items")


def snapshot(random: Random) -> Report:
    """Return a snapshot of an application at one of five times, as an ATS's own webhook sends it."""
    status = random.choice([*map(Status, ("APPLIED", "INTERVIEW", "OFFER", "HIRED", "REJECTED")), None])
    return Report(
        application_id=SIGNALLED_APPLICATION,
        ats_id=ATS,
        channel=Channel.ASHBY,
        interpretation=Interpretation(status=status, raw_status=random.choice(["one", "two"])),
        received_at=now(),
        tiebreaker=str(status.rank) if status else "000",
        ordered_at=now() - timedelta(hours=random.randrange(1, 6)),
        is_snapshot=True,
    )


def test_order_of_snapshots(world: World, figure: Figure) -> None:
    """Snapshots of an application lead to the same status in every order of arrival."""
    sets, size = amount(4, 100), amount(5, 6)
    orders = 0
    for seed in range(sets):
        random = Random(seed)  # noqa: S311  # no secret
        some = [snapshot(random) for _ in range(size)]
        ends = ends_of_all_orders(world, [recording(each) for each in some], SIGNALLED_APPLICATION)
        orders += len(ends)
        found = {item["Status"]["S"]: order for order, item in ends.items()}
        assert len(found) == 1, f"seed {seed}: {found} of {some}"
    figure(f"{orders:,} orders of {size} snapshots: 0 other statuses")
