"""What a change of access did to open sessions is told to the owners, in numbers that are true."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import OperationalError

from collab import hub as hubs
from collab.hub import Hub
from collab.receipts import MAX_CHANGES, Receipts
from collab.relay import AccessNews, News, ReceiptNews, decode, encode
from collab.store import Store
from documents.models import Document
from permissions.links import set_link
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant, revise, revoke, write_role
from permissions.signals import announce, noted
from tests.conftest import Person

from .test_hub import Guest, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tuned() -> dict[str, Any]:
    return {"SWEEP_INTERVAL_MS": 600_000}


@pytest.fixture
async def second(hub: Hub) -> AsyncIterator[Hub]:
    """Another process, and a relay between the two."""
    made = Hub()
    made.start()
    for one, other in ((hub, made), (made, hub)):
        join(one, other)
    yield made
    await made.close()


def join(one: Hub, other: Hub) -> None:
    def publish(news: News) -> None:
        message = encode(news)
        one.loop.call_soon(lambda: other.hear(decode(message)))

    patched: Any = one.relay
    patched.publish = publish


async def changed(verb: Any, **arguments: Any) -> str:
    """Do it as a view does, and return the change's id."""

    def act() -> str:
        with noted() as changes:
            verb(**arguments)
        return changes[-1]

    return await sync_to_async(act)()


async def receipt(guest: Guest, change: str, **wanted: int) -> dict[str, Any]:
    """Wait for a receipt of this change with these numbers."""

    def found() -> list[dict[str, Any]]:
        return [each for each in guest.receipts if each["change"] == change and each.items() >= wanted.items()]

    await guest.until(found)
    return found()[-1]


