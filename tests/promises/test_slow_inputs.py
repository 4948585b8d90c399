"""The slowest requests that a search found, in instructions."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

from support.proof import IN_FULL, Figure

TESTS = Path(__file__).parents[1]
STORED = TESTS / "data/slow_inputs.json"
MOST, MOST_A_REPORT = 300, 100
SEARCHED_IN_FULL = 40
CARRIED = {"a batch of reports": 5, "signals": 5, "dispositions": 5, "a batch of 100 wrong reports": 100}
"""The number of reports in requests of a kind; all others have one, or none."""

DEAREST = (
    "signals", "dispositions", "a batch of reports", "a batch of 100 wrong reports", "a GraphQL document",
    "a GraphQL document / variables", "a webhook of Greenhouse / texts", "a row of a file",
)  # fmt: skip
"""The requests of a short run."""

CALLGRIND = """
#include <valgrind/callgrind.h>
void start(void) { CALLGRIND_START_INSTRUMENTATION; }
void stop(void) { CALLGRIND_STOP_INSTRUMENTATION; }
void zero(void) { CALLGRIND_ZERO_STATS; }
void dump(const char *name) { CALLGRIND_DUMP_STATS_AT(name); }
"""
_DUMP = re.compile(r"Client Request: (?P<name>.*)\n(?:.*\n)*?totals: (?P<instructions>\d+)")


def run(*command: str | Path) -> str:
    folders = [TESTS, TESTS.parent, TESTS.parent / "tools", TESTS.parent / "src"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        "PYTHONHASHSEED": "0",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_no_input_is_slow(tmp_path: Path, figure: Figure) -> None:
    """No request of an ATS costs over 300 times a plain report, or over 100 times for each of several reports in it.

    The requests are the slowest ones of each kind that a search found: in short the dearest of them, and in full all,
    from which the search goes on. valgrind counts the instructions of the service's own code; its tables are in memory.
    """
    inputs, stored = tmp_path / "inputs.json", json.loads(STORED.read_text(encoding="utf-8"))
    inputs.write_text(json.dumps(stored if IN_FULL else {name: stored[name] for name in DEAREST}), encoding="utf-8")
    if IN_FULL:
        run(sys.executable, "-m", "support.slow_inputs", "search", inputs, str(SEARCHED_IN_FULL))
    costs = counted(inputs, tmp_path)
    limits = {name: max(MOST, MOST_A_REPORT * CARRIED.get(name, 1)) for name in costs}
    assert {name: round(each) for name, each in costs.items() if each > limits[name]} == {}
    worst = max(costs.keys() - CARRIED.keys(), key=lambda name: costs[name])
    of_several = max(CARRIED, key=lambda name: costs[name] / CARRIED[name])
    a_report = costs[of_several] / CARRIED[of_several]
    figure(
        f"worst of {len(costs)}: {worst.replace(' / ', ', ')}, {costs[worst]:.0f} times; "
        f"{of_several}, {a_report:.0f} times a report"
    )


def counted(inputs: Path, folder: Path) -> dict[str, float]:
    """Return the cost of each request, as a multiple of a plain report's."""
    library, source = folder / "callgrind.so", folder / "callgrind.c"
    source.write_text(CALLGRIND, encoding="utf-8")
    run("gcc", "-shared", "-fPIC", "-o", library, source)
    out = f"--callgrind-out-file={folder}/counted"
    valgrind = ("valgrind", "--tool=callgrind", "--instr-atstart=no", out, sys.executable)
    run(*valgrind, "-m", "support.slow_inputs", "count", library, inputs)
    found = [
        (dump["name"], int(dump["instructions"]))
        for file in sorted(folder.glob("counted.*"), key=lambda each: int(each.suffix[1:]))
        if (dump := _DUMP.search(file.read_text(encoding="utf-8", errors="replace")))
    ]
    plain = median(instructions for name, instructions in found if name == "plain")
    costs = {name: instructions / plain for name, instructions in found if name != "plain"}
    assert costs.keys() == json.loads(inputs.read_text(encoding="utf-8")).keys()
    return costs
