"""What one room hands to the journal, and what it gets back. Values only."""

from collections.abc import Sequence
from dataclasses import dataclass

from .connection import Connection
from .footprint import Footprint
from .messages import Edit


@dataclass(frozen=True, slots=True)
class Queued:
    """An edit in the inbox, already read."""

    connection: Connection
    edit: Edit
    footprint: Footprint


@dataclass(frozen=True, slots=True)
class Entry:
    """One connection's edits of a cycle. `delta`: their net new change as one update, or None when the doc had it all.

    `claims`: client ids they introduce, which the database must not know as somebody else's.
    `held`: client ids that somebody else is present under: the database must know them as this user's already.
    `overlaps`: a part of it was known already. If its content was another, the doc differs from the log until it is
    loaded again.
    `ends`: client id -> clock after them, of the clients that they have news of.
    """

    connection: Connection
    edits: tuple[Queued, ...]
    delta: bytes | None
    claims: tuple[int, ...]
    ends: dict[int, int]
    held: tuple[int, ...] = ()
    overlaps: bool = False

    @property
    def user(self) -> int:
        return self.connection.person.user


@dataclass(frozen=True, slots=True)
class Batch:
    """The entries of one room that become log rows base + 1, base + 2, ... in one transaction."""

    base: int
    entries: tuple[Entry, ...]

    @property
    def rows(self) -> list[Entry]:
        """The entries that have something to store, in order."""
        return [entry for entry in self.entries if entry.delta is not None]


@dataclass(frozen=True, slots=True)
class Committed:
    """The batch is in the log: its rows are first..last. `missed`: rows base + 1 .. first - 1, written by other
    processes.
    """

    first: int
    last: int
    time_ms: int
    missed: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing of the batch is in the log. The edits of `users` (no right any more) and those under the client ids
    `forged` (somebody else's) never will be; the rest is to be prepared again, on a doc loaded afresh."""

    users: frozenset[int] = frozenset()
    forged: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such document any more."""


@dataclass(frozen=True, slots=True)
class Later:
    """Somebody else holds the document's lock: nothing happened, the same batch again soon."""


Outcome = Committed | Rejected | Gone | Later
