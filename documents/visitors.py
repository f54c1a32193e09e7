"""Guests who came by a link, looked, wrote nothing, and are gone. Whoever wrote stays: the history names them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef

from permissions.clock import database_now
from permissions.models import SignIn, User

from .models import DocumentAuthor, DocumentClient, DocumentImage, DocumentPiece, DocumentUpdate


def gone(now: datetime) -> list[int]:
    """Guests who came longer than `GUEST_DAYS` ago, have no session any more, and have left nothing behind.

    Nobody, while it is not known of every packed row who wrote it (`packing.note_authors`).
    """
    return list(_gone(now).order_by("pk").values_list("pk", flat=True))


def forget(guest: int) -> bool:
    """Delete one of those; False when they have come back meanwhile."""
    with transaction.atomic():
        person = _gone(database_now()).filter(pk=guest).first()
        if person is None:
            return False
        person.delete()
        return True


def _gone(now: datetime) -> models.QuerySet[User]:
    guests = User.objects.filter(is_guest=True, date_joined__lt=now - timedelta(days=settings.GUEST_DAYS))
    return guests.exclude(
        Exists(DocumentPiece.objects.filter(authors_noted=False))
        | Exists(DocumentAuthor.objects.filter(user=OuterRef("pk")))
        | Exists(SignIn.objects.filter(user=OuterRef("pk"), session__expire_date__gt=now))
        | Exists(DocumentClient.objects.filter(user=OuterRef("pk")))
        | Exists(DocumentUpdate.objects.filter(author=OuterRef("pk")))
        | Exists(DocumentImage.objects.filter(uploaded_by=OuterRef("pk")))
    )
