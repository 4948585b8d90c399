"""What senders and the board send about an application, each with what the model says about it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from support import dispositions, signals
from support.files import Station, csv
from support.lever_events import signed_body
from support.model import ENDS, Model, Told, rank
from support.native_flow import SECRET
from support.native_webhooks import signed
from support.webhooks import delivery
from support.world import ATS, OTHER_ATS, OTHER_TOKEN, TEST_TOKEN, TOKEN, World, answer, http_event

APPLIED_AT = datetime(2026, 11, 18, 10, tzinfo=UTC)
CLIENT, JOBSEEKER = "client-1", "jobseeker-1"
MEANINGS = {
    "Screening": "PRE_INTERVIEW", "Interview": "INTERVIEW", "interview ": "INTERVIEW", "Offer": "OFFER",
    "Hired": "HIRED", "Rejected": "REJECTED", "Candidate withdrew": "REJECTED", "Zorblax": None, "Quuxify": None,
}  # fmt: skip
"""Labels, and what docs/vocabulary.md says about them."""

LABELS = tuple(MEANINGS)
_WITHDREW = "Candidate withdrew"
_BEFORE_HIRE = timedelta(seconds=1)


class When(NamedTuple):
    """An effective time as sent; `day_offset` is set if it is a whole day."""

    at: datetime
    day_offset: int | None = None

    @property
    def text(self) -> str:
        """The time as a sender writes it."""
        if self.day_offset is None:
            return self.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.at.microsecond // 1000:03}Z"
        sign, minutes = "-" if self.day_offset < 0 else "+", abs(self.day_offset)
        local = self.at + timedelta(minutes=self.day_offset)
        return f"{local:%Y-%m-%dT00:00:00}{sign}{minutes // 60:02}:{minutes % 60:02}"


class Place(NamedTuple):
    """Where a message goes: the service, its import of files, and the connections of the native webhooks."""

    world: World
    station: Station
    connections: Any


type Effect = Callable[[Model], Any]


class Exchange(NamedTuple):
    """A message on its way: `send` returns the reply in the form that `expected` makes of the effects' answers.

    Each effect is atomic, and they happen in this order.
    """

    send: Callable[[], Any]
    effects: Sequence[Effect]
    expected: Callable[[list[Any]], Any]

    def reply(self, model: Model) -> Any:
        """Return the reply that the model expects, and change the model."""
        return self.expected([effect(model) for effect in self.effects])


class Message(Protocol):
    """What is sent, at any time and any number of times."""

    def at(self, place: Place, now: datetime) -> Exchange:
        """Return the exchange, if it is sent now."""


@dataclass(frozen=True)
class Report:
    """A report of the ATSi contract."""

    application: str
    status: str
    label: str | None = None
    when: When | None = None
    key: str | None = None
    is_foreign: bool = False

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"AtsiApplicationId": self.application, "Status": self.status}
        if self.label is not None:
            body["RawStatus"] = self.label
        if self.when:
            body["BusinessDate"] = self.when.text
        return body

    @property
    def told(self) -> Told:
        return Told(
            status=self.status,
            label=self.label if (self.label or "").strip() else None,
            rank=rank(self.status),
            at=self.when.at if self.when else None,
            day_offset=self.when.day_offset if self.when else None,
            ends=self.status in {"HIRED", "REJECTED"},
            key=("atsi", self.key) if self.key else None,
            withdrew=self.status == "REJECTED" and self.label == _WITHDREW,
        )

    def at(self, place: Place, now: datetime) -> Exchange:
        ats = OTHER_ATS if self.is_foreign else ATS
        headers = {"Idempotency-Key": self.key} if self.key else {}
        event = http_event(
            "POST", "/api/application-status", self.body, headers, OTHER_TOKEN if self.is_foreign else TOKEN
        )

        def send() -> Any:
            reply = answer(place.world.webhook(event, None))
            return _of_report(reply.body) if reply.status == 200 else reply.status

        return Exchange(
            send,
            [lambda model: model.report(ats, self.application, self.told, now)],
            lambda answers: tuple(answers[0]) if answers[0] else 404,
        )


def _of_report(body: Any) -> tuple[Any, ...]:
    return body["Result"], body["Status"], body["PreviousStatus"], body["Version"]


def in_order(messages: Sequence[Any], application: Callable[[Any], Any]) -> list[int]:
    """Return the places of messages in the order in which a batch records them."""
    dated = sorted((n for n, each in enumerate(messages) if each.when), key=lambda n: messages[n].when.at)
    groups: dict[Any, list[int]] = {}
    for number in (*dated, *(n for n, each in enumerate(messages) if not each.when)):
        groups.setdefault(application(messages[number]), []).append(number)
    return [number for group in groups.values() for number in group]


@dataclass(frozen=True)
class Batch:
    """A batch of reports."""

    reports: tuple[Report, ...]

    def at(self, place: Place, now: datetime) -> Exchange:
        sent = [each.body | ({"IdempotencyKey": each.key} if each.key else {}) for each in self.reports]
        order = in_order(self.reports, lambda each: each.application)

        def effect(number: int) -> Effect:
            report, received = self.reports[number], now + timedelta(milliseconds=number)
            return lambda model: model.report(ATS, report.application, report.told, received)

        def send() -> Any:
            results = place.world.report_batch(*sent).body["Results"]
            return [_of_report(each["Reply"]) if "Reply" in each else each["Problem"]["status"] for each in results]

        def expected(answers: list[Any]) -> Any:
            by_number = dict(zip(order, answers, strict=True))
            return [tuple(by_number[n]) if by_number[n] else 404 for n in range(len(order))]

        return Exchange(send, [effect(number) for number in order], expected)


@dataclass(frozen=True)
class State:
    """A state of a signal; `success` is missing, or what was sent."""

    label: str
    index: int
    success: str
    when: When
    phase: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "status": {"label": self.label, "index": self.index, "total": 20},
            "timestamp": self.when.text,
        }
        if self.success != "missing":
            body["success"] = {"null": None, "true": True, "false": False}[self.success]
        return body | ({"phase": {"label": self.phase, "index": 1, "total": 3}} if self.phase else {})

    @property
    def told(self) -> Told:
        status = MEANINGS[self.label]
        if status is None and self.phase and MEANINGS[self.phase] not in {"HIRED", "REJECTED"}:
            status = MEANINGS[self.phase]
        if self.success == "null" and status in {"HIRED", "REJECTED"}:
            status = None
        status = {"true": "HIRED", "false": "REJECTED"}.get(self.success, status)
        return Told(
            status=status,
            label=self.label,
            rank=(0, self.index, ["missing", "null", "true", "false"].index(self.success)),
            at=self.when.at,
            day_offset=self.when.day_offset,
            ends=self.success in {"true", "false"},
            withdrew=status == "REJECTED" and self.label == _WITHDREW,
            phase=self.phase or "",
        )


@dataclass(frozen=True)
class Signal:
    """A signal of an application."""

    token: str
    current: State
    previous: State | None = None

    @property
    def when(self) -> When:
        return self.current.when

    @property
    def body(self) -> dict[str, Any]:
        more = {"previous": self.previous.body} if self.previous else {}
        return signals.signal(self.current.body, token=self.token, **more)

    def effect(self, now: datetime) -> Effect:
        told = self.current.told
        if self.previous:
            before = self.previous.told
            told = Told(**{**_fields(told), "previous": before})

        def effect(model: Model) -> None:
            application = model.named.get(("Token", self.token))
            if application:
                model.report(ATS, application, told, now, creates=False)

        return effect


def _fields(told: Told) -> dict[str, Any]:
    return {name: getattr(told, name) for name in Told.__dataclass_fields__}


@dataclass(frozen=True)
class Signals:
    """One or several signals in a request."""

    signals: tuple[Signal, ...]

    def at(self, place: Place, now: datetime) -> Exchange:
        effects = [self.signals[n].effect(now) for n in in_order(self.signals, lambda each: each.token)]

        def send() -> Any:
            return signals.send(place.world, *(each.body for each in self.signals)).body

        def expected(_: list[Any]) -> Any:
            return signals.TRUE_ONE if len(self.signals) == 1 else signals.TRUE_MANY

        return Exchange(send, effects, expected)


STATUSES_OF_INDEED = {
    "NEW": "APPLIED", "LIKED": "PRE_INTERVIEW", "SCREEN": "PRE_INTERVIEW", "INTERVIEW": "INTERVIEW",
    "OFFER": "OFFER", "HIRED": "HIRED", "NOT_SELECTED": "REJECTED", "WITHDRAWN": "REJECTED", "UNABLE_TO_MAP": None,
    "INCOMPLETE": None,
}  # fmt: skip


@dataclass(frozen=True)
class Disposition:
    """A disposition of Indeed's, about an apply id or an application's own id."""

    apply_id: str
    status: str
    label: str
    when: When

    @property
    def body(self) -> dict[str, Any]:
        return dispositions.disposition(
            self.status,
            self.label,
            identifiedBy={"indeedApplyID": self.apply_id},
            statusChangeDateTime=self.when.text,
        )

    @property
    def told(self) -> Told:
        meant = STATUSES_OF_INDEED[self.status]
        status = MEANINGS[self.label] if self.status == "UNABLE_TO_MAP" else meant
        withdrew = self.status == "WITHDRAWN" or (self.status == "UNABLE_TO_MAP" and self.label == _WITHDREW)
        return Told(
            status=status,
            label=self.label,
            rank=rank(meant),
            at=self.when.at,
            day_offset=self.when.day_offset,
            ends=meant in {"HIRED", "REJECTED"},
            withdrew=withdrew,
            phase=self.status,
        )

    def effect(self, now: datetime) -> Effect:
        def effect(model: Model) -> bool:
            application = model.named.get(("ApplyId", self.apply_id), self.apply_id)
            if self.status == "INCOMPLETE":
                found = model.of(application)
                return found is not None and found.ats == ATS
            return model.report(ATS, application, self.told, now, creates=False) is not None

        return effect


@dataclass(frozen=True)
class Dispositions:
    """Dispositions in a request."""

    dispositions: tuple[Disposition, ...]

    def at(self, place: Place, now: datetime) -> Exchange:
        order = in_order(self.dispositions, lambda each: each.apply_id)

        def send() -> Any:
            good, failed = dispositions.result(
                dispositions.send(place.world, *(each.body for each in self.dispositions))
            )
            return good, [each["identifiedBy"]["indeedApplyID"] for each in failed]

        def expected(answers: list[Any]) -> Any:
            is_good = dict(zip(order, answers, strict=True))
            failed = [each.apply_id for n, each in enumerate(self.dispositions) if not is_good[n]]
            return len(order) - len(failed), failed

        return Exchange(send, [self.dispositions[n].effect(now) for n in order], expected)


def _native(place: Place, provider: str, body: Any) -> Callable[[], Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    channel, created = place.connections[provider]

    def send() -> Any:
        reply = answer(place.world.connect(delivery(created, raw, signed(channel, raw, SECRET)), None))
        return reply.body.get("Results", reply.status)

    return send


def _of_native(place: Place, provider: str, named: str, body: Any, told: Told, now: datetime) -> Exchange:
    """Return the delivery of an event that tells something about the application with this id."""
    return Exchange(_native(place, provider, body), [lambda model: model.event(ATS, provider, named, told, now)], list)


@dataclass(frozen=True)
class Greenhouse:
    """An event of Greenhouse's: a snapshot, or a decision; `number` makes it differ from others."""

    application: str
    action: str
    label: str | None
    moment: datetime
    number: int

    @property
    def _body(self) -> Any:
        moment = When(self.moment).text
        if self.action == "offer_created":
            offer = {"id": self.number, "application_id": self.application, "offer_status": "Created", "version": 1}
            return {"action": self.action, "payload": offer}
        about: dict[str, Any] = {"id": self.application}
        match self.action:
            case "hire_candidate":
                about["offer"] = {"id": self.number, "version": 1, "resolved_at": moment}
            case "reject_candidate":
                about |= {"rejected_at": moment, "rejection_reason": {"name": self.label}}
            case _:
                about |= {"status": "active", "last_activity_at": moment, "current_stage": {"name": self.label}}
        return {"action": self.action, "payload": {"application": about}}

    @property
    def told(self) -> Told:
        moment = When(self.moment).text
        match self.action:
            case "offer_created":
                return Told(
                    status="OFFER",
                    rank=rank("OFFER"),
                    key=("offer", str(self.number)),
                    is_snapshot=True,
                    is_decision=True,
                )
            case "hire_candidate":
                key = ("hire", str(self.number), moment)
                return Told(status="HIRED", rank=rank("HIRED"), at=self.moment, key=key, is_decision=True)
            case "reject_candidate":
                return Told(
                    status="REJECTED",
                    label=str(self.label).strip(),
                    rank=rank("REJECTED"),
                    at=self.moment,
                    key=("reject", moment),
                    is_decision=True,
                    withdrew=self.label == _WITHDREW,
                )
        status = MEANINGS[str(self.label)]
        status = None if status in {"HIRED", "REJECTED"} else status
        is_decision = self.action == "unhire_candidate"
        return Told(
            status=status,
            label=str(self.label).strip(),
            rank=rank(status),
            sorted_at=None if is_decision else self.moment,
            key=(self.action, str(self.label).strip(), moment),
            is_snapshot=not is_decision,
            is_decision=is_decision,
            is_open=True,
        )

    def at(self, place: Place, now: datetime) -> Exchange:
        return _of_native(place, "Greenhouse", self.application, self._body, self.told, now)


