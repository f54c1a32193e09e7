"""A person's stars: their own bookmarks, which say nothing to anybody else."""

from django.db import IntegrityError

from permissions.models import User

from .models import Document, DocumentStar
from .signals import announce_line


def star(*, by: User, document: Document) -> None:
    """Put a star on it; that it has one already is fine. Raises `Document.DoesNotExist` when it was just deleted."""
    try:
        DocumentStar.objects.get_or_create(document=document, person=by)
    except IntegrityError as error:
        raise Document.DoesNotExist from error
    announce_line(document.pk, person=by.pk)


def unstar(*, by: User, document: Document) -> None:
    """Take the star off; that it has none is fine."""
    DocumentStar.objects.filter(document=document, person=by).delete()
    announce_line(document.pk, person=by.pk)


def is_starred(*, by: User, document: Document) -> bool:
    """Whether this person has put a star on it."""
    return DocumentStar.objects.filter(document=document, person=by).exists()
