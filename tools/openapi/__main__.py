"""Writes what `make openapi` writes.

The description of the API, its paths, the schemas of the events, the pages of the portal, and what documents repeat.
"""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from application_status.api_docs.description import ADDRESS
from application_status.api_docs.near_paths import PATHS_FILE
from application_status.api_docs.problem_types import PROBLEM_TYPES
from application_status.events.rules import (
    ApplicationErased,
    ApplicationStatusBackfilled,
    ApplicationStatusChanged,
    ApplicationStatusRecorded,
)
from application_status.local.template import Template
from application_status.platform.http.endpoint import UNKNOWN_PATH
from openapi.document import document
from openapi.schemas import Schemas
from portal import START, site, with_samples

_ROOT = Path(__file__).parents[2]
DESCRIPTION = _ROOT / "docs/openapi.yaml"
SHOWN = _ROOT / "src/application_status/api_docs/openapi.json"
PATHS = SHOWN.with_name(PATHS_FILE)
EVENTS = _ROOT / "docs/events.schema.json"
PROBLEMS = _ROOT / "docs/problems.md"

_TABLE = re.compile(r"(?<=\| type \| status \| cause \| fix \|\n\|---\|---\|---\|---\|\n)(?:\|.*\n)+")


class _Dumper(yaml.SafeDumper):
    """A dumper that repeats equal parts instead of writing anchors."""

    def ignore_aliases(self, _data: object) -> bool:
        """Return True, so that no anchors are written."""
        return True


def event_schemas() -> dict[str, Any]:
    """Return the JSON Schema of each event's detail, by detail-type."""
    schemas = Schemas()
    kinds = (ApplicationStatusChanged, ApplicationStatusBackfilled, ApplicationStatusRecorded, ApplicationErased)
    for kind in kinds:
        schemas.refer(kind, reply=False)
    text = json.dumps(schemas.components).replace("#/components/schemas/", "#/$defs/")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": json.loads(text)}


def public_paths() -> list[str]:
    """Return the paths of the API, but not those for the board's systems."""
    return sorted(
        {route.path for route in Template().routes() if route.authorizer != "AWS_IAM" and route.path != UNKNOWN_PATH}
    )


def written() -> dict[Path, str]:
    """Return the text of each generated file."""
    described = document()
    rows = [f"| `/problems/{each.type}` | {each.status} | {each.cause} | {each.fix} |\n" for each in PROBLEM_TYPES]
    return {
        DESCRIPTION: yaml.dump(described, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120),
        SHOWN: json.dumps(described | {"servers": [{"url": ADDRESS}]}, ensure_ascii=False, separators=(",", ":"))
        + "\n",
        PATHS: "".join(f"{path}\n" for path in public_paths()),
        EVENTS: json.dumps(event_schemas(), ensure_ascii=False, indent=2) + "\n",
        PROBLEMS: _TABLE.sub(lambda _: "".join(rows), PROBLEMS.read_text(encoding="utf-8")),
        START: with_samples(START.read_text(encoding="utf-8")),
        **site(),
    }


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
