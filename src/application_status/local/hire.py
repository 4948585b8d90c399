"""The demo's connections, and a command that plays a hire through them: python -m application_status.local.hire.

It registers an application, as the board does, and sends the events of its hire, as the ATS does: signed, in the ATS's
own form, with made-up ids.
"""

import argparse
import hashlib
import hmac
import json
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from application_status.access.connections import Connection, connection_item
from application_status.access.envelope import Envelope
from application_status.access.rules import sha256
from application_status.applications.rules.report import NATIVE, Channel
from application_status.local import demo
from application_status.platform import kms
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.escaping import printable
from application_status.platform.randomness import RANDOM
from application_status.platform.values import now, to_text

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class DemoConnection:
    """A connection of the demo with a known key and secret."""

    provider: Channel

    @property
    def id(self) -> str:
        """The id of the connection."""
        return f"{self.provider[:2]}-demo"

    @property
    def key(self) -> str:
        """The key in its URL."""
        return f"demo-key-of-{self.provider}"

    @property
    def secret(self) -> str:
        """The secret that signs its deliveries."""
        return f"demo-secret-of-{self.provider}"

    @property
    def path(self) -> str:
        """The path of its URL."""
        return f"/connect/{self.provider}/{self.id}/{self.key}"


CONNECTED_CLIENT = demo.client_of("Example GmbH")
"""The client of the demo's connections."""

CONNECTIONS = tuple(map(DemoConnection, NATIVE))


def seed(dynamodb: DynamoDB, kms_client: Any) -> None:
    """Store the demo's connections."""
    envelope, moment = Envelope(kms.DataKeys(kms_client)), now()
    for each in CONNECTIONS:
        connection = Connection(
            id=each.id,
            provider=each.provider,
            ats_id=demo.ATS_ID,
            client_id=CONNECTED_CLIENT,
            key_sha256=sha256(each.key),
            created_at=moment,
            created_by="make run",
            sealed=envelope.seal("alias/SecretsKey", each.id, [each.secret]),
            secrets_added_at=(moment,),
        )
        dynamodb("PutItem", TableName="ConnectionsTable", Item=connection_item(connection))


class _Ids(NamedTuple):
    """The ATS's ids of an application."""

    application: int
    candidate: int
    job: int


class _Delivery(NamedTuple):
    """What a delivery says, its body, and the headers that sign it."""

    says: str
    body: bytes
    headers: Mapping[str, str]


type _Content = dict[str, Any]


def _greenhouse(ids: _Ids, secret: str) -> Iterator[_Delivery]:
    def delivery(action: str, minute: int, stage: str, **more: Any) -> _Delivery:
        application = {
            "id": ids.application,
            "status": "active",
            "last_activity_at": _minutes_ago(60 - minute),
            "current_stage": {"name": stage},
            "candidate": {"id": ids.candidate},
            "jobs": [{"id": ids.job}],
        }
        body = _json({"action": action, "payload": {"application": application | more}})
        return _Delivery(f"{action}: {stage}", body, {"Signature": f"sha256 {_mac(secret, body)}"})

    yield delivery("new_candidate_application", 1, "Application Review")
    yield delivery("candidate_stage_change", 2, "Phone Interview")
    yield delivery("candidate_stage_change", 3, "Face to Face")
    yield delivery("candidate_stage_change", 4, "Offer")
    yield delivery("hire_candidate", 5, "Offer", status="hired", offer={"id": ids.application, "version": 1})


def _ashby(ids: _Ids, secret: str) -> Iterator[_Delivery]:
    def delivery(action: str, minute: int, stage: str, type_: str, status: str = "Active") -> _Delivery:
        application = {
            "id": str(ids.application),
            "status": status,
            "updatedAt": _minutes_ago(60 - minute),
            "currentInterviewStage": {"title": stage, "type": type_},
            "candidate": {"id": str(ids.candidate)},
            "job": {"id": str(ids.job)},
        }
        body = _json({"action": action, "webhookActionId": str(uuid.uuid4()), "data": {"application": application}})
        return _Delivery(f"{action}: {stage}", body, {"Ashby-Signature": f"sha256={_mac(secret, body)}"})

    yield delivery("applicationSubmit", 1, "Application Review", "PreInterviewScreen")
    yield delivery("candidateStageChange", 2, "Phone Screen", "Active")
    yield delivery("candidateStageChange", 3, "Onsite interview", "Active")
    yield delivery("candidateStageChange", 4, "Offer", "Offer")
    yield delivery("candidateHire", 5, "Hired", "Hired", "Hired")


