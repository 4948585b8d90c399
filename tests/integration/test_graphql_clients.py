"""Clients made for the contracts' public schemas: generated code, and the mutation that came before signals."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.dispositions import result
from support.signals import complete, counted, history, post, refused, sent, signal, stands, state, statuses
from support.world import APPLICATION, OTHER_TOKEN, SIGNAL_TOKEN, TOKEN, Answer, World

DATA = Path(__file__).parents[1] / "data"
CLIENTS: list[dict[str, Any]] = json.loads((DATA / "generated_clients.json").read_text())
DISPOSITION_CLIENTS: list[dict[str, Any]] = json.loads((DATA / "generated_disposition_clients.json").read_text())
"""What clients generated from a contract's types send, as they sent it, and with which headers."""
OLD = "mutation ($input: SendApplicationSignalInput!) { sendApplicationSignal(input: $input) }"
COMPLETE = {"schemeId": "globalPublicTest", "token": SIGNAL_TOKEN, "typeCode": "ApplicationComplete"}


@pytest.mark.parametrize("client", CLIENTS, ids=[each["client"] for each in CLIENTS])
def test_generated_clients_run_unchanged(world: World, client: dict[str, Any]) -> None:
    """With variables of the nested types, by their public names."""
    variables = "".join(request["query"] for request in client["requests"])
    for name in (
        "SendSignalInput", "SendSignalsInput", "SendSignal_StateInput", "SendSignal_StatusInput",
        "SendSignal_PhaseInput", "SendApplicationSignalInput",
    ):  # fmt: skip
        assert f": {name}" in variables or f": [{name}" in variables
    for request in client["requests"]:
        reply = post(world, request, client["headers"])
        assert (reply.status, list(reply.body)) == (200, ["data"]), reply.body
        assert set(reply.body["data"].values()) == {True}
    assert [each.interpretation.raw_status for each in history(world)] == [
        "New", "Phone screen", "Interview", "2nd interview", "Offer accepted", "Hired", "Rejected",
    ]  # fmt: skip
    assert stands(world) == ("REJECTED", "not_selected")


@pytest.mark.parametrize("client", DISPOSITION_CLIENTS, ids=[each["client"] for each in DISPOSITION_CLIENTS])
def test_generated_clients_send_dispositions_unchanged(world: World, client: dict[str, Any]) -> None:
    """With variables of all of Indeed's input types, by their public names."""
    variables = "".join(request["query"] for request in client["requests"])
    for name in (
        "SendPartnerDispositionInput", "PartnerDispositionInput", "PartnerDispositionIdentifierInput",
        "IndeedDispositionStatus", "AlternateJobIdentifierInput", "JobIdentifierInput", "JobSeekerIdentifierInput",
        "ATSApplicationIdentifierInput", "DateTime", "ID",
    ):  # fmt: skip
        assert f": {name}" in variables or f": [{name}" in variables
    *good, failed = (result(post(world, request, client["headers"])) for request in client["requests"])
    assert good == [(2, []), (2, []), (1, []), (1, [])]
    assert (failed[0], len(failed[1])) == (0, 2)  # both by an e-mail address
    assert [each.interpretation.raw_status for each in history(world, APPLICATION)] == [
        "New", "Phone screen", "Interview", "Offer", "Onboarded", "Rejected",
    ]  # fmt: skip
    assert world.stored().outcome == ("not_selected", False)


def old(world: World, sender: str = TOKEN, /, **changes: Any) -> Answer:
    """Send the older mutation."""
    return post(world, {"query": OLD, "variables": {"input": COMPLETE | changes}}, token=sender)


@pytest.mark.parametrize("scheme", ["global", "globalPublicTest", "", "unknown"])
def test_older_mutation_means_application_complete(world: World, scheme: str) -> None:
    """It answers and leaves what the signal does, whatever the scheme."""
    sent(world, complete())
    before = world.contents()
    reply = old(world, schemeId=scheme)
    assert (reply.status, reply.body) == (200, {"data": {"sendApplicationSignal": True}})
    assert world.contents() == before


def test_older_mutation_is_counted_as_a_signal(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Known, unknown and foreign tokens get the same answer."""
    counted(capsys)
    for sender, token, counts in [
        (TOKEN, SIGNAL_TOKEN, {"Unchanged": 1}),
        (TOKEN, "unknown", {"SignalDropped": 1}),
        (OTHER_TOKEN, SIGNAL_TOKEN, {"SignalDropped": 1}),
    ]:
        assert old(world, sender, token=token).body == {"data": {"sendApplicationSignal": True}}
        assert counted(capsys) == counts


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"typeCode": "ApplicationStatusUpdate"}, "/input/typeCode"),
        ({"typeCode": ""}, "/input/typeCode"),
        ({"token": "with white space"}, "/input/token"),
        ({"token": ""}, "/input/token"),
    ],
)
def test_older_mutation_is_checked(
    world: World, capsys: pytest.CaptureFixture[str], changes: dict[str, str], place: str
) -> None:
    """BAD_USER_INPUT, and the place."""
    counted(capsys)
    reply = old(world, **changes)
    assert (reply.status, reply.body["data"], refused(reply)) == (200, {"sendApplicationSignal": None}, [place])
    assert counted(capsys) == {"SignalRefused": 1}


@pytest.mark.parametrize("changes", [{"schemeId": None}, {"token": None}, {"typeCode": None}, {"current": state()}])
def test_older_mutation_has_three_strings(world: World, changes: dict[str, Any]) -> None:
    """All required, and nothing else."""
    reply = old(world, **changes)
    assert (reply.status, reply.body["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")


def test_older_mutation_stands_beside_signals(world: World) -> None:
    """In one document, in the document's order."""
    document = "mutation ($old: SendApplicationSignalInput!, $new: SendSignalInput!) { "
    document += "sendApplicationSignal(input: $old) sendSignal(input: $new) }"
    reply = post(world, {"query": document, "variables": {"old": COMPLETE, "new": signal(state("Offer"))}})
    assert reply.body == {"data": {"sendApplicationSignal": True, "sendSignal": True}}
    assert statuses(world) == ["OFFER"]
