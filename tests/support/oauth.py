"""Requests for access tokens, and credentials to send with them."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from application_status.access import clients
from application_status.access.register import TokenRegister
from application_status.access.rules import Token, generate_client
from application_status.platform.values import AtsId
from support.world import ATS, ATS_CLIENT_ID, ATS_CLIENT_SECRET, Answer, World, answer, http_event

PATH, INDEEDS_PATH = "/oauth/token", "/oauth/v2/tokens"
GRANT = {"grant_type": "client_credentials"}


class Credentials(NamedTuple):
    """A client_id and its client_secret."""

    client_id: str = ATS_CLIENT_ID
    client_secret: str = ATS_CLIENT_SECRET


def created(register: TokenRegister, ats_id: AtsId = ATS, *, test: bool = False, **given: Any) -> Credentials:
    """Create a client, as the command line does."""
    credentials = Credentials(*generate_client(test=test))
    register.add_client(*credentials, clients.public_key(credentials.client_secret), ats_id, **given)
    return credentials


def stored(register: TokenRegister, credentials: Credentials) -> Token:
    """Return a client from the table."""
    return next(each for each in register.list() if each.key_id == credentials.client_id)


def basic(credentials: Credentials) -> str:
    """Return the header Authorization with a client's credentials."""
    return f"Basic {b64encode(':'.join(credentials).encode()).decode()}"


def ask(
    world: World,
    body: Mapping[str, Any] | str,
    *,
    path: str = PATH,
    form: bool = True,
    address: str = "192.0.2.1",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send a token request, in a form or in JSON."""
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    text = body if isinstance(body, str) else urlencode(body) if form else json.dumps(body)
    event = http_event("POST", path, text, {"Content-Type": kind, **(headers or {})}, token=None)
    event["requestContext"]["identity"] = {"sourceIp": address}
    return answer(world.oauth(event, None))


def access_token(world: World, credentials: Credentials | None = None) -> str:
    """Return a new access token of a client."""
    reply = ask(world, GRANT | (credentials or Credentials())._asdict())
    assert reply.status == 200, reply.body
    token: str = reply.body["access_token"]
    return token
