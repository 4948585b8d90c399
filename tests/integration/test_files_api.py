"""Files over the API: create one, and ask what became of it. Their import is in the tests of the worker."""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.access import rules as tokens
from application_status.intake.files.csv_format import Chunk, Layout, Scanned
from application_status.intake.files.file import Counts, File, FileId, State
from application_status.intake.files.imports import FILES_A_DAY, Imports
from application_status.platform import s3
from application_status.platform.s3 import Bucket
from application_status.platform.values import from_text, now, to_text
from support.world import (
    ATS,
    OTHER_TOKEN,
    TEST_TOKEN,
    TOKEN,
    Answer,
    World,
    answer,
    http_event,
    sample_event,
)

PATH = "/api/application-status/files"
GIB = 1024**3
CREATED_AT, UPLOADED_AT = "2026-11-22T09:00:00.000Z", "2026-11-22T09:01:00.000Z"
OTHER_FILE = "0a7e3f52-6b1d-4c1e-9d55-0c8a4f6f2b01"


def create(
    world: World, body: Any = None, token: str | None = TOKEN, headers: Mapping[str, str] | None = None
) -> Answer:
    return answer(world.files(http_event("POST", PATH, body, headers, token=token), None))


def created(world: World, token: str = TOKEN) -> dict[str, Any]:
    reply = create(world, token=token)
    assert reply.status == 201, reply.body
    return reply.body


def status(world: World, file: str, token: str | None = TOKEN) -> Answer:
    return answer(world.files(http_event("GET", f"{PATH}/{file}", token=token), None))


def asked(world: World, file: str) -> dict[str, Any]:
    """Return a file's status without its request's id."""
    reply = status(world, file)
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")
    return {name: value for name, value in reply.body.items() if name != "RequestId"}


def items(world: World) -> list[Any]:
    """Return the stored files, without the daily counts."""
    found = world.client.scan(TableName="FilesTable")["Items"]
    return [each for each in found if each["Part"]["S"] == "file"]


def policy(reply: Mapping[str, Any]) -> Any:
    return json.loads(b64decode(reply["UploadFields"]["policy"]))


def imports(world: World) -> Imports:
    """Return the store through which the worker changes a file."""
    return Imports(world.dynamodb, "FilesTable")


def stored(world: World, file: str) -> File:
    found = imports(world).read(FileId(file))
    assert found
    return found


def created_at(world: World, file: str) -> str:
    return to_text(stored(world, file).created_at)


def read(world: World, file: str) -> File:
    """Let the worker read an upload."""
    found = imports(world).start_reading(stored(world, file), etag="e", size=6400, uploaded_at=from_text(UPLOADED_AT))
    assert found
    return found


def imported(world: World, file: str, *lanes: Counts, ignored: tuple[str, ...] = ()) -> File:
    """Let the worker import rows of a read upload with 100 rows, in these lanes."""
    chunks = tuple(Chunk(number, 0, 0, 2) for number in range(len(lanes)))
    layout = Layout(",", 2, 0, 1, ignored=ignored)
    scanned = Scanned("0" * 64, 6400, 100, "utf-8", layout, chunks, is_original=True)
    assert imports(world).start_importing(stored(world, file), scanned) is None
    for number, counts in enumerate(lanes):
        lane, _ = imports(world).begin_block(stored(world, file), stored(world, file).lanes[number], "attempt")
        after = replace(lane, counts=counts, touched_at=now())
        imports(world).save_block(stored(world, file), lane, after, "attempt", goes_on=False)
    return stored(world, file)


def end(world: World, file: str, state: State, **known: Any) -> None:
    imports(world).end(replace(stored(world, file), state=state, **known))


def test_file_is_created(world: World) -> None:
    """The reply is a 201 with its id and the form of its upload; its state can be read under its Location at once."""
    with time_machine.travel("2026-11-22T09:00:00.123Z", tick=False):
        reply = create(world)
    file, request_id = reply.body["FileId"], reply.body.pop("RequestId")
    assert (reply.status, reply.headers["Location"]) == (201, f"{PATH}/{file}")
    assert request_id
    fields = reply.body.pop("UploadFields")
    assert reply.body == {
        "FileId": file,
        "UploadUrl": "https://s3.amazonaws.com/FilesBucket",  # a stack's bucket has its own host
        "ExpiresAt": "2026-11-22T10:00:00.123Z",
        "MaxBytes": GIB,
    }
    assert fields["key"] == f"uploads/live/demo-ats/{file}"
    found = status(world, file).body
    assert found.pop("RequestId") != request_id
    assert found == {"FileId": file, "State": "awaiting-upload", "CreatedAt": "2026-11-22T09:00:00.123Z"}


