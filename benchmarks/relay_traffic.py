"""`python -m benchmarks.relay_traffic`: what processes tell each other through Redis.

By arithmetic, as simulated, as measured.

docs/scaling.md counts from the arithmetic how far one Redis goes. So it is held against a simulation of the journal
(seeded; tests/test_relay_traffic.py), and both against processes that really run.
"""

import argparse
import asyncio
import heapq
import math
import os
import random
import statistics
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import redis.asyncio

from tests.clients import Scribe, converge
from tests.seed import scene
from tests.servers import AppServer, Redis, migrate, start_postgres, start_redis

PATIENCE_S = 60.0
DOCUMENT = b"coscribe.document."  # in the name of a channel
DELTA = b"\xa5delta"  # msgpack's five letters


@dataclass(frozen=True, slots=True)
class Town:
    """Documents with people in them, who sit at processes at random; some type, each `letters_per_s`.

    `commit_s`: what a cycle of the journal takes; what comes meanwhile is in the next.
    """

    processes: int = 2
    documents: int = 4
    people: int = 4  # in each document
    typists: int = 2  # of them
    letters_per_s: float = 4.0
    commit_s: float = 0.005
    seconds: float = 10.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Traffic:
    """Of deltas, in all of the time: letters typed, messages published, and copies of them that Redis delivers."""

    letters: float
    published: float
    delivered: float


def expect(town: Town) -> Traffic:
    """By arithmetic, on average over where people sit: Poisson typing, one journal a process.

    A journal's cycle is the commit and, when nothing came meanwhile (e^-Ec of the times), the wait for the next letter:
    c + e^-Ec / E, with E letters a second at the process. A cycle that begins with a wait holds one document's batch;
    else each document whose letters came during the commit has one. A message goes to every process where somebody has
    the document open, the sender's own included: N (1 - (1 - 1/N)^m) of N, where m people are in it, one of them the
    writer.
    """
    processes, commit = town.processes, town.commit_s
    letter_rate = town.documents * town.typists * town.letters_per_s
    here = letter_rate / processes  # at one process
    of_document = town.typists * town.letters_per_s / processes
    quiet = math.exp(-here * commit)
    cycles = 1 / (commit + quiet / here)
    batches = cycles * (town.documents * (1 - math.exp(-of_document * commit)) + quiet)
    reached = 1 + (processes - 1) * (1 - (1 - 1 / processes) ** (town.people - 1))
    published = batches * processes * town.seconds
    return Traffic(letter_rate * town.seconds, published, published * reached)


def simulate(town: Town) -> Traffic:
    """The same, letter by letter, with a seed."""
    chance = random.Random(town.seed)
    seats = seats_of(town, chance)
    open_at = [set(row) for row in seats]
    letters: list[tuple[float, int, int]] = []  # when, process, document
    for document, row in enumerate(seats):
        for process in row[: town.typists]:
            at = chance.expovariate(town.letters_per_s)
            while at < town.seconds:
                letters.append((at, process, document))
                at += chance.expovariate(town.letters_per_s)
    heapq.heapify(letters)
    published = delivered = 0
    typed = len(letters)
    free_at = [0.0] * town.processes
    inbox: list[set[int]] = [set() for _ in range(town.processes)]

    def commit(process: int, began: float) -> None:
        nonlocal published, delivered
        published += len(inbox[process])
        delivered += sum(len(open_at[document]) for document in inbox[process])
        inbox[process].clear()
        free_at[process] = began + town.commit_s

    while letters:
        at, process, document = heapq.heappop(letters)
        if inbox[process] and free_at[process] <= at:
            commit(process, free_at[process])
        inbox[process].add(document)
        if free_at[process] <= at:
            commit(process, at)
    for process in range(town.processes):
        commit(process, free_at[process])
    return Traffic(typed, published, delivered)


def seats_of(town: Town, chance: random.Random) -> list[list[int]]:
    """For each document, the process of each of its people; those who type come first."""
    return [[chance.randrange(town.processes) for _ in range(town.people)] for _ in range(town.documents)]


