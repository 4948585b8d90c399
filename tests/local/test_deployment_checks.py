"""`make deploy` checks environment, region and credentials before it builds, and says what to do."""

import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from deployment import NotReady, settings, warnings
from local.process import free_port
from prerequisites import ROOT

IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/platform</Arn><UserId>A</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
EXPIRED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error>
</ErrorResponse>"""


class Sts(BaseHTTPRequestHandler):
    """Answers as STS does: callers with the secret `valid` are known, the credentials of all others have expired."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        known = "Credential=VALID/" in self.headers["Authorization"]
        self.send_response(200 if known else 403)
        self.end_headers()
        self.wfile.write((IDENTITY if known else EXPIRED).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def sts() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Sts) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def machine(tmp_path: Path, sts: str) -> dict[str, str]:
    """An environment with a region and valid credentials, and no files of AWS's command line."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_STS": sts,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "VALID",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }


def check(machine: dict[str, str], environment: str = "dev") -> tuple[int, str]:
    command = ["make", "--no-print-directory", "-o", ".venv/.ready", "needs-deploy", f"ENV={environment}"]
    done = subprocess.run(command, cwd=ROOT, env=machine, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_destination_is_named_first(machine: dict[str, str]) -> None:
    """The account, the region, the caller and the stack."""
    where = "account 123456789012, region eu-central-1, as arn:aws:iam::123456789012:user/platform"
    assert check(machine) == (0, f"Deploying application-status-dev to {where}\n")


def test_unknown_environment_names_the_known_ones(machine: dict[str, str]) -> None:
    """It is refused before AWS is called."""
    code, printed = check(machine, "production")
    assert code != 0
    assert "`make deploy` has not started. samconfig.toml has no environment 'production'." in printed
    assert "Use one of dev, prod, staging, as in `make deploy ENV=dev`" in printed


def test_region_is_asked_for(machine: dict[str, str]) -> None:
    """Neither the environment nor the profile has one."""
    del machine["AWS_DEFAULT_REGION"]
    code, printed = check(machine)
    assert (code != 0, "No AWS region is set. Set AWS_DEFAULT_REGION" in printed) == (True, True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"AWS_ACCESS_KEY_ID": "EXPIRED"}, "The security token included in the request is expired"),
        ({"AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{free_port()}"}, "Could not connect to the endpoint URL"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "Unable to locate credentials"),
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found. Set AWS_PROFILE to one of"),
    ],
    ids=["expired", "no connection", "no credentials", "unknown profile"],
)
def test_credentials_are_tried(machine: dict[str, str], change: dict[str, str], message: str) -> None:
    """What AWS or its SDK says comes with the remedy."""
    code, printed = check({name: value for name, value in (machine | change).items() if value})
    assert code != 0
    assert message in printed
    assert "`make deploy` has not started" in printed
    assert "AWS_PROFILE" in printed


def test_profile_brings_region_and_credentials(machine: dict[str, str]) -> None:
    """AWS_PROFILE alone is enough."""
    Path(machine["AWS_CONFIG_FILE"]).write_text(
        "[profile board]\nregion = eu-west-1\naws_access_key_id = VALID\naws_secret_access_key = secret\n",
        encoding="utf-8",
    )
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del machine[name]
    code, printed = check(machine | {"AWS_PROFILE": "board"})
    assert (code, "region eu-west-1" in printed) == (0, True)


def test_production_is_warned_of_what_it_should_set() -> None:
    """A warning does not stop the deployment; other environments get none."""
    assert [each.partition(" ")[0] for each in warnings("prod", {})] == ["AlarmTopic", "DomainName"]
    complete = "AlarmTopic=arn:aws:sns:eu-central-1:123456789012:alarms DomainName=status.example.org"
    for overrides in (complete, complete.split()):
        assert list(warnings("prod", {"parameter_overrides": overrides})) == []
    assert list(warnings("dev", {})) == []


def test_added_environment_is_known(tmp_path: Path) -> None:
    """The environments are the sections of samconfig.toml that have settings for `sam deploy`."""
    configuration = tmp_path / "samconfig.toml"
    configuration.write_text('version = 0.1\n[test.deploy.parameters]\nstack_name = "a-stack"\n', encoding="utf-8")
    assert settings("test", configuration) == {"stack_name": "a-stack"}
    with pytest.raises(NotReady, match="Use one of test, as in"):
        settings("dev", configuration)


def test_nothing_is_built_where_the_checks_fail(machine: dict[str, str]) -> None:
    """`make deploy` checks first."""
    command = ["make", "-n", "-o", ".venv/.ready", "-o", ".tools/sam/.ready", "deploy", "ENV=prod"]
    printed = subprocess.run(command, cwd=ROOT, env=machine, capture_output=True, text=True, check=True).stdout
    steps = [printed.index(step) for step in ("-m deployment prod", "sam build", "sam deploy --config-env prod")]
    assert steps == sorted(steps)


@pytest.mark.parametrize("target", ["sam-api", "sam-invoke"])
def test_sam_local_gets_further_options(tmp_path: Path, target: str) -> None:
    """SAM_FLAGS are the last arguments of `sam local`."""
    sam = tmp_path / "sam"
    sam.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n', encoding="utf-8")
    sam.chmod(sam.stat().st_mode | stat.S_IXUSR)
    flags = "SAM_FLAGS=--skip-pull-image --docker-network my-network"
    command = ["make", "--no-print-directory", "-o", "build-host", target, f"SAM={sam}", flags]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    arguments = done.stdout.partition("<local>")[2]
    assert arguments.startswith(f"<{target.removeprefix('sam-').replace('api', 'start-api')}>")
    assert arguments.endswith("<--skip-pull-image><--docker-network><my-network>")
