"""A large update as several small ones, in an order in which each can be integrated when it comes. Sans I/O.

yrs integrates an update in one call, and holds Python's lock meanwhile: 16 MiB of single letters take it 0.4 s, in
which no socket of the process is answered. In pieces, on a thread, the others get in between. Only what was stored is
cut: a stranger's bytes have passed `read_footprint` by then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .errors import BadUpdate, CollabError
from .footprint import next_struct
from .lib0 import read_var_uint, var_uint

PIECE_BYTES = 128 << 10  # 7 ms of yrs' time where every letter is a struct of its own, less everywhere else
GRAIN_BYTES = 4 << 10
NO_DELETIONS = b"\x00"


def pieces(update: bytes, *, size: int = PIECE_BYTES) -> Iterator[bytes]:
    """Updates (v1) that make, one after the other, what `update` makes. One that cannot be cut comes whole."""
    if len(update) <= size:
        yield update
        return
    try:
        grains, at = _grains(update, min(GRAIN_BYTES, size))
        ordered = _in_order(grains)
        deletions = list(_deletions(update, at, size))
    except (CollabError, IndexError):
        yield update
        return
    first = {client: row[0].first for client, row in grains.items() if row}
    yield from _joined(update, ordered, first, size)
    yield from deletions


@dataclass(slots=True)
class Grain:
    """Neighbouring structs of one client: where they stand, their clocks, and what of other clients they stand on."""

    client: int
    start: int
    end: int = 0
    first: int = 0  # clock of the first, and the one after the last
    after: int = 0
    count: int = 0
    needs: dict[int, int] = field(default_factory=dict)  # client id -> clock that must be there


def _grains(data: bytes, size: int) -> tuple[dict[int, list[Grain]], int]:
    """The structs by client, and where the deletions begin."""
    found: dict[int, list[Grain]] = {}
    sections, at = read_var_uint(data, 0)
    for _ in range(sections):
        count, at = read_var_uint(data, at)
        client, at = read_var_uint(data, at)
        clock, at = read_var_uint(data, at)
        row, own = found.setdefault(client, []), var_uint(client)
        while count > 0:
            grain = Grain(client, at, first=clock)
            clock, at = _fill(grain, data, own, at=at, until=at + size, count=count)
            count -= grain.count
            row.append(grain)
    return found, at


def _fill(grain: Grain, data: bytes, own: bytes, *, at: int, until: int, count: int) -> tuple[int, int]:
    """Take structs into a grain; the clock and the place after them."""
    needs, clock, left = grain.needs, grain.first, count
    while left and at < until:
        _, length, at = next_struct(data, at, own, needs)
        if length == 0:
            raise BadUpdate("a struct is empty")
        clock += length
        left -= 1
    grain.end, grain.after, grain.count = at, clock, count - left
    if at > len(data):
        raise IndexError("an update is cut off")
    return clock, at


def _in_order(grains: dict[int, list[Grain]]) -> Iterator[Grain]:
    """Each after what it stands on; of two that stand on each other, one comes first."""
    there = {client: row[0].first for client, row in grains.items() if row}
    turn = dict.fromkeys(there, 0)
    for last in there:
        climb = [(last, grains[last][-1].after)]
        climbing = {last}
        while climb:
            client, goal = climb[-1]
            if there[client] >= goal or turn[client] == len(grains[client]):
                climb.pop()
                climbing.discard(client)
                continue
            grain = grains[client][turn[client]]
            lower = next(
                (
                    (other, clock)
                    for other, clock in grain.needs.items()
                    if other not in climbing and there.get(other, clock) < clock
                ),
                None,
            )
            if lower is not None:
                climb.append(lower)
                climbing.add(lower[0])
                continue
            yield grain
            there[client], turn[client] = grain.after, turn[client] + 1


def _joined(data: bytes, ordered: Iterator[Grain], first: dict[int, int], size: int) -> Iterator[bytes]:
    """Grains gathered into updates. None ends while something in it stands on what comes later."""
    there, owed = dict(first), dict[int, int]()
    gathered: dict[int, list[Grain]] = {}
    weight = 0
    for grain in ordered:
        gathered.setdefault(grain.client, []).append(grain)
        weight += grain.end - grain.start
        there[grain.client] = grain.after
        for other, clock in grain.needs.items():
            if there.get(other, clock) < clock:
                owed[other] = max(clock, owed.get(other, 0))
        if weight >= size:
            owed = {other: clock for other, clock in owed.items() if there[other] < clock}
            if not owed:
                yield _update(data, gathered)
                gathered, weight = {}, 0
    if gathered:
        yield _update(data, gathered)


def _update(data: bytes, gathered: dict[int, list[Grain]]) -> bytes:
    parts = [var_uint(len(gathered))]
    for client, row in gathered.items():
        parts += [var_uint(sum(each.count for each in row)), var_uint(client), var_uint(row[0].first)]
        parts += [data[each.start : each.end] for each in row]
    return b"".join(parts) + NO_DELETIONS


def _deletions(data: bytes, at: int, size: int) -> Iterator[bytes]:
    """The deletions at `at`, as updates without structs."""
    sections, at = read_var_uint(data, at)
    for _ in range(sections):
        client, at = read_var_uint(data, at)
        count, at = read_var_uint(data, at)
        start, ranges = at, 0
        for left in range(count, 0, -1):
            _, at = read_var_uint(data, at)
            _, at = read_var_uint(data, at)
            ranges += 1
            if at - start >= size or left == 1:
                yield b"\x00\x01" + var_uint(client) + var_uint(ranges) + data[start:at]
                start, ranges = at, 0
    if at != len(data):
        raise IndexError("an update is followed by junk")
