"""Access tokens: where they work, until when, what they read, and that nobody but the service can make one."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from application_status.access import clients
from application_status.access.register import TokenRegister, TooManyTokens
from application_status.access.rules import access_token_prefix, generate, generate_client, is_test, sha256
from application_status.access.tokens import TokenLookup
from application_status.platform.values import AtsId, now
from support import sandbox
from support.faults import Clock
from support.oauth import GRANT, Credentials, access_token, ask, created, stored
from support.signals import post, signal
from support.world import ATS, OTHER_ATS, TEST_TOKEN, TOKEN, World, answer, http_event, set_last_use

START = "2026-11-22T09:00:00Z"
MUTATION = "mutation ($input: SendSignalInput!) { sendSignal(input: $input) }"
LIVE = "atsi_at_live_"


@pytest.fixture
def register(world: World) -> TokenRegister:
    return TokenRegister(world.dynamodb, "TokensTable")


def owner(world: World, token: str) -> AtsId | None:
    """Ask a fresh environment."""
    return TokenLookup(world.dynamodb, "TokensTable").owner(token)


def statuses(world: World, token: str) -> list[int]:
    """Send the token to every endpoint for ATSs, in each header that takes it."""
    report = {"AtsiApplicationId": "51c3be16-0f93-41ed-9cc0-9092222d7333", "Status": "INTERVIEW"}
    bearer = {"Authorization": f"Bearer {token}"}
    asked = [
        (world.webhook, "POST", "/api/application-status", report),
        (world.webhook, "POST", f"/qs-api/public/atsi/v1/{ATS}", report),
        (world.views, "GET", f"/api/application-status/{report['AtsiApplicationId']}", None),
        (world.views, "GET", "/api/quality", None),
        (world.sandbox, "POST", "/api/sandbox/applications", None),
    ]
    replies = [
        handler(http_event(method, path, body, headers, token=sent), None)["statusCode"]
        for handler, method, path, body in asked
        for headers, sent in ((bearer, None), ({}, token))
    ]
    return [*replies, post(world, {"query": MUTATION, "variables": {"input": signal()}}, bearer, token=None).status]


def test_access_token_works_like_a_token(world: World) -> None:
    """At each endpoint and in each header; the sandbox refuses a live one as it does a live token."""
    live = [200, 200, 200, 200, 200, 200, 200, 200, 403, 403, 200]
    assert statuses(world, access_token(world)) == statuses(world, TOKEN) == live


def test_access_token_of_a_test_client_selects_the_sandbox(world: World, register: TokenRegister) -> None:
    """It creates sandbox applications and reports about them, and sees no live ones."""
    token = access_token(world, created(register, test=True))
    assert token.startswith("atsi_at_test_")
    assert statuses(world, token) == statuses(world, TEST_TOKEN)
    own = answer(world.sandbox(http_event("POST", "/api/sandbox/applications", token=token), None)).body
    assert (
        world.report("OFFER", headers={"X-AtsiToken": token}, AtsiApplicationId=own["AtsiApplicationId"]).status == 200
    )
    assert sandbox.read_back(world, own["AtsiApplicationId"]).body["Status"] == "OFFER"
    assert world.stored().version == 1


def test_kind_of_an_access_token_is_its_clients(world: World, register: TokenRegister) -> None:
    """A test client's token with the prefix of a live one is none, and the other way round."""
    for test in (False, True):
        token = access_token(world, created(register, test=test))
        other = token.replace(*(("_test_", "_live_") if test else ("_live_", "_test_")), 1)
        assert is_test(other) is not test
        assert owner(world, token) == ATS
        assert owner(world, other) is None


def test_access_token_expires(world: World) -> None:
    """After 30 minutes, to the second, also in an environment that has it in its cache."""
    with time_machine.travel(START, tick=False) as moment:
        token = access_token(world)
        lookup = TokenLookup(world.dynamodb, "TokensTable", clock=Clock().monotonic)
        moment.shift(timedelta(minutes=30) - timedelta(milliseconds=1))
        assert lookup.owner(token) == ATS
        moment.shift(timedelta(milliseconds=1))
        assert lookup.owner(token) is None
        assert owner(world, token) is None


def test_clocks_of_environments_may_differ(world: World) -> None:
    """By 10 seconds: a token from a little later is valid, one from much later is not."""
    with time_machine.travel(START, tick=False) as moment:
        token = access_token(world)
        moment.shift(-10)
        assert owner(world, token) == ATS
        moment.shift(-1)
        assert owner(world, token) is None


