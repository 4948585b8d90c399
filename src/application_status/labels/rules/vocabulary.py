"""The meaning of a stage name by `vocabulary.toml`: an exact label, or else the first rule in the file that matches.

normalize        converts a label to comparable words
Vocabulary       one version of the file, validated; `meaning` looks up a label
Meaning          the result: status, outcome, and the name of the rule that matched
ParsedOverrides  an ATS's overrides, parsed once for many labels

A label can have a head and a rest, as in "Rejected - no Kubernetes". A rule for an end (HIRED, REJECTED) must account
for every word. If none matches the whole label, some rules may match its head alone, unless the rest contradicts it.

The language with the most words of a label decides. If several have as many and differ, the label is unmapped.
English and German are one language here: they share word lists, and only they have heads and rests.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, reduce
from importlib.resources import files
from itertools import accumulate
from operator import or_
from typing import Any, Self

from application_status.applications.rules.status import Outcome, Status
from application_status.labels.rules.matching import Matches, WordLists, is_doubtful, is_id, is_number, normalize, parts

__all__ = ["UNMAPPED", "Meaning", "ParsedOverrides", "Vocabulary", "normalize"]

UNMAPPED = "unmapped"
"""The rule name of labels without a meaning. In the file: the meaning of rules that keep a label from being mapped."""

_MAX_WORDS = 18  # longer than any stage name; limits the CPU time of a hostile one
_OPENINGS = ("opening", "opening_skill")  # the word lists of phrases that open a longer one
_MAX_HEAD_WORDS = 6
_NO_LIST = -1  # the number of lists that a language does not have
_CACHE_SIZE = 4096  # labels; with 200 characters each they take about 3 MB
_OUTCOMES = {
    Status.HIRED: (Outcome.HIRED,),
    Status.REJECTED: (  # the first is the default of an override without an outcome
        Outcome.ENDED_UNKNOWN,
        Outcome.NOT_SELECTED,
        Outcome.CANDIDATE_WITHDREW,
        Outcome.OFFER_DECLINED,
        Outcome.POSITION_CLOSED,
    ),
}

type _Means = tuple[Status | None, Outcome | None]


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a label and the rule that gave it; an unmapped label has no status, and its rule is `unmapped`."""

    status: Status | None
    outcome: Outcome | None
    rule: str
    version: str


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    means: _Means
    all: frozenset[int]
    none: frozenset[int]
    only: frozenset[int]
    beyond: int  # with `only`: how many words may match none of the lists in `all` and `only`
    rest: frozenset[int]  # if not empty: the rule also matches heads, if the rest matches none of these lists
    needs: frozenset[int]  # the rest after such a head must match all of these lists

    def fits(self, covered: Mapping[int, int], every_word: int) -> bool:
        if not self.all <= covered.keys() or not self.none.isdisjoint(covered):
            return False
        if not self.only:
            return True
        known = reduce(or_, (covered.get(number, 0) for number in self.all | self.only))
        return (every_word & ~known).bit_count() <= self.beyond

    @property
    def knows_all(self) -> bool:
        """Return whether the rule accounts for every word of the labels that it fits."""
        return bool(self.only) and not self.beyond

    def allows_rest(self, rest: Mapping[int, int]) -> bool:
        """Return whether the rule may match a head that has this rest."""
        return bool(self.rest) and self.rest.isdisjoint(rest) and self.needs <= rest.keys()


class ParsedOverrides(dict[str, str]):
    """An ATS's overrides: label -> "STATUS" or "REJECTED/outcome", parsed once for many labels."""

    def __init__(self, overrides: Mapping[str, str]) -> None:
        """Parse the overrides.

        Raises:
            ValueError: an override does not name a status, or not one of its outcomes.
        """
        super().__init__(overrides)
        self.by_key = {_key(label): _parse_meaning(text, "override") for label, text in overrides.items()}


