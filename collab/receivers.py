"""`access_changed` on its way to the rooms, here and in the other processes."""

from typing import Any

from asgiref.sync import async_to_sync
from django.dispatch import receiver

from documents.models import Document
from permissions.signals import access_changed

from . import hub, relay


@receiver(access_changed)
def tell_rooms(*, model: type[Any], object_id: Any, **_: Any) -> None:
    """Rights on a document changed, or a person's on any. Runs on the thread that committed the change.

    A server tells its own rooms and the relay; a command has no rooms, and only rings the doorbell. A lost ring is
    caught by the sweep.
    """
    document, user = (object_id, None) if model is Document else (None, object_id)
    if not hub.tell_everybody(document, user):
        async_to_sync(relay.ring)(relay.AccessNews(document, user))
