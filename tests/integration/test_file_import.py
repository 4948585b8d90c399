"""Files from the upload to the last row."""

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ClientError

from application_status.applications.record import UnknownApplications
from application_status.applications.register import Registrations
from application_status.intake.files import lanes
from application_status.intake.files.file import Counts, File, State
from application_status.labels.overrides import OverrideRegister
from application_status.platform.values import application_id, from_text
from support.dynamodb_in_memory import Memory
from support.files import NO_CONNECTION, Killed, Station, Steps, csv, notification, small_chunks
from support.log_lines import picked
from support.signals import counted
from support.world import (
    APPLICATION,
    ATS,
    FOREIGN_APPLICATION,
    OTHER_ATS,
    SIGNALLED_APPLICATION,
    RecordingDynamoDB,
    World,
    registration,
)

START = "2026-11-22T09:00:00Z"
ROW = f"{APPLICATION},Interview,INTERVIEW,2026-11-20T10:00:00Z"
UNKNOWN = application_id("51c3be16-0f93-41ed-9cc0-00000000beef")


@pytest.fixture
def moment() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as moment:
        yield moment


@pytest.fixture
def world(moment: Any) -> World:  # noqa: ARG001  # its tables are made at that time
    return World(Memory())


@pytest.fixture
def station(world: World) -> Station:
    return Station(world)


def of_state(file: File) -> tuple[State, str | None]:
    return file.state, file.reason


def test_rows_are_recorded_as_reports(world: World, station: Station) -> None:
    """With the effective time, the label and its meaning; the upload is the receipt of all rows."""
    OverrideRegister(world.dynamodb, "TokensTable").change(ATS, {"Runde 1": "INTERVIEW"})
    file = station.imported(csv(f"{APPLICATION},Runde 1,,2026-11-20", f"{SIGNALLED_APPLICATION},Abgelehnt,REJECTED,"))
    assert (file.state, file.rows, file.counts) == (State.COMPLETED, 2, Counts(recorded=2))
    assert (file.refused_rows_listed, file.reason, file.encoding) == (None, None, "utf-8")
    (interview,) = world.stored().in_order()
    assert (interview.status, interview.raw_status, interview.channel) == ("INTERVIEW", "Runde 1", "file")
    assert (interview.effective_at, interview.day_offset) == (from_text("2026-11-19T23:00:00Z"), 60)
    assert interview.received_at == file.uploaded_at == from_text(START)
    (rejection,) = world.stored(SIGNALLED_APPLICATION).in_order()
    assert (rejection.status, rejection.effective_at) == ("REJECTED", file.uploaded_at)


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        pytest.param([ROW, ROW], Counts(1, 1), id="repeated"),
        pytest.param([f"{APPLICATION},Screen,,", f"{APPLICATION},screen,,"], Counts(1, 1), id="undated"),
        pytest.param([f"{APPLICATION},Frobnicated,,"], Counts(unmapped=1), id="unmapped"),
        pytest.param([f"{APPLICATION},Offer,OFFER,2026-11-21", ROW], Counts(recorded=2), id="in the order of time"),
    ],
)  # fmt: skip
def test_each_row_counts_by_its_result(station: Station, rows: list[str], counts: Counts) -> None:
    assert station.imported(csv(*rows)).counts == counts


def test_row_that_is_older_than_the_status_is_late(world: World, station: Station) -> None:
    world.report("OFFER", BusinessDate="2026-11-21T10:00:00Z")
    assert station.imported(csv(ROW)).counts == Counts(late=1)
    assert world.stored().status == "OFFER"


def test_undated_row_never_overtakes_what_was_reported_since_the_upload(
    world: World, station: Station, moment: Any
) -> None:
    """It tells how things stood when the upload was complete, however late it is imported."""
    file = station.create()
    station.upload(file, csv(f"{APPLICATION},Interview,INTERVIEW,"))
    moment.shift(60)
    world.report("HIRED")
    moment.shift(3600)
    station.deliver_all()
    assert station.read(file.id).counts == Counts(late=1)
    assert world.stored().status == "HIRED"


