"""The home pages of this process: which lines are on whose screen, and what has to be said about them.

State and not events is what is sent: a line as it is now, rights asked in the moment of sending, so a message that was
lost, doubled or late does no harm. What arrives here (a room's people, `access_changed`, `line_changed`, the relay)
only says where to look; a slow poll looks everywhere.
"""

import asyncio
import itertools
import logging
import time
import uuid
from collections import Counter
from collections.abc import Set
from typing import TYPE_CHECKING, Any

from documents import lines
from documents.lines import Line, Pair, Seen

from .admission import Session, Token, farewell
from .core import messages
from .core.connection import Person
from .core.presence import RESTART_GRACE_MS
from .occupancy import MAX_PEOPLE, Being, Occupancy, parts
from .outbox import Outbox, Sender
from .relay import LineNews, OccupancyNews
from .store import DATABASE_DOWN

if TYPE_CHECKING:
    from .hub import Hub

logger = logging.getLogger(__name__)

EDITS_INTERVAL_MS = 3_000  # "Bo, just now" need not be truer than this
DOCUMENTS_PER_MESSAGE = 200
LOOKS = 3
CLOSE_PATIENCE_S = 5.0
LEAVE_AFTER_S = 2.0  # somebody who reloads a document has not left it


class Visitor:
    """One home page. `watched`: what is on its screen; `told`: a digest of what was last said of each."""

    def __init__(self, person: Person, session: Session, outbox: Outbox, task: asyncio.Task[Any] | None) -> None:
        self.person = person
        self.session = session
        self.outbox = outbox
        self.task = task
        self.watched: set[uuid.UUID] = set()
        self.told: dict[uuid.UUID, int] = {}
        self.mark: tuple[int, ...] | None = None
        self.heard_s = self.said_s = 0.0
        self.looking = self.look_again = False

    @property
    def user(self) -> int:
        return self.person.user


