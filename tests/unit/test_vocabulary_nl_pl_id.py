"""The vocabulary in Dutch, Polish and Indonesian: negation, sides, false friends, inflection and mixed languages."""

from collections.abc import Iterator

import pytest

from application_status.labels.rules.vocabulary import Vocabulary, normalize
from label_scores import BUILD, ENDS, HELD_OUT, by, rows, score

VOCABULARY = Vocabulary.load()
LANGUAGES = ("nl", "pl", "id")
EMPLOYERS = {
    "nl": ("{} door klant", "{} door opdrachtgever", "{} door werkgever", "{} door ons", "Klant {}", "Werkgever {}"),
    "pl": ("{} przez klienta", "{} przez pracodawcę", "{} ze strony firmy", "Klient {}", "Pracodawca {}"),
    "id": ("{} oleh klien", "{} oleh perusahaan", "{} oleh kami", "Klien {}", "Perusahaan {}", "HRD {}"),
}
NOT_YET = {
    "nl": ("nog niet {}", "nog {}", "wordt {}", "zal {}", "moet {}", "bijna {}", "binnenkort {}", "{}?", "{} of niet"),
    "pl": ("jeszcze nie {}", "zostanie {}", "będzie {}", "wkrótce {}", "prawie {}", "{}?", "{} lub nie"),
    "id": ("akan {}", "hampir {}", "segera {}", "mungkin {}", "menunggu {}", "{}?", "{} atau tidak"),
}
NOT = {
    "nl": ("niet {}", "geen {}", "nooit {}", "zonder {}"),
    "pl": ("nie {}", "bez {}", "nigdy {}"),
    "id": ("tidak {}", "bukan {}", "belum {}"),
}


def meant(label: str) -> str:
    meaning = VOCABULARY.meaning(label)
    if meaning.status is None:
        return "unmapped"
    return f"{meaning.status}/{meaning.outcome}" if meaning.status in ENDS else str(meaning.status)


