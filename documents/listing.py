"""The documents of a person as one page of a list, in a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce

from permissions.access import roles_of
from permissions.models import User

from .models import Document, DocumentUpdate, DocumentUserPermission

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """A document as a line of the list. `title` and `last_editor_name` may be empty."""

    id: UUID
    title: str
    role: str
    owner: User
    owner_name: str
    edited_at: datetime
    last_editor_name: str
    people_count: int


def list_documents(person: User, *, page: int | str) -> tuple[list[Listed], Page[Document]]:
    """A page of what was shared with `person` by name or group, the last edited first; and the paginator's own page.

    A page that does not exist is the last one, as `Paginator.get_page` does it.
    """
    last_editor = DocumentUpdate.objects.filter(document=OuterRef("pk"), seq=OuterRef("head_seq"))
    name = Case(When(author__name="", then=F("author__username")), default=F("author__name"))
    people = DocumentUserPermission.objects.filter(content_object=OuterRef("pk"), user__is_active=True)
    counted = people.order_by().values("content_object").annotate(n=Count("user", distinct=True)).values("n")
    documents = (
        Document.objects.listed_for(person)
        .select_related("owner")
        .annotate(last_editor_name=Coalesce(Subquery(last_editor.values_list(name)), Value("")))
        .annotate(people_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0))
        .order_by("-edited_at", "pk")
    )
    found = Paginator(documents, PAGE_SIZE).get_page(page)
    roles = roles_of(Document, [(document.pk, person.pk) for document in found])
    listed = [
        Listed(
            id=document.pk,
            title=document.title,
            role=roles[document.pk, person.pk].label,
            owner=document.owner,
            owner_name=document.owner.display_name,
            edited_at=document.edited_at,
            last_editor_name=_annotated(document, "last_editor_name"),
            people_count=_annotated(document, "people_count"),
        )
        for document in found
        if (document.pk, person.pk) in roles  # taken away between the two queries
    ]
    return listed, found


def _annotated(document: Document, name: str) -> Any:
    return getattr(document, name)
