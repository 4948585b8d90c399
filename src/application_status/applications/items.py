"""The item of the Applications table: its attributes, and the conversion from and to DynamoDB JSON.

AtsiApplicationId  S   the key
AtsId              S   the ATS that may report
Status, RawStatus  S   the status and label of the head, the transition that decides the status
Head               S   the head's transition key; absent while the application is only registered
Transitions        M   transition key -> {ReceivedAt, Channel? (absent: atsi), Status?, RawStatus?, RawPhase?, Outcome?,
                       Mapping?, Success?, Undated?, Proxy?, EffectiveAt? (absent: as in the key), FromPrevious?,
                       DayOffset? N: minutes if not 0, Folded? and FoldedUnmapped? N: reports}
Versions           M   digest of a transition key -> N, the Version written by its report
Folded             N   the number of reports that are only counted, because the history was full; absent if none
SeenUntil          S   the newest key of a snapshot that repeated the head, or only its time; absent without one
ResendKeys         L   of S: digests of the newest Idempotency-Keys, the newest last
Version            N   1 at creation, + 1 with every write
UpdatedAt          S   the time of the last write
ClientId, JobId, JobseekerId, JobTitle, Company, AppliedAt, Link?, Location?  S, Aliases M
                       the registration; absent without one
ExpiresAt          N   only in the sandbox: when DynamoDB may delete the item, in seconds since 1970
Positions          M   digest of a position -> {Ended, Since, DayOffset?, ReceivedAt, Version}, its last reported
                       state; absent without aliases
ArchivedAs         S   the status with which the jobseeker archived it; absent if it is not archived
Feedback           M   the jobseeker's status -> {Reason, Text?, SentAt, ClosedAt?}, what is wrong; absent if nothing
ErasedAt           S   only in the tombstone of an erased or expired application, which has the key, ErasedAt, Version
Expired            BOOL  true if the application expired; absent if it was erased
AliasOf            S   only in the tombstone that stands for a second id of an application: the application's first id
AliasAtsId         S   beside AliasOf: the application's ATS; absent in items from before it was added
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from application_status.applications.rules.application import Application, Position, PositionReport
from application_status.applications.rules.notes import Feedback, FeedbackReason, Notes
from application_status.applications.rules.registration import Aliases, Registration
from application_status.applications.rules.report import (
    Channel,
    Folded,
    Interpretation,
    Success,
    TimeSource,
    Transition,
    digest,
    effective_time,
    is_after_another,
    is_day_alone,
    order_time,
    tiebreaker_of,
)
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.dynamodb.client import Item
from application_status.platform.values import ApplicationId, AtsId, from_text, to_text


def key(application_id: ApplicationId) -> Item:
    """Return the primary key of an application."""
    return {"AtsiApplicationId": {"S": application_id}}


def application_item(application: Application, *, updated_at: str) -> Item:
    """Return the item of a new application."""
    optional = {"RawStatus": application.raw_status, "Head": application.head}
    return {
        **key(application.application_id),
        "AtsId": {"S": application.ats_id},
        "Status": {"S": application.status},
        **{name: {"S": text} for name, text in optional.items() if text},
        **history_attributes(application.transitions),
        **({"ResendKeys": resend_keys_value(application.resend_keys)} if application.resend_keys else {}),
        "Version": {"N": str(application.version)},
        "UpdatedAt": {"S": updated_at},
        **(registration_attributes(application.registration) if application.registration else {}),
    }


def tombstone(application_id: ApplicationId, *, version: int, erased_at: str, expired: bool = False) -> Item:
    """Return the item that replaces an erased or expired application.

    It stays for ever, as a sender may report an application at any time.
    """
    flag = {"Expired": {"BOOL": True}} if expired else {}
    return {**key(application_id), "ErasedAt": {"S": erased_at}, "Version": {"N": str(version)}, **flag}


def expiry(expires_at: datetime) -> Item:
    """Return the TTL attribute by which DynamoDB deletes an item, within days after that time."""
    return {"ExpiresAt": {"N": str(int(expires_at.timestamp()))}}


def second_id(application_id: ApplicationId, second: ApplicationId, ats_id: AtsId, *, added_at: str) -> Item:
    """Return the item of a second id of an ATS's application, a tombstone, so nothing else can get this id."""
    stands_for = {"AliasOf": {"S": application_id}, "AliasAtsId": {"S": ats_id}}
    return {**tombstone(second, version=1, erased_at=added_at), **stands_for}


def first_id(item: Item | None, ats_id: AtsId | None = None) -> ApplicationId | None:
    """Return the application's first id, if the item stands for a second id; None for other items.

    With `ats_id`, also None if the application is another ATS's, so that its first id is not read for nothing: the
    time that takes would show that the second id exists.
    """
    if item is None or "AliasOf" not in item:
        return None
    is_anothers = ats_id is not None and item.get("AliasAtsId", {"S": ats_id})["S"] != ats_id
    return None if is_anothers else ApplicationId(item["AliasOf"]["S"])


