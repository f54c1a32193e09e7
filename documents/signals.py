"""What lists and headers say about a document changed: a doorbell, sent after the change is committed.

Rights have a doorbell of their own, `permissions.signals.access_changed`. Arguments:
    document: the primary key of the document.
    person: whose view of it changed (a star), or None: everybody's (a title).

It does not say what changed: a receiver reads the truth again (`documents.lines`).
"""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal

from .models import Document

line_changed = Signal()


def announce_line(document: UUID, *, person: int | None = None) -> None:
    """Send `line_changed` once the running transaction is committed; at once when there is none."""
    # Robust: the change is made, so a receiver that fails is logged (django.dispatch), not shown to the person.
    transaction.on_commit(partial(line_changed.send_robust, sender=Document, document=document, person=person))
