"""Everything raised on purpose.

ServiceError
+-- Refusal                  the caller has to change something; nothing was written
|   +-- Unauthenticated      no token, or none that is good here
|   +-- Forbidden            the caller is known, but this is not for it
|   +-- MethodNotAllowed     the path exists, the method does not
|   +-- NotAcceptable        the reply can't be in any of the media types that the caller takes
|   +-- UnsupportedMediaType the body is not declared as UTF-8 JSON
|   +-- BodyTooLarge         the body is over its limit
|   +-- MalformedBody        the body is not JSON that is accepted here
|   +-- MalformedHeader      a header has a value that is not accepted here
|   +-- InvalidFields        the JSON is fine, its fields are not
|   +-- UnknownPath          there is nothing at this path
|   +-- UnknownApplication   no such application, or not the caller's (indistinguishable)
|   +-- DailyLimitReached    the ATS did as much today as it may do in a day
|   +-- RegistrationConflict the id is known already, for another ATS, client, job, jobseeker or moment of applying
|   +-- AliasTaken           an alias of the registration is another application's
|   +-- TooManyAliases       the application would have more aliases of a kind than are kept
|   +-- ApplicationErased    the application was erased, and stays so
+-- Unavailable              the store is throttled or down; the same call may succeed later
+-- ConditionFailed          a write's condition did not hold; carries the item as it was
+-- SettingsError            a setting is missing or wrong; the function does not start
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class ServiceError(Exception):
    """The root of the tree above."""


class Refusal(ServiceError):
    """A request that can't succeed as it is; `str(error)` says why and what would be right."""


class Unauthenticated(Refusal):
    """One sentence for every reason, so that tokens can't be probed."""

    def __init__(self) -> None:
        super().__init__("A valid token for this path is required.")


class Forbidden(Refusal):
    """The caller is known, but asks for what is not for it; the sentence says what is."""


class MethodNotAllowed(Refusal):
    """The path exists, but not with this method; `allowed` are the methods that do."""

    def __init__(self, allowed: str) -> None:
        super().__init__(f"Use {allowed}.")
        self.allowed = allowed


class NotAcceptable(Refusal):
    """The caller takes none of the media types that the reply can be in."""


class UnsupportedMediaType(Refusal):
    """The body is not declared as `application/json` in UTF-8."""


class BodyTooLarge(Refusal):
    """The body has more bytes than its limit."""


class MalformedBody(Refusal):
    """The body is not UTF-8 JSON without duplicate keys."""


class MalformedHeader(Refusal):
    """A header's value is not accepted."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: where (RFC 6901 pointer), what is wrong, and what would be right."""

    pointer: str
    detail: str
    expected: str


class InvalidFields(Refusal):
    """One entry for every wrong field, and the names of the fields that nobody reads."""

    def __init__(self, errors: tuple[FieldError, ...], ignored: tuple[str, ...] = ()) -> None:
        super().__init__("Fields are missing or wrong; see errors.")
        self.errors = errors
        self.ignored = ignored


class UnknownPath(Refusal):
    """There is nothing at this path."""

    def __init__(self) -> None:
        super().__init__("There is nothing at this path; /docs lists the paths.")


class UnknownApplication(Refusal):
    """One sentence for unknown and foreign applications, so that ids can't be probed."""

    def __init__(self) -> None:
        super().__init__("There is no application with this AtsiApplicationId among yours.")


class DailyLimitReached(Refusal):
    """The ATS made as many applications of the sandbox today as it may, and may again in `retry_after` seconds."""

    def __init__(self, limit: int, retry_after: int) -> None:
        super().__init__(
            f"Your ATS has made {limit} applications of the sandbox today (UTC), the most for a day. Use those, or "
            "make more after Retry-After seconds."
        )
        self.retry_after = retry_after


class RegistrationConflict(Refusal):
    """The id is known already, with other values in the fields named, which never change."""

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(
            f"This AtsiApplicationId is known already, with another {' and another '.join(fields)}. Only JobTitle, "
            "Company and further Aliases can change; register another application under its own id."
        )


class AliasTaken(Refusal):
    """Another application has an alias of the registration; only the aliases' kinds are named."""

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__(
            f"Another application has one of the Aliases sent: {' and '.join(kinds)}. Nothing was written; send the "
            "registration without that alias."
        )


class TooManyAliases(Refusal):
    """The application would have more aliases of the kinds named than are kept."""

    def __init__(self, kinds: Sequence[str], limit: int) -> None:
        super().__init__(
            f"The application would have more than {limit} Aliases of a kind: {' and '.join(kinds)}. Nothing was "
            "written; send the registration without further aliases of that kind."
        )


class ApplicationErased(Refusal):
    """An erased application can't be registered again."""

    def __init__(self) -> None:
        super().__init__("The application with this AtsiApplicationId was erased; it can't be registered again.")


class Unavailable(ServiceError):
    """The store did not answer in time or refused for load; nothing is known to be written."""


class ConditionFailed(ServiceError):
    """A conditional write was refused by the store.

    `item` is the item as it was (DynamoDB JSON; None when there was none); of a transaction, the first action's if that
    one's condition failed. `in_doubt`: an earlier attempt of the same call got no reply, or a server error, so that the
    item may already hold what the call wanted to write. `actions`: of a transaction, the places (from 0) of the actions
    whose conditions failed.
    """

    def __init__(self, item: Mapping[str, Any] | None, *, in_doubt: bool, actions: tuple[int, ...] = ()) -> None:
        super().__init__("condition failed")
        self.item = item
        self.in_doubt = in_doubt
        self.actions = actions


class SettingsError(ServiceError):
    """A setting is missing or wrong."""