def is_tombstone(item: Item) -> bool:
    """Return whether an item is a tombstone, which `application` can't parse."""
    return "ErasedAt" in item


def history_attributes(transitions: Mapping[str, Transition]) -> Item:
    """Return the attributes of a whole history."""
    folded_reports = sum(each.folded.reports for each in transitions.values() if each.folded)
    return {
        "Transitions": {"M": {key: transition_value(each) for key, each in transitions.items()}},
        "Versions": {
            "M": {version_key(key): {"N": str(each.version)} for key, each in transitions.items() if each.version}
        },
        **({"Folded": {"N": str(folded_reports)}} if any(each.folded for each in transitions.values()) else {}),
    }


@lru_cache(1024)  # the reports of a batch may be about one full history
def version_key(transition_key: str) -> str:
    """Return a transition's key in Versions, a digest, as full keys would double the item's size."""
    return digest(transition_key, length=6)


def resend_keys_value(keys: Sequence[str]) -> Item:
    """Return the value of ResendKeys."""
    return {"L": [{"S": key} for key in keys]}


def transition_value(transition: Transition) -> Item:
    """Return a value of the Transitions map; the effective time is part of its key."""
    interpretation = transition.interpretation
    texts: dict[str, str | None] = {
        "Channel": transition.channel if transition.channel is not Channel.ATSI else None,
        "Status": interpretation.status,
        "RawStatus": interpretation.raw_status,
        "RawPhase": interpretation.raw_phase,
        "Outcome": interpretation.outcome,
        "Mapping": interpretation.mapping,
        "Success": interpretation.success,
    }
    flags = {
        "Undated": transition.time_source is TimeSource.RECEIVED,
        "Proxy": transition.time_source is TimeSource.PROXY,
        "FromPrevious": transition.from_previous,
    }
    if transition.sorted_at and transition.time_source is not TimeSource.RECEIVED:
        texts["EffectiveAt"] = to_text(transition.effective_at)
    folded = transition.folded
    numbers = {
        "DayOffset": transition.day_offset or None,  # 0 is left out: the key shows that only the day was sent
        "Folded": folded.reports if folded else None,
        "FoldedUnmapped": folded.unmapped if folded else None,
    }
    return {
        "M": {
            "ReceivedAt": {"S": to_text(transition.received_at)},
            **{name: {"S": text} for name, text in texts.items() if text},
            **{name: {"BOOL": True} for name, flag in flags.items() if flag},
            **{name: {"N": str(number)} for name, number in numbers.items() if number is not None},
        }
    }


def position_state(report: PositionReport, *, received_at: datetime) -> Item:
    """Return a value of the Positions map without its Version."""
    return {
        "Ended": {"BOOL": report.ended},
        "Since": {"S": to_text(report.effective_at)},
        **({} if report.day_offset is None else {"DayOffset": {"N": str(report.day_offset)}}),
        "ReceivedAt": {"S": to_text(received_at)},
    }


def registration_attributes(registration: Registration) -> Item:
    """Return the attributes of a registration, except AtsId."""
    aliases = {
        name: {"L": [{"S": value} for value in values]}
        for name, values in registration.aliases.by_kind.items()
        if values
    }
    optional = {"Link": registration.link, "Location": registration.location}
    return {
        "ClientId": {"S": registration.client_id},
        "JobId": {"S": registration.job_id},
        "JobseekerId": {"S": registration.jobseeker_id},
        "JobTitle": {"S": registration.job_title},
        "Company": {"S": registration.company},
        "AppliedAt": {"S": to_text(registration.applied_at)},
        **{name: {"S": text} for name, text in optional.items() if text},
        **({"Aliases": {"M": aliases}, "Positions": {"M": {}}} if aliases else {}),
    }


def id_of(item: Item) -> ApplicationId:
    """Return the application's id in an item or an image of it.

    Raises:
        KeyError: it has none.
        TypeError: the id is no text. Counting would never find what it has stored for such an id, and try for ever.
    """
    found = item["AtsiApplicationId"]["S"]
    if not isinstance(found, str):
        raise TypeError("the AtsiApplicationId is no text")
    return ApplicationId(found)


def application(item: Item) -> Application:
    """Parse an item.

    Raises:
        KeyError: an attribute is missing.
        TypeError: an attribute has another type.
        ValueError: an attribute has an invalid value.
    """
    return Application(
        application_id=id_of(item),
        ats_id=AtsId(item["AtsId"]["S"]),
        status=Status(item["Status"]["S"]),
        version=int(item["Version"]["N"]),
        raw_status=_text(item, "RawStatus"),
        seen_until=_text(item, "SeenUntil"),
        head=_text(item, "Head"),
        transitions={
            k: _transition(k, value["M"], item["Versions"]["M"].get(version_key(k)))
            for k, value in item["Transitions"]["M"].items()
        },
        resend_keys=tuple(key["S"] for key in item["ResendKeys"]["L"]) if "ResendKeys" in item else (),
        registration=registration(item),
        positions={k: _position(value["M"]) for k, value in item.get("Positions", {"M": {}})["M"].items()},
        notes=_notes(item),
    )


