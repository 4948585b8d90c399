"""The table of promises: what each test in tests/promises shows, and in which figure.

A test there states a promise of the service in its docstring, and passes the figure that it found to the fixture
`figure`. After the tests, a table lists the figures. `make prove` runs the tests in full and quotes the figures in
README.md; `make prove SHORT=1` does so with the cases of a commit.
"""

import ast
import os
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

_SIZE = os.environ.get("PROVE")
IN_FULL = _SIZE == "full"
PROMISES = Path(__file__).parents[1] / "promises"
_README = Path(__file__).parents[2] / "README.md"
_TABLE = re.compile(r"(?<=<!-- promises -->\n).*?(?=<!-- /promises -->)", re.DOTALL)

type Figure = Callable[[str], None]


def amount(with_every_commit: int, in_full: int) -> int:
    """Return how many cases to run."""
    return in_full if IN_FULL else with_every_commit


def stated(docstring: str) -> str:
    """Return the promise that a docstring states: its first paragraph, without the full stop."""
    return " ".join(docstring.partition("\n\n")[0].split()).removesuffix(".")


def promises() -> Iterator[str]:
    """Return what the tests promise, in their order."""
    for file in sorted(PROMISES.glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield stated(ast.get_docstring(node) or "")


def quoted() -> dict[str, str]:
    """Return the figures in README.md."""
    (table,) = _TABLE.findall(_README.read_text(encoding="utf-8"))
    rows = (line.strip("|").split("|") for line in table.splitlines()[2:])
    return {promise.strip(): figure.strip() for promise, figure in rows}


def _quote(found: dict[str, str]) -> None:
    """Write the figures into README.md; promises that were not tested keep theirs."""
    figures = quoted() | found
    rows = [f"| {promise} | {figures.get(promise, '')} |\n" for promise in promises()]
    table = "".join(["| promise | figure |\n|---|---|\n", *rows])
    _README.write_text(_TABLE.sub(lambda _: table, _README.read_text(encoding="utf-8")), encoding="utf-8")


@pytest.fixture
def figure(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Figure:
    """Record the figure that shows the promise of this test."""
    return lambda text: record_property(stated(request.function.__doc__), text)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a promise without a figure."""
    report: pytest.TestReport = yield
    if call.when == "call" and report.passed and item.path.is_relative_to(PROMISES) and not report.user_properties:
        report.outcome, report.longrepr = "failed", "this test gives no figure"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, and quote it if asked to."""
    reports = terminalreporter.getreports("passed")
    found = {name: str(text) for each in reports if PROMISES.name in each.nodeid for name, text in each.user_properties}
    if found:
        terminalreporter.section("promises, in full" if IN_FULL else "promises, in short")
        for promise in filter(found.get, promises()):
            terminalreporter.write_line(f"{promise}: {found[promise]}")
    if _SIZE:
        _quote(found)
