"""The bounded send queue of one socket.

A frame is written at once when the socket takes it: the `send` coroutine runs on the spot, without a task switch. When
the server makes it wait (uvicorn, above its high-water mark) frames queue up here; over the bound those that may be
lost are, and one diff makes up for them later (`Room.lagging`, `Room.writable`). daphne never makes us wait, so a
`coscribe.v1` client also has a credit: it must answer a PING for every part of the bound we send.
"""

import asyncio
import math
import secrets
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any

from .core.messages import RESTART, encode_ping

# daphne (Autobahn's `sendClose`) raises for every code below 3000 but 1000. What stands in for it means the same to a
# client: final, or later.
INSTEAD = {1009: 4400, 1012: RESTART, 1013: 4508}

Sender = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]


class Outbox:
    """Frames to one socket, in order. `lagged` is called when frames were dropped, `writable` when there is room
    again.
    """

    __slots__ = (
        "_answered",
        "_bytes",
        "_closing",
        "_credited",
        "_dropped",
        "_frames",
        "_limit_bytes",
        "_limit_frames",
        "_loop",
        "_pinged",
        "_pings",
        "_send",
        "_sent",
        "_task",
        "blocked_since",
        "closed",
        "lagged",
        "writable",
    )

    def __init__(
        self,
        send: Sender,
        *,
        limit_bytes: int,
        limit_frames: int,
        credited: bool,
        lagged: Callable[[], None],
        writable: Callable[[], None],
    ) -> None:
        self._send = send
        self._limit_bytes = limit_bytes
        self._limit_frames = limit_frames
        self._credited = credited
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._frames: deque[tuple[bytes, bool]] = deque()
        self._bytes = 0
        self._sent = self._answered = self._pinged = 0  # bytes in all: written, known to have arrived, at the last PING
        self._pings: list[tuple[int, int]] = []  # nonce, and bytes sent before it, of those not answered: at most five
        self._dropped = False
        self._closing: tuple[int, str] | None = None
        self.closed = False
        self.blocked_since: float | None = None
        self.lagged = lagged
        self.writable = writable

    def put(self, frame: bytes, *, droppable: bool) -> None:
        """Send a frame now, or as soon as the socket takes it."""
        if self.closed or self._closing is not None:
            return
        if self._task is None and not self._frames and self._has_credit:
            self._write(frame)
        elif self._fits(frame) or not droppable:
            self._queue(frame, droppable)
            if self._bytes > 2 * self._limit_bytes and len(self._frames) > 1:
                self.blocked_since = -math.inf  # even what must not be lost is too much: for the next tick to close
        else:
            self._drop()

    def arrived(self, nonce: int) -> None:
        """The client answered a PING: what was sent before it has arrived."""
        for position, (asked, sent) in enumerate(self._pings):
            if asked == nonce:
                self._answered = sent
                del self._pings[: position + 1]
                self._drain()
                return

    def close(self, code: int, reason: str) -> None:
        """Send what is queued and then close; nothing more is taken."""
        if self._closing is None and not self.closed:
            self._closing = (code, reason)
            self._frames = deque((frame, droppable) for frame, droppable in self._frames if not droppable)
            self._drain()

    def abandon(self) -> None:
        """The socket is gone."""
        self._break_off()
        if self._task is not None:
            self._task.cancel()

    @property
    def waiting_bytes(self) -> int:
        """What the socket has not taken yet."""
        return self._bytes

    @property
    def _has_credit(self) -> bool:
        return not self._credited or self._sent - self._answered < self._limit_bytes

    def _fits(self, frame: bytes) -> bool:
        if not self._frames:
            return True  # a frame larger than the bound still has to go some time
        return len(self._frames) < self._limit_frames and self._bytes + len(frame) <= self._limit_bytes

    def _queue(self, frame: bytes, droppable: bool) -> None:
        self._frames.append((frame, droppable))
        self._bytes += len(frame)
        if self.blocked_since is None:
            self.blocked_since = self._loop.time()

    def _drop(self) -> None:
        self._dropped = True
        self._frames = deque((frame, droppable) for frame, droppable in self._frames if not droppable)
        self._bytes = sum(len(frame) for frame, _ in self._frames)
        self.lagged()

    def _write(self, frame: bytes) -> None:
        self._sent += len(frame)
        self._run({"type": "websocket.send", "bytes": frame})
        self._ask()

    def _ask(self) -> None:
        if (
            self._credited
            and self._sent - self._pinged > self._limit_bytes // 4
            and self._task is None
            and not self.closed
        ):
            self._pinged = self._sent
            nonce = secrets.randbits(50)  # nobody answers a PING that they have not read
            self._pings.append((nonce, self._sent))
            self._run({"type": "websocket.send", "bytes": encode_ping(nonce)})

    def _run(self, message: dict[str, Any]) -> None:
        sending = self._send(message)
        try:
            waits_for = sending.send(None)
        except StopIteration:  # written: what a task costs, a third of it all, is saved
            return
        except (Exception, asyncio.CancelledError):  # noqa: BLE001 - the peer is gone; the consumer's receive will say so
            self._break_off()
        else:
            self._task = self._loop.create_task(_go_on(sending, waits_for))
            self._task.add_done_callback(self._resume)

    def _break_off(self) -> None:
        self.closed = True
        self._frames.clear()
        self._bytes = 0

    def _resume(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled() or task.exception() is not None:
            self._break_off()
        self._ask()  # a frame that had to wait kept its PING back: without one the credit would never be renewed
        self._drain()

    def _drain(self) -> None:
        while self._frames and self._task is None and not self.closed and (self._has_credit or self._closing):
            frame, _ = self._frames.popleft()
            self._bytes -= len(frame)
            self._write(frame)
        if self._frames or self._task is not None or self.closed:
            return
        self.blocked_since = None
        if self._closing is not None:
            self._goodbye(*self._closing)
        elif self._dropped and self._has_credit:
            self._dropped = False
            self.writable()

    def _goodbye(self, code: int, reason: str) -> None:
        """Close; in our own words where the server does not send this code, or the socket would stay open, unheard."""
        self._run({"type": "websocket.close", "code": code, "reason": reason})
        if self.closed and code in INSTEAD:
            self._run({"type": "websocket.close", "code": INSTEAD[code], "reason": reason})
        self.closed = True


async def _go_on(sending: Coroutine[Any, Any, None], waits_for: Any) -> None:
    """The rest of a coroutine that was begun outside a task and waits for this."""
    await _rest(sending, waits_for)


@types.coroutine
def _rest(sending: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any]:
    """`await` by hand, which takes a coroutine only from its beginning."""
    while True:
        try:
            answer = yield waits_for
        except BaseException as error:  # noqa: BLE001 - its to deal with
            step = partial(sending.throw, error)
        else:
            step = partial(sending.send, answer)
        try:
            waits_for = step()
        except StopIteration:
            return
