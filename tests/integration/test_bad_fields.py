"""Fields that the webhook refuses, and those it accepts or passes over, through the real handler."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from support.refusals import refused
from support.world import APPLICATION, World, http_event

PATH = "/api/application-status"
STATUSES = ["LEAD", "APPLIED", "CONTACT", "PRE_INTERVIEW", "INTERVIEW", "POST_INTERVIEW", "OFFER", "HIRED", "REJECTED"]
LEFT_OUT = object()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One for all: nothing here changes it but for the reports that are accepted."""
    with mock_aws():
        yield World(boto3.client("dynamodb"))


def event(**fields: Any) -> dict[str, Any]:
    body = {"AtsiApplicationId": APPLICATION, "Status": "INTERVIEW", **fields}
    return http_event("POST", PATH, {name: value for name, value in body.items() if value is not LEFT_OUT})


def wrong_fields(world: World, **fields: Any) -> dict[str, dict[str, str]]:
    """Return the entries of a 422 by their pointers."""
    problem = refused(world, event(**fields), 422, "invalid-fields")
    assert all(entry.keys() == {"pointer", "detail", "expected"} for entry in problem["errors"])
    entries = {entry["pointer"]: entry for entry in problem["errors"]}
    assert len(entries) == len(problem["errors"])
    return entries


@pytest.mark.parametrize("status", STATUSES)
def test_all_nine_statuses_are_accepted(world: World, status: str) -> None:
    """The eight of the contract's first page and CONTACT of the later one."""
    assert world.report(status, BusinessDate="2022-07-29T11:26:11.106Z").body["Result"] != "unchanged"


@pytest.mark.parametrize(
    "status",
    ["GHOSTED", "hired", "Hired", "HIRED ", "", "PRE-INTERVIEW", "WITHDRAWN", LEFT_OUT, None, 7, True, ["HIRED"], {}],
)
def test_any_other_status_is_refused_with_the_list(world: World, status: object) -> None:
    """The reply lists all nine statuses."""
    entries = wrong_fields(world, Status=status)
    assert entries.keys() == {"/Status"}
    assert entries["/Status"]["expected"] == f"one of {', '.join(STATUSES)}"


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        ("applied", "APPLIED"), ("Hired", "HIRED"), ("HIRED ", "HIRED"), ("pre_interview", "PRE_INTERVIEW"),
        ("PRE-INTERVIEW", "PRE_INTERVIEW"), ("Post Interview", "POST_INTERVIEW"), ("PreInterview", "PRE_INTERVIEW"),
    ],
)  # fmt: skip
def test_misspelt_status_is_named_with_the_right_one(world: World, status: str, meant: str) -> None:
    """The error has the status received, its right spelling, and all nine."""
    entry = wrong_fields(world, Status=status)["/Status"]
    assert entry["detail"] == f'Input is "{status}"; it must be spelt {meant}'
    assert entry["expected"] == f"one of {', '.join(STATUSES)}"


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        ("Vorstellungsgespräch", "INTERVIEW"), ("Eingestellt", "HIRED"), ("Embauché", "HIRED"),
        ("Rechazado", "REJECTED"), ("1st phone interview", "INTERVIEW"), ("Candidate withdrew", "REJECTED"),
        ("INTERVEIW", "INTERVIEW"), ("APPLYED", "APPLIED"), ("REJECT", "REJECTED"),
    ],
)  # fmt: skip
def test_label_as_status_gets_the_status_that_it_means(world: World, status: str, meant: str) -> None:
    """By the vocabulary in any of its languages, or else by its letters; the label itself belongs in RawStatus."""
    entry = wrong_fields(world, Status=status)["/Status"]
    assert entry["detail"] == f"Input is not a status; send {meant}, if you mean that, and your own label as RawStatus"


@pytest.mark.parametrize("status", ["PARKED", "Mustermann", "xyz", "Interview " * 40])
def test_text_that_means_no_status_gets_a_general_hint(world: World, status: str) -> None:
    """No status is guessed."""
    entry = wrong_fields(world, Status=status)["/Status"]
    assert entry["detail"] == "Input is not a status; send the one that fits best, and your own label as RawStatus"


