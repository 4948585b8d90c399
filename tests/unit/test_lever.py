"""Webhooks of Lever: what their signature covers, what guards the rest, and what each event means."""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.connect import events
from application_status.intake.connect.events import UNKNOWN, Change, Ended, Event, Ignored, Linked
from application_status.intake.connect.lever.webhook import FRESH_FOR
from application_status.intake.connect.providers import PROVIDERS, SecretFrom
from application_status.labels.rules.interpretation import interpret_event
from application_status.labels.rules.vocabulary import Vocabulary
from support.lever_events import EVENTS, FIRST, IDS, REASON, SECRET, signed_body
from support.native_webhooks import body_of, delivery, json_values, mutated, names

PROVIDER = PROVIDERS[Channel.LEVER]
VOCABULARY = Vocabulary.load()
TOKEN, TRIGGERED_AT = "3f1d8a5c9be24c0f", 1793612000000
SIGNATURE = "482abd773100fb652ed839386c7a0abbc4b4219ecd29c94df33a3d1071965a93"
STAGE_CHANGE = (
    b'{"id":"w-1","event":"candidateStageChange","triggeredAt":1793612000000,"token":"3f1d8a5c9be24c0f",'
    b'"signature":"%s","data":{"opportunityId":"o-1","candidateId":"c-1","contactId":"p-1",'
    b'"fromStageId":"applicant-new","toStageId":"5f0a"}}' % SIGNATURE.encode()
)
CREATED = b'{"id":"w-2","event":"applicationCreated","data":{"opportunityId":"o-1","applicationId":"a-1"}}'


def verify(body: bytes, *secrets: str, now: datetime = FIRST) -> str | None:
    return PROVIDER.verify(delivery({}, body), secrets or [SECRET], now)


def single_use(body: bytes) -> str | None:
    assert PROVIDER.single_use
    return PROVIDER.single_use(body)


def changed(**members: Any) -> bytes:
    """Return the signed body with other members; None removes one."""
    body = json.loads(STAGE_CHANGE) | members
    return json.dumps({name: value for name, value in body.items() if value is not None}).encode()


def read(event: str, **data: Any) -> Event:
    [found] = PROVIDER.read(changed(event=event, data={"opportunityId": "o-1"} | data))
    return found


def change(event: str, **data: Any) -> Change:
    found = read(event, **data)
    assert isinstance(found, Change)
    return found


def test_vector() -> None:
    """The signature is over the token and the time as decimal digits, without a separator."""
    assert verify(STAGE_CHANGE) is None
    assert json.loads(signed_body(STAGE_CHANGE, TOKEN, FIRST))["signature"] == SIGNATURE
    assert single_use(STAGE_CHANGE) == TOKEN
    assert PROVIDER.read(STAGE_CHANGE) == [
        Change(
            name="candidateStageChange",
            ids=IDS._replace(application="o-1"),
            identity=f"token {TOKEN} {TRIGGERED_AT}",
            label="5f0a",
            effective_at=FIRST,
            ordered_at=FIRST,
        )
    ]


def test_each_webhook_has_a_token_of_its_own() -> None:
    """A connection has the signature tokens of five webhooks, and each is tried."""
    tokens = [f"token-{number}" for number in range(5)]
    for token in tokens:
        assert verify(signed_body(STAGE_CHANGE, TOKEN, FIRST, token), *tokens) is None
    assert verify(STAGE_CHANGE, *tokens)
    assert PROVIDER.verify(delivery({}, STAGE_CHANGE), [], FIRST)
    assert PROVIDER.secret_from is SecretFrom.ATS


@pytest.mark.parametrize(
    "members",
    [
        {"token": None},
        {"token": 5},
        {"token": ""},
        {"token": "a b"},
        {"token": "x" * 201},
        {"token": [TOKEN]},
        {"triggeredAt": None},
        {"triggeredAt": str(TRIGGERED_AT)},
        {"triggeredAt": float(TRIGGERED_AT)},
        {"triggeredAt": True},
        {"triggeredAt": -TRIGGERED_AT},
        {"triggeredAt": TRIGGERED_AT * 10},
        {"triggeredAt": 10**4000},
        {"signature": None},
        {"signature": 5},
    ],
)
def test_signed_members_have_their_types(members: dict[str, Any]) -> None:
    """The body is read before it is verified, so everything else is refused."""
    assert verify(changed(**members)) == (
        "The body does not have the members token, triggeredAt (milliseconds since 1970) and signature"
    )
    assert single_use(changed(**members)) is None


def test_digits_do_not_move_between_the_token_and_the_time() -> None:
    """The signed text would be the same, and the token another one, which was not used yet."""
    body = json.loads(signed_body(STAGE_CHANGE, "abc123", FIRST))
    text = f"abc123{TRIGGERED_AT}"
    for length in (12, 14):
        moved = json.dumps(body | {"token": text[:-length], "triggeredAt": int(text[-length:])}).encode()
        assert verify(moved)
        assert single_use(moved) is None


