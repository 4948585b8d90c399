"""The credentials that Lambda gives a function: in its environment, or with SnapStart from an endpoint.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html#snapstart-credentials
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

import json
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from application_status.errors import SettingsError
from application_status.store.dynamodb import CONNECT_SECONDS, NoReply

_RENEW_SECONDS = 300
_OK = 200


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key pair, its session's token, and when both end (seconds since 1970)."""

    access_key: str
    secret_key: str
    token: str | None
    expires_at: float


class Source:
    """Gives credentials that are good for at least 5 more minutes, where there are such."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._found: Credentials | None = None

    def credentials(self) -> Credentials:
        """Return them; NoReply where the endpoint gives none, SettingsError where there is neither."""
        if self._found is None or self._found.expires_at < time.time() + _RENEW_SECONDS:
            self._found = self._find()
        return self._found

    def _find(self) -> Credentials:
        environ = self._environ
        if key := environ.get("AWS_ACCESS_KEY_ID"):
            token = environ.get("AWS_SESSION_TOKEN")
            return Credentials(key, environ["AWS_SECRET_ACCESS_KEY"], token, expires_at=float("inf"))
        url = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if url is None:
            raise SettingsError("AWS_ACCESS_KEY_ID and AWS_CONTAINER_CREDENTIALS_FULL_URI are both missing")
        return _fetch(url, environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"))


def _fetch(url: str, authorization: str | None) -> Credentials:
    """Ask the endpoint, which is on the same machine; NoReply where its answer holds no credentials."""
    where = urlsplit(url)
    headers = {"Authorization": authorization} if authorization else {}
    try:
        with closing(HTTPConnection(where.netloc, timeout=CONNECT_SECONDS)) as connection:
            connection.request("GET", f"{where.path or '/'}?{where.query}", headers=headers)
            reply = connection.getresponse()
            content = reply.read()
        if reply.status != _OK:
            raise NoReply(f"no credentials: the endpoint answered {reply.status}")
        answer: dict[str, Any] = json.loads(content)
        expires_at = datetime.fromisoformat(answer["Expiration"]).timestamp()
        return Credentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer.get("Token"), expires_at)
    except (OSError, HTTPException, LookupError, TypeError, ValueError) as error:
        raise NoReply(f"no credentials: {type(error).__name__}") from error
