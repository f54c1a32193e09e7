"""`DocumentConsumer`: a socket on one side, a room on the other, as little as possible between.

Channels' own dispatch puts a thread hop and a task in front of every frame, on the thread that runs every async ORM
call (0.16 ms idle, 5 ms under load). So this is a plain loop over `receive`, and no channel of the layer belongs to a
connection: the relay has one a process.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from channels.consumer import AsyncConsumer

from . import hub as hubs
from .admission import Denied, Shown, shown_in
from .core.connection import Dialect
from .core.errors import CollabError, ProtocolError
from .core.messages import RESTART, SUBPROTOCOL
from .core.room import vet
from .hub import Hub, Unavailable
from .live import LiveRoom, Member
from .outbox import INSTEAD
from .store import DATABASE_DOWN

MAX_UNREAD_FRAMES = 2_000
READ_ASIDE_BYTES = 16 << 10  # a larger frame is read on a thread: the others' frames need not wait for it


class DocumentConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """One person's socket on one document."""

    accepted = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application of one WebSocket."""
        await receive()  # websocket.connect
        document: uuid.UUID = scope["url_route"]["kwargs"]["document"]
        coscribe = SUBPROTOCOL in scope["subprotocols"]
        dialect = Dialect.COSCRIBE if coscribe else Dialect.STOCK
        hub = hubs.current()
        try:
            live, member = await enter(
                hub, document, shown_in(scope), send, dialect=dialect, accept=lambda: self._accept(send, coscribe)
            )
        except Denied as denied:
            if coscribe and not self.accepted:  # a browser cannot see why a handshake failed, so ours is told after it
                await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
            await say_goodbye(send, denied.code, denied.reason)
            return
        try:
            await self._read(live, member, receive)
        except asyncio.CancelledError:
            if member.connection.id in live.members:
                raise
            # Closed by the room, and the socket did not take the goodbye in time: nothing is left to be said to it.
        finally:
            hub.leave(live, member)

    async def _accept(self, send: Any, coscribe: bool) -> None:
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if coscribe else None})
        self.accepted = True

    async def _read(self, live: LiveRoom, member: Member, receive: Any) -> None:
        limits = live.hub.settings
        budget = Budget(
            updates=limits["MAX_UPDATES_PER_SECOND"],
            rate=limits["MAX_BYTES_PER_SECOND"],
            burst=2 * limits["MAX_MESSAGE_BYTES"],
        )
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            frame = message.get("bytes")
            if frame is None:
                live.reject(member, ProtocolError("a text frame"))
                continue
            wait_s = budget.take(len(frame))
            if wait_s > 0 or live.room.full:  # this socket, and no other, waits: it is not read meanwhile
                await asyncio.sleep(wait_s)
                await live.space()
                if crowded(receive):
                    live.carry_out(live.room.evict(member.connection, 1013, "too much at once"))
            if len(frame) <= READ_ASIDE_BYTES:
                live.receive(member, frame)
            else:
                await read_aside(live, member, frame)


async def enter(
    hub: Hub,
    document: uuid.UUID,
    shown: Shown,
    send: Any,
    *,
    dialect: Dialect,
    accept: Callable[[], Awaitable[None]],
) -> tuple[LiveRoom, Member]:
    """Let somebody into a document's room. `accept` is called once they may enter, and what they may do is looked at
    again after it. Raises `Denied`.
    """
    try:
        epoch = hub.access_epoch
        admitted = await hub.entrance.admit(document, shown)
        if not hub.has_place_for(admitted.person.user):
            raise Denied(1013, "too many open documents")
        await hub.open(document)
        await accept()
        live = await hub.open(document)  # waits only if the room was closed meanwhile
        while hub.changed_since(epoch, document, admitted.person.user):  # on the way: what we read may be old
            epoch = hub.access_epoch
            admitted = await hub.entrance.admit(document, shown)
            live = await hub.open(document)
        if not hub.has_place_for(admitted.person.user):  # of many that came at once
            raise Denied(1013, "too many open documents")
    except Unavailable:
        raise Denied(4508, "the document cannot be opened just now") from None
    except DATABASE_DOWN:
        raise Denied(4508, "the database does not answer just now") from None
    if hub.leaving:
        raise Denied(RESTART, "the server restarts")
    member = hub.enter(
        live,
        person=admitted.person,
        role=admitted.role,
        session=admitted.session,
        dialect=dialect,
        send=send,
        title=admitted.title,
        link_ends=admitted.link_ends,
    )
    return live, member


async def pass_on(live: LiveRoom, member: Member, frame: bytes) -> None:
    """Give the room a frame; it counts when this returns."""
    if len(frame) <= READ_ASIDE_BYTES:
        live.receive(member, frame)
    else:
        await read_aside(live, member, frame)


async def read_aside(live: LiveRoom, member: Member, frame: bytes) -> None:
    """`pass_on`, for a large one."""
    bounds, edits = live.room.bounds, member.connection.can_edit
    try:
        vetted = await asyncio.to_thread(vet, frame, max_bytes=bounds.max_message_bytes, edits=edits)
    except CollabError as error:
        live.reject(member, error)
    else:
        live.take(member, vetted)


async def say_goodbye(send: Any, code: int, reason: str) -> None:
    """Close a socket that never came to an outbox; by another code where the server does not send this one."""
    try:
        await send({"type": "websocket.close", "code": code, "reason": reason})
    except Exception:
        if code not in INSTEAD:
            raise
        await send({"type": "websocket.close", "code": INSTEAD[code], "reason": reason})


class Budget:
    """What one socket may send: so many frames, and so many bytes, a second, after a burst."""

    __slots__ = ("_burst", "_bytes", "_filled", "_rate", "_updates", "_updates_per_s")

    def __init__(self, *, updates: int, rate: int, burst: int) -> None:
        self._updates_per_s, self._rate, self._burst = updates, rate, burst
        self._updates, self._bytes = float(updates), float(burst)
        self._filled = time.monotonic()

    def take(self, size: int) -> float:
        """Spend one frame of `size` bytes; the seconds that the socket has to wait for it, usually 0."""
        self._updates -= 1
        self._bytes -= size
        if self._updates >= 0 and self._bytes >= 0:
            return 0.0
        now = time.monotonic()
        passed, self._filled = now - self._filled, now
        self._updates = min(self._updates_per_s, self._updates + passed * self._updates_per_s)
        self._bytes = min(self._burst, self._bytes + passed * self._rate)
        return max(0.0, -self._updates / self._updates_per_s, -self._bytes / self._rate)


def crowded(receive: Any) -> bool:
    """Whether frames have piled up before us. uvicorn stops reading; daphne goes on, into a queue without a bound."""
    queue = getattr(receive, "__self__", None)
    return isinstance(queue, asyncio.Queue) and queue.qsize() > MAX_UNREAD_FRAMES
