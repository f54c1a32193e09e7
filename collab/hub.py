"""The rooms of this process: load each once, carry out what they ask, keep the promises that need a clock.

Everything here runs on one event loop. A room's method and the carrying out of its effects happen without an await between them, so no
lock is needed and no half state is seen.
"""

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import Coroutine
from dataclasses import fields
from enum import Enum
from typing import Any

from django.conf import settings


from permissions.roles import Role

from .core.batch import Batch, Committed, Gone, Outcome
from .core.connection import Connection, Dialect
from .core.effects import (
    Broadcast,
    CatchUp,
    Close,
    Effect,
    Publish,
    PublishPresence,
    Quarantine,
    Ready,
    Recheck,
    Reload,
    Send,
)
from .core.errors import CollabError
from .core.messages import Pong
from .core.room import Bounds, Room, Vetted, vet
from .journal import Journal
from .outbox import Outbox, Sender
from .relay import AccessNews, Delta, News, PresenceNews, Relay
from .store import DATABASE_DOWN, Store

logger = logging.getLogger(__name__)

CLOSE_PATIENCE_S = 5.0  # how long a socket may take to say goodbye
RELOAD_RETRY_S = 0.5


class State(Enum):
    """A room's life. LOADING -> LIVE <-> IDLE -> CLOSING; a failed load leaves nothing."""

    LOADING = "loading"
    LIVE = "live"
    IDLE = "idle"
    CLOSING = "closing"


class Unavailable(Exception):
    """The document cannot be loaded just now."""


class Member:
    """One socket in a room: the connection the room knows, and the way to it."""

    __slots__ = ("connection", "outbox", "session", "task")

    def __init__(self, connection: Connection, outbox: Outbox, session: str, task: asyncio.Task[Any] | None) -> None:
        self.connection = connection
        self.outbox = outbox
        self.session = session
        self.task = task


