"""The parsers of bodies, headers, files and tokens, over bytes that a coverage-guided fuzzer makes."""

import os
import re
import subprocess
import sys
from pathlib import Path

from support.proof import IN_FULL, Figure

TESTS = Path(__file__).parents[1]
SECONDS_IN_FULL, RUNS = 300, 5000


def test_no_bytes_make_a_parser_fail(tmp_path: Path, figure: Figure) -> None:
    """Every parser of what clients send accepts or refuses any bytes, and reads what it accepts correctly.

    atheris makes the bytes. Where there is a second reader or a writer, both results are compared: of JSON, dates, ids,
    rows, files in blocks of other sizes, documents, forms and signatures.
    """
    limit = f"--seconds={SECONDS_IN_FULL}" if IN_FULL else f"--runs={RUNS}"
    command: list[str | Path] = [sys.executable, "-m", "support.fuzzed_parsers", tmp_path, limit]
    folders = [TESTS, TESTS.parent, TESTS.parent / "tools", TESTS.parent / "src"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        "PYTHONHASHSEED": "0",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stderr[-6000:]
    (runs,) = map(int, re.findall(r"stat::number_of_executed_units: (\d+)", done.stderr))
    figure(f"{runs:,} runs, 0 errors, 0 differences")
