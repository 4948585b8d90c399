"""Starts a function and calls it repeatedly without Lambda's runtime, for valgrind."""

import importlib
import json
import sys
from pathlib import Path

_EVENT = json.loads((Path(__file__).parents[1] / "events/WebhookFunction/report.json").read_text(encoding="utf-8"))


class _Context:
    aws_request_id = "1"
    function_name = "bench"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:bench"


module, _, attribute = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module), attribute)
answers = [handler(_EVENT, _Context())["statusCode"] for _ in range(int(sys.argv[2]))]
sys.exit(set(answers) != {200})
