"""The first document of somebody new: it shows what the editor can do, and where to begin."""

from pathlib import Path
from typing import Any

from django.db import transaction

from documents.markdown import read
from documents.models import Document
from documents.schema import Tree, walk
from documents.writing import create_with
from permissions.models import User

FOLDER = Path(__file__).parent
LANGUAGE = "en"  # where there is none in the person's own
READER = "you"  # the mention in the texts that stands for whoever reads


def welcome(person: User, *, language: str) -> Document | None:
    """Their welcome document, made now; None for somebody who has, or ever threw away, a document of their own.

    However often it is called at once, one is made: the person's row is locked. `language` is a code like "de" or
    "de-at".
    """
    with transaction.atomic():
        list(User.objects.select_for_update().filter(pk=person.pk).values_list("pk"))
        if Document.objects.filter(owner=person).exists():  # those in the trash too
            return None
        return create_welcome(person, language=language)


def create_welcome(owner: User, *, language: str = LANGUAGE) -> Document:
    """A welcome document of `owner`'s."""
    title, tree = _text(owner, language)
    return create_with(owner=owner, title=title, tree=tree)


def _text(owner: User, language: str) -> tuple[str, Tree]:
    """The title is the text's first heading, which is not part of it."""
    places = [FOLDER / f"{name}.md" for name in (language, language.split("-")[0], LANGUAGE)]
    tree = read(next(place for place in places if place.exists()).read_text())
    heading, *blocks = tree["content"]
    for node, _ in walk(tree):
        attributes: dict[str, Any] = node.get("attrs", {})
        if node["type"] == "mention" and attributes["id"] == READER:
            attributes |= {"id": str(owner.pk), "label": owner.display_name}
    return heading["content"][0]["text"], {**tree, "content": blocks}
