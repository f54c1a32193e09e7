"""Group commit: one transaction for all, no room pays for another's error, and no answer while the database has
none.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, cast

import pytest
from django.db import IntegrityError, OperationalError

from collab.core.batch import Batch, Committed, Later, Outcome
from collab.journal import Journal
from collab.store import Store


class Books:
    """A store that can be slow, down, or offended by one document."""

    def __init__(self) -> None:
        self.commits: list[list[uuid.UUID]] = []
        self.go = asyncio.Event()
        self.go.set()
        self.down = 0
        self.offended_by: uuid.UUID | None = None
        self.offence: Exception = IntegrityError("no")
        self.held: dict[uuid.UUID, bool] = {}

    async def commit(self, batches: Sequence[tuple[uuid.UUID, Batch]]) -> list[Outcome]:
        await self.go.wait()
        documents = [document for document, _ in batches]
        if self.down:
            self.down -= 1
            raise OperationalError("gone")
        if self.offended_by in documents:
            raise self.offence
        self.commits.append(documents)
        held = [self.held.pop(document, False) for document in documents]
        return [Later() if each else Committed(1, 1, 0) for each in held]

    async def answers(self) -> bool:
        return not self.down


class Clerk:
    """A room as the journal sees it."""

    def __init__(self) -> None:
        self.document = uuid.uuid4()
        self.settled = asyncio.Event()
        self.failed = asyncio.Event()
        self.empty = False
        self.takes_s = 0.0

    def prepare(self) -> Batch | None:
        return None if self.empty else Batch(0, ())

    def settle(self, outcome: Outcome) -> None:
        time.sleep(self.takes_s)
        self.settled.set()

    def fail(self) -> None:
        self.failed.set()


@pytest.fixture
async def books() -> Books:
    return Books()


@pytest.fixture
async def journal(books: Books) -> AsyncIterator[Journal]:
    journal = Journal(cast(Store, books))
    journal.start()
    yield journal
    await journal.close()


async def soon(event: asyncio.Event) -> None:
    async with asyncio.timeout(5):
        await event.wait()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0)


async def test_an_idle_room_is_committed_at_once(books: Books, journal: Journal) -> None:
    ada = Clerk()
    journal.ready(ada)
    await soon(ada.settled)
    assert books.commits == [[ada.document]]


async def test_what_comes_during_a_commit_shares_the_next(books: Books, journal: Journal) -> None:
    first, *rest = clerks = [Clerk() for _ in range(5)]
    books.go.clear()
    journal.ready(first)
    await asyncio.sleep(0)
    for clerk in rest:
        journal.ready(clerk)
    await asyncio.sleep(0)
    books.go.set()
    for clerk in clerks:
        await soon(clerk.settled)
    assert books.commits == [[first.document], [clerk.document for clerk in rest]]


async def test_many_rooms_take_turns_and_none_is_overtaken(books: Books, journal: Journal) -> None:
    clerks = [Clerk() for _ in range(200)]
    for clerk in clerks:
        journal.ready(clerk)
    await soon(clerks[0].settled)
    journal.ready(clerks[0])  # typed on: after those who have not had their turn
    await asyncio.gather(*(soon(clerk.settled) for clerk in clerks))
    documents = [clerk.document for clerk in clerks]
    assert [document for commit in books.commits for document in commit][:200] == documents
    assert all(len(commit) <= 25 for commit in books.commits)
    assert len(books.commits) <= 16


async def test_only_a_journal_that_is_busy_yields_after_a_fan_out(
    books: Books, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def pause(delay: float) -> None:
        pauses.append(delay)
        await sleep(delay)

    first, second = Clerk(), Clerk()
    for clerk in (first, second):
        clerk.takes_s = 0.002
    books.go.clear()
    journal.ready(first)
    await sleep(0)
    monkeypatch.setattr(asyncio, "sleep", pause)
    journal.ready(second)  # while the first is being committed
    books.go.set()
    await soon(second.settled)
    await sleep(0)
    assert pauses[0] == 0
    assert pauses[1] >= second.takes_s


async def test_a_room_with_nothing_to_say_costs_no_transaction(books: Books, journal: Journal) -> None:
    quiet, ada = Clerk(), Clerk()
    quiet.empty = True
    journal.ready(quiet)
    journal.ready(ada)
    await soon(ada.settled)
    assert books.commits == [[ada.document]]


async def test_one_rooms_error_does_not_take_the_others(
    books: Books, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    bad, ada, bob = Clerk(), Clerk(), Clerk()
    books.offended_by = bad.document
    for clerk in (ada, bad, bob):
        journal.ready(clerk)
    await soon(bad.failed)
    await soon(ada.settled)
    await soon(bob.settled)
    assert not bad.settled.is_set()
    assert "cannot be committed" in caplog.text or "failed" in caplog.text


async def test_a_database_that_is_down_is_waited_for(
    books: Books, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    ada = Clerk()
    books.down = 3
    journal.ready(ada)
    await soon(ada.settled)
    assert books.down == 0
    assert caplog.text.count("does not answer") == 1
    assert journal.stalled_since is None


async def test_a_batch_that_fails_like_a_dead_database_while_it_lives_fails_alone(
    books: Books, journal: Journal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Too many SQL variables, a lock that times out: the same error class as a database that is gone."""
    monkeypatch.setattr("collab.journal.RETRY_FIRST_S", 0.001)
    bad, ada = Clerk(), Clerk()
    books.offended_by, books.offence = bad.document, OperationalError("too many SQL variables")
    journal.ready(ada)
    journal.ready(bad)
    await soon(ada.settled)
    await soon(bad.failed)
    assert "cannot be committed" in caplog.text


async def test_a_document_whose_lock_is_held_comes_again_and_the_others_do_not_wait(
    books: Books, journal: Journal
) -> None:
    held, ada = Clerk(), Clerk()
    books.held[held.document] = True
    journal.ready(held)
    journal.ready(ada)
    await soon(ada.settled)
    await soon(held.settled)
    assert books.commits == [[held.document, ada.document], [held.document]]


async def test_a_document_that_another_process_moved_on_comes_again_at_once(
    books: Books, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collab.journal.LOCK_RETRY_S", 3600)
    held, ada = Clerk(), Clerk()
    books.held[held.document] = True
    journal.ready(held)
    await until(lambda: len(books.commits) == 1)
    journal.ready(ada)
    await soon(ada.settled)
    assert books.commits == [[held.document], [ada.document]]  # nobody asks meanwhile
    journal.moved(uuid.uuid4())
    journal.moved(held.document)
    await soon(held.settled)
    assert books.commits == [[held.document], [ada.document], [held.document]]


async def test_the_journal_ends_with_its_process(books: Books) -> None:
    journal = Journal(cast(Store, books))
    journal.start()
    await journal.close()
    tasks: Any = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in tasks if task.get_name() == "journal"]
