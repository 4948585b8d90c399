"""Dispositions as an ATS sends them to Indeed, and readers of their replies."""

from collections.abc import Mapping
from typing import Any

from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases
from support.signals import post
from support.world import (
    APPLICATION,
    FOREIGN_APPLICATION,
    OTHER_ATS,
    SIGNALLED_APPLICATION,
    TOKEN,
    Answer,
    World,
    registration,
)

SEND = (
    "mutation ($input: SendPartnerDispositionInput!) { partnerDisposition { send(input: $input) { "
    "numberGoodDispositions failedDispositions { identifiedBy { indeedApplyID } rationale } } } }"
)
SAMPLE = {
    "input": {
        "dispositions": [
            {
                "identifiedBy": {"indeedApplyID": "51c3be16-0f93-41ed-9cc0-9092222d7333"},
                "dispositionStatus": "INTERVIEW",
                "rawDispositionStatus": "On-site",
                "rawDispositionDetails": "",
                "atsName": "demo-ats",
                "statusChangeDateTime": "2026-11-02T09:30:00Z",
            }
        ]
    }
}
APPLY_ID, FOREIGN_APPLY_ID = "b05c30b6e89ef153", "6df2f5ed04b94de8"
"""The apply ids of SIGNALLED_APPLICATION and FOREIGN_APPLICATION, once `register_apply_ids` has registered them."""


def register_apply_ids(world: World) -> None:
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    own = registration(aliases=Aliases(apply_ids=(APPLY_ID,)), client_id="client-3")
    registrations.register(SIGNALLED_APPLICATION, own)
    foreign = registration(aliases=Aliases(apply_ids=(FOREIGN_APPLY_ID,)), ats_id=OTHER_ATS)
    registrations.register(FOREIGN_APPLICATION, foreign)


def disposition(status: str = "INTERVIEW", label: str = "On-site", day: int = 1, /, **changes: Any) -> dict[str, Any]:
    """Return a disposition of a day of August 2022, but for the changes given."""
    body = {
        "identifiedBy": {"indeedApplyID": APPLICATION},
        "dispositionStatus": status,
        "rawDispositionStatus": label,
        "atsName": "demo-ats",
        "statusChangeDateTime": f"2022-08-{day:02}T12:00:00Z",
    }
    return body | changes


def about(identified_by: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a disposition about an application, but for the changes given."""
    return disposition(identifiedBy=identified_by, **changes)


def send(world: World, *dispositions: Mapping[str, Any], token: str = TOKEN) -> Answer:
    """Send dispositions in one call."""
    return post(world, {"query": SEND, "variables": {"input": {"dispositions": dispositions}}}, token=token)


def result(reply: Answer) -> tuple[int, list[dict[str, Any]]]:
    """Return how many dispositions of a call were good, and the others."""
    assert (reply.status, list(reply.body)) == (200, ["data"]), reply.body
    sent = reply.body["data"]["partnerDisposition"]["send"]
    return sent["numberGoodDispositions"], sent["failedDispositions"]


def sent(world: World, *dispositions: Mapping[str, Any]) -> None:
    """Send dispositions that must all be good."""
    assert result(send(world, *dispositions)) == (len(dispositions), [])


def rationales(reply: Answer) -> list[str]:
    """Return the rationales of the failed dispositions."""
    return [each["rationale"] for each in result(reply)[1]]
