"""A report as CSV, where a spreadsheet opens it and where a program reads it."""

import csv
import io
from datetime import date

import pytest

from application_status.platform.errors import InvalidFields
from application_status.quality.reports.formats import as_csv, as_csv_of
from application_status.quality.reports.report import QualityReport, Row, Subject
from application_status.quality.rules.numbers import Number

DAY = date(2026, 1, 1)


def line(client: str, value: float | None) -> dict[str, str]:
    number = Number("delay", "days", value, 7)
    (found,) = csv.DictReader(
        io.StringIO(as_csv(QualityReport([Row({"Client": client}, DAY, DAY, [number])]), "")["body"])
    )
    return found


@pytest.mark.parametrize("client", ["-1", "=1+1", "@a", "+49"])
def test_formula_gets_an_apostrophe(client: str) -> None:
    """Ids may begin like one; the cell without its first apostrophe is the id."""
    assert line(client, 1.5)["client"] == f"'{client}"


@pytest.mark.parametrize(("value", "cell"), [(-1.5, "-1.5"), (0, "0"), (None, "")])
def test_numbers_stay_numbers(value: float | None, cell: str) -> None:
    """Also those below zero."""
    found = line("client-1", value)
    assert (found["client"], found["value"], found["from"]) == ("client-1", cell, "2026-01-01")


def test_life_has_no_days() -> None:
    """The cells of its period are empty, as those of names that are not known."""
    number = Number("delay", "days", 1.5, 7)
    subject: Subject = {"Client": "client-1", "Job": "job-1", "JobTitle": "Koch (m/w/d)"}
    (found,) = csv.DictReader(io.StringIO(as_csv(QualityReport([Row(subject, None, None, [number])]), "")["body"]))
    assert (found["job_title"], found["company"]) == ("Koch (m/w/d)", "")
    assert (found["from"], found["to"]) == ("", "")


def test_names_are_no_formulas() -> None:
    """Names come from registrations, and a spreadsheet must not run one."""
    number = Number("delay", "days", 1.5, 7)
    subject: Subject = {"Client": "client-1", "Company": "=1+1", "JobTitle": "@SUM(A1)"}
    (found,) = csv.DictReader(io.StringIO(as_csv(QualityReport([Row(subject, DAY, DAY, [number])]), "")["body"]))
    assert (found["company"], found["job_title"]) == ("'=1+1", "'@SUM(A1)")


def test_several_reports_are_in_one_csv() -> None:
    """With one header, and the name of its report in the first column of each line."""
    found = {
        name: QualityReport([Row({"Ats": "a", "AtsName": "=A"}, DAY, DAY, [Number(measure, "days", 1.5, 7)])])
        for name, measure in (("activity", "delay"), ("cohort", "first_response:median"))
    }
    text = as_csv_of(found, "/v1")["body"]
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [(each["report"], each["measure"], each["ats_name"]) for each in lines] == [
        ("activity", "delay", "'=A"),
        ("cohort", "first_response:median", "'=A"),
    ]
    alone = list(csv.DictReader(io.StringIO(as_csv(found["cohort"], "/v1")["body"])))
    assert [{"report": "cohort", **each} for each in alone] == lines[1:]
    assert text.startswith("report,ats,ats_name,")


def test_several_reports_that_are_too_large_are_refused() -> None:
    """The error names the reports, each of which can be had alone."""
    large = QualityReport([Row({"Ats": "a" * 64}, DAY, DAY, [Number("delay", "days", 1.5, 7)] * 5_000)])
    with pytest.raises(InvalidFields) as refused:
        as_csv_of({"cohort": large, "activity": large}, "")
    (error,) = refused.value.errors
    assert (error.pointer, "cohort, activity" in (error.expected or "")) == ("/csv", True)
