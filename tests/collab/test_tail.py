"""What no state holds yet: it is folded here or by a worker, and counts until it is."""

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django_tasks_db.models import DBTaskResult

from collab import metrics
from collab.hub import Hub
from collab.store import Store
from collab.tail import LONGEST_S, Pace, find_states
from documents import compaction
from documents.models import Document
from documents.worker import new_worker, work
from permissions.models import User
from permissions.roles import Role

from .test_hub import Guest, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tuned(settings: Any) -> dict[str, Any]:
    """Of a process that leaves states to workers; there is none, unless a test is one."""
    settings.BACKGROUND = "worker"
    return {"COMPACT_AFTER_UPDATES": 3, "SWEEP_INTERVAL_MS": 50}


async def write(guest: Guest, letters: str) -> None:
    """Each a row of the log."""
    for letter in letters:
        guest.write(letter)
        await guest.until(lambda: guest.saved_all)


async def test_what_is_left_to_a_worker_counts_until_its_state_is_there(hub: Hub, ada: User, minutes: Document) -> None:
    live = await hub.open(minutes.pk)
    await write(Guest(hub, live, ada, Role.OWNER), "abc")
    size = live.tail.size
    await until(lambda: hub.tally.compactions["left"])
    await find_states(hub.store, [live.tail])
    assert (live.tail.rows, live.tail.size) == (3, size)
    dated = live.tail.since
    assert dated is not None
    await sync_to_async(work)(new_worker())
    await until(lambda: not live.tail.rows)
    assert live.tail.size == 0
    assert live.tail.since is None
    said = metrics.render(hub).decode()
    assert 'coscribe_compactions_total{outcome="left"} 1.0' in said
    assert 'coscribe_compactions_total{outcome="done"} 0.0' in said


async def test_what_came_after_a_worker_was_asked_counts_on(hub: Hub, ada: User, minutes: Document) -> None:
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)
    await write(guest, "abc")
    await until(lambda: hub.tally.compactions["left"])
    before = live.tail.size
    await write(guest, "d")
    after = live.tail.size
    await sync_to_async(work)(new_worker())
    await until(lambda: live.tail.rows == 1)
    assert live.tail.size == after - before
    assert live.tail.since is not None


async def test_a_process_whose_worker_never_comes_asks_again_and_then_does_it_itself(
    hub: Hub, ada: User, minutes: Document
) -> None:
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)
    for row in range(1, 13):  # four times as many as make one due
        await write(guest, "x")
        await until(lambda row=row: hub.tally.compactions.total() == row // 3)  # type: ignore[misc]
    assert hub.tally.compactions == {"left": 3, "done": 1}
    assert await DBTaskResult.objects.acount() == 1  # what still waits is not queued twice
    assert (await minutes.states.aget()).seq == 12
    assert live.tail.rows == 0


async def test_few_but_large_edits_do_not_wait_for_a_worker_for_ever_either(
    hub: Hub, ada: User, minutes: Document, settings: Any
) -> None:
    hub.settings = settings.COLLAB = settings.COLLAB | {"COMPACT_AFTER_UPDATES": 1_000, "COMPACT_AFTER_BYTES": 1_000}
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)
    for count in range(1, 5):
        guest.write("x" * 1_000)
        await until(lambda count=count: hub.tally.compactions.total() == count)  # type: ignore[misc]
    assert hub.tally.compactions == {"left": 3, "done": 1}
    assert live.tail.size == 0


async def test_a_state_that_a_worker_writes_beside_ours_is_not_counted_twice(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = compaction.compact
    began, may_go_on = asyncio.Event(), asyncio.Event()

    async def slowly(document: uuid.UUID) -> Any:
        began.set()
        await may_go_on.wait()
        return await real(document)

    monkeypatch.setattr(compaction, "compact", slowly)
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)
    for row in range(1, 13):
        await write(guest, "x")
        await until(lambda row=row: hub.tally.compactions["left"] == min(row // 3, 3))  # type: ignore[misc]
    await began.wait()
    await sync_to_async(work)(new_worker())
    await find_states(hub.store, [live.tail])
    may_go_on.set()
    await until(lambda: hub.tally.compactions["done"])
    assert live.tail.rows == 0


async def test_states_that_nobody_left_are_not_looked_for(hub: Hub, minutes: Document) -> None:
    live, store = await hub.open(minutes.pk), Store()
    store.close()
    await find_states(store, [live.tail])  # there is nobody to ask


async def test_one_document_is_folded_at_a_time(
    hub: Hub, ada: User, minutes: Document, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACKGROUND = "embedded"
    real, folding, most = compaction.compact, 0, 0

    async def counted(document: uuid.UUID) -> Any:
        nonlocal folding, most
        folding += 1
        most = max(most, folding)
        try:
            return await real(document)
        finally:
            folding -= 1

    monkeypatch.setattr(compaction, "compact", counted)
    others = [await sync_to_async(Document.objects.create_for)(owner=ada, title=str(n)) for n in range(3)]
    rooms = [await hub.open(document.pk) for document in (minutes, *others)]
    await asyncio.gather(*(write(Guest(hub, live, ada, Role.OWNER), "abc") for live in rooms))
    await until(lambda: hub.tally.compactions["done"] == 4)
    assert most == 1
    assert [live.tail.rows for live in rooms] == [0] * 4


async def test_between_two_there_is_a_rest_of_three_times_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, rests = asyncio.get_running_loop(), list[float]()
    pace, taken, later = Pace(), list[int](), loop.call_later

    def soon(delay: float, release: Callable[[], None]) -> asyncio.TimerHandle:
        if delay == LONGEST_S:
            return later(delay, release)
        rests.append(delay)
        return later(0, release)

    def work_hard() -> None:
        time.sleep(0.002)

    monkeypatch.setattr(loop, "call_later", soon)

    async def work(number: int) -> None:
        async with pace.turn():
            taken.append(number)
            work_hard()
            if number == 1:
                raise ZeroDivisionError

    await asyncio.gather(*(work(number) for number in range(3)), return_exceptions=True)
    assert taken == [0, 1, 2]
    assert len(rests) == 3
    assert all(rest >= 0.006 for rest in rests)


async def test_one_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collab.tail.LONGEST_S", 0.01)
    pace, may_end = Pace(), asyncio.Event()

    async def endless() -> None:
        async with pace.turn():
            await may_end.wait()

    slow = asyncio.create_task(endless())
    await asyncio.sleep(0)
    async with asyncio.timeout(5), pace.turn():
        assert not slow.done()
        may_end.set()
        await slow  # gives nothing up that is not its own any more
        assert pace._lock.locked()
