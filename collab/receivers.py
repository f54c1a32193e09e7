"""`access_changed`, `line_changed` and `notices_changed` on their way to all pages, here and in the other processes."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.dispatch import receiver

from documents.models import Document
from documents.signals import line_changed
from permissions.signals import access_changed, notices_changed

from . import hub, relay

MAX_PEOPLE = 500  # named in one message of the relay; of more it says nothing, and everybody is looked at


@receiver(access_changed)
def tell_rooms(
    *,
    model: type[Any],
    object_id: Any,
    change: str = "",
    at: float = 0.0,
    people: Collection[int] | None = None,
    **_: Any,
) -> None:
    """Rights on a document changed, or a person's on any. Runs on the thread that committed the change.

    A server tells its own rooms and the relay; a command has no rooms, and only rings the doorbell. A lost ring is
    caught by the sweep.
    """
    document, user = (object_id, None) if model is Document else (None, object_id)
    known = None if people is None or len(people) > MAX_PEOPLE else tuple(people)
    news = relay.AccessNews(document, user, change=change, at=at, people=known)
    if not hub.tell_everybody(news):
        async_to_sync(relay.ring)(news)


@receiver(line_changed)
def tell_lists(*, document: UUID, person: int | None, **_: Any) -> None:
    """A title or a star changed. Runs on the thread that committed the change. A lost ring is caught by the polls."""
    if not hub.tell_of_line(document, person):
        async_to_sync(relay.ring)(relay.LineNews((document,), person, renamed=person is None))


@receiver(notices_changed)
def tell_pages(*, person: int, **_: Any) -> None:
    """Somebody's notices changed. Runs on the thread that committed it. A lost ring is caught by the poll."""
    if not hub.tell_of_notices(person):
        async_to_sync(relay.ring)(relay.NoticesNews(person))
