"""`python -m benchmarks.big`: large documents, many people in one, many documents, on one process. docs/performance.md.

uvicorn and SQLite on one core, the clients on the other. What a load does to the others is seen from another document:
somebody there sends a PING every 5 ms, and the longest wait for the answer is how long nobody was answered.
"""

import argparse
import asyncio
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pycrdt import Doc, Text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from collab.core import messages
from collab.core.lib0 import read_var_uint
from collab.core.replica import open_doc

from .contenders import Seat
from .coscribe import Coscribe
from .generator import LOAD, Generator

PING_EVERY_S = 0.005
KEEP_WARM_MS = 2_000
OPERATIONS, PER_UPDATE = 259_778, 10

Figures = dict[str, float | int]

STORE = """
from documents import log
document = Document.objects.create_for(owner=user("host"), title="large")
payload = open({file!r}, "rb").read()
row = log.Row(user("host").pk, payload, claims=({client},))
log.append([log.Append(document.pk, 0, (row,))], clients_of=lambda _: ())
result = [str(document.pk), person("host")["session"]]
"""
MANY = """
from documents import log
host = person("host")
with transaction.atomic():
    for n in range({count}):
        Document.objects.create_for(owner=user("host"), title=f"one of many {{n}}")
result = None
"""
TRACE = """
import {{ traceOf }} from {module!r}
import {{ writeFileSync }} from 'node:fs'
const {{ whole }} = traceOf({{ operations: {operations}, perUpdate: {per_update} }})
writeFileSync({file!r}, whole)
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.big", description=__doc__)
    parser.add_argument("--only", default=",".join(SCENES), help=f"of {', '.join(SCENES)}")
    parser.add_argument("--scale", type=float, default=1.0, help="of all sizes; small ones show that all works")
    options = parser.parse_args()
    for name in options.only.split(","):
        for what, figures in SCENES[name](options.scale).items():
            print(f"\n{what}")
            for measure, value in figures.items():
                print(f"  {measure}: {value}", flush=True)


def large(scale: float) -> dict[str, Figures]:
    """One document with a long history, and one at the bound of 16 MiB."""
    return {
        f"the history of {int(OPERATIONS * scale)} operations": _opened(lambda file: _write_trace(file, scale)),
        f"{16 * scale} MiB of single letters": _opened(lambda file: _write_letters(file, int(scale * (16 << 20)))),
    }


def crowded(scale: float) -> dict[str, Figures]:
    """Many readers and many writers in one document."""
    readers, typists = max(2, int(500 * scale)), max(1, int(50 * scale))
    with Serving() as serving:
        [seats] = serving.server.documents(1, readers + typists)
        empty = serving.weigh()
        taken = [seat.taken(typist=n < typists, sampled=n % 50 == 0) for n, seat in enumerate(seats)]
        came = serving.load.order("connect", seats=taken)
        full = serving.weigh()
        found = serving.load.order("type", rate=2 * typists, seconds=10, warm=2, pids=serving.server.pids)
        return {
            f"{readers} read, {typists} type 2 letters a second": {
                "until synced, ms p50": came["synced"]["p50"],
                "letter seen by another, ms p50": found["latency"]["p50"],
                "ms p95": found["latency"]["p95"],
                "ms p99": found["latency"]["p99"],
                "letters a second": found["sentPerSecond"],
                "frames a second": found["messagesPerSecond"],
                "server CPU": found["serverCpu"],
                "lost": found["lost"],
                "kB a person": round((full - empty) / len(seats) / 1000, 1),
                "generator at its end": int(found["generator"]["limit"]),
            }
        }


def many(scale: float) -> dict[str, Figures]:
    """Many documents on the disk, and many open ones."""
    stored, rooms = int(10_000 * scale), max(2, int(500 * scale))
    with Serving() as serving:
        places = serving.server.documents(rooms, 4)
        serving.server.seed(MANY.format(count=stored - rooms))
        serving.restart()
        empty = serving.weigh()
        taken = [seat.taken(typist=n == 0 and r % 5 == 0, sampled=n == 1) for r, some in enumerate(places)
                 for n, seat in enumerate(some)]  # fmt: skip
        began = time.perf_counter()
        came = serving.load.order("connect", seats=taken)
        took = time.perf_counter() - began
        full = serving.weigh()
        typists = len(range(0, rooms, 5))
        found = serving.load.order("type", rate=2 * typists, seconds=10, warm=2, pids=serving.server.pids)
        serving.load.order("leave")
        left = serving.settled()
        serving.load.order("connect", seats=taken)
        serving.load.order("leave")
        left_again = serving.settled()
        return {
            f"{stored} documents, {4 * rooms} sockets in {rooms} of them, {typists} type 2 letters a second": {
                "all came within s": round(took, 1),
                "until synced, ms p50": came["synced"]["p50"],
                "MB empty": round(empty / 1e6, 1),
                "MB with all": round(full / 1e6, 1),
                "kB a socket, its part of the room included": round((full - empty) / len(taken) / 1000, 1),
                "MB after all left": round(left / 1e6, 1),
                "MB after they came and left again": round(left_again / 1e6, 1),
                "letter seen by another, ms p50": found["latency"]["p50"],
                "ms p95": found["latency"]["p95"],
                "ms p99": found["latency"]["p99"],
                "server CPU": found["serverCpu"],
                "lost": found["lost"],
            }
        }


SCENES: dict[str, Callable[[float], dict[str, Figures]]] = {"large": large, "crowded": crowded, "many": many}


class Serving:
    """A server that unloads early, and the generator."""

    def __init__(self) -> None:
        self.server = Coscribe("uvicorn", dialect="v1", env={"COLLAB_ROOM_KEEP_WARM_MS": str(KEEP_WARM_MS)})
        self.load = Generator()

    def weigh(self) -> int:
        """Resident bytes of the server."""
        bytes_: int = self.load.order("weigh", pids=self.server.pids)["bytes"]
        return bytes_

    def settled(self) -> int:
        """The same, once the rooms were unloaded: the least of some seconds."""
        least = self.weigh()
        for _ in range(8):
            time.sleep(KEEP_WARM_MS / 1000 / 2)
            least = min(least, self.weigh())
        return least

    def restart(self) -> None:
        self.server.stop()
        self.server.start()

    def __enter__(self) -> "Serving":
        return self

    def __exit__(self, *_: object) -> None:
        self.load.close()
        self.server.remove()


def _opened(write: Callable[[str], int]) -> Figures:
    """Opens a document twice, cold and warm, while somebody elsewhere pings."""
    with Serving() as serving, tempfile.NamedTemporaryFile() as file:
        client = write(file.name)
        content = Path(file.name).read_bytes()
        [elsewhere, warmed] = serving.server.documents(2, 1)
        document, session = serving.server.seed(STORE.format(file=file.name, client=client))
        serving.restart()
        seat = serving.server.seat(document, session)
        return asyncio.run(_watched(serving, seat, elsewhere[0], warmed[0], content))


async def _watched(serving: Serving, seat: Seat, elsewhere: Seat, warmed: Seat, content: bytes) -> Figures:
    size = len(content)
    await _open(warmed)
    prober = Prober(elsewhere)
    async with prober.running():
        await asyncio.sleep(2)
        quiet, before = prober.worst_ms(), serving.weigh()
        cold = await _open(seat)
        during = prober.worst_ms()
        full = serving.weigh()
        warm = await _open(seat)
        during_warm = prober.worst_ms()
        left = await asyncio.to_thread(serving.settled)
        return {
            "MiB": round(size / (1 << 20), 2),
            **await _turns(content),
            "opened, ms": round(cold),
            "opened again while warm, ms": round(warm),
            "longest wait elsewhere before, ms": quiet,
            "longest wait elsewhere while it is opened, ms": during,
            "longest wait elsewhere while it is opened warm, ms": during_warm,
            "MB more while open": round((full - before) / 1e6, 1),
            "MB more after it was unloaded": round((left - before) / 1e6, 1),
        }


async def _turns(content: bytes) -> Figures:
    """How long a loop stands still while a thread puts the document together: in this process's own time, so that what
    else the machine does counts for nothing.
    """

    async def longest(load: Callable[[], object]) -> float:
        loading, worst, last = asyncio.create_task(asyncio.to_thread(load)), 0.0, time.process_time()
        while not loading.done():
            await asyncio.sleep(0.001)
            now = time.process_time()
            worst, last = max(worst, now - last), now
        await loading
        return round(worst * 1000, 1)

    return {
        "longest turn of the loop while it is put together, ms of CPU": await longest(lambda: open_doc([content])),
        "the same in one call": await longest(lambda: Doc[Any]().apply_update(content)),
    }


async def _open(seat: Seat) -> float:
    """Milliseconds until the STATE is here."""
    began = time.perf_counter()
    async with _socket(seat) as socket:
        await socket.send(messages.encode_step1(b"\x00"))
        async for frame in socket:
            if frame[0] == messages.Type.STATE:
                break
        return (time.perf_counter() - began) * 1000


def _socket(seat: Seat) -> Any:
    return connect(
        f"ws://127.0.0.1:{seat.port}{seat.path}", additional_headers=dict(seat.headers), max_size=None,
        subprotocols=[Subprotocol(messages.SUBPROTOCOL)], compression=None, ping_interval=None, proxy=None,
        open_timeout=None,
    )  # fmt: skip


class Prober:
    """Somebody in another document who asks all the time whether anybody is there."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._waits: list[float] = []

    def worst_ms(self) -> float:
        """The longest wait since the last time."""
        waits, self._waits = self._waits, []
        return round(max(waits, default=0.0) * 1000, 1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Asks within the block."""
        task = asyncio.create_task(self.probe())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def probe(self) -> None:
        """Ask until cancelled."""
        sent: dict[int, float] = {}
        async with _socket(self._seat) as socket:

            async def listen() -> None:
                try:
                    async for frame in socket:
                        if frame[0] == messages.Type.PONG:
                            nonce, _ = read_var_uint(frame, 1)
                            self._waits.append(time.perf_counter() - sent.pop(nonce))
                except ConnectionClosed:
                    pass

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(listen())
                for nonce in range(1 << 30):
                    sent[nonce] = time.perf_counter()
                    await socket.send(messages.encode_ping(nonce))
                    await asyncio.sleep(PING_EVERY_S)


def _write_trace(file: str, scale: float) -> int:
    script = TRACE.format(
        module=str(LOAD / "trace.mjs"), operations=int(OPERATIONS * scale), per_update=PER_UPDATE, file=file
    )
    subprocess.run(["node", "--input-type=module", "-e", script], check=True, cwd=LOAD)
    return 4711


def _write_letters(file: str, size: int) -> int:
    doc: Doc[Any] = Doc(client_id=4712)
    text = doc.get("text", type=Text)
    with doc.transaction():
        for _ in range(int(size / 7.98)):  # each before the one before it: a struct of its own, the worst there is
            text.insert(0, "x")
    Path(file).write_bytes(doc.get_update())
    return 4712


if __name__ == "__main__":
    main()
