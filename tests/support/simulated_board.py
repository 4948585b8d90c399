"""Simulates a job board with a random seed: applications of several ATSs, reported through the handlers."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from application_status.applications.rules.status import Status
from application_status.applications.scan import AllApplications, Unreadable
from application_status.labels.rules.remap import remap
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.values import to_text
from application_status.quality.rules.durations import EDGES
from support.signals import position_signal, send, signal, state
from support.streams import positions_copied
from support.world import ATS, OTHER_ATS, OTHER_TOKEN, TOKEN, World, http_event

TOKENS = {ATS: TOKEN, OTHER_ATS: OTHER_TOKEN}
POSITIONS = tuple(f"position-{number}" for number in range(2))
UNKNOWN_LABELS = ("Stage 3", "Grüner Bereich", "???")
_LABELS = (
    "Phone screen",
    "Interview",
    "Second interview",
    "Offer",
    "Hired",
    "Application unsuccessful",
    *UNKNOWN_LABELS,
)
_RAW_STATUSES = (None, None, "Absage durch Bewerber", "Absage", "Angebot abgelehnt", "Screening bei Frau Müller")
_NEW_YEAR = datetime(2022, 1, 1, tzinfo=UTC)


class Board:
    """A simulation; `play` runs it in an order that depends on the seed only."""

    def __init__(self, world: World, seed: int, applications: int) -> None:
        self._world = world
        self._chance = random.Random(seed)  # noqa: S311  # a simulation, no secret
        deeds = [deed for _ in range(applications) for deed in self._application()]
        deeds += [(self._chance.random(), each) for each in (*map(self._end_of, POSITIONS), self._read_anew)]
        self._deeds = [do for _, do in sorted(deeds, key=lambda deed: deed[0])]

    def play(self) -> None:
        """Run the simulation; in the end the labels are mapped again, some with the same result."""
        for do in self._deeds:
            do()
        positions_copied(self._world)
        self._read_anew({"Stage 3": "INTERVIEW", "???": "OFFER"})
        self._read_anew({"Stage 3": "CONTACT"})

    def _application(self) -> Iterator[tuple[float, Callable[[], None]]]:
        """Yield the events of one application, each with its position in the run, from 0 to 1."""
        application = str(UUID(int=self._chance.getrandbits(128)))
        ats_id = self._chance.choice(list(TOKENS))
        applied = _NEW_YEAR + timedelta(hours=self._chance.randrange(24 * 200))
        registered = self._chance.choices([0.0, self._chance.random(), 2.0], [80, 10, 10])[0]
        if registered <= 1:
            yield registered, lambda: self._register(application, ats_id, applied)
        for _ in range(self._chance.randint(0, 5)):
            body = self._report(application, applied)
            for _ in range(self._chance.choice([1, 1, 1, 2])):
                yield self._chance.random(), lambda body=body: self._send(body, ats_id)  # type: ignore[misc]
        for _ in range(self._chance.choice([0, 0, 1, 2])):
            said = self._signal(application, applied)
            yield self._chance.random(), lambda said=said: self._send_signal(said, ats_id)  # type: ignore[misc]
        if self._chance.random() < 0.05:
            yield 1.0, lambda: self._erase(application)

    def _moment(self, applied: datetime) -> datetime:
        """Return a time at the edge of a bucket, counted from applying, or a random time."""
        if self._chance.random() < 0.5:
            return applied + self._chance.choice(EDGES) - self._chance.choice([0, 1]) * timedelta(milliseconds=1)
        return applied + timedelta(minutes=self._chance.randint(-3000, 300_000))

    def _report(self, application: str, applied: datetime) -> dict[str, Any]:
        raw_status = self._chance.choice(_RAW_STATUSES)
        return {
            "AtsiApplicationId": application,
            "Status": self._chance.choice(list(Status)),
            **({"RawStatus": raw_status} if raw_status else {}),
            **({"BusinessDate": to_text(self._moment(applied))} if self._chance.random() < 0.8 else {}),
        }

    def _signal(self, application: str, applied: datetime) -> dict[str, Any]:
        success = {"success": self._chance.choice([True, False, None])} if self._chance.random() < 0.3 else {}
        said = state(self._chance.choice(_LABELS), **success) | {"timestamp": to_text(self._moment(applied))}
        return signal(said, token=f"token-{application}")

    def _register(self, application: str, ats_id: str, applied: datetime) -> None:
        body = {
            "AtsId": ats_id, "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1",
            "JobTitle": "Python Developer", "Company": "Example GmbH", "AppliedAt": to_text(applied),
            "Aliases": {"Token": [f"token-{application}"], "PositionProfileIds": [self._chance.choice(POSITIONS)]},
        }  # fmt: skip
        reply = self._world.registry(http_event("PUT", f"/api/applications/{application}", body, token=None), None)
        assert reply["statusCode"] in {200, 201}, reply

    def _send(self, body: dict[str, Any], ats_id: str) -> None:
        event = http_event("POST", "/api/application-status", body, token=TOKENS[ats_id])  # type: ignore[index]
        reply = self._world.webhook(event, None)
        assert reply["statusCode"] == 200, reply

    def _send_signal(self, said: dict[str, Any], ats_id: str) -> None:
        assert send(self._world, said, token=TOKENS[ats_id]).status == 200  # type: ignore[index]

    def _end_of(self, position: str) -> Callable[[], None]:
        ended = _NEW_YEAR + timedelta(days=self._chance.randint(30, 300))
        said = position_signal(success=True, positionProfileIds=[position])
        said["current"]["timestamp"] = to_text(ended)

        def notify_all() -> None:
            for ats_id in TOKENS:
                self._send_signal(said, ats_id)
            positions_copied(self._world)

        return notify_all

    def _read_anew(self, overrides: dict[str, str] | None = None) -> None:
        """Map all labels again, as `labels remap --apply` does."""
        applications = AllApplications(self._world.dynamodb, "ApplicationsTable")
        for page, _ in applications.pages(Unreadable()):
            for before in page:
                after = remap(before, Vocabulary.load(), overrides or {"Stage 3": "INTERVIEW"})
                assert after is before or applications.replace_interpretations(before, after)

    def _erase(self, application: str) -> None:
        assert self._world.erase(application).status == 204
