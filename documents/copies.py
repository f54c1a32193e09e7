"""Duplicating a document: its content as it is now, never its history, which holds what was deleted."""

from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from permissions.models import User
from permissions.signals import announce

from . import log
from .content import Unreadable, tree
from .images import copy_images
from .mend import mended
from .models import Document
from .schema import Invalid, Tree
from .titles import MAX_TITLE_CHARACTERS
from .writing import begin


class NotCopied(Exception):
    """The content of the document cannot be read. Composes a sentence for people."""

    def __init__(self) -> None:
        super().__init__(_("This document cannot be copied: what is in it cannot be read as a whole."))


def copy(*, by: User, document: Document) -> Document:
    """A document of `by`'s own with the content of one they were found to have access to. Raises `NotCopied`."""
    content = _content_of(document)
    title = _("Copy of %(title)s") % {"title": document.title or _("Untitled")}
    pk = uuid4()
    pictures = copy_images(source=document, to=pk, only=set(_addresses(content)) if content else ())
    try:
        with transaction.atomic():
            made = Document.objects.create_for(owner=by, title=title[:MAX_TITLE_CHARACTERS], pk=pk)
            pictures.keep()
            if content is not None:
                begin(made, by=by, tree=_with_addresses(content, pictures.addresses))
            announce(Document, made.pk)
    except BaseException as error:
        pictures.drop()
        if isinstance(error, Invalid):
            raise NotCopied from error
        raise
    return made


def _content_of(document: Document) -> Tree | None:
    """None for a document in which nothing was ever written."""
    try:
        loaded = log.load(document.pk)
        if loaded is None:
            raise NotCopied  # thrown away just now: a copy without its content would look like a loss
        if not loaded.updates:
            return None
        return mended(tree(*loaded.updates))
    except (log.LogBroken, Unreadable, Invalid) as error:
        raise NotCopied from error


def _addresses(node: Tree) -> list[str]:
    """Of all pictures in it."""
    found, waiting = [], [node]
    while waiting:
        each = waiting.pop()
        address = (each.get("attrs") or {}).get("src")
        if isinstance(address, str):
            found.append(address)
        waiting += each.get("content") or []
    return found


def _with_addresses(node: Tree, addresses: dict[str, str]) -> Tree:
    changed = dict(node)
    attrs = node.get("attrs") or {}
    if attrs.get("src") in addresses:
        changed["attrs"] = {**attrs, "src": addresses[attrs["src"]]}
    if "content" in node:
        changed["content"] = [_with_addresses(child, addresses) for child in node["content"]]
    return changed
