"""`application-status tokens`: issues, adopts, lists and revokes tokens."""

import argparse
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

from application_status.access import rules as tokens
from application_status.access.tokens import TokenRegister
from application_status.cli.output import print_error, print_line
from application_status.cli.target import Target, ats_id
from application_status.platform.values import now, to_text


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    issue = commands.add_parser("issue", help="create a token and show it, once")
    issue.add_argument("--test", action="store_true", help="a test token, for the sandbox only")
    issue.set_defaults(command=_with_register(_issue))
    adopt = commands.add_parser("adopt", help="register a token that was issued elsewhere, read from standard input")
    adopt.set_defaults(command=_with_register(_adopt))
    for command in (issue, adopt):
        command.add_argument("--ats", required=True, type=ats_id, help="the id of the ATS")
        command.add_argument("--days", type=_days, help="days until it expires (default: never)")

    listing = commands.add_parser("list", help="list the ids of tokens, without their secrets")
    listing.add_argument("--ats", type=ats_id)
    listing.set_defaults(command=_with_register(_list))

    revoke = commands.add_parser("revoke", help="revoke a token; takes effect within 60 s")
    revoke.add_argument("key_id", help="the ID that `tokens list` shows")
    revoke.set_defaults(command=_with_register(_revoke))


def _with_register(
    command: Callable[[TokenRegister, argparse.Namespace], None],
) -> Callable[[Target, argparse.Namespace], None]:
    return lambda target, given: command(TokenRegister(target.dynamodb, target.table("TokensTable")), given)


def _issue(register: TokenRegister, given: argparse.Namespace) -> None:
    text = tokens.generate(test=given.test)
    stored = register.add(text, given.ats, expires_at=_expiry(given))
    print_line(text)
    print_error(f"This is the only time the token is shown. Its id is {stored.key_id}.")


def _adopt(register: TokenRegister, given: argparse.Namespace) -> None:
    stored = register.add(sys.stdin.readline().strip(), given.ats, expires_at=_expiry(given))
    print_line(stored.key_id)


def _list(register: TokenRegister, given: argparse.Namespace) -> None:
    found, moment = register.list(given.ats), now()
    row = "{:<24} {:<20} {:<5} {:<8} {:<25} {}"
    print_line(row.format("ID", "ATS", "KIND", "STATE", "CREATED", "EXPIRES"))
    for token in found:
        state = "live" if token.is_live(moment) else "revoked" if token.revoked_at else "expired"
        expires = to_text(token.expires_at) if token.expires_at else "never"
        kind = "test" if token.test else "live"
        print_line(row.format(token.key_id, token.ats_id, kind, state, to_text(token.created_at), expires))


def _revoke(register: TokenRegister, given: argparse.Namespace) -> None:
    register.revoke(given.key_id)
    print_line(f"{given.key_id} is revoked; it stops working within 60 s.")


def _expiry(given: argparse.Namespace) -> datetime | None:
    return now() + timedelta(days=given.days) if given.days else None


def _days(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 3650:  # noqa: PLR2004  # ten years
        raise argparse.ArgumentTypeError("1 to 3650 days")
    return int(text)
