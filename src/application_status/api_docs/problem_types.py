"""Each problem type's cause and fix, for docs/problems.md, the pages at /problems/ and the API's description."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A problem's type (the last segment of its URI), its HTTP status, and in Markdown its cause and how to fix it."""

    type: str
    status: str
    cause: str
    fix: str


PROBLEM_TYPES = (
    ProblemType(
        "malformed-body",
        "400",
        "the body is not a JSON object in UTF-8 (`detail` names UTF-16 and others), or has duplicate keys, NaN, a byte "
        "order mark or bytes after its end, "
        "or is nested too deeply; a token request lacks `grant_type`, repeats a parameter, or has credentials both in "
        "the body and in `Authorization`",
        "send one plain JSON object, or to `/oauth/token` a form with each parameter once",
    ),
    ProblemType(
        "malformed-header",
        "400",
        "a header occurs twice with different values, the `Idempotency-Key` is invalid, or a batch has one",
        "send the header once; an `Idempotency-Key` has 1 to 255 visible ASCII characters; in a batch, send an "
        "`IdempotencyKey` in each report",
    ),
    ProblemType(
        "unsupported-grant-type",
        "400",
        "a token request has another `grant_type` than `client_credentials`",
        "send `grant_type=client_credentials`",
    ),
    ProblemType(
        "unauthenticated",
        "401",
        "the token in `X-AtsiToken` or `Authorization` is missing, unknown, revoked or expired, occurs twice, or does "
        "not belong to the path's `ATS_ID`; or a token request has not the `client_id` and `client_secret` of a live "
        "client. If you sent a valid token in the wrong place, `detail` says where it was and where it belongs",
        "send the token alone in `X-AtsiToken` or as `Authorization: Bearer`, and to `/graphql` only as the latter; "
        "ask for a new token if it is not valid any more; get a new access token before the former expires",
    ),
    ProblemType(
        "wrong-signature",
        "401",
        "a native webhook's delivery was not signed with a secret of its connection, or its signed token was used for "
        "another body; `detail` says what was received",
        "enter the connection's secret in the ATS again, or give the board the secret that the ATS shows",
    ),
    ProblemType(
        "forbidden",
        "403",
        "the caller asks for a quality report about another ATS or client, or with a test token; or creates a sandbox "
        "application with a live token; or is a signed-in user without the claim that the path requires, or with "
        "several",
        "leave out `ats` and `client`; use a token of the other kind; give the user one claim",
    ),
    ProblemType(
        "refused", "4xx", "the gateway refuses the request, for example for an invalid signature", "see `detail`"
    ),
    ProblemType(
        "unknown-path",
        "404",
        "the path does not exist, or it requires an IAM signature and the request has none",
        "use the path that `detail` names, if you meant that; paths are case-sensitive, have no slash at their end, "
        "and begin with the stage (`/v1`) once, or not at all if the API has its own domain; `/docs` has all paths",
    ),
    ProblemType(
        "unknown-application",
        "404",
        "no application has this id, or it belongs to another ATS or jobseeker, or it was erased or has expired; a "
        "test token sees only the applications of the sandbox, and a live token only the others",
        "send the id from the ApplyRequest; with a test token, that of an application that you created in the sandbox",
    ),
    ProblemType(
        "unknown-connection",
        "404",
        "no connection has this address, or it was disabled; or the signed-in user belongs to another client",
        "enter the URL in the ATS exactly as the board gave it",
    ),
    ProblemType(
        "unknown-file",
        "404",
        "no file has this id, or it belongs to another ATS, or it was created with a token of the other kind, or more "
        "than 90 days ago",
        "send the `FileId` of the reply that created the file, with a token of the same ATS and kind",
    ),
    ProblemType(
        "method-not-allowed", "405", "the path does not support this method", "use a method that `Allow` lists"
    ),
    ProblemType(
        "not-acceptable",
        "406",
        "`Accept` contains neither `application/json` nor `text/csv`",
        "accept one of them",
    ),
    ProblemType(
        "alias-taken",
        "409",
        "another application has one of the registration's `Aliases`, of a kind that `detail` names; nothing was "
        "stored",
        "leave out that alias; each application needs its own",
    ),
    ProblemType(
        "registration-conflict",
        "409",
        "the id is registered with another `AtsId`, `ClientId`, `JobId`, `JobseekerId` or `AppliedAt`, as `detail` "
        "says; nothing was stored",
        "change only `JobTitle`, `Company`, `Link` and `Location`, or add `Aliases`; use a new id for another "
        "application",
    ),
    ProblemType(
        "too-many-aliases",
        "409",
        "the application would have more than 40 `Aliases` of a kind; nothing was stored",
        "add no further aliases of that kind",
    ),
    ProblemType(
        "application-erased",
        "410",
        "the application was erased or has expired; nothing was registered",
        "use a new id; an erasure can't be undone",
    ),
    ProblemType(
        "body-too-large",
        "413",
        "the body has more than 8,192 bytes (batches and signals: 262,144; connections: 1,048,576)",
        "send a smaller body, or several requests",
    ),
    ProblemType(
        "unsupported-media-type",
        "415",
        "the request lacks `Content-Type: application/json`, or its charset is not UTF-8, or the body is compressed",
        "send `Content-Type: application/json` and UTF-8, uncompressed and without `Content-Encoding`",
    ),
    ProblemType(
        "invalid-fields",
        "422",
        "a field or query parameter is missing or wrong; `errors` has an entry for each: `pointer` (RFC 6901; `/from` "
        "of a query), `detail` and `expected`; `ignoredFields` lists unrecognised fields",
        "correct each; names are case-sensitive",
    ),
    ProblemType(
        "throttled",
        "429",
        "your ATS or connection sends more requests, reports or signals a second than `RateLimit-Policy` says, or your "
        "address sends too many invalid tokens or to unknown connections, or all callers together send too many "
        "requests",
        "wait `Retry-After` seconds, then send it again; spread large transfers over time",
    ),
    ProblemType(
        "daily-limit-reached",
        "429",
        "the ATS created 200 sandbox applications or 100 files today (UTC)",
        "use those, or wait `Retry-After` seconds, until the next day",
    ),
    ProblemType(
        "awaiting-secret",
        "503",
        "the connection has no secret yet, so that only tests are accepted; the ATS repeats the delivery",
        "give the board the secret that the ATS shows",
    ),
    ProblemType(
        "unavailable",
        "503",
        "the service can't answer at the moment",
        "send the same request again after `Retry-After` seconds",
    ),
    ProblemType(
        "unexpected",
        "503",
        "the service failed",
        "send the same request again after `Retry-After` seconds; if it fails again, give support the `requestId`",
    ),
)
