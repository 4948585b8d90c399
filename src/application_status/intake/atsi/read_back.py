"""The replies to an ATS that reads its own applications: one with all reported transitions, or a page of all.

read_back          answers `GET /api/application-status/{AtsiApplicationId}`
own_applications   answers `GET /api/application-status`
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, TypedDict

from pydantic import Field

from application_status.access.tokens import Environments, TokenLookup, calling_ats
from application_status.applications.read import OwnApplications
from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Success, TimeSource, Transition
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.errors import FieldError, InvalidFields
from application_status.platform.http.endpoint import Reply, Request, path_id, reply
from application_status.platform.telemetry import logger
from application_status.platform.values import ApplicationId, DateText, DateTimeText, application_id, to_text

APPLICATIONS_PATH, APPLICATION_PATH = "/api/application-status", "/api/application-status/{AtsiApplicationId}"
PAGE_SIZE = 100
"""The most applications on a page."""


class TransitionView(TypedDict):
    """A change of the application's status, as reported and as interpreted."""

    Status: Status | None
    """Null if the label is unmapped."""
    RawStatus: str | None
    """Your own label, as sent."""
    RawPhase: str | None
    """A signal's label of the phase, or a disposition's status, as sent."""
    Success: Success | None
    """A signal's success, as sent; null if it was not sent."""
    Outcome: Outcome | None
    """The outcome according to this transition."""
    Mapping: str | None
    """The rule@version of the vocabulary that mapped the label, if one did; indeed.<status>@version if a disposition's
    status decided.
    """
    EffectiveAt: DateTimeText
    """When it took effect, see TimeSource."""
    EffectiveDay: DateText | None
    """The day you sent, if the time was midnight: then only the day is known."""
    HasBusinessDate: bool
    """Whether you sent the effective time."""
    TimeSource: TimeSource
    """reported: you sent the effective time; proxy: the event has only another time, such as that of the application's
    last activity; received: the event has no time, so EffectiveAt is the time of receipt.
    """
    ReceivedAt: DateTimeText
    """When it was first received."""
    Late: bool
    """Whether a newer transition was received before this one."""
    FromPrevious: bool
    """Whether it comes only from the `previous` state of a later signal."""
    Folded: Annotated[int, Field(ge=0)]
    """How many reports after this one are only counted, because the history was full."""


class ApplicationView(TypedDict):
    """The reply to `GET /api/application-status/{AtsiApplicationId}`; all times are in UTC."""

    AtsiApplicationId: ApplicationId
    Status: Status
    RawStatus: str | None
    """The label that was reported with the status."""
    Outcome: Outcome
    """The application's outcome."""
    OutcomeInferred: bool
    """Whether the outcome only follows from the end of the application's position."""
    Version: Annotated[int, Field(ge=1)]
    """Increases with every change."""
    AppliedAt: DateTimeText | None
    """Null if the application is not registered."""
    Transitions: Sequence[TransitionView]
    """By effective time, the oldest first."""
    RequestId: str


class ListedApplication(TypedDict):
    """An application as it stands; all times are in UTC."""

    AtsiApplicationId: ApplicationId
    Status: Status
    RawStatus: str | None
    """The label that was reported with the status."""
    Outcome: Outcome
    OutcomeInferred: bool
    """Whether the outcome only follows from the end of the application's position."""
    ChangedAt: DateTimeText | None
    """When the status took effect: the application date if nothing was reported yet."""
    AppliedAt: DateTimeText | None
    """Null if the application is not registered."""
    JobTitle: str | None
    """Null if the application is not registered."""
    Version: Annotated[int, Field(ge=1)]
    """Increases with every change."""


class ApplicationList(TypedDict):
    """A page of your applications, by AtsiApplicationId."""

    Applications: Annotated[Sequence[ListedApplication], Field(max_length=PAGE_SIZE)]
    Next: ApplicationId | None
    """The `after` of the next page; null on the last page."""
    RequestId: str


