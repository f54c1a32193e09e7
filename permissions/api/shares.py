"""Who has access by name, and why; giving, changing and taking away roles."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import Count
from django.http import Http404
from ninja import Path, Query, Router
from pydantic import Field, StringConstraints

from permissions.access import Access, Reason
from permissions.acquaintances import suggestions
from permissions.adding import MAX_NAMES, Added, Outcome, share
from permissions.holders import holder_of
from permissions.models import Guarded, User
from permissions.roles import Role
from permissions.sharing import Member, members_of, revise, revoke
from permissions.signals import noted
from permissions.whys import everybody_with_access

from .door import Asked
from .finding import Find, managed
from .invitations import OpenInvitation
from .link import LinkSetting
from .paging import After, Key, page
from .shapes import Answer, Body, Changed, Holder, Person, RoleName, change_in, label_of, problems

GIVING = problems(HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
ENDING = problems(HTTPStatus.CONFLICT)
MAX_TEXT_CHARACTERS = 254  # of an address; no name is longer


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT_CHARACTERS)]


class Share(Answer):
    """What a person or a group has by name. `username` is empty unless the asker manages; `people` are a group's."""

    holder: str
    kind: Literal["user", "group"]
    id: str
    name: str
    username: str
    color: str
    role: RoleName
    you: bool
    people: int | None


class You(Answer):
    """The asker's own role, and where it comes from."""

    role: RoleName
    why: Reason


class Shares(Answer):
    """Who has access. `manage`: whether the asker may change it; `requests`: whether people may ask for access."""

    shares: list[Share]
    next: str
    you: You
    manage: bool
    requests: bool
    link: LinkSetting


class Why(Answer):
    """One of the roads to a role; `via` is the name of a group."""

    kind: Literal["owner", "direct", "group"]
    role: RoleName
    via: str


class Reached(Person):
    """Somebody who has access by name or through groups, their highest role, and all its reasons."""

    role: RoleName
    whys: list[Why]


class Everybody(Answer):
    """Those who have access by name or group, at most 200, and how many they are."""

    people: list[Reached]
    total: int


class NewShares(Body):
    """Whom to give a role: user names, e-mail addresses, names of one's own groups. All or nobody."""

    people: list[Name] = Field(min_length=1, max_length=MAX_NAMES)
    role: RoleName


class NewShare(Answer):
    """What became of one name. `unchanged`: it had this or more. `address` is an invitation's, where mail goes nowhere:
    it is shown this once, to be handed on. `sentence` says it for people.
    """

    text: str
    outcome: Outcome
    holder: str | None
    invitation: OpenInvitation | None
    address: str | None
    sentence: str


class MadeShares(Changed):
    added: list[NewShare]


class NewRole(Body):
    role: RoleName


class ChangedShare(Changed):
    share: Share


class Suggestion(Answer):
    """Somebody one shares something with already; `text` is what to share with them by."""

    holder: str
    kind: Literal["user", "group"]
    name: str
    color: str
    text: str


class Suggestions(Answer):
    people: list[Suggestion]


