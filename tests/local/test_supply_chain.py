"""What is deployed and what builds it is pinned, and can be listed."""

import json
import re
import subprocess

from prerequisites import ROOT

_REQUIREMENT = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


def test_actions_are_pinned_by_their_commit() -> None:
    """A tag could be moved to other code; the comment says which version a commit is."""
    used = [
        line.strip()
        for path in (ROOT / ".github/workflows").glob("*.yml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]
    assert used
    assert [line for line in used if not re.fullmatch(r"- uses: [\w-]+/[\w-]+@[0-9a-f]{40}  # v[\d.]+", line)] == []


def test_every_deployed_package_has_hashes() -> None:
    """pip then refuses a file with other contents."""
    requirements = (ROOT / "src/requirements.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\w)", requirements.strip())
    assert len(entries) == len(_REQUIREMENT.findall(requirements))
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_tools_are_pinned_by_version() -> None:
    """Whatever the Makefile installs, beside pip, which builds with SAM."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    tools = re.findall(r"^TOOL_\w+ := (.*)$", makefile, re.MULTILINE)
    tools += re.findall(r"pip install --quiet (uv.*)$", makefile, re.MULTILINE)
    assert len(tools) >= 6
    named = [tool for each in tools for tool in each.split() if tool != "pip"]
    assert [tool for tool in named if not re.search(r"==\$\(\w+_VERSION\)", tool)] == []


def test_sbom_lists_what_is_deployed() -> None:
    """The packages of src/requirements.txt, each with the hashes of its files."""
    subprocess.run(["make", "-s", "-o", ".venv/.ready", "sbom"], cwd=ROOT, check=True)
    content = json.loads((ROOT / ".aws-sam/sbom.cdx.json").read_text(encoding="utf-8"))
    assert (content["bomFormat"], content["metadata"]["component"]["name"]) == ("CycloneDX", "application-status")
    requirements = (ROOT / "src/requirements.txt").read_text(encoding="utf-8")
    components = content["components"]
    assert {(each["name"], each["version"]) for each in components} == set(_REQUIREMENT.findall(requirements))
    assert all(file["hashes"] for each in components for file in each["externalReferences"])
