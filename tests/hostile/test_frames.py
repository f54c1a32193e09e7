"""Frames that are no messages, messages that a client may not send, and more of the allowed ones than anybody needs."""

import asyncio

import pytest

from collab.core import messages
from collab.core.lib0 import state_vector, var_bytes, var_string, var_uint
from collab.core.messages import Type
from tests.clients import PATIENCE_S

from . import forge
from .arena import Arena, closed_for, push

HUGE = var_uint(2**53 - 1)
EDIT = forge.update(4_000_000_009, forge.text("x"))
NOT_MESSAGES = {
    "zeros": b"\x00" * 10,
    "a lone sync": b"\x00",
    "an unknown sync step": b"\x00\x03\x01\x00",
    "a huge sync step": b"\x00" + HUGE + b"\x01\x00",
    "an unknown type": b"\x04",
    "type 127": b"\x7f",
    "type 2^53 - 1": HUGE,
    "a megabyte of 0x80": b"\x80" * (1 << 20),
    "a megabyte of 0xFF": b"\xff" * (1 << 20),
    "step 1 cut short": b"\x00\x00\x05\x01",
    "step 1 of 2^53 clients": messages.encode_step1(HUGE),
    "step 1 with a rest": messages.encode_step1(b"\x00") + b"\x00",
    "a permission denied": messages.encode_denied("you are out"),
    "awareness cut short": b"\x01\x05\x01\x01",
    "awareness of 2^53 people": b"\x01" + var_bytes(HUGE),
    "a push cut short": bytes((Type.PUSH,)) + b"\x01\x05\x00",
    "a push of 2^53 bytes": bytes((Type.PUSH, 1)) + HUGE,
    "a ping without a number": bytes((Type.PING,)),
    "a pong with a rest": messages.encode_pong(1) + b"\x00",
    "a query with a rest": b"\x03\x00",
    **{
        f"a {kind.name}, which only the server says": bytes((kind,)) + var_string("{}")
        for kind in (Type.HELLO, Type.STATE, Type.DELTA, Type.ACK, Type.REFUSED, Type.ACCESS)
    },
}


@pytest.mark.parametrize("attack", NOT_MESSAGES)
async def test_what_is_no_message_of_a_client_is_answered_with_4400(arena: Arena, attack: str) -> None:
    async with arena.attacked() as scene:
        assert await closed_for(await scene.mallory(), NOT_MESSAGES[attack]) == 4400
        async with arena.stock("mallory", scene.document) as stock:
            await stock.send(NOT_MESSAGES[attack])
            assert await stock.code() == 4400


async def test_a_text_frame_is_answered_with_4400(arena: Arena) -> None:
    async with arena.attacked() as scene, arena.stock("mallory", scene.document) as stock:
        await stock.send('{"type": "hello"}')
        assert await stock.code() == 4400


async def test_an_empty_frame_harms_nobody(arena: Arena) -> None:
    # daphne drops it; uvicorn hands it on, and it is no message.
    async with arena.attacked() as scene, arena.stock("mallory", scene.document) as stock:
        for _ in range(100):
            await stock.send(b"")
        await stock.send("")
        assert await stock.code() == 4400


@pytest.mark.parametrize("batches", [(0,), (2,), (1, 1), (1, 3), (2**53 - 1,)], ids=str)
async def test_a_wrong_batch_number_is_answered_with_4400(arena: Arena, batches: tuple[int, ...]) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        for batch in batches[:-1]:
            await mallory.send(push(batch, EDIT))
        assert await closed_for(mallory, push(batches[-1], EDIT)) == 4400


async def test_a_bare_update_of_a_coscribe_client_is_answered_with_4400(arena: Arena) -> None:
    async with arena.attacked() as scene:
        assert await closed_for(await scene.mallory(), messages.encode_update(EDIT)) == 4400


async def test_a_frame_over_the_limit_is_answered_with_1009(arena: Arena) -> None:
    async with arena.attacked() as scene, arena.stock("mallory", scene.document) as stock:
        await stock.send(b"\x00" * ((16 << 20) + 1))
        assert await stock.code() in (
            1009,
            1006,
            arena.seen(1009),
        )  # daphne resets before a large frame is read to its end


async def test_a_pong_may_say_any_number(arena: Arena) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        for nonce in (0, 1, 2**31, 2**32, 2**53 - 1):
            for _ in range(20):
                await mallory.send(messages.encode_pong(nonce))
        await mallory.type("fine")
        await mallory.saved()
        await mallory.close()


async def test_step_1_again_and_again_is_closed_with_1013(arena: Arena) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        for _ in range(60):
            await mallory.send(messages.encode_step1(b"\x00"))
        await mallory.until(lambda: mallory.closed)
        assert mallory.closed is not None
        assert mallory.closed[0] == arena.seen(1013)


async def test_step_1_while_an_edit_is_committed_cannot_stop_the_journal(arena: Arena) -> None:
    async with arena.attacked() as scene:
        for vector in (
            state_vector({1: 2**31 - 1}),
            state_vector({1: 2**32}),
            state_vector({2**53 - 1: 1}),
            b"\x02\x01\x05\x01\x01",
        ):
            mallory = await scene.mallory()
            await mallory.type("x")
            await mallory.send(messages.encode_step1(vector))
            await mallory.until(lambda: mallory.closed or mallory.saved_all)  # noqa: B023
            await mallory.close()


async def test_asking_who_is_here_again_and_again_slows_nobody(arena: Arena) -> None:
    async with arena.attacked() as scene:
        await scene.bob.awareness({"cursor": "x" * 8_000}, clock=1)
        mallory = await scene.mallory()
        for _ in range(1_000):
            await mallory.send(b"\x03")
        await scene.ada.type("meanwhile ")
        await scene.ada.saved()
        mallory.cut()


async def test_pings_and_edits_in_a_flood_slow_nobody(arena: Arena) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        for number in range(1_000):
            await mallory.send(messages.encode_ping(number))
        for _ in range(200):
            await mallory.type("m")
        async with asyncio.timeout(PATIENCE_S):
            await mallory.saved()
        await mallory.close()


async def test_a_viewer_writes_nothing(arena: Arena) -> None:
    async with arena.attacked() as scene:
        vera = await arena.scribe("vera", scene.document).join()
        for batch in (1, 2, 3):
            await vera.send(push(batch, EDIT, whole=batch == 2))
        await vera.until(lambda: len(vera.refused) == 3)
        assert vera.refused == [(1, "access"), (2, "access"), (3, "access")]
        async with arena.stock("vera", scene.document) as stock:
            await stock.send(messages.encode_step2(EDIT))  # what stock clients answer to any step 1: ignored
            await stock.send(messages.encode_update(EDIT))
            assert await stock.code() == 4403
        await vera.close()


async def test_messages_after_the_close_are_not_read(arena: Arena) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        await mallory.send(b"\x04")
        for batch in range(1, 50):
            await mallory.send(push(batch, EDIT))
        await mallory.until(lambda: mallory.closed)
        assert mallory.acked == []
