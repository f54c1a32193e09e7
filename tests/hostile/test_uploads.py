"""Uploads that are too large for a real server: answered before they are read, and never held in memory."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from project.bodies import OTHER_BYTES, BodyLimit
from tests.seed import scene
from tests.servers import AppServer, migrated_sqlite

MIB = 1024 * 1024
PATH = "/documents/00000000-0000-0000-0000-000000000000/images/"


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    url = migrated_sqlite(tmp_path_factory.mktemp("uploads"))
    scene(owner="ada", shared={}, database_url=url)
    with AppServer(request.param, database_url=url, env={"LOG_LEVEL": "WARNING"}) as app:
        yield app


def test_200_mb_are_refused_with_the_limit(server: AppServer) -> None:
    """By uvicorn before one byte of them was sent; daphne hands a request on when it has all of it."""
    with connected(server) as wire:
        wire.sendall(head(f"Content-Length: {200 * MIB}"))
        for _ in range(200 if server.kind == "daphne" else 0):
            wire.sendall(b"\0" * MIB)
        answer = received(wire)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer
    assert b"at most 20.0\\u00a0MB are taken, and this has 200.0\\u00a0MB" in answer


@pytest.mark.parametrize("way", ["announced", "chunked"])
def test_a_body_over_the_limit_is_not_held_in_memory(way: str, server: AppServer) -> None:
    before = most_memory(server)
    piece = b"\0" * MIB
    with connected(server) as wire:
        wire.sendall(head("Transfer-Encoding: chunked" if way == "chunked" else f"Content-Length: {60 * MIB}"))
        try:
            for _ in range(60):
                wire.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if way == "chunked" else piece)
            if way == "chunked":
                wire.sendall(b"0\r\n\r\n")
        except OSError:
            pass  # the server had heard enough
        answer = received(wire)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"at most 20.0\\u00a0MB are taken" in answer
    assert most_memory(server) - before < 40 * MIB


def test_other_addresses_take_less(server: AppServer) -> None:
    with connected(server) as wire:
        wire.sendall(head(f"Content-Length: {OTHER_BYTES + 1}", path="/sign-in/") + b"\0" * (OTHER_BYTES + 1))
        assert received(wire).startswith(b"HTTP/1.1 413 ")


# The same without a server


async def asked(*bodies: bytes, headers: list[tuple[bytes, bytes]], path: str = PATH) -> tuple[list[Any], list[Any]]:
    """What the application behind the limit received, and what was answered."""
    waiting = [{"type": "http.request", "body": body, "more_body": n < len(bodies)} for n, body in enumerate(bodies, 1)]
    seen: list[Any] = []
    sent: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while True:
            seen.append(await receive())
            if seen[-1]["type"] == "http.disconnect":
                return
            if not seen[-1]["more_body"]:
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await BodyLimit(application)({"type": "http", "path": path, "headers": headers}, receive, send)
    return seen, sent


async def test_a_body_within_the_limit_passes() -> None:
    seen, sent = await asked(b"x" * 100, b"y", headers=[(b"content-length", b"101")])
    assert [message["body"][:1] for message in seen] == [b"x", b"y"]
    assert sent[0]["status"] == 200


@pytest.mark.parametrize("length", [b"200000000", b"9" * 40])
async def test_an_announced_one_is_refused_unread(length: bytes) -> None:
    seen, sent = await asked(headers=[(b"Content-Length", length)])
    assert (seen, sent[0]["status"]) == ([], 413)


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"10")], [(b"content-length", b"-5")]])
async def test_one_that_grows_is_cut_off(headers: list[tuple[bytes, bytes]]) -> None:
    seen, sent = await asked(*[b"x" * MIB] * 30, headers=headers)
    assert len(seen) == 21
    assert seen[-1]["type"] == "http.disconnect"
    assert sent[0]["status"] == 413


def connected(server: AppServer) -> socket.socket:
    host, _, port = server.url.rpartition("//")[2].partition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def head(length: str, *, path: str = PATH) -> bytes:
    kind: Literal["POST"] = "POST"
    lines = [f"{kind} {path} HTTP/1.1", "Host: localhost", "Content-Type: multipart/form-data; boundary=x", length]
    return "\r\n".join([*lines, "", ""]).encode()


def received(wire: socket.socket) -> bytes:
    """The answer up to the end of its JSON."""
    found = b""
    while b"}" not in found:
        piece = wire.recv(65536)
        if not piece:
            break
        found += piece
    return found


def most_memory(server: AppServer) -> int:
    """The most that the server's process ever had in memory, in bytes."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
