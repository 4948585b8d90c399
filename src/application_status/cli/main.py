"""`application-status`: issue, list and revoke tokens, of a deployed stack or of the local service."""

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from application_status.errors import Unavailable
from application_status.model import token as tokens
from application_status.model.identifiers import AtsId
from application_status.model.instant import now, to_text
from application_status.store.dynamodb import connect
from application_status.store.tokens import TokenRegister, TooManyTokens

_LOCAL = {"endpoint_url": "http://127.0.0.1:4566", "region_name": "us-east-1"}
_ATS_ID = re.compile(r"[0-9A-Za-z._:-]{1,64}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when done, 1 with a sentence on standard error when it can't be done."""
    given = _parser().parse_args(arguments)
    try:
        given.command(_register(given), given)
    except (TooManyTokens, ValueError, LookupError, BotoCoreError, ClientError) as error:
        print(f"application-status: {error}", file=sys.stderr)
        return 1
    except Unavailable:
        where = f"the stack {given.stack}" if given.stack else f"the local service at {given.local_tables}"
        print(f"application-status: can't reach {where}. Is it running? --stack names a deployed one.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="application-status", description=__doc__)
    parser.add_argument("--stack", help="the deployed stack, e.g. application-status-dev (default: the local service)")
    parser.add_argument("--local-tables", default=_LOCAL["endpoint_url"], help="where `make run` has its tables")
    group = parser.add_subparsers(required=True).add_parser("tokens", help="the ATSs' tokens")
    commands = group.add_subparsers(required=True)

    issue = commands.add_parser("issue", help="make a token and show it, once")
    issue.set_defaults(command=_issue)
    adopt = commands.add_parser("adopt", help="take over a token given out elsewhere; it is read from standard input")
    adopt.set_defaults(command=_adopt)
    for command in (issue, adopt):
        command.add_argument("--ats", required=True, type=_ats_id, help="whose token it is")
        command.add_argument("--days", type=_days, help="expires after so many days (default: never)")

    listing = commands.add_parser("list", help="list tokens, without the tokens themselves")
    listing.add_argument("--ats", type=_ats_id)
    listing.set_defaults(command=_list)

    revoke = commands.add_parser("revoke", help="revoke a token; takes effect within 60 s")
    revoke.add_argument("key_id", help="the first column of the list")
    revoke.set_defaults(command=_revoke)
    return parser


def _register(given: argparse.Namespace) -> TokenRegister:
    """Find the Tokens table: a stack knows its name, and locally it goes by its logical id."""
    if given.stack is None:
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        local = _LOCAL | {"endpoint_url": given.local_tables}
        return TokenRegister(connect(**local, **keys), "TokensTable")
    stacks = boto3.client("cloudformation")
    found = stacks.describe_stack_resource(StackName=given.stack, LogicalResourceId="TokensTable")
    return TokenRegister(connect(), found["StackResourceDetail"]["PhysicalResourceId"])


def _issue(register: TokenRegister, given: argparse.Namespace) -> None:
    text = tokens.generate()
    stored = register.add(text, given.ats, expires_at=_expiry(given))
    print(text)
    print(f"This is the only time the token is shown. Its id is {stored.key_id}.", file=sys.stderr)


def _adopt(register: TokenRegister, given: argparse.Namespace) -> None:
    stored = register.add(sys.stdin.readline().strip(), given.ats, expires_at=_expiry(given))
    print(stored.key_id)


def _list(register: TokenRegister, given: argparse.Namespace) -> None:
    found, moment = register.list(given.ats), now()
    row = "{:<24} {:<20} {:<8} {:<25} {}"
    print(row.format("ID", "ATS", "STATE", "CREATED", "EXPIRES"))
    for token in found:
        state = "live" if token.is_live(moment) else "revoked" if token.revoked_at else "expired"
        expires = to_text(token.expires_at) if token.expires_at else "never"
        print(row.format(token.key_id, token.ats_id, state, to_text(token.created_at), expires))


def _revoke(register: TokenRegister, given: argparse.Namespace) -> None:
    register.revoke(given.key_id)
    print(f"{given.key_id} is revoked; it stops working within 60 s.")


def _expiry(given: argparse.Namespace) -> datetime | None:
    return now() + timedelta(days=given.days) if given.days else None


def _days(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 3650:  # noqa: PLR2004  # ten years
        raise argparse.ArgumentTypeError("1 to 3650 days")
    return int(text)


def _ats_id(text: str) -> AtsId:
    if not _ATS_ID.fullmatch(text):
        raise argparse.ArgumentTypeError("1 to 64 letters, digits and . _ : -")
    return AtsId(text)


if __name__ == "__main__":
    sys.exit(main())
