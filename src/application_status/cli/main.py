"""The operators' command line, for a deployed stack or the local service."""

import re
import sys
from collections.abc import Sequence
from typing import Any, override

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from application_status.access.register import TooManyTokens
from application_status.platform.dynamodb.client import DynamoDBError
from application_status.platform.errors import SettingsError, Unavailable
from application_status.quality.counters.rebuilds import RebuildOvertaken

try:
    import click

    from application_status.cli import (
        analytics,
        applications,
        ats,
        audit,
        clients,
        connections,
        facts,
        failures,
        feedback,
        files,
        jobseeker,
        labels,
        limits,
        tables,
        tokens,
        users,
    )
    from application_status.cli.output import print_error
    from application_status.cli.target import LOCAL_API, LOCAL_TABLES, Target
except ModuleNotFoundError as missing:
    raise SystemExit(
        f"application-status: the package {missing.name} is not installed. Install what operators need: "
        "uv sync --group operators"
    ) from None

_INTERRUPTED = 130
_ADDRESS = re.compile(r"https?://[^/]+.*", re.DOTALL)
_REJECTED_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "UnrecognizedClientException",
}
_NO_CREDENTIALS = "no AWS credentials are set; set AWS_PROFILE, or sign in with `aws login` or `aws sso login`"
_REMEDIES = {
    NoRegionError: "no AWS region is set; set AWS_DEFAULT_REGION, or a region in your AWS profile with `aws configure`",
    ProfileNotFound: "there is no such AWS profile; set AWS_PROFILE to one that `aws configure list-profiles` lists",
    NoCredentialsError: _NO_CREDENTIALS,
    PartialCredentialsError: _NO_CREDENTIALS,
}


class _Commands(click.Group):
    """All commands; what goes wrong in one becomes a sentence that says what to do."""

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the next program of a pipe has read enough; Click ends the command without a word
            raise
        except (
            TooManyTokens,
            RebuildOvertaken,
            SettingsError,
            Unavailable,
            ValueError,
            LookupError,
            OSError,
            BotoCoreError,
            ClientError,
            DynamoDBError,
        ) as error:
            raise click.ClickException(_what_to_do(error, ctx.obj)) from error


def _what_to_do(error: Exception, target: Target) -> str:
    code = error.code if isinstance(error, DynamoDBError) else ""
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
    for kind, remedy in _REMEDIES.items():
        if isinstance(error, kind):
            return remedy
    if code in _REJECTED_CREDENTIALS or isinstance(error, (SSOError, TokenRetrievalError)):
        return f"AWS does not accept these credentials, which may have expired; sign in again ({error})"
    if isinstance(error, Unavailable):
        local = "Is it running? Use --local-tables with the address that `make run` prints, or --stack for a stack."
        return f"can't reach {target.name}. {f'{error}; run the command again.' if target.stack else local}"
    if code == "ResourceNotFoundException":
        return f"{target.name} lacks a table or function of this release; deploy this release, or start it again"
    return str(error)


def _address(_: click.Context, __: click.Parameter, value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise click.BadParameter(f"'{value}' is not the address of tables; `make run` prints it, e.g. {LOCAL_TABLES}")
    return value


@click.group("application-status", cls=_Commands, context_settings={"max_content_width": 120})
@click.version_option(package_name="application-status", message="%(prog)s %(version)s")
@click.option("--stack", help="The deployed stack, e.g. application-status-dev.  [default: the local service]")
@click.option(
    "--local-tables",
    default=LOCAL_TABLES,
    show_default=True,
    callback=_address,
    help="Address of the tables of `make run`.",
)
@click.option(
    "--local-api",
    default=LOCAL_API,
    show_default=True,
    help="Address of the API of `make run`, for URLs of connections.",
)
@click.pass_context
def commands(context: click.Context, stack: str | None, local_tables: str, local_api: str) -> None:
    """Operate the application-status service: a deployed stack, or the local service of `make run`."""
    context.obj = Target(stack, local_tables, local_api)


for _group in (
    applications,
    jobseeker,
    feedback,
    ats,
    tokens,
    clients,
    connections,
    limits,
    users,
    labels,
    analytics,
    facts,
    failures,
    files,
    tables,
    audit,
):
    commands.add_command(_group.commands)
commands.add_command(files.import_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 if done, 1 with a message on standard error if it failed.

    Wrong arguments return 2, an interrupted command 130. A command may return an exit code of its own.
    """
    try:
        return commands.main(arguments, "application-status", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        _print_lines(error.format_message())
        return error.exit_code
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx:
            _print_lines(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help' for help.")
        print_error(f"application-status: {error.format_message()}")
        return error.exit_code
    except click.Abort:
        print_error("application-status: interrupted")
        return _INTERRUPTED


def _print_lines(text: str) -> None:
    for line in text.splitlines():
        print_error(line)


if __name__ == "__main__":
    sys.exit(main())
