"""A room with its sockets: effects become frames, messages and tasks. The part of the shell that belongs to one
document.
"""

import asyncio
import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any

from documents.log import Head, Loaded
from permissions.trace import trace

from .admission import Session
from .core.batch import Batch, Committed, Gone, Outcome, Rejected
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
from .core.messages import Pong, encode_title, is_restart
from .core.replica import Opened, is_error, open_doc
from .core.room import Room, Vetted, vet
from .outbox import Outbox
from .relay import AccessNews, Delta, PresenceNews
from .store import DATABASE_DOWN
from .tail import Tail

if TYPE_CHECKING:
    from .hub import Hub

logger = logging.getLogger(__name__)

ENDED = frozenset({4401, 4403})  # close codes of somebody who lost their session, or everything here
CLOSE_PATIENCE_S = 5.0  # how long a socket may take to say goodbye
RELOAD_RETRY_S = 0.5
OPEN_ASIDE_BYTES = 64 << 10  # 3 ms of loading
MAX_RELAYED_BYTES = 64 << 10  # bounds what waits for a Redis that is slow


async def open_aside(updates: Sequence[bytes]) -> Sequence[bytes] | Opened:
    """What a room is to be loaded with: a large document is put together on a thread, so that other rooms go on."""
    if sum(map(len, updates)) <= OPEN_ASIDE_BYTES:
        return updates
    return await asyncio.to_thread(open_doc, updates)


class State(Enum):
    """A room's life. LOADING -> LIVE <-> IDLE -> CLOSING; a failed load leaves nothing."""

    LOADING = "loading"
    LIVE = "live"
    IDLE = "idle"
    CLOSING = "closing"


class Member:
    """One socket in a room: the connection the room knows, and the way to it."""

    __slots__ = ("connection", "outbox", "session", "task", "trace")

    def __init__(
        self, connection: Connection, outbox: Outbox, session: Session, task: asyncio.Task[Any] | None
    ) -> None:
        self.connection = connection
        self.outbox = outbox
        self.session = session
        self.task = task
        self.trace = trace.get()  # what is done to it later is not done by its own task


