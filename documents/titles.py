"""Renaming a document."""

from permissions.models import User
from permissions.roles import Role
from permissions.sharing import acting

from .models import Document

MAX_TITLE_CHARACTERS = 200


class TitleTooLong(Exception):
    """A title over the limit; composes a sentence for people."""

    def __init__(self, characters: int) -> None:
        self.characters = characters
        super().__init__(f"A title has at most {MAX_TITLE_CHARACTERS} characters; this one has {characters}.")


def rename(*, by: User, document: Document, title: str) -> None:
    """Give it this title, on one line. Raises `TitleTooLong`, and `NotAllowed` when `by` may not edit (any more)."""
    title = " ".join(title.split())
    if len(title) > MAX_TITLE_CHARACTERS:
        raise TitleTooLong(len(title))
    with acting(by=by, obj=document, least=Role.EDITOR):
        Document.objects.filter(pk=document.pk).update(title=title)
    document.title = title
