"""Customers of the providers: a connection, an application, its deliveries, and what is counted of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.client import HTTPConnection
from random import Random
from threading import Thread
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from application_status.access.connections import Created
from application_status.applications.rules.application import Application
from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.intake.connect.events import Change
from application_status.intake.connect.providers import PROVIDERS
from application_status.labels.overrides import OverrideRegister
from application_status.local.gateway import Gateway
from support import ashby_events, greenhouse_events, lever_events, recruitee_events
from support.counters import reader_of
from support.native_webhooks import body_of, signed
from support.webhooks import delivery, path
from support.world import ATS, TEMPLATE, Answer, World, answer, http_event

SECRET = lever_events.SECRET
AFTERWARDS = {
    Channel.GREENHOUSE: datetime(2026, 11, 23, 12, tzinfo=UTC),
    Channel.ASHBY: datetime(2026, 11, 23, 12, tzinfo=UTC),
    Channel.RECRUITEE: datetime(2026, 11, 23, 12, tzinfo=UTC),
    Channel.LEVER: datetime(2026, 11, 2, 12, tzinfo=UTC),
}
"""A time after all events in the recorded bodies, at which those of Lever are still accepted."""

IDS = {
    Channel.GREENHOUSE: greenhouse_events.IDS._replace(external=""),
    Channel.ASHBY: ashby_events.IDS,
    Channel.RECRUITEE: recruitee_events.IDS,
    Channel.LEVER: lever_events.APPLICATION_IDS,
}
"""The ids by which the board registers the application; those of Lever's opportunity come with its first event."""

_MINUTE = timedelta(minutes=1)
_ID_FIELDS = {"ApplicationId": "application", "CandidateId": "candidate", "JobId": "job"}

HIRED = {
    Channel.GREENHOUSE: (
        "new_candidate_application", "candidate_stage_change", "application_updated", "offer_created",
        "hire_candidate", "application_updated_hired", "offer_updated",
    ),
    Channel.ASHBY: (
        "applicationSubmit", "candidateStageChange", "applicationUpdate", "offerCreate_waiting",
        "candidateStageChange_offer", "candidateHire", "applicationUpdate_hired", "candidateStageChange_hired",
    ),
    Channel.RECRUITEE: (
        "new_candidate", "candidate_moved_stage_changed", "candidate_moved_category", "candidate_moved_offer",
        "candidate_moved_hired",
    ),
    Channel.LEVER: (
        "applicationCreated", "candidateStageChange", "candidateStageChange_offer", "candidateArchiveChange_hired",
        "candidateHired",
    ),
}  # fmt: skip
"""The events of an application that ends with a hire, from applying on."""

ENDED = {
    Channel.GREENHOUSE: (
        "new_candidate_application", "candidate_stage_change", "reject_candidate_withdrew",
        "application_updated_rejected",
    ),
    Channel.ASHBY: ("applicationSubmit", "candidateStageChange", "applicationUpdate", "candidateStageChange_archived"),
    Channel.RECRUITEE: ("new_candidate", "candidate_moved_stage_changed", "candidate_moved_disqualified"),
    Channel.LEVER: ("applicationCreated", "candidateStageChange", "candidateArchiveChange"),
}  # fmt: skip
"""The events of an application that ends with a rejection or a withdrawal."""

REOPENED = {
    Channel.GREENHOUSE: (
        "new_candidate_application", "candidate_stage_change", "offer_created", "hire_candidate", "unhire_candidate",
        "reject_candidate_declined_offer",
    ),
    Channel.ASHBY: (
        "applicationSubmit", "candidateStageChange", "candidateStageChange_archived", "applicationUpdate_reopened",
        "candidateStageChange_offer", "candidateHire",
    ),
    Channel.RECRUITEE: (
        "new_candidate", "candidate_moved_category", "candidate_moved_disqualified", "candidate_moved_requalified",
        "candidate_moved_hired",
    ),
    Channel.LEVER: (
        "applicationCreated", "candidateStageChange", "candidateArchiveChange", "candidateArchiveChange_restored",
        "candidateHired",
    ),
}  # fmt: skip
"""The events of an application whose end is taken back, and which ends otherwise."""


