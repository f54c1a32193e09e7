"""Asking for access, and answering."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from django.db import models
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Status
from pydantic import Field

from permissions.models import AccessRequest, Guarded
from permissions.requests import MAX_WORDS_CHARACTERS, answer, ask, open_requests
from permissions.roles import Role
from permissions.signals import noted

from .door import Asked
from .finding import Find, managed
from .paging import After, page
from .shapes import Answer, Body, Changed, LesserRoleName, Number, Person, change_in, label_of, problems

ASKING = problems(HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)


class OpenRequest(Answer):
    """Somebody asks for a role."""

    id: int
    person: Person
    role: LesserRoleName
    words: str
    made_at: datetime


class OpenRequests(Answer):
    requests: list[OpenRequest]
    next: str


class NewRequest(Body):
    role: LesserRoleName
    words: Annotated[str, Field(max_length=MAX_WORDS_CHARACTERS)] = ""


class NewAnswer(Body):
    """The role to give; null declines."""

    role: LesserRoleName | None


def request_routes(find: Find, objects: models.QuerySet[Guarded]) -> Router:
    """Below an address that captures the object's `pk`; one of `objects` may be asked for by who cannot `find` it."""
    router = Router(tags=["Invitations and requests"])

    @router.get("/requests/", response=OpenRequests, url_name="requests", summary="Who asks for access")
    def read_requests(request: Asked, pk: Path[UUID], after: After) -> OpenRequests:
        asking = open_requests(managed(find, request.auth, pk))
        found, following = page(asking, key=lambda each: [each.pk], after=after)
        return OpenRequests(requests=[_request(each) for each in found], next=following)

    @router.post("/requests/", response={201: OpenRequest}, openapi_extra=ASKING, summary="Ask for access")
    def make_request(request: Asked, pk: Path[UUID], body: NewRequest) -> Status[OpenRequest]:
        """404 where nobody may know that there is something to ask for."""
        obj = get_object_or_404(objects.all(), pk=pk)
        made = ask(by=request.auth, obj=obj, role=Role.parse(body.role), words=body.words)
        return Status(HTTPStatus.CREATED, _request(made))

    @router.put(
        "/requests/{number}/answer/",
        response=Changed,
        url_name="answer",
        openapi_extra=problems(HTTPStatus.CONFLICT),
        summary="Answer who asks",
    )
    def answer_request(request: Asked, pk: Path[UUID], number: Path[Number], body: NewAnswer) -> Changed:
        obj = managed(find, request.auth, pk)
        role = None if body.role is None else Role.parse(body.role)
        with noted() as changes:
            answer(by=request.auth, obj=obj, request=number, role=role)
        return Changed(change=change_in(changes))

    return router


def _request(asked: AccessRequest) -> OpenRequest:
    return OpenRequest(
        id=asked.pk,
        person=Person.of(asked.user),
        role=label_of(asked.role),
        words=asked.words,
        made_at=asked.made_at,
    )
