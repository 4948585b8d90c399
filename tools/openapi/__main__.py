"""`make openapi`: writes the description, for readers and for the page that shows it, and docs/problems.md's table."""

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
    """Writes what occurs twice twice, rather than as an anchor."""

    def ignore_aliases(self, _data: object) -> bool:
        """Say that nothing is to be shared."""
        return True


def written() -> dict[Path, str]:
    """Return each generated file's text."""
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
