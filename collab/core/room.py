"""One open document in one process: bytes in, effects out. Sans I/O; time is an argument.

A cycle is `receive`* -> `prepare` -> (the journal commits) -> `committed` or `rejected`. Between `prepare` and its
answer the doc is ahead of the log, so nothing that reads the doc leaves the room; that is the whole of "nobody sees an
edit before it is saved". After a rejection, or any error from yrs, the doc is thrown away and loaded again from the
log: `Reload` -> `reloaded`.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from . import hocuspocus, messages
from .batch import Batch, Committed, Entry, Queued, Rejected
from .connection import Connection, Credit, Person
from .draft import Draft, Verdict
from .effects import (
    READY,
    Broadcast,
    CatchUp,
    Close,
    Effect,
    Publish,
    PublishPresence,
    Quarantine,
    Recheck,
    Reload,
    Send,
)
from .errors import BadUpdate, CollabError, ProtocolError, TooBig
from .footprint import Footprint, read_footprint
from .lib0 import read_state_vector
from .messages import Refusal
from .presence import Presence
from .replica import Broken, Opened, Replica, merged

# Four bytes ask for the whole document: a connection may ask for 20 answers, or 20 MiB of them, at once, and for one a
# second.
STEP1_BYTES = 1 << 20
# And a struct of eleven bytes asks for it to be held against the log: 20 times so much is read at once, and once a
# second. The last time it may be more: pages return a whole document that others have returned just before them.
COMPARED_BYTES = 64 << 10  # 10 to 30 ms, where every letter is a struct of its own
SMALL_BYTES = 1 << 10  # news that a full document still takes: what undoing a refused edit leaves
MAX_PENDING_REMOTE = 256
MAX_PUT_OFF = 30  # seconds in which those who are here return what they wrote themselves


@dataclass(frozen=True, slots=True)
class Bounds:
    """Everything a client can grow, in the units of its name (settings.COLLAB)."""

    max_message_bytes: int = 16 << 20
    max_document_bytes: int = 16 << 20
    max_inbox_bytes: int = 32 << 20
    max_inbox_updates: int = 10_000
    max_awareness_bytes: int = 8 << 10
    max_awareness_ids: int = 4
    presence_ttl_ms: int = 35_000
    presence_grace_ms: int = 4_000
    heartbeat_interval_ms: int = 10_000
    silence_limit_ms: int = 30_000
    max_room_strikes: int = 3
    max_client_ids: int = 1_000


@dataclass(slots=True)  # not frozen: made once an edit
class Vetted:
    """A frame that was read: its message, and the footprint of an edit. Made by `vet`, on any thread."""

    message: messages.Message
    footprint: Footprint | None = None


def vet(frame: bytes, *, max_bytes: int, edits: bool = True) -> Vetted:
    """Read a client's frame. Raises a `CollabError` with the close code for anything that is not of the protocol.

    `edits`: whether the footprint of an edit is wanted; those of a viewer are refused unread.
    """
    if len(frame) > max_bytes:
        raise TooBig("a message in bytes", limit=max_bytes, actual=len(frame))
    message = messages.decode(frame)
    if isinstance(message, messages.Edit):
        return Vetted(message, read_footprint(message.update) if edits else None)
    if isinstance(message, messages.Step1):
        read_state_vector(message.state_vector)
    return Vetted(message)


class Room:
    """The state machine of one document. `load` it before anything else."""

    def __init__(self, *, bounds: Bounds | None = None, refusals: Counter[str] | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.refusals = Counter() if refusals is None else refusals  # edits that were not stored, by reason
        self.replica = Replica()
        self.connections: dict[int, Connection] = {}
        self.presence = Presence(
            max_state_bytes=self.bounds.max_awareness_bytes,
            max_ids=self.bounds.max_awareness_ids,
            ttl_ms=self.bounds.presence_ttl_ms,
            grace_ms=self.bounds.presence_grace_ms,
        )
        self.restored = False  # its log has lost rows: pages bring all they have, deletions too
        self.restored_at: datetime | None = None  # since when: another moment is another log
        self._owners: dict[int, int] = {}  # client id -> user, as far as the database has confirmed
        self._inbox: deque[Queued] = deque()
        self._inbox_bytes = 0
        self._again = 0  # edits at the front of the inbox that may be in the log: they are prepared by themselves
        self._in_flight: Batch | None = None
        self._reloading = False
        self._waiting: dict[int, bytes] = {}  # connection -> state vector of a step 1 to answer after the cycle
        self._remote: list[tuple[int, int, bytes]] = []  # deltas of other processes to look at after the cycle
        self._nonce = 0
        self._saved_ms = 0  # when the newest row that we know the time of was committed

    def load(self, head: int, content: Sequence[bytes] | Opened) -> None:
        """Start from the log up to row `head`: a state and the rows after it, in order, or what `open_doc` made of
        them. Raises what yrs raises.
        """
        self.replica.load(head, content)

    @property
    def head(self) -> int:
        """The last row of the log that this room shows."""
        return self.replica.head

    # -- connections -----------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether the doc may be ahead of the log."""
        return self._in_flight is not None or self._reloading

    @property
    def full(self) -> bool:
        """Whether the inbox is: stop reading from sockets until a cycle has drained it."""
        return self._inbox_bytes >= self.bounds.max_inbox_bytes or len(self._inbox) >= self.bounds.max_inbox_updates

    @property
    def waiting(self) -> int:
        """How many edits are in the inbox."""
        return len(self._inbox)

    @property
    def unsaved(self) -> bool:
        """Whether there are edits that the journal has not answered."""
        return bool(self._inbox) or self.busy

    def connect(self, connection: Connection, now: int, *, time_ms: int) -> list[Effect]:
        """Somebody was admitted. Their first frames: who they are, our step 1, who is here."""
        self.connections[connection.id] = connection
        connection.heard_ms = connection.told_ms = now
        effects: list[Effect] = []
        if connection.coscribe:
            hello = messages.encode_hello(
                role=connection.role,
                seq=self.head,
                person=connection.person.stamp,
                limits={
                    "message_bytes": self.bounds.max_message_bytes,
                    "document_bytes": self.bounds.max_document_bytes,
                },
                time=time_ms,
                **({"restored": True} if self.restored else {}),
            )
            effects.append(Send(connection.id, hello))
        if connection.hocuspocus:  # asked for what it has when it has asked: its count of unsaved edits begins there
            effects.append(self._authenticate(connection))
        elif connection.can_edit:  # never to a viewer: a stock client answers it with a step 2, which is an edit
            effects += self._ask_whole(connection)
        here = self.presence.everybody()
        if here:
            effects.append(Send(connection.id, messages.encode_awareness(here)))
        return effects

    def disconnect(self, connection: Connection, now: int) -> list[Effect]:
        """The socket is gone. What it sent before still counts."""
        if self.connections.pop(connection.id, None) is None:
            return []
        self._waiting.pop(connection.id, None)
        self.presence.leave(connection, now)
        return []

    def set_access(self, connection: Connection, *, role: str | None, can_edit: bool) -> list[Effect]:
        """The right of a connected person is now this. In place, or the door."""
        if role is None:
            self.presence.forget(connection.person.user)
            return self.evict(connection, 4403, "no access")
        if role == connection.role:
            return []
        gained = can_edit and not connection.can_edit
        connection.role, connection.can_edit = role, can_edit
        if can_edit:
            connection.refused = 0
        effects: list[Effect] = []
        if connection.coscribe:
            effects.append(Send(connection.id, messages.encode_access(role)))
        elif connection.hocuspocus:
            effects.append(self._authenticate(connection))
        if gained:
            effects += self._ask_whole(connection)
        return effects

    def rename(self, connection: Connection, person: Person) -> None:
        """The person is called so, and has this colour, from now on; the next flush of presence shows it."""
        if person != connection.person:
            connection.person = person
            self.presence.restamp(person)

    def evict(self, connection: Connection, code: int, reason: str) -> list[Effect]:
        """Close a connection, now."""
        if self.connections.pop(connection.id, None) is None:
            return []
        self._waiting.pop(connection.id, None)
        self.presence.leave(connection, connection.heard_ms)
        return [Close(connection.id, code, reason)]

    def part(self, connection: Connection, now: int, code: int, reason: str) -> list[Effect]:
        """Close a connection whose person is to come back at once: meanwhile nobody sees them go."""
        self.presence.leave(connection, now, planned=True)
        return self.evict(connection, code, reason)

    def owed(self) -> set[int]:
        """The connections (ids) with edits that are still to be answered."""
        waiting = {queued.connection.id for queued in self._inbox}
        return waiting | {entry.connection.id for entry in (self._in_flight.entries if self._in_flight else ())}

    def gone(self) -> list[Effect]:
        """The document was deleted: everybody leaves, and nothing more is prepared."""
        self._inbox.clear()
        self._inbox_bytes = self._again = 0
        return [e for c in list(self.connections.values()) for e in self.evict(c, 4404, "no such document")]

    # -- what a client says ----------------------------------------------------------------------------------------

    def receive(self, connection: Connection, frame: bytes, now: int) -> list[Effect]:
        """Take a client's frame. Nothing raises: what is not of the protocol closes the connection."""
        try:
            return self.take(connection, vet(frame, max_bytes=self.bounds.max_message_bytes), now)
        except CollabError as error:
            return self.reject(connection, error)

    def take(self, connection: Connection, vetted: Vetted, now: int) -> list[Effect]:
        """`receive`, for a frame that was vetted elsewhere. Raises `CollabError`; `reject` the connection then."""
        message = vetted.message
        if connection.id not in self.connections:
            connection.refused += isinstance(message, messages.Edit)
            return []
        connection.heard_ms = now
        if isinstance(message, messages.Edit):
            return self._take_edit(connection, message, vetted.footprint)
        if isinstance(message, messages.Awareness):
            user = connection.person.user
            mine = {e.client: e for e in message.entries if self._owners.get(e.client, user) == user}
            self.presence.receive(connection, mine.values(), now)
            return []
        if isinstance(message, messages.Step1):
            return self._take_step1(connection, message.state_vector, now)
        if isinstance(message, messages.QueryAwareness):
            return [self._who_is_here(connection)]
        if isinstance(message, messages.Ping):
            return [Send(connection.id, messages.encode_pong(message.nonce))]
        return []

    def reject(self, connection: Connection, error: CollabError) -> list[Effect]:
        """Close a connection that broke the protocol, saying which rule."""
        if connection.id not in self.connections:
            return []
        effects: list[Effect] = []
        if isinstance(error, BadUpdate):
            self.refusals[Refusal.INVALID] += 1
            if connection.coscribe:
                effects.append(self._refuse(connection, Refusal.INVALID, error.reason))
        return effects + self.evict(connection, error.code, error.reason)

    def _who_is_here(self, connection: Connection) -> Send:
        others = self.presence.everybody(without=connection.id)
        return Send(connection.id, messages.encode_awareness(others), droppable=True)

    def _take_edit(self, connection: Connection, edit: messages.Edit, footprint: Footprint | None) -> list[Effect]:
        if connection.coscribe:
            if edit.batch != connection.batch + 1:
                raise ProtocolError("batches are numbered 1, 2, 3")
            connection.batch = edit.batch
        if connection.parting:
            return []
        if connection.hocuspocus:
            balance = connection.balance
            edit = replace(edit, batch=balance.sent if edit.whole else balance.number(footprint))
        if not connection.can_edit:
            # y-protocols PROTOCOL.md, "Handling read-only users": a stock client's step 2 is not meant as an edit.
            if edit.whole and not connection.coscribe:
                return []
            connection.refused += 1
            self.refusals[Refusal.ACCESS] += 1
            if connection.hocuspocus:
                return [self._status(connection, saved=False)]
            if not connection.coscribe:
                return self._turn_away(connection)
            return [self._refuse(connection, Refusal.ACCESS, "you can only read this document")]
        if edit.whole:
            connection.resync = False
        elif connection.resync:
            return []
        if footprint is None:  # read as a viewer's, of somebody who has become an editor since
            connection.resync = True
            return self._ask_whole(connection)
        self._inbox.append(Queued(connection, edit, footprint))
        self._inbox_bytes += len(edit.update)
        return [READY]

    def _take_step1(self, connection: Connection, asked: bytes, now: int) -> list[Effect]:
        if not connection.answers.spend(1, now):
            return self.evict(connection, 1013, "too many sync requests")
        connection.asked = asked
        if connection.hocuspocus:
            connection.balance.begin(asked)
        if not connection.lagging:
            self._waiting[connection.id] = asked
        return [] if self.busy else self._answer_waiting()

    @property
    def asked(self) -> bool:
        """Whether somebody waits for the answer to a step 1 until a commit is over."""
        return bool(self._waiting)

    def answer_meanwhile(self, head: int, content: Sequence[bytes] | Opened) -> list[Effect]:
        """The log up to row `head`, for those who wait while nothing can be committed: our own doc is ahead of it."""
        if not self.busy or head < self.head:
            return []
        replica = Replica()
        try:
            replica.load(head, content)
            return self._answer_waiting(replica)
        finally:
            replica.unload()

    def _answer_waiting(self, replica: Replica | None = None) -> list[Effect]:
        effects: list[Effect] = []
        for connection_id, asked in self._waiting.items():
            connection = self.connections.get(connection_id)
            if connection is not None:
                effects += self._answer(connection, asked, replica or self.replica)
        self._waiting.clear()
        return effects

    def _answer(self, connection: Connection, asked: bytes, replica: Replica) -> list[Effect]:
        connection.lagging = False
        update = replica.diff(asked)
        connection.answers.left -= len(update) / STEP1_BYTES
        state = messages.encode_state(replica.head, update) if connection.coscribe else messages.encode_step2(update)
        connection.synced = True
        effects: list[Effect] = [Send(connection.id, state, droppable=True)]
        if connection.hocuspocus and connection.balance.greeting:
            effects += self._greet(connection)
        return effects

    def _greet(self, connection: Connection) -> list[Effect]:
        """The second half of the answer to a provider's step 1: what it has and we lack. A reader has nothing for us:
        what it counts as unsaved is settled at once, unless it holds something that was never stored.
        """
        if connection.can_edit:
            return self._ask_whole(connection)
        balance, saved = connection.balance, connection.balance.has_all(self.replica.clocks)
        if saved:
            balance.settle(balance.told, whole=True)
        return [self._status(connection, saved=saved)]

    def _authenticate(self, connection: Connection) -> Send:
        return Send(connection.id, hocuspocus.encode_authenticated(can_edit=connection.can_edit))

    def _status(self, connection: Connection, *, saved: bool) -> Send:
        return Send(connection.id, hocuspocus.encode_status(saved=saved))

    # -- the cycle -------------------------------------------------------------------------------------------------

    def prepare(self) -> tuple[Batch | None, list[Effect]]:
        """Drain the inbox into the doc. The batch, if any, goes to the journal; then call `committed`, `rejected` or
        `gone`.
        """
        if self.busy or not self._inbox:
            return None, []
        if not self._again:
            return self._prepare()
        later = [self._inbox.pop() for _ in range(len(self._inbox) - self._again)][::-1]
        self._inbox_bytes -= sum(len(queued.edit.update) for queued in later)
        self._again = 0
        batch, effects = self._prepare()
        self._requeue(later)
        return batch, effects + ([READY] if later and batch is None and not self.busy else [])

    def _prepare(self) -> tuple[Batch | None, list[Effect]]:
        inbox, self._inbox, self._inbox_bytes = self._inbox, deque(), 0
        groups: dict[int, list[Queued]] = {}
        for queued in inbox:
            groups.setdefault(queued.connection.id, []).append(queued)
        entries: list[Entry] = []
        effects: list[Effect] = []
        ahead: dict[int, int] = {}  # clocks of other authors' edits that this batch has put into the doc
        claimed: dict[int, int] = {}  # client id -> user, of those that this batch introduces
        waiting = iter(list(groups.values()))
        for group in waiting:
            try:
                entry, told = self._integrate(group, ahead, claimed)
            except Broken as broken:
                # The doc may hold half an update. Nothing of this batch is kept; the others' edits come again after
                # the reload.
                for later in waiting:
                    self._requeue(later)
                for earlier in reversed(entries):
                    self._requeue(list(earlier.edits), front=True)
                return None, effects + self._quarantine(group[0].connection, broken) + self._reload()
            effects += told
            if entry is not None:
                entries.append(entry)
                ahead |= {client: max(end, ahead.get(client, 0)) for client, end in entry.ends.items()}
                claimed |= dict.fromkeys(entry.claims, entry.user)
        if not entries:
            return None, effects + ([READY] if self._inbox else [])
        batch = Batch(self.head, tuple(entries), self.restored_at)
        if not batch.rows:  # the doc had it all, and the doc is the log: saved long ago
            effects += [e for entry in entries for e in self._acknowledge(entry, self.head, self._saved_ms)]
            return None, effects + ([READY] if self._inbox else [])
        self._in_flight = batch
        return batch, effects

    def committed(self, outcome: Committed) -> list[Effect]:
        """The batch is in the log: show it to everybody, acknowledge it, answer who waited."""
        batch = self._end_cycle()
        effects: list[Effect] = []
        if outcome.missed:
            try:
                effects.append(self._advance(batch.base + 1, outcome.first - 1, outcome.missed))
            except Broken:  # the edits come again after the reload, as what the log has already
                for entry in reversed(batch.entries):
                    self._requeue(list(entry.edits), front=True)
                self._again = batch.edits
                return self._reload()
        rows = [entry.delta for entry in batch.rows if entry.delta is not None]
        update = merged(rows)
        for entry in batch.entries:
            self.replica.moved(outcome.last, len(entry.delta or b""), entry.ends)
            self._owners |= {client: entry.user for client in entry.claims if client not in outcome.brought}
        self._saved_ms = outcome.time_ms
        effects.append(Publish(outcome.first, outcome.last, update))
        effects.append(self._show(outcome.first, outcome.last, update))
        for entry in batch.entries:
            effects += self._acknowledge(entry, outcome.last, outcome.time_ms)
        if any(entry.overlaps for entry in batch.entries):
            return effects + self._reload()
        effects += self._answer_waiting()
        return effects + self._take_remote_backlog() + ([READY] if self._inbox else [])

    def rejected(self, outcome: Rejected) -> list[Effect]:
        """Nothing of the batch was stored. Tell whom it is refused for good, keep the others' edits, load the doc
        again.
        """
        batch = self._end_cycle()
        effects: list[Effect] = []
        waiting = len(self._inbox)
        for entry in reversed(batch.entries):
            if entry.delta is None:  # the doc had it all: the log too, perhaps
                self._requeue(list(entry.edits), front=True)
            elif entry.user in outcome.users:
                effects += self._refuse_entry(entry)
            elif entry.token in outcome.tokens:
                effects += self._refuse_entry(entry)
                effects += self.evict(entry.connection, 4401, "the access token is not valid any more")
            elif outcome.forged & set(entry.claims):
                effects += self.reject(
                    entry.connection, BadUpdate("an update is written under somebody else's client id")
                )
            else:
                self._requeue(list(entry.edits), front=True)
        self._again = len(self._inbox) - waiting
        if outcome.users:
            effects.append(Recheck(outcome.users))
        return effects + self._reload()

    def reloaded(self, head: int, content: Sequence[bytes] | Opened) -> list[Effect]:
        """The doc was loaded again. Those who follow get what the log has gained meanwhile. Raises what yrs raises."""
        before, behind = self.head, self.replica.vector()
        self.replica.load(head, content)
        self._reloading = False
        effects: list[Effect] = []
        if head > before:
            effects.append(self._show(before + 1, head, self.replica.diff(behind)))
        effects += self._answer_waiting() + self._take_remote_backlog()
        return effects + ([READY] if self._inbox else [])

    def _integrate(
        self, group: list[Queued], ahead: dict[int, int], claimed: dict[int, int]
    ) -> tuple[Entry | None, list[Effect]]:
        """Put one connection's edits into the doc: as one update, of which the observer reports what is new."""
        connection = group[0].connection
        draft = Draft(connection, clocks=self.replica.clocks, ahead=ahead, claimed=claimed)
        effects: list[Effect] = []
        for index, queued in enumerate(group):
            verdict = draft.judge(queued)
            if verdict is Verdict.LATER:
                self._requeue(group[index:])
                break
            if verdict is Verdict.MISSING:
                effects += self._missing(connection, queued, group[index + 1 :])
                break
            if self.replica.parts_a_pair(queued.edit.update, queued.footprint):
                effects += self.reject(connection, BadUpdate("an update parts a character in two"))
                break
            if self.restored_at is not None:
                if self._is_others(queued):
                    connection.put_off += 1
                    connection.resync = True  # until it has answered again: see `tick`
                    break
                refusal = self._hold_against_log(queued)
                if refusal is not None:
                    effects += refusal
                    break
            draft.take(queued, owners=self._owners, holder=self._writer)
        if not draft.fitting:
            return None, effects
        connection.client_ids.update(draft.claims)
        if len(connection.client_ids) > self.bounds.max_client_ids:
            limit, actual = self.bounds.max_client_ids, len(connection.client_ids)
            return None, effects + self.reject(connection, TooBig("Yjs client ids", limit=limit, actual=actual))
        updates = [queued.edit.update for queued in draft.fitting]
        if draft.ends and self._overflows(updates):  # a deletion always fits
            self.refusals[Refusal.FULL] += len(updates)
            return None, effects + self._refuse_as_full(connection, draft.fitting[-1].edit.batch)
        delta = self.replica.integrate(updates, draft.expected, draft.fitting[0].footprint)
        connection.strikes = 0
        return draft.entry(delta), effects

    def _is_others(self, queued: Queued) -> bool:
        """Whether a page that returns what the log has lost holds words of others who are here, and return them
        themselves. If they do not, the commit will say whose they are.
        """
        connection = queued.connection
        if not (self.restored and queued.edit.whole) or connection.put_off >= MAX_PUT_OFF:
            return False
        user = connection.person.user
        news = queued.footprint.news(self.replica.clocks)
        if any(self._owners.get(client) != user and self._writer(client) not in (None, user) for client in news):
            return True
        connection.put_off = 0
        return False

    def _hold_against_log(self, queued: Queued) -> list[Effect] | None:
        """None if what the edit repeats is what the log has in its place, and otherwise how it is refused."""
        connection, known = queued.connection, self.replica.known(queued.footprint)
        if not known:
            return None
        if not connection.comparisons.spend(0, connection.heard_ms):
            return self.evict(connection, 1013, "too many edits that are known already")
        found = self.replica.compare(queued.edit.update, known)
        connection.comparisons.left -= found.read / COMPARED_BYTES + found.encoded / STEP1_BYTES
        if found.agrees:
            return None
        return self.reject(connection, BadUpdate("an update is not what was saved in its place"))

    def _writer(self, client: int) -> int | None:
        """Who writes under this client id now: somebody who is present, or connected, and may."""
        user = self.presence.holder(client)
        if user is None:
            user = self._owners.get(client)
        elif not self.restored:
            return user
        here = [each for each in self.connections.values() if each.person.user == user]
        present = self.presence.holder(client) is not None
        return user if any(each.can_edit for each in here) or (present and not here) else None

    def _overflows(self, updates: Sequence[bytes]) -> bool:
        """Whether the document would pass its bound. Exact only near the bound, where it costs an encoding of the
        document.
        """
        limit = self.bounds.max_document_bytes
        if self.replica.size + sum(map(len, updates)) <= limit:
            return False
        news = self.replica.news_bytes(updates)
        return news > SMALL_BYTES and self.replica.measure() + news > limit

    def _refuse_as_full(self, connection: Connection, batch: int) -> list[Effect]:
        connection.resync, connection.put_off = True, 0
        if connection.hocuspocus:
            return self.evict(connection, 1009, "this document is full")
        message = f"this document is full ({self.bounds.max_document_bytes} bytes)"
        effects: list[Effect] = [self._refuse(connection, Refusal.FULL, message, batch)]
        return effects if connection.coscribe else effects + self.evict(connection, 1009, "this document is full")

    def _missing(self, connection: Connection, queued: Queued, later: Sequence[Queued]) -> list[Effect]:
        """Something before this update is missing. Never keep it pending: ask for the whole, three times at most."""
        connection.strikes += 1
        if connection.strikes >= self.bounds.max_room_strikes:
            return self.reject(connection, BadUpdate("an update cannot be integrated"))
        for index, after in enumerate(later):
            if after.edit.whole:  # what we are about to ask for is here already; what comes after stands on it
                self._requeue(list(later[index:]))
                return []
        if connection.id not in self.connections:
            return []
        connection.resync = True
        return self._ask_whole(connection)

    def _ask_whole(self, connection: Connection) -> list[Effect]:
        return [Send(connection.id, messages.encode_step1(self.replica.vector()))]

    def _acknowledge(self, entry: Entry, seq: int, time_ms: int) -> list[Effect]:
        connection = entry.connection
        if connection.id not in self.connections:
            return []
        if not connection.resync:  # what it was asked for again is in
            connection.put_off = 0
        if connection.coscribe:
            return [Send(connection.id, messages.encode_ack(entry.edits[-1].edit.batch, seq, time_ms))]
        if connection.hocuspocus:
            whole = any(queued.edit.whole for queued in entry.edits)
            owed = connection.balance.settle(entry.edits[-1].edit.batch, whole=whole)
            return [self._status(connection, saved=True)] * owed
        if entry.delta is None:  # a stock client waits for the echo of its content; a delta was broadcast to it already
            edits = [queued.edit for queued in entry.edits if not queued.edit.whole]
            return [Send(connection.id, messages.encode_update(edit.update), droppable=True) for edit in edits]
        return []

    def _refuse_entry(self, entry: Entry) -> list[Effect]:
        connection = entry.connection
        connection.refused += len(entry.edits)
        self.refusals[Refusal.ACCESS] += len(entry.edits)
        if connection.id not in self.connections:
            return []
        if not (connection.coscribe or connection.hocuspocus):
            return self._turn_away(connection)
        connection.resync, connection.can_edit, connection.role = True, False, ""  # until the recheck says what is left
        if connection.hocuspocus:
            return [self._status(connection, saved=False)] * len(entry.edits)
        batch = entry.edits[-1].edit.batch
        return [self._refuse(connection, Refusal.ACCESS, "your right to edit was taken away", batch)]

    def _turn_away(self, connection: Connection) -> list[Effect]:
        denied = Send(connection.id, messages.encode_denied("no right to edit"))
        return [denied, *self.evict(connection, 4403, "no right to edit")]

    def _refuse(self, connection: Connection, code: str, message: str, batch: int | None = None) -> Effect:
        if not connection.coscribe:
            return Send(connection.id, messages.encode_denied(message))
        return Send(connection.id, messages.encode_refused(connection.batch if batch is None else batch, code, message))

    def _quarantine(self, connection: Connection, broken: Broken) -> list[Effect]:
        kept = Quarantine(connection.person.user, broken.update, broken.error)
        return [kept, *self.reject(connection, BadUpdate("an update cannot be integrated"))]

    def _end_cycle(self) -> Batch:
        batch, self._in_flight = self._in_flight, None
        assert batch is not None, "no batch is in flight"
        return batch

    def _reload(self) -> list[Effect]:
        self._reloading = True
        return [Reload()]

    def _requeue(self, edits: list[Queued], *, front: bool = False) -> None:
        self._inbox_bytes += sum(len(queued.edit.update) for queued in edits)
        if front:
            self._inbox.extendleft(reversed(edits))
            for queued in edits:  # held against the log once more: not on its account
                queued.connection.comparisons = Credit()
        else:
            self._inbox.extend(edits)

    # -- other processes -------------------------------------------------------------------------------------------

    def receive_remote(self, first: int, last: int, update: bytes) -> list[Effect]:
        """Another process committed log rows first..last. The message is a doorbell: a gap is read from the log."""
        if self.busy:
            if len(self._remote) < MAX_PENDING_REMOTE:  # what is dropped is a gap, and a gap heals
                self._remote.append((first, last, update))
            return []
        if last <= self.head:
            return []
        if first != self.head + 1 or not update:  # a large update is not relayed: read it
            return [CatchUp(self.head, "gap" if first != self.head + 1 else "large")]
        try:
            return [self._advance(first, last, [update])]
        except Broken:
            return self._reload()

    def catch_up(self, first: int, rows: Sequence[bytes]) -> list[Effect]:
        """Log rows first, first + 1, ... as read from the database."""
        if not rows or self.busy:
            return []
        last = first + len(rows) - 1
        if last <= self.head or first > self.head + 1:
            return []
        try:
            shown = self._advance(self.head + 1, last, rows[self.head + 1 - first :])
        except Broken:
            return self._reload()
        return [shown, *self._take_remote_backlog()]

    def heard_head(self, head: int) -> list[Effect]:
        """The poll saw the log at `head`."""
        return [CatchUp(self.head, "poll")] if head > self.head and not self.busy else []

    def _advance(self, first: int, last: int, rows: Sequence[bytes]) -> Broadcast:
        """Integrate rows of the log, and show them to those who follow. Raises `Broken`."""
        return self._show(first, last, self.replica.advance(last, rows))

    def _show(self, first: int, last: int, update: bytes) -> Broadcast:
        """Log rows for everybody who follows. Who waits for the answer to a step 1 finds them in it: it comes right
        after this and counts as following from then on (docs/wire.md, rule 1): no DELTA may get in before the STATE.
        """
        waiting = {
            connection_id
            for connection_id in self._waiting
            if (connection := self.connections.get(connection_id)) is not None
            # A stock client that follows already needs its echo: the answer may leave out what it has.
            and (connection.coscribe or not connection.synced)
        }
        return Broadcast(messages.encode_update(update), messages.encode_delta(first, last, update), frozenset(waiting))

    def _take_remote_backlog(self) -> list[Effect]:
        backlog, self._remote = self._remote, []
        effects: list[Effect] = []
        for first, last, update in backlog:
            told = self.receive_remote(first, last, update)
            effects += told
            if any(isinstance(effect, CatchUp | Reload) for effect in told):
                break
        return effects

    # -- slow readers ----------------------------------------------------------------------------------------------

    def lagging(self, connection: Connection) -> None:
        """Frames for this connection were dropped: it gets no more until `writable`."""
        connection.lagging, connection.synced = True, False
        self._waiting.pop(connection.id, None)

    def writable(self, connection: Connection) -> list[Effect]:
        """A slow reader can be written to again: one diff from what it last said it has, and who is here."""
        if not connection.lagging or connection.id not in self.connections:
            return []
        self._waiting[connection.id] = connection.asked
        effects = [] if self.busy else self._answer_waiting()
        return [*effects, self._who_is_here(connection)]

    # -- time ------------------------------------------------------------------------------------------------------

    def flush_presence(self) -> list[Effect]:
        """Send what changed in the presence table since the last time: the latest state of each person."""
        if not self.presence.dirty:
            return []
        frames, peers = self.presence.flush()
        effects: list[Effect] = [PublishPresence(peers)] if peers else []
        owners = {owner for owner, _ in frames.values() if owner is not None}
        everything = messages.encode_awareness([entry for _, entry in frames.values()])
        effects.append(Broadcast(everything, everything, frozenset(owners), early=True))
        for owner in owners:  # a client is not sent its own state: an older copy of it would overwrite the newer
            others = [entry for theirs, entry in frames.values() if theirs != owner]
            if others and owner in self.connections:
                effects.append(Send(owner, messages.encode_awareness(others), droppable=True))
        return effects

    def tick(self, now: int) -> list[Effect]:
        """Once a second: heartbeats, the dead, the departed."""
        self.presence.expire(now)
        effects: list[Effect] = []
        for connection in list(self.connections.values()):
            if connection.put_off and connection.resync and connection.can_edit:
                effects += self._ask_whole(connection)
            if self.full:  # nobody is read just now: that is not their silence
                connection.heard_ms = now
            if connection.coscribe and now - connection.heard_ms > self.bounds.silence_limit_ms:
                effects += self.evict(connection, 1013, "nothing heard for too long")
            elif now - connection.told_ms >= self.bounds.heartbeat_interval_ms:
                connection.told_ms = now
                self._nonce += 1
                beat = messages.encode_ping(self._nonce) if connection.coscribe else messages.EMPTY_AWARENESS
                effects.append(Send(connection.id, beat, droppable=True))
        return effects
