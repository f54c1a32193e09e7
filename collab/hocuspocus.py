"""`HocuspocusConsumer`: a socket of `@hocuspocus/provider`, which carries every document that its page has open.

Behind the names it is one room and one member a document, as everywhere: `core/hocuspocus.py` has the framing. A
document that is over for somebody (no access, deleted) is ended in this protocol's words, and the others go on. What is
over only for now ends the socket: the provider opens another, and comes back with all. What cannot be opened just now
is asked for again here, or one document that never opens would end all the others each time.
"""

import asyncio
import logging
from typing import Any, Protocol

from channels.consumer import AsyncConsumer

from . import hub as hubs
from .admission import Denied, Shown, shown_in
from .consumers import Budget, crowded, say_goodbye
from .core.errors import CollabError, ProtocolError, TooBig
from .core.hocuspocus import Kind, Said, is_pong, read_token, split
from .core.messages import RESTART
from .hub import Hub
from .live import CLOSE_PATIENCE_S
from .part import Part, later_s

logger = logging.getLogger(__name__)

MAX_DOCUMENTS = 100  # of one socket, as in @hocuspocus/server
DOORS_PER_SECOND = 20  # each is a visit to the database
MAX_DENIALS = 5  # of a socket on which nobody was let in
FOR_GOOD = frozenset({4401, 4403, 4404})  # denials that are counted: of the others people come back
UNUSED_LIMIT_S = 60.0  # how long a socket may have no document open


class Doorstep(Protocol):
    """Who counts the denials of an address, where the server has somebody for that (`scope["doorstep"]`)."""

    def open_to(self, shown: Shown) -> bool:
        """Whether it may be asked who shows this."""

    def admitted(self, shown: Shown) -> None:
        """It was good."""

    def denied(self, shown: Shown) -> None:
        """It was not."""


class HocuspocusConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """One page's socket."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application of one WebSocket."""
        await receive()  # websocket.connect
        hub = hubs.current()
        if hub.leaving:
            await say_goodbye(send, RESTART, "the server restarts")
            return
        await send({"type": "websocket.accept", "subprotocol": None})
        socket = Socket(hub, shown_in(scope), send, scope.get("doorstep"))
        try:
            await socket.read(receive)
            await socket.finish()
        except asyncio.CancelledError:
            if not socket.closed:
                raise
            # It did not take the goodbye in time.
        finally:
            await socket.leave()


class Socket:
    """The documents of one socket. `shown`: what the handshake did, which counts where no token is sent."""

    def __init__(self, hub: Hub, shown: Shown, send: Any, doorstep: Doorstep | None = None) -> None:
        self.hub, self.shown, self.send = hub, shown, send
        self.held_bytes = 0
        self.closed = False
        self._parts: dict[str, Part] = {}
        self._doors = Budget(updates=DOORS_PER_SECOND, rate=1, burst=1)
        self._doorstep = doorstep
        self._denials = 0
        self._task = asyncio.current_task()
        self._unused = hub.loop.call_later(UNUSED_LIMIT_S, self._close_if_unused)
        self._barred: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None

    async def read(self, receive: Any) -> None:
        """Take frames until the socket ends."""
        limits = self.hub.settings
        most = limits["MAX_MESSAGE_BYTES"]
        budget = Budget(updates=limits["MAX_UPDATES_PER_SECOND"], rate=limits["MAX_BYTES_PER_SECOND"], burst=2 * most)
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            if self.closed:
                continue
            frame = message.get("bytes")
            try:
                if frame is None:
                    raise ProtocolError("a text frame")
                wait_s = budget.take(len(frame))
                if wait_s > 0:  # this socket, and no other, waits
                    await asyncio.sleep(wait_s)
                    if crowded(receive):
                        await self.close(1013, "too much at once")
                if not is_pong(frame):
                    await self._take(split(frame, max_bytes=most))
            except CollabError as error:
                await self.close(error.code, error.reason)

    async def close(self, code: int, reason: str) -> None:
        """End the socket, for all its documents."""
        if self.closed:
            return
        self.closed = True
        logger.info("a socket with %d documents is closed with %d (%s)", len(self._parts), code, reason)
        if self._task is not None:
            self._patience = self.hub.loop.call_later(CLOSE_PATIENCE_S, self._task.cancel)
        await say_goodbye(self.send, code, reason)

    async def finish(self) -> None:
        """Nothing more comes. What came before still counts."""
        if not self.closed:
            await asyncio.gather(*(part.finish() for part in self._parts.values()))

    async def leave(self) -> None:
        """The socket is gone; nothing of it runs when this returns."""
        for timer in (self._unused, self._barred, self._patience):
            if timer is not None:
                timer.cancel()
        self.closed = True
        tasks = [task for part in self._parts.values() if (task := part.leave()) is not None]
        self._parts.clear()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def barred(self) -> bool:
        """Whether it was denied so often, and let in nowhere, that nobody is asked for it any more."""
        return self._denials >= MAX_DENIALS and not any(part.entered for part in self._parts.values())

    async def knock(self, shown: Shown) -> None:
        """Wait until the database may be asked who shows this. Raises `Denied` where the process leaves meanwhile."""
        wait_s = self._doors.take(0)
        while wait_s > 0 or self.barred or not (self._doorstep is None or self._doorstep.open_to(shown)):
            await asyncio.sleep(wait_s or later_s())
            wait_s = 0.0
            if self.hub.leaving:
                raise Denied(RESTART, "the server restarts")

    def note(self, shown: Shown, denied: Denied | None) -> None:
        """What the database said to that."""
        if denied is None:
            self._denials = 0
            if self._doorstep is not None:
                self._doorstep.admitted(shown)
        elif denied.code in FOR_GOOD:
            self._denials += 1
            if self._doorstep is not None:
                self._doorstep.denied(shown)
            if self._barred is None and self.barred:  # not at once: providers come back soon after
                self._barred = self.hub.loop.call_later(later_s(), self._close_if_barred)

    async def _take(self, said: Said) -> None:
        part = self._parts.get(said.name)
        if said.kind is Kind.STATELESS:  # for extensions of their server, of which we have none
            return
        if said.kind is Kind.CLOSE:
            if part is not None:
                await part.finish()
                part.leave()
                del self._parts[said.name]
            return
        if part is None:
            if len(self._parts) >= MAX_DOCUMENTS:
                self._forget_one()
            if len(self._parts) >= MAX_DOCUMENTS:
                raise TooBig("documents of a socket", limit=MAX_DOCUMENTS, actual=len(self._parts) + 1)
            part = self._parts[said.name] = Part(self, said.name)
        if said.kind is Kind.AUTH:
            part.authenticate(read_token(said.body))
        else:
            await part.take(said.body)

    def _forget_one(self) -> None:
        """Make room: nobody needs the place of a document that is over."""
        for name, part in self._parts.items():
            if part.over:
                part.leave()
                del self._parts[name]
                return

    def _close_if_barred(self) -> None:
        self._barred = None
        if self.barred:
            self.hub.spawn(self.close(4401, "nobody who may enter"))

    def _close_if_unused(self) -> None:
        if any(part.used for part in self._parts.values()):
            self._unused = self.hub.loop.call_later(UNUSED_LIMIT_S, self._close_if_unused)
        else:
            self.hub.spawn(self.close(4408, "no document is open"))
