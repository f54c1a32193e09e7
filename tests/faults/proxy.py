"""A TCP proxy that is as bad as a network: it delays, freezes, cuts, changes its target, and loses the answer to a
COMMIT.
"""

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

COMMIT = b"COMMIT\x00"  # a simple query of PostgreSQL's protocol, as psycopg sends it


class Proxy:
    """Listens on `port` of the loopback and passes on to `target`, in a thread of its own.

    `delay_s`: how long every byte is under way, in each direction. `torn`: how many commits lost their answers, and how
    many were lost themselves.
    """

    def __init__(self, target: int, *, delay_s: float = 0.0) -> None:
        self.target = target
        self.delay_s = delay_s
        self.port = 0
        self.torn = [0, 0]
        self._rng: random.Random | None = None
        self._chance = 0.0
        self._pairs: set[_Pair] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy")
        self._begun = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._begun.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def cut(self) -> None:
        """End all connections as a crash of the machine in between would."""
        self._do(_Pair.abort)

    def freeze(self) -> None:
        """The connections there are bring nothing any more, and nobody is told; new ones work."""
        self._do(_Pair.freeze)

    def redirect(self, target: int) -> None:
        """From now on, to another port."""
        self.target = target
        self.cut()

    def tear_commits(self, rng: random.Random | None, *, chance: float = 0.0) -> None:
        """With this chance a connection ends at a COMMIT: in half of these before it arrives, in half after it was
        carried out and before the answer is through. None: not any more.
        """
        self._rng, self._chance = rng, chance

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._begun.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for pair in list(self._pairs):
                pair.abort()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    def _do(self, act: "Callable[[_Pair], None]") -> None:
        done = threading.Event()

        def on_loop() -> None:
            for pair in list(self._pairs):
                act(pair)
            done.set()

        self._loop.call_soon_threadsafe(on_loop)
        done.wait(10)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(writer, far_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                self._pass(pair, reader, far_writer, ours=True), self._pass(pair, far_reader, writer, ours=False)
            )
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._pairs.discard(pair)
            pair.abort()

    async def _pass(
        self, pair: "_Pair", reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, ours: bool
    ) -> None:
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sender = asyncio.create_task(self._deliver(pair, late, writer))
        try:
            while data := await reader.read(1 << 16):
                if not ours and pair.deaf:  # the answer to the COMMIT: it was carried out
                    self.torn[0] += 1
                    pair.abort()
                    return
                if ours and self._tears(data):
                    if self._rng is not None and self._rng.random() < 0.5:
                        self.torn[1] += 1
                        pair.abort()
                        return
                    pair.deaf = True
                late.put_nowait((self._loop.time() + self.delay_s, data))
        finally:
            if not pair.frozen:
                late.put_nowait((0.0, b""))
                with contextlib.suppress(Exception):
                    await sender
            sender.cancel()

    async def _deliver(
        self, pair: "_Pair", late: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await late.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            if pair.frozen:
                continue
            if not data:
                writer.close()
                return
            writer.write(data)
            await writer.drain()

    def _tears(self, data: bytes) -> bool:
        return self._rng is not None and COMMIT in data and self._rng.random() < self._chance


class _Pair:
    """Two sockets, one on each side. `deaf`: what comes back now is the answer to a COMMIT, and will be lost."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near, self.far = near, far
        self.frozen = self.deaf = False

    def freeze(self) -> None:
        self.frozen = True

    def abort(self) -> None:
        for writer in (self.near, self.far):
            writer.transport.abort()
