"""Data keys of KMS: what is tried again, and what a caller gets if KMS does not answer."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from application_status.access.envelope import Envelope, Sealed, Secrets
from application_status.platform import deadlines
from application_status.platform.errors import Unavailable
from application_status.platform.kms import DataKeys
from support.faults import Clock
from support.kms import FakeKms

SECRET = "secret-of-a-connection"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(deadlines, "time", clock)
    return clock


def failing(kms: FakeKms, *errors: Exception) -> None:
    """Let the next calls of Decrypt fail with these errors, one after the other."""
    left, decrypt = list(errors), kms.decrypt

    def fails(**request: Any) -> dict[str, Any]:
        if left:
            raise left.pop(0)
        return decrypt(**request)

    kms.decrypt = fails  # type: ignore[method-assign]  # of this instance alone


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Decrypt")


@pytest.fixture
def opened() -> tuple[FakeKms, Callable[[], Secrets]]:
    """A KMS, and a function that opens secrets which it has sealed."""
    kms = FakeKms()
    envelope = Envelope(DataKeys(kms))
    sealed = envelope.seal("key", "gr-2", [SECRET])
    return kms, lambda: envelope.open("gr-2", sealed)


@pytest.mark.parametrize(
    "fault",
    [
        error("ThrottlingException"),
        error("KMSInternalException"),
        error("DependencyTimeoutException"),
        error("KeyUnavailableException"),
        EndpointConnectionError(endpoint_url="https://kms"),
        ConnectTimeoutError(endpoint_url="https://kms"),
    ],
    ids=str,
)
def test_fault_that_passes_is_tried_again(opened: tuple[FakeKms, Callable[[], Secrets]], fault: Exception) -> None:
    """Four times in all; then the caller learns that KMS is not available."""
    kms, secrets = opened
    failing(kms, *[fault] * 3)
    assert secrets() == (SECRET,)
    failing(kms, *[fault] * 4)
    with pytest.raises(Unavailable, match="Decrypt failed repeatedly"):
        secrets()


@pytest.mark.parametrize("code", ["AccessDeniedException", "DisabledException", "InvalidCiphertextException"])
def test_refusal_is_not_tried_again(opened: tuple[FakeKms, Callable[[], Secrets]], code: str) -> None:
    """An operator has to mend it."""
    kms, secrets = opened
    failing(kms, error(code))
    with pytest.raises(ClientError, match=code):
        secrets()
    assert secrets() == (SECRET,)


def test_attempts_end_with_the_deadline(opened: tuple[FakeKms, Callable[[], Secrets]]) -> None:
    """A request is answered in time."""
    kms, secrets = opened
    failing(kms, *[error("ThrottlingException")] * 4)
    with deadlines.deadline(2.1), pytest.raises(Unavailable):
        secrets()


def test_sealed_secrets_are_for_one_connection() -> None:
    """Neither the key nor the content can be moved to another one, nor changed."""
    envelope = Envelope(DataKeys(FakeKms()))
    sealed, other = (envelope.seal("key", each, [SECRET]) for each in ("gr-2", "gr-3"))
    for content, key in ((sealed.content, other.data_key), (other.content, sealed.data_key)):
        with pytest.raises(Exception, match=r"InvalidCiphertext|^$"):
            envelope.open("gr-2", Sealed(content, key))
    changed = bytes([sealed.content[-1] ^ 1])
    with pytest.raises(Exception, match=r"^$"):
        envelope.open("gr-2", Sealed(sealed.content[:-1] + changed, sealed.data_key))


def test_secrets_are_not_in_their_text() -> None:
    """So that no log line and no error can have them by accident."""
    secrets = Secrets([SECRET, SECRET])
    assert {repr(secrets), str(secrets), f"{secrets}", f"{secrets!r}"} == {"<2 secrets>"}
