"""Somebody who does not read costs a bounded amount of memory, slows nobody, and is caught up or closed (I10)."""

import asyncio
import base64
import os
import socket
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from pycrdt import Text

from collab.core import messages
from collab.core.messages import SUBPROTOCOL
from collab.outbox import Outbox
from deploy.parts import wait_until
from tests.conftest import StartApp
from tests.servers import AppServer

from .conftest import LONG, size
from .ledger import read_log
from .stages import Stage, staged
from .typists import Typist

MIB = 1 << 20
LARGE = 512 << 10
COUNT = size(410, 2000)  # of LARGE: 205 MiB
BOUND_MIB = 64
LIMIT_MS = 3_000
WINDOW = 4


class Deaf:
    """A WebSocket by hand: shakes hands, says what it is told to say, and never reads again."""

    def __init__(self, app: AppServer, session: str, document: str, *, subprotocol: str, buffer_bytes: int = 0) -> None:
        self.socket = socket.socket()
        if buffer_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", app.port))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET /ws/documents/{document}/ HTTP/1.1",
            f"Host: 127.0.0.1:{app.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Cookie: sessionid={session}",
            *([f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else []),
        ]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self.socket.recv(1)
        assert answer.startswith(b"HTTP/1.1 101"), answer

    def say(self, message: bytes) -> None:
        """Send one short binary frame."""
        assert len(message) < 126
        mask = os.urandom(4)
        body = bytes(byte ^ mask[n % 4] for n, byte in enumerate(message))
        self.socket.sendall(bytes((0x82, 0x80 | len(message))) + mask + body)

    def rest(self) -> int:
        """Read what still comes, until the end or a second's silence; how many bytes it was."""
        found = 0
        self.socket.settimeout(1)
        try:
            while some := self.socket.recv(MIB):
                found += len(some)
        except (ConnectionResetError, TimeoutError):
            pass
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.socket.close()


