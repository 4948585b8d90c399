"""Generates applications with random histories, without a table, and with durations at the edges of buckets."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from application_status.applications import items
from application_status.applications.rules.application import Application, Position
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.values import AtsId, application_id, to_text
from application_status.quality.rules.durations import EDGES
from support.world import registration

_START = datetime(
    2022, 3, 1, 22, 30, tzinfo=UTC
)  # half an hour before midnight in Berlin, before the change to summer time
_ENDS = tuple(Outcome)[2:]


class Life:
    """The versions of an application, which may be erased in the end."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        ats_id = AtsId(f"ats-{chance.randrange(4)}")
        self._applied = _START + timedelta(hours=chance.randrange(24 * 60))
        self._registration = registration(ats_id=ats_id, applied_at=self._applied, job_id=f"job-{chance.randrange(3)}")
        new = Application(
            application_id=application_id(str(UUID(int=chance.getrandbits(128)))),
            ats_id=ats_id,
            status=Status.APPLIED,
            version=1,
            registration=self._registration,
        )
        self.versions = [new] if chance.random() < 0.8 else [self._first_contact(new)]
        for _ in range(chance.choice([0, 1, 2, 3, 5, 8, 12])):
            self.versions.append(self._next(self.versions[-1]))
        self.erased = chance.random() < 0.05

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield its stream records, without sequence numbers."""
        images = self.images()
        for old, new in zip([None, *images], images, strict=False):
            yield {"NewImage": new, **({"OldImage": old} if old else {})}
        if self.erased:
            yield {"OldImage": images[-1]}

    def images(self) -> list[dict[str, Any]]:
        """Return its items, one for each version."""
        return [{**_item(version), "Positions": _positions(version)} for version in self.versions]

    def _first_contact(self, new: Application) -> Application:
        return self._report(replace(new, registration=None, version=0), list(Status))

    def _next(self, before: Application) -> Application:
        dice = self._chance.random()
        if dice < 0.1 and before.transitions:
            return self._read_anew(before)
        if dice < 0.25 and before.registration:
            ended, since = self._chance.random() < 0.8, self._moment(before)
            changed = {
                f"position-{self._chance.randrange(2)}": Position(
                    ended, since, day_offset=None, received_at=since, version=1
                )
            }
            return replace(before, version=before.version + 1, positions={**before.positions, **changed})
        if dice < 0.5 and not before.registration:
            return replace(before, version=before.version + 1, registration=self._registration)
        return self._report(before, [*Status, None])

    def _report(self, before: Application, statuses: list[Status | None]) -> Application:
        status, moment = self._chance.choice(statuses), self._moment(before)
        outcome = self._chance.choice(_ENDS) if status is Status.REJECTED and self._chance.random() < 0.7 else None
        label = self._chance.choice(["Stufe 3", 'Gespräch "B"', "???", *([None] if status else [])])
        report = Report(
            application_id=before.application_id,
            ats_id=before.ats_id,
            channel=Channel.ATSI if status else Channel.SIGNALS,
            interpretation=Interpretation(status=status, raw_status=label, outcome=outcome),
            tiebreaker=str(status.rank) if status else "0003",
            received_at=moment + timedelta(minutes=self._chance.choice([0, 7, 4000])),
            effective_at=moment if self._chance.random() < 0.8 else None,
        )
        if report.effective_at and self._chance.random() < 0.3:
            report = replace(report, effective_at=_midnight(moment), day_offset=60)
        effect = before.receive(report)
        if not effect.added and before.version:
            return replace(before, version=before.version + 1)
        added = effect.added or (report.transition(),)
        return _with_head(before, {**before.transitions, **{each.key: each for each in added}})

    def _read_anew(self, before: Application) -> Application:
        """Map the label of one transition to another status, or to none."""
        key = self._chance.choice(sorted(before.transitions))
        read = before.transitions[key].interpretation
        unknown = [None] if read.raw_status and before.registration else []
        interpretation = replace(read, status=self._chance.choice([*Status, *unknown]), outcome=None, mapping="a@1")
        remapped = replace(before.transitions[key], interpretation=interpretation)
        if remapped.key != key:  # the key of a final status dated by its day depends on the status
            return self._report(before, [*Status, None])
        return _with_head(before, {**before.transitions, key: remapped})

    def _moment(self, before: Application) -> datetime:
        """Return a time around the edge of a bucket, counted from an earlier event, or a random time."""
        known = [self._applied, *(each.effective_at for each in before.transitions.values())]
        if self._chance.random() < 0.7:
            since = self._chance.choice([timedelta(), *EDGES]) + timedelta(milliseconds=self._chance.choice([-1, 0, 1]))
            return self._chance.choice(known) + since
        return self._applied + timedelta(minutes=self._chance.randint(-9000, 600_000))


def _midnight(moment: datetime) -> datetime:
    """Return the beginning of a moment's day, in a zone an hour ahead of UTC."""
    hour = timedelta(hours=1)
    return (moment + hour).replace(hour=0, minute=0, second=0, microsecond=0) - hour


def _with_head(before: Application, transitions: Any) -> Application:
    return replace(before.with_head(transitions, before.registration), version=before.version + 1)


def _item(application: Application) -> dict[str, Any]:
    return dict(items.application_item(application, updated_at="-"))


def _positions(application: Application) -> dict[str, Any]:
    return {
        "M": {
            key: {
                "M": {
                    "Ended": {"BOOL": position.ended},
                    "Since": {"S": to_text(position.since)},
                    "ReceivedAt": {"S": to_text(position.received_at)},
                    **({} if position.day_offset is None else {"DayOffset": {"N": str(position.day_offset)}}),
                    "Version": {"N": str(position.version)},
                }
            }
            for key, position in application.positions.items()
        }
    }
