"""The delivery of facts: what it sends, and what it answers when Firehose takes only a part or nothing."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ParamValidationError

from application_status.applications import items
from application_status.facts.firehose import Firehose
from application_status.facts.rules import Fact, pseudonym
from application_status.facts.stream import fact_sink
from application_status.functions.delivery import make_handler
from application_status.platform import deadlines
from application_status.platform.values import ApplicationId
from support.failed_records import KeptRecords, set_aside
from support.signals import counted
from support.unreadable_items import FAILURES, poison
from support.world import APPLICATION, BERLIN, sample_event

STREAM = "FactsStream"
REFUSED = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}


@dataclass
class Client:
    """Keeps the calls that got a reply; `fate` says of each record, in each call, whether it is taken."""

    fate: Callable[[int, bytes], bool] = lambda _call, _data: True
    calls: list[list[bytes]] = field(default_factory=list)
    error: Exception | None = None
    errors: int = 99
    attempts: int = 0
    empty_replies: int = 0

    def put_record_batch(self, *, DeliveryStreamName: str, Records: Sequence[Any]) -> Any:  # noqa: N803  # botocore's
        assert DeliveryStreamName == STREAM
        self.attempts += 1
        if self.error and self.attempts <= self.errors:
            raise self.error
        self.calls.append([record["Data"] for record in Records])
        if len(self.calls) <= self.empty_replies:
            return {"ResponseMetadata": {"HTTPStatusCode": 200}}
        taken = [self.fate(len(self.calls), data) for data in self.calls[-1]]
        return {"RequestResponses": [{"RecordId": "-"} if each else REFUSED for each in taken]}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "_FIRST_PAUSE_SECONDS", 0)


def registrations(amount: int) -> list[dict[str, Any]]:
    """Return the records of so many new applications, numbered from 0."""
    (record, *_) = sample_event("DeliveryFunction/changes")["Records"]
    records = []
    for number in range(amount):
        image = {**record["dynamodb"]["NewImage"], "AtsiApplicationId": {"S": f"{number:032x}"}}
        body = {**record["dynamodb"], "NewImage": image, "SequenceNumber": str(number)}
        records.append({"eventName": "INSERT", "dynamodb": {k: v for k, v in body.items() if k != "OldImage"}})
    return records


def failed(client: Client, records: Sequence[Any], kept: KeptRecords | None = None) -> list[str]:
    handler = make_handler([fact_sink(Firehose(client), STREAM, BERLIN)], None, set_aside(kept))
    answer = handler({"Records": records}, None)
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def log(data: bytes) -> list[Any]:
    """Read JSON documents in a row."""
    decoder, text, documents = json.JSONDecoder(), data.decode(), []
    while text:
        document, end = decoder.raw_decode(text)
        documents.append(document)
        text = text[end:]
    return documents


def test_change_sends_only_new_facts(capsys: pytest.CaptureFixture[str]) -> None:
    """Each change is one Firehose record; a change without new facts is none; a removal is an erasure."""
    client = Client()
    assert failed(client, sample_event("DeliveryFunction/changes")["Records"]) == []
    ((first, *more),) = client.calls
    assert [fact["kind"] for fact in log(first)] == ["applied"]
    assert [[fact["kind"] for fact in log(data)] for data in more] == [["transition"]]
    (record,) = registrations(1)
    record["dynamodb"]["OldImage"] = record["dynamodb"]["NewImage"]
    assert failed(client, [record]) == []
    assert len(client.calls) == 1
    assert failed(client, sample_event("DeliveryFunction/removal")["Records"]) == []
    assert [(fact["kind"], fact["version"]) for fact in log(client.calls[1][0])] == [("erased", 3)]
    tombstone = items.tombstone(APPLICATION, version=4, erased_at="2026-11-22T09:00:00.000Z")
    record["dynamodb"]["NewImage"] = tombstone
    assert failed(client, [record]) == []
    assert [(fact["kind"], fact["version"]) for fact in log(client.calls[2][0])] == [("erased", 4)]
    assert counted(capsys)["FactsSent"] == 4


def test_records_refused_once_are_sent_again() -> None:
    """Only those, until all are taken."""
    client = Client(lambda call, data: call > 1 or b"applied" not in data or hash(data) % 3 > 0)
    client.fate = lambda call, data: call > 1 or client.calls[0].index(data) % 3 > 0
    assert failed(client, registrations(10)) == []
    assert [len(call) for call in client.calls] == [10, 4]
    assert client.calls[1] == client.calls[0][::3]


def test_reply_without_results_took_nothing() -> None:
    """botocore returns this for a 200 without JSON: all records are retried, then reported as not sent."""
    client = Client(empty_replies=2)
    assert failed(client, registrations(3)) == []
    assert [len(call) for call in client.calls] == [3, 3, 3]
    client = Client(empty_replies=99)
    assert failed(client, registrations(3)) == ["0"]
    assert len(client.calls) == 4


def test_records_refused_for_good_are_reported() -> None:
    """The first of them names where Lambda goes on; what was taken behind it comes again, with the same ids."""
    client = Client(lambda _call, data: data not in (client.calls[0][4], client.calls[0][7]))
    assert failed(client, registrations(10)) == ["4"]
    assert [len(call) for call in client.calls] == [10, 2, 2, 2]
    again = Client()
    assert failed(again, registrations(10)[4:]) == []
    assert again.calls[0] == client.calls[0][4:]


def failure(code: str, status: int) -> ClientError:
    """Return what botocore raises where Firehose refuses a whole call."""
    reply: Any = {"Error": {"Code": code, "Message": "secret"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(reply, "PutRecordBatch")


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (failure("AccessDeniedException", 400), 1),
        (failure("ThrottlingException", 400), 4),
        (failure("ServiceUnavailableException", 500), 4),
        (ConnectTimeoutError(endpoint_url="https://firehose"), 4),
        (ParamValidationError(report="secret"), 1),
    ],
    ids=str,
)
def test_firehose_that_is_down_is_reported(error: Exception, attempts: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole batch comes again, after more attempts where these may help."""
    client = Client(error=error)
    assert failed(client, registrations(3)) == ["0"]
    assert client.attempts == attempts
    assert "secret" not in capsys.readouterr().out


