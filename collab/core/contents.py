"""What stands under each clock of an update, to hold against what the log has there. Sans I/O.

After rows were lost, one (client, clock) may get two contents: somebody else brings back what was written under it, or
puts there what never was. Yjs takes the second for the first, known already, and would keep the one that it has.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isclose, isnan

from .footprint import next_struct
from .lib0 import read_any, read_var_string, read_var_uint, skip_any, var_uint

GC, DELETED, STRING, EMBED, FORMAT, ANY, DOC, SKIP = 0, 1, 4, 5, 6, 8, 9, 10
SAYS_NOTHING = frozenset({GC, DELETED, SKIP})
DRIFT = 1e-14  # yrs reads a JSON number of 17 digits as a neighbour of it, and writes that: 3e-15, over many loads


@dataclass(slots=True)
class Run:
    """Neighbouring structs of one kind, none of them deleted. `units`: what each clock holds, of a text as UTF-16."""

    kind: int
    first: int
    end: int
    units: bytearray | list[bytes]

    def part(self, first: int, end: int) -> bytearray | list[bytes]:
        """What stands under the clocks from `first` to before `end`."""
        size = 2 if self.kind == STRING else 1
        return self.units[(first - self.first) * size : (end - self.first) * size]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether an update agrees with the log; and the bytes that were read for that, of both, and `encoded`, of ours."""

    agrees: bool
    read: int
    encoded: int = 0


def compare(
    update: bytes, spans: Mapping[int, tuple[int, int]], ours: Callable[[Mapping[int, int]], bytes]
) -> Comparison:
    """Hold an update (v1, checked) against ours, under these client ids, from the first clock to before the last. What
    is deleted in one of them agrees with all.

    `ours`: called with client id -> clock, answers an update of what stands there and after. It is read only as far as
    the other says something.
    """
    theirs, read = runs(update, spans)
    asked = {client: (row[0].first, row[-1].end) for client, row in theirs.items() if row}
    if not asked:
        return Comparison(agrees=True, read=read)
    asked = {
        client: (max(first, spans[client][0]), min(end, spans[client][1])) for client, (first, end) in asked.items()
    }
    encoded = ours({client: first for client, (first, _) in asked.items()})
    mine, more = runs(encoded, asked)
    agrees = all(_agree(mine[client], theirs[client], first, end) for client, (first, end) in asked.items())
    return Comparison(agrees, read + more, len(encoded))


def runs(update: bytes, spans: Mapping[int, tuple[int, int]]) -> tuple[dict[int, list[Run]], int]:
    """What is said in these spans, in order, and how many bytes were read to know it."""
    found: dict[int, list[Run]] = {client: [] for client in spans}
    to_read = set(spans)
    needs: dict[int, int] = {}
    sections, at = read_var_uint(update, 0)
    for _ in range(sections):
        count, at = read_var_uint(update, at)
        client, at = read_var_uint(update, at)
        clock, at = read_var_uint(update, at)
        own = var_uint(client)
        first, end = spans.get(client, (0, 0))
        for _ in range(count):
            kind = update[at] & 0x1F
            start, length, at = next_struct(update, at, own, needs)
            after = clock + length
            if clock < end and after > first and kind not in SAYS_NOTHING:
                _add(found[client], kind, clock, after, update, start, at)
            clock = after
            if clock >= end:
                to_read.discard(client)
                if not to_read:
                    return found, at
    return found, at


def _add(row: list[Run], kind: int, first: int, end: int, update: bytes, start: int, stop: int) -> None:
    run = row[-1] if row else None
    if run is None or run.kind != kind or run.end != first:
        run = Run(kind, first, first, bytearray() if kind == STRING else [])
        row.append(run)
    run.end = end
    if isinstance(run.units, bytearray):
        run.units += read_var_string(update, start)[0].encode("utf-16-le")
    elif kind == ANY:
        _, start = read_var_uint(update, start)
        for _ in range(end - first):
            at, start = start, skip_any(update, start)
            run.units.append(update[at:start])
    else:
        run.units.append(update[start:stop])


def _agree(ours: list[Run], theirs: list[Run], first: int, end: int) -> bool:
    mine, at = 0, 0
    while mine < len(ours) and at < len(theirs):
        a, b = ours[mine], theirs[at]
        start, stop = max(a.first, b.first, first), min(a.end, b.end, end)
        if start < stop and not _same(a, b, start, stop):
            return False
        mine, at = (mine + 1, at) if a.end <= b.end else (mine, at + 1)
    return True


def _same(one: Run, other: Run, first: int, end: int) -> bool:
    """Whether two runs hold the same there, byte by byte or as yrs may have written it anew."""
    if one.kind != other.kind:
        return False
    ours, theirs = one.part(first, end), other.part(first, end)
    if ours == theirs or isinstance(ours, bytearray) or isinstance(theirs, bytearray):
        return ours == theirs
    return all(a == b or _same_value(one.kind, a, b) for a, b in zip(ours, theirs, strict=True))


def _same_value(kind: int, one: bytes, other: bytes) -> bool:
    if kind == ANY:
        return _alike(read_any(one, 0)[0], read_any(other, 0)[0])
    if kind == FORMAT:  # a key before the value
        (name, at), (name_too, at_too) = read_var_string(one, 0), read_var_string(other, 0)
        return name == name_too and _alike(_json(one, at), _json(other, at_too), drift=DRIFT)
    if kind == EMBED:
        return _alike(_json(one, 0), _json(other, 0), drift=DRIFT)
    return kind == DOC and read_var_string(one, 0) == read_var_string(other, 0)  # yrs writes options of its own


def _json(content: bytes, at: int) -> object:
    return json.loads(read_var_string(content, at)[0], parse_int=float)  # as JavaScript, which has one kind of number


def _alike(one: object, other: object, *, drift: float = 0.0) -> bool:
    """Whether two values are the same to JavaScript: in any order of keys, 1 and 1.0; but not 1 and true."""
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=drift) or (isnan(one) and isnan(other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_alike(a, b, drift=drift) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key], drift=drift) for key in one)
    return type(one) is type(other) and one == other