@dataclass(frozen=True)
class Recruitee:
    """An event of Recruitee's, which has a time."""

    candidate: str
    subtype: str
    label: str
    moment: datetime
    number: int

    @property
    def told(self) -> Told:
        status = "REJECTED" if self.subtype == "disqualified" else MEANINGS[self.label]
        return Told(
            status=status,
            label=self.label.strip(),
            rank=rank(status),
            at=self.moment,
            sorted_at=self.moment,
            key=("candidate_moved", str(self.number)),
            is_open=self.subtype == "requalified",
            withdrew=status == "REJECTED" and self.label == _WITHDREW,
        )

    def at(self, place: Place, now: datetime) -> Exchange:
        details: Any = {"to_stage": {"name": self.label}, "disqualify_reason": {"name": self.label}}
        body = {
            "id": self.number,
            "created_at": When(self.moment).text,
            "event_type": "candidate_moved",
            "event_subtype": self.subtype,
            "payload": {
                "candidate": {"id": self.candidate},
                "offer": {"id": "52", "kind": "job"},
                "details": details,
            },
        }
        return _of_native(place, "Recruitee", self.candidate, body, self.told, now)


@dataclass(frozen=True)
class Ashby:
    """An event of Ashby's about how an application stands, sorted by `moment`; an end took effect `before` that."""

    application: str
    standing: str
    label: str
    moment: datetime
    before: timedelta
    number: int

    @property
    def _body(self) -> Any:
        updated, ended = When(self.moment).text, When(self.moment - self.before).text
        application: dict[str, Any] = {"id": self.application, "updatedAt": updated, "status": self.standing}
        data: dict[str, Any] = {"application": application}
        match self.standing:
            case "Active":
                application["currentInterviewStage"] = {"title": self.label, "type": "Active"}
            case "Archived":
                application |= {"archiveReason": {"text": self.label, "reasonType": "Other"}, "archivedAt": ended}
            case "Hired":
                data["offer"] = {"decidedAt": ended}
        return {"action": "applicationUpdate", "webhookActionId": f"action-{self.number}", "data": data}

    @property
    def told(self) -> Told:
        meaning = None if MEANINGS[self.label] in ENDS else MEANINGS[self.label]
        status = {"Archived": "REJECTED", "Hired": "HIRED"}.get(self.standing, meaning)
        return Told(
            status=status,
            label=None if self.standing == "Hired" else self.label.strip(),
            rank=rank(status),
            at=None if self.standing == "Active" else self.moment - self.before,
            sorted_at=self.moment,
            key=("applicationUpdate", str(self.number)),
            is_snapshot=True,
            is_open=self.standing == "Active",
            withdrew=self.standing == "Archived" and self.label == _WITHDREW,
        )

    def at(self, place: Place, now: datetime) -> Exchange:
        return _of_native(place, "Ashby", self.application, self._body, self.told, now)


