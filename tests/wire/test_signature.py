"""Requests are signed as botocore signs them."""

from datetime import UTC, datetime
from unittest.mock import patch

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from application_status.platform.dynamodb.wire import Credentials, signed

ascii_text = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # UTC is added


@given(
    target=ascii_text, key=ascii_text, secret=ascii_text, token=st.none() | ascii_text, body=st.binary(), moment=moments
)
def test_signature_is_the_one_botocore_makes(
    target: str, key: str, secret: str, token: str | None, body: bytes, moment: datetime
) -> None:
    """Of any body, target, moment and credentials, with and without a session token."""
    headers = {"content-type": "application/x-amz-json-1.0", "host": "127.0.0.1:8000", "x-amz-target": target}
    request = AWSRequest("POST", "http://127.0.0.1:8000/", dict(headers), body)
    with patch.object(auth, "get_current_datetime", lambda: moment.replace(tzinfo=None)):
        auth.SigV4Auth(BotocoreCredentials(key, secret, token), "dynamodb", "eu-central-1").add_auth(request)
    credentials = Credentials(key, secret, token, float("inf"))
    ours = signed(headers, body, credentials=credentials, region="eu-central-1", moment=moment.timestamp())
    assert ours == {name.lower(): value for name, value in request.headers.items()}
