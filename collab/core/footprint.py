"""What a Yjs update touches, read from its bytes without integrating them. Sans I/O.

The update comes from a stranger, and yrs is not safe against hostile bytes (deep nesting overflows the C stack, gaps
stay pending unseen, broken JSON reaches every browser). So each update is read here first, structure by structure, in
one bounded pass that never recurses. What passes is well-formed update v1: Yjs `src/utils/encoding.js`,
`src/structs/*.js`.
"""

import json
import re
from dataclasses import dataclass, field
from math import isinf

from .errors import BadUpdate, ProtocolError
from .lib0 import MAX_NESTING, read_var_uint, skip_any, skip_var_bytes, skip_var_string

MAX_CLOCK = 2**31 - 1  # clocks and lengths are 32-bit in yrs
MAX_CLIENTS = 4096  # in one update
HAS_PAIR = re.compile(rb"[\xf0-\xf4][\x80-\xbf]{3}")  # a character of four bytes, which is two units of UTF-16
XML_ELEMENT = 3
# Array, Map, Text, XmlElement, XmlFragment, XmlText. Not XmlHook (5): Yjs writes its name behind it, which yrs would
# read as the next
# struct. What is read here in another way than there is read unguarded.
TYPES = frozenset({0, 1, 2, XML_ELEMENT, 4, 6})


@dataclass(slots=True)
class Footprint:
    """The part of an update that decides whether it may, and can, be integrated.

    `spans`: client id -> (clock that must be there already, clock after its last struct).
    `needs`: client id -> clock that must be there once the update is in (origins, parents, deleted ranges).
    `structs_bytes`: the update's length without its deletions.
    `halves`: client id -> clocks of the second halves of its surrogate pairs (an emoji is two ticks of the clock).
    """

    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    needs: dict[int, int] = field(default_factory=dict)
    structs_bytes: int = 0
    halves: dict[int, list[int]] = field(default_factory=dict)

    def fits(self, clocks: dict[int, int]) -> bool:
        """Whether a doc with these clocks can integrate the update whole, leaving nothing pending.

        Exact for an update of one client. With several, structs could wait for each other in a ring, which no honest
        client makes; the room compares state vectors after applying those.
        """
        spans = self.spans
        for client, (first, _) in spans.items():
            if first > clocks.get(client, 0):
                return False
        for client, clock in self.needs.items():
            if clock > clocks.get(client, 0) and (client not in spans or clock > spans[client][1]):
                return False
        return True

    def news(self, clocks: dict[int, int]) -> list[int]:
        """The client ids under which the update has structs that a doc with these clocks lacks."""
        return [client for client, (_, end) in self.spans.items() if end > clocks.get(client, 0)]


def read_footprint(update: bytes, *, cuts: list[tuple[int, int]] | None = None) -> Footprint:
    """The footprint of one update (v1). Raises `ProtocolError` for malformed bytes, `BadUpdate` for impossible ones.

    `cuts`, if given, is filled with the places (client id, clock) before which integrating the update parts a struct
    in two.
    """
    try:
        return _read(update, cuts)
    except IndexError:
        raise ProtocolError("an update is cut off") from None


