"""Compaction: what is folded, what is verified, and what a kill or a rival in the middle can do (nothing)."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from documents import compaction
from documents.compaction import LogHole, NotFolded, NotVerified, compact
from documents.content import is_same, load, plain_text
from documents.models import Document, DocumentState, DocumentUpdate
from tests.conftest import Person
from tests.databases import either_database, only_postgres

pytestmark = pytest.mark.django_db(transaction=True)


def typing(*words: str) -> list[bytes]:
    """Updates of somebody who writes a paragraph per word."""
    doc: Doc[Any] = Doc()
    updates: list[bytes] = []
    doc.observe(lambda event: updates.append(event.update))
    for word in words:
        with doc.transaction():
            paragraph = doc.get("default", type=XmlFragment).children.append(XmlElement("paragraph"))
            paragraph.children.append(XmlText(word))
    return updates


def write(document: Document, *updates: bytes) -> None:
    """Append log rows, as the journal does."""
    document.refresh_from_db()
    for payload in updates:
        document.head_seq += 1
        DocumentUpdate.objects.create(
            document=document, seq=document.head_seq, created_at=timezone.now(), payload=payload
        )
    document.save()


async def in_thread[T](act: Callable[..., T], *arguments: Any) -> T:
    """Run it where the async ORM runs: other threads would leave their connections open."""
    return await sync_to_async(act)(*arguments)


def states(document: Document) -> list[int]:
    return list(document.states.order_by("seq").values_list("seq", flat=True))


@either_database
def test_a_state_is_what_its_log_is(database: str, person: Person) -> None:
    minutes = Document.objects.create_for(owner=person("ada"))
    updates = typing("one", "two", "three")
    write(minutes, *updates)
    state = asyncio.run(compact(minutes.pk))
    assert state is not None
    assert state.seq == 3
    assert is_same(load([bytes(state.payload)]), load(updates))
    assert plain_text(bytes(state.payload)) == "one\ntwo\nthree"


async def test_the_log_stays(minutes: Document) -> None:
    await in_thread(write, minutes, *typing("one", "two"))
    await compact(minutes.pk)
    assert await DocumentUpdate.objects.acount() == 2


async def test_nothing_new_makes_no_state(minutes: Document) -> None:
    assert await compact(minutes.pk) is None
    await in_thread(write, minutes, *typing("one"))
    assert await compact(minutes.pk) is not None
    assert await compact(minutes.pk) is None


async def test_a_document_that_is_not_there_makes_no_state(db: None) -> None:
    assert await compact(uuid4()) is None


async def test_the_two_newest_states_are_kept(minutes: Document) -> None:
    for update in typing("a", "b", "c", "d"):
        await in_thread(write, minutes, update)
        await compact(minutes.pk)
    assert await in_thread(states, minutes) == [3, 4]


async def test_a_long_log_is_folded_in_steps_that_fit_in_memory(
    minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("documents.compaction.STEP_ROWS", 3)
    updates = typing(*"abcdefgh")
    await in_thread(write, minutes, *updates)
    state = await compact(minutes.pk)
    assert state is not None
    assert state.seq == 8
    assert is_same(load([bytes(state.payload)]), load(updates))
    assert await in_thread(states, minutes) == [6, 8]


async def test_a_hole_in_the_log_is_never_built_over(minutes: Document) -> None:
    await in_thread(write, minutes, *typing("a", "b", "c"))
    await DocumentUpdate.objects.filter(seq=2).adelete()
    with pytest.raises(LogHole, match="expected row 2 of its log, found row 3"):
        await compact(minutes.pk)
    assert await DocumentState.objects.acount() == 0


async def test_a_row_that_refers_to_what_is_not_there_is_not_folded_away(minutes: Document) -> None:
    first, second = typing("a", "b")
    await in_thread(write, minutes, second)
    with pytest.raises(NotFolded, match="refers to another"):
        await compact(minutes.pk)
    await in_thread(write, minutes, first)
    assert await compact(minutes.pk) is not None


async def test_a_state_that_does_not_load_is_passed_over(minutes: Document) -> None:
    await in_thread(write, minutes, *typing("a", "b"))
    await DocumentState.objects.acreate(document=minutes, seq=1, payload=b"\xff\xff broken")
    state = await compact(minutes.pk)
    assert state is not None
    assert plain_text(bytes(state.payload)) == "a\nb"


async def test_a_state_that_differs_from_its_source_is_not_stored(
    minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_thread(write, minutes, *typing("a", "b"))
    monkeypatch.setattr(compaction, "is_same", lambda one, other: False)
    with pytest.raises(NotVerified):
        await compact(minutes.pk)
    assert await DocumentState.objects.acount() == 0


async def test_rivals_end_with_the_same_states(minutes: Document) -> None:
    updates = typing(*"abcdefgh")
    for update in updates:
        await in_thread(write, minutes, update)
        await asyncio.gather(*(compact(minutes.pk) for _ in range(3)))
    assert await in_thread(states, minutes) == [7, 8]


async def test_rows_written_during_compaction_are_left_for_the_next(
    minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = typing("a", "b")
    await in_thread(write, minutes, first)
    fold = compaction._fold

    def slow_fold(source: compaction.Source) -> bytes:
        try:
            write(minutes, second)
        finally:
            connection.close()
        return fold(source)

    monkeypatch.setattr(compaction, "_fold", slow_fold)
    state = await compact(minutes.pk)
    assert state is not None
    assert (state.seq, plain_text(bytes(state.payload))) == (1, "a")


async def test_a_kill_between_any_two_statements_loses_nothing(minutes: Document) -> None:
    """Die before the first statement, before the second, and so on, until it gets through."""
    *updates, last = typing("a", "b", "c", "d", "e")
    for update in updates[:3]:
        await in_thread(write, minutes, update)
        await compact(minutes.pk)
    await in_thread(write, minutes, updates[3])
    for statements in itertools.count():
        finished = await killed_after(statements, minutes)
        kept = await in_thread(lambda: list(DocumentState.objects.order_by("-seq")))
        newest = kept[0]
        assert is_same(load([bytes(newest.payload), *updates[newest.seq :]]), load(updates))
        assert len(kept) >= 2
        if finished:
            break
    assert statements > 5
    await in_thread(write, minutes, last)
    await compact(minutes.pk)
    assert await in_thread(states, minutes) == [4, 5]


class Killed(BaseException):
    """The process ended here."""


async def killed_after(statements: int, document: Document) -> bool:
    """Compact, but die instead of sending the next statement. Tells whether it came to its end before."""
    left = statements

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        return execute(*arguments)

    wrappers = await sync_to_async(lambda: connection.execute_wrappers)()
    wrappers.append(count)
    try:
        await compact(document.pk)
    except Killed:
        return False
    finally:
        wrappers.remove(count)
    return True


@only_postgres
def test_a_connection_that_died_is_not_used_again(database: str, person: Person) -> None:
    """Under a server nobody else drops it, and no document of the process would be compacted any more."""
    from django.db import OperationalError

    minutes = Document.objects.create_for(owner=person("ada"))
    write(minutes, *typing("one"))

    async def interrupted() -> None:
        await compact(minutes.pk)
        await in_thread(write, minutes, *typing("two"))
        number = await in_thread(backend)
        await in_thread(end, number)
        with pytest.raises(OperationalError):
            await compact(minutes.pk)
        state = await compact(minutes.pk)
        assert state is not None
        assert state.seq == 2
        await in_thread(connection_closed)

    asyncio.run(interrupted())


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def end(number: int) -> None:
    """End one of PostgreSQL's processes from another connection."""
    import psycopg

    given = connection.get_connection_params()
    names = {name: given[name] for name in ("dbname", "user", "host", "port") if given.get(name)}
    with psycopg.connect(**names) as operator:
        operator.execute("SELECT pg_terminate_backend(%s)", [number])


def connection_closed() -> None:
    connection.close()
