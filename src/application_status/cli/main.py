"""`application-status`: the operators' command line, for a deployed stack or the local service."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Never, override

from botocore.exceptions import BotoCoreError, ClientError

from application_status.access.tokens import TooManyTokens
from application_status.cli import analytics, applications, facts, labels, tokens
from application_status.cli.output import say_error
from application_status.cli.target import LOCAL_TABLES, Target
from application_status.platform.dynamodb.client import DynamoDBError
from application_status.platform.errors import SettingsError, Unavailable
from application_status.platform.escaping import printable
from application_status.quality.counters.rebuilds import RebuildOvertaken


class _Parser(argparse.ArgumentParser):
    """Escapes the wrong arguments that it names."""

    @override
    def error(self, message: str) -> Never:
        super().error(printable(message))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when done, 1 with a sentence on standard error when it can't be done, 130 when interrupted.

    A command may return an exit code of its own.
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
        say_error(f"application-status: {error}")
        return 1
    except Unavailable:
        hint = "Is it running? --local-tables names another address, --stack a deployed one."
        say_error(f"application-status: can't reach {target.name}. {hint}")
        return 1
    except KeyboardInterrupt:
        say_error("application-status: interrupted")
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="application-status", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('application-status')}")
    parser.add_argument("--stack", help="the deployed stack, e.g. application-status-dev (default: the local service)")
    parser.add_argument("--local-tables", default=LOCAL_TABLES, help="where `make run` has its tables")
    groups = parser.add_subparsers(required=True)
    for name, what, module in (
        ("applications", "erasing applications", applications),
        ("tokens", "the ATSs' tokens", tokens),
        ("labels", "what labels mean", labels),
        ("analytics", "the counters", analytics),
        ("facts", "what applications tell, for queries", facts),
    ):
        module.add_commands(groups.add_parser(name, help=what).add_subparsers(required=True))
    return parser


if __name__ == "__main__":
    sys.exit(main())
