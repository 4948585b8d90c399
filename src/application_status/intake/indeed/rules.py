"""Validate a disposition's GraphQL input and convert it; all invalid fields are reported together, as one text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from application_status.labels.rules.dispositions import DispositionStatus
from application_status.platform.errors import FieldError, InvalidFields
from application_status.platform.values import sent_moment

APPLY_IDS = ("indeedApplyID", "ittk", "universalApplyId")
"""The identifiers that are ids of the board's, of which a disposition has one."""

RATIONALE_LENGTH = 600
"""The maximum length of a rationale, if all fields are invalid."""

_LABEL_LENGTH = _ID_LENGTH = 200
_ID = re.compile(rf"[!-~]{{1,{_ID_LENGTH}}}")
_ID_RULE = f"1 to {_ID_LENGTH} visible ASCII characters, without white space"
_LIKE_A_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9TtZz:.+ -]{0,30}")
_WITHOUT_RANK = "000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """A validated disposition.

    `identifier` names one of APPLY_IDS, and `label` is None if it was blank. `day_offset` is as in Transition.
    """

    identifier: str
    apply_id: str
    given: DispositionStatus
    label: str | None
    effective_at: datetime
    day_offset: int | None

    @property
    def tiebreaker(self) -> str:
        """What sorts dispositions with the same time: the rank of the status, unless only the label says it.

        The interpretation of a label may change, and stored keys must not.
        """
        status = self.given.status
        return str(status.rank) if status else _WITHOUT_RANK

    @property
    def unknown(self) -> FieldError:
        """What is wrong if the ATS has no such application; the same for one that belongs to another ATS."""
        return FieldError(
            f"/identifiedBy/{self.identifier}",
            "You have no application with this id",
            "an id under which the job board sent you the application",
        )


def disposition(given: Mapping[str, Any], received_at: datetime) -> Disposition:
    """Validate a disposition.

    Raises:
        InvalidFields: fields are invalid; the error has one entry per field.
    """
    identified, status = _present(given["identifiedBy"]), DispositionStatus(given["dispositionStatus"])
    label, sent_at = given["rawDispositionStatus"], given["statusChangeDateTime"]
    wrong = [*_identifier_errors(identified), *_label_errors(label, status), *_moment_errors(sent_at, received_at)]
    if wrong:
        raise InvalidFields(tuple(wrong))
    ((identifier, apply_id),) = identified.items()
    moment = sent_moment(sent_at, received_at)
    return Disposition(
        identifier=identifier,
        apply_id=apply_id,
        given=status,
        label=label if label.strip() else None,
        effective_at=moment.at,
        day_offset=moment.day_offset,
    )


def rationale(wrong: Sequence[FieldError]) -> str:
    """Describe the invalid fields of a disposition."""
    texts = [
        f"{each.pointer.removeprefix('/').replace('/', '.')}: {each.detail}; expected: {each.expected}"
        for each in wrong
    ]
    return ". ".join(texts)


def echo(identified_by: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an identifier as it was sent, with each text cut to 200 characters, for the reply to its sender."""
    return {
        name: echo(each) if isinstance(each, dict) else each[:_ID_LENGTH]
        for name, each in _present(identified_by).items()
    }


def _present(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: each for name, each in fields.items() if each is not None}


def _identifier_errors(identified: Mapping[str, Any]) -> list[FieldError]:
    if len(identified) != 1:
        sent = " and ".join(identified) or "nothing"
        return [FieldError("/identifiedBy", f"Input has {sent}", f"exactly one of {', '.join(APPLY_IDS)}")]
    ((name, value),) = identified.items()
    pointer = f"/identifiedBy/{name}"
    if name not in APPLY_IDS:
        return [FieldError(pointer, "Input is not supported", f"one of {', '.join(APPLY_IDS)} instead")]
    if not _ID.fullmatch(value):
        return [FieldError(pointer, f"Input has {len(value)} characters", _ID_RULE)]
    return []


def _label_errors(label: str, status: DispositionStatus) -> list[FieldError]:
    pointer = "/rawDispositionStatus"
    if len(label) > _LABEL_LENGTH:
        return [
            FieldError(pointer, f"Input has {len(label)} characters", f"at most {_LABEL_LENGTH}; labels are not cut")
        ]
    if status is DispositionStatus.UNABLE_TO_MAP and not label.strip():
        return [FieldError(pointer, f"Input is blank, beside {status}", "the name of the status in your software")]
    return []


def _moment_errors(text: str, received_at: datetime) -> list[FieldError]:
    try:
        sent_moment(text, received_at)
    except ValueError as error:
        received = f' is "{text}" and' if _LIKE_A_MOMENT.fullmatch(text) and text not in str(error) else ""
        return [
            FieldError("/statusChangeDateTime", f"Input{received} {error}", "when the application entered the status")
        ]
    return []
