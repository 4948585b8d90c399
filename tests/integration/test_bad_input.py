"""Bodies and content types that the webhook refuses, through the real handler; no refusal writes anything."""

import base64
import gzip
import signal
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from support.refusals import GOOD, raw_event, refused, with_header
from support.world import World

LIMIT = 8192

MALFORMED: dict[str, str | bytes | None] = {
    "missing": None,
    "empty": "",
    "empty in base64": b"",
    "only white space": " \n",
    "not UTF-8": GOOD.replace("INTERVIEW", "x").encode()[:-2] + b'\xff"}',
    "overlong UTF-8": b'{"Status":"\xc0\xae"}',
    "surrogate in UTF-8": b'{"Status":"\xed\xa0\x80"}',
    "UTF-16 with byte order mark": GOOD.encode("utf-16"),
    "UTF-16": GOOD.encode("utf-16-le"),
    "UTF-32": GOOD.encode("utf-32-be"),
    "byte order mark": "\ufeff" + GOOD,
    "byte order mark in base64": b"\xef\xbb\xbf" + GOOD.encode(),
    "duplicate key": '{"Status":"INTERVIEW",' + GOOD[1:],
    "duplicate key, escaped": '{"\\u0053tatus":"INTERVIEW",' + GOOD[1:],
    "duplicate unknown key": GOOD[:-1] + ',"a":1,"a":1}',
    "duplicate nested key": GOOD[:-1] + ',"More":{"a":1,"a":2}}',
    "NaN": GOOD[:-1] + ',"More":NaN}',
    "Infinity": GOOD[:-1] + ',"More":Infinity}',
    "-Infinity": GOOD[:-1] + ',"More":[-Infinity]}',
    "lone high surrogate": GOOD[:-1] + ',"RawStatus":"\\ud800"}',
    "lone low surrogate": GOOD[:-1] + ',"RawStatus":"\\udc00x"}',
    "lone surrogate in a key": GOOD[:-1] + ',"\\ud800":1}',
    "lone surrogate, not escaped": GOOD[:-1] + ',"RawStatus":"\ud800"}',
    "nested 4,000 deep": '{"a":' + "[" * 4000 + "]" * 4000 + "}",
    "nested 1,300 deep, objects": '{"a":' * 1300 + "1" + "}" * 1300,
    "nested and never closed": "[" * LIMIT,
    "integer of 5,000 digits": GOOD[:-1] + ',"More":' + "1" * 5000 + "}",
    "array": f"[{GOOD}]",
    "string": '"INTERVIEW"',
    "number": "1",
    "null": "null",
    "true": "true",
    "trailing bytes": GOOD + "x",
    "trailing brace": GOOD + "}",
    "two objects": GOOD + GOOD,
    "trailing null byte": GOOD + "\0",
    "cut off": GOOD[:-1],
    "single quotes": GOOD.replace('"', "'"),
    "comment": "/**/" + GOOD,
    "trailing comma": GOOD[:-1] + ",}",
    "control character": GOOD[:-1] + ',"RawStatus":"\n"}',
    "form": "Status=INTERVIEW",
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One for all: nothing here changes it but for the reports that are accepted."""
    with mock_aws():
        yield World(boto3.client("dynamodb"))


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_body_is_refused(world: World, body: str | bytes | None) -> None:
    """400, whatever the one object in UTF-8 lacks."""
    refused(world, raw_event(body), 400, "malformed-body")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("\ufeff" + GOOD, "JSON after a byte order mark, the bytes EF BB BF, which must be left out"),
        (GOOD.encode("utf-8-sig"), "JSON after a byte order mark, the bytes EF BB BF, which must be left out"),
        (GOOD.encode("utf-16"), "in UTF-16 or UTF-32"),
        (GOOD.encode("utf-16-le"), "in UTF-16 or UTF-32"),
        (GOOD.encode("utf-16-be"), "in UTF-16 or UTF-32"),
        (GOOD.encode("utf-32"), "in UTF-16 or UTF-32"),
        (GOOD.encode("utf-32-be"), "in UTF-16 or UTF-32"),
        (GOOD.replace("INTERVIEW", "Größe").encode("latin-1"), "not in UTF-8 from byte 73 on"),
    ],
    ids=["mark", "mark in base64", "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32BE", "Latin-1"],
)
def test_other_encoding_is_named(world: World, body: str | bytes, named: str) -> None:
    """The sender's library chose it, so the sender needs its name."""
    detail = refused(world, raw_event(body), 400, "malformed-body")["detail"]
    assert detail == f"The body is {named}. Send one JSON object in UTF-8."


@pytest.mark.parametrize("coding", ["gzip", "GZIP", " br", "deflate", "zstd", "gzip, gzip", "aws-chunked"])
def test_compressed_body_is_refused(world: World, coding: str) -> None:
    """415, with the only coding that is accepted (RFC 9110, section 15.5.16), whatever the body is."""
    for body in (GOOD, gzip.compress(GOOD.encode()), "nonsense"):
        event = raw_event(body, Content_Encoding=coding)
        detail = refused(world, event, 415, "unsupported-media-type")["detail"]
        assert detail == "The header Content-Encoding says that the body is compressed; send it uncompressed."
        assert world.webhook(event, None)["headers"]["Accept-Encoding"] == "identity"


def test_compressed_body_is_known_by_its_first_bytes(world: World) -> None:
    """Some senders compress without saying so."""
    event = raw_event(gzip.compress(GOOD.encode()))
    detail = refused(world, event, 415, "unsupported-media-type")["detail"]
    assert detail == "The body is compressed with gzip; send it uncompressed."


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_body_that_is_said_to_be_uncompressed_is_accepted(world: World, coding: str) -> None:
    """It is the coding of all others."""
    assert world.webhook(raw_event(GOOD, Content_Encoding=coding), None)["statusCode"] == 200


@pytest.mark.parametrize("text", ["###", "e30", "e30=\n", "e3 0=", "é30=", "=", "-_-_", GOOD, "\ud800"])
def test_broken_base64_is_refused(world: World, text: str) -> None:
    """A body said to be base64 has to be, strictly."""
    refused(world, raw_event(text) | {"isBase64Encoded": True}, 400, "malformed-body")


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        GOOD.encode(),
        f"\r\n\t {GOOD} \n",
        GOOD[:-1] + ',"RawStatus":"\\ud83d\\ude00"}',
        GOOD[:-1] + ',"a":[[[]]]}',
    ],
)
def test_good_body_is_accepted(world: World, body: str | bytes) -> None:
    """Text and base64, surrounding white space, surrogate pairs and moderate nesting are accepted."""
    assert world.webhook(raw_event(body), None)["statusCode"] == 200


