"""What happens on SIGTERM and SIGINT: the server stops accepting, and `collab.drain` runs before it cuts off anybody.

Left alone, uvicorn closes every socket and daphne cancels every application at once, with edits in their inboxes; there
is no hook before that (daphne has no lifespan protocol, uvicorn's comes after). So the method of each that ends
everything is given something to do first. Seen in uvicorn 0.54 and daphne 4.2.3; `tests/faults/test_restart.py` tells
when a newer one does otherwise.
"""

import asyncio
import logging
import math
import os
import select
import sys
import threading
from typing import Any, cast

from django.conf import settings

from collab import drain

logger = logging.getLogger(__name__)

LEAVING = 0.8  # the part of the limit in which sockets are answered; the rest is for requests and the last word
LET_IN_TURNS = 4096  # of the loop, each of which lets in one: others may knock for ever, and uvicorn keeps 2048 waiting
PARTING_S = 1.2  # the last word, and taking down what is left
ASKING_S = 0.25  # a proxy that has just connected sends its request within this: it would not send it twice


def leave_in_order() -> None:
    """From now on the server that runs us drains before it ends."""
    if "uvicorn.server" in sys.modules:
        _hold_uvicorn()
    if "daphne.server" in sys.modules:
        _hold_daphne()


def _hold_uvicorn() -> None:
    from uvicorn.server import Server

    end = Server.shutdown

    async def shutdown(self: Any, sockets: Any = None) -> None:
        loop = asyncio.get_running_loop()
        ends = await _told_to_end(loop)
        await _let_in([place.fileno() for listener in self.servers for place in listener.sockets])
        for listener in self.servers:
            listener.close()
        await asyncio.sleep(ASKING_S)
        for connection in list(self.server_state.connections):
            if isinstance(connection, self.config.http_protocol_class):  # those of sockets would cut them off
                connection.shutdown()
        await drain.leave(ends - (1 - LEAVING) * drain.limit_s())
        self.config.timeout_graceful_shutdown = max(1, math.floor(ends - PARTING_S - loop.time()))
        await end(self, sockets)
        await drain.part()

    Server.shutdown = shutdown  # type: ignore[method-assign]


def _hold_daphne() -> None:
    from daphne.server import Server
    from twisted.internet.defer import Deferred

    end = Server.kill_all_applications

    async def leave(self: Any) -> None:
        loop = asyncio.get_running_loop()
        ends = await _told_to_end(loop)
        running = await _close_daphnes_doors(loop)
        await drain.leave(ends - (1 - LEAVING) * drain.limit_s())
        if running:
            await asyncio.wait(running, timeout=max(0.0, ends - PARTING_S - loop.time()))
        await drain.part()

    def kill_all_applications(self: Any) -> Any:
        left: Any = Deferred.fromFuture(asyncio.ensure_future(leave(self), loop=asyncio.get_event_loop()))
        left.addErrback(lambda failure: logger.error("leaving failed", exc_info=failure.value))
        return left.addCallback(lambda _: end(self))

    Server.kill_all_applications = kill_all_applications


async def _told_to_end(loop: asyncio.AbstractEventLoop) -> float:
    """Begin; returns when it has to be over, in the loop's time."""
    drain.begin()
    notice_s = settings.COLLAB["DRAIN_NOTICE_MS"] / 1000
    _end_at_the_latest(notice_s + drain.limit_s())
    if notice_s:
        await asyncio.sleep(notice_s)
    return loop.time() + drain.limit_s()


def _end_at_the_latest(seconds: float) -> None:
    """Whatever hangs then (a query on a thread, a mail server): nothing that was acknowledged needs this process."""

    def end() -> None:
        logger.error("not gone %g s after it was told to end: ended without a goodbye", seconds)
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


async def _let_in(doors: list[int]) -> None:
    """Until nobody waits at these listening sockets: one that is closed turns away who waits there with a reset."""
    waiting = select.poll()
    for door in doors:
        waiting.register(door, select.POLLIN)
    quiet = 0
    for _ in range(LET_IN_TURNS):
        quiet = 0 if waiting.poll(0) else quiet + 1
        if quiet == 2:  # asyncio takes in who was accepted a turn later, and not at a door that is closed
            return
        await asyncio.sleep(0)


async def _close_daphnes_doors(loop: asyncio.AbstractEventLoop) -> list[asyncio.Future[Any]]:
    """Accept no more connections, and take no more requests on those that wait for the next one; the requests that are
    being read or answered.
    """
    from twisted.internet import reactor, tcp

    door: Any = tcp.Port
    doors = [reader for reader in cast(Any, reactor).getReaders() if isinstance(reader, door)]
    await _let_in([reader.fileno() for reader in doors])
    for reader in doors:
        reader.stopListening()
    await asyncio.sleep(ASKING_S)
    running = []
    for reader in cast(Any, reactor).getReaders():
        channel: Any = getattr(getattr(reader, "protocol", None), "_channel", None)
        if hasattr(channel, "persistent"):
            channel.persistent = False
            if not channel.requests:
                channel.loseConnection()
            for request in channel.requests:
                finished = request.notifyFinish().addErrback(lambda _: None)  # or given up by who asked
                running.append(finished.asFuture(loop))
    return running
