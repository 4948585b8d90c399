"""The events of changes, through the real function and handlers: what is published, when, and after which failures."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
import time_machine
import yaml
from botocore.exceptions import ClientError
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jsonschema import validate
from moto import mock_aws
from moto.moto_api._internal.models import moto_api_backend

from application_status.applications.record import Applications
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Status
from application_status.events.due import due_events
from application_status.events.eventbridge import EventBus, Schedules
from application_status.events.stream import event_sink
from application_status.facts.firehose import Firehose
from application_status.facts.stream import fact_sink
from application_status.functions.delivery import from_environment, make_handler
from application_status.platform import deadlines
from application_status.platform.errors import SettingsError
from application_status.platform.streams import Sink, StreamHandler
from application_status.platform.values import ApplicationId, from_text, now, to_text
from prerequisites import ROOT
from support import eventbridge, firehose
from support.failed_records import KeptRecords, set_aside
from support.signals import counted, position_signal, sent
from support.streams import positions_copied, stream
from support.world import APPLICATION, ATS, BERLIN, SIGNALLED_APPLICATION, TEMPLATE, World, answer, http_event

START = from_text("2026-11-22T10:00:00.000Z")
HOUR = timedelta(hours=1)
DELAY_HOURS = 48


class Refusing:
    """A client that refuses everything while `down`, and counts its calls."""

    def __init__(self, client: Any) -> None:
        self.client, self.down, self.calls = client, False, 0

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            self.calls += 1
            if self.down:
                entries = request.get("Entries") or request.get("Records")
                if entries is None:
                    raise ClientError({"Error": {"Code": "ThrottlingException"}}, operation)
                results = [{"ErrorCode": "InternalFailure"}] * len(entries)
                return {"Entries": results, "RequestResponses": results}
            return getattr(self.client, operation)(**request)

        return call


class Delivery:
    """The function over a world, with a delay of bad news; it reads the stream from where it stopped."""

    def __init__(self, world: World, delay_hours: int = DELAY_HOURS) -> None:
        self.world, self.seen, self.delay_hours = world, 0, delay_hours
        self.events, self.firehose = Refusing(boto3.client("events")), Refusing(boto3.client("firehose"))
        self.scheduler = Refusing(boto3.client("scheduler"))
        self.kept = KeptRecords()
        self.handler = self.restart()

    def restart(self) -> StreamHandler:
        of = eventbridge.settings(delay_hours=self.delay_hours)
        bus, schedules = EventBus(self.events, of.event_bus), Schedules(self.scheduler, of)
        due = due_events(self.world.dynamodb, of.applications_table, bus, schedules, of.delay)
        sinks: list[Sink[Any]] = [
            fact_sink(Firehose(self.firehose), firehose.STREAM, BERLIN),
            event_sink(bus, schedules, of.delay),
        ]
        return make_handler(sinks, due, set_aside(self.kept))

    def changes(self, *, again: bool = False) -> list[str]:
        """Deliver what is new in the stream; return the failed sequence numbers."""
        records = stream(self.world, "ApplicationsTable", skip=0 if again else self.seen)
        failed = [each["itemIdentifier"] for each in self.handler({"Records": records}, None)["batchItemFailures"]]
        self.seen += 0 if failed or again else len(records)
        return failed

    def due(self) -> None:
        assert self.handler(eventbridge.due_messages(), None) == {"batchItemFailures": []}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "_FIRST_PAUSE_SECONDS", 0)


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws(), time_machine.travel(START, tick=False):
        yield new_world()


def new_world() -> World:
    firehose.open_stream()
    eventbridge.open_bus()
    return World(boto3.client("dynamodb"), bad_news_delay_hours=DELAY_HOURS)


SHOWN = ("ApplicationStatusChanged", "ApplicationStatusBackfilled")


def details(*kinds: str, of: str = APPLICATION) -> list[dict[str, Any]]:
    """Return the details of the events of an application that the queue has got since the last call.

    Without kinds, they are those of what the jobseeker is shown.
    """
    found = [each for each in eventbridge.received() if each["detail-type"] in (kinds or SHOWN)]
    return [each["detail"] for each in found if each["detail"]["AtsiApplicationId"] == of]


def newest(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the newest event, as docs/events.md says how to find it."""
    return max(found, key=lambda each: (each["Version"], each["ShownAt"]))


