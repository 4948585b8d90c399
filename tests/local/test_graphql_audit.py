"""The audits of the reference implementation of GraphQL over HTTP (npm `graphql-http`), against the local service."""

import json
import os
import subprocess

from application_status.local import demo
from local.process import ROOT, LocalService

AUDITS = 61
"""How many the suite has, so that none is left out unseen."""


def test_graphql_passes_all_audits(service: LocalService) -> None:
    """Without an error, a warning or a notice: all that the specification requires, recommends and allows."""
    result = subprocess.run(
        ["node", "tests/node/graphql_audit.cjs", f"{service.url}/graphql", demo.TOKEN],
        cwd=ROOT,
        env={**os.environ, "NODE_PATH": str(ROOT / ".tools/node/node_modules")},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found = json.loads(result.stdout)
    assert [each for each in found if each["status"] != "ok"] == []
    assert len(found) >= AUDITS
