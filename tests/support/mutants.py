"""Mutants: the package with one change each, which a test has to notice.

A process collects tests once and forks for each mutant. The fork gives the changed functions their new code, wherever
they are referred to by then, and runs tests until one fails. So a mutant needs neither an import nor a copy of the
files. Only changes inside functions can be tested this way.

A plan has chosen changes, each with its tests, or a number of changes to draw from those that mutmut would make. For
drawn ones, all tests run first, to find the lines that each one reaches; tests that reach the lines of a mutant, and
then its module, run against it. https://mutmut.readthedocs.io
"""

import gc
import importlib
import itertools
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple, NoReturn

import pytest

_ROOT = Path(__file__).parents[2]
PACKAGE = _ROOT / "src" / "application_status"
_TESTS = str(_ROOT / "tests")

_SECONDS_OF_A_TEST = 3
"""The most CPU time of a test in a sample; slower tests are left out."""
_CASES_OF_A_TEST = 25
"""The most cases of a parametrized test in a sample."""
_FAST_SECONDS = 0.1
_SECONDS_OF_A_MUTANT = 60
"""The most CPU time, without the mutant, of the tests that a mutant of a sample is given."""
_MEMORY = 3 << 30


class Mutant(NamedTuple):
    """A module with one change, the lines of the change, and what they had and have.

    `tests` are the beginnings of the ids of the tests to run; without any, the tests that reach the lines.
    """

    file: str
    source: str
    first_line: int
    last_line: int
    before: str
    after: str
    tests: Sequence[str] = ()

    def __str__(self) -> str:
        """Return the change in one line."""
        return f"{self.file}:{self.first_line}: {self.before[:300]} -> {self.after[:300]}"


class Outcome(NamedTuple):
    """The first test that failed, in which phase, why and in which file, if one did."""

    failed: str | None
    phase: str = ""
    reason: str = ""
    place: str = ""

    @property
    def is_noticed(self) -> bool:
        """Whether a test itself found something else than it expects, and nothing failed outside of the test."""
        return self.phase == "call" and (self.reason.startswith("AssertionError") or _TESTS in self.place)


_TIMEOUT = Outcome("a test", reason="ended, or needs too much time or memory")


class Plan(NamedTuple):
    """What to do: run tests against `mutants`, or against `amount` mutants drawn from `files`."""

    tests: Sequence[str]
    mutants: Sequence[Mutant] = ()
    files: Sequence[str] = ()
    amount: int = 0
    seed: int = 0


def changed(file: str, before: str, after: str, tests: Sequence[str]) -> Mutant:
    """Return a mutant in which one text of a module is replaced.

    Raises:
        ValueError: the module does not have the text exactly once.
    """
    source = (PACKAGE / file).read_text(encoding="utf-8")
    if source.count(before) != 1:
        raise ValueError(f"{file} has {source.count(before)} times: {before}")
    line = source[: source.index(before)].count("\n") + 1
    return Mutant(file, source.replace(before, after), line, line + before.count("\n"), before, after, tests)


def run(plan: Plan) -> list[tuple[Mutant, Outcome]]:
    """Run a plan in a process of its own; return the mutants with their outcomes.

    Raises:
        RuntimeError: the process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "plan.json", Path(folder) / "found.json"
        given.write_text(json.dumps(plan), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(_ROOT / "tests")}
        command = [sys.executable, "-m", "support.mutants", str(given), str(found)]
        done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
        if not found.exists():
            raise RuntimeError(f"{done.stdout}\n{done.stderr}")
        outcomes = json.loads(found.read_text(encoding="utf-8"))
    return [(Mutant(*mutant), Outcome(*outcome)) for mutant, outcome in outcomes]


# Replacing code


def _nested(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """Return the code in a module's code, each with its name and a number, as several may have the same name."""
    seen: defaultdict[str, int] = defaultdict(int)
    waiting = [code]
    while waiting:
        for each in waiting.pop(0).co_consts:
            if isinstance(each, CodeType):
                yield (each.co_qualname, seen[each.co_qualname]), each
                seen[each.co_qualname] += 1
                waiting.append(each)


def _code_of_functions(file: str, source: str) -> dict[tuple[str, int], CodeType]:
    code = compile(source, str(PACKAGE / file), "exec")
    return {name: each for name, each in _nested(code) if each.co_flags & CO_OPTIMIZED}


