"""What the commands for tokens and for OAuth clients have in common.

days_option, never_option, expiry   when what is issued expires
place                               where the operator gets it
print_issued                        the listing
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError

from application_status.access.register import TokenRegister
from application_status.access.rules import Token
from application_status.cli.output import print_line, print_table, private_file
from application_status.cli.target import Target
from application_status.platform.values import AtsId, now, to_text

_MOST_DAYS = 3650

days_option = click.option(
    "--days", type=click.IntRange(1, _MOST_DAYS), help="Days until it expires.  [default: the stack's TokenDays]"
)
never_option = click.option("--never", is_flag=True, help="It never expires.")


def register(target: Target) -> TokenRegister:
    """Return the register of a target's tokens and clients."""
    return TokenRegister(target.dynamodb, target.table("TokensTable"))


def expiry(target: Target, days: int | None, *, never: bool) -> datetime | None:
    """Return when something expires that is issued now, or None for never.

    Raises:
        UsageError: both options were given.
    """
    if days and never:
        raise click.UsageError("Send either --days or --never.")
    return None if never else now() + timedelta(days=days or target.token_days())


def until(expires_at: datetime | None) -> str:
    """Return when something expires, for a sentence."""
    return f"at {to_text(expires_at)}" if expires_at else "never"


def print_issued(id_name: str, issued: Iterable[Token], *, as_json: bool) -> None:
    """Print tokens or clients, without their secrets."""
    moment = now()
    print_table(
        (id_name, "ats", "kind", "state", "created", "issuer", "used", "expires"),
        [
            (
                each.key_id,
                each.ats_id,
                "test" if each.test else "live",
                "live" if each.is_live(moment) else "revoked" if each.revoked_at else "expired",
                to_text(each.created_at),
                each.issued_by,
                each.last_used_on,
                each.expires_at and to_text(each.expires_at),
            )
            for each in issued
        ],
        as_json=as_json,
    )


type _Store = Callable[[AtsId, str], None]


@contextmanager
def place(
    target: Target, out: Path | None, secret: str | None, prefix: str | None = None, *, alone: bool = True
) -> Iterator[_Store]:
    """Yield a function that stores the credentials of an ATS where the operator chose.

    Raises:
        FileExistsError: the file exists already.
    """
    if secret or prefix:
        secrets = target.client("secretsmanager")
        yield lambda ats, text: _put_secret(secrets, secret or f"{prefix}{ats}", text)
    elif out:
        with private_file(out) as file:

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
        secrets.create_secret(
            Name=name, SecretString=text, Description="Credentials for the application-status service"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise
        secrets.put_secret_value(SecretId=name, SecretString=text)
