"""An operator closes a room: once for each page, however stuck it is."""

import asyncio

import pytest

from collab.core.messages import is_restart
from collab.hub import Hub
from collab.live import LiveRoom
from documents.models import Document
from permissions.models import User
from permissions.roles import Role

from .test_hub import Guest, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def stuck(hub: Hub, minutes: Document, ada: User, monkeypatch: pytest.MonkeyPatch) -> Guest:
    """Somebody whose edit is never committed, nor refused."""
    monkeypatch.setattr("collab.survey.CLOSE_S", 0.3)
    live = await hub.open(minutes.pk)
    monkeypatch.setattr(hub.journal, "ready", lambda _: None)
    writer = Guest(hub, live, ada, Role.EDITOR)
    writer.write("never committed")
    writer.member.task = None  # it would be this test
    return writer


async def test_a_page_that_comes_back_at_once_never_comes_to_the_stuck_room_that_is_closed(
    hub: Hub, minutes: Document, bob: User, stuck: Guest
) -> None:
    live = stuck.live
    left: list[LiveRoom] = []

    async def come_and_go() -> None:
        while True:
            guest = Guest(hub, await hub.open(minutes.pk), bob, Role.VIEWER)
            guest.member.task = None
            await guest.until(lambda guest=guest: guest.code)  # type: ignore[misc]
            assert is_restart(guest.code or 0)
            left.append(guest.live)

    page = asyncio.create_task(come_and_go())
    await until(lambda: len(live.members) == 2)
    hub.survey.close(minutes.pk)
    await until(lambda: live.closing)
    fresh = await hub.open(minutes.pk)
    await until(lambda: fresh.members)
    page.cancel()
    await asyncio.gather(page, return_exceptions=True)
    assert left == [live]
    assert fresh is not live


async def test_who_comes_to_a_room_that_waits_to_be_closed_is_sent_on_with_the_others(
    hub: Hub, minutes: Document, bob: User, stuck: Guest
) -> None:
    live = stuck.live
    hub.survey.close(minutes.pk)
    await until(lambda: stuck.member.connection.parting)
    late = Guest(hub, live, bob, Role.EDITOR)
    await until(lambda: late.member.connection.parting)
    assert late.member.connection.id in live.members
    late.write("not taken")
    assert live.room.owed() == {stuck.member.connection.id}
    await late.until(lambda: late.code)
    assert is_restart(late.code or 0)