def test_refused_rows_are_listed_with_their_lines_and_reasons(world: World, station: Station) -> None:
    """Unknown, foreign and erased applications have the same reason; a formula is escaped."""
    world.erase(SIGNALLED_APPLICATION)
    ids = (UNKNOWN, FOREIGN_APPLICATION, SIGNALLED_APPLICATION)
    file = station.imported(csv(ROW, *(f"{each},=cmd|calc,OFFER," for each in ids), f"{APPLICATION},Offer,GONE,"))
    assert (file.state, file.counts, file.refused_rows_listed) == (State.COMPLETED, Counts(recorded=1, refused=4), 4)
    *unknown, wrong = station.refused(file)
    assert {line.split(",")[1] for line in unknown} == {
        "Unknown application: You have no application with this AtsiApplicationId."
    }
    assert [line.split(",")[0] for line in (*unknown, wrong)] == ["3", "4", "5", "6"]
    assert [line.split(",")[2:] for line in unknown] == [[each, "'=cmd|calc", "OFFER", ""] for each in ids]
    assert "status" in wrong
    assert "GONE" in wrong


def test_unknown_applications_are_created_if_the_service_accepts_them(moment: Any) -> None:  # noqa: ARG001
    """But not by a label that nobody knows."""
    station = Station(World(Memory(), UnknownApplications.ACCEPT))
    other = application_id("51c3be16-0f93-41ed-9cc0-00000000cafe")
    file = station.imported(csv(f"{UNKNOWN},Offer,OFFER,", f"{other},Frobnicated,,"))
    assert file.counts == Counts(recorded=1, refused=1)
    assert station.world.stored(UNKNOWN).status == "OFFER"


def test_application_that_cannot_be_read_refuses_its_row_alone(world: World, station: Station, log: StringIO) -> None:
    """The log has the place of the error, and no label."""
    world.client.put_item(TableName="ApplicationsTable", Item=world.item() | {"Transitions": {"S": "broken"}})
    rows = [f"{APPLICATION},Geheimnis,,", f"{SIGNALLED_APPLICATION},Geheimnis 2,OFFER,"]
    file = station.imported(csv(*rows))
    assert file.counts == Counts(recorded=1, refused=1)
    assert "Send it again later" in station.refused(file)[0]
    assert "unexpected" in log.getvalue()
    assert "Geheimnis" not in log.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(csv(ROW)),
        csv(ROW).decode().encode("utf-16"),
        csv(ROW.replace("Interview", "Gespräch")).decode().encode("cp1252"),
    ],
    ids=["gzip", "UTF-16", "Windows-1252"],
)  # fmt: skip
def test_compressed_and_other_encodings_are_imported(world: World, station: Station, content: bytes) -> None:
    """What is expanded or converted is stored in chunks, and imported from there."""
    file = station.imported(content)
    assert (file.state, file.counts) == (State.COMPLETED, Counts(recorded=1))
    assert world.stored().status == "INTERVIEW"
    stored = [key for key in station.s3.objects if key.startswith("expanded/")]
    assert stored == ([] if file.is_original else [f"expanded/{file.id}/0"])


