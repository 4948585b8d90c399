"""The service under test: the real handlers over tables made from template.yaml, with all DynamoDB calls recorded."""

import json
import os
import pickle
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from threading import RLock
from typing import Any
from zoneinfo import ZoneInfo

from botocore.client import BaseClient
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from time_machine import escape_hatch

from application_status.access import clients
from application_status.access.assignments import Assignments, OidcUsers
from application_status.access.connections import ConnectionRegister
from application_status.access.envelope import Envelope
from application_status.access.register import TokenRegister
from application_status.access.sessions import IdTokens
from application_status.applications import items
from application_status.applications.record import UnknownApplications
from application_status.applications.register import Registrations
from application_status.applications.rules.application import Application
from application_status.applications.rules.registration import Aliases, Registration
from application_status.applications.rules.report import Channel
from application_status.functions.analytics import make_handler as make_analytics
from application_status.functions.batch import BatchSettings
from application_status.functions.batch import make_handler as make_batch
from application_status.functions.connect import ConnectSettings
from application_status.functions.connect import make_handler as make_connect
from application_status.functions.files import FilesSettings
from application_status.functions.files import make_handler as make_files
from application_status.functions.health import HealthSettings
from application_status.functions.health import make_handler as make_health
from application_status.functions.merge import MergeSettings
from application_status.functions.merge import make_handler as make_merge
from application_status.functions.my_applications import MyApplicationsSettings
from application_status.functions.my_applications import make_handler as make_my_applications
from application_status.functions.oauth import OauthSettings
from application_status.functions.oauth import make_handler as make_oauth
from application_status.functions.positions import PositionsSettings
from application_status.functions.positions import make_handler as make_positions
from application_status.functions.pre_token import PreTokenSettings
from application_status.functions.pre_token import make_handler as make_pre_token
from application_status.functions.registry import RegistrySettings
from application_status.functions.registry import make_handler as make_registry
from application_status.functions.retention import RetentionSettings
from application_status.functions.retention import make_handler as make_retention
from application_status.functions.sandbox import SandboxSettings
from application_status.functions.sandbox import make_handler as make_sandbox
from application_status.functions.signals import SignalsSettings
from application_status.functions.signals import make_handler as make_signals
from application_status.functions.verification import VerificationSettings
from application_status.functions.verification import make_handler as make_verification
from application_status.functions.views import ViewsSettings
from application_status.functions.views import make_handler as make_views
from application_status.functions.webhook import WebhookSettings
from application_status.functions.webhook import make_handler as make_webhook
from application_status.intake.connect.providers import PROVIDERS, Provider
from application_status.local.template import Template, pattern
from application_status.local.user_pool import CLIENT_ID, UserPool, id_token
from application_status.platform import s3
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB, Transport
from application_status.platform.dynamodb.wire import CredentialsProvider, Wire
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.kms import DataKeys
from application_status.platform.values import AtsId, application_id, from_text, now
from application_status.quality.counting.stream import AnalyticsSettings
from application_status.sign_in.endpoint import LoginPages, sign_in
from support.failed_records import KeptRecords, set_aside
from support.faults import MOTO_SERVERS
from support.kms import FakeKms
from support.permissions import Permission, UnderRole

HTTP_FUNCTIONS = {
    "WebhookFunction": "webhook",
    "BatchFunction": "batch",
    "SignalsFunction": "signals",
    "OauthFunction": "oauth",
    "ConnectFunction": "connect",
    "FilesFunction": "files",
    "RegistryFunction": "registry",
    "SandboxFunction": "sandbox",
    "ViewsFunction": "views",
    "MyApplicationsFunction": "my_applications",
    "SignInFunction": "sign_in",
}
"""The functions behind the API: the attribute of `World` that has each."""

