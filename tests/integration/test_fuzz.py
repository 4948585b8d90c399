"""Generated events, most of them wrong somewhere: the handlers answer each with a well-formed reply, and never fail."""

import base64
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from application_status.applications.record import UnknownApplications
from support.world import APPLICATION, ATS, FOREIGN_APPLICATION, OTHER_TOKEN, TOKEN, World, http_event

EVENTS_A_SEED = 1250
REGISTRATION = {
    "AtsId": ATS, "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1", "JobTitle": "Koch (m/w/d)",
    "Company": "Example GmbH", "AppliedAt": "2022-07-01T09:00:00Z",
}  # fmt: skip
DATES = [
    "2022-07-29T11:26:11.106Z", "2022-07-29", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1659093971",
    "2022-07-29T24:00:00Z", "2022-W30-5T00:00Z", "2016-12-31T23:59:60Z", "2022-07-29T11:26:11.106Z[Europe/Berlin]",
]  # fmt: skip
TEXTS = [
    "", " ", "x", "\0", "\n", "é", "😀", "\ud800", "\u2028", "null", "NaN", "1e999", "-0", "{}", "[]", "../..", "%00",
    "__proto__", "$ref", ":ats", "#status", "a.b[0]", "HIRED", "hired", "REJECTED", APPLICATION, APPLICATION.upper(),
    TOKEN, OTHER_TOKEN, ATS, "POST", "PUT", "application/json", "application/json; charset=utf-8", "x" * 201,
    "é" * 5000, "x" * 300_000, *DATES,
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 1.5, 1e308, float("inf"), 2**63, 10**400, 1659093971, [], {}, [None], [[]], {"": None},
]  # fmt: skip


