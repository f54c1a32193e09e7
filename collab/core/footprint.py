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
from .lib0 import MAX_SAFE_INTEGER

MAX_CLOCK = 2**31 - 1  # clocks and lengths are 32-bit in yrs
MAX_NESTING = 64  # of a lib0 "any" or JSON value; browsers overflow near 10,000
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
    footprint = Footprint()
    spans, needs = footprint.spans, footprint.needs
    sections, at = _uint(data, 0)
    if sections > MAX_CLIENTS:
        raise ProtocolError("an update names too many clients")
    for _ in range(sections):
        count, at = _uint(data, at)
        client, at = _uint(data, at)
        clock, at = _uint(data, at)
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
                length, at = _uint(data, at)
                if info == 10:
                    first = clock + length
            else:
                if info & 0xC0:
                    for bit in (0x80, 0x40):  # origin, right origin
                        if info & bit:
                            other, at = _uint(data, at)
                            needed, at = _uint(data, at)
                            if cuts is not None:
                                cuts.append((other, needed + (bit == 0x80)))
                            if other == client:
                                if needed >= clock:
                                    raise BadUpdate("a struct stands beside a later one")
                            elif needed >= needs.get(other, 0):
                                needs[other] = needed + 1
                else:
                    named, at = _uint(data, at)
                    if named == 1:
                        at = _skip_string(data, at)
                    elif named == 0:
                        other, at = _uint(data, at)
                        needed, at = _uint(data, at)
                        if other == client:
                            if needed >= clock:
                                raise BadUpdate("a struct stands inside a later one")
                        elif needed >= needs.get(other, 0):
                            needs[other] = needed + 1
                    else:
                        raise ProtocolError("a struct has no parent")
                    if info & 0x20:
                        at = _skip_string(data, at)
                if info & 0x1F == 4:  # a string
                    length, at = _uint(data, at)
                    raw = data[at : at + length]
                    if len(raw) < length:
                        raise ProtocolError("an update is cut off")
                    at += length
                    if not raw.isascii():
                        length = _utf16_length(raw)
                        if HAS_PAIR.search(raw):
                            footprint.halves.setdefault(client, []).extend(_halves(raw, clock))
                else:
                    length, at = _content(data, at, info & 0x1F)
            if length == 0:
                raise BadUpdate("a struct is empty")
            clock += length
            if clock > MAX_CLOCK:
                raise BadUpdate("a clock is out of range")
        spans[client] = (first, clock)
    footprint.structs_bytes = at
    if data[at]:
        at = _deletes(data, at, needs, cuts)
    else:
        at += 1
    if at != len(data):
        raise ProtocolError("an update is followed by junk")
    return footprint


def _deletes(data: bytes, at: int, needs: dict[int, int], cuts: list[tuple[int, int]] | None) -> int:
    sections, at = _uint(data, at)
    for _ in range(sections):
        client, at = _uint(data, at)
        count, at = _uint(data, at)
        furthest = 0
        for _ in range(count):
            clock, at = _uint(data, at)
            length, at = _uint(data, at)
            if clock + length > MAX_CLOCK:
                raise BadUpdate("a clock is out of range")
            if cuts is not None:
                cuts += ((client, clock), (client, clock + length))
            if clock + length > furthest:
                furthest = clock + length
        if furthest > needs.get(client, 0):
            needs[client] = furthest
    return at


def _content(data: bytes, at: int, ref: int) -> tuple[int, int]:
    """Length in clock ticks of the content at `at`, and where it ends."""
    if ref == 1:  # deleted
        return _uint(data, at)
    if ref == 3:  # binary
        return 1, _skip_bytes(data, at)
    if ref == 5:  # embed
        return 1, _json(data, at)
    if ref == 6:  # format: key, value
        return 1, _json(data, _skip_string(data, at))
    if ref == 7:  # a shared type
        kind, at = data[at], at + 1
        if kind not in TYPES:
            raise BadUpdate("an update holds a type that this server cannot keep")
        return 1, _skip_string(data, at) if kind == XML_ELEMENT else at
    if ref == 8:  # any values
        count, at = _uint(data, at)
        _check_count(data, at, count)
        return count, _skip_any(data, at, count)
    if ref == 9:  # sub-document: guid, options
        return 1, _skip_any(data, _skip_string(data, at), 1)
    # Among the rest is JSON (2), which Yjs has not written since version 13.0, and of which yrs reads one string too
    # many.
    raise BadUpdate("an update holds content that this server cannot keep")


def _skip_any(data: bytes, at: int, count: int) -> int:  # noqa: C901 - the table of lib0's types
    """Where `count` lib0 "any" values end. Keeps its own stack, so that nesting costs the attacker and not us."""
    waiting = [count]  # values still to read, per level
    in_object = [False]
    while waiting:
        if waiting[-1] == 0:
            waiting.pop()
            in_object.pop()
            continue
        waiting[-1] -= 1
        if in_object[-1]:
            at = _skip_string(data, at)
        tag = data[at]
        at += 1
        if tag == 119:
            at = _skip_string(data, at)
        elif tag in (127, 126, 121, 120):  # undefined, null, false, true
            pass
        elif tag == 125:  # integer: the sign takes a bit of the first byte, so the rest reads like an unsigned one
            _, at = _uint(data, at)
        elif tag == 124:
            at += 4
        elif tag in (123, 122):
            at += 8
        elif tag == 116:
            at = _skip_bytes(data, at)
        elif tag in (118, 117):
            inner, at = _uint(data, at)
            _check_count(data, at, inner)
            if len(waiting) >= MAX_NESTING:
                raise BadUpdate("a value is nested too deeply")
            waiting.append(inner)
            in_object.append(tag == 118)
        else:
            raise ProtocolError("an update holds an unknown value")
    if at > len(data):
        raise ProtocolError("an update is cut off")
    return at


def _json(data: bytes, at: int) -> int:
    """Where the JSON text at `at` ends. Strict, because `JSON.parse` in every browser will read it (NaN would throw
    there).
    """
    end = _skip_bytes(data, at)
    _, start = _uint(data, at)
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
        return json.loads(text.decode(), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise BadUpdate("a value is not JSON") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


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


def _utf16_length(raw: bytes) -> int:
    """Clock ticks of a string: its UTF-16 code units, as JavaScript counts."""
    if raw.isascii():
        return len(raw)
    try:
        return len(raw.decode().encode("utf-16-le")) // 2
    except UnicodeDecodeError:
        raise ProtocolError("a string is not UTF-8") from None


def _skip_string(data: bytes, at: int) -> int:
    end = _skip_bytes(data, at)
    _, start = _uint(data, at)
    _utf16_length(data[start:end])
    return end


def _skip_bytes(data: bytes, at: int) -> int:
    length, at = _uint(data, at)
    if at + length > len(data):
        raise ProtocolError("an update is cut off")
    return at + length


def _check_count(data: bytes, at: int, count: int) -> None:
    if count > len(data) - at:  # a byte a value at the least
        raise ProtocolError("an update is cut off")


def _uint(data: bytes, at: int) -> tuple[int, int]:
    """`lib0.read_var_uint`, with the short values first: most of an update's integers have one byte."""
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value = byte & 0x7F
    shift = 7
    for position in range(at + 1, at + 8):
        byte = data[position]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > MAX_SAFE_INTEGER:
                break
            return value, position + 1
        shift += 7
    raise ProtocolError("an integer is too large")
