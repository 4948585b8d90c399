"""What all tests share. The functions read their environment when they are imported, so it is set before."""

import gc
import os
import signal
from collections.abc import Generator, Iterator

import pytest
from moto.core.config import default_user_config

from application_status.local.moto_patch import patch_moto
from application_status.local.template import Template
from local.process import LocalService
from prerequisites import missing
from support import proof
from support.leaks import no_leaks

__all__ = ["no_leaks"]

pytest.register_assert_rewrite("browser.windows")  # so that a failure shows the values

_TEMPLATE = Template({"FactsDelivery": "on", "EventDelivery": "on"})

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",  # moto's streams don't answer at an account's own endpoint
    POWERTOOLS_LOG_LEVEL="INFO",
)
for _function in _TEMPLATE.handlers():
    os.environ.update(_TEMPLATE.environment(_function))

# A session of its own for every mock would read botocore's models from disk for every client.
default_user_config["core"]["reset_boto3_session"] = False

patch_moto()


def pytest_configure(config: pytest.Config) -> None:
    """Print the figures of tests/promises."""
    config.pluginmanager.register(proof)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Stop before the first test where something is missing; keep what is imported out of every garbage collection."""
    folders = {item.path.relative_to(session.config.rootpath / "tests").parts[0] for item in session.items}
    is_worker = hasattr(session.config, "workerinput")  # which can't stop the others
    if not is_worker and (absent := missing(folders)):
        pytest.exit("\n- ".join(["These tests need what is missing here:", *absent]), returncode=1)
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Let them go at the end, which DuckDB looks at."""
    gc.unfreeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that skips itself: a missing engine must be seen."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped tests fail here: {report.longrepr}"
    return report


@pytest.fixture(scope="module")
def service(request: pytest.FixtureRequest) -> Iterator[LocalService]:
    """The local service as a process, one for each file of tests, with the options that the file may have."""
    service = LocalService(options=getattr(request.module, "SERVICE_OPTIONS", ()))
    try:
        service.wait_until_running()
        yield service
    finally:
        if service.process.poll() is None:
            service.end(signal.SIGTERM)
