"""Find the phrases of word lists in a label: whole words in order, never parts of words."""

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush

# "Bewerber*in", "Kandidat(in)", "Bewerber/-innen", "BewerberIn": only after endings of persons, to keep "Check/in".
_GENDER = re.compile(r"(?<=er|at|nt|st|or|ur|nd)(?:[*:/_(·]-?[Ii]n(?:nen)?\)?|In(?:nen)?)(?![a-z_])")
_FEMALE = re.compile(r"(bewerber|kandidat|interessent|mitarbeiter|manager)(?:in(?:nen)?)+")
_CAMEL = re.compile(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])|(?<=[A-ZÄÖÜ])(?=[A-ZÄÖÜ][a-zäöü])")
# Separators between a label's head and its rest: " - ", ":", "(", "/", "_", "due to", "after" ...; no hyphen in a word.
_SEPARATOR = re.compile(
    r"(?<=\s)[-~]+(?=\s)|-+(?=\s+(?!und\b|oder\b|and\b|or\b))|[:;,|(\[/_\u2013\u2014\u2022]"
    r"|\b(?=(?:due|because|owing|on account|based|after|during|wegen|aufgrund|weil|nach|am)\b)",
    re.IGNORECASE,
)
_DOUBT = re.compile(r"[?\u2192]|[-=]>")  # "Rejected?", "Rejected -> Interview"
_MAX_SEPARATORS = 4
_LONG_WORD = re.compile(r"[A-Za-zÄÖÜäöüß]{6,}")
_HEXADECIMAL_ID = re.compile(r"(?=.*[0-9])[0-9A-Fa-f-]{24,36}")
_NUMBER = re.compile(r"([0-9]+)(?:(?:st|nd|rd|th|te[rmns]?)(?![a-z]))?")
# "l'entretien", "d'embauche", "dell'offerta": the words before an apostrophe that are words of their own.
_ELISION = re.compile(
    r"(?<![^\W_])(?:[cdjlmnst]|qu|un|all|dall|dell|nell|sull|quest)['`\u2018\u2019\u00b4\u02bc](?=[^\W\d_])",
    re.IGNORECASE,
)
_APOSTROPHES = dict.fromkeys(map(ord, "'`\u2018\u2019\u00b4\u02bc\u0149"))
_LETTERS_APART = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ł": "l"})  # ł has no decomposition in Unicode
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "ii": "2", "iii": "3"} | {
    stem + ending: str(number)
    for number, stem in enumerate(("erst", "zweit", "dritt", "viert", "fuenft"), start=1)
    for ending in ("e", "en", "er", "es", "em")
}
_GAP, _GAP_WORDS = "...", 4  # stands for up to four words
_LETTERS = 2  # wildcards are indexed by this number of letters
_NO: Mapping[str, int] = {}

type _Ends = dict[int, int]  # the index after a match -> the indexes that the match covers, as bits


def normalize(label: str) -> str:
    """Return the label as lower-case words without accents, punctuation or gender forms, and ordinals as numbers."""
    if label.isascii() and label.isalpha() and label.islower():
        return _plain(label)
    label = _ELISION.sub(lambda elision: f"{elision[0][:-1]} ", label)
    text = unicodedata.normalize("NFKC", label.translate(_APOSTROPHES))
    text = _LONG_WORD.sub(_split_camel_case, _GENDER.sub("", text)).casefold().translate(_LETTERS_APART)
    letters = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    words = _NUMBER.sub(r" \1 ", "".join(c if c.isalnum() else " " for c in letters)).split()
    return " ".join(_plain(word) for word in words)


def parts(label: str) -> list[str]:
    """Split a label at its first separators: "A - b (c)" has the parts "A", "b" and "c)"."""
    return _SEPARATOR.split(_GENDER.sub("", label), maxsplit=_MAX_SEPARATORS)


def is_doubtful(label: str) -> bool:
    """Return whether a label is a question, or shows a move from one stage to another."""
    return _DOUBT.search(label) is not None


def is_id(label: str) -> bool:
    """Return whether a label is a UUID or a similar id, whose letters are not words."""
    return _HEXADECIMAL_ID.fullmatch(label.strip()) is not None


def is_number(word: str) -> bool:
    """Return whether a normalized word is a number, which no word list contains."""
    return word.isascii() and word.isdigit()


def _split_camel_case(word: re.Match[str]) -> str:
    """Split "ReferenceCheck" and "NotAFit", but not "hIREd" or "eMail"."""
    parts = _CAMEL.split(word[0])
    whole = parts[0] != "A" and all(len(part) > 1 or part == "A" for part in parts)
    return " ".join(parts) if whole else word[0]


