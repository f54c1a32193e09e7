"""Two server processes in one thread, with a clock that only moves when it is told to.

The hubs, the consumers, the journal, the log and the verbs are the real ones, on a real database; what is played is
time, the relay between the two hubs (which may lose everything), and the sockets. Nothing waits: a step of a test ends
when nobody has anything left to do.
"""

import asyncio
import heapq
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from collab import hub, receipts, relay, store
from collab.consumers import DocumentConsumer
from collab.core.messages import SUBPROTOCOL
from collab.hub import Hub
from permissions import mail, signals
from tests.pen import Pen

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_entering: ContextVar[Hub] = ContextVar("entering")


class Clock(asyncio.SelectorEventLoop):
    """An event loop whose time is told."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def wall(self) -> datetime:
        """The time of the day."""
        return BEGAN + timedelta(seconds=self.now)

    def settle(self) -> None:
        """Run until nobody has anything to do before time goes on."""
        internals: Any = self
        while internals._ready or any(not each._cancelled and each._when <= self.now for each in internals._scheduled):
            self.call_soon(self.stop)
            self.run_forever()

    def advance(self, seconds: float) -> None:
        """Let time pass, alarm by alarm."""
        until = self.now + seconds
        internals: Any = self
        self.settle()
        while internals._scheduled and internals._scheduled[0]._when <= until:
            if internals._scheduled[0]._cancelled:
                gone = heapq.heappop(internals._scheduled)
                gone._scheduled = False
                internals._timer_cancelled_count -= 1
                continue
            self.now = max(self.now, internals._scheduled[0]._when)
            self.settle()
        self.now = until
        self.settle()


class Seat(Pen):
    """A person's page: a `Pen` on a real consumer."""

    def __init__(self, processes: "Processes", process: int, document: Any, headers: dict[str, str]) -> None:
        super().__init__()
        self.process = process
        self.code: int | None = None
        self.after_close: list[bytes] = []
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "url_route": {"kwargs": {"document": document}},
            "subprotocols": [SUBPROTOCOL],
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        _entering.set(processes.hubs[process])
        self._task = processes.clock.create_task(DocumentConsumer()(scope, self._said.get, self._hear))
        processes.clock.settle()

    @property
    def open(self) -> bool:
        return self.code is None

    def say(self, frame: bytes) -> None:
        """Send a frame, which nobody has read yet."""
        self._said.put_nowait({"type": "websocket.receive", "bytes": frame})

    def type(self, text: str) -> bool:
        """Write, and send it; False when there is no way to (not an editor as far as this page knows)."""
        self.text += text
        frame = self.push()
        if frame is not None:
            self.say(frame)
        return frame is not None

    def hang_up(self) -> None:
        self._said.put_nowait({"type": "websocket.disconnect"})
        self.code = self.code or 1000

    async def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close":
            self.code = message["code"]
            self.hang_up()
        elif message["type"] == "websocket.send":
            if self.code is not None:
                self.after_close.append(message["bytes"])
                return
            for frame in self.take(message["bytes"]):
                self.say(frame)
            if self.hello and not self.batch and not self.synced and not self.greeted:
                self.greeted = True
                self.say(self.greet())

    greeted = False


class Processes:
    """Two hubs and what is between them. `lossy`: the relay loses whatever is said while it is set."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lossy = False
        self.hubs = [self._start() for _ in range(2)]
        for one, other in (self.hubs, self.hubs[::-1]):
            self._join(one, other)
        self.clock.settle()

    def tell(self, process: int | None, news: relay.AccessNews) -> None:
        """What the signal's receiver does in a process; None: its announcement is lost before it leaves."""
        if process is not None:
            self.clock.call_soon(self.hubs[process].announce, news)

    def close(self) -> None:
        for each in self.hubs:
            self._run(each.close())
        for task in asyncio.all_tasks(self.clock):
            task.cancel()
        self.clock.settle()
        self.clock.close()

    def _start(self) -> Hub:
        async def start() -> Hub:
            made = Hub()
            made.start()
            return made

        return self._run(start())

    def _join(self, one: Hub, other: Hub) -> None:
        def publish(news: relay.News) -> None:
            if not self.lossy:
                message = relay.encode(news)
                self.clock.call_soon(lambda: other.hear(relay.decode(message)))

        patched: Any = one.relay
        patched.publish = publish

    def _run[T](self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.clock.run_until_complete(coroutine)


@contextmanager
def simulated(speaks_at: Callable[[], int | None]) -> Iterator[Processes]:
    """Two processes until the end of the block. `speaks_at`: where what is committed now is announced."""

    async def inline(_: Any, visit: Callable[[], Any]) -> Any:
        return visit()

    processes: list[Processes] = []

    def tell(news: relay.AccessNews) -> bool:
        processes[0].tell(speaks_at(), news)
        return True

    clock_of = SimpleNamespace(time=lambda: processes[0].clock.wall().timestamp(), monotonic=lambda: 0.0)
    with (
        patch.dict("os.environ", DJANGO_ALLOW_ASYNC_UNSAFE="1"),
        patch.object(store.Store, "read", inline),
        patch.object(store.Store, "_write", inline),
        patch.object(store.Store, "close", lambda _: None),
        patch.object(hub, "tell_everybody", tell),
        patch.object(hub, "tell_of_notices", lambda _: True),
        patch.object(hub, "current", _entering.get),
        patch.object(mail, "later", lambda _: None),
        patch.object(mail, "soon", lambda _: None),
        patch("django.utils.timezone.now", lambda: processes[0].clock.wall() if processes else BEGAN),
        patch.object(hub, "time", clock_of),
        patch.object(receipts, "time", clock_of),
        patch.object(signals, "time", clock_of),
    ):
        processes.append(Processes())
        try:
            yield processes[0]
        finally:
            processes[0].close()
