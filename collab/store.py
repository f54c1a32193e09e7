"""The only road from realtime to rows: `documents.log` and `permissions.access`, on threads of our own.

Django's async ORM runs every call of the process on one shared thread. The journal must not wait in that queue, so it
has a thread, and so a database connection, to itself; reading has a few more.
"""

import asyncio
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.contrib.sessions.models import Session
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from documents import log
from documents.models import Document
from permissions.access import roles_of
from permissions.roles import Role

from .core.batch import Batch, Committed, Gone, Later, Outcome, Rejected
from .core.footprint import read_footprint

DATABASE_DOWN = (OperationalError, InterfaceError)  # gone, locked, full, or in a deadlock: the same again may succeed
READERS = 4


class Store:
    """The database as the hub and the journal see it. Every method may raise `DATABASE_DOWN`."""

    def __init__(self) -> None:
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store")

    async def commit(self, batches: Sequence[tuple[uuid.UUID, Batch]]) -> list[Outcome]:
        """Append the batches to their logs in one transaction. When this returns it is committed; when it raises,
        unknown: call it again with the same batches, no struct is stored twice (a deletion may be: it changes nothing).
        """
        appends = [_append(document, batch) for document, batch in batches]
        results = await self._on(self._writer, lambda: log.append(appends, clients_of=_clients_of))
        return [_outcome(result) for result in results]

    async def load(self, document: uuid.UUID) -> log.Loaded | None:
        """State and log of a document, or None. Raises `LogBroken`."""
        return await self._on(self._readers, lambda: log.load(document))

    async def rows_after(self, document: uuid.UUID, seq: int) -> list[bytes]:
        """Log rows seq + 1, seq + 2, ..."""
        return await self._on(self._readers, lambda: log.rows_after(document, seq))

    async def heads(self, documents: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
        """Newest row of each document that still exists."""
        ids = list(documents)
        return await self._on(self._readers, lambda: log.heads(ids))

    async def roles(self, pairs: Collection[tuple[uuid.UUID, int]]) -> dict[tuple[Any, int], Role]:
        """What each of these people may do with each of these documents; no access is left out."""
        return await self._on(self._readers, lambda: roles_of(Document, pairs))

    async def live_sessions(self, keys: Collection[str]) -> set[str]:
        """Those of these sessions that still exist."""
        return await self._on(
            self._readers,
            lambda: set(
                Session.objects.filter(session_key__in=list(keys), expire_date__gt=timezone.now()).values_list(
                    "session_key", flat=True
                )
            ),
        )

    async def answers(self) -> bool:
        """Whether the database can be read: then what failed was not for want of one."""
        try:
            await self.heads([uuid.UUID(int=0)])
        except DATABASE_DOWN:
            return False
        return True

    async def quarantine(self, document: uuid.UUID, user: int, payload: bytes, error: str) -> None:
        """Keep bytes that broke the document."""
        await self._on(self._readers, lambda: log.quarantine(document, author=user, payload=payload, error=error))

    async def read[T](self, visit: Callable[[], T]) -> T:
        """Run one synchronous visit to the database on a reader's thread (`admission`)."""
        return await self._on(self._readers, visit)

    async def _on[T](self, threads: ThreadPoolExecutor, visit: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, _visit, visit)

    def close(self) -> None:
        """Give up the threads and their connections."""
        for threads in (self._writer, self._readers):
            threads.submit(connection.close)
            threads.shutdown(wait=False)


def _visit[T](visit: Callable[[], T]) -> T:
    try:
        return visit()
    except (DatabaseError, InterfaceError):
        connection.close()  # whatever is wrong with it, the next visit starts afresh
        raise


def _append(document: uuid.UUID, batch: Batch) -> log.Append:
    rows = tuple(
        log.Row(entry.user, entry.delta, entry.claims, tuple(entry.ends), entry.held)
        for entry in batch.rows
        if entry.delta is not None
    )
    return log.Append(document, batch.base, rows)


def _outcome(result: log.Result) -> Outcome:
    if isinstance(result, log.Appended):
        return Committed(result.first, result.last, int(result.at.timestamp() * 1000), result.missed)
    if isinstance(result, log.Refused):
        return Rejected(result.authors, result.claims)
    return Later() if isinstance(result, log.Busy) else Gone()


def _clients_of(update: bytes) -> Collection[int]:
    return read_footprint(update).spans