class Vocabulary:
    """The exact labels, word lists and rules of one version of the file."""

    def __init__(self, text: str) -> None:
        """Parse and validate the text of the file.

        Raises:
            ValueError: a rule, word list or exact label is invalid; the message names it.
        """
        import tomllib  # noqa: PLC0415  # slows down a start, and few reports have a label to look up

        data = tomllib.loads(text)
        self.version = _text(data.get("version"), "version")
        self._exact = _exact(data.get("exact", {}))
        lists = _word_lists(data.get("words", {}), data.get("endings", []))
        rules = _rules(data.get("rule", []), data.get("groups", {}), lists)
        self._languages = [_Language(lists, rules, self._exact)]
        for name, table in data.get("languages", {}).items():
            own = _lists_of_language(table, f"language {name!r}", lists)
            self._languages.append(_Language(own, _rules_of_language(rules, lists, own), self._exact))
        self._key_and_meaning = lru_cache(maxsize=_CACHE_SIZE)(self._look_up)

    @classmethod
    @cache
    def load(cls) -> Self:
        """Load the file in this package, once.

        Raises:
            ValueError: a rule, word list or exact label is invalid; the message names it.
        """
        return cls(files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8"))

    def meaning(self, label: str, overrides: Mapping[str, str] = {}) -> Meaning:
        """Return the meaning of a label; an override ("OFFER", "REJECTED/offer_declined") takes precedence.

        Raises:
            ValueError: an override is invalid.
        """
        own = overrides if isinstance(overrides, ParsedOverrides) else ParsedOverrides(overrides)
        key, meaning = self._key_and_meaning(label)
        return Meaning(*own.by_key[key], "override", self.version) if key in own.by_key else meaning

    def _look_up(self, label: str) -> tuple[str, Meaning]:
        pieces = [normalize(part) for part in parts(label)]
        key = " ".join(filter(None, pieces)) or label
        return key, self._decide(label, key, pieces)

    def _decide(self, label: str, key: str, pieces: Sequence[str]) -> Meaning:
        if key in self._exact:
            means = self._exact[key]
            return Meaning(*means, "exact" if means[0] else UNMAPPED, self.version)
        words = _words(key)
        rule = self._rule(label, words, pieces) if len(words) <= _MAX_WORDS and not is_id(label) else None
        if rule is None or rule.means[0] is None:
            return Meaning(None, None, UNMAPPED, self.version)
        return Meaning(*rule.means, rule.name, self.version)

    def _rule(self, label: str, words: Sequence[str], pieces: Sequence[str]) -> _Rule | None:
        """Return the rule of the language with the most words of the label.

        If several languages have as many, rules that account for every word precede, and differing ones decide nothing.
        """
        readings = [language.read(words) for language in self._languages]
        most = max(reading.known for reading in readings)
        found = (each.language.rule(label, words, pieces, each) for each in readings if each.known == most > 0)
        rules = [rule for rule in found if rule]
        if most == len(words):
            rules = [rule for rule in rules if rule.knows_all] or rules
        return rules[0] if len({rule.means for rule in rules}) == 1 else None


@dataclass(frozen=True, slots=True)
class _Reading:
    """A label in a language: the matches of its word lists, with the words they cover, and the number of such words."""

    language: "_Language"
    matches: Matches
    covered: Mapping[int, int]
    known: int


class _Language:
    """The word lists of a language, and the rules with the numbers of these lists."""

    def __init__(self, lists: WordLists, rules: Sequence[_Rule], exact: Container[str]) -> None:
        self._lists = lists
        self._exact = exact
        self._rules_of_labels = [rule for rule in rules if not rule.needs]
        self._rules_of_heads = [rule for rule in rules if rule.rest]
        self._rules_of_ends = [rule for rule in rules if rule.means[0] in _OUTCOMES]

    def read(self, words: Sequence[str]) -> _Reading:
        matches = self._lists.find(words)
        covered = matches.within(0, len(words))
        known = reduce(or_, (bits for number, bits in covered.items() if self._lists.is_list(number)), 0)
        return _Reading(self, matches, covered, known.bit_count())

    def rule(self, label: str, words: Sequence[str], pieces: Sequence[str], reading: _Reading) -> _Rule | None:
        every_word = (1 << len(words)) - 1
        rule = next((rule for rule in self._rules_of_labels if rule.fits(reading.covered, every_word)), None)
        if is_doubtful(label):
            return rule if rule is not None and rule.means[0] not in _OUTCOMES else None
        if (rule and rule.knows_all) or not any(each.all <= reading.covered.keys() for each in self._rules_of_heads):
            return rule
        return self._rule_of_head(words, pieces, reading.matches) or rule

    def _rule_of_head(self, words: Sequence[str], pieces: Sequence[str], matches: Matches) -> _Rule | None:
        """Return the rule for an end that matches the longest head, if it allows the rest."""
        for size in self._sizes_of_heads(pieces, matches):
            if " ".join(words[:size]) in self._exact:
                return None
            covered = matches.within(0, size)
            for rule in self._rules_of_ends:
                if rule.fits(covered, every_word=(1 << size) - 1):
                    return rule if rule.allows_rest(matches.within(size, len(words))) else None
        return None

    def _sizes_of_heads(self, pieces: Sequence[str], matches: Matches) -> list[int]:
        """Return the possible sizes of the head in words; it ends before a separator or after an opening phrase."""
        sizes = set(accumulate(len(_words(piece)) for piece in pieces[:-1]))
        for opening in filter(self._lists.__contains__, _OPENINGS):
            sizes.update(matches.ends(self._lists.number(opening), 0))
        return sorted((size for size in sizes if 0 < size <= _MAX_HEAD_WORDS), reverse=True)


def _key(label: str) -> str:
    return normalize(label) or label  # labels that consist of emoji have no words


def _words(key: str) -> list[str]:
    return [word for word in key.split() if not is_number(word)]


def _parse_meaning(text: object, where: str) -> _Means:
    name, slash, outcome = _text(text, where).partition("/")
    if name not in Status.__members__:
        raise ValueError(f"{where}: {text!r} is not a status; use one of {', '.join(Status)}")
    outcomes = _OUTCOMES.get(Status(name), (Outcome.OPEN,))
    if slash and outcome not in outcomes:
        raise ValueError(f"{where}: {text!r} is not an outcome of {name}")
    return Status(name), Outcome(outcome) if slash else outcomes[0]


def _parse_file_meaning(text: object, where: str) -> _Means:
    """Parse a meaning in the file, where a final status must name its outcome."""
    if text == UNMAPPED:
        return None, None
    if text in _OUTCOMES:
        raise ValueError(f"{where}: the final status {text} has no outcome; write e.g. REJECTED/not_selected")
    return _parse_meaning(text, where)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: {value!r} is not a text")
    return value


def _texts(value: object, where: str) -> list[str]:
    return [_text(each, where) for each in value] if isinstance(value, list) else [_text(value, where)]


def _word_lists(tables: Mapping[str, object], endings: object, language: str = "") -> WordLists:
    lists = WordLists(_texts(endings, f"{language}endings"))
    for name, entries in tables.items():
        where = f"{language}word list {name!r}"
        try:
            lists.add(name, _texts(entries, where))
        except ValueError as wrong:
            raise ValueError(f"{where}: {wrong}") from wrong
    return lists


def _lists_of_language(table: Mapping[str, Any], where: str, known: WordLists) -> WordLists:
    if stray := table.keys() - {"endings", "words"}:
        raise ValueError(f"{where}: {min(stray)!r} is not a known key")
    words = table.get("words", {})
    if unknown := [name for name in words if name not in known]:
        raise ValueError(f"{where}: no word list {unknown[0]!r} in [words]")
    return _word_lists(words, table.get("endings", []), f"{where}, ")


def _rules_of_language(rules: Iterable[_Rule], lists: WordLists, own: WordLists) -> list[_Rule]:
    """Return the rules that can match in a language, with the numbers of its lists; they match no heads."""
    numbers = {lists.number(name): own.number(name) for name in own.names()}
    return [
        replace(
            rule,
            all=frozenset(numbers[each] for each in rule.all),
            none=frozenset(numbers[each] for each in rule.none & numbers.keys()),
            only=frozenset(numbers.get(each, _NO_LIST) for each in rule.only),  # stays empty, or not
            rest=frozenset[int](),
        )
        for rule in rules
        if rule.all <= numbers.keys() and not rule.needs
    ]


def _exact(table: Mapping[str, object]) -> dict[str, _Means]:
    exact: dict[str, _Means] = {}
    for label, text in table.items():
        if _key(label) in exact:
            raise ValueError(f"exact label {label!r}: it is listed twice, perhaps with another spelling")
        exact[_key(label)] = _parse_file_meaning(text, f"exact label {label!r}")
    return exact


def _rules(tables: Iterable[Mapping[str, Any]], groups: Mapping[str, object], lists: WordLists) -> list[_Rule]:
    rules: dict[str, _Rule] = {}
    members = {name: _texts(names, f"group {name!r}") for name, names in groups.items()}
    for place, table in enumerate(tables, start=1):
        name = _text(table.get("name"), f"name of rule {place}")
        where = f"rule {name!r}"
        used = {
            part: _texts(table.get(part, []), f"{where}, {part!r}") for part in ("all", "none", "only", "rest", "needs")
        }
        for part in ("only", "rest"):
            used[part] = [each for name in used[part] for each in members.get(name, [name])]
        unknown = [each for part in used.values() for each in part if each not in lists]
        if name in rules or name in (UNMAPPED, "override", "exact"):
            raise ValueError(f"{where}: the name is already in use")
        if unknown or not used["all"]:
            raise ValueError(f"{where}: " + (f"no word list {unknown[0]!r}" if unknown else "'all' needs a word list"))
        if stray := table.keys() - {"name", "means", "beyond", *used}:
            raise ValueError(f"{where}: {min(stray)!r} is not a known key")
        means = _parse_file_meaning(table.get("means"), where)
        beyond = table.get("beyond", 0)
        if type(beyond) is not int or beyond < 0 or (beyond and not used["only"]):
            raise ValueError(f"{where}: 'beyond' must be a number of words, and needs an 'only'; it is {beyond!r}")
        if means[0] in _OUTCOMES and (beyond or not used["only"]):
            raise ValueError(f"{where}: a rule for an end needs 'only' and no 'beyond', to match no unknown words")
        numbers = {part: frozenset(map(lists.number, names)) for part, names in used.items()}
        rules[name] = _Rule(name, means, beyond=beyond, **numbers)
    return list(rules.values())
