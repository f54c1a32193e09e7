"""Yjs updates (v1) taken apart and put together again, so that a test can say things no Yjs client says.

Follows Yjs `src/utils/encoding.js` and `src/structs/*.js`. Independent of `collab.core.footprint`, which it tests: it
keeps everything it reads, and writes whatever it is told.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from collab.core.lib0 import read_var_bytes, read_var_uint, var_bytes, var_string, var_uint

GC, DELETED, JSON, BINARY, STRING, EMBED, FORMAT, TYPE, ANY, DOC, SKIP, MOVE = range(12)
ARRAY_TYPE, MAP_TYPE, TEXT_TYPE, ELEMENT_TYPE, FRAGMENT_TYPE, HOOK_TYPE, XML_TEXT_TYPE = range(7)
RIGHT_ORIGIN, ORIGIN, PARENT_SUB = 0x40, 0x80, 0x20

type Id = tuple[int, int]


@dataclass(frozen=True)
class Struct:
    """One struct. `body` is its content as bytes; for GC and Skip its length. `parent` is a root's name or an id."""

    ref: int
    body: bytes
    length: int = 1
    origin: Id | None = None
    right: Id | None = None
    parent: str | Id | None = None
    sub: str | None = None
    info: int | None = None  # written instead of what the rest says

    def encode(self) -> bytes:
        """The struct's bytes."""
        if self.ref in (GC, SKIP):
            return bytes((self.ref if self.info is None else self.info,)) + self.body
        info = self.ref | (ORIGIN if self.origin else 0) | (RIGHT_ORIGIN if self.right else 0)
        info |= PARENT_SUB if self.sub is not None else 0
        info = info if self.info is None else self.info
        out = bytes((info,))
        if info & ORIGIN:
            out += _id(self.origin or (0, 0))
        if info & RIGHT_ORIGIN:
            out += _id(self.right or (0, 0))
        if not info & (ORIGIN | RIGHT_ORIGIN):
            parent = "text" if self.parent is None else self.parent
            out += b"\x01" + var_string(parent) if isinstance(parent, str) else b"\x00" + _id(parent)
            if info & PARENT_SUB:
                out += var_string(self.sub or "")
        return out + self.body


@dataclass(frozen=True)
class Section:
    """The structs of one client, from a clock on. `count` lies about how many there are."""

    client: int
    clock: int
    structs: tuple[Struct, ...]
    count: int | None = None


@dataclass(frozen=True)
class Update:
    """An update: structs by client, and deleted ranges (clock, length) by client."""

    sections: tuple[Section, ...] = ()
    deletes: tuple[tuple[int, tuple[Id, ...]], ...] = field(default=())

    def encode(self) -> bytes:
        """The update's bytes."""
        out = [var_uint(len(self.sections))]
        for section in self.sections:
            count = len(section.structs) if section.count is None else section.count
            out += [var_uint(count), var_uint(section.client), var_uint(section.clock)]
            out += [each.encode() for each in section.structs]
        out.append(var_uint(len(self.deletes)))
        for client, ranges in self.deletes:
            out += [var_uint(client), var_uint(len(ranges)), *map(_id, ranges)]
        return b"".join(out)


def update(client: int, *structs: Struct, clock: int = 0, deletes: Iterable[tuple[int, int, int]] = ()) -> bytes:
    """The bytes of an update by one client; `deletes` are (client, clock, length)."""
    sections = (Section(client, clock, structs),) if structs else ()
    return Update(sections, tuple((who, ((at, length),)) for who, at, length in deletes)).encode()


