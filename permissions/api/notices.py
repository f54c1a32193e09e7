"""The inbox: what a person is told, what they have read, and what is mailed."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Router
from pydantic import Field

from permissions import notices
from permissions.models import AccessRequest, Notice
from permissions.notice_mail import sentence_of
from permissions.pending import offers_behind, requests_behind

from .door import Asked
from .paging import PAGE_SIZE, After, following, number_in
from .shapes import Answer, Body, LesserRoleName, Number, RoleName, label_of

Kind = Literal["shared", "changed", "requested", "answered", "claimed", "offered"]


class Waiting(Answer):
    """A request that the asker can answer (`/documents/{pk}/requests/{number}/answer/`)."""

    id: int
    role: LesserRoleName
    words: str


class Told(Answer):
    """One notice. `sentence` says it in the asker's language; `url` is the page it is about; `request` and `offer` say
    what still waits for the asker's answer.
    """

    id: int
    kind: Kind
    sentence: str
    actor: str
    title: str
    document: UUID | None
    url: str | None
    role: RoleName | None
    made_at: datetime
    read: bool
    request: Waiting | None
    offer: bool


class Inbox(Answer):
    notices: list[Told]
    next: str
    unread: int


class Read(Body):
    """Which notices were read; null: all."""

    ids: Annotated[list[Number], Field(max_length=200)] | None = None


class Unread(Answer):
    unread: int


class Muted(Body):
    """The kinds that are not mailed."""

    muted: Annotated[list[Kind], Field(max_length=20)]


class Preferences(Answer):
    muted: list[Kind]


def notice_routes(page_of: Callable[[UUID], str]) -> Router:
    """`page_of` tells the path of the page of an object."""
    router = Router(tags=["Notices"])

    @router.get("/", response=Inbox, url_name="notices", summary="What I was told, newest first")
    def read_notices(request: Asked, after: After) -> Inbox:
        rows = notices.of(request.auth, before=number_in(after), limit=PAGE_SIZE + 1)
        shown, key = following(rows, lambda notice: notice.pk)
        requests, offers = requests_behind(request.auth, shown), offers_behind(request.auth, shown)
        told = [_told(each, page_of, requests.get(each.pk), offer=each.pk in offers) for each in shown]
        return Inbox(notices=told, next=key, unread=notices.unread(request.auth))

    @router.get("/unread/", response=Unread, url_name="unread", summary="How many I have not read")
    def count_unread(request: Asked) -> Unread:
        return Unread(unread=notices.unread(request.auth))

    @router.post("/read/", response=Unread, url_name="read", summary="Mark as read")
    def mark_read(request: Asked, body: Read) -> Unread:
        notices.mark_read(request.auth, only=body.ids)
        return Unread(unread=notices.unread(request.auth))

    @router.get("/preferences/", response=Preferences, url_name="notice-preferences", summary="What is not mailed")
    def read_preferences(request: Asked) -> Preferences:
        return Preferences.model_validate({"muted": request.auth.muted})

    @router.put("/preferences/", response=Preferences, summary="Choose what is not mailed")
    def change_preferences(request: Asked, body: Muted) -> Preferences:
        notices.mute(request.auth, body.muted)
        return Preferences.model_validate({"muted": request.auth.muted})

    return router


def _told(notice: Notice, page_of: Callable[[UUID], str], request: AccessRequest | None, *, offer: bool) -> Told:
    return Told.model_validate(
        {
            "id": notice.pk,
            "kind": notice.kind,
            "sentence": sentence_of(notice),
            "actor": notice.actor_name,
            "title": notice.object_name,
            "document": notice.object_id,
            "url": None if notice.object_id is None else page_of(notice.object_id),
            "role": None if notice.role is None else label_of(notice.role),
            "made_at": notice.made_at,
            "read": notice.read_at is not None,
            "request": request and {"id": request.pk, "role": label_of(request.role), "words": request.words},
            "offer": offer,
        }
    )