@pytest.mark.parametrize("signature", ["", SIGNATURE.upper(), f"sha256={SIGNATURE}", SIGNATURE[:-1], f" {SIGNATURE}"])
def test_other_forms_of_the_signature_are_refused(signature: str) -> None:
    """The text quotes at most 7 characters of the signature, and nothing of the token or the secret."""
    wrong = verify(changed(signature=signature))
    assert wrong
    assert wrong.startswith("The signature in the body ")
    assert not any(each in wrong.lower() for each in (SECRET, TOKEN, SIGNATURE[:8]))


@pytest.mark.parametrize(
    ("age", "accepted"),
    [
        (timedelta(), True),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-5, milliseconds=-1), False),
        (FRESH_FOR, True),
        (FRESH_FOR + timedelta(milliseconds=1), False),
        (timedelta(days=3650), False),
    ],
)
def test_freshness(age: timedelta, *, accepted: bool) -> None:
    """A delivery is accepted for 72 hours, and from a clock that is 5 minutes ahead."""
    wrong = verify(STAGE_CHANGE, now=FIRST + age)
    assert (wrong is None) is accepted
    if wrong:
        assert "accepted are 72 hours in the past and 5 minutes in the future" in wrong
        assert ("minutes in the past;" if age > timedelta() else "minutes in the future;") in wrong


def test_age_is_told_only_to_the_owner_of_the_secret() -> None:
    """A wrong signature is refused for that, whatever its time."""
    wrong = verify(STAGE_CHANGE, "another", now=FIRST + timedelta(days=30))
    assert wrong
    assert "hours" not in wrong


def test_mutated_bodies() -> None:
    """Lever signs the token and the time alone: a body that is accepted has both, and so the token of the first body.

    The receiver stores the SHA-256 of the body with the token, and refuses the token with any other body.
    """
    random, accepted = Random(7), 0  # noqa: S311  # no secret is made
    for body in mutated(STAGE_CHANGE, random, 25_000):
        assert PROVIDER.read(body)
        if verify(body) is None:
            accepted += 1
            members = json.loads(body)
            assert (members["token"], members["triggeredAt"]) == (TOKEN, TRIGGERED_AT)
            assert single_use(body) == TOKEN
    assert accepted, "no mutation changed only what Lever does not sign, so this test shows nothing"


def test_mutated_signatures() -> None:
    """25,000 signatures, tokens and times that differ from the signed ones."""
    random = Random(8)  # noqa: S311  # no secret is made
    for value in mutated(SIGNATURE.encode(), random, 15_000):
        assert verify(changed(signature=value.decode("latin-1")))
    for value in mutated(TOKEN.encode(), random, 5_000):
        assert verify(changed(token=value.decode("latin-1")))
    for _ in range(5_000):
        assert verify(changed(triggeredAt=TRIGGERED_AT + random.randint(1, 10**9) * random.choice([1, -1])))


@pytest.mark.parametrize("name", names(Channel.LEVER))
def test_each_recorded_body(name: str) -> None:
    """Each is signed, and is read as the table says."""
    body = body_of(Channel.LEVER, name)
    assert verify(body, now=FIRST + timedelta(hours=1)) is None
    assert list(PROVIDER.read(body)) == EVENTS[name]


def test_each_expected_event_has_a_recorded_body() -> None:
    """No body is left out."""
    assert EVENTS.keys() == set(names(Channel.LEVER))


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        ("lead-new", Status.LEAD),
        ("lead-reached-out", Status.CONTACT),
        ("lead-responded", Status.CONTACT),
        ("applicant-new", Status.APPLIED),
        ("offer", Status.OFFER),
    ],
)
def test_stages_of_every_account(stage: str, status: Status) -> None:
    """These have the same ids everywhere, so they are mapped by their names."""
    label = change("candidateStageChange", toStageId=stage).label
    assert label
    assert VOCABULARY.meaning(label).status is status


def test_ids_of_stages_and_reasons_are_never_guessed() -> None:
    """The letters of an id are no words; an override gives it a meaning."""
    random = Random(9)  # noqa: S311  # no secret is made
    ids = [str(UUID(int=random.getrandbits(128), version=4)) for _ in range(2_000)]
    assert {VOCABULARY.meaning(each).status for each in ids} == {None}
    assert VOCABULARY.meaning(ids[0], {ids[0]: "INTERVIEW", ids[1]: "OFFER"}).status is Status.INTERVIEW
    stage = change("candidateStageChange", toStageId=ids[0])
    assert (stage.status, stage.label, stage.label_may_end) == (None, ids[0], False)


@pytest.mark.parametrize(
    ("overrides", "outcome"),
    [({}, Outcome.ENDED_UNKNOWN), ({REASON: "REJECTED/candidate_withdrew"}, Outcome.CANDIDATE_WITHDREW)],
)
def test_reason_of_archiving(overrides: dict[str, str], outcome: Outcome) -> None:
    """The reason is an id, so the outcome is unknown without an override."""
    event = change("candidateArchiveChange", fromArchived=None, toArchived={"reason": REASON})
    assert (event.status, event.outcome, event.label) == (Status.REJECTED, None, REASON)
    found = interpret_event(REASON, rejects=True, may_end=False, vocabulary=VOCABULARY, overrides=overrides)
    assert (found.status, found.outcome) == (Status.REJECTED, outcome)


