"""Handing over: an offer of ownership, and what becomes of it."""

from datetime import datetime
from http import HTTPStatus
from typing import Self
from uuid import UUID

from django.http import Http404
from ninja import Path, Router

from permissions.holders import holder_of
from permissions.models import OwnershipOffer, User
from permissions.ownership import accept, decline, offer, offer_of, withdraw
from permissions.signals import noted

from .door import Asked
from .finding import Find, managed
from .shapes import Answer, Body, Changed, Number, Person, change_in, problems

WRONG_NOW = problems(HTTPStatus.CONFLICT)


class Offer(Answer):
    by: Person
    to: Person
    made_at: datetime

    @classmethod
    def of(cls, found: OwnershipOffer) -> Self:
        return cls(by=Person.of(found.by), to=Person.of(found.to), made_at=found.made_at)


class OpenOffer(Answer):
    """Null: there is none, or it is not for the asker's eyes."""

    offer: Offer | None


class NewOffer(Body):
    """The id of somebody who has access."""

    person: Number


class MadeOffer(Changed):
    offer: Offer


def ownership_routes(find: Find) -> Router:
    """Below an address that captures the object's `pk`."""
    router = Router(tags=["Ownership"])

    @router.get("/offer/", response=OpenOffer, url_name="offer", summary="The offer of ownership")
    def read_offer(request: Asked, pk: Path[UUID]) -> OpenOffer:
        """For owners, and for the one it is made to."""
        obj, access = find(request.auth, pk)
        found = offer_of(obj)
        if found is None or not (access.can_share or found.to_id == request.auth.pk):
            return OpenOffer(offer=None)
        return OpenOffer(offer=Offer.of(found))

    @router.put("/offer/", response=MadeOffer, openapi_extra=WRONG_NOW, summary="Offer ownership")
    def make_offer(request: Asked, pk: Path[UUID], body: NewOffer) -> MadeOffer:
        obj = managed(find, request.auth, pk)
        to = holder_of("user", body.person)
        if not isinstance(to, User):
            raise Http404
        with noted() as changes:
            made = offer(by=request.auth, obj=obj, to=to)
        return MadeOffer(offer=Offer.of(made), change=change_in(changes))

    @router.delete("/offer/", response=Changed, summary="Take the offer back")
    def withdraw_offer(request: Asked, pk: Path[UUID]) -> Changed:
        obj = managed(find, request.auth, pk)
        with noted() as changes:
            withdraw(by=request.auth, obj=obj)
        return Changed(change=change_in(changes))

    @router.post(
        "/offer/acceptance/",
        response=Changed,
        url_name="acceptance",
        openapi_extra=WRONG_NOW,
        summary="Become the owner",
    )
    def accept_offer(request: Asked, pk: Path[UUID]) -> Changed:
        obj, _access = find(request.auth, pk)
        with noted() as changes:
            accept(by=request.auth, obj=obj)
        return Changed(change=change_in(changes))

    @router.post("/offer/refusal/", response=Changed, url_name="refusal", summary="Say no to ownership")
    def decline_offer(request: Asked, pk: Path[UUID]) -> Changed:
        obj, _access = find(request.auth, pk)
        with noted() as changes:
            decline(by=request.auth, obj=obj)
        return Changed(change=change_in(changes))

    return router
