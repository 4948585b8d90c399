"""`application-status jobseeker`: exports and erases all that is stored about a jobseeker."""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from application_status.access.assignments import Assignments
from application_status.applications import items
from application_status.applications.aliases import AliasTable, position_alias, row_key
from application_status.applications.erase import Erasure
from application_status.applications.positions import STATE
from application_status.applications.read import JobseekersApplications
from application_status.applications.scan import ITEMS_PER_CALL, AllApplications
from application_status.cli import parquet
from application_status.cli.applications import described
from application_status.cli.output import print_error, print_line, print_table, private_file, progress_bar
from application_status.cli.target import Target, pass_target
from application_status.facts.rules import pseudonym
from application_status.platform.dynamodb.client import Item, batch_get
from application_status.platform.outages import one_by_one
from application_status.platform.values import ApplicationId, now, to_text
from application_status.quality.counters.generations import generations
from application_status.quality.counters.items import Marker
from application_status.quality.counters.write import read_markers

_INDEX_PAUSE_SECONDS = 2.0
_COUNTING_READS, _COUNTING_PAUSE_SECONDS = 15, 2.0


@click.group("jobseeker")
def commands() -> None:
    """Export and erase all that is stored about a jobseeker."""


@commands.command("export")
@click.argument("jobseeker_id", metavar="JOBSEEKER-ID")
@click.option("--to", required=True, type=click.Path(path_type=Path), metavar="FILE", help="A new file.")
@pass_target
def _export(target: Target, jobseeker_id: str, to: Path) -> None:
    """Write all that is stored about a jobseeker to a file that only you can read.

    The file is JSON: the users that are assigned to the jobseeker, and each application with its history, its aliases,
    the states of its positions, and what the quality reports count it for.
    """
    found = [each for page in _stored(target, jobseeker_id) for each in page]
    users = _assignments(target).of_jobseeker(jobseeker_id)
    if not found and not users:
        raise _unknown(jobseeker_id)
    target.record(click.get_current_context())
    with private_file(to) as file:
        about = {
            "jobseeker": jobseeker_id,
            "exported_at": to_text(now()),
            "users": users,
            "applications": _exported(target, found),
        }
        json.dump(about, file, indent=2, ensure_ascii=False)
    print_line(f"{len(found)} applications of the jobseeker {jobseeker_id} are in {to}.")


def _exported(target: Target, found: Sequence[Item]) -> list[dict[str, Any]]:
    aliases, table = AliasTable(target.dynamodb, target.table("AliasesTable")), target.table("AliasesTable")
    quality = target.table("QualityTable")
    live = generations(target.dynamodb, quality).live
    exported = []
    for group in batched(found, ITEMS_PER_CALL, strict=False):
        markers = read_markers(target.dynamodb, quality, live, [_id(item) for item in group])
        readable = {_id(item): described(of) for item, of in one_by_one(group, items.application, lambda *_: None)}
        for item in group:
            application_id, registration = _id(item), items.registration(item)
            rows = aliases.rows(application_id, registration) if registration else []
            positions = registration.aliases.position_profile_ids if registration else ()
            states = [row_key(position_alias(registration.ats_id, each), STATE) for each in positions if registration]
            exported.append(
                {
                    **readable.get(application_id, {"application": application_id}),
                    "aliases": [_plain({"M": row}) for row in rows],
                    "positions": [_plain({"M": row}) for row in batch_get(target.dynamodb, table, states)],
                    "counted": _counted(markers.get(application_id)),
                    "stored": _plain({"M": item}),
                }
            )
    return exported


def _counted(marker: Marker | None) -> list[dict[str, Any]]:
    cells = marker.contribution.items() if marker else ()
    return [{"ats": cell.ats_id, "day": cell.day, "measure": cell.measure, "amount": n} for cell, n in cells]


def _plain(value: Mapping[str, Any]) -> Any:
    """Convert a value from DynamoDB JSON; a number stays a text, to keep its digits."""
    ((kind, content),) = value.items()
    if kind == "M":
        return {name: _plain(each) for name, each in content.items()}
    return [_plain(each) for each in content] if kind == "L" else content


@commands.command("erase")
@click.argument("jobseeker_id", metavar="JOBSEEKER-ID")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_target
def _erase(target: Target, jobseeker_id: str, *, yes: bool) -> None:
    """Erase all applications of a jobseeker permanently.

    Also removes the assignments of the jobseeker's users; delete their accounts with `users remove`. Prints what was
    removed, by place. If it is interrupted, run it again to continue. An application that is registered meanwhile may
    stay; run it again for that.
    """
    found = [item for page in _stored(target, jobseeker_id) for item in page]
    ids = [_id(item) for item in found]
    users = _assignments(target).of_jobseeker(jobseeker_id)
    if (ids or users) and not yes:
        what = f"{len(ids)} applications and {len(users)} assignments of the jobseeker {jobseeker_id}"
        _confirm(f"Erase {what} permanently?")
    removed = dict.fromkeys(_PLACES, 0)
    # First what is found by the applications' ids, and the applications last: then a repeated run finds the rest.
    removed["failed records"] += _erase_failed_records(target, {*ids, jobseeker_id})
    removed["facts"] += _erase_facts(target, ids, min((item["AppliedAt"]["S"] for item in found), default=""))
    erased = _erase_applications(target, jobseeker_id, removed)
    if found_late := {*erased} - {*ids}:  # the index did not show them before
        removed["facts"] += _erase_facts(target, [*found_late], "")
    removed["failed records"] += _erase_failed_records(target, {*ids, *erased, jobseeker_id})
    removed["users"] = _unassign(target, users)
    if not any(removed.values()):
        raise _unknown(jobseeker_id)
    removed["counters"] = _uncounted(target, erased)
    print_table(("place", "removed"), removed.items(), as_json=False)
    if removed["counters"] < len(erased):
        print_error(
            f"{len(erased) - removed['counters']} applications are still counted. The analytics function takes them "
            "out of the counters; check it with `analytics verify`."
        )


