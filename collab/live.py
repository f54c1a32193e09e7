"""A room with its sockets: effects become frames, messages and tasks. The part of the shell that belongs to one
document.
"""

import asyncio
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any

from documents.log import Loaded

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
from .core.messages import Pong
from .core.replica import is_error
from .core.room import Room, Vetted, vet
from .outbox import Outbox
from .relay import Delta, PresenceNews
from .store import DATABASE_DOWN

if TYPE_CHECKING:
    from .hub import Hub

logger = logging.getLogger(__name__)

CLOSE_PATIENCE_S = 5.0  # how long a socket may take to say goodbye
RELOAD_RETRY_S = 0.5
MAX_RELAYED_BYTES = 64 << 10  # bounds what waits for a Redis that is slow


class State(Enum):
    """A room's life. LOADING -> LIVE <-> IDLE -> CLOSING; a failed load leaves nothing."""

    LOADING = "loading"
    LIVE = "live"
    IDLE = "idle"
    CLOSING = "closing"


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

    @property
    def closing(self) -> bool:
        """Whether the room is on its way out: nothing is to be begun."""
        return self.state is State.CLOSING

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

    # -- for the journal -------------------------------------------------------------------------------------------

    def prepare(self) -> Batch | None:
        """The edits to commit now. A room that was closed has none: its people will send them again, to another."""
        if self.closing:
            return None
        try:
            batch, effects = self.room.prepare()
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
            self.tail += outcome.last - self.room.head
            self.tail_bytes += sum(map(len, outcome.missed))
            effects = self.room.committed(outcome)
        else:
            assert isinstance(outcome, Rejected)
            effects = self.room.rejected(outcome)
        self.carry_out(effects)
        if self.room.presence.dirty:  # carets of what was just shown
            self.carry_out(self.room.flush_presence())
        self.hub.compact_if_due(self)

    def fail(self) -> None:
        """The room cannot go on. Its people come back to a fresh one, and send again what was not acknowledged."""
        self.hub.drop(self, 4508, "the document could not be saved just now")

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
                self.hub.journal.ready(self)
            elif isinstance(effect, Publish):
                self.tail_bytes += len(effect.update)
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
            self.hub.spawn(self._catch_up(effect.head))
        elif isinstance(effect, Reload):
            self.hub.spawn(self._reload())
        elif isinstance(effect, Recheck):
            self.hub.spawn(self.hub.recheck(self, effect.users))
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
        if self.reading or self.closing:
            return
        self.reading = True
        try:
            rows = await self.hub.store.rows_after(self.document, head)
            while rows and not self.closing:
                self.carry_out(self.room.catch_up(head + 1, rows))
                head += len(rows)
                rows = await self.hub.store.rows_after(self.document, head)
        except DATABASE_DOWN as error:
            logger.warning("document %s: the log cannot be read just now (%s)", self.document, type(error).__name__)
        finally:
            self.reading = False

    async def _reload(self) -> None:
        """Load the doc again from the log, for as long as it takes."""
        while not self.closing:
            try:
                loaded = await self.hub.store.load(self.document)
                self._take(loaded)
            except DATABASE_DOWN:
                await asyncio.sleep(RELOAD_RETRY_S)
                continue
            except BaseException as error:  # noqa: BLE001 - as above
                self._give_up(error)
            return

    def _take(self, loaded: Loaded | None) -> None:
        if loaded is None:
            self.vanish()
        elif not self.closing:
            self.carry_out(self.room.reloaded(loaded.head, loaded.updates))

    async def _quarantine(self, effect: Quarantine) -> None:
        logger.error("document %s: bytes of user %d broke the doc (%s)", self.document, effect.user, effect.error)
        await self.hub.store.quarantine(self.document, effect.user, effect.update, effect.error)
