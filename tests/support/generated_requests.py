"""Sends generated requests to all intakes, at the extremes of what they accept; the streams keep what they store.

The same seed sends the same requests.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import Any
from uuid import UUID

import time_machine

from application_status.applications.record import UnknownApplications
from application_status.applications.rules.application import HISTORY_LIMIT
from application_status.applications.rules.notes import Feedback, FeedbackReason
from application_status.applications.rules.report import NATIVE, Channel
from application_status.applications.rules.status import Status
from application_status.applications.scan import AllApplications
from application_status.jobseeker.feedback import FeedbackList, JobseekersNotes
from application_status.labels.rules.dispositions import DispositionStatus
from application_status.labels.rules.remap import remap
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.errors import ConditionFailed
from application_status.platform.values import application_id, now
from support import dispositions, sandbox, signals
from support.dynamodb_in_memory import Memory
from support.expiry import expire_all
from support.files import Station, csv
from support.native_flow import AFTERWARDS, Customer, name_stages
from support.native_webhooks import body_of, names
from support.world import ATS, OTHER_ATS, OTHER_TOKEN, TOKEN, Answer, World, answer, http_event

START = datetime(2026, 11, 27, 9, tzinfo=UTC)
LABELS = ("Interview", "Hired", "Absage durch Bewerber", "Stage 3", "Offer", "Application unsuccessful", " ", "ẞtufe")
_TOKENS = {ATS: TOKEN, OTHER_ATS: OTHER_TOKEN}
_PLANES = ((0, 0x7F), (0x80, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x1FFFF), (0xE0000, 0x10FFFF))
_ID = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._:-"
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
_NATIVE = _VISIBLE.replace("#", "").replace("@", "")
_FARTHEST = timedelta(hours=23, minutes=59)
_OLD = ("2000-01-01T00:00:00", "2000-01-01T00:00:00.000000001", "2000-02-29T23:59:59.999999999", "2011-12-30T00:00:00")
_NEVER_SET = ("0001-01-01T00:00:00", "1970-01-01T00:00:00", "9999-12-31T23:59:59")
_CHANGES_OF_CLOCKS = ("2022-03-27T02:30:00", "2022-10-30T02:30:00", "2026-10-25T00:00:00", "2018-11-04T00:00:00")
_OFFSETS = ("Z", "+00:00", "-00:00", "+23:59", "-23:59", "+14:00", "-12:00", "+05:45", "-03:30", "z")


class Traffic:
    """The senders of requests, with the World in memory that receives them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # generated requests, no secret
        self.memory = Memory()
        self.world = World(self.memory, UnknownApplications.ACCEPT)
        self.station = Station(self.world)
        self.ids = [str(UUID(int=self.chance.getrandbits(128))) for _ in range(6)]
        self.full = [str(UUID(int=self.chance.getrandbits(128))) for _ in range(2)]
        self.registered: list[dict[str, Any]] = []
        self.replies: Counter[int] = Counter()
        self._seen = 0
        self._numbers = count(1000)

    def send(self, rounds: int) -> None:
        """Send requests of all kinds, each kind in every round, in a random order."""
        kinds: list[Callable[[], None]] = [
            self._register, self._register, self._add_aliases, self._report, self._report, self._batch, self._signals,
            self._signals, self._position, self._dispositions, self._native, self._file, self._sandbox, self._note,
            self._remap, self._erase, self._copy_positions,
        ]  # fmt: skip
        with time_machine.travel(START, tick=False) as self.clock:
            name_stages(self.world)
            self._fill_histories()
            for number in range(rounds):
                self.chance.shuffle(kinds)
                for send in kinds:
                    self.clock.shift(timedelta(seconds=self.chance.choice([0, 1, 60, 86_400])))
                    send()
                if number % 3 == 2:
                    self.ids[self.chance.randrange(len(self.ids))] = str(UUID(int=self.chance.getrandbits(128)))
            self._copy_positions()
            records = list(self.memory.streams["ApplicationsTable"])
            assert self.world.analytics({"Records": records}, None) == {"batchItemFailures": []}
            assert expire_all(self.world)
            self._copy_positions()

    # What is sent.

    def _register(self) -> None:
        """Register an application, or another version of one; most have all optional fields."""
        body: dict[str, Any] = {
            "AtsId": self.chance.choice([*_TOKENS]),
            "ClientId": self._id(),
            "JobId": self._id(),
            "JobseekerId": self._id(),
            "JobTitle": self._text(200, least=1),
            "Company": self._text(200, least=1),
            "AppliedAt": self._moment(),
            **({"Link": f"https://{self._letters(_ID, 900).replace(':', '')}"} if self._often() else {}),
            **({"Location": self._text(200, least=1)} if self._often() else {}),
            **({"Aliases": self._aliases()} if self._often() else {}),
        }
        known = self.registered and self.chance.random() < 0.3
        of: dict[str, Any] = self.chance.choice(self.registered) if known else {"id": self.chance.choice(self.ids)}
        if known:
            body = {**of["body"], "JobTitle": body["JobTitle"], "Aliases": self._aliases()}
        event = http_event("PUT", f"/api/applications/{of['id']}", self._damaged(body), token=None)
        if self._count(answer(self.world.registry(event, None))) in {200, 201}:
            self.registered.append({"id": of["id"], "body": body})

    def _add_aliases(self) -> None:
        body = {"Aliases": self._aliases()}
        event = http_event("PATCH", f"/api/applications/{self.chance.choice(self.ids)}/aliases", body, token=None)
        self._count(answer(self.world.registry(event, None)))

    def _report(self) -> None:
        headers = {"X-AtsiToken": self.chance.choice([*_TOKENS.values()])}
        body = self._damaged(self._status())
        if "BusinessDate" not in body:
            headers["Idempotency-Key"] = self._letters(_VISIBLE, 255)
        self._count(answer(self.world.webhook(http_event("POST", "/api/application-status", body, headers), None)))

    def _batch(self) -> None:
        reports = [self._damaged(self._status()) for _ in range(self.chance.choice([1, 5, 20]))]
        headers = {"Idempotency-Key": self._letters(_VISIBLE, 255)} if self._seldom() else {}
        self._count(self.world.report_batch(*reports, headers=headers))

    def _status(self) -> dict[str, Any]:
        return {
            "AtsiApplicationId": self.chance.choice(self.full if self.chance.random() < 0.03 else self.ids),
            "Status": self.chance.choice([*Status]),
            **({"RawStatus": self._label()} if self._often() else {}),
            **({"BusinessDate": self._moment()} if self._often() else {}),
        }

    def _signals(self) -> None:
        sent = [
            signals.signal(self._state(), **self._addressee(), **({"previous": self._state()} if self._often() else {}))
            for _ in range(self.chance.choice([1, 3]))
        ]
        self._count(signals.send(self.world, *self._damaged(sent), token=self.chance.choice([*_TOKENS.values()])))

    def _position(self) -> None:
        ids = [each for of in self.registered for each in of["body"].get("Aliases", {}).get("PositionProfileIds", [])]
        sent = signals.position_signal(None, positionProfileIds=(ids or ["unknown"])[-10:], current=self._state())
        self._count(signals.send(self.world, sent, token=self.chance.choice([*_TOKENS.values()])))

    def _state(self) -> dict[str, Any]:
        def step(length: int) -> dict[str, Any]:
            index = self.chance.choice([0, 1, 9999])
            label = self._label() if length == 200 else self._text(length, least=1)
            return {"label": label, "index": index, "total": self.chance.choice([index, 9999])}

        success = {"success": self.chance.choice([True, False, None])} if self._often() else {}
        phase = {"phase": step(100)} if self._often() else {}
        return {"status": step(200), **phase, **success, "timestamp": self._moment()}

    def _addressee(self) -> dict[str, Any]:
        """Return an alias of a registered application, or an unknown one."""
        aliases = self.chance.choice(self.registered)["body"].get("Aliases", {}) if self.registered else {}
        if tokens := aliases.get("Token"):
            return {"token": self.chance.choice(tokens)}
        profiles = aliases.get("CandidateApplicationProfileId") or ["unknown"]
        return {"token": None, "candidateApplicationProfileId": self.chance.choice(profiles)}

    def _dispositions(self) -> None:
        aliases = [each for of in self.registered for each in of["body"].get("Aliases", {}).get("ApplyId", [])]
        sent = [
            {
                "identifiedBy": {"indeedApplyID": self.chance.choice([*self.ids, *aliases])},
                "dispositionStatus": self.chance.choice([*DispositionStatus]),
                "rawDispositionStatus": self._label(),
                "rawDispositionDetails": self._text(200),
                "atsName": self._text(60),
                "statusChangeDateTime": self._moment(),
            }
            for _ in range(self.chance.choice([1, 4]))
        ]
        self._count(dispositions.send(self.world, *sent, token=self.chance.choice([*_TOKENS.values()])))

    def _native(self) -> None:
        """Send recorded events of a customer of each provider, some changed, before or after the registration."""
        for provider in NATIVE:
            with time_machine.travel(AFTERWARDS[provider], tick=False):
                customer = Customer.of(self.world, provider, self._letters(_ID, 50) + str(next(self._numbers)))
                is_known, with_ids = self._often(), self._often()
                if is_known:
                    customer.register(with_ids=with_ids)
                for name in self.chance.sample(names(provider), k=6):
                    body = body_of(provider, name)
                    if provider is not Channel.LEVER and self._seldom():
                        body = json.dumps(self._damaged(json.loads(body))).encode()
                    self._count(customer.send(body))
                if not is_known:
                    customer.register()

    def _file(self) -> None:
        def cell(text: str) -> str:
            return f'"{text.replace(chr(34), chr(34) * 2)}"'

        rows = [
            ",".join(
                map(
                    cell,
                    (
                        self.chance.choice(self.ids),
                        self._label(),
                        self.chance.choice(["", *Status]),
                        self.chance.choice(["", "2000-01-01", now().date().isoformat(), self._moment()]),
                    ),
                )
            )
            for _ in range(self.chance.choice([1, 10]))
        ]
        self.station.imported(csv(*rows), ats_id=self.chance.choice([*_TOKENS]))

    def _sandbox(self) -> None:
        made = sandbox.create(self.world)
        if self._count(made) == 201:
            self._count(sandbox.report(self.world, made.body["AtsiApplicationId"], self.chance.choice([*Status])))

    def _note(self) -> None:
        """Archive applications, take them back, send feedback, and close it."""
        notes = JobseekersNotes(self.world.dynamodb, "ApplicationsTable", "FeedbackTable")
        board = FeedbackList(self.world.dynamodb, "ApplicationsTable", "FeedbackTable")
        for of in self.chance.sample(self.registered, k=min(len(self.registered), 3)):
            with suppress(ConditionFailed, KeyError):  # it was erased
                seen = self.world.stored(of["id"])
                match self.chance.randrange(4):
                    case 0:
                        notes.archive(seen, self._text(100))
                    case 1:
                        notes.take_back(seen)
                    case 2:
                        feedback = Feedback(self.chance.choice([*FeedbackReason]), self._text(500), now())
                        notes.send(seen, self.chance.choice(["interview", "applied", "not-selected"]), feedback)
                    case _:
                        for status in seen.notes.feedback:
                            board.close(seen.application_id, status)

    def _remap(self) -> None:
        """Map all labels again, with other meanings."""
        table = AllApplications(self.world.dynamodb, "ApplicationsTable")
        meanings = {self._label(): self.chance.choice(["INTERVIEW", "OFFER", "REJECTED/not_selected"])}
        for item in list(self.memory.tables["ApplicationsTable"].values()):
            if "ErasedAt" not in item:
                before = self.world.stored(item["AtsiApplicationId"]["S"])
                after = remap(before, Vocabulary.load(), meanings)
                assert after is before or table.replace_interpretations(before, after)

    def _erase(self) -> None:
        if self._seldom():
            self._count(self.world.erase(self.chance.choice(self.ids)))

    def _copy_positions(self) -> None:
        """Hand the new records of the aliases to the positions, until there are none."""
        while records := self.memory.streams["AliasesTable"][self._seen :]:
            self._seen += len(records)
            assert self.world.positions({"Records": records}, None) == {"batchItemFailures": []}
            assert not self.world.kept.objects

    def _fill_histories(self) -> None:
        """Report so often of two applications that their histories are full, and reports are folded.

        The stream keeps every fortieth of these changes, and the last ones.
        """
        for kind, of in enumerate(self.full):
            for number in range(HISTORY_LIMIT + 4):
                self.clock.shift(timedelta(minutes=1))
                status = (Status.INTERVIEW, Status.OFFER)[number % 2 if kind else number // 200]
                label = f"{self._text(190)} {number}" if kind else "Interview"
                self._count(
                    self.world.report(status, AtsiApplicationId=of, RawStatus=label, BusinessDate=self._now("Z"))
                )
        records = self.memory.streams["ApplicationsTable"]
        records[:] = [*records[:-3:40], *records[-3:]]

    # Values.

    def _often(self) -> bool:
        return self.chance.random() < 0.7

    def _seldom(self) -> bool:
        return self.chance.random() < 0.15

    def _letters(self, letters: str, most: int) -> str:
        """Return a text of these letters, the shortest, the longest, or of another length."""
        length = self.chance.choice([1, most, self.chance.randint(1, most)])
        return "".join(self.chance.choices(letters, k=length))

    def _id(self) -> str:
        return self.chance.choice(["client-1", "client-2", self._letters(_ID, 64)])

    def _text(self, most: int, *, least: int = 0) -> str:
        """Return a text of any characters but surrogates, of one plane or of several."""
        length = self.chance.choice([least, most, self.chance.randint(least, most)])
        planes = self.chance.choice([_PLANES, (self.chance.choice(_PLANES),)])
        return "".join(chr(self.chance.randint(*self.chance.choice(planes))) for _ in range(length))

    def _label(self) -> str:
        return self.chance.choice([self.chance.choice(LABELS), self._text(200, least=1)])

    def _now(self, offset: str) -> str:
        zones = {"+23:59": timezone(_FARTHEST), "-23:59": timezone(-_FARTHEST)}
        at = (now() + timedelta(minutes=4)).astimezone(zones.get(offset, UTC))
        return at.isoformat(timespec="milliseconds").removesuffix("+00:00").removesuffix(offset) + offset

    def _moment(self) -> str:
        """Return a date-time: of the year 2000 or now, at far offsets, a day alone, or where clocks change."""
        offset = self.chance.choice(_OFFSETS)
        match 4 if self.chance.random() < 0.05 else self.chance.randrange(4):
            case 4:
                return self.chance.choice(_NEVER_SET) + offset
            case 0:
                return self.chance.choice(_OLD) + offset
            case 1:
                return self._now(self.chance.choice(["Z", "+23:59", "-23:59"]))
            case 2:
                return self.chance.choice(_CHANGES_OF_CLOCKS) + offset
            case _:
                at = now() - timedelta(days=self.chance.randint(2, 9000))
                return at.strftime(self.chance.choice(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d 00:00:00"])) + offset

    def _aliases(self) -> dict[str, Any]:
        """Return aliases of some kinds, none or ten of each."""
        kinds = ("Token", "CandidateApplicationProfileId", "PositionProfileIds", "ApplyId")
        found: dict[str, Any] = {
            kind: [self._letters(_VISIBLE, 200) for _ in range(self.chance.choice([0, 1, 2, 10]))]
            for kind in self.chance.sample(kinds, k=self.chance.randint(0, 4))
        }
        if self._often():
            found["PositionProfileIds"] = self.chance.sample([f"position-{number}" for number in range(4)], k=2)
        if self._seldom():
            found["AtsiApplicationId"] = [application_id(str(UUID(int=self.chance.getrandbits(128))))]
        for provider in self.chance.sample(NATIVE, k=self.chance.choice([0, 0, 1, 4])):
            ids = ("ApplicationId", "CandidateId", "JobId", "ExternalId")
            chosen = self.chance.sample(ids, k=self.chance.randint(1, 4))
            found[provider.capitalize()] = {name: self._letters(_NATIVE, 100) for name in chosen}
        return found

    def _damaged(self, body: Any) -> Any:
        """Return a body, in which a value is sometimes replaced, or an unknown field is added."""
        if not self._seldom():
            return body
        body = json.loads(json.dumps(body))
        if found := [*places(body)]:
            holder, name = self.chance.choice(found)
            holder[name] = self.chance.choice(
                [None, "", 0, -1, 1e300, 2**63, True, [], {}, [[[[{}]]]], self._text(200)]
            )
        return body

    def _count(self, reply: Answer) -> int:
        """Count a reply, which is never an error of the service."""
        assert reply.status < 500, reply.body
        self.replies[reply.status // 100] += 1
        return reply.status


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place in a JSON value: what holds it, and its name or number."""
    children: Sequence[Any] = (
        [*value.items()] if isinstance(value, dict) else [*enumerate(value)] if isinstance(value, list) else []
    )
    for name, child in children:
        yield value, name
        yield from places(child)
