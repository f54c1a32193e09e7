"""The only road from realtime to rows: `documents.log` and `permissions.access`, on threads of our own.

Django's async ORM runs every call of the process on one shared thread. The journal must not wait in that queue, so it
has a thread, and so a database connection, to itself; reading has a few more.
"""

import asyncio
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, connection
from django.utils import timezone

from documents import log
from documents.models import Document, DocumentUpdate
from permissions.access import roles_of
from permissions.roles import Role

from .admission import Session, people_of
from .core.batch import Batch, Committed, Gone, Later, Outcome, Rejected
from .core.connection import Person
from .core.footprint import read_footprint
from .serial import SerialExecutor

# Gone, locked, full, in a deadlock or (internal) a standby that only reads: the same again may succeed.
DATABASE_DOWN = (OperationalError, InterfaceError, InternalError)
READERS = 4


class Store:
    """The database as the hub and the journal see it. Every method may raise `DATABASE_DOWN`."""

    def __init__(self) -> None:
        self._writer = SerialExecutor("journal")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store")

    async def commit(self, batches: Sequence[tuple[uuid.UUID, Batch]]) -> list[Outcome]:
        """Append the batches to their logs in one transaction. When this returns it is committed; when it raises,
        unknown: call it again with the same batches, no struct is stored twice (a deletion may be: it changes nothing).
        """
        appends = [_append(document, batch) for document, batch in batches]
        results = await self._write(lambda: log.append(appends, clients_of=_clients_of))
        return [_outcome(result) for result in results]

    async def load(self, document: uuid.UUID) -> log.Loaded | None:
        """State and log of a document, or None. Raises `LogBroken`."""
        return await self.read(lambda: log.load(document))

    async def written_at(self, document: uuid.UUID, seq: int) -> float | None:
        """When the oldest row after this one was, in seconds since the epoch; None: there is none."""
        rows = DocumentUpdate.objects.filter(document=document, seq__gt=seq).order_by("seq")
        found = rows.values_list("created_at", flat=True)
        first = await self.read(found.first)
        return first.timestamp() if first else None

    async def rows_after(self, document: uuid.UUID, seq: int) -> list[bytes]:
        """Log rows seq + 1, seq + 2, ..."""
        return await self.read(lambda: log.rows_after(document, seq))

    async def heads(self, documents: Iterable[uuid.UUID]) -> dict[uuid.UUID, log.Head]:
        """Newest row of each document that still exists."""
        ids = list(documents)
        return await self.read(lambda: log.heads(ids))

    async def note_loss(self, document: uuid.UUID, seen: log.Head) -> None:
        """Rows up to this head were committed, and are not in the log any more."""
        await self.read(lambda: log.note_loss(document, seen))

    async def titles(self, documents: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
        """Titles of those that exist."""
        found = Document.objects.filter(pk__in=list(documents)).values_list("pk", "title")
        return await self.read(lambda: dict(found))

    async def link_ends(self, documents: Iterable[uuid.UUID]) -> dict[uuid.UUID, float]:
        """When the links of these documents end, in seconds since the epoch; those that do not, or have, are left out.

        To be asked before `roles`: a link that ends in between is then known to end, or to have ended.
        """
        found = Document.objects.filter(pk__in=list(documents), link_expires_at__gt=timezone.now())
        rows = found.values_list("pk", "link_expires_at")
        return await self.read(lambda: {pk: ends.timestamp() for pk, ends in rows if ends is not None})

    async def roles(self, pairs: Collection[tuple[uuid.UUID, int]]) -> dict[tuple[Any, int], Role]:
        """What each of these people may do with each of these documents; no access is left out."""
        return await self.read(lambda: roles_of(Document, pairs))

    async def people_of(self, sessions: Collection[Session]) -> dict[Session, Person]:
        """Who these sessions belong to now; those that have ended are left out."""
        return await self.read(lambda: people_of(sessions))

    async def answers(self) -> bool:
        """Whether the database can be read: then what failed was not for want of one."""
        try:
            await self.heads([uuid.UUID(int=0)])
        except DATABASE_DOWN:
            return False
        return True

    async def quarantine(self, document: uuid.UUID, user: int, payload: bytes, error: str) -> None:
        """Keep bytes that broke the document."""
        await self.read(lambda: log.quarantine(document, author=user, payload=payload, error=error))

    async def read[T](self, visit: Callable[[], T]) -> T:
        """Run one synchronous visit to the database on a reader's thread (`admission`)."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, _visit, visit)

    async def _write[T](self, visit: Callable[[], T]) -> T:
        return await self._writer.run(lambda: _visit(visit))

    def close(self) -> None:
        """Give up the threads and their connections."""
        self._writer.close(connection.close)
        self._readers.submit(connection.close)
        self._readers.shutdown(wait=False)


def _visit[T](visit: Callable[[], T]) -> T:
    try:
        return visit()
    except DATABASE_DOWN:
        if connection.connection is not None:
            connection.connection.close()  # else the pool would hand it out again, to an old primary for instance
        connection.close()
        raise
    except DatabaseError:
        connection.close()  # whatever is wrong with it, the next visit starts afresh
        raise


def _append(document: uuid.UUID, batch: Batch) -> log.Append:
    rows = tuple(
        log.Row(entry.user, entry.delta, entry.claims, tuple(entry.ends), entry.held, entry.returned, entry.token)
        for entry in batch.rows
        if entry.delta is not None
    )
    return log.Append(document, batch.base, rows, batch.restored_at)


def _outcome(result: log.Result) -> Outcome:
    if isinstance(result, log.Appended):
        return Committed(result.first, result.last, int(result.at.timestamp() * 1000), result.missed, result.brought)
    if isinstance(result, log.Refused):
        return Rejected(result.authors, result.claims, result.tokens)
    return Later() if isinstance(result, log.Busy) else Gone()


def _clients_of(update: bytes) -> Collection[int]:
    return read_footprint(update).spans
