"""The JSON API of documents; sharing's own operations are put under each."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Path, Query, Router, Status

from permissions.access import owned_by
from permissions.api.door import MEMBERS_AND_GUESTS, Asked
from permissions.api.paging import MAX_KEY_CHARACTERS, unreadable
from permissions.api.shapes import MAX_NUMBER, Answer, Body, Changed, RoleName, change_in, problems
from permissions.models import User
from permissions.problems import Problem
from permissions.signals import announce, noted

from . import markdown
from .copies import NotCopied, copy
from .listing import MAX_FILTER_CHARACTERS, Listed, Shelf, Sort, Wish, describe, has_page_after, list_documents
from .markdown.reader import MAX_BYTES as MAX_MARKDOWN_BYTES
from .models import Document
from .people import people_in
from .schema import Invalid
from .stars import star, unstar
from .titles import TitleTooLong, one_line, rename
from .trash import delete_for_good, restore, trash
from .turns import Busy, turn
from .writing import create_with

MAX_BODY_BYTES = 2 * MAX_MARKDOWN_BYTES  # JSON has escapes; where letters beyond ASCII are, less Markdown fits
MAX_TEXT_CHARACTERS = 2_200  # of a query: a hundred numbers
MOST_IDS = 100


class Named(Answer):
    id: str
    name: str
    guest: bool


class DocumentAnswer(Answer):
    """A document as a whole; what it says comes over the socket, or as an export. `people`: with a role by name."""

    id: UUID
    title: str
    role: RoleName
    owner: Named
    created_at: datetime
    edited_at: datetime
    last_editor: Named | None
    people: int
    groups: list[str]
    linked: bool
    starred: bool
    trashed_at: datetime | None
    url: str

    @classmethod
    def of(cls, listed: Listed) -> Self:
        editor = None
        if listed.last_editor_id is not None:
            editor = Named(
                id=str(listed.last_editor_id), name=listed.last_editor_name, guest=listed.last_editor_is_guest
            )
        return cls.model_validate(
            {
                "id": listed.id,
                "title": listed.title,
                "role": listed.role,
                "owner": Named(id=str(listed.owner.pk), name=listed.owner_name, guest=False),
                "created_at": listed.created_at,
                "edited_at": listed.edited_at,
                "last_editor": editor,
                "people": listed.people_count,
                "groups": listed.groups,
                "linked": listed.linked,
                "starred": listed.starred,
                "trashed_at": listed.trashed_at,
                "url": Document(pk=listed.id).get_absolute_url(),
            }
        )


class Documents(Answer):
    documents: list[DocumentAnswer]
    next: str


class NewDocument(Body):
    """Both may be left out."""

    title: str = ""
    markdown: str | None = None


class NewTitle(Body):
    title: str


class Mentioned(Answer):
    id: str
    name: str
    color: str


class Mentionables(Answer):
    people: list[Mentioned]


documents = Router(tags=["Documents"])
trashed = Router(tags=["Documents"])


@documents.get("/", response=Documents, url_name="documents", summary="My documents")
def read_documents(
    request: Asked,
    view: Annotated[Shelf, Query(Shelf.RECENT)],
    sort: Annotated[Sort, Query(Sort.EDITED)],
    q: Annotated[str, Query("", max_length=MAX_FILTER_CHARACTERS, description="A part of the title.")],
    after: Annotated[str, Query("", max_length=MAX_KEY_CHARACTERS, description="`next` of the page before.")],
) -> Documents:
    """A link lets somebody in; it puts nothing into this list."""
    wish = Wish(view, sort, q, after=after)
    if not has_page_after(wish):
        raise unreadable()
    page = list_documents(request.auth, wish)
    return Documents(documents=[DocumentAnswer.of(listed) for listed in page.documents], next=page.next)


@documents.post(
    "/",
    response={201: DocumentAnswer},
    openapi_extra=problems(HTTPStatus.SERVICE_UNAVAILABLE),
    summary="Make a document",
)
def make_document(request: Asked, body: NewDocument) -> Status[DocumentAnswer]:
    """Of one's own, with nothing in it or with what the Markdown says."""
    with _refusing():
        title = one_line(body.title)
        with nullcontext() if body.markdown is None else turn(), transaction.atomic():
            if body.markdown is None:
                made = Document.objects.create_for(owner=request.auth, title=title)
            else:
                made = create_with(owner=request.auth, title=title, tree=markdown.read(body.markdown))
            announce(Document, made.pk)
    return Status(HTTPStatus.CREATED, _answer(request.auth, made))


@documents.get(
    "/{uuid:pk}/", auth=MEMBERS_AND_GUESTS, response=DocumentAnswer, url_name="document", summary="A document"
)
def read_document(request: Asked, pk: Path[UUID]) -> DocumentAnswer:
    return _answer(request.auth, _find(request.auth, pk))


