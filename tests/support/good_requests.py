"""Good requests of every route, with valid tokens, sessions and signatures; some parts are made wrong.

A maker returns an event of its route. What a request wraps, in a signature, a cookie or a header, is made wrong before
it is wrapped, so that it reaches the code behind.
"""

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

from application_status.applications.rules.report import NATIVE, Channel
from application_status.local.user_pool import CLIENT_ID, PATH, _key
from application_status.sign_in.endpoint import _Attempt
from support import lever_events, oauth, sandbox
from support.native_flow import AFTERWARDS, SECRET, Customer
from support.native_webhooks import body_of, names, signed
from support.odd_graphql import OddGraphql
from support.odd_values import Odd
from support.world import (
    APPLICATION,
    ATS,
    FOREIGN_APPLICATION,
    HOST,
    OTHER_TOKEN,
    SIGNALLED_APPLICATION,
    TEST_TOKEN,
    TOKEN,
    World,
)

type Event = dict[str, Any]
type Maker = Callable[[], Event]

APPLICATIONS = (APPLICATION, SIGNALLED_APPLICATION, FOREIGN_APPLICATION)
STAFF, JOBSEEKER = {"cognito:groups": "staff"}, {"custom:jobseeker_id": "jobseeker-1"}
USERS: list[dict[str, Any]] = [STAFF, JOBSEEKER, {"custom:client_id": "client-1"}, {"custom:ats_id": ATS}]
ODD_CLAIMS: list[dict[str, Any]] = [
    {}, STAFF | JOBSEEKER, {"custom:jobseeker_id": []}, {"custom:client_id": "é#/"}, {"cognito:groups": [1, "staff"]},
    {"aud": None}, {"exp": "x"}, {"exp": 10**99}, {"iat": 1e308}, {"token_use": ["id"]}, {"iss": {}}, {"sub": "\udfff"},
    {"custom:ats_id": "x" * 3000},
]  # fmt: skip
STATUSES = ["LEAD", "APPLIED", "CONTACT", "PRE_INTERVIEW", "INTERVIEW", "POST_INTERVIEW", "OFFER", "HIRED", "REJECTED"]
REGISTRATION = {
    "AtsId": ATS, "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1", "JobTitle": "Koch (m/w/d)",
    "Company": "Example GmbH", "AppliedAt": "2022-07-01T09:00:00Z", "Location": "Berlin", "Link": "https://a.test/x?y#z",
}  # fmt: skip
PARAMETERS = {
    "kind": ["cohort", "activity", "silence", "health", "unmapped", "benchmark"],
    "interval": ["day", "week", "month", "all"],
    "from": ["2022-07-01", "2026-09-01", "0001-01-01"],
    "to": ["2022-08-01", "2026-11-01", "9999-12-31"],
    "by": ["ats", "client", "job"],
    "ats": [ATS, "other-ats"],
    "client": ["client-1", "client-3"],
    "job": ["job-1"],
    "after": ["a", ATS],
    "search": ["Ex", "é"],
    "sort": ["-applications", "name"],
    "locale": ["de"],
    "lang": ["de"],
}
FORM = "application/x-www-form-urlencoded"