def share_routes(find: Find) -> Router:
    """Below an address that captures the object's `pk`."""
    router = Router(tags=["Sharing"])

    @router.get("/shares/", response=Shares, url_name="shares", summary="Who has access by name")
    def read_shares(request: Asked, pk: Path[UUID], after: After) -> Shares:
        obj, access = find(request.auth, pk)
        members, following = page(members_of(obj), key=_place, after=after)
        return Shares(
            shares=_shares(members, request.auth, access),
            next=following,
            you=You(role=label_of(access.role or Role.VIEWER), why=access.reason or Reason.LINK),
            manage=access.can_share,
            requests=obj.admits_requests,
            link=LinkSetting.of(obj, access),
        )

    @router.post(
        "/shares/", response=MadeShares, openapi_extra=GIVING, summary="Give a role to people, groups, addresses"
    )
    def add_shares(request: Asked, pk: Path[UUID], body: NewShares) -> MadeShares:
        obj = managed(find, request.auth, pk)
        with noted() as changes:
            added = share(by=request.auth, obj=obj, names=body.people, role=Role.parse(body.role))
        return MadeShares(added=[_added(each) for each in added], change=change_in(changes))

    @router.patch(
        "/shares/{holder}/", response=ChangedShare, url_name="share", openapi_extra=ENDING, summary="Change a role"
    )
    def change_share(request: Asked, pk: Path[UUID], holder: Path[Holder], body: NewRole) -> ChangedShare:
        obj, access = find(request.auth, pk)
        to = _named(holder)
        with noted() as changes:
            revise(by=request.auth, obj=obj, to=to, role=Role.parse(body.role))
        return ChangedShare(share=_share_of(obj, to, request.auth, access), change=change_in(changes))

    @router.delete("/shares/{holder}/", response=Changed, openapi_extra=ENDING, summary="Take access away, or leave")
    def end_share(request: Asked, pk: Path[UUID], holder: Path[Holder]) -> Changed:
        obj, _access = find(request.auth, pk)
        with noted() as changes:
            revoke(by=request.auth, obj=obj, to=_named(holder))
        return Changed(change=change_in(changes))

    @router.get("/access/", response=Everybody, url_name="access", summary="Everybody who has access, and why")
    def read_access(request: Asked, pk: Path[UUID]) -> Everybody:
        found = everybody_with_access(managed(find, request.auth, pk))
        return Everybody(
            people=[
                Reached(
                    id=str(each.id),
                    name=each.name,
                    color=each.color,
                    role=label_of(each.role),
                    whys=[Why(kind=why.kind, role=label_of(why.role), via=why.via) for why in each.whys],
                )
                for each in found.people
            ],
            total=found.total,
        )

    @router.get("/suggestions/", response=Suggestions, url_name="suggestions", summary="Whom one may mean")
    def suggest(request: Asked, pk: Path[UUID], q: Annotated[str, Query("", max_length=200)]) -> Suggestions:
        managed(find, request.auth, pk)
        return Suggestions(
            people=[
                Suggestion(
                    holder=f"{each.kind}-{each.id}",
                    kind=each.kind,
                    name=each.name,
                    color=each.color,
                    text=each.username or each.name,
                )
                for each in suggestions(request.auth, q)
            ]
        )

    return router


def _place(member: Member) -> Key:
    """Where somebody stands in the list: owners first, then by name."""
    return [-member.role, member.name.lower(), member.kind, member.id]


def _shares(members: list[Member], person: User, access: Access) -> list[Share]:
    groups = [member.id for member in members if member.kind == "group"]
    active = Count("user", distinct=True)
    counts = dict(
        Group.objects.filter(pk__in=groups, user__is_active=True).annotate(n=active).values_list("pk", "n")
        if groups
        else ()
    )
    return [
        Share(
            holder=f"{member.kind}-{member.id}",
            kind=member.kind,
            id=str(member.id),
            name=member.name,
            username=member.username if access.can_share else "",  # for those who manage, not for all readers
            color=member.color,
            role=label_of(member.role),
            you=member.kind == "user" and member.id == person.pk,
            people=counts.get(member.id, 0) if member.kind == "group" else None,
        )
        for member in members
    ]


def _share_of(obj: Guarded, to: User | Group, person: User, access: Access) -> Share:
    kind = "group" if isinstance(to, Group) else "user"
    found = [member for member in members_of(obj) if (member.kind, member.id) == (kind, to.pk)]
    if not found:
        raise Http404  # removed again between the act and the answer
    return _shares(found, person, access)[0]


def _added(added: Added) -> NewShare:
    holder = added.holder
    kind = "group" if isinstance(holder, Group) else "user"
    return NewShare(
        text=added.text,
        outcome=added.outcome,
        holder=None if holder is None else f"{kind}-{holder.pk}",
        invitation=None if added.invitation is None else OpenInvitation.of(added.invitation),
        address=added.address,
        sentence=added.sentence,
    )


def _named(holder: str) -> User | Group:
    kind, _dash, number = holder.partition("-")
    found = holder_of(kind, int(number))
    if found is None:
        raise Http404
    return found