def _code_of(file: str) -> dict[tuple[str, int], CodeType]:
    return _code_of_functions(file, (PACKAGE / file).read_text(encoding="utf-8"))


class _Functions:
    """The functions of the package that exist, by their code."""

    def __init__(self) -> None:
        gc.unfreeze()
        self.by_code: defaultdict[CodeType, list[FunctionType]] = defaultdict(list)
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(str(PACKAGE)):
                self.by_code[each.__code__].append(each)
        gc.freeze()

    def change(self, mutant: Mutant) -> None:
        """Give functions the code of a mutant.

        Raises:
            LookupError: no function has changed.
        """
        old, new = _code_of(mutant.file), _code_of_functions(mutant.file, mutant.source)
        changed = False
        for name in old.keys() & new.keys():
            for function in self.by_code.get(old[name], ()) if old[name] != new[name] else ():
                if len(function.__code__.co_freevars) == len(new[name].co_freevars):
                    function.__code__, changed = new[name], True
        if not changed:
            raise LookupError(f"no function has changed: {mutant}")


# Running tests in forks


class _Observer:
    """A plugin of pytest that remembers the first failure."""

    def __init__(self) -> None:
        self.outcome = Outcome(None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.outcome.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            reason, place = (crash.message[:300], crash.path) if crash else ("", "")
            self.outcome = Outcome(report.nodeid, report.when or "", reason, place)


def _outcome(item: pytest.Item, following: pytest.Item | None) -> Outcome:
    """Run a test."""
    observer = _Observer()
    item.config.pluginmanager.register(observer)
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    item.config.pluginmanager.unregister(observer)
    return observer.outcome


def _first_failure(items: Sequence[pytest.Item]) -> Outcome:
    """Run tests until one fails."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        outcome = _outcome(item, following)
        if outcome.failed:
            item.session._setupstate.teardown_exact(None)  # noqa: SLF001  # ends what the tests' fixtures started
            return outcome
    return Outcome(None)


def _with(mutant: Mutant, functions: _Functions, items: Sequence[pytest.Item]) -> Outcome:
    """Run tests with a mutant until one fails."""
    functions.change(mutant)
    return _first_failure(items)


class _Forks:
    """Calls functions in forks, as many at once as there are processors; `results` are by key, None without one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[int, tuple[int, float]] = {}
        self.results: dict[int, Any] = {}

    def start(self, key: int, call: Callable[[], Any], cpu_seconds: float) -> None:
        """Call a function once there is a processor for it; it is ended after so much CPU time, or 20 times as long."""
        self._wait((os.process_cpu_count() or 1) - 1)
        (self._folder / str(key)).unlink(missing_ok=True)
        process = os.fork()
        if not process:
            self._call(key, call, int(cpu_seconds) + 1)
        self._running[process] = key, time.monotonic() + 60 + 20 * cpu_seconds

    def finish(self) -> dict[int, Any]:
        """Wait for all forks."""
        self._wait(0)
        results, self.results = self.results, {}
        return results

    def _call(self, key: int, call: Callable[[], Any], cpu_seconds: int) -> NoReturn:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        try:
            (self._folder / str(key)).write_text(json.dumps(call()), encoding="utf-8")
        finally:
            os._exit(0)

    def _wait(self, running: int) -> None:
        """Wait until no more than so many forks run."""
        while len(self._running) > running:
            process, _ = os.waitpid(-1, os.WNOHANG)
            if process in self._running:
                key, _ = self._running.pop(process)
                found = self._folder / str(key)
                self.results[key] = json.loads(found.read_text(encoding="utf-8")) if found.exists() else None
                continue
            for late in [each for each, (_, ends) in self._running.items() if time.monotonic() > ends]:
                os.killpg(late, signal.SIGKILL)
            time.sleep(0.05)


# The lines that tests reach


class _Reached(NamedTuple):
    """How a test went without a mutant: its CPU time, and the lines that it reached, by file."""

    seconds: float
    lines: Mapping[str, Sequence[int]]


def _reached(items: Sequence[pytest.Item], codes: set[CodeType]) -> list[_Reached | None]:
    """Run tests, and return what each one reached in these functions; None if it fails or is too slow."""
    tool, events = sys.monitoring.COVERAGE_ID, sys.monitoring.events
    lines: set[tuple[str, int]] = set()

    def on_line(code: CodeType, line: int) -> object:
        lines.add((code.co_filename, line))
        return sys.monitoring.DISABLE

    def too_slow(_: int, __: FrameType | None) -> NoReturn:
        pytest.fail("too slow for a sample")

    sys.monitoring.use_tool_id(tool, __name__)
    sys.monitoring.register_callback(tool, events.LINE, on_line)
    for code in codes:
        sys.monitoring.set_local_events(tool, code, events.LINE)
    signal.signal(signal.SIGPROF, too_slow)
    found: list[_Reached | None] = []
    for item, following in zip(items, [*items[1:], None], strict=True):
        lines.clear()
        sys.monitoring.restart_events()
        start = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, _SECONDS_OF_A_TEST)
        outcome = _outcome(item, following)
        signal.setitimer(signal.ITIMER_PROF, 0)
        by_file: defaultdict[str, list[int]] = defaultdict(list)
        for file, line in lines:
            by_file[str(Path(file).relative_to(PACKAGE))].append(line)
        found.append(None if outcome.failed else _Reached(time.process_time() - start, by_file))
    return found


