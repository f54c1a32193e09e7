"""The rooms of a process under which the log changes: a backup was restored, or a standby that was behind took over."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from collab.core.lib0 import var_bytes
from collab.core.messages import Type
from collab.hub import Hub
from documents.models import Document
from permissions import sharing
from permissions.models import User
from permissions.roles import Role

from .test_hub import Guest, tuned

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["tuned"]


@pytest.mark.parametrize("found_by", ["the poll", "a commit"])
async def test_people_return_what_a_standby_lacks_with_the_words_of_those_who_are_away(
    found_by: str, hub: Hub, ada: User, bob: User, minutes: Document
) -> None:
    await sync_to_async(sharing.grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    if found_by == "a commit":
        hub._poll_rooms = lambda rooms: asyncio.sleep(0)  # type: ignore[method-assign]
    live = await hub.open(minutes.pk)
    first, second = Guest(hub, live, ada, Role.OWNER), Guest(hub, live, bob, Role.EDITOR)
    first.write("ada's ")
    await second.until(lambda: str(second) == "ada's ")
    second.write("bob's ")
    await first.until(lambda: str(first) == "ada's bob's ")
    await minutes.updates.all().adelete()
    await Document.objects.filter(pk=minutes.pk).aupdate(head_seq=0)
    if found_by == "a commit":
        second.write("more ")
    await second.until(lambda: second.code is not None)
    assert second.code == 4508
    again = await hub.open(minutes.pk)
    assert again is not live
    assert again.room.restored
    third = Guest(hub, again, bob, Role.EDITOR)
    third.live.receive(third.member, bytes((Type.WHOLE, 1)) + var_bytes(second.doc.get_update()))
    await third.until(lambda: str(third).startswith("ada's bob's "))
    assert third.code is None


async def test_a_log_of_the_same_length_that_is_another_closes_the_room(hub: Hub, ada: User, minutes: Document) -> None:
    live = await hub.open(minutes.pk)
    guest = Guest(hub, live, ada, Role.OWNER)
    guest.write("before")
    await guest.until(lambda: guest.saved_all)
    await Document.objects.filter(pk=minutes.pk).aupdate(restored_at=timezone.now() - timedelta(minutes=1))
    await guest.until(lambda: guest.code is not None)
    assert guest.code == 4508
