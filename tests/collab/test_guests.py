"""Guests and links in open sessions: the mark on the wire, a link's end, a rotation while guests type."""

import asyncio
import json
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from collab.admission import Admitted, Denied, admit_all, admit_home
from collab.core.connection import Person as Identity
from collab.core.messages import AwarenessEntry
from collab.hub import Hub
from documents.models import Document, DocumentUpdate
from permissions import guests
from permissions.links import enter, set_link
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant
from tests.collab.test_hub import Guest as Writer
from tests.collab.test_hub import until
from tests.signed_in import session_of, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

SLOW = 3_600_000  # a clock that does not beat in a test


class Clock:
    """The time of day, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moved = timedelta()
        real, real_seconds = timezone.now, time.time
        monkeypatch.setattr(timezone, "now", lambda: real() + self.moved)
        monkeypatch.setattr(time, "time", lambda: real_seconds() + self.moved.total_seconds())

    def pass_to(self, moment: datetime) -> None:
        self.moved += moment - timezone.now()


@pytest.fixture
def tuned() -> dict[str, Any]:
    """Without a sweep: what these tests see happens at its moment, and not because all rights are read again."""
    return {"SWEEP_INTERVAL_MS": SLOW, "POLL_INTERVAL_MS": SLOW}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def come_in(hub: Hub, document: Document, user: User) -> Writer:
    """Through the same door as a socket."""
    admitted = await hub.entrance.admit(document.pk, await sync_to_async(session_of)(user))
    live = await hub.open(document.pk)
    return Writer(hub, live, user, admitted.role, person=admitted.person, link_ends=admitted.link_ends)


async def answered(writer: Writer, before: int) -> None:
    """Wait for one more answer than before, or the end."""
    await writer.until(lambda: writer.code is not None or len(writer.acked) + len(writer.refused) > before)


async def let_in(document: Document, name: str = "Quiet Heron") -> User:
    def made() -> User:
        guest = guests.welcome(obj=document, name=name, key=document.link_key)
        sign_in(guest)
        return guest

    return await sync_to_async(made)()


def test_a_guest_is_admitted_as_one(minutes: Document, ada: User) -> None:
    set_link(by=ada, obj=minutes, role=Role.EDITOR)
    guest = guests.welcome(obj=minutes, name="Quiet Heron")
    sign_in(guest)
    (admitted,) = admit_all([(minutes.pk, session_of(guest))])
    assert isinstance(admitted, Admitted)
    assert admitted.person == Identity(guest.pk, "Quiet Heron", guest.color, guest=True)
    assert admitted.role is Role.EDITOR
    assert admitted.person.stamp["guest"] is True


def test_a_guest_has_no_home_page(minutes: Document, ada: User) -> None:
    set_link(by=ada, obj=minutes, role=Role.EDITOR)
    guest = guests.welcome(obj=minutes, name="Quiet Heron")
    sign_in(guest)
    with pytest.raises(Denied) as denied:
        admit_home(session_of(guest))
    assert denied.value.code == 4403


async def test_what_a_guest_writes_is_theirs_in_the_log(hub: Hub, minutes: Document, ada: User) -> None:
    await sync_to_async(set_link)(by=ada, obj=minutes, role=Role.EDITOR)
    guest = await let_in(minutes)
    writer = await come_in(hub, minutes, guest)
    writer.write("hello")
    await writer.until(lambda: writer.acked)
    row = await sync_to_async(DocumentUpdate.objects.get)(document=minutes)
    assert row.author_id == guest.pk


async def test_everybody_sees_that_a_guest_is_one_and_what_they_are_called_now(
    hub: Hub, minutes: Document, ada: User
) -> None:
    await sync_to_async(set_link)(by=ada, obj=minutes, role=Role.VIEWER)
    guest = await let_in(minutes)
    writer = await come_in(hub, minutes, guest)
    pretended = json.dumps({"user": {"name": "Ada", "guest": False}}).encode()
    presence = writer.live.room.presence
    presence.receive(writer.member.connection, [AwarenessEntry(77, 1, pretended)], hub.now_ms())

    def seen() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(presence._entries[77].state)["user"]
        return found

    assert (seen()["name"], seen()["guest"]) == ("Quiet Heron", True)
    await sync_to_async(guests.rename)(guest, "Ms Otter")
    await until(lambda: seen()["name"] == "Ms Otter")
    assert seen()["guest"] is True


async def test_who_is_in_a_document_is_said_with_the_mark(hub: Hub, minutes: Document, ada: User) -> None:
    await sync_to_async(set_link)(by=ada, obj=minutes, role=Role.VIEWER)
    guest = await let_in(minutes)
    await come_in(hub, minutes, guest)
    assert hub.people_in(minutes.pk) == ((guest.pk, "Quiet Heron", guest.color, True),)


async def test_a_link_s_end_takes_effect_in_open_sessions_and_nobody_does_anything(
    hub: Hub, clock: Clock, minutes: Document, ada: User, bob: User, carol: User
) -> None:
    end = timezone.now() + timedelta(hours=1)

    def prepare() -> None:
        set_link(by=ada, obj=minutes, role=Role.EDITOR, expires_at=end)
        grant(by=ada, obj=minutes, to=carol, role=Role.VIEWER)

    await sync_to_async(prepare)()
    guest = await let_in(minutes)
    writers = [await come_in(hub, minutes, each) for each in (ada, bob, carol, guest)]
    owner, by_link, by_name, visitor = writers
    assert [each.member.connection.role for each in writers] == ["owner", "editor", "editor", "editor"]
    clock.pass_to(end - timedelta(seconds=30))
    await hub._tick()
    assert not by_link.code
    clock.pass_to(end)
    await hub._tick()  # what the hub's clock does every second
    await until(lambda: by_link.code is not None and visitor.code is not None)
    assert {by_link.code, visitor.code} == {4403}
    assert (owner.code, by_name.code) == (None, None)
    assert by_name.member.connection.role == "viewer"  # what is left without the link


async def test_an_edit_after_the_end_is_refused_at_its_commit_whoever_has_noticed(
    hub: Hub, clock: Clock, minutes: Document, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = timezone.now() + timedelta(hours=1)
    await sync_to_async(set_link)(by=ada, obj=minutes, role=Role.EDITOR, expires_at=end)
    visitor = await come_in(hub, minutes, await let_in(minutes))
    monkeypatch.setattr(visitor.live, "link_ends", None)  # this process knows nothing of it
    visitor.write("in time ")
    await visitor.until(lambda: visitor.acked)
    clock.pass_to(end)
    visitor.write("too late")
    await visitor.until(lambda: visitor.refused or visitor.code is not None)
    assert await sync_to_async(DocumentUpdate.objects.filter(document=minutes).count)() == 1


@pytest.mark.parametrize("longer", [True, False], ids=["longer", "sooner"])
async def test_an_end_that_was_moved_counts_as_it_is_now(
    longer: bool, hub: Hub, clock: Clock, minutes: Document, ada: User
) -> None:
    now = timezone.now()
    first, second = now + timedelta(hours=1), now + timedelta(hours=2)
    before, after = (first, second) if longer else (second, first)
    await sync_to_async(set_link)(by=ada, obj=minutes, role=Role.EDITOR, expires_at=before)
    visitor = await come_in(hub, minutes, await let_in(minutes))
    await sync_to_async(set_link)(by=ada, obj=minutes, role=Role.EDITOR, expires_at=after)
    await until(lambda: visitor.live.link_ends == after.timestamp())
    clock.pass_to(first)
    await hub._tick()
    if longer:
        await hub.recheck(visitor.live, frozenset({visitor.member.connection.person.user}))
        assert visitor.code is None
        clock.pass_to(second)
        await hub._tick()
    await until(lambda: visitor.code == 4403)


async def test_the_sweep_learns_of_an_end_whose_announcement_was_lost(hub: Hub, minutes: Document, ada: User) -> None:
    await sync_to_async(set_link)(by=ada, obj=minutes, role=Role.EDITOR)
    visitor = await come_in(hub, minutes, await let_in(minutes))
    end = timezone.now() + timedelta(hours=1)
    await sync_to_async(Document.objects.filter(pk=minutes.pk).update)(link_expires_at=end)
    await hub._sweep()
    assert visitor.live.link_ends == end.timestamp()


async def test_a_link_rotated_while_guests_type_puts_them_out_and_stores_nothing_after(
    hub: Hub, minutes: Document, ada: User, bob: User
) -> None:
    await sync_to_async(set_link)(by=ada, obj=minutes, role=Role.EDITOR, rotate=True)
    await sync_to_async(enter)(person=bob, obj=minutes, key=minutes.link_key)
    visitors = [await come_in(hub, minutes, each) for each in (await let_in(minutes), await let_in(minutes), bob)]
    stop = asyncio.Event()

    async def type_on(writer: Writer) -> None:
        while not stop.is_set() and writer.code is None:
            writer.write("x")
            await answered(writer, len(writer.acked) + len(writer.refused))

    typing = [asyncio.ensure_future(type_on(each)) for each in visitors]
    await until(lambda: all(each.acked for each in visitors))
    await sync_to_async(set_link)(by=ada, obj=minutes, role=Role.EDITOR, rotate=True)
    committed = await sync_to_async(lambda: Document.objects.get(pk=minutes.pk).head_seq)()
    await until(lambda: all(each.code == 4403 for each in visitors))
    stop.set()
    await asyncio.gather(*typing)
    assert await sync_to_async(lambda: Document.objects.get(pk=minutes.pk).head_seq)() == committed
    back = await sync_to_async(guests.welcome)(obj=minutes, name="Otter", key=minutes.link_key)
    await sync_to_async(sign_in)(back)
    assert (await come_in(hub, minutes, back)).member.connection.role == "editor"