@dataclass(frozen=True)
class Lever:
    """An event of Lever's, which is accepted for three days; a label has no spaces, as it is an id."""

    application: str
    event: str
    label: str
    moment: datetime
    number: int

    @property
    def _body(self) -> bytes:
        data: dict[str, Any] = {"opportunityId": self.application}
        match self.event:
            case "candidateStageChange":
                data["toStageId"] = self.label
            case "archived":
                data |= {"fromArchived": None, "toArchived": {"reason": self.label}}
            case "restored":
                data |= {"fromArchived": {"reason": self.label}, "toArchived": None}
        name = "candidateArchiveChange" if self.event in {"archived", "restored"} else self.event
        return signed_body(json.dumps({"event": name, "data": data}).encode(), f"token-{self.number}", self.moment)

    @property
    def told(self) -> Told:
        meaning = None if MEANINGS[self.label] in ENDS else MEANINGS[self.label]
        status = {"archived": "REJECTED", "restored": "APPLIED", "candidateHired": "HIRED"}.get(self.event, meaning)
        return Told(
            status=status,
            label=self.label if self.event in {"candidateStageChange", "archived"} else None,
            rank=rank(status),
            at=self.moment,
            sorted_at=self.moment - _BEFORE_HIRE if self.event == "archived" else self.moment,
            key=("token", str(self.number)),
        )

    def at(self, place: Place, now: datetime) -> Exchange:
        if now - self.moment > timedelta(hours=72):  # then Lever no longer repeats it
            return Exchange(lambda: None, [], lambda _: None)
        if self.event == "candidateDeleted":
            return Exchange(
                _native(place, "Lever", self._body), [lambda model: model.end("Lever", self.application)], list
            )
        return _of_native(place, "Lever", self.application, self._body, self.told, now)


