"""The floor: a function that does nothing."""

from typing import Any


def lambda_handler(_event: Any, _context: Any) -> dict[str, Any]:
    """Answer."""
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": '{"message":"hello"}'}
