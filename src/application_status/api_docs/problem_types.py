"""Each problem type's cause and cure: what docs/problems.md, the pages at /problems/ and the API's description say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A problem's type (the last segment of its URI), its HTTP status, and in Markdown why it comes and what helps."""

    type: str
    status: str
    cause: str
    cure: str


PROBLEM_TYPES = (
    ProblemType(
        "malformed-body",
        "400",
        "not UTF-8 JSON, not an object, duplicate keys, NaN, a byte order mark, trailing bytes, absurd nesting",
        "send one plain JSON object",
    ),
    ProblemType(
        "malformed-header",
        "400",
        "a header twice with different values, or a bad `Idempotency-Key`",
        "send it once, 1 to 255 visible ASCII characters",
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
        "a quality report about another ATS or client than the caller's, or with a test token; making an application "
        "of the sandbox with a live token; a signed-in user without the claim that the path wants, or with several",
        "leave `ats` and `client` out; use a token of the other kind; give the user one claim",
    ),
    ProblemType("refused", "4xx", "the gateway refuses, e.g. a bad signature", "see `detail`"),
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
    ProblemType("method-not-allowed", "405", "another method than `Allow` says", "use that"),
    ProblemType(
        "not-acceptable", "406", "`Accept` has neither `application/json` nor `text/csv`", "accept one of them"
    ),
    ProblemType(
        "alias-taken",
        "409",
        "another application has one of the registration's `Aliases`, of a kind that `detail` names; nothing was "
        "written",
        "send the registration without that alias; give each application its own",
    ),
    ProblemType(
        "registration-conflict",
        "409",
        "the id is known already with another `AtsId`, `ClientId`, `JobId`, `JobseekerId` or `AppliedAt`, as `detail` "
        "says; nothing was written",
        "only `JobTitle`, `Company` and further `Aliases` can change; use a new id for another application",
    ),
    ProblemType(
        "too-many-aliases",
        "409",
        "the application would have more than 40 `Aliases` of a kind; nothing was written",
        "send the registration without further ones of that kind",
    ),
    ProblemType(
        "application-erased",
        "410",
        "the application was erased; nothing was registered",
        "erasure is for good; use a new id",
    ),
    ProblemType("body-too-large", "413", "more than 8,192 bytes (signals: 262,144)", "send less a request"),
    ProblemType("unsupported-media-type", "415", "not `Content-Type: application/json` in UTF-8", "send that"),
    ProblemType(
        "invalid-fields",
        "422",
        "`errors` has an entry for each wrong field or query parameter: `pointer` (RFC 6901; `/from` of a query), "
        "`detail`, `expected`; `ignoredFields` has those nobody reads",
        "mend each; names are case-sensitive",
    ),
    ProblemType("throttled", "429", "too many requests at once", "wait `Retry-After` seconds"),
    ProblemType(
        "daily-limit-reached",
        "429",
        "the ATS made 200 applications of the sandbox today (UTC)",
        "use those, or wait `Retry-After` seconds, until the next day",
    ),
    ProblemType(
        "unavailable",
        "503",
        "the service can't answer now",
        "send the same request again after `Retry-After` seconds",
    ),
    ProblemType(
        "unexpected",
        "503",
        "something failed on our side",
        "send the same request again after `Retry-After` seconds; if it comes again, tell support the `requestId`",
    ),
)
