"""The conditions of a report's UpdateItem and `Application.receive` decide alike, whatever is stored.

The store writes a report on the assumption that it is newer than all that is known (`Effect.of_newest`), and DynamoDB
checks that assumption by the condition. Only where the condition fails does the rule decide, on the item as it is.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from application_status.applications import items
from application_status.applications import record as store
from application_status.applications.record import Applications
from application_status.applications.rules import application as rule
from application_status.applications.rules.application import Application, Effect
from application_status.applications.rules.report import Report
from application_status.applications.rules.status import Status
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import ConditionFailed
from application_status.platform.values import to_text
from support.generated_reports import REGISTERED as UNREPORTED
from support.generated_reports import T0, received, report, signalled, states
from support.world import TEMPLATE, registration

HISTORY_LIMIT, RESEND_KEYS_LIMIT = 8, 2
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MOMENTS = [T0 + 5 * MINUTE, T0, T0 - MINUTE, T0 - DAY, T0 - 2 * DAY, T0 - 3 * DAY]
REGISTERED = replace(UNREPORTED, registration=registration(applied_at=T0 - 2 * DAY))


def reported(status: Status, at: Any, raw: str | None, key: str | None, day_offset: int | None) -> Report:
    """Return a report; with an offset, of the day alone."""
    if at is None or day_offset is None:
        return report(status, at, raw, key)
    midnight = at.replace(hour=0, minute=0) - timedelta(minutes=day_offset)
    return replace(report(status, midnight, raw, key), day_offset=day_offset)


labels = st.sampled_from([None, None, "phone", " PHONE", "on site"])
keys = st.sampled_from([None, None, "a", "b", "c"])
offsets = st.sampled_from([None, None, 0, 120])
moments = st.none() | st.sampled_from(MOMENTS)
statuses = st.sampled_from([Status.LEAD, Status.APPLIED, Status.CONTACT, Status.OFFER, Status.REJECTED])
reports = st.builds(reported, statuses, moments, labels, keys, offsets)
reports |= st.builds(signalled, states, st.none() | states)


class Writes(DynamoDB):
    """The store's client, which keeps of each write whether its condition held."""

    held: list[bool]

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        try:
            reply = super().__call__(operation, **request)
        except ConditionFailed:
            self.held.append(False)
            raise
        self.held.append(True)
        return reply


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        (table,) = (each for each in TEMPLATE.tables() if each["TableName"] == "ApplicationsTable")
        client.create_table(**table)
        yield client


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(reports, max_size=2) | st.lists(reports, max_size=12), st.data(), st.booleans())
def test_condition_holds_exactly_where_the_rule_takes_the_report_as_the_newest(
    client: Any, monkeypatch: pytest.MonkeyPatch, history: list[Report], data: st.DataObject, registered: bool
) -> None:
    """On the same item, with the same report; and the item that is written is the one that the rule says."""
    for module in (rule, store):
        monkeypatch.setattr(module, "HISTORY_LIMIT", HISTORY_LIMIT)
        monkeypatch.setattr(module, "RESEND_KEYS_LIMIT", RESEND_KEYS_LIMIT)
    last = data.draw(reports | st.sampled_from(history) if history else reports)  # a repetition often enough
    before = reduce(received, history, REGISTERED if registered else unregistered(report(Status.INTERVIEW, T0 - DAY)))
    client.put_item(TableName="ApplicationsTable", Item=items.application_item(before, updated_at=to_text(T0)))
    dynamodb = Writes(transport(client))
    dynamodb.held = []

    recorded = Applications(dynamodb, "ApplicationsTable").record(last)

    decided, assumed = before.receive(last), Effect.of_newest(last)
    event(f"{decided.result}, {dynamodb.held}")
    if dynamodb.held[0]:
        assert is_as_assumed(before, decided, assumed)
    else:
        assert not is_as_assumed(before, decided, assumed) or needs_the_item(before, last, assumed)
    after = received(before, last)
    assert (recorded.result, recorded.version, recorded.status) == (decided.result, after.version, after.status)
    assert stored(client) == (after, details(after))


def unregistered(first: Report) -> Application:
    """Return an application that a first contact made."""
    transition = first.transition()
    return replace(REGISTERED, registration=None).with_head({transition.key: replace(transition, version=1)}, None)


def is_as_assumed(before: Application, decided: Effect, assumed: Effect) -> bool:
    """Whether the rule says what was assumed: the report's own transition is new, and what came before it may be."""
    *earlier, last = assumed.added
    new = [each for each in earlier if each.key not in before.transitions]
    is_new = last.key not in before.transitions
    return is_new and decided[:3] == (assumed.result, (*new, last), assumed.head)


def needs_the_item(before: Application, last: Report, assumed: Effect) -> bool:
    """Whether the write takes more of the item than its condition can say, though the rule says what was assumed."""
    *earlier, _ = assumed.added
    full = len(before.transitions) + len(assumed.added) > HISTORY_LIMIT
    keys_full = last.resend_key is not None and len(before.resend_keys) == RESEND_KEYS_LIMIT
    in_what_was_folded = before.is_folded and (earlier or not assumed.head)
    known = [before.transitions[each.key] for each in earlier if each.key in before.transitions]
    return full or keys_full or bool(in_what_was_folded) or any(each.from_previous for each in known)


def stored(client: Any) -> tuple[Application, Any]:
    found = client.get_item(TableName="ApplicationsTable", Key=items.key(REGISTERED.application_id))["Item"]
    application = items.application(found)
    return application, details(application)


def details(application: Application) -> dict[str, Any]:
    """Return what the comparison of transitions leaves out; only what has a report of its own needs a version."""
    return {
        key: (None if each.from_previous else each.version, each.folded)
        for key, each in application.transitions.items()
    }