class Flood:
    """An author of large edits: each replaces the one before, so that the document stays small and the log does not."""

    def __init__(self, author: Typist) -> None:
        self.author = author
        self.blob = author.doc.get("blob", type=Text)
        self.sent = 0

    async def pour(self, count: int) -> None:
        for _ in range(count):
            self.sent += 1
            with self.author.doc.transaction():
                self.blob.clear()
                self.blob.insert(0, f"{self.sent:08}" * (LARGE // 8))
            await self.author.send_push()
            await self.author.until(lambda: self.author.acked_batch > self.author.batch - WINDOW)
        await self.author.saved()


@asynccontextmanager
async def flooded(
    start_app: StartApp, kind: str, url: str, *, limit_ms: int = LIMIT_MS
) -> AsyncIterator[tuple[Stage, Flood, Typist]]:
    shared = {"bob": "editor", "eve": "viewer"}
    async with staged(start_app, url, "", shared=shared, kinds=[kind], COLLAB_SLOW_READER_LIMIT_MS=limit_ms) as stage:
        ada, bob = await stage.typist("ada", 0).join(), await stage.typist("bob", 0).join()
        flood = Flood(ada)
        await flood.pour(20)  # the allocator has what it needs for usual traffic then
        yield stage, flood, bob
        await asyncio.gather(ada.close(), bob.close())


CASES = [("daphne", SUBPROTOCOL, 4096), ("uvicorn", SUBPROTOCOL, 0), ("uvicorn", "", 4096)]
MORE_CASES = [("daphne", SUBPROTOCOL, 0), ("uvicorn", SUBPROTOCOL, 4096), ("uvicorn", "", 0)]


# Not daphne with a stock client: daphne takes everything we send, and a stock client cannot be asked how far it is.
# What it does
# not read is bounded in time only: daphne itself drops it 50 s after it stopped answering WebSocket pings.
@pytest.mark.parametrize(("kind", "dialect", "buffer_bytes"), CASES + (MORE_CASES if LONG else []))
async def test_a_reader_that_never_reads_harms_nobody(
    kind: str, dialect: str, buffer_bytes: int, sqlite_url: str, start_app: StartApp
) -> None:
    async with flooded(start_app, kind, sqlite_url) as (stage, flood, bob):
        app = stage.apps[0]
        usual = await latencies(bob, flood, 40)
        before, sockets = rss_mib(app), open_files(app)
        with Deaf(
            app, stage.people["eve"]["session"], stage.document, subprotocol=dialect, buffer_bytes=buffer_bytes
        ) as deaf:
            deaf.say(messages.encode_step1(b"\x00"))
            harmed = await latencies(bob, flood, COUNT)
            grown = rss_mib(app) - before
            print(
                f"{COUNT * LARGE // MIB} MiB sent; a word took {1000 * statistics.median(usual):.0f} ms before and "
                f"{1000 * statistics.median(harmed):.0f} ms then, at most {max(harmed):.2f} s; "
                f"memory grew by {grown:.0f} MiB"
            )
            assert grown < BOUND_MIB
            assert statistics.median(harmed) < statistics.median(usual) + 1
            await asyncio.to_thread(wait_until, lambda: "1013 (too slow)" in app.log.read_text())
            assert await asyncio.to_thread(deaf.rest) < 16 * MIB
        await asyncio.to_thread(wait_until, lambda: open_files(app) <= sockets)  # nothing of it is left
        assert app.running


async def latencies(typist: Typist, flood: Flood, count: int) -> list[float]:
    """How long each word takes to be saved, one after the other, during a flood of so many."""
    found = []
    pouring = asyncio.create_task(flood.pour(count))
    try:
        while not pouring.done():
            began = time.monotonic()
            await typist.write()
            await typist.saved()
            found.append(time.monotonic() - began)
            await asyncio.sleep(0.02)
    finally:
        pouring.cancel()
        await asyncio.gather(pouring, return_exceptions=True)
    pouring.result()
    return found


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_a_reader_that_reads_again_has_everything(kind: str, sqlite_url: str, start_app: StartApp) -> None:
    async with flooded(start_app, kind, sqlite_url, limit_ms=60_000) as (stage, flood, bob):
        slow = Typist("slow", stage.apps[0].ws_url, stage.people["eve"]["session"], stage.document)
        blob = slow.doc.get("blob", type=Text)
        await slow.join()
        for _ in range(2):
            came = slow.received_bytes
            transport(slow).pause_reading()
            await flood.pour(60)  # 30 MiB: far over the bound of the outbox, and over what the kernel buffers
            transport(slow).resume_reading()
            await bob.write()
            await slow.until(lambda: str(blob) == str(flood.blob) and str(slow) == str(bob))
            assert slow.closed is None
            print(f"{60 * LARGE // MIB} MiB were sent, {(slow.received_bytes - came) // MIB} MiB received")
            assert slow.received_bytes - came < 50 * LARGE, "nothing was left out: nothing was tested"
        log = read_log(sqlite_url, stage.document)
        assert str(log.doc.get("blob", type=Text)) == str(blob)
        assert slow.seq == log.head
        await slow.close()


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_a_state_larger_than_the_outbox_is_no_slow_reader_s_fault(
    kind: str, sqlite_url: str, start_app: StartApp
) -> None:
    """The server waits while such a frame is written; then the reader follows as ever, and is not taken for slow."""
    async with staged(
        start_app, sqlite_url, "", shared={"bob": "editor"}, kinds=[kind],
        COLLAB_MAX_OUTBOX_BYTES=MIB, COLLAB_SLOW_READER_LIMIT_MS=LIMIT_MS,
    ) as stage:  # fmt: skip
        ada = await stage.typist("ada", 0).join()
        blob = ada.doc.get("blob", type=Text)
        for letter in "abcdefgh":  # 8 MiB
            blob.insert(0, letter * MIB)
            await ada.send_push()
            await ada.saved()
        bob = await stage.typist("bob", 0).join()
        for _ in range(3):
            await ada.write()
            await bob.until(lambda: str(bob) == str(ada), patience_s=10)
        await bob.write()
        await bob.saved()
        assert bob.closed is None
        assert len(str(bob.doc.get("blob", type=Text))) == 8 * MIB
        await asyncio.gather(ada.close(), bob.close())


def transport(typist: Typist) -> Any:
    assert typist._socket is not None
    return typist._socket.transport


async def test_a_question_that_had_to_wait_is_asked() -> None:
    """The credit of a reader is renewed by its answers to our PINGs, so a frame that was waited for may not cost the
    PING.
    """
    free, sent = asyncio.Event(), []

    async def send(message: dict[str, Any]) -> None:
        await free.wait()
        sent.append(message["bytes"])

    outbox = Outbox(send, limit_bytes=1000, limit_frames=10, credited=True, lagged=lambda: None, writable=lambda: None)
    outbox.put(b"x" * 2000, droppable=False)  # over the whole credit, and the socket makes it wait
    free.set()
    async with asyncio.timeout(5):
        while len(sent) < 2:
            await asyncio.sleep(0)
    question = messages.decode(sent[1])
    assert isinstance(question, messages.Ping)
    outbox.put(b"held", droppable=False)
    assert len(sent) == 2
    outbox.arrived(question.nonce)
    assert sent[2] == b"held"


def rss_mib(app: AppServer) -> float:
    """The server's memory that is really there."""
    status = Path(f"/proc/{app.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def open_files(app: AppServer) -> int:
    """How many sockets the server holds."""
    found = 0
    for each in Path(f"/proc/{app.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            found += str(each.readlink()).startswith("socket:")
    return found
