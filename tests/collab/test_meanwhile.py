"""While the database takes no edits, who comes to a room that has some is shown the log."""

import asyncio
import threading
import uuid
from collections.abc import Sequence

import pytest
from asgiref.sync import sync_to_async

from collab.core.replica import Opened, open_doc
from collab.hub import Hub
from documents import log
from documents.models import Document
from permissions.models import User
from permissions.roles import Role

from .test_hub import Guest
from .test_trouble import of_postgres

pytestmark = pytest.mark.django_db(transaction=True)


async def stalled(hub: Hub, documents: Sequence[Document], user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has "kept" in its log, and an edit that cannot be committed."""
    writers = [Guest(hub, await hub.open(document.pk), user, Role.OWNER) for document in documents]
    for writer in writers:
        writer.write("kept")
        await writer.until(lambda writer=writer: writer.acked)  # type: ignore[misc]

    def full(*_: object, **__: object) -> None:
        raise of_postgres("53100")

    monkeypatch.setattr(log, "append", full)
    for writer in writers:
        writer.write(" and not")
    async with asyncio.timeout(10):
        while hub.journal.stalled_since is None or not all(writer.live.room.busy for writer in writers):
            await asyncio.sleep(0.01)


def under_way() -> int:
    """How many tasks answer those who wait."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return names.count("LiveRoom.answer_meanwhile")


async def test_a_log_that_is_slow_to_read_is_read_once_at_a_time_for_all_rooms(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is down holds every reader for long, and the readers are everybody's."""
    other = await sync_to_async(Document.objects.create_for)(owner=ada, title="Other")
    await stalled(hub, (minutes, other), ada, monkeypatch)
    real, may_go_on, loads = log.load, threading.Event(), list[uuid.UUID]()

    def slowly(document: uuid.UUID) -> log.Loaded | None:
        loads.append(document)
        assert may_go_on.wait(10)
        return real(document)

    monkeypatch.setattr(log, "load", slowly)
    comers = [Guest(hub, await hub.open(document.pk), ada, Role.OWNER) for document in (minutes, other)]
    try:
        for _ in range(5):
            await hub._tick()
            await hub.store.heads([minutes.pk])  # time for a load to begin, and for a task to end
        assert len(loads) == 1
        assert under_way() == 2  # one a room
    finally:
        may_go_on.set()
    for comer in comers:
        await comer.until(lambda comer=comer: str(comer) == "kept")  # type: ignore[misc]
    assert sorted(loads) == sorted((minutes.pk, other.pk))


async def test_a_large_log_is_put_together_beside_the_loop(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stalled(hub, (minutes,), ada, monkeypatch)
    threads: list[threading.Thread] = []

    def noted(updates: Sequence[bytes]) -> Opened:
        threads.append(threading.current_thread())
        return open_doc(updates)

    monkeypatch.setattr("collab.live.OPEN_ASIDE_BYTES", 0)
    monkeypatch.setattr("collab.live.open_doc", noted)
    comer = Guest(hub, await hub.open(minutes.pk), ada, Role.OWNER)
    await comer.until(lambda: str(comer) == "kept")
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


async def test_when_the_database_is_back_nothing_more_is_read_and_nobody_is_answered_twice(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the log of one room is read, and another room waits for its turn."""
    append, load = log.append, log.load
    other = await sync_to_async(Document.objects.create_for)(owner=ada, title="Other")
    await stalled(hub, (minutes, other), ada, monkeypatch)
    began, may_go_on, loads = threading.Event(), threading.Event(), list[uuid.UUID]()

    def slowly(document: uuid.UUID) -> log.Loaded | None:
        loads.append(document)
        loaded = load(document)
        began.set()
        assert may_go_on.wait(10)
        return loaded

    monkeypatch.setattr(log, "load", slowly)
    comers = [Guest(hub, await hub.open(document.pk), ada, Role.OWNER) for document in (minutes, other)]
    await hub._tick()
    try:
        assert await asyncio.to_thread(began.wait, 10)
        monkeypatch.setattr(log, "append", append)
        for comer in comers:
            await comer.until(lambda comer=comer: str(comer) == "kept and not")  # type: ignore[misc]
    finally:
        may_go_on.set()
    async with asyncio.timeout(10):
        while under_way():
            await asyncio.sleep(0.01)
    assert len(loads) == 1
    assert [(str(comer), comer.seq, comer.live.room.head) for comer in comers] == [("kept and not", 2, 2)] * 2
