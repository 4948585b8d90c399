"""Native webhooks from signed HTTP requests through the tables and streams to the counters."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.applications.rules.report import Channel
from support import lever_events
from support.dynamodb_in_memory import Memory
from support.native_flow import (
    AFTERWARDS,
    ENDED,
    HIRED,
    IDS,
    REOPENED,
    Customer,
    moments,
    name_stages,
    served,
    streamed,
)
from support.native_webhooks import body_of, names
from support.world import World

type Expected = Mapping[str, Sequence[str]]

GREENHOUSE: Expected = {
    "recorded APPLIED": ["new_candidate_application", "unreject_candidate"],
    "recorded INTERVIEW": ["application_updated", "candidate_stage_change"],
    "recorded OFFER": ["offer_approved", "offer_created", "offer_updated_nested", "unhire_candidate"],
    "recorded HIRED": ["application_updated_hired", "hire_candidate"],
    "recorded not_selected": ["reject_candidate"],
    "recorded candidate_withdrew": ["application_updated_rejected", "reject_candidate_withdrew"],
    "recorded offer_declined": ["reject_candidate_declined_offer"],
    "recorded position_closed": ["reject_candidate_unknown_type"],
    "recorded ended_unknown": ["reject_candidate_unspecified"],
    "noted APPLIED": [
        "candidate_anonymized_stages", "delete_application", "delete_candidate", "job_approved", "job_created",
        "job_updated", "merge_candidate",
    ],
    "ignored APPLIED": [
        "candidate_anonymized", "delete_candidate_merged", "job_deleted", "job_updated_draft",
        "new_prospect_application", "offer_deleted", "offer_updated", "offer_updated_deprecated",
        "offer_updated_rejected", "reject_candidate_prospect", "update_candidate",
    ],
    "test APPLIED": ["ping"],
}  # fmt: skip
ASHBY: Expected = {
    "recorded LEAD": ["applicationUpdate_lead"],
    "recorded APPLIED": ["applicationSubmit"],
    "recorded PRE_INTERVIEW": ["applicationUpdate", "candidateStageChange"],
    "recorded INTERVIEW": ["applicationUpdate_reopened", "candidateStageChange_without_job"],
    "recorded OFFER": ["candidateStageChange_offer", "offerCreate_waiting", "offerUpdate"],
    "recorded HIRED": [
        "applicationUpdate_hired", "candidateHire", "candidateHire_without_offer", "candidateStageChange_hired",
    ],
    "recorded not_selected": ["candidateStageChange_archived"],
    "recorded candidate_withdrew": ["candidateStageChange_withdrew"],
    "recorded position_closed": ["candidateStageChange_other"],
    "noted APPLIED": ["candidateDelete", "candidateMerge", "jobUpdate", "jobUpdate_open"],
    "ignored APPLIED": [
        "interviewPlanTransition", "interviewScheduleCreate", "interviewScheduleUpdate", "jobUpdate_draft",
        "offerCreate", "offerDelete", "offerUpdate_accepted", "offerUpdate_declined", "pushToHRIS",
    ],
    "test APPLIED": ["ping"],
}  # fmt: skip
RECRUITEE: Expected = {
    "recorded parked APPLIED": ["new_candidate"],
    "recorded PRE_INTERVIEW": ["candidate_moved_requalified", "candidate_moved_stage_changed"],
    "recorded INTERVIEW": ["candidate_moved_category"],
    "recorded POST_INTERVIEW": ["candidate_moved_unknown_category"],
    "recorded OFFER": ["candidate_moved_offer"],
    "recorded HIRED": ["candidate_moved_hired"],
    "recorded candidate_withdrew": ["candidate_moved_disqualified"],
    "recorded ended_unknown": ["candidate_moved_disqualified_without_reason"],
    "parked APPLIED": ["candidate_assigned"],
    "noted APPLIED": ["candidate_deleted", "offer_published", "offer_unpublished", "offer_updated_status_changed"],
    "ignored APPLIED": [
        "candidate_assigned_to_talent_pool", "new_candidate_in_talent_pool", "offer_unpublished_draft",
        "offer_updated_tags_changed",
    ],
    "test APPLIED": ["test", "test_payload"],
}  # fmt: skip
LEVER: Expected = {
    "noted recorded APPLIED": ["applicationCreated"],
    "recorded APPLIED": ["candidateArchiveChange_restored"],
    "recorded CONTACT": ["candidateStageChange_lead"],
    "recorded INTERVIEW": ["candidateStageChange"],
    "recorded OFFER": ["candidateStageChange_offer"],
    "recorded HIRED": ["candidateHired"],
    "recorded not_selected": ["candidateArchiveChange"],
    "recorded ended_unknown": ["candidateArchiveChange_hired", "candidateArchiveChange_other_reason"],
    "noted APPLIED": ["candidateDeleted"],
    "ignored APPLIED": ["contactCreated", "contactUpdated", "interviewCreated", "interviewDeleted", "interviewUpdated"],
    "test APPLIED": ["verify_connection"],
}
EXPECTED = {
    (provider, name): result
    for provider, expected in zip(IDS, (GREENHOUSE, ASHBY, RECRUITEE, LEVER), strict=True)
    for result, bodies in expected.items()
    for name in bodies
}
"""For each recorded body the results in the reply, and how a new application stands: its status or end."""

HIRE = {"applications": 1, "reached:HIRED": 1, "outcome:hired": 1, "entered:HIRED": 1}
ENDS = {
    Channel.GREENHOUSE: {"reached:INTERVIEW": 1, "outcome:candidate_withdrew": 1},
    Channel.ASHBY: {"reached:PRE_INTERVIEW": 1, "outcome:not_selected": 1},
    Channel.RECRUITEE: {"reached:PRE_INTERVIEW": 1, "outcome:candidate_withdrew": 1},
    Channel.LEVER: {"reached:INTERVIEW": 1, "outcome:not_selected": 1},
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Return a World that the tests share, with a client of its own for each."""
    with mock_aws():
        world = World(boto3.client("dynamodb"))
        name_stages(world)
        yield world