class LiveRoom:
    """A room, its sockets, and its place in the hub."""

    def __init__(self, hub: "Hub", document: uuid.UUID) -> None:
        self.hub = hub
        self.document = document
        self.room = Room(bounds=hub.bounds)
        self.state = State.LOADING
        self.members: dict[int, Member] = {}
        self.idle_since: float | None = None
        self.reading = False  # a catch-up is under way
        self.tail = 0  # log rows, and bytes, after the newest state
        self.tail_bytes = 0
        self.compacting = False
        self._space = asyncio.Event()
        self._space.set()

    # -- for the consumer ------------------------------------------------------------------------------------------

    def receive(self, member: Member, frame: bytes) -> None:
        """A frame from a socket."""
        try:
            vetted = vet(frame, max_bytes=self.room.bounds.max_message_bytes)
        except CollabError as error:
            self.reject(member, error)
        else:
            self.take(member, vetted)

    def take(self, member: Member, vetted: Vetted) -> None:
        """A frame that was read already."""
        if isinstance(vetted.message, Pong):
            member.outbox.arrived(vetted.message.nonce)
        try:
            effects = self.room.take(member.connection, vetted, self.hub.now_ms())
        except CollabError as error:
            effects = self.room.reject(member.connection, error)
        self.carry_out(effects)

    def reject(self, member: Member, error: CollabError) -> None:
        """A frame that is not of the protocol."""
        self.carry_out(self.room.reject(member.connection, error))

    async def space(self) -> None:
        """Wait until the inbox has room: meanwhile the socket is not read."""
        while self.room.full:
            self._space.clear()
            await self._space.wait()

    # -- for the journal -------------------------------------------------------------------------------------------

    def prepare(self) -> Batch | None:
        """The edits to commit now."""
        try:
            batch, effects = self.room.prepare()
        except Exception:
            logger.exception("document %s: a cycle cannot be prepared", self.document)
            self.fail()
            return None
        self._space.set()
        self.carry_out(effects)
        return batch

    def settle(self, outcome: Outcome) -> None:
        """The batch was committed, or not."""
        if isinstance(outcome, Gone):
            self.vanish()
            return
        if isinstance(outcome, Committed):
            self.tail += outcome.last - self.room.head
            self.tail_bytes += sum(map(len, outcome.missed))
            effects = self.room.committed(outcome)
        else:
            effects = self.room.rejected(outcome)
        self.carry_out(effects)
        if self.room.presence.dirty:  # carets of what was just shown
            self.carry_out(self.room.flush_presence())
        self.hub.compact_if_due(self)

    def fail(self) -> None:
        """The room cannot go on. Its people come back to a fresh one, and send again what was not acknowledged."""
        self.hub.drop(self, 4508, "the document could not be saved just now")

    # -- effects ---------------------------------------------------------------------------------------------------

    def carry_out(self, effects: list[Effect]) -> None:
        """Do what the room asked for, in order."""
        for effect in effects:
            if isinstance(effect, Send):
                member = self.members.get(effect.connection)
                if member is not None:
                    member.outbox.put(effect.frame, droppable=effect.droppable)
            elif isinstance(effect, Broadcast):
                self._broadcast(effect)
            elif isinstance(effect, Ready):
                self.hub.journal.ready(self)
            elif isinstance(effect, Publish):
                self.tail_bytes += len(effect.update)
                news = Delta(self.document, self.hub.relay.node, effect.first, effect.last, effect.update)
                self.hub.relay.publish(news)
            elif isinstance(effect, PublishPresence):
                self.hub.relay.publish(PresenceNews(self.document, self.hub.relay.node, False, effect.entries))
            elif isinstance(effect, Close):
                self._close(effect)
            elif isinstance(effect, CatchUp):
                self.hub.spawn(self._catch_up(effect.head))
            elif isinstance(effect, Reload):
                self.hub.spawn(self._reload())
            elif isinstance(effect, Recheck):
                self.hub.spawn(self.hub.recheck(self, effect.users))
            elif isinstance(effect, Quarantine):
                self.hub.spawn(self._quarantine(effect))

    def _broadcast(self, effect: Broadcast) -> None:
        without = effect.without
        for member in list(self.members.values()):
            connection = member.connection
            if connection.synced and connection.id not in without:
                member.outbox.put(effect.coscribe if connection.dialect is Dialect.COSCRIBE else effect.stock, droppable=True)

    def _close(self, effect: Close) -> None:
        member = self.members.pop(effect.connection, None)
        if member is None:
            return
        logger.warning("document %s: closed a socket with %d (%s)", self.document, effect.code, effect.reason)
        member.outbox.close(effect.code, effect.reason)
        if member.task is not None:
            self.hub.loop.call_later(CLOSE_PATIENCE_S, member.task.cancel)

    def vanish(self) -> None:
        """The document was deleted: everybody leaves."""
        self.carry_out(self.room.gone())
        self.hub.forget(self)

    async def _catch_up(self, head: int) -> None:
        """Read the log rows that the relay did not bring."""
        if self.reading or self.state is State.CLOSING:
            return
        self.reading = True
        try:
            rows = await self.hub.store.rows_after(self.document, head)
            self.carry_out(self.room.catch_up(head + 1, rows))
        except DATABASE_DOWN as error:
            logger.warning("document %s: the log cannot be read just now (%s)", self.document, type(error).__name__)
        finally:
            self.reading = False

    async def _reload(self) -> None:
        """Load the doc again from the log, for as long as it takes."""
        while self.state is not State.CLOSING:
            try:
                loaded = await self.hub.store.load(self.document)
            except DATABASE_DOWN:
                await asyncio.sleep(RELOAD_RETRY_S)
                continue
            if loaded is None:
                self.vanish()
            elif self.state is not State.CLOSING:
                self.carry_out(self.room.reloaded(loaded.head, loaded.updates))
            return

    async def _quarantine(self, effect: Quarantine) -> None:
        logger.error("document %s: bytes of user %d broke the doc (%s)", self.document, effect.user, effect.error)
        await self.hub.store.quarantine(self.document, effect.user, effect.update, effect.error)


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
        try:
            loaded = await self.store.load(document)
            if loaded is None:
                raise Unavailable
            live.room.load(loaded.head, loaded.updates)
        except BaseException as error:
            self._rooms.pop(document, None)
            self.relay.leave(document)
            if not isinstance(error, Unavailable):
                logger.error("document %s cannot be loaded", document, exc_info=error)
            future.set_exception(Unavailable(str(document)))
            future.exception()  # there may be nobody left who waits
            if isinstance(error, asyncio.CancelledError):
                raise
            return
        live.tail, live.tail_bytes = loaded.head - loaded.state_seq, loaded.tail_bytes
        live.state = State.IDLE
        live.idle_since = self.loop.time()
        future.set_result(live)
        logger.info("document %s: room opened at row %d", document, loaded.head)
        self.relay.publish(PresenceNews(document, self.relay.node, True, ()))
        self.spawn(self._poll())

    def enter(
        self,
        live: LiveRoom,
        *,
        person: Any,
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
        live.state = State.CLOSING
        live.room.unload()
        self._rooms.pop(live.document, None)
        self.relay.leave(live.document)
        logger.info("document %s: room closed at row %d", live.document, live.room.head)

    def compact_if_due(self, live: LiveRoom) -> None:
        """Write a new state in the background when the log has grown enough since the last."""
        due = (
            live.tail >= self.settings["COMPACT_AFTER_UPDATES"] or live.tail_bytes >= self.settings["COMPACT_AFTER_BYTES"]
        )
        if due and not live.compacting:
            live.compacting = True
            self.spawn(self._compact(live))

    async def _compact(self, live: LiveRoom) -> None:
        before, before_bytes = live.tail, live.tail_bytes
        try:
            from documents import compaction

            await compaction.compact(live.document)
            live.tail -= before
            live.tail_bytes -= before_bytes
        except DATABASE_DOWN as error:
            logger.warning("document %s: not compacted (%s)", live.document, type(error).__name__)
        finally:
            live.compacting = False

    # -- what other processes, and other parts of this one, say ---------------------------------------------------------

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
        if isinstance(news, Delta):
            live.carry_out(live.room.receive_remote(news.first, news.last, news.update))
            return
        live.room.presence.receive_remote(news.node, news.entries, self.now_ms())
        ours = live.room.presence.ours()
        if news.asking and ours:
            self.relay.publish(PresenceNews(news.document, self.relay.node, False, ours))

    def access_changed(self, document: uuid.UUID | None, user: int | None = None) -> None:
        """Rights changed in this process: act on it here, and tell the others. Call on the loop."""
        news = AccessNews(document, user)
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
        try:
            if live.document not in await self.store.heads([live.document]):
                live.vanish()
                return
            roles = await self.store.roles([(live.document, user) for user in users])
        except DATABASE_DOWN as error:  # the sweep will ask again; until then the commit's own check stands
            logger.warning("document %s: rights cannot be read just now (%s)", live.document, type(error).__name__)
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
                live.carry_out(live.room.flush_presence())

    async def _tick(self) -> None:
        now, late = self.now_ms(), self.settings["SLOW_READER_LIMIT_MS"] / 1000
        for live in self.rooms:
            live.carry_out(live.room.tick(now))
            for member in list(live.members.values()):
                since = member.outbox.blocked_since
                if since is not None and self.loop.time() - since > late:
                    live.carry_out(live.room.evict(member.connection, 1013, "too slow"))
            if live.state is State.IDLE and live.idle_since is not None and not live.room.unsaved:
                if self.loop.time() - live.idle_since > self.settings["ROOM_KEEP_WARM_MS"] / 1000:
                    self.forget(live)

    async def _poll(self) -> None:
        """One query for all open documents: heals whatever the relay lost, and finds what was deleted."""
        rooms = self.rooms
        if not rooms:
            return
        heads = await self.store.heads([live.document for live in rooms])
        for live in rooms:
            if live.state is State.CLOSING:
                continue
            head = heads.get(live.document)
            if head is None:
                live.vanish()
            else:
                live.carry_out(live.room.heard_head(head))

    async def _sweep(self) -> None:
        """One query for all sockets: catches every change of rights whose announcement was lost."""
        places = [(live, member) for live in self.rooms for member in live.members.values()]
        if not places:
            return
        roles = await self.store.roles({(live.document, member.connection.person.user) for live, member in places})
        sessions = await self.store.live_sessions({member.session for _, member in places})
        for live, member in places:
            if member.session not in sessions:
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
    """`access_changed` for the hub of this process, from any thread. False where there is none: no socket has come yet, or it is a command."""
    living = [(loop, hub) for loop, hub in _hubs.items() if loop.is_running()]
    for loop, hub in living:
        loop.call_soon_threadsafe(hub.access_changed, document, user)
    return bool(living)