def application_as_it_stands(item: Item) -> Application:
    """Parse an item without the transitions before its head, of which a history may have hundreds.

    Its status, label and outcome are right, as no other transition decides them. Raises what `application` raises.
    """
    head = item.get("Head", {"S": ""})["S"]
    decisive = {key: value for key, value in item["Transitions"]["M"].items() if key == head}
    return application({**item, "Transitions": {"M": decisive}})


def status_and_version(item: Item) -> tuple[Status, int]:
    """Parse only the status and version of an item."""
    return Status(item["Status"]["S"]), int(item["Version"]["N"])


def registration(item: Item) -> Registration | None:
    """Parse the registration in an application's item; None without one."""
    if "AppliedAt" not in item:
        return None
    aliases = item.get("Aliases", {"M": {}})["M"]

    def values(kind: str) -> tuple[str, ...]:
        return tuple(value["S"] for value in aliases[kind]["L"]) if kind in aliases else ()

    return Registration(
        ats_id=AtsId(item["AtsId"]["S"]),
        client_id=item["ClientId"]["S"],
        job_id=item["JobId"]["S"],
        jobseeker_id=item["JobseekerId"]["S"],
        job_title=item["JobTitle"]["S"],
        company=item["Company"]["S"],
        applied_at=from_text(item["AppliedAt"]["S"]),
        link=_text(item, "Link"),
        location=_text(item, "Location"),
        aliases=Aliases.of_kinds(values),
    )


def feedback_value(feedback: Feedback) -> Item:
    """Return a value of the Feedback map."""
    optional = {"Text": feedback.text, "ClosedAt": feedback.closed_at and to_text(feedback.closed_at)}
    return {
        "M": {
            "Reason": {"S": feedback.reason},
            "SentAt": {"S": to_text(feedback.sent_at)},
            **{name: {"S": text} for name, text in optional.items() if text},
        }
    }


def _notes(item: Item) -> Notes:
    sent = item.get("Feedback", {"M": {}})["M"]
    return Notes(_text(item, "ArchivedAs"), {status: _feedback(value["M"]) for status, value in sent.items()})


def _feedback(value: Mapping[str, Any]) -> Feedback:
    return Feedback(
        reason=FeedbackReason(value["Reason"]["S"]),
        text=_text(value, "Text") or "",
        sent_at=from_text(value["SentAt"]["S"]),
        closed_at=_optional(from_text, value, "ClosedAt"),
    )


def _transition(key: str, value: Mapping[str, Any], version: Mapping[str, Any] | None) -> Transition:
    received_at = from_text(value["ReceivedAt"]["S"])
    if "Undated" in value:
        effective_at, source = received_at, TimeSource.RECEIVED
    else:
        own = _optional(from_text, value, "EffectiveAt")
        effective_at, source = own or effective_time(key), TimeSource.PROXY if "Proxy" in value else TimeSource.REPORTED
    return Transition(
        channel=_optional(Channel, value, "Channel") or Channel.ATSI,
        interpretation=Interpretation(
            status=_optional(Status, value, "Status"),
            raw_status=_optional(str, value, "RawStatus"),
            raw_phase=_optional(str, value, "RawPhase"),
            outcome=_optional(Outcome, value, "Outcome"),
            mapping=_optional(str, value, "Mapping"),
            success=_optional(Success, value, "Success"),
        ),
        effective_at=effective_at,
        received_at=received_at,
        tiebreaker=tiebreaker_of(key),
        time_source=source,
        day_offset=(_number(value, "DayOffset") or 0) if is_day_alone(key) else None,
        from_previous="FromPrevious" in value,
        sorted_at=order_time(key) if is_after_another(key) else None,
        folded=Folded(int(value["Folded"]["N"]), int(value["FoldedUnmapped"]["N"])) if "Folded" in value else None,
        version=int(version["N"]) if version else None,
    )


def _optional[Kind](kind: Callable[[str], Kind], value: Mapping[str, Any], name: str) -> Kind | None:
    return kind(value[name]["S"]) if name in value else None


def _number(value: Mapping[str, Any], name: str) -> int | None:
    return int(value[name]["N"]) if name in value else None


def _position(value: Mapping[str, Any]) -> Position:
    return Position(
        ended=value["Ended"]["BOOL"],
        since=from_text(value["Since"]["S"]),
        day_offset=_number(value, "DayOffset"),
        received_at=from_text(value["ReceivedAt"]["S"]),
        version=int(value["Version"]["N"]),
    )


def _text(item: Mapping[str, Any], name: str) -> str | None:
    return item[name]["S"] or None if name in item else None
