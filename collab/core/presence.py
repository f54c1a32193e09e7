"""Who is here: awareness states by client id, stamped, owned, bounded, and gone when their owner is gone. Sans I/O.

y-protocols `awareness.js` is what the clients run. The rules that are ours: the `user` of a state is the server's, an
id belongs to the connection that introduced it, and a person who reconnects within the grace period never blinks.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from .connection import Connection, Person
from .errors import BadUpdate, ProtocolError, TooBig
from .footprint import MAX_CLOCK, check_json
from .messages import AwarenessEntry, encode_awareness_entry

GONE = b"null"
MAX_TOMBSTONES = 1000
RESTART_GRACE_MS = 15_000  # whoever is sent to another process comes, be it late


@dataclass(slots=True)
class Entry:
    """One awareness state. `clock` is what peers were sent: the client's own clock plus `offset`."""

    clock: int
    offset: int
    state: bytes
    user: int
    owner: int | None  # a connection of this process, or None
    node: str | None  # the process it came from, or None
    seen_ms: int
    leaving_ms: int | None = None  # when it goes, unless its owner returns


class Presence:
    """The presence table of one room. `now` is a monotonic clock in milliseconds."""

    def __init__(self, *, max_state_bytes: int, max_ids: int, ttl_ms: int, grace_ms: int) -> None:
        self._max_state_bytes = max_state_bytes
        self._max_ids = max_ids
        self._ttl_ms = ttl_ms
        self._grace_ms = grace_ms
        self._entries: dict[int, Entry] = {}
        self._tombstones: dict[int, int] = {}  # client id -> clock of its removal, so that a return is newer
        self._dirty: dict[int, bool] = {}  # client id -> whether other processes should hear of it too

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def dirty(self) -> bool:
        return bool(self._dirty)

    def holder(self, client: int) -> int | None:
        """The person who is here under this client id."""
        entry = self._entries.get(client)
        return entry.user if entry is not None else None

    def receive(self, connection: Connection, entries: Iterable[AwarenessEntry], now: int) -> None:
        """Take in what a client says. Entries under ids it does not own are ignored: stock clients repeat what they
        hear.

        Raises `ProtocolError` for a state that is not a JSON object, `TooBig` over the bounds.
        """
        for said in entries:
            if said.clock > MAX_CLOCK:  # the clock after it could not be read by any browser
                raise ProtocolError("an awareness clock is out of range")
            entry = self._entries.get(said.client)
            mine = entry is not None and entry.owner == connection.id
            if entry is not None and not mine and not self._may_take_over(entry, connection, said.clock):
                continue
            if said.state == GONE:
                if mine:
                    self._remove(said.client)
                continue
            if entry is not None and mine and said.clock <= entry.clock - entry.offset:
                continue
            state = self._stamped(connection, said.state)
            if not mine:
                self._introduce(connection, said.client)
            self._put(connection, said, state, entry, now)

    def receive_remote(self, node: str, said: Iterable[tuple[int, int, bytes, int]], now: int) -> None:
        """Take in what another process says of its own people. Newer clocks win; a person who moved processes is taken
        over.
        """
        for client, clock, state, user in said:
            entry = self._entries.get(client)
            if entry is not None and entry.node != node and not (entry.leaving_ms is not None or clock > entry.clock):
                continue
            if state == GONE:
                if entry is not None and entry.node == node:
                    self._remove(client)
                continue
            if entry is None or clock > entry.clock or entry.leaving_ms is not None:
                self._tombstones.pop(client, None)
                self._entries[client] = Entry(clock, 0, state, user, None, node, now)
                self._dirty[client] = False

    def hand_over(self, node: str, now: int) -> None:
        """A process ended as planned: its people go after the grace period, but for those who came to another one."""
        for entry in self._entries.values():
            if entry.node == node and entry.leaving_ms is None:
                entry.leaving_ms = now + RESTART_GRACE_MS

    def leave(self, connection: Connection, now: int, *, planned: bool = False) -> None:
        """The connection is gone: its states go after the grace period, unless they are taken over before. `planned`:
        it was sent elsewhere, where many come at once.
        """
        grace_ms = RESTART_GRACE_MS if planned else self._grace_ms
        for client in connection.awareness_ids:
            entry = self._entries.get(client)
            if entry is not None and entry.owner == connection.id:
                entry.owner = None
                entry.leaving_ms = now + grace_ms
        connection.awareness_ids.clear()

    def restamp(self, person: Person) -> None:
        """Show the name and colour that a person has now on all their states of this process."""
        for client, entry in self._entries.items():
            if entry.user == person.user and entry.node is None:
                entry.state = _encode({**json.loads(entry.state), "user": person.stamp})
                entry.clock += 1
                entry.offset += 1
                self._dirty[client] = True

    def forget(self, user: int) -> None:
        """Remove a person at once: one who lost access does not linger."""
        for client in [client for client, entry in self._entries.items() if entry.user == user and entry.node is None]:
            self._remove(client)

    def expire(self, now: int) -> None:
        """Remove those who left, and those of whom nothing was heard (their process was killed, their laptop
        sleeps).
        """
        for client, entry in list(self._entries.items()):
            left = entry.leaving_ms is not None and now >= entry.leaving_ms
            if left or now - entry.seen_ms > self._ttl_ms:
                self._remove(client)

    def flush(self) -> tuple[dict[int, tuple[int | None, bytes]], tuple[tuple[int, int, bytes, int], ...]]:
        """What changed since the last flush, the latest state of each: for the sockets (client id -> owner, encoded
        entry), and for the other processes."""
        frames: dict[int, tuple[int | None, bytes]] = {}
        peers = []
        for client, ours in self._dirty.items():
            entry = self._entries.get(client)
            if entry is None:
                clock, state, owner, user = self._tombstones.get(client, 0), GONE, None, 0
            else:
                clock, state, owner, user = entry.clock, entry.state, entry.owner, entry.user
            frames[client] = (owner, encode_awareness_entry(client, clock, state))
            if ours:
                peers.append((client, clock, state, user))
        self._dirty.clear()
        return frames, tuple(peers)

    def everybody(self, *, without: int | None = None) -> list[bytes]:
        """Every state as an encoded entry, for somebody who has just come; not those of connection `without`."""
        return [
            encode_awareness_entry(client, entry.clock, entry.state)
            for client, entry in self._entries.items()
            if without is None or entry.owner != without
        ]

    def ours(self) -> tuple[tuple[int, int, bytes, int], ...]:
        """Every state of this process's people, for another process that has just come."""
        return tuple(
            (client, entry.clock, entry.state, entry.user)
            for client, entry in self._entries.items()
            if entry.node is None
        )

    def _may_take_over(self, entry: Entry, connection: Connection, clock: int) -> bool:
        # The same person on a new socket, before the old one was known to be dead: only by a newer state, because stock
        # clients repeat what they hear of their own other tabs.
        if entry.user != connection.person.user:
            return False
        return entry.owner is None or clock > entry.clock - entry.offset

    def _introduce(self, connection: Connection, client: int) -> None:
        if client not in connection.awareness_ids and len(connection.awareness_ids) >= self._max_ids:
            raise TooBig("awareness ids of a connection", limit=self._max_ids, actual=len(connection.awareness_ids) + 1)
        connection.awareness_ids.add(client)

    def _put(self, connection: Connection, said: AwarenessEntry, state: bytes, entry: Entry | None, now: int) -> None:
        known = entry.clock if entry is not None else self._tombstones.pop(said.client, -1)
        offset = entry.offset if entry is not None else 0
        if said.clock + offset <= known:
            offset = known + 1 - said.clock
        self._entries[said.client] = Entry(
            said.clock + offset, offset, state, connection.person.user, connection.id, None, now
        )
        self._dirty[said.client] = True

    def _remove(self, client: int) -> None:
        entry = self._entries.pop(client)
        if len(self._tombstones) >= MAX_TOMBSTONES:
            self._tombstones.pop(next(iter(self._tombstones)))
        self._tombstones[client] = entry.clock
        self._dirty[client] = entry.node is None

    def _stamped(self, connection: Connection, raw: bytes) -> bytes:
        """The state with the server's `user`, as compact ASCII JSON."""
        if len(raw) > self._max_state_bytes:
            raise TooBig("an awareness state in bytes", limit=self._max_state_bytes, actual=len(raw))
        try:
            state = check_json(raw)
        except BadUpdate as error:
            raise ProtocolError(f"an awareness state: {error.reason}") from None
        if not isinstance(state, dict):
            raise ProtocolError("an awareness state is not an object")
        state["user"] = connection.person.stamp
        try:
            return _encode(state)
        except ValueError:  # 1e999 is JSON, but reads as infinity, which is not
            raise ProtocolError("an awareness state holds a number out of range") from None


def _encode(state: dict[str, object]) -> bytes:
    return json.dumps(state, separators=(",", ":"), allow_nan=False).encode()
