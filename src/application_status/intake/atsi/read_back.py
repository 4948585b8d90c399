"""An ATS's own application, read back: how it stands, and what was reported of it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_pascal

from application_status.access.tokens import Environments, TokenLookup, calling_ats
from application_status.applications.read import OwnApplications
from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Success, Transition
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.http.endpoint import Reply, Request, path_id, reply
from application_status.platform.telemetry import logger
from application_status.platform.values import ApplicationId, to_text

type _Moment = Annotated[datetime, PlainSerializer(to_text), Field(json_schema_extra={"format": "date-time"})]


class TransitionView(BaseModel):
    """An entry into a status, as reported and as it was understood."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, extra="forbid")

    status: Annotated[Status | None, Field(description="null where the label is unmapped")]
    raw_status: Annotated[str | None, Field(description="your own label, as sent")]
    raw_phase: Annotated[str | None, Field(description="a signal's own label of the phase, as sent")]
    success: Annotated[Success | None, Field(description="a signal's success, as sent; null where it had none")]
    outcome: Annotated[Outcome | None, Field(description="what it says of how the application stands")]
    mapping: Annotated[str | None, Field(description="rule@version of the vocabulary that read the label, if one did")]
    effective_at: Annotated[_Moment, Field(description="BusinessDate or timestamp, else the time of receipt")]
    effective_day: Annotated[
        date | None, Field(description="the day you sent, where the time was midnight and so only the day is known")
    ]
    has_business_date: Annotated[bool, Field(description="whether you said when it took effect")]
    received_at: Annotated[_Moment, Field(description="when it was first received")]
    late: Annotated[bool, Field(description="whether a newer one had been received before it")]
    from_previous: Annotated[
        bool, Field(description="whether only a later signal gave it, as what came before, so that it is no report")
    ]
    folded: Annotated[int, Field(ge=0, description="how many reports after it are only counted, in a full history")]


class ApplicationView(BaseModel):
    """The reply to `GET /api/application-status/{AtsiApplicationId}`; moments are in UTC."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, extra="forbid")

    atsi_application_id: ApplicationId
    status: Status
    raw_status: Annotated[str | None, Field(description="the label that the status was reported with")]
    outcome: Annotated[Outcome, Field(description="how the application stands")]
    outcome_inferred: Annotated[bool, Field(description="whether only the end of its position tells the outcome")]
    version: Annotated[int, Field(ge=1, description="grows with every change")]
    applied_at: Annotated[_Moment | None, Field(description="null while the application is not registered")]
    transitions: Annotated[tuple[TransitionView, ...], Field(description="by effective time, the oldest first")]
    request_id: str


def read_back(request: Request, applications: Environments[OwnApplications], tokens: TokenLookup) -> Reply:
    """Answer `GET /api/application-status/{AtsiApplicationId}`.

    Raises Unauthenticated, InvalidFields, or UnknownApplication, also for another ATS's application.
    """
    ats = calling_ats(request, tokens)
    found = applications.for_caller(ats).of(ats.id, path_id(request))
    logger.info("read", application=found.application_id, ats=ats.id)
    return reply(200, application_view(found, request.request_id))


def application_view(application: Application, request_id: str) -> dict[str, Any]:
    """Return an application as its ATS may see it."""
    outcome, inferred = application.outcome
    view = ApplicationView.model_validate(
        {
            "AtsiApplicationId": application.application_id,
            "Status": application.status,
            "RawStatus": application.raw_status,
            "Outcome": outcome,
            "OutcomeInferred": inferred,
            "Version": application.version,
            "AppliedAt": application.registration.applied_at if application.registration else None,
            "Transitions": [_transition(each, application.transitions) for each in application.in_order()],
            "RequestId": request_id,
        }
    )
    return view.model_dump(mode="json", by_alias=True)


def _transition(transition: Transition, others: Mapping[str, Transition]) -> dict[str, Any]:
    interpretation = transition.interpretation
    newer = (each for key, each in others.items() if key > transition.key and each.status)
    return {
        "Status": interpretation.status,
        "RawStatus": interpretation.raw_status,
        "RawPhase": interpretation.raw_phase,
        "Success": interpretation.success,
        "Outcome": interpretation.outcome or (Outcome.of(interpretation.status) if interpretation.status else None),
        "Mapping": interpretation.mapping,
        "EffectiveAt": transition.effective_at,
        "EffectiveDay": transition.sent_day,
        "HasBusinessDate": transition.has_business_date,
        "ReceivedAt": transition.received_at,
        "Late": any(each.received_at < transition.received_at for each in newer),
        "FromPrevious": transition.from_previous,
        "Folded": transition.folded.reports if transition.folded else 0,
    }