@pytest.mark.parametrize("provider", IDS)
def test_each_recorded_body_has_an_expected_result(provider: Channel) -> None:
    """A new one is noticed."""
    assert names(provider) == sorted(name for of, name in EXPECTED if of is provider)


@pytest.mark.parametrize("is_base64", [True, False])
@pytest.mark.parametrize(("provider", "name"), EXPECTED)
def test_recorded_body_over_http(world: World, provider: Channel, name: str, *, is_base64: bool) -> None:
    """200, which every provider takes for success, and the state of a new application; API Gateway sends base64."""
    customer = Customer.of(world, provider, f"{provider}-{name}-{is_base64}")
    with time_machine.travel(AFTERWARDS[provider], tick=False):
        customer.register(also=[lever_events.IDS] if provider is Channel.LEVER else [])
        reply = customer.send(body_of(provider, name), is_base64=is_base64)
    stored = customer.stored()
    state = stored.outcome[0] if stored.status == "REJECTED" else stored.status
    assert (reply.status, " ".join([*reply.body["Results"], state])) == (200, EXPECTED[provider, name])


@pytest.fixture
def empty() -> World:
    """Return a World in memory, whose streams can be delivered."""
    world = World(Memory())
    name_stages(world)
    return world


def sent(customer: Customer, events: Sequence[str]) -> None:
    """Send events in this order, each when it happened, and deliver the streams after each."""
    for at, body in moments(customer.provider, events):
        with time_machine.travel(at, tick=False):
            assert customer.send(body).status == 200
            streamed(customer.world)


def numbers_of_end(customer: Customer) -> dict[str, int]:
    """Return what is counted of the end of a customer's application."""
    families = {"applications", "reached", "outcome", "open", "reentered", "entered:HIRED"}
    return {name: n for name, n in customer.numbers().items() if {name, name.partition(":")[0]} & families}


