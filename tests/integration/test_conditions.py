"""The conditions of a report's UpdateItem and `Application.receive` decide alike, whatever is stored.

The store writes a report on the assumption that it is newer than all that is known (`Effect.of_newest`), and DynamoDB
checks that assumption by the condition. Only where the condition fails does the rule decide, on the item as it is.
"""

from collections.abc import Callable, Iterator
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
from application_status.applications.record import Applications, UnknownApplications
from application_status.applications.rules import application as rule
from application_status.applications.rules.application import Application, Effect
from application_status.applications.rules.report import Channel, Report
from application_status.applications.rules.status import Status
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import ConditionFailed, UnknownApplication
from application_status.platform.values import AtsId, to_text
from support.generated_reports import REGISTERED as UNREPORTED
from support.generated_reports import T0, received, report, signalled, state, states
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


def repetitions(history: list[Report]) -> st.SearchStrategy[Report]:
    """Return a strategy of what was reported already; a signal has a time, any other report may come without one."""
    again = st.sampled_from(history)
    undated = [replace(each, effective_at=None, day_offset=None) for each in history if each.channel is Channel.ATSI]
    return again | st.sampled_from(undated) if undated else again


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


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rule, store):
        monkeypatch.setattr(module, "HISTORY_LIMIT", HISTORY_LIMIT)
        monkeypatch.setattr(module, "RESEND_KEYS_LIMIT", RESEND_KEYS_LIMIT)


@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(reports, max_size=2) | st.lists(reports, max_size=12), st.data(), st.booleans())
def test_condition_holds_exactly_where_the_rule_takes_the_report_as_the_newest(
    client: Any, history: list[Report], data: st.DataObject, registered: bool
) -> None:
    """Rule and condition agree on the same item and report, and the item written is the rule's result."""
    last = data.draw(reports | repetitions(history) if history else reports)
    event(f"condition held: {decide(client, history, last, registered=registered)}")


OFFER, CONTACT, LEAD = Status.OFFER, Status.CONTACT, Status.LEAD
NIGHTS = [T0 - n * MINUTE for n in range(12, 0, -1)]


def from_signal(label: str, at: Any, *, before: tuple[str, Any, str | None] | None = None) -> Report:
    """Return the report of a signal, with the state that it gives as the one before."""
    previous = state(before[0], 0, before[1], None, before[2], only_the_day=False) if before else None
    return signalled(state(label, 0, at, None, None, only_the_day=False), previous)


@pytest.mark.parametrize(
    ("history", "last"),
    [
        pytest.param([report(OFFER, T0)], report(CONTACT, T0 - DAY), id="IS_NEWEST"),
        pytest.param([], report(LEAD, T0 - 3 * DAY), id="IS_NOT_TOO_EARLY"),
        pytest.param([report(OFFER, T0 - DAY)], report(OFFER), id="CHANGES_STATUS"),
        pytest.param([report(OFFER, T0 - DAY, "phone")], report(OFFER, raw="PHONE"), id="CHANGES_STATUS_OR_LABEL"),
        pytest.param([report(OFFER, key="a"), report(CONTACT)], report(OFFER, key="a"), id="RESEND_KEY_IS_UNKNOWN"),
        pytest.param(
            [report(OFFER, key="a"), report(CONTACT, key="b")], report(LEAD, key="c"), id="HAS_ROOM_FOR_A_KEY"
        ),
        pytest.param([report(OFFER, T0)], report(OFFER, T0), id="IS_UNKNOWN"),
        pytest.param(
            [from_signal("Interview", T0 - DAY)],
            from_signal("Blue", T0, before=("Interview", T0 - DAY, None)),
            id="EARLIER_IS_UNKNOWN",
        ),
        pytest.param(
            [from_signal("Call", T0 - MINUTE, before=("Interview", T0 - DAY, None))],
            from_signal("Call", T0, before=("Interview", T0 - DAY, "Interview")),
            id="EARLIER_IS_NOT_FROM_PREVIOUS",
        ),
        pytest.param(
            [report(CONTACT, at) for at in NIGHTS], from_signal("Blue", NIGHTS[4] + MINUTE / 2), id="IS_NOT_FOLDED"
        ),
        pytest.param(
            [report([OFFER, CONTACT][n % 2], at) for n, at in enumerate(NIGHTS[:8])], report(LEAD), id="HAS_ROOM"
        ),
        pytest.param(
            [report(Status.HIRED, T0 - DAY)],
            replace(report(OFFER, key="a"), is_snapshot=True, is_decision=True),
            id="HAS_NO_END",
        ),
    ],
)
def test_each_condition_keeps_a_report_from_being_written_as_the_newest(
    client: Any, history: list[Report], last: Report
) -> None:
    """The condition fails if the rule gives another result, or more has to be written."""
    assert not decide(client, history, last, registered=True)


