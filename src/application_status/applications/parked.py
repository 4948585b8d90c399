"""Events about applications that no alias names yet. They are kept for 30 days and recorded once an alias is added.

A webhook of a whole company speaks of every applicant, so most events are about applications of others. The rows are
in the Aliases table, and contain no label and no personal data:

Alias                        Member       attributes
parked#<account>#<kind>#<id> <digest>     an event: Ids S, ReceivedAt S, and either Report M or Also S (further ids of
                                          the application); kinds application, candidate, external. A report without
                                          Status says that the application is open
parked#<account>             <day>        Events N, Replayed N: numbers of that day (UTC)

ExpiresAt N is when DynamoDB deletes a row, in seconds since 1970.

Model: tests/promises/models/promotion.pml
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from application_status.applications.aliases import Account, AliasTable, NativeAlias, row_key, rows_of
from application_status.applications.items import expiry
from application_status.applications.record import Applications, Recorded
from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases, NativeIds
from application_status.applications.rules.report import Channel, Interpretation, Report, digest
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.dynamodb.client import DynamoDB, Item, batch_delete
from application_status.platform.errors import AliasTaken, ConditionFailed, TooManyAliases, UnknownApplication
from application_status.platform.telemetry import logger
from application_status.platform.values import ApplicationId, AtsId, from_text, now, to_text

PARKED_FOR = timedelta(days=30)
EVENTS_PER_DAY = 10_000
"""The maximum number of events that are parked for an account per day (UTC)."""

_IS_NOT_PARKED = "attribute_not_exists(Alias) OR ExpiresAt <= :now"
_HAS_ROOM = "attribute_not_exists(Events) OR Events < :most"
_DIGEST_LENGTH = 22
_NOBODY = ApplicationId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedEvent:
    """An event: the report that it makes of an application, or further ids that the application has."""

    ids: NativeIds
    received_at: datetime
    report: Report | None = None
    also: NativeIds | None = None


class ParkedCounts(NamedTuple):
    """The numbers of events of the last 30 days: parked, and recorded later."""

    events: int
    replayed: int


class ParkedEvents:
    """Park events, and record those of an application that got an alias."""

    def __init__(
        self, dynamodb: DynamoDB, aliases_table: str, applications: Applications, registrations: Registrations
    ) -> None:
        self._dynamodb = dynamodb
        self._table = aliases_table
        self._aliases = AliasTable(dynamodb, aliases_table)
        self._applications = applications
        self._registrations = registrations

    def park(self, account: Account, event: ParkedEvent) -> bool:
        """Keep an event, as first received; return False if the account has parked too many today.

        An alias may be added between the look-up of its application and this write. So the application is looked up
        again, and its events are recorded.
        """
        if not self._count(account, "Events"):
            return False
        content = _content(event)
        for key in _keys(account, event):
            with suppress(ConditionFailed):  # it was parked before
                self._dynamodb(
                    "PutItem",
                    TableName=self._table,
                    Item={**key, **content},
                    ConditionExpression=_IS_NOT_PARKED,
                    ExpressionAttributeValues={":now": expiry(event.received_at)["ExpiresAt"]},
                )
        found = self._aliases.native(account, event.ids)
        if found:
            self.replay(found)
        return True

    def replay(self, alias: NativeAlias) -> list[Recorded]:
        """Record the events that were parked for an alias, oldest first, and remove them.

        Those of an alias that several applications have stay parked. It can be repeated at any time: an event that was
        recorded before changes nothing. Those of an erased application stay parked, too: another may get the alias.
        """
        if alias.member != "-" and len(self._aliases.natives(alias.alias)) > 1:
            return []
        account, kind, first = _parts(alias.alias)
        matching = [each for each in self._parked(account, kind, first) if _names(account, each.ids, alias)]
        results: list[Recorded] = []
        for event in sorted(matching, key=_order):
            try:
                if event.also:
                    self._link(alias.application_id, event.also)
                elif event.report and not alias.ended:
                    results += self._record(replace(event.report, application_id=alias.application_id))
            except UnknownApplication:
                return results
            except (AliasTaken, TooManyAliases) as refused:  # a repetition would change nothing
                logger.warning("aliases not added", error=type(refused).__name__)
            batch_delete(self._dynamodb, self._table, _keys(account, event))
            self._count(account, "Replayed")
        return results

    def _record(self, report: Report) -> list[Recorded]:
        """Record a report, unless it says only that the application is open, which has not ended."""
        if report.interpretation.status is None:
            report = self._registrations.reopening(report)
        return [self._applications.record(report)] if report.interpretation.status else []

    def _link(self, application_id: ApplicationId, ids: NativeIds) -> None:
        self._registrations.add_aliases(application_id, lambda _: Aliases(native=(ids,)))

    def counts(self, account: Account) -> ParkedCounts:
        """Return the numbers of the last 30 days."""
        rows = list(rows_of(self._dynamodb, self._table, f"parked#{account.key}"))
        numbers = ([int(row[name]["N"]) for row in rows if name in row] for name in ("Events", "Replayed"))
        return ParkedCounts(*map(sum, numbers))

    def _parked(self, account: Account, kind: str, value: str) -> Iterator[ParkedEvent]:
        for row in rows_of(self._dynamodb, self._table, f"parked#{account.key}#{kind}#{value}"):
            yield _event(row, account)

    def _count(self, account: Account, what: str) -> bool:
        """Add one to a number of today; return False if today's events have reached their maximum."""
        moment = now()
        room = {"ConditionExpression": _HAS_ROOM} if what == "Events" else {}
        most = {":most": {"N": str(EVENTS_PER_DAY)}} if room else {}
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._table,
                Key=row_key(f"parked#{account.key}", moment.date().isoformat()),
                UpdateExpression="ADD #what :one SET ExpiresAt = :end",
                ExpressionAttributeNames={"#what": what},
                ExpressionAttributeValues={
                    ":one": {"N": "1"},
                    ":end": expiry(moment + PARKED_FOR)["ExpiresAt"],
                    **most,
                },
                **room,
            )
        except ConditionFailed:
            return False
        return True


