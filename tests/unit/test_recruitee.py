"""Webhooks of Recruitee: signatures over the exact bytes, tests without one, and what each event means."""

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Status
from application_status.intake.connect import events
from application_status.intake.connect.events import UNKNOWN, Change, Delivery, Ignored, PositionEnded
from application_status.intake.connect.providers import PROVIDERS, SecretFrom
from application_status.platform.values import from_text
from application_status.texts.texts import ENGLISH
from support.native_webhooks import body_of, delivery, digest, json_values, mutated, names
from support.recruitee_events import EVENTS, IDS

CHECKLIST = ENGLISH("connection.checklist.recruitee").splitlines()
PROVIDER = PROVIDERS[Channel.RECRUITEE]
NOW = datetime(2026, 11, 27, tzinfo=UTC)
SECRET = "rc-demo-secret"
HEADER = "X-Recruitee-Signature"
STAGE_CHANGE = (
    b'{"id":900100,"attempt_count":1,"created_at":"2026-11-02T09:30:00.000000Z","event_type":"candidate_moved",'
    b'"event_subtype":"stage_changed","payload":{"candidate":{"id":41},"company":{"id":7},"offer":{"id":52,"kind":"job"},'
    b'"details":{"from_stage":{"id":1,"name":"Applied"},"to_stage":{"id":2,"name":"Phone screen"}}}}'
)
SIGNATURE = "9f3216b8dfd73c7ea84538ca93d7135d04e15fb993b113a3a8e4a91785489540"


def verify(body: bytes, signature: str, *secrets: str) -> str | None:
    return PROVIDER.verify(delivery({HEADER: signature}, body), secrets or [SECRET], NOW)


def moved(subtype: str = "stage_changed", created_at: Any = "2026-11-02T09:30:00Z", **details: Any) -> Any:
    payload = {"candidate": {"id": 41}, "offer": {"id": 52, "kind": "job"}, "details": details}
    body = {"id": 9, "created_at": created_at, "event_type": "candidate_moved", "event_subtype": subtype}
    [event] = PROVIDER.read(json.dumps(body | {"payload": payload}).encode())
    return event


def test_vector() -> None:
    """The signature is the HMAC of the bytes as sent, in lower-case hexadecimal digits without a prefix."""
    assert verify(STAGE_CHANGE, SIGNATURE) is None
    assert verify(STAGE_CHANGE, SIGNATURE, "an older one", SECRET) is None
    assert digest(STAGE_CHANGE, SECRET) == SIGNATURE
    at = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    assert PROVIDER.read(STAGE_CHANGE) == [
        Change(
            name="candidate_moved",
            ids=IDS,
            identity="candidate_moved 900100",
            label="Phone screen",
            label_may_end=True,
            effective_at=at,
            ordered_at=at,
        )
    ]


@pytest.mark.parametrize("signature", ["", SIGNATURE.upper(), f"sha256={SIGNATURE}", SIGNATURE[:-1], f" {SIGNATURE}"])
def test_other_forms_of_the_signature_are_refused(signature: str) -> None:
    """The text quotes at most 7 characters of the signature, and nothing of the secret."""
    wrong = verify(STAGE_CHANGE, signature)
    assert wrong
    assert HEADER in wrong
    assert SECRET not in wrong
    assert SIGNATURE[:8] not in wrong.lower()


@pytest.mark.parametrize("values", [(), (SIGNATURE, SIGNATURE)])
def test_exactly_one_signature_is_needed(values: tuple[str, ...]) -> None:
    """With two headers it would be unclear which one was meant."""
    headers = {HEADER.lower(): values} if values else {}
    assert PROVIDER.verify(Delivery(headers, STAGE_CHANGE), [SECRET], NOW)


def test_no_secret_accepts_nothing() -> None:
    """A connection that waits for its secret has none."""
    assert PROVIDER.verify(delivery({HEADER: SIGNATURE}, STAGE_CHANGE), [], NOW)


def test_the_secret_comes_from_recruitee() -> None:
    """So tests come before the secret, and are told without it."""
    assert PROVIDER.secret_from is SecretFrom.ATS
    assert PROVIDER.is_test
    assert PROVIDER.single_use is None
    assert PROVIDER.success == 200


