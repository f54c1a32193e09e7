"""Group commit: one transaction for the edits of many rooms.

While a commit runs, edits gather in the rooms' inboxes, and are taken by the next. An idle room so commits at once, and
under load a batch is what came in since the room's last turn. Where many rooms have edits they take turns, those that
have waited longest first: one commit for all would let each edit wait for the end of the one before, and then for all
the other rooms' work. A journal that is busy yields t after a fan-out that took t, so that it never takes more than
half of the loop, and the batch grows instead of the latency.

A document whose lock another process holds is put off until that process tells of its commit. To ask every few
milliseconds cost more than the commits: three processes on one core were full at 250 edits a second.
"""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from .core.batch import Batch, Committed, Later, Outcome
from .store import DATABASE_DOWN, Store
from .tally import Tally
from .trouble import Trouble, trouble_of

logger = logging.getLogger(__name__)

PART = 8  # of the rooms that have edits, one in so many has its turn: more turns would wait for the disk too often
LEAST_ROOMS, MOST_ROOMS = 12, 500  # of a turn
MAX_YIELD_S = 0.02
RETRY_FIRST_S = 0.05
RETRY_LAST_S = 2.0
ATTEMPTS = 4  # after which it is asked whether the database works, and the batch does not
LOCK_RETRY_S = 0.02  # news that the document has moved on come sooner, if they come


class Writer(Protocol):
    """A room as the journal sees it."""

    document: uuid.UUID

    def prepare(self) -> Batch | None:
        """The edits to commit now."""

    def settle(self, outcome: Outcome) -> None:
        """They were committed, or not."""

    def fail(self) -> None:
        """They cannot be committed: an error that is this room's own."""


@dataclass(frozen=True, slots=True)
class Held:
    """A batch that waits for its document's lock; `patience` ends the waiting."""

    writer: Writer
    batch: Batch
    patience: asyncio.TimerHandle


class Journal:
    """The committer of this process."""

    def __init__(self, store: Store, tally: Tally | None = None) -> None:
        self._store = store
        self._tally = tally or Tally()
        self._ready: dict[uuid.UUID, Writer] = {}
        self._held: dict[uuid.UUID, Held] = {}  # prepared, but somebody else has the document's lock
        self._again: list[tuple[Writer, Batch]] = []  # ... and had it
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.stalled_since: float | None = None  # since when the database has not answered

    def start(self) -> None:
        """Begin to commit."""
        self._task = asyncio.create_task(self._run(), name="journal")

    async def close(self) -> None:
        """Stop. What is not committed was not acknowledged."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def ready(self, writer: Writer) -> None:
        """The room has edits."""
        self._ready[writer.document] = writer
        self._wake.set()

    def moved(self, document: uuid.UUID) -> None:
        """Another process has committed edits of this document, so its lock is free, perhaps."""
        held = self._held.pop(document, None)
        if held is not None:
            held.patience.cancel()
            self._again.append((held.writer, held.batch))
            self._wake.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            busy = self._wake.is_set()
            await self._wake.wait()
            self._wake.clear()
            batches = self._gather()
            if not batches:
                await asyncio.sleep(0)
                continue
            outcomes = await self._commit(batches)
            started = loop.time()
            self._count(batches, outcomes)
            for (writer, batch), outcome in zip(batches, outcomes, strict=True):
                if isinstance(outcome, Later):
                    patience = loop.call_later(LOCK_RETRY_S, self.moved, writer.document)
                    self._held[writer.document] = Held(writer, batch, patience)
                elif outcome is None:
                    writer.fail()
                else:
                    writer.settle(outcome)
            await asyncio.sleep(min(loop.time() - started, MAX_YIELD_S) if busy else 0)

    def _gather(self) -> list[tuple[Writer, Batch]]:
        batches, self._again = self._again, []
        turn = min(MOST_ROOMS, max(LEAST_ROOMS, len(self._ready) // PART))
        for document in list(islice(self._ready, turn)):
            writer = self._ready.pop(document)
            batch = writer.prepare()
            if batch is not None:
                batches.append((writer, batch))
        if self._ready:
            self._wake.set()
        return batches

    async def _commit(self, batches: Sequence[tuple[Writer, Batch]]) -> Sequence[Outcome | None]:
        """The outcome of each batch, None for one that fails while the database works. Waits for a database that is
        down, for as long as it takes: nothing is acknowledged meanwhile.
        """
        delay, attempts = RETRY_FIRST_S, 0
        while True:
            attempts += 1
            started = asyncio.get_running_loop().time()
            try:
                outcomes = await self._store.commit([(writer.document, batch) for writer, batch in batches])
            except DATABASE_DOWN as error:
                trouble = trouble_of(error)
                if trouble is Trouble.CONFLICT:
                    return await self._commit_apart(batches, error)
                if trouble is Trouble.UNKNOWN and attempts >= ATTEMPTS and await self._store.answers():
                    return await self._commit_apart(batches, error)
                self._note_stall(error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_LAST_S)
            except Exception as error:  # noqa: BLE001 - one room's batch: it never takes the others' edits along
                return await self._commit_apart(batches, error)
            else:
                self._tally.commit_seconds.observe(asyncio.get_running_loop().time() - started)
                if self.stalled_since is not None:
                    self.stalled_since = None
                    logger.info("the database is back")
                return outcomes

    async def _commit_apart(
        self, batches: Sequence[tuple[Writer, Batch]], error: Exception
    ) -> Sequence[Outcome | None]:
        """Room by room, to find whose batch it is that fails. One that only met another transaction comes again in
        the next cycles, so that it holds nobody up.
        """
        if len(batches) > 1:
            return [(await self._commit([each]))[0] for each in batches]
        if trouble_of(error) is Trouble.CONFLICT:
            return [Later()]
        logger.error("document %s: a batch cannot be committed", batches[0][0].document, exc_info=error)
        return [None]

    def _count(self, batches: Sequence[tuple[Writer, Batch]], outcomes: Sequence[Outcome | None]) -> None:
        stored = [
            batch.edits for (_, batch), outcome in zip(batches, outcomes, strict=True) if isinstance(outcome, Committed)
        ]
        if stored:
            self._tally.commit_rooms.observe(len(stored))
            self._tally.commit_edits.observe(sum(stored))

    def _note_stall(self, error: Exception) -> None:
        if self.stalled_since is None:
            self.stalled_since = asyncio.get_running_loop().time()
            logger.error(
                "the database does not answer (%s): nothing is acknowledged until it does", type(error).__name__
            )
