"""Authentication of senders, and the errors that they receive when the service fails."""

from typing import Any

import pytest

from application_status.access.register import TokenRegister
from application_status.access.rules import generate, key_id
from application_status.functions.signals import make_handler
from application_status.platform import deadlines
from application_status.platform.errors import Unavailable
from support.failing import Failing
from support.signals import MANY, ONE, TRUE_MANY, TRUE_ONE, event, post, signal, stands, state, statuses
from support.world import ATS, OTHER_TOKEN, TOKEN, World, answer, signals_settings

GOOD = {"query": ONE, "variables": {"input": signal()}}
REVOKED = generate()


@pytest.fixture
def revoked(world: World) -> str:
    register = TokenRegister(world.dynamodb, "TokensTable")
    register.add(REVOKED, ATS)
    register.revoke(key_id(REVOKED) or "")
    return f"Bearer {REVOKED}"


@pytest.mark.parametrize("body", [GOOD, "", "{", "x" * 300_000, [GOOD], {"query": "{ unknown }"}])
def test_without_a_good_token_nothing_is_looked_at(world: World, revoked: str, body: Any) -> None:
    """The same answer whatever is wrong with the token, and whatever the body holds."""
    before = world.contents()
    wrong = ["", "Bearer", "Bearer ", "Basic unknown", "unknown", f"Bearer {TOKEN}x", "Bearer unknown", revoked]
    wrong += [f"Bearer{TOKEN}", "Bearer ä", revoked.removeprefix("Bearer ")]
    events = [event(body, {"Authorization": each}, token=None) for each in wrong]
    events += [event(body, token=None), event(body, {"X-AtsiToken": REVOKED}, token=None)]
    events += [event(body, token=None) | {"headers": None, "multiValueHeaders": None}]
    for each in events:
        assert (
            unauthenticated(world, each) == "A valid token for this path is required; send it as Authorization: Bearer."
        )
    assert world.contents() == before


def unauthenticated(world: World, sent: dict[str, Any]) -> str:
    """Send a request that must get a 401; return its message."""
    reply = answer(world.signals(sent, None))
    (error,) = reply.body["errors"]
    assert error["extensions"] == {"code": "UNAUTHENTICATED", "requestId": sent["requestContext"]["requestId"]}
    assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, 'Bearer realm="application-status"')
    return str(error["message"])


@pytest.mark.parametrize(
    ("header", "value", "place"),
    [
        ("X-AtsiToken", TOKEN, "X-AtsiToken as it was sent"),
        ("X-Api-Key", TOKEN, "X-Api-Key as it was sent"),
        ("Authorization", TOKEN, "Authorization as it was sent"),
        ("Authorization", f"Basic {TOKEN}", "Authorization as it was sent"),
        ("Authorization", f"Bearer {TOKEN} {TOKEN}", "Authorization as it was sent"),
        ("Authorization", f"Bearer {TOKEN}, Bearer {OTHER_TOKEN}", "Authorization as it was sent"),
    ],
    ids=["own header", "other header", "no scheme", "other scheme", "twice", "two in one"],
)
def test_valid_token_in_the_wrong_place_is_named(world: World, header: str, value: str, place: str) -> None:
    """Only to who has one; at this path it belongs in Authorization."""
    message = unauthenticated(world, event(GOOD, {header: value}, token=None))
    ways = "send it as Authorization: Bearer."
    assert message == f"Your token is valid, but this path can't read it from the header {place}; {ways}"


def test_two_different_tokens_are_refused(world: World) -> None:
    """With their number, if one is valid."""
    doubled = event(GOOD)
    doubled["multiValueHeaders"]["authorization"] = [f"Bearer {OTHER_TOKEN}"]
    assert "Authorization, which came 2 times with different values" in unauthenticated(world, doubled)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "])
def test_scheme_has_no_case(world: World, scheme: str) -> None:
    """RFC 9110, section 11.1; and the header's own name has none either."""
    reply = post(world, GOOD, {"AUTHORIZATION": f"{scheme} {TOKEN}"}, token=None)
    assert (reply.status, reply.body) == (200, TRUE_ONE)


@pytest.mark.parametrize("error", [Unavailable("Geheimnis"), RuntimeError("Geheimnis"), KeyError("Geheimnis")])
@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem"])
def test_failure_in_a_batch_asks_to_send_it_again_and_that_ends_right(
    world: World, operation: str, error: Exception
) -> None:
    """Earlier signals stay recorded once; the reply shows nothing of the internal error."""
    signals = [signal(state("Interview", 1)), signal(state("Offer", 2)), signal(state("Hired", 3, success=True))]
    body = {"query": MANY, "variables": {"input": {"signals": signals}}}
    before_the_third = {"GetItem": 5, "UpdateItem": 3}[operation]
    handler = make_handler(Failing(world.client, operation, before_the_third, error), signals_settings())
    reply = answer(handler(event(body), None))
    (log,) = reply.body["errors"]
    assert (reply.status, reply.body["data"], log["path"]) == (200, {"sendSignals": None}, ["sendSignals"])
    assert log["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "Geheimnis" not in str(reply.body)
    assert statuses(world) == ["INTERVIEW", "OFFER"]
    assert answer(handler(event(body), None)).body == TRUE_MANY
    assert (statuses(world), stands(world)) == (["INTERVIEW", "OFFER", "HIRED"], ("HIRED", "hired"))
    assert world.stored("51c3be16-0f93-41ed-9cc0-000000000003").version == 4


@pytest.mark.parametrize("error", [Unavailable("Geheimnis"), RuntimeError("Geheimnis")])
def test_failure_before_the_document_is_a_503(world: World, error: Exception) -> None:
    """The sender can't be identified, so the whole request has to be sent again."""
    handler = make_handler(Failing(world.client, "GetItem", 1, error), signals_settings())
    reply = answer(handler(event(GOOD), None))
    (log,) = reply.body["errors"]
    assert (reply.status, log["extensions"]["code"], reply.headers["Retry-After"]) == (
        503,
        "INTERNAL_SERVER_ERROR",
        "2",
    )
    assert "Geheimnis" not in str(reply.body)
    assert answer(handler(event(GOOD), None)).body == TRUE_ONE


def test_time_for_a_batch_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 20 s the rest has to be sent again, before API Gateway gives up at 29 s."""

    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            self.now += 0.5
            return self.now

    monkeypatch.setattr(deadlines, "time", Clock())
    signals = [signal(state(f"Interview {number}", 1)) for number in range(60)]
    reply = post(world, {"query": MANY, "variables": {"input": {"signals": signals}}})
    assert [each["extensions"]["code"] for each in reply.body["errors"]] == ["INTERNAL_SERVER_ERROR"]
    assert 0 < len(statuses(world)) < 60
    while reply.body != TRUE_MANY:
        known = len(statuses(world))
        reply = post(world, {"query": MANY, "variables": {"input": {"signals": signals[known:]}}})
        assert len(statuses(world)) > known
    assert len(statuses(world)) == 60
