"""Whatever is deleted from the template, a check of it fails: a resource, policy, setting, condition or parameter.

The checks are all tests of this folder that take the expanded template. So a new resource or setting needs a check
before this test passes.
"""

import inspect
import re
import runpy
from collections.abc import Callable, Iterator
from functools import cache, wraps
from pathlib import Path
from typing import Any

import pytest
import yaml

from application_status.local.template import Template

FIXTURE = re.compile(r"\b(expanded|resources|api): dict\[")

type Where = tuple[str | int, ...]
type Check = Callable[[dict[str, Any]], None]

CHECKED_ELSEWHERE = {
    r"Resources/\w+Role/Properties/Policies/\d(/Fn::If/1)?/PolicyDocument/Statement/\d+(/(Action|Resource)(/\d+)?)?": (
        "tests/integration/test_permissions.py compares what the roles of functions allow with what the functions do"
    ),
}
FREE = {
    r"(Resources/\w+/Properties/)?(Alarm)?Description|Resources/.*/PolicyName": "texts and names for readers",
    r"Resources/.*/(Rules|Targets)/\d+/Id": "tell the parts of a list apart",
    r"AWSTemplateFormatVersion": "CloudFormation knows one version",
    r"Resources/\w+/Properties/(Tags|Code)(/.*)?": "written by SAM, for the build",
    r"Resources/ApiDeployment\w+/Properties/Description|Resources/Api/Properties/Body/info(/.*)?": "written by SAM",
    r"Resources/Api/Properties/Body/(paths/.*/responses|components/securitySchemes/\w+/(in|name|type))": "the same",
}
"""Places whose deletion no check of the template sees, as regular expressions, and why none needs to."""


def checks() -> Iterator[Check]:
    """Yield the tests of the template as functions of the expanded template, one for each row of parameters."""
    for path in sorted({*Path(__file__).parent.glob("test_*.py")} - {Path(__file__)}):
        if FIXTURE.search(path.read_text(encoding="utf-8")):
            for name, test in runpy.run_path(str(path)).items():  # as plain asserts: pytest's own take long to fail
                taken = set(inspect.signature(test).parameters) if name.startswith("test_") else set()
                for row in rows(test):
                    if taken and taken <= {"expanded", "resources", "api", *row}:
                        yield bound(test, taken, row)


def rows(test: Any) -> list[dict[str, Any]]:
    """Return the arguments of each run of a test, by their names."""
    found: list[dict[str, Any]] = [{}]
    for mark in getattr(test, "pytestmark", ()):
        names = re.findall(r"\w+", str(mark.args[0]))
        values = [each if len(names) > 1 else (each,) for each in mark.args[1]]
        found = [row | dict(zip(names, each, strict=True)) for row in found for each in values]
    return found


def bound(test: Callable[..., None], taken: set[str], row: dict[str, Any]) -> Check:
    @wraps(test)
    def check(expanded: dict[str, Any]) -> None:
        resources = expanded["Resources"]
        known = {"expanded": expanded, "resources": resources, **row}
        if "api" in taken:
            known["api"] = resources["Api"]["Properties"]["Body"]
        test(**{name: known[name] for name in taken})

    return check


def places(node: Any, where: Where = ()) -> Iterator[Where]:
    """Yield the place of each member and element; an intrinsic function other than Fn::If is a value as a whole."""
    if isinstance(node, dict) and len(node) == 1 and re.match("Ref|Fn::(?!If)", next(iter(node))):
        return
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in parts:
        yield (*where, key)
        yield from places(value, (*where, key))


def fails_without(expanded: dict[str, Any], where: Where, all_checks: list[Check]) -> bool:
    """Return whether a check fails while the part at a place is deleted."""
    *path, last = where
    parent: Any = expanded
    for key in path:
        parent = parent[key]
    whole = parent.copy()
    del parent[last]
    try:
        for check in all_checks:
            if fails(check, expanded):
                all_checks.remove(check)
                all_checks.insert(0, check)  # it probably fails for the next part as well
                return True
        return False
    finally:
        parent.clear()
        if isinstance(parent, dict):
            parent.update(whole)
        else:
            parent.extend(whole)


def fails(check: Check, expanded: dict[str, Any]) -> bool:
    try:
        check(expanded)
    except Exception:  # noqa: BLE001  # a KeyError fails a test, too
        return True
    return False


def is_free(place: str) -> bool:
    return any(re.fullmatch(pattern, place) for pattern in FREE)


def is_checked_elsewhere(place: str, functions: set[str]) -> bool:
    role = place.split("/")[1].removesuffix("Role") if place.startswith("Resources/") else ""
    return f"{role}Function" in functions and any(re.fullmatch(pattern, place) for pattern in CHECKED_ELSEWHERE)


def test_deletion_of_any_part_fails_a_check(expanded: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A template that lacks a part differs from the one that the tests describe; the parts without a check are few."""
    monkeypatch.setattr(yaml, "load", cache(yaml.load))  # some checks read the file as well
    all_checks = list(checks())
    assert not [check for check in all_checks if fails(check, expanded)], "fix these first"
    functions = set(Template({"FactsDelivery": "on", "EventDelivery": "on"}).handlers())
    unchecked = [
        place
        for where in places(expanded)
        if not is_checked_elsewhere(place := "/".join(map(str, where)), functions)
        and not is_free(place)
        and not fails_without(expanded, where, all_checks)
    ]
    assert not unchecked, f"{len(unchecked)} parts of the template can be deleted without a failing check"


def test_few_parts_are_free(expanded: dict[str, Any]) -> None:
    """Each pattern is in use."""
    all_places = ["/".join(map(str, where)) for where in places(expanded)]
    for pattern in FREE | CHECKED_ELSEWHERE:
        assert any(re.fullmatch(pattern, place) for place in all_places), pattern