def test_revocation_takes_effect_within_sixty_seconds(world: World, register: TokenRegister) -> None:
    """In an environment that has the client in its cache; a fresh one refuses its access tokens at once."""
    own = created(register)
    token, clock = access_token(world, own), Clock(now=1000)
    lookup = TokenLookup(world.dynamodb, "TokensTable", clock=clock.monotonic)
    assert lookup.owner(token) == ATS
    clock.sleep(1)
    register.revoke_client(own.client_id)
    assert owner(world, token) is None
    clock.sleep(58.9)
    assert lookup.owner(token) == ATS
    clock.sleep(0.1)
    assert lookup.owner(token) is None


def test_access_token_ends_with_its_client(world: World, register: TokenRegister) -> None:
    """When the client expires, also in an environment that has it in its cache."""
    with time_machine.travel(START, tick=False) as moment:
        token = access_token(world, created(register, expires_at=now() + timedelta(minutes=5)))
        lookup = TokenLookup(world.dynamodb, "TokensTable", clock=Clock().monotonic)
        moment.shift(timedelta(minutes=5) - timedelta(milliseconds=1))
        assert lookup.owner(token) == ATS
        moment.shift(timedelta(milliseconds=1))
        assert lookup.owner(token) is None


def test_only_the_client_is_read(world: World) -> None:
    """Once in 60 seconds, whatever the number of its access tokens, and never for the token itself."""
    with time_machine.travel(START, tick=False) as moment:
        issued = []
        for _ in range(5):
            issued.append(access_token(world))
            moment.shift(1)
        clock = Clock()
        lookup = TokenLookup(world.dynamodb, "TokensTable", clock=clock.monotonic)
        world.dynamodb.operations.clear()
        for token in issued * 3:
            assert lookup.owner(token) == ATS
        assert world.dynamodb.operations == ["GetItem"]
        clock.sleep(60)
        assert lookup.owner(issued[0]) == ATS
        assert world.dynamodb.operations == ["GetItem"] * 2


