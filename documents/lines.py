"""What a line of the list says about a document, for the page and for the live list alike.

The number of queries does not depend on how many documents are asked for.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Max, Q
from django.db.models.functions import Coalesce

from permissions.access import named_on, owned_by, roles_of
from permissions.models import User
from permissions.roles import Role

from .models import Document, DocumentGroupPermission, DocumentStar, DocumentUpdate, DocumentUserPermission

type Pair = tuple[UUID, int]  # a document's and a person's primary keys


@dataclass(frozen=True, slots=True)
class Facts:
    """What is the same for everybody. `title` and `editor` may be empty; `linked`: the link lets anybody in."""

    title: str
    edited_at: datetime
    trashed_at: datetime | None
    editor_id: int | None
    editor: str
    editor_is_guest: bool
    people: int
    groups: tuple[str, ...]
    linked: bool


@dataclass(frozen=True, slots=True)
class Line:
    """The line of one document in one person's list, as of now."""

    facts: Facts
    role: Role
    starred: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """The answer of `look`."""

    lines: dict[Pair, Line]
    named: set[Pair]


def look(pairs: Collection[Pair], *, listed: Collection[UUID] = (), to: Collection[int] = ()) -> Seen:
    """The lines these people may see of these documents, rights asked now in one statement; and who of `to` has which
    of `listed` in their list. In the trash, only owners see a line.
    """
    named = named_on(Document, listed, to) if listed and to else set()
    pairs = {*pairs, *named}
    if not pairs:
        return Seen({}, set())
    roles = roles_of(Document, pairs)
    facts = facts_of({document for document, _ in pairs})
    for user in {user for document, user in pairs if document in facts and facts[document].trashed_at is not None}:
        lying = Document.objects.filter(pk__in=[document for document, each in pairs if each == user])
        owned = owned_by(User(pk=user), lying, trashed=True).values_list("pk", flat=True)
        roles |= {(document, user): Role.OWNER for document in owned}
    stars = stars_of(roles)
    lines = {pair: Line(facts[pair[0]], role, pair in stars) for pair, role in roles.items() if pair[0] in facts}
    return Seen(lines, named & lines.keys())


def facts_of(documents: Collection[UUID]) -> dict[UUID, Facts]:
    """What is to be said of these documents, in four queries; one that does not exist is left out."""
    rows = Document.objects.filter(pk__in=documents).values_list("pk", "title", "edited_at", "trashed_at", "link_role")
    editors = _last_editors(documents)
    people = _count_people(documents)
    groups = _name_groups(documents)
    return {
        pk: Facts(
            title, edited_at, trashed_at, *editors.get(pk, (None, "", False)), people.get(pk, 0),
            tuple(groups.get(pk, ())), link_role is not None,
        )
        for pk, title, edited_at, trashed_at, link_role in rows
    }  # fmt: skip


def stars_of(pairs: Collection[Pair]) -> set[Pair]:
    """Those of these pairs where the person has put a star."""
    documents, people = {document for document, _ in pairs}, {person for _, person in pairs}
    found = DocumentStar.objects.filter(person__in=people, document__in=documents)
    return set(found.values_list("document_id", "person_id"))


def list_marks(people: Collection[int]) -> dict[int, tuple[int, ...]]:
    """A few numbers for each person's list, which differ when something came into it or left it. Two queries."""
    untrashed = Q(content_object__trashed_at__isnull=True)
    direct = DocumentUserPermission.objects.filter(untrashed, user__in=people).order_by().values_list("user")
    through = DocumentGroupPermission.objects.filter(untrashed, group__user__in=people).order_by()
    marks: dict[int, tuple[int, ...]] = {}
    for found in (direct, through.values_list("group__user")):
        for person, *numbers in found.annotate(Count("pk"), last=Max("pk")):
            marks[person] = (*marks.get(person, ()), -1, *numbers)
    return marks


def _last_editors(documents: Collection[UUID]) -> dict[UUID, tuple[int | None, str, bool]]:
    newest = DocumentUpdate.objects.filter(document__in=documents, seq=F("document__head_seq"), author__isnull=False)
    rows = newest.values_list("document_id", "author_id", "author__name", "author__username", "author__is_guest")
    return {document: (author, name or username, guest) for document, author, name, username, guest in rows}


def _count_people(documents: Collection[UUID]) -> dict[UUID, int]:
    named = DocumentUserPermission.objects.filter(content_object__in=documents, user__is_active=True).order_by()
    return dict(
        named.values("content_object").annotate(n=Count("user", distinct=True)).values_list("content_object", "n")
    )


def _name_groups(documents: Collection[UUID]) -> dict[UUID, list[str]]:
    rows = DocumentGroupPermission.objects.filter(content_object__in=documents)
    named = rows.annotate(name=Coalesce("group__team__name", "group__name")).order_by("name")
    groups: dict[UUID, list[str]] = {}
    for document, name in named.values_list("content_object_id", "name").distinct():
        groups.setdefault(document, []).append(name)
    return groups
