"""`application-status tokens`: issues, adopts, lists and revokes tokens."""

import sys
from datetime import datetime, timedelta

import click

from application_status.access import rules as tokens
from application_status.access.tokens import TokenRegister
from application_status.cli.output import json_option, print_error, print_line, print_table
from application_status.cli.target import AtsIdType, Target, pass_target
from application_status.platform.values import AtsId, now, to_text

_MOST_DAYS = 3650

_ats = click.option("--ats", required=True, type=AtsIdType(), help="The id of the ATS.")
_days = click.option("--days", type=click.IntRange(1, _MOST_DAYS), help="Days until it expires.  [default: never]")


@click.group("tokens")
def commands() -> None:
    """Issue, list and revoke tokens of ATSs."""


@commands.command("issue")
@_ats
@click.option("--test", is_flag=True, help="A test token, for the sandbox only.")
@_days
@pass_target
def _issue(target: Target, ats: AtsId, days: int | None, *, test: bool) -> None:
    """Create a token and show it, once."""
    text = tokens.generate(test=test)
    stored = _register(target).add(text, ats, expires_at=_expiry(days))
    print_line(text)
    print_error(f"This is the only time the token is shown. Its id is {stored.key_id}.")


@commands.command("adopt")
@_ats
@_days
@pass_target
def _adopt(target: Target, ats: AtsId, days: int | None) -> None:
    """Register a token that was issued elsewhere, read from standard input."""
    stored = _register(target).add(sys.stdin.readline().strip(), ats, expires_at=_expiry(days))
    print_line(stored.key_id)


@commands.command("list")
@click.option("--ats", type=AtsIdType(), help="Only those of this ATS.")
@json_option
@pass_target
def _list(target: Target, ats: AtsId | None, *, as_json: bool) -> None:
    """List the ids of tokens, without their secrets."""
    found, moment = _register(target).list(ats), now()
    print_table(
        ("id", "ats", "kind", "state", "created", "expires"),
        [
            (
                token.key_id,
                token.ats_id,
                "test" if token.test else "live",
                "live" if token.is_live(moment) else "revoked" if token.revoked_at else "expired",
                to_text(token.created_at),
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


def _expiry(days: int | None) -> datetime | None:
    return now() + timedelta(days=days) if days else None
