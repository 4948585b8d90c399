"""A stand-in for the user pool of the local service: a link signs a user in, with a cookie.

/sign-in/jobseeker/<id>   the jobseekers' page
/sign-in/client/<id>      the quality page, as a client
/sign-in/ats/<id>         the quality page, as an ATS
/sign-in/staff            the quality page, as the board's staff
"""

import base64
import json
from collections.abc import Mapping
from email.message import Message
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

from application_status.platform.errors import MethodNotAllowed
from application_status.platform.http.endpoint import Reply, Request, refusal

_COOKIE = "sign-in"
_CLAIMS = {"jobseeker": "custom:jobseeker_id", "client": "custom:client_id", "ats": "custom:ats_id"}
_STAFF, _GROUPS = "staff", "cognito:groups"

SIGN_IN_PATHS = (f"/sign-in/{_STAFF}", *(f"/sign-in/{role}/{{Id}}" for role in _CLAIMS))


def sign_in(event: Mapping[str, Any], _context: Any) -> Reply:
    """Reply to a sign-in link with a cookie and a redirect to the role's page."""
    request = Request.from_event(event)
    try:
        request.require_method("GET", "HEAD")
    except MethodNotAllowed as error:
        return refusal(error, request)
    role = event["resource"].split("/")[2]
    who = "/".join([role, *(quote(each, safe="") for each in (event["pathParameters"] or {}).values())])
    page = "/my/applications" if role == "jobseeker" else "/quality"
    headers = {"Location": page, "Set-Cookie": f"{_COOKIE}={who}; HttpOnly; Path=/; SameSite=Lax"}
    return {"statusCode": HTTPStatus.SEE_OTHER, "headers": headers | {"Cache-Control": "no-store"}, "body": ""}


def claims(headers: Message) -> Mapping[str, str] | None:
    """Return the claims that a Cognito authorizer would pass on, or None if no user is signed in.

    An id token, which is not verified, takes precedence over the cookie.
    """
    if "Authorization" in headers:
        return _of_id_token(headers["Authorization"])
    cookies = (each.strip().partition("=") for each in headers.get("Cookie", "").split(";"))
    remembered = next((value for name, _, value in cookies if name == _COOKIE), "")
    role, _, who = remembered.partition("/")
    if role == _STAFF:
        return {_GROUPS: _STAFF}
    return {_CLAIMS[role]: unquote(who)} if role in _CLAIMS else None


def _of_id_token(authorization: str) -> Mapping[str, str] | None:
    try:
        payload = authorization.removeprefix("Bearer ").split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
