"""The moment in which a server closes its door."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any

import pytest
import uvloop

from project.shutdown import _let_in

WAITING = 150


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_everybody_who_waits_at_the_door_is_let_in_before_it_closes(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def leave() -> list[bytes]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Greeter, "127.0.0.1", 0, backlog=2 * WAITING)
        port = server.sockets[0].getsockname()[1]
        with ExitStack() as street:
            callers = [
                street.enter_context(closing(socket.create_connection(("127.0.0.1", port), timeout=10)))
                for _ in range(WAITING)
            ]
            await _let_in([door.fileno() for door in server.sockets])
            server.close()
            heard = [await asyncio.to_thread(listened, caller) for caller in callers]
        async with asyncio.timeout(10):
            await server.wait_closed()
        return heard

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(leave()) == [b"hello"] * WAITING


class Greeter(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        transport.write(b"hello")
        transport.close()


def listened(caller: socket.socket) -> bytes:
    try:
        return caller.recv(5)
    except ConnectionError:
        return b""
