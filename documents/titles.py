"""Renaming a document."""

from django.utils.translation import gettext as _

from permissions.models import User
from permissions.roles import Role
from permissions.sharing import acting

from .models import Document
from .signals import announce_line

MAX_TITLE_CHARACTERS = 200


class TitleTooLong(Exception):
    """A title over the limit; composes a sentence for people."""

    def __init__(self, characters: int) -> None:
        self.characters = characters
        values = {"most": MAX_TITLE_CHARACTERS, "n": characters}
        super().__init__(_("A title has at most %(most)d characters; this one has %(n)d.") % values)


def rename(*, by: User, document: Document, title: str) -> None:
    """Give it this title, on one line. Raises `TitleTooLong`, and `NotAllowed` when `by` may not edit (any more)."""
    title = one_line(title)
    with acting(by=by, obj=document, least=Role.EDITOR):
        Document.objects.filter(pk=document.pk).update(title=title)
        announce_line(document.pk)
    document.title = title


def one_line(title: str) -> str:
    """A title as it is kept. Raises `TitleTooLong`."""
    title = " ".join(title.split())
    if len(title) > MAX_TITLE_CHARACTERS:
        raise TitleTooLong(len(title))
    return title