@pytest.mark.parametrize("value", ["true", "false", "null", '"yes"', "[]"])
def test_any_body_with_a_member_test_is_a_test(value: str) -> None:
    """It is never processed, even if it is signed and describes a hire."""
    body = b'{"test":%s,%s' % (value.encode(), STAGE_CHANGE.removeprefix(b"{"))
    assert PROVIDER.is_test
    assert PROVIDER.is_test(body)
    assert PROVIDER.read(body) == [events.Test(name="candidate_moved")]


@pytest.mark.parametrize("body", [STAGE_CHANGE, b'{"payload":{"test":true}}', b"test", b'["test"]', b'"test"', b""])
def test_other_bodies_are_no_tests(body: bytes) -> None:
    """Only the top level counts, or a candidate's name could turn an event into a test."""
    assert PROVIDER.is_test
    assert not PROVIDER.is_test(body)


@pytest.mark.parametrize("name", names(Channel.RECRUITEE))
def test_each_recorded_body(name: str) -> None:
    """Each event of the checklist is read as the table says."""
    assert list(PROVIDER.read(body_of(Channel.RECRUITEE, name))) == EVENTS[name]


def test_each_expected_event_has_a_recorded_body() -> None:
    """And each event of the checklist has one."""
    assert EVENTS.keys() == set(names(Channel.RECRUITEE))
    for event in ("new_candidate", "candidate_assigned", "candidate_moved", "candidate_deleted"):
        assert any(event in line for line in CHECKLIST)
        assert any(name.startswith(event) for name in EVENTS)


@pytest.mark.parametrize(
    ("category", "status"),
    [
        ("apply", Status.APPLIED),
        ("phone_screen", Status.PRE_INTERVIEW),
        ("interview", Status.INTERVIEW),
        ("offer", Status.OFFER),
    ],
)
def test_category_decides(category: str, status: Status) -> None:
    """Whatever the stage's name is."""
    event = moved(to_stage={"name": "Rejected", "category": category})
    assert (event.status, event.label) == (status, "Rejected")


def test_category_hire_is_a_hire_without_a_label() -> None:
    """There is no event for hires."""
    event = moved(to_stage={"name": "Talent of the month", "category": "hire"})
    assert (event.status, event.label) == (Status.HIRED, None)


def test_names_may_end_only_without_categories() -> None:
    """With categories, a hire has its category and a rejection its event."""
    assert moved(to_stage={"name": "Hired"}).label_may_end
    assert not moved(to_stage={"name": "Hired", "category": "custom"}).label_may_end


def test_requalified_without_a_stage_is_open_again() -> None:
    """The rejection must not stand."""
    assert moved("requalified").status is Status.APPLIED


def test_moved_without_a_stage_says_nothing() -> None:
    """There is nothing to map."""
    assert moved() == Ignored(name="candidate_moved", reason="The event does not name a stage.")
    assert isinstance(moved("reordered", to_stage={"name": "Hired"}), Ignored)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-02T09:30:00.000000Z", "2026-11-02T09:30:00+00:00"),
        ("2026-11-02T09:30:00.123456+01:00", "2026-11-02T08:30:00.123000+00:00"),
        ("2026-11-02T09:30:00-0500", "2026-11-02T14:30:00+00:00"),
        ("2026-11-02 09:30:00 UTC", "2026-11-02T09:30:00+00:00"),
        ("2026-11-02T09:30:00.5", "2026-11-02T09:30:00.500000+00:00"),
        ("2026-11-02", None),
        ("2026-13-02T09:30:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        (None, None),
        (1793612000, None),
    ],
)
def test_dates_are_read_leniently(text: Any, expected: str | None) -> None:
    """A date that can't be read is no time: the receipt counts."""
    event = moved(created_at=text, to_stage={"name": "Interview"})
    at = from_text(expected) if expected else None
    assert (event.effective_at, event.ordered_at) == (at, at)


def test_each_job_once() -> None:
    """A body lists at most 50 jobs for us, and repeated ones count once."""
    offers = [{"id": 1}, {"id": 1}, {"id": "x y"}, None, *({"id": number} for number in range(2, 100))]
    body = {"event_type": "new_candidate", "payload": {"candidate": {"id": 41}, "offers": offers}}
    found = PROVIDER.read(json.dumps(body).encode())
    assert [each.ids.job for each in found if isinstance(each, Change)] == [str(number) for number in range(1, 48)]