async def test_the_owner_is_told_how_many_sessions_a_change_is_in_effect_on(
    hub: Hub, ada: User, bob: User, minutes: Document
) -> None:
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    live = await hub.open(minutes.pk)
    owner, *tabs = (Guest(hub, live, *each) for each in [(ada, Role.OWNER), (bob, Role.EDITOR), (bob, Role.EDITOR)])
    change = await changed(revise, by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    told = await receipt(owner, change, sessions=2, refused=0)
    assert told.keys() == {"change", "sessions", "ms", "refused"}
    assert 0 <= told["ms"] < 60_000
    assert [tab.role for tab in tabs] == ["viewer", "viewer"]
    change = await changed(revoke, by=ada, obj=minutes, to=bob)
    await receipt(owner, change, sessions=2, refused=0)
    assert [tab.code for tab in tabs] == [4403, 4403]


async def test_a_change_for_somebody_who_is_not_there_is_in_effect_on_nothing(
    hub: Hub, ada: User, bob: User, minutes: Document
) -> None:
    owner = Guest(hub, await hub.open(minutes.pk), ada, Role.OWNER)
    change = await changed(grant, by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    await receipt(owner, change, sessions=0, refused=0)


async def test_edits_that_are_refused_later_are_told_of_in_another_receipt(
    hub: Hub, ada: User, bob: User, minutes: Document
) -> None:
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    live = await hub.open(minutes.pk)
    owner, writer = Guest(hub, live, ada, Role.OWNER), Guest(hub, live, bob, Role.EDITOR)
    change = await changed(revise, by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    await receipt(owner, change, sessions=1, refused=0)
    writer.write("on its way")
    writer.write(" too")
    await receipt(owner, change, sessions=1, refused=2)


async def test_edits_that_come_after_the_close_are_counted_too(
    hub: Hub, ada: User, bob: User, minutes: Document
) -> None:
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    live = await hub.open(minutes.pk)
    owner, writer = Guest(hub, live, ada, Role.OWNER), Guest(hub, live, bob, Role.EDITOR)
    change = await changed(revoke, by=ada, obj=minutes, to=bob)
    await receipt(owner, change, sessions=1, refused=0)
    writer.write("sent before the goodbye was read")
    await receipt(owner, change, sessions=1, refused=1)


async def test_what_a_commit_found_out_before_the_news_came_is_counted(
    hub: Hub, ada: User, bob: User, minutes: Document
) -> None:
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    live = await hub.open(minutes.pk)
    owner, writer = Guest(hub, live, ada, Role.OWNER), Guest(hub, live, bob, Role.EDITOR)
    held: list[AccessNews] = []
    patched: Any = hub
    announced, patched.announce = hub.announce, held.append
    change = await changed(revise, by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    writer.write("too late")
    await writer.until(lambda: writer.role == "viewer")
    assert writer.refused == [(1, "access")]
    await until(lambda: held)
    announced(held[0])
    await receipt(owner, change, sessions=1, refused=1)


async def test_only_owners_are_told(hub: Hub, ada: User, bob: User, carol: User, minutes: Document) -> None:
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    await sync_to_async(grant)(by=ada, obj=minutes, to=carol, role=Role.OWNER)
    live = await hub.open(minutes.pk)
    owner, other, editor = (
        Guest(hub, live, *each) for each in [(ada, Role.OWNER), (carol, Role.OWNER), (bob, Role.EDITOR)]
    )
    change = await changed(set_link, by=ada, obj=minutes, role=Role.VIEWER)
    await receipt(owner, change, sessions=0)
    await receipt(other, change, sessions=0)
    assert editor.receipts == []


async def test_changes_at_the_same_time_are_counted_apart(
    hub: Hub, ada: User, bob: User, carol: User, minutes: Document
) -> None:
    for person in (bob, carol):
        await sync_to_async(grant)(by=ada, obj=minutes, to=person, role=Role.EDITOR)
    live = await hub.open(minutes.pk)
    owner, *_tabs = (
        Guest(hub, live, *each)
        for each in [(ada, Role.OWNER), (bob, Role.EDITOR), (carol, Role.EDITOR), (carol, Role.EDITOR)]
    )

    def both() -> list[str]:
        with noted() as changes:
            revise(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
            revise(by=ada, obj=minutes, to=carol, role=Role.VIEWER)
        return changes

    first, then = await sync_to_async(both)()
    await receipt(owner, first, sessions=1)
    await receipt(owner, then, sessions=2)


async def test_what_happens_in_two_processes_is_added_up(
    hub: Hub, second: Hub, ada: User, bob: User, minutes: Document
) -> None:
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    here, there = await hub.open(minutes.pk), await second.open(minutes.pk)
    owner = Guest(second, there, ada, Role.OWNER)
    writers = [Guest(hub, here, bob, Role.EDITOR), Guest(second, there, bob, Role.EDITOR)]
    hub_of_the_view = hubs.current()
    assert hub_of_the_view is hub
    change = await changed(revise, by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    await receipt(owner, change, sessions=2, refused=0)
    for writer in writers:
        writer.write("no more")
    await receipt(owner, change, sessions=2, refused=2)


async def test_a_person_who_leaves_a_group_is_counted_in_each_document(
    hub: Hub, ada: User, bob: User, minutes: Document
) -> None:
    crew = await Group.objects.acreate(name="crew")
    await bob.groups.aadd(crew)
    await sync_to_async(grant)(by=ada, obj=minutes, to=crew, role=Role.EDITOR)
    live = await hub.open(minutes.pk)
    owner, _ = Guest(hub, live, ada, Role.OWNER), Guest(hub, live, bob, Role.EDITOR)

    def leave() -> None:
        bob.groups.remove(crew)
        announce(User, bob.pk)

    change = await changed(leave)
    await receipt(owner, change, sessions=1)


async def test_a_change_for_a_group_counts_its_members(hub: Hub, ada: User, bob: User, minutes: Document) -> None:
    crew = await Group.objects.acreate(name="crew")
    await bob.groups.aadd(crew)
    await sync_to_async(grant)(by=ada, obj=minutes, to=crew, role=Role.EDITOR)
    live = await hub.open(minutes.pk)
    owner, writer = Guest(hub, live, ada, Role.OWNER), Guest(hub, live, bob, Role.EDITOR)
    change = await changed(revoke, by=ada, obj=minutes, to=crew)
    await receipt(owner, change, sessions=1)
    assert writer.code == 4403


async def test_while_the_database_is_down_nothing_is_said_to_be_in_effect(
    hub: Hub, ada: User, bob: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    live = await hub.open(minutes.pk)
    owner, writer = Guest(hub, live, ada, Role.OWNER), Guest(hub, live, bob, Role.EDITOR)
    asked = asyncio.Event()

    async def down(*_: Any) -> Any:
        asked.set()
        raise OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "roles", down)
        change = await changed(revoke, by=ada, obj=minutes, to=bob)
        await asyncio.wait_for(asked.wait(), 10)
    assert owner.receipts == []
    await hub._sweep()
    await receipt(owner, change, sessions=1)
    assert writer.code == 4403


async def test_a_hundred_changes_at_once_are_in_effect_after_a_few_questions(
    hub: Hub, ada: User, person: Person, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await sync_to_async(person)(f"p{n}") for n in range(20)]
    for each in people:
        await sync_to_async(grant)(by=ada, obj=minutes, to=each, role=Role.EDITOR)
    live = await hub.open(minutes.pk)
    guests = [Guest(hub, live, each, Role.EDITOR) for each in people]
    asked: list[set[int]] = []
    real = Store.roles

    async def counted(store: Store, pairs: Iterable[tuple[uuid.UUID, int]]) -> Any:
        pairs = list(pairs)
        asked.append({user for _, user in pairs})
        return await real(store, pairs)

    def quietly() -> None:
        for each in people:
            write_role(obj=minutes, to=each, role=Role.VIEWER)

    await sync_to_async(quietly)()
    monkeypatch.setattr(Store, "roles", counted)
    for each in people:
        for _ in range(5):
            hub.announce(AccessNews(minutes.pk, people=(each.pk,)))
    for guest in guests:
        await guest.until(partial(holds, guest, "viewer"))
    assert len(asked) <= 3
    assert set.union(*asked) == {each.pk for each in people}


def holds(guest: Guest, role: str) -> bool:
    return guest.role == role


async def test_a_stream_of_changes_elsewhere_does_not_delay_a_change(
    hub: Hub, ada: User, bob: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rights that are read while others change elsewhere are not old."""
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    live = await hub.open(minutes.pk)
    writer = Guest(hub, live, bob, Role.EDITOR)
    real = Store.roles

    async def busy(store: Store, pairs: Any) -> Any:
        found = await real(store, pairs)
        hub.access_changed(uuid.uuid4())
        return found

    monkeypatch.setattr(Store, "roles", busy)
    await changed(revise, by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    await writer.until(lambda: writer.role == "viewer")
    await hub._sweep()


async def test_the_memory_of_receipts_is_bounded(hub: Hub, ada: User, minutes: Document) -> None:
    live = await hub.open(minutes.pk)
    connection = Guest(hub, live, ada, Role.OWNER).member.connection
    receipts: Receipts = hub.receipts
    for n in range(3 * MAX_CHANGES):
        receipts.expect(AccessNews(minutes.pk, change=f"{n}"))
        receipts.hear(ReceiptNews(minutes.pk, f"node {n}", "one", 1, 1, 0), live)
        receipts.hear(ReceiptNews(minutes.pk, "a node", f"{n}", 1, 1, 0), live)
    for _ in range(20_000):
        receipts.note(minutes.pk, connection, lost=True)
    sizes = [len(each) for each in (receipts._expected, receipts._sums, receipts._effects)]
    assert max(sizes) <= 5_000
    assert max(map(len, receipts._sums.values())) <= 100
