"""Prints the applications that a command left out because it could not read or convert them."""

from application_status.applications.scan import Unreadable
from application_status.cli.output import print_error

_NAMED = 20


def print_unreadable(unreadable: Unreadable) -> int:
    """Print their ids and types of error on standard error; return the exit code: 1 if there are any."""
    for application_id, error in sorted(unreadable.items())[:_NAMED]:
        print_error(f"can't be read: {application_id} ({error})")
    if unreadable:
        print_error(f"applications that can't be read and were left out: {len(unreadable)}")
    return 1 if unreadable else 0
