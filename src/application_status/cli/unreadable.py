"""What a command says of applications that it could not read or convert, and left out."""

import sys

from application_status.store.all_applications import Unreadable

_NAMED = 20


def tell(unreadable: Unreadable) -> int:
    """Name them on standard error, by id and type of error alone, and return the exit code: 1 where there are any."""
    for application_id, error in sorted(unreadable.items())[:_NAMED]:
        print(f"can't be read: {application_id} ({error})", file=sys.stderr)
    if unreadable:
        print(f"applications that can't be read and were left out: {len(unreadable)}", file=sys.stderr)
    return 1 if unreadable else 0
