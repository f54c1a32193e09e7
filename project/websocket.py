"""uvicorn's WebSocket protocol, with a shorter way for ordinary frames.

`websockets` reads a frame through generators and objects, and uvicorn stops and starts reading for each: 6 us a frame
in, 2.7 out, two fifths of what a process did that was full of small edits. An ordinary frame (binary, whole, all of it
here) is read below in one loop, and written as its header and its bytes. Everything else (the handshake, text,
fragments, pings, closing, what has come in part, what breaks the protocol) goes to `websockets` as it came, one frame
after the other: about that, it and uvicorn decide as ever. RFC 6455, section 5.2; seen in uvicorn 0.54, which
`tests/project/test_websocket.py` compares with this.
"""

import asyncio
from collections import deque
from functools import lru_cache
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import apply_mask  # type: ignore[attr-defined]  # the fast one, where it could be built
from websockets.protocol import State

ORDINARY = 0x82  # the first byte: the last frame of its message, no extension's bits, binary
MASKED = 0x80
MAX_UNREAD = 64 << 10  # bytes of frames since the application had taken all: with more, the socket is not read
FRAME_BYTES = 512  # what a frame that waits is counted for, beside its bytes
END_OF_REQUEST = b"\r\n\r\n"
MAX_KEPT = 16 << 10


class Mailbox(deque[Any]):
    """What has come for the application, which alone takes from it: in place of an `asyncio.Queue`, whose conditions
    and counts cost twice as much.
    """

    waiter: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        """Put a message in, and wake who waits for one."""
        self.append(message)
        self.wake()

    def wake(self) -> None:
        """There is something."""
        waiter, self.waiter = self.waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class WebSocket(WebSocketsSansIOProtocol):
    """One socket. `websockets` is given whole frames, or the beginning of one and then the rest of it, so that here it
    is always known where the next begins.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mailbox = self.queue = Mailbox()  # type: ignore[assignment]  # by its old name uvicorn's methods fill it
        self._ours = False  # what comes next is for `_read`
        self._begun = b""  # of a header
        self._due = 0  # bytes to come of the frame that `websockets` has the beginning of
        self._unread = 0

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._ours and self.handshake_complete:
            self._read(self._begun + data if self._begun else data)
            return
        # Nothing but the request comes before its answer, and uvicorn passes it alone. Of a client that does otherwise
        # it is not known here how far `websockets` has read.
        asked = self.handshake_initiated
        super().data_received(data)
        self._ours = self.handshake_initiated and not asked and data.find(END_OF_REQUEST) == len(data) - 4

    def _read(self, data: bytes) -> None:
        at, size = 0, len(data)
        if self._due:
            at = min(self._due, size)
            self._due -= at
            self._pass_on(data, 0, at)
        while self._ours and size - at >= 2:
            masked = data[at + 1] & MASKED
            length = data[at + 1] & 0x7F
            start = at + 2
            if length > 125:
                start += 2 if length == 126 else 8
                if start > size:
                    break
                length = int.from_bytes(data[at + 2 : start])
            end = start + 4 + length if masked else start + length
            if (
                data[at] == ORDINARY
                and masked
                and end <= size
                and length <= self.config.ws_max_size
                and not self.frames  # not amid the fragments of another message
                and not self.close_sent
            ):
                content = apply_mask(data[start + 4 : end], data[start : start + 4])
                self.mailbox.append({"type": "websocket.receive", "bytes": content})
                self._unread += length + FRAME_BYTES
            else:
                self._due = max(0, end - size)
                self._pass_on(data, at, min(end, size))
            at = end
        self._begun = data[at:] if self._ours else b""
        if self.mailbox:
            self.mailbox.wake()
        if self._unread > MAX_UNREAD and not self.read_paused and not self.close_sent:
            self.read_paused = True
            self.transport.pause_reading()

    def _pass_on(self, data: bytes, at: int, end: int) -> None:
        """Let `websockets` have `data[at:end]`; all the rest too, once the closing has begun."""
        super().data_received(data[at:end])
        self._ours = self.conn.state is State.OPEN and self.conn.parser_exc is None
        if not self._ours and end < len(data) and not self.transport.is_closing():
            super().data_received(data[end:])

    async def receive(self) -> Any:
        """The next message, as in ASGI."""
        mailbox = self.mailbox
        while not mailbox:
            mailbox.waiter = self.loop.create_future()
            await mailbox.waiter
        message = mailbox.popleft()
        if not mailbox:
            self._unread = 0
            if self.read_paused:
                self.read_paused = False
                self.transport.resume_reading()
        return message

    async def send(self, message: Any) -> None:
        """Send a message, as in ASGI. Waits while the socket takes nothing; raises `ClientDisconnected`."""
        data = message.get("bytes") if message["type"] == "websocket.send" else None
        if type(data) is not bytes or self.conn.extensions:
            await super().send(message)
            return
        if not self.writable.is_set():
            await self.writable.wait()
        if self.disconnected:
            raise ClientDisconnected
        if not self.handshake_complete or self.close_sent or self.conn.state is not State.OPEN:
            await super().send(message)
        elif len(data) <= MAX_KEPT:
            self.transport.write(_frame_of(data))
        else:
            self.transport.write(_header_of(data))
            self.transport.write(data)


def _header_of(data: bytes) -> bytes:
    size = len(data)
    if size < 126:
        return bytes((ORDINARY, size))
    if size < 1 << 16:
        return b"\x82\x7e" + size.to_bytes(2)
    return b"\x82\x7f" + size.to_bytes(8)


@lru_cache(maxsize=4)
def _frame_of(data: bytes) -> bytes:
    """The frame is made once that goes to many."""
    return _header_of(data) + data
