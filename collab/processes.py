"""What a process says of itself to an operator: how it is, and which documents are open in it. Values only."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MAX_ROOMS = 200  # of one process; those that wait longest first, then those with most people
MAX_NAMES = 8  # of one room

type Plain = list[Any]  # what a message of the channel layer may hold


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """A document that is open in a process. `unanswered_ms`: for how long the oldest edit waits, 0: none does;
    `committed_at`: when its newest edit from here was, in seconds since the epoch, 0: none was; `behind`: rows that no
    state holds yet.
    """

    document: uuid.UUID
    sockets: int
    people: int
    names: tuple[str, ...]
    head: int
    unanswered_ms: int
    committed_at: float
    behind: int


@dataclass(frozen=True, slots=True)
class Process:
    """One server process. `stalled_ms`: for how long its commits have failed for want of the database."""

    name: str
    started_at: float
    draining: bool
    sockets: int
    rooms: int
    unanswered_ms: int
    stalled_ms: int
    listed: tuple[OpenRoom, ...]


def encode_process(process: Process) -> Plain:
    """As plain values."""
    rooms = [
        [
            room.document.hex,
            room.sockets,
            room.people,
            list(room.names),
            room.head,
            room.unanswered_ms,
            room.committed_at,
            room.behind,
        ]
        for room in process.listed
    ]
    return [
        process.name,
        process.started_at,
        process.draining,
        process.sockets,
        process.rooms,
        process.unanswered_ms,
        process.stalled_ms,
        rooms,
    ]


def decode_process(said: Sequence[Any]) -> Process:
    """`encode_process` backwards. Raises `ValueError` or `TypeError` for what another release says otherwise."""
    name, started_at, draining, sockets, rooms, unanswered_ms, stalled_ms, listed = said
    return Process(
        name, started_at, draining, sockets, rooms, unanswered_ms, stalled_ms, tuple(map(_decode_room, listed))
    )


def _decode_room(said: Sequence[Any]) -> OpenRoom:
    document, sockets, people, names, head, unanswered_ms, committed_at, behind = said
    return OpenRoom(uuid.UUID(document), sockets, people, tuple(names), head, unanswered_ms, committed_at, behind)
