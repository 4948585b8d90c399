"""Measures contenders in rounds; each round runs all of them, in random order."""

import os
import random
import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from benchmarks.container import instructions, running
from benchmarks.contender import EVENT, Contender

_BATCHES, _CALLS = 4, 25
_COUNTED_CALLS = 20


@dataclass(slots=True)
class Measured:
    """The samples of a contender in seconds, one for each round; its memory in bytes; its instructions."""

    contender: Contender
    start_wall: list[float] = field(default_factory=list)
    start_cpu: list[float] = field(default_factory=list)
    warm_wall: list[float] = field(default_factory=list)
    warm_cpu: list[float] = field(default_factory=list)
    peak_bytes: int = 0
    start_instructions: int = 0
    warm_instructions: int = 0


def measure(contenders: Sequence[Contender], tables: str, rounds: int) -> list[Measured]:
    """Measure all contenders in one run."""
    measured = [Measured(contender) for contender in contenders]
    with ThreadPoolExecutor(os.process_cpu_count()) as pool:
        for _ in pool.map(lambda each: _count(each, tables), measured):
            pass
    for _ in range(rounds):
        for each in random.sample(measured, len(measured)):
            _sample(each, tables)
    return measured


def _sample(measured: Measured, tables: str) -> None:
    with running(measured.contender, tables) as container:
        measured.start_wall.append(container.call(EVENT))
        measured.start_cpu.append(container.cpu_seconds())
        walls, cpus = [], []
        for _ in range(_BATCHES):
            before = container.cpu_seconds()
            walls += [container.call(EVENT) for _ in range(_CALLS)]
            cpus.append((container.cpu_seconds() - before) / _CALLS)
        measured.warm_wall.append(statistics.median(walls))
        measured.warm_cpu.append(min(cpus))
        measured.peak_bytes = max(measured.peak_bytes, container.peak_bytes())


def _count(measured: Measured, tables: str) -> None:
    measured.start_instructions = instructions(measured.contender, tables, 1)
    more = instructions(measured.contender, tables, 1 + _COUNTED_CALLS)
    measured.warm_instructions = (more - measured.start_instructions) // _COUNTED_CALLS
