"""Prints the template with all of its optional parts, as JSON, for linters that don't evaluate its conditions."""

import json
import sys
from typing import Any

from application_status.local.template import read_template


def full(node: Any) -> Any:
    """Return a part of the template as it is where every condition is true, and no parameter is empty."""
    if isinstance(node, list):
        return [full(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "Fn::If" in node:
        return full(node["Fn::If"][1])
    return {
        key: full(value)
        for key, value in node.items()
        if (key, value) != ("Default", "") and not is_condition(key, value)
    }


def is_condition(key: str, value: Any) -> bool:
    """Return whether this is the name of a resource's condition, and no condition of a policy."""
    return key == "Condition" and isinstance(value, str)


if __name__ == "__main__":
    template = full(read_template())
    del template["Conditions"]
    json.dump(template, sys.stdout, indent=1)