def text(value: str, **place: Any) -> Struct:
    """A piece of text."""
    return Struct(STRING, var_string(value), len(value.encode("utf-16-le")) // 2, **place)


def values(*encoded: bytes, **place: Any) -> Struct:
    """lib0 "any" values, already encoded."""
    return Struct(ANY, var_uint(len(encoded)) + b"".join(encoded), len(encoded), **place)


def json_values(*texts: bytes, **place: Any) -> Struct:
    """JSON values, as Yjs wrote them before 13.0."""
    return Struct(JSON, var_uint(len(texts)) + b"".join(map(var_bytes, texts)), len(texts), **place)


def embed(json_text: bytes, **place: Any) -> Struct:
    return Struct(EMBED, var_bytes(json_text), **place)


def mark(key: str, json_text: bytes, **place: Any) -> Struct:
    """A format: bold from here on."""
    return Struct(FORMAT, var_string(key) + var_bytes(json_text), **place)


def shared(kind: int, name: str | None = None, **place: Any) -> Struct:
    """A shared type."""
    return Struct(TYPE, var_uint(kind) + (b"" if name is None else var_string(name)), **place)


def sub_document(guid: str, options: bytes, **place: Any) -> Struct:
    return Struct(DOC, var_string(guid) + options, **place)


def collected(length: int) -> Struct:
    """What is left of structs that were deleted and garbage collected."""
    return Struct(GC, var_uint(length), length)


def skip(length: int) -> Struct:
    """A hole."""
    return Struct(SKIP, var_uint(length), length)


def nested_arrays(depth: int) -> bytes:
    """A lib0 "any": an array in an array in an array."""
    return b"\x75\x01" * depth + b"\x7e"


def nested_objects(depth: int) -> bytes:
    """The same with objects."""
    return b"\x76\x01\x01a" * depth + b"\x7e"


def number(value: float) -> bytes:
    """A lib0 "any": a double."""
    return b"\x7b" + struct.pack(">d", value)


def decode(data: bytes) -> Update:
    """An update taken apart. Raises what comes, for bytes that are not one."""
    count, at = read_var_uint(data, 0)
    sections = []
    for _ in range(count):
        structs, at = read_var_uint(data, at)
        client, at = read_var_uint(data, at)
        clock, at = read_var_uint(data, at)
        read = []
        for _ in range(structs):
            each, at = _read_struct(data, at)
            read.append(each)
        sections.append(Section(client, clock, tuple(read)))
    count, at = read_var_uint(data, at)
    deletes = []
    for _ in range(count):
        client, at = read_var_uint(data, at)
        ranges, at = read_var_uint(data, at)
        found = []
        for _ in range(ranges):
            one, at = _read_id(data, at)
            found.append(one)
        deletes.append((client, tuple(found)))
    return Update(tuple(sections), tuple(deletes))


def any_values(body: bytes) -> list[str]:
    """The values of an ANY struct, each as its bytes in ascending order: yrs shuffles the keys of objects."""
    count, at = read_var_uint(body, 0)
    found = []
    for _ in range(count):
        end = _skip_any(body, at)
        found.append(bytes(sorted(body[at:end])).hex())
        at = end
    return found


def _read_struct(data: bytes, at: int) -> tuple[Struct, int]:
    info = data[at]
    at += 1
    ref = info & 0x1F
    if ref in (GC, SKIP):
        start = at
        length, at = read_var_uint(data, at)
        return Struct(ref, data[start:at], length), at
    found = Struct(ref, b"")
    if info & ORIGIN:
        origin, at = _read_id(data, at)
        found = replace(found, origin=origin)
    if info & RIGHT_ORIGIN:
        right, at = _read_id(data, at)
        found = replace(found, right=right)
    if not info & (ORIGIN | RIGHT_ORIGIN):
        named, at = read_var_uint(data, at)
        if named:
            name, at = read_var_bytes(data, at)
            found = replace(found, parent=name.decode())
        else:
            parent, at = _read_id(data, at)
            found = replace(found, parent=parent)
        if info & PARENT_SUB:
            sub, at = read_var_bytes(data, at)
            found = replace(found, sub=sub.decode())
    start = at
    length, at = _skip_content(data, at, ref)
    return replace(found, body=data[start:at], length=length, info=info), at


def _skip_content(data: bytes, at: int, ref: int) -> tuple[int, int]:
    if ref == DELETED:
        return read_var_uint(data, at)
    if ref == STRING:
        raw, at = read_var_bytes(data, at)
        return len(raw.decode().encode("utf-16-le")) // 2, at
    if ref in (BINARY, EMBED):
        return 1, read_var_bytes(data, at)[1]
    if ref == FORMAT:
        return 1, read_var_bytes(data, read_var_bytes(data, at)[1])[1]
    if ref == TYPE:
        kind, at = read_var_uint(data, at)
        return 1, read_var_bytes(data, at)[1] if kind in (ELEMENT_TYPE, HOOK_TYPE) else at
    if ref == ANY:
        count, at = read_var_uint(data, at)
        for _ in range(count):
            at = _skip_any(data, at)
        return count, at
    if ref == DOC:
        return 1, _skip_any(data, read_var_bytes(data, at)[1])
    raise ValueError(ref)


def _skip_any(data: bytes, at: int) -> int:
    tag = data[at]
    at += 1
    if tag == 125:
        return read_var_uint(data, at)[1]
    if tag in (116, 119):
        return read_var_bytes(data, at)[1]
    if tag in (117, 118):
        count, at = read_var_uint(data, at)
        for _ in range(count):
            at = read_var_bytes(data, at)[1] if tag == 118 else at
            at = _skip_any(data, at)
        return at
    return at + {124: 4, 123: 8, 122: 8}.get(tag, 0)


def _id(value: Id) -> bytes:
    return var_uint(value[0]) + var_uint(value[1])


def _read_id(data: bytes, at: int) -> tuple[Id, int]:
    client, at = read_var_uint(data, at)
    clock, at = read_var_uint(data, at)
    return (client, clock), at
