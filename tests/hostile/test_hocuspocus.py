"""Attacks in Hocuspocus' framing: on the socket, on one of its documents, and on the way to a token."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from collab.core import hocuspocus, messages
from collab.core.hocuspocus import Kind
from collab.core.lib0 import read_var_string, var_bytes, var_string, var_uint
from collab.hocuspocus import MAX_DOCUMENTS
from collab.part import MAX_HELD_FRAMES

from . import forge
from .arena import PATIENCE_S, Arena, Stock

EDIT = forge.update(4_000_000_011, forge.text("x"))
HUGE = var_uint(2**53 - 1)
WITHOUT_A_DOCUMENT: dict[str, bytes | str] = {
    "nothing behind the name": var_string("minutes"),
    "a name cut short": var_uint(36) + b"minutes",
    "a name of 2^53 bytes": HUGE + b"x",
    "a name of half a megabyte": var_string("x" * (512 << 10)),
    "a name that is not UTF-8": b"\x02\xff\xfe\x00",
    "a megabyte of 0x80": b"\x80" * (1 << 20),
    "a type 2^53": hocuspocus.named("minutes", HUGE),
    "a sync reply, which only servers say": hocuspocus.named("minutes", b"\x04\x00\x01\x00"),
    "a broadcast, which only servers say": hocuspocus.named("minutes", b"\x06\x01x"),
    "a status, which only the server says": hocuspocus.named("minutes", b"\x08\x01"),
    "a push of ours": hocuspocus.named("minutes", b"\x43\x01\x00"),
    "an authenticated": hocuspocus.named("minutes", b"\x02\x02" + var_string("read-write")),
    "a token cut short": hocuspocus.named("minutes", b"\x02\x00\x09abc"),
    "a token of a megabyte": hocuspocus.named("minutes", b"\x02\x00" + var_string("x" * (1 << 20))),
    "a token with a rest": hocuspocus.named("minutes", b"\x02\x00\x01a\x01b\x00"),
    "a text": "minutes",
}
IN_A_DOCUMENT = {
    "a lone sync": b"\x00",
    "an unknown sync step": b"\x00\x03\x01\x00",
    "step 1 of 2^53 clients": messages.encode_step1(HUGE),
    "an update that is none": messages.encode_update(b"\xff" * 20),
    "an update of 2^53 bytes": b"\x00\x02" + HUGE,
    "awareness of 2^53 people": b"\x01" + var_bytes(HUGE),
    "an awareness that is no JSON": messages.encode_awareness([messages.encode_awareness_entry(7, 1, b"{")]),
    "a query with a rest": b"\x03\x00",
    "a large update that is none": messages.encode_update(b"\xff" * 20_000),
}


@asynccontextmanager
async def socket(arena: Arena, who: str, **options: object) -> AsyncIterator[Stock]:
    """A bare socket of somebody's; of nobody's with an empty name."""
    headers = {"Cookie": f"sessionid={arena.people[who]['session']}"} if who else {}
    async with connect(
        f"{arena.app.ws_url}/ws/hocuspocus", additional_headers=headers, max_size=None, proxy=None, **options  # type: ignore[arg-type]
    ) as opened:  # fmt: skip
        yield Stock(opened)


async def heard(stock: Stock, *, until: bytes) -> list[tuple[str, bytes]]:
    """Frames up to one that begins, behind its name, with these bytes."""
    frames: list[tuple[str, bytes]] = []
    async with asyncio.timeout(PATIENCE_S):
        while not frames or not frames[-1][1].startswith(until):
            frame = await stock.socket.recv()
            assert isinstance(frame, bytes)
            name, at = read_var_string(frame, 0)
            frames.append((name, frame[at:]))
    return frames


async def greet(stock: Stock, document: str) -> None:
    await stock.send(hocuspocus.named(document, messages.encode_step1(b"\x00")))
    await heard(stock, until=b"\x00\x01")


async def test_what_names_no_document_or_is_no_message_ends_the_socket(arena: Arena) -> None:
    async with arena.attacked():
        for attack, frame in WITHOUT_A_DOCUMENT.items():
            async with socket(arena, "mallory") as stock:
                await stock.send(frame)
                assert await stock.code() in (4400, 1009, arena.seen(1009)), attack


async def test_what_a_document_cannot_take_ends_it_and_no_other_of_the_socket(arena: Arena) -> None:
    other = arena.document()
    async with arena.attacked() as scene, socket(arena, "mallory") as stock:
        await greet(stock, other)
        for attack, frame in IN_A_DOCUMENT.items():
            await stock.send(hocuspocus.named(scene.document, b"\x02\x00" + var_string("")))
            await greet(stock, scene.document)
            await stock.send(hocuspocus.named(scene.document, frame))
            frames = await heard(stock, until=bytes((Kind.CLOSE,)))
            assert {name for name, _ in frames[-2:]} == {scene.document}, attack
            assert frames[-2][1][:2] == b"\x02\x01", attack
            await stock.send(hocuspocus.named(scene.document, messages.encode_update(EDIT)))  # nobody listens any more
        await stock.send(hocuspocus.named(other, messages.encode_step2(EDIT)))
        frames = await heard(stock, until=bytes((Kind.SYNC_STATUS, 1)))
        assert {name for name, _ in frames} == {other}


async def test_before_a_token_little_is_kept(arena: Arena) -> None:
    document = arena.document()
    frame = hocuspocus.named(document, messages.encode_update(EDIT))
    async with socket(arena, "") as stock:
        for _ in range(MAX_HELD_FRAMES + 1):
            await stock.send(frame)
        assert await stock.code() == arena.seen(1009)
    async with socket(arena, "") as stock:
        await stock.send(hocuspocus.named(document, messages.encode_update(b"\x00" * (6 << 20))))
        assert await stock.code() == arena.seen(1009)


async def test_what_came_before_a_token_counts_for_nothing_without_one(arena: Arena) -> None:
    async with arena.attacked() as scene, socket(arena, "") as stock:
        await stock.send(hocuspocus.named(scene.document, messages.encode_step2(EDIT)))
        await stock.send(hocuspocus.named(scene.document, b"\x02\x00" + var_string("")))
        frames = await heard(stock, until=bytes((Kind.CLOSE,)))
        assert [body[:2] for _, body in frames] == [b"\x02\x01", b"\x07\x0a"]
        assert str(scene.ada).count("x") == 0


async def test_a_socket_has_so_many_documents_and_no_more(arena: Arena) -> None:
    async with socket(arena, "") as stock:
        for number in range(MAX_DOCUMENTS + 1):
            await stock.send(hocuspocus.named(f"document {number}", messages.encode_step1(b"\x00")))
        assert await stock.code() == arena.seen(1009)


async def test_a_person_has_so_many_open_documents_on_however_few_sockets(arena: Arena) -> None:
    documents = [arena.document() for _ in range(21)]  # a person may have 20 here
    async with socket(arena, "hugo") as stock:
        for document in documents:
            await stock.send(hocuspocus.named(document, b"\x02\x00" + var_string("")))
        frames = await heard(stock, until=bytes((Kind.CLOSE,)))
        denied = {name for name, body in frames if body[:2] == b"\x02\x01"}
        assert len(denied) == 1
        kept = [name for name in documents if name not in denied]
        await stock.send(hocuspocus.named(kept[0], bytes((Kind.CLOSE,))))  # makes room for one
        await stock.send(hocuspocus.named(documents[-1], b"\x02\x00" + var_string("")))
        await heard(stock, until=b"\x02\x02")


async def test_opening_and_leaving_a_document_again_and_again_slows_nobody(arena: Arena) -> None:
    async with arena.attacked() as scene, socket(arena, "mallory") as stock:
        for _ in range(100):
            await stock.send(hocuspocus.named(scene.document, messages.encode_step1(b"\x00")))
            await stock.send(hocuspocus.named(scene.document, bytes((Kind.CLOSE,))))
        await scene.ada.type("meanwhile ")
        await scene.ada.saved()
        await greet(stock, scene.document)


async def test_a_foreign_page_gets_nothing_for_its_visitors_cookies(arena: Arena) -> None:
    document = arena.document()
    async with socket(arena, "mallory", origin="https://elsewhere.example") as stock:
        await stock.send(hocuspocus.named(document, b"\x02\x00" + var_string("")))
        frames = await heard(stock, until=bytes((Kind.CLOSE,)))
        assert frames[0][1] == hocuspocus.encode_denied("signed out")
    with pytest.raises(InvalidStatus):  # where no token comes later, not even the handshake
        async with arena.stock("mallory", document, origin="https://elsewhere.example"):
            pass
