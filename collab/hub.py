"""The rooms of this process: load each once, carry out what they ask, keep the promises that need a clock.

Everything here runs on one event loop. A room's method and the carrying out of its effects happen without an await
between them, so no lock is needed and no half state is seen.
"""

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import Coroutine
from dataclasses import fields
from typing import Any

from django.conf import settings

from documents import compaction
from permissions.roles import Role

from .core.connection import Connection, Dialect, Person
from .core.room import Bounds
from .journal import Journal
from .live import LiveRoom, Member, State
from .outbox import Outbox, Sender
from .relay import AccessNews, Delta, News, PresenceNews, Relay
from .store import DATABASE_DOWN, Store

logger = logging.getLogger(__name__)


class Unavailable(Exception):
    """The document cannot be loaded just now."""


class Hub:
    """All open documents of this process."""

    def __init__(self) -> None:
        collab = settings.COLLAB
        self.loop = asyncio.get_running_loop()
        self.settings = collab
        self.bounds = Bounds(**{f.name: collab[f.name.upper()] for f in fields(Bounds)})
        self.store = Store()
        self.journal = Journal(self.store)
        self.relay = Relay(self.hear)
        self.access_epoch = 0  # rises with every change of rights that this process hears of
        self._rooms: dict[uuid.UUID, asyncio.Future[LiveRoom]] = {}
        self._per_user: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._last_id = 0
        self._started = False

    def now_ms(self) -> int:
        """The room's clock: monotonic, in milliseconds."""
        return int(self.loop.time() * 1000)

    @property
    def rooms(self) -> list[LiveRoom]:
        """The rooms that are loaded."""
        return [f.result() for f in self._rooms.values() if f.done() and not f.cancelled() and f.exception() is None]

    def start(self) -> None:
        """Begin the clocks. daphne has no lifespan protocol, so the first socket does this."""
        if self._started:
            return
        self._started = True
        self.journal.start()
        self.relay.start()
        for period, beat in (
            (self.settings["PRESENCE_INTERVAL_MS"], self._flush_presence),
            (1000, self._tick),
            (self.settings["POLL_INTERVAL_MS"], self._poll),
            (self.settings["SWEEP_INTERVAL_MS"], self._sweep),
        ):
            self.spawn(self._every(period / 1000, beat))

    async def close(self) -> None:
        """Stop everything (tests; a server's end is the process's end)."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.journal.close()
        await self.relay.close()
        for live in self.rooms:
            self.forget(live)
        self.store.close()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run something beside; the hub owns it, and an error in it is logged."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a background task failed", exc_info=task.exception())

    # -- rooms -----------------------------------------------------------------------------------------------------

    async def open(self, document: uuid.UUID) -> LiveRoom:
        """The live room of a document, loaded by whoever comes first. Raises `Unavailable`."""
        future = self._rooms.get(document)
        if future is None:
            future = self._rooms[document] = self.loop.create_future()
            self.spawn(self._load(document, future))
        return await asyncio.shield(future)

    async def _load(self, document: uuid.UUID, future: asyncio.Future[LiveRoom]) -> None:
        live = LiveRoom(self, document)
        self.relay.join(document)  # hear first, then load, then poll: nothing falls between
        loaded = None
        try:
            loaded = await self.store.load(document)
            if loaded is not None:
                live.room.load(loaded.head, loaded.updates)
        except BaseException as error:  # also what yrs panics with; a failed load leaves nothing
            logger.error("document %s cannot be loaded", document, exc_info=error)
            loaded = None
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            if loaded is None:
                self._rooms.pop(document, None)
                self.relay.leave(document)
                future.set_exception(Unavailable(str(document)))
                future.exception()  # there may be nobody left who waits
        if loaded is None:
            return
        live.tail, live.tail_bytes = loaded.head - loaded.state_seq, loaded.tail_bytes
        live.state = State.IDLE
        live.idle_since = self.loop.time()
        future.set_result(live)
        logger.info("document %s: room opened at row %d", document, loaded.head)
        self.relay.publish(PresenceNews(document, self.relay.node, (), asking=True))
        self.spawn(self._poll_rooms([live]))

    def enter(
        self,
        live: LiveRoom,
        *,
        person: Person,
        role: Role,
        session: str,
        coscribe: bool,
        send: Sender,
    ) -> Member:
        """Somebody who was admitted takes a place; their first frames are on their way when this returns."""
        self._last_id += 1
        connection = Connection(
            id=self._last_id,
            person=person,
            role=role.label,
            can_edit=role >= Role.EDITOR,
            dialect=Dialect.COSCRIBE if coscribe else Dialect.STOCK,
        )
        outbox = Outbox(
            send,
            limit_bytes=self.settings["MAX_OUTBOX_BYTES"],
            limit_frames=self.settings["MAX_OUTBOX_FRAMES"],
            credited=coscribe,
            lagged=lambda: live.room.lagging(connection),
            writable=lambda: live.carry_out(live.room.writable(connection)),
        )
        member = Member(connection, outbox, session, asyncio.current_task())
        live.members[connection.id] = member
        live.state, live.idle_since = State.LIVE, None
        self._per_user[person.user] += 1
        live.carry_out(live.room.connect(connection, self.now_ms(), time_ms=int(time.time() * 1000)))
        logger.info("document %s: user %d entered as %s", live.document, person.user, role.label)
        return member

    def leave(self, live: LiveRoom, member: Member) -> None:
        """The socket is gone."""
        user = member.connection.person.user
        self._per_user[user] -= 1
        if self._per_user[user] <= 0:
            del self._per_user[user]
        member.outbox.abandon()
        live.members.pop(member.connection.id, None)
        live.carry_out(live.room.disconnect(member.connection, self.now_ms()))
        if not live.members and live.state is State.LIVE:
            live.state, live.idle_since = State.IDLE, self.loop.time()
        logger.info("document %s: user %d left", live.document, user)

    def has_place_for(self, user: int) -> bool:
        """Whether this person may open one more socket here."""
        return self._per_user[user] < self.settings["MAX_CONNECTIONS_PER_USER"]

    def drop(self, live: LiveRoom, code: int, reason: str) -> None:
        """Close a room that cannot go on; its people may come back."""
        for member in list(live.members.values()):
            live.carry_out(live.room.evict(member.connection, code, reason))
        self.forget(live)

    def forget(self, live: LiveRoom) -> None:
        """Unload a room."""
        if live.closing:
            return
        live.state = State.CLOSING
        live.room.replica.unload()
        self._rooms.pop(live.document, None)
        self.relay.leave(live.document)
        logger.info("document %s: room closed at row %d", live.document, live.room.head)

    def compact_if_due(self, live: LiveRoom) -> None:
        """Write a new state in the background when the log has grown enough since the last."""
        due = (
            live.tail >= self.settings["COMPACT_AFTER_UPDATES"]
            or live.tail_bytes >= self.settings["COMPACT_AFTER_BYTES"]
        )
        if due and not live.compacting:
            live.compacting = True
            self.spawn(self._compact(live))

    async def _compact(self, live: LiveRoom) -> None:
        before, before_bytes = live.tail, live.tail_bytes
        try:
            await compaction.compact(live.document)
            live.tail -= before
            live.tail_bytes -= before_bytes
        except DATABASE_DOWN as error:  # the next batch tries again
            logger.warning("document %s: not compacted (%s)", live.document, type(error).__name__)
        except compaction.NotCompacted:  # the log is whole, its state would not be: for an operator to look at
            logger.exception("document %s: not compacted", live.document)
            live.tail = live.tail_bytes = 0
        finally:
            live.compacting = False

    # -- what other processes, and other parts of this one, say
    # ---------------------------------------------------------

    def hear(self, news: News) -> None:
        """A message of the relay."""
        if isinstance(news, AccessNews):
            self.access_epoch += 1
            self.spawn(self._recheck_all(news))
            return
        future = self._rooms.get(news.document)
        if future is None or not future.done() or future.exception() is not None:
            return
        live = future.result()
        with live.guarded():  # else one room's error would end the listening of all
            if isinstance(news, Delta):
                live.carry_out(live.room.receive_remote(news.first, news.last, news.update))
                return
            live.room.presence.receive_remote(news.node, news.entries, self.now_ms())
            ours = live.room.presence.ours()
            if news.asking and ours:
                self.relay.publish(PresenceNews(news.document, self.relay.node, ours))

    def access_changed(self, document: uuid.UUID | None, user: int | None = None) -> None:
        """Rights changed in this process: act on it here, and tell the others. Call on the loop."""
        news = AccessNews(document, user, self.relay.node)
        self.relay.publish(news)
        self.hear(news)

    async def _recheck_all(self, news: AccessNews) -> None:
        for live in self.rooms:
            if news.document is None or live.document == news.document:
                users = {member.connection.person.user for member in live.members.values()}
                await self.recheck(live, frozenset(users if news.user is None else users & {news.user}))

    async def recheck(self, live: LiveRoom, users: frozenset[int]) -> None:
        """Ask what these people may do now, and let the room act on it."""
        if not users:
            return
        epoch = self.access_epoch
        try:
            roles = await self.store.roles([(live.document, user) for user in users])
            if live.document not in await self.store.heads([live.document]):  # after: a deletion explains a lost right
                live.vanish()
                return
        except DATABASE_DOWN as error:  # the sweep will ask again; until then the commit's own check stands
            logger.warning("document %s: rights cannot be read just now (%s)", live.document, type(error).__name__)
            return
        if epoch != self.access_epoch:  # what we read may be older than what is announced now
            await self.recheck(live, users)
            return
        for member in list(live.members.values()):
            user = member.connection.person.user
            if user in users:
                self._set_access(live, member, roles.get((live.document, user)))

    def _set_access(self, live: LiveRoom, member: Member, role: Role | None) -> None:
        live.carry_out(
            live.room.set_access(
                member.connection,
                role=role.label if role else None,
                can_edit=role is not None and role >= Role.EDITOR,
            )
        )

    # -- clocks ----------------------------------------------------------------------------------------------------

    async def _every(self, seconds: float, beat: Any) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await beat()
            except DATABASE_DOWN as error:
                logger.warning("%s: the database does not answer (%s)", beat.__name__, type(error).__name__)
            except Exception:
                logger.exception("%s failed", beat.__name__)

    async def _flush_presence(self) -> None:
        for live in self.rooms:
            if live.room.presence.dirty:
                with live.guarded():
                    live.carry_out(live.room.flush_presence())

    async def _tick(self) -> None:
        for live in self.rooms:
            with live.guarded():
                self._tick_room(live)

    def _tick_room(self, live: LiveRoom) -> None:
        late = self.settings["SLOW_READER_LIMIT_MS"] / 1000
        live.carry_out(live.room.tick(self.now_ms()))
        for member in list(live.members.values()):
            since = member.outbox.blocked_since
            if since is not None and self.loop.time() - since > late:
                live.carry_out(live.room.evict(member.connection, 1013, "too slow"))
        since = live.idle_since
        warm = self.settings["ROOM_KEEP_WARM_MS"] / 1000
        if since is not None and self.loop.time() - since > warm and not live.room.unsaved:
            self.forget(live)

    async def _poll(self) -> None:
        """One query for all open documents: heals whatever the relay lost, and finds what was deleted."""
        if self.rooms:
            await self._poll_rooms(self.rooms)

    async def _poll_rooms(self, rooms: list[LiveRoom]) -> None:
        heads = await self.store.heads([live.document for live in rooms])
        for live in rooms:
            if live.closing:
                continue
            head = heads.get(live.document)
            if head is None:
                live.vanish()
            else:
                live.carry_out(live.room.heard_head(head))

    async def _sweep(self) -> None:
        """Ask for the rights, the sessions and the documents of all sockets, a query each: catches every change whose
        announcement was lost.
        """
        epoch = self.access_epoch
        places = [(live, member) for live in self.rooms for member in live.members.values()]
        if not places:
            return
        roles = await self.store.roles({(live.document, member.connection.person.user) for live, member in places})
        sessions = await self.store.live_sessions({member.session for _, member in places})
        heads = await self.store.heads({live.document for live, _ in places})  # last: a deletion explains a lost right
        if epoch != self.access_epoch:  # the announcement is newer than what we read
            return
        for live, member in places:
            if live.document not in heads:
                if not live.closing:
                    live.vanish()
            elif member.session not in sessions:
                live.carry_out(live.room.evict(member.connection, 4401, "signed out"))
            else:
                self._set_access(live, member, roles.get((live.document, member.connection.person.user)))


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def current() -> Hub:
    """The hub of the running event loop: one per process, made by the first who asks."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        for old in [each for each in _hubs if each.is_closed()]:
            del _hubs[old]
        hub = _hubs[loop] = Hub()
        hub.start()
    return hub


def tell_everybody(document: uuid.UUID | None, user: int | None = None) -> bool:
    """`access_changed` for the hub of this process, from any thread. False where there is none: no socket has come
    yet, or it is a command.
    """
    living = [(loop, hub) for loop, hub in _hubs.items() if loop.is_running()]
    for loop, hub in living:
        loop.call_soon_threadsafe(hub.access_changed, document, user)
    return bool(living)
