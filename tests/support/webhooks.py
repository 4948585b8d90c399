"""Providers for tests of the endpoint: simple ones of each kind, whose events need no provider's knowledge."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from unittest.mock import patch

from application_status.access.connections import Connection, Created
from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.intake.connect.events import (
    Change,
    Delivery,
    Event,
    Ignored,
    Test,
    id_at,
    parse,
    signature_error,
    single_header,
    text_at,
)
from application_status.intake.connect.providers import Provider, SecretFrom
from application_status.platform import kms
from application_status.platform.values import AtsId
from support.world import ATS, Answer, World, answer, http_event

CLIENT = "client-1"
SECRET = "secret-of-the-connection"
HEADER = "X-Signature"
PING = b'{"test":true}'


def verify(delivery: Delivery, secrets: Sequence[str], _: datetime) -> str | None:
    """Check the HMAC of the body."""
    return signature_error(delivery.body, single_header(delivery, HEADER), secrets, name=HEADER, prefix="sha256 ")


def verify_token(delivery: Delivery, secrets: Sequence[str], _: datetime) -> str | None:
    """Check the HMAC of a token in the body, which covers nothing else of the body."""
    body = parse(delivery.body)
    return signature_error(
        (text_at(body, "token") or "").encode(), text_at(body, "signature"), secrets, name="signature"
    )


def read(body: bytes, provider: Channel) -> Sequence[Event]:
    """Return the event in a body."""
    content = parse(body)
    if content is None:
        return [Ignored(name="unreadable", reason="the body is no JSON object")]
    if content.get("test") is True:
        return [Test(name="ping")]
    label = text_at(content, "stage")
    ids = NativeIds(provider, id_at(content, "application"))
    return [Change(name="stage_change", ids=ids, identity=f"{label} {text_at(content, 'at')}", label=label)]


def is_test(body: bytes) -> bool:
    """Return whether a body is an unsigned test."""
    return (parse(body) or {}).get("test") is True


PROVIDERS: Mapping[Channel, Provider] = {
    Channel.GREENHOUSE: Provider("Greenhouse", SecretFrom.BOARD, verify, lambda body: read(body, Channel.GREENHOUSE)),
    Channel.RECRUITEE: Provider(
        "Recruitee",
        SecretFrom.ATS,
        verify,
        lambda body: read(body, Channel.RECRUITEE),
        is_test=is_test,
    ),
    Channel.LEVER: Provider(
        "Lever",
        SecretFrom.ATS,
        verify_token,
        lambda body: read(body, Channel.LEVER),
        single_use=lambda body: text_at(parse(body), "token"),
        success=202,
    ),
}


def local_kms(url: str) -> Any:
    """Return a client of a new server's KMS, in which the service's key is made."""
    client = kms.client(endpoint_url=url)
    client.create_alias(AliasName="alias/SecretsKey", TargetKeyId=client.create_key()["KeyMetadata"]["KeyId"])
    return client


def made_as(world: World, suffix: str, created_by: str = "operator") -> Connection:
    """Create a connection of Greenhouse with a known id, gr-<suffix>."""
    characters = iter(suffix)
    with patch("application_status.access.connections.secrets.choice", lambda _: next(characters)):
        return made(world, created_by=created_by).connection


def made(
    world: World, provider: Channel = Channel.GREENHOUSE, secret: str | None = SECRET, created_by: str = "operator"
) -> Created:
    """Create a connection."""
    return world.connections.create(provider, AtsId(ATS), CLIENT, secret=secret, created_by=created_by)


def stage(label: str = "On-site interview", application: str = "700100", **more: Any) -> bytes:
    """Return the body of a change of stage."""
    return json.dumps({"application": application, "stage": label, **more}).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return the header that signs a body."""
    return {HEADER: f"sha256 {mac(body, secret)}"}


def mac(content: bytes, secret: str = SECRET) -> str:
    """Return an HMAC in hexadecimal digits."""
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def path(connection: Connection, key: str) -> str:
    """Return the path of a connection's URL."""
    return f"/connect/{connection.provider}/{connection.id}/{key}"


def delivery(
    created: Created, body: bytes = PING, headers: Mapping[str, str] | None = None, *, is_base64: bool = True
) -> dict[str, Any]:
    """Return the event of a delivery, signed unless headers are given; API Gateway encodes all bodies in base64."""
    sent = signed(body) if headers is None else headers
    text = base64.b64encode(body).decode() if is_base64 else body.decode()
    return http_event("POST", path(*created), text, sent, token=None) | {"isBase64Encoded": is_base64}


def deliver(world: World, created: Created, body: bytes = PING, headers: Mapping[str, str] | None = None) -> Answer:
    """Send a delivery, signed unless headers are given."""
    return answer(world.connect(delivery(created, body, headers), None))
