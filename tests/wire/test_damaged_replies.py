"""Whole functions over damaged replies: they answer "send again", never "no" or "done", and nothing gets lost."""

from typing import Any

import pytest

from application_status.access.register import TokenRegister
from application_status.applications import items
from application_status.applications.register import Registrations
from application_status.applications.rules.application import Application
from application_status.functions.signals import make_handler as make_signals
from application_status.functions.webhook import make_handler as make_webhook
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import ApplicationId
from support.faulty_proxy import Fault, Proxy
from support.signals import MANY, TRUE_MANY, event, signal, state
from support.world import (
    ALIASES,
    APPLICATION,
    ATS,
    SIGNALLED_APPLICATION,
    TOKEN,
    answer,
    http_event,
    registration,
    set_last_use,
    signals_settings,
    webhook_settings,
)
from wire.conftest import Transported, both
from wire.test_transports import NOT_REPLIES

DAMAGES = [Fault.HTML_REFUSAL, Fault.JSON_REFUSAL, *NOT_REPLIES]
LASTING = 4
"""Attempts of a call."""


@pytest.fixture
def stored(client: Any) -> Any:
    """Return how to read an application from the tables, which have a token and two applications."""
    dynamodb = DynamoDB(boto.transport(client))
    TokenRegister(dynamodb, "TokensTable").add(TOKEN, ATS)
    set_last_use(client)
    registrations = Registrations(dynamodb, "ApplicationsTable", "AliasesTable")
    registrations.register(APPLICATION, registration())
    registrations.register(SIGNALLED_APPLICATION, registration(aliases=ALIASES))

    def read(of: ApplicationId) -> Application:
        return items.application(dynamodb("GetItem", TableName="ApplicationsTable", Key=items.key(of))["Item"])

    return read


@both
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("call", ["GetItem", "UpdateItem"])
def test_report_is_to_be_sent_again(way: Proxy, stored: Any, transport: Transported, damage: Fault, call: str) -> None:
    """A good token is not refused, and a report that could not be stored is not answered 200."""
    webhook = make_webhook(DynamoDB(transport(way.url)), webhook_settings())
    report = http_event("POST", "/api/application-status", {"AtsiApplicationId": APPLICATION, "Status": "INTERVIEW"})
    way.plan = [Fault.PASS] * (call == "UpdateItem") + [damage] * LASTING
    refused = answer(webhook(report, None))
    assert (refused.status, refused.body["type"]) == (503, "/problems/unavailable")
    assert way.operations[-1] == call
    assert answer(webhook(report, None)).status == 200
    assert [each.status for each in stored(APPLICATION).transitions.values()] == ["INTERVIEW"]


@both
@pytest.mark.parametrize("damage", DAMAGES)
def test_signals_are_to_be_sent_again(way: Proxy, stored: Any, transport: Transported, damage: Fault) -> None:
    """Whichever call the damage befalls: no signal is answered true and lost, and a good token is not refused."""
    signals = [signal(state("Interview", day)) for day in (1, 2)]
    batch = event({"query": MANY, "variables": {"input": {"signals": signals}}})
    before = 0
    while True:
        handle = make_signals(DynamoDB(transport(way.url)), signals_settings())  # which remembers no token yet
        way.plan = [*[Fault.PASS] * before, *[damage] * LASTING]
        reply = answer(handle(batch, None))
        if way.plan:
            break
        codes = {each["extensions"]["code"] for each in reply.body["errors"]}
        assert codes == {"INTERNAL_SERVER_ERROR"}
        assert reply.status == (200 if before else 503)
        before += 1
    assert before > 3, "each call was damaged once"
    assert reply.body == TRUE_MANY
    assert len(stored(SIGNALLED_APPLICATION).transitions) == 2
