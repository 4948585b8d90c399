"""The rooms of the package: pure rules, one module for each Lambda function, and docstrings that say what is inside."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import application_status
from application_status.applications.rules.report import NATIVE, Channel
from support.world import TEMPLATE

ROOT = Path(application_status.__file__).parent
MODULES = {
    ".".join(("application_status", *path.relative_to(ROOT).with_suffix("").parts)): path
    for path in ROOT.rglob("*.py")
    if path.name != "__init__.py"
}
RULES = [name for name in MODULES if "rules" in name.split(".")]
PURE_PLATFORM = {f"application_status.platform.{name}" for name in ("errors", "escaping", "settings", "values")}
PACKAGES = list(ROOT.rglob("__init__.py"))


@cache
def imported(name: str) -> frozenset[str]:
    """Return the modules that a module imports, anywhere in its code."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= inner or {node.module}
    return frozenset(found)


@pytest.mark.parametrize("name", [*RULES, *sorted(PURE_PLATFORM)])
def test_rules_import_the_standard_library_and_other_rules_only(name: str) -> None:
    """Rules do no I/O, and their place in the package shows it."""
    impure = {
        each
        for each in imported(name)
        if each not in RULES and each not in PURE_PLATFORM and each.split(".")[0] not in sys.stdlib_module_names
    }
    assert not impure, f"{name} imports {sorted(impure)}; only rules and {sorted(PURE_PLATFORM)} are pure"


def test_only_the_functions_need_an_environment_to_be_imported() -> None:
    """Everything else takes its collaborators as arguments."""
    others = [name for name in MODULES if name.split(".")[1] != "functions" and not name.endswith("__main__")]
    program = f"import importlib\nfor name in {others}: importlib.import_module(name)"
    done = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_each_function_of_the_template_has_its_module_and_each_module_its_function() -> None:
    """A handler that no resource names would never run."""
    functions = {name for name in MODULES if name.split(".")[1] == "functions"}
    assert set(TEMPLATE.handlers().values()) == {f"{name}.lambda_handler" for name in functions}


@pytest.mark.parametrize("channel", [each for each in Channel if each not in NATIVE])
def test_each_contract_names_its_channel_once(channel: Channel) -> None:
    """A contract in intake/ names its channel as the caller's, so that its requests count in the integration health."""
    calls = [
        name
        for name, path in MODULES.items()
        if name.split(".")[1] == "intake" and f"set_caller(ats.id, Channel.{channel.name})" in path.read_text()
    ]
    assert len(calls) == 1, f"no or several modules of intake/ call set_caller with Channel.{channel.name}: {calls}"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.parent.name)
def test_each_package_says_what_is_in_it(package: Path) -> None:
    """One or two sentences, and which file to open first."""
    docstring = ast.get_docstring(ast.parse(package.read_text(encoding="utf-8"))) or ""
    assert len(docstring.split()) > 4, f"{package.parent} has no docstring that says what is in it"
