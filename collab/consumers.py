"""`DocumentConsumer`: a socket on one side, a room on the other, as little as possible between.

Channels' own dispatch puts a thread hop and a task in front of every frame, on the thread that runs every async ORM
call (0.16 ms idle, 5 ms under load). So this is a plain loop over `receive`, and no channel of the layer belongs to a
connection: the relay has one a process.
"""

import asyncio
import uuid
from typing import Any

from channels.consumer import AsyncConsumer

from . import hub as hubs
from .admission import Denied, admit, session_cookie
from .core.errors import CollabError, ProtocolError
from .core.messages import SUBPROTOCOL
from .core.room import vet
from .hub import Hub, Unavailable
from .live import LiveRoom, Member
from .store import DATABASE_DOWN

READ_ASIDE_BYTES = 64 << 10  # a larger frame is read on a thread: the others' frames need not wait for it


class DocumentConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """One person's socket on one document."""

    accepted = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application of one WebSocket."""
        await receive()  # websocket.connect
        document: uuid.UUID = scope["url_route"]["kwargs"]["document"]
        coscribe = SUBPROTOCOL in scope["subprotocols"]
        hub = hubs.current()
        try:
            live, member = await self._enter(hub, document, scope, send, coscribe=coscribe)
        except Denied as denied:
            if coscribe and not self.accepted:  # a browser cannot see why a handshake failed, so ours is told after it
                await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
            await send({"type": "websocket.close", "code": denied.code, "reason": denied.reason})
            return
        try:
            await self._read(live, member, receive)
        finally:
            hub.leave(live, member)

    async def _enter(
        self, hub: Hub, document: uuid.UUID, scope: Any, send: Any, *, coscribe: bool
    ) -> tuple[LiveRoom, Member]:
        session = session_cookie(scope)
        try:
            epoch = hub.access_epoch
            admitted = await hub.store.read(lambda: admit(document, session))
            if not hub.has_place_for(admitted.person.user):
                raise Denied(1013, "too many open documents")
            await hub.open(document)
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if coscribe else None})
            self.accepted = True
            while epoch != hub.access_epoch:  # rights changed on the way: what we read may be old
                epoch = hub.access_epoch
                admitted = await hub.store.read(lambda: admit(document, session))
            live = await hub.open(document)  # waits only if the room was closed meanwhile
            if not hub.has_place_for(admitted.person.user):  # of many that came at once
                raise Denied(1013, "too many open documents")
        except Unavailable:
            raise Denied(4508, "the document cannot be opened just now") from None
        except DATABASE_DOWN:
            raise Denied(4508, "the database does not answer just now") from None
        member = hub.enter(
            live, person=admitted.person, role=admitted.role, session=session, coscribe=coscribe, send=send
        )
        if epoch != hub.access_epoch:
            hub.spawn(hub.recheck(live, frozenset({admitted.person.user})))
        return live, member

    async def _read(self, live: LiveRoom, member: Member, receive: Any) -> None:
        loop = asyncio.get_running_loop()
        rate = live.hub.settings["MAX_UPDATES_PER_SECOND"]
        credit, filled = float(rate), loop.time()
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            frame = message.get("bytes")
            if frame is None:
                live.reject(member, ProtocolError("a text frame"))
                continue
            if credit < 1:  # over the rate: this socket, and no other, waits
                now = loop.time()
                credit = min(rate, credit + (now - filled) * rate)
                filled = now
                if credit < 1:
                    await asyncio.sleep((1 - credit) / rate)
            credit -= 1
            if live.room.full:
                await live.space()
            if len(frame) <= READ_ASIDE_BYTES:
                live.receive(member, frame)
                continue
            try:
                vetted = await asyncio.to_thread(vet, frame, max_bytes=live.room.bounds.max_message_bytes)
            except CollabError as error:
                live.reject(member, error)
            else:
                live.take(member, vetted)