class LiveRoom:
    """A room, its sockets, and its place in the hub."""

    def __init__(self, hub: "Hub", document: uuid.UUID) -> None:
        self.hub = hub
        self.document = document
        self.room = Room(bounds=hub.bounds, refusals=hub.tally.refusals)
        self.state = State.LOADING
        self.members: dict[int, Member] = {}
        self.idle_since: float | None = None
        self.reading = False  # a catch-up is under way
        self.answering = False  # `answer_meanwhile` is
        self.tail = Tail(self)
        self.inbox_since: float | None = None  # since when the oldest edit of the inbox waits, on the loop's clock
        self.batch_since: float | None = None  # the same of the batch that is being committed
        self.committed_at: float | None = None  # when the newest batch of ours was, in seconds since the epoch
        self.asking = asyncio.Lock()  # somebody asks for the rights of `doubted`
        self.doubted: set[int] = set()
        self.link_ends: float | None = None  # seconds since the epoch: then the rights of all here are asked for again
        self.title: str | None = None  # as it was last shown; unknown until somebody enters
        self._space = asyncio.Event()
        self._space.set()

    @property
    def closing(self) -> bool:
        """Whether the room is on its way out: nothing is to be begun."""
        return self.state is State.CLOSING

    def unanswered_s(self, now: float) -> float:
        """How long the oldest edit that was not answered waits, at the most. `now`: of the loop's clock."""
        since = [each for each in (self.batch_since, self.inbox_since) if each is not None]
        return now - min(since) if since else 0.0

    # -- for the consumer ------------------------------------------------------------------------------------------

    def receive(self, member: Member, frame: bytes) -> None:
        """A frame from a socket."""
        try:
            vetted = vet(frame, max_bytes=self.room.bounds.max_message_bytes, edits=member.connection.can_edit)
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

    # -- the title ----------------------------------------------------------------------------------------------------

    def introduce(self, member: Member, title: str) -> bool:
        """Show the title, read when they were admitted, to somebody who enters. False: the room knows another one."""
        known, self.title = self.title, self.title if self.title is not None else title
        self._show_title(member)
        return known is None or known == title

    def retitle(self, title: str, *, anew: bool = False) -> None:
        """Show everybody a new title; `anew`, also one that is not new."""
        if title == self.title and not anew:
            return
        self.title = title
        for member in list(self.members.values()):
            self._show_title(member)

    def _show_title(self, member: Member) -> None:
        if member.connection.coscribe and self.title is not None:
            member.outbox.put(encode_title(self.title), droppable=False)

    # -- for the journal -------------------------------------------------------------------------------------------

    def prepare(self) -> Batch | None:
        """The edits to commit now. A room that was closed has none: its people will send them again, to another."""
        if self.closing:
            return None
        try:
            batch, effects = self.room.prepare()
            if batch is not None:
                self.batch_since = self.inbox_since
            if not self.room.waiting:
                self.inbox_since = None
            self._space.set()
            self.carry_out(effects)
        except BaseException as error:  # noqa: BLE001 - `_give_up` passes on what is no error
            self._give_up(error)
            return None
        return batch

    def settle(self, outcome: Outcome) -> None:
        """The batch was committed, or not. A room that was closed meanwhile has nobody to tell."""
        if self.closing:
            return
        try:
            self._settle(outcome)
        except BaseException as error:  # noqa: BLE001 - `_give_up` passes on what is no error
            self._give_up(error)

    def _settle(self, outcome: Outcome) -> None:
        if isinstance(outcome, Gone):
            self.vanish()
            return
        if isinstance(outcome, Committed):
            self.tail.rows += outcome.last - self.room.head
            self.tail.size += sum(map(len, outcome.missed))
            self.committed_at = outcome.time_ms / 1000
            self.tail.since = self.tail.since or self.committed_at
            self.carry_out(self.room.committed(outcome))
            if self.batch_since is not None:
                self.hub.tally.acknowledge_seconds.observe(self.hub.loop.time() - self.batch_since)
        else:
            assert isinstance(outcome, Rejected)
            self.inbox_since = self.batch_since  # what is not refused waits again
            self.carry_out(self.room.rejected(outcome))
        self.batch_since = None
        if self.room.presence.dirty:  # carets of what was just shown
            self.carry_out(self.room.flush_presence())
        self.tail.compact_if_due()

    def fail(self) -> None:
        """The room cannot go on. Its people come back to a fresh one, and send again what was not acknowledged."""
        self.hub.drop(self, 4508, "the document could not be saved just now")

    def fall_back(self) -> None:
        """The log is another one now: a backup was restored, or a standby that was behind has taken over. What our
        people hold of the rest they bring with them.
        """
        logger.warning("document %s: its log went back from row %d", self.document, self.room.head)
        self.hub.drop(self, 4508, "the document was restored from a backup")

    @property
    def head(self) -> Head:
        """How far we have seen the log, and which."""
        return Head(self.room.head, self.room.restored_at)

    async def lost_rows(self, seen: Head) -> None:
        """The log was seen at this head, and is behind it: from now on it is another."""
        await self.hub.store.note_loss(self.document, seen)
        if not self.closing:
            self.fall_back()

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Whatever goes wrong inside ends this room: not the clock or the relay that all rooms share."""
        try:
            yield
        except BaseException as error:  # noqa: BLE001 - `_give_up` passes on what is no error
            self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        """An error that nobody foresaw: it ends this room, and no other."""
        if not is_error(error):
            raise error
        logger.error("document %s: the room cannot go on", self.document, exc_info=error)
        self.fail()

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
                if self.inbox_since is None:
                    self.inbox_since = self.hub.loop.time()
                self.hub.journal.ready(self)
            elif isinstance(effect, Publish):
                self.tail.size += len(effect.update)
                update = effect.update if len(effect.update) <= MAX_RELAYED_BYTES else b""  # read it from the log
                self.hub.relay.publish(Delta(self.document, self.hub.relay.node, effect.first, effect.last, update))
            elif isinstance(effect, PublishPresence):
                self.hub.relay.publish(PresenceNews(self.document, self.hub.relay.node, effect.entries))
            elif isinstance(effect, Close):
                self._close(effect)
            else:
                self._begin(effect)

    def _begin(self, effect: CatchUp | Reload | Recheck | Quarantine) -> None:
        """Effects that need the database: beside, and the room hears of the result."""
        if isinstance(effect, CatchUp):
            self.hub.spawn(self._catch_up(effect))
        elif isinstance(effect, Reload):
            self.hub.tally.reloads += 1
            self.hub.spawn(self._reload())
        elif isinstance(effect, Recheck):  # a commit was the first to see it: here, that is news
            self.hub.hear(AccessNews(self.document, people=tuple(effect.users)))
        else:
            self.hub.spawn(self._quarantine(effect))

    def _broadcast(self, effect: Broadcast) -> None:
        without = effect.without
        for member in list(self.members.values()):
            connection = member.connection
            if (connection.synced or (effect.early and not connection.lagging)) and connection.id not in without:
                member.outbox.put(
                    effect.coscribe if connection.dialect is Dialect.COSCRIBE else effect.stock, droppable=True
                )

    def _close(self, effect: Close) -> None:
        member = self.members.pop(effect.connection, None)
        if member is None:
            return
        self.hub.tally.closes[effect.code] += 1
        level = logging.INFO if is_restart(effect.code) else logging.WARNING
        said = "document %s: closed a socket with %d (%s)"
        logger.log(level, said, self.document, effect.code, effect.reason, extra={"trace": member.trace})
        member.outbox.close(effect.code, effect.reason)
        if effect.code in ENDED:
            self.hub.receipts.note(self.document, member.connection, lost=member.connection.could_edit)
        if member.task is not None:
            self.hub.loop.call_later(CLOSE_PATIENCE_S, member.task.cancel)

    def vanish(self) -> None:
        """The document was deleted: everybody leaves."""
        self.carry_out(self.room.gone())
        self.hub.forget(self)

    async def _catch_up(self, asked: CatchUp) -> None:
        """Read the log rows that the relay did not bring."""
        if self.reading or self.closing:
            return
        self.reading, head, tally = True, asked.head, self.hub.tally
        tally.gaps[asked.why] += 1
        try:
            rows = await self.hub.store.rows_after(self.document, head)
            tally.gaps_healed[asked.why] += bool(rows)
            while rows and not self.closing:
                self.carry_out(self.room.catch_up(head + 1, rows))
                head += len(rows)
                rows = await self.hub.store.rows_after(self.document, head)
        except DATABASE_DOWN as error:
            logger.warning("document %s: the log cannot be read just now (%s)", self.document, type(error).__name__)
        finally:
            self.reading = False

    async def answer_meanwhile(self) -> None:
        """Show the log to those who came while the database takes no edits: it may be read. One room at a time: the
        readers, each held for long by a database that is down, are everybody's.
        """
        if self.answering:
            return
        self.answering = True
        try:
            async with self.hub.answering:
                if self.room.asked:
                    await self._answer_meanwhile()
        except DATABASE_DOWN:  # asked again with the next tick
            return
        finally:
            self.answering = False

    async def _answer_meanwhile(self) -> None:
        loaded = await self.hub.store.load(self.document)
        if loaded is None:
            return
        with self.guarded():
            content = await open_aside(loaded.updates)
            if not self.closing and loaded.restored_at == self.room.restored_at:
                self.carry_out(self.room.answer_meanwhile(loaded.head, content))

    async def _reload(self) -> None:
        """Load the doc again from the log, for as long as it takes."""
        while not self.closing:
            try:
                loaded = await self.hub.store.load(self.document)
                if loaded is not None and loaded.restored_at == self.room.restored_at and loaded.head < self.room.head:
                    await self.lost_rows(self.head)
                    return
                self._take(loaded, await open_aside(loaded.updates) if loaded is not None else ())
            except DATABASE_DOWN:
                await asyncio.sleep(RELOAD_RETRY_S)
                continue
            except BaseException as error:  # noqa: BLE001 - as above
                self._give_up(error)
            return

    def _take(self, loaded: Loaded | None, content: Sequence[bytes] | Opened) -> None:
        if loaded is None:
            self.vanish()
        elif self.closing:
            return
        elif loaded.restored_at != self.room.restored_at:
            self.fall_back()
        else:
            self.carry_out(self.room.reloaded(loaded.head, content))

    async def _quarantine(self, effect: Quarantine) -> None:
        logger.error("document %s: bytes of user %d broke the doc (%s)", self.document, effect.user, effect.error)
        await self.hub.store.quarantine(self.document, effect.user, effect.update, effect.error)
