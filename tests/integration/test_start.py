"""What the functions have done by the end of their start, which is what a snapshot holds."""

import os
import subprocess
import sys

import pytest

from support.world import TEMPLATE

_START = """
import importlib, sys
from application_status.labels.rules.vocabulary import Vocabulary
importlib.import_module(sys.argv[1])
print(Vocabulary.load.cache_info().currsize, "http.client" in sys.modules)
"""
KEY = "AWS_ACCESS_KEY_ID"
ENDPOINT = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/credentials"}


def started(function: str, environ: dict[str, str]) -> tuple[bool, bool]:
    """Start a function; return whether it has loaded the vocabulary, and the HTTP client of its credentials."""
    module = TEMPLATE.handlers()[function].rpartition(".")[0]
    done = subprocess.run(
        [sys.executable, "-c", _START, module], env=environ, capture_output=True, text=True, check=True
    )
    vocabulary, http = done.stdout.split()
    return vocabulary == "1", http == "True"


@pytest.mark.parametrize("kind", ["snap-start", "provisioned-concurrency"])
def test_webhook_started_ahead_has_the_vocabulary(kind: str) -> None:
    """It takes longer to read than all else of a report, and no request waits for a start ahead."""
    assert started("WebhookFunction", os.environ | {"AWS_LAMBDA_INITIALIZATION_TYPE": kind})[0]


@pytest.mark.parametrize("kind", [{}, {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}], ids=str)
def test_webhook_started_for_a_request_has_no_more_than_it_needs(kind: dict[str, str]) -> None:
    """Few reports have a label to look up, and its credentials are in the environment."""
    assert started("WebhookFunction", os.environ | kind) == (False, False)


def test_webhook_in_a_snapshot_can_ask_for_credentials() -> None:
    """With SnapStart there are none in the environment; a restored copy imports nothing for them."""
    environ = {name: value for name, value in os.environ.items() if name != KEY} | ENDPOINT
    assert started("WebhookFunction", environ)[1]


def test_signals_start_with_the_vocabulary() -> None:
    """Every signal has a label."""
    assert started("SignalsFunction", dict(os.environ))[0]
