"""Measures precision and coverage of the vocabulary on labelled stage names, by language and by source."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from application_status.applications.rules.status import Status
from application_status.labels.rules.vocabulary import UNMAPPED, Meaning, Vocabulary

_DATA = Path(__file__).parents[1] / "tests" / "data"
BUILD, HELD_OUT = sorted(_DATA.glob("stage_names_build*.csv")), sorted(_DATA.glob("stage_names_held_out*.csv"))
ENDS = (Status.HIRED, Status.REJECTED)

type Row = dict[str, str]


@dataclass(frozen=True)
class Scores:
    """The scores of a vocabulary on labels with a known meaning; a final status must have the right outcome too."""

    labels: int
    mapped: int  # labels that the vocabulary maps to a status
    mappable: int  # labels whose known meaning is a status
    right: int  # labels mapped to the right status
    wrong: list[str]  # labels mapped to a wrong status
    wrong_ends: list[str]  # of those: a wrong or unjustified final status, or an offer for a final status

    @property
    def precision(self) -> float:
        """Return the share of the mapped labels that are right."""
        return self.right / self.mapped if self.mapped else 1.0

    @property
    def coverage(self) -> float:
        """Return the share of the mappable labels that are right."""
        return self.right / self.mappable if self.mappable else 1.0


def rows(paths: Iterable[Path]) -> Iterator[Row]:
    """Yield the rows of files: label, language, system (its source), and the true status and outcome."""
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def score(labelled: Iterable[Row], vocabulary: Vocabulary) -> Scores:
    """Compare the vocabulary's meaning of each label with the known one."""
    found = [(row, vocabulary.meaning(row["label"])) for row in labelled]
    mapped = [(row, meaning) for row, meaning in found if meaning.status]
    wrong = [(row, meaning) for row, meaning in mapped if not _right(row, meaning)]
    return Scores(
        labels=len(found),
        mapped=len(mapped),
        mappable=sum(row["status"] != UNMAPPED for row, _ in found),
        right=len(mapped) - len(wrong),
        wrong=[_sentence(row, meaning) for row, meaning in wrong],
        wrong_ends=[_sentence(row, meaning) for row, meaning in wrong if _is_wrong_end(row, meaning)],
    )


def by(key: str, labelled: Iterable[Row]) -> dict[str, list[Row]]:
    """Group rows by one of their columns."""
    groups: dict[str, list[Row]] = {}
    for row in labelled:
        groups.setdefault(row[key], []).append(row)
    return dict(sorted(groups.items()))


def _right(row: Row, meaning: Meaning) -> bool:
    return meaning.status == row["status"] and (meaning.status not in ENDS or meaning.outcome == row["outcome"])


def _is_wrong_end(row: Row, meaning: Meaning) -> bool:
    return meaning.status in ENDS or (meaning.status is Status.OFFER and row["status"] in ENDS)


def _sentence(row: Row, meaning: Meaning) -> str:
    return f"{row['label']}: {meaning.status}/{meaning.outcome} by {meaning.rule}, not {row['status']}/{row['outcome']}"


def _print(title: str, scores: Scores) -> None:
    figures = f"{scores.precision:.0%} | {scores.coverage:.0%} | {len(scores.wrong_ends)}"
    print(f"| {title} | {scores.labels} | {figures} |")  # noqa: T201  # the table


def _groups(paths: Iterable[Path]) -> Iterator[tuple[str, list[Row]]]:
    labelled = list(rows(paths))
    yield "all", labelled
    yield from by("language", labelled).items()
    yield from by("system", labelled).items()


def main() -> None:
    """Print a table of the scores on both lists."""
    vocabulary = Vocabulary.load()
    print("| | labels | precision | coverage | wrong ends |\n|---|---|---|---|---|")  # noqa: T201  # the table
    for paths, name in ((BUILD, "build"), (HELD_OUT, "held out")):
        for group, labelled in _groups(paths):
            _print(f"{name}, {group}", score(labelled, vocabulary))


if __name__ == "__main__":
    main()