def page(world: World, of: str = APPLICATION) -> dict[str, Any]:
    """Return the application as its jobseeker's API shows it."""
    event = http_event("GET", f"/api/my/applications/{of}", token=None)
    event["requestContext"]["authorizer"] = {"claims": {"custom:jobseeker_id": "jobseeker-1"}}
    return answer(world.my_applications(event, None)).body


def test_change_is_published_as_the_jobseeker_sees_it(world: World) -> None:
    """The registration first, then each change of the status shown; what the API shows is in the event."""
    delivery = Delivery(world)
    world.report("INTERVIEW", BusinessDate="2026-11-20T00:00:00+01:00", RawStatus="Gespräch mit Frau Müller")
    assert delivery.changes() == []
    events = [each for each in eventbridge.received() if each["detail"]["AtsiApplicationId"] == APPLICATION]
    assert "Müller" not in json.dumps(events, ensure_ascii=False)
    assert {each["source"] for each in events} == {"application-status"}
    applied, interview = (each["detail"] for each in events if each["detail-type"] in SHOWN)
    assert (applied["JobseekerStatus"], "PreviousJobseekerStatus" in applied) == ("applied", False)
    shown = page(world)
    same = ("AtsiApplicationId", "JobTitle", "Company", "JobseekerStatus", "ChangedAt", "ChangedDay", "Finished")
    assert {name: interview[name] for name in same} == {name: shown[name] for name in same}
    assert interview["EventId"] == f"{APPLICATION}/2/changed"
    assert (interview["PreviousJobseekerStatus"], interview["Version"]) == ("applied", 2)
    assert (interview["JobseekerId"], interview["ShownAt"]) == ("jobseeker-1", to_text(START))
    *_, recorded = (each["detail"] for each in events if each["detail-type"] == "ApplicationStatusRecorded")
    assert recorded == {
        "EventId": f"{APPLICATION}/2/recorded", "AtsiApplicationId": APPLICATION, "Version": 2, "AtsId": "demo-ats",
        "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1", "Status": "INTERVIEW",
        "Outcome": "open", "StageReached": "INTERVIEW", "EffectiveAt": "2026-11-19T23:00:00.000Z",
        "ReceivedAt": to_text(START),
    }  # fmt: skip


