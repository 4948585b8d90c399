"""What a Selection Signal does to its application: the contract's sample, and what its fields really mean."""

from typing import Any

import pytest

from application_status.applications.rules.report import Success
from application_status.applications.rules.status import Outcome
from support.signals import history, sent, signal, stands, state, statuses
from support.streams import stream
from support.world import POSITION, PROFILE, SIGNALLED_APPLICATION, World, answer, sample_event

SAMPLE = "SignalsFunction/application-status-update"


def test_sample_of_the_contract_works_unchanged(world: World) -> None:
    """ "Hired" takes the head; "Offer accepted" is in the history, as the previous state of a later signal."""
    reply = world.signals(sample_event(SAMPLE), None)
    assert (reply["statusCode"], reply["body"]) == (200, '{"data":{"sendSignal":true}}')
    stored = world.stored(SIGNALLED_APPLICATION)
    offer, hired = stored.in_order()
    assert (stored.status, stored.raw_status, stored.version, stored.head) == ("HIRED", "Hired", 2, hired.key)
    assert stored.outcome == (Outcome.HIRED, False)
    assert hired.key.startswith("2020-01-02T23:59:59.999Z$0011+#")
    assert offer.key.startswith("2020-01-01T00:00:00.000Z!0008*#")
    assert (hired.from_previous, offer.from_previous) == (False, True)
    assert (hired.interpretation.status, hired.interpretation.raw_status, hired.interpretation.success) == (
        "HIRED",
        "Hired",
        Success.PLACED,
    )
    assert (offer.interpretation.status, offer.interpretation.raw_status) == ("OFFER", "Offer accepted")
    assert offer.interpretation.success is Success.NOT_FINAL
    assert [each.interpretation.mapping for each in (offer, hired)] == ["offer@2026-11-27", "hired@2026-11-27"]


def test_sample_sent_again_changes_nothing(world: World) -> None:
    """The same answer, no write, no stream record."""
    world.signals(sample_event(SAMPLE), None)
    before, records = world.item(SIGNALLED_APPLICATION), len(stream(world, "ApplicationsTable"))
    assert answer(world.signals(sample_event(SAMPLE), None)).body == {"data": {"sendSignal": True}}
    assert world.item(SIGNALLED_APPLICATION) == before
    assert len(stream(world, "ApplicationsTable")) == records


@pytest.mark.parametrize("positions", [POSITION, [POSITION], [POSITION, "another ad"], [], None])
def test_positions_beside_a_token_may_be_a_string_or_a_list(world: World, positions: Any) -> None:
    """A list's one value may come bare; the token alone names the application."""
    sent(world, signal(state("Interview"), positionProfileIds=positions))
    assert stands(world) == ("INTERVIEW", "open")


def test_profile_names_the_application_too(world: World) -> None:
    """For applications taken in by the board's own form."""
    update = signal(state("Offer"), candidateApplicationProfileId=PROFILE)
    del update["token"]
    sent(world, update)
    assert stands(world) == ("OFFER", "open")


@pytest.mark.parametrize(
    ("label", "status"),
    [
        ("INTERVIEW", "INTERVIEW"),
        ("interview", "INTERVIEW"),
        ("  Vorstellungsgespräch ", "INTERVIEW"),
        ("VORSTELLUNGSGESPRÄCH", "INTERVIEW"),
        ("Angebot", "OFFER"),
        ("Eingestellt", "HIRED"),
        ("採用", None),
        ("Embauché 😀", "HIRED"),
        ("Ansatt 😀", None),
    ],
)
def test_label_is_stored_as_sent_whatever_its_language_and_case(world: World, label: str, status: str | None) -> None:
    """Known or not; and which rule read it, in which version."""
    sent(world, signal(state(label)))
    (transition,) = history(world)
    assert (transition.status, transition.interpretation.raw_status) == (status, label)
    assert transition.interpretation.mapping
    assert transition.interpretation.mapping.endswith("@2026-11-27")
    assert (transition.interpretation.mapping == "unmapped@2026-11-27") == (status is None)


