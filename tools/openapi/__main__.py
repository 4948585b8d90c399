"""Writes docs/openapi.yaml, the page's openapi.json, and the table in docs/problems.md (`make openapi`)."""

import json
import re
from pathlib import Path

import yaml

from application_status.api_docs.problem_types import PROBLEM_TYPES
from openapi.document import document

_ROOT = Path(__file__).parents[2]
DESCRIPTION = _ROOT / "docs/openapi.yaml"
SHOWN = _ROOT / "src/application_status/api_docs/openapi.json"
PROBLEMS = _ROOT / "docs/problems.md"

_TABLE = re.compile(r"(?<=\| type \| status \| cause \| fix \|\n\|---\|---\|---\|---\|\n)(?:\|.*\n)+")


class _Dumper(yaml.SafeDumper):
    """A dumper that repeats equal parts instead of writing anchors."""

    def ignore_aliases(self, _data: object) -> bool:
        """Return True, so that no anchors are written."""
        return True


def written() -> dict[Path, str]:
    """Return the text of each generated file."""
    described = document()
    rows = [f"| `/problems/{each.type}` | {each.status} | {each.cause} | {each.fix} |\n" for each in PROBLEM_TYPES]
    return {
        DESCRIPTION: yaml.dump(described, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120),
        SHOWN: json.dumps(described, ensure_ascii=False, separators=(",", ":")) + "\n",
        PROBLEMS: _TABLE.sub(lambda _: "".join(rows), PROBLEMS.read_text(encoding="utf-8")),
    }


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
