"""What holds for the readers of Greenhouse and Ashby alike: no mutation is accepted, and no body raises an error."""

import json
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.applications.rules.report import Channel
from application_status.intake.connect.providers import PROVIDERS
from support.native_webhooks import body_of, delivery, json_values, mutated, names, signed

SECRET = "secret-of-the-connection"
NOW = datetime(2026, 11, 27, tzinfo=UTC)
CONTENT = {Channel.GREENHOUSE: "payload", Channel.ASHBY: "data"}
"""The member of a body that has the event's values."""

BOTH = pytest.mark.parametrize("provider", CONTENT)


def verify(provider: Channel, body: bytes, headers: dict[str, str]) -> str | None:
    return PROVIDERS[provider].verify(delivery(headers, body), [SECRET], NOW)


@pytest.mark.parametrize(
    ("provider", "header", "seed"), [(Channel.GREENHOUSE, "Signature", 15), (Channel.ASHBY, "Ashby-Signature", 16)]
)
def test_mutated_bodies_and_signatures_are_refused(provider: Channel, header: str, seed: int) -> None:
    """25,000 of them, and none stops the reader."""
    random, bodies = Random(seed), [body_of(provider, name) for name in names(provider)]  # noqa: S311 - a fixed seed
    for body in bodies:
        headers = signed(provider, body, SECRET)
        for changed in mutated(body, random, 12_500 // len(bodies) + 1):
            assert verify(provider, changed, headers)
            PROVIDERS[provider].read(changed)
        for changed in mutated(headers[header].encode(), random, 12_500 // len(bodies) + 1):
            assert verify(provider, body, {header: changed.decode("latin-1")})


@BOTH
@settings(deadline=None)
@given(body=st.binary() | json_values().map(lambda value: json.dumps(value).encode()))
def test_reader_never_raises(provider: Channel, body: bytes) -> None:
    """Whatever the body is."""
    assert len(PROVIDERS[provider].read(body)) == 1


@BOTH
@settings(deadline=None)
@given(data=st.data())
def test_reader_never_raises_for_values_of_other_types(provider: Channel, data: st.DataObject) -> None:
    """A value anywhere in an event may be anything."""
    message = json.loads(body_of(provider, data.draw(st.sampled_from(names(provider)))))
    at = message[CONTENT[provider]]
    while isinstance(at, dict) and at:
        key = data.draw(st.sampled_from(sorted(at)))
        if data.draw(st.booleans()):
            at[key] = data.draw(json_values())
        at = at[key]
    assert len(PROVIDERS[provider].read(json.dumps(message).encode())) == 1