def ends(language: str, *outcomes: str) -> Iterator[str]:
    """Yield the names of the build list that are ends with these outcomes."""
    labelled = by("language", rows(BUILD))[language]
    return (row["label"] for row in labelled if row["status"] in ENDS and row["outcome"] in outcomes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_build_labels_of_a_language(language: str) -> None:
    """A language's own names are all understood, and none gets a wrong meaning."""
    scores = score(by("language", rows(BUILD))[language], VOCABULARY)
    assert scores.wrong == []
    assert scores.right == scores.mappable > 300


@pytest.mark.parametrize("language", LANGUAGES)
def test_held_out_labels_of_a_language(language: str) -> None:
    """On names of other sources, no end is wrong; docs/vocabulary.md has the figures, and what they are worth."""
    scores = score(by("language", rows(HELD_OUT))[language], VOCABULARY)
    assert scores.wrong_ends == []
    assert scores.precision >= 0.9
    assert scores.coverage >= 0.8


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Aangenomen", "HIRED/hired"),
        ("Niet aangenomen", "REJECTED/not_selected"),
        ("Nog niet aangenomen", "unmapped"),
        ("Aan te nemen", "OFFER"),
        ("Aanbod aangenomen", "OFFER"),
        ("Elders aangenomen", "REJECTED/candidate_withdrew"),
        ("Andere kandidaat aangenomen", "unmapped"),
        ("Aangenomen of afgewezen", "unmapped"),
        ("Aangenomen voor andere functie", "unmapped"),
        ("Afgewezen", "REJECTED/not_selected"),
        ("Afgewezen?", "unmapped"),
        ("Af te wijzen", "unmapped"),
        ("Niet afgewezen", "unmapped"),
        ("Afwijzing ingetrokken", "unmapped"),
        ("Afgewezen door klant", "REJECTED/not_selected"),
        ("Afgewezen door kandidaat", "REJECTED/candidate_withdrew"),
        ("Gesprek afgewezen", "unmapped"),
        ("Klant afgewezen", "unmapped"),
        ("Arbeidsvoorwaarden afgewezen", "unmapped"),
        ("Aanbod afgewezen", "REJECTED/offer_declined"),
        ("Aanbod afgewezen door klant", "unmapped"),
        ("Aanbod ingetrokken", "REJECTED/not_selected"),
        ("Vacature ingetrokken", "REJECTED/position_closed"),
        ("Sollicitatie ingetrokken", "REJECTED/candidate_withdrew"),
        ("Ingetrokken", "unmapped"),
        ("Teruggetrokken door klant", "unmapped"),
        ("Geplaatst", "HIRED/hired"),
        ("Vacature geplaatst", "unmapped"),
        ("Geplaatst op wachtlijst", "unmapped"),
        ("Contract getekend", "HIRED/hired"),
        ("Contract niet getekend", "unmapped"),
        ("Contract getekend door klant", "OFFER"),
        ("Geen interesse", "REJECTED/candidate_withdrew"),
        ("Geen interesse in kandidaat", "REJECTED/not_selected"),
        ("Klant niet geïnteresseerd", "unmapped"),
        ("Taalbarrière", "REJECTED/not_selected"),
        ("Geen taalbarrière", "unmapped"),
        ("Geen reactie", "unmapped"),
        ("In behandeling", "unmapped"),
        ("Uitnodiging verstuurd", "INTERVIEW"),
        ("Zatrudniony", "HIRED/hired"),
        ("Nie zatrudniony", "REJECTED/not_selected"),
        ("Niezatrudniona", "REJECTED/not_selected"),
        ("Jeszcze nie zatrudniony", "unmapped"),
        ("Do zatrudnienia", "OFFER"),
        ("Zatrudniony w innej firmie", "REJECTED/candidate_withdrew"),
        ("Zatrudniono innego kandydata", "unmapped"),
        ("Odrzucona", "REJECTED/not_selected"),
        ("Do odrzucenia", "unmapped"),
        ("Zostanie odrzucony", "unmapped"),
        ("Nie odrzucono", "unmapped"),
        ("Rozmowa odrzucona", "unmapped"),
        ("Rozmowa techniczna odrzucona", "unmapped"),
        ("Podjął pracę", "unmapped"),
        ("Odrzucony przez klienta", "REJECTED/not_selected"),
        ("Odrzucone przez kandydata", "REJECTED/candidate_withdrew"),
        ("Oferta", "OFFER"),
        ("Oferta pracy", "unmapped"),
        ("Zapisana oferta", "LEAD"),
        ("Oferta nieaktualna", "REJECTED/position_closed"),
        ("Oferta odrzucona", "unmapped"),
        ("Oferta odrzucona przez kandydata", "REJECTED/offer_declined"),
        ("Oferta odrzucona przez klienta", "unmapped"),
        ("Oferta wycofana", "unmapped"),
        ("Przyjął inną ofertę", "REJECTED/candidate_withdrew"),
        ("Rezygnacja", "REJECTED/candidate_withdrew"),
        ("Rezygnacja z oferty", "REJECTED/offer_declined"),
        ("Rezygnacja z kandydata", "unmapped"),
        ("Klient zrezygnował", "unmapped"),
        ("Umowa podpisana", "HIRED/hired"),
        ("Umowa podpisana przez klienta", "OFFER"),
        ("Umowa niepodpisana", "unmapped"),
        ("Przyjęty", "unmapped"),
        ("Przyjęty do pracy", "HIRED/hired"),
        ("Wybrano innego kandydata", "REJECTED/not_selected"),
        ("Nie wybrano innego kandydata", "unmapped"),
        ("Brak odpowiedzi", "unmapped"),
        ("Diterima", "unmapped"),
        ("Lamaran diterima", "APPLIED"),
        ("Penawaran diterima", "OFFER"),
        ("Diterima bekerja", "HIRED/hired"),
        ("Diterima di perusahaan lain", "REJECTED/candidate_withdrew"),
        ("Tidak diterima", "REJECTED/not_selected"),
        ("Belum diterima", "unmapped"),
        ("Akan diterima bekerja", "unmapped"),
        ("Sudah bekerja", "unmapped"),
        ("Ditolak", "REJECTED/not_selected"),
        ("Akan ditolak", "unmapped"),
        ("Tidak ditolak", "unmapped"),
        ("Kandidat ditolak", "REJECTED/not_selected"),
        ("Ditolak kandidat", "REJECTED/candidate_withdrew"),
        ("Wawancara ditolak", "unmapped"),
        ("Penawaran ditolak", "REJECTED/offer_declined"),
        ("Penawaran ditolak klien", "unmapped"),
        ("Tidak lolos wawancara", "REJECTED/not_selected"),
        ("Belum lolos", "unmapped"),
        ("Lolos", "unmapped"),
        ("Mundur", "REJECTED/candidate_withdrew"),
        ("Interview mundur", "unmapped"),
        ("Interview tahap 2 mundur", "unmapped"),
        ("Perusahaan ditolak", "unmapped"),
        ("Gaji ditolak", "unmapped"),
        ("Tidak tertarik kandidat", "unmapped"),
        ("Perusahaan membatalkan lamaran", "unmapped"),
        ("User tidak hadir interview", "unmapped"),
        ("Posisi sudah terisi", "REJECTED/position_closed"),
        ("Kontrak ditandatangani", "HIRED/hired"),
        ("Kontrak belum ditandatangani", "OFFER"),
    ],
)
def test_traps_of_languages(label: str, expected: str) -> None:
    """Negation, side and object decide, not the loudest word."""
    assert meant(label) == expected