def test_form_uploads_one_file_of_a_limited_size_for_an_hour(world: World) -> None:
    """S3 checks the signed policy: this bucket and key, 1 byte to 1 GiB, and when the form expires.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False):
        reply = created(world)
    signed = policy(reply)
    assert signed["expiration"] == "2026-11-22T10:00:00Z"
    conditions = [each for each in signed["conditions"] if not (isinstance(each, dict) and "x-amz" in json.dumps(each))]
    assert conditions == [
        ["content-length-range", 1, GIB],
        {"bucket": "FilesBucket"},
        {"key": f"uploads/live/demo-ats/{reply['FileId']}"},
    ]
    assert reply["UploadFields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert reply["UploadFields"]["x-amz-signature"]


def test_addresses_name_the_region() -> None:
    """S3 redirects requests for a new bucket elsewhere at its global address, and a redirected form loses its file."""
    bucket = Bucket(s3.client(region_name="eu-central-1"), "application-status-filesbucket-1x2y3z")
    host = "https://application-status-filesbucket-1x2y3z.s3.eu-central-1.amazonaws.com/"
    assert bucket.presigned_post("uploads/x", GIB, timedelta(hours=1)).url == host
    assert bucket.presigned_get("refused/x.csv", "x.csv", timedelta(hours=1)).startswith(f"{host}refused/x.csv?")


def test_each_request_creates_another_file(world: World) -> None:
    """So does a repeated one: a file that is never uploaded does no harm."""
    made = [created(world) for _ in range(3)]
    assert len({each["FileId"] for each in made}) == len(items(world)) == 3


def test_test_token_creates_a_file_for_the_sandbox(world: World) -> None:
    """Its upload is apart from live ones."""
    made = created(world, TEST_TOKEN)
    assert made["UploadFields"]["key"] == f"uploads/test/demo-ats/{made['FileId']}"
    assert status(world, made["FileId"], TEST_TOKEN).body["State"] == "awaiting-upload"


def test_access_token_works_like_a_token(world: World) -> None:
    """As Authorization: Bearer, at both paths."""
    reply = answer(world.oauth(sample_event("OauthFunction/token"), None))
    bearer = {"Authorization": f"Bearer {reply.body['access_token']}"}
    made = create(world, token=None, headers=bearer)
    asked = http_event("GET", made.headers["Location"], headers=bearer, token=None)
    assert (made.status, world.files(asked, None)["statusCode"]) == (201, 200)


@pytest.mark.parametrize("body", [None, "", "{}", {}], ids=repr)
def test_body_may_be_left_out(world: World, body: Any) -> None:
    """Then its type may be, too."""
    event = http_event("POST", PATH, body)
    if not event["body"]:
        del event["headers"]["Content-Type"], event["multiValueHeaders"]["Content-Type"]
    reply = answer(world.files(event, None))
    assert reply.status == 201
    assert "IgnoredFields" not in reply.body


def test_fields_are_named_back(world: World) -> None:
    """None is read, so that all of them are."""
    assert create(world, {"Name": "a.csv", "x": [1]}).body["IgnoredFields"] == ["Name", "x"]


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ("[]", {}, (400, "malformed-body")),
        ("AtsiApplicationId,RawStatus\n", {}, (400, "malformed-body")),
        ('{"a": 1, "a": 2}', {}, (400, "malformed-body")),
        (" " * 8193, {}, (413, "body-too-large")),
        ("{}", {"Content-Type": "text/csv"}, (415, "unsupported-media-type")),
    ],
    ids=["array", "the file itself", "duplicate keys", "too large", "CSV"],
)
def test_body_is_checked_like_a_report(
    world: World, body: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    """Nothing is created; whoever sent the file itself reads where it belongs."""
    reply = create(world, body, headers=headers)
    assert (reply.status, reply.body["type"]) == (expected[0], f"/problems/{expected[1]}")
    assert reply.body["detail"].endswith("upload the file with the form in the reply.")
    assert items(world) == []


@pytest.mark.parametrize(
    "token", [None, "unknown", tokens.generate(test=True)], ids=["none", "unknown", "unissued test token"]
)
def test_without_a_good_token_nothing_is_created_or_told(world: World, token: str | None) -> None:
    """401, before the body is looked at."""
    file = created(world)["FileId"]
    replies = [create(world, "[", token), status(world, file, token)]
    assert [reply.status for reply in replies] == [401, 401]
    assert len(items(world)) == 1


@pytest.mark.parametrize(
    ("path", "methods", "allowed"),
    [(PATH, ("GET", "PUT", "DELETE", "post"), "POST"), (f"{PATH}/x", ("POST", "PUT", "DELETE", "HEAD"), "GET")],
    ids=["files", "file"],
)
def test_each_path_has_one_method(world: World, path: str, methods: tuple[str, ...], allowed: str) -> None:
    """405 with Allow for others."""
    for method in methods:
        reply = answer(world.files(http_event(method, path), None))
        assert (reply.status, reply.headers["Allow"]) == (405, allowed), method


def test_files_of_a_day_are_limited(world: World) -> None:
    """429 with the time until the next day (UTC); so many tests leave a live ATS all its files."""
    with time_machine.travel("2026-11-22T23:59:00Z", tick=False) as moment:
        key = {"FileId": {"S": f"day#test#{ATS}#2026-11-22"}, "Part": {"S": "-"}}
        world.client.put_item(TableName="FilesTable", Item=key | {"Made": {"N": str(FILES_A_DAY - 1)}})
        created(world, TEST_TOKEN)
        reply = create(world, token=TEST_TOKEN)
        assert (reply.status, reply.body["type"]) == (429, "/problems/daily-limit-reached")
        assert (reply.headers["Retry-After"], "100 files" in reply.body["detail"]) == ("60", True)
        assert len(items(world)) == 1
        created(world)
        moment.shift(60)
        created(world, TEST_TOKEN)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_requests_are_limited_like_reports(method: str) -> None:
    """Each is one request of the ATS."""
    with mock_aws():
        world = World(boto3.client("dynamodb"), requests_per_second=1)
        with time_machine.travel("2026-11-22T09:00:00Z", tick=False):
            answers = [world.report("INTERVIEW").status for _ in range(100)]
            reply = create(world) if method == "POST" else status(world, "x")
    assert set(answers) == {200}
    assert (reply.status, reply.body["type"]) == (429, "/problems/throttled")


LANES = Counts(recorded=40, late=5), Counts(unchanged=10, unmapped=4, refused=1)


def test_status_follows_the_import(world: World) -> None:
    """From the creation to the end; what is not known yet is missing."""
    with time_machine.travel(CREATED_AT, tick=False) as moment:
        file = created(world)["FileId"]
        shown = {"FileId": file, "State": "awaiting-upload", "CreatedAt": CREATED_AT}
        assert asked(world, file) == shown

        read(world, file)
        shown |= {"State": "reading", "UploadedAt": UPLOADED_AT, "Bytes": 6400}
        assert asked(world, file) == shown

        imported(world, file, *LANES, ignored=("Remark", "Name"))
        moment.shift(30)
        shown |= {"State": "importing", "Rows": 100, "IgnoredColumns": ["Remark", "Name"]}
        shown |= {"RowsRead": 60, "Recorded": 40, "Unchanged": 10, "Late": 5, "Unmapped": 4, "Refused": 1}
        assert asked(world, file) == shown | {"RowsPerSecond": 2, "EstimatedEnd": "2026-11-22T09:00:50.000Z"}

        end(world, file, State.COMPLETED, refused_rows_listed=1)
        moment.shift(600)
        found = asked(world, file)
        assert found.pop("RefusedRows")
        assert found == shown | {"State": "completed", "RowsPerSecond": 2, "RefusedRowsListed": 1}

        moment.shift(timedelta(days=30))
        assert asked(world, file) == shown | {"State": "completed", "RowsPerSecond": 2}


def test_file_waits_for_another(world: World) -> None:
    """Then its upload is not looked at yet."""
    file = created(world)["FileId"]
    imports(world).wait(stored(world, file))
    assert asked(world, file) == {
        "FileId": file,
        "State": "waiting",
        "CreatedAt": created_at(world, file),
    }


@pytest.mark.parametrize(
    ("state", "reason", "refused"), [(State.COMPLETED, None, 0), (State.FAILED, "The upload was replaced.", 1)]
)
def test_file_without_a_list_has_no_url(world: World, state: State, reason: str | None, refused: int) -> None:
    """No row was refused, or the import failed, which lists none."""
    file = created(world)["FileId"]
    read(world, file)
    imported(world, file, Counts(recorded=1, refused=refused))
    end(world, file, state, reason=reason)
    found = asked(world, file)
    assert (found["State"], found["Recorded"], found["Refused"], found.get("Reason")) == (state, 1, refused, reason)
    assert not {"RefusedRows", "RefusedRowsListed", "EstimatedEnd"} & found.keys()


@pytest.mark.parametrize(
    ("state", "known", "shown"),
    [
        (State.REFUSED, {"reason": "The upload is a ZIP archive."}, {"Reason": "The upload is a ZIP archive."}),
        (State.DUPLICATE, {"duplicate_of": OTHER_FILE}, {"DuplicateOf": OTHER_FILE}),
        (State.FAILED, {"reason": "The upload was deleted."}, {"Reason": "The upload was deleted."}),
    ],
)
def test_status_says_why_nothing_was_imported(
    world: World, state: State, known: dict[str, Any], shown: dict[str, Any]
) -> None:
    """And shows no counts."""
    file = created(world)["FileId"]
    read(world, file)
    end(world, file, state, **known)
    of_file = {"State": state, "CreatedAt": created_at(world, file), "UploadedAt": UPLOADED_AT, "Bytes": 6400}
    assert asked(world, file) == {"FileId": file, **of_file, **shown}


def test_refused_rows_can_be_downloaded_for_an_hour(world: World) -> None:
    """From S3, by a signed address, as a CSV file."""
    file = created(world)["FileId"]
    read(world, file)
    imported(world, file, *LANES)
    end(world, file, State.COMPLETED, refused_rows_listed=1)
    address = urlsplit(asked(world, file)["RefusedRows"])
    query = parse_qs(address.query)
    assert address.path == f"/FilesBucket/refused/{file}.csv"
    assert query["X-Amz-Expires"] == ["3600"]
    assert query["response-content-disposition"] == [f'attachment; filename="refused-rows-{file}.csv"']


def test_unknown_foreign_and_malformed_files_look_the_same(world: World) -> None:
    """The problem differs in its request's id alone, so that nobody can probe for ids."""
    live, test = created(world)["FileId"], created(world, TEST_TOKEN)["FileId"]
    replies = [
        status(world, OTHER_FILE),
        status(world, live, OTHER_TOKEN),
        status(world, live, TEST_TOKEN),
        status(world, test, TOKEN),
        status(world, "x"),
        status(world, f"turn#live#{ATS}"),
        status(world, f"{live}x"),
    ]
    problems = [{**reply.body, "requestId": None} for reply in replies]
    assert {reply.status for reply in replies} == {404}
    assert all(problem == problems[0] for problem in problems)
    assert problems[0] == {
        "type": "/problems/unknown-file",
        "title": "Unknown file",
        "status": 404,
        "detail": "There is no such file for this token; send the FileId that you got when you created it.",
        "requestId": None,
    }


