"""A webhook with boto3 only: no framework, no logs, no metrics."""

import json
from typing import Any

from job import owner, record
from report import checked


def lambda_handler(event: Any, _context: Any) -> dict[str, Any]:
    """Receive a report."""
    ats = owner(event["headers"].get("X-AtsiToken", ""))
    if ats is None:
        return _reply(401, {"message": "no valid token"})
    try:
        report = checked(event["body"])
    except (ValueError, KeyError, TypeError):
        return _reply(422, {"message": "wrong body"})
    return _reply(200, record(ats, *report))


def _reply(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