def _plain(word: str) -> str:
    if is_number(word):
        return word.lstrip("0") or "0"
    female = _FEMALE.fullmatch(word)
    return female[1] if female else _ORDINALS.get(word, word)


class WordLists:
    """The word lists of a vocabulary; their phrases form one tree, so common beginnings are matched once.

    A phrase consists of pieces: "word", "word~" with an ending, "word*", "*word", "<another list>", "..." for a gap.
    Pieces are numbered. A list has a higher number than the pieces of its own phrases, so it can be part only of lists
    that are added later.
    """

    def __init__(self, endings: Iterable[str]) -> None:
        """Start without lists; `endings` are what "~" stands for."""
        self._endings = ("", *endings)
        self._numbers: dict[str, int] = {_GAP: 0}
        self._lists: set[int] = set()
        self._pieces_of_parts: dict[str, Sequence[int]] = {}
        self._root = _Node()
        self._fitting: dict[str, set[int]] = {}  # word -> the pieces "word" and "word~" that it matches
        self._beginnings: dict[str, dict[str, int]] = {}  # first letters -> beginnings, each with its piece "word*"
        self._ends: dict[str, dict[str, int]] = {}  # last letters -> ends, each with its piece "*word"
        self._excepted: dict[str, set[int]] = {}  # word -> the lists that can't match a phrase that begins with it

    def __contains__(self, name: str) -> bool:
        """Return whether a list of this name has been added."""
        return f"<{name}>" in self._numbers

    def names(self) -> Iterator[str]:
        """Yield the names of the lists."""
        return (piece[1:-1] for piece in self._numbers if piece[0] == "<")

    def is_list(self, number: int) -> bool:
        """Return whether a number is that of a list, rather than of a piece of a phrase."""
        return number in self._lists

    def number(self, name: str) -> int:
        """Return the number of a list."""
        return self._numbers[f"<{name}>"]

    def add(self, name: str, entries: Iterable[str]) -> None:
        """Add a list.

        Raises:
            ValueError: an entry can't match any label, or names a list that has not been added before.
        """
        leaves, excepted = [], []
        for entry in entries:
            if entry[0] == "!":
                excepted.append(normalize(entry))
                continue
            node = self._root
            for piece in self._pieces(entry):
                node = node.after.setdefault(piece, _Node())
            leaves.append(node)
        number = self._number(f"<{name}>")
        self._lists.add(number)
        for node in leaves:
            node.lists.append(number)
        for word in excepted:
            self._excepted.setdefault(word, set()).add(number)

    def find(self, words: Sequence[str]) -> "Matches":
        """Find the lists that match some of the words."""
        matches = Matches([self._fit(word) for word in words])
        for start in reversed(range(len(words))):  # needs all matches that begin later
            self._find_longer(matches, start, self._excepted.get(words[start], ()))
        return matches

    def _fit(self, word: str) -> frozenset[int]:
        """Return the pieces and lists that match this word alone."""
        fitting = set(self._fitting.get(word, ()))
        fitting.update(n for text, n in self._beginnings.get(word[:_LETTERS], _NO).items() if word.startswith(text))
        fitting.update(n for text, n in self._ends.get(word[-_LETTERS:], _NO).items() if word.endswith(text))
        excepted = self._excepted.get(word, ())
        pieces = list(fitting)
        for piece in pieces:  # grows during the loop
            if piece in self._root.after:
                lists = [each for each in self._root.after[piece].lists if each not in fitting and each not in excepted]
                fitting.update(lists)
                pieces += lists
        return frozenset(fitting)

    def _find_longer(self, matches: "Matches", start: int, excepted: Container[int]) -> None:
        """Find the matches of several words that begin at this index."""
        root, longer = self._root.after, matches.longer[start]
        todo = sorted(piece for piece in matches.single[start] if piece in root and root[piece].after)
        while todo:  # from the lowest number, so all matches of a list are found before it is followed
            for number, ends in self._follow(heappop(todo), matches, start):
                if number in excepted:
                    continue
                if number in root and number not in longer and number not in todo:
                    heappush(todo, number)
                _merge(longer.setdefault(number, {}), ends)

    def _follow(self, piece: int, matches: "Matches", start: int) -> Iterator[tuple[int, _Ends]]:
        """Yield the lists whose phrases begin with this piece at this index, and where their matches end."""
        node, ends = self._root.after[piece], matches.longer[start].get(piece, {})
        if ends:
            yield from ((number, ends) for number in node.lists)
        if piece in matches.single[start]:
            ends = {start + 1: 1 << start, **ends}
        reached = [(node, ends)]
        for node, ends in reached:  # grows during the loop
            for following, beyond in matches.steps(node.after, ends).items():
                child = node.after[following]
                yield from ((number, beyond) for number in child.lists)
                if child.after:
                    reached.append((child, beyond))

    def _number(self, piece: str) -> int:
        return self._numbers.setdefault(piece, len(self._numbers))

    def _pieces(self, entry: str) -> Sequence[int]:
        pieces: list[int] = []
        for part in entry.split():
            if part == _GAP:
                pieces.append(0)
            elif part[0] == "<":
                if part not in self._numbers:
                    raise ValueError(f"entry {entry!r}: no word list {part[1:-1]!r} before this one")
                pieces.append(self._numbers[part])
            else:
                if part not in self._pieces_of_parts:  # most parts repeat: a quarter less time to read a file
                    self._pieces_of_parts[part] = self._words(entry, part)
                pieces += self._pieces_of_parts[part]
        if not pieces or not pieces[0] or not pieces[-1]:
            raise ValueError(f"entry {entry!r}: a gap must be between two words")
        return pieces

    def _words(self, entry: str, part: str) -> Sequence[int]:
        words = normalize(part.strip("*~")).split()
        if "*" in part and any(len(word) < _LETTERS for word in words):
            raise ValueError(f"entry {entry!r}: {part!r} is too short for a wildcard")
        if not words or any(is_number(word) for word in words):
            raise ValueError(f"entry {entry!r}: {part!r} is not a word; labels are matched without their numbers")
        pieces = [self._number(word) for word in words]
        for word, piece in zip(words, pieces, strict=True):
            self._fitting.setdefault(word, set()).add(piece)
        if part[-1] == "~":
            pieces[-1] = self._number(words[-1] + "~")
            for ending in self._endings:
                self._fitting.setdefault(words[-1] + ending, set()).add(pieces[-1])
        elif part[-1] == "*":
            pieces[-1] = self._number(words[-1] + "*")
            self._beginnings.setdefault(words[-1][:_LETTERS], {})[words[-1]] = pieces[-1]
        elif part[0] == "*":
            pieces[0] = self._number("*" + words[0])
            self._ends.setdefault(words[0][-_LETTERS:], {})[words[0]] = pieces[0]
        return pieces


