"""Signature Version 4, for what the store sends: a POST to DynamoDB's "/" whose headers are all signed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from functools import lru_cache

from application_status.store.credentials import Credentials

_ALGORITHM = "AWS4-HMAC-SHA256"


def signed(
    headers: Mapping[str, str], body: bytes, *, credentials: Credentials, region: str, moment: float
) -> dict[str, str]:
    """Return the headers, whose names are in lower case, with those added that sign them; moment in seconds."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))
    token = {"x-amz-security-token": credentials.token} if credentials.token else {}
    all_headers = dict(sorted({**headers, **token, "x-amz-date": stamp}.items()))
    names = ";".join(all_headers)
    lines = "".join(f"{name}:{value}\n" for name, value in all_headers.items())
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{stamp[:8]}/{region}/dynamodb/aws4_request"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = _hmac(_key(credentials.secret_key, scope), to_sign).hex()
    all_headers["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return all_headers


@lru_cache(maxsize=1)
def _key(secret_key: str, scope: str) -> bytes:
    """Derive a day's key."""
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