def test_call_that_firehose_throttles_is_made_again(capsys: pytest.CaptureFixture[str]) -> None:
    """No record was taken; the retry is counted, as are retries of refused records."""
    client = Client(error=failure("ThrottlingException", 400), errors=1)
    client.fate = lambda call, data: call > 1 or client.calls[0].index(data) > 0
    assert failed(client, registrations(3)) == []
    assert [len(call) for call in client.calls] == [3, 1]
    assert counted(capsys)["StoreRetries"] == 2


@pytest.mark.parametrize("failure", FAILURES)
def test_record_that_fails_in_any_way_is_set_aside_and_the_others_are_sent(
    monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    """At any place of its batch, with its payload."""
    for place in range(3):
        records, client, kept = registrations(3), Client(), KeptRecords()
        with monkeypatch.context() as patched:
            poison(patched, failure, f"{place:032x}")
            assert failed(client, records, kept) == []
        assert kept.records() == [records[place]]
        assert [len(call) for call in client.calls] == [2]


def test_record_after_one_that_failed_is_sent() -> None:
    """Its old image is the one that can't be read; all its facts count as new."""
    (record,) = registrations(1)
    record["dynamodb"]["OldImage"] = {"AtsiApplicationId": {"S": f"{0:032x}"}, "Version": {"N": "1"}}
    client, kept = Client(), KeptRecords()
    assert failed(client, [record], kept) == []
    assert [[fact["kind"] for fact in log(data)] for data in client.calls[0]] == [["applied"]]
    assert kept.writes == 0


def test_record_that_firehose_refuses_comes_before_one_that_fails() -> None:
    """The store's failure stops the batch; what lies behind it comes again, and is set aside then."""
    records, kept = registrations(5), KeptRecords()
    records[3]["dynamodb"]["NewImage"] = {"Somebody": {"S": "else's"}}
    assert failed(Client(lambda _call, _data: False), records, kept) == ["0"]
    assert kept.writes == 0
    assert failed(Client(lambda _call, data: f'"{pseudonym_of(4)}"'.encode() not in data), records, kept) == ["4"]
    assert kept.records() == [records[3]]


def test_record_that_cant_be_set_aside_comes_again() -> None:
    """S3 fails; the others are sent all the same, and may come again with the same ids."""
    records, kept = registrations(5), KeptRecords(fails_at=(1,))
    records[3]["dynamodb"]["NewImage"] = {"Somebody": {"S": "else's"}}
    client = Client()
    assert failed(client, records, kept) == ["3"]
    assert [len(call) for call in client.calls] == [4]
    assert failed(client, records[3:], kept) == []
    assert kept.records() == [records[3]]


def test_record_over_firehoses_limit_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Firehose would refuse the whole call for it."""
    records, client, kept = registrations(3), Client(), KeptRecords()
    to_json = Fact.to_json

    def long(fact: Fact) -> str:
        return to_json(fact) + (" " * 1_024_000 if fact.application == pseudonym_of(1) else "")

    monkeypatch.setattr(Fact, "to_json", long)
    assert failed(client, records, kept) == []
    assert kept.records() == [records[1]]
    assert [len(call) for call in client.calls] == [2]


@pytest.mark.parametrize("reply", [{}, {"RequestResponses": []}, {"RequestResponses": [{"RecordId": "-"}] * 3}])
def test_reply_without_the_results_is_firehoses_failure(reply: dict[str, Any]) -> None:
    """It is unknown whether the records were taken, so all of them are retried."""
    client, kept = Client(), KeptRecords()
    client.put_record_batch = lambda **_: reply  # type: ignore[method-assign]  # a fake's fake
    assert failed(client, registrations(2), kept) == ["0"]
    assert kept.writes == 0


def pseudonym_of(number: int) -> str:
    return pseudonym(ApplicationId(f"{number:032x}"))


def test_calls_keep_within_the_limits() -> None:
    """500 records and 4 MiB a call: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html"""
    client = Client()
    assert Firehose(client).put("FactsStream", [b"x"] * 1001) == 1001
    assert [len(call) for call in client.calls] == [500, 500, 1]
    client = Client()
    assert Firehose(client).put("FactsStream", [b"x" * 900_000] * 7) == 7
    assert [len(call) for call in client.calls] == [3, 3, 1]
    assert Firehose(Client()).put("FactsStream", []) == 0


def test_calls_end_before_the_functions_time_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """No call is begun that could end after the deadline; the rest comes again."""
    client, clock = Client(), iter(range(0, 1000, 10))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    with deadlines.deadline(30):
        assert Firehose(client).put("FactsStream", [b"x"] * 2500) == 1000
    assert len(client.calls) == 2
