"""The trash: nobody has a role in what lies there; its owners may take it back, or delete it for good.

A trashed document keeps everything, roles included. It is deleted by an owner's word or, `TRASH_DAYS` after it was
trashed, in the background (`jobs`) or by `manage.py empty_trash`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import models, router, transaction

from permissions import audit
from permissions.access import owned_by
from permissions.audit import Action
from permissions.clock import database_now
from permissions.errors import NotAllowed
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import acting
from permissions.signals import announce

from .images import forget_images
from .models import Document


def trash(*, by: User, document: Document) -> None:
    """Move it to the trash; open sessions are closed. Raises `NotAllowed` when `by` is no owner (any more)."""
    with acting(by=by, obj=document, least=Role.OWNER):
        now = database_now()
        Document.objects.filter(pk=document.pk).update(trashed_at=now)
        audit.record(Action.TRASHED, by=by, obj=document)
        announce(Document, document.pk)
    document.trashed_at = now


def restore(*, by: User, document: Document) -> None:
    """Take it out of the trash: everybody has again the role they had. Raises `NotAllowed`."""
    with _owning_trash(by=by, document=document):
        Document.objects.filter(pk=document.pk).update(trashed_at=None)
        audit.record(Action.RESTORED, by=by, obj=document)
        announce(Document, document.pk)
    document.trashed_at = None


def delete_for_good(*, by: User, document: Document) -> None:
    """Delete it, its log and everything that belongs to it. Only from the trash. Raises `NotAllowed`."""
    with _owning_trash(by=by, document=document):
        erase(document, by=by)


def erase(document: Document, *, by: User | None) -> None:
    """Delete a document and what belongs to it, files included. No check: for owners and the command (`by` nobody).

    The caller holds the row's lock in a transaction. Files go once it is committed.
    """
    pk = document.pk
    audit.record(Action.DELETED, by=by, obj=document)
    announce(Document, pk)
    forget_images(document)
    document.delete()
    document.pk = pk  # Django forgets it; the caller may still want to name it


def erase_expired(pk: UUID, now: datetime) -> bool:
    """Delete for good one of those that are `expired`; False when it was taken out of the trash meanwhile.

    A transaction of its own: a long trash holds no lock for long.
    """
    with transaction.atomic():
        document = expired(now).select_for_update().filter(pk=pk).first()
        if document is None:
            return False
        erase(document, by=None)
        return True


def expired(now: datetime) -> models.QuerySet[Document]:
    """What has been in the trash for longer than `TRASH_DAYS`."""
    return Document.objects.filter(trashed_at__lt=now - kept_for())


def kept_for() -> timedelta:
    """How long the trash keeps a document."""
    return timedelta(days=settings.TRASH_DAYS)


@contextmanager
def _owning_trash(*, by: User, document: Document) -> Iterator[None]:
    manager = Document.objects.using(router.db_for_write(Document))
    with transaction.atomic(using=manager.db):
        found = manager.filter(pk=document.pk)
        list(found.select_for_update().values_list("pk"))  # waits here for a verb that is under way
        if not owned_by(by, found, trashed=True).exists():
            raise NotAllowed(None, Role.OWNER)  # to whom it is not theirs, it does not exist
        yield
