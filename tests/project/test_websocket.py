"""The shorter way for ordinary frames does what uvicorn's own does, however the bytes are cut."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from project.websocket import MAX_UNREAD, WebSocket

LIMIT = 1000
REQUEST = (
    b"GET /ws/ HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Transport(asyncio.Transport):
    """The network, as the protocol sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = self.reading_paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def paused(self) -> bool:
        return self.reading_paused

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading_paused = True

    def resume_reading(self) -> None:
        self.reading_paused = False


class Served:
    """A protocol with its application, which notes what it gets until it is told to go."""

    def __init__(self, kind: type[WebSocketsSansIOProtocol], *, deflate: bool = False) -> None:
        config = Config(
            self._app, interface="asgi3", ws_max_size=LIMIT, ws_per_message_deflate=deflate, log_config=None,
            lifespan="off",
        )  # fmt: skip
        config.load()
        self.got: list[Any] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.send: Any = None
        self.transport = Transport()
        self.protocol = kind(config, ServerState(), {})
        self.protocol.connection_made(self.transport)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.send = send
        while not self.got or self.got[-1]["type"] != "websocket.disconnect":
            await self.takes.wait()
            self.got.append(await receive())

    async def hear(self, data: bytes) -> None:
        if not self.transport.closed:  # a transport that is closed reads nothing
            self.protocol.data_received(data)
        for _ in range(4):
            await asyncio.sleep(0)

    @property
    def written(self) -> bytes:
        """After the answer to the handshake, which has the time in it."""
        return self.transport.written.partition(b"\r\n\r\n")[2]


@asynccontextmanager
async def served(kind: type[WebSocketsSansIOProtocol]) -> AsyncIterator[Served]:
    found = Served(kind)
    await found.hear(REQUEST)
    assert found.send is not None
    try:
        yield found
    finally:
        found.takes.set()
        found.protocol.connection_lost(None)
        await asyncio.gather(*found.protocol.tasks)


def frame(opcode: Opcode, data: bytes, *, fin: bool = True, mask: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=mask)


contents = st.one_of(st.binary(max_size=20), st.binary(min_size=120, max_size=130), st.just(b"x" * LIMIT))
ordinary = st.builds(lambda data: [frame(Opcode.BINARY, data)], contents)
in_parts = st.lists(contents.map(lambda data: data[:300]), min_size=2, max_size=3).map(
    lambda parts: [
        frame(Opcode.CONT if at else Opcode.BINARY, part, fin=at == len(parts) - 1) for at, part in enumerate(parts)
    ]
)
others = st.one_of(
    st.builds(lambda data: [frame(Opcode.PING, data)], st.binary(max_size=9)),
    st.builds(lambda data: [frame(Opcode.PONG, data)], st.binary(max_size=9)),
    st.builds(lambda text: [frame(Opcode.TEXT, text.encode())], st.text(max_size=9)),
    in_parts,
    # Lengths that are written longer than they have to be.
    st.sampled_from([[b"\x82\xfe\x00\x05\0\0\0\0hello"], [b"\x82\xff" + (5).to_bytes(8) + b"\0\0\0\0hello"]]),
)
wrong = st.sampled_from(
    [
        [frame(Opcode.CLOSE, b"\x03\xe8over")],
        [frame(Opcode.BINARY, b"not masked", mask=False)],
        [b"\xc2\x83abcdxyz"],
        [frame(Opcode.BINARY, b"x" * (LIMIT + 1))],
        [b"\x82\xff" + b"\xff" * 8],
        [frame(Opcode.CONT, b"of nothing")],
        [frame(Opcode.BINARY, b"begun", fin=False), frame(Opcode.BINARY, b"amid it")],
        [frame(Opcode.BINARY, b"x" * 900, fin=False), frame(Opcode.CONT, b"x" * 200)],
        [b"\x83\x80abcd"],
        [frame(Opcode.TEXT, b"\xff")],
        [b"\x09\x80abcd"],
    ]
)
messages = st.lists(st.one_of(ordinary, ordinary, others), max_size=12)


@given(messages, st.one_of(st.just([]), wrong), messages, st.lists(st.integers(0, 3000), max_size=12))
@example([[frame(Opcode.BINARY, b"one")]] * 3, [frame(Opcode.CLOSE, b"\x03\xe8")], [], [1, 2, 6, 9, 10, 12])
def test_it_says_and_hears_the_same(
    before: list[list[bytes]], amiss: list[bytes], after: list[list[bytes]], cuts: Sequence[int]
) -> None:
    """uvicorn's own is given frame by frame: of bytes that came together with a wrong frame it forgets the rest."""
    frames = [each for message in (*before, amiss, *after) for each in message]
    whole = b"".join(frames)
    places = sorted({0, len(whole), *(cut % (len(whole) + 1) for cut in cuts)})

    async def compare() -> None:
        async with served(WebSocket) as ours, served(WebSocketsSansIOProtocol) as theirs:
            for each in frames:
                await theirs.hear(each)
            for begin, end in pairwise(places):
                await ours.hear(whole[begin:end])
            assert (ours.got, ours.written, ours.transport.closed) == (
                theirs.got, theirs.written, theirs.transport.closed,
            )  # fmt: skip
            assert ours.transport.closed or not ours.transport.reading_paused

    asyncio.run(compare())


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
async def test_what_is_sent_is_a_frame(size: int) -> None:
    async with served(WebSocket) as ours, served(WebSocketsSansIOProtocol) as theirs:
        for each in (ours, theirs):
            for _ in range(2):
                await each.send({"type": "websocket.send", "bytes": b"x" * size})
            await each.send({"type": "websocket.send", "text": "hi"})
            await each.send({"type": "websocket.close", "code": 4403, "reason": "no access"})
        assert ours.written == theirs.written


