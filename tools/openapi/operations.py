"""The operations of each path: security, request, replies and problems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from application_status.access.oauth import TOKEN_PATHS, OauthError, TokenReply, TokenRequest
from application_status.access.sessions import SIGN_IN_PATH, SIGN_OUT_PATH
from application_status.api_docs.pages import DOCS_PATH, FILE_PATH, PROBLEM_PATH
from application_status.applications.registry import AliasesMessage, RegistrationMessage, RegistrationReply
from application_status.intake.atsi.batch import BatchMessage, BatchReply
from application_status.intake.atsi.read_back import ApplicationView
from application_status.intake.atsi.receive import ReportReply, StatusMessage
from application_status.intake.connect.endpoint import DeliveryReply
from application_status.intake.connect.page import CONNECTION_PAGE, CONNECTION_PATH, ConnectionReply
from application_status.intake.files.endpoint import FILE_PATH as STATUS_OF_FILE_PATH
from application_status.intake.files.endpoint import FILES_PATH, CreatedFile, FileStatus
from application_status.intake.graphql.endpoint import GraphqlReply, GraphqlRequest
from application_status.intake.sandbox.create import SandboxApplication
from application_status.jobseeker.board import CLOSING_PATH, FEEDBACK_PATH, FeedbackReply
from application_status.jobseeker.endpoint import MyApplicationInFull, MyApplications
from application_status.jobseeker.listing import SEARCH_LIMIT, Show
from application_status.jobseeker.page import PAGE_PATH
from application_status.platform.http.endpoint import UPTIME_PATH, UptimeReply
from application_status.quality.reports.endpoint import DefinitionReply
from application_status.quality.reports.formats import QualityReply
from application_status.quality.reports.query import PAGE_PATH as QUALITY_PAGE_PATH
from application_status.quality.reports.query import QualityQuery
from application_status.sign_in.endpoint import CALLBACK_PATH
from openapi import examples

type Examples = Mapping[str, Mapping[str, Any]]

_ALWAYS = ("throttled", "unavailable", "unexpected")
_BODY = ("malformed-body", "malformed-header", "body-too-large", "unsupported-media-type", "invalid-fields")
_BODY_WITHOUT_FIELDS = tuple(each for each in _BODY if each != "invalid-fields")
_IAM = ("refused", "unknown-path")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body: its type and examples; `by_name` is for an object of such values, `csv` if it is also sent as CSV.

    `form` says that it can be a form, too.
    `about` describes the body where its type has no description, or not the right one.
    """

    type: type
    about: str = ""
    examples: Examples = field(default_factory=dict)
    optional: bool = False
    by_name: bool = False
    csv: bool = False
    form: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A method of a path; `problems` are problem types, and `replies` has None for a reply without a body."""

    method: str
    name: str
    summary: str
    security: str | None
    replies: Mapping[str, Content | None]
    problems: Sequence[str]
    request: Content | None = None
    parameters: Sequence[Mapping[str, Any]] = ()
    query: type[BaseModel] | None = None


_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "a key for each change, repeated when the report is resent; only needed without a BusinessDate",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
_AFTER = {
    "name": "after",
    "in": "query",
    "description": "the `Next` of the page before",
    "schema": {"type": "string"},
}
_SHOW = {
    "name": "show",
    "in": "query",
    "description": "which applications: those not archived, those of them in progress or finished, or those archived",
    "schema": {"type": "string", "enum": [str(each) for each in Show], "default": str(Show.CURRENT)},
}
_SEARCH = {
    "name": "search",
    "in": "query",
    "description": "only applications whose title, company and place have each of these words",
    "schema": {"type": "string", "maxLength": SEARCH_LIMIT},
}


def _report(name: str, summary: str) -> Operation:
    return Operation(
        method="post",
        name=name,
        summary=summary,
        security="AtsiToken",
        request=Content(type=StatusMessage, examples=examples.REPORTS),
        parameters=(_IDEMPOTENCY_KEY,),
        replies={"200": Content(type=ReportReply, examples=examples.REPORT_REPLIES)},
        problems=(*_BODY, "unauthenticated", "unknown-application", *_ALWAYS),
    )


def _quality(name: str, summary: str, security: str, *problems: str) -> Operation:
    return Operation(
        method="get",
        name=name,
        summary=summary,
        security=security,
        query=QualityQuery,
        replies={"200": Content(type=QualityReply, csv=True)},
        problems=(*problems, "not-acceptable", "invalid-fields", *_ALWAYS),
    )


def _token(name: str, summary: str) -> Operation:
    return Operation(
        method="post",
        name=name,
        summary=summary,
        security="AtsClient",
        request=Content(type=TokenRequest, examples=examples.TOKEN_REQUESTS, form=True),
        replies={
            "200": Content(type=TokenReply, examples=examples.TOKEN_REPLIES),
            **dict.fromkeys(("400", "401", "429", "503"), Content(type=OauthError)),
        },
        problems=(),
    )


PAGES = {
    DOCS_PATH,
    FILE_PATH,
    PROBLEM_PATH,
    PAGE_PATH,
    QUALITY_PAGE_PATH,
    CONNECTION_PAGE,
    SIGN_IN_PATH,
    CALLBACK_PATH,
    SIGN_OUT_PATH,
}
"""Pages, which are not in the document."""

_GRAPHQL_ERROR = Content(type=GraphqlReply)
_NO_FIELDS = Content(
    type=dict[str, Any], about="No fields; unrecognised fields are listed in the reply.", optional=True
)

OPERATIONS: Mapping[str, Sequence[Operation]] = {
    "/api/application-status": (_report("report", "Report an application's status"),),
    "/qs-api/public/atsi/v1/{ATS_ID}": (
        _report("reportByAts", "Report an application's status, with the ATS in the path"),
    ),
    "/api/application-status/batch": (
        Operation(
            method="post",
            name="reportBatch",
            summary="Report up to 100 statuses, each handled as if it were sent alone",
            security="AtsiToken",
            request=Content(type=BatchMessage, examples=examples.BATCHES),
            replies={
                "200": Content(type=BatchReply, about="Each report has a reply.", examples=examples.BATCH_REPLIES),
                "207": Content(
                    type=BatchReply,
                    about="Some reports have a problem. The others have a reply, as with 200.",
                    examples=examples.MIXED_BATCH_REPLIES,
                ),
            },
            problems=(*_BODY, "unauthenticated", *_ALWAYS),
        ),
    ),
    "/api/application-status/{AtsiApplicationId}": (
        Operation(
            method="get",
            name="readBack",
            summary="Get an application of your ATS: its status and its reports",
            security="AtsiToken",
            replies={"200": Content(type=ApplicationView, examples=examples.APPLICATIONS)},
            problems=("unauthenticated", "unknown-application", "invalid-fields", *_ALWAYS),
        ),
    ),
    "/api/sandbox/applications": (
        Operation(
            method="post",
            name="createSandboxApplication",
            summary="Create a sandbox application, for trying out reports and signals",
            security="AtsiToken",
            request=_NO_FIELDS,
            replies={"201": Content(type=SandboxApplication, examples=examples.SANDBOX_APPLICATIONS)},
            problems=(*_BODY_WITHOUT_FIELDS, "unauthenticated", "forbidden", "daily-limit-reached", *_ALWAYS),
        ),
    ),
    FILES_PATH: (
        Operation(
            method="post",
            name="createFile",
            summary="Create a file of reports, and get the form that uploads it",
            security="AtsiToken",
            request=_NO_FIELDS,
            replies={"201": Content(type=CreatedFile, examples=examples.CREATED_FILES)},
            problems=(*_BODY_WITHOUT_FIELDS, "unauthenticated", "daily-limit-reached", *_ALWAYS),
        ),
    ),
    STATUS_OF_FILE_PATH: (
        Operation(
            method="get",
            name="fileStatus",
            summary="Get how far a file is, and what became of its rows",
            security="AtsiToken",
            replies={"200": Content(type=FileStatus, examples=examples.FILE_STATUSES)},
            problems=("unauthenticated", "unknown-file", *_ALWAYS),
        ),
    ),
    "/graphql": (
        Operation(
            method="post",
            name="signals",
            summary="Send Selection Signals, or dispositions as to Indeed",
            security="AtsBearer",
            request=Content(type=GraphqlRequest, examples=examples.SIGNALS | examples.DISPOSITIONS),
            replies={
                "200": Content(type=GraphqlReply, examples=examples.SIGNAL_REPLIES | examples.DISPOSITION_REPLIES),
                **dict.fromkeys(("400", "401", "413", "415", "503"), _GRAPHQL_ERROR),
            },
            problems=("throttled",),
        ),
    ),
    TOKEN_PATHS[0]: (_token("accessToken", "Get an access token"),),
    TOKEN_PATHS[1]: (_token("accessTokenAtIndeedsPath", "Get an access token, at the path of Indeed's senders"),),
    "/connect/{provider}/{connectionId}/{key}": (
        Operation(
            method="post",
            name="deliver",
            summary="Deliver a native webhook of an ATS",
            security=None,
            request=Content(type=dict[str, Any], about="The event in the ATS's own form, signed by the ATS."),
            replies={"200": Content(type=DeliveryReply, examples=examples.DELIVERY_REPLIES)},
            problems=(
                "malformed-body",
                "wrong-signature",
                "unknown-connection",
                "body-too-large",
                "awaiting-secret",
                *_ALWAYS,
            ),
        ),
    ),
    "/api/applications/{AtsiApplicationId}": (
        Operation(
            method="put",
            name="register",
            summary="Register an application, or update its registration",
            security="AWS_IAM",
            request=Content(type=RegistrationMessage, examples=examples.REGISTRATIONS),
            replies={
                status: Content(
                    type=RegistrationReply, examples={each: examples.REGISTRATION_REPLIES[each] for each in outcomes}
                )
                for status, outcomes in (("200", ("unchanged", "updated")), ("201", ("registered",)))
            },
            problems=(
                *_BODY,
                *_IAM,
                "alias-taken",
                "registration-conflict",
                "too-many-aliases",
                "application-erased",
                *_ALWAYS,
            ),
        ),
        Operation(
            method="delete",
            name="erase",
            summary="Erase an application permanently",
            security="AWS_IAM",
            replies={"204": None},
            problems=(*_IAM, "invalid-fields", *_ALWAYS),
        ),
    ),
    "/api/applications/{AtsiApplicationId}/aliases": (
        Operation(
            method="patch",
            name="addAliases",
            summary="Add aliases to an application",
            security="AWS_IAM",
            request=Content(type=AliasesMessage, examples=examples.ALIASES),
            replies={
                "200": Content(
                    type=RegistrationReply,
                    examples={each: examples.REGISTRATION_REPLIES[each] for each in ("unchanged", "updated")},
                )
            },
            problems=(*_BODY, *_IAM, "unknown-application", "alias-taken", "too-many-aliases", *_ALWAYS),
        ),
    ),
    FEEDBACK_PATH: (
        Operation(
            method="get",
            name="feedback",
            summary="List what jobseekers say is wrong with the status of their applications",
            security="AWS_IAM",
            parameters=(_AFTER,),
            replies={"200": Content(type=FeedbackReply)},
            problems=("invalid-fields", *_IAM, *_ALWAYS),
        ),
    ),
    CLOSING_PATH: (
        Operation(
            method="delete",
            name="closeFeedback",
            summary="Close the feedback about a status of an application, which deletes its text",
            security="AWS_IAM",
            replies={"204": None},
            problems=("invalid-fields", *_IAM, "unknown-application", *_ALWAYS),
        ),
    ),
    "/api/quality": (
        _quality("quality", "Get a quality report about your ATS", "AtsiToken", "unauthenticated", "forbidden"),
    ),
    "/api/my/quality": (
        _quality("qualityOfUser", "Get a quality report, as a signed-in user", "Users", "unauthenticated", "forbidden"),
    ),
    "/api/board/quality": (_quality("qualityForBoard", "Get a quality report about all ATSs", "AWS_IAM", *_IAM),),
    CONNECTION_PATH: (
        Operation(
            method="get",
            name="connection",
            summary="Get a connection of your client, and what it has sent in the last 90 days",
            security="Users",
            replies={"200": Content(type=ConnectionReply, examples=examples.CONNECTIONS)},
            problems=("unauthenticated", "forbidden", "unknown-connection", *_ALWAYS),
        ),
    ),
    "/api/my/applications": (
        Operation(
            method="get",
            name="myApplications",
            summary="List the applications of the signed-in jobseeker",
            security="Users",
            parameters=(_AFTER, _SHOW, _SEARCH),
            replies={"200": Content(type=MyApplications)},
            problems=("unauthenticated", "forbidden", "invalid-fields", *_ALWAYS),
        ),
    ),
    "/api/my/applications/{AtsiApplicationId}": (
        Operation(
            method="get",
            name="myApplication",
            summary="Get an application of the signed-in jobseeker, with its timeline",
            security="Users",
            replies={"200": Content(type=MyApplicationInFull)},
            problems=("unauthenticated", "forbidden", "unknown-application", "invalid-fields", *_ALWAYS),
        ),
    ),
    "/api/quality/definitions": (
        Operation(
            method="get",
            name="definitions",
            summary="Get the definitions of the numbers in quality reports",
            security=None,
            replies={"200": Content(type=DefinitionReply, by_name=True)},
            problems=_ALWAYS,
        ),
    ),
    UPTIME_PATH: (
        Operation(
            method="get",
            name="uptime",
            summary="Check that the API answers; it reads no data",
            security=None,
            replies={"200": Content(type=UptimeReply)},
            problems=_ALWAYS,
        ),
        Operation(
            method="head",
            name="uptimeWithoutBody",
            summary="Check that the API answers, without a body",
            security=None,
            replies={"200": None},
            problems=(),
        ),
    ),
}