@pytest.mark.parametrize("provider", IDS)
class TestWholeLife:
    """What a customer's events add to the quality numbers of the client."""

    def test_hire_counts_once(self, empty: World, provider: Channel) -> None:
        """Although several events report it, and all of them are delivered twice."""
        customer = Customer.of(empty, provider, f"{provider}-hired")
        customer.register()
        sent(customer, HIRED[provider])
        assert numbers_of_end(customer) == HIRE
        sent(customer, HIRED[provider])
        assert numbers_of_end(customer) == HIRE

    def test_end_without_a_hire_counts_once(self, empty: World, provider: Channel) -> None:
        """As a rejection or as a withdrawal."""
        customer = Customer.of(empty, provider, f"{provider}-ended")
        customer.register()
        sent(customer, ENDED[provider] * 2)
        numbers = customer.numbers()
        assert numbers_of_end(customer) == {"applications": 1} | ENDS[provider]
        assert (numbers["entered:APPLIED"], numbers["entered:REJECTED"]) == (1, 1)

    def test_end_that_is_taken_back_does_not_count(self, empty: World, provider: Channel) -> None:
        """Only how the application stands at last is its outcome."""
        customer = Customer.of(empty, provider, f"{provider}-reopened")
        customer.register()
        sent(customer, REOPENED[provider])
        outcomes = {name: n for name, n in customer.numbers().items() if name.startswith("outcome:")}
        last = "offer_declined" if provider is Channel.GREENHOUSE else "hired"
        assert outcomes == {f"outcome:{last}": 1}

    @pytest.mark.parametrize("life", [HIRED, ENDED], ids=["hired", "ended"])
    def test_ids_may_be_added_after_all_events(
        self, empty: World, provider: Channel, life: Mapping[Channel, tuple[str, ...]]
    ) -> None:
        """The events are parked until then, and the end is as if the board had registered the ids before."""
        early, late = (Customer.of(empty, provider, f"{provider}-{len(life[provider])}-{each}") for each in "ab")
        early.register()
        sent(early, life[provider])
        late.register(with_ids=False)
        sent(late, life[provider])
        assert late.numbers()["outcome:open"] == 1
        with time_machine.travel(AFTERWARDS[provider] + timedelta(days=2), tick=False):
            late.add_ids(IDS[provider])
            streamed(empty)
            streamed(empty)
        assert (late.stored().status, late.stored().outcome) == (early.stored().status, early.stored().outcome)
        assert numbers_of_end(late) == numbers_of_end(early)


@pytest.mark.parametrize("provider", IDS)
def test_hire_over_the_local_gateway(empty: World, provider: Channel) -> None:
    """The signature is over the bytes that were sent, which the gateway passes on unchanged."""
    customer = Customer.of(empty, provider, f"{provider}-hired")
    customer.register()
    with served(empty) as port:
        for at, body in moments(provider, HIRED[provider]):
            with time_machine.travel(at, tick=False):
                assert customer.post(port, body)[0] == 200
    streamed(empty)
    streamed(empty, is_shuffled=True)
    assert numbers_of_end(customer) == HIRE


class TestCapturedDelivery:
    """Somebody saw a delivery and the connection's URL, and sends it again."""

    def test_hire_does_not_come_back(self, empty: World) -> None:
        """Greenhouse signs no time, so a signature is valid forever; the offer's version identifies the hire."""
        customer = Customer.of(empty, Channel.GREENHOUSE, "captured-hire")
        customer.register()
        sent(customer, [*HIRED[Channel.GREENHOUSE], "unhire_candidate"])
        with time_machine.travel(AFTERWARDS[Channel.GREENHOUSE] + timedelta(days=9), tick=False):
            reply = customer.send(body_of(Channel.GREENHOUSE, "hire_candidate"))
        streamed(empty)
        assert (reply.status, reply.body["Results"], customer.stored().status) == (200, ["unchanged"], "OFFER")
        assert customer.numbers()["outcome:open"] == 1

    def test_old_delivery_of_lever_is_refused(self, empty: World) -> None:
        """Its signed time is accepted for three days."""
        customer = Customer.of(empty, Channel.LEVER, "captured-days-ago")
        customer.register()
        sent(customer, ENDED[Channel.LEVER])
        body = body_of(Channel.LEVER, "candidateHired")
        for days, status in ((4, 401), (2, 200)):
            with time_machine.travel(AFTERWARDS[Channel.LEVER] + timedelta(days=days), tick=False):
                assert customer.send(body).status == status

    def test_token_of_lever_signs_no_other_body(self, empty: World) -> None:
        """Lever signs the token and the time alone, so a token is for one body."""
        customer = Customer.of(empty, Channel.LEVER, "captured-token")
        customer.register()
        sent(customer, ENDED[Channel.LEVER])
        forged = json.loads(body_of(Channel.LEVER, "candidateArchiveChange")) | {"event": "candidateHired"}
        with time_machine.travel(AFTERWARDS[Channel.LEVER], tick=False):
            reply = customer.send(json.dumps(forged).encode())
        assert (reply.status, reply.body["type"]) == (401, "/problems/wrong-signature")
        assert customer.stored().status == "REJECTED"
