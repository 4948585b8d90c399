"""All errors that the service raises on purpose.

ServiceError
+-- Refusal                  the request can't succeed as sent; nothing was written
|   +-- Unauthenticated      no token, or one that is not valid for this path
|   |   +-- NotSignedIn      a page was requested without a valid session; a browser is led to the sign-in
|   |   +-- WrongSignature   a webhook's delivery was not signed with a secret of its connection
|   +-- Forbidden            the caller is authenticated but not authorized
|   +-- MethodNotAllowed     the path exists, but not with this method
|   +-- NotAcceptable        the reply is not available in any media type that the caller accepts
|   +-- UnsupportedMediaType the body is not declared as UTF-8 JSON
|   |   +-- UnsupportedCoding  the body is compressed
|   +-- BodyTooLarge         the body exceeds its limit
|   +-- MalformedBody        the body is not accepted JSON
|   +-- MalformedHeader      a header has an invalid value
|   +-- UnsupportedGrantType a token request asks for another grant than client_credentials
|   +-- InvalidFields        the body is JSON, but fields are missing or invalid
|   +-- UnknownPath          the path does not exist
|   +-- UnknownApplication   the application does not exist, or is not the caller's (same error for both)
|   +-- UnknownConnection    the connection does not exist, or is not the caller's (same error for both)
|   +-- UnknownFile          the file does not exist, or is not the caller's (same error for both)
|   +-- AwaitingSecret       the connection has no secret yet, so that only tests can be answered
|   +-- TooManyRequests      the ATS sends too many requests, or the address too many with invalid tokens
|   +-- DailyLimitReached    the ATS has created the maximum number of sandbox applications or files today
|   +-- RegistrationConflict the id is registered with another ATS, client, job, jobseeker or application date
|   +-- AliasTaken           an alias in the registration belongs to another application
|   +-- TooManyAliases       the application would exceed the maximum number of aliases of one kind
|   +-- ApplicationErased    the application was erased or has expired, and can't be registered again
+-- Unavailable              the store is throttled or down; the same call may succeed later
+-- ConditionFailed          the condition of a write did not hold; carries the stored item
+-- SettingsError            a setting is missing or wrong; the function does not start
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class ServiceError(Exception):
    """The base class of all errors raised on purpose."""


class Refusal(ServiceError):
    """A request that can't succeed as sent; `str(error)` says what is wrong and what to send instead."""


class Unauthenticated(Refusal):
    """The request has no valid token where the path reads it.

    Without a valid token anywhere, the text is the same for every reason, so callers can't probe for tokens.
    """

    def __init__(self, text: str = "A valid token for this path is required.") -> None:
        super().__init__(text)


class NotSignedIn(Unauthenticated):
    """A page was requested without a valid session, as everybody does before the sign-in and when a token expires."""


class WrongSignature(Unauthenticated):
    """A webhook's delivery was not signed with a secret of its connection; the text says what was received."""

    def __init__(self, text: str) -> None:
        Refusal.__init__(self, text)


class Forbidden(Refusal):
    """The caller is authenticated but not authorized; the text says what would be allowed."""


class MethodNotAllowed(Refusal):
    """The path exists, but does not accept `what` with this method; `allowed` lists the methods that do."""

    def __init__(self, allowed: str, what: str = "this method") -> None:
        super().__init__(f"The path does not accept {what}; use {allowed}.")
        self.allowed = allowed


class NotAcceptable(Refusal):
    """The reply is not available in any media type that the caller accepts."""


class UnsupportedMediaType(Refusal):
    """The body is not declared as `application/json` in UTF-8."""


class UnsupportedCoding(UnsupportedMediaType):
    """The body is compressed, as its header Content-Encoding or its first bytes say."""


class BodyTooLarge(Refusal):
    """The body exceeds its size limit."""


class MalformedBody(Refusal):
    """The body is not UTF-8 JSON (or, of a token request, no form), has duplicate keys or lacks what is required."""


class UnsupportedGrantType(Refusal):
    """A token request asks for another grant than client_credentials."""

    def __init__(self) -> None:
        super().__init__("This grant_type is not supported; send grant_type=client_credentials.")


class MalformedHeader(Refusal):
    """A header has an invalid value."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field: its JSON pointer (RFC 6901), what is wrong, and what is expected."""

    pointer: str
    detail: str
    expected: str


class InvalidFields(Refusal):
    """Fields are missing or invalid: one entry in `errors` per field; `ignored` has the unrecognised field names."""

    def __init__(self, errors: tuple[FieldError, ...], ignored: tuple[str, ...] = ()) -> None:
        super().__init__("Fields are missing or invalid; see errors.")
        self.errors = errors
        self.ignored = ignored


