"""What a room asks of its shell. Values only; the hub carries them out in order."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Send:
    """One frame to one connection. `droppable`: a slow reader may lose it, because a later diff makes up for it."""

    connection: int
    frame: bytes
    droppable: bool = False


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One shared frame to every connection that has been answered its step 1 (`early`: or still waits). Two dialects,
    two frames.
    """

    stock: bytes
    coscribe: bytes
    without: frozenset[int] = frozenset()
    early: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """The room has edits to commit: call `prepare` when the journal is free."""


READY = Ready()


@dataclass(frozen=True, slots=True)
class Publish:
    """Log rows first..last were committed here: tell the other processes."""

    first: int
    last: int
    update: bytes


@dataclass(frozen=True, slots=True)
class PublishPresence:
    """Presence of this process's people, each (client id, clock, JSON state, user id). To peers; nobody stores it."""

    entries: tuple[tuple[int, int, bytes, int], ...]


@dataclass(frozen=True, slots=True)
class Close:
    """Close one connection. The room has forgotten it already."""

    connection: int
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Log rows are missing here: read those after `head` and call `catch_up`. `why`: a message of another process told
    of later ones ("gap"), the poll did ("poll"), or nothing was lost and the message was too large to bring them
    ("large").
    """

    head: int
    why: str = field(default="gap", compare=False)


@dataclass(frozen=True, slots=True)
class Reload:
    """The doc holds bytes that are not in the log: load it again and call `reloaded`."""


@dataclass(frozen=True, slots=True)
class Recheck:
    """The right of these people changed: ask the database and call `set_access`."""

    users: frozenset[int]


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Keep bytes that broke the doc, for the operator."""

    user: int
    update: bytes = field(repr=False)
    error: str


Effect = Send | Broadcast | Ready | Publish | PublishPresence | Close | CatchUp | Reload | Recheck | Quarantine