PLACEHOLDERS = [
    "string", "String", "<id>", "{AtsiApplicationId}", "${ATSI_APPLICATION_ID}", "{{uuid}}", "[your id here]", "uuid",
    "<AtsiApplicationId from the ApplyRequest>", "ApplyRequest.Header.Id", "...", "xxxxxxxx-xxxx-xxxx-xxxx",
]  # fmt: skip


def test_sample_of_the_later_page_gets_help(world: World) -> None:
    """Copied as it is: what was received, that it is a placeholder, and where the id comes from."""
    sample = {"AtsiApplicationId": "string", "Status": "CONTACT", "RawStatus": "1st phone interview"}
    sample["BusinessDate"] = "2022-07-29T11:26:11.106Z"
    problem = refused(world, http_event("POST", "/qs-api/public/atsi/v1/demo-ats", sample), 422, "invalid-fields")
    assert problem["errors"] == [
        {
            "pointer": "/AtsiApplicationId",
            "detail": 'Input is not a UUID: "string" looks like a placeholder from documentation',
            "expected": "the UUID from the ApplyRequest: its Header.AtsiApplicationId or Header.Id",
        }
    ]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_placeholder_is_named(world: World, text: str) -> None:
    """As an id and as a status."""
    entries = wrong_fields(world, AtsiApplicationId=text, Status=text)
    reason = f'"{text}" looks like a placeholder from documentation'
    assert entries["/AtsiApplicationId"]["detail"] == f"Input is not a UUID: {reason}"
    assert entries["/Status"]["detail"] == f"Input is not a status: {reason}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "it is empty"), ("  ", "it is empty"), ("null", '"null" means no value'),
     ("None", '"None" means no value')],
)  # fmt: skip
def test_value_that_stands_for_none_is_named(world: World, text: str, reason: str) -> None:
    """As an id and as a status."""
    entries = wrong_fields(world, AtsiApplicationId=text, Status=text)
    assert entries["/AtsiApplicationId"]["detail"] == f"Input is not a UUID: {reason}"
    assert entries["/Status"]["detail"] == f"Input is not a status: {reason}"


@pytest.mark.parametrize("text", ["<Erika>", "{Mustermann}", "id of Erika", "Erika", "id" * 33, "id\n", "<id\x1b[0m>"])
def test_what_may_be_a_name_is_not_repeated(world: World, text: str) -> None:
    """Only the words of placeholders are, and nothing that a terminal would act on."""
    entries = wrong_fields(world, AtsiApplicationId=text, Status=text)
    assert entries["/AtsiApplicationId"]["detail"] == "Input is not a UUID"
    assert text not in str(entries)


def test_each_wrong_field_has_one_entry(world: World) -> None:
    """The reply lists all of them at once, as RFC 6901 pointers, and the unrecognised fields as well."""
    fields = {"AtsiApplicationId": "x", "Status": "hired", "RawStatus": 5, "BusinessDate": "soon"}
    entries = wrong_fields(world, **fields)
    assert list(entries) == [f"/{name}" for name in fields]
    assert all(entry["detail"] and entry["expected"] for entry in entries.values())
    problem = refused(world, event(**fields, statuss=1, More={"Deep": 1}), 422, "invalid-fields")
    assert problem["ignoredFields"] == ["statuss", "More"]
    assert "ignoredFields" not in refused(world, event(**fields), 422, "invalid-fields")


def test_what_was_sent_is_not_echoed(world: World) -> None:
    """A wrong value may be personal data that got into the wrong field."""
    values = {"AtsiApplicationId": "Erika Mustermann", "Status": "Mustermann", "BusinessDate": "Mustermann"}
    assert "Mustermann" not in str(refused(world, event(**values, RawStatus=["Mustermann"]), 422, "invalid-fields"))


def test_empty_object_lacks_the_two_required_fields(world: World) -> None:
    """The label and the time are optional."""
    entries = wrong_fields(world, AtsiApplicationId=LEFT_OUT, Status=LEFT_OUT)
    assert list(entries) == ["/AtsiApplicationId", "/Status"]


def test_field_names_are_exact(world: World) -> None:
    """`status` is another field: Status is missing then, and the typo is named."""
    problem = refused(world, event(Status=LEFT_OUT, status="HIRED"), 422, "invalid-fields")
    assert [entry["pointer"] for entry in problem["errors"]] == ["/Status"]
    assert problem["ignoredFields"] == ["status"]


