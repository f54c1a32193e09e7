"""People, processes, a log and a network between them, in one thread and without a clock of its own.

The log is the model of `documents.log`: gapless rows under one lock, rights asked at the commit. Rooms are the real
ones; the network delays, drops connections, loses and repeats relay messages, as a seeded chooser says; a process may
crash at any step.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Doc, Text

from collab.core.batch import Batch, Committed, Outcome, Rejected
from collab.core.connection import Connection, Dialect, Person
from collab.core.effects import (
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
from collab.core.footprint import read_footprint
from collab.core.room import Room
from tests.pen import Pen


@dataclass
class Row:
    user: int
    payload: bytes


class Log:
    """What the database holds of one document."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.editors: set[int] = set()
        self.viewers: set[int] = set()
        self.owners: dict[int, int] = {}
        self.state: tuple[int, bytes] | None = None

    @property
    def head(self) -> int:
        return len(self.rows)

    def append(self, batch: Batch) -> Outcome:
        """`documents.log.append` for one document: all rows or none."""
        users = {entry.user for entry in batch.rows}
        if users - self.editors:
            return Rejected(users=frozenset(users - self.editors))
        missed = [row.payload for row in self.rows[batch.base :]]
        ours = {client for entry in batch.rows for client in entry.ends}
        if any(not ours.isdisjoint(read_footprint(payload).spans) for payload in missed):
            return Rejected()
        claims = {client: entry.user for entry in batch.rows for client in entry.claims}
        foreign = {client for client, user in claims.items() if self.owners.get(client, user) != user}
        if foreign:
            return Rejected(forged=frozenset(foreign))
        self.owners |= claims
        first = self.head + 1
        self.rows += [Row(entry.user, entry.delta) for entry in batch.rows if entry.delta is not None]
        return Committed(first, self.head, 0, missed)

    def load(self) -> tuple[int, list[bytes]]:
        """Newest state and the rows after it."""
        seq, state = self.state or (0, None)
        return self.head, ([state] if state is not None else []) + [row.payload for row in self.rows[seq:]]

    def compact(self) -> None:
        self.state = (self.head, self.rebuild().get_update())

    def rebuild(self) -> Doc[Any]:
        """A doc from the rows alone, one after the other."""
        doc: Doc[Any] = Doc()
        for row in self.rows:
            doc.apply_update(row.payload)
        return doc

    def text(self) -> str:
        return text_of(self.rebuild())


def text_of(doc: Doc[Any]) -> str:
    return str(doc.get("text", type=Text))


@dataclass
class Wire:
    """The two directions of one socket. TCP: in order, nothing lost while it lives."""

    up: deque[bytes] = field(default_factory=deque)
    down: deque[bytes] = field(default_factory=deque)


class Writer(Pen):
    """A person at a doc that outlives connections."""

    def __init__(self, user: int, name: str) -> None:
        super().__init__()
        self.person = Person(user, name, "#123456")
        self.wire: Wire | None = None
        self.process: Process | None = None
        self.connection: Connection | None = None
        self.shown: list[bytes] = []  # every update that was shown to this person

    @property
    def connected(self) -> bool:
        return self.wire is not None

    def _apply(self, update: bytes) -> None:
        self.shown.append(update)
        super()._apply(update)

    def start_over(self) -> None:
        """What a page does when edits were refused: a fresh doc, synced from the server."""
        super().__init__()


