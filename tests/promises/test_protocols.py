"""Models of the protocols over DynamoDB, in Promela, checked by spin in every interleaving.

Each model opens with the functions that it stands for, and their modules name the model. `SIZES` has the size of each
with every commit and in full.
https://spinroot.com/spin/Man/pan.html
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from support.proof import IN_FULL, Figure

MODELS = Path(__file__).parent / "models"
PACKAGE = Path(__file__).parents[2] / "src" / "application_status"

SIZES = {
    "counting.pml": (["VERSIONS=2"], ["ACTORS=3 VERSIONS=2", "VERSIONS=3"]),
    "erasure.pml": (["VERSIONS=1"], ["VERSIONS=2", "ERASURES=2 VERSIONS=1"]),
    "files.pml": (["ROWS=2"], ["ACTORS=3 ROWS=2", "ROWS=3"]),
    "folding.pml": (["ACTORS=2"], ["ACTORS=2"]),
    "promotion.pml": (["SENT=1"], ["SENT=2"]),
    "rebuild.pml": (["VERSIONS=1"], ["VERSIONS=1"]),
}
"""The definitions of each model: of the run with every commit, and of the runs in full."""

FAULTY = {"counting.pml": "VERSIONS=2", "erasure.pml": "VERSIONS=2", "files.pml": "ROWS=2", "rebuild.pml": "VERSIONS=1"}
"""The definitions with which spin looks for seeded faults, if they are not those of the model."""

NEAR = {"counting.pml", "erasure.pml", "rebuild.pml"}
"""The models whose seeded faults a breadth-first search finds sooner."""

_COMPLETE, _DEEPEST, _SHALLOW = "errors: 0", 2_000_000, 3_000


class Code(NamedTuple):
    """A module, and a function or method in it."""

    module: Path
    function: str


def stands_for(model: Path) -> Iterator[Code]:
    """Yield the functions that the opening comment of a model names."""
    opening = model.read_text(encoding="utf-8").partition("*/")[0]
    for module, functions in re.findall(r"^ \*   (\S+\.py): (.+)$", opening, re.MULTILINE):
        for function in functions.split(", "):
            yield Code(PACKAGE / module, function)


def functions_of(module: Path) -> set[str]:
    """Return the names of a module's functions, classes and methods; those of methods after their class."""
    body = ast.parse(module.read_text(encoding="utf-8")).body
    named = [each for each in body if isinstance(each, (ast.FunctionDef, ast.ClassDef))]
    methods = [(of.name, each) for of in named if isinstance(of, ast.ClassDef) for each in of.body]
    return {each.name for each in named} | {
        f"{of}.{each.name}" for of, each in methods if isinstance(each, ast.FunctionDef)
    }


def checked(model: str, definitions: str, folder: Path, depth: int, *more: str) -> str:
    """Return what spin's verifier prints about a model; `more` are options with which it is compiled."""
    flags = [f"-D{each}" for each in definitions.split()]
    options = ["-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={6000 if IN_FULL else 2000}", *more]
    _run(folder, "spin", "-a", *flags, str(MODELS / model))
    _run(folder, "gcc", "-O2" if IN_FULL else "-O1", "-w", *options, "-o", "pan", "pan.c")
    return _run(folder, "./pan", f"-m{depth}")


def _run(folder: Path, *command: str) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def unreached(report: str) -> list[str]:
    """Return the statements that no interleaving reaches, except the ends of processes that never end."""
    return [line for line in report.splitlines() if re.search(r"\.pml:\d+, state", line) and "-end-" not in line]


def test_protocols_are_right(tmp_path: Path, figure: Figure) -> None:
    """Counting, rebuild, erasure, promotion, folding and file import are right in every interleaving.

    Each process may be killed between any two of its steps, and each reply of the store may be lost.
    """
    states = 0
    assert sorted(SIZES) == sorted(each.name for each in MODELS.glob("*.pml"))
    for model, sizes in SIZES.items():
        for definitions in sizes[IN_FULL]:
            report = checked(model, definitions, tmp_path, _DEEPEST)
            assert _COMPLETE in report, f"{model} {definitions}\n{report}"
            assert "Search not completed" not in report
            assert "max search depth too small" not in report
            missing = unreached(report) if definitions == sizes[IN_FULL][0] else []
            assert not missing, f"{model} {definitions}: {missing}"
            states += int(float(re.findall(r"([\d.e+]+) states, stored", report)[0]))
    figure(f"0 violations in {states:,} states of {len(SIZES)} models")


def test_seeded_faults_are_found(tmp_path: Path, figure: Figure) -> None:
    """Spin finds every fault seeded into the models."""
    faults = [
        (model, fault)
        for model in SIZES
        for fault in sorted(set(re.findall(r"FAULT_\w+", (MODELS / model).read_text(encoding="utf-8"))))
    ]
    chosen = faults if IN_FULL else [fault for place, fault in enumerate(faults) if place % 4 == 0]
    for model, fault in chosen:
        breadth_first = ["-DBFS"] if model in NEAR else []
        report = checked(model, f"{FAULTY.get(model, '')} {fault}", tmp_path, _SHALLOW, *breadth_first)
        assert "assertion violated" in report, f"{model} {fault}\n{report}"
    figure(f"{len(chosen)} of {len(chosen)}")


def test_models_and_code_name_each_other(figure: Figure) -> None:
    """Each model names the functions that it stands for, and their modules name the model."""
    named = [(model, code) for model in sorted(MODELS.glob("*.pml")) for code in stands_for(model)]
    for model, code in named:
        assert code.function in functions_of(code.module), f"{model.name}: {code.function} is not in {code.module}"
        text = code.module.read_text(encoding="utf-8")
        assert f"Model: tests/promises/models/{model.name}" in text, f"{code.module} does not name {model.name}"
    for module in PACKAGE.rglob("*.py"):
        for name in re.findall(r"Model: tests/promises/models/(\S+)", module.read_text(encoding="utf-8")):
            assert any(code.module == module for model, code in named if model.name == name), f"{module}: {name}"
    assert {model.name for model, _ in named} == set(SIZES)
    figure(f"{len(named)} functions of {len(SIZES)} models")
