"""Measures the CPU time of mapping labels: start, slowest labels of 200 characters, a batch of them, and overrides.

Run `python -m benchmarks.labels` on an idle machine; with `--short` it takes seconds. The search for slow labels
starts from words of the vocabulary, as others take no time, and replaces one word at a time if that takes longer.
"""

import argparse
import random
import time
from collections.abc import Callable
from importlib.resources import files
from itertools import count

from application_status.labels.rules.vocabulary import ParsedOverrides, Vocabulary

CHARACTERS = 200
STEPS, SHORT_STEPS = 3_000, 20
BATCH = 100
OVERRIDES = 1_000
NUMBERS = count(100_000)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="benchmarks.labels")
    parser.add_argument("--short", action="store_true", help="search briefly, to check that it runs")
    steps = SHORT_STEPS if parser.parse_args().short else STEPS
    text = files("application_status.labels.rules").joinpath("vocabulary.toml").read_text(encoding="utf-8")
    worst = [_worst(text, seed, steps) for seed in range(5)]
    fresh = Vocabulary(text)
    print(f"start: {_seconds(lambda: Vocabulary(text)) * 1e3:.0f} ms")
    print(f"worst label found: {max(seconds for seconds, _ in worst) * 1e3:.2f} ms")
    batch = [f"{label} {next(NUMBERS)}" for _, label in worst * (BATCH // len(worst))]
    print(f"{BATCH} such labels: {_seconds(lambda: _read(Vocabulary(text), batch), 1) * 1e3:.0f} ms, start included")
    own = {f"Stage {number}": "INTERVIEW" for number in range(OVERRIDES)}
    print(f"{OVERRIDES} overrides: {_seconds(lambda: ParsedOverrides(own)) * 1e3:.1f} ms when loaded")
    loaded = ParsedOverrides(own)
    print(f"a label read before, beside them: {_seconds(lambda: fresh.meaning('Hired', loaded)) * 1e6:.1f} us")


def _worst(text: str, seed: int, steps: int) -> tuple[float, str]:
    """Return the slowest label found, with its seconds."""
    vocabulary, chance = Vocabulary(text), random.Random(seed)  # noqa: S311  # no secret
    words = sorted({word for word in text.replace('"', " ").replace(",", " ").split() if word.isalpha()})
    label = _cut(chance.choices(words, k=CHARACTERS // 5))
    seconds = _of(vocabulary, label)
    for _ in range(steps):
        changed = label.split()
        changed[chance.randrange(len(changed))] = chance.choice(words)
        other = _cut(changed)
        if _of(vocabulary, other) > seconds and (again := _of(vocabulary, other)) > seconds:
            label, seconds = other, again
    return _of(vocabulary, label), label


def _cut(words: list[str]) -> str:
    """Return a label with room for a number, which avoids the cache and does not change the meaning."""
    return " ".join(words)[: CHARACTERS - 7]


def _of(vocabulary: Vocabulary, label: str) -> float:
    return _seconds(lambda: vocabulary.meaning(f"{label} {next(NUMBERS)}"))


def _read(vocabulary: Vocabulary, labels: list[str]) -> None:
    for label in labels:
        vocabulary.meaning(label)


def _seconds(act: Callable[[], object], repeats: int = 3) -> float:
    """Return the CPU time of the fastest of some runs."""
    times = []
    for _ in range(repeats):
        before = time.process_time()
        act()
        times.append(time.process_time() - before)
    return min(times)


if __name__ == "__main__":
    main()
