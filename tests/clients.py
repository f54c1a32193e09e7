"""A `coscribe.v1` client in Python on a real socket. For volume, faults and hostility; browsers have their own
tests.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from pycrdt import Doc
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from collab.core import messages

from .pen import Pen

PATIENCE_S = 30.0


class Scribe(Pen):
    """One person at one document: a `Pen` on a socket. `closed` is the close code and reason once the server has ended
    it.
    """

    def __init__(self, url: str, session: str, document: str, *, doc: Doc[Any] | None = None) -> None:
        super().__init__(doc=doc)
        self.url = f"{url}/ws/documents/{document}/"
        self.session = session
        self.closed: tuple[int, str] | None = None
        self.received_bytes = 0
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()

    async def open(self, **options: Any) -> Self:
        """Connect and send step 1. Raises what `websockets` raises for a refused handshake."""
        cookie = {"Cookie": f"sessionid={self.session}"} if self.session else {}
        headers = {**cookie, **options.pop("additional_headers", {})}
        self._socket = await connect(
            self.url,
            subprotocols=[Subprotocol(messages.SUBPROTOCOL), *options.pop("subprotocols", ())],
            additional_headers=headers,
            max_size=None,
            compression=None,
            ping_interval=None,
            proxy=None,
            **options,
        )
        self.closed = None
        step1 = self.greet()
        self._reader = asyncio.create_task(self._read())
        await self.send(step1)
        return self

    async def join(self) -> Self:
        """Connect and wait for the state."""
        await self.open()
        return await self.until(lambda: self.synced or self.closed is not None)

    async def close(self) -> None:
        """Leave properly."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    def cut(self) -> None:
        """Lose the network: no goodbye."""
        if self._socket is not None and self._socket.transport is not None:
            self._socket.transport.abort()

    async def send(self, frame: bytes) -> None:
        """Send bytes as they are; a socket that is gone is noticed by the reader."""
        assert self._socket is not None
        with suppress(ConnectionClosed):
            await self._socket.send(frame)

    async def type(self, text: str, at: int | None = None) -> int:
        """Type into the text and push it; returns the batch number, 0 when it could not be sent yet."""
        self.text.insert(len(str(self.text)) if at is None else at, text)
        return await self.send_push()

    async def send_push(self) -> int:
        """Send what was not sent; the batch number, or 0."""
        frame = self.push()
        if frame is None:
            return 0
        await self.send(frame)
        return self.batch

    async def saved(self, batch: int | None = None) -> Self:
        """Wait until a batch (the last one sent) is acknowledged."""
        wanted = self.batch if batch is None else batch
        return await self.until(lambda: self.acked_batch >= wanted)

    async def until(self, true: Callable[[], Any], *, patience_s: float = PATIENCE_S) -> Self:
        """Wait until something is true of this client. Raises `TimeoutError`."""
        async with asyncio.timeout(patience_s), self._changed:
            await self._changed.wait_for(lambda: bool(true()))
        return self

    async def awareness(self, state: Any, *, clock: int = 1, client: int | None = None) -> None:
        """Say where we are."""
        raw = state if isinstance(state, bytes) else json.dumps(state).encode()
        entry = messages.encode_awareness_entry(self.doc.client_id if client is None else client, clock, raw)
        await self.send(messages.encode_awareness([entry]))

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for frame in self._socket:
                assert isinstance(frame, bytes)
                self.received_bytes += len(frame)
                for answer in self.take(frame):
                    await self.send(answer)
                async with self._changed:
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        self.closed = (self._socket.close_code or 1006, self._socket.close_reason or "")
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def company(*scribes: Scribe) -> AsyncIterator[tuple[Scribe, ...]]:
    """Everybody joins; everybody leaves."""
    await asyncio.gather(*(scribe.join() for scribe in scribes))
    try:
        yield scribes
    finally:
        await asyncio.gather(*(scribe.close() for scribe in scribes), return_exceptions=True)


async def converge(*scribes: Scribe, patience_s: float = PATIENCE_S) -> str:
    """Wait until all texts are equal and nothing is unacknowledged; returns the text."""
    async with asyncio.timeout(patience_s):
        while len({str(scribe) for scribe in scribes}) > 1 or any(s.acked_batch < s.batch for s in scribes):
            await asyncio.sleep(0.01)
    return str(scribes[0])