@dataclass
class GoodRequests:
    """Makes the requests of a World whose tables are in memory."""

    odd: Odd
    world: World
    graphql: OddGraphql = field(init=False)
    made: list[str] = field(default_factory=list)
    """The ids of created files and sandbox applications."""

    def __post_init__(self) -> None:
        world, at = self.world, datetime.now(UTC)
        self.graphql = OddGraphql(self.odd)
        self.customers = [Customer.of(world, Channel(provider), f"client-of-{provider}") for provider in sorted(NATIVE)]
        for each in self.customers:
            each.register()
        awaiting = world.connections.create(Channel.RECRUITEE, ATS, "client-1", secret=None, created_by="operator")
        self.customers.append(Customer(world, Channel.RECRUITEE, "client-1", awaiting))
        self.bodies = {provider: [body_of(provider, name) for name in names(provider)] for provider in AFTERWARDS}
        self.lever_at = at
        self.access_token = oauth.access_token(world)
        self.sessions = [world.id_token(claims) for claims in USERS] * 4
        common = jwt.decode(self.sessions[0], options={"verify_signature": False})
        odd_claims = [json.dumps(common | claims).encode() for claims in ODD_CLAIMS]
        odd_claims += [b"", b"[]", b"null", b"[" * 2000, json.dumps(common | {"iss": "x"}).encode("utf-16")]
        self.sessions += [jwt.PyJWS().encode(each, _key(), "RS256", {"kid": "local"}) for each in odd_claims]
        self.refresh_token = "refresh"
        world.pool._refresh_tokens[self.refresh_token] = "staff/"  # noqa: SLF001  # as one that signed in
        sandbox_application = sandbox.created(world)
        self.of_sandbox = sandbox_application["AtsiApplicationId"]
        self.of_statuses = self._statuses_of_pages()

    def routes(self) -> Mapping[str, list[Maker]]:
        """Return the makers by path; one occurs several times to be chosen more often."""
        return {
            "/api/application-status": [self.report] * 6 + [self.sandbox_report, self.applications],
            "/qs-api/public/atsi/v1/{ATS_ID}": [self.report_of_ats],
            "/api/application-status/{AtsiApplicationId}": [self.application],
            "/api/application-status/batch": [self.batch],
            "/api/application-status/files": [self.file],
            "/api/application-status/files/{FileId}": [self.file_status],
            "/graphql": [self.graphql_request],
            "/connect/{provider}/{connectionId}/{key}": [self.delivery] * 9 + [self.unsigned_delivery],
            "/oauth/token": [self.token],
            "/oauth/v2/tokens": [self.token],
            "/api/applications/{AtsiApplicationId}": [self.registration] * 9 + [self.erasure],
            "/api/applications/{AtsiApplicationId}/aliases": [self.aliases],
            "/api/feedback": [self.feedback],
            "/api/applications/{AtsiApplicationId}/feedback/{JobseekerStatus}": [self.closed_feedback],
            "/api/sandbox/applications": [self.sandbox_application],
            "/api/sandbox/requests": [self.sandbox_requests],
            "/sandbox/requests": [self.sandbox_form, self.page_of("/sandbox/requests")],
            "/api/quality": [self.quality("/api/quality")],
            "/api/my/quality": [self.quality("/api/my/quality")],
            "/api/board/quality": [self.quality("/api/board/quality")],
            "/api/quality/definitions": [self.page_of("/api/quality/definitions")],
            "/quality": [self.quality("/quality")],
            "/api/my/applications": [self.my_applications("/api/my/applications")],
            "/my/applications": [self.my_applications("/my/applications"), self.form, self.form],
            "/api/my/applications/{AtsiApplicationId}": [self.my_application],
            "/api/connections/{connectionId}": [self.connection("/api/connections/{connectionId}")],
            "/connections/{connectionId}": [self.connection("/connections/{connectionId}")],
            "/docs": [self.page_of("/docs")],
            "/docs/{File}": [self.docs_file],
            "/problems/{Type}": [self.problem_type],
            "/health": [self.page_of("/health")],
            "/sign-in": [self.sign_in, self.sign_in_again],
            "/sign-in/callback": [self.callback],
            "/sign-out": [self.sign_out],
            "/{proxy+}": [self.unknown_path],
        }

    def report(self, application: str = "", token: str | None = None, to: str = "", **parameters: str) -> Event:
        """Return a report."""
        body = self._report(application)
        path = to or "/api/application-status"
        headers = self._json(token) | ({"Idempotency-Key": self._key()} if self.odd.chance() < 0.2 else {})
        return self._event("POST", path, self._changed(body), headers, parameters)

    def sandbox_report(self) -> Event:
        """Return a report with a test token."""
        return self.report(self.of_sandbox, TEST_TOKEN)

    def report_of_ats(self) -> Event:
        """Return a report to the path with the ATS's id."""
        ats = self._id(ATS, "other-ats")
        return self.report(to="/qs-api/public/atsi/v1/{ATS_ID}", ATS_ID=ats)

    def batch(self) -> Event:
        """Return a batch of up to five reports, now and then of 101."""
        count = 101 if self.odd.chance() < 0.002 else self.odd.random.randrange(6)
        reports = [self.odd.value(self._report(), self.odd.one_of([0, 0, 1])) for _ in range(count)]
        return self._event("POST", "/api/application-status/batch", self._changed({"Reports": reports}), self._json())

    def applications(self) -> Event:
        """Return a question for the ATS's applications."""
        query = {"after": self.odd.one_of([APPLICATION, "x"])} if self.odd.chance() < 0.3 else {}
        return self._event("GET", "/api/application-status", None, self._auth(), query=query)

    def application(self) -> Event:
        """Return a question for an application."""
        parameters = {"AtsiApplicationId": self._application()}
        headers = self._auth(TEST_TOKEN if parameters["AtsiApplicationId"] == self.of_sandbox else None)
        return self._event("GET", "/api/application-status/{AtsiApplicationId}", None, headers, parameters)

    def file(self) -> Event:
        """Return a request to create a file."""
        body = self._changed({"Name": "x"}) if self.odd.chance() < 0.5 else None
        return self._event("POST", "/api/application-status/files", body, self._json())

    def file_status(self) -> Event:
        """Return a question for a file."""
        files = [item["FileId"]["S"] for item in self.tables["FilesTable"].values() if "CreatedAt" in item][:5]
        parameters = {"FileId": self._id(*files, APPLICATION)}
        return self._event("GET", "/api/application-status/files/{FileId}", None, self._auth(), parameters)

    def graphql_request(self) -> Event:
        """Return a GraphQL request."""
        method, body, query = self.graphql.request()
        token = self.odd.one_of([TOKEN] * 6 + [OTHER_TOKEN, TEST_TOKEN, self.access_token])
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        return self._event(method, "/graphql", body, headers, query=query)

    def delivery(self) -> Event:
        """Return a delivery of a provider, signed after it was changed."""
        customer = self.odd.one_of(self.customers)
        body = self.odd.one_of(self.bodies[customer.provider])
        if self.odd.chance() < 0.6:
            content = self.odd.value(json.loads(body), self.odd.one_of([1, 1, 2, 4]))
            body = self.odd.json(content)
        elif self.odd.chance() < 0.3:
            body = self.odd.raw(body)
        if customer.provider is Channel.LEVER and self.odd.chance() < 0.9:
            body = self._signed_by_lever(body)
        headers = signed(customer.provider, body, SECRET)
        return self._event("POST", "/connect/{provider}/{connectionId}/{key}", body, headers, self._place(customer))

    def unsigned_delivery(self) -> Event:
        """Return a delivery with a wrong signature."""
        customer = self.odd.one_of(self.customers)
        body = self.odd.one_of(self.bodies[customer.provider])
        headers = signed(customer.provider, body, SECRET)
        wrong = {name: self.odd.text(value) for name, value in headers.items()}
        return self._event("POST", "/connect/{provider}/{connectionId}/{key}", body, wrong, self._place(customer))

    def token(self) -> Event:
        """Return a request for an access token, with the credentials in the form, in JSON or in Basic."""
        parameters = oauth.GRANT | oauth.Credentials()._asdict()
        path = self.odd.one_of([oauth.PATH, oauth.INDEEDS_PATH])
        if self.odd.chance() < 0.2:
            return self._event("POST", path, self._changed(parameters), {"Content-Type": "application/json"})
        headers = {"Content-Type": FORM}
        if self.odd.chance() < 0.4:
            pair = ":".join(oauth.Credentials())
            raw = (self.odd.raw(pair.encode())) if self.odd.chance() < 0.4 else pair.encode()
            headers["Authorization"] = f"Basic {base64.b64encode(raw).decode()}"
            parameters = dict(oauth.GRANT)
        return self._event("POST", path, self._form(parameters), headers)

    def registration(self) -> Event:
        """Return a registration."""
        native = {
            provider.capitalize(): {"ApplicationId": self._key()} for provider in self.odd.some(sorted(NATIVE), 2)
        }
        aliases = {
            "Token": [self._key()],
            "PositionProfileIds": ["p"],
            "AtsiApplicationId": [str(self._new())],
            **native,
        }
        jobseeker = {"JobseekerId": f"jobseeker-{self.odd.random.randrange(50)}"}
        body = self._changed(REGISTRATION | jobseeker | {"Aliases": aliases})
        parameters = {"AtsiApplicationId": self.odd.one_of([*APPLICATIONS, str(self._new()), str(self._new())])}
        return self._event("PUT", "/api/applications/{AtsiApplicationId}", body, self._json(""), parameters)

    def erasure(self) -> Event:
        """Return the erasure of an application that no other request needs."""
        parameters = {"AtsiApplicationId": str(self._new())}
        return self._event("DELETE", "/api/applications/{AtsiApplicationId}", None, {}, parameters)

    def aliases(self) -> Event:
        """Return a request that adds aliases to an application."""
        body = self._changed({"Aliases": {"Token": [self._key()], "ApplyId": [self._key()]}})
        parameters = {"AtsiApplicationId": self._application()}
        return self._event("PATCH", "/api/applications/{AtsiApplicationId}/aliases", body, self._json(""), parameters)

    def feedback(self) -> Event:
        """Return the board's question for feedback."""
        query = {"after": self._key()} if self.odd.chance() < 0.5 else {}
        return self._event("GET", "/api/feedback", None, {}, query=query)

    def closed_feedback(self) -> Event:
        """Return the board's request to close feedback."""
        parameters = {"AtsiApplicationId": self._application(), "JobseekerStatus": self._id("applied", "in_process")}
        path = "/api/applications/{AtsiApplicationId}/feedback/{JobseekerStatus}"
        return self._event("DELETE", path, None, {}, parameters)

    def sandbox_application(self) -> Event:
        """Return a request to create an application in the sandbox."""
        body = self._changed({}) if self.odd.chance() < 0.5 else None
        return self._event("POST", "/api/sandbox/applications", body, self._json(TEST_TOKEN))

    def sandbox_requests(self) -> Event:
        """Return a question for the requests with a test token."""
        query = {"status": "200"} if self.odd.chance() < 0.5 else {}
        return self._event("GET", "/api/sandbox/requests", None, self._auth(TEST_TOKEN), query=query)

    def sandbox_form(self) -> Event:
        """Return the form for the requests with a test token."""
        form = self._form({"token": self.odd.one_of([TEST_TOKEN, TEST_TOKEN, TOKEN]), "from": "10"})
        return self._event("POST", "/sandbox/requests", form, {"Content-Type": FORM, **self._browser()})

    def quality(self, path: str) -> Maker:
        """Return a maker of questions for a report."""

        def make() -> Event:
            query = {name: self.odd.one_of(values) for name, values in self.odd.some(PARAMETERS.items())}
            accept = self.odd.one_of(["application/json", "text/csv", "text/csv;q=0.5, */*;q=0.1", "text/html"])
            headers = self._auth() if path == "/api/quality" else self._session() if path == "/quality" else {}
            claims = self.odd.one_of(USERS + ODD_CLAIMS[:4])
            return self._event("GET", path, None, headers | self._browser(accept), query=query, claims=claims)

        return make

    def my_applications(self, path: str) -> Maker:
        """Return a maker of questions for a jobseeker's applications."""

        def make() -> Event:
            queries: list[dict[str, str]] = [{}, {"after": self._key()}, {"application": APPLICATION}]
            query = self.odd.one_of(queries)
            headers = self._session(JOBSEEKER) if path == "/my/applications" else {}
            return self._event("GET", path, None, headers | self._browser(), query=query, claims=JOBSEEKER)

        return make

    def form(self) -> Event:
        """Return a form of a jobseeker's page."""
        do = self.odd.one_of(["archive", "take_back", "feedback"])
        status = self.odd.one_of(self.of_statuses)
        fields = {
            "do": do,
            "status": status,
            "reason": self.odd.one_of(["date", "status", "other"]),
            "text": "Ich war's",
        }
        headers = {"Content-Type": FORM, "Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}
        headers |= self._session(JOBSEEKER) | self._browser()
        query = {"application": self.odd.one_of(APPLICATIONS[:2])}
        return self._event("POST", "/my/applications", self._form(fields), headers, query=query, claims=JOBSEEKER)

    def my_application(self) -> Event:
        """Return a question for an application of a jobseeker."""
        parameters = {"AtsiApplicationId": self._application()}
        path = "/api/my/applications/{AtsiApplicationId}"
        return self._event("GET", path, None, self._browser(), parameters, claims=JOBSEEKER)

    def connection(self, path: str) -> Maker:
        """Return a maker of questions for a connection."""

        def make() -> Event:
            parameters = {"connectionId": self._id(*(each.created.connection.id for each in self.customers))}
            headers = self._session(STAFF) if path.startswith("/connections") else {}
            return self._event("GET", path, None, headers | self._browser(), parameters, claims=STAFF)

        return make

    def page_of(self, path: str) -> Maker:
        """Return a maker of requests for a page or a document without parameters."""
        return lambda: self._event("GET", path, None, self._browser())

    def docs_file(self) -> Event:
        """Return a request for a file of the documentation."""
        files = ["guide", "openapi.json", "start", "site.css", "changelog"]
        return self._event("GET", "/docs/{File}", None, self._browser(), {"File": self._id(*files)})

    def problem_type(self) -> Event:
        """Return a request for a description of a problem."""
        parameters = {"Type": self._id("invalid-fields", "unauthenticated", "throttled")}
        return self._event("GET", "/problems/{Type}", None, self._browser(), parameters)

    def sign_in(self) -> Event:
        """Return the beginning of a sign-in."""
        query = {"return_to": self.odd.one_of(["/my/applications", "/quality?kind=cohort", "/connections/gr-x", "//x"])}
        return self._event("GET", "/sign-in", None, self._browser(), query=query)

    def sign_in_again(self) -> Event:
        """Return a sign-in with a refresh token."""
        token = self.odd.one_of([self.refresh_token, "unknown", self.odd.text("unknown")])
        headers = {"Cookie": f"__Host-refresh-token={token}", **self._browser()}
        return self._event("GET", "/sign-in", None, headers, query={"return_to": "/quality"})

    def callback(self) -> Event:
        """Return the way back from the login pages, with an attempt that is now and then changed in its cookie."""
        attempt = _Attempt("state", "nonce", "verifier", "/quality")
        code = self._code(attempt) if self.odd.chance() < 0.2 else "code"
        kept: Any = list(attempt)
        if self.odd.chance() < 0.6:
            kept = self.odd.value(kept, self.odd.one_of([1, 1, 2]))
        raw = self.odd.json(kept) if self.odd.chance() < 0.2 else json.dumps(kept).encode()
        cookie = base64.urlsafe_b64encode(raw).decode()
        if self.odd.chance() < 0.1:
            cookie = self.odd.text(cookie)
        headers = {"Cookie": f"a=b; __Host-sign-in={cookie}", **self._browser()}
        query = {"code": code, "state": "state"}
        return self._event("GET", "/sign-in/callback", None, headers, query=query)

    def sign_out(self) -> Event:
        """Return a sign-out."""
        headers = {"Cookie": f"__Host-refresh-token=x; __Host-id-token={self.odd.one_of(self.sessions)}"}
        origin = {"Origin": f"https://{HOST}"}
        method = self.odd.one_of(["GET", "POST"])
        return self._event(method, "/sign-out", None, headers | origin | self._browser())

    def unknown_path(self) -> Event:
        """Return a request for a path that has no route."""
        near = self._id("api/application-staus", "wp-login.php", "graphql/", "sandbox", "api/v1/status/x")
        return self._event(self.odd.one_of(["GET", "POST"]), "/{proxy+}", None, self._auth(), {"proxy": near})

    # The parts of requests.

    @property
    def tables(self) -> Any:
        return self.world.client.tables

    def _event(  # the parts of a request
        self,
        method: str,
        resource: str,
        body: bytes | None,
        headers: Mapping[str, str],
        parameters: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> Event:
        path = resource
        for name, value in (parameters or {}).items():
            path = path.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
        context: dict[str, Any] = {"requestId": "request-1", "path": f"/v1{path}", "domainName": HOST}
        context["identity"] = {"sourceIp": f"192.0.2.{self.odd.random.randrange(256)}"}
        if claims is not None:
            context["authorizer"] = {"claims": claims}
        content: Mapping[str, Any] = {"body": None, "isBase64Encoded": False}
        return {
            "resource": resource,
            "path": path,
            "httpMethod": method,
            "headers": dict(headers),
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": dict(query) if query else None,
            "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
            "pathParameters": dict(parameters) if parameters else None,
            "stageVariables": {"UserPoolClientId": CLIENT_ID},
            "requestContext": context,
            **(content if body is None else self.odd.encoded(body)),
        }

    def _report(self, application: str = "") -> dict[str, Any]:
        body: dict[str, Any] = {
            "AtsiApplicationId": application or self._application(),
            "Status": self.odd.one_of(STATUSES),
        }
        if self.odd.chance() < 0.5:
            year, month, day = (
                self.odd.random.randint(10, 26),
                self.odd.random.randint(1, 9),
                self.odd.random.randint(1, 28),
            )
            body["BusinessDate"] = f"20{year}-0{month}-{day:02}T{self.odd.one_of(['00:00:00', '23:59:59.999'])}+02:00"
        if self.odd.chance() < 0.5:
            body["RawStatus"] = self.odd.one_of(["On-site interview", "Absage", "採用", "x"])
        return body

    def _changed(self, body: Any) -> bytes:
        """Return a body as JSON, changed in none to five places."""
        return self.odd.json(self.odd.value(body, self.odd.one_of([0, 0, 0, 1, 1, 2, 5])))

    def _form(self, fields: Mapping[str, str]) -> bytes:
        """Return a form, changed in its fields or as a text."""
        kind = self.odd.chance()
        if kind < 0.4:
            name = self.odd.one_of(list(fields))
            fields = {**fields, name: self.odd.text(fields[name])}
        text = urlencode(fields, errors="surrogatepass").encode()
        return self.odd.raw(text) if kind > 0.8 else text

    def _json(self, token: str | None = None) -> dict[str, str]:
        """Return the headers of JSON, with a token unless it is empty."""
        return {"Content-Type": "application/json"} | ({} if token == "" else self._auth(token))

    def _auth(self, token: str | None = None) -> dict[str, str]:
        """Return the header with a token, the demo ATS's in most."""
        token = token or self.odd.one_of([TOKEN] * 12 + [OTHER_TOKEN, TEST_TOKEN, self.access_token])
        if self.odd.chance() < 0.02:
            token = self.odd.text(token)
        return {"X-AtsiToken": token} if self.odd.chance() < 0.7 else {"Authorization": f"Bearer {token}"}

    def _session(self, claims: Mapping[str, Any] | None = None) -> dict[str, str]:
        """Return a header with an id token, of this user or of any."""
        token = (
            self.sessions[USERS.index(dict(claims))]
            if claims and self.odd.chance() < 0.9
            else self.odd.one_of(self.sessions)
        )
        if self.odd.chance() < 0.1:
            token = ".".join(self._changed_part(part) for part in token.split("."))
        return (
            {"Cookie": f"a=b; __Host-id-token={token}"}
            if self.odd.chance() < 0.7
            else {"Authorization": f"Bearer {token}"}
        )

    def _changed_part(self, part: str) -> str:
        """Return a part of a JWT that is now and then changed inside."""
        if self.odd.chance() < 0.5:
            return part
        raw = self.odd.raw(base64.urlsafe_b64decode(part + "=="))
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def _browser(self, accept: str = "text/html,*/*;q=0.8") -> dict[str, str]:
        language = self.odd.one_of(
            ["de-DE,de;q=0.9,en;q=0.8", "en", "*", "de;q=0, en;q=0", self.odd.text("de,en;q=0.1")]
        )
        return {"Accept": accept, "Accept-Language": language}

    def _place(self, customer: Customer) -> dict[str, str]:
        connection, key = customer.created
        return {"provider": connection.provider, "connectionId": connection.id, "key": key}

    def _signed_by_lever(self, body: bytes) -> bytes:
        try:
            return lever_events.signed_body(body, uuid.UUID(int=self.odd.random.getrandbits(128)).hex, self.lever_at)
        except (ValueError, TypeError, RecursionError):
            return body

    def _code(self, attempt: _Attempt) -> str:
        """Return a code that the login pages issue."""
        asked = {
            "user": "staff/", "nonce": attempt.nonce, "code_challenge": attempt.challenge, "state": attempt.state,
            "redirect_uri": f"https://{HOST}/v1/sign-in/callback",
        }  # fmt: skip
        path = f"{PATH}/oauth2/authorize"
        event = {"httpMethod": "GET", "resource": path, "queryStringParameters": asked}
        reply = self.world.pool.handlers[path](event, None)
        code: str
        (code,) = parse_qs(urlsplit(reply["headers"]["Location"]).query)["code"]
        return code

    def _statuses_of_pages(self) -> list[str]:
        return ["applied@2022-07-01T09:00:00.000Z", "in_process@2022-07-29T11:26:11.106Z", "x"]

    def _application(self) -> str:
        return self._id(*APPLICATIONS, APPLICATION, APPLICATION, self.of_sandbox, str(self._new()))

    def _new(self) -> uuid.UUID:
        return uuid.UUID(int=self.odd.random.randrange(2000) + (0x51C3BE16 << 96))

    def _key(self) -> str:
        return f"key-{self.odd.random.randrange(200)}"

    def _id(self, *known: str) -> str:
        return self.odd.text(self.odd.one_of(known)) if self.odd.chance() < 0.15 else self.odd.one_of(known)
