"""`application-status applications`: erases applications."""

import argparse

from application_status.applications.erase import Erasure
from application_status.cli.output import print_line
from application_status.cli.target import Target
from application_status.platform.values import ApplicationId, application_id


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    erase = commands.add_parser("erase", help="erase applications permanently; safe to repeat")
    erase.add_argument("ids", nargs="+", type=_id, metavar="ID", help="an AtsiApplicationId")
    erase.set_defaults(command=_erase)


def _erase(target: Target, given: argparse.Namespace) -> None:
    erasure = Erasure(target.dynamodb, target.table("ApplicationsTable"), target.table("AliasesTable"))
    for each in given.ids:
        erasure.erase(each)
        print_line(f"{each} is erased.")


def _id(text: str) -> ApplicationId:
    try:
        return application_id(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is {error}") from None
