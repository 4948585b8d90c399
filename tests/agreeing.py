"""A client that asks two engines and answers only where they agree."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

_CONTENTS = ("Item", "Attributes", "Items", "Responses")


class Agreeing:
    """The client; the first engine's reply is the answer."""

    def __init__(self, first: Any, second: Any) -> None:
        self.engines = first, second

    def __getattr__(self, operation: str) -> Any:
        return partial(self._call, operation)

    def _call(self, operation: str, **request: Any) -> Any:
        first, second = [_said(getattr(engine, operation), request) for engine in self.engines]
        assert _essence(first, request) == _essence(second, request), f"{operation} {request}"
        if isinstance(first, ClientError):
            raise first
        return first


def _said(call: Any, request: Mapping[str, Any]) -> Any:
    try:
        return call(**request)
    except ClientError as error:
        return error


def _essence(reply: Any, request: Mapping[str, Any]) -> Any:
    """Return what has to agree: all but the order of what has none, and what an index leaves out."""
    if isinstance(reply, ClientError):
        response: Any = reply.response
        reasons = [(reason["Code"], reason.get("Item")) for reason in response.get("CancellationReasons", ())]
        return response["Error"]["Code"], response.get("Item"), reasons
    if "IndexName" in request:
        return sorted(repr((item["Job"], item["Contribution"])) for item in reply["Items"])
    return {name: _sorted(reply[name]) for name in _CONTENTS if reply.get(name)}


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _sorted(each) for name, each in value.items()}
    return sorted(map(_sorted, value), key=_text) if isinstance(value, list) else value


def _text(value: Any) -> str:
    return repr(sorted(value.items())) if isinstance(value, Mapping) else repr(value)
