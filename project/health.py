"""Whether this process can serve: what `/readyz` says. Asked at most once a second, however many ask, and never waited
for longer than `PATIENCE_S`: a probe that hangs is worse than one that says no.

Redis is a doorbell and no more, so a process without it is degraded and not dead. A database that the next release has
migrated already serves this one too.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor

from collab.drain import draining
from permissions.letters import Waiting, waiting

logger = logging.getLogger(__name__)

PATIENCE_S = 2.0
FRESH_S = 1.0
LETTERS_FRESH_S = 10.0
PROBED = "coscribe.probe"  # a group that nobody is in


@dataclass(frozen=True, slots=True)
class Readiness:
    """`database`: ok or down; `migrations`: ok, missing or unknown; `redis`: ok, down or none."""

    database: str
    migrations: str
    redis: str
    draining: bool = False

    @property
    def status(self) -> str:
        """In a word."""
        if self.draining:
            return "draining"
        if self.database != "ok" or self.migrations != "ok":
            return "unready"
        return "degraded" if self.redis == "down" else "ready"

    @property
    def serves(self) -> bool:
        """Whether people may be sent here."""
        return self.status in ("ready", "degraded")

    def __str__(self) -> str:
        return f"{self.status} (database {self.database}, migrations {self.migrations}, Redis {self.redis})"


class Health:
    """What this process knows of itself, and when it asked last. On one event loop."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="health")
        self._readiness = Fresh(self._ask, FRESH_S)
        self._letters = Fresh(self._ask_letters, LETTERS_FRESH_S)
        self._migrated = False
        self._said: str | None = None

    async def readiness(self) -> Readiness:
        """Now, or a second ago."""
        found = await self._readiness.value() or Readiness("down", "unknown", "none")
        found = Readiness(found.database, found.migrations, found.redis, draining())
        if self._said not in (None, str(found)) or (self._said is None and found.status != "ready"):
            logger.log(logging.INFO if found.serves else logging.WARNING, "this process is %s", found)
        self._said = str(found)
        return found

    async def letters(self) -> Waiting | None:
        """What is to be mailed; None where the database does not answer."""
        return await self._letters.value()

    async def _ask(self) -> Readiness:
        (database, migrations), redis = await asyncio.gather(self._visit(self._look), _ask_redis())
        return Readiness(database, migrations, redis)

    async def _ask_letters(self) -> Waiting:
        return await self._visit(waiting)

    async def _visit[T](self, visit: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, _connected, visit)

    def _look(self) -> tuple[str, str]:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                cursor.fetchone()
            # What was applied stays so; to look costs as much as 100 edits.
            self._migrated = self._migrated or _is_migrated()
        except (DatabaseError, InterfaceError):
            return "down", "unknown"
        return "ok", "ok" if self._migrated else "missing"


class Fresh[T]:
    """A value that is asked for again when it is old, by one at a time."""

    def __init__(self, ask: Callable[[], Awaitable[T]], fresh_s: float) -> None:
        self._ask = ask
        self._fresh_s = fresh_s
        self._value: T | None = None
        self._asked_at = 0.0
        self._answered_at = 0.0
        self._task: asyncio.Task[None] | None = None

    async def value(self) -> T | None:
        """It, or None when it cannot be had in time."""
        if self._answered_at and time.monotonic() - self._answered_at < self._fresh_s:
            return self._value
        if self._task is None or self._task.done():
            self._asked_at = time.monotonic()
            self._task = asyncio.get_running_loop().create_task(self._answer())
        patience = self._asked_at + PATIENCE_S - time.monotonic()
        done, _ = await asyncio.wait([self._task], timeout=max(0.0, patience))
        for task in done:
            task.result()  # what nobody foresaw is this request's error
        return self._value if done else None

    async def _answer(self) -> None:
        try:
            self._value = await self._ask()
        except (DatabaseError, InterfaceError):
            self._value = None
        self._answered_at = time.monotonic()


def _connected[T](visit: Callable[[], T]) -> T:
    try:
        return visit()
    finally:
        connection.close()  # the pool's again, if there is one; and the next visit finds out anew


def _is_migrated() -> bool:
    """Whether all migrations that this code knows were applied. Those that it does not know are its successor's."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


async def _ask_redis() -> str:
    layers = [get_channel_layer(name) for name in settings.CHANNEL_LAYERS]
    asked = [layer for layer in layers if not isinstance(layer, InMemoryChannelLayer | None)]
    if not asked:
        return "none"
    try:
        async with asyncio.timeout(PATIENCE_S / 2):
            for layer in asked:
                await layer.group_send(PROBED, {"type": "probe"})
    except Exception:  # noqa: BLE001 - any failure of Redis or its client
        return "down"
    return "ok"