def test_an_event_without_a_candidate_is_ignored() -> None:
    """There is nobody to record it for."""
    body = b'{"event_type":"%s","payload":{"candidate":{"id":true},"offer":{"id":52}}}'
    for name in (b"new_candidate", b"candidate_deleted"):
        assert PROVIDER.read(body % name) == [Ignored(name=name.decode(), reason="The event has no candidate id.")]


def test_internal_job_is_open() -> None:
    """It is recruited for, though not advertised."""
    offer = b'{"id":5,"status":"internal"}'
    body = b'{"event_type":"offer_updated","event_subtype":"status_changed","payload":{"offer":%s}}' % offer
    [event] = PROVIDER.read(body)
    assert isinstance(event, PositionEnded)
    assert not event.ended


def test_talent_pool_is_no_job() -> None:
    """Recruitee has pools of candidates beside its jobs; closing one ends no position."""
    offer = b'{"id":5,"status":"closed","kind":"talent_pool"}'
    body = b'{"event_type":"offer_updated","event_subtype":"status_changed","payload":{"offer":%s}}' % offer
    assert PROVIDER.read(body) == [Ignored(name="offer_updated", reason="No job was published, closed or archived.")]


def test_events_without_a_name_are_named_unknown() -> None:
    """Names are logged, so a text that can't be a name is none."""
    for body in (b"", b"[]", b'{"event_type":"a b"}', b'{"event_type":5}', b'{"id":1,"id":2}'):
        [event] = PROVIDER.read(body)
        assert isinstance(event, Ignored)
        assert event.name == UNKNOWN


def test_a_retry_is_the_same_event() -> None:
    """Only its count differs."""
    retry = STAGE_CHANGE.replace(b'"attempt_count":1', b'"attempt_count":2')
    assert PROVIDER.read(retry) == PROVIDER.read(STAGE_CHANGE)


def test_no_mutated_body_or_signature_is_accepted() -> None:
    """25,000 bodies and 25,000 signatures that differ from the signed ones, and none crashes."""
    random = Random(4102)  # noqa: S311  # no secret is made
    for body in mutated(STAGE_CHANGE, random, 25_000):
        assert verify(body, SIGNATURE)
        assert PROVIDER.read(body)
    for signature in mutated(SIGNATURE.encode(), random, 25_000):
        assert verify(STAGE_CHANGE, signature.decode("latin-1"))


@settings(deadline=None)
@given(st.binary() | json_values().map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read(body: bytes) -> None:
    """Nothing that a sender sends raises an error."""
    assert PROVIDER.read(body)
    assert PROVIDER.is_test
    assert PROVIDER.is_test(body) in (True, False)
    assert verify(body, SIGNATURE)


@settings(deadline=None)
@given(st.sampled_from(sorted(EVENTS)), json_values(), st.data())
def test_any_values_in_the_form_of_events_are_read(name: str, value: Any, data: st.DataObject) -> None:
    """Any member, at any depth, may have any value."""
    body = json.loads(body_of(Channel.RECRUITEE, name))
    place = body
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = value
    assert PROVIDER.read(json.dumps(body).encode())


@settings(deadline=None)
@given(st.text())
def test_any_signature_is_refused(signature: str) -> None:
    """Headers may hold any text."""
    assert verify(STAGE_CHANGE, signature) or signature == SIGNATURE


@pytest.mark.parametrize(
    ("jobs", "moved"),
    [
        ({"offer": {"id": 52}, "offers": [{"id": 52}, {"id": 53}]}, ["52"]),
        ({"offers": [{"id": 53}]}, ["53"]),
        ({"offers": [{"id": 52}, {"id": 53}]}, []),
    ],
)
def test_move_concerns_one_job(jobs: dict[str, Any], moved: list[str]) -> None:
    """The candidate's other jobs are other applications, so none is changed if the event does not say which it is."""
    details = {"disqualify_reason": {"name": "Too junior"}}
    payload = {"candidate": {"id": 41}, "details": details} | jobs
    body = {"id": 1, "event_type": "candidate_moved", "event_subtype": "disqualified", "payload": payload}
    events = PROVIDER.read(json.dumps(body).encode())
    assert [each.ids.job for each in events if isinstance(each, Change)] == moved
