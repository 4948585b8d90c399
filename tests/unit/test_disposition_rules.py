"""What a disposition means, how a stored one is interpreted again, and what is wrong with an invalid one."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLEnumType

from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Channel, Report
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.graphql.schema import SCHEMA
from application_status.intake.indeed.rules import RATIONALE_LENGTH, disposition, echo
from application_status.intake.indeed.rules import rationale as described
from application_status.labels.rules.dispositions import DispositionStatus, interpret_disposition
from application_status.labels.rules.remap import remap
from application_status.labels.rules.vocabulary import ParsedOverrides, Vocabulary
from application_status.platform.errors import InvalidFields
from support.dispositions import SAMPLE, about
from support.dispositions import disposition as given
from support.world import APPLICATION, ATS, registration

NOW = datetime(2026, 11, 27, tzinfo=UTC)
VOCABULARY = Vocabulary.load()
MEANINGS = {
    "NEW": "APPLIED", "REVIEW": "PRE_INTERVIEW", "LIKED": "PRE_INTERVIEW", "CONTACTED": "CONTACT",
    "SCREEN": "PRE_INTERVIEW", "POSITIVELY_SCREENED": "PRE_INTERVIEW", "ASSESS_QUALIFICATIONS": "PRE_INTERVIEW",
    "VERIFY_ELIGIBILITY": "PRE_INTERVIEW", "INTERVIEW": "INTERVIEW", "BACKGROUND_CHECK": "POST_INTERVIEW",
    "OFFER_MADE": "OFFER", "OFFER_DECLINED": "REJECTED, offer_declined", "HIRED": "HIRED", "ONBOARDED": "HIRED",
    "NOT_SELECTED": "REJECTED, not_selected", "WITHDRAWN": "REJECTED, candidate_withdrew",
    "JOB_CLOSED": "REJECTED, position_closed", "JOB_INACTIVE": "REJECTED, position_closed",
    "ASSESSMENT": "PRE_INTERVIEW", "OFFER": "OFFER", "REJECTED": "REJECTED, not_selected",
    "DECLINED": "REJECTED, offer_declined",
}  # fmt: skip
SAY_NOTHING = {"INCOMPLETE", "DROPPED_DUPLICATE", "DROPPED_JOB_EXPIRED", "DROPPED_FRAUD_SPAM", "DROPPED_OTHER"}


def interpreted(status: str, label: str | None, overrides: dict[str, str] | None = None) -> tuple[Any, Any]:
    found = interpret_disposition(DispositionStatus(status), label, VOCABULARY, ParsedOverrides(overrides or {}))
    assert (found.raw_status, found.raw_phase) == (label, status)
    assert found.mapping
    return found.status, found.outcome


def test_every_status_has_a_meaning() -> None:
    """Indeed's whole list, with the older spellings."""
    assert set(DispositionStatus) == {*MEANINGS, *SAY_NOTHING, "UNABLE_TO_MAP"}
    assert {each for each in DispositionStatus if each.says_nothing} == SAY_NOTHING
    for name, meaning in MEANINGS.items():
        status, _, outcome = meaning.partition(", ")
        assert interpreted(name, None) == interpreted(name, "Blue folder") == (status, outcome or None)
        assert DispositionStatus(name).status == status


def test_schema_says_what_each_status_means() -> None:
    """Its enum has the same statuses, and their descriptions name the meanings."""
    kind = SCHEMA.type_map["IndeedDispositionStatus"]
    assert isinstance(kind, GraphQLEnumType)
    said = {name: str(each.description).removesuffix("; an older spelling") for name, each in kind.values.items()}
    assert said.keys() == set(DispositionStatus)
    assert {name: said[name] for name in MEANINGS} == MEANINGS
    assert all(said[name].startswith("No status: ") for name in SAY_NOTHING)