def _read(data: bytes, cuts: list[tuple[int, int]] | None) -> Footprint:  # noqa: C901 - one flat loop: the hot path
    spans: dict[int, tuple[int, int]] = {}
    needs: dict[int, int] = {}
    halves: dict[int, list[int]] = {}
    sections, at = read_var_uint(data, 0)
    if sections > MAX_CLIENTS:
        raise ProtocolError("an update names too many clients")
    for _ in range(sections):
        count, at = read_var_uint(data, at)
        client, named_to = read_var_uint(data, at)
        own = data[at:named_to]
        clock, at = read_var_uint(data, named_to)
        first = clock
        if client in spans and spans[client][1] != clock:
            raise BadUpdate("an update lists a client twice")
        if client in spans:
            first = spans[client][0]
        if cuts is not None:
            cuts.append((client, clock))
        for _ in range(count):
            info = data[at]
            at += 1
            if info == 0 or info == 10:  # GC, Skip: the whole byte, as yrs reads it
                length, at = read_var_uint(data, at)
                if info == 10:
                    first = clock + length
            else:
                if info & 0xC0:
                    for bit in (0x80, 0x40):  # origin, right origin
                        if info & bit:
                            if data.startswith(own, at):  # most often: beside a struct of the same client
                                other, at = client, at + len(own)
                            else:
                                other, at = read_var_uint(data, at)
                            needed, at = read_var_uint(data, at)
                            if cuts is not None:
                                cuts.append((other, needed + (bit == 0x80)))
                            if other == client:
                                if needed >= clock:
                                    raise BadUpdate("a struct stands beside a later one")
                            elif needed >= needs.get(other, 0):
                                needs[other] = needed + 1
                else:
                    named, at = read_var_uint(data, at)
                    if named == 1:
                        at = skip_var_string(data, at)
                    elif named == 0:
                        other, at = read_var_uint(data, at)
                        needed, at = read_var_uint(data, at)
                        if other == client:
                            if needed >= clock:
                                raise BadUpdate("a struct stands inside a later one")
                        elif needed >= needs.get(other, 0):
                            needs[other] = needed + 1
                    else:
                        raise ProtocolError("a struct has no parent")
                    if info & 0x20:
                        at = skip_var_string(data, at)
                if info & 0x1F == 4:  # a string
                    length, at = read_var_uint(data, at)
                    raw = data[at : at + length]
                    if len(raw) < length:
                        raise ProtocolError("an update is cut off")
                    at += length
                    if not raw.isascii():
                        length = utf16_length(raw)
                        if HAS_PAIR.search(raw):
                            halves.setdefault(client, []).extend(_halves(raw, clock))
                else:
                    length, at = content(data, at, info & 0x1F)
            if length == 0:
                raise BadUpdate("a struct is empty")
            clock += length
            if clock > MAX_CLOCK:
                raise BadUpdate("a clock is out of range")
        spans[client] = (first, clock)
    structs_bytes = at
    if data[at]:
        at = _deletes(data, at, needs, cuts)
    else:
        at += 1
    if at != len(data):
        raise ProtocolError("an update is followed by junk")
    return Footprint(spans, needs, structs_bytes, halves)


def _deletes(data: bytes, at: int, needs: dict[int, int], cuts: list[tuple[int, int]] | None) -> int:
    sections, at = read_var_uint(data, at)
    for _ in range(sections):
        client, at = read_var_uint(data, at)
        count, at = read_var_uint(data, at)
        furthest = 0
        for _ in range(count):
            clock, at = read_var_uint(data, at)
            length, at = read_var_uint(data, at)
            if clock + length > MAX_CLOCK:
                raise BadUpdate("a clock is out of range")
            if cuts is not None:
                cuts += ((client, clock), (client, clock + length))
            if clock + length > furthest:
                furthest = clock + length
        if furthest > needs.get(client, 0):
            needs[client] = furthest
    return at


def next_struct(data: bytes, at: int, own: bytes, needs: dict[int, int]) -> tuple[int, int, int]:
    """Past the struct at `at`: where its content begins, how many clock ticks it is, and where it ends. What
    `read_footprint` has inline, for updates that it has passed.

    `own`: its client id as it is written. `needs` notes what of others it stands on: client id -> clock.
    """
    info = data[at]
    at += 1
    if info == 0 or info == 10:
        length, end = read_var_uint(data, at)
        return at, length, end
    if info & 0xC0:
        for bit in (0x80, 0x40):
            if not info & bit:
                continue
            if data.startswith(own, at):  # beside a struct of the same client, which is there already
                at += len(own)
                while data[at] > 0x7F:
                    at += 1
                at += 1
            else:
                at = _need(data, at, needs)
    else:
        named, at = read_var_uint(data, at)
        at = skip_var_string(data, at) if named == 1 else _need(data, at, needs)
        if info & 0x20:
            at = skip_var_string(data, at)
    if info & 0x1F != 4:
        length, end = content(data, at, info & 0x1F)
        return at, length, end
    length = data[at]
    end = at + 1 + length
    if length > 0x7F or not data[at + 1 : end].isascii():
        length, start = read_var_uint(data, at)
        end = start + length
        length = utf16_length(data[start:end])
    return at, length, end