def _confirm(question: str) -> None:
    """Ask for a confirmation.

    Raises:
        UsageError: there is no terminal to ask at.
        Abort: the answer is no.
    """
    try:
        click.confirm(question, abort=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError("This was not confirmed, so nothing was erased. Give --yes to erase.") from None


_PLACES = ("applications", "aliases", "counters", "facts", "failed records", "users")


def _assignments(target: Target) -> Assignments:
    return Assignments(target.dynamodb, target.table("UsersTable"))


def _unassign(target: Target, users: Sequence[str]) -> int:
    """Remove the assignments of users, and print whose accounts are left; return how many users there are."""
    assignments = _assignments(target)
    for user_id in users:
        assignments.remove(user_id)
        print_error(f"The user {user_id} is not assigned any more; delete the account with `users remove {user_id}`.")
    return len(users)


def _unknown(jobseeker_id: str) -> LookupError:
    return LookupError(
        f"nothing is stored about a jobseeker {jobseeker_id}: the id is unknown, or all was erased or expired before"
    )


def _stored(target: Target, jobseeker_id: str) -> Iterator[Sequence[Item]]:
    """Yield the items of a jobseeker's applications, in groups."""
    table = target.table("ApplicationsTable")
    applications = AllApplications(target.dynamodb, table)
    ids = JobseekersApplications(target.dynamodb, table).ids(jobseeker_id)
    for group in batched(ids, ITEMS_PER_CALL, strict=False):
        yield [item for item in applications.of(group) if not items.is_tombstone(item)]


def _erase_applications(target: Target, jobseeker_id: str, removed: dict[str, int]) -> list[ApplicationId]:
    """Erase applications until the index has no more; return their ids."""
    erasure = Erasure(target.dynamodb, target.table("ApplicationsTable"), target.table("AliasesTable"))
    done: list[ApplicationId] = []
    with progress_bar("applications") as progress:
        while ids := [_id(item) for page in _stored(target, jobseeker_id) for item in page]:
            for each in ids:
                erased = erasure.erase(each)
                removed["applications"] += erased.was_stored
                removed["aliases"] += erased.aliases
                done.append(each)
                progress.update(1)
            time.sleep(_INDEX_PAUSE_SECONDS)
    return done


def _erase_failed_records(target: Target, ids: set[str]) -> int:
    """Remove the stream records that name one of the ids from the bucket of failed records; return how many."""
    bucket, removed = target.bucket("FailedRecordsBucket"), 0
    if bucket is None:
        return 0
    for key in _keys(target, bucket):
        try:
            document = json.loads(target.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            if "requestPayload" in document:  # log lines, which contain no personal data
                continue
            event = json.loads(document["payload"])
            kept = [record for record in event["Records"] if ids.isdisjoint(_texts(record))]
        except (KeyError, TypeError, ValueError):
            print_error(f"can't be read, so look into it yourself: s3://{bucket}/{key}")
            continue
        amount = len(event["Records"]) - len(kept)
        if amount and kept:
            rest = {**document, "payload": json.dumps({**event, "Records": kept})}
            target.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(rest), ContentType="application/json")
        elif amount:
            target.s3.delete_object(Bucket=bucket, Key=key)
        removed += amount
    return removed


def _erase_facts(target: Target, ids: Sequence[ApplicationId], since: str) -> int:
    """Remove the facts of applications from the Parquet objects delivered from a day on; return how many."""
    bucket, removed = target.bucket("FactsBucket"), 0
    if bucket is None or not ids:
        return 0
    pseudonyms = [pseudonym(each) for each in ids]
    with TemporaryDirectory() as folder, progress_bar("objects of facts") as progress:
        file = Path(folder) / "facts.parquet"
        for key in _keys(target, bucket, "facts/", since[:10]):
            target.s3.download_file(bucket, key, str(file))
            amount = parquet.without(file, pseudonyms)
            if amount and file.exists():
                target.s3.upload_file(str(file), bucket, key)
            elif amount:
                target.s3.delete_object(Bucket=bucket, Key=key)
            removed += amount
            progress.update(1)
    return removed


def _keys(target: Target, bucket: str, prefix: str = "", since: str = "") -> Iterator[str]:
    """Yield the keys of objects that were written on a day (ISO 8601, UTC) or later."""
    for page in target.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for each in page.get("Contents", ()):
            if each["LastModified"].date().isoformat() >= since:
                yield each["Key"]


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _uncounted(target: Target, ids: Sequence[ApplicationId]) -> int:
    """Wait until the analytics function has counted the erasures; return for how many it has."""
    quality = target.table("QualityTable")
    live = generations(target.dynamodb, quality).live
    counted = 0
    for reading in range(_COUNTING_READS):
        if reading:
            time.sleep(_COUNTING_PAUSE_SECONDS)
        markers = read_markers(target.dynamodb, quality, live, ids)
        counted = sum(bool(marker.contribution) for marker in markers.values())
        if not counted:
            break
    return len(ids) - counted


def _id(item: Item) -> ApplicationId:
    return ApplicationId(item["AtsiApplicationId"]["S"])
