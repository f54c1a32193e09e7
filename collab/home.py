"""`HomeConsumer`: the socket of a home page. A loop over `receive`, as in `consumers.py`, with smaller bounds."""

import asyncio
from typing import Any

from channels.consumer import AsyncConsumer

from . import hub as hubs
from .admission import Denied, Shown, admit_home, shown_in
from .consumers import Budget, say_goodbye
from .core.errors import CollabError, ProtocolError, TooBig
from .core.messages import RESTART, SUBPROTOCOL, decode_home
from .lobby import Lobby, Visitor
from .store import DATABASE_DOWN

MAX_FRAME_BYTES = 16 << 10  # 200 documents are 8 KiB
FRAMES_PER_SECOND = 20  # scrolling says what is on the screen, gathered by the page


class HomeConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """One page's socket."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application of one WebSocket."""
        await receive()  # websocket.connect
        if SUBPROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})  # else a browser could not see why not
        lobby = hubs.current().lobby
        try:
            visitor = await self._enter(lobby, shown_in(scope), send)
        except Denied as denied:
            await say_goodbye(send, denied.code, denied.reason)
            return
        try:
            await self._read(lobby, visitor, receive)
        except asyncio.CancelledError:
            if visitor in lobby.visitors:
                raise
            # Closed by the lobby, and the socket did not take the goodbye in time.
        finally:
            lobby.leave(visitor)

    async def _enter(self, lobby: Lobby, shown: Shown, send: Any) -> Visitor:
        try:
            epoch = -1
            while epoch != lobby.hub.access_epoch:  # a session may end while it is read
                epoch = lobby.hub.access_epoch
                person, session = await lobby.hub.store.read(lambda: admit_home(shown))
        except DATABASE_DOWN:
            raise Denied(4508, "the database does not answer just now") from None
        if lobby.hub.leaving:
            raise Denied(RESTART, "the server restarts")
        if not lobby.has_place_for(person.user):
            raise Denied(1013, "too many open pages")
        return lobby.enter(person=person, session=session, send=send)

    async def _read(self, lobby: Lobby, visitor: Visitor, receive: Any) -> None:
        budget = Budget(updates=FRAMES_PER_SECOND, rate=MAX_FRAME_BYTES, burst=8 * MAX_FRAME_BYTES)
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            try:
                frame = message.get("bytes")
                if frame is None:
                    raise ProtocolError("a text frame")
                if len(frame) > MAX_FRAME_BYTES:
                    raise TooBig("bytes of a frame", limit=MAX_FRAME_BYTES, actual=len(frame))
                said = decode_home(frame, max_documents=lobby.hub.settings["MAX_HOME_LINES"])
            except CollabError as error:
                lobby.evict(visitor, error.code, error.reason)
                continue  # until the socket has taken the goodbye
            wait_s = budget.take(len(frame))
            if wait_s > 0:  # this page, and no other, waits
                await asyncio.sleep(wait_s)
            if visitor in lobby.visitors:
                lobby.receive(visitor, said)