def _parts(alias: str) -> tuple[Account, str, str]:
    """Return the account in an alias of an ATS's webhooks, and the kind and value by which its events are parked."""
    provider, ats_id, client_id, kind, value, *_ = alias.split("#")[1:]
    return Account(Channel(provider), AtsId(ats_id), client_id), kind.removesuffix("-job"), value


def _names(account: Account, ids: NativeIds, alias: NativeAlias) -> bool:
    """Return whether an alias names the application of these ids."""
    if alias.alias in account.unique_aliases(ids):
        return alias.member == "-" or not ids.application
    return alias.alone and alias.alias in account.shared_aliases(ids)


def _order(event: ParkedEvent) -> datetime:
    return (event.report.order if event.report else None) or event.received_at


def _keys(account: Account, event: ParkedEvent) -> list[Item]:
    """Return the keys of an event's rows: one for each id by which its application may be registered."""
    identity = event.report.idempotency_key if event.report else event.also
    member = digest(f"{event.ids} {identity}", length=_DIGEST_LENGTH)  # a candidate's applications may share the rest
    by_kind = {"application": event.ids.application, "candidate": event.ids.candidate, "external": event.ids.external}
    return [row_key(f"parked#{account.key}#{kind}#{value}", member) for kind, value in by_kind.items() if value]


def _content(event: ParkedEvent) -> Item:
    return {
        "Ids": {"S": " ".join(event.ids)},
        "ReceivedAt": {"S": to_text(event.received_at)},
        **({"Also": {"S": " ".join(event.also)}} if event.also else {}),
        **({"Report": {"M": _report_value(event.report)}} if event.report else {}),
        **expiry(event.received_at + PARKED_FOR),
    }


def _report_value(report: Report) -> Item:
    """Return what is kept of a report: everything but its label."""
    interpretation = report.interpretation
    texts = {
        "Status": interpretation.status,
        "Outcome": interpretation.outcome,
        "Tiebreaker": report.tiebreaker,
        "IdempotencyKey": report.idempotency_key,
        "EffectiveAt": to_text(report.effective_at) if report.effective_at else None,
        "OrderedAt": to_text(report.order) if report.order else None,
    }
    flags = {"Decision": report.is_decision, "Snapshot": report.is_snapshot}
    return {
        **{name: {"S": text} for name, text in texts.items() if text},
        **{name: {"BOOL": True} for name, flag in flags.items() if flag},
    }


def _event(row: Item, account: Account) -> ParkedEvent:
    ids, received_at = _ids(row["Ids"]["S"]), from_text(row["ReceivedAt"]["S"])
    if "Also" in row:
        return ParkedEvent(ids=ids, received_at=received_at, also=_ids(row["Also"]["S"]))
    return ParkedEvent(ids=ids, received_at=received_at, report=_report(row["Report"]["M"], account, received_at))


def _ids(text: str) -> NativeIds:
    provider, *ids = text.split(" ")
    return NativeIds(Channel(provider), *ids)


def _report(value: Item, account: Account, received_at: datetime) -> Report:
    """Parse a report, which is sorted by its time of receipt if it has no other.

    If it is no decision, it is a snapshot, because events that arrived later may have been recorded before it.
    """
    times = {name: from_text(value[name]["S"]) for name in ("EffectiveAt", "OrderedAt") if name in value}
    return Report(
        application_id=_NOBODY,
        ats_id=account.ats_id,
        channel=account.provider,
        interpretation=Interpretation(
            status=Status(value["Status"]["S"]) if "Status" in value else None,
            outcome=Outcome(value["Outcome"]["S"]) if "Outcome" in value else None,
        ),
        received_at=received_at,
        tiebreaker=value["Tiebreaker"]["S"],
        effective_at=times.get("EffectiveAt"),
        idempotency_key=value["IdempotencyKey"]["S"],
        ordered_at=times.get("OrderedAt", received_at),
        is_decision="Decision" in value,
        is_snapshot="Snapshot" in value or "Decision" not in value,
    )
