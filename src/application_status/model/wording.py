"""The words of a label, and where the phrases of a word list stand in it: whole words in order, no parts of a text."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import or_
from typing import Self

# "Bewerber*in", "Kandidat(in)", "Bewerber/-innen", "BewerberIn": after endings that persons have, so "Check/in" stays.
_GENDER = re.compile(r"(?<=er|at|nt|st|or|ur|nd)(?:[*:/_(·]-?[Ii]n(?:nen)?\)?|In(?:nen)?)(?![a-z_])")
_FEMALE = re.compile(r"(bewerber|kandidat|interessent|mitarbeiter|manager)(?:in(?:nen)?)+")
_CAMEL = re.compile(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])|(?<=[A-ZÄÖÜ])(?=[A-ZÄÖÜ][a-zäöü])")
_LONG_WORD = re.compile(r"[A-Za-zÄÖÜäöüß]{6,}")
_NUMBER = re.compile(r"([0-9]+)(?:(?:st|nd|rd|th|te[rmns]?)(?![a-z]))?")
_APOSTROPHES = dict.fromkeys(map(ord, "'`\u2018\u2019\u00b4\u02bc\u0149"))
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "ii": "2", "iii": "3"} | {
    stem + ending: str(number)
    for number, stem in enumerate(("erst", "zweit", "dritt", "viert", "fuenft"), start=1)
    for ending in ("e", "en", "er", "es", "em")
}
_GAP, _GAP_WORDS = "...", 4  # stands for up to four words

type Phrase = tuple[str, ...]
type Places = dict[int, dict[int, int]]  # first place of a match -> place behind it -> the places it covers, as bits


def normalize(label: str) -> str:
    """Give the label as lower-case words without accents, punctuation and gender forms, ordinals as plain numbers."""
    text = unicodedata.normalize("NFKC", label.translate(_APOSTROPHES))
    text = _LONG_WORD.sub(_humps, _GENDER.sub("", text)).casefold().translate(_UMLAUTS)
    letters = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    words = _NUMBER.sub(r" \1 ", "".join(c if c.isalnum() else " " for c in letters)).split()
    return " ".join(_plain(word) for word in words)


def is_number(word: str) -> bool:
    """Say whether a normalized word is a plain number, which no word list contains."""
    return word.isascii() and word.isdigit()


def _humps(word: re.Match[str]) -> str:
    """Take "ReferenceCheck" apart, but not "hIREd" or "eMail"."""
    parts = _CAMEL.split(word[0])
    return " ".join(parts) if min(map(len, parts)) > 1 else word[0]


def _plain(word: str) -> str:
    if is_number(word):
        return word.lstrip("0") or "0"
    female = _FEMALE.fullmatch(word)
    return female[1] if female else _ORDINALS.get(word, word)


@dataclass(frozen=True, slots=True)
class WordList:
    """The phrases of one list: words, "word*", "*word", "<another list>" and "..." for a gap."""

    by_first: Mapping[str, Sequence[Phrase]]
    loose: Sequence[Phrase]  # those that begin with a wildcard or with another list
    exceptions: frozenset[str]

    @classmethod
    def of(cls, entries: Iterable[str], endings: Sequence[str], known: Iterable[str]) -> Self:
        """Read the entries as the file has them; ValueError for one that could never fit or names an unknown list."""
        by_first: dict[str, list[Phrase]] = {}
        loose: list[Phrase] = []
        listed = list(entries)
        for phrase in (phrase for entry in listed if entry[0] != "!" for phrase in _phrases(entry, endings, known)):
            if phrase[0][0] in "<*" or phrase[0][-1] == "*":
                loose.append(phrase)
            else:
                by_first.setdefault(phrase[0], []).append(phrase)
        return cls(by_first, loose, frozenset(normalize(entry) for entry in listed if entry[0] == "!"))

    def find(self, words: Sequence[str], found: Mapping[str, Places]) -> Places:
        """Find every match among the words; `found` has those of the lists that this one may name."""
        places: Places = {}
        for start, word in enumerate(words):
            if word in self.exceptions:
                continue
            for phrase in (*self.by_first.get(word, ()), *self.loose):
                for end, covered in _walk(phrase, words, start, found).items():
                    ends = places.setdefault(start, {})
                    ends[end] = ends.get(end, 0) | covered
        return places


def union(bits: Iterable[int]) -> int:
    """Give the places that any of these covers."""
    return reduce(or_, bits, 0)


def _phrases(entry: str, endings: Sequence[str], known: Iterable[str]) -> Iterable[Phrase]:
    choices: list[list[str]] = []
    for part in entry.split():
        if part.startswith("<") and part[1:-1] not in known:
            raise ValueError(f"entry {entry!r}: no word list {part[1:-1]!r} before this one")
        if part.startswith("<") or part == _GAP:
            choices.append([part])
            continue
        words = normalize(part).split()
        if not words or any(is_number(word) for word in words):
            raise ValueError(f"entry {entry!r}: {part!r} is no word; numbers and ordinals are skipped in every label")
        choices += [[word] for word in words]
        if part.endswith("~"):
            choices[-1] += [words[-1] + ending for ending in endings]
        elif part.endswith("*"):
            choices[-1] = [words[-1] + "*"]
        elif part.startswith("*"):
            choices[-len(words)] = ["*" + words[0]]
    if not choices or [_GAP] in (choices[0], choices[-1]):
        raise ValueError(f"entry {entry!r}: a gap stands between two words")
    return product(*choices)


def _walk(phrase: Phrase, words: Sequence[str], start: int, found: Mapping[str, Places]) -> dict[int, int]:
    """Follow the phrase from a place: the places behind its last word, each with the places covered on the way."""
    reached = {start: 0}
    for piece in phrase:
        beyond: dict[int, int] = {}
        for place, covered in reached.items():
            for end, more in _steps(piece, words, place, found):
                beyond[end] = beyond.get(end, 0) | covered | more
        reached = beyond
    return reached


def _steps(piece: str, words: Sequence[str], place: int, found: Mapping[str, Places]) -> Iterable[tuple[int, int]]:
    if piece == _GAP:
        return [(end, 0) for end in range(place, min(place + _GAP_WORDS + 1, len(words)))]
    if piece.startswith("<"):
        return found[piece[1:-1]].get(place, {}).items()
    return [(place + 1, 1 << place)] if place < len(words) and _same(piece, words[place]) else []


def _same(piece: str, word: str) -> bool:
    if piece.endswith("*"):
        return word.startswith(piece[:-1])
    return word.endswith(piece[1:]) if piece.startswith("*") else word == piece
