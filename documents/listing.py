"""The documents of a person as pages of a list, in a fixed number of queries a page.

Pages follow each other by key and not by number: a page begins after the last line of the one before, wherever that is
by now, so nothing is shown twice or missed while others write, and page 20 costs what page 1 costs.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from permissions.access import owned_by, roles_of
from permissions.models import User
from permissions.roles import Role

from .lines import facts_of, stars_of
from .models import Document, DocumentQuerySet, DocumentStar
from .trash import kept_for

PAGE_SIZE = 50
MAX_FILTER_CHARACTERS = 200  # no title is longer


class Shelf(StrEnum):
    """Which documents: the views of the home page."""

    RECENT = "recent"
    MINE = "mine"
    SHARED = "shared"
    STARRED = "starred"
    TRASH = "trash"


class Sort(StrEnum):
    """In which order."""

    EDITED = "edited"  # in the trash: when it was trashed
    TITLE = "title"
    CREATED = "created"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to list. `text` is looked for in titles; `only` leaves at most this one; `after` is a page's `next`."""

    shelf: Shelf = Shelf.RECENT
    sort: Sort = Sort.EDITED
    text: str = ""
    only: UUID | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A document as a line of the list. `title` and `last_editor_name` may be empty."""

    id: UUID
    title: str
    role: str
    owner: User
    owner_name: str
    created_at: datetime
    edited_at: datetime
    last_editor_id: int | None
    last_editor_name: str
    last_editor_is_guest: bool
    people_count: int
    groups: tuple[str, ...]
    linked: bool
    starred: bool
    trashed_at: datetime | None

    @property
    def goes_at(self) -> datetime | None:
        """When `empty_trash` may delete it for good."""
        return None if self.trashed_at is None else self.trashed_at + kept_for()


@dataclass(frozen=True, slots=True)
class Page:
    """Lines in their order, and the key of the page after them; empty when there is none."""

    documents: list[Listed]
    next: str


def list_documents(person: User, wish: Wish) -> Page:
    """One page of what `person` wished to see. An `after` that cannot be read begins at the top."""
    keys = {f"key{n}": key for n, key in enumerate(_keys(wish))}
    found = _titled(_shelved(person, wish.shelf), wish.text).annotate(**{name: key.by for name, key in keys.items()})
    if wish.only is not None:
        found = found.filter(pk=wish.only)
    after = _read_key(wish.after, list(keys.values()))
    if after is not None:
        found = found.filter(_behind(after, keys))
    order = [F(name).desc() if key.down else F(name).asc() for name, key in keys.items()]
    rows = list(found.select_related("owner").order_by(*order)[: PAGE_SIZE + 1])
    following = _write_key([getattr(rows[PAGE_SIZE - 1], name) for name in keys]) if len(rows) > PAGE_SIZE else ""
    return Page(describe(person, rows[:PAGE_SIZE]), following)


def has_page_after(wish: Wish) -> bool:
    """Whether `after` is empty, or can be read in this order."""
    return not wish.after or _read_key(wish.after, _keys(wish)) is not None


def describe(person: User, documents: list[Document]) -> list[Listed]:
    """Lines of these documents, in a fixed number of queries; one that `person` may not see (any more) is left out."""
    ids = [document.pk for document in documents]
    pairs = [(pk, person.pk) for pk in ids]
    roles = roles_of(Document, pairs)
    facts = facts_of(ids)
    stars = stars_of(pairs)
    listed = []
    for document in documents:
        pair = (document.pk, person.pk)
        role = Role.OWNER if document.trashed_at is not None else roles.get(pair)
        about = facts.get(document.pk)
        if role is None or about is None:  # taken away between two queries
            continue
        listed.append(
            Listed(
                id=document.pk,
                title=document.title,
                role=min(role, person.most).label,
                owner=document.owner,
                owner_name=document.owner.display_name,
                created_at=document.created_at,
                edited_at=document.edited_at,
                last_editor_id=about.editor_id,
                last_editor_name=about.editor,
                last_editor_is_guest=about.editor_is_guest,
                people_count=about.people,
                groups=about.groups,
                linked=about.linked,
                starred=pair in stars,
                trashed_at=document.trashed_at,
            )
        )
    return listed


def _shelved(person: User, shelf: Shelf) -> DocumentQuerySet:
    documents = Document.objects.all()
    person = User(pk=person.pk)  # a token that only reads owns nothing, but may be told whose a document is
    if shelf is Shelf.MINE:
        return owned_by(person, documents)  # type: ignore[return-value]  # of the class it was given
    if shelf is Shelf.SHARED:
        return documents.listed_for(person).exclude(pk__in=owned_by(person, documents).values("pk"))
    if shelf is Shelf.STARRED:  # by link too: a star is how one finds again what is in no list
        return documents.visible_to(person).filter(
            Exists(DocumentStar.objects.filter(person=person, document=OuterRef("pk")))
        )
    if shelf is Shelf.TRASH:
        return owned_by(person, documents, trashed=True)  # type: ignore[return-value]
    return documents.listed_for(person)


def _titled(documents: DocumentQuerySet, text: str) -> DocumentQuerySet:
    """Those with `text` in their title, in any case. One without a title is called what the page calls it."""
    text = " ".join(text.replace("\0", " ").split())[:MAX_FILTER_CHARACTERS]
    if not text:
        return documents
    # SQLite's own LIKE knows the case of ASCII only; its REGEXP is Django's, in Python.
    on_sqlite = connections[router.db_for_read(Document)].vendor == "sqlite"
    wanted = Q(title__iregex=re.escape(text)) if on_sqlite else Q(title__icontains=text)
    if text.lower() in _("Untitled").lower():
        wanted |= Q(title="")
    return documents.filter(wanted)


@dataclass(frozen=True, slots=True)
class Key:
    """One part of an order: an expression, whether it goes down, and how its value is read back."""

    by: Any
    read: Callable[[str], Any]
    down: bool = False


def _keys(wish: Wish) -> list[Key]:
    """What the order is made of; the last key is unique."""
    latest = Key(F("trashed_at" if wish.shelf is Shelf.TRASH else "edited_at"), datetime.fromisoformat, down=True)
    unique = Key(F("pk"), UUID)
    if wish.sort is Sort.TITLE:
        title = Case(When(title="", then=Value(_("Untitled"))), default=F("title"))
        return [Key(Lower(title), str), unique]
    if wish.sort is Sort.CREATED:
        return [Key(F("created_at"), datetime.fromisoformat, down=True), unique]
    if wish.sort is Sort.OWNER:
        name = Case(When(owner__name="", then=F("owner__username")), default=F("owner__name"))
        return [Key(Lower(name), str), latest, unique]
    return [latest, unique]


def _behind(after: list[Any], keys: dict[str, Key]) -> Q:
    """Behind these values in the order: the first is, or it is equal and the second is, and so on."""
    behind, equal = Q(), Q()
    for (name, key), value in zip(keys.items(), after, strict=True):
        behind |= equal & Q(**{f"{name}__{'lt' if key.down else 'gt'}": value})
        equal &= Q(**{name: value})
    return behind


def _write_key(values: list[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _read_key(text: str, keys: list[Key]) -> list[Any] | None:
    """The values in a page's key; None for what no page of this order wrote (a link cut off, another order)."""
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(found, list) or len(found) != len(keys) or not all(isinstance(each, str) for each in found):
            return None
        if "\0" in "".join(found).encode().decode():  # neither NUL nor half a character can be asked for
            return None
        values = [key.read(each) for key, each in zip(keys, found, strict=True)]
        for value in values:
            if isinstance(value, datetime):
                if value.tzinfo is None:
                    return None
                value.astimezone(UTC)  # as the database has it: at the edge of the calendar there is no such moment
    except (ValueError, RecursionError, OverflowError):
        return None
    return values
