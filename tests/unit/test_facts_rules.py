"""The facts of an application: flat, pseudonymous, with ids that make repetitions removable."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from application_status.applications.rules.application import Application, Position
from application_status.applications.rules.report import Channel, Interpretation, Transition
from application_status.applications.rules.status import Outcome, Status
from application_status.facts.rules import COLUMNS, Fact, FactKind, erased, facts
from application_status.platform.values import from_text
from support.world import APPLICATION, ATS, BERLIN, registration

MIDNIGHT = from_text("2022-07-14T22:00:00.000Z")
"""When a day of Berlin's begins."""


def transition(status: Status | None, **changes: Any) -> Transition:
    return Transition(
        channel=Channel.SIGNALS,
        interpretation=Interpretation(status=status, raw_status="Stufe 3", mapping="unmapped@1", **changes),
        effective_at=MIDNIGHT,
        received_at=from_text("2022-07-15T08:00:00.250Z"),
        tiebreaker="0003",
    )


def application(*transitions: Transition, **changes: Any) -> Application:
    head = transitions[0].key if transitions and transitions[0].status else None
    return Application(
        application_id=APPLICATION,
        ats_id=ATS,
        status=(transitions[0].status if transitions else None) or Status.APPLIED,
        version=3,
        head=head,
        transitions={each.key: each for each in transitions},
        registration=registration(),
        **changes,
    )


def test_each_thing_that_happened_is_a_fact() -> None:
    """The registration, a transition and a position, each with all it takes to count it."""
    ended = Position(ended=True, since=MIDNIGHT, day_offset=None, received_at=MIDNIGHT, version=1)
    of = application(transition(Status.INTERVIEW), positions={"digest": ended})
    applied, moved, position = facts(of, BERLIN)
    common: dict[str, Any] = {
        "application": applied.application,
        "version": 3,
        "ats": ATS,
        "client": "client-1",
        "job": "job-1",
    }
    common |= {"applied_day": "2022-07-01"}
    assert len(applied.application) == 22
    assert applied == Fact(
        **common, kind=FactKind.APPLIED, status=Status.APPLIED, stage_rank=200, outcome=Outcome.OPEN,
        effective_ms=1656666000000, effective_day="2022-07-01", entered_ms=1656666000000, entered_day="2022-07-01",
    )  # fmt: skip
    assert moved == Fact(
        **common, kind=FactKind.TRANSITION, subject=next(iter(of.transitions)), status=Status.INTERVIEW,
        stage_rank=500, outcome=Outcome.OPEN, mapping="unmapped@1", effective_ms=1657836000000,
        effective_day="2022-07-15", received_ms=1657872000250, has_business_date=True, day_only=False,
        entered_ms=1657836000000, entered_day="2022-07-15",
    )  # fmt: skip
    assert position == Fact(
        **common, kind=FactKind.POSITION, subject="digest", outcome=Outcome.POSITION_CLOSED,
        effective_ms=1657836000000, effective_day="2022-07-15", day_only=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "outcome", "expected"),
    [
        (None, None, ("Stufe 3", None, None)),
        (Status.HIRED, None, (None, Outcome.HIRED, 800)),
        (Status.REJECTED, None, (None, Outcome.ENDED_UNKNOWN, None)),
        (Status.REJECTED, Outcome.CANDIDATE_WITHDREW, (None, Outcome.CANDIDATE_WITHDREW, None)),
    ],
)
def test_only_an_unmapped_label_is_in_the_fact(status: Status | None, outcome: Outcome | None, expected: Any) -> None:
    """It may hold personal data; a rejection is no stage, and its outcome is the label's or unknown."""
    _, moved = facts(application(transition(status, outcome=outcome)), BERLIN)
    assert (moved.raw_label, moved.outcome, moved.stage_rank) == expected


def test_ids_repeat_with_their_content_only() -> None:
    """The same fact of the same version has the same id; another version or content has another."""
    (fact,) = facts(application(), BERLIN)
    (again,) = facts(application(), BERLIN)
    newer = replace(fact, version=4)
    others = [newer, replace(fact, job="job-2"), erased(APPLICATION, 4)]
    ids = [json.loads(each.to_json())["fact_id"] for each in (fact, again, *others)]
    assert ids[0] == ids[1]
    assert len(set(ids[1:])) == 4
    assert newer == fact, "so that a change has only new facts"


def test_json_has_the_tables_columns() -> None:
    """Every field has a column; what is not known is left out."""
    assert list(COLUMNS) == ["fact_id", *(each.name for each in fields(Fact))]
    written = json.loads(erased(APPLICATION, 4).to_json())
    assert written.keys() == {"fact_id", "application", "version", "kind", "subject"}
    assert (written["kind"], written["version"]) == ("erased", 4)