def moments(provider: Channel, events: Sequence[str]) -> Iterator[tuple[datetime, bytes]]:
    """Yield the bodies of events with the times of their first deliveries: a minute after each, and in this order."""
    at = datetime(2026, 11, 1, 9, tzinfo=UTC)
    for name in events:
        body = body_of(provider, name)
        changes = [each for each in PROVIDERS[provider].read(body) if isinstance(each, Change)]
        at = max([at, *(time for each in changes if (time := each.ordered_at or each.effective_at))]) + _MINUTE
        yield at, body


def streamed(world: World, *, is_shuffled: bool = False) -> None:
    """Deliver both streams of a World in memory to their functions from the start; if shuffled, twice."""
    assert world.positions({"Records": list(world.client.streams["AliasesTable"])}, None) == {"batchItemFailures": []}
    records = list(world.client.streams["ApplicationsTable"])
    if is_shuffled:
        records *= 2
        Random(0).shuffle(records)  # noqa: S311  # no secret
    assert world.analytics({"Records": records}, None) == {"batchItemFailures": []}


@contextmanager
def served(world: World) -> Iterator[int]:
    """Serve the endpoint of a World with the local gateway; yield the port."""
    with Gateway(TEMPLATE, {"ConnectFunction": world.connect}, 0) as gateway:
        Thread(target=gateway.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield gateway.server_port
        finally:
            gateway.shutdown()


def name_stages(world: World) -> None:
    """Store what the customer told about Lever's stages and reasons, of which events have only the ids."""
    meanings = {lever_events.STAGE: "INTERVIEW", lever_events.REASON: "REJECTED/not_selected"}
    OverrideRegister(world.dynamodb, "TokensTable").change(ATS, meanings)


@dataclass(frozen=True, slots=True)
class Customer:
    """A client with a connection and an application; the same ids at another client are another application."""

    world: World
    provider: Channel
    client: str
    created: Created

    @classmethod
    def of(cls, world: World, provider: Channel, client: str) -> "Customer":
        """Create the connection of a client."""
        created = world.connections.create(provider, ATS, client, secret=SECRET, created_by="operator")
        return cls(world, provider, client, created)

    @property
    def application(self) -> str:
        """The application's id."""
        return str(uuid5(NAMESPACE_URL, self.client))

    def register(self, *, with_ids: bool = True, also: Sequence[NativeIds] = ()) -> None:
        """Register the application, with the ids that its provider uses or without them."""
        body: dict[str, Any] = {
            "AtsId": ATS,
            "ClientId": self.client,
            "JobId": "job-1",
            "JobseekerId": "jobseeker-1",
            "JobTitle": "Python Developer",
            "Company": "Example GmbH",
            "AppliedAt": "2026-11-01T08:00:00Z",
            "Aliases": self._aliases(IDS[self.provider]) if with_ids else {},
        }
        event = http_event("PUT", f"/api/applications/{self.application}", body, token=None)
        assert answer(self.world.registry(event, None)).status == 201
        for each in also:
            self.add_ids(each)

    def add_ids(self, ids: NativeIds) -> None:
        """Add ids to the registered application."""
        body = {"Aliases": self._aliases(ids)}
        event = http_event("PATCH", f"/api/applications/{self.application}/aliases", body, token=None)
        assert answer(self.world.registry(event, None)).status == 200

    def send(self, body: bytes, *, is_base64: bool = True) -> Answer:
        """Send a body, signed as the provider signs it."""
        headers = signed(self.provider, body, SECRET)
        return answer(self.world.connect(delivery(self.created, body, headers, is_base64=is_base64), None))

    def post(self, port: int, body: bytes) -> tuple[int, Message]:
        """Send a body to the gateway at a port; return the status and the headers of the reply."""
        with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("POST", path(*self.created), body, signed(self.provider, body, SECRET))
            reply = connection.getresponse()
            return reply.status, reply.headers

    def stored(self) -> Application:
        """Return the application from the table."""
        return self.world.stored(self.application)

    def numbers(self) -> Counter[str]:
        """Return the client's totals over its whole life by measure, without zeros."""
        lives = reader_of(self.world).lives_of_client(self.client).values()
        return +Counter({name: sum(slots.values()) for life in lives for name, slots in life.row.items()})

    def _aliases(self, ids: NativeIds) -> dict[str, dict[str, str]]:
        sent = {field: value for field, name in _ID_FIELDS.items() if (value := getattr(ids, name))}
        return {self.provider.capitalize(): sent}