def test_documentation_says_what_each_status_means() -> None:
    """The table of docs/vocabulary.md has every status once."""
    text = (Path(__file__).parents[2] / "docs/vocabulary.md").read_text(encoding="utf-8")
    section = text.partition("## Indeed's statuses\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    said = [(name, row[1]) for row in rows for name in re.findall("`([A-Z_]+)`", row[0]) if name in DispositionStatus]
    assert sorted(name for name, _ in said) == sorted(DispositionStatus)
    assert {name: meaning for name, meaning in said if name in MEANINGS} == MEANINGS


@pytest.mark.parametrize(
    ("status", "label", "outcome"),
    [
        ("NOT_SELECTED", "Position filled", "position_closed"),
        ("REJECTED", "Requisition closed", "position_closed"),
        ("NOT_SELECTED", "Withdrawn by candidate", "not_selected"),
        ("NOT_SELECTED", "Hired", "not_selected"),
        ("NOT_SELECTED", "Interview", "not_selected"),
        ("NOT_SELECTED", "Rejected", "not_selected"),
        ("WITHDRAWN", "Offer declined by candidate", "offer_declined"),
        ("WITHDRAWN", "Not a fit", "candidate_withdrew"),
        ("JOB_CLOSED", "Not a fit", "position_closed"),
        ("DECLINED", "Not a fit", "offer_declined"),
    ],
)
def test_label_refines_the_outcome_and_never_contradicts_it(status: str, label: str, outcome: str) -> None:
    """A closed position is why somebody was not selected, and a declined offer how somebody withdrew."""
    assert interpreted(status, label) == (Status.REJECTED, outcome)


@pytest.mark.parametrize("status", [name for name, meaning in MEANINGS.items() if not meaning.startswith("REJECTED")])
def test_label_never_outweighs_a_status(status: str) -> None:
    """Whatever the vocabulary or an override says about it."""
    for label, overrides in [("Rejected", {}), ("Hired", {}), ("Blue folder", {"Blue folder": "HIRED"})]:
        assert interpreted(status, label, overrides) == (MEANINGS[status], None)


def test_vocabulary_decides_what_indeed_has_no_status_for() -> None:
    """With the overrides of the ATS; a label that it does not know is unmapped."""
    assert interpreted("UNABLE_TO_MAP", "2nd interview") == (Status.INTERVIEW, None)
    assert interpreted("UNABLE_TO_MAP", "Hired") == (Status.HIRED, None)
    assert interpreted("UNABLE_TO_MAP", "Withdrawn by candidate") == (Status.REJECTED, Outcome.CANDIDATE_WITHDREW)
    assert interpreted("UNABLE_TO_MAP", "Blue folder") == (None, None)
    assert interpreted("UNABLE_TO_MAP", "Blue folder", {"Blue folder": "OFFER"}) == (Status.OFFER, None)


def test_mapping_names_what_decided() -> None:
    """Indeed's status, or the rule of the vocabulary."""

    def mapping(status: DispositionStatus, label: str) -> str:
        return str(interpret_disposition(status, label, VOCABULARY, {}).mapping).partition("@")[0]

    assert mapping(DispositionStatus.NOT_SELECTED, "Not a fit") == "indeed.NOT_SELECTED"
    assert mapping(DispositionStatus.NOT_SELECTED, "Position filled") == VOCABULARY.meaning("Position filled").rule
    assert mapping(DispositionStatus.UNABLE_TO_MAP, "Blue folder") == "unmapped"


def stored(status: str, label: str | None, *, day: bool = False) -> Application:
    """Return an application with one disposition."""
    at = "2022-08-01T00:00:00Z" if day else "2022-08-01T12:00:00Z"
    checked = disposition(given(status, label or "", statusChangeDateTime=at), NOW)
    empty = Application(
        application_id=APPLICATION, ats_id=ATS, status=Status.APPLIED, version=1, registration=registration()
    )
    report = Report(
        application_id=APPLICATION,
        ats_id=ATS,
        channel=Channel.INDEED,
        interpretation=interpret_disposition(checked.given, checked.label, VOCABULARY, {}),
        received_at=NOW,
        effective_at=checked.effective_at,
        day_offset=checked.day_offset,
        tiebreaker=checked.tiebreaker,
    )
    return empty.after(empty.receive(report))


@pytest.mark.parametrize("status", [*MEANINGS, "UNABLE_TO_MAP"])
def test_nothing_is_remapped_without_a_change(status: str) -> None:
    """The same object, as for all other labels."""
    for label in ("Position filled", "Blue folder"):
        application = stored(status, label)
        assert remap(application, VOCABULARY, {}) is application
    if status != "UNABLE_TO_MAP":
        application = stored(status, None)
        assert remap(application, VOCABULARY, {}) is application


@pytest.mark.parametrize("day", [False, True])
def test_labels_are_interpreted_again(*, day: bool) -> None:
    """With new overrides, and back, under the same key: of a label alone, and of one that refines an outcome."""
    for status, label, override, before, after in [
        ("UNABLE_TO_MAP", "Blue folder", "REJECTED/not_selected", (None, None), ("REJECTED", "not_selected")),
        ("NOT_SELECTED", "Blue folder", "REJECTED/position_closed", ("REJECTED", "not_selected"),
         ("REJECTED", "position_closed")),
        ("NOT_SELECTED", "Blue folder", "HIRED", ("REJECTED", "not_selected"), ("REJECTED", "not_selected")),
    ]:  # fmt: skip
        application = stored(status, label, day=day)
        again = remap(application, VOCABULARY, {"Blue folder": override})
        for each, expected in [(application, before), (again, after), (remap(again, VOCABULARY, {}), before)]:
            ((key, transition),) = each.transitions.items()
            assert transition.key == key == next(iter(application.transitions))
            interpretation = transition.interpretation
            assert (interpretation.status, interpretation.outcome) == expected


def test_ending_of_a_day_comes_last() -> None:
    """One that Indeed's status says; one that only a label says keeps its place, as its meaning may change."""
    ending, label = stored("NOT_SELECTED", "Not a fit", day=True), stored("UNABLE_TO_MAP", "Not a fit", day=True)
    assert (ending.head or "") > "2022-08-01T12" > (label.head or "")


def rationale(sent: dict[str, Any]) -> str:
    with pytest.raises(InvalidFields) as refused:
        disposition(sent, NOW)
    return described(refused.value.errors)


def test_sample_is_valid() -> None:
    """A label in capitals or spaces is kept as it is, and a blank one counts as none."""
    (sample,) = SAMPLE["input"]["dispositions"]
    checked = disposition(sample, NOW)
    assert (checked.given, checked.label, checked.identifier) == ("INTERVIEW", "On-site", "indeedApplyID")
    assert (checked.apply_id, checked.effective_at) == (APPLICATION, datetime(2026, 11, 2, 9, 30, tzinfo=UTC))
    assert disposition({**sample, "rawDispositionStatus": " \n"}, NOW).label is None
    assert disposition({**sample, "rawDispositionStatus": "x" * 200}, NOW).label == "x" * 200


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (given("REVIEW", "x" * 201), "rawDispositionStatus: Input has 201 characters; expected: at most 200"),
        (given("UNABLE_TO_MAP", " "), "rawDispositionStatus: Input is blank, beside UNABLE_TO_MAP; expected: "),
        (about({}), "identifiedBy: Input has nothing; expected: exactly one of indeedApplyID, ittk, universalApplyId"),
        (about({"indeedApplyID": None}), "identifiedBy: Input has nothing; "),
        (about({"indeedApplyID": "a", "ittk": "a"}), "identifiedBy: Input has indeedApplyID and ittk; expected: "),
        (about({"ittk": ""}), "identifiedBy.ittk: Input has 0 characters; expected: 1 to 200 visible ASCII"),
        (about({"universalApplyId": "x" * 201}), "identifiedBy.universalApplyId: Input has 201 characters; expected: "),
        (about({"indeedApplyID": "a b"}), "identifiedBy.indeedApplyID: Input has 3 characters; expected: "),
        (about({"alternateIdentifier": {"jobIdentifier": {}, "jobSeekerIdentifier": {"emailAddress": "a@b.test"}}}),
         "identifiedBy.alternateIdentifier: Input is not supported; expected: one of indeedApplyID, ittk"),
        (given(statusChangeDateTime="yesterday"), "statusChangeDateTime: Input should be an RFC 3339 date-time"),
        (given(statusChangeDateTime="2022-08-01T12:00:00"),
         'statusChangeDateTime: Input is "2022-08-01T12:00:00" and should be an RFC 3339 date-time'),
        (given(statusChangeDateTime="2999-08-01T12:00:00Z"), "Input should not be more than 5 minutes in"),
        (given(statusChangeDateTime="1970-01-01T00:00:00Z"), "looks like a date that was never set"),
        (given(statusChangeDateTime=""), "statusChangeDateTime: Input should be"),
        (given(statusChangeDateTime="+49 170 1234567"), "statusChangeDateTime: Input should be"),
    ],
)  # fmt: skip
def test_rationale_says_what_was_wrong_received_and_expected(sent: dict[str, Any], expected: str) -> None:
    """Without a label, an e-mail address or any other free text."""
    text = rationale(sent)
    assert expected in text
    assert not any(each in text for each in ("b.test", "On-site", "xxx", "yesterday", "demo-ats", "1234567"))