async def test_frames_are_deflated_where_that_was_agreed() -> None:
    asked = REQUEST.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
    found = [Served(kind, deflate=True) for kind in (WebSocket, WebSocketsSansIOProtocol)]
    for each in found:
        await each.hear(asked)
        await each.send({"type": "websocket.send", "bytes": b"again and " * 30})
        await each.hear(frame(Opcode.BINARY, b"plain"))
    assert b"permessage-deflate" in found[0].transport.written
    assert found[0].written == found[1].written
    assert len(found[0].written) < 100
    assert found[0].got == found[1].got
    assert found[0].got[0]["bytes"] == b"plain"
    for each in found:
        each.protocol.connection_lost(None)
        await asyncio.gather(*each.protocol.tasks)


async def test_who_does_not_take_frames_is_not_read() -> None:
    async with served(WebSocket) as one:
        one.takes.clear()
        await one.hear(frame(Opcode.BINARY, b"first"))  # taken by the call that waited
        many = MAX_UNREAD // LIMIT
        await one.hear(frame(Opcode.BINARY, b"x" * 100) * (many // 2))
        assert not one.transport.paused()
        await one.hear(frame(Opcode.BINARY, b"x" * LIMIT) * many)
        assert one.transport.paused()
        one.takes.set()
        while len(one.got) < 1 + many // 2 + many:
            await asyncio.sleep(0)
        assert not one.transport.paused()


async def test_frames_of_no_bytes_count_too() -> None:
    async with served(WebSocket) as one:
        one.takes.clear()
        await one.hear(frame(Opcode.BINARY, b"") * 200)
        assert one.transport.paused()


async def test_nothing_is_heard_after_the_application_has_closed() -> None:
    async with served(WebSocket) as one:
        await one.send({"type": "websocket.close", "code": 4403})
        await one.hear(frame(Opcode.BINARY, b"late") + frame(Opcode.CLOSE, b"\x11\x33"))
        assert [each["type"] for each in one.got] == ["websocket.disconnect"]
        assert one.transport.closed


async def test_the_answer_to_a_close_is_read_from_who_had_flooded() -> None:
    async with served(WebSocket) as one:
        one.takes.clear()
        await one.hear(frame(Opcode.BINARY, b"first"))
        await one.hear(frame(Opcode.BINARY, b"") * 200)
        await one.send({"type": "websocket.close", "code": 1013})
        assert not one.transport.paused()
        late = frame(Opcode.BINARY, b"late") * 3 + frame(Opcode.CLOSE, b"\x03\xf5")
        for cut in range(0, len(late), 4):
            await one.hear(late[cut : cut + 4])
            assert one.transport.closed or not one.transport.paused()
        assert one.transport.closed


async def test_a_ping_is_answered_amid_a_flood() -> None:
    async with served(WebSocket) as one:
        one.takes.clear()
        await one.hear(
            frame(Opcode.BINARY, b"x") * 50 + frame(Opcode.PING, b"there?") + frame(Opcode.BINARY, b"x") * 50
        )
        assert one.written == b"\x8a\x06there?"


async def test_a_frame_that_comes_as_the_reader_is_cancelled_is_not_lost() -> None:
    async with served(WebSocket) as one:
        one.takes.clear()
        await one.hear(frame(Opcode.BINARY, b"first"))
        reading = asyncio.create_task(one.protocol.receive())
        await asyncio.sleep(0)
        one.protocol.data_received(frame(Opcode.BINARY, b"second"))
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert (await one.protocol.receive())["bytes"] == b"second"  # type: ignore[typeddict-item]


async def test_nothing_is_sent_to_who_has_gone() -> None:
    async with served(WebSocket) as one:
        one.protocol.connection_lost(ConnectionResetError())
        with pytest.raises(ClientDisconnected):
            await one.send({"type": "websocket.send", "bytes": b"hello"})
        one.protocol.connections.add(one.protocol)


async def test_who_waits_for_room_sends_when_there_is_some() -> None:
    async with served(WebSocket) as one:
        one.protocol.pause_writing()
        sending = asyncio.create_task(one.send({"type": "websocket.send", "bytes": b"hello"}))
        await asyncio.sleep(0.01)
        assert one.written == b""
        one.protocol.resume_writing()
        await sending
        assert one.written == b"\x82\x05hello"


@pytest.mark.parametrize("cut", [0, 3, 7])
async def test_a_client_that_does_not_wait_for_the_answer_is_understood(cut: int) -> None:
    one = Served(WebSocket)
    early = frame(Opcode.BINARY, b"early") * 2
    one.protocol.data_received(REQUEST + early[:cut])
    one.protocol.data_received(early[cut:])
    await one.hear(frame(Opcode.BINARY, b"late"))
    assert [each.get("bytes") for each in one.got] == [b"early", b"early", b"late"]
    one.protocol.connection_lost(None)
    await asyncio.gather(*one.protocol.tasks)
