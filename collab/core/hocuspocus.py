"""Hocuspocus' framing: every frame begins with the name of its document, so that one socket carries many. Sans I/O.

`@hocuspocus/server` `MessageReceiver.ts`, `@hocuspocus/provider` 2.15, 3.4 and 4.8; docs/wire.md. What comes behind the
name is y-protocols for the three types that both have, and goes to the room as it is.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from .errors import ProtocolError, TooBig
from .footprint import Footprint
from .lib0 import read_state_vector, read_var_bytes, read_var_string, read_var_uint, var_string

MAX_NAME_BYTES = 128  # an id has 36; `sessionAwareness` puts a NUL and some letters behind it
MAX_TOKEN_BYTES = 4 << 10  # what other back ends take for a token may be long; ours are short


class Kind(IntEnum):
    """What stands behind the name."""

    SYNC = 0
    AWARENESS = 1
    AUTH = 2
    QUERY_AWARENESS = 3
    STATELESS = 5
    CLOSE = 7
    SYNC_STATUS = 8
    PONG = 10  # alone in its frame, without a name


class Auth(IntEnum):
    """The second varUint of an AUTH frame."""

    TOKEN = 0
    DENIED = 1
    AUTHENTICATED = 2


SAME = frozenset({Kind.SYNC, Kind.AWARENESS, Kind.QUERY_AWARENESS})  # a room reads these


@dataclass(frozen=True, slots=True)
class Said:
    """A frame of a client: the name it began with, what it is, and all behind the name."""

    name: str
    kind: Kind
    body: bytes = field(repr=False)


def is_pong(frame: bytes) -> bool:
    """Whether this is the answer to a ping, which is about the socket and no document."""
    return len(frame) == 1 and frame[0] == Kind.PONG


def split(frame: bytes, *, max_bytes: int) -> Said:
    """The name, and what follows. Raises `CollabError`: no document is known then, so the socket is to be closed."""
    if len(frame) > max_bytes:
        raise TooBig("a message in bytes", limit=max_bytes, actual=len(frame))
    length, _ = read_var_uint(frame, 0)
    if length > MAX_NAME_BYTES:
        raise TooBig("the name of a document in bytes", limit=MAX_NAME_BYTES, actual=length)
    name, at = read_var_string(frame, 0)
    kind, _ = read_var_uint(frame, at)
    if kind not in _FROM_CLIENTS:
        raise ProtocolError("an unknown message")
    return Said(name, Kind(kind), frame[at:])


def read_token(body: bytes) -> str:
    """The token of an AUTH frame, which may be empty. The provider's version may stand behind it."""
    kind, at = read_var_uint(body, 1)
    if kind != Auth.TOKEN:
        raise ProtocolError("only the server says who may enter")
    raw, at = read_var_bytes(body, at)
    if len(raw) > MAX_TOKEN_BYTES:
        raise TooBig("a token in bytes", limit=MAX_TOKEN_BYTES, actual=len(raw))
    if at != len(body):
        _, at = read_var_bytes(body, at)
    if at != len(body):
        raise ProtocolError("a message is followed by junk")
    return raw.decode("utf-8", "replace")


def named(name: str, body: bytes) -> bytes:
    """A frame about this document."""
    return var_string(name) + body


def encode_authenticated(*, can_edit: bool) -> bytes:
    return bytes((Kind.AUTH, Auth.AUTHENTICATED)) + var_string("read-write" if can_edit else "readonly")


def encode_denied(reason: str) -> bytes:
    return bytes((Kind.AUTH, Auth.DENIED)) + var_string(reason)


def encode_close(reason: str) -> bytes:
    return bytes((Kind.CLOSE,)) + var_string(reason)


def encode_status(*, saved: bool) -> bytes:
    return bytes((Kind.SYNC_STATUS, saved))


_FROM_CLIENTS = frozenset({*SAME, Kind.AUTH, Kind.STATELESS, Kind.CLOSE})


@dataclass(slots=True)
class Balance:
    """What a provider counts as unsaved, and what it was told of that.

    It counts one for each update it makes, and *sets* its count to one when it sends a step 1. The server owes one
    status for each, no more and no fewer. What was made before a step 1 is counted no longer: the answer to ours, a
    whole update, has it, and that answer is what the one stands for. `vector`: of its newest step 1.
    """

    sent: int = 0
    told: int = 0
    greeting: bool = False
    vector: dict[int, int] = field(default_factory=dict)

    def begin(self, vector: bytes) -> None:
        """A step 1 came: the count is one."""
        self.told, self.greeting, self.vector = self.sent, True, read_state_vector(vector)

    def number(self, footprint: Footprint | None) -> int:
        """The number of an update that came. One that was made before the step 1, and had to wait for the socket, has
        that of the one before it. One that only deletes does not show when it was made: it waited, more likely, and
        else the provider shows one change too many until it comes back, which is better than one too few.
        """
        spans = footprint.spans if footprint is not None else {}
        news = any(end > self.vector.get(client, 0) for client, (_, end) in spans.items())
        if news or (not spans and not self.greeting):
            self.sent += 1
        return self.sent

    def settle(self, number: int, *, whole: bool) -> int:
        """Edits up to this number are committed, with a `whole` everything before it: how many statuses that makes."""
        owed = max(0, number - self.told) + (whole and self.greeting)
        self.told = max(self.told, number)
        self.greeting = self.greeting and not whole
        return owed

    def has_all(self, clocks: dict[int, int]) -> bool:
        """Whether a document at these clocks has everything that was inserted before the step 1."""
        return all(clocks.get(client, 0) >= clock for client, clock in self.vector.items())
