"""Batches that are refused, as a whole or in part: a report of a batch has the errors of one sent alone."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from support.refusals import GOOD, refused
from support.world import APPLICATION, FOREIGN_APPLICATION, World, answer, http_event

PATH = "/api/application-status/batch"
UNKNOWN = "51c3be16-0f93-41ed-9cc0-00000000dead"
LIMIT = 256 * 1024


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One for all: nothing here changes it."""
    with mock_aws():
        yield World(boto3.client("dynamodb"))


def report(status: Any = "INTERVIEW", of: Any = APPLICATION, /, **fields: Any) -> dict[str, Any]:
    return {"AtsiApplicationId": of, "Status": status, **fields}


@pytest.mark.parametrize(
    "entry",
    [
        {},
        report("hired"),
        report("PROMOTED"),
        report("  "),
        report(None),
        {"AtsiApplicationId": APPLICATION},
        {"Status": "HIRED"},
        report("OFFER", "string"),
        report("OFFER", f"{APPLICATION} "),
        report("OFFER", None),
        report("OFFER", 5),
        report(RawStatus="x" * 201),
        report(RawStatus=["phone"]),
        report(BusinessDate="yesterday"),
        report(BusinessDate="2022-08-01"),
        report(BusinessDate="0001-01-01T00:00:00Z"),
        report(BusinessDate="2999-01-01T00:00:00Z"),
        report(BusinessDate=5),
        report("hired", "x", RawStatus=5, BusinessDate="soon", statuss=1),
        report("OFFER", UNKNOWN),
        report("OFFER", FOREIGN_APPLICATION),
        [],
        [report()],
        "INTERVIEW",
        1,
        None,
        True,
    ],
    ids=lambda entry: json.dumps(entry)[:80],
)
def test_error_is_that_of_the_report_sent_alone(world: World, entry: Any) -> None:
    """With the same type, status, texts, pointers and unrecognised fields; the place is the result's index."""
    alone = answer(world.webhook(http_event("POST", "/api/application-status", json.dumps(entry)), None))
    reply = world.report_batch(entry, entry)
    assert (alone.status >= 400, reply.status) == (True, 207)
    for each in reply.body["Results"]:
        problem = each["Problem"]
        assert problem.pop("requestId") == reply.body["RequestId"]
        if not isinstance(entry, dict):  # the one text that names the body
            problem["detail"] = alone.body["detail"]
        assert problem | {"requestId": alone.body["requestId"]} == alone.body


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é", "a\n", 5, ["a"]])
def test_idempotency_key_that_no_header_could_have_is_a_wrong_field(world: World, key: Any) -> None:
    """In its report alone."""
    (result,) = world.report_batch(report(IdempotencyKey=key)).body["Results"]
    (wrong,) = result["Problem"]["errors"]
    assert (wrong["pointer"], result["Problem"]["status"]) == ("/IdempotencyKey", 422)
    assert "1 to 255 visible ASCII characters" in wrong["expected"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Reports": None},
        {"Reports": []},
        {"Reports": {}},
        {"Reports": "x"},
        {"Reports": [report()] * 101},
        {"reports": [report()]},
        report(),
    ],
    ids=lambda body: json.dumps(body)[:40],
)
def test_batch_without_reports_or_with_too_many_is_refused(world: World, body: Any) -> None:
    """As a whole: nothing is recorded."""
    problem = refused(world, http_event("POST", PATH, body), 422, "invalid-fields", handler=world.batch)
    (wrong,) = problem["errors"]
    assert (wrong["pointer"], wrong["expected"]) == ("/Reports", "1 to 100 reports")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        GOOD[:-1],
        '{"Reports": [' + GOOD + "]}x",
        '{"Reports": [' + GOOD + '], "Reports": []}',
        '{"Reports": [{"Status": "OFFER", "Status": "HIRED"}]}',
        '{"Reports": [{"RawStatus": "\\ud800"}]}',
        '{"Reports": [NaN]}',
        '{"Reports": ' + "[" * 1000 + "]" * 1000 + "}",
        "\ufeff" + '{"Reports": [' + GOOD + "]}",
    ],
    ids=lambda body: ascii(body[:40]),
)
def test_body_that_is_no_accepted_json_is_refused(world: World, body: str) -> None:
    """The whole batch, as no report of it can be told."""
    refused(world, http_event("POST", PATH, body), 400, "malformed-body", handler=world.batch)


def test_other_content_types_and_methods_are_refused(world: World) -> None:
    """As for a single report."""
    event = http_event("POST", PATH, {"Reports": [report()]}, {"Content-Type": "text/plain"})
    refused(world, event, 415, "unsupported-media-type", handler=world.batch)
    reply = answer(world.batch(http_event("GET", PATH), None))
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")


def test_body_limit_is_256_kib(world: World) -> None:
    """In bytes."""
    head, tail = b'{"Reports":["', b'"]}'
    fits = head + b"x" * (LIMIT - len(head) - len(tail)) + tail
    assert answer(world.batch(http_event("POST", PATH, fits.decode()), None)).status == 207
    too_large = fits.decode().replace("x", "xx", 1)
    refused(world, http_event("POST", PATH, too_large), 413, "body-too-large", handler=world.batch)


def test_idempotency_key_of_the_batch_is_refused(world: World) -> None:
    """It would not say for which report it is, and ignoring it would leave its sender unprotected."""
    event = http_event("POST", PATH, {"Reports": [report()]}, {"Idempotency-Key": "1"})
    problem = refused(world, event, 400, "malformed-header", handler=world.batch)
    assert "send an IdempotencyKey in each report" in problem["detail"]


def test_without_a_token_nothing_is_looked_at(world: World) -> None:
    before = world.contents()
    for body in ({"Reports": [report()]}, "{", "x" * (LIMIT + 1)):
        assert answer(world.batch(http_event("POST", PATH, body, token="unknown"), None)).status == 401
    assert world.contents() == before
