"""Leaving, without servers: who is told when, and what; `tests/faults/test_restart.py` has the processes."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django_tasks_db.models import DBTaskResult

from collab import drain, home
from collab import hub as hubs
from collab.admission import Denied, Shown
from collab.core.messages import RESTART
from collab.hub import Hub
from collab.relay import Relay
from documents import jobs
from documents.models import Document
from documents.worker import work
from permissions.models import User
from permissions.roles import Role
from tests.signed_in import session_of

from .test_hub import Guest

pytestmark = pytest.mark.django_db(transaction=True)


async def seated(hub: Hub, document: Document, user: User, *, count: int) -> list[Guest]:
    """So many tabs of one person."""
    live = await hub.open(document.pk)
    guests = [Guest(hub, live, user, Role.OWNER) for _ in range(count)]
    for guest in guests:
        guest.member.task = None  # it would be this test
    return guests


async def test_alone_it_sends_all_away_at_once_and_says_how_soon_to_come_back(
    hub: Hub, ada: User, minutes: Document
) -> None:
    hub.settings = hub.settings | {"DRAIN_SOCKETS_PER_SECOND": 1}
    guests = await seated(hub, minutes, ada, count=3)
    guests[0].write("the last word")
    await asyncio.wait_for(drain.leave(hub.loop.time() + 30), 2)  # and not in three seconds
    assert [guest.code for guest in guests] == [RESTART + 4] * 3  # within 3.2 s
    assert guests[0].acked_batch == 1


async def test_where_there_are_others_people_are_sent_there_one_after_the_other(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Relay, "alone", property(lambda _: False))
    hub.settings = hub.settings | {"DRAIN_SOCKETS_PER_SECOND": 1}
    guests = await seated(hub, minutes, ada, count=5)
    leaving = asyncio.create_task(drain.leave(hub.loop.time() + 30))
    for number, guest in enumerate(guests):
        await guest.until(lambda guest=guest: guest.code is not None)  # type: ignore[misc]
        if number < 3:
            assert guests[-1].code is None
            guests[-1].write(f"{number} ")  # who has not been told goes on
            await guests[-1].until(lambda number=number: guests[-1].acked_batch == number + 1)  # type: ignore[misc]
    await leaving
    assert {guest.code for guest in guests} == {RESTART}


async def test_it_is_over_at_the_deadline_however_many_there_are(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Relay, "alone", property(lambda _: False))
    hub.settings = hub.settings | {"DRAIN_SOCKETS_PER_SECOND": 1}
    guests = await seated(hub, minutes, ada, count=20)
    await asyncio.wait_for(drain.leave(hub.loop.time() + 0.4), 5)  # and not in twenty
    assert {guest.code for guest in guests} == {RESTART}


async def test_who_comes_to_a_process_that_leaves_is_told_to_come_back(hub: Hub, ada: User) -> None:
    await drain.leave(hub.loop.time() + 1)
    with pytest.raises(Denied) as denied:
        await home.HomeConsumer()._enter(hub.lobby, shown(ada), lambda _: None)
    assert denied.value.code == RESTART


async def test_what_a_room_owes_is_looked_at_once_for_all_its_people(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It walks the inbox, which may be long just then."""
    guests = await seated(hub, minutes, ada, count=5)
    room, looks = guests[0].live.room, list[set[int]]()
    real = room.owed

    def owed() -> set[int]:
        looks.append(real())
        return looks[-1]

    monkeypatch.setattr(room, "owed", owed)
    await drain.leave(hub.loop.time() + 30)
    assert looks == [set()]
    assert None not in [guest.code for guest in guests]


async def test_a_process_that_leaves_begins_no_background_job(hub: Hub) -> None:
    await sync_to_async(jobs.forget_results.enqueue)()
    await drain.leave(hub.loop.time() + 1)
    await sync_to_async(work)(hub.beside._worker)
    assert await DBTaskResult.objects.ready().acount() == 1


async def test_a_process_to_which_nobody_came_just_goes() -> None:
    loop = asyncio.get_running_loop()
    assert hubs.present() is None
    await drain.leave(loop.time() + 1)
    await drain.part()


def shown(user: User) -> Shown:
    session: Any = session_of(user)
    return str(session)
