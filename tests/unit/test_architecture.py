"""The package's structure: rules are pure, and each folder has a docstring."""

import ast
import sys
from pathlib import Path

import grimp
import pytest

import application_status

PACKAGE = "application_status"
PURE_PLATFORM = {f"{PACKAGE}.platform.{name}" for name in ("errors", "escaping", "settings", "values")}
LAYERS = ("quality jobseeker labels", "applications access", "platform")
"""The layers with rules that others use, from the top; the import contracts in pyproject.toml have all layers."""

GRAPH = grimp.build_graph(PACKAGE, include_external_packages=True, cache_dir=None)
RULES = sorted(each for each in GRAPH.modules if each.startswith(f"{PACKAGE}.") and "rules" in each.split("."))
ROOT = Path(application_status.__file__).parent
FOLDERS = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.rglob("__init__.py"))


def room(module: str) -> str:
    return module.split(".")[1]


def layer(name: str) -> int:
    """Return the number of a room's layer, from 0 at the top; rooms above all of these have -1."""
    return next((number for number, rooms in enumerate(LAYERS) if name in rooms.split()), -1)


def is_allowed(importer: str, imported: str) -> bool:
    """Return whether rules may import a module."""
    if not imported.startswith(f"{PACKAGE}."):
        return imported.split(".", maxsplit=1)[0] in sys.stdlib_module_names
    if imported in PURE_PLATFORM:
        return True
    own, other = room(importer), room(imported)
    return "rules" in imported.split(".") and (other == own or layer(other) > layer(own))


def test_there_are_rules() -> None:
    """The search by name finds them, in a module of this name and in a package of this name."""
    assert {f"{PACKAGE}.access.rules", f"{PACKAGE}.applications.rules.report"} <= set(RULES)


@pytest.mark.parametrize("module", RULES)
def test_rules_are_pure(module: str) -> None:
    """They import the standard library, rules of their own room and of rooms below, and pure platform modules."""
    imported = GRAPH.find_modules_directly_imported_by(module)
    assert {each for each in imported if not is_allowed(module, each)} == set()


@pytest.mark.parametrize("module", sorted(PURE_PLATFORM))
def test_pure_platform_modules_are_pure(module: str) -> None:
    imported = GRAPH.find_modules_directly_imported_by(module)
    assert {each for each in imported if each not in PURE_PLATFORM and not is_allowed(module, each)} == set()


@pytest.mark.parametrize(
    "imported",
    ["boto3", "pydantic", "platform.dynamodb.client", "platform.telemetry", "applications.items", "labels.overrides",
     "quality.rules.periods"],
)  # fmt: skip
def test_other_imports_are_found(imported: str) -> None:
    """A new import by the rules of labels is a failure: of a library, of storage, of a room beside or above."""
    name = f"{PACKAGE}.{imported}" if "." in imported else imported
    assert not is_allowed(f"{PACKAGE}.labels.rules.matching", name)


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_has_a_docstring(folder: str) -> None:
    """It says what is in the folder, in more than a word."""
    text = ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert len(text.split()) > 1
