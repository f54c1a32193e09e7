"""Updates that were real and are not any more: bytes flipped, and structures bent so that the bytes still parse."""

from dataclasses import replace
from random import Random

from collab.core.lib0 import var_bytes, var_string, var_uint

from . import forge
from .forge import Section, Struct, Update

INTERESTING = (
    b"\x00",
    b"\x01",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\x80" * 9,
    b"\xff" * 9,
    b"\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\x07",
)
CLOCKS = (0, 1, 2, 127, 128, 2**31 - 2, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53 - 1)


def mutate(rng: Random, update: bytes, others: list[bytes]) -> bytes:
    """One to three mutations of a real update."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if rng.random() < 0.5:
            update = _bend_bytes(rng, update, others)
        else:
            try:
                taken = forge.decode(update)
            except (ValueError, IndexError, UnicodeDecodeError, RecursionError):
                update = _bend_bytes(rng, update, others)
                continue
            except Exception:  # noqa: BLE001  (`ProtocolError` and kin: bytes that are no update any more)
                update = _bend_bytes(rng, update, others)
                continue
            update = bend(rng, taken).encode()
    return update


def _bend_bytes(rng: Random, update: bytes, others: list[bytes]) -> bytes:
    data = bytearray(update)
    at = rng.randrange(len(data)) if data else 0
    act = rng.randrange(8)
    if not data or act == 0:
        data[at:at] = rng.choice(INTERESTING)
    elif act == 1:
        data[at] ^= 1 << rng.randrange(8)
    elif act == 2:
        data[at] = rng.randrange(256)
    elif act == 3:
        del data[at : at + rng.randint(1, 4)]
    elif act == 4:
        del data[at:]
    elif act == 5:
        piece = data[at : at + rng.randint(1, 12)]
        data[at:at] = piece
    elif act == 6:
        data[at : at + 1] = rng.choice(INTERESTING)
    else:
        other = rng.choice(others)
        start = rng.randrange(len(other)) if other else 0
        data[at:at] = other[start : start + rng.randint(1, 20)]
    return bytes(data)


def bend(rng: Random, update: Update) -> Update:
    """One change to the structure, the rest as it was."""
    ids = _ids(update)
    if update.sections and rng.random() < 0.8:
        index = rng.randrange(len(update.sections))
        sections = list(update.sections)
        sections[index] = _bend_section(rng, sections[index], ids)
        if rng.random() < 0.05:
            sections.append(rng.choice(sections))
        return replace(update, sections=tuple(sections))
    client, clock = rng.choice(ids) if ids else (1, 0)
    ranges = tuple(
        (max(0, clock + rng.randint(-2, 2)), rng.choice((0, 1, 1, 2, 3, 50))) for _ in range(rng.randint(1, 3))
    )
    return replace(update, deletes=(*update.deletes, (client, ranges)))


def _bend_section(rng: Random, section: Section, ids: list[forge.Id]) -> Section:
    act = rng.randrange(10)
    structs = list(section.structs)
    if act == 0 or not structs:
        clock = rng.choice((*CLOCKS, max(0, section.clock - 1), section.clock + 1))
        return replace(section, clock=clock)
    at = rng.randrange(len(structs))
    if act == 1:
        return replace(section, client=rng.choice((section.client + 1, *(client for client, _ in ids), *CLOCKS[1:])))
    if act == 2:
        del structs[at]
    elif act == 3:
        structs.insert(at, structs[at])
    elif act == 4:
        rng.shuffle(structs)
    elif act == 5:
        structs.insert(at, rng.choice((forge.collected(1), forge.collected(3), forge.skip(1), forge.skip(2))))
    else:
        structs[at] = bend_struct(rng, structs[at], ids)
    return replace(section, structs=tuple(structs))


def bend_struct(rng: Random, struct: Struct, ids: list[forge.Id]) -> Struct:
    """The same struct at another place, or with other content."""
    somewhere = rng.choice(ids) if ids else (1, 0)
    somewhere = (somewhere[0], max(0, somewhere[1] + rng.choice((-1, 0, 0, 0, 1))))
    act = rng.randrange(7)
    if act == 0:
        return replace(struct, origin=somewhere, info=None)
    if act == 1:
        return replace(struct, right=somewhere, info=None)
    if act == 2:
        return replace(struct, origin=somewhere, right=rng.choice(ids) if ids else None, info=None)
    if act == 3:
        parent = somewhere if rng.random() < 0.7 else rng.choice(("text", "map", "array", "xml", "", "x"))
        return replace(struct, origin=None, right=None, parent=parent, info=None, sub=rng.choice((None, "a", "")))
    if act == 4:
        return replace(struct, info=rng.randrange(256))
    if struct.ref in (forge.GC, forge.SKIP):
        return rng.choice((forge.collected(struct.length), forge.skip(struct.length)))
    ref, body, length = _content(rng)
    return replace(struct, ref=ref, body=body, length=length, info=None)


def _content(rng: Random) -> tuple[int, bytes, int]:
    found = rng.choice(
        (
            forge.text("aäb"),
            forge.text("plain"),
            forge.values(b"\x7e", b"\x78", forge.nested_arrays(rng.randint(1, 70))),
            forge.values(forge.nested_objects(rng.randint(1, 70))),
            forge.values(forge.number(float("nan")), forge.number(float("inf"))),
            forge.json_values(b"1", b"null"),
            forge.embed(b'{"a":[1,2,{"b":null}]}'),
            forge.embed(b"[" * 70 + b"]" * 70),
            forge.mark("bold", b"true"),
            forge.mark("", b"null"),
            *(forge.shared(kind, "p" if kind in (3, 5) else None) for kind in range(8)),
            forge.sub_document("guid", b"\x76\x00"),
            Struct(forge.DELETED, var_uint(3), 3),
            Struct(forge.BINARY, var_bytes(b"\x00\xff")),
            Struct(forge.MOVE, var_uint(0) + var_uint(1) + var_uint(0)),
            Struct(forge.FORMAT, var_string("k") + var_bytes(b'"\\ud800"')),
        )
    )
    return found.ref, found.body, found.length


def _ids(update: Update) -> list[forge.Id]:
    found: list[forge.Id] = []
    for section in update.sections:
        clock = section.clock
        for struct in section.structs:
            found += [(section.client, clock), (section.client, clock + struct.length - 1)]
            found += [place for place in (struct.origin, struct.right) if place is not None]
            if isinstance(struct.parent, tuple):
                found.append(struct.parent)
            clock += struct.length
    found += [(client, clock) for client, ranges in update.deletes for clock, _ in ranges]
    return [each for each in found if each[1] >= 0]