class Matches:
    """The matches of the lists in a label, by the index of their first word: those of one word, and longer ones."""

    def __init__(self, single: Sequence[frozenset[int]]) -> None:
        self.single = (*single, frozenset[int]())
        self.longer: list[dict[int, _Ends]] = [{} for _ in self.single]

    def within(self, first: int, behind: int) -> dict[int, int]:
        """Return the lists with a match between two indexes, by number, each with the words that it covers, as bits."""
        bits: dict[int, int] = {}
        for place in range(first, behind):
            for number in self.single[place]:
                bits[number] = bits.get(number, 0) | 1 << place
            for number, ends in self.longer[place].items():
                for end, covered in ends.items():
                    if end <= behind:
                        bits[number] = bits.get(number, 0) | covered
        return bits

    def ends(self, number: int, place: int) -> list[int]:
        """Return the indexes after the matches of a list that begin at this index."""
        ends = [*self.longer[place].get(number, ())]
        return [place + 1, *ends] if number in self.single[place] else ends

    def steps(self, after: Mapping[int, object], ends: _Ends) -> dict[int, _Ends]:
        """Return the pieces in `after` that continue a phrase from its ends so far, each with the new ends."""
        beyond: dict[int, _Ends] = {}
        for place, covered in ends.items():
            for piece in after.keys() & self.single[place]:
                _merge(beyond.setdefault(piece, {}), {place + 1: 1 << place}, covered)
            for piece in after.keys() & self.longer[place].keys():
                _merge(beyond.setdefault(piece, {}), self.longer[place][piece], covered)
            if 0 in after:
                skipped = range(place, min(place + _GAP_WORDS + 1, len(self.single) - 1))
                _merge(beyond.setdefault(0, {}), dict.fromkeys(skipped, covered))
        return beyond


class _Node:
    """A node in the tree of phrases: the lists with a phrase that ends here, and the pieces that can follow."""

    __slots__ = ("after", "lists")

    def __init__(self) -> None:
        self.lists: list[int] = []
        self.after: dict[int, _Node] = {}


def _merge(into: _Ends, ends: _Ends, covered: int = 0) -> None:
    for place, more in ends.items():
        into[place] = into.get(place, 0) | covered | more
