"""All pages that people open, for the tests of what every page must be: a new page is added here."""

from collections.abc import Mapping
from typing import NamedTuple

from application_status.local.demo import SAMPLES

_BOTH = ("en", "de")


class Visit(NamedTuple):
    """A page of the local service: its path, who opens it, and its status; `sheets` is how many it prints at most."""

    path: str
    user: str = ""
    status: int = 200
    languages: tuple[str, ...] = _BOTH
    sheets: int = 1


VISITS: Mapping[str, Visit] = {
    "home": Visit("/", languages=("en",), sheets=4),
    "login": Visit("/quality", languages=("en",)),
    "failed sign-in": Visit("/sign-in/callback?code=a&state=b", status=401),
    "sign-out": Visit("/sign-out", "staff"),
    "signed out": Visit("/sign-out"),
    "jobseeker": Visit("/my/applications", "jobseeker/jobseeker-1", sheets=3),
    "jobseeker's archive": Visit("/my/applications?show=archived", "jobseeker/jobseeker-1"),
    "jobseeker's search": Visit("/my/applications?search=nothing", "jobseeker/jobseeker-1"),
    "application": Visit(f"/my/applications?application={SAMPLES[1].application_id}", "jobseeker/jobseeker-1"),
    "unknown application": Visit(
        "/my/applications?application=51c3be16-0f93-41ed-9cc0-00000000dead", "jobseeker/jobseeker-1", status=404
    ),
    "jobseeker without applications": Visit("/my/applications", "jobseeker/nobody"),
    "jobseekers' page for staff": Visit("/my/applications", "staff", status=403),
    "quality of all": Visit("/quality", "staff", sheets=2),
    "quality of an ATS": Visit("/quality?interval=month", "ats/workday", sheets=2),
    "quality of a client": Visit("/quality", "client/example", sheets=2),
    "meaning of the numbers": Visit("/quality?show=definitions", "staff", sheets=6),
    "choice of a client": Visit("/quality?client=m", "staff", status=200),
    "quality with wrong filters": Visit("/quality?from=2", "staff", status=422),
    "quality for a jobseeker": Visit("/quality", "jobseeker/jobseeker-1", status=403),
    "connection": Visit("/connections/gr-demo", "client/example", sheets=2),
    "unknown connection": Visit("/connections/gr-22222222", "client/example", status=404),
    "portal": Visit("/docs", languages=("en",), sheets=3),
    "guide": Visit("/docs/guide", languages=("en",), sheets=5),
    "errors": Visit("/docs/errors", languages=("en",), sheets=6),
    "reference": Visit("/docs/reference-reports", languages=("en",), sheets=8),
    "problem": Visit("/problems/throttled", languages=("en",)),
    "sandbox's requests": Visit("/sandbox/requests", languages=("en",)),
    "vocabulary": Visit("/docs/vocabulary", languages=("en",), sheets=12),
}
