"""A stand-in for DynamoDB with fixed replies, so that only the function is measured."""

import asyncio
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import cast, override

TOKEN = "node01nwh2px2exa8a1d7006h0cnbof7.node0"  # noqa: S105  # the contract's sample
_SHA256 = hashlib.sha256(TOKEN.encode()).hexdigest()
_TOKEN_ITEM = {
    "KeyId": {"S": f"opaque-{_SHA256[:16]}"},
    "TokenSha256": {"S": _SHA256},
    "AtsId": {"S": "demo-ats"},
    "CreatedAt": {"S": "2026-11-22T09:00:00.000Z"},
}
_BEFORE = {
    "AtsiApplicationId": {"S": "51c3be16-0f93-41ed-9cc0-9092222d7333"},
    "AtsId": {"S": "demo-ats"},
    "Status": {"S": "CONTACT"},
    "Head": {"S": "2022-07-29T11:26:11.106Z#300"},
    "Transitions": {
        "M": {
            "2022-07-29T11:26:11.106Z#300": {
                "M": {"ReceivedAt": {"S": "2022-07-29T11:26:12.000Z"}, "Status": {"S": "CONTACT"}}
            }
        }
    },
    "Versions": {"M": {"k6YV6x": {"N": "2"}}},
    "Version": {"N": "2"},
    "UpdatedAt": {"S": "2022-07-29T11:26:12.000Z"},
    "ClientId": {"S": "client-1"},
    "JobId": {"S": "job-1"},
    "JobseekerId": {"S": "jobseeker-1"},
    "JobTitle": {"S": "Python Developer"},
    "Company": {"S": "Example GmbH"},
    "AppliedAt": {"S": "2022-07-01T09:00:00.000Z"},
}


def _reply(members: dict[str, object]) -> bytes:
    content = json.dumps(members, separators=(",", ":")).encode()
    head = (
        "HTTP/1.1 200 OK\r\nServer: Server\r\nContent-Type: application/x-amz-json-1.0\r\nConnection: keep-alive\r\n"
        f"x-amzn-RequestId: {'A' * 52}\r\nx-amz-crc32: {zlib.crc32(content)}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


_REPLIES = {
    b"GetItem": _reply({"Item": _TOKEN_ITEM}),
    b"BatchGetItem": _reply({"Responses": {"TokensTable": [_TOKEN_ITEM]}}),
    b"UpdateItem": _reply({"Attributes": _BEFORE}),
}
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_OPERATION = re.compile(rb"x-amz-target: *\w+\.(\w+)", re.IGNORECASE)


class _Connection(asyncio.Protocol):
    """A client's connection; each request is answered after a fixed time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._received = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        head, ended, rest = self._received.partition(b"\r\n\r\n")
        if not ended or len(rest) < int(_LENGTH.search(head)[1]):  # type: ignore[index]  # each request has a body
            return
        self._received = b""
        reply = _REPLIES[_OPERATION.search(head)[1]]  # type: ignore[index]
        if self._seconds:
            asyncio.get_running_loop().call_later(self._seconds, self._transport.write, reply)
        else:
            self._transport.write(reply)


async def _serve(ready: Connection, seconds: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(seconds), "127.0.0.1", 0, backlog=1024)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _main(ready: Connection, seconds: float) -> None:
    asyncio.run(_serve(ready, seconds))


@contextmanager
def running(seconds: float = 0.0) -> Iterator[str]:
    """Run the stand-in in a separate process; yield its address. It answers each request after this many seconds."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(theirs, seconds), daemon=True)
    process.start()
    theirs.close()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()