@pytest.mark.parametrize(
    ("label", "success", "stored", "status", "outcome"),
    [
        ("Hired", {"success": True}, "HIRED", "HIRED", "hired"),
        ("Hired", {"success": False}, "REJECTED", "REJECTED", "ended_unknown"),
        ("Hired", {"success": None}, None, "APPLIED", "open"),
        ("Hired", {}, "HIRED", "HIRED", "hired"),
        ("Rejected", {"success": True}, "HIRED", "HIRED", "hired"),
        ("Rejected", {"success": False}, "REJECTED", "REJECTED", "not_selected"),
        ("Rejected", {"success": None}, None, "APPLIED", "open"),
        ("Rejected", {}, "REJECTED", "REJECTED", "not_selected"),
        ("Offer declined", {"success": False}, "REJECTED", "REJECTED", "offer_declined"),
        ("Candidate withdrew", {"success": False}, "REJECTED", "REJECTED", "candidate_withdrew"),
        ("Interview", {"success": True}, "HIRED", "HIRED", "hired"),
        ("Interview", {"success": False}, "REJECTED", "REJECTED", "ended_unknown"),
        ("Interview", {"success": None}, "INTERVIEW", "INTERVIEW", "open"),
        ("Blue folder", {"success": True}, "HIRED", "HIRED", "hired"),
        ("Blue folder", {"success": False}, "REJECTED", "REJECTED", "ended_unknown"),
        ("Blue folder", {"success": None}, None, "APPLIED", "open"),
        ("Blue folder", {}, None, "APPLIED", "open"),
    ],
)
def test_success_true_false_null_and_missing_are_four_things(
    world: World, label: str, success: dict[str, Any], stored: str | None, status: str, outcome: str
) -> None:
    """Placed; ended, by the label's reason if it has one; not final, whatever the label says; or as the label says."""
    sent(world, signal(state(label, 1, **success)))
    (transition,) = history(world)
    assert (transition.status, transition.interpretation.raw_status) == (stored, label)
    said = {True: Success.PLACED, False: Success.NOT_PLACED, None: Success.NOT_FINAL}
    assert transition.interpretation.success is (said[success["success"]] if success else None)
    assert stands(world) == (status, outcome)


@pytest.mark.parametrize(("index", "total"), [(11, 14), (1, 1), (14, 14), (1, 14)])
def test_place_in_the_process_says_nothing_of_the_end(world: World, index: int, total: int) -> None:
    """ "Hired" at 11 of 14 is final; "Interview" at the last place is not."""
    for day, (label, status) in enumerate([("Hired", "HIRED"), ("Interview", "INTERVIEW")], start=1):
        sent(world, signal(state(label, day, status={"label": label, "index": index, "total": total})))
        assert stands(world)[0] == status


def test_offer_accepted_comes_before_hired(world: World) -> None:
    """The offer is not final yet, and counts as reached; hired is what comes of it."""
    sent(world, signal(state("Offer accepted", 1, success=None)))
    assert stands(world) == ("OFFER", "open")
    sent(world, signal(state("Hired", 2, success=True), previous=state("Offer accepted", 1, success=None)))
    assert stands(world) == ("HIRED", "hired")
    assert statuses(world) == ["OFFER", "HIRED"]
    assert not any(each.from_previous for each in history(world))


@pytest.mark.parametrize(
    ("label", "phase", "status"),
    [
        ("Blue folder", {"phase": {"label": "Interview", "index": 3, "total": 7}}, "INTERVIEW"),
        ("Offer", {"phase": {"label": "Interview", "index": 3, "total": 7}}, "OFFER"),
        ("Blue folder", {"phase": {"label": "Hired", "index": 7, "total": 7}}, None),
        ("Blue folder", {"phase": {"label": "Rejected", "index": 7, "total": 7}}, None),
        ("Blue folder", {"phase": None}, None),
        ("Blue folder", {}, None),
        ("Offer", {}, "OFFER"),
    ],
)
def test_phase_helps_only_where_the_label_is_unknown(
    world: World, label: str, phase: dict[str, Any], status: str | None
) -> None:
    """A flat process has none; and none makes an application final."""
    sent(world, signal(state(label, 1, **phase)))
    assert statuses(world) == [status]
