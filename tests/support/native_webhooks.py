"""Native webhooks as providers send them: the bodies in tests/data/native, signed."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st

from application_status.applications.rules.report import Channel
from application_status.intake.connect.events import Delivery

BODIES = Path(__file__).parents[1] / "data" / "native"


def digest(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


HEADERS: Mapping[Channel, Callable[[bytes, str], dict[str, str]]] = {
    Channel.GREENHOUSE: lambda body, secret: {
        "Signature": f"sha256 {digest(body, secret)}",
        "Greenhouse-Event-ID": hashlib.sha1(body, usedforsecurity=False).hexdigest(),
    },
    Channel.ASHBY: lambda body, secret: {"Ashby-Signature": f"sha256={digest(body, secret)}"},
    Channel.RECRUITEE: lambda body, secret: {"X-Recruitee-Signature": digest(body, secret)},
    Channel.LEVER: lambda _body, _secret: {},  # the signature is in the body: support/lever_events.py
}


def signed(provider: Channel, body: bytes, secret: str) -> dict[str, str]:
    """Return the headers with which a provider sends a body."""
    return {"Content-Type": "application/json", **HEADERS[provider](body, secret)}


def delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
    return Delivery({name.lower(): (value,) for name, value in headers.items()}, body)


def names(provider: Channel) -> list[str]:
    """Return the names of the recorded bodies of a provider: the event, and what is special."""
    return sorted(path.stem for path in (BODIES / provider).glob("*.json"))


def body_of(provider: Channel, name: str) -> bytes:
    return (BODIES / provider / f"{name}.json").read_bytes()


def mutated(original: bytes, random: Random, times: int) -> Iterator[bytes]:
    """Yield byte strings that differ from the original: a bit, a byte, a part or the order changed."""
    done = 0
    while done < times:
        changed = bytearray(original)
        place = random.randrange(len(changed))
        match random.randrange(6):
            case 0:
                changed[place] ^= 1 << random.randrange(8)
            case 1:
                changed[place] = random.randrange(256)
            case 2:
                del changed[place : place + random.randint(1, 9)]
            case 3:
                changed[place:place] = random.randbytes(random.randint(1, 9))
            case 4:
                changed = changed[place:] + changed[:place]
            case _:
                changed = bytearray(changed.swapcase() if random.random() < 0.01 else changed[:place])
        if changed != original:
            done += 1
            yield bytes(changed)


def json_values() -> st.SearchStrategy[Any]:
    """Return any JSON values, and values that look like those of events."""
    texts = st.text(max_size=20) | st.sampled_from(["", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "x" * 300])
    leaves = st.none() | st.booleans() | st.integers() | st.just(10**25) | st.floats() | texts
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8)
