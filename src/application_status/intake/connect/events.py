"""What an ATS's own webhook reports, in one form for all providers, and the tools to verify and read one.

Delivery                                     the headers and body of a request
Change, Ended, Merged, Linked, PositionEnded what an event says
Test, Ignored                                a delivery that changes nothing
parse                                        reads a body as a JSON object
name_at, text_at, id_at, moment_at           read single values of it, and accept everything else
past                                         leaves out a time in the future
identity_of                                  identifies an event by signed values, or by the whole body
single_header                                returns a header that must be sent once
signature_error                              compares an HMAC-SHA256 in constant time
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import jiter

from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.values import CLOCK_SKEW, instant, sent_moment

LABEL_LENGTH = 200
"""The maximum number of characters of a label; a longer one is cut."""

UNKNOWN = "unknown"
"""The name of an event without a name, or with one that can't be the name of an event."""

_MOST_VALUES = 80_000
"""The most values in a body, counted by commas and opening brackets; 1 MiB of values alone would take long to read."""

_ID = re.compile(r"[!\"$-~]{1,100}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,49}")
_MILLISECONDS_LENGTH = 13
_FAR = datetime(9998, 1, 1, tzinfo=UTC)  # `moment_at` accepts times in the future, and `past` leaves them out
_PREFIX_LENGTH = 7


