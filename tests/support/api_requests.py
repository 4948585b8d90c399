"""Requests for every operation of the API and every page that reads a table, each with what must be stored before."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases, NativeIds
from application_status.applications.rules.report import Channel
from application_status.intake.connect.events import Change, Ended, Event, Linked, Merged, PositionEnded
from support import dispositions, oauth, quality_pages, sandbox, signals, webhooks
from support.signals import position_signal, signal, state
from support.world import (
    APPLICATION,
    ATS,
    PROFILE,
    SIGNALLED_APPLICATION,
    TEST_TOKEN,
    TOKEN,
    World,
    answer,
    http_event,
    registration,
    sample_event,
)

type ProxyEvent = dict[str, Any]
NEW = "51c3be16-0f93-41ed-9cc0-00000000beef"
EARLY, LATE = "2022-07-29T00:00:00Z", "2022-07-30T00:00:00Z"
AS_JOBSEEKER = {"custom:jobseeker_id": "jobseeker-1"}
REPORTS = "/api/application-status"


class Case(NamedTuple):
    """A request to an operation: `prepared` stores what it needs, and returns its event.

    `makes_new`: whether each request makes something with a new random id, so that a repetition makes another.
    """

    operation: str
    name: str
    prepared: Callable[[World], ProxyEvent]
    makes_new: bool = False


def _report(status: str, token: str = TOKEN, key: str | None = None, **fields: Any) -> ProxyEvent:
    body = {"AtsiApplicationId": APPLICATION, "Status": status, **fields}
    return http_event("POST", REPORTS, body, {"Idempotency-Key": key} if key else {}, token)


def _late(world: World) -> ProxyEvent:
    world.report("OFFER", BusinessDate=LATE)
    return _report("INTERVIEW", BusinessDate=EARLY)


def _unchanged(world: World) -> ProxyEvent:
    world.report("INTERVIEW")
    return _report("INTERVIEW", key="new")


def _in_sandbox(world: World) -> ProxyEvent:
    return _report("INTERVIEW", TEST_TOKEN, AtsiApplicationId=sandbox.created(world)["AtsiApplicationId"])


def _batch(world: World) -> ProxyEvent:
    world.report("OFFER", BusinessDate=LATE)
    sent = [(APPLICATION, "INTERVIEW"), (SIGNALLED_APPLICATION, "CONTACT"), (NEW, "INTERVIEW"), (APPLICATION, "HIRED")]
    reports = [
        {"AtsiApplicationId": of, "Status": status, "BusinessDate": EARLY, "RawStatus": "A label"}
        for of, status in sent
    ]
    return http_event("POST", f"{REPORTS}/batch", {"Reports": reports})


def _file(world: World) -> ProxyEvent:
    made = answer(world.files(http_event("POST", f"{REPORTS}/files"), None))
    return http_event("GET", made.headers["Location"])


def _registered(of: str = NEW, **changes: Any) -> ProxyEvent:
    body = {
        "AtsId": ATS, "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1",
        "JobTitle": "Koch", "Company": "Example GmbH", "AppliedAt": "2022-07-01T09:00:00Z",
    }  # fmt: skip
    return http_event("PUT", f"/api/applications/{of}", body | changes, token=None)


def _completed(world: World) -> ProxyEvent:
    world.report("INTERVIEW", AtsiApplicationId=NEW)
    return _registered(Aliases={"Token": ["t-1"]})


def _erased(of: str) -> Callable[[World], ProxyEvent]:
    def prepared(world: World) -> ProxyEvent:
        signals.sent(world, signal(state("Stage 3", 5)))
        return http_event("DELETE", f"/api/applications/{of}", token=None)

    return prepared


def _with_feedback(event: ProxyEvent) -> Callable[[World], ProxyEvent]:
    def prepared(world: World) -> ProxyEvent:
        assert world.my_applications(_as_jobseeker(world, "feedback"), None)["statusCode"] == 303
        return event

    return prepared


def _as_jobseeker(world: World, name: str) -> ProxyEvent:
    return _as_user(world, sample_event(f"MyApplicationsFunction/{name}"), AS_JOBSEEKER)


def _as_user(world: World, event: ProxyEvent, claims: Mapping[str, str]) -> ProxyEvent:
    event["requestContext"]["authorizer"] = {"claims": claims}
    authorization = f"Bearer {world.id_token(claims)}"
    event["headers"] = (event["headers"] or {}) | {"Authorization": authorization}
    event["multiValueHeaders"] = (event["multiValueHeaders"] or {}) | {"Authorization": [authorization]}
    event["stageVariables"] = {"UserPoolClientId": "local"}
    return event


def _of_quality(path: str, claims: Mapping[str, str] | None = None, **query: str) -> Callable[[World], ProxyEvent]:
    def prepared(world: World) -> ProxyEvent:
        quality_pages.count(world)
        event = http_event("GET", path, token=None if claims else TOKEN)
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
        return _as_user(world, event, claims) if claims else event

    return prepared


def _of_connection(path: str) -> Callable[[World], ProxyEvent]:
    def prepared(world: World) -> ProxyEvent:
        world.providers = webhooks.PROVIDERS
        made = webhooks.made_as(world, "a" * 12)
        return _as_user(world, http_event("GET", f"{path}/{made.id}", token=None), quality_pages.STAFF)

    return prepared


_IDS = NativeIds(Channel.GREENHOUSE, "7", "5", "3")
_EVENTS: Mapping[str, Event] = {
    "change": Change(name="stage", ids=_IDS, identity="1", label="On-site interview"),
    "parked": Change(name="stage", ids=_IDS._replace(application="8"), identity="1", label="On-site interview"),
    "linked": Linked(name="linked", known=_IDS, also=_IDS._replace(application="10")),
    "merged": Merged(name="merged", gone=_IDS, kept=_IDS._replace(candidate="55")),
    "position": PositionEnded(name="closed", ids=NativeIds(Channel.GREENHOUSE, job="3"), label="Closed", ended=True),
    "ended": Ended(name="deleted", ids=(NativeIds(Channel.GREENHOUSE, candidate="5"),)),
}


def _delivered(event: Event) -> Callable[[World], ProxyEvent]:
    def prepared(world: World) -> ProxyEvent:
        registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
        registrations.register(APPLICATION, registration(aliases=Aliases(native=(_IDS,))))
        provider = webhooks.PROVIDERS[Channel.GREENHOUSE]
        world.providers = {Channel.GREENHOUSE: provider._replace(read=lambda _: [event])}
        return webhooks.delivery(webhooks.made(world))

    return prepared


def _graphql(*sent: Mapping[str, Any], query: str = signals.MANY) -> Callable[[World], ProxyEvent]:
    body = {"query": query, "variables": {"input": {"signals": sent}}}
    return lambda _: signals.event(body)


def _disposed(world: World) -> ProxyEvent:
    dispositions.register_apply_ids(world)
    sent = [
        dispositions.disposition(),
        dispositions.disposition("INCOMPLETE"),
        dispositions.about({"indeedApplyID": dispositions.APPLY_ID}),
    ]
    return signals.event({"query": dispositions.SEND, "variables": {"input": {"dispositions": sent}}})


def _by_profile() -> dict[str, Any]:
    sent = signal(candidateApplicationProfileId=PROFILE)
    del sent["token"]
    return sent


def _query(_: World) -> ProxyEvent:
    event = signals.event(None)
    event["httpMethod"] = "GET"
    event["multiValueQueryStringParameters"] = {"query": ["{ __typename }"]}
    return event


def _token(path: str) -> Callable[[World], ProxyEvent]:
    def prepared(_: World) -> ProxyEvent:
        basic = b64encode(":".join(oauth.Credentials()).encode()).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {basic}"}
        event = http_event("POST", path, urlencode(oauth.GRANT), headers, None)
        event["requestContext"]["identity"] = {"sourceIp": "192.0.2.1"}
        return event

    return prepared


def _given(event: Callable[[], ProxyEvent]) -> Callable[[World], ProxyEvent]:
    return lambda _: event()


def _page(name: str) -> Callable[[World], ProxyEvent]:
    return lambda world: _as_jobseeker(world, name)


def _by_access_token(world: World) -> ProxyEvent:
    return _report("INTERVIEW", token=oauth.access_token(world))


CASES = (
    Case("sendReport", "new", _given(lambda: _report("INTERVIEW", RawStatus="A label"))),
    Case("sendReport", "late", _late),
    Case("sendReport", "unchanged, with a key", _unchanged),
    Case("sendReport", "about an unknown application", _given(lambda: _report("INTERVIEW", AtsiApplicationId=NEW))),
    Case("sendReport", "rejected, with a label", _given(lambda: _report("REJECTED", RawStatus="Withdrew", key="1"))),
    Case("sendReport", "in the sandbox", _in_sandbox),
    Case("sendReport", "with an access token", _by_access_token),
    Case(
        "sendReportOfAts",
        "new",
        _given(lambda: http_event("POST", f"/qs-api/public/atsi/v1/{ATS}", {
            "AtsiApplicationId": APPLICATION, "Status": "OFFER", "BusinessDate": LATE,
        })),
    ),
    Case("sendReportBatch", "of three applications", _batch),
    Case("listApplications", "live", _given(lambda: http_event("GET", REPORTS))),
    Case("listApplications", "in the sandbox", lambda world: _in_sandbox(world) and http_event(
        "GET", REPORTS, token=TEST_TOKEN
    )),
    Case("getApplication", "live", _given(lambda: http_event("GET", f"{REPORTS}/{APPLICATION}"))),
    Case("createFile", "new", _given(lambda: http_event("POST", f"{REPORTS}/files")), makes_new=True),
    Case("getFile", "awaiting", _file),
    Case("registerApplication", "new", _given(_registered)),
    Case("registerApplication", "with aliases", _given(lambda: _registered(
        Aliases={"Token": ["t-1", "t-2"], "PositionProfileIds": ["p"], "Greenhouse": {"ApplicationId": "9"}}
    ))),
    Case("registerApplication", "after a report", _completed),
    Case("registerApplication", "changed", _given(lambda: _registered(APPLICATION, Aliases={"Token": ["t-1"]}))),
    Case("eraseApplication", "with aliases", _erased(SIGNALLED_APPLICATION)),
    Case("eraseApplication", "unknown", _erased(NEW)),
    Case("addAliases", "new", _given(lambda: http_event(
        "PATCH", f"/api/applications/{APPLICATION}/aliases", {"Aliases": {"Lever": {"ApplicationId": "o"}}}, token=None
    ))),
    Case("closeFeedback", "open", _with_feedback(sample_event("RegistryFunction/closed-feedback"))),
    Case("listFeedback", "one", _with_feedback(sample_event("RegistryFunction/feedback"))),
    Case("getBoardQuality", "by ATS", _of_quality("/api/board/quality", by="ats")),
    Case("getMyQuality", "of a client", _of_quality("/api/my/quality", quality_pages.OF_CLIENT)),
    Case("getMyQuality", "of staff", _of_quality("/api/my/quality", quality_pages.STAFF, by="client")),
    Case("getQuality", "of an ATS", _of_quality("/api/quality")),
    Case("getQualityDefinitions", "all", _given(lambda: http_event("GET", "/api/quality/definitions", token=None))),
    Case("getConnection", "new", _of_connection("/api/connections")),
    Case("listMyApplications", "all", _page("list")),
    Case("getMyApplication", "one", _page("one")),
    Case(
        "createSandboxApplication", "new",
        _given(lambda: http_event("POST", sandbox.PATH, token=TEST_TOKEN)), makes_new=True,
    ),
    Case("listSandboxRequests", "none", _given(lambda: http_event("GET", "/api/sandbox/requests", token=TEST_TOKEN))),
    *(Case("deliverWebhook", name, _delivered(event)) for name, event in _EVENTS.items()),
    Case("executeGraphql", "one signal", lambda _: signals.event(
        {"query": signals.ONE, "variables": {"input": signal(state("Offer", 2), previous=state("Screening", 1))}}
    )),
    Case("executeGraphql", "many signals", _graphql(signal(), signal(state("Offer")), position_signal(success=True))),
    Case("executeGraphql", "by a profile", _graphql(_by_profile())),
    Case("executeGraphql", "dispositions", _disposed),
    Case("queryGraphql", "a query", _query),
    Case("getHealth", "alive", _given(lambda: http_event("GET", "/health", token=None))),
    Case("checkHealth", "alive", _given(lambda: http_event("HEAD", "/health", token=None))),
    Case("createAccessToken", "basic", _token(oauth.PATH)),
    Case("createAccessTokenForIndeed", "basic", _token(oauth.INDEEDS_PATH)),
)  # fmt: skip
"""At least one request for each operation of docs/openapi.yaml, and one for each way that it uses the tables."""

PAGES = (
    Case("page", "my applications", _page("page")),
    Case("page", "feedback", _page("feedback")),
    Case("page", "quality", _of_quality("/quality", quality_pages.STAFF)),
    Case("page", "connection", _of_connection("/connections")),
    Case("page", "sandbox requests", _given(lambda: sample_event("ViewsFunction/sandbox-requests-page"))),
    Case("page", "docs", _given(lambda: http_event("GET", "/docs", token=None))),
    Case("page", "a document", _given(lambda: http_event("GET", "/docs/openapi.json", token=None))),
    Case("page", "a problem", _given(lambda: http_event("GET", "/problems/unavailable", token=None))),
    Case("page", "sign-in", _given(lambda: sample_event("SignInFunction/sign-in"))),
    Case("page", "sign-out", _given(lambda: sample_event("SignInFunction/sign-out"))),
    Case("page", "sign-in's end", _given(lambda: http_event("GET", "/sign-in/callback", token=None))),
    Case("page", "no page", _given(lambda: http_event("GET", "/nothing", token=None))),
)
"""A request for each route of template.yaml that is no operation."""
