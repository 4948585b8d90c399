"""Paths that don't exist: the reply names the ones that the caller may have meant."""

from importlib.resources import files
from typing import Any

import pytest

from application_status import api_docs
from application_status.api_docs.near_paths import PATHS_FILE, near_paths
from application_status.platform.http.endpoint import UNKNOWN_PATH
from support.refusals import refused
from support.world import TEMPLATE, World, http_event

REPORT, READ_BACK = "/api/application-status", "/api/application-status/{AtsiApplicationId}"
PATHS = files(api_docs).joinpath(PATHS_FILE).read_text(encoding="utf-8").split()
FOR_BOARD = [route.path for route in TEMPLATE.routes() if route.authorizer == "AWS_IAM"]


def ask(world: World, path: str, method: str = "POST", stage: str = "", **more: Any) -> str:
    """Return what a path that does not exist is answered with, beside the general text."""
    event = http_event(method, path, {}) | more
    assert event["resource"] == UNKNOWN_PATH
    event["requestContext"]["path"] = stage + path
    reply = world.views(event, None)
    assert reply["statusCode"] == 404
    assert f'"type":"{stage}/problems/unknown-path"' in reply["body"]
    detail = str(reply["body"].partition('"detail":"')[2].partition('"')[0])
    begin, end = "This path does not exist.", f" {stage}/docs describes the API with all its paths."
    assert detail.startswith(begin)
    assert detail.endswith(end)
    return detail.removeprefix(begin).removesuffix(end).strip()


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/api/application-status/", REPORT),
        ("/api//application-status", REPORT),
        ("/API/Application-Status", REPORT),
        ("/v1/api/application-status", REPORT),
        ("/v1/api/application-status/51C3BE16-0F93-41ED-9CC0-9092222D7333", READ_BACK),
        ("/api/application-status/batch/", "/api/application-status/batch"),
        ("/qs-api/public/atsi/V1/demo-ats", "/qs-api/public/atsi/v1/{ATS_ID}"),
        ("/GraphQL", "/graphql"),
    ],
)
def test_path_that_differs_in_form_alone_is_named_alone(world: World, path: str, meant: str) -> None:
    """In case, in slashes, or by the stage; ids in it are not repeated."""
    assert ask(world, path) == f"Did you mean {meant}?"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/api/aplication-status", REPORT),
        ("/application-status", REPORT),
        ("/api/v1/application-status", REPORT),
        ("/api/application-statuses/51c3be16-0f93-41ed-9cc0-9092222d7333", READ_BACK),
        ("/qs-api/public/atsi/v1", "/qs-api/public/atsi/v1/{ATS_ID}"),
        ("/qs-api/public/atsi/demo-ats", "/qs-api/public/atsi/v1/{ATS_ID}"),
        ("/api/graphql", "/graphql"),
        ("/oauth/tokens", "/oauth/token"),
        ("/oauth2/token", "/oauth/token"),
        ("/api/sandbox/application", "/api/sandbox/applications"),
        ("/healthz", "/health"),
    ],
)
def test_nearest_path_comes_first(world: World, path: str, meant: str) -> None:
    """Of up to three, by their letters."""
    found = ask(world, path).removeprefix("Did you mean ").removesuffix("?").split(" or ")
    assert found[0] == meant
    assert len(found) <= 3


@pytest.mark.parametrize(
    "path", ["/wp-login.php", "/.env", "/x", "/api", "/", "/v1/", "//", "/api/application-status/" + "x" * 1000]
)
def test_path_that_is_near_none_gets_the_general_text(path: str) -> None:
    """Also one that is too long to be compared."""
    assert near_paths(path, PATHS) == []


def test_near_path_begins_with_the_stage(world: World) -> None:
    """As the caller's address did, at the default endpoint, where the stage may come twice."""
    for path in ("/v1/api/application-status", "/api/application-status/"):
        assert ask(world, path, stage="/v1") == f"Did you mean /v1{REPORT}?"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "x"])
def test_any_method_gets_the_same_reply(world: World, method: str) -> None:
    """No path exists for any."""
    assert ask(world, "/api/aplication-status", method).startswith(f"Did you mean {REPORT}")


def test_reply_is_a_problem_and_reads_nothing(world: World) -> None:
    """With or without a token: it says nothing about the caller, and costs no call."""
    for token in (None, "unknown"):
        problem = refused(world, http_event("GET", "/nowhere", token=token), 404, "unknown-path", world.views)
        assert problem["title"] == "Unknown path"
    world.dynamodb.operations.clear()
    ask(world, "/api/aplication-status")
    assert world.dynamodb.operations == []


def test_paths_for_the_boards_systems_are_not_named(world: World) -> None:
    """An unsigned request to them gets the gateway's 404, so a near path doesn't tell of them either."""
    assert FOR_BOARD
    assert not set(FOR_BOARD) & set(PATHS)
    for path in FOR_BOARD:
        assert path not in ask(world, f"{path}/".replace("{AtsiApplicationId}", "x"))


def test_all_other_paths_are_compared() -> None:
    """`make openapi` lists them."""
    assert {*PATHS, *FOR_BOARD, UNKNOWN_PATH} == {route.path for route in TEMPLATE.routes()}
