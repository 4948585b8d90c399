"""What operators store as an ATS's own meanings of labels: no change is lost, and nothing wrong is stored."""

from collections.abc import Iterator
from typing import Any

import pytest

from application_status.labels.overrides import MAX_LABEL_LENGTH, MAX_OVERRIDES, OverrideRegister
from application_status.local.tables import TableServer
from application_status.platform import deadlines
from application_status.platform.values import AtsId
from support.faults import LOST_REPLY, NO_CONNECTION, PASS, THROTTLED, Clock, ErrorReply, Fault, Faults, fresh_client
from support.world import ATS, OTHER_ATS, RecordingDynamoDB, World

KEY = {"KeyId": {"S": f"ats#{ATS}"}}


@pytest.fixture
def world(server: TableServer) -> Iterator[World]:
    client = fresh_client(server)
    yield World(client)
    client.close()


@pytest.fixture
def faults(world: World, monkeypatch: pytest.MonkeyPatch) -> Faults:
    clock = Clock()
    monkeypatch.setattr(deadlines, "time", clock)
    return Faults(world.client, clock)


@pytest.fixture
def register(world: World) -> OverrideRegister:
    return OverrideRegister(world.dynamodb, "TokensTable")


def item(world: World) -> dict[str, Any] | None:
    found: dict[str, Any] | None = world.client.get_item(TableName="TokensTable", Key=KEY).get("Item")
    return found


def test_change_keeps_the_others(register: OverrideRegister) -> None:
    """Overrides of this ATS and of others are kept; the return value is what is stored."""
    register.change(OTHER_ATS, {"Stage 3": "HIRED"})
    assert register.change(ATS, {"Stage 3": "OFFER", "Stage 4": "INTERVIEW"}) == register.of(ATS)
    assert register.change(ATS, {"Stage 5": "CONTACT"}, ["Stage 4"]) == {"Stage 3": "OFFER", "Stage 5": "CONTACT"}
    assert register.of(ATS) == {"Stage 3": "OFFER", "Stage 5": "CONTACT"}
    assert register.of(OTHER_ATS) == {"Stage 3": "HIRED"}


@pytest.mark.parametrize("spelling", ["stage 3", "STAGE 3", " Stage  3 ", "Stage-3", "Sta\u0301ge 03", "\uff33tage 3"])
def test_spellings_of_a_label_are_one_label(register: OverrideRegister, spelling: str) -> None:
    """A meaning replaces that of the other spelling, and any spelling removes it."""
    register.change(ATS, {"Stage 3": "OFFER", "\U0001f389": "HIRED"})
    assert register.change(ATS, {spelling: "INTERVIEW"}) == {spelling: "INTERVIEW", "\U0001f389": "HIRED"}
    assert register.change(ATS, {}, ["Stage 3"]) == register.of(ATS) == {"\U0001f389": "HIRED"}


@pytest.mark.parametrize(
    ("meanings", "without"),
    [({"Stage 3": "OFFER", "stage 3": "HIRED"}, []), ({"Stage 3": "OFFER"}, ["STAGE 3"]), ({}, ["Stage 3", "stage 3"])],
)
def test_two_spellings_in_one_change_are_refused(
    world: World, register: OverrideRegister, meanings: dict[str, str], without: list[str]
) -> None:
    """They contradict each other, or one is too many."""
    with pytest.raises(ValueError, match="spellings of the same label"):
        register.change(ATS, meanings, without)
    assert item(world) is None


@pytest.mark.parametrize(
    ("label", "meaning", "sentence"),
    [
        ("Stage 3", "interviewing", "'interviewing' is not a status"),
        ("Stage 3", "", "'' is not a text"),
        ("Stage 3", "OFFER/not_selected", "is not an outcome of OFFER"),
        ("", "OFFER", "1 to 200 characters"),
        (" \t", "OFFER", "1 to 200 characters"),
        ("x" * (MAX_LABEL_LENGTH + 1), "OFFER", "1 to 200 characters"),
        ("x\ud800", "OFFER", "surrogates not allowed"),
    ],
    ids=ascii,
)
def test_wrong_override_is_refused(
    world: World, register: OverrideRegister, label: str, meaning: str, sentence: str
) -> None:
    """Valid overrides in the same change are not stored either."""
    with pytest.raises(ValueError, match=sentence):
        register.change(ATS, {"Stage 4": "OFFER", label: meaning})
    assert item(world) is None


def test_unknown_label_cannot_be_removed(register: OverrideRegister) -> None:
    """Nothing of such a change is stored."""
    register.change(ATS, {"Stage 4": "OFFER"})
    with pytest.raises(LookupError, match=f"{ATS} has no override for 'Stage 3'"):
        register.change(ATS, {"Stage 5": "OFFER"}, ["Stage 4", "Stage 3"])
    assert register.of(ATS) == {"Stage 4": "OFFER"}