def test_upload_that_is_no_csv_is_refused_with_the_reason(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is imported, and the same bytes are refused again, since they are no file that was imported."""
    for _ in range(2):
        file = station.imported(b"PK\\x03\\x04 a workbook")
        assert file.state is State.REFUSED
        assert file.reason
        assert file.lanes == ()
        assert counted(capsys) == {"FilesRefused": 1}


def test_upload_of_more_than_a_gibibyte_is_refused_unread(station: Station) -> None:
    """The form of the upload refuses it, too, so this needs another way to upload."""
    file = station.create()
    message = notification(file.upload_key, b"")
    message["Records"][0]["s3"]["object"]["size"] = 1024**3 + 1
    station.deliver(json.dumps(message))
    assert of_state(station.read(file.id)) == (
        State.REFUSED, "The file has more than 1073741824 bytes. Divide it, or compress it with gzip."
    )  # fmt: skip


def test_upload_that_takes_too_long_to_read_is_refused(world: World) -> None:
    """Otherwise each worker would reach its deadline, and send the message again, forever."""
    station = Station(world, Steps(at=1, runs=True))
    station.steps.action = lambda: station.clock.sleep(210)
    file = station.imported(csv(ROW))
    assert file.state is State.REFUSED
    assert "more than three minutes" in (file.reason or "")


def test_header_alone_is_an_import_of_no_rows(station: Station) -> None:
    file = station.imported(csv())
    assert (file.state, file.rows, file.counts) == (State.COMPLETED, 0, Counts())


def test_same_bytes_are_imported_once(world: World, station: Station) -> None:
    """Another file with the same bytes names the first; of another ATS, or in the sandbox, it is another file."""
    first = station.imported(csv(ROW))
    again = station.imported(csv(ROW))
    assert (again.state, again.duplicate_of, again.lanes) == (State.DUPLICATE, first.id, ())
    assert world.stored().version == 2
    assert station.imported(csv(ROW), OTHER_ATS).counts == Counts(refused=1)
    assert station.imported(csv(ROW), is_test=True).state is State.COMPLETED
    assert station.imported(csv(ROW, "")).state is State.COMPLETED


def test_bytes_of_a_failed_file_can_be_sent_again(station: Station) -> None:
    failed = station.create()
    station.upload(failed, csv(ROW))
    station.deliver_next()
    assert station.read(failed.id).state is State.IMPORTING
    del station.s3.objects[failed.upload_key]
    station.deliver_all()
    assert of_state(station.read(failed.id)) == (
        State.FAILED, "The upload was deleted before all of it was imported. Send it again as a new file."
    )  # fmt: skip
    assert station.imported(csv(ROW)).counts == Counts(recorded=1)


def test_import_of_a_compressed_file_can_be_stopped(station: Station) -> None:
    """By deleting what was expanded from it: its rows are read from there."""
    file = station.create()
    station.upload(file, gzip.compress(csv(ROW)))
    station.deliver_next()
    del station.s3.objects[f"expanded/{file.id}/0"]
    station.deliver_all()
    assert (station.read(file.id).state, station.read(file.id).counts) == (State.FAILED, Counts())


def test_object_that_is_no_upload_is_logged(station: Station, log: StringIO) -> None:
    """Such as one that somebody has put into the bucket by hand."""
    station.sqs.send_message(MessageBody=json.dumps(notification("uploads/by-hand.csv", b"x")), DelaySeconds=0)
    station.deliver_all()
    (line,) = [json.loads(each) for each in log.getvalue().splitlines() if "upload" in each]
    assert (line["level"], line["message"]) == ("WARNING", "unknown upload")


def test_file_of_a_test_token_is_imported_into_the_sandbox(
    world: World, station: Station, log: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its applications are the sandbox's, its metrics have their own names, and health ignores it."""
    Registrations(world.dynamodb, "SandboxApplicationsTable", "SandboxAliasesTable").register(
        APPLICATION, registration()
    )
    assert station.imported(csv(ROW, f"{SIGNALLED_APPLICATION},Offer,,"), is_test=True).counts == Counts(1, refused=1)
    assert world.stored().version == 1
    assert counted(capsys) == {"Sandbox.Recorded": 1, "Sandbox.RowsRefused": 1, "Sandbox.FilesImported": 1}
    assert not picked(log)


def test_second_file_of_an_ats_waits_for_the_first(world: World, station: Station) -> None:
    """Also if both are uploaded at once; another ATS's file and one of a test token do not."""
    first, second = station.create(), station.create()
    station.upload(first, csv(ROW))
    station.upload(second, csv(f"{APPLICATION},Offer,OFFER,2026-11-21"))
    station.deliver_next()
    station.deliver_next()
    assert [station.read(each.id).state for each in (first, second)] == [State.IMPORTING, State.WAITING]
    others = [station.create(OTHER_ATS), station.create(is_test=True)]
    for other in others:
        station.upload(other, csv(ROW))
    assert [delay for _, delay in station.sqs.sent] == [0, 30, 0, 0]
    station.deliver_all()
    assert {station.read(each.id).state for each in (first, second, *others)} == {State.COMPLETED}
    assert world.stored().status == "OFFER"


def test_file_that_made_no_progress_for_hours_gives_way(station: Station, moment: Any) -> None:
    """It fails; its messages, if they come at last, do nothing."""
    first, second = station.create(), station.create()
    station.upload(first, csv(ROW))
    station.deliver_next()
    lost = station.sqs.sent.popleft()
    station.upload(second, csv(f"{APPLICATION},Offer,OFFER,2026-11-21"))
    moment.shift(timedelta(hours=11, minutes=59))
    station.deliver_next()
    assert station.read(second.id).state is State.WAITING
    moment.shift(timedelta(minutes=1))
    station.deliver_all()
    assert station.read(second.id).state is State.COMPLETED
    failed = station.read(first.id)
    assert failed.state is State.FAILED
    assert "no progress" in (failed.reason or "")
    station.sqs.sent.append(lost)
    station.deliver_all()
    assert station.read(first.id) == failed


@pytest.mark.parametrize("delivered", [1, 2], ids=["importing", "completed"])
def test_repeated_notification_changes_nothing(world: World, station: Station, delivered: int) -> None:
    file = station.create()
    station.upload(file, csv(ROW))
    body, _ = station.sqs.sent[0]
    for _ in range(delivered):
        station.deliver_next()
    station.deliver(body)
    station.deliver_all()
    assert (station.read(file.id).state, station.read(file.id).counts) == (State.COMPLETED, Counts(recorded=1))
    assert world.stored().version == 2


def test_same_upload_again_during_the_import_sends_no_messages(station: Station, moment: Any) -> None:
    """Otherwise the queue would fill with messages of one file, whose workers stop each other."""
    file = station.create()
    station.upload(file, csv(ROW))
    station.deliver_next()
    (lane,) = station.sqs.sent
    for _ in range(3):
        moment.shift(1)
        station.upload(file, csv(ROW))
    station.sqs.sent.rotate(-1)
    for _ in range(3):
        station.deliver_next()
    assert list(station.sqs.sent) == [lane]
    station.deliver_all()
    assert station.read(file.id).counts == Counts(recorded=1)


@pytest.mark.parametrize("is_notified", [True, False], ids=["notified", "not notified"])
def test_upload_that_is_replaced_during_the_import_fails_the_file(
    station: Station,
    moment: Any,
    is_notified: bool,
) -> None:
    """Rows of two uploads are never mixed."""
    file = station.create()
    station.upload(file, csv(ROW))
    station.deliver_next()
    moment.shift(1)
    station.upload(file, csv(ROW, ROW))
    if is_notified:
        station.sqs.sent.rotate(1)
    station.deliver_next()
    failed = station.read(file.id)
    assert failed.state is State.FAILED
    assert "replaced" in (failed.reason or "")
    station.deliver_all()
    assert station.read(file.id) == failed


def test_upload_after_the_end_is_ignored(station: Station, moment: Any) -> None:
    file = station.imported(csv(ROW))
    moment.shift(1)
    station.upload(file, csv(ROW, ROW))
    station.deliver_all()
    assert station.read(file.id) == file


@pytest.mark.parametrize(
    "key",
    [
        "uploads/live/demo-ats/51c3be16-0f93-41ed-9cc0-00000000beef",
        "uploads/live/other-ats/{file}",
        "uploads/test/demo-ats/{file}",
        "uploads/live/{file}",
        "uploads/{file}.csv",
        "uploads/live/demo-ats/day#demo-ats#2026-11-22",
    ],
)
def test_upload_with_a_foreign_key_is_ignored(station: Station, key: str) -> None:
    file = station.create()
    station.deliver(json.dumps(notification(key.format(file=file.id), csv(ROW))))
    assert station.read(file.id) == file


def test_key_of_an_upload_may_be_encoded(station: Station) -> None:
    """As S3 does in its notifications."""
    ats = "müller & söhne+partner"
    file = station.imported(csv(ROW), ats)  # type: ignore[arg-type]
    assert file.state is State.COMPLETED


def test_message_that_s3_sends_first_is_ignored(station: Station) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html"""
    station.deliver(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "FilesBucket"}))
    assert not station.sqs.sent


def test_worker_that_always_dies_fails_its_file(
    world: World, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fifth delivery of a message stores it; the next file of the ATS is imported."""
    monkeypatch.setattr(lanes, "rows", lambda *_: 1 / 0)
    file = station.imported(csv(ROW))
    assert not station.dead_letters
    assert file.state is State.FAILED
    assert "a fault in this service" in (file.reason or "")
    monkeypatch.undo()
    assert station.imported(csv(ROW)).counts == Counts(recorded=1)
    assert world.stored().version == 2


def many(number: int) -> list[str]:
    """Return rows of so many unknown applications."""
    return [f"{application_id(f'{n:032}')},Offer,OFFER,2026-11-21" for n in range(number)]


def test_lanes_share_the_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each imports every fourth chunk; the listing of refused rows is in the order of the file."""
    for name, size in small_chunks(500):
        monkeypatch.setattr(name, size)
    station = Station(world, block_rows=3)
    file = station.imported(csv(*many(100)))
    assert (file.state, file.counts, file.refused_rows_listed) == (State.COMPLETED, Counts(refused=100), 100)
    assert [lane.counts.rows for lane in file.lanes] == [27, 27, 27, 19]
    assert [line.split(",")[0] for line in station.refused(file)] == [str(line) for line in range(2, 102)]


def test_listing_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the first refused rows, and the state says how many; later ones are counted alone."""
    monkeypatch.setattr(lanes, "LISTED_ROWS", 10)
    station = Station(world, block_rows=4)
    file = station.imported(csv(*many(40)))
    assert (file.counts, file.refused_rows_listed) == (Counts(refused=40), 12)
    assert len(station.refused(file)) == 12


def test_listing_ends_before_the_worker_must(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise each worker would reach its deadline, and the file would never be completed."""
    station = Station(world, block_rows=1)
    get_object = station.s3.get_object

    def slow_get_object(**request: Any) -> Any:
        station.clock.sleep(10 if request["Key"].startswith("refused/") else 0)
        return get_object(**request)

    monkeypatch.setattr(station.s3, "get_object", slow_get_object)
    file = station.imported(csv(*many(40)))
    assert (file.state, file.counts, file.refused_rows_listed) == (State.COMPLETED, Counts(refused=40), 16)
    assert len(station.refused(file)) == 16


def test_lane_is_as_fast_as_its_share_allows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits after each block, and makes way for other files after its slice."""
    for name, size in small_chunks(500):
        monkeypatch.setattr(name, size)
    station = Station(world, block_rows=3, rows_per_second=12, slice_seconds=2)
    file = station.create()
    station.upload(file, csv(*many(100)))
    station.deliver_next()
    assert len(station.sqs.sent) == 4
    station.deliver_next()
    lane = station.read(file.id).lanes[0]
    assert (lane.counts.rows, station.clock.now) == (6, 2.0)  # 3 rows a second
    assert [json.loads(body)["Lane"] for body, _ in station.sqs.sent] == [1, 2, 3, 0]


class Down:
    """A client whose table of applications can't be reached."""

    def __init__(self, client: Any, error: Exception = NO_CONNECTION) -> None:
        self.client = client
        self.error = error
        self.is_down = True

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        def call(**request: Any) -> Any:
            if self.is_down and request.get("TableName") == "ApplicationsTable":
                raise self.error
            return method(**request)

        return call


def test_block_takes_no_longer_than_a_slice(world: World) -> None:
    """Else a worker with a low limit would be stopped in the middle of its first block, each time."""
    station = Station(world, rows_per_second=1, slice_seconds=5)
    file = station.create()
    station.upload(file, csv(*many(12)))
    station.deliver_next()
    station.deliver_next()
    assert (station.read(file.id).counts.rows, station.clock.now) == (5, 5.0)
    station.deliver_all()
    assert (station.read(file.id).state, station.clock.now) == (State.COMPLETED, 12.0)


@pytest.mark.usefixtures("moment")
def test_row_that_is_no_longer_refused_after_a_failure_is_not_listed() -> None:
    """The listing is that of the attempt that is counted: here, the board registers the application in between."""
    steps = Steps(at=8, fault=Killed())
    station = Station(World(steps.of(Memory())), steps, block_rows=1)
    file = station.create()
    station.upload(file, csv(f"{UNKNOWN},Offer,OFFER,", f"{FOREIGN_APPLICATION},Offer,OFFER,"))
    station.deliver_next()
    steps.runs = True
    with pytest.raises(Killed):
        station.deliver(station.sqs.sent[0][0])
    assert [key for key in station.s3.objects if key.startswith(f"refused/{file.id}/")]
    steps.runs = False
    steps.revive()
    assert station.read(file.id).counts == Counts()
    Registrations(station.world.dynamodb, "ApplicationsTable", "AliasesTable").register(UNKNOWN, registration())
    station.deliver_all()
    done = station.read(file.id)
    assert (done.counts, done.refused_rows_listed) == (Counts(recorded=1, refused=1), 1)
    assert [line.partition(",")[0] for line in station.refused(done)] == ["3"]


def test_memory_does_not_grow_with_the_number_of_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane keeps a block of rows and a part of its chunk, however large the file is."""
    monkeypatch.setattr(lanes, "_READ_BYTES", 64 * 1024)
    row = f"{APPLICATION},Interview,INTERVIEW,,{'x' * 1000}"
    peaks = []
    for rows in (2_000, 6_000):
        station = Station(world, block_rows=100)
        file = station.create()
        station.upload(file, csv(*[row] * rows, header="atsiApplicationId,rawStatus,status,businessDate,filler"))
        station.deliver_next()
        tracemalloc.start()
        station.deliver_all()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert station.read(file.id).counts.rows == rows
    assert peaks[1] < 1.3 * peaks[0]


def test_outage_delays_a_message_and_counts_nothing_twice(
    world: World, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any number of times; nothing of the block counts until all of it is recorded."""
    monkeypatch.setattr("application_status.platform.deadlines._FIRST_PAUSE_SECONDS", 0.0)
    store = Down(world.client)
    station.start(RecordingDynamoDB(store))
    file = station.create()
    station.upload(file, csv(ROW, f"{SIGNALLED_APPLICATION},Offer,OFFER,"))
    station.deliver_next()
    for _ in range(10):
        station.deliver_next()
        assert [delay for _, delay in station.sqs.sent] == [60]
        assert station.read(file.id).counts == Counts()
    store.is_down = False
    station.deliver_all()
    assert station.read(file.id).counts == Counts(recorded=2)


def test_store_that_refuses_calls_is_no_fault_of_rows(world: World, station: Station) -> None:
    """For example without permission: no row is refused for it, and the file fails in the end."""
    refusal: Any = {
        "Error": {"Code": "AccessDeniedException", "Message": ""},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    store = Down(world.client, ClientError(refusal, "UpdateItem"))
    station.start(RecordingDynamoDB(store))
    file = station.imported(csv(ROW))
    assert (file.state, file.counts, station.dead_letters) == (State.FAILED, Counts(), [])


def test_each_block_has_one_log_line_and_each_file_one(world: World, log: StringIO) -> None:
    """Health counts the results of a block from its line. No line has a label."""
    station = Station(world, block_rows=2)
    file = station.imported(csv(ROW, f"{UNKNOWN},Geheimnis,,", f"{APPLICATION},Geheimnis,OFFER,"))
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert "Geheimnis" not in log.getvalue()
    (ended,) = [line for line in lines if line.get("message") == "file ended"]
    assert (ended["file"], ended["state"], ended["recorded"], ended["refused"]) == (file.id, "completed", 2, 1)
    assert [(line["results"], line["line"]) for line in map(json.loads, picked(log))] == [
        ({"recorded": 1, "unknown-application": 1}, 2), ({"recorded": 1}, 4),
    ]  # fmt: skip
