"""Events that are wrong somewhere, in any of their parts."""

from collections.abc import Mapping
from typing import Any

from support.odd_values import TEXTS, Odd

_NAMES = [
    "kind", "from", "to", "by", "ats", "client", "job", "interval", "after", "Accept", "accept", "Accept-Language",
    "Origin", "X-AtsiToken", "x-atsitoken", "Authorization", "Idempotency-Key", "idempotency-key", "content-type",
    "Content-Encoding", "Cookie", "cookie", "Sec-Fetch-Site", "traceparent", "X-Forwarded-For", "token", "application",
    "AtsiApplicationId", "ATS_ID", "FileId", "File", "Type", "proxy", "custom:jobseeker_id", "custom:client_id",
    "custom:ats_id", "cognito:groups", "connectionId", "provider", "key", "JobseekerStatus", "query", "variables",
]  # fmt: skip
_PARTS = ["resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters", "version",
          "multiValueQueryStringParameters", "pathParameters", "requestContext", "stageVariables", "body",
          "isBase64Encoded"]  # fmt: skip


def changed(event: dict[str, Any], odd: Odd) -> dict[str, Any]:  # noqa: PLR0911  # one for each kind of change
    """Return an event with one change; it shares what is not changed with the given one."""
    kind = odd.chance()
    if kind < 0.45:
        return event | _header(event, odd)
    if kind < 0.7:
        return event | _multiple(event, "queryStringParameters", "multiValueQueryStringParameters", odd)
    if kind < 0.8:
        return event | {"requestContext": odd.value(event.get("requestContext"))}
    if kind < 0.85:
        return event | {"httpMethod": odd.one_of(["GET", "POST", "PUT", "DELETE", "HEAD", "TRACE", "get", ""])}
    part = odd.one_of(_PARTS)
    if kind < 0.88:
        return {name: value for name, value in event.items() if name != part}
    if kind < 0.92:
        return event | {part: odd.anything()}
    return event | {part: odd.value(event.get(part))}


def _header(event: Mapping[str, Any], odd: Odd) -> dict[str, Any]:
    return _multiple(event, "headers", "multiValueHeaders", odd)


def _multiple(event: Mapping[str, Any], single: str, multiple: str, odd: Odd) -> dict[str, Any]:
    """Return the values that come once and in lists, with a change of one of them."""
    ones, lists = event.get(single) or {}, event.get(multiple) or {}
    if not (isinstance(ones, dict) and isinstance(lists, dict)):
        return {single: odd.anything(), multiple: odd.anything()}
    known = [name for name, value in ones.items() if isinstance(value, str)]
    name = odd.one_of(known) if known and odd.chance() < 0.6 else odd.one_of([*_NAMES, *TEXTS[:40]])
    old = ones.get(name, "")
    old = old if isinstance(old, str) else ""
    match odd.random.randrange(6):
        case 0:
            return {part: {each: value for each, value in found.items() if each != name}
                    for part, found in ((single, ones), (multiple, lists))}  # fmt: skip
        case 1:
            return {multiple: lists | {name: odd.anything()}}
        case 2:
            return {multiple: lists | {name: [old, odd.one_of(TEXTS)]}}
        case 3:
            return {multiple: lists | {name.swapcase(): [odd.text(old)]}}
        case _:
            value = odd.text(old) if old else odd.one_of(TEXTS)
            return {single: ones | {name: value}, multiple: lists | {name: [value]}}
