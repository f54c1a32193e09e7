"""The wire of docs/wire.md: frames in, values out, and back. Total and bounded; sans I/O.

y-protocols `PROTOCOL.md`, `sync.js`, `awareness.js`; the types from 64 on are those of the subprotocol `coscribe.v1`,
those from 80 on of the home page's socket.
"""

import json
import math
import uuid
from dataclasses import dataclass
from enum import IntEnum

from .errors import ProtocolError, TooBig
from .lib0 import read_var_bytes, read_var_uint, var_bytes, var_string, var_uint

SUBPROTOCOL = "coscribe.v1"
# Close codes of a planned restart, docs/wire.md: this one for stock clients, and eight from 4512 on that say how soon.
SERVICE_RESTART = 1012  # RFC 6455's registry of close codes
RESTART, RESTARTS = 4512, 8
RESTART_BASE_MS = 200
MAX_AWARENESS_ENTRIES = (
    10_000  # stock clients repeat what they hear: everybody in the room; millions cost seconds to read
)


def restart_code(within_ms: float) -> int:
    """The close code that says: come back, at a random moment within (at least) so many milliseconds."""
    doublings = max(0, math.ceil(math.log2(max(1.0, within_ms) / RESTART_BASE_MS)))
    return RESTART + min(doublings, RESTARTS - 1)


def is_restart(code: int) -> bool:
    """Whether a close with this code is a planned restart's."""
    return code == SERVICE_RESTART or RESTART <= code < RESTART + RESTARTS


class Type(IntEnum):
    """The first varUint of a frame."""

    SYNC = 0
    AWARENESS = 1
    AUTH = 2
    QUERY_AWARENESS = 3
    HELLO = 64
    STATE = 65
    DELTA = 66
    PUSH = 67
    WHOLE = 68
    ACK = 69
    REFUSED = 70
    ACCESS = 71
    PING = 72
    PONG = 73
    TITLE = 74
    NOTICES = 75
    RECEIPT = 76
    WATCH = 80
    LINES = 81
    APPEARED = 82
    STALE = 83


class Sync(IntEnum):
    """The second varUint of a SYNC frame."""

    STEP1 = 0
    STEP2 = 1
    UPDATE = 2


class Refusal:
    """Why edits were not stored: the code of a REFUSED frame."""

    ACCESS = "access"
    FULL = "full"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Step1:
    state_vector: bytes


@dataclass(slots=True)  # not frozen: made once an edit
class Edit:
    """An update from a client. `whole`: it is the answer to our step 1. `batch`: 0 for stock clients, which count
    nothing.
    """

    update: bytes
    whole: bool
    batch: int = 0


@dataclass(frozen=True, slots=True)
class AwarenessEntry:
    client: int
    clock: int
    state: bytes  # JSON text as sent, not yet looked at


@dataclass(frozen=True, slots=True)
class Awareness:
    entries: tuple[AwarenessEntry, ...]


@dataclass(frozen=True, slots=True)
class QueryAwareness:
    pass


@dataclass(frozen=True, slots=True)
class Ping:
    nonce: int


@dataclass(frozen=True, slots=True)
class Pong:
    nonce: int


@dataclass(frozen=True, slots=True)
class Watch:
    """The documents whose lines are on the screen of a home page, in place of those said before."""

    documents: tuple[uuid.UUID, ...]


Message = Step1 | Edit | Awareness | QueryAwareness | Ping | Pong
HomeMessage = Watch | Ping | Pong


def decode(frame: bytes) -> Message:
    """The message in a client's frame. Raises `ProtocolError` for anything that a client may not send."""
    kind, at = read_var_uint(frame, 0)
    message: Message
    if kind == Type.PUSH or kind == Type.WHOLE:
        batch, at = read_var_uint(frame, at)
        update, at = read_var_bytes(frame, at)
        message = Edit(update, kind == Type.WHOLE, batch)
    elif kind == Type.SYNC:
        step, at = read_var_uint(frame, at)
        body, at = read_var_bytes(frame, at)
        if step == Sync.STEP1:
            message = Step1(body)
        elif step in (Sync.STEP2, Sync.UPDATE):
            message = Edit(body, step == Sync.STEP2)
        else:
            raise ProtocolError("an unknown sync message")
    elif kind == Type.AWARENESS:
        body, at = read_var_bytes(frame, at)
        message = Awareness(_awareness_entries(body))
    elif kind == Type.QUERY_AWARENESS:
        message = QueryAwareness()
    elif kind == Type.PING:
        nonce, at = read_var_uint(frame, at)
        message = Ping(nonce)
    elif kind == Type.PONG:
        nonce, at = read_var_uint(frame, at)
        message = Pong(nonce)
    else:
        raise ProtocolError("an unknown message")
    if at != len(frame):
        raise ProtocolError("a message is followed by junk")
    return message


