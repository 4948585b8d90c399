"""The facts' function: what it sends, and what it answers when Firehose takes only a part or nothing."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from application_status.facts.handler import make_handler
from application_status.settings import FactsSettings
from application_status.store import firehose as door
from application_status.store import items
from application_status.store.firehose import Firehose
from signalling import counted
from support import APPLICATION, BERLIN, sample_event

SETTINGS = FactsSettings("FactsStream", BERLIN)
REFUSED = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}


@dataclass
class Client:
    """Keeps the calls; `fate` says of each record, in each call, whether it is taken."""

    fate: Callable[[int, bytes], bool] = lambda _call, _data: True
    calls: list[list[bytes]] = field(default_factory=list)
    error: Exception | None = None
    empty_replies: int = 0

    def put_record_batch(self, *, DeliveryStreamName: str, Records: Sequence[Any]) -> Any:  # noqa: N803  # botocore's
        assert DeliveryStreamName == SETTINGS.facts_stream
        if self.error:
            raise self.error
        self.calls.append([record["Data"] for record in Records])
        if len(self.calls) <= self.empty_replies:
            return {"ResponseMetadata": {"HTTPStatusCode": 200}}
        taken = [self.fate(len(self.calls), data) for data in self.calls[-1]]
        return {"RequestResponses": [{"RecordId": "-"} if each else REFUSED for each in taken]}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_FIRST_PAUSE_SECONDS", 0)


def registrations(amount: int) -> list[dict[str, Any]]:
    """Return the records of so many new applications, numbered from 0."""
    (record, *_) = sample_event("FactsFunction/changes")["Records"]
    records = []
    for number in range(amount):
        image = {**record["dynamodb"]["NewImage"], "AtsiApplicationId": {"S": f"{number:032x}"}}
        body = {**record["dynamodb"], "NewImage": image, "SequenceNumber": str(number)}
        records.append({"eventName": "INSERT", "dynamodb": {k: v for k, v in body.items() if k != "OldImage"}})
    return records


def failed(client: Client, records: Sequence[Any]) -> list[str]:
    answer = make_handler(Firehose(client), SETTINGS)({"Records": records}, None)
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def told(data: bytes) -> list[Any]:
    """Read JSON documents in a row."""
    decoder, text, documents = json.JSONDecoder(), data.decode(), []
    while text:
        document, end = decoder.raw_decode(text)
        documents.append(document)
        text = text[end:]
    return documents


def test_change_tells_only_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    """One Firehose record a change; a change that tells nothing is none; a removal is an erasure."""
    client = Client()
    assert failed(client, sample_event("FactsFunction/changes")["Records"]) == []
    ((first, *more),) = client.calls
    assert [fact["kind"] for fact in told(first)] == ["applied"]
    assert [[fact["kind"] for fact in told(data)] for data in more] == [["transition"]]
    (record,) = registrations(1)
    record["dynamodb"]["OldImage"] = record["dynamodb"]["NewImage"]
    assert failed(client, [record]) == []
    assert len(client.calls) == 1
    assert failed(client, sample_event("FactsFunction/removal")["Records"]) == []
    assert [(fact["kind"], fact["version"]) for fact in told(client.calls[1][0])] == [("erased", 3)]
    tombstone = items.tombstone(APPLICATION, version=4, erased_at="2026-11-22T09:00:00.000Z")
    record["dynamodb"]["NewImage"] = tombstone
    assert failed(client, [record]) == []
    assert [(fact["kind"], fact["version"]) for fact in told(client.calls[2][0])] == [("erased", 4)]
    assert counted(capsys)["FactsSent"] == 4


def test_records_refused_once_are_sent_again() -> None:
    """Only those, until all are taken."""
    client = Client(lambda call, data: call > 1 or b"applied" not in data or hash(data) % 3 > 0)
    client.fate = lambda call, data: call > 1 or client.calls[0].index(data) % 3 > 0
    assert failed(client, registrations(10)) == []
    assert [len(call) for call in client.calls] == [10, 4]
    assert client.calls[1] == client.calls[0][::3]


def test_reply_without_results_took_nothing() -> None:
    """As botocore reads a 200 that is not JSON: all are sent again, and in the end reported as not sent."""
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


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "secret"}}, "PutRecordBatch"),
        ConnectTimeoutError(endpoint_url="https://firehose"),
    ],
)
def test_firehose_that_is_down_is_reported(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole batch comes again; botocore has tried often enough by then."""
    assert failed(Client(error=error), registrations(3)) == ["0"]
    assert "secret" not in capsys.readouterr().out


def test_unreadable_record_stops_the_batch_behind_what_is_before_it() -> None:
    """What is before it is sent; a refused record before it comes first."""
    records = registrations(5)
    records[3]["dynamodb"]["NewImage"] = {"Somebody": {"S": "else's"}}
    client = Client()
    assert failed(client, records) == ["3"]
    assert [len(call) for call in client.calls] == [3]
    assert failed(Client(lambda _call, _data: False), records) == ["0"]


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
    """No call is begun that could end too late; the rest comes again."""
    client, clock = Client(), iter(range(0, 1000, 10))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    assert Firehose(client).put("FactsStream", [b"x"] * 2500) == 1000
    assert len(client.calls) == 2