def read_back(request: Request, applications: Environments[OwnApplications], tokens: TokenLookup) -> Reply:
    """Answer `GET /api/application-status/{AtsiApplicationId}`.

    Raises:
        Unauthenticated: the token is missing or not valid.
        TooManyRequests: a limit is reached.
        InvalidFields: the id is not a UUID.
        UnknownApplication: the application does not exist or belongs to another ATS.
    """
    ats = calling_ats(request, tokens)
    tokens.limit(ats)
    found = applications.for_caller(ats).of(ats.id, path_id(request))
    logger.info("read", application=found.application_id, ats=ats.id)
    return reply(200, application_view(found, request.request_id))


def own_applications(request: Request, applications: Environments[OwnApplications], tokens: TokenLookup) -> Reply:
    """Answer `GET /api/application-status`: live applications to a live token, those of the sandbox to a test token.

    Raises:
        Unauthenticated: the token is missing or not valid.
        TooManyRequests: a limit is reached.
        InvalidFields: `after` is not an id.
    """
    ats = calling_ats(request, tokens)
    tokens.limit(ats)
    page = applications.for_caller(ats).page(ats.id, _after(request), PAGE_SIZE)
    logger.info("listed", applications=len(page.applications), ats=ats.id)
    body: ApplicationList = {
        "Applications": [_listed(each) for each in page.applications],
        "Next": page.next,
        "RequestId": request.request_id,
    }
    return reply(200, body)


def _after(request: Request) -> ApplicationId | None:
    """Return the id after which the page begins, or None for the first page.

    Raises:
        InvalidFields: it is not an id, or there are several.
    """
    sent = request.query.get("after", ())
    try:
        return application_id(",".join(sent)) if sent else None
    except ValueError:
        wrong = FieldError("/after", "after is not an AtsiApplicationId", "the Next of the page before")
        raise InvalidFields((wrong,)) from None


def _listed(application: Application) -> ListedApplication:
    outcome, inferred = application.outcome
    registration = application.registration
    applied_at = registration.applied_at if registration else None
    changed_at = application.transitions[application.head].effective_at if application.head else applied_at
    return {
        "AtsiApplicationId": application.application_id,
        "Status": application.status,
        "RawStatus": application.raw_status,
        "Outcome": outcome,
        "OutcomeInferred": inferred,
        "ChangedAt": to_text(changed_at) if changed_at else None,
        "AppliedAt": to_text(applied_at) if applied_at else None,
        "JobTitle": registration.job_title if registration else None,
        "Version": application.version,
    }


def application_view(application: Application, request_id: str) -> ApplicationView:
    """Return an application in the form that its ATS may see."""
    outcome, inferred = application.outcome
    return {
        "AtsiApplicationId": application.application_id,
        "Status": application.status,
        "RawStatus": application.raw_status,
        "Outcome": outcome,
        "OutcomeInferred": inferred,
        "Version": application.version,
        "AppliedAt": to_text(application.registration.applied_at) if application.registration else None,
        "Transitions": [_transition(each, application.transitions) for each in application.in_order()],
        "RequestId": request_id,
    }


def _transition(transition: Transition, others: Mapping[str, Transition]) -> TransitionView:
    interpretation, day = transition.interpretation, transition.sent_day
    newer = (each for key, each in others.items() if key > transition.key and each.status)
    return {
        "Status": interpretation.status,
        "RawStatus": interpretation.raw_status,
        "RawPhase": interpretation.raw_phase,
        "Success": interpretation.success,
        "Outcome": interpretation.outcome or (Outcome.of(interpretation.status) if interpretation.status else None),
        "Mapping": interpretation.mapping,
        "EffectiveAt": to_text(transition.effective_at),
        "EffectiveDay": day.isoformat() if day else None,
        "HasBusinessDate": transition.has_business_date,
        "TimeSource": transition.time_source,
        "ReceivedAt": to_text(transition.received_at),
        "Late": any(each.received_at < transition.received_at for each in newer),
        "FromPrevious": transition.from_previous,
        "Folded": transition.folded.reports if transition.folded else 0,
    }
