"""The tail of a document's log: the rows that no state holds yet. Long enough, it is folded into a new state, by this
process or by a worker, and nobody waits for it. A state costs as much as the document is large, so a larger one is
folded as much less often: what compaction adds to an edit does not grow with the document. One document is folded at a
time, with a rest: a hundred in which people type alike are due in the same second, and folding them all stopped their
edits for half of it.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from documents import compaction, jobs

from .store import DATABASE_DOWN, Store

if TYPE_CHECKING:
    from .live import LiveRoom

logger = logging.getLogger(__name__)

REST = 3  # times as long as the work before it
LONGEST_S = 10.0  # of a turn: somebody may make a document whose folding takes minutes


class Pace:
    """One at a time, and after one that took t nobody for three times t. One that takes too long is not waited for."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn, and have it."""
        await self._lock.acquire()
        loop = asyncio.get_running_loop()
        began, over = loop.time(), loop.call_later(LONGEST_S, self._lock.release)
        try:
            yield
        finally:
            ended = loop.time()
            if ended < over.when():  # else the lock is given up already, or in this very turn of the loop
                over.cancel()
                loop.call_later(REST * (ended - began), self._lock.release)


@dataclass(frozen=True, slots=True)
class Mark:
    """How long a tail was, at which row of the log, and when, in seconds since the epoch."""

    head: int
    rows: int
    size: int
    at: float


class Tail:
    """The tail of an open document, as this process knows it."""

    def __init__(self, live: "LiveRoom") -> None:
        self.live = live
        self.rows = 0  # after the newest state
        self.size = 0  # their bytes
        self.folded = 0  # bytes of the newest state, or a few more
        self.since: float | None = None  # when the oldest of them was written, in seconds since the epoch
        self.left: Mark | None = None  # a worker was asked for a state of so much, and none was found yet
        self._compacting = False

    async def date(self, seq: int) -> None:
        """Read since when there is a tail behind this row."""
        try:
            self.since = await self.live.hub.store.written_at(self.live.document, seq)
        except DATABASE_DOWN as error:  # a figure is missing, and nothing else
            logger.warning("document %s: no dates just now (%s)", self.live.document, type(error).__name__)

    def compact_if_due(self) -> None:
        """Have a new state written when the tail has grown enough since the last one, or since a worker was asked."""
        rows, size = (self.rows - self.left.rows, self.size - self.left.size) if self.left else (self.rows, self.size)
        if jobs.is_due(rows, size, self.live.hub.settings, folded=self.folded) and not self._compacting:
            self._compacting = True
            self.live.hub.spawn(self._compact())

    async def _compact(self) -> None:
        hub, document = self.live.hub, self.live.document
        mark, outcome = self._mark(), "failed"
        try:
            if await hub.store.read(lambda: jobs.leave_to_worker(document, mark.size, folded=self.folded)):
                self.left, outcome = mark, "left"
            else:
                async with hub.pace.turn():
                    mark = self._mark()
                    state = await compaction.compact(document)
                self._fold(mark)
                if state is not None:
                    self.folded = len(state.payload)
                outcome = "done"
        except DATABASE_DOWN as error:  # the next batch tries again
            logger.warning("document %s: not compacted (%s)", document, type(error).__name__)
        except compaction.NotCompacted:  # the log is whole, its state would not be: for an operator to look at
            logger.exception("document %s: not compacted", document)
            self.rows, self.size, self.left = 0, 0, None
        finally:
            hub.tally.compactions[outcome] += 1
            self._compacting = False

    def _mark(self) -> Mark:
        return Mark(self.live.room.head, self.rows, self.size, time.time())

    def found(self, seq: int) -> None:
        """The newest state holds the log up to this row: perhaps what was left to a worker."""
        if self.left is not None and seq >= self.left.head and not self._compacting:
            self._fold(self.left)

    def _fold(self, mark: Mark) -> None:
        self.rows -= mark.rows
        self.size -= mark.size
        self.folded += mark.size
        self.since = mark.at if self.rows else None
        self.left = None


async def find_states(store: Store, tails: Sequence[Tail]) -> None:
    """Look for the states that were left to workers: one question for all, none where there are none."""
    left = {tail.live.document: tail for tail in tails if tail.left is not None}
    if left:
        newest = await store.read(lambda: jobs.newest_states(list(left)))
        for document, tail in left.items():
            tail.found(newest.get(document, 0))
