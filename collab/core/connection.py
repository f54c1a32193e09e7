"""One socket as the room sees it."""

from dataclasses import dataclass, field
from enum import Enum

from . import messages
from .hocuspocus import Balance

CREDIT = 20.0


class Dialect(Enum):
    """What the client speaks: docs/wire.md."""

    STOCK = "y-protocols"
    COSCRIBE = messages.SUBPROTOCOL
    HOCUSPOCUS = "hocuspocus"  # what stands behind the document's name: the shell puts that before


@dataclass(frozen=True, slots=True)
class Person:
    """Who is at the other end, stamped by the server on everything that others see."""

    user: int
    name: str
    color: str
    guest: bool = False  # somebody without an account, who came by a link

    @property
    def stamp(self) -> dict[str, str | bool]:
        """The `user` field of an awareness state."""
        return {"id": str(self.user), "name": self.name, "color": self.color, "guest": self.guest}


@dataclass(slots=True)
class Credit:
    """What a connection may still have done of something dear: so much at once, and one a second. The last may cost
    more than is left: then there is none until that is paid off.
    """

    left: float = CREDIT
    at_ms: int = 0

    def spend(self, cost: float, now: int) -> bool:
        """Whether there was so much."""
        self.left = min(CREDIT, self.left + (now - self.at_ms) / 1000) - cost
        self.at_ms = now
        return self.left >= 0


@dataclass(slots=True, eq=False)
class Connection:
    """State of one socket. Only the room writes to it."""

    id: int
    person: Person
    role: str
    can_edit: bool
    dialect: Dialect
    token: int | None = None  # the access token it came in by, if it was one: the database's number of it
    synced: bool = False  # has been sent the state; broadcasts come only after it
    resync: bool = False  # we asked for a whole update: edits that are not one are dropped until it comes
    parting: bool = False  # it is sent to another process: edits that still come are its to send again there
    lagging: bool = False  # a slow reader that lost frames: it gets one diff once it can be written to again
    asked: bytes = b"\x00"  # the state vector of its last step 1: what it has, at the least
    batch: int = 0  # the last batch number it used
    refused: int = 0  # edits of it that were refused since it could last edit, those sent after its close included
    put_off: int = 0  # answers to our step 1, in a row, of which others who are here write a part
    strikes: int = 0  # updates that could not be integrated, in a row
    heard_ms: int = 0
    told_ms: int = 0
    answers: Credit = field(default_factory=Credit)  # to its step 1
    comparisons: Credit = field(default_factory=Credit)  # of what it repeats with what the log has
    client_ids: set[int] = field(default_factory=set)  # Yjs client ids that it introduced to the document
    awareness_ids: set[int] = field(default_factory=set)
    balance: Balance = field(default_factory=Balance)  # of a client that speaks Hocuspocus
    coscribe: bool = field(init=False)  # asked for with every frame: looked up once
    hocuspocus: bool = field(init=False)

    def __post_init__(self) -> None:
        self.coscribe = self.dialect is Dialect.COSCRIBE
        self.hocuspocus = self.dialect is Dialect.HOCUSPOCUS

    @property
    def could_edit(self) -> bool:
        """Whether it may edit, or might until a commit refused it: what is left of its role is not known yet."""
        return self.can_edit or not self.role
