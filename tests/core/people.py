"""A room with people in it, for tests that say what happens frame by frame."""

from typing import Any

from pycrdt import Doc, Text

from collab.core import messages
from collab.core.batch import Committed, Entry
from collab.core.connection import Connection, Dialect, Person
from collab.core.effects import Close, Effect, Reload, Send
from collab.core.lib0 import read_var_uint, var_bytes, var_uint
from collab.core.messages import Type
from collab.core.room import Bounds, Room


class Desk:
    """One room, and a log as plain as a list."""

    def __init__(self, **bounds: int) -> None:
        self.room = Room(bounds=Bounds(**bounds))
        self.room.load(0, [])
        self.rows: list[bytes] = []
        self.now = 0

    def seat(
        self, user: int, name: str = "ada", *, role: str = "editor", stock: bool = False, synced: bool = True
    ) -> Connection:
        """Somebody comes in; by default also synced. Connection ids are 10 times the user's id, plus their number."""
        taken = [c for c in self.room.connections.values() if c.person.user == user]
        connection = Connection(
            id=user * 10 + len(taken),
            person=Person(user, name, "#0f766e"),
            role=role,
            can_edit=role in ("editor", "owner"),
            dialect=Dialect.STOCK if stock else Dialect.COSCRIBE,
        )
        self.room.connect(connection, self.now, time_ms=0)
        if synced:
            self.room.receive(connection, messages.encode_step1(b"\x00"), self.now)
        return connection

    def hears(self, connection: Connection, frame: bytes) -> list[Effect]:
        return self.room.receive(connection, frame, self.now)

    def push(self, connection: Connection, update: bytes, *, whole: bool = False) -> list[Effect]:
        """An edit in the connection's own dialect."""
        if not connection.coscribe:
            return self.hears(connection, messages.encode_step2(update) if whole else messages.encode_update(update))
        kind = Type.WHOLE if whole else Type.PUSH
        return self.hears(connection, bytes((kind,)) + var_uint(connection.batch + 1) + var_bytes(update))

    def prepare(self) -> tuple[tuple[Entry, ...], list[Effect]]:
        batch, effects = self.room.prepare()
        return (batch.entries if batch else ()), effects

    def commit(self) -> list[Effect]:
        """One whole cycle."""
        batch, effects = self.room.prepare()
        if batch is None:
            return effects
        first = len(self.rows) + 1
        self.rows += [entry.delta for entry in batch.entries if entry.delta is not None]
        return effects + self.room.committed(Committed(first, len(self.rows), 7))

    def reload(self) -> list[Effect]:
        return self.room.reloaded(len(self.rows), self.rows)

    def text(self) -> str:
        doc: Doc[Any] = Doc()
        for row in self.rows:
            doc.apply_update(row)
        return str(doc.get("text", type=Text))


class Hand:
    """Writes updates: one Yjs client."""

    def __init__(self, client: int, *, after: bytes = b"\x00\x00") -> None:
        self.doc: Doc[Any] = Doc(client_id=client)
        self.text: Text = self.doc.get("text", type=Text)
        self.doc.apply_update(after)
        self._updates: list[bytes] = []
        self._subscription = self.doc.observe(lambda event: self._updates.append(event.update))

    def write(self, text: str) -> bytes:
        """Append, and return the update."""
        self.text += text
        return self._updates[-1]

    def delete(self, start: int, stop: int) -> bytes:
        del self.text[start:stop]
        return self._updates[-1]


def frames_to(connection: Connection, effects: list[Effect]) -> list[int]:
    """The types of the frames that these effects send to a connection alone."""
    sent = [e.frame for e in effects if isinstance(e, Send) and e.connection == connection.id]
    return [read_var_uint(frame, 0)[0] for frame in sent]


def closes(effects: list[Effect]) -> dict[int, int]:
    """Connection -> close code."""
    return {effect.connection: effect.code for effect in effects if isinstance(effect, Close)}


def reloads(effects: list[Effect]) -> bool:
    return any(isinstance(effect, Reload) for effect in effects)
