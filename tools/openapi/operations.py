"""The operations of each path: their texts, security, request, replies and problems; and the tags that group them.

Names of operations become names of methods in generated clients: a verb and what it is about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from application_status.access.oauth import TOKEN_PATHS, OauthError, TokenReply, TokenRequest
from application_status.access.sessions import SIGN_IN_PATH, SIGN_OUT_PATH
from application_status.api_docs.pages import DOCS_PATH, FILE_PATH, PROBLEM_PATH
from application_status.applications.registry import AliasesMessage, RegistrationMessage, RegistrationReply
from application_status.intake.atsi.batch import BatchMessage, BatchReply
from application_status.intake.atsi.read_back import ApplicationList, ApplicationView
from application_status.intake.atsi.receive import ReportReply, StatusMessage
from application_status.intake.connect.endpoint import DeliveryReply
from application_status.intake.connect.page import CONNECTION_PAGE, CONNECTION_PATH, ConnectionReply
from application_status.intake.files.endpoint import FILE_PATH as STATUS_OF_FILE_PATH
from application_status.intake.files.endpoint import FILES_PATH, CreatedFile, FileStatus
from application_status.intake.graphql.endpoint import GraphqlReply, GraphqlRequest
from application_status.intake.sandbox.create import SandboxApplication
from application_status.intake.sandbox.page import REQUESTS_PAGE
from application_status.intake.sandbox.request_log import REQUESTS_PATH, SandboxRequests
from application_status.jobseeker.board import CLOSING_PATH, CURSOR, FEEDBACK_PATH, FeedbackReply
from application_status.jobseeker.endpoint import MyApplicationInFull, MyApplications
from application_status.jobseeker.listing import SEARCH_LIMIT, Show
from application_status.jobseeker.page import PAGE_PATH
from application_status.platform.http.endpoint import UNKNOWN_PATH, UPTIME_PATH, UptimeReply
from application_status.quality.reports.endpoint import DefinitionReply
from application_status.quality.reports.formats import QualityReply
from application_status.quality.reports.query import PAGE_PATH as QUALITY_PAGE_PATH
from application_status.quality.reports.query import QualityQuery
from application_status.sign_in.endpoint import CALLBACK_PATH
from openapi import examples

type Examples = Mapping[str, Mapping[str, Any]]
type Links = Mapping[str, Mapping[str, Mapping[str, Any]]]

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
    """A method of a path; `problems` are problem types, and `replies` has None for a reply without a body.

    `tag` is one of TAGS. `summary` is a phrase, `description` are sentences in Markdown.
    `links` are what a client can do next with a reply, by its status: OpenAPI's links by their names.
    """

    tag: str
    method: str
    name: str
    summary: str
    description: str
    security: str | None
    replies: Mapping[str, Content | None]
    problems: Sequence[str]
    request: Content | None = None
    parameters: Sequence[Mapping[str, Any]] = ()
    query: type[BaseModel] | None = None
    links: Links = field(default_factory=dict)


TAGS = {
    "Reports": "Report that the status of an application changed, one application in a request.",
    "Batches": "Report up to 100 changes in a request.",
    "Files": "Upload a CSV file with many reports, and follow its import.",
    "Signals and dispositions": (
        "Send SEEK's Selection Signals or Indeed's dispositions by GraphQL. Only the host and the credentials differ "
        "from what you send to SEEK or Indeed."
    ),
    "Access tokens": "Get access tokens with the credentials of an OAuth client.",
    "Applications": "Read what the service stores about the applications of your ATS.",
    "Sandbox": "Try out reports and signals with a test token. Nothing in the sandbox reaches people or counts.",
    "Quality": "Read reports about the quality of applicants and of the reports themselves.",
    "Native webhooks": "Receive the webhooks that Greenhouse, Ashby, Recruitee and Lever already have.",
    "Connections": "See what the native webhooks of your company have sent.",
    "My applications": "Read the applications of the jobseeker who is signed in.",
    "Registrations": "Register and erase applications. Only the job board's own systems can do this.",
    "Feedback": "Read and close what jobseekers say is wrong. Only the job board's own systems can do this.",
    "Health": "Check that the service answers.",
}
"""The description of each tag, in the order in which they are shown."""

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "a key for each change, repeated when the report is resent; only needed without a BusinessDate",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$", "minLength": 1, "maxLength": 255},
    "example": "change-4711",
}
_AFTER = {
    "name": "after",
    "in": "query",
    "description": "the `Next` of the page before",
    "schema": {"type": "string", "minLength": 1},
}
_AFTER_APPLICATION = {**_AFTER, "schema": {"type": "string", "format": "uuid"}}
_AFTER_FEEDBACK = {**_AFTER, "schema": {"type": "string", "pattern": CURSOR, "minLength": 1, "maxLength": 100}}
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


_NEXT = "$response.body#/Next"
_NEW, _NAMED = "$response.body#/AtsiApplicationId", "$request.body#/AtsiApplicationId"
"""The application of a reply, and that of a request."""


def _link(operation: str, description: str, **parameters: str) -> Mapping[str, Any]:
    return {"operationId": operation, "parameters": parameters, "description": description}


def _report_link(application: str) -> Mapping[str, Any]:
    return {
        "operationId": "sendReport",
        "requestBody": {"AtsiApplicationId": application},
        "description": "Report the application's status, with the token of its ATS.",
    }


def _read_back_link(application: str) -> Mapping[str, Any]:
    return _link(
        "getApplication", "Read the application back, with the token of its ATS.", AtsiApplicationId=application
    )


_OF_REGISTRATION = {
    "report": _report_link(_NEW),
    "readBack": _read_back_link(_NEW),
    "addAliases": _link("addAliases", "Add aliases to the application.", AtsiApplicationId=_NEW),
    "erase": _link("eraseApplication", "Erase the application.", AtsiApplicationId=_NEW),
}


def _report(name: str, summary: str, description: str) -> Operation:
    return Operation(
        tag="Reports",
        method="post",
        name=name,
        summary=summary,
        description=description,
        security="AtsiToken",
        request=Content(type=StatusMessage, examples=examples.REPORTS),
        parameters=(_IDEMPOTENCY_KEY,),
        replies={"200": Content(type=ReportReply, examples=examples.REPORT_REPLIES)},
        problems=(*_BODY, "unauthenticated", "unknown-application", *_ALWAYS),
        links={"200": {"readBack": _read_back_link(_NAMED)}},
    )


def _quality(name: str, summary: str, description: str, security: str, *problems: str) -> Operation:
    return Operation(
        tag="Quality",
        method="get",
        name=name,
        summary=summary,
        description=f"{description} `Accept: text/csv` returns the report as CSV.",
        security=security,
        query=QualityQuery,
        replies={"200": Content(type=QualityReply, csv=True)},
        problems=(*problems, "not-acceptable", "invalid-fields", *_ALWAYS),
    )


def _token(name: str, summary: str) -> Operation:
    return Operation(
        tag="Access tokens",
        method="post",
        name=name,
        summary=summary,
        description=(
            "Send the client's id and secret in the body or as `Authorization: Basic`. Other fields, such as "
            "`audience`, are ignored. Use the access token until it expires, then get a new one."
        ),
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
    REQUESTS_PAGE,
    UNKNOWN_PATH,
}
"""Pages, and the route of unknown paths, which are not in the document."""

_GRAPHQL_PARAMETERS = (
    {
        "name": "query",
        "in": "query",
        "required": True,
        "description": "the GraphQL document",
        "schema": {"type": "string", "minLength": 1},
        "example": "{ vocabularyVersion }",
    },
    {
        "name": "variables",
        "in": "query",
        "description": "the variables of the document, as a JSON object",
        "schema": {"type": "string"},
    },
    {
        "name": "operationName",
        "in": "query",
        "description": "which operation of the document to execute",
        "schema": {"type": "string", "maxLength": 100},
    },
)
_GRAPHQL_ERROR = Content(type=GraphqlReply)
_NO_FIELDS = Content(
    type=dict[str, Any], about="No fields; unrecognised fields are listed in the reply.", optional=True
)

OPERATIONS: Mapping[str, Sequence[Operation]] = {
    "/api/application-status": (
        _report(
            "sendReport",
            "Report an application's status",
            "Send one report for each change. A report that the service has already is `unchanged`, so you can repeat "
            "it when you get no answer. `RawStatus` is your own label; it refines the outcome of a rejection.",
        ),
        Operation(
            tag="Applications",
            method="get",
            name="listApplications",
            summary="List the applications of your ATS",
            description="Returns 100 applications at a time, ordered by `AtsiApplicationId`, each as it stands. Send "
            "`Next` as `after` to get the next page. With a test token, only sandbox applications are listed.",
            security="AtsiToken",
            parameters=(_AFTER_APPLICATION,),
            replies={"200": Content(type=ApplicationList, examples=examples.APPLICATION_LISTS)},
            problems=("unauthenticated", "invalid-fields", *_ALWAYS),
            links={
                "200": {
                    "readBack": _read_back_link("$response.body#/Applications/0/AtsiApplicationId"),
                    "next": _link("listApplications", "Get the next page, if there is one.", after=_NEXT),
                }
            },
        ),
    ),
    "/qs-api/public/atsi/v1/{ATS_ID}": (
        _report(
            "sendReportOfAts",
            "Report an application's status, with the ATS in the path",
            "The same as `POST /api/application-status`, at the path of StepStone's ATSi. The token must belong to the "
            "ATS in the path.",
        ),
    ),
    "/api/application-status/batch": (
        Operation(
            tag="Batches",
            method="post",
            name="sendReportBatch",
            summary="Report up to 100 statuses",
            description="Each report is handled as if you sent it alone. Read each result: with status 207, some "
            "reports have a problem and the others are stored.",
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
            tag="Applications",
            method="get",
            name="getApplication",
            summary="Get an application of your ATS: its status and its reports",
            description="Returns the status, the outcome, and each report as you sent it and as it was interpreted. "
            "With a test token, only sandbox applications are found.",
            security="AtsiToken",
            replies={"200": Content(type=ApplicationView, examples=examples.APPLICATIONS)},
            problems=("unauthenticated", "unknown-application", "invalid-fields", *_ALWAYS),
        ),
    ),
    "/api/sandbox/applications": (
        Operation(
            tag="Sandbox",
            method="post",
            name="createSandboxApplication",
            summary="Create a sandbox application, for trying out reports and signals",
            description="Needs a test token. The reply has the ids that reports and signals can use for the "
            "application. Sandbox applications are deleted after `ExpiresAt`.",
            security="AtsiToken",
            request=_NO_FIELDS,
            replies={"201": Content(type=SandboxApplication, examples=examples.SANDBOX_APPLICATIONS)},
            problems=(*_BODY_WITHOUT_FIELDS, "unauthenticated", "forbidden", "daily-limit-reached", *_ALWAYS),
            links={
                "201": {
                    "report": _report_link(_NEW),
                    "readBack": _read_back_link(_NEW),
                    "list": _link("listApplications", "List the sandbox applications of the ATS."),
                }
            },
        ),
    ),
    REQUESTS_PATH: (
        Operation(
            tag="Sandbox",
            method="get",
            name="listSandboxRequests",
            summary="List the newest requests with your test token",
            description="Needs a test token. Returns the newest 100 requests with it of the last 7 days: what was "
            "received, how each report or signal was understood, and why it was dropped or refused. The page "
            "`/sandbox/requests` shows the same.",
            security="AtsiToken",
            replies={"200": Content(type=SandboxRequests, examples=examples.SANDBOX_REQUESTS)},
            problems=("unauthenticated", "forbidden", *_ALWAYS),
        ),
    ),
    FILES_PATH: (
        Operation(
            tag="Files",
            method="post",
            name="createFile",
            summary="Create a file of reports, and get the form that uploads it",
            description="Send the CSV file itself to `UploadUrl`, with the fields of `UploadFields`, as "
            "`multipart/form-data`. Then ask for the file's state until it is `completed`.",
            security="AtsiToken",
            request=_NO_FIELDS,
            replies={"201": Content(type=CreatedFile, examples=examples.CREATED_FILES)},
            problems=(*_BODY_WITHOUT_FIELDS, "unauthenticated", "daily-limit-reached", *_ALWAYS),
            links={"201": {"state": _link("getFile", "Ask for the file's state.", FileId="$response.body#/FileId")}},
        ),
    ),
    STATUS_OF_FILE_PATH: (
        Operation(
            tag="Files",
            method="get",
            name="getFile",
            summary="Get how far a file is, and what became of its rows",
            description="Returns the state of the import, how many rows were recorded, unchanged, late, unmapped or "
            "refused, and the address of the list of refused rows.",
            security="AtsiToken",
            replies={"200": Content(type=FileStatus, examples=examples.FILE_STATUSES)},
            problems=("unauthenticated", "unknown-file", *_ALWAYS),
        ),
    ),
    "/graphql": (
        Operation(
            tag="Signals and dispositions",
            method="post",
            name="executeGraphql",
            summary="Send Selection Signals, or dispositions as to Indeed",
            description="Executes a GraphQL document. Valid signals and dispositions of a request are recorded even "
            "if others are refused. Introspection returns the schema.",
            security="AtsBearer",
            request=Content(type=GraphqlRequest, examples=examples.SIGNALS | examples.DISPOSITIONS),
            replies={
                "200": Content(type=GraphqlReply, examples=examples.SIGNAL_REPLIES | examples.DISPOSITION_REPLIES),
                **dict.fromkeys(("400", "401", "413", "415", "503"), _GRAPHQL_ERROR),
            },
            problems=("throttled",),
        ),
        Operation(
            tag="Signals and dispositions",
            method="get",
            name="queryGraphql",
            summary="Ask a query, such as introspection",
            description="Executes the query in the query string. A mutation needs `POST`.",
            security="AtsBearer",
            parameters=_GRAPHQL_PARAMETERS,
            replies={
                "200": Content(type=GraphqlReply),
                **dict.fromkeys(("400", "401", "405", "413", "503"), _GRAPHQL_ERROR),
            },
            problems=("throttled",),
        ),
    ),
    TOKEN_PATHS[0]: (_token("createAccessToken", "Get an access token"),),
    TOKEN_PATHS[1]: (_token("createAccessTokenForIndeed", "Get an access token, at the path of Indeed's senders"),),
    "/connect/{provider}/{connectionId}/{key}": (
        Operation(
            tag="Native webhooks",
            method="post",
            name="deliverWebhook",
            summary="Deliver a native webhook of an ATS",
            description="The ATS itself sends this request. An administrator enters the URL in the ATS, which signs "
            "each delivery with the connection's secret.",
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
            tag="Registrations",
            method="put",
            name="registerApplication",
            summary="Register an application, or update its registration",
            description="ATS, client, job, jobseeker and time of application are fixed by the first registration. "
            "Display texts are replaced, and aliases are added. It is safe to repeat.",
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
            links=dict.fromkeys(("200", "201"), _OF_REGISTRATION),
        ),
        Operation(
            tag="Registrations",
            method="delete",
            name="eraseApplication",
            summary="Erase an application permanently",
            description="Removes the application from every table. Later reports about it are dropped. It is safe to "
            "repeat, and an unknown id has the same reply.",
            security="AWS_IAM",
            replies={"204": None},
            problems=(*_IAM, "invalid-fields", *_ALWAYS),
        ),
    ),
    "/api/applications/{AtsiApplicationId}/aliases": (
        Operation(
            tag="Registrations",
            method="patch",
            name="addAliases",
            summary="Add aliases to an application",
            description="Adds ids under which reports and signals can name the application, such as a new tracking "
            "token or the ids of an ATS.",
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
            tag="Feedback",
            method="get",
            name="listFeedback",
            summary="List what jobseekers say is wrong with the status of their applications",
            description="Returns a page of the open feedback, the oldest first.",
            security="AWS_IAM",
            parameters=(_AFTER_FEEDBACK,),
            replies={"200": Content(type=FeedbackReply)},
            problems=("invalid-fields", *_IAM, *_ALWAYS),
            links={"200": {"next": _link("listFeedback", "Get the next page, if there is one.", after=_NEXT)}},
        ),
    ),
    CLOSING_PATH: (
        Operation(
            tag="Feedback",
            method="delete",
            name="closeFeedback",
            summary="Close the feedback about a status of an application, which deletes its text",
            description="Close it when the status is corrected, or found to be right.",
            security="AWS_IAM",
            replies={"204": None},
            problems=("invalid-fields", *_IAM, "unknown-application", *_ALWAYS),
        ),
    ),
    "/api/quality": (
        _quality(
            "getQuality",
            "Get a quality report about your ATS",
            "Returns numbers about the applications and the reports of your ATS. Needs a live token.",
            "AtsiToken",
            "unauthenticated",
            "forbidden",
        ),
    ),
    "/api/my/quality": (
        _quality(
            "getMyQuality",
            "Get a quality report, as a signed-in user",
            "Returns numbers about the user's client or ATS; the board's staff can ask about all.",
            "Users",
            "unauthenticated",
            "forbidden",
        ),
    ),
    "/api/board/quality": (
        _quality(
            "getBoardQuality",
            "Get a quality report about all ATSs",
            "Returns numbers about all ATSs, or about one ATS, client or job.",
            "AWS_IAM",
            *_IAM,
        ),
    ),
    CONNECTION_PATH: (
        Operation(
            tag="Connections",
            method="get",
            name="getConnection",
            summary="Get a connection of your client, and what it has sent in the last 90 days",
            description="Returns the state of the connection, its last test and refusal, the event types and labels "
            "that it has sent, and events about applications that are not registered.",
            security="Users",
            replies={"200": Content(type=ConnectionReply, examples=examples.CONNECTIONS)},
            problems=("unauthenticated", "forbidden", "unknown-connection", *_ALWAYS),
        ),
    ),
    "/api/my/applications": (
        Operation(
            tag="My applications",
            method="get",
            name="listMyApplications",
            summary="List the applications of the signed-in jobseeker",
            description="Returns a page of applications with their statuses. Send the `Next` of a reply as `after` to "
            "get the following page. Texts are in English or German, by `Accept-Language`.",
            security="Users",
            parameters=(_AFTER, _SHOW, _SEARCH),
            replies={"200": Content(type=MyApplications)},
            problems=("unauthenticated", "forbidden", "invalid-fields", *_ALWAYS),
            links={
                "200": {
                    "application": _link(
                        "getMyApplication",
                        "Get an application with its timeline.",
                        AtsiApplicationId="$response.body#/Applications/0/AtsiApplicationId",
                    ),
                    "next": _link("listMyApplications", "Get the next page, if there is one.", after=_NEXT),
                }
            },
        ),
    ),
    "/api/my/applications/{AtsiApplicationId}": (
        Operation(
            tag="My applications",
            method="get",
            name="getMyApplication",
            summary="Get an application of the signed-in jobseeker, with its timeline",
            description="Returns the application's status and all earlier ones. Texts are in English or German, by "
            "`Accept-Language`.",
            security="Users",
            replies={"200": Content(type=MyApplicationInFull)},
            problems=("unauthenticated", "forbidden", "unknown-application", "invalid-fields", *_ALWAYS),
        ),
    ),
    "/api/quality/definitions": (
        Operation(
            tag="Quality",
            method="get",
            name="getQualityDefinitions",
            summary="Get the definitions of the numbers in quality reports",
            description="Returns an object with the definition of each measure: what it counts, about which "
            "applications, and how cases that are still open are treated.",
            security=None,
            replies={"200": Content(type=DefinitionReply, by_name=True)},
            problems=_ALWAYS,
        ),
    ),
    UPTIME_PATH: (
        Operation(
            tag="Health",
            method="get",
            name="getHealth",
            summary="Check that the API answers; it reads no data",
            description="For monitors that check the service from outside.",
            security=None,
            replies={"200": Content(type=UptimeReply)},
            problems=_ALWAYS,
        ),
        Operation(
            tag="Health",
            method="head",
            name="checkHealth",
            summary="Check that the API answers, without a body",
            description="For monitors that read only the status.",
            security=None,
            replies={"200": None},
            problems=("throttled",),
        ),
    ),
}