def test_rationale_has_everything_that_is_wrong() -> None:
    """In a bounded text."""
    both = {"indeedApplyID": "a", "ittk": "a", "universalApplyId": "a", "alternateIdentifier": {}}
    for moment in (
        "1969-12-31T23:59:59.123456789+23:59",
        "2999-12-31T23:59:59.123456789+23:59",
        "2022-02-30T" + "9" * 29,
        "x" * 9999,
    ):
        text = rationale(given("REVIEW", "x" * 250_000, identifiedBy=both, statusChangeDateTime=moment))
        assert all(name in text for name in ("identifiedBy", "rawDispositionStatus", "statusChangeDateTime"))
        assert len(text) <= RATIONALE_LENGTH


def test_echo_is_the_identifier_as_sent() -> None:
    """Each of its texts is cut to 200 characters."""
    assert echo({"ittk": "x" * 201, "indeedApplyID": None}) == {"ittk": "x" * 200}
    nested = {"alternateIdentifier": {"jobIdentifier": {"employerJobId": "é" * 300}, "jobSeekerIdentifier": {}}}
    assert echo(nested)["alternateIdentifier"]["jobIdentifier"] == {"employerJobId": "é" * 200}


def test_tiebreaker_does_not_depend_on_a_label() -> None:
    """Of two statuses with the same time the later one is newer, and one that only a label says is the oldest."""
    order = [disposition(given(name, "Hired"), NOW).tiebreaker for name in ("UNABLE_TO_MAP", "NEW", "OFFER", "HIRED")]
    assert order == sorted(order)
    checked = disposition(given("UNABLE_TO_MAP", "Interview"), NOW)
    assert replace(checked, label="Hired").tiebreaker == checked.tiebreaker