class Process:
    """One server process: its room, its sockets, its ends of the relay."""

    def __init__(self, name: str, log: Log) -> None:
        self.name = name
        self.log = log
        self.mail: deque[tuple[int, int, bytes]] = deque()  # relay messages that have arrived and were not looked at
        self.outgoing: list[tuple[int, int, bytes]] = []
        self.start()

    def start(self) -> None:
        self.room = Room()
        self.room.load(*self.log.load())
        self.batch: Batch | None = None
        self.writers: dict[int, Writer] = {}
        self.ready = False
        self.reload = False
        self.catch_up = False
        self.recheck: set[int] = set()
        self.mail.clear()
        self.outgoing.clear()
        self.quarantined: list[Quarantine] = []

    def accept(self, writer: Writer, connection_id: int, now: int) -> None:
        user = writer.person.user
        if user not in self.log.editors | self.log.viewers:
            return
        can_edit = user in self.log.editors
        connection = Connection(
            connection_id, writer.person, "editor" if can_edit else "viewer", can_edit, Dialect.COSCRIBE
        )
        writer.wire, writer.process, writer.connection = Wire(), self, connection
        self.writers[connection_id] = writer
        writer.wire.up.append(writer.greet())
        self.carry_out(self.room.connect(connection, now, time_ms=0))

    def hang_up(self, writer: Writer, now: int) -> None:
        assert writer.connection is not None
        self.writers.pop(writer.connection.id, None)
        self.carry_out(self.room.disconnect(writer.connection, now))
        writer.wire = writer.process = writer.connection = None

    def carry_out(self, effects: Sequence[Effect]) -> None:  # noqa: C901 - a case for each effect
        for effect in effects:
            if isinstance(effect, Send):
                self._send(effect.connection, effect.frame)
            elif isinstance(effect, Broadcast):
                for connection_id, writer in self.writers.items():
                    assert writer.connection is not None
                    if writer.connection.synced and connection_id not in effect.without:
                        self._send(connection_id, effect.coscribe)
            elif isinstance(effect, Close):
                self.closed(effect)
            elif isinstance(effect, Publish):
                self.outgoing.append((effect.first, effect.last, effect.update))
            elif isinstance(effect, Ready):
                self.ready = True
            elif isinstance(effect, Reload):
                self.reload = True
            elif isinstance(effect, CatchUp):
                self.catch_up = True
            elif isinstance(effect, Recheck):
                self.recheck |= effect.users
            elif isinstance(effect, Quarantine):
                self.quarantined.append(effect)
            else:
                assert isinstance(effect, PublishPresence)

    def closed(self, effect: Close) -> None:
        writer = self.writers.pop(effect.connection, None)
        if writer is not None:
            writer.wire = writer.process = writer.connection = None

    def _send(self, connection_id: int, frame: bytes) -> None:
        writer = self.writers.get(connection_id)
        if writer is not None and writer.wire is not None:
            writer.wire.down.append(frame)

    # -- the steps of the shell, one at a time ----------------------------------------------------------------------

    def prepare(self) -> None:
        """The journal takes what there is."""
        if self.batch is None and not self.room.busy:
            self.ready = False
            self.batch, effects = self.room.prepare()
            self.carry_out(effects)

    def commit(self) -> None:
        """The journal's transaction, and its answer."""
        if self.batch is not None:
            self.answer(self.log.append(self.batch))

    def commit_unheard(self) -> None:
        """The transaction commits, the connection to the database dies before the answer: the journal tries the same
        batch again.
        """
        if self.batch is not None:
            self.log.append(self.batch)
            self.answer(self.log.append(self.batch))

    def answer(self, outcome: Outcome) -> None:
        self.batch = None
        if isinstance(outcome, Committed):
            self.carry_out(self.room.committed(outcome))
        else:
            assert isinstance(outcome, Rejected)
            self.carry_out(self.room.rejected(outcome))

    def do_reload(self) -> None:
        if self.reload:
            self.reload = False
            self.carry_out(self.room.reloaded(*self.log.load()))

    def do_catch_up(self) -> None:
        if self.catch_up:
            self.catch_up = False
            head = self.room.head
            self.carry_out(self.room.catch_up(head + 1, [row.payload for row in self.log.rows[head:]]))

    def poll(self) -> None:
        self.carry_out(self.room.heard_head(self.log.head))

    def sweep(self) -> None:
        """Ask the database about everybody."""
        self.recheck.clear()
        for writer in list(self.writers.values()):
            user = writer.person.user
            role = "editor" if user in self.log.editors else "viewer" if user in self.log.viewers else None
            assert writer.connection is not None
            self.carry_out(self.room.set_access(writer.connection, role=role, can_edit=role == "editor"))

    def hear(self) -> None:
        if self.mail:
            self.carry_out(self.room.receive_remote(*self.mail.popleft()))

    def settle(self) -> None:
        """Everything that this process can do by itself."""
        for _ in range(50):
            self.do_reload()
            self.do_catch_up()
            while self.mail:
                self.hear()
            if self.ready:
                self.prepare()
            self.commit()
            self.poll()
            if not (self.ready or self.reload or self.catch_up or self.batch or self.mail or self.recheck):
                return
            if self.recheck:
                self.sweep()
        raise AssertionError("a process does not come to rest")
