"""Checks what `make deploy ENV=...` needs before anything is built: the environment, the region, the credentials.

It names the account and the region that the deployment goes to, and warns of settings that production should have.
"""

import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

_CONFIGURATION = Path(__file__).parents[1] / "samconfig.toml"

_ADVISED = {
    "AlarmTopic": "alarms are shown in CloudWatch alone; nobody is notified",
    "DomainName": "the API's address ends in /v1, but the paths of both contracts start at the root",
}
"""Parameters that production should set, and what happens without them."""


class NotReady(Exception):
    """Something that the deployment needs is missing; the message says what, and what to do."""


def settings(environment: str, configuration: Path = _CONFIGURATION) -> dict[str, Any]:
    """Return the settings of `sam deploy` for an environment.

    Raises:
        NotReady: the configuration has no such environment.
    """
    sections = tomllib.loads(configuration.read_text(encoding="utf-8"))
    environments = {
        name: section["deploy"]["parameters"]
        for name, section in sections.items()
        if isinstance(section, dict) and "deploy" in section
    }
    if environment not in environments:
        raise NotReady(
            f"samconfig.toml has no environment {environment!r}. Use one of {', '.join(sorted(environments))}, as in"
            f" `make deploy ENV=dev`, or add a section [{environment}.deploy.parameters] to samconfig.toml."
        )
    found: dict[str, Any] = environments[environment]
    return found


def destination(deploy: dict[str, Any]) -> str:
    """Return the account, the region and the caller of a deployment; calls AWS.

    Raises:
        NotReady: there is no such profile, no region, or AWS does not accept the credentials.
    """
    try:
        session = boto3.Session(profile_name=deploy.get("profile"), region_name=deploy.get("region"))
    except ProfileNotFound as error:
        raise NotReady(f"{error}. Set AWS_PROFILE to one of those that `aws configure list-profiles` lists.") from error
    if not session.region_name:
        raise NotReady(
            "No AWS region is set. Set AWS_DEFAULT_REGION, as in `AWS_DEFAULT_REGION=eu-central-1 make deploy`, or"
            " set the region of your profile with `aws configure set region eu-central-1`."
        )
    try:
        caller = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise NotReady(
            f"AWS was not reached with valid credentials: {error}. Choose a profile, as in `AWS_PROFILE=my-profile make"
            " deploy`, and sign in with `aws sso login` (or `aws configure` for access keys)."
        ) from error
    return f"account {caller['Account']}, region {session.region_name}, as {caller['Arn']}"


def warnings(environment: str, deploy: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each parameter that production should set and does not."""
    values = deploy.get("parameter_overrides", [])
    given = dict(each.split("=", 1) for each in (shlex.split(values) if isinstance(values, str) else values))
    if environment == "prod":
        for name, effect in _ADVISED.items():
            if not given.get(name):
                yield f"{name} is not set in samconfig.toml: {effect}."


def main() -> int:
    """Check the environment that the argument names; return 1 if the deployment can't start."""
    (environment,) = sys.argv[1:]
    try:
        deploy = settings(environment)
        where = destination(deploy)
    except NotReady as missing:
        sys.stderr.write(f"`make deploy` has not started. {missing}\n")
        return 1
    for warning in warnings(environment, deploy):
        sys.stderr.write(f"Warning: {warning}\n")
    sys.stderr.write(f"Deploying {deploy['stack_name']} to {where}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