class Overtaken(Writes):
    """The store's client, which calls `between` before the second write of a report."""

    between: Callable[[], object]

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        if len(self.held) == 1:
            self.between()
        return super().__call__(operation, **request)


@pytest.mark.parametrize(
    ("history", "other", "last"),
    [
        pytest.param(
            [report([OFFER, CONTACT][n % 2], at) for n, at in enumerate(NIGHTS[:8])],
            report(Status.INTERVIEW, T0),
            report(LEAD),
            id="the history is full",
        ),
        pytest.param(
            [report(OFFER, key="a"), report(CONTACT, key="b")],
            report(Status.INTERVIEW, key="c"),
            report(Status.HIRED, key="d"),
            id="the keys are full",
        ),
        pytest.param([report(OFFER)], report(CONTACT), report(OFFER, key="a"), id="only the key is stored"),
        pytest.param([report(OFFER, T0)], report(LEAD, T0 - DAY), report(LEAD, T0 - DAY), id="the report is late"),
    ],
)
def test_report_that_another_overtakes_leaves_it_in_the_history(
    client: Any, history: list[Report], other: Report, last: Report
) -> None:
    """A report whose first condition failed is written only if the item is as it was then."""
    before = reduce(received, history, REGISTERED)
    client.put_item(TableName="ApplicationsTable", Item=items.application_item(before, updated_at=to_text(T0)))
    dynamodb = Overtaken(transport(client))
    dynamodb.held = []
    dynamodb.between = lambda: Applications(DynamoDB(transport(client)), "ApplicationsTable").record(other)
    Applications(dynamodb, "ApplicationsTable").record(last)
    after = received(received(before, other), last)
    assert stored(client) == (after, details(after))


def test_first_report_that_another_overtakes_creates_nothing(client: Any) -> None:
    """The application belongs to the ATS whose report came first."""
    client.delete_item(TableName="ApplicationsTable", Key=items.key(REGISTERED.application_id))
    others = replace(report(OFFER), ats_id=AtsId("other-ats"))
    accept = UnknownApplications.ACCEPT
    dynamodb = Overtaken(transport(client))
    dynamodb.held = []
    dynamodb.between = lambda: Applications(DynamoDB(transport(client)), "ApplicationsTable", accept).record(others)
    with pytest.raises(UnknownApplication):
        Applications(dynamodb, "ApplicationsTable", accept).record(report(CONTACT))
    (found, _) = stored(client)
    assert (found.ats_id, found.status) == ("other-ats", OFFER)


def decide(client: Any, history: list[Report], last: Report, *, registered: bool) -> bool:
    """Let the store and the rule decide on a report, and compare; return whether the first write's condition held."""
    *history, last = (replace(each, received_at=T0 + n // 2 * MINUTE) for n, each in enumerate([*history, last]))
    before = reduce(received, history, REGISTERED if registered else unregistered(report(Status.INTERVIEW, T0 - DAY)))
    client.put_item(TableName="ApplicationsTable", Item=items.application_item(before, updated_at=to_text(T0)))
    dynamodb = Writes(transport(client))
    dynamodb.held = []

    recorded = Applications(dynamodb, "ApplicationsTable").record(last)

    decided, assumed = before.receive(last), Effect.of_newest(last)
    if dynamodb.held[0]:
        assert is_as_assumed(before, decided, assumed)
    else:
        assert not is_as_assumed(before, decided, assumed) or needs_the_item(before, last, assumed)
    after = received(before, last)
    assert (recorded.result, recorded.version, recorded.status) == (decided.result, after.version, after.status)
    assert stored(client) == (after, details(after))
    return dynamodb.held[0]


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