class UnknownPath(Refusal):
    """The path does not exist; `near` has existing paths that the caller may have meant.

    `prefix` is what stands in front of all paths, such as a stage.
    """

    def __init__(self, near: Sequence[str] = (), prefix: str = "") -> None:
        meant = f" Did you mean {' or '.join(f'{prefix}{path}' for path in near)}?" if near else ""
        super().__init__(f"This path does not exist.{meant} {prefix}/docs describes the API with all its paths.")


class UnknownApplication(Refusal):
    """The application does not exist or is not the caller's; one text for both, so callers can't probe for ids.

    `in_sandbox` says that the caller has a test token.
    """

    def __init__(self, *, in_sandbox: bool = False) -> None:
        text = "You have no application with this AtsiApplicationId."
        if in_sandbox:
            text += (
                " A test token sees only the applications that you create with POST /api/sandbox/applications; "
                "send a live token for all others."
            )
        super().__init__(text)


class UnknownConnection(Refusal):
    """The connection does not exist, is disabled or is not the caller's; one text for all, so none can be probed."""

    def __init__(self) -> None:
        super().__init__("There is no such connection; compare the address with the one that the job board gave you.")


class UnknownFile(Refusal):
    """The file does not exist or is not the caller's; one text for both, so callers can't probe for ids."""

    def __init__(self) -> None:
        super().__init__("There is no such file for this token; send the FileId that you got when you created it.")


class AwaitingSecret(Refusal):
    """The connection has no secret yet; the ATS sends the same request again later."""

    def __init__(self) -> None:
        super().__init__(
            "This connection has no secret yet, so that only tests are accepted. Give the job board the secret that "
            "the ATS shows; the ATS repeats this request."
        )


class TooManyRequests(Refusal):
    """A limit of requests is reached.

    Attributes:
        policy: the limit's name.
        quota, window: how many requests it admits in how many seconds.
        retry_after: in seconds.
    """

    def __init__(self, text: str, policy: str, quota: int, window: int, retry_after: int) -> None:
        super().__init__(text)
        self.policy = policy
        self.quota = quota
        self.window = window
        self.retry_after = retry_after


class DailyLimitReached(Refusal):
    """The ATS has created the maximum number of something today; `what` is its name in the plural.

    `retry_after` is in seconds.
    """

    def __init__(self, limit: int, retry_after: int, what: str = "sandbox applications") -> None:
        super().__init__(
            f"Your ATS has created {limit} {what} today (UTC), the maximum per day. Use those, or create more after "
            "Retry-After seconds."
        )
        self.retry_after = retry_after


class RegistrationConflict(Refusal):
    """The id is already registered with other values in the named fields, which can't change."""

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(
            f"This AtsiApplicationId is already registered with another {' and another '.join(fields)}. Only "
            "JobTitle, Company, Link and Location can change, and Aliases be added; register another "
            "application under its own id."
        )


class AliasTaken(Refusal):
    """Another application has an alias of the registration; the text names only the aliases' kinds."""

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__(
            f"One of the Aliases belongs to another application: {' and '.join(kinds)}. Nothing was written; send the "
            "registration without that alias."
        )


class TooManyAliases(Refusal):
    """The application would have too many aliases of the named kinds."""

    def __init__(self, kinds: Sequence[str], limit: int) -> None:
        super().__init__(
            f"The application would have more than {limit} Aliases of a kind: {' and '.join(kinds)}. Nothing was "
            "written; send the registration without new aliases of that kind."
        )


class ApplicationErased(Refusal):
    """The application was erased or has expired, and can't be registered again."""

    def __init__(self) -> None:
        super().__init__(
            "The application with this AtsiApplicationId was erased or has expired, and can't be registered again."
        )


class Unavailable(ServiceError):
    """The store did not answer in time or is throttled; the write may or may not have happened."""


class ConditionFailed(ServiceError):
    """The store refused a conditional write because its condition did not hold.

    Attributes:
        item: the stored item (DynamoDB JSON), None if there is none. For a transaction it is the first action's item,
            if that action's condition failed.
        in_doubt: whether an earlier attempt of the same call got no reply or a server error. The item may then already
            hold what the call wanted to write.
        actions: for a transaction, the positions (from 0) of the actions whose conditions failed.
    """

    def __init__(self, item: Mapping[str, Any] | None, *, in_doubt: bool, actions: tuple[int, ...] = ()) -> None:
        super().__init__("condition failed")
        self.item = item
        self.in_doubt = in_doubt
        self.actions = actions


class SettingsError(ServiceError):
    """A setting is missing or wrong."""