def test_number_of_labels_is_bounded(register: OverrideRegister) -> None:
    """A full ATS can still change and remove."""
    register.change(ATS, {f"Stage {number}": "OFFER" for number in range(MAX_OVERRIDES)})
    with pytest.raises(ValueError, match=f"{ATS} would have 1001 overrides .* at most 1000"):
        register.change(ATS, {"Another": "OFFER"})
    register.change(ATS, {"stage 1": "HIRED"})
    assert len(register.change(ATS, {"Another": "OFFER"}, ["Stage 2"])) == MAX_OVERRIDES


def test_their_size_fits_an_item(register: OverrideRegister) -> None:
    """The longest labels of the widest characters do not all fit; the sentence says so, not DynamoDB."""
    labels = {chr(0x10000 + number) * MAX_LABEL_LENGTH: "OFFER" for number in range(370)}
    assert len(register.change(ATS, labels)) == 370
    with pytest.raises(ValueError, match="at most 1000 in 300000 bytes"):
        register.change(ATS, {chr(0x20000 + number) * MAX_LABEL_LENGTH: "OFFER" for number in range(10)})


def test_all_are_read_over_several_pages(register: OverrideRegister) -> None:
    """A page has 1 MB; an ATS whose last override is gone has none."""
    labels = {chr(0x10000 + number) * MAX_LABEL_LENGTH: "OFFER" for number in range(340)}
    everybody = {AtsId(f"ats-{number}"): labels for number in range(5)}
    for ats_id in everybody:
        register.change(ats_id, labels)
    register.change(ATS, {"Stage 3": "OFFER"})
    register.change(ATS, {}, ["Stage 3"])
    assert register.all() == everybody


def test_reads_are_consistent(world: World) -> None:
    """An override is seen at once by the next command, on AWS too."""
    reads: list[object] = []

    class Door(RecordingDynamoDB):
        def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
            if operation != "PutItem":
                reads.append(request.get("ConsistentRead"))
            return super().__call__(operation, **request)

    register = OverrideRegister(Door(world.client), "TokensTable")
    register.change(ATS, {"Stage 3": "OFFER"})
    register.of(ATS)
    register.all()
    assert reads == [True] * 3


def test_item_of_an_earlier_release_can_be_changed(world: World, register: OverrideRegister) -> None:
    """It has no version, and perhaps two spellings of one label."""
    stored = {"Stage 3": {"S": "OFFER"}, "stage 3": {"S": "HIRED"}, "Stage 4": {"S": "OFFER"}}
    world.client.put_item(TableName="TokensTable", Item={**KEY, "Overrides": {"M": stored}})
    assert register.change(ATS, {"STAGE 3": "INTERVIEW"}) == {"STAGE 3": "INTERVIEW", "Stage 4": "OFFER"}
    assert register.of(ATS) == {"STAGE 3": "INTERVIEW", "Stage 4": "OFFER"}


@pytest.mark.parametrize(
    "fault", [THROTTLED, ErrorReply("InternalServerError", 500), NO_CONNECTION, LOST_REPLY], ids=repr
)
def test_one_fault_is_not_seen(world: World, faults: Faults, register: OverrideRegister, fault: Fault) -> None:
    """A removal whose reply was lost is no unknown label, and is written once."""
    register.change(ATS, {"Stage 3": "OFFER"})
    faults.plan(PASS, fault)
    assert register.change(ATS, {}, ["Stage 3"]) == {}
    assert faults.calls == ["GetItem", "PutItem", "PutItem"]
    assert item(world) == {**KEY, "Overrides": {"M": {}}, "Version": {"N": "2"}}


def test_another_change_in_between_is_kept(
    world: World, register: OverrideRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came after the read and before the write."""
    others, get_item = OverrideRegister(world.dynamodb, "TokensTable"), OverrideRegister._item  # noqa: SLF001

    def too_late(self: OverrideRegister, ats_id: AtsId) -> Any:
        found = get_item(self, ats_id)
        if self is register:
            others.change(ATS, {"stage 3": "HIRED", "Stage 4": "OFFER"})
        return found

    monkeypatch.setattr(OverrideRegister, "_item", too_late)
    assert register.change(ATS, {"Stage 3": "INTERVIEW"}) == {"Stage 3": "INTERVIEW", "Stage 4": "OFFER"}
    assert others.of(ATS) == {"Stage 3": "INTERVIEW", "Stage 4": "OFFER"}
