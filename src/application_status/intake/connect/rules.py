"""The activity of a connection: what it sent lately, for the page that shows whether it works."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from application_status.applications.rules.status import Outcome, Status

KEPT_FOR = timedelta(days=90)
"""After so long without being seen again, an event type or a label is forgotten; labels can be personal data."""

_MOST_EVENT_TYPES, _MOST_LABELS, _MOST_PARKED = 50, 100, 20


class EventType(NamedTuple):
    """How often an event type was received, and when last."""

    received: int
    last: datetime


class Label(NamedTuple):
    """How a stage's name or a reason was read last, and when; `status` is None if it is unmapped."""

    status: Status | None
    outcome: Outcome | None
    last: datetime


class Parked(NamedTuple):
    """When an event of an unknown application was parked last."""

    last: datetime


class Refused(NamedTuple):
    """When and why a delivery was refused."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Event types by name, labels by their text, the ids of parked events, and the last test and refusal."""

    event_types: Mapping[str, EventType] = field(default_factory=dict)
    labels: Mapping[str, Label] = field(default_factory=dict, repr=False)
    parked: Mapping[str, Parked] = field(default_factory=dict)
    last_test: datetime | None = None
    last_refusal: Refused | None = None

    @property
    def names(self) -> set[tuple[str, str]]:
        """What is seen in it: event types, labels, a test, a refusal; ids of parked events are too many."""
        seen = {("event type", each) for each in self.event_types} | {("label", each) for each in self.labels}
        seen |= {("test", "")} if self.last_test else set()
        return seen | ({("refusal", "")} if self.last_refusal else set())

    def with_event(self, name: str, at: datetime) -> "Activity":
        """Return it with one more event of a type."""
        return self.with_more(Activity(event_types={name: EventType(1, at)}))

    def with_more(self, more: "Activity") -> "Activity":
        """Return both together; what is beyond the limits or too old is left out, the oldest first."""
        counts = {name: EventType(0, each.last) for name, each in more.event_types.items()} | dict(self.event_types)
        added = {
            name: EventType(counts[name].received + each.received, max(counts[name].last, each.last))
            for name, each in more.event_types.items()
        }
        labels = dict(self.labels)
        for text, label in more.labels.items():
            labels[text] = max(label, labels.get(text, label), key=lambda each: each.last)
        refusals = [each for each in (self.last_refusal, more.last_refusal) if each]
        return Activity(
            event_types=_newest(counts | added, _MOST_EVENT_TYPES),
            labels=_newest(labels, _MOST_LABELS),
            parked=_newest({**self.parked, **more.parked}, _MOST_PARKED),
            last_test=max((each for each in (self.last_test, more.last_test) if each), default=None),
            last_refusal=max(refusals, key=lambda each: each.at, default=None),
        )

    def since(self, moment: datetime) -> "Activity":
        """Return what of it was seen at this time or later."""
        return Activity(
            event_types={name: each for name, each in self.event_types.items() if each.last >= moment},
            labels={text: each for text, each in self.labels.items() if each.last >= moment},
            parked={text: each for text, each in self.parked.items() if each.last >= moment},
            last_test=self.last_test if self.last_test and self.last_test >= moment else None,
            last_refusal=self.last_refusal if self.last_refusal and self.last_refusal.at >= moment else None,
        )


def refusal(at: datetime, reason: str) -> Activity:
    """Return the activity of one refused delivery."""
    return Activity(last_refusal=Refused(at, reason))


def unmapped_first(labels: Mapping[str, Label]) -> list[tuple[str, Label]]:
    """Return labels with the unmapped ones first, and each kind with the last seen first."""
    return sorted(labels.items(), key=lambda each: (each[1].status is not None, -each[1].last.timestamp(), each[0]))


def _newest[Seen: (EventType, Label, Parked)](seen: Mapping[str, Seen], most: int) -> dict[str, Seen]:
    newest: Iterable[tuple[str, Seen]] = sorted(seen.items(), key=lambda each: each[1].last, reverse=True)
    return dict(list(newest)[:most])
