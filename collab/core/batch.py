"""What one room hands to the journal, and what it gets back. Values only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .connection import Connection
from .footprint import Footprint
from .messages import Edit


@dataclass(slots=True)  # not frozen: made once an edit
class Queued:
    """An edit in the inbox, already read."""

    connection: Connection
    edit: Edit
    footprint: Footprint


@dataclass(slots=True)  # not frozen: made for every author of every commit
class Entry:
    """One connection's edits of a cycle. `delta`: their net new change as one update, or None when the doc had it all.

    `claims`: client ids they introduce, which the database must not know as somebody else's.
    `held`: client ids that somebody else is present under: the database must know them as this user's already.
    `returned`: those of the claims under which all that is new came in answers to our step 1.
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
    returned: tuple[int, ...] = ()

    @property
    def user(self) -> int:
        return self.connection.person.user

    @property
    def token(self) -> int | None:
        return self.connection.token


@dataclass(frozen=True, slots=True)
class Batch:
    """The entries of one room that become log rows base + 1, base + 2, ... in one transaction. `restored_at`: since
    when the log is the one that the room has loaded.
    """

    base: int
    entries: tuple[Entry, ...]
    restored_at: datetime | None = None

    @property
    def rows(self) -> list[Entry]:
        """The entries that have something to store, in order."""
        return [entry for entry in self.entries if entry.delta is not None]

    @property
    def edits(self) -> int:
        """How many edits of clients are in it."""
        return sum(len(entry.edits) for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Committed:
    """The batch is in the log: its rows are first..last. `missed`: rows base + 1 .. first - 1, written by other
    processes. `brought`: client ids among the claims that may not be those of who wrote under them here.
    """

    first: int
    last: int
    time_ms: int
    missed: Sequence[bytes] = ()
    brought: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing of the batch is in the log. The edits of `users` (no right any more), those that came by `tokens` (which
    open nothing any more, or only for reading) and those under the client ids `forged` (somebody else's) never will be;
    the rest is to be prepared again, on a doc loaded afresh. All empty: some of it is in the log, perhaps."""

    users: frozenset[int] = frozenset()
    forged: frozenset[int] = frozenset()
    tokens: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such document any more."""


@dataclass(frozen=True, slots=True)
class Later:
    """Somebody else holds the document's lock: nothing happened, the same batch again soon."""


Outcome = Committed | Rejected | Gone | Later
