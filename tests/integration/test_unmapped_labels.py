"""Unmapped labels: from the signal to the report on them."""

import csv
import json
from collections.abc import Mapping
from typing import Any

import pytest

from application_status.applications.register import Registrations
from application_status.applications.rules.application import Application
from application_status.applications.rules.registration import Aliases
from application_status.applications.scan import AllApplications, Unreadable
from application_status.labels.rules.remap import remap
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.values import ApplicationId, application_id
from application_status.quality.counters import items as quality_items
from support.signals import sent, signal, state
from support.streams import stream
from support.world import ATS, OTHER_TOKEN, TOKEN, World, http_event, registration

STAGE, FORMULA, RARE = "Stage 3", "=HYPERLINK(1)", "Waits for Ms Weber"


def number(of: int) -> ApplicationId:
    return application_id(f"6b1d4c1e-9d55-4c8a-8f6f-{of:012x}")


@pytest.fixture(autouse=True)
def _eight_applications(world: World) -> None:
    """Register eight applications and send unmapped labels: one for all of them, one for five, one for four."""
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    for of in range(8):
        registrations.register(number(of), registration(aliases=Aliases(tokens=(f"token-{of}",))))
        for day, label in enumerate([STAGE, STAGE, *[FORMULA] * (of < 5), *[RARE] * (of < 4), "Interview"], start=1):
            sent(world, signal(state(label, day), token=f"token-{of}"))
    count(world)


def count(world: World) -> None:
    assert world.analytics({"Records": stream(world, "ApplicationsTable")}, None) == {"batchItemFailures": []}


def ask(world: World, path: str = "/api/quality", token: str | None = TOKEN, **query: str) -> Mapping[str, Any]:
    event = http_event("GET", path, None, {"Accept": query.pop("accept", "*/*")}, token)
    return world.views(event | {"queryStringParameters": {"kind": "unmapped", **query}}, None)


def labels(reply: Mapping[str, Any]) -> tuple[dict[str, dict[str, int]], int]:
    """Return how many applications have each label, by ATS, and how many labels are hidden."""
    assert reply["statusCode"] == 200, reply["body"]
    body = json.loads(reply["body"])
    found = {
        row["Ats"]: {n["Measure"].removeprefix("unmapped_label:"): n["Value"] for n in row["Numbers"]}
        for row in body["Rows"]
    }
    assert all(n["Value"] == n["Population"] for row in body["Rows"] for n in row["Numbers"])
    return found, body["Hidden"]


def test_ats_and_board_see_the_frequent_ones(world: World) -> None:
    """Most frequent first, each application once; of fewer than five only how many labels there are."""
    found, hidden = labels(ask(world))
    assert (found, hidden) == ({ATS: {STAGE: 8, FORMULA: 5}}, 1)
    assert list(found[ATS]) == [STAGE, FORMULA]
    assert labels(ask(world, "/api/board/quality", None)) == (found, hidden)
    assert RARE not in ask(world)["body"]


def test_other_atss_and_clients_do_not_see_them(world: World) -> None:
    """Each ATS sees only its own labels; for clients the report is refused."""
    assert labels(ask(world, token=OTHER_TOKEN)) == ({}, 0)
    assert labels(ask(world, "/api/board/quality", None, ats="unheard-of")) == ({}, 0)
    reply = ask(world, "/api/board/quality", None, client="client-1")
    assert (reply["statusCode"], "unmapped is only available for ATSs" in reply["body"]) == (422, True)


@pytest.mark.parametrize("query", [{"interval": "week"}, {"from": "2026-01-01"}, {"to": "2026-01-01"}])
def test_they_are_as_of_today(world: World, query: dict[str, str]) -> None:
    """No period can be asked for."""
    assert ask(world, **query)["statusCode"] == 422


def test_csv_holds_no_formula(world: World) -> None:
    """A spreadsheet runs what begins with an equals sign; no cell does."""
    lines = list(csv.reader(ask(world, accept="text/csv")["body"].splitlines()))
    assert f"unmapped_label:{FORMULA}" in {cell for line in lines for cell in line}
    assert not [cell for line in lines for cell in line if cell[:1] in {"=", "+", "-", "@"}]


def test_erased_application_takes_its_labels_along(world: World) -> None:
    """What is then left of a label may be too little to be shown; the text of a label is deleted with its last one."""
    assert world.erase(number(0)).status == 204
    count(world)
    assert labels(ask(world)) == ({ATS: {STAGE: 7}}, 2)
    assert RARE not in json.dumps(world.client.get_item(TableName="QualityTable", Key=marker(0))["Item"], default=str)
    rare = world.client.get_item(TableName="QualityTable", Key=quality_items.label_key(1, ATS, RARE))["Item"]
    assert rare["Applications"] == {"N": "3"}
    for of in range(1, 4):
        assert world.erase(number(of)).status == 204
    count(world)
    assert RARE not in json.dumps(world.client.scan(TableName="QualityTable")["Items"], default=str)


def test_label_that_got_a_meaning_is_unmapped_no_longer(world: World) -> None:
    """Once the stored labels were read anew."""
    applications = AllApplications(world.dynamodb, "ApplicationsTable")
    for page, _ in applications.pages(Unreadable()):
        for before in page:
            after: Application = remap(before, Vocabulary.load(), {STAGE: "INTERVIEW"})
            assert after is before or applications.replace_interpretations(before, after)
    count(world)
    assert labels(ask(world)) == ({ATS: {FORMULA: 5}}, 1)


def test_only_the_first_ten_of_an_application_are_kept(world: World) -> None:
    """So that a sender of ever new labels can't blow up what is counted."""
    for day in range(12):
        sent(world, signal(state(f"Stage {day + 10}", day + 10), token="token-7"))
    count(world)
    kept = world.client.get_item(TableName="QualityTable", Key=marker(7))["Item"]["UnmappedLabels"]["L"]
    assert [each["S"] for each in kept] == [STAGE, *(f"Stage {day}" for day in range(10, 19))]


def test_the_hundred_most_frequent_are_shown(world: World) -> None:
    """However many there are; the reply has the number of those left out."""
    for each in range(120):
        item = quality_items.label_item(1, ATS, f"Label {each:03}", applications=5)
        world.client.put_item(TableName="QualityTable", Item=item)
    reply = ask(world)
    found, hidden = labels(reply)
    assert list(found[ATS]) == [STAGE, FORMULA, *(f"Label {each:03}" for each in range(98))]
    assert (hidden, json.loads(reply["body"])["Cut"]) == (1, 22)


def test_as_many_as_a_thousand_labels_are_read(world: World) -> None:
    """The most frequent first, so that what the report says of the others is about rarer ones."""
    for each in range(1_010):
        item = quality_items.label_item(1, ATS, f"Rare {each:04}", applications=1 + (each < 3) * 100)
        world.client.put_item(TableName="QualityTable", Item=item)
    found, hidden = labels(ask(world))
    assert list(found[ATS]) == ["Rare 0000", "Rare 0001", "Rare 0002", STAGE, FORMULA]
    assert hidden == 1_000 - 5


def marker(of: int) -> dict[str, Any]:
    return dict(quality_items.marker_key(1, number(of)))
