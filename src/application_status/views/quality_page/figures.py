"""The figures that a reader looks for first."""

from collections.abc import Sequence
from dataclasses import dataclass

from application_status.views.quality_page.words import Numbers


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: its name, its value in words, and what it is about."""

    name: str
    value: str
    about: str


def figures(numbers: Numbers) -> Sequence[Figure]:
    """Return the key figures of a cohort; none where it has too few applications."""
    if "applications" not in numbers:
        return []
    of_all = f"of {numbers.population('applications', 'applications')} applications"
    return [
        Figure("Applications", numbers.said("applications", "applications"), "applied for in the period"),
        Figure("With feedback", numbers.said("feedback", "share"), of_all),
        Figure("Reached interview", numbers.said("reached:INTERVIEW", "share"), of_all),
        Figure(
            "Hired",
            numbers.said("outcome:hired", "applications"),
            f"{numbers.said('outcome:hired', 'share')} {of_all}",
        ),
        Figure("Median first response", numbers.said("first_response:median", "days"), of_all),
    ]
