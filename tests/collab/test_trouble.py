"""An error's code says what the next try may bring."""

import sqlite3
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import InternalError, OperationalError

from collab.core.batch import Batch, Committed, Outcome
from collab.journal import Journal
from collab.trouble import Trouble, trouble_of


def of_postgres(state: str) -> Exception:
    error = OperationalError("text in any language")
    error.__cause__ = psycopg.errors.lookup(state)("text in any language")
    return error


def of_sqlite(code: int) -> Exception:
    cause: Any = sqlite3.OperationalError("text")
    cause.sqlite_errorcode = code
    error = OperationalError("text")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (of_postgres("40001"), Trouble.CONFLICT),
        (of_postgres("40P01"), Trouble.CONFLICT),
        (of_postgres("55P03"), Trouble.CONFLICT),
        (of_postgres("25006"), Trouble.CLOSED),
        (of_postgres("53100"), Trouble.CLOSED),
        (of_postgres("57P01"), Trouble.CLOSED),
        (of_postgres("08006"), Trouble.CLOSED),
        (of_postgres("57014"), Trouble.UNKNOWN),
        (of_postgres("58030"), Trouble.UNKNOWN),  # a broken block of one document's stops no other
        (of_sqlite(sqlite3.SQLITE_FULL), Trouble.CLOSED),
        (of_sqlite(sqlite3.SQLITE_IOERR_FSYNC), Trouble.CLOSED),
        (of_sqlite(sqlite3.SQLITE_ERROR), Trouble.UNKNOWN),
        (OperationalError("the pool has none"), Trouble.UNKNOWN),
        (InternalError("?"), Trouble.UNKNOWN),
    ],
)
def test_the_code_says_what_it_is(error: Exception, trouble: Trouble) -> None:
    assert trouble_of(error) is trouble


class Room:
    """A room with one batch, that ends the test when it is settled."""

    def __init__(self) -> None:
        self.document = uuid4()
        self.outcomes: list[Outcome] = []
        self.failed = False
        self.prepared = 0

    def prepare(self) -> Batch | None:
        self.prepared += 1
        return Batch(0, ()) if self.prepared == 1 else None

    def settle(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def fail(self) -> None:
        self.failed = True


class Store:
    """Raises these, one a commit of a room that is in them; then commits. It can be read all the time."""

    def __init__(self, errors: dict[UUID, list[Exception]]) -> None:
        self.errors = errors

    async def commit(self, batches: Sequence[tuple[UUID, Batch]]) -> list[Outcome]:
        for document, _ in batches:
            if self.errors.get(document):
                raise self.errors[document].pop()
        return [Committed(1, 1, 0) for _ in batches]

    async def answers(self) -> bool:
        return True


@pytest.mark.parametrize("state", ["40001", "25006"])
async def test_a_conflict_or_a_standby_never_costs_a_room(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setattr("collab.journal.RETRY_LAST_S", 0.001)
    monkeypatch.setattr("collab.journal.RETRY_FIRST_S", 0.001)
    unlucky, lucky = Room(), Room()
    store: Any = Store({unlucky.document: [of_postgres(state) for _ in range(40)]})
    journal = Journal(store)
    journal.start()
    journal.ready(unlucky)
    journal.ready(lucky)
    async with asyncio.timeout(10):
        while not lucky.outcomes:
            await asyncio.sleep(0)
        if state == "40001":
            assert not unlucky.outcomes, "the other one waits for nobody's conflict"
        while not unlucky.outcomes:
            await asyncio.sleep(0.001)
    await journal.close()
    assert not unlucky.failed
    assert [type(each) for each in unlucky.outcomes] == [Committed]
