"""`application-status feedback`: what jobseekers say is wrong with the status of their applications."""

from collections.abc import Iterator

import click

from application_status.cli.applications import ApplicationIdType
from application_status.cli.output import json_option, print_line, print_table
from application_status.cli.target import Target, pass_target
from application_status.jobseeker.board import described
from application_status.jobseeker.feedback import FeedbackList, OpenFeedback
from application_status.jobseeker.rules.status import JobseekerStatus
from application_status.platform.errors import UnknownApplication
from application_status.platform.values import ApplicationId

_COLUMNS = {
    "sent": "SentAt",
    "application": "AtsiApplicationId",
    "ats": "AtsId",
    "client": "ClientId",
    "title": "JobTitle",
    "company": "Company",
    "status": "JobseekerStatus",
    "reason": "Reason",
    "words": "Words",
}


@click.group("feedback")
def commands() -> None:
    """List what jobseekers say is wrong with the status of their applications, and close it."""


@commands.command("list")
@json_option
@pass_target
def _list(target: Target, *, as_json: bool) -> None:
    """List the open feedback, the oldest first."""
    found = [{**described(each)} for each in _open(target)]
    print_table(list(_COLUMNS), [[each[name] for name in _COLUMNS.values()] for each in found], as_json=as_json)


@commands.command("close")
@click.argument("application", type=ApplicationIdType(), metavar="ID")
@click.argument("status", type=click.Choice([str(each) for each in JobseekerStatus]))
@pass_target
def _close(target: Target, application: ApplicationId, status: str) -> None:
    """Close the feedback about a status of an application, which deletes its text.

    The jobseeker sees that it was dealt with. Safe to repeat.
    """
    try:
        _feedback(target).close(application, status)
    except UnknownApplication:
        raise LookupError(f"there is no application {application}; it may have been erased") from None
    print_line(f"The feedback about {status} of the application {application} is closed.")


def _open(target: Target) -> Iterator[OpenFeedback]:
    feedback, after = _feedback(target), None
    while True:
        found, after = feedback.page(after)
        yield from found
        if after is None:
            return


def _feedback(target: Target) -> FeedbackList:
    return FeedbackList(target.dynamodb, target.table("ApplicationsTable"), target.table("FeedbackTable"))