@documents.patch("/{uuid:pk}/", auth=MEMBERS_AND_GUESTS, response=DocumentAnswer, summary="Rename a document")
def rename_document(request: Asked, pk: Path[UUID], body: NewTitle) -> DocumentAnswer:
    document = _find(request.auth, pk)
    with _refusing():
        rename(by=request.auth, document=document, title=body.title)
    return _answer(request.auth, document)


@documents.delete("/{uuid:pk}/", response=Changed, summary="Move a document to the trash")
def trash_document(request: Asked, pk: Path[UUID]) -> Changed:
    with noted() as changes:
        trash(by=request.auth, document=_find(request.auth, pk))
    return Changed(change=change_in(changes))


@documents.put("/{uuid:pk}/star/", response={204: None}, url_name="star", summary="Put a star on it")
def star_document(request: Asked, pk: Path[UUID]) -> Status[None]:
    try:
        star(by=request.auth, document=_find(request.auth, pk))
    except Document.DoesNotExist as error:
        raise Http404 from error
    return Status(HTTPStatus.NO_CONTENT, None)


@documents.delete("/{uuid:pk}/star/", response={204: None}, summary="Take the star off")
def unstar_document(request: Asked, pk: Path[UUID]) -> Status[None]:
    unstar(by=request.auth, document=_find(request.auth, pk))
    return Status(HTTPStatus.NO_CONTENT, None)


@documents.post(
    "/{uuid:pk}/copies/",
    response={201: DocumentAnswer},
    url_name="copies",
    openapi_extra=problems(HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE),
    summary="Copy a document",
)
def copy_document(request: Asked, pk: Path[UUID]) -> Status[DocumentAnswer]:
    """What is in it now, without its history, for oneself alone."""
    document = _find(request.auth, pk)
    with _refusing(), turn():
        made = copy(by=request.auth, document=document)
    return Status(HTTPStatus.CREATED, _answer(request.auth, made))


@documents.get("/{uuid:pk}/people/", response=Mentionables, url_name="people", summary="Who can be mentioned")
def read_people(
    request: Asked,
    pk: Path[UUID],
    q: Annotated[str, Query("", max_length=MAX_TEXT_CHARACTERS, description="A part of the name.")],
    ids: Annotated[str, Query("", max_length=MAX_TEXT_CHARACTERS, description="Instead: 1,2,3.")],
) -> Mentionables:
    """Those who have access by name or through a group: at most 20, or those of these numbers."""
    document = _find(request.auth, pk)
    by_number = "ids" in request.GET
    found = people_in(document, ids=_numbers(ids)) if by_number else people_in(document, matching=q)
    people = [Mentioned(id=str(each.id), name=each.name, color=each.color) for each in found]
    return Mentionables(people=people)


@trashed.delete("/{uuid:pk}/", response={204: None}, url_name="trashed", summary="Delete a document for good")
def delete_document(request: Asked, pk: Path[UUID]) -> Status[None]:
    delete_for_good(by=request.auth, document=_find_in_trash(request.auth, pk))
    return Status(HTTPStatus.NO_CONTENT, None)


@trashed.post("/{uuid:pk}/restoration/", response=Changed, url_name="restoration", summary="Take it out of the trash")
def restore_document(request: Asked, pk: Path[UUID]) -> Changed:
    with noted() as changes:
        restore(by=request.auth, document=_find_in_trash(request.auth, pk))
    return Changed(change=change_in(changes))


def _find(person: User, pk: UUID) -> Document:
    return get_object_or_404(Document.objects.visible_to(person).select_related("owner"), pk=pk)


def _find_in_trash(person: User, pk: UUID) -> Document:
    found = owned_by(person, Document.objects.all(), trashed=True)
    return get_object_or_404(found, pk=pk)


def _answer(person: User, document: Document) -> DocumentAnswer:
    described = describe(person, [document])
    if not described:
        raise Http404  # taken away between the act and the answer
    return DocumentAnswer.of(described[0])


@contextmanager
def _refusing() -> Iterator[None]:
    """What can be wrong with a document, as a problem."""
    try:
        yield
    except TitleTooLong as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error), field="title") from error
    except markdown.TooLarge as error:
        sentence = _("Markdown may have at most %(kib)d KiB.") % {"kib": MAX_MARKDOWN_BYTES // 1024}
        raise Problem(HTTPStatus.BAD_REQUEST, sentence, field="markdown") from error
    except NotCopied as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from error
    except Invalid as error:
        sentence = _("What this Markdown says is nested too deep, or is no document.")
        raise Problem(HTTPStatus.BAD_REQUEST, sentence, field="markdown") from error
    except Busy as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, _("Too many documents are being read just now.")) from error


def _numbers(text: str) -> set[int]:
    """Those that are numbers: mentions hold what some client wrote into them."""
    parts = text.split(",")[:MOST_IDS]
    numbers = (int(part) for part in parts if part.isascii() and part.isdecimal() and len(part) < 20)
    return {number for number in numbers if number <= MAX_NUMBER}
