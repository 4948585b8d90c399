"""One thing at a time: what fails for one thing is that thing's failure, and must not stop the others.

An outage is different: it would fail the next thing too. It is raised, so that the work is tried again.
"""

from collections.abc import Callable, Iterable, Iterator

from botocore.exceptions import BotoCoreError, ParamValidationError

from application_status.platform.dynamodb.client import DynamoDBError, NoReply
from application_status.platform.errors import Unavailable


def is_outage(error: Exception) -> bool:
    """Whether an error comes from the store, its permissions or a lack of memory, and not from what was processed."""
    if isinstance(error, DynamoDBError):
        return not error.is_content_error
    if isinstance(error, ParamValidationError):
        return False
    return isinstance(error, (Unavailable, NoReply, BotoCoreError, MemoryError))


def one_by_one[Given, Made](
    given: Iterable[Given], make: Callable[[Given], Made], failed: Callable[[Given, Exception], object]
) -> Iterator[tuple[Given, Made]]:
    """Yield each thing with what is made of it; one that this fails for goes to `failed`, with its error.

    Raises any outage (see `is_outage`).
    """
    for one in given:
        try:
            made = make(one)
        except Exception as error:
            if is_outage(error):
                raise
            failed(one, error)
        else:
            yield one, made