class Delivery(NamedTuple):
    """A request of a webhook: the headers, with lower-case names, and the bytes of the body."""

    headers: Mapping[str, tuple[str, ...]]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An application moved to a status, or is in it.

    Attributes:
        name: the event's type, in the provider's words.
        ids: the ids that the event has for the application.
        identity: a text of signed values, which is the same for each delivery of this event, and for no other event of
            the application.
        status: the status, if the event itself says it; else the label is interpreted.
        outcome: the outcome of a rejection, if the event itself says it; else the label may give it.
        label: the name of the stage, or the reason of a rejection, at most LABEL_LENGTH characters.
        label_may_end: whether the label alone may be interpreted as an end; False if the event says that the
            application is open, or if the provider reports ends by other events.
        is_open: whether the event says that the application has not ended, whatever its stage is called.
        effective_at: when it took effect, if the event says so.
        ordered_at: a time of the event that orders it among the events of an application; without one, the event is
            the newest when it is received.
        is_snapshot: whether the event says how things stand, and not that something changed.
    """

    name: str
    ids: NativeIds
    identity: str
    status: Status | None = None
    outcome: Outcome | None = None
    label: str | None = None
    label_may_end: bool = False
    is_open: bool = False
    effective_at: datetime | None = None
    ordered_at: datetime | None = None
    is_snapshot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The ATS will report nothing more about these applications: they were deleted, or their stages were reset.

    Ids with a candidate alone mean all applications of the candidate.
    """

    name: str
    ids: tuple[NativeIds, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A candidate was merged into another, whose id replaces theirs."""

    name: str
    gone: NativeIds
    kept: NativeIds


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The ATS has two sets of ids for one application: the board may know only the first."""

    name: str
    known: NativeIds
    also: NativeIds


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionEnded:
    """A job was closed (`ended`) or opened again; `ids` has only the job."""

    name: str
    ids: NativeIds
    label: str
    ended: bool
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A delivery by which the ATS, or its user, tests the connection."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A delivery without meaning for applications; `reason` says why, and is logged: a fixed text."""

    name: str
    reason: str


UNREADABLE = Ignored(name=UNKNOWN, reason="The body is not a JSON object, or has too many values.")

type Event = Change | Ended | Merged | Linked | PositionEnded | Test | Ignored


@lru_cache(maxsize=1)  # up to five steps of a delivery read its body, which is forgotten at the next
def parse(body: bytes) -> Mapping[str, Any] | None:
    """Return a JSON object, or None if the body is something else, has duplicate keys or too many values."""
    if body.count(b",") + body.count(b"[") + body.count(b"{") > _MOST_VALUES:
        return None
    try:
        value = jiter.from_json(body, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def value_at(value: Any, *path: str) -> Any:
    """Return the value at a path of member names, or None if there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def name_at(value: Any, *path: str) -> str:
    """Return the event's name at a path, UNKNOWN if there is none; names are logged, so other texts are none."""
    found = value_at(value, *path)
    return found if isinstance(found, str) and _NAME.fullmatch(found) else UNKNOWN


def text_at(value: Any, *path: str) -> str | None:
    """Return the text at a path, without outer space and cut to LABEL_LENGTH; None if there is none, or it is blank."""
    found = value_at(value, *path)
    return (found.strip()[:LABEL_LENGTH].strip() or None) if isinstance(found, str) else None


def id_at(value: Any, *path: str) -> str:
    """Return the id at a path: a text, or an integer in decimal; empty if there is none, or it can't be an id."""
    found = value_at(value, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found) if abs(found) < 10**18 else ""
    return found if isinstance(found, str) and _ID.fullmatch(found) else ""


def moment_at(value: Any, *path: str) -> datetime | None:
    """Return the time at a path, in UTC: RFC 3339 with a zone, or milliseconds since 1970.

    None if there is none, or it is before the year 2000, as dates that were never set are.
    """
    found = value_at(value, *path)
    try:
        if isinstance(found, int) and not isinstance(found, bool) and len(str(found)) == _MILLISECONDS_LENGTH:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=found)
        return sent_moment(found, _FAR).at if isinstance(found, str) else None
    except ValueError:
        return None


def identity_of(kind: str, *values: str | None, body: bytes) -> str:
    """Return an event's identity: its kind and these values, or the digest of the body if one of them is missing."""
    return " ".join([kind, *(values if all(values) else [hashlib.sha256(body).hexdigest()])])


def past(moment: datetime | None, received_at: datetime) -> datetime | None:
    """Return a time of an event, or None if it is more than CLOCK_SKEW in the future."""
    return None if moment is None or moment > received_at + CLOCK_SKEW else instant(moment)


def single_header(delivery: Delivery, name: str) -> str | None:
    """Return a header's value; None if it is missing or was sent with several values."""
    values = delivery.headers.get(name.lower(), ())
    return values[0] if len(values) == 1 else None


def signature_error(
    signed: bytes, received: str | None, secrets: Sequence[str], *, name: str, prefix: str = ""
) -> str | None:
    """Return what is wrong with a signature, None if one of the secrets makes it.

    The signature is `prefix`, then the lower-case hexadecimal HMAC-SHA256 of `signed`. `name` is where it was sent, for
    the text, which quotes only the length of the signature and its first characters.
    """
    if received is None:
        return f"{name} is missing, or was sent several times; a webhook that has a secret sends it once"
    expected = [prefix + hmac.new(each.encode(), signed, hashlib.sha256).hexdigest() for each in secrets]
    matches = [hmac.compare_digest(received.encode(errors="replace"), each.encode()) for each in expected]
    if any(matches):
        return None
    begins = re.sub(r"[^!-~ ]", "?", received[:_PREFIX_LENGTH])
    text = f'{name} has {len(received)} characters and begins with "{begins}"'
    length = len(prefix) + hashlib.sha256().digest_size * 2
    if len(received) == length and received.startswith(prefix):
        return f"{text}, as expected, but another secret made it; compare the secret in the ATS with the job board's"
    beginning = f' that begin with "{prefix}"' if prefix else ""
    return f"{text}; expected are {length} characters{beginning}, made with the secret of this connection"


type Verify = Callable[[Delivery, Sequence[str], datetime], str | None]
"""Return what is wrong with a delivery's signature; None if it was made with one of the secrets."""

type Read = Callable[[bytes], Sequence[Event]]
"""Return the events in a body; never raises."""