def _need(data: bytes, at: int, needs: dict[int, int]) -> int:
    other, at = read_var_uint(data, at)
    needed, at = read_var_uint(data, at)
    if needed >= needs.get(other, 0):
        needs[other] = needed + 1
    return at


def content(data: bytes, at: int, ref: int) -> tuple[int, int]:
    """Length in clock ticks of the content at `at`, and where it ends."""
    if ref == 1:  # deleted
        return read_var_uint(data, at)
    if ref == 3:  # binary
        return 1, skip_var_bytes(data, at)
    if ref == 5:  # embed
        return 1, _json(data, at)
    if ref == 6:  # format: key, value
        return 1, _json(data, skip_var_string(data, at))
    if ref == 7:  # a shared type
        kind, at = data[at], at + 1
        if kind not in TYPES:
            raise BadUpdate("an update holds a type that this server cannot keep")
        return 1, skip_var_string(data, at) if kind == XML_ELEMENT else at
    if ref == 8:  # any values
        count, at = read_var_uint(data, at)
        return count, skip_any(data, at, count)
    if ref == 9:  # sub-document: guid, options
        return 1, skip_any(data, skip_var_string(data, at))
    # Among the rest is JSON (2), which Yjs has not written since version 13.0, and of which yrs reads one string too
    # many.
    raise BadUpdate("an update holds content that this server cannot keep")


def _json(data: bytes, at: int) -> int:
    """Where the JSON text at `at` ends. Strict, because `JSON.parse` in every browser will read it (NaN would throw
    there).
    """
    end = skip_var_bytes(data, at)
    _, start = read_var_uint(data, at)
    text = data[start:end]
    if text in (b"null", b"true", b"{}"):
        return end
    value = check_json(text)
    if b"\\ud" in text.lower():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:  # half of a surrogate pair is a string in JavaScript, but not in yrs
            raise BadUpdate("a value holds half a character") from None
    return end


def check_json(text: bytes) -> object:
    """The value of a JSON text. Raises `BadUpdate` for what a browser would not parse, or only by recursing deeply."""
    if text.count(b"[") + text.count(b"{") > MAX_NESTING and _depth(text) > MAX_NESTING:
        raise BadUpdate("a value is nested too deeply")
    try:
        return json.loads(text.decode(), parse_constant=_no_constant, parse_float=_finite, parse_int=_readable)
    except (ValueError, RecursionError):
        raise BadUpdate("a value is not JSON") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _readable(text: str) -> int:
    number = int(text)
    if 2**63 <= number < 2**64:  # yrs takes it for a number of 64 bits, and refuses it for its sign
        raise ValueError(text)
    return number


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):  # 1e999: JavaScript reads it as infinity, which nobody can write as JSON again
        raise ValueError(text)
    return number


def _depth(text: bytes) -> int:
    """Nesting of a JSON text, counting brackets outside strings."""
    depth = deepest = 0
    quoted = escaped = False
    for byte in text:
        if escaped:
            escaped = False
        elif byte == 0x5C:
            escaped = quoted
        elif byte == 0x22:
            quoted = not quoted
        elif not quoted and byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif not quoted and byte in b"]}":
            depth -= 1
    return deepest


def _halves(raw: bytes, clock: int) -> list[int]:
    """Clocks of the second halves of the surrogate pairs in a string that begins at `clock`."""
    found = []
    for character in raw.decode():
        if character > "\uffff":
            found.append(clock + 1)
            clock += 1
        clock += 1
    return found


def utf16_length(raw: bytes) -> int:
    """Clock ticks of a string: its UTF-16 code units, as JavaScript counts."""
    if raw.isascii():
        return len(raw)
    try:
        return len(raw.decode().encode("utf-16-le")) // 2
    except UnicodeDecodeError:
        raise ProtocolError("a string is not UTF-8") from None
