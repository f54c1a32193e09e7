"""A `coscribe.v1` client and a stock one, in Python: pycrdt on a real socket. For volume, faults and hostility; browsers have their own tests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from pycrdt import Doc, Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from collab.core import messages
from collab.core.lib0 import read_state_vector, read_var_bytes, read_var_string, read_var_uint, var_bytes, var_uint
from collab.core.messages import Type

PATIENCE_S = 20.0


class Scribe:
    """One person at one document. Keeps what it was told, in order, and follows docs/wire.md rule by rule.

    `received`: (first, last) of each DELTA. `acked`: (batch, seq) of each ACK. `edits`: batch -> the update, of those it sent.
    """

    def __init__(self, url: str, session: str, document: str, *, doc: Doc[Any] | None = None) -> None:
        self.url = f"{url}/ws/documents/{document}/"
        self.session = session
        self.doc: Doc[Any] = doc if doc is not None else Doc()
        self.text: Text = self.doc.get("text", type=Text)
        self.role = ""
        self.seq = 0
        self.batch = 0
        self.acked_batch = 0
        self.synced = False
        self.received: list[tuple[int, int]] = []
        self.acked: list[tuple[int, int]] = []
        self.refused: list[tuple[int, str]] = []
        self.access: list[str] = []
        self.presence: dict[int, Any] = {}
        self.closed: tuple[int, str] | None = None
        self.received_bytes = 0
        self.send_acks = True
        self._unsent: list[bytes] = []
        self._applying = False
        self._ready = False
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._subscription = self.doc.observe(self._on_update)

    def _on_update(self, event: Any) -> None:
        if not self._applying:
            self._unsent.append(event.update)

    async def open(self, **options: Any) -> Self:
        """Connect and send step 1. Raises what `websockets` raises for a refused handshake."""
        headers = {"Cookie": f"sessionid={self.session}", **options.pop("additional_headers", {})}
        self._socket = await connect(
            self.url,
            subprotocols=[messages.SUBPROTOCOL],  # type: ignore[list-item]
            additional_headers=headers,
            max_size=None,
            compression=None,
            ping_interval=None,
            proxy=None,
            **options,
        )
        self.batch = self.acked_batch = 0
        self.synced = self._ready = False
        self.closed = None
        self._reader = asyncio.create_task(self._read())
        await self.send(messages.encode_step1(self.doc.get_state()))
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
        return await self.push()

    async def push(self) -> int:
        """Send what was not sent. Before our WHOLE answered the server's step 1 it has to wait."""
        if not self._ready or not self._unsent:
            return 0
        update = self._unsent[0] if len(self._unsent) == 1 else _merge(self._unsent)
        self._unsent.clear()
        self.batch += 1
        await self.send(bytes((Type.PUSH,)) + var_uint(self.batch) + var_bytes(update))
        return self.batch

    async def saved(self, batch: int | None = None) -> Self:
        """Wait until a batch (the last one sent) is acknowledged."""
        wanted = self.batch if batch is None else batch
        return await self.until(lambda: self.acked_batch >= wanted)

    async def until(self, true: Callable[[], bool], *, patience_s: float = PATIENCE_S) -> Self:
        """Wait until something is true of this client. Raises `TimeoutError`."""
        async with asyncio.timeout(patience_s), self._changed:
            await self._changed.wait_for(true)
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
                await self._take(frame)
                async with self._changed:
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        self.closed = (self._socket.close_code or 1006, self._socket.close_reason or "")
        async with self._changed:
            self._changed.notify_all()

    async def _take(self, frame: bytes) -> None:
        kind, at = read_var_uint(frame, 0)
        if kind == Type.SYNC:
            _, at = read_var_uint(frame, at)
            vector, at = read_var_bytes(frame, at)
            await self._answer(vector)
        elif kind == Type.HELLO:
            self.hello = json.loads(read_var_string(frame, at)[0])
            self.role = self.hello["role"]
        elif kind == Type.STATE:
            self.seq, at = read_var_uint(frame, at)
            self._apply(read_var_bytes(frame, at)[0])
            self.synced = True
        elif kind == Type.DELTA:
            first, at = read_var_uint(frame, at)
            last, at = read_var_uint(frame, at)
            assert self.synced, "a DELTA came before the STATE"
            if first > self.seq + 1:
                await self.send(messages.encode_step1(self.doc.get_state()))
                return
            self.received.append((first, last))
            self.seq = max(self.seq, last)
            self._apply(read_var_bytes(frame, at)[0])
        elif kind == Type.ACK:
            batch, at = read_var_uint(frame, at)
            seq, at = read_var_uint(frame, at)
            self.acked_batch = batch
            self.acked.append((batch, seq))
        elif kind == Type.REFUSED:
            batch, at = read_var_uint(frame, at)
            self.refused.append((batch, read_var_string(frame, at)[0]))
        elif kind == Type.ACCESS:
            self.role = json.loads(read_var_string(frame, at)[0])["role"]
            self.access.append(self.role)
        elif kind == Type.PING:
            await self.send(messages.encode_pong(read_var_uint(frame, at)[0]))
        elif kind == Type.AWARENESS:
            body, _ = read_var_bytes(frame, at)
            for entry in messages._awareness_entries(body):
                state = json.loads(entry.state)
                if state is None:
                    self.presence.pop(entry.client, None)
                else:
                    self.presence[entry.client] = state

    async def _answer(self, vector: bytes) -> None:
        """The server's step 1: a WHOLE, unless there is nothing it lacks. Python keeps no dirty flag, so deletions count as news."""
        whole = self.doc.get_update(vector)
        self._unsent.clear()
        self._ready = True
        if whole != b"\x00\x00":
            self.batch += 1
            await self.send(bytes((Type.WHOLE,)) + var_uint(self.batch) + var_bytes(whole))

    def _apply(self, update: bytes) -> None:
        self._applying = True
        try:
            self.doc.apply_update(update)
        finally:
            self._applying = False

    def __str__(self) -> str:
        return str(self.text)


def _merge(updates: list[bytes]) -> bytes:
    from pycrdt import merge_updates

    return merge_updates(*updates)


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


Step = Callable[[], Awaitable[None]]
__all__ = ["PATIENCE_S", "Scribe", "company", "converge", "read_state_vector"]