def padded(size: int, padding: str) -> bytes:
    """Return a good body of so many bytes, filled with a character of one to four bytes in an unrecognised field."""
    head, tail = f'{GOOD[:-1]},"Pad":"'.encode(), b'"}'
    count, rest = divmod(size - len(head) - len(tail), len(padding.encode()))
    return head + padding.encode() * count + b"x" * rest + tail


@pytest.mark.parametrize("padding", ["x", "é", "€", "😀"])
@pytest.mark.parametrize("encoded", [False, True], ids=["text", "base64"])
def test_body_limit_is_in_bytes(world: World, padding: str, *, encoded: bool) -> None:
    """8,192 bytes are accepted, 8,193 are refused, whatever a character takes and however the gateway hands it over."""
    fits, too_large = (padded(size, padding) for size in (LIMIT, LIMIT + 1))
    assert (len(fits), len(too_large)) == (LIMIT, LIMIT + 1)
    events = [raw_event(body if encoded else body.decode()) for body in (fits, too_large)]
    assert world.webhook(events[0], None)["statusCode"] == 200
    refused(world, events[1], 413, "body-too-large")


@pytest.mark.parametrize(
    "body",
    [
        " " * (LIMIT + 1),
        "\xff" * LIMIT,
        "[" * 100_000 + "]" * 100_000,
        b"\xff" * 1_000_000,
        base64.b64encode(b"x" * 9000),
    ],
    ids=["white space", "two-byte characters", "nested 100,000 deep", "a million bytes", "base64 in base64"],
)
def test_too_large_body_is_refused_before_it_is_parsed(world: World, body: str | bytes) -> None:
    """413, although none of them is JSON that is accepted."""
    refused(world, raw_event(body), 413, "body-too-large")


def test_too_large_body_is_refused_before_it_is_decoded(world: World) -> None:
    """By its length, so that no time is spent on it; it isn't even base64."""
    event = raw_event(b"") | {"body": "*" * (2 * LIMIT + 1), "isBase64Encoded": True}
    refused(world, event, 413, "body-too-large")
    refused(world, event | {"body": "*" * 2 * LIMIT}, 400, "malformed-body")


WRONG_TYPES = [
    "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", "*/*",
    "application/jsonp", "application/json-seq", "application/problem+json", "xapplication/json", "application",
    "application/json, application/json", "application/json; charset=latin-1", "application/json; charset=utf-16",
    "application/json; charset=utf-8x", "application/json; charset=", "application/json charset=utf-8",
]  # fmt: skip


@pytest.mark.parametrize("content_type", WRONG_TYPES)
def test_other_content_types_are_refused(world: World, content_type: str) -> None:
    """415, before the body is looked at."""
    for body in (GOOD, "nonsense"):
        refused(world, raw_event(body, Content_Type=content_type), 415, "unsupported-media-type")


def test_missing_content_type_is_refused(world: World) -> None:
    """Guessing would let a browser's form through."""
    refused(world, with_header(raw_event(GOOD), "Content-Type"), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json", "application/json; charset=utf-8", "application/json;charset=utf8", "application/json;",
        'Application/JSON;charset="UTF-8"', "APPLICATION/JSON ; CHARSET=UTF-8", " application/json ; ",
    ],
)  # fmt: skip
def test_json_content_types_are_accepted(world: World, content_type: str) -> None:
    """Case, quotes and white space are free."""
    assert world.webhook(raw_event(GOOD, Content_Type=content_type), None)["statusCode"] == 200


def test_content_type_made_to_be_slow_is_refused_at_once(world: World) -> None:
    """10 KB of white space and semicolons, which the gateway accepts, cost no seconds of CPU."""

    def stop(*_: Any) -> None:
        raise TimeoutError

    event = raw_event(GOOD, Content_Type="application/json" + ";   " * 2500 + "x")
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 2)
    try:
        refused(world, event, 415, "unsupported-media-type")
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