def test_file_id_may_be_in_capitals(world: World) -> None:
    """As some databases write it."""
    file = created(world)["FileId"]
    assert status(world, file.upper()).body["FileId"] == file


def test_refusals_count_in_the_integration_health(world: World, log: StringIO) -> None:
    """The line of a refused request to create a file has the channel; in the sandbox health ignores it."""
    create(world, "[")
    create(world, "[", TEST_TOKEN)
    lines = [line for line in map(json.loads, log.getvalue().splitlines()) if line.get("message") == "refused"]
    assert [(line["ats"], line.get("channel"), line.get("sandbox"), line["result"]) for line in lines] == [
        (ATS, "file", None, "malformed-body"),
        (ATS, None, "file", "malformed-body"),
    ]


def test_sample_events_work(world: World) -> None:
    """Those of events/: a file is created, and an unknown one asked for."""
    assert world.files(sample_event("FilesFunction/file"), None)["statusCode"] == 201
    assert world.files(sample_event("FilesFunction/status"), None)["statusCode"] == 404


def test_file_that_is_never_uploaded_expires(world: World) -> None:
    """90 days after its creation, like all others."""
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False):
        created(world)
    (item,) = items(world)
    assert item["ExpiresAt"] == {"N": str(int(from_text("2027-02-20T09:00:00Z").timestamp()))}