def test_valid_signatures_are_remembered(
    world: World, register: TokenRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is verified once in an environment, and only so many are remembered; invalid ones never."""
    token, verified = access_token(world, created(register)), []
    decode = jwt.decode

    def counting(signed: str, *given: Any, **options: Any) -> Any:
        verified.append(signed)
        return decode(signed, *given, **options)

    monkeypatch.setattr(jwt, "decode", counting)
    lookup = TokenLookup(world.dynamodb, "TokensTable", clock=Clock().monotonic)
    forged = token[:-8] + ("A" * 8)
    for _ in range(3):
        assert lookup.owner(token) == ATS
        assert lookup.owner(forged) is None
    assert (verified.count(token.removeprefix(LIVE)), verified.count(forged.removeprefix(LIVE))) == (1, 3)
    assert clients._signed_times.cache_info().maxsize == 1000  # noqa: SLF001  # it has no other sign


def test_use_of_a_client_is_stored(world: World, register: TokenRegister) -> None:
    """Once a day, by a token request or an access token; a wrong secret is no use."""
    own = created(register)
    with time_machine.travel(START, tick=False) as moment:
        assert ask(world, GRANT | own._asdict() | {"client_secret": "wrong"}).status == 401
        assert stored(register, own).last_used_on is None
        token = access_token(world, own)
        assert stored(register, own).last_used_on == "2026-11-22"
        set_last_use(world.client, "2026-11-21")
        moment.shift(1)
        assert owner(world, token) == ATS
        assert stored(register, own).last_used_on == "2026-11-22"


def test_table_contains_nothing_to_make_access_tokens_of(world: World, register: TokenRegister) -> None:
    """Neither the secret nor the private key: the digest and the public key, from which neither follows."""
    own = created(register)
    access_token(world, own)
    item = world.client.get_item(TableName="TokensTable", Key={"KeyId": {"S": own.client_id}})["Item"]
    assert {
        name: next(iter(value.values())) for name, value in item.items() if name not in ("CreatedAt", "LastUsedOn")
    } == {
        "KeyId": own.client_id,
        "AtsId": ATS,
        "TokenSha256": sha256(own.client_secret),
        "PublicKey": clients.public_key(own.client_secret),
    }
    private = clients._private_key(own.client_secret).private_bytes_raw()  # noqa: SLF001  # what must not be stored
    everything = json.dumps(world.client.scan(TableName="TokensTable")["Items"])
    for secret in (
        own.client_secret,
        base64.b64encode(private).decode(),
        base64.urlsafe_b64encode(private).decode(),
        private.hex(),
    ):
        assert secret not in everything
    for known in (item["TokenSha256"]["S"], item["PublicKey"]["S"]):
        assert clients.public_key(known) != item["PublicKey"]["S"]


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def changed(token: str, place: int, **changes: Any) -> str:
    """Change the header (place 0) or the claims (1) of an access token, with its signature as it is."""
    parts = token.removeprefix(LIVE).split(".")
    content = json.loads(base64.urlsafe_b64decode(parts[place] + "=="))
    parts[place] = part(content | changes)
    return LIVE + ".".join(parts)


def signed_by(secret: str, kid: str, **changes: Any) -> str:
    """Sign a token as the service does, with the key of a secret, but with other claims."""
    issued = int(now().timestamp())
    claims = {"sub": kid, "client_id": kid, "iat": issued, "exp": issued + 1800} | changes
    present = {name: value for name, value in claims.items() if value is not None}
    key = clients._private_key(secret)  # noqa: SLF001  # as a thief of a secret would
    return LIVE + jwt.encode(present, key, "EdDSA", {"kid": kid, "typ": "at+jwt"})


def signed_with_hmac(token: str, key: bytes, alg: str = "HS256") -> str:
    """Sign an access token's claims with a public value as the key of an HMAC."""
    header, claims, _ = token.removeprefix(LIVE).split(".")
    decoded = json.loads(base64.urlsafe_b64decode(header + "=="))
    body = f"{part(decoded | {'alg': alg})}.{claims}"
    signature = hmac.digest(key, body.encode(), hashlib.sha256)
    return f"{LIVE}{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def public(own: Credentials) -> str:
    return clients.public_key(own.client_secret)


def raw(own: Credentials) -> bytes:
    return base64.urlsafe_b64decode(public(own))


def pem(own: Credentials) -> bytes:
    key = clients._private_key(own.client_secret).public_key()  # noqa: SLF001  # its public part alone
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


type Forge = Callable[[str, Credentials, Credentials], str]

FORGERIES: dict[str, Forge] = {
    "other client's key": lambda _, own, other: signed_by(other.client_secret, own.client_id),
    "other client's kid": lambda token, _, other: changed(token, 0, kid=other.client_id),
    "other client's claims": lambda token, _, other: changed(token, 1, sub=other.client_id, client_id=other.client_id),
    "key of the digest": lambda _, own, __: signed_by(sha256(own.client_secret), own.client_id),
    "key of the public key": lambda _, own, __: signed_by(clients.public_key(own.client_secret), own.client_id),
    "later expiry": lambda token, *_: changed(token, 1, exp=int(now().timestamp()) + 9000),
    "alg none": lambda token, *_: changed(token, 0, alg="none"),
    "alg none, no signature": lambda token, *_: changed(token, 0, alg="none").rpartition(".")[0] + ".",
    "alg HS256": lambda token, own, _: signed_with_hmac(token, raw(own)),
    "alg HS256, text of the key": lambda token, own, _: signed_with_hmac(token, public(own).encode()),
    "alg HS256, PEM": lambda token, own, _: signed_with_hmac(token, pem(own)),
    "alg EdDSA, HMAC": lambda token, own, _: signed_with_hmac(token, raw(own), "EdDSA"),
    "own key in the header": lambda token, *_: changed(token, 0, jwk={"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}),
    "critical extension": lambda token, *_: changed(token, 0, crit=["b64"], b64=False),
    "no kid": lambda token, *_: changed(token, 0, kid=None),
    "kid of a token": lambda token, *_: changed(token, 0, kid="demo0001"),
    "kid that is no text": lambda token, *_: changed(token, 0, kid=["x"]),
    "kid of a limit": lambda token, *_: changed(token, 0, kid=f"limit#{ATS}"),
    "cut signature": lambda token, *_: token[:-1],
    "other signature": lambda token, *_: token[:-86] + "A" * 86,
    "no signature": lambda token, *_: token.rpartition(".")[0],
    "more after it": lambda token, *_: token + "A",
    "space after it": lambda token, *_: token + "=",
    "prefix alone": lambda *_: LIVE,
    "prefix twice": lambda token, *_: LIVE + token,
    "without its prefix": lambda token, *_: token.removeprefix(LIVE),
    "with a token's prefix": lambda token, *_: token.replace("atsi_at_live_", "atsi_live_"),
    "nested header": lambda *_: f"{LIVE}{base64.urlsafe_b64encode(b'[' * 700).decode().rstrip('=')}.e30.AA",
    "long header": lambda token, *_: changed(token, 0, x="x" * 4000),
    "no JSON": lambda *_: f"{LIVE}AAAA.AAAA.AAAA",
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_token_is_refused(world: World, register: TokenRegister, name: str) -> None:
    """Whether an environment knows the client or not."""
    own, other = created(register), created(register, OTHER_ATS)
    token = access_token(world, own)
    forged = FORGERIES[name](token, own, other)
    assert forged != token
    assert owner(world, forged) is None
    lookup = TokenLookup(world.dynamodb, "TokensTable")
    assert lookup.owner(token) == ATS
    assert lookup.owner(forged) is None
    assert world.report("INTERVIEW", headers={"X-AtsiToken": forged}).status == 401
    assert world.report("INTERVIEW", headers={"X-AtsiToken": token}).status == 200


ODD_TIMES: list[Any] = ["1", 1.5, [], {}, 10**400, -(10**400)]
ODD_CLAIMS: list[dict[str, Any]] = [
    {"exp": 10**10},
    {"sub": "other"},
    *({claim: None} for claim in ("sub", "client_id", "iat", "exp")),
    *({claim: value} for claim in ("iat", "exp") for value in ODD_TIMES),
]


@pytest.mark.parametrize("odd", ODD_CLAIMS, ids=str)
def test_client_cannot_sign_odd_tokens_for_itself(world: World, register: TokenRegister, odd: dict[str, Any]) -> None:
    """It could derive its private key from its secret; None leaves a claim out."""
    own = created(register)
    assert owner(world, signed_by(own.client_secret, own.client_id)) == ATS
    assert owner(world, signed_by(own.client_secret, own.client_id, **odd)) is None


def test_token_of_an_unknown_client_is_refused(world: World) -> None:
    """And so is one of a client that is only a token, whatever key signs it."""
    client_id, secret = generate_client()
    assert owner(world, signed_by(secret, client_id)) is None
    world.client.put_item(
        TableName="TokensTable",
        Item={
            "KeyId": {"S": client_id},
            "TokenSha256": {"S": sha256(secret)},
            "AtsId": {"S": ATS},
            "CreatedAt": {"S": START},
        },
    )
    assert owner(world, signed_by(secret, client_id)) is None


def test_every_changed_character_is_refused(world: World) -> None:
    """Of the whole text, in an environment that has verified the right one."""
    token, lookup = access_token(world), TokenLookup(world.dynamodb, "TokensTable")
    assert lookup.owner(token) == ATS
    for place, character in enumerate(token[:-1]):  # the last one has bits that mean nothing
        forged = token[:place] + ("A" if character != "A" else "B") + token[place + 1 :]
        assert lookup.owner(forged) is None, place


def test_rotation(world: World, register: TokenRegister) -> None:
    """Two clients of an ATS work side by side, beside its two tokens; test clients count for themselves."""
    register.add(generate(), ATS)
    first, second = (c for c in register.list(ATS) if c.is_client), created(register)
    (demo,) = (each for each in first if each.key_id != second.client_id)
    with pytest.raises(TooManyTokens, match=f"{ATS} has 2 live clients .*{second.client_id}"):
        created(register)
    for _ in range(2):
        created(register, test=True)
    with pytest.raises(TooManyTokens, match="2 live test clients"):
        created(register, test=True)
    old, new = access_token(world), access_token(world, second)
    assert [owner(world, each) for each in (old, new)] == [ATS, ATS]
    register.revoke_client(demo.key_id)
    assert [owner(world, each) for each in (old, new)] == [None, ATS]
    assert created(register)


def test_clients_and_tokens_are_revoked_by_their_own_commands(register: TokenRegister) -> None:
    """An id of the other kind is unknown."""
    own, token = created(register), register.add(generate(), ATS)
    with pytest.raises(LookupError, match="no token with the id"):
        register.revoke(own.client_id)
    with pytest.raises(LookupError, match="no client with the client_id"):
        register.revoke_client(token.key_id)
    assert not [each for each in register.list() if each.revoked_at]


def test_prefix_is_the_clients_kind(register: TokenRegister) -> None:
    """So no access token begins like a token."""
    assert {access_token_prefix(stored(register, created(register, test=test))) for test in (False, True)} == {
        "atsi_at_live_",
        "atsi_at_test_",
    }
    with pytest.raises(ValueError, match="not a token"):
        register.add("atsi_at_live_x", ATS)


def test_secrets_give_different_keys() -> None:
    """And a secret always the same one, whatever the execution environment."""
    secrets = [generate_client()[1] for _ in range(20)]
    assert len({clients.public_key(each) for each in secrets}) == 20
    assert clients.public_key("atsi_secret_x") == clients.public_key("atsi_secret_x")
    assert isinstance(clients._private_key("x"), Ed25519PrivateKey)  # noqa: SLF001
