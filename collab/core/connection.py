"""One socket as the room sees it."""

from dataclasses import dataclass, field
from enum import Enum

from . import messages


class Dialect(Enum):
    """What the client speaks: docs/wire.md."""

    STOCK = "y-protocols"
    COSCRIBE = messages.SUBPROTOCOL


@dataclass(frozen=True, slots=True)
class Person:
    """Who is at the other end, stamped by the server on everything that others see."""

    user: int
    name: str
    color: str

    @property
    def stamp(self) -> dict[str, str]:
        """The `user` field of an awareness state."""
        return {"id": str(self.user), "name": self.name, "color": self.color}


@dataclass(slots=True, eq=False)
class Connection:
    """State of one socket. Only the room writes to it."""

    id: int
    person: Person
    role: str
    can_edit: bool
    dialect: Dialect
    synced: bool = False  # has been sent the state; broadcasts come only after it
    resync: bool = False  # we asked for a whole update: edits that are not one are dropped until it comes
    lagging: bool = False  # a slow reader that lost frames: it gets one diff once it can be written to again
    asked: bytes = b"\x00"  # the state vector of its last step 1: what it has, at the least
    batch: int = 0  # the last batch number it used
    strikes: int = 0  # updates that could not be integrated, in a row
    heard_ms: int = 0
    told_ms: int = 0
    step1_credit: float = 20.0
    step1_ms: int = 0
    client_ids: set[int] = field(default_factory=set)  # Yjs client ids that it introduced to the document
    awareness_ids: set[int] = field(default_factory=set)

    @property
    def coscribe(self) -> bool:
        return self.dialect is Dialect.COSCRIBE
