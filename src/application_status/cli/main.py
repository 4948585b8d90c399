"""The operators' command line, for a deployed stack or the local service."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Never, override

from botocore.exceptions import BotoCoreError, ClientError

from application_status.access.tokens import TooManyTokens
from application_status.cli import analytics, applications, facts, labels, tokens
from application_status.cli.output import print_error
from application_status.cli.target import LOCAL_TABLES, Target
from application_status.platform.dynamodb.client import DynamoDBError
from application_status.platform.errors import SettingsError, Unavailable
from application_status.platform.escaping import printable
from application_status.quality.counters.rebuilds import RebuildOvertaken


class _Parser(argparse.ArgumentParser):
    """A parser that escapes arguments in its error messages."""

    @override
    def error(self, message: str) -> Never:
        super().error(printable(message))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 if done, 1 with a message on standard error if it failed.

    An interrupted command returns 130. A command may return an exit code of its own.
    """
    given = _parser().parse_args(arguments)
    target = Target(given.stack, given.local_tables)
    try:
        code: int = given.command(target, given) or 0
    except (
        TooManyTokens,
        RebuildOvertaken,
        SettingsError,
        ValueError,
        LookupError,
        OSError,
        BotoCoreError,
        ClientError,
        DynamoDBError,
    ) as error:
        print_error(f"application-status: {error}")
        return 1
    except Unavailable:
        hint = "Is it running? Use --local-tables for another address, or --stack for a deployed stack."
        print_error(f"application-status: can't reach {target.name}. {hint}")
        return 1
    except KeyboardInterrupt:
        print_error("application-status: interrupted")
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="application-status", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('application-status')}")
    parser.add_argument("--stack", help="the deployed stack, e.g. application-status-dev (default: the local service)")
    parser.add_argument("--local-tables", default=LOCAL_TABLES, help="address of the tables of `make run`")
    groups = parser.add_subparsers(required=True)
    for name, what, module in (
        ("applications", "erase applications", applications),
        ("tokens", "issue, list and revoke tokens of ATSs", tokens),
        ("labels", "explain, override and remap labels", labels),
        ("analytics", "rebuild and verify the quality counters", analytics),
        ("facts", "export and query facts", facts),
    ):
        module.add_commands(groups.add_parser(name, help=what).add_subparsers(required=True))
    return parser


if __name__ == "__main__":
    sys.exit(main())
