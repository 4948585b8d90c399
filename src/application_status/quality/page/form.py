"""From the page's address to the questions that its sections answer.

The form with which a reader chooses whom and which period the page is about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from application_status.platform.errors import FieldError, InvalidFields
from application_status.platform.http.body import message
from application_status.platform.http.endpoint import Request
from application_status.quality.reports.query import Caller, QualityQuery, parameters, question
from application_status.quality.rules.periods import Interval

FILTERS = ("from", "to", "ats", "client", "job")
_PERIOD = ("from", "to")


class _Address(BaseModel):
    """The parameters of the page; what its filters may be is QualityQuery's to say."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid")

    first: Annotated[str | None, Field(alias="from")] = None
    to: str | None = None
    ats: str | None = None
    client: str | None = None
    job: str | None = None
    interval: Annotated[Literal["day", "week", "month"], Field(description="day, week or month")] = "week"
    csv: str | None = None


@dataclass(frozen=True, slots=True)
class Questions:
    """What a page is asked: by its filters, in which interval over time, by name, and which name as CSV, if one."""

    filters: Mapping[str, str]
    interval: Interval
    asked: Mapping[str, QualityQuery]
    csv: str | None

    def address(self, **more: str) -> str:
        """Return the page's address with the same filters and these parameters, relative to itself."""
        interval = {} if self.interval is Interval.WEEK else {"interval": self.interval}
        return f"?{urlencode({**self.filters, **interval, **more})}"

    @property
    def filled_in(self) -> Mapping[str, str]:
        """What the form is filled in with: the filters, the interval, and the period, also where it is the default."""
        days = {"from": self.whole.first, "to": self.whole.last}
        return {**self.filters, **{name: str(day) for name, day in days.items() if day}, "interval": self.interval}

    @property
    def whole(self) -> QualityQuery:
        """Whom and which period it is about."""
        return self.asked["cohort"]


def questions(request: Request, caller: Caller, today: date) -> Questions:
    """Return what the page is asked; a filter that is left empty, as forms do, is not there, nor a job's period.

    Raises InvalidFields, or Forbidden where it asks about somebody else than the caller.
    """
    given = {name: value for name, value in parameters(request).items() if value}
    address = message(_Address, given)
    kept = [name for name in FILTERS if "job" not in given or name not in _PERIOD]
    filters = {name: given[name] for name in kept if name in given}
    interval = Interval(address.interval)
    asked = {
        name: question({**about, **asks}, caller, today) for name, about, asks in _asked(filters, interval, caller)
    }
    if address.csv and address.csv not in asked:
        raise InvalidFields((FieldError("/csv", "csv is no table of this page", f"one of {', '.join(asked)}"),))
    return Questions(filters, interval, asked, address.csv)


type _Asked = tuple[str, Mapping[str, str], Mapping[str, str]]


def _asked(filters: Mapping[str, str], interval: Interval, caller: Caller) -> list[_Asked]:
    """Return each question's name, the filters that it follows, and what else it asks."""
    subject = {name: value for name, value in filters.items() if name not in _PERIOD}
    of_client = bool(caller.client_id) or "client" in filters
    asked: list[_Asked] = [
        ("cohort", filters, {}),
        ("activity", filters, {"kind": "activity"}),
        ("silence", subject, {"kind": "silence"}),
    ]
    if "job" not in filters:
        asked.append(("over-time", filters, {"kind": "activity", "interval": interval}))
    if not of_client and "job" not in filters:
        asked += [("health", filters, {"kind": "health"}), ("unmapped", subject, {"kind": "unmapped"})]
    if of_client and "job" not in filters:
        asked.append(("by-job", subject, {"by": "job"}))
    if caller.is_board and not subject:
        asked.append(("by-ats", filters, {"by": "ats"}))
    return asked


INTERVALS = (Interval.DAY, Interval.WEEK, Interval.MONTH)
_LABELS = {"from": "From", "to": "To", "ats": "ATS", "client": "or client", "job": "Job"}


@dataclass(frozen=True, slots=True)
class Input:
    """An input: its name, label, type and value, what is suggested, and whether it is wrong."""

    name: str
    label: str
    type: str
    value: str
    suggested: Sequence[str]
    wrong: bool


@dataclass(frozen=True, slots=True)
class Form:
    """The inputs, the interval over time, and all that is wrong with what was asked."""

    fields: Sequence[Input]
    interval: str
    errors: Sequence[FieldError]


def form(
    asking: Caller,
    given: Mapping[str, str],
    *,
    suggested: Mapping[str, Sequence[str]] | None = None,
    errors: Sequence[FieldError] = (),
) -> Form:
    """Return the form that this caller has, filled in with what was given."""
    names = ["from", "to"]
    names += ["ats", "client", "job"] if asking.is_board else ["job"] if asking.client_id else []
    fields = [
        Input(
            name=name,
            label=_LABELS[name],
            type="date" if name in {"from", "to"} else "text",
            value=given.get(name, ""),
            suggested=(suggested or {}).get(name, ()),
            wrong=any(error.pointer == f"/{name}" for error in errors),
        )
        for name in names
    ]
    return Form(fields, given.get("interval", Interval.WEEK), errors)