@dataclass(frozen=True)
class Row:
    """A row of a file."""

    application: str
    label: str
    status: str | None = None
    when: When | None = None

    def told(self, uploaded: datetime) -> Told:
        status = self.status or MEANINGS[self.label]
        return Told(
            status=status,
            label=self.label.strip(),
            rank=rank(status),
            at=self.when.at if self.when else None,
            day_offset=self.when.day_offset if self.when else None,
            ends=status in {"HIRED", "REJECTED"},
            sorted_at=None if self.when else uploaded,
            is_snapshot=self.when is None,
            withdrew=status == "REJECTED" and self.label == _WITHDREW,
        )


@dataclass(frozen=True)
class File:
    """A file; each upload has a column that makes it differ from others."""

    rows: tuple[Row, ...]

    def at(self, place: Place, now: datetime) -> Exchange:
        cells = [
            f"{each.application},{each.label},{each.status or ''},{each.when.text if each.when else ''},{now}"
            for each in self.rows
        ]
        content = csv(*cells, header="atsiApplicationId,rawStatus,status,businessDate,exportedAt")
        order = in_order(self.rows, lambda each: each.application)

        def effect(number: int) -> Effect:
            row = self.rows[number]
            return lambda model: model.report(ATS, row.application, row.told(now), now)

        def send() -> Any:
            file = place.station.imported(content)
            assert file.state == "completed", file
            return {name: n for name, n in file.counts._asdict().items() if n}

        def expected(answers: list[Any]) -> Any:
            found: dict[str, int] = {}
            for each in answers:
                name = each.result if each else "refused"
                found[name] = found.get(name, 0) + 1
            return found

        return Exchange(send, [effect(number) for number in order], expected)


