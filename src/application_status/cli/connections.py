"""`application-status connections`: customers' accounts at ATSs whose own webhooks are received."""

import sys
from collections.abc import Sequence

import click

from application_status.access.connections import Connection, ConnectionRegister, ConnectionState
from application_status.access.envelope import Envelope
from application_status.access.rules import random_secret
from application_status.applications.rules.report import NATIVE, Channel
from application_status.cli.output import json_option, print_error, print_line, print_table
from application_status.cli.target import AtsIdType, Target, pass_target
from application_status.intake.connect.providers import PROVIDERS, SecretFrom
from application_status.platform.errors import UnknownConnection
from application_status.platform.kms import DataKeys
from application_status.platform.values import AtsId, to_text
from application_status.texts.texts import ENGLISH

_PROVIDER = click.Choice([str(each) for each in NATIVE])


@click.group("connections")
def commands() -> None:
    """Create, list, change and disable connections: customers' accounts at ATSs that send native webhooks."""


@commands.command("create")
@click.option("--provider", required=True, type=_PROVIDER, help="The ATS's product.")
@click.option("--ats", required=True, type=AtsIdType(), help="The AtsId of the client's registrations.")
@click.option("--client", required=True, type=AtsIdType(), help="The ClientId whose applications it may change.")
@pass_target
def _create(target: Target, provider: str, ats: AtsId, client: str) -> None:
    """Create a connection, and print what the customer's administrator enters in the ATS.

    Send the URL and the secret by a way that is fit for passwords. The URL can't be printed again.
    """
    of = PROVIDERS[Channel(provider)]
    secret = random_secret() if of.secret_from is SecretFrom.BOARD else None
    connection, key = _register(target).create(provider, ats, client, secret=secret, created_by=target.operator)
    print_line(f"Connection: {connection.id}")
    print_line(f"URL:        {target.api_url()}/connect/{provider}/{connection.id}/{key}")
    print_line(f"Secret:     {secret or f'{of.title} shows it; store it with `connections secret {connection.id}`'}")
    print_line(f"Page:       {target.api_url()}/connections/{connection.id}")
    _print_checklist(provider)


@commands.command("list")
@click.option("--client", type=AtsIdType(), help="Only those of this client.")
@json_option
@pass_target
def _list(target: Target, client: str | None, *, as_json: bool) -> None:
    """List connections, without their secrets."""
    _print([each for each in _register(target).all() if client in {None, each.client_id}], as_json=as_json)


@commands.command("show")
@click.argument("connection_id", metavar="ID")
@json_option
@pass_target
def _show(target: Target, connection_id: str, *, as_json: bool) -> None:
    """Print a connection, when each of its secrets was added, and what to select in the ATS."""
    connection = _get(_register(target), connection_id)
    _print([connection], as_json=as_json)
    if as_json:
        return
    for number, added_at in enumerate(connection.secrets_added_at, start=1):
        print_line(f"secret {number}: added {to_text(added_at)}")
    _print_checklist(connection.provider)


@commands.command("secret")
@click.argument("connection_id", metavar="ID")
@click.option("--generate", is_flag=True, help="Make a new secret, add it and print it.")
@click.option("--remove", type=click.IntRange(1), metavar="N", help="Remove the secret N of `connections show`.")
@click.option("--show", is_flag=True, help="Print the secrets on this terminal; the audit log says so.")
@pass_target
def _secret(target: Target, connection_id: str, *, generate: bool, remove: int | None, show: bool) -> None:
    """Add a secret that the ATS shows, from standard input or a prompt.

    A connection can have five secrets at the same time. A change takes effect within 60 s.
    """
    if sum((generate, bool(remove), show)) > 1:
        raise click.UsageError("Send only one of --generate, --remove and --show.")
    register = _register(target)
    connection = _get(register, connection_id)
    if connection.state is ConnectionState.DISABLED:
        raise ValueError(f"{connection_id} is disabled; create a new connection")
    if show:
        for secret in register.secrets(connection):
            print_line(secret)
    elif remove:
        changed = register.remove_secret(connection, remove)
        print_line(f"Secret {remove} of {connection_id} is removed; {_count(changed)} within 60 s.")
    else:
        secret = random_secret() if generate else _read_secret()
        changed = register.add_secret(connection, secret)
        if generate:
            print_line(secret)
        print_error(f"The secret of {connection_id} is added; {_count(changed)} within 60 s.")


@commands.command("disable")
@click.argument("connection_id", metavar="ID")
@pass_target
def _disable(target: Target, connection_id: str) -> None:
    """Disable a connection permanently and delete its secrets; takes effect within 60 s."""
    register = _register(target)
    register.disable(_get(register, connection_id))
    print_line(f"{connection_id} is disabled; it stops working within 60 s.")


def _register(target: Target) -> ConnectionRegister:
    table, key_id = target.table("ConnectionsTable"), target.key("SecretsKey")
    return ConnectionRegister(target.dynamodb, table, Envelope(DataKeys(target.kms)), key_id)


def _get(register: ConnectionRegister, connection_id: str) -> Connection:
    try:
        return register.get(connection_id)
    except UnknownConnection:
        raise LookupError(f"there is no connection {connection_id}; `connections list` has the ids") from None


def _read_secret() -> str:
    if sys.stdin.isatty():
        secret: str = click.prompt("Secret", hide_input=True)
        return secret.strip()
    return sys.stdin.readline().strip()


def _count(connection: Connection) -> str:
    number = len(connection.secrets_added_at)
    return f"{number} secret is valid" if number == 1 else f"{number} secrets are valid"


def _print_checklist(provider: str) -> None:
    print_line(f"In {PROVIDERS[Channel(provider)].title}:")
    for number, each in enumerate(ENGLISH(f"connection.checklist.{provider}").splitlines(), start=1):
        print_line(f"{number}. {each}")


def _print(connections: Sequence[Connection], *, as_json: bool) -> None:
    print_table(
        ("id", "provider", "ats", "client", "state", "secrets", "created", "creator"),
        [
            (
                each.id,
                each.provider,
                each.ats_id,
                each.client_id,
                each.state,
                len(each.secrets_added_at),
                to_text(each.created_at),
                each.created_by,
            )
            for each in connections
        ],
        as_json=as_json,
    )