class Lobby:
    """All home pages of this process. Runs on the hub's loop, and is started by it."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.visitors: set[Visitor] = set()
        self._per_user: Counter[int] = Counter()
        self._renew_s = hub.settings["HOME_POLL_INTERVAL_MS"] / 1000
        self._occupancy = Occupancy(renew_s=self._renew_s)
        self._dirty: set[uuid.UUID] = set()
        self._moved: set[uuid.UUID] = set()  # somebody may have it in their list now who had not
        self._occupied: dict[uuid.UUID, tuple[Being, ...]] = {}  # by our own people, as we last told the others
        self._heads: dict[uuid.UUID, int] = {}
        self._flushing: asyncio.TimerHandle | None = None

    # -- visitors ------------------------------------------------------------------------------------------------------

    def enter(self, *, person: Person, session: Session, send: Sender) -> Visitor:
        """A home page was admitted."""
        settings = self.hub.settings
        outbox = Outbox(
            send,
            limit_bytes=settings["MAX_OUTBOX_BYTES"],
            limit_frames=settings["MAX_OUTBOX_FRAMES"],
            credited=True,
            lagged=lambda: visitor.told.clear(),
            writable=lambda: self._look_again(visitor),
        )
        visitor = Visitor(person, session, outbox, asyncio.current_task())
        visitor.heard_s = visitor.said_s = self.hub.loop.time()
        if not self.visitors:  # nobody was interested until now
            self._publish([], asking=True)
        self.visitors.add(visitor)
        self._per_user[person.user] += 1
        self.hub.inbox.enter(person.user, outbox)
        return visitor

    def leave(self, visitor: Visitor) -> None:
        """The socket is gone."""
        visitor.outbox.abandon()
        self.hub.inbox.leave(visitor.user, visitor.outbox)
        self.visitors.discard(visitor)
        self._per_user[visitor.user] -= 1
        if self._per_user[visitor.user] <= 0:
            del self._per_user[visitor.user]

    def has_place_for(self, user: int) -> bool:
        """Whether this person may open one more home page here."""
        return self._per_user[user] < self.hub.settings["MAX_CONNECTIONS_PER_USER"]

    def evict(self, visitor: Visitor, code: int, reason: str) -> None:
        """Close a home page."""
        if visitor not in self.visitors:
            return
        self.visitors.discard(visitor)
        level = logging.INFO if messages.is_restart(code) else logging.WARNING
        logger.log(level, "home page of user %d: closed with %d (%s)", visitor.user, code, reason)
        visitor.outbox.close(code, reason)
        if visitor.task is not None:
            self.hub.loop.call_later(CLOSE_PATIENCE_S, visitor.task.cancel)

    def receive(self, visitor: Visitor, message: messages.HomeMessage) -> None:
        """What a home page says."""
        visitor.heard_s = self.hub.loop.time()
        if isinstance(message, messages.Ping):
            visitor.outbox.put(messages.encode_pong(message.nonce), droppable=True)
        elif isinstance(message, messages.Pong):
            visitor.outbox.arrived(message.nonce)
        else:
            visitor.watched = set(message.documents)
            visitor.told = {document: mark for document, mark in visitor.told.items() if document in visitor.watched}
            self._look_again(visitor)

    def _look_again(self, visitor: Visitor) -> None:
        visitor.look_again = True
        if not visitor.looking:  # else a page could ask faster than the database answers
            visitor.looking = True
            self.hub.spawn(self._keep_looking(visitor))

    async def _keep_looking(self, visitor: Visitor) -> None:
        try:
            while visitor.look_again and visitor in self.visitors:
                visitor.look_again = False
                await self._tell({(document, visitor.user) for document in visitor.watched})
        finally:
            visitor.looking = False

    # -- what happens --------------------------------------------------------------------------------------------------

    def changed(self, document: uuid.UUID | None, *, moved: bool = False) -> None:
        """Something about this line is another now; with `moved`, perhaps also in whose list it is."""
        if not self.visitors or document is None:
            return
        self._dirty.add(document)
        if moved:
            self._moved.add(document)
        if self._flushing is None:
            wait_s = self.hub.settings["HOME_INTERVAL_MS"] / 1000
            self._flushing = self.hub.loop.call_later(wait_s, self._flush)

    def access_changed(self, document: uuid.UUID | None, user: int | None) -> None:
        """Rights changed: on a document, or (None) those of a person on any."""
        if document is not None:
            self.changed(document, moved=True)
            return
        for visitor in self.visitors:
            if user is None or visitor.user == user:
                self._look_again(visitor)
                self._say(visitor, messages.encode_stale())
        self.hub.spawn(self._recognise(user))

    def came(self, document: uuid.UUID) -> None:
        """Somebody entered a room of ours."""
        self._note_occupancy(document)

    def went(self, document: uuid.UUID) -> None:
        """Somebody left one; perhaps only to reload the page."""
        self.hub.loop.call_later(LEAVE_AFTER_S, self._note_occupancy, document)

    def hear(self, news: LineNews | OccupancyNews) -> None:
        """A message of the relay."""
        if isinstance(news, LineNews):
            for document in news.documents:
                self.changed(document)
            for visitor in self.visitors:
                if visitor.user == news.user and not visitor.watched.issuperset(news.documents):
                    self._say(visitor, messages.encode_stale())  # what one puts a star on enters a list, too
            return
        for document in self._occupancy.hear(news, self.hub.loop.time()):
            self.changed(document)
        if news.asking:
            self._publish(list(self._occupied.items()))

    def hand_over(self, node: str) -> None:
        """Another process ended as planned: whoever comes to a third one meanwhile does not blink."""
        self._occupancy.hand_over(node, self.hub.loop.time(), grace_s=RESTART_GRACE_MS / 1000)

    def _note_occupancy(self, document: uuid.UUID) -> None:
        here = self.hub.people_in(document)[:MAX_PEOPLE]
        if here == self._occupied.get(document, ()):
            return
        if here:
            self._occupied[document] = here
        else:
            del self._occupied[document]
        self._publish([(document, here)])
        self.changed(document)

    def _publish(self, places: list[tuple[uuid.UUID, tuple[Being, ...]]], *, asking: bool = False) -> None:
        for news in parts(self.hub.relay.node, places, asking=asking):
            self.hub.relay.publish(news)

    # -- saying it -----------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        self._flushing = None
        dirty, self._dirty = self._dirty, set()
        moved, self._moved = self._moved, set()
        pairs = {(document, each.user) for each in self.visitors for document in each.watched & dirty}
        if pairs or moved:
            self.hub.spawn(self._tell(pairs, moved=moved))

    async def _tell(self, pairs: Set[Pair], *, moved: Set[uuid.UUID] = frozenset()) -> None:
        """Look at these lines, and say to whom it is due what is new about them."""
        users = {visitor.user for visitor in self.visitors}
        try:
            seen = await self._look(pairs, moved, users)
        except DATABASE_DOWN as error:  # the poll will look again
            logger.warning("the lists cannot be read just now (%s)", type(error).__name__)
            return
        if seen is None:
            return
        asked: dict[int, set[uuid.UUID]] = {}
        for document, user in pairs:
            asked.setdefault(user, set()).add(document)
        for visitor in list(self.visitors):
            unwatched = moved - visitor.watched
            self._say_lines(visitor, asked.get(visitor.user, set()) & visitor.watched, seen)
            for document in unwatched:
                if (document, visitor.user) in seen.named:
                    self._say(visitor, messages.encode_appeared(str(document)))

    async def _look(self, pairs: Set[Pair], moved: Set[uuid.UUID], users: set[int]) -> Seen | None:
        """None when rights changed each time while we read: what was announced then has a look of its own."""
        for _ in range(LOOKS):
            epoch = self.hub.access_epoch
            seen = await self.hub.store.read(lambda: lines.look(pairs, listed=moved, to=users))
            if epoch == self.hub.access_epoch:
                return seen
        return None

    def _say_lines(self, visitor: Visitor, documents: set[uuid.UUID], seen: Seen) -> None:
        told: list[dict[str, object]] = []
        gone: list[str] = []
        for document in documents:
            line = seen.lines.get((document, visitor.user))
            if line is None:
                visitor.watched.discard(document)
                visitor.told.pop(document, None)
                gone.append(str(document))
                continue
            said = self._described(document, line, to=visitor.user)
            mark = hash(repr(said))
            if visitor.told.get(document) != mark:
                visitor.told[document] = mark
                told.append(said)
        if told or gone:
            self._say(visitor, messages.encode_lines(told, gone))

    def _say(self, visitor: Visitor, frame: bytes) -> None:
        visitor.said_s = self.hub.loop.time()
        visitor.outbox.put(frame, droppable=True)

    def _described(self, document: uuid.UUID, line: Line, *, to: int) -> dict[str, object]:
        facts = line.facts
        here = self._here(document) if facts.trashed_at is None else {}
        return {
            "document": str(document),
            "title": facts.title,
            "role": line.role.label,
            "starred": line.starred,
            "trashed": facts.trashed_at is not None,
            "edited": int(facts.edited_at.timestamp() * 1000),
            "editor": facts.editor,
            "own": facts.editor_id == to,
            "people": facts.people,
            "groups": list(facts.groups),
            "linked": facts.linked,
            "guest": facts.editor_is_guest,
            "here": [
                {"id": str(user), "name": name, "color": color, "guest": guest}
                for user, (name, color, guest) in here.items()
            ],
        }

    def _here(self, document: uuid.UUID) -> dict[int, tuple[str, str, bool]]:
        beings = itertools.chain(self._occupied.get(document, ()), self._occupancy.elsewhere(document))
        people = {user: (name, color, guest) for user, name, color, guest in beings}
        return dict(sorted(people.items(), key=lambda item: (item[1][0].lower(), item[0]))[:MAX_PEOPLE])

    # -- clocks --------------------------------------------------------------------------------------------------------

    async def beat(self) -> None:
        """Every second: heartbeats, silence, who is no longer renewed."""
        now = self.hub.loop.time()
        for document in self._occupancy.expire(now):
            self.changed(document)
        silence_s = self.hub.settings["SILENCE_LIMIT_MS"] / 1000
        heartbeat_s = self.hub.settings["HEARTBEAT_INTERVAL_MS"] / 1000
        late_s = self.hub.settings["SLOW_READER_LIMIT_MS"] / 1000
        for visitor in list(self.visitors):
            blocked = visitor.outbox.blocked_since
            if isinstance(visitor.session, Token) and visitor.session.has_ended(time.time()):
                self.evict(visitor, 4401, farewell(visitor.session))
            elif now - visitor.heard_s > silence_s:
                self.evict(visitor, 1013, "silent for too long")
            elif blocked is not None and now - blocked > late_s:
                self.evict(visitor, 1013, "too slow")
            elif now - visitor.said_s >= heartbeat_s:
                self._say(visitor, messages.encode_ping(int(time.time())))

    async def note_edits(self) -> None:
        """Which of our rooms have moved on. Looked up here now and then, so that an edit itself costs nothing more."""
        heads = {live.document: live.room.head for live in self.hub.rooms}
        edited = [document for document, head in heads.items() if self._heads.get(document, head) != head]
        self._heads = heads
        for document in edited:
            self.changed(document)
        for at in range(0, len(edited), DOCUMENTS_PER_MESSAGE):
            self.hub.relay.publish(LineNews(tuple(edited[at : at + DOCUMENTS_PER_MESSAGE]), None, self.hub.relay.node))

    async def poll(self) -> None:
        """Say again who is in our rooms, and look at everything that is on a screen: heals what was lost."""
        for document in {*self._occupied, *(live.document for live in self.hub.rooms)}:
            self._note_occupancy(document)
        self._publish(list(self._occupied.items()))
        if not self.visitors:
            return
        await self._check_sessions(frozenset(self.visitors))
        users = {visitor.user for visitor in self.visitors}
        marks = await self.hub.store.read(lambda: lines.list_marks(users))
        for visitor in self.visitors:
            mark, before = marks.get(visitor.user, ()), visitor.mark
            visitor.mark = mark
            if before is not None and mark != before:
                self._say(visitor, messages.encode_stale())
        await self._tell({(document, visitor.user) for visitor in self.visitors for document in visitor.watched})

    async def _recognise(self, user: int | None) -> None:
        """A person's sessions may have ended, or their name or colour changed."""
        try:
            await self._check_sessions({visitor for visitor in self.visitors if user is None or visitor.user == user})
        except DATABASE_DOWN as error:  # the poll will ask again
            logger.warning("sessions cannot be read just now (%s)", type(error).__name__)
            return
        for document, beings in list(self._occupied.items()):  # the rooms know a new name by now, or with the next poll
            if user in {being[0] for being in beings}:
                self._note_occupancy(document)

    async def _check_sessions(self, visitors: Set[Visitor]) -> None:
        people = await self.hub.store.people_of({visitor.session for visitor in visitors})
        for visitor in visitors:
            person = people.get(visitor.session)
            if person is None or person.user != visitor.user:
                self.evict(visitor, 4401, farewell(visitor.session))
