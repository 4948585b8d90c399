"""`application-status users`: the people who sign in at a deployed stack, and whom they are assigned to."""

from collections.abc import Callable
from typing import Any

import click

from application_status.access.assignments import PROVIDER_PREFIX, Assignment, Assignments, Role
from application_status.cli.output import json_option, print_line, print_table
from application_status.cli.target import Target, pass_target

_LONGEST_ID = 64


def _assigned[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    """Add the options that say whom a user is assigned to."""
    for option in (
        click.option("--staff", is_flag=True, help="The board's staff, who see all ATSs and clients."),
        click.option("--jobseeker", metavar="ID", help="The jobseeker with this JobseekerId."),
        click.option("--ats", metavar="ID", help="The ATS with this AtsId."),
        click.option("--client", metavar="ID", help="The client with this ClientId."),
    ):
        command = option(command)
    return command


def _assignment(client: str | None, ats: str | None, jobseeker: str | None, *, staff: bool) -> Assignment:
    ids = {Role.CLIENT: client, Role.ATS: ats, Role.JOBSEEKER: jobseeker}
    given = [Assignment(role, own_id) for role, own_id in ids.items() if own_id is not None]
    given += [Assignment(Role.STAFF)] if staff else []
    if len(given) != 1:
        raise click.UsageError("say whom the user is assigned to, by one of --client, --ats, --jobseeker and --staff")
    if given[0].role is not Role.STAFF and not 1 <= len(given[0].id) <= _LONGEST_ID:
        raise click.UsageError(f"the id of a {given[0].role} has 1 to {_LONGEST_ID} characters")
    return given[0]


@click.group("users")
def commands() -> None:
    """Create users, and say whom they may see; for a deployed stack."""


@commands.command("create")
@click.argument("email")
@_assigned
@pass_target
def _create(target: Target, /, email: str, **to: Any) -> None:
    """Create a user, who gets an e-mail with a temporary password, and assign the user."""
    assignment, assignments = _assignment(**to), _assignments(target)
    if "@" not in email:
        raise click.UsageError(f"{email!r} is not an e-mail address")
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    try:
        made = target.cognito.admin_create_user(
            UserPoolId=target.user_pool_id,
            Username=email,
            UserAttributes=attributes,
            DesiredDeliveryMediums=["EMAIL"],
        )
    except target.cognito.exceptions.UsernameExistsException:
        raise ValueError(f"{email} is a user already; assign the user with `users assign`") from None
    assignments.assign(_sub(made["User"]["Attributes"]), assignment)
    print_line(f"{email} is created and assigned to {_text(assignment)}; Cognito has sent an e-mail.")


@commands.command("assign")
@click.argument("user")
@_assigned
@pass_target
def _assign(target: Target, /, user: str, **to: Any) -> None:
    """Assign a USER; this replaces a former assignment, within 15 minutes.

    USER is an e-mail address, an id of `users list`, or Board_SUB for the sub of a user at the board's own provider.
    """
    assignment = _assignment(**to)
    _assignments(target).assign(_user_id(target, user), assignment)
    print_line(f"{user} is assigned to {_text(assignment)}.")


@commands.command("list")
@json_option
@pass_target
def _list(target: Target, *, as_json: bool) -> None:
    """List the users that are assigned, and their accounts."""
    rows = []
    for user_id, assignment in sorted(_assignments(target).all()):
        account = _account(target, user_id)
        state = "none yet" if account is None else "enabled" if account["Enabled"] else "disabled"
        rows.append((user_id, account and account["Username"], state, assignment.role, assignment.id or None))
    print_table(("user", "account", "state", "role", "id"), rows, as_json=as_json)


@commands.command("remove")
@click.argument("user")
@pass_target
def _remove(target: Target, user: str) -> None:
    """Remove a USER's assignment and account; tokens that the user has end within 15 minutes."""
    user_id = _user_id(target, user)
    _assignments(target).remove(user_id)
    if account := _account(target, user_id):
        target.cognito.admin_delete_user(UserPoolId=target.user_pool_id, Username=account["Username"])
        print_line(f"{user} is removed.")
    else:
        print_line(f"The assignment of {user} is removed, if there was one. There is no account.")


def _assignments(target: Target) -> Assignments:
    if target.stack is None:
        raise click.UsageError("the local service has made-up users; give the stack whose users you mean, by --stack")
    return Assignments(target.dynamodb, target.table("UsersTable"))


def _user_id(target: Target, user: str) -> str:
    """Return a user's id: of an e-mail address, the account's sub.

    Raises:
        LookupError: there is no account with this address.
    """
    if "@" not in user or user.startswith(PROVIDER_PREFIX):
        return user
    found = _account(target, user)
    if found is None:
        raise LookupError(f"there is no user {user}; create the user with `users create`")
    return _sub(found["Attributes"])


def _account(target: Target, user: str) -> dict[str, Any] | None:
    """Return the account of a user, by e-mail address or id.

    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
    """
    if set(user) & set('"\\'):
        raise click.UsageError(f"{user!r} is neither an e-mail address nor the id of a user")
    by = "username" if "@" in user or user.startswith(PROVIDER_PREFIX) else "sub"
    found = target.cognito.list_users(UserPoolId=target.user_pool_id, Filter=f'{by} = "{user}"', Limit=1)["Users"]
    return found[0] if found else None


def _sub(attributes: list[dict[str, str]]) -> str:
    return next(each["Value"] for each in attributes if each["Name"] == "sub")


def _text(assignment: Assignment) -> str:
    return "the board's staff" if assignment.role is Role.STAFF else f"the {assignment.role} {assignment.id}"
