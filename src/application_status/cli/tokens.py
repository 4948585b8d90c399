"""`application-status tokens`: issues, adopts, lists and revokes tokens."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from application_status.access import rules as tokens
from application_status.access.register import TooManyTokens
from application_status.cli.ats import ats_names
from application_status.cli.credentials import (
    days_option,
    expiry,
    never_option,
    place,
    print_issued,
    register,
    until,
)
from application_status.cli.output import json_option, print_error, print_line
from application_status.cli.target import AtsIdType, Target, ats_id, pass_target
from application_status.platform.values import AtsId


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
@click.option("--name", help="The name of the ATS, which reports and pages show; the same as `ats name`.")
@click.option("--test", is_flag=True, help="Test tokens, for the sandbox only.")
@days_option
@never_option
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
    name: str | None,
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
    if name and ats is None:
        raise click.UsageError("A --name is for one ATS: send it with --ats.")
    if name and ats:
        ats_names(target).set(ats, name)
    every = _read_ids(ids) if ids else [ats] if ats else []
    expires_at, stored = expiry(target, days, never=never), register(target)
    code = 0
    with place(target, out, secret, secret_prefix, alone=ats is not None) as store:
        for each in every:
            text = tokens.generate(test=test)
            try:
                token = stored.add(text, each, issued_by=target.operator, expires_at=expires_at)
            except TooManyTokens as error:
                print_error(f"application-status: {error}")
                code = 1
                continue
            try:
                store(each, text)
            except BaseException:
                stored.revoke(token.key_id)
                raise
            print_error(f"The token {token.key_id} of {each} is issued; it expires {until(expires_at)}.")
    return code


@commands.command("adopt")
@click.option("--ats", required=True, type=AtsIdType(), help="The id of the ATS.")
@days_option
@never_option
@pass_target
def _adopt(target: Target, ats: AtsId, days: int | None, *, never: bool) -> None:
    """Register a token that was issued elsewhere, read from standard input."""
    expires_at = expiry(target, days, never=never)
    text = sys.stdin.readline().strip()
    stored = register(target).add(text, ats, issued_by=target.operator, expires_at=expires_at)
    print_line(stored.key_id)
    print_error(f"It expires {until(expires_at)}.")


@commands.command("list")
@click.option("--ats", type=AtsIdType(), help="Only those of this ATS.")
@json_option
@pass_target
def _list(target: Target, ats: AtsId | None, *, as_json: bool) -> None:
    """List the ids of tokens, without their secrets."""
    print_issued("id", (token for token in register(target).list(ats) if not token.is_client), as_json=as_json)


@commands.command("revoke")
@click.argument("key_id", metavar="ID")
@pass_target
def _revoke(target: Target, key_id: str) -> None:
    """Revoke the token with this ID of `tokens list`; takes effect within 60 s."""
    register(target).revoke(key_id)
    print_line(f"{key_id} is revoked; it stops working within 60 s.")


def _read_ids(file: Path) -> Sequence[AtsId]:
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    return list(dict.fromkeys(ats_id(line) for line in lines if line))
