"""Moving a document to the trash, where nobody has a role in it; nothing of it is deleted."""

from django.utils import timezone

from permissions.models import User
from permissions.roles import Role
from permissions.sharing import acting
from permissions.signals import announce

from .models import Document


def trash(*, by: User, document: Document) -> None:
    """Move it to the trash; open sessions are closed. Raises `NotAllowed` when `by` is no owner (any more)."""
    with acting(by=by, obj=document, least=Role.OWNER):
        now = timezone.now()
        Document.objects.filter(pk=document.pk).update(trashed_at=now)
        announce(Document, document.pk)
    document.trashed_at = now
