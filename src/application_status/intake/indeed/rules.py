"""Validate a disposition's GraphQL input and convert it; all that is wrong is reported together, in one text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from application_status.labels.rules.dispositions import DispositionStatus
from application_status.platform.values import sent_moment

APPLY_IDS = ("indeedApplyID", "ittk", "universalApplyId")
"""The identifiers that are ids of the board's, of which a disposition has one."""

RATIONALE_LENGTH = 600
"""The maximum length of a rationale, with all that can be wrong together."""

_LABEL_LENGTH = _ID_LENGTH = 200
_IDENTIFIERS = (*APPLY_IDS, "alternateIdentifier")
_ID = re.compile(rf"[!-~]{{1,{_ID_LENGTH}}}")
_LIKE_A_MOMENT = re.compile(r"[0-9TtZz:.+ -]{1,40}")  # so it can't be personal data
_WITHOUT_RANK = "000"
_IS_UNKNOWN = "you have no application with this id; expected: an id under which the job board sent you the application"


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
    def unknown(self) -> str:
        """The rationale if the ATS has no such application; the same for one that belongs to another ATS."""
        return f"identifiedBy.{self.identifier}: {_IS_UNKNOWN}"


class InvalidDisposition(Exception):
    """The disposition is not valid; the text is its rationale."""


def disposition(given: Mapping[str, Any], received_at: datetime) -> Disposition:
    """Validate a disposition.

    Raises:
        InvalidDisposition: fields are invalid; its text names each, and what is expected.
    """
    identified, status = _present(given["identifiedBy"]), DispositionStatus(given["dispositionStatus"])
    label, sent_at = given["rawDispositionStatus"], given["statusChangeDateTime"]
    wrong = [*_identifier_errors(identified), *_label_errors(label, status), *_moment_errors(sent_at, received_at)]
    if wrong:
        raise InvalidDisposition("; ".join(wrong))
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


def echo(identified_by: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an identifier as it was sent, with each text cut to 200 characters, for the reply to its sender."""
    return {
        name: echo(each) if isinstance(each, dict) else each[:_ID_LENGTH]
        for name, each in _present(identified_by).items()
    }


def _present(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: each for name, each in fields.items() if each is not None}


def _identifier_errors(identified: Mapping[str, Any]) -> Sequence[str]:
    if len(identified) != 1:
        sent = " and ".join(identified) or "nothing"
        return [f"identifiedBy has {sent}; expected: exactly one of {', '.join(_IDENTIFIERS)}"]
    ((name, value),) = identified.items()
    if name not in APPLY_IDS:
        return [f"identifiedBy.{name} is not supported; expected: {', '.join(APPLY_IDS[:-1])} or {APPLY_IDS[-1]}"]
    if not _ID.fullmatch(value):
        expected = f"1 to {_ID_LENGTH} visible ASCII characters, without white space"
        return [f"identifiedBy.{name} has {len(value)} characters; expected: {expected}"]
    return []


def _label_errors(label: str, status: DispositionStatus) -> Sequence[str]:
    if len(label) > _LABEL_LENGTH:
        expected = f"at most {_LABEL_LENGTH}, as a label is not cut"
        return [f"rawDispositionStatus has {len(label)} characters; expected: {expected}"]
    if status is DispositionStatus.UNABLE_TO_MAP and not label.strip():
        return [f"rawDispositionStatus is blank; expected with {status}: the name of the status in your software"]
    return []


def _moment_errors(text: str, received_at: datetime) -> Sequence[str]:
    try:
        sent_moment(text, received_at)
    except ValueError as error:
        received = f' is "{text}" and' if _LIKE_A_MOMENT.fullmatch(text) else ""
        return [f"statusChangeDateTime{received} {error}"]
    return []
