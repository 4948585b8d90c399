"""Process items one by one, and distinguish an outage from an error in one item.

If one item is bad, only that item fails and the others continue. An outage would fail the next item too, so it is
raised and the work is retried later.
"""

from collections.abc import Callable, Iterable, Iterator

from botocore.exceptions import BotoCoreError, ParamValidationError

from application_status.platform.dynamodb.client import DynamoDBError, NoReply
from application_status.platform.errors import Unavailable


def is_outage(error: Exception) -> bool:
    """Return whether an error comes from the store, its permissions or a lack of memory, not from the item itself."""
    if isinstance(error, DynamoDBError):
        return not error.is_content_error
    if isinstance(error, ParamValidationError):
        return False
    return isinstance(error, (Unavailable, NoReply, BotoCoreError, MemoryError))


def one_by_one[Given, Made](
    given: Iterable[Given], make: Callable[[Given], Made], failed: Callable[[Given, Exception], object]
) -> Iterator[tuple[Given, Made]]:
    """Yield each item with the result of `make`; call `failed` with each item for which `make` fails, and its error.

    Raises:
        Exception: an outage; see `is_outage`.
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
