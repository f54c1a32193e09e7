"""Updates that no honest client makes: each ends its sender's connection with the documented code, and nothing else."""

import asyncio

import pytest
from pycrdt import Doc, Text

from collab.core import messages
from collab.core.lib0 import var_bytes, var_uint

from . import forge
from .arena import Arena, closed_for, push
from .forge import ORIGIN, Section, Struct, Update, update

CLIENT = 4_000_000_007
FAR = (CLIENT + 1, 5)


def smuggled(depth: int) -> bytes:
    """Arrays in arrays where one who reads as Yjs does sees the name of an XmlHook, and yrs sees structs."""
    length = next(n for n in range(2 * depth, 2 * depth + 20_000) if var_uint(n)[0] == forge.ANY | ORIGIN)
    client = var_uint(length)[1]
    hidden = b"\x00\x01" + forge.nested_arrays(depth)
    hidden += b"\x00" * (length - len(hidden))
    hook = b"\x07\x01\x04text\x05" + var_bytes(hidden)
    return b"\x01\x02" + var_uint(client) + b"\x00" + hook + b"\x00\x01" + b"\x00"


def misread_json() -> bytes:
    """yrs reads one JSON string too many. What it keeps then it cannot read again: the document would never open.

    To one who reads as Yjs does, one value and a deletion of nothing by client 5; to yrs two values.
    """
    return update(CLIENT, forge.json_values(b"1"))[:-1] + b"\x01\x05\x00"


IMPOSSIBLE = {
    "arrays nested 26,000 deep": update(CLIENT, forge.values(forge.nested_arrays(26_000))),
    "arrays nested 1,000,000 deep": update(CLIENT, forge.values(forge.nested_arrays(1_000_000))),
    "objects nested 65 deep": update(CLIENT, forge.values(forge.nested_objects(65))),
    "arrays nested in the options of a sub-document": update(
        CLIENT, forge.sub_document("g", forge.nested_arrays(30_000))
    ),
    "arrays nested behind the name of a hook": smuggled(40_000),
    "a hook": update(CLIENT, forge.shared(forge.HOOK_TYPE, "p")),
    "JSON nested in an embed": update(CLIENT, forge.embed(b"[" * 30_000 + b"]" * 30_000)),
    "JSON nested in a format": update(CLIENT, forge.mark("bold", b'{"a":' * 5_000 + b"1" + b"}" * 5_000)),
    "JSON that yrs misreads": misread_json(),
    "old JSON values": update(CLIENT, forge.json_values(b"1")),
    "NaN in an embed": update(CLIENT, forge.embed(b"NaN")),
    "Infinity in a format": update(CLIENT, forge.mark("bold", b"Infinity")),
    "1e999 in an embed": update(CLIENT, forge.embed(b'{"a":1e999}')),
    "2^63 in a format": update(CLIENT, forge.mark("bold", b"9223372036854775808")),
    "half a character in an embed": update(CLIENT, forge.embed(b'"\\ud800"')),
    "JSON cut short": update(CLIENT, forge.embed(b'{"a":')),
    "a clock near 2^31": update(CLIENT, forge.text("ab"), clock=2**31 - 2),
    "a clock of 2^32": update(CLIENT, forge.text("a"), clock=2**32),
    "a clock of 2^53 - 1": update(CLIENT, forge.text("a"), clock=2**53 - 1),
    "a deleted run of 2^31": update(CLIENT, Struct(forge.DELETED, var_uint(2**31), 2**31)),
    "a collected run of 2^53 - 1": update(CLIENT, forge.collected(2**53 - 1)),
    "a deletion up to 2^53": update(CLIENT, deletes=[(CLIENT, 0, 2**53 - 1)]),
    "an empty struct": update(CLIENT, forge.text("")),
    "a struct beside itself": update(CLIENT, forge.text("a", origin=(CLIENT, 0))),
    "a struct inside itself": update(CLIENT, forge.text("a", parent=(CLIENT, 0))),
    "a client listed twice": Update(
        (Section(CLIENT, 0, (forge.text("a"),)), Section(CLIENT, 0, (forge.text("b"),)))
    ).encode(),
    "a move, which yrs alone knows": update(CLIENT, Struct(forge.MOVE, b"\x00\x01\x00")),
    "a weak link, which yrs alone knows": update(CLIENT, forge.shared(7)),
    "text inside text": update(CLIENT, forge.text("a"), forge.text("b", parent=(CLIENT, 0))),
    "a wait for itself over two clients": Update(
        (
            Section(CLIENT, 0, (forge.text("a", origin=(CLIENT + 1, 0)),)),
            Section(CLIENT + 1, 0, (forge.text("b", origin=(CLIENT, 0)),)),
        )
    ).encode(),
}
MALFORMED = {
    "nothing": b"",
    "one byte": b"\x01",
    "junk behind it": update(CLIENT, forge.text("a")) + b"\x00",
    "cut short": update(CLIENT, forge.text("hello"))[:-3],
    "a megabyte of 0x80": b"\x80" * (1 << 20),
    "a megabyte of 0xFF": b"\xff" * (1 << 20),
    "2^53 clients": var_uint(2**53 - 1) + b"\x00",
    "5,000 clients": Update(tuple(Section(n, 0, (forge.text("a"),)) for n in range(1, 5_001))).encode(),
    "2^31 structs announced": Update((Section(CLIENT, 0, (forge.text("a"),), count=2**31),)).encode(),
    "2^53 values announced": update(CLIENT, Struct(forge.ANY, var_uint(2**53 - 1))),
    "a text longer than the update": update(CLIENT, Struct(forge.STRING, var_uint(2**40) + b"a")),
    "text that is not UTF-8": update(CLIENT, Struct(forge.STRING, b"\x02\xff\xfe", 2)),
    "a key that is not UTF-8": update(CLIENT, forge.values(b"\x76\x01\x01\xff\x7e")),
    "an unknown value": update(CLIENT, forge.values(b"\x10")),
    "an array announced as 2^53 long": update(CLIENT, forge.values(b"\x75" + var_uint(2**53 - 1))),
    "no parent": b"\x01\x01\x07\x00\x04\x02\x01a\x00",
}


