"""What applicants read, in their language; none of it is a sender's label."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from application_status.model.standing import Standing, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's words; `{}` stands for a number."""

    language: str
    standings: Mapping[Standing, str]
    steps: Mapping[Step, str]
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
    standings={
        Standing.NOTED: "Noted by the employer",
        Standing.APPLIED: "Applied",
        Standing.IN_CONTACT: "In contact",
        Standing.IN_REVIEW: "Being reviewed",
        Standing.INTERVIEW: "Interview",
        Standing.AFTER_INTERVIEW: "After the interview",
        Standing.OFFER: "Offer received",
        Standing.HIRED: "Hired",
        Standing.NO_LONGER_CONSIDERED: "No longer under consideration",
        Standing.WITHDRAWN: "Withdrawn by you",
        Standing.OFFER_DECLINED: "Offer declined by you",
        Standing.POSITION_CLOSED: "The position is no longer open",
    },
    steps={
        Step.APPLIED: "Applied",
        Step.REVIEW: "Review",
        Step.INTERVIEW: "Interview",
        Step.OFFER: "Offer",
        Step.HIRED: "Hired",
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
    standings={
        Standing.NOTED: "Beim Unternehmen vorgemerkt",
        Standing.APPLIED: "Beworben",
        Standing.IN_CONTACT: "In Kontakt",
        Standing.IN_REVIEW: "Wird geprüft",
        Standing.INTERVIEW: "Vorstellungsgespräch",
        Standing.AFTER_INTERVIEW: "Nach dem Gespräch",
        Standing.OFFER: "Angebot erhalten",
        Standing.HIRED: "Eingestellt",
        Standing.NO_LONGER_CONSIDERED: "Nicht mehr im Auswahlverfahren",
        Standing.WITHDRAWN: "Von Ihnen zurückgezogen",
        Standing.OFFER_DECLINED: "Angebot von Ihnen abgelehnt",
        Standing.POSITION_CLOSED: "Die Stelle ist nicht mehr offen",
    },
    steps={
        Step.APPLIED: "Beworben",
        Step.REVIEW: "Prüfung",
        Step.INTERVIEW: "Gespräch",
        Step.OFFER: "Angebot",
        Step.HIRED: "Eingestellt",
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