class Generator:
    """Makes events as the Lambda runtime can deliver them, each from its seed alone."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # the same events in every run

    def event(self) -> Any:
        """Return a good event of either function, changed in up to five places."""
        aliases = {"Token": [f"t-{self.chance.randrange(200)}"], "PositionProfileIds": ["p"]}
        body: dict[str, Any] = {**REGISTRATION, "Aliases": aliases}
        method, path = "PUT", f"/api/applications/{self.application()}"
        if self.chance.random() < 0.6:
            paths = ("/api/application-status", f"/qs-api/public/atsi/v1/{ATS}", "/qs-api/public/atsi/v1/other-ats")
            method, path = "POST", self.chance.choice(paths)
            status = self.chance.choice(["LEAD", "APPLIED", "CONTACT", "INTERVIEW", "OFFER", "HIRED", "REJECTED"])
            date = f"20{self.chance.randint(10, 25)}-0{self.chance.randint(1, 9)}-28T23:59:59.999+02:00"
            body = {"AtsiApplicationId": self.application(), "Status": status, "RawStatus": "x", "BusinessDate": date}
        body = self.changed(body, self.chance.choice([0, 0, 1, 1, 2, 5]))
        headers = {"Content-Type": self.chance.choice(["application/json"] * 19 + ["text/plain"])}
        token = self.chance.choice([TOKEN] * 4 + [OTHER_TOKEN])
        event = http_event(method, path, self.text(body), headers, token)
        if self.chance.random() < 0.3:
            event |= self.in_base64(event["body"])
        return json.loads(json.dumps(self.changed(event, self.chance.choice([0, 0, 0, 1, 1, 2, 5]))))

    def application(self) -> str:
        return self.chance.choice([APPLICATION, FOREIGN_APPLICATION, f"51c3be16{self.chance.randrange(10**24):024}"])

    def text(self, body: Any) -> str:
        """Write a body as JSON, now and then not quite."""
        text = json.dumps(body, ensure_ascii=self.chance.random() < 0.5)
        broken = self.chance.random()
        if broken < 0.1:
            start, end = sorted(self.chance.randrange(len(text) + 1) for _ in range(2))
            text = text[:start] + self.chance.choice(TEXTS) + text[end:]
        elif broken < 0.15:
            depth = self.chance.choice([10, 190, 210, 2000, 4000, 100_000])
            text = f'{text[:-1]},"Deep":{"[" * depth}{"]" * depth}}}'
        elif broken < 0.2:
            text = f"{text[:-1]},{self.chance.choice(['"Status":1', '"a":' + '7' * 5000, '"a":NaN', '"a":1e999'])}}}"
        return text

    def in_base64(self, body: str) -> dict[str, Any]:
        """Return the parts of an event with the body in base64, some bytes changed."""
        content = bytearray(body.encode(self.chance.choice(["utf-8", "utf-8", "utf-8", "utf-16"]), "surrogatepass"))
        for _ in range(self.chance.choice([0, 0, 1, 3])):
            content[self.chance.randrange(len(content))] = self.chance.randrange(256)
        text = base64.b64encode(content).decode()
        return {"body": text[: self.chance.choice([None, None, None, -1])], "isBase64Encoded": True}

    def changed(self, value: Any, times: int) -> Any:
        for _ in range(times):
            value = self.changed_once(value)
        return value

    def changed_once(self, value: Any) -> Any:
        """Return the value with one place of it, at any depth, left out, renamed, added or of another type."""
        if not isinstance(value, dict) or not value or self.chance.random() < 0.02:
            return self.anything()
        key, what = self.chance.choice(list(value)), self.chance.random()
        rest = {name: each for name, each in value.items() if name != key}
        if what < 0.2:
            return rest
        if what < 0.3:
            return rest | {self.chance.choice([str.lower, str.upper, repr])(key): value[key]}
        if what < 0.4:
            return value | {self.chance.choice(TEXTS): self.anything()}
        if isinstance(value[key], dict) and what < 0.9:
            return value | {key: self.changed_once(value[key])}
        more = [*value[key], self.anything()] if isinstance(value[key], list) else None
        date = self.chance.choice(DATES) if key in ("BusinessDate", "AppliedAt") and what < 0.7 else None
        return value | {key: more or date or self.anything()}

    def anything(self) -> Any:
        kind = self.chance.random()
        if kind < 0.45:
            return self.chance.choice(TEXTS)
        if kind < 0.85:
            return self.chance.choice(VALUES)
        if kind < 0.9:
            depth = self.chance.choice([3, 100, 900])
            return json.loads("[" * depth + "]" * depth)
        if kind < 0.95:
            return self.chance.randbytes(self.chance.randrange(1, 40)).decode("latin-1")
        return {self.chance.choice(TEXTS): self.chance.choice(VALUES), "x": [self.chance.choice(TEXTS)]}


@pytest.fixture
def world() -> Iterator[World]:
    """First contact is allowed, so that all ways into the table are taken."""
    with mock_aws():
        yield World(boto3.client("dynamodb"), UnknownApplications.ACCEPT)


def well_formed(reply: Any) -> int:
    """Return the status of a proxy reply that API Gateway would pass on.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    assert reply.keys() == {"statusCode", "headers", "body"}
    assert type(reply["statusCode"]) is int
    assert all(type(text) is str for header in reply["headers"].items() for text in header)
    body = json.loads(reply["body"])
    assert isinstance(body, dict)
    if reply["statusCode"] >= 400:
        assert reply["headers"]["Content-Type"] == "application/problem+json"
        assert body["status"] == reply["statusCode"]
    return reply["statusCode"]


@pytest.mark.parametrize("seed", range(16))
def test_no_event_makes_a_handler_fail(world: World, seed: int) -> None:
    """20,000 events, each sent to both functions: never an exception, a 5xx or a malformed reply."""
    generator, statuses = Generator(seed), Counter[int]()
    handlers: list[Callable[[Any, Any], Any]] = [world.webhook, world.registry]
    for number in range(EVENTS_A_SEED):
        event = generator.event()
        for handler in handlers:
            status = well_formed(handler(event, None))
            assert status < 500, f"event {number}: {json.dumps(event)[:3000]}"
            statuses[status] += 1
    assert statuses.total() == 2 * EVENTS_A_SEED
    assert statuses.keys() == {200, 201, 400, 401, 404, 405, 409, 413, 415, 422}, "the events reach every reply"