@pytest.mark.parametrize("attack", IMPOSSIBLE)
async def test_an_impossible_update_is_answered_with_4409(arena: Arena, attack: str) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        assert await closed_for(mallory, push(1, IMPOSSIBLE[attack])) in (4400, 4409)
        assert mallory.closed is not None
        assert mallory.closed[0] == 4409 or not mallory.refused


@pytest.mark.parametrize("attack", MALFORMED)
async def test_a_malformed_update_is_answered_with_4400(arena: Arena, attack: str) -> None:
    async with arena.attacked() as scene:
        assert await closed_for(await scene.mallory(), push(1, MALFORMED[attack])) == 4400


async def test_stock_clients_are_closed_for_the_same_updates(arena: Arena) -> None:
    async with arena.attacked() as scene:
        for attack in (
            "arrays nested 26,000 deep",
            "arrays nested behind the name of a hook",
            "JSON that yrs misreads",
        ):
            async with arena.stock("mallory", scene.document) as stock:
                await stock.send(messages.encode_update(IMPOSSIBLE[attack]))
                assert await stock.code() == 4409


async def test_nobody_writes_under_the_client_id_of_another(arena: Arena) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        victim, clock = scene.ada.doc.client_id, len("minutes ")
        assert await closed_for(mallory, push(1, update(victim, forge.text("forged"), clock=clock))) == 4409
        assert mallory.refused == [(1, "invalid")]
        assert str(scene.bob) == "minutes "


async def test_other_content_under_a_known_clock_changes_nothing(arena: Arena) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        await mallory.send(push(1, update(scene.ada.doc.client_id, forge.text("forgery!"))))
        await mallory.until(lambda: mallory.acked_batch == 1)
        assert str(scene.bob) == "minutes "
        await mallory.close()


async def test_an_editor_may_delete_what_another_wrote(arena: Arena) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        await mallory.send(push(1, update(0, deletes=[(scene.ada.doc.client_id, 0, 4)])))
        await scene.bob.until(lambda: str(scene.bob) == "tes ")
        await mallory.close()


@pytest.mark.parametrize(
    "gap",
    [
        update(CLIENT, forge.text("late"), clock=5),
        update(CLIENT, forge.text("a", origin=FAR)),
        update(CLIENT, forge.text("a", parent=FAR)),
        update(0, deletes=[(CLIENT, 0, 1)]),
        update(CLIENT, forge.text("a"), deletes=[(CLIENT, 0, 2)]),
        update(CLIENT, forge.text("a"), forge.skip(4), forge.text("b")),
    ],
    ids=["clock", "origin", "parent", "deletion", "deletion of the future", "hole"],
)
async def test_what_stands_on_nothing_is_asked_for_three_times(arena: Arena, gap: bytes) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        for batch in (1, 2):
            await mallory.send(push(batch, gap, whole=True))
        await mallory.send(push(3, gap))  # dropped: we were asked for a whole
        assert await closed_for(mallory, push(4, gap, whole=True)) == 4409


async def test_a_half_deleted_document_still_takes_the_edits_of_its_author(arena: Arena) -> None:
    # Mallory deletes everything while ada and bob type into it, again and again.
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        for _ in range(10):
            await asyncio.gather(scene.ada.type("a"), scene.bob.type("b"))
            if len(str(mallory)):
                del mallory.text[:]
            await mallory.send_push()
        await mallory.saved()
        await mallory.close()


async def test_an_update_over_the_size_limit_is_closed_with_1009(arena: Arena) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        assert await closed_for(mallory, push(1, b"\x00" * (16 << 20))) in (1009, 1006, arena.seen(1009))


async def test_a_full_document_refuses_what_is_too_much(arena: Arena) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        size = 15 << 20
        await mallory.send(push(1, update(CLIENT, Struct(forge.BINARY, var_bytes(b"x" * size), parent="bytes"))))
        await mallory.until(lambda: mallory.acked_batch == 1)
        more = Struct(forge.BINARY, var_bytes(b"x" * (2 << 20)), parent="bytes", sub="more")
        await mallory.send(push(2, update(CLIENT, more, clock=1)))
        await mallory.until(lambda: mallory.refused)
        assert mallory.refused == [(2, "full")]
        await mallory.send(push(3, update(0, deletes=[(CLIENT, 0, 1)]), whole=True))  # ada's room to write
        await mallory.until(lambda: mallory.acked_batch == 3)
        await mallory.close()


async def test_numbers_that_json_has_not_stay_what_they_are(arena: Arena) -> None:
    """NaN and infinity are values of lib0's "any": they harm nobody, and travel as they are."""
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        odd = forge.values(forge.number(float("nan")), forge.number(float("inf")), parent="array")
        await mallory.send(push(1, update(CLIENT, odd)))
        await mallory.until(lambda: mallory.acked_batch == 1)
        await mallory.close()


def test_the_impossible_is_impossible_in_a_bare_doc() -> None:
    """The attacks mean something: without the guard some are taken for an update, and written."""
    doc: Doc[Text] = Doc()
    doc.apply_update(misread_json())
    with pytest.raises(ValueError, match="Cannot decode update"):
        Doc().apply_update(doc.get_update())
