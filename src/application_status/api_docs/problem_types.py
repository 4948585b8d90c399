"""The cause and cure of each problem type, for docs/problems.md, the pages at /problems/ and the API's description."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A problem type (the last segment of its URI), its HTTP status, and its cause and cure in Markdown."""

    type: str
    status: str
    cause: str
    cure: str


PROBLEM_TYPES = (
    ProblemType(
        "malformed-body",
        "400",
        "not UTF-8 JSON, not an object, duplicate keys, NaN, a byte order mark, trailing bytes, or too deep nesting",
        "send one plain JSON object",
    ),
    ProblemType(
        "malformed-header",
        "400",
        "a header sent twice with different values, or an invalid `Idempotency-Key`",
        "send the header once; an `Idempotency-Key` has 1 to 255 visible ASCII characters",
    ),
    ProblemType(
        "unauthenticated",
        "401",
        "`X-AtsiToken` missing, unknown, revoked, expired, doubled, or not that of the path's `ATS_ID`",
        "send the token you were issued; ask for a new one",
    ),
    ProblemType(
        "forbidden",
        "403",
        "a quality report about another ATS or client, or with a test token; creating a sandbox application with a "
        "live token; a signed-in user without the claim that the path needs, or with more than one",
        "leave out `ats` and `client`; use a token of the other kind; give the user exactly one claim",
    ),
    ProblemType("refused", "4xx", "the gateway refuses the request, e.g. for an invalid signature", "see `detail`"),
    ProblemType(
        "unknown-path",
        "404",
        "no such path, or an unsigned request to a path for IAM callers",
        "see the README for the paths",
    ),
    ProblemType(
        "unknown-application",
        "404",
        "no application with this id, or it is another ATS's or jobseeker's, or it was erased",
        "send the id from the ApplyRequest",
    ),
    ProblemType("method-not-allowed", "405", "the path does not have this method", "use a method in `Allow`"),
    ProblemType(
        "not-acceptable", "406", "`Accept` allows neither `application/json` nor `text/csv`", "allow one of them"
    ),
    ProblemType(
        "alias-taken",
        "409",
        "another application has one of the registration's `Aliases`; `detail` has its kind; nothing was written",
        "send the registration without that alias; use an alias for one application only",
    ),
    ProblemType(
        "registration-conflict",
        "409",
        "the id is registered with another `AtsId`, `ClientId`, `JobId`, `JobseekerId` or `AppliedAt`; `detail` has "
        "which; nothing was written",
        "only `JobTitle`, `Company` and further `Aliases` can change; use a new id for another application",
    ),
    ProblemType(
        "too-many-aliases",
        "409",
        "the application would have more than 40 `Aliases` of a kind; nothing was written",
        "send the registration without further aliases of that kind",
    ),
    ProblemType(
        "application-erased",
        "410",
        "the application was erased; nothing was registered",
        "erasure is permanent; use a new id",
    ),
    ProblemType(
        "body-too-large", "413", "the body has more than 8,192 bytes (signals: 262,144)", "send a smaller body"
    ),
    ProblemType(
        "unsupported-media-type",
        "415",
        "the body is not `Content-Type: application/json` in UTF-8",
        "send that content type",
    ),
    ProblemType(
        "invalid-fields",
        "422",
        "`errors` has an entry for each wrong field or query parameter: `pointer` (RFC 6901; `/from` of a query), "
        "`detail`, `expected`; `ignoredFields` has the unrecognised fields",
        "correct each one; names are case-sensitive",
    ),
    ProblemType("throttled", "429", "too many requests at once", "wait `Retry-After` seconds"),
    ProblemType(
        "daily-limit-reached",
        "429",
        "the ATS has created 200 sandbox applications today (UTC)",
        "use those, or wait `Retry-After` seconds until the next day",
    ),
    ProblemType(
        "unavailable",
        "503",
        "the service is temporarily unavailable",
        "send the same request again after `Retry-After` seconds",
    ),
    ProblemType(
        "unexpected",
        "503",
        "an unexpected error in the service",
        "send the same request again after `Retry-After` seconds; if it fails again, send the `requestId` to support",
    ),
)
