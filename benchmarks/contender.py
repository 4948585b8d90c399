"""The functions to compare: the webhook of `make build-host`, with its own and other transports, and its peers."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EVENT: dict[str, Any] = json.loads((ROOT / "events/WebhookFunction/report.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Contender:
    """A function: its title, package folder, handler, and further folders on its PYTHONPATH."""

    title: str
    folder: Path
    handler: str
    beside: tuple[Path, ...] = ()

    @property
    def package_bytes(self) -> int:
        """The size of its unzipped package, including bytecode."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def environment(self, tables: str) -> dict[str, str]:
        """Return the environment variables of the function's process."""
        return {
            "APPLICATIONS_TABLE": "ApplicationsTable",
            "TOKENS_TABLE": "TokensTable",
            "REQUESTS_PER_SECOND": "1000000",  # requests follow each other as fast as they can here
            "UNKNOWN_APPLICATIONS": "reject",
            "SANDBOX_APPLICATIONS_TABLE": "SandboxApplicationsTable",
            "SANDBOX_REQUESTS_TABLE": "SandboxRequestsTable",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "PYDANTIC_DISABLE_PLUGINS": "__all__",
            "AWS_ENDPOINT_URL_DYNAMODB": tables,
            "AWS_ACCESS_KEY_ID": "A" * 20,
            "AWS_SECRET_ACCESS_KEY": "s" * 40,
            "AWS_SESSION_TOKEN": "t" * 400,
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "10",
            "PYTHONPATH": ":".join(map(str, (self.folder, *self.beside))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONNOUSERSITE": "1",
            "PYTHONHASHSEED": "0",
        }


def _peer(title: str, module: str) -> Contender:
    return Contender(title, ROOT / ".tools/peers" / module, f"{module}.lambda_handler")


def _over(title: str, module: str) -> Contender:
    return Contender(title, OURS.folder, f"benchmarks.transports.{module}.lambda_handler", (ROOT,))


OURS = Contender(
    "this webhook", ROOT / ".aws-sam/host/WebhookFunction", "application_status.functions.webhook.lambda_handler"
)
TRANSPORTS = (
    _over("botocore's SigV4Auth + urllib3", "sigv4_urllib3"),
    _over("boto3", "boto3_client"),
)
PEERS = (
    _peer("hello world (the floor)", "hello"),
    _peer("bare boto3", "bare"),
    _peer("Flask + apig-wsgi", "flask_wsgi"),
    _peer("Powertools with validation", "powertools"),
    _peer("Litestar + Mangum", "litestar_mangum"),
    _peer("FastAPI + Mangum", "fastapi_mangum"),
)
