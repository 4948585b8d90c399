"""What a command says of applications that it could not read or convert, and left out."""

from application_status.applications.scan import Unreadable
from application_status.cli.output import say_error

_NAMED = 20


def tell(unreadable: Unreadable) -> int:
    """Name them on standard error, by id and type of error alone, and return the exit code: 1 where there are any."""
    for application_id, error in sorted(unreadable.items())[:_NAMED]:
        say_error(f"can't be read: {application_id} ({error})")
    if unreadable:
        say_error(f"applications that can't be read and were left out: {len(unreadable)}")
    return 1 if unreadable else 0
