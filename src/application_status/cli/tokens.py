"""`application-status tokens`: issues, adopts, lists and revokes tokens."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError

from application_status.access import rules as tokens
from application_status.access.register import TokenRegister, TooManyTokens
from application_status.cli.output import json_option, print_error, print_line, print_table
from application_status.cli.target import AtsIdType, Target, ats_id, pass_target
from application_status.platform.values import AtsId, now, to_text

_MOST_DAYS = 3650

_days = click.option(
    "--days", type=click.IntRange(1, _MOST_DAYS), help="Days until it expires.  [default: the stack's TokenDays]"
)
_never = click.option("--never", is_flag=True, help="The token never expires.")


@click.group("tokens")
def commands() -> None:
    """Issue, list and revoke tokens of ATSs."""


@commands.command("issue")
@click.option("--ats", type=AtsIdType(), help="The id of the ATS.")
@click.option(
    "--from",
    "ids",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A file with the ids of several ATSs, one a line; each gets a token.",
)
@click.option("--test", is_flag=True, help="Test tokens, for the sandbox only.")
@_days
@_never
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="A new file, which only you can read.")
@click.option("--secret", metavar="NAME", help="A secret of AWS Secrets Manager; it is created or gets a new value.")
@click.option("--secret-prefix", metavar="PREFIX", help="Likewise for several ATSs; the ATS's id follows the prefix.")
@click.option("--show", is_flag=True, help="Print the token on this terminal.")
@pass_target
def _issue(  # noqa: PLR0913  # its options
    target: Target,
    *,
    ats: AtsId | None,
    ids: Path | None,
    test: bool,
    days: int | None,
    never: bool,
    out: Path | None,
    secret: str | None,
    secret_prefix: str | None,
    show: bool,
) -> int:
    """Create a token for an ATS, or for each ATS in a file, and store it in a file or a secret.

    A file for one ATS contains the token alone. One for several has a line `ATS,TOKEN` for each.
    """
    if (ats is None) == (ids is None):
        raise click.UsageError("Send either --ats or --from.")
    if sum(bool(each) for each in (out, secret, secret_prefix, show)) != 1:
        raise click.UsageError("Choose where to store the token: --out, --secret, --secret-prefix or --show.")
    if ids and secret:
        raise click.UsageError("Several tokens need --secret-prefix instead of --secret.")
    every = _read_ids(ids) if ids else [ats] if ats else []
    expires_at, register = _expiry(target, days, never=never), _register(target)
    code = 0
    with _place(target, out, secret, secret_prefix, alone=ats is not None) as store:
        for each in every:
            text = tokens.generate(test=test)
            try:
                token = register.add(text, each, issued_by=target.operator, expires_at=expires_at)
            except TooManyTokens as error:
                print_error(f"application-status: {error}")
                code = 1
                continue
            try:
                store(each, text)
            except BaseException:
                register.revoke(token.key_id)
                raise
            print_error(f"The token {token.key_id} of {each} is issued; it expires {_until(expires_at)}.")
    return code


@commands.command("adopt")
@click.option("--ats", required=True, type=AtsIdType(), help="The id of the ATS.")
@_days
@_never
@pass_target
def _adopt(target: Target, ats: AtsId, days: int | None, *, never: bool) -> None:
    """Register a token that was issued elsewhere, read from standard input."""
    expires_at = _expiry(target, days, never=never)
    text = sys.stdin.readline().strip()
    stored = _register(target).add(text, ats, issued_by=target.operator, expires_at=expires_at)
    print_line(stored.key_id)
    print_error(f"It expires {_until(expires_at)}.")


@commands.command("list")
@click.option("--ats", type=AtsIdType(), help="Only those of this ATS.")
@json_option
@pass_target
def _list(target: Target, ats: AtsId | None, *, as_json: bool) -> None:
    """List the ids of tokens, without their secrets."""
    found, moment = _register(target).list(ats), now()
    print_table(
        ("id", "ats", "kind", "state", "created", "issuer", "used", "expires"),
        [
            (
                token.key_id,
                token.ats_id,
                "test" if token.test else "live",
                "live" if token.is_live(moment) else "revoked" if token.revoked_at else "expired",
                to_text(token.created_at),
                token.issued_by,
                token.last_used_on,
                token.expires_at and to_text(token.expires_at),
            )
            for token in found
        ],
        as_json=as_json,
    )


@commands.command("revoke")
@click.argument("key_id", metavar="ID")
@pass_target
def _revoke(target: Target, key_id: str) -> None:
    """Revoke the token with this ID of `tokens list`; takes effect within 60 s."""
    _register(target).revoke(key_id)
    print_line(f"{key_id} is revoked; it stops working within 60 s.")


def _register(target: Target) -> TokenRegister:
    return TokenRegister(target.dynamodb, target.table("TokensTable"))


def _expiry(target: Target, days: int | None, *, never: bool) -> datetime | None:
    if days and never:
        raise click.UsageError("Send either --days or --never.")
    return None if never else now() + timedelta(days=days or target.token_days())


def _until(expires_at: datetime | None) -> str:
    return f"at {to_text(expires_at)}" if expires_at else "never"


def _read_ids(file: Path) -> Sequence[AtsId]:
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    return list(dict.fromkeys(ats_id(line) for line in lines if line))


type _Store = Callable[[AtsId, str], None]


@contextmanager
def _place(
    target: Target, out: Path | None, secret: str | None, prefix: str | None, *, alone: bool
) -> Iterator[_Store]:
    """Yield a function that stores a token of an ATS where the operator chose.

    Raises:
        FileExistsError: the file exists already.
    """
    if secret or prefix:
        secrets = target.client("secretsmanager")
        yield lambda ats, text: _put_secret(secrets, secret or f"{prefix}{ats}", text)
    elif out:
        with os.fdopen(os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:

            def write(ats: AtsId, text: str) -> None:
                file.write(f"{text}\n" if alone else f"{ats},{text}\n")
                file.flush()

            try:
                yield write
            finally:
                if not out.stat().st_size:
                    out.unlink()
    else:
        yield lambda ats, text: print_line(text if alone else f"{ats},{text}")


def _put_secret(secrets: Any, name: str, text: str) -> None:
    try:
        secrets.create_secret(Name=name, SecretString=text, Description="A token of the application-status service")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise
        secrets.put_secret_value(SecretId=name, SecretString=text)
