"""The texts of the jobseekers' page in English and German; labels of ATSs are never shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from application_status.jobseeker.rules.status import JobseekerStatus, ProgressStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The texts of one language; `{}` is replaced by a number."""

    language: str
    statuses: Mapping[JobseekerStatus, str]
    steps: Mapping[ProgressStep, str]
    months: str
    date_form: str
    today: str
    yesterday: str
    days_ago: str
    no_update: str
    title: str
    in_progress: str
    finished: str
    none: str
    history: str
    more_changes: str
    of: str
    progress: str
    older: str
    newest: str
    incomplete: str
    failed: str
    refused: Mapping[int, str]

    def format_day(self, day: date) -> str:
        """Return a day as text."""
        return self.date_form.format(day=day.day, month=self.months.split()[day.month - 1], year=day.year)

    def ago(self, days: int) -> str:
        """Return how long ago something was, from 0 days on, as text."""
        return {0: self.today, 1: self.yesterday}.get(days) or self.days_ago.format(days)


ENGLISH = Words(
    language="en",
    statuses={
        JobseekerStatus.NOTED: "Saved by the employer",
        JobseekerStatus.APPLIED: "Applied",
        JobseekerStatus.IN_CONTACT: "The employer contacted you",
        JobseekerStatus.IN_REVIEW: "Being reviewed",
        JobseekerStatus.INTERVIEW: "Interview",
        JobseekerStatus.AFTER_INTERVIEW: "After the interview",
        JobseekerStatus.OFFER: "Offer received",
        JobseekerStatus.HIRED: "Hired",
        JobseekerStatus.NO_LONGER_CONSIDERED: "No longer under consideration",
        JobseekerStatus.WITHDRAWN: "Withdrawn by you",
        JobseekerStatus.OFFER_DECLINED: "Offer declined by you",
        JobseekerStatus.POSITION_CLOSED: "The position is no longer open",
    },
    steps={
        ProgressStep.APPLIED: "Applied",
        ProgressStep.REVIEW: "Review",
        ProgressStep.INTERVIEW: "Interview",
        ProgressStep.OFFER: "Offer",
        ProgressStep.HIRED: "Hired",
    },
    months="January February March April May June July August September October November December",
    date_form="{day} {month} {year}",
    today="today",
    yesterday="yesterday",
    days_ago="{} days ago",
    no_update="No update for {} days",
    title="My applications",
    in_progress="In progress",
    finished="Finished",
    none="You have no applications yet.",
    history="History",
    more_changes="Further changes that are not shown: {}",
    of="of",
    progress="Step {} of {} reached",
    older="Older applications",
    newest="Newest applications",
    incomplete="Only your newest applications are listed.",
    failed="Your applications are not available right now. Please try again in a moment.",
    refused={
        403: "You are signed in, but not as a jobseeker. Sign out, and sign in with the account that applied.",
        422: "This link is incomplete. Please open your applications again.",
    },
)

GERMAN = Words(
    language="de",
    statuses={
        JobseekerStatus.NOTED: "Vom Unternehmen vorgemerkt",
        JobseekerStatus.APPLIED: "Beworben",
        JobseekerStatus.IN_CONTACT: "Das Unternehmen hat Sie kontaktiert",
        JobseekerStatus.IN_REVIEW: "Wird geprüft",
        JobseekerStatus.INTERVIEW: "Vorstellungsgespräch",
        JobseekerStatus.AFTER_INTERVIEW: "Nach dem Gespräch",
        JobseekerStatus.OFFER: "Angebot erhalten",
        JobseekerStatus.HIRED: "Eingestellt",
        JobseekerStatus.NO_LONGER_CONSIDERED: "Nicht mehr im Auswahlverfahren",
        JobseekerStatus.WITHDRAWN: "Von Ihnen zurückgezogen",
        JobseekerStatus.OFFER_DECLINED: "Angebot von Ihnen abgelehnt",
        JobseekerStatus.POSITION_CLOSED: "Die Stelle ist nicht mehr offen",
    },
    steps={
        ProgressStep.APPLIED: "Beworben",
        ProgressStep.REVIEW: "Prüfung",
        ProgressStep.INTERVIEW: "Gespräch",
        ProgressStep.OFFER: "Angebot",
        ProgressStep.HIRED: "Eingestellt",
    },
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    date_form="{day}. {month} {year}",
    today="heute",
    yesterday="gestern",
    days_ago="vor {} Tagen",
    no_update="Seit {} Tagen keine Neuigkeiten",
    title="Meine Bewerbungen",
    in_progress="Laufend",
    finished="Abgeschlossen",
    none="Sie haben noch keine Bewerbungen.",
    history="Verlauf",
    more_changes="Weitere Änderungen, die nicht angezeigt werden: {}",
    of="von",
    progress="Schritt {} von {} erreicht",
    older="Ältere Bewerbungen",
    newest="Neueste Bewerbungen",
    incomplete="Nur Ihre neuesten Bewerbungen sind aufgeführt.",
    failed="Ihre Bewerbungen sind gerade nicht verfügbar. Bitte versuchen Sie es gleich noch einmal.",
    refused={
        403: (
            "Sie sind angemeldet, aber nicht als Bewerberin oder Bewerber. Melden Sie sich ab, und dann mit dem Konto "
            "an, mit dem Sie sich beworben haben."
        ),
        422: "Dieser Link ist unvollständig. Bitte öffnen Sie Ihre Bewerbungen noch einmal.",
    },
)
