"""Who somebody is: the job board's assignment, which the pre token generation trigger writes into the id token."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from application_status.access.assignments import Assignment, OidcUsers, Role
from application_status.platform.errors import Unavailable
from support.world import World, sample_event

SUB = "4b8c1d2e-0000-4000-8000-000000000001"
ROLES = [
    (Assignment(Role.CLIENT, "client-1"), {"custom:client_id": "client-1"}, []),
    (Assignment(Role.ATS, "demo-ats"), {"custom:ats_id": "demo-ats"}, []),
    (Assignment(Role.JOBSEEKER, "jobseeker-1"), {"custom:jobseeker_id": "jobseeker-1"}, []),
    (Assignment(Role.STAFF), {}, ["staff"]),
    (None, {}, []),
]


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"))


def native(**attributes: str) -> dict[str, Any]:
    """Return the trigger's event for a user of the pool."""
    event = sample_event("PreTokenFunction/sign-in")
    event["request"]["userAttributes"] |= attributes
    return event


def federated(provider: str = "Board", user_id: str = "Abc-1", **attributes: str) -> dict[str, Any]:
    """Return the trigger's event for a user of the board's own provider.

    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-identity-federation.html
    """
    identities = [{"userId": user_id, "providerName": provider, "providerType": "OIDC", "primary": "true"}]
    return native(**{"cognito:user_status": "EXTERNAL_PROVIDER", "identities": json.dumps(identities), **attributes})


def details(world: World, event: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = world.pre_token(event, None)["response"]["claimsOverrideDetails"]
    return found


@pytest.mark.parametrize(
    ("to", "claims", "groups"), ROLES, ids=[each[0].role if each[0] else "nobody" for each in ROLES]
)
def test_token_says_whom_the_board_assigned(
    world: World, to: Assignment | None, claims: dict[str, str], groups: list[str]
) -> None:
    """One claim or the group; every other claim of a role is suppressed, and so is every other group."""
    if to:
        world.assignments.assign(SUB, to)
    found = details(world, native())
    assert found["claimsToAddOrOverride"] == claims
    every = {"custom:client_id", "custom:ats_id", "custom:jobseeker_id"}
    assert {*found["claimsToSuppress"]} | claims.keys() == every
    assert not {*found["claimsToSuppress"]} & claims.keys()
    assert found["groupOverrideDetails"] == {"groupsToOverride": groups}


def test_attributes_and_groups_of_the_user_do_not_count(world: World) -> None:
    """Whoever could write them: neither without an assignment nor beside one."""
    written = {"custom:client_id": "victim", "custom:ats_id": "victim", "custom:jobseeker_id": "victim"}
    names = {"email": "victim@example.com", "preferred_username": "victim", "sub": SUB}
    event = native(**written, **names)
    event["request"]["groupConfiguration"]["groupsToOverride"] = ["staff"]
    assert details(world, event) == details(world, native())
    world.assignments.assign(SUB, Assignment(Role.CLIENT, "client-1"))
    assert details(world, event) == details(world, native())


def test_changed_assignment_counts_with_the_next_token(world: World) -> None:
    """Also a removed one."""
    world.assignments.assign(SUB, Assignment(Role.CLIENT, "client-1"))
    world.assignments.assign(SUB, Assignment(Role.STAFF))
    assert details(world, native())["groupOverrideDetails"]["groupsToOverride"] == ["staff"]
    assert list(world.assignments.all()) == [(SUB, Assignment(Role.STAFF))]
    world.assignments.remove(SUB)
    assert details(world, native()) == details(world, native(sub="another"))


def test_user_of_the_board_s_provider_is_assigned_by_its_own_id(world: World) -> None:
    """By the provider's name and the id there, which is known before the first sign-in, and not by the pool's sub."""
    world.assignments.assign("Board_Abc-1", Assignment(Role.CLIENT, "client-1"))
    world.assignments.assign(SUB, Assignment(Role.STAFF))
    assert details(world, federated())["claimsToAddOrOverride"] == {"custom:client_id": "client-1"}
    assert details(world, federated())["groupOverrideDetails"]["groupsToOverride"] == []
    assert details(world, federated(provider="Other"))["claimsToAddOrOverride"] == {}


@pytest.mark.parametrize(
    ("oidc_users", "event", "claims"),
    [
        (OidcUsers.ASSIGNED, federated(), {}),
        (OidcUsers.JOBSEEKERS, federated(), {"custom:jobseeker_id": "Abc-1"}),
        (OidcUsers.JOBSEEKERS, federated(provider="Other"), {}),
        (OidcUsers.JOBSEEKERS, native(), {}),
        (OidcUsers.JOBSEEKERS, native(identities='[{"providerName": "Board", "userId": "Abc-1"}]'), {}),
    ],
    ids=["assigned", "jobseekers", "another provider", "user of the pool", "linked user"],
)
def test_users_of_the_provider_are_jobseekers_if_the_board_says_so(
    oidc_users: OidcUsers, event: dict[str, Any], claims: dict[str, str]
) -> None:
    """By parameter: the jobseeker with the id of the board's own provider; nobody else becomes one."""
    with mock_aws():
        world = World(boto3.client("dynamodb"), oidc_users=oidc_users)
        assert details(world, event)["claimsToAddOrOverride"] == claims


def test_assignment_wins_over_the_parameter() -> None:
    """A recruiter who signs in at the board's provider is no jobseeker."""
    with mock_aws():
        world = World(boto3.client("dynamodb"), oidc_users=OidcUsers.JOBSEEKERS)
        world.assignments.assign("Board_Abc-1", Assignment(Role.STAFF))
        assert details(world, federated())["claimsToAddOrOverride"] == {}


def test_nobody_is_signed_in_if_the_table_is_down(world: World) -> None:
    """The trigger fails, and Cognito issues no token."""

    def unavailable(**_: Any) -> tuple[int, dict[str, str], bytes]:
        raise EndpointConnectionError(endpoint_url="")

    world.client.meta.events.register_first("before-send.dynamodb", unavailable)
    with pytest.raises(Unavailable):
        world.pre_token(native(), None)
