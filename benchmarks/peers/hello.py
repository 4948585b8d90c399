"""A function that does nothing, as the lower bound."""

from typing import Any


def lambda_handler(_event: Any, _context: Any) -> dict[str, Any]:
    """Reply."""
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": '{"message":"hello"}'}
