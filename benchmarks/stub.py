"""A stand-in for DynamoDB with fixed replies, so that only the function is measured."""

import asyncio
import hashlib
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

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


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
            operation = next(name for name in _REPLIES if b"." + name.lower() + b"\r\n" in head)
            writer.write(_REPLIES[operation])
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _serve(ready: Connection) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _main(ready: Connection) -> None:
    asyncio.run(_serve(ready))


@contextmanager
def running() -> Iterator[str]:
    """Run the stand-in in a separate process; yield its address."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()
