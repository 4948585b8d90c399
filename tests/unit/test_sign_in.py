"""The local service's sign-in: from a link to a cookie, and from the cookie to a user's claims."""

import base64
import json
from email.message import Message
from typing import Any

import pytest

from application_status.local.sign_in import SIGN_IN_PATHS, claims, sign_in
from application_status.local.template import pattern

JOBSEEKER_TOKEN = base64.urlsafe_b64encode(json.dumps({"custom:jobseeker_id": "p-1"}).encode()).decode().rstrip("=")


def headers(**values: str) -> Message:
    message = Message()
    for name, value in values.items():
        message[name] = value
    return message


def event(method: str, path: str) -> dict[str, Any]:
    resource, match = next((each, m) for each in SIGN_IN_PATHS if (m := pattern(each).fullmatch(path)))
    return {"httpMethod": method, "resource": resource, "pathParameters": match.groupdict() or None}


def follow(path: str) -> dict[str, str]:
    """Return the headers that a link is answered with."""
    reply = sign_in(event("GET", path), None)
    assert (reply["statusCode"], reply["body"]) == (303, "")
    return reply["headers"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("path", "page", "expected"),
    [
        ("/sign-in/jobseeker/jobseeker-1", "/my/applications", {"custom:jobseeker_id": "jobseeker-1"}),
        ("/sign-in/client/example", "/quality", {"custom:client_id": "example"}),
        ("/sign-in/ats/demo-ats", "/quality", {"custom:ats_id": "demo-ats"}),
        ("/sign-in/staff", "/quality", {"cognito:groups": "staff"}),
        ("/sign-in/ats/a;b =ü\r\nX: y", "/quality", {"custom:ats_id": "a;b =ü\r\nX: y"}),
    ],
)
def test_link_signs_in(path: str, page: str, expected: dict[str, str]) -> None:
    """The link sets one cookie with the id, whatever its characters; it is HttpOnly and SameSite=Lax."""
    reply = follow(path)
    assert reply["Location"] == page
    cookie, *attributes = reply["Set-Cookie"].split("; ")
    assert attributes == ["HttpOnly", "Path=/", "SameSite=Lax"]
    assert cookie.isascii()
    assert cookie.isprintable()
    others = 'foo={"a": 1}; a b=c; _x[1]=2'  # of other programs on this machine
    assert claims(headers(Cookie=f"{others}; {cookie}")) == claims(headers(Cookie=f"{cookie}; {others}")) == expected


@pytest.mark.parametrize("method", ["POST", "PUT", "TRACE", ""])
def test_only_a_link_signs_in(method: str) -> None:
    """A form of another site's page does not."""
    reply = sign_in(event(method, "/sign-in/staff"), None)
    assert (reply["statusCode"], reply["headers"]["Allow"]) == (405, "GET, HEAD")
    assert "Set-Cookie" not in reply["headers"]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Cookie": "other=1"},
        {"Cookie": "sign-in="},
        {"Cookie": "sign-in=admin/1"},
        {"Cookie": "sign-in=\x00"},
        {"Authorization": "Bearer x"},
        {"Authorization": "Bearer a.b.c", "Cookie": "sign-in=staff"},
        {"Authorization": f"Bearer a.{base64.urlsafe_b64encode(b'[' * 100_000).decode()}.c"},
        {"Authorization": f"Bearer a.{base64.urlsafe_b64encode(b'{"a":' * 100_000).decode()}.c"},
        {"Authorization": f"Bearer a.{base64.urlsafe_b64encode(b'["staff"]').decode()}.c"},
        {"Authorization": f"Bearer a.{base64.urlsafe_b64encode(b'null').decode()}.c"},
    ],
)
def test_other_cookies_and_tokens_do_not_sign_in(given: dict[str, str]) -> None:
    """A missing cookie, or an invalid id token beside any cookie, gives no claims."""
    assert claims(headers(**given)) is None


def test_id_token_wins() -> None:
    """Its claims count, and not the cookie's."""
    given = headers(Authorization=f"Bearer header.{JOBSEEKER_TOKEN}.signature", Cookie="sign-in=staff")
    assert claims(given) == {"custom:jobseeker_id": "p-1"}