async def measure(town: Town, apps: list[AppServer], redis_url: str, made: dict[str, Any]) -> tuple[Traffic, float]:
    """As it is: what Redis is told, by somebody who listens to everything; and the median time until an edit was
    acknowledged, in seconds.
    """
    chance = random.Random(town.seed)
    seats = seats_of(town, chance)
    names = list(made["people"])
    places: list[list[Scribe]] = []
    for document, row in zip(made["documents"], seats, strict=False):
        scribes = [
            Scribe(apps[process].ws_url, made["people"][names[number]]["session"], document)
            for number, process in enumerate(row)
        ]
        places.append(await asyncio.gather(*(each.join() for each in scribes)))
    async with Listener(redis_url) as listener:
        await listener.until_heard(places, apps)
        listener.clear()
        waits: list[float] = []
        letters = sum(
            await asyncio.gather(
                *(_type(town, each, random.Random(f"{town.seed} {row} {number}"), waits)
                  for row, scribes in enumerate(places) for number, each in enumerate(scribes[: town.typists]))
            )
        )  # fmt: skip
        for scribes in places:
            async with asyncio.timeout(PATIENCE_S):
                await converge(*scribes)
        traffic = Traffic(letters, listener.published, listener.delivered)
    await asyncio.gather(*(each.close() for scribes in places for each in scribes))
    return traffic, statistics.median(waits)


async def _type(town: Town, scribe: Scribe, chance: random.Random, waits: list[float]) -> int:
    began, typed = time.monotonic(), 0
    at = chance.expovariate(town.letters_per_s)
    while at < town.seconds:
        await asyncio.sleep(began + at - time.monotonic())
        sent = time.monotonic()
        await scribe.type("x")
        await scribe.saved()
        waits.append(time.monotonic() - sent)
        typed += 1
        at = max(at + chance.expovariate(town.letters_per_s), time.monotonic() - began)
    return typed


class Listener:
    """Hears all that is published, and knows how many others do."""

    def __init__(self, url: str) -> None:
        self._client = redis.asyncio.Redis.from_url(url)
        self._pubsub = self._client.pubsub()
        self._deltas: Counter[bytes] = Counter()  # by channel
        self._reach: dict[bytes, int] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def published(self) -> int:
        return sum(self._deltas.values())

    @property
    def delivered(self) -> int:
        return sum(count * self._reach[channel] for channel, count in self._deltas.items())

    def clear(self) -> None:
        self._deltas.clear()

    async def until_heard(self, places: list[list[Scribe]], apps: list[AppServer]) -> None:
        """Until every process subscribes to the documents that are open in it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                channels = [name for name in await self._client.pubsub_channels() if DOCUMENT in name]
                self._reach = await self._numsub(channels) if channels else {}
                wanted = sum(len({each.url.split("/ws/")[0] for each in scribes}) for scribes in places)
                if sum(self._reach.values()) == wanted:
                    return
                await asyncio.sleep(0.05)

    async def _numsub(self, channels: list[Any]) -> dict[bytes, int]:
        found: Any = await self._client.pubsub_numsub(*channels)
        return dict(found)

    async def __aenter__(self) -> "Listener":
        await self._pubsub.psubscribe("*")
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]
        await self._client.aclose()

    async def _listen(self) -> None:
        async for message in self._pubsub.listen():
            channel, data = message["channel"], message["data"]
            if message["type"] == "pmessage" and DOCUMENT in channel and DELTA in data:
                self._deltas[channel] += 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay_traffic", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    heads = (
        "processes",
        "letters",
        "published: arithmetic, simulated, measured",
        "delivered: the same",
        "acknowledged after, median ms",
        "CPU of the processes, ms a letter",
        "CPU of Redis, us a delivery",
    )
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    with ExitStack() as stack:
        server = stack.enter_context(start_redis())
        database_url = stack.enter_context(start_postgres()).create_database("coscribe")
        migrate(database_url)
        apps = [
            stack.enter_context(AppServer("uvicorn", database_url=database_url, redis_url=server.url)) for _ in range(3)
        ]
        for processes in (1, 2, 3):
            town = Town(processes=processes, documents=6, people=4, typists=2, seconds=options.seconds)
            print(_line(town, apps[:processes], server, database_url), flush=True)


def _line(town: Town, apps: list[AppServer], server: Redis, database_url: str) -> str:
    shared = {f"p{number}": "editor" for number in range(town.people - 1)}
    made = scene(owner="host", shared=shared, database_url=database_url, documents=town.documents)
    before, before_redis = sum(cpu_s(each.pid) for each in apps), cpu_s(server.pid)
    found, commit_s = asyncio.run(measure(town, apps, server.url, made))
    spent, spent_redis = sum(cpu_s(each.pid) for each in apps) - before, cpu_s(server.pid) - before_redis
    timed = replace(town, commit_s=commit_s)
    said = [(each.published, each.delivered) for each in (expect(timed), simulate(timed), found)]
    published, delivered = (", ".join(f"{each[column]:.0f}" for each in said) for column in (0, 1))
    cells = (
        town.processes,
        found.letters,
        published,
        delivered,
        f"{commit_s * 1000:.1f}",
        f"{spent / found.letters * 1000:.2f}",
        f"{spent_redis / found.delivered * 1e6:.0f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, by the kernel's count."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