HEX = APPLICATION.replace("-", "")
SPELLINGS = [
    APPLICATION, APPLICATION.upper(), HEX, HEX.upper(), f"{{{APPLICATION}}}", f"{{{HEX.upper()}}}",
    f"urn:uuid:{APPLICATION}", f"URN:UUID:{APPLICATION.upper()}",
]  # fmt: skip


@pytest.mark.parametrize("day", range(len(SPELLINGS)), ids=SPELLINGS)
def test_an_id_in_any_spelling_is_one_application(world: World, day: int) -> None:
    """The report arrives in the one item, and the reply has the canonical spelling."""
    items = world.client.scan(TableName="ApplicationsTable")["Count"]
    date = f"2022-08-{day + 1:02}T00:00:00.000Z"
    reply = world.report("CONTACT", AtsiApplicationId=SPELLINGS[day], BusinessDate=date)
    assert (reply.status, reply.body["AtsiApplicationId"]) == (200, APPLICATION)
    assert any(key.startswith(date) for key in world.item()["Transitions"]["M"])
    assert world.client.scan(TableName="ApplicationsTable")["Count"] == items


NEAR_MISSES = [
    "", APPLICATION[:-1], APPLICATION + "0", HEX[:-1], HEX + "0", f" {APPLICATION}", f"{APPLICATION} ",
    f"{APPLICATION}\n", f"{APPLICATION}\0", f"{{{APPLICATION}", f"{APPLICATION}}}", f"({APPLICATION})",
    f"{{{{{APPLICATION}}}}}", f"uuid:{APPLICATION}", f"urn:{APPLICATION}", "urn:uuid:", f"urn:uuid: {APPLICATION}",
    f"urn:uuid:urn:uuid:{APPLICATION}", f"0x{HEX}", APPLICATION.replace("-", "_"), APPLICATION.replace("-", "\u2010"),
    *(APPLICATION[:place] + APPLICATION[place + 1 :] for place in (8, 13, 18, 23)),
    *(f"{HEX[:place]}-{HEX[place:]}" for place in (0, 7, 8, 12, 16, 20, 32)), HEX[:-1] + "g",
    APPLICATION.replace("5", "\uff15"), APPLICATION.replace("1", "\u0661"), "null", "UcO+Fg+TQe2cwJCSIi1zMw==",
    LEFT_OUT, None, 0, 1.5, True, [APPLICATION], {"S": APPLICATION},
]  # fmt: skip


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_what_only_resembles_an_id_is_refused(world: World, text: object) -> None:
    """Otherwise one application could have two keys, or a typo could become an application."""
    assert list(wrong_fields(world, AtsiApplicationId=text)) == ["/AtsiApplicationId"]


@pytest.mark.parametrize("label", ["x" * 201, "😀" * 201, 7, 1.5, True, [], ["phone"], {"a": "b"}])
def test_wrong_label_is_refused(world: World, label: object) -> None:
    """A label has to be a string of at most 200 characters."""
    entries = wrong_fields(world, RawStatus=label)
    assert list(entries) == ["/RawStatus"]
    assert "200 characters" in entries["/RawStatus"]["expected"]


@pytest.mark.parametrize("label", ["x" * 200, "😀" * 200, "Zusage (mündlich)", " x ", "\0", 'a"#/~\\b'])
def test_label_is_stored_as_received(world: World, label: str) -> None:
    """Up to 200 characters of any kind."""
    assert world.report("CONTACT", RawStatus=label).body["Result"] == "recorded"
    assert world.item()["RawStatus"] == {"S": label}


@pytest.mark.parametrize("label", ["", None])
def test_empty_label_counts_as_left_out(world: World, label: str | None) -> None:
    """It is neither stored nor a report of its own."""
    world.report("OFFER")
    world.report("CONTACT")
    assert world.report("OFFER", RawStatus=label, BusinessDate=None).body["Result"] == "recorded"
    assert world.stored().raw_status is None
    assert world.report("OFFER", RawStatus=label).body["Result"] == "unchanged"


def test_unknown_fields_are_named_back(world: World) -> None:
    """The report counts, and a typo is seen."""
    reply = world.report("CONTACT", RawSatus="phone", Statuss="HIRED", Größe={"a": [1]})
    assert (reply.status, reply.body["IgnoredFields"]) == (200, ["RawSatus", "Statuss", "Größe"])
    assert "IgnoredFields" not in world.report("OFFER").body
