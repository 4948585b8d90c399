"""Five ATSs, each with everything that an ATS can have, and requests that name it.

`Estate` is what one ATS has. `Ids` are the ids by which a request can name a part of it, and every value in it is
recognisable: no other estate contains it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, override
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from application_status.access import clients
from application_status.access.connections import Created
from application_status.access.register import TokenRegister
from application_status.access.rules import generate, generate_client, is_access_token, is_test
from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases, NativeIds
from application_status.applications.rules.report import Channel
from application_status.platform.values import ApplicationId, AtsId, application_id
from support import oauth, quality_pages
from support.dynamodb_in_memory import Item, Memory
from support.world import HTTP_FUNCTIONS, ROUTES, World, http_event, registration, set_last_use

NAMES = ("amber", "basalt", "cobalt", "dolomite", "emerald")
REQUEST_ID = "the-same-request-id"


class Ids(NamedTuple):
    """The ids by which a request can name what an ATS has; `connection` is the id of a native webhook's URL."""

    application: str
    second: str
    token: str
    profile: str
    position: str
    apply_id: str
    native: str
    file: str
    ats: str
    client: str
    job: str
    connection: str
    oauth_client: str
    title: str

    def hidden_in(self, text: str) -> str:
        """Return a text with a placeholder for each id."""
        for value in sorted(self, key=len, reverse=True):
            text = text.replace(value, "<id>")
        return text


class Watched(Memory):
    """DynamoDB in memory that keeps each change of an item, as a text: its table, its key, and the item before."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[str] = []

    @override
    def _apply(self, kind: str, request: Mapping[str, Any]) -> Item | None:
        old = super()._apply(kind, request)
        table, key = request["TableName"], self._key(request)
        new = self.tables[table].get(key)
        if new != old:
            self.changes.append(f"{table} {key} {old} {new}")
        return old


def an_id(name: str) -> ApplicationId:
    """Return the UUID of a name."""
    return application_id(str(uuid5(NAMESPACE_URL, name)))


def unknown_ids(name: str) -> Ids:
    """Return ids of the right form that nobody has."""
    return Ids(
        application=an_id(f"{name} application"),
        second=an_id(f"{name} second id"),
        token=f"{name}-alias-token",
        profile=f"{name}-profile",
        position=f"{name}-position",
        apply_id=f"{name}-apply-id",
        native=f"{name}-native-application",
        file=an_id(f"{name} file"),
        ats=f"{name}-ats",
        client=f"{name}-client",
        job=f"{name}-job",
        connection="gr-22222222",
        oauth_client="atsi_client_live_0000000000000000",
        title=f"{name}-title",
    )


@dataclass
class Estate:
    """What an ATS has: credentials, and ids of what is live, of what is in the sandbox, and of what was erased.

    `secrets` is what identifies it and nobody else may read.
    """

    world: World
    name: str
    ids: Ids = field(init=False)
    in_sandbox: Ids = field(init=False)
    erased: Ids = field(init=False)
    connection: Created = field(init=False)

    def __post_init__(self) -> None:
        self.ats = AtsId(f"{self.name}-ats")
        self.token, self.test_token = generate(), generate(test=True)
        tokens = TokenRegister(self.world.dynamodb, "TokensTable")
        tokens.add(self.token, self.ats)
        tokens.add(self.test_token, self.ats)
        self.client = oauth.created(tokens, self.ats)
        self.test_client = oauth.created(tokens, self.ats, test=True)
        gone = oauth.Credentials(*generate_client())
        tokens.add_client(*gone, clients.public_key(gone.client_secret), self.ats)
        tokens.revoke_client(gone.client_id)
        self.erased = self._made(f"{self.name}-gone", gone.client_id)
        self._erase(self.erased)
        self.ids = self._made(self.name, self.client.client_id)
        self.in_sandbox = self._sandbox()

    def _made(self, name: str, oauth_client: str) -> Ids:
        """Register an application with all aliases, report about it, create a file and a connection."""
        made = unknown_ids(name)
        native = NativeIds(Channel.GREENHOUSE, made.native)
        aliases = Aliases(
            tokens=(made.token,),
            candidate_application_profile_ids=(made.profile,),
            position_profile_ids=(made.position,),
            apply_ids=(made.apply_id,),
            native=(native,),
            second_ids=(ApplicationId(made.second),),
        )
        registered = registration(
            ats_id=self.ats,
            client_id=made.client,
            job_id=made.job,
            jobseeker_id=f"{name}-jobseeker",
            job_title=made.title,
            company=f"{name} company",
            link=f"https://jobs.test/{name}",
            location=f"{name} place",
            aliases=aliases,
        )
        Registrations(self.world.dynamodb, "ApplicationsTable", "AliasesTable").register(
            ApplicationId(made.application), registered
        )
        for status in ("CONTACT", "INTERVIEW"):
            body = {"AtsiApplicationId": made.application, "Status": status, "RawStatus": f"{name} label"}
            assert self.sent("POST", "/api/application-status", body)["statusCode"] == 200
        file = json.loads(self.sent("POST", "/api/application-status/files")["body"])["FileId"]
        self.connection = self.world.connections.create(
            Channel.GREENHOUSE, self.ats, made.client, secret=f"{name}-webhook-secret", created_by=f"{name} operator"
        )
        return made._replace(file=file, connection=self.connection.connection.id, oauth_client=oauth_client)

    def _erase(self, ids: Ids) -> None:
        """Erase the application, disable the connection, and delete the file, as it is after its time."""
        self.world.erase(ids.application)
        self.world.connections.disable(self.connection.connection)
        for key in [key for key in self.world.client.tables["FilesTable"] if ids.file in key]:
            del self.world.client.tables["FilesTable"][key]

    def _sandbox(self) -> Ids:
        """Create an application and a file with the test token."""
        made = json.loads(self.sent("POST", "/api/sandbox/applications", token=self.test_token)["body"])
        file = json.loads(self.sent("POST", "/api/application-status/files", token=self.test_token)["body"])["FileId"]
        of, aliases = made["AtsiApplicationId"], made["Aliases"]
        body = {"AtsiApplicationId": of, "Status": "OFFER", "RawStatus": f"{self.name} sandbox label"}
        assert self.sent("POST", "/api/application-status", body, token=self.test_token)["statusCode"] == 200
        return unknown_ids(f"{self.name}-sandbox")._replace(
            application=of,
            second=of,
            token=aliases["Token"][0],
            profile=aliases["CandidateApplicationProfileId"][0],
            position=aliases["PositionProfileIds"][0],
            apply_id=of,
            file=file,
            ats=self.ats,
            oauth_client=self.test_client.client_id,
        )

    def sent(self, method: str, path: str, body: Any = None, *, token: str = "") -> dict[str, Any]:
        """Return the reply to a request with a token of this ATS."""
        return answered(self.world, http_event(method, path, body, token=token or self.token))

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """What identifies this ATS or belongs to it, and what nobody may read at all."""
        return tuple(dict.fromkeys(self._secrets()))

    def _secrets(self) -> Iterator[str]:
        for ids in (self.ids, self.erased, self.in_sandbox):
            yield from ids
        for name in (self.name, f"{self.name}-gone"):
            yield from (f"{name}-jobseeker", f"{name} company", f"https://jobs.test/{name}", f"{name} place")
            yield from (f"{name} label", f"{name} operator", f"{name}-webhook-secret")
        yield from (f"{self.name} sandbox label", self.connection.key)
        yield from (self.token, self.test_token, self.client.client_secret, self.test_client.client_secret)


def five(world: World) -> list[Estate]:
    """Return the five ATSs in a world; the days of the tokens' last use are stored before."""
    made = [Estate(world, name) for name in NAMES]
    quality_pages.count(world, tuple((30, each.ats, each.ids.client, each.ids.job) for each in made))
    set_last_use(world.client)
    world.restart()
    return made


