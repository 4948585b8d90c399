"""What a label means: an ATS's own meaning before the vocabulary's, for signals and for the labels of rejections."""

import pytest

from application_status.applications.rules.status import Outcome, Status
from application_status.labels.overrides import OverrideLookup, OverrideRegister
from support.signals import history, sent, signal, stands, state
from support.world import ATS, OTHER_ATS, RecordingDynamoDB, World


def overrides(world: World, ats_id: str = ATS, **meanings: str) -> None:
    """Set an ATS's own label meanings and restart the world, so that its containers load them."""
    labels = {label.replace("_", " "): meaning for label, meaning in meanings.items()}
    OverrideRegister(world.dynamodb, "TokensTable").change(type(ATS)(ats_id), labels)
    world.restart()


@pytest.mark.parametrize(
    ("meaning", "status", "outcome"),
    [
        ("OFFER", "OFFER", "open"),
        ("HIRED", "HIRED", "hired"),
        ("REJECTED", "REJECTED", "ended_unknown"),
        ("REJECTED/offer_declined", "REJECTED", "offer_declined"),
        ("REJECTED/not_selected", "REJECTED", "not_selected"),
    ],
)
def test_override_wins_over_the_vocabulary(world: World, meaning: str, status: str, outcome: str) -> None:
    """In any spelling of the label; the rule says so."""
    overrides(world, Interview=meaning, Blue_folder=meaning)
    for day, label in enumerate(("INTERVIEW", "blue Folder"), start=1):
        sent(world, signal(state(label, day)))
        assert stands(world) == (status, outcome)
        assert history(world)[-1].interpretation.mapping == "override@2026-11-27"


def test_phase_has_the_ats_s_own_meaning_too(world: World) -> None:
    """It counts where the label has none."""
    overrides(world, Stage_3="OFFER")
    sent(world, signal(state("Zorblax", 1, phase={"label": "Stage 3", "index": 3, "total": 5})))
    assert stands(world) == ("OFFER", "open")


def test_success_wins_over_an_override(world: World) -> None:
    """An ATS's own meaning is still a label's meaning; `success` says more."""
    overrides(world, Blue_folder="HIRED", Red_folder="REJECTED/candidate_withdrew")
    sent(world, signal(state("Blue folder", 1, success=None)))
    assert stands(world) == ("APPLIED", "open")
    sent(world, signal(state("Red folder", 2, success=False)))
    assert stands(world) == ("REJECTED", "candidate_withdrew")
    sent(world, signal(state("Red folder", 3, success=True)))
    assert stands(world) == ("HIRED", "hired")


def test_overrides_are_an_ats_own(world: World) -> None:
    """Another's mean nothing here."""
    overrides(world, OTHER_ATS, Interview="HIRED")
    sent(world, signal(state("Interview", 1)))
    assert stands(world) == ("INTERVIEW", "open")


def test_overrides_are_remembered_for_a_minute(world: World) -> None:
    """One look-up in 60 s; the next one brings what was stored meanwhile, in place of what was."""
    now = 1000.0
    register = OverrideRegister(RecordingDynamoDB(world.client), "TokensTable")
    known = OverrideLookup(world.dynamodb, "TokensTable", lambda: now)
    world.dynamodb.operations.clear()
    assert known.of(ATS) == {}
    register.change(ATS, {"a": "OFFER"})
    now = 1059.9
    assert known.of(ATS) == {}
    now = 1060.0
    assert known.of(ATS) == {"a": "OFFER"}
    register.change(ATS, {"b": "HIRED"}, ["a"])
    now = 1119.9
    assert known.of(ATS) == {"a": "OFFER"}
    now = 1120.0
    assert known.of(ATS) == {"b": "HIRED"}
    assert known.of(OTHER_ATS) == {}
    assert world.dynamodb.operations.count("GetItem") == 4


def test_overrides_leave_tokens_alone(world: World) -> None:
    """They lie in the same table: one item more, and the tokens' items stay as they were."""
    tokens = world.client.scan(TableName="TokensTable")["Items"]
    overrides(world, Interview="OFFER")
    after = world.client.scan(TableName="TokensTable")["Items"]
    assert len(after) == len(tokens) + 1
    assert all(token in after for token in tokens)
    assert world.report("INTERVIEW").status == 200
    sent(world, signal())
    assert stands(world)[0] == "OFFER"


@pytest.mark.parametrize(
    ("label", "outcome", "rule"),
    [
        ("Absage durch Bewerber", Outcome.CANDIDATE_WITHDREW, "refused-by-candidate"),
        ("Absage", Outcome.NOT_SELECTED, "rejected"),
        ("Offer declined", Outcome.OFFER_DECLINED, "offer-declined"),
        ("Position closed", Outcome.POSITION_CLOSED, "position-closed"),
        ("Eingestellt", Outcome.ENDED_UNKNOWN, None),
        ("Interview", Outcome.ENDED_UNKNOWN, None),
        ("Blue folder", Outcome.ENDED_UNKNOWN, None),
        ("", Outcome.ENDED_UNKNOWN, None),
        (None, Outcome.ENDED_UNKNOWN, None),
        ("Special folder", Outcome.CANDIDATE_WITHDREW, "override"),
        ("Unsuccessful", Outcome.POSITION_CLOSED, "override"),
        ("Withdrawn", Outcome.ENDED_UNKNOWN, None),
    ],
)
def test_raw_status_sets_the_outcome_of_a_rejection(
    world: World, label: str | None, outcome: Outcome, rule: str | None
) -> None:
    """It changes nothing else; a label that is unmapped or contradicts REJECTED leaves the outcome unknown."""
    own = {"Special_folder": "REJECTED/candidate_withdrew", "Unsuccessful": "REJECTED/position_closed"}
    overrides(world, **own, Withdrawn="INTERVIEW")
    reply = world.report("REJECTED", RawStatus=label)
    assert (reply.status, reply.body["Status"]) == (200, "REJECTED")
    stored = world.stored()
    (transition,) = stored.in_order()
    assert (stored.status, stored.outcome) == (Status.REJECTED, (outcome, False))
    assert transition.interpretation.raw_status == (label or None)
    assert transition.interpretation.mapping == (f"{rule}@2026-11-27" if rule else None)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.REJECTED])
def test_raw_status_never_changes_another_status(world: World, status: Status) -> None:
    """The sender has named it, whatever the label says; nor is anybody asked for overrides."""
    overrides(world, Absage="REJECTED/candidate_withdrew")
    world.report("CONTACT" if status is not Status.CONTACT else "LEAD")
    world.dynamodb.operations.clear()
    world.report(status, RawStatus="Absage")
    assert world.dynamodb.operations == ["UpdateItem"]
    stored = world.stored()
    assert (stored.status, stored.outcome) == (status, (Outcome.of(status), False))
    assert stored.in_order()[-1].interpretation.mapping is None


def test_a_rejections_label_costs_one_look_up_in_a_minute(world: World) -> None:
    """The overrides; a bare rejection costs none."""
    world.report("CONTACT")
    world.dynamodb.operations.clear()
    world.report("REJECTED")
    assert world.dynamodb.operations == ["UpdateItem"]
    for number, operations in enumerate((["GetItem", "UpdateItem"], ["UpdateItem"])):
        world.dynamodb.operations.clear()
        world.report("REJECTED", RawStatus=f"Absage {number}")
        assert world.dynamodb.operations == operations