def kinds_of(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the kinds of the events about what the jobseeker is shown, with the status."""
    shown = [each for each in events if each["detail-type"] in SHOWN]
    return [(each["detail-type"], each["detail"]["JobseekerStatus"]) for each in shown]


def test_history_is_published_apart_and_schedules_nothing(world: World) -> None:
    """Two years of history from a file: nothing notifies jobseekers, and a copy of what they are shown gets it all."""
    delivery = Delivery(world)
    delivery.changes()
    eventbridge.received()
    for status, date in (("INTERVIEW", "2024-11-20"), ("REJECTED", "2024-12-01"), ("OFFER", "2024-12-20")):
        uploaded(world, status, from_text(f"{date}T10:00:00Z"))
    uploaded(world, "REJECTED", from_text("2025-01-10T10:00:00Z"))
    assert delivery.changes() == []
    events = eventbridge.received()
    told = ["interview", "no_longer_considered", "offer", "no_longer_considered"]
    assert kinds_of(events) == [("ApplicationStatusBackfilled", each) for each in told]
    assert [each["detail"]["Status"] for each in events if each["detail-type"] == "ApplicationStatusRecorded"] == [
        "INTERVIEW", "REJECTED", "OFFER", "REJECTED"
    ]  # fmt: skip
    assert eventbridge.schedules() == []


@pytest.mark.parametrize(
    ("age", "kind"),
    [
        (timedelta(days=14), "ApplicationStatusChanged"),
        (timedelta(days=14, seconds=1), "ApplicationStatusBackfilled"),
    ],
)
def test_news_becomes_history_after_14_days(world: World, age: timedelta, kind: str) -> None:
    """On every channel, also where bad news waits, and for registrations."""
    delivery = Delivery(world)
    new = "51c3be16-0f93-41ed-9cc0-00000000beef"
    body = {
        "AtsId": "demo-ats", "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1",
        "JobTitle": "Python Developer", "Company": "Example GmbH", "AppliedAt": to_text(START - age),
    }  # fmt: skip
    delivery.changes()
    eventbridge.received()
    assert answer(world.registry(http_event("PUT", f"/api/applications/{new}", body, token=None), None)).status == 201
    world.report("INTERVIEW", BusinessDate=to_text(START - age))
    uploaded(world, "OFFER", START - age, of=SIGNALLED_APPLICATION)
    delivery.changes()
    assert kinds_of(eventbridge.received()) == [(kind, "applied"), (kind, "interview"), (kind, "offer")]
    world.report("REJECTED", BusinessDate=to_text(START - age))
    delivery.changes()
    assert kinds_of(eventbridge.received()) == []
    with time_machine.travel(START + DELAY_HOURS * HOUR, tick=False):
        delivery.due()
        assert kinds_of(eventbridge.received()) == [(kind, "no_longer_considered")]


def test_change_that_is_not_shown_publishes_nothing(world: World) -> None:
    """A late report, a confirmation, another interview, and an unmapped label."""
    delivery = Delivery(world)
    world.report("INTERVIEW", BusinessDate="2026-11-20T09:00:00Z")
    delivery.changes()
    eventbridge.received()
    world.report("INTERVIEW", BusinessDate="2026-11-21T09:00:00Z")
    world.report("INTERVIEW", BusinessDate="2026-11-21T10:00:00Z", RawStatus="2nd")
    world.report("CONTACT", BusinessDate="2026-11-19T09:00:00Z")
    delivery.changes()
    assert eventbridge.received() == []


def test_bad_news_is_published_when_it_is_shown(world: World) -> None:
    """Until then only the internal event says it; the schedule is deleted after its one message."""
    delivery = Delivery(world)
    delivery.changes()
    eventbridge.received()
    world.report("REJECTED")
    delivery.changes()
    (recorded,) = eventbridge.received()
    assert (recorded["detail-type"], recorded["detail"]["Status"]) == ("ApplicationStatusRecorded", "REJECTED")
    (schedule,) = eventbridge.schedules()
    assert schedule["ScheduleExpression"] == "at(2026-11-24T10:00:00)"
    assert (schedule["ScheduleExpressionTimezone"], schedule["FlexibleTimeWindow"]) == ("UTC", {"Mode": "OFF"})
    assert schedule["ActionAfterCompletion"] == "DELETE"
    assert schedule["Target"]["Arn"] == "DueEventsQueue.Arn"
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": "DueEventsDeadLetters.Arn"}
    with time_machine.travel(START + DELAY_HOURS * HOUR, tick=False):
        delivery.due()
        (event,) = details()
        assert event["EventId"] == f"{APPLICATION}/{to_text(START)}/due"
        assert event["JobseekerStatus"] == page(world)["JobseekerStatus"] == "no_longer_considered"
        assert (event["PreviousJobseekerStatus"], event["ShownAt"]) == ("applied", "2026-11-24T10:00:00.000Z")


def test_corrected_bad_news_is_never_published(world: World) -> None:
    """Neither when it was reported, nor when it would be due."""
    delivery = Delivery(world)
    world.report("REJECTED")
    delivery.changes()
    with time_machine.travel(START + HOUR, tick=False):
        world.report("INTERVIEW")
        delivery.changes()
    with time_machine.travel(START + DELAY_HOURS * HOUR, tick=False):
        delivery.due()
    assert [each["JobseekerStatus"] for each in details()] == ["applied", "interview"]


def test_erasure_is_published_and_ends_what_was_delayed(world: World) -> None:
    """An erased application publishes nothing when its bad news is due."""
    delivery = Delivery(world)
    world.report("REJECTED")
    delivery.changes()
    eventbridge.received()
    assert world.erase().status == 204
    delivery.changes()
    (event,) = eventbridge.received()
    assert (event["detail-type"], event["detail"]) == (
        "ApplicationErased",
        {"EventId": f"{APPLICATION}/3/erased", "AtsiApplicationId": APPLICATION, "Version": 3},
    )
    with time_machine.travel(START + DELAY_HOURS * HOUR, tick=False):
        delivery.due()
    assert eventbridge.received() == []


def test_expired_application_counts_as_erased_once() -> None:
    """The stream removes its item, or later the tombstone."""
    with mock_aws():
        world = new_world()
        delivery = Delivery(world)
        assert world.erase().status == 204
        for of in (APPLICATION, SIGNALLED_APPLICATION):
            world.client.delete_item(TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": of}})
        assert delivery.changes() == []
        erased = [each["detail"] for each in eventbridge.received() if each["detail-type"] == "ApplicationErased"]
        assert [each["AtsiApplicationId"] for each in erased] == [APPLICATION, SIGNALLED_APPLICATION]


def test_repeated_change_has_the_same_ids_and_one_schedule(world: World) -> None:
    """Lambda may deliver a batch again, also much later."""
    delivery = Delivery(world)
    world.report("INTERVIEW")
    world.report("REJECTED")
    delivery.changes()
    first = [each["detail"] for each in eventbridge.received()]
    delivery.handler = delivery.restart()
    with time_machine.travel(START + HOUR, tick=False):
        delivery.changes(again=True)
    assert [each["detail"] for each in eventbridge.received()] == first
    assert len(eventbridge.schedules()) == 1


def test_longer_delay_applies_to_what_is_due_already(world: World) -> None:
    """A deployment raises BadNewsDelayHours while a schedule waits: another schedule takes its place."""
    delivery = Delivery(world)
    world.report("REJECTED")
    delivery.changes()
    eventbridge.received()
    delivery.delay_hours = 72
    delivery.handler = delivery.restart()
    with time_machine.travel(START + DELAY_HOURS * HOUR, tick=False):
        delivery.due()
    assert eventbridge.received() == []
    (schedule,) = eventbridge.schedules()
    assert schedule["ScheduleExpression"] == "at(2026-11-25T10:00:00)"


def test_late_change_schedules_the_next_possible_time(world: World) -> None:
    """The stream was read so late that the bad news is due already."""
    delivery = Delivery(world)
    world.report("REJECTED")
    with time_machine.travel(START + 100 * HOUR, tick=False):
        delivery.changes()
        assert eventbridge.schedules()[0]["ScheduleExpression"] == "at(2026-11-26T14:01:00)"
    with time_machine.travel(START + 101 * HOUR, tick=False):
        delivery.due()
    assert details()[-1]["JobseekerStatus"] == "no_longer_considered"


@pytest.mark.parametrize("sink", ["events", "firehose"])
def test_outage_of_one_sink_repeats_nothing_of_the_other(world: World, sink: str) -> None:
    """The batch comes again until both have accepted it; the other sink gets each record once, and none is lost."""
    delivery = Delivery(world)
    for status in ("INTERVIEW", "OFFER", "HIRED"):
        world.report(status)
    down, up = getattr(delivery, sink), delivery.firehose if sink == "events" else delivery.events
    down.down = True
    first = delivery.changes()
    calls = up.calls
    assert first == [stream(world, "ApplicationsTable")[0]["dynamodb"]["SequenceNumber"]]
    assert [delivery.changes() for _ in range(5)] == [first] * 5
    assert up.calls == calls
    down.down = False
    assert delivery.changes() == []
    assert [each["JobseekerStatus"] for each in details()] == ["applied", "interview", "offer", "hired"]
    sent_facts = "".join(firehose.delivered())
    assert sent_facts.count('"kind":"transition"') == 3
    assert delivery.kept.writes == 0


def test_events_refused_by_the_bus_are_sent_again(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Only those, in calls of ten entries."""
    delivery = Delivery(world)
    for number in range(12):
        world.report("INTERVIEW" if number % 2 else "OFFER")
    put, sizes = delivery.events.client.put_events, []

    def refuse_one(*, Entries: list[Any]) -> Any:  # noqa: N803  # botocore's
        sizes.append(len(Entries))
        if len(sizes) > 1:
            return put(Entries=Entries)
        results = [{"EventId": "-"}] * 9 + [{"ErrorCode": "InternalFailure"}]
        put(Entries=Entries[:9])
        return {"Entries": results, "FailedEntryCount": 1}

    delivery.events.client = type("Client", (), {"put_events": staticmethod(refuse_one)})
    assert delivery.changes() == []
    total = len(eventbridge.received())
    assert (sizes[:2], sum(sizes), max(sizes)) == ([10, 1], total + 1, 10)
    assert counted(capsys)["EventsSent"] == total


def test_message_that_fails_comes_again_alone(world: World) -> None:
    """The queue's other messages are done."""
    delivery = Delivery(world)
    world.report("REJECTED")
    delivery.changes()
    eventbridge.received()
    with time_machine.travel(START + DELAY_HOURS * HOUR, tick=False):
        records = eventbridge.due_messages()["Records"]
        bad = {"eventSource": "aws:sqs", "messageId": "bad", "body": "{}"}
        answered = delivery.handler({"Records": [bad, *records]}, None)
        assert answered == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
        assert len(details()) == 1
        delivery.events.down = True
        assert delivery.handler({"Records": records}, None) == {"batchItemFailures": [{"itemIdentifier": "0"}]}


def test_schedule_that_cant_be_created_stops_the_batch(world: World) -> None:
    """The change comes again, with the same events."""
    delivery = Delivery(world)
    delivery.scheduler.down = True
    world.report("REJECTED")
    *_, last = stream(world, "ApplicationsTable")
    assert delivery.changes() == [last["dynamodb"]["SequenceNumber"]]
    delivery.scheduler.down = False
    assert delivery.changes() == []
    assert len(eventbridge.schedules()) == 1


def uploaded(world: World, status: str, at: datetime | None, of: str = APPLICATION) -> None:
    """Record a row of a file that is uploaded now."""
    known, received_at = Status(status), now()
    report = Report(
        application_id=ApplicationId(of), ats_id=ATS, channel=Channel.FILE, interpretation=Interpretation(status=known),
        received_at=received_at, tiebreaker=str(known.rank), effective_at=at,
        ordered_at=None if at else received_at, is_snapshot=at is None,
    )  # fmt: skip
    Applications(world.dynamodb, "ApplicationsTable").record(report)


moves = st.lists(
    st.tuples(
        st.sampled_from(["APPLIED", "INTERVIEW", "OFFER", "HIRED", "REJECTED", "REJECTED", "position", "reopened"]),
        st.none() | st.sampled_from(["Absage durch Bewerber", "Position closed", "Stage 3", "row of a file"]),
        st.none() | st.integers(-90, 0),
        st.sampled_from([0, 1, 20, 47, 48, 49, 100]),
    ),
    min_size=1,
    max_size=8,
)


@given(moves)
@settings(max_examples=8, deadline=None, phases=[Phase.generate])
def test_newest_event_is_what_the_jobseeker_sees(history: list[tuple[str, str | None, int | None, int]]) -> None:
    """After any history of reports and ends of positions; ids repeat only with their content."""
    with mock_aws():
        moto_api_backend.reset()
        moment, found = START, []
        with time_machine.travel(moment, tick=False):
            world = new_world()
            delivery = Delivery(world)
            delivery.changes()
            found += details(of=SIGNALLED_APPLICATION)
        for status, label, days, hours in [*history, ("", None, None, 1000)]:
            end = moment + hours * HOUR
            while due := [at for each in eventbridge.schedules() if (at := eventbridge.fires_at(each)) <= end]:
                moment = max(moment, min(due))
                with time_machine.travel(moment, tick=False):
                    delivery.due()
                    found += details(of=SIGNALLED_APPLICATION)
            moment = end
            with time_machine.travel(moment, tick=False):
                happen(world, status, label, moment + timedelta(days=days) if days is not None else None)
                assert delivery.changes() == []
                found += details(of=SIGNALLED_APPLICATION)
        with time_machine.travel(moment + HOUR, tick=False):
            assert newest(found)["JobseekerStatus"] == page(world, SIGNALLED_APPLICATION)["JobseekerStatus"]
        by_id = {each["EventId"]: each for each in found}
        assert all(by_id[each["EventId"]] == each for each in found)


def happen(world: World, status: str, label: str | None, at: datetime | None) -> None:
    if status in {"position", "reopened"}:
        sent(world, position_signal(success=True if status == "position" else None))
        positions_copied(world)
    elif status and label == "row of a file":
        uploaded(world, status, at, of=SIGNALLED_APPLICATION)
    elif status:
        fields: dict[str, Any] = {
            "AtsiApplicationId": SIGNALLED_APPLICATION,
            "BusinessDate": at and to_text(at),
            "RawStatus": label,
        }
        world.report(status, **{name: value for name, value in fields.items() if value})


def of_schema(event: dict[str, Any]) -> bool:
    """Return whether the published schema has the event's detail, without unknown fields."""
    schemas = json.loads((ROOT / "docs/events.schema.json").read_text(encoding="utf-8"))
    kind = event["detail-type"]
    validate(event["detail"], {"$ref": f"#/$defs/{kind}", **schemas})  # type: ignore[no-untyped-call]  # it has no types
    return bool(event["detail"].keys() <= schemas["$defs"][kind]["properties"].keys())


def test_events_follow_the_published_schema(world: World) -> None:
    """All kinds, and the example of the documentation."""
    delivery = Delivery(world, delay_hours=0)
    for status in ("INTERVIEW", "REJECTED"):
        world.report(status, BusinessDate="2026-11-20T00:00:00+01:00")
    assert world.erase().status == 204
    delivery.changes()
    (example,) = re.findall(r"```json\n(.*?)```", (ROOT / "docs/events.md").read_text(encoding="utf-8"), re.DOTALL)
    events = [*eventbridge.received(), json.loads(example)]
    assert all(of_schema(each) for each in events)
    assert {each["detail-type"] for each in events} == {
        *SHOWN, "ApplicationStatusRecorded", "ApplicationErased",
    }  # fmt: skip


def test_mailers_queue_gets_what_changes_for_jobseekers(world: World) -> None:
    """The rule of docs/samples/mailer.yaml leaves out registrations, and all that is internal."""
    rule = re.search(
        r"EventPattern:\n(.*?)\n      Targets",
        (ROOT / "docs/samples/mailer.yaml").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert rule
    eventbridge.subscribe("mailer", yaml.safe_load(rule[1]))
    delivery = Delivery(world)
    world.report("INTERVIEW")
    world.report("REJECTED")
    delivery.changes()
    assert [each["detail"]["JobseekerStatus"] for each in eventbridge.received("mailer")] == ["interview"]


def test_function_starts_with_what_is_switched_on() -> None:
    """Facts or events alone, or both; nothing at all is a mistake, as changes would be lost."""
    environ = TEMPLATE.environment("DeliveryFunction")
    for off in ({"FACTS_STREAM": ""}, {"EVENT_BUS": "", "SCHEDULE_GROUP": ""}, {}):
        from_environment({**environ, **off})
    with pytest.raises(SettingsError, match="FACTS_STREAM and EVENT_BUS are missing"):
        from_environment({**environ, "FACTS_STREAM": "", "EVENT_BUS": ""})
    with pytest.raises(SettingsError, match="SCHEDULE_GROUP is missing"):
        from_environment({**environ, "SCHEDULE_GROUP": ""})