def answered(world: World, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the reply of the function that API Gateway calls for a request."""
    function = next(
        route.function for route in ROUTES if route.path == event["resource"] and route.takes(event["httpMethod"])
    )
    reply: dict[str, Any] = getattr(world, HTTP_FUNCTIONS[function])(event, None)
    return reply


@dataclass(frozen=True)
class Caller:
    """Who sends requests: an ATS by one of its tokens, or a signed-in user by the claims.

    `rest` are the other ATSs. `ids` are its own, and `apart` are those that its ATS has but this caller may not use.
    """

    estate: Estate
    rest: Sequence[Estate]
    name: str
    ids: Ids
    token: str = ""
    apart: Sequence[Ids] = ()
    claims: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_test(self) -> bool:
        """Whether the token is a test token."""
        return is_test(self.token)

    def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **query: str
    ) -> dict[str, Any]:
        """Return the event of a request with the caller's credentials; a form is a str."""
        sent = dict(headers or {})
        if self.token:
            own_header = path != "/graphql" and not is_access_token(self.token)
            sent |= {"X-AtsiToken": self.token} if own_header else {"Authorization": f"Bearer {self.token}"}
        if isinstance(body, str):
            sent |= {"Content-Type": "application/x-www-form-urlencoded"}
        event = http_event(method, path, body, sent, token=None)
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
        event["requestContext"]["requestId"] = REQUEST_ID
        if self.claims:
            event["requestContext"]["authorizer"] = {"claims": dict(self.claims)}
            cookie = f"__Host-id-token={self.estate.world.id_token(self.claims)}"
            event["headers"]["Cookie"], event["multiValueHeaders"]["Cookie"] = cookie, [cookie]
        return event


def form(**fields: str) -> str:
    """Return the body of a form."""
    return urlencode(fields)
