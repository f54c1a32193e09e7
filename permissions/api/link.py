"""What anybody gets who has the address; and whether those who get nothing may ask."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.utils.http import urlencode
from ninja import Path, Router
from pydantic import Field, StrictBool

from permissions.access import Access
from permissions.links import KEEP, link_of, set_link
from permissions.models import Guarded
from permissions.requests import admit_requests
from permissions.roles import Role
from permissions.sharing import acting
from permissions.signals import noted
from permissions.whence import site_address

from .door import Asked
from .finding import Find, managed
from .shapes import Answer, Body, Changed, LesserRoleName, Moment, change_in, label_of


class LinkSetting(Answer):
    """`role` null: only named people get in. `most`: what links may give here at the most; null: nothing. `address`:
    what to hand on, for those who manage.
    """

    role: LesserRoleName | None
    expires_at: datetime | None
    has_password: bool
    most: LesserRoleName | None
    address: str | None

    @classmethod
    def of(cls, obj: Guarded, access: Access) -> "LinkSetting":
        link = link_of(obj)
        key = f"?{urlencode({'key': link.key})}" if link.key else ""
        return cls(
            role=None if link.role is None else label_of(link.role),
            expires_at=link.expires_at,
            has_password=link.has_password,
            most=None if link.most is None else label_of(link.most),
            address=site_address(obj.get_absolute_url() + key) if access.can_share else None,
        )


class NewLink(Body):
    """The whole setting. A `role` of null forgets the rest. Without `expires_at` it has no end; without `password` that
    stays as it is, and null takes it away.
    """

    role: LesserRoleName | None
    expires_at: Moment | None = None
    password: Annotated[str, Field(max_length=200)] | None = None


class ChangedLink(Changed):
    link: LinkSetting


class RequestSetting(Body):
    """Whether somebody without access is told that there is something here, and may ask for it."""

    admits: StrictBool


class Admits(Answer):
    admits: bool


def link_routes(find: Find) -> Router:
    """Below an address that captures the object's `pk`."""
    router = Router(tags=["Sharing"])

    @router.get("/link/", response=LinkSetting, url_name="link", summary="The link")
    def read_link(request: Asked, pk: Path[UUID]) -> LinkSetting:
        return LinkSetting.of(*find(request.auth, pk))

    @router.put("/link/", response=ChangedLink, summary="Set what the link gives")
    def change_link(request: Asked, pk: Path[UUID], body: NewLink) -> ChangedLink:
        obj, access = find(request.auth, pk)
        role = None if body.role is None else Role.parse(body.role)
        password = body.password if "password" in body.model_fields_set else KEEP
        with noted() as changes:
            set_link(by=request.auth, obj=obj, role=role, expires_at=body.expires_at, password=password)
        return ChangedLink(link=LinkSetting.of(obj, access), change=change_in(changes))

    @router.post("/link/rotation/", response=ChangedLink, url_name="rotation", summary="Make a new address")
    def rotate_link(request: Asked, pk: Path[UUID]) -> ChangedLink:
        """The address that went around opens nothing any more, and who came in by it is out."""
        obj, access = find(request.auth, pk)
        with noted() as changes, acting(by=request.auth, obj=obj, least=Role.OWNER):
            obj.refresh_from_db()  # another owner may just have closed it, and it stays closed
            if obj.link_role is not None:
                role = Role(obj.link_role)
                set_link(by=request.auth, obj=obj, role=role, expires_at=obj.link_expires_at, rotate=True)
        return ChangedLink(link=LinkSetting.of(obj, access), change=change_in(changes))

    @router.put("/request-setting/", response=Admits, url_name="request-setting", summary="Let people ask, or not")
    def change_request_setting(request: Asked, pk: Path[UUID], body: RequestSetting) -> Admits:
        obj = managed(find, request.auth, pk)
        admit_requests(by=request.auth, obj=obj, admits=body.admits)
        return Admits(admits=obj.admits_requests)

    return router
