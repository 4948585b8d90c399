"""The form with which a reader chooses whom and which period the page is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from application_status.errors import FieldError
from application_status.model.periods import Interval
from application_status.views.query import Caller

INTERVALS = (Interval.DAY, Interval.WEEK, Interval.MONTH)
_LABELS = {"from": "From", "to": "To", "ats": "ATS", "client": "or client", "job": "Job"}


@dataclass(frozen=True, slots=True)
class Field:
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

    fields: Sequence[Field]
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
        Field(
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