def _some_cases(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return all tests, with some cases of those that have many."""
    cases: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[item.nodeid.partition("[")[0]].append(item)
    return [each for of in cases.values() for each in of[:: -(-len(of) // _CASES_OF_A_TEST)]]


class _Tests:
    """Tests that pass without a mutant, and the lines that each one reaches."""

    def __init__(self, reached: Sequence[tuple[pytest.Item, _Reached]]) -> None:
        self._reached = sorted(reached, key=lambda each: each[1].seconds)

    def of(self, mutant: Mutant) -> tuple[list[pytest.Item], float]:
        """Return the tests for a mutant and their CPU time, in the order in which they should run.

        First come those that reach its lines: fast ones, then a case of each, then the other cases. Then come others
        that reach its module, as what the mutant changes may have been made for an earlier test.
        """
        lines = {*range(mutant.first_line, mutant.last_line + 1)}
        cases: defaultdict[str, int] = defaultdict(int)
        turns = []
        for place, (item, (seconds, by_file)) in enumerate(self._reached):
            found = by_file.get(mutant.file)
            if found is None:
                continue
            name = item.nodeid.partition("[")[0]
            turn = 0 if seconds < _FAST_SECONDS else 1 + cases[name]
            turns.append((lines.isdisjoint(found), turn, place))
            cases[name] += 1
        chosen: list[pytest.Item] = []
        total = 0.0
        for _, _, place in sorted(turns):
            item, (seconds, _) = self._reached[place]
            if chosen and total + seconds > _SECONDS_OF_A_MUTANT:
                break
            chosen.append(item)
            total += seconds
        return chosen, total


# Drawing mutants


def draw(files: Sequence[str], amount: int, seed: int) -> list[Mutant]:
    """Draw mutants that mutmut would make, of decorated functions too."""
    makers = [make for file in files for make in _mutants(file)]
    random.Random(seed).shuffle(makers)  # noqa: S311  # not for security
    codes = {file: _code_of(file) for file in files}
    found: list[Mutant] = []
    for make in makers:
        mutant = make()
        is_other = _code_of_functions(mutant.file, mutant.source) != codes[mutant.file]
        if is_other:
            found.append(mutant)
        if len(found) == amount:
            break
    return found


def _mutants(file: str) -> Iterator[Callable[[], Mutant]]:
    import libcst as cst  # noqa: PLC0415  # only a sample needs them, and loads them for a second
    from libcst.metadata import MetadataWrapper, PositionProvider  # noqa: PLC0415
    from mutmut.mutation import file_mutation, mutators  # noqa: PLC0415
    from mutmut.mutation.pragma_handling import IgnoredCode  # noqa: PLC0415

    places: list[tuple[int, int]] = []

    class Visitor(file_mutation.MutationVisitor):
        def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
            if isinstance(node, cst.FunctionDef):
                return node.name.value in file_mutation.NEVER_MUTATE_FUNCTION_NAMES
            return super()._skip_node_and_children(node)

        def _create_mutations(self, node: cst.CSTNode) -> None:
            before = len(self.mutations)
            super()._create_mutations(node)
            if len(self.mutations) > before:
                place = self.get_metadata(PositionProvider, node)
                places.extend([(place.start.line, place.end.line)] * (len(self.mutations) - before))

    wrapper = MetadataWrapper(cst.parse_module((PACKAGE / file).read_text(encoding="utf-8")))
    visitor = Visitor(mutators.mutation_operators, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)

    def text(node: cst.CSTNode) -> str:
        return " ".join(cst.Module([]).code_for_node(node).split())

    def source_with(old: cst.CSTNode, new: cst.CSTNode) -> str:
        return cst.ensure_type(wrapper.module.deep_replace(old, new), cst.Module).code

    def made(mutation: file_mutation.Mutation, lines: tuple[int, int]) -> Callable[[], Mutant]:
        old, new = mutation.original_node, mutation.mutated_node
        return lambda: Mutant(file, source_with(old, new), *lines, text(old), text(new))

    for mutation, lines in zip(visitor.mutations, places, strict=True):
        if isinstance(mutation.contained_by_top_level_function, cst.FunctionDef):
            yield made(mutation, lines)


# The process


class _Runner:
    """A plugin of pytest that follows a plan in place of running the tests once."""

    def __init__(self, plan: Plan, found: Path) -> None:
        self._plan = plan
        self._found = found

    def pytest_sessionstart(self) -> None:
        """Make Hypothesis repeatable; the smallest example of a failure is not needed."""
        from hypothesis import Phase, settings  # noqa: PLC0415  # pytest prepares its import

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", database=None, derandomize=True, phases=phases)
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for file in {*self._plan.files, *(each.file for each in self._plan.mutants)}:
            importlib.import_module(".".join((PACKAGE.name, *Path(file).with_suffix("").parts)))
        with tempfile.TemporaryDirectory() as folder:
            method = self._sample if self._plan.files else self._chosen
            found = method(session.items, _Functions(), _Forks(Path(folder)))
        self._found.write_text(json.dumps(found), encoding="utf-8")
        return True

    def _chosen(self, items: list[pytest.Item], functions: _Functions, forks: _Forks) -> list[Any]:
        """Run the tests of each mutant with it.

        Raises:
            LookupError: there is no test for a mutant.
        """
        mutants = self._plan.mutants
        for key, mutant in enumerate(mutants):
            chosen = [item for item in items if item.nodeid.startswith(tuple(mutant.tests))]
            if not chosen:
                raise LookupError(f"no test has these names: {mutant.tests}")
            forks.start(key, partial(_with, mutant, functions, chosen), 20)
        found = forks.finish()
        return [(mutant, found[key] or _TIMEOUT) for key, mutant in enumerate(mutants)]

    def _sample(self, items: list[pytest.Item], functions: _Functions, forks: _Forks) -> list[Any]:
        """Draw mutants, and run the tests that reach each one with it."""
        plan = self._plan
        names = {str(PACKAGE / each) for each in plan.files}
        codes = {each for each in functions.by_code if each.co_filename in names}
        codes |= {inner for each in codes for _, inner in _nested(each)}
        # The tests of a file run together, as they may share fixtures.
        files = [list(group) for _, group in itertools.groupby(_some_cases(items), key=lambda item: item.path)]
        drawing = len(files)
        forks.start(drawing, lambda: draw(plan.files, plan.amount, plan.seed), 1200)
        for key, of_file in enumerate(files):
            forks.start(key, partial(_reached, of_file, codes), 60 + _SECONDS_OF_A_TEST * len(of_file))
        reached = forks.finish()
        mutants = [Mutant(*each) for each in reached.pop(drawing)]
        pairs = [pair for key, of_file in enumerate(files) for pair in zip(of_file, reached[key] or (), strict=False)]
        tests = _Tests([(item, _Reached(*each)) for item, each in pairs if each])
        for key, mutant in enumerate(mutants):
            chosen, seconds = tests.of(mutant)
            if chosen:
                forks.start(key, partial(_with, mutant, functions, chosen), 5 + 3 * seconds)
            else:
                forks.results[key] = Outcome(None, reason="no test reaches it")
        found = forks.finish()
        return [(mutant, found[key] or _TIMEOUT) for key, mutant in enumerate(mutants)]


def main(plan: str, found: str) -> int:
    """Follow the plan in a file, and write what was found to another."""
    given = Plan(*json.loads(Path(plan).read_text(encoding="utf-8")))
    given = given._replace(mutants=[Mutant(*each) for each in given.mutants])
    return int(pytest.main(["-q", "-s", "-p", "no:xdist", *given.tests], plugins=[_Runner(given, Path(found))]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