def decode_home(frame: bytes, *, max_documents: int) -> HomeMessage:
    """The message in a home page's frame. Raises `ProtocolError` for anything that it may not send."""
    kind, at = read_var_uint(frame, 0)
    message: HomeMessage
    if kind == Type.WATCH:
        body, at = read_var_bytes(frame, at)
        message = Watch(_documents(body, limit=max_documents))
    elif kind in (Type.PING, Type.PONG):
        nonce, at = read_var_uint(frame, at)
        message = Ping(nonce) if kind == Type.PING else Pong(nonce)
    else:
        raise ProtocolError("an unknown message")
    if at != len(frame):
        raise ProtocolError("a message is followed by junk")
    return message


def _documents(body: bytes, *, limit: int) -> tuple[uuid.UUID, ...]:
    try:
        found = json.loads(body)
        documents = tuple(uuid.UUID(each) for each in found["documents"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ProtocolError("a list of documents that cannot be read") from None
    if len(documents) > limit:
        raise TooBig("documents watched", limit=limit, actual=len(documents))
    return documents


def _awareness_entries(body: bytes) -> tuple[AwarenessEntry, ...]:
    count, at = read_var_uint(body, 0)
    if count > len(body):
        raise ProtocolError("an awareness message is cut off")
    if count > MAX_AWARENESS_ENTRIES:
        raise TooBig("awareness entries of a message", limit=MAX_AWARENESS_ENTRIES, actual=count)
    entries = []
    for _ in range(count):
        client, at = read_var_uint(body, at)
        clock, at = read_var_uint(body, at)
        state, at = read_var_bytes(body, at)
        entries.append(AwarenessEntry(client, clock, state))
    if at != len(body):
        raise ProtocolError("an awareness message is followed by junk")
    return tuple(entries)


def encode_step1(state_vector: bytes) -> bytes:
    return b"\x00\x00" + var_bytes(state_vector)


def encode_step2(update: bytes) -> bytes:
    return b"\x00\x01" + var_bytes(update)


def encode_update(update: bytes) -> bytes:
    return b"\x00\x02" + var_bytes(update)


def encode_awareness_entry(client: int, clock: int, state: bytes) -> bytes:
    """One entry; `encode_awareness` puts entries into a frame."""
    return var_uint(client) + var_uint(clock) + var_bytes(state)


def encode_awareness(entries: list[bytes]) -> bytes:
    return b"\x01" + var_bytes(var_uint(len(entries)) + b"".join(entries))


def encode_denied(reason: str) -> bytes:
    return b"\x02\x00" + var_string(reason)


def encode_hello(**fields: object) -> bytes:
    return _json_frame(Type.HELLO, fields)


def encode_state(seq: int, update: bytes) -> bytes:
    return bytes((Type.STATE,)) + var_uint(seq) + var_bytes(update)


def encode_delta(first: int, last: int, update: bytes) -> bytes:
    return bytes((Type.DELTA,)) + var_uint(first) + var_uint(last) + var_bytes(update)


def encode_ack(batch: int, seq: int, time_ms: int) -> bytes:
    return bytes((Type.ACK,)) + var_uint(batch) + var_uint(seq) + var_uint(time_ms)


def encode_refused(batch: int, code: str, message: str) -> bytes:
    return bytes((Type.REFUSED,)) + var_uint(batch) + var_string(code) + var_string(message)


def encode_access(role: str) -> bytes:
    return _json_frame(Type.ACCESS, {"role": role})


def encode_title(title: str) -> bytes:
    return _json_frame(Type.TITLE, {"title": title})


def encode_notices(unread: int) -> bytes:
    return _json_frame(Type.NOTICES, {"unread": unread})


def encode_receipt(**fields: object) -> bytes:
    return _json_frame(Type.RECEIPT, fields)


def encode_lines(lines: list[dict[str, object]], gone: list[str]) -> bytes:
    return _json_frame(Type.LINES, {"lines": lines, "gone": gone})


def encode_appeared(document: str) -> bytes:
    return _json_frame(Type.APPEARED, {"document": document})


def encode_stale() -> bytes:
    return bytes((Type.STALE,))


def encode_ping(nonce: int) -> bytes:
    return bytes((Type.PING,)) + var_uint(nonce)


def encode_pong(nonce: int) -> bytes:
    return bytes((Type.PONG,)) + var_uint(nonce)


def _json_frame(kind: Type, fields: dict[str, object]) -> bytes:
    return bytes((kind,)) + var_string(json.dumps(fields, ensure_ascii=False, separators=(",", ":")))


EMPTY_AWARENESS = encode_awareness([])  # what keeps a stock client's socket from closing for silence