@pytest.mark.parametrize("archived_at", [TRIGGERED_AT, TRIGGERED_AT - 400, TRIGGERED_AT + 10**9, None, 0, "today"])
def test_a_hire_comes_after_its_archiving(archived_at: Any) -> None:
    """Both come from one click, in any order, so the archiving must never replace the hire."""
    hired = change("candidateHired")
    archived = change("candidateArchiveChange", fromArchived=None, toArchived={"archivedAt": archived_at})
    assert hired.ordered_at
    assert archived.ordered_at
    assert archived.ordered_at < hired.ordered_at
    assert archived.effective_at
    assert archived.effective_at <= FIRST


def test_another_reason_is_as_new_as_its_event() -> None:
    """Its `archivedAt` may still be that of the first reason."""
    given = {"archivedAt": TRIGGERED_AT - 10**6, "reason": REASON}
    assert change("candidateArchiveChange", fromArchived=given, toArchived=given).effective_at == FIRST


def test_restored_is_open_again() -> None:
    """Its stage is unknown until the next change of the stage."""
    event = change("candidateArchiveChange", fromArchived={"reason": REASON}, toArchived=None)
    assert (event.status, event.label) == (Status.APPLIED, None)
    assert isinstance(read("candidateArchiveChange"), Ignored)
    assert isinstance(read("candidateArchiveChange", fromArchived=None, toArchived=None), Ignored)
    assert isinstance(read("candidateArchiveChange", toArchived=[]), Ignored)


def test_created_application_has_two_ids() -> None:
    """The board may know only the id of the application, and later events have only that of the opportunity."""
    link, applied = PROVIDER.read(CREATED)
    assert isinstance(link, Linked)
    assert (link.known.application, link.also.application) == ("a-1", "o-1")
    assert isinstance(applied, Change)
    assert (applied.status, applied.ids.application) == (Status.APPLIED, "o-1")
    assert [type(each) for each in PROVIDER.read(CREATED.replace(b'"a-1"', b"null"))] == [Change]


def test_verify_connection() -> None:
    """Its body has no opportunity; nothing is recorded, and it is accepted before there is a signature token."""
    for event in ("applicationCreated", "candidateStageChange", "candidateArchiveChange", "candidateHired"):
        assert PROVIDER.read(changed(event=event, data={})) == [events.Test(name=event)]
    assert PROVIDER.read(changed(event=None, data={})) == [events.Test(name=UNKNOWN)]


def test_deleted_candidate() -> None:
    """The application does not end by it: nothing more is reported."""
    assert isinstance(read("candidateDeleted"), Ended)


@pytest.mark.parametrize("event", ["applicationCreated", "candidateStageChange", "candidateHired", "candidateDeleted"])
@pytest.mark.parametrize("value", [None, "", [], {}, True, "x" * 101, "a b", "a#b"])
def test_events_with_a_bad_opportunity_id_are_ignored(event: str, value: Any) -> None:
    """They are no tests, as a test has no such member."""
    assert read(event, opportunityId=value) == Ignored(name=event, reason="The event has no opportunity id.")


def test_other_events_and_bodies_are_ignored() -> None:
    """They are answered with success, or Lever would send them again."""
    assert isinstance(read("candidateStageChange"), Ignored)
    assert isinstance(read("interviewCreated"), Ignored)
    assert isinstance(read("someNewEvent"), Ignored)
    for body in (b"", b"[]", b"null", b'{"data":5}', b'{"event":"a b","data":null}', b'{"id":1,"id":2}'):
        [event] = PROVIDER.read(body)
        assert isinstance(event, Ignored)
        assert event.name == UNKNOWN


@settings(deadline=None)
@given(st.binary() | json_values().map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read(body: bytes) -> None:
    """Nothing that a sender sends raises an error."""
    assert PROVIDER.read(body)
    assert verify(body)
    assert single_use(body) is None


@settings(deadline=None)
@given(st.sampled_from(sorted(EVENTS)), json_values(), st.data())
def test_any_values_in_the_form_of_events_are_read(name: str, value: Any, data: st.DataObject) -> None:
    """Any member, at any depth, may have any value."""
    body = json.loads(body_of(Channel.LEVER, name))
    place = body
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = value
    sent = json.dumps(body).encode()
    assert PROVIDER.read(sent)
    assert (verify(sent) is None) == (verify(sent, SECRET, "another") is None)


@settings(deadline=None)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # bounds are naive
def test_any_time_is_compared(now: datetime) -> None:
    """The clock may be anywhere."""
    assert (verify(STAGE_CHANGE, now=now) is None) is (-timedelta(minutes=5) <= now - FIRST <= FRESH_FOR)