EVENTS = Path(__file__).parents[2] / "events"
TEMPLATE = Template({"FactsDelivery": "on", "EventDelivery": "on", "DomainName": "status.test"})
ROUTES = tuple(TEMPLATE.routes())
_PATTERNS = tuple((route, pattern(route.path)) for route in ROUTES)
HOST = "status.test"
POOL_URL = "https://pool.test"
TOKEN = "node01nwh2px2exa8a1d7006h0cnbof7.node0"
TEST_TOKEN = "atsi_test_demo0001_TryTheServiceWithThisTokenOfTheLocalDemo0003i9xHe"
ATS_CLIENT_ID = "atsi_client_live_DemoClient000001"
ATS_CLIENT_SECRET = "atsi_secret_TryTheServiceWithThisSecretOfTheLocalDemo00001"
ATS = AtsId("demo-ats")
OTHER_TOKEN = "another-opaque-token"
OTHER_ATS = AtsId("other-ats")
APPLICATION = application_id("51c3be16-0f93-41ed-9cc0-9092222d7333")
FOREIGN_APPLICATION = application_id("51c3be16-0f93-41ed-9cc0-000000000002")
SIGNALLED_APPLICATION = application_id("51c3be16-0f93-41ed-9cc0-000000000003")
SIGNAL_TOKEN = "globalPublicTest-WfRFAhG25YC8ADe3QvxAVz"
POSITION = "seekAnzPublicTest:positionProfile:jobAd:27cuZeA47"
PROFILE = "seekAnzPublicTest:candidateProfile:apply:7DtW6Q68gk2R4okNGhvg1Y"
ALIASES = Aliases(
    tokens=(SIGNAL_TOKEN,), candidate_application_profile_ids=(PROFILE,), position_profile_ids=(POSITION,)
)
BERLIN = ZoneInfo("Europe/Berlin")
RETENTION_DAYS, OPEN_RETENTION_DAYS = 180, 400


class RecordingDynamoDB(DynamoDB):
    """The real client, which also records its operations."""

    def __init__(self, client: Any, over: Transport | None = None) -> None:
        super().__init__(one_at_a_time(over or boto.transport(client)))
        self.operations: list[str] = []

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        self.operations.append(operation)
        return super().__call__(operation, **request)