@dataclass(frozen=True)
class Registration:
    """A registration, or if it has no title, aliases alone."""

    application: str
    title: str | None
    aliases: frozenset[tuple[str, str]]

    @property
    def _aliases(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for kind, value in sorted(self.aliases):
            match kind:
                case "Greenhouse" | "Ashby" | "Lever":
                    found[kind] = {"ApplicationId": value}
                case "Recruitee":
                    found[kind] = {"CandidateId": value, "JobId": "52"}
                case _:
                    found.setdefault(kind, []).append(value)
        return found

    def at(self, place: Place, now: datetime) -> Exchange:  # noqa: ARG002  # a registration has no time of its own
        path = f"/api/applications/{self.application}"
        if self.title is None:
            event = http_event("PATCH", f"{path}/aliases", {"Aliases": self._aliases}, token=None)
        else:
            body = {
                "AtsId": ATS, "ClientId": CLIENT, "JobId": "job-1", "JobseekerId": JOBSEEKER, "JobTitle": self.title,
                "Company": "Example GmbH", "AppliedAt": When(APPLIED_AT).text, "Aliases": self._aliases,
            }  # fmt: skip
            event = http_event("PUT", path, body, token=None)

        def effect(model: Model) -> int:
            if self.title is None:
                return model.add_aliases(self.application, self.aliases)
            return model.register(ATS, self.application, APPLIED_AT, self.title, self.aliases)

        return Exchange(lambda: answer(place.world.registry(event, None)).status, [effect], lambda answers: answers[0])


@dataclass(frozen=True)
class Erasure:
    """An erasure."""

    application: str

    def at(self, place: Place, now: datetime) -> Exchange:  # noqa: ARG002  # an erasure has no time of its own
        return Exchange(
            lambda: place.world.erase(self.application).status,
            [lambda model: model.erase(self.application)],
            lambda _: 204,
        )


@dataclass(frozen=True)
class Trial:
    """A report with a test token, which reaches no live application."""

    application: str

    def at(self, place: Place, now: datetime) -> Exchange:  # noqa: ARG002  # it has no effect
        body = {"AtsiApplicationId": self.application, "Status": "HIRED"}
        event = http_event("POST", "/api/application-status", body, token=TEST_TOKEN)
        return Exchange(lambda: answer(place.world.webhook(event, None)).status, [], lambda _: 404)
