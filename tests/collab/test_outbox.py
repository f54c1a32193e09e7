"""The bounded send queue: at once when it can, in order, never more than the bound, and nothing that matters is
lost.
"""

import asyncio
from typing import Any

from collab.core.messages import decode
from collab.outbox import Outbox


class Socket:
    """The server's side of a socket that can be made to wait, as uvicorn does above its high-water mark."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.open = asyncio.Event()
        self.open.set()
        self.lags = 0
        self.recoveries = 0

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message.get("bytes", message.get("code")))
        await self.open.wait()

    def outbox(self, *, limit_bytes: int = 100, limit_frames: int = 10, credited: bool = False) -> Outbox:
        def lagged() -> None:
            self.lags += 1

        def writable() -> None:
            self.recoveries += 1

        return Outbox(
            self.send,
            limit_bytes=limit_bytes,
            limit_frames=limit_frames,
            credited=credited,
            lagged=lagged,
            writable=writable,
        )


async def turn() -> None:
    """Let everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_frame_goes_out_at_once_without_a_task_switch() -> None:
    socket = Socket()
    socket.outbox().put(b"now", droppable=True)
    assert socket.sent == [b"now"]


async def test_frames_keep_their_order_when_the_socket_makes_us_wait() -> None:
    socket = Socket()
    outbox = socket.outbox()
    socket.open.clear()
    for frame in (b"1", b"2", b"3"):
        outbox.put(frame, droppable=True)
    assert socket.sent == [b"1"]
    socket.open.set()
    await turn()
    assert socket.sent == [b"1", b"2", b"3"]
    assert outbox.blocked_since is None


async def test_over_the_bound_what_may_be_lost_is_and_the_rest_is_kept() -> None:
    socket = Socket()
    outbox = socket.outbox(limit_bytes=30)
    socket.open.clear()
    outbox.put(b"first", droppable=True)
    outbox.put(b"x" * 20, droppable=True)
    outbox.put(b"access", droppable=False)
    outbox.put(b"y" * 20, droppable=True)
    assert socket.lags == 1
    socket.open.set()
    await turn()
    assert socket.sent == [b"first", b"access"]
    assert socket.recoveries == 1


async def test_a_frame_larger_than_the_bound_still_goes() -> None:
    socket = Socket()
    outbox = socket.outbox(limit_bytes=10)
    socket.open.clear()
    outbox.put(b"first", droppable=True)
    outbox.put(b"z" * 50, droppable=True)
    socket.open.set()
    await turn()
    assert socket.sent == [b"first", b"z" * 50]
    assert socket.lags == 0


async def test_the_number_of_frames_is_bounded_too() -> None:
    socket = Socket()
    outbox = socket.outbox(limit_bytes=10_000, limit_frames=3)
    socket.open.clear()
    for _ in range(6):
        outbox.put(b"f", droppable=True)
    assert socket.lags == 1


async def test_a_server_that_never_makes_us_wait_is_held_back_by_credit() -> None:
    """daphne: send returns at once and the bytes pile up in its transport."""
    socket = Socket()
    outbox = socket.outbox(limit_bytes=100, credited=True)
    for _ in range(20):
        outbox.put(b"x" * 10, droppable=True)
    sent = sum(len(frame) for frame in socket.sent if frame[:1] == b"x")
    assert sent == 100
    assert outbox.blocked_since is not None
    pings = [message.nonce for message in map(decode, (f for f in socket.sent if f[:1] != b"x"))]  # type: ignore[union-attr]
    assert len(pings) == 3
    outbox.arrived(pings[-1])
    assert sum(len(frame) for frame in socket.sent if frame[:1] == b"x") > 100


async def test_an_answer_to_what_was_never_sent_gives_no_credit() -> None:
    socket = Socket()
    outbox = socket.outbox(limit_bytes=100, credited=True)
    for _ in range(20):
        outbox.put(b"x" * 10, droppable=True)
    before = len(socket.sent)
    outbox.arrived(10**15)
    assert len(socket.sent) == before


async def test_a_close_comes_after_what_was_queued_and_nothing_after_it() -> None:
    socket = Socket()
    outbox = socket.outbox()
    socket.open.clear()
    outbox.put(b"1", droppable=True)
    outbox.put(b"why", droppable=False)
    outbox.close(4403, "no access")
    outbox.put(b"late", droppable=False)
    socket.open.set()
    await turn()
    assert socket.sent == [b"1", b"why", 4403]


async def test_a_send_that_fails_ends_the_outbox_quietly() -> None:
    socket = Socket()

    async def broken(_: dict[str, Any]) -> None:
        raise OSError

    outbox = socket.outbox()
    outbox._send = broken
    outbox.put(b"1", droppable=True)
    assert outbox.closed
    outbox.put(b"2", droppable=True)
    outbox.close(1000, "")


async def test_an_abandoned_outbox_holds_nothing() -> None:
    socket = Socket()
    outbox = socket.outbox()
    socket.open.clear()
    outbox.put(b"1", droppable=True)
    outbox.put(b"2", droppable=True)
    outbox.abandon()
    await turn()
    assert outbox.closed
    assert socket.sent == [b"1"]


async def test_a_send_that_waits_is_ended_with_its_outbox() -> None:
    ended: list[bool] = []

    class Leaving(Socket):
        async def send(self, message: dict[str, Any]) -> None:
            try:
                await super().send(message)
            finally:
                ended.append(self.open.is_set())

    socket = Leaving()
    for begun in (True, False):
        outbox = socket.outbox()
        socket.open.clear()
        outbox.put(b"first", droppable=True)
        if begun:
            await turn()
        outbox.abandon()
        await turn()
    assert ended == [False, False]


async def test_a_send_that_fails_after_it_has_waited_ends_the_outbox_too() -> None:
    class Breaking(Socket):
        async def send(self, message: dict[str, Any]) -> None:
            await super().send(message)
            raise ConnectionResetError

    socket = Breaking()
    outbox = socket.outbox()
    socket.open.clear()
    for frame in (b"1", b"2"):
        outbox.put(frame, droppable=True)
    socket.open.set()
    await turn()
    assert (outbox.closed, socket.sent, outbox.waiting_bytes) == (True, [b"1"], 0)


async def test_what_a_send_waits_for_may_fail() -> None:
    """It deals with that itself, as in a task of its own."""
    loop = asyncio.get_running_loop()
    waited, then, seen = loop.create_future(), loop.create_future(), list[str]()

    class Patient(Socket):
        async def send(self, message: dict[str, Any]) -> None:
            try:
                await waited
            except ConnectionError:
                seen.append("failed")
                await then
            seen.append("sent")

    outbox = Patient().outbox()
    outbox.put(b"1", droppable=True)
    await turn()
    waited.set_exception(ConnectionResetError())
    await turn()
    assert (seen, outbox.closed) == (["failed"], False)
    then.set_result(None)
    await turn()
    assert (seen, outbox.closed) == (["failed", "sent"], False)