def one_at_a_time(transport: Transport) -> Transport:
    """Return a transport for threads over an engine that loses updates if calls overlap.

    A call may make others in its own thread: those of a request that comes in between.
    """
    lock = RLock()

    def call(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        with lock:
            return transport(operation, request)

    return call


@cache
def s3_client() -> Any:
    """Return a client for presigned addresses, which takes long to make."""
    return s3.client()


_MADE: dict[datetime | None, bytes] = {}
"""The tables of a new World as moto has them, by the time at which a test stops the clock."""


def is_moto(client: Any) -> bool:
    """Return whether a client's calls are answered by moto in this process."""
    if not isinstance(client, BaseClient):
        return False
    url = client.meta.endpoint_url
    return url.endswith(".amazonaws.com") or url in MOTO_SERVERS


def _moto_tables() -> dict[str, Any]:
    tables: dict[str, Any] = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
    return tables


def _dynamodb_json(item: Any) -> dict[str, Any]:
    """Return an item of moto's as a client would, without the milliseconds that a call takes."""
    return {name: value.to_regular_json() for name, value in item.attrs.items()}


def set_last_use(client: Any, day: str = "9999-12-31") -> None:
    """Set the day of the last use of all tokens; in the far future, so that no request stores another."""
    for item in client.scan(TableName="TokensTable")["Items"]:
        if "TokenSha256" in item:
            client.update_item(
                TableName="TokensTable",
                Key={"KeyId": item["KeyId"]},
                UpdateExpression="SET LastUsedOn = :day",
                ExpressionAttributeValues={":day": {"S": day}},
            )


@dataclass
class Answer:
    """A handler's HTTP reply."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass
class World:
    """The functions over the tables of one DynamoDB client; two ATSs with tokens and applications.

    One of the ATSs has an OAuth client, too.

    `endpoint`: the address of the client's server. With it the webhook makes its calls over the transport that is
    deployed, and without it over the client, as all other functions do.
    Each function makes the calls alone that its role in template.yaml allows; `used` has what they took.
    """

    client: Any
    unknown: UnknownApplications = UnknownApplications.REJECT
    bad_news_delay_hours: int = 0
    requests_per_second: int = 0
    oidc_users: OidcUsers = OidcUsers.ASSIGNED
    pool_url: str = POOL_URL
    endpoint: str | None = None
    dynamodb: RecordingDynamoDB = field(init=False)
    of_webhook: RecordingDynamoDB = field(init=False)
    wire: Wire | None = field(init=False, default=None)
    providers: Mapping[Channel, Provider] = field(default_factory=lambda: PROVIDERS)
    clock: Callable[[], float] = time.monotonic
    kms: Any = field(default_factory=FakeKms)
    kept: KeptRecords = field(default_factory=KeptRecords)
    used: defaultdict[str, set[Permission]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        self.dynamodb = self.of_webhook = RecordingDynamoDB(self.client)
        if self.endpoint:
            self.wire = Wire(self.endpoint, "us-east-1", CredentialsProvider(os.environ))
            self.of_webhook = RecordingDynamoDB(self.client, over=self.wire)
            self.of_webhook.operations = self.dynamodb.operations
        if is_moto(self.client):
            self._copy_tables()
        else:
            self._make_tables()
        self.restart()

    def _copy_tables(self) -> None:
        """Give moto a copy of the tables that were made first in this process, as making them takes long."""
        moment = now() if escape_hatch.is_travelling() else None
        if moment not in _MADE:
            self._make_tables()
            _MADE[moment] = pickle.dumps(_moto_tables())
        _moto_tables().update(pickle.loads(_MADE[moment]))  # noqa: S301  # our own

    def _make_tables(self) -> None:
        for table in TEMPLATE.tables():
            self.client.create_table(**table)
        tokens = TokenRegister(self.dynamodb, "TokensTable")
        tokens.add(TOKEN, ATS)
        tokens.add(TEST_TOKEN, ATS)
        tokens.add(OTHER_TOKEN, OTHER_ATS)
        tokens.add_client(ATS_CLIENT_ID, ATS_CLIENT_SECRET, clients.public_key(ATS_CLIENT_SECRET), ATS)
        set_last_use(self.client)
        registrations = Registrations(self.dynamodb, "ApplicationsTable", "AliasesTable")
        registrations.register(APPLICATION, registration())
        registrations.register(SIGNALLED_APPLICATION, registration(aliases=ALIASES, client_id="client-3"))
        registrations.register(FOREIGN_APPLICATION, registration(ats_id=OTHER_ATS))

    def restart(self) -> None:
        """Recreate the functions, as new containers would, and clear the recorded operations."""
        aside = set_aside(self.kept)
        self.pre_token = make_pre_token(
            self.under_role("PreTokenFunction"), PreTokenSettings("UsersTable", self.oidc_users)
        )
        self.pool = UserPool(self.pool_url, self.assignments, self.pre_token, {})
        id_tokens = IdTokens(self.pool.issuer, self.pool.fetch)
        self._id_tokens = id_tokens
        self.__dict__.pop("sign_in", None)
        self.webhook = make_webhook(
            UnderRole(self.of_webhook, "WebhookFunction", self.used["WebhookFunction"]),
            webhook_settings(self.unknown, self.requests_per_second),
        )
        self.batch = make_batch(
            self.under_role("BatchFunction"), batch_settings(self.unknown, self.requests_per_second)
        )
        self.registry = make_registry(
            self.under_role("RegistryFunction"), RegistrySettings("ApplicationsTable", "AliasesTable", "FeedbackTable")
        )
        self.signals = make_signals(self.under_role("SignalsFunction"), signals_settings(self.requests_per_second))
        self.oauth = make_oauth(
            self.under_role("OauthFunction"), OauthSettings("TokensTable", self.requests_per_second)
        )
        self.connect = make_connect(
            self.under_role("ConnectFunction"),
            self.kms,
            connect_settings(self.requests_per_second),
            self.providers,
            self.clock,
        )
        self.files = make_files(
            self.under_role("FilesFunction"),
            s3_client(),
            FilesSettings("FilesTable", "FilesBucket", "TokensTable", self.requests_per_second, "SandboxRequestsTable"),
        )
        self.positions = make_positions(
            self.under_role("PositionsFunction"), PositionsSettings("ApplicationsTable", "AliasesTable"), aside
        )
        self.analytics = make_analytics(
            self.under_role("AnalyticsFunction"), AnalyticsSettings("QualityTable", BERLIN), aside
        )
        self.merge = make_merge(self.under_role("MergeFunction"), MergeSettings("QualityTable", BERLIN, 24))
        self.views = make_views(
            self.under_role("ViewsFunction"),
            ViewsSettings(
                "ApplicationsTable",
                "QualityTable",
                "TokensTable",
                self.requests_per_second,
                BERLIN,
                "SandboxApplicationsTable",
                "AliasesTable",
                "ConnectionsTable",
                self.pool.issuer,
                "SandboxRequestsTable",
            ),
            id_tokens,
            self.providers,
        )
        self.sandbox = make_sandbox(
            self.under_role("SandboxFunction"),
            SandboxSettings(
                "SandboxApplicationsTable",
                "SandboxAliasesTable",
                "TokensTable",
                self.requests_per_second,
                "SandboxRequestsTable",
            ),
        )
        self.my_applications = make_my_applications(
            self.under_role("MyApplicationsFunction"),
            MyApplicationsSettings(
                "ApplicationsTable", "FeedbackTable", BERLIN, self.bad_news_delay_hours, self.pool.issuer
            ),
            id_tokens,
        )
        self.health = make_health(self.under_role("HealthFunction"), HealthSettings("QualityTable", BERLIN))
        self.verification = make_verification(
            self.under_role("VerificationFunction"),
            VerificationSettings("ApplicationsTable", "QualityTable", "TokensTable", BERLIN),
        )
        self.retention = make_retention(
            self.under_role("RetentionFunction"),
            RetentionSettings("ApplicationsTable", "AliasesTable", "QualityTable", RETENTION_DAYS, OPEN_RETENTION_DAYS),
        )
        self.dynamodb.operations.clear()

    @cached_property
    def sign_in(self) -> LambdaHandler:
        """The function of the sign-in; its pages take longer to make than all other functions."""
        return sign_in(LoginPages(self.pool.issuer, self.pool.fetch), self._id_tokens)

    @property
    def assignments(self) -> Assignments:
        """The assignments of users, as the command line makes them."""
        return Assignments(self.dynamodb, "UsersTable")

    @property
    def connections(self) -> ConnectionRegister:
        """The connections, as the command line makes them."""
        return ConnectionRegister(self.dynamodb, "ConnectionsTable", Envelope(DataKeys(self.kms)), "alias/SecretsKey")

    def id_token(self, claims: Mapping[str, Any]) -> str:
        """Return the id token of a user with these claims, as the pool issues it."""
        return id_token(self.pool.issuer, claims)

    def under_role(self, function: str) -> UnderRole:
        """Return a function's client, which makes only the calls that its role allows."""
        return UnderRole(self.dynamodb, function, self.used[function])

    def close(self) -> None:
        """Close the connections to a server."""
        self.client.close()
        if self.wire:
            self.wire.connection.close()

    def report(self, status: str, *, headers: Mapping[str, str] | None = None, **fields: Any) -> Answer:
        """Send a report of the demo ATS."""
        body = {"AtsiApplicationId": APPLICATION, "Status": status, **fields}
        return answer(self.webhook(http_event("POST", "/api/application-status", body, headers), None))

    def report_batch(self, *reports: Any, headers: Mapping[str, str] | None = None, token: str = TOKEN) -> Answer:
        """Send a batch of reports."""
        event = http_event("POST", "/api/application-status/batch", {"Reports": reports}, headers, token)
        return answer(self.batch(event, None))

    def erase(self, of: str = APPLICATION) -> Answer:
        """Erase an application, as the board's Apply system does."""
        return answer(self.registry(http_event("DELETE", f"/api/applications/{of}", token=None), None))

    def stored(self, of: str = APPLICATION) -> Application:
        """Return an application from the table."""
        return items.application(self.item(of))

    def item(self, of: str = APPLICATION) -> dict[str, Any]:
        """Return an application's item, in DynamoDB JSON."""
        if is_moto(self.client):
            return _dynamodb_json(_moto_tables()["ApplicationsTable"].get_item(DynamoType({"S": of})))
        found: dict[str, Any] = self.client.get_item(
            TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": of}}, ConsistentRead=True
        )["Item"]
        return found

    def contents(self) -> list[list[dict[str, Any]]]:
        """Return all items of each table, in DynamoDB JSON."""
        if is_moto(self.client):
            return [[_dynamodb_json(item) for item in table.all_items()] for table in _moto_tables().values()]
        return [self.client.scan(TableName=name)["Items"] for name in self.client.list_tables()["TableNames"]]


def webhook_settings(
    unknown: UnknownApplications = UnknownApplications.REJECT, requests_per_second: int = 0
) -> WebhookSettings:
    """Return the webhook's settings; a table's name is its logical id."""
    return WebhookSettings(
        "ApplicationsTable",
        "TokensTable",
        requests_per_second,
        unknown,
        "SandboxApplicationsTable",
        "SandboxRequestsTable",
    )


def batch_settings(
    unknown: UnknownApplications = UnknownApplications.REJECT, requests_per_second: int = 0
) -> BatchSettings:
    """Return the settings of batches."""
    return BatchSettings(*webhook_settings(unknown, requests_per_second))


def signals_settings(requests_per_second: int = 0) -> SignalsSettings:
    """Return the signals' settings."""
    return SignalsSettings(
        "ApplicationsTable",
        "AliasesTable",
        "TokensTable",
        requests_per_second,
        "SandboxApplicationsTable",
        "SandboxAliasesTable",
        "SandboxRequestsTable",
    )


def connect_settings(requests_per_second: int = 0) -> ConnectSettings:
    """Return the settings of the native webhooks."""
    return ConnectSettings("ApplicationsTable", "AliasesTable", "ConnectionsTable", "TokensTable", requests_per_second)


def registration(**changes: Any) -> Registration:
    """Return a registration, with changes."""
    content: dict[str, Any] = {
        "ats_id": ATS,
        "client_id": "client-1",
        "job_id": "job-1",
        "jobseeker_id": "jobseeker-1",
        "job_title": "Python Developer",
        "company": "Example GmbH",
        "applied_at": from_text("2022-07-01T09:00:00.000Z"),
    }
    return Registration(**content | changes)


def http_event(
    method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, token: str | None = TOKEN
) -> dict[str, Any]:
    """Return API Gateway's proxy event; a body that isn't a str is written as JSON."""
    all_headers = {"Content-Type": "application/json", **({"X-AtsiToken": token} if token else {}), **(headers or {})}
    route, match = next((route, found) for route, each in _PATTERNS if (found := each.fullmatch(path)))
    return {
        "resource": route.path,
        "path": path,
        "httpMethod": method,
        "headers": all_headers,
        "multiValueHeaders": {name: [value] for name, value in all_headers.items()},
        "queryStringParameters": None,
        "pathParameters": match.groupdict() or None,
        "stageVariables": {"UserPoolClientId": CLIENT_ID},
        "requestContext": {"requestId": str(uuid.uuid4()), "path": path, "domainName": HOST},
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def answer(reply: Mapping[str, Any]) -> Answer:
    """Convert a proxy reply; without a body, the body is empty."""
    return Answer(reply["statusCode"], reply["headers"], json.loads(reply["body"] or "{}"))


def sample_event(name: str) -> dict[str, Any]:
    """Return a file of events/, e.g. WebhookFunction/report."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event