def _recruitee(ids: _Ids, secret: str) -> Iterator[_Delivery]:
    def delivery(event: str, minute: int, stage: str, **payload: Any) -> _Delivery:
        content = {
            "id": ids.application + minute,
            "created_at": _minutes_ago(60 - minute),
            "event_type": event,
            "payload": {"candidate": {"id": ids.candidate}, "offer": {"id": ids.job, "kind": "job"}} | payload,
        }
        body = _json(content | ({"event_subtype": "stage_changed"} if event == "candidate_moved" else {}))
        return _Delivery(f"{event}: {stage}", body, {"X-Recruitee-Signature": _mac(secret, body)})

    def moved(minute: int, stage: str, category: str) -> _Delivery:
        return delivery("candidate_moved", minute, stage, details={"to_stage": {"name": stage, "category": category}})

    yield delivery("new_candidate", 1, "Applied", offers=[{"id": ids.job, "kind": "job"}])
    yield moved(2, "Phone screen", "phone_screen")
    yield moved(3, "Interview", "interview")
    yield moved(4, "Offer", "offer")
    yield moved(5, "Hired", "hire")


def _lever(ids: _Ids, secret: str) -> Iterator[_Delivery]:
    def delivery(event: str, minute: int, says: str, **data: str) -> _Delivery:
        token, at = uuid.uuid4().hex, int((now() - timedelta(minutes=60 - minute)).timestamp() * 1000)
        content: _Content = {
            "id": token,
            "event": event,
            "triggeredAt": at,
            "token": token,
            "signature": _mac(secret, f"{token}{at}".encode()),
            "data": {"opportunityId": str(ids.application), "candidateId": str(ids.candidate)} | data,
        }
        return _Delivery(f"{event}: {says}", _json(content), {})

    yield delivery("applicationCreated", 1, "applied", applicationId=f"a-{ids.application}")
    yield delivery("candidateStageChange", 2, "New applicant", toStageId="applicant-new")
    yield delivery("candidateStageChange", 3, "Offer", toStageId="offer")
    yield delivery("candidateHired", 4, "hired")


_HIRES: Mapping[Channel, Callable[[_Ids, str], Iterator[_Delivery]]] = {
    Channel.GREENHOUSE: _greenhouse,
    Channel.ASHBY: _ashby,
    Channel.RECRUITEE: _recruitee,
    Channel.LEVER: _lever,
}


def _json(content: _Content) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _mac(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _minutes_ago(minutes: int) -> str:
    return to_text(now() - timedelta(minutes=minutes))


def play(url: str, connection: DemoConnection) -> bool:
    """Register an application and send its hire, printing each reply; return whether the application is hired."""
    application = str(uuid.uuid4())
    ids = _Ids(*(RANDOM.randrange(10**6, 10**9) for _ in _Ids._fields))
    registered: _Content = {
        "AtsId": demo.ATS_ID,
        "ClientId": CONNECTED_CLIENT,
        "JobId": "job-1",
        "JobseekerId": demo.JOBSEEKER_ID,
        "JobTitle": "Python Developer",
        "Company": "Example GmbH",
        "AppliedAt": _minutes_ago(60),
        "Aliases": {
            connection.provider.capitalize(): {"ApplicationId": f"a-{ids.application}"}
            if connection.provider is Channel.LEVER
            else {"CandidateId": str(ids.candidate), "JobId": str(ids.job)}
        },
    }
    print(f"{connection.provider.capitalize()}: {url}/connections/{connection.id}")
    print(f"  registered       {_call('PUT', f'{url}/api/applications/{application}', _json(registered))['Result']}")
    read_back, token, status = f"{url}/api/application-status/{application}", {"X-AtsiToken": demo.TOKEN}, ""
    for each in _HIRES[connection.provider](ids, connection.secret):
        results = _call("POST", url + connection.path, each.body, each.headers)["Results"]
        status = _call("GET", read_back, headers=token)["Status"]
        print(printable(f"  {status:<15}  {', '.join(results):<12}  {each.says}"))
    return status == "HIRED"


def _call(method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> _Content:
    sent = Request(url, body, {"Content-Type": "application/json", **(headers or {})}, method=method)  # noqa: S310  # given
    with urlopen(sent, timeout=_SECONDS) as reply:  # noqa: S310  # the same
        content: _Content = json.load(reply)
        return content


def main() -> int:
    """Play a hire through the connections of the given providers, or of all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m application_status.local.hire", description=main.__doc__)
    parser.add_argument("provider", nargs="*", choices=[*NATIVE, []], default=[])
    parser.add_argument("--url", default="http://127.0.0.1:3000")
    arguments = parser.parse_args()
    played = [each for each in CONNECTIONS if not arguments.provider or each.provider in arguments.provider]
    try:
        hired = [play(arguments.url, each) for each in played]
    except HTTPError as error:
        print(printable(f"{error.url} answered {error.code}: {error.read().decode(errors='replace')}"), file=sys.stderr)
    except URLError as error:
        print(printable(f"No service at {arguments.url} ({error.reason}); start it with make run"), file=sys.stderr)
    else:
        return 0 if all(hired) else 1
    return 1


if __name__ == "__main__":
    sys.exit(main())
