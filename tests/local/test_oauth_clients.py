"""A public OAuth client library gets access tokens from the local service, and reports with them, over HTTP."""

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from application_status.local import demo
from local.process import LocalService

MUTATION = "mutation ($input: SendSignalInput!) { sendSignal(input: $input) }"
SIGNAL = {
    "typeCode": "ApplicationStatusUpdate",
    "token": demo.SAMPLES[1].aliases.tokens[0],
    "current": {"status": {"label": "Interview", "index": 3, "total": 7}, "timestamp": "2026-11-20T09:00:00Z"},
}


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/v2/tokens"])
def test_library_reports_with_an_access_token(service: LocalService, method: str, path: str) -> None:
    """With credentials in the header or in the body; it sends the token in `Authorization: Bearer` by itself."""
    with OAuth2Session(
        demo.CLIENT_ID, demo.CLIENT_SECRET, token_endpoint_auth_method=method, scope="employer_access"
    ) as session:
        token = session.fetch_token(f"{service.url}{path}", grant_type="client_credentials")
        assert (token["token_type"], token["expires_in"]) == ("Bearer", 1800)
        assert not token.is_expired()
        signalled = session.post(f"{service.url}/graphql", json={"query": MUTATION, "variables": {"input": SIGNAL}})
        assert (signalled.status_code, signalled.json()) == (200, {"data": {"sendSignal": True}})
        report = {"AtsiApplicationId": demo.SAMPLES[0].application_id, "Status": "INTERVIEW"}
        assert session.post(f"{service.url}/api/application-status", json=report).status_code == 200


def test_library_gets_a_new_token_when_the_former_expires(service: LocalService) -> None:
    """By itself, before its next request."""
    with OAuth2Session(
        demo.CLIENT_ID,
        demo.CLIENT_SECRET,
        token_endpoint=f"{service.url}/oauth/token",
        grant_type="client_credentials",
        token={"access_token": "expired", "token_type": "Bearer", "expires_at": 1},
    ) as session:
        read = session.get(f"{service.url}/api/application-status/{demo.SAMPLES[0].application_id}")
        assert read.status_code == 200
        assert session.token["access_token"].startswith("atsi_at_live_")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_library_understands_the_errors(service: LocalService, method: str) -> None:
    """It raises the RFC's errors, each with its description."""
    url = f"{service.url}/oauth/token"
    for secret, grant, wrong in (
        ("wrong", "client_credentials", "invalid_client: No live client has this"),
        (demo.CLIENT_SECRET, "password", "unsupported_grant_type: This grant_type is not supported"),
    ):
        session = OAuth2Session(demo.CLIENT_ID, secret, token_endpoint_auth_method=method)
        with session, pytest.raises(OAuthError, match=wrong):
            session.fetch_token(url, grant_type=grant, username="user", password="password")
