"""What applicants read, in their language; none of it is a sender's label."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from application_status.jobseeker.rules.status import JobseekerStatus, ProgressStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's words; `{}` stands for a number."""

    language: str
    statuses: Mapping[JobseekerStatus, str]
    steps: Mapping[ProgressStep, str]
    months: str
    date_form: str
    today: str
    yesterday: str
    days_ago: str
    silent: str
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

    def dated(self, day: date) -> str:
        """Return a day as people write it."""
        return self.date_form.format(day=day.day, month=self.months.split()[day.month - 1], year=day.year)

    def ago(self, days: int) -> str:
        """Return how long ago something was, from 0 days on."""
        return {0: self.today, 1: self.yesterday}.get(days) or self.days_ago.format(days)


ENGLISH = Words(
    language="en",
    statuses={
        JobseekerStatus.NOTED: "Noted by the employer",
        JobseekerStatus.APPLIED: "Applied",
        JobseekerStatus.IN_CONTACT: "In contact",
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
    silent="No update for {} days",
    title="My applications",
    in_progress="In progress",
    finished="Finished",
    none="You have no applications yet.",
    history="History",
    more_changes="Changes in between that are not shown: {}",
    of="of",
    progress="Step {} of {} reached",
    older="Older applications",
    newest="Newest applications",
    incomplete="Only your newest applications are listed.",
    failed="Your applications can't be shown right now. Please try again in a moment.",
    refused={
        403: "You are signed in, but not as a jobseeker.",
        422: "This address is not complete. Please open your applications again.",
    },
)

GERMAN = Words(
    language="de",
    statuses={
        JobseekerStatus.NOTED: "Beim Unternehmen vorgemerkt",
        JobseekerStatus.APPLIED: "Beworben",
        JobseekerStatus.IN_CONTACT: "In Kontakt",
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
    silent="Seit {} Tagen nichts Neues",
    title="Meine Bewerbungen",
    in_progress="Laufend",
    finished="Abgeschlossen",
    none="Sie haben noch keine Bewerbungen.",
    history="Verlauf",
    more_changes="Nicht angezeigte Änderungen dazwischen: {}",
    of="von",
    progress="Schritt {} von {} erreicht",
    older="Ältere Bewerbungen",
    newest="Neueste Bewerbungen",
    incomplete="Nur Ihre neuesten Bewerbungen sind aufgeführt.",
    failed="Ihre Bewerbungen können gerade nicht angezeigt werden. Bitte versuchen Sie es gleich noch einmal.",
    refused={
        403: "Sie sind angemeldet, aber nicht als Bewerberin oder Bewerber.",
        422: "Diese Adresse ist nicht vollständig. Bitte öffnen Sie Ihre Bewerbungen noch einmal.",
    },
)