@pytest.mark.parametrize(
    "label",
    [
        "Rejected door kandidaat",
        "Rejected - przez kandydata",
        "Rejected - oleh kandidat",
        "Angebot geweigerd",
        "Aanbod abgelehnt",
        "Kandydat aangenomen",
        "Ditolak door kandidaat",
        "Odrzucony oleh kandidat",
        "Nie aangenomen",
        "Niet zatrudniony",
        "Tidak hired",
    ],
)
def test_mixed_languages(label: str) -> None:
    """A label in two languages never becomes an end that only one of them would give it."""
    assert meant(label) == "unmapped"


@pytest.mark.parametrize(
    "spellings",
    [
        ("Wycofał się", "WYCOFAL SIE", "wycofa\u0142 si\u0119", "Wycofal sie."),
        ("Niedopasowanie do zespołu", "niedopasowanie do zespolu"),
        ("Geïnteresseerd", "GEINTERESSEERD", "gei\u0308nteresseerd"),
    ],
)
def test_spellings_of_languages(spellings: tuple[str, ...]) -> None:
    """Letters with a stroke, an accent or a diaeresis are read as those without."""
    assert len({normalize(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize("label", ["Odrzucony/a", "Odrzucony(a)", "Odrzucona", "Odrzuceni", "Odrzucone"])
def test_inflected(label: str) -> None:
    """A Polish word means the same in each gender and number."""
    assert meant(label) == "REJECTED/not_selected"


@pytest.mark.parametrize("language", LANGUAGES)
def test_end_still_to_come(language: str) -> None:
    """An end that is still to come, in doubt, or a question, is none."""
    labels = [form.format(label) for form in NOT_YET[language] for label in ends(language, "hired", "not_selected")]
    assert [label for label in labels if VOCABULARY.meaning(label).status in ENDS] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_denied_end(language: str) -> None:
    """A denied hire is no hire, and a denied end on the candidate's side is none."""
    hires = [form.format(label) for form in NOT[language] for label in ends(language, "hired")]
    assert "HIRED/hired" not in map(meant, hires)
    sides = ("candidate_withdrew", "offer_declined")
    denied = [form.format(label) for form in NOT[language] for label in ends(language, *sides)]
    assert [label for label in denied if VOCABULARY.meaning(label).outcome == "offer_declined"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_end_by_the_employer(language: str) -> None:
    """What a candidate does to leave is no end of the candidate's side if the employer does it."""
    sides = ("candidate_withdrew", "offer_declined")
    labels = [form.format(label) for form in EMPLOYERS[language] for label in ends(language, *sides)]
    assert [label for label in labels if VOCABULARY.meaning(label).outcome in sides] == []
