"""The rooms of this process: load each once, carry out what they ask, keep the promises that need a clock.

Everything here runs on one event loop. A room's method and the carrying out of its effects happen without an await
between them, so no lock is needed and no half state is seen.
"""

import asyncio
import logging
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Collection, Coroutine
from contextvars import Context
from dataclasses import fields, replace
from typing import Any

from asgiref.sync import SyncToAsync
from django.conf import settings

from documents.worker import LOOK_INTERVAL_S, Beside
from permissions.roles import Role

from .admission import Session, Token, at_most, farewell
from .core.connection import Connection, Dialect, Person
from .core.room import Bounds
from .entrance import Entrance
from .inbox import LETTERS_INTERVAL_MS, Inbox
from .journal import Journal
from .live import LiveRoom, Member, State, open_aside
from .lobby import EDITS_INTERVAL_MS, Lobby
from .memory import TRIM_AFTER_BYTES, give_back
from .occupancy import Being
from .outbox import Outbox, Sender
from .receipts import BEAT_MS, Receipts
from .relay import (
    AccessNews,
    CloseNews,
    Delta,
    HandoverNews,
    LineNews,
    News,
    NoticesNews,
    OccupancyNews,
    PresenceNews,
    ProcessNews,
    ReceiptNews,
    Relay,
    SurveyNews,
)
from .store import DATABASE_DOWN, Store
from .survey import Survey
from .tail import Pace, find_states
from .tally import Tally

logger = logging.getLogger(__name__)

