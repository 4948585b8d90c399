"""What each recorded body of Lever means, and how Lever signs a body."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Status
from application_status.intake.connect.events import Change, Ended, Event, Ignored, Linked, Test
from support.native_webhooks import digest

IDS = NativeIds(Channel.LEVER, application="8f1c2d3e-4a5b-4c6d-8e7f-0a1b2c3d4e5f")
APPLICATION_IDS = NativeIds(Channel.LEVER, application="2d3e4f5a-6b7c-4d8e-9f0a-1b2c3d4e5f60")
STAGE = "5f0a1c2e-7b3d-4e4f-9a6b-2c8d1e0f3a4b"
REASON = "63dd0b1a-2c3e-4f5a-8b6c-7d8e9f0a1b2c"
SECRET = "lv-demo-signature-token"
"""The signature token with which the recorded bodies are signed."""

FIRST = datetime(2026, 11, 2, 9, 33, 20, tzinfo=UTC)
"""The time of the first recorded body."""

_NOT_FOR_US = "This event does not change the status of an application."
_FIRST_MS = 1793612000000


def signed_body(body: bytes, token: str, triggered_at: datetime, secret: str = SECRET) -> bytes:
    """Return a body with another token and time, signed as Lever signs it: in the body, over these two values."""
    milliseconds = (triggered_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    signature = digest(f"{token}{milliseconds}".encode(), secret)
    signed = {"token": token, "triggeredAt": milliseconds, "signature": signature}
    return json.dumps(json.loads(body) | signed).encode()


def _change(
    name: str, number: int, ms: int, status: Status | None, label: str | None = None, archived: int | None = None
) -> Change:
    """Return a change, `ms` milliseconds after the first body; `archived` is when it was archived, likewise."""
    at = FIRST + timedelta(milliseconds=ms if archived is None else archived)
    return Change(
        name=name,
        ids=IDS,
        identity=f"token 3f1d8a5c9be24c{number:02x} {_FIRST_MS + ms}",
        status=status,
        label=label,
        effective_at=at,
        ordered_at=at if archived is None else at - timedelta(seconds=1),
    )


EVENTS: Mapping[str, Sequence[Event]] = {
    "applicationCreated": [
        Linked(name="applicationCreated", known=APPLICATION_IDS, also=IDS),
        _change("applicationCreated", 1, 0, Status.APPLIED),
    ],
    "candidateStageChange": [_change("candidateStageChange", 2, 1000, None, STAGE)],
    "candidateStageChange_offer": [_change("candidateStageChange", 3, 2000, None, "Offer")],
    "candidateStageChange_lead": [_change("candidateStageChange", 4, 3000, None, "Reached out")],
    "candidateArchiveChange": [_change("candidateArchiveChange", 5, 60_500, Status.REJECTED, REASON, archived=60_000)],
    "candidateArchiveChange_other_reason": [
        _change(
            "candidateArchiveChange",
            6,
            120_500,
            Status.REJECTED,
            "0c1d2e3f-4a5b-4c6d-8e7f-8a9b0c1d2e3f",
            archived=120_500,
        )
    ],
    "candidateArchiveChange_hired": [
        _change(
            "candidateArchiveChange",
            16,
            240_200,
            Status.REJECTED,
            "7fbd0a1b-2c3d-4e4f-8a5b-6c7d8e9f0a1b",
            archived=239_900,
        )
    ],
    "candidateArchiveChange_restored": [_change("candidateArchiveChange", 7, 180_000, Status.APPLIED)],
    "candidateHired": [_change("candidateHired", 8, 240_000, Status.HIRED)],
    "candidateDeleted": [Ended(name="candidateDeleted", ids=(IDS,))],
    **{
        name: [Ignored(name=name, reason=_NOT_FOR_US)]
        for name in ("interviewCreated", "interviewUpdated", "interviewDeleted", "contactCreated", "contactUpdated")
    },
    "verify_connection": [Test(name="candidateHired")],
}
