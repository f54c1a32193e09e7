"""Invitations to one object: those that wait, making one, taking one back."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from ninja import Path, Router, Status
from pydantic import Field

from permissions.invitations import Pending, invite, open_invitations, uninvite
from permissions.models import Invitation
from permissions.roles import Role
from permissions.signals import noted

from .door import Asked
from .finding import Find, managed
from .paging import After, page
from .shapes import Answer, Body, Changed, LesserRoleName, Number, Person, RoleName, change_in, label_of, problems


class OpenInvitation(Answer):
    """One that waits. `email` empty: for the first who comes with its link. `void`: its maker may not give that role
    (any more), so nobody can claim it.
    """

    id: int
    email: str
    role: RoleName
    made_by: Person
    made_at: datetime
    expires_at: datetime
    void: bool

    @classmethod
    def of(cls, found: Pending | Invitation) -> Self:
        return cls(
            id=found.pk,
            email=found.email,
            role=label_of(found.role),
            made_by=Person.of(found.made_by),
            made_at=found.made_at,
            expires_at=found.expires_at,
            void=isinstance(found, Pending) and found.is_void,
        )


class OpenInvitations(Answer):
    invitations: list[OpenInvitation]
    next: str


class NewInvitation(Body):
    """Whom to invite, by an address; without one, whoever comes first with the link."""

    role: LesserRoleName
    email: Annotated[str, Field(max_length=254)] = ""


class MadeInvitation(Changed):
    """`address` is the link, which has no other copy; null where it was mailed."""

    invitation: OpenInvitation
    address: str | None


def invitation_routes(find: Find) -> Router:
    """Below an address that captures the object's `pk`."""
    router = Router(tags=["Invitations and requests"])

    @router.get("/invitations/", response=OpenInvitations, url_name="invitations", summary="Invitations that wait")
    def read_invitations(request: Asked, pk: Path[UUID], after: After) -> OpenInvitations:
        waiting = open_invitations(managed(find, request.auth, pk))
        found, following = page(waiting, key=lambda each: [-each.pk], after=after)
        return OpenInvitations(invitations=[OpenInvitation.of(each) for each in found], next=following)

    @router.post(
        "/invitations/",
        response={201: MadeInvitation},
        openapi_extra=problems(HTTPStatus.TOO_MANY_REQUESTS),
        summary="Invite somebody, or whoever has the link",
    )
    def make_invitation(request: Asked, pk: Path[UUID], body: NewInvitation) -> Status[MadeInvitation]:
        obj = managed(find, request.auth, pk)
        with noted() as changes:
            made = invite(by=request.auth, obj=obj, role=Role.parse(body.role), email=body.email)
        return Status(
            HTTPStatus.CREATED,
            MadeInvitation(
                invitation=OpenInvitation.of(made.invitation),
                address=None if made.mailed else made.address,
                change=change_in(changes),
            ),
        )

    @router.delete("/invitations/{number}/", response=Changed, url_name="invitation", summary="Take one back")
    def revoke_invitation(request: Asked, pk: Path[UUID], number: Path[Number]) -> Changed:
        obj = managed(find, request.auth, pk)
        with noted() as changes:
            uninvite(by=request.auth, obj=obj, invitation=number)
        return Changed(change=change_in(changes))

    return router
