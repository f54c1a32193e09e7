"""`python -m benchmarks.revocation`: how long a right that is taken away still works.

From the moment in which the manager's HTTP request is sent, until the other's socket has received that the page is
read-only now (ACCESS). The manager's request and the sockets of the others go to different processes where there are
two.
"""

import argparse
import asyncio
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import seed
from tests.clients import Scribe
from tests.servers import ROOT, AppServer, migrate, migrated_sqlite, start_postgres, start_redis

PATIENCE_S = 60.0

SCENE = """
with transaction.atomic():
    ada, bob = person("ada"), person("bob")
    document = Document.objects.create_for(owner=user("ada"), title="minutes")
    crew = Group.objects.create(name="crew")
    crowd = [person(f"p{n}") for n in range(CROWD)]
    crew.user_set.add(*[each["id"] for each in crowd])
    sharing.grant(by=user("ada"), obj=document, to=user("bob"), role=Role.EDITOR)
    sharing.grant(by=user("ada"), obj=document, to=crew, role=Role.EDITOR)
result = {
    "document": str(document.pk), "ada": ada, "bob": bob, "crowd": crowd, "crew": crew.pk, "token": token("ada"),
}
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds: from the request until locked, and as the receipt told the manager."""

    what: str
    locked: Sequence[float]
    told: Sequence[float]

    @property
    def line(self) -> str:
        cells = [self.what, str(len(self.locked)), *map(_ms, _spread(self.locked)), _ms(statistics.median(self.told))]
        return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.revocation", description=__doc__)
    parser.add_argument("--changes", type=int, default=100, help="of each kind")
    parser.add_argument("--people", default="1,200", help="in the document, beside its owner")
    parser.add_argument("--servers", default="one,two", help="one: uvicorn and SQLite; two: with Redis and PostgreSQL")
    options = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {options.changes} changes\n"
    )
    print("| servers, people, change | n | median ms | p95 ms | worst ms | receipt says, median ms |")
    print("| --- | --- | --- | --- | --- | --- |")
    for servers in options.servers.split(","):
        for people in map(int, options.people.split(",")):
            for figures in measure(servers, people, changes=options.changes):
                print(figures.line, flush=True)


@contextmanager
def staged(servers: str, people: int) -> Iterator[tuple[list[AppServer], Any]]:
    """The servers that are meant by `one` or `two`, with `SCENE` and so many people in it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coscribe-bench-")))
        redis_url = ""
        if servers == "one":
            database_url = migrated_sqlite(folder)
        else:
            database_url = stack.enter_context(start_postgres()).create_database("coscribe")
            migrate(database_url)
            redis_url = stack.enter_context(start_redis()).url
        env = {"STATIC_ROOT": str(ROOT / "var" / "static")}
        apps = [
            stack.enter_context(AppServer("uvicorn", database_url=database_url, redis_url=redis_url, env=env))
            for _ in range(1 if servers == "one" else 2)
        ]
        yield apps, seed.run(SCENE.replace("CROWD", str(people - 1)), database_url=database_url, redis_url=redis_url)


def measure(servers: str, people: int, *, changes: int) -> list[Figures]:
    """Start the servers, fill the document, take rights away and give them back."""
    with staged(servers, people) as (apps, scene):
        return asyncio.run(_measure(servers, people, changes, apps, scene))


async def _measure(servers: str, people: int, changes: int, apps: list[AppServer], scene: Any) -> list[Figures]:
    near, far = apps[0], apps[-1]
    document = scene["document"]
    ada = await Scribe(near.ws_url, scene["ada"]["session"], document).join()
    bob = await Scribe(far.ws_url, scene["bob"]["session"], document).join()
    crowd = [await Scribe(far.ws_url, each["session"], document).join() for each in scene["crowd"]]
    manager = await Manager.arrive(near, document, scene["token"])
    found = []
    kinds = [(f"user-{scene['bob']['id']}", [bob], "one person's")]
    if crowd:
        kinds.append((f"group-{scene['crew']}", crowd, f"a group's, until the last of {len(crowd)}"))
    for holder, touched, what in kinds:
        locked, told = [], []
        for number in range(changes + 3):
            ms, receipt = await _change(manager, ada, holder, touched, "viewer")
            await _change(manager, ada, holder, touched, "editor")
            if number >= 3:  # the first few warm up
                locked.append(ms)
                told.append(receipt)
        found.append(Figures(f"{servers}, {people}, {what}", locked, told))
    await asyncio.gather(*(each.close() for each in [ada, bob, *crowd]))
    await manager.leave()
    return found


async def _change(
    manager: "Manager", ada: Scribe, holder: str, touched: list[Scribe], role: str
) -> tuple[float, float]:
    """Until the last of them knows; and what the receipt says."""
    waiting = asyncio.gather(*(each.until(lambda each=each: each.role == role) for each in touched))  # type: ignore[misc]
    await asyncio.sleep(0)
    began = time.perf_counter()
    answered = asyncio.create_task(manager.revise(holder, role))
    await asyncio.wait_for(waiting, PATIENCE_S)
    ms = (time.perf_counter() - began) * 1000
    change = (await answered)["change"]
    sessions = len(touched)
    await ada.until(lambda: any(r["change"] == change and r["sessions"] == sessions for r in ada.receipts))
    return ms, next(r["ms"] for r in ada.receipts if r["change"] == change and r["sessions"] == sessions)


class Manager:
    """A browser's kept connection, as little of HTTP as does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        self._reader, self._writer, self._head = reader, writer, head

    @classmethod
    async def arrive(cls, app: AppServer, document: str, token: str) -> "Manager":
        head = (
            f"PATCH /api/documents/{document}/shares/HOLDER/ HTTP/1.1\r\nHost: 127.0.0.1:{app.port}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: LENGTH\r\n\r\n"
        )
        return cls(*await asyncio.open_connection("127.0.0.1", app.port), head)

    async def revise(self, holder: str, role: str) -> Any:
        """Change a role; the answer. Raises `RuntimeError` for one that is not 200."""
        body = json.dumps({"role": role})
        self._writer.write((self._head.replace("HOLDER", holder).replace("LENGTH", str(len(body))) + body).encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        size = next(int(line.split(":")[1]) for line in head.lower().split("\r\n") if line.startswith("content-length"))
        answer = await self._reader.readexactly(size)
        if " 200 " not in head.split("\r\n", 1)[0]:
            raise RuntimeError(f"{head}{answer.decode()}")
        return json.loads(answer)

    async def leave(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], ordered[-1]


def _ms(value: float) -> str:
    return f"{value:.1f}"


if __name__ == "__main__":
    main()
