"""The one home of the Applications table's item: its attribute names and its shape in DynamoDB JSON.

AtsiApplicationId  S   the key
AtsId              S   who may report
Status, RawStatus  S   the head's status and label
Head               S   the head's transition key; absent while the application is only registered
Transitions        M   transition key -> {Status, ReceivedAt, RawStatus?, Untimed?}
ResendKeys         SS  digests of the Idempotency-Keys seen
Version            N   1 at creation, + 1 with every write
UpdatedAt          S   the moment of the last write
ClientId, JobId, JobseekerId, JobTitle, Company, AppliedAt  S, Aliases M   the registration, absent until it came
"""

from collections.abc import Iterable, Mapping
from typing import Any

from application_status.model.application import Application, Registration, Transition
from application_status.model.identifiers import ApplicationId, AtsId
from application_status.model.instant import from_text, to_text
from application_status.model.status import Status
from application_status.store.dynamodb import Item


def key(application_id: ApplicationId) -> Item:
    """Return the primary key of an application."""
    return {"AtsiApplicationId": {"S": application_id}}


def application_item(application: Application, *, updated_at: str) -> Item:
    """Return the item of an application that is not stored yet."""
    optional = {"RawStatus": application.raw_status, "Head": application.head}
    return {
        **key(application.application_id),
        "AtsId": {"S": application.ats_id},
        "Status": {"S": application.status},
        **{name: {"S": text} for name, text in optional.items() if text},
        "Transitions": {"M": {k: transition_value(t) for k, t in application.transitions.items()}},
        **({"ResendKeys": {"SS": sorted(application.resend_keys)}} if application.resend_keys else {}),
        "Version": {"N": str(application.version)},
        "UpdatedAt": {"S": updated_at},
        **(registration_attributes(application.registration) if application.registration else {}),
    }


def transition_value(transition: Transition) -> Item:
    """Return a value of the Transitions map; the effective time stands in its key."""
    return {
        "M": {
            "Status": {"S": transition.status},
            "ReceivedAt": {"S": to_text(transition.received_at)},
            **({"RawStatus": {"S": transition.raw_status}} if transition.raw_status else {}),
            **({} if transition.timed else {"Untimed": {"BOOL": True}}),
        }
    }


def registration_attributes(registration: Registration) -> Item:
    """Return the attributes that a registration adds to an item, AtsId aside."""
    aliases = {kind: {"L": _strings(values)} for kind, values in registration.aliases.items()}
    return {
        "ClientId": {"S": registration.client_id},
        "JobId": {"S": registration.job_id},
        "JobseekerId": {"S": registration.jobseeker_id},
        "JobTitle": {"S": registration.job_title},
        "Company": {"S": registration.company},
        "AppliedAt": {"S": to_text(registration.applied_at)},
        **({"Aliases": {"M": aliases}} if aliases else {}),
    }


def application(item: Item) -> Application:
    """Read an item; KeyError, TypeError or ValueError where it isn't one of ours."""
    return Application(
        application_id=ApplicationId(item["AtsiApplicationId"]["S"]),
        ats_id=AtsId(item["AtsId"]["S"]),
        status=Status(item["Status"]["S"]),
        version=int(item["Version"]["N"]),
        raw_status=_text(item, "RawStatus"),
        head=_text(item, "Head"),
        transitions={k: _transition(k, value["M"]) for k, value in item["Transitions"]["M"].items()},
        resend_keys=frozenset(item["ResendKeys"]["SS"]) if "ResendKeys" in item else frozenset(),
        registration=_registration(item) if "AppliedAt" in item else None,
    )


def _transition(transition_key: str, value: Mapping[str, Any]) -> Transition:
    return Transition(
        status=Status(value["Status"]["S"]),
        effective_at=from_text(transition_key.partition("#")[0]),
        received_at=from_text(value["ReceivedAt"]["S"]),
        timed="Untimed" not in value,
        raw_status=_text(value, "RawStatus"),
    )


def _registration(item: Item) -> Registration:
    aliases = item.get("Aliases", {"M": {}})["M"]
    return Registration(
        ats_id=AtsId(item["AtsId"]["S"]),
        client_id=item["ClientId"]["S"],
        job_id=item["JobId"]["S"],
        jobseeker_id=item["JobseekerId"]["S"],
        job_title=item["JobTitle"]["S"],
        company=item["Company"]["S"],
        applied_at=from_text(item["AppliedAt"]["S"]),
        aliases={kind: tuple(value["S"] for value in values["L"]) for kind, values in aliases.items()},
    )


def _text(item: Mapping[str, Any], name: str) -> str | None:
    return item[name]["S"] if name in item else None


def _strings(values: Iterable[str]) -> list[Item]:
    return [{"S": value} for value in values]