ANSWER_S = 10.0  # how long a view waits for the loop
MAX_CHANGES = 1_000  # of rights, remembered for those who read theirs while they changed


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
        self.tally = Tally()
        self.journal = Journal(self.store, self.tally)
        self.relay = Relay(self.hear)
        self.entrance = Entrance(self)
        self.lobby = Lobby(self)
        self.inbox = Inbox(self)
        self.receipts = Receipts(self)
        self.survey = Survey(self)
        self.beside = Beside()
        self.pace = Pace()  # of compaction
        self.answering = asyncio.Lock()  # a room reads its log for those who cannot wait: see `answer_meanwhile`
        self.access_epoch = 0  # rises with every change of rights that this process hears of
        self._changes: deque[tuple[int, AccessNews]] = deque(maxlen=MAX_CHANGES)  # each with the epoch it began
        self._rooms: dict[uuid.UUID, asyncio.Future[LiveRoom]] = {}
        self._per_user: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._last_id = 0
        self._unloaded_bytes = 0  # of states, since memory was last given back
        self._started = False
        self.leaving = False  # nobody is let in any more: see `drain`

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
            (self.settings["SWEEP_INTERVAL_MS"], self._find_states),
            (BEAT_MS, self.receipts.beat),
            (1000, self.lobby.beat),
            (EDITS_INTERVAL_MS, self.lobby.note_edits),
            (self.settings["HOME_POLL_INTERVAL_MS"], self.lobby.poll),
            (self.settings["HOME_POLL_INTERVAL_MS"], self.inbox.poll),
            (LETTERS_INTERVAL_MS, self.inbox.post),
            (LOOK_INTERVAL_S * 1000, self.beside.beat),
        ):
            self.spawn(self._every(period / 1000, beat))

    async def close(self) -> None:
        """Stop everything (tests; a server's end is the process's end)."""
        self.beside.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.journal.close()
        await self.relay.close()
        for live in self.rooms:
            self.forget(live)
        self.store.close()

    def spawn(self, coroutine: Coroutine[Any, Any, object]) -> None:
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
        loaded, began = None, self.loop.time()
        try:
            loaded = await self.store.load(document)
            if loaded is not None:
                live.room.load(loaded.head, await open_aside(loaded.updates))
                live.room.restored, live.room.restored_at = loaded.restored, loaded.restored_at
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
        live.tail.rows, live.tail.size = loaded.head - loaded.state_seq, loaded.tail_bytes
        live.tail.folded = sum(map(len, loaded.updates)) - loaded.tail_bytes
        live.state = State.IDLE
        live.idle_since = self.loop.time()
        self.tally.load_seconds.observe(live.idle_since - began)
        future.set_result(live)
        logger.info("document %s: room opened at row %d", document, loaded.head)
        self.relay.publish(PresenceNews(document, self.relay.node, (), asking=True))
        self.spawn(self._poll_rooms([live]))
        if live.tail.rows:
            self.spawn(live.tail.date(loaded.state_seq))

    def enter(
        self,
        live: LiveRoom,
        *,
        person: Person,
        role: Role,
        session: Session,
        dialect: Dialect,
        send: Sender,
        title: str | None = None,
        link_ends: float | None = None,
    ) -> Member:
        """Somebody who was admitted takes a place; their first frames are on their way when this returns."""
        self._last_id += 1
        connection = Connection(
            id=self._last_id,
            person=person,
            role=role.label,
            can_edit=role >= Role.EDITOR,
            dialect=dialect,
            token=session.id if isinstance(session, Token) else None,
        )
        outbox = Outbox(
            send,
            limit_bytes=self.settings["MAX_OUTBOX_BYTES"],
            limit_frames=self.settings["MAX_OUTBOX_FRAMES"],
            credited=connection.coscribe,
            lagged=lambda: self._note_lag(live, connection),
            writable=lambda: live.carry_out(live.room.writable(connection)),
        )
        member = Member(connection, outbox, session, asyncio.current_task())
        live.members[connection.id] = member
        live.state, live.idle_since = State.LIVE, None
        live.link_ends = link_ends
        self._per_user[person.user] += 1
        live.carry_out(live.room.connect(connection, self.now_ms(), time_ms=int(time.time() * 1000)))
        if title is not None and not live.introduce(member, title):
            self.spawn(self._read_title(live, anew=True))
        if connection.coscribe:
            self.inbox.enter(person.user, outbox)
        self.lobby.came(live.document)
        logger.info("document %s: user %d entered as %s", live.document, person.user, role.label)
        return member

    def _note_lag(self, live: LiveRoom, connection: Connection) -> None:
        self.tally.outbox_drops += 1
        live.room.lagging(connection)

    def leave(self, live: LiveRoom, member: Member) -> None:
        """The socket is gone."""
        user = member.connection.person.user
        self._per_user[user] -= 1
        if self._per_user[user] <= 0:
            del self._per_user[user]
        member.outbox.abandon()
        self.inbox.leave(user, member.outbox)
        live.members.pop(member.connection.id, None)
        live.carry_out(live.room.disconnect(member.connection, self.now_ms()))
        if not live.members and live.state is State.LIVE:
            live.state, live.idle_since = State.IDLE, self.loop.time()
        self.lobby.went(live.document)
        logger.info("document %s: user %d left", live.document, user)

    async def renew(self, live: LiveRoom, member: Member, session: Session) -> None:
        """Somebody who is in stays by another session or token of theirs, and may do what that one allows."""
        member.session = session
        member.connection.token = session.id if isinstance(session, Token) else None
        await self.recheck(live, frozenset({member.connection.person.user}))

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
        self._unloaded_bytes += live.room.replica.size
        live.room.replica.unload()
        self._rooms.pop(live.document, None)
        self.relay.leave(live.document)
        logger.info("document %s: room closed at row %d", live.document, live.room.head)

    # -- what other processes, and other parts of this one, say
    # ---------------------------------------------------------

    def hear(self, news: News) -> None:
        """A message of the relay."""
        if isinstance(news, AccessNews):
            self.access_epoch += 1
            self._changes.append((self.access_epoch, news))
            self.receipts.expect(news)
            self.spawn(self._recheck_all(news))
            self.lobby.access_changed(news.document, news.user)
            return
        if isinstance(news, NoticesNews):
            self.inbox.changed([news.user])
            return
        if isinstance(news, HandoverNews):
            for each in self.rooms:
                each.room.presence.hand_over(news.node, self.now_ms())
            self.lobby.hand_over(news.node)
            return
        if isinstance(news, SurveyNews | ProcessNews | CloseNews):
            self.survey.hear(news)
            return
        if isinstance(news, LineNews | OccupancyNews):
            self.lobby.hear(news)
            if isinstance(news, LineNews) and news.renamed:
                self._retitle(news.documents)
            return
        future = self._rooms.get(news.document)
        if future is None or not future.done() or future.exception() is not None:
            return
        live = future.result()
        with live.guarded():  # else one room's error would end the listening of all
            if isinstance(news, Delta):
                live.carry_out(live.room.receive_remote(news.first, news.last, news.update))
                self.journal.moved(live.document)
                return
            if isinstance(news, ReceiptNews):
                self.receipts.hear(news, live)
                return
            live.room.presence.receive_remote(news.node, news.entries, self.now_ms())
            ours = live.room.presence.ours()
            if news.asking and ours:
                self.relay.publish(PresenceNews(news.document, self.relay.node, ours))

    def access_changed(self, document: uuid.UUID | None, user: int | None = None) -> None:
        """Rights changed in this process, and nobody waits for a receipt. Call on the loop."""
        self.announce(AccessNews(document, user))

    def announce(self, news: AccessNews) -> None:
        """Rights changed in this process: act on it here, and tell the others. Call on the loop."""
        news = replace(news, node=self.relay.node)
        self.relay.publish(news)
        self.hear(news)

    def changed_since(self, epoch: int, document: uuid.UUID, user: int) -> bool:
        """Whether rights that were read at this epoch of `access_epoch` may be old by now."""
        if epoch == self.access_epoch:
            return False
        later = [news for at, news in self._changes if at > epoch]
        return len(later) < self.access_epoch - epoch or any(news.concerns(document, user) for news in later)

    def line_changed(self, document: uuid.UUID, user: int | None) -> None:
        """A title changed in this process, or a star of `user`: act on it here, and tell the others. Call on the
        loop.
        """
        news = LineNews((document,), user, self.relay.node, renamed=user is None)
        self.relay.publish(news)
        self.hear(news)

    def notices_changed(self, user: int) -> None:
        """A person's notices changed in this process: act on it here, and tell the others. Call on the loop."""
        news = NoticesNews(user, self.relay.node)
        self.relay.publish(news)
        self.hear(news)

    def people_in(self, document: uuid.UUID) -> tuple[Being, ...]:
        """Who has this document open in this process, each person once."""
        future = self._rooms.get(document)
        if future is None or not future.done() or future.exception() is not None:
            return ()
        people = {
            member.connection.person.user: member.connection.person for member in future.result().members.values()
        }
        return tuple((user, person.name, person.color, person.guest) for user, person in sorted(people.items()))

    def _retitle(self, documents: Collection[uuid.UUID]) -> None:
        for live in self.rooms:
            if live.document in documents:
                self.spawn(self._read_title(live))

    async def _read_title(self, live: LiveRoom, *, anew: bool = False) -> None:
        """Show the title that the database knows; `anew`, even to those who should have it."""
        try:
            titles = await self.store.titles([live.document])
        except DATABASE_DOWN as error:  # the sweep will ask again
            logger.warning("document %s: no title just now (%s)", live.document, type(error).__name__)
            return
        if live.document in titles:
            live.retitle(titles[live.document], anew=anew)

    async def _recheck_all(self, news: AccessNews) -> None:
        read = True
        for live in self.rooms:
            users = {member.connection.person.user for member in live.members.values()}
            concerned = frozenset(user for user in users if news.concerns(live.document, user))
            read = await self.recheck(live, concerned) and read
        if news.user is not None:
            read = await self._recognise(news.user) and read
        if read:
            self.receipts.settle(news)

    async def _recognise(self, user: int) -> bool:
        """A person's sessions may have ended, or their name or colour changed: close, or show, what is so now.
        False: the database does not answer.
        """
        places = [
            (live, member)
            for live in self.rooms
            for member in live.members.values()
            if member.connection.person.user == user
        ]
        if not places:
            return True
        sessions = {member.session for _, member in places}
        try:
            people = await self.store.people_of(sessions)
        except DATABASE_DOWN as error:  # the sweep will ask again
            logger.warning("user %d: sessions cannot be read just now (%s)", user, type(error).__name__)
            return False
        for live, member in places:
            person = people.get(member.session)
            if person is None or person.user != user:
                live.carry_out(live.room.evict(member.connection, 4401, farewell(member.session)))
            else:
                live.room.rename(member.connection, person)
        return True

    async def recheck(self, live: LiveRoom, users: frozenset[int]) -> bool:
        """Ask what these people may do now, and let the room act on it. False: the database does not answer.

        One question at a time, so that no older answer comes after a newer one. Who comes while one is asked is in the
        next, together with everybody else who came: many changes at once make few questions.
        """
        live.doubted |= users
        async with live.asking:
            here = {member.connection.person.user for member in live.members.values()}
            doubted, live.doubted = live.doubted & here, set()
            if not doubted:
                return True
            try:
                ends = await self.store.link_ends([live.document])  # before: see there
                roles = await self.store.roles([(live.document, user) for user in doubted])
                heads = await self.store.heads([live.document])  # after: a deletion explains a lost right
            except DATABASE_DOWN as error:  # the sweep will ask again; until then the commit's own check stands
                logger.warning("document %s: rights cannot be read just now (%s)", live.document, type(error).__name__)
                live.doubted |= doubted
                return False
            if live.document not in heads:
                live.vanish()
                return True
            live.link_ends = ends.get(live.document)
            for member in list(live.members.values()):
                user = member.connection.person.user
                if user in doubted:
                    self._set_access(live, member, roles.get((live.document, user)))
            return True

    def _set_access(self, live: LiveRoom, member: Member, role: Role | None) -> None:
        role = None if role is None else at_most(role, member.session)
        connection, label = member.connection, role.label if role else None
        could_edit, changed = connection.could_edit, label not in (None, connection.role)
        live.carry_out(live.room.set_access(connection, role=label, can_edit=role is not None and role >= Role.EDITOR))
        if changed:
            self.receipts.note(live.document, connection, lost=could_edit and not connection.can_edit)

    # -- clocks ----------------------------------------------------------------------------------------------------

    async def _every(self, seconds: float, beat: Any) -> None:
        name = beat.__qualname__.replace("._", ".").lower()
        while True:
            due = self.loop.time() + seconds
            await asyncio.sleep(seconds)
            began = self.loop.time()
            self.tally.lag_seconds.observe(began - due)
            try:
                await beat()
                self.tally.beat(name, self.loop.time() - began, time.time())
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
        if self._unloaded_bytes >= TRIM_AFTER_BYTES:
            self._unloaded_bytes = 0
            self.spawn(asyncio.to_thread(give_back))
        for live in self.rooms:
            with live.guarded():
                self._tick_room(live)

    def _tick_room(self, live: LiveRoom) -> None:
        late = self.settings["SLOW_READER_LIMIT_MS"] / 1000
        live.carry_out(live.room.tick(self.now_ms()))
        if live.room.asked and self.journal.stalled_since is not None:
            self.spawn(live.answer_meanwhile())
        if live.link_ends is not None and live.link_ends <= time.time():
            live.link_ends = None
            everybody = frozenset(member.connection.person.user for member in live.members.values())
            self.spawn(self.recheck(live, everybody))
        for member in list(live.members.values()):
            since = member.outbox.blocked_since
            if isinstance(member.session, Token) and member.session.has_ended(time.time()):
                live.carry_out(live.room.evict(member.connection, 4401, farewell(member.session)))
            elif since is not None and self.loop.time() - since > late:
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
        known = {live.document: live.head for live in rooms}  # these were committed before we ask
        heads = await self.store.heads([live.document for live in rooms])
        for live in rooms:
            if live.closing:
                continue
            head, seen = heads.get(live.document), known[live.document]
            if head is None:
                live.vanish()
            elif head.restored_at != seen.restored_at:
                live.fall_back()
            elif head.seq < seen.seq:
                await live.lost_rows(seen)
            else:
                live.carry_out(live.room.heard_head(head.seq))

    async def _sweep(self) -> None:
        """Ask for the rights, the sessions, the documents and the titles of all sockets, a query each: catches every
        change whose announcement was lost.
        """
        epoch = self.access_epoch
        places = [(live, member) for live in self.rooms for member in live.members.values()]
        if not places:
            return
        ends = await self.store.link_ends({live.document for live, _ in places})
        roles = await self.store.roles({(live.document, member.connection.person.user) for live, member in places})
        people = await self.store.people_of({member.session for _, member in places})
        heads = await self.store.heads({live.document for live, _ in places})  # last: a deletion explains a lost right
        titles = await self.store.titles({live.document for live, _ in places})
        for live in self.rooms:
            if live.document in titles:
                live.retitle(titles[live.document])
                live.link_ends = ends.get(live.document)
        for live, member in places:
            user, person = member.connection.person.user, people.get(member.session)
            if self.changed_since(epoch, live.document, user):  # the announcement is newer than what we read
                continue
            if live.document not in heads:
                if not live.closing:
                    live.vanish()
            elif person is None or person.user != user:
                live.carry_out(live.room.evict(member.connection, 4401, farewell(member.session)))
            else:
                self._set_access(live, member, roles.get((live.document, user)))
        self.receipts.settle_all(epoch)

    async def _find_states(self) -> None:
        await find_states(self.store, [live.tail for live in self.rooms])


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def current() -> Hub:
    """The hub of the running event loop: one per process, made by the first who asks."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        for old in [each for each in _hubs if each.is_closed()]:
            del _hubs[old]
        hub = _hubs[loop] = Hub()
        Context().run(hub.start)  # what it does for ever is not this socket's doing
    return hub


def present() -> Hub | None:
    """The hub of the running event loop, if any socket has come yet."""
    return _hubs.get(asyncio.get_running_loop())


def ask[T](question: Callable[[Hub], Coroutine[Any, Any, T]]) -> T | None:
    """The answer of this process's hub to a view, from the view's thread. None where no loop lasts: it is no server."""
    living = [loop for loop in _hubs if loop.is_running()]
    loop = living[0] if living else getattr(SyncToAsync.threadlocal, "main_event_loop", None)
    if loop is None or not loop.is_running():
        return None

    async def here() -> T:
        return await question(current())

    return asyncio.run_coroutine_threadsafe(here(), loop).result(ANSWER_S)


def tell_of_line(document: uuid.UUID, user: int | None) -> bool:
    """`line_changed` for the hub of this process, from any thread. False where there is none."""
    living = [(loop, hub) for loop, hub in _hubs.items() if loop.is_running()]
    for loop, hub in living:
        loop.call_soon_threadsafe(hub.line_changed, document, user)
    return bool(living)


def tell_of_notices(user: int) -> bool:
    """`notices_changed` for the hub of this process, from any thread. False where there is none."""
    living = [(loop, hub) for loop, hub in _hubs.items() if loop.is_running()]
    for loop, hub in living:
        loop.call_soon_threadsafe(hub.notices_changed, user)
    return bool(living)


def tell_everybody(news: AccessNews) -> bool:
    """`Hub.announce` for the hub of this process, from any thread. False where there is none: no socket has come yet,
    or it is a command.
    """
    living = [(loop, hub) for loop, hub in _hubs.items() if loop.is_running()]
    for loop, hub in living:
        loop.call_soon_threadsafe(hub.announce, news)
    return bool(living)
