"""`application-status clients`: creates, lists and revokes OAuth clients."""

import json
from pathlib import Path

import click

from application_status.access import clients
from application_status.access.rules import generate_client
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
from application_status.cli.target import AtsIdType, Target, pass_target
from application_status.platform.values import AtsId


@click.group("clients")
def commands() -> None:
    """Create, list and revoke OAuth clients of ATSs, which exchange their secret for access tokens."""


@commands.command("create")
@click.option("--ats", required=True, type=AtsIdType(), help="The id of the ATS.")
@click.option("--test", is_flag=True, help="A test client, for the sandbox only.")
@days_option
@never_option
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="A new file, which only you can read.")
@click.option("--secret", metavar="NAME", help="A secret of AWS Secrets Manager; it is created or gets a new value.")
@click.option("--show", is_flag=True, help="Print the client_id and client_secret on this terminal.")
@pass_target
def _create(  # noqa: PLR0913  # its options
    target: Target,
    *,
    ats: AtsId,
    test: bool,
    days: int | None,
    never: bool,
    out: Path | None,
    secret: str | None,
    show: bool,
) -> None:
    """Create a client for an ATS, and store its client_id and client_secret as JSON in a file or a secret.

    The client_secret can't be read again later.
    """
    if sum(bool(each) for each in (out, secret, show)) != 1:
        raise click.UsageError("Choose where to store the client_secret: --out, --secret or --show.")
    expires_at, stored = expiry(target, days, never=never), register(target)
    with place(target, out, secret) as store:
        client_id, client_secret = generate_client(test=test)
        public_key = clients.public_key(client_secret)
        stored.add_client(client_id, client_secret, public_key, ats, issued_by=target.operator, expires_at=expires_at)
        try:
            store(ats, json.dumps({"client_id": client_id, "client_secret": client_secret}))
        except BaseException:
            stored.revoke_client(client_id)
            raise
    print_error(f"The client {client_id} of {ats} is created; it expires {until(expires_at)}.")


@commands.command("list")
@click.option("--ats", type=AtsIdType(), help="Only those of this ATS.")
@json_option
@pass_target
def _list(target: Target, ats: AtsId | None, *, as_json: bool) -> None:
    """List the clients, without their secrets."""
    found = (each for each in register(target).list(ats) if each.is_client)
    print_issued("client_id", found, as_json=as_json)


@commands.command("revoke")
@click.argument("client_id", metavar="CLIENT_ID")
@pass_target
def _revoke(target: Target, client_id: str) -> None:
    """Revoke a client and its access tokens; takes effect within 60 s."""
    register(target).revoke_client(client_id)
    print_line(f"{client_id} is revoked; it and its access tokens stop working within 60 s.")
