"""The verbs of sharing. Each is one transaction under the object's row lock, and announced when it is committed.

The lock is what makes "revoked" mean something in the middle of a live session: edits are committed under the same
lock, so each one was either authorised before the change committed, or sees it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models, router, transaction
from django.utils import timezone

from . import audit, notices
from .access import access_for, permission_models
from .audit import Action
from .errors import GuestsComeByLink, LastOwner, NotAllowed, NotAMember
from .models import Guarded, User
from .notices import Kind
from .roles import Role
from .signals import announce


@dataclass(frozen=True, slots=True)
class Member:
    """A person or group that has access by name, and the role of it."""

    kind: Literal["user", "group"]
    id: int
    name: str
    username: str
    color: str
    role: Role


def grant(*, by: User, obj: Guarded, to: User | Group, role: Role) -> bool:
    """Give `to` this role, in place of the one it had. Tells whether it is new here.

    Raises `NotAllowed`, `LastOwner`, `GuestsComeByLink`.
    """
    with _sharing(by=by, obj=obj, to=to):
        return give(by=by, obj=obj, to=to, role=role) is None


def revise(*, by: User, obj: Guarded, to: User | Group, role: Role) -> None:
    """Change the role of somebody who has one. Raises `NotAllowed`, `NotAMember`, `LastOwner`."""
    with _sharing(by=by, obj=obj, to=to):
        if role_by_name(obj, to) is None:
            raise NotAMember(name_of(to))
        give(by=by, obj=obj, to=to, role=role)


def revoke(*, by: User, obj: Guarded, to: User | Group) -> None:
    """Take away what `to` has by name (a group or the link may still let them in). Anybody may leave.

    Raises `NotAllowed`, `NotAMember`, `LastOwner`.
    """
    leaving = to == by
    with _sharing(by=by, obj=obj, to=to, leaving=leaving):
        before = role_by_name(obj, to)
        if before is None:
            raise NotAMember(name_of(to))
        if before is Role.OWNER:
            _keep_an_owner(obj, without=to)
        write_role(obj=obj, to=to, role=None)
        audit.record(Action.LEFT if leaving else Action.REVOKED, by=by, obj=obj, subject=to, before=before)
        notices.tell(Kind.CHANGED, to=_those_told(to), by=by, obj=obj, role=None)


def give(*, by: User, obj: Guarded, to: User | Group, role: Role, untold: bool = False) -> Role | None:
    """What `grant` does, for a verb that holds the lock, has asked for the right, and announces. The role of before.

    `untold`: the verb tells `to` itself.

    Raises `LastOwner`, `GuestsComeByLink`.
    """
    if isinstance(to, User) and to.is_guest:
        raise GuestsComeByLink(to.display_name)
    before = role_by_name(obj, to)
    if before is role:
        return before
    if before is Role.OWNER:
        _keep_an_owner(obj, without=to)
    write_role(obj=obj, to=to, role=role)
    action, kind = (Action.GRANTED, Kind.SHARED) if before is None else (Action.CHANGED, Kind.CHANGED)
    audit.record(action, by=by, obj=obj, subject=to, before=before, after=role)
    if not untold:
        notices.tell(kind, to=_those_told(to), by=by, obj=obj, role=role)
    if isinstance(to, User):
        settle(by=by, obj=obj, person=to, role=role)
    return before


def settle(*, by: User, obj: Guarded, person: User, role: Role) -> None:
    """What `person` asked for is answered by what they were given in another way. Within the object's lock."""
    asked = obj.access_requests.filter(user=person, answered_at__isnull=True, role__lte=role)
    asked.update(answered_at=timezone.now(), answered_by=by, granted=role)


def write_role(*, obj: Guarded, to: User | Group, role: Role | None) -> None:
    """Make the rows of `to` exactly those of `role`. No check, no lock, no news: for the verbs, and for creation."""
    wanted = set(role.codenames(type(obj)._meta.model_name or "")) if role is not None else set()
    rows = _rows_of(obj, to)
    rows.exclude(permission__codename__in=wanted).delete()
    missing = Permission.objects.filter(
        content_type=ContentType.objects.get_for_model(type(obj)),
        codename__in=wanted - set(rows.values_list("permission__codename", flat=True)),
    )
    holder = {"group": to} if isinstance(to, Group) else {"user": to}
    rows.model._default_manager.bulk_create(
        [rows.model(content_object=obj, permission=permission, **holder) for permission in missing]
    )


def members_of(obj: Guarded) -> list[Member]:
    """Everybody who has access by name: owners first, then by name. Deactivated people are not among them."""
    people = _rows(obj).filter(user__is_active=True)
    groups = _rows(obj, of_groups=True)
    members = [
        Member("user", user_id, name or username, username, color, _role_named(obj, codename))
        for user_id, name, username, color, codename in people.values_list(
            "user_id", "user__name", "user__username", "user__color", "permission__codename"
        )
    ] + [
        Member("group", group_id, team or name, "", "", _role_named(obj, codename))
        for group_id, team, name, codename in groups.values_list(
            "group_id", "group__team__name", "group__name", "permission__codename"
        )
    ]
    members.sort(key=lambda member: member.role)
    highest = {(member.kind, member.id): member for member in members}  # of several rows, the last one stays
    return sorted(highest.values(), key=lambda member: (-member.role, member.name.lower(), member.kind, member.id))


@contextmanager
def acting(*, by: User, obj: Guarded, least: Role, leaving: bool = False) -> Iterator[None]:
    """A transaction that holds the object's row lock, in which `by` is known to have the role `least`.

    `leaving` asks for any role instead. Raises `NotAllowed`.
    """
    with holding(obj):
        role = access_for(by, obj).role
        if role is None or (role < least and not leaving):
            raise NotAllowed(role, least)
        yield


@contextmanager
def holding(obj: Guarded) -> Iterator[None]:
    """A transaction that holds the object's row lock. Nobody is asked for a role; a row that is gone locks nothing."""
    manager = type(obj)._default_manager.using(router.db_for_write(type(obj)))
    with transaction.atomic(using=manager.db):
        list(manager.select_for_update().filter(pk=obj.pk).values_list("pk"))  # waits here
        yield


@contextmanager
def _sharing(*, by: User, obj: Guarded, to: User | Group | None = None, leaving: bool = False) -> Iterator[None]:
    with acting(by=by, obj=obj, least=Role.OWNER, leaving=leaving):
        yield
        announce(type(obj), obj.pk, people=None if to is None else people_behind(to))


def owners_of(obj: Guarded) -> list[User]:
    """The active people who own it, by name or through a group."""
    own, group = _rows(obj), _rows(obj, of_groups=True)
    codename = _codename(obj, Role.OWNER)
    by_user = own.filter(permission__codename=codename).values("user_id")
    by_group = group.filter(permission__codename=codename).values("group_id")
    people = User.objects.filter(models.Q(pk__in=by_user) | models.Q(groups__in=by_group), is_active=True)
    return list(people.distinct().order_by("pk"))


def people_behind(to: User | Group) -> frozenset[int]:
    """The primary keys of those who have what `to` has."""
    if isinstance(to, Group):
        return frozenset(User.objects.filter(groups=to).values_list("pk", flat=True))
    return frozenset({to.pk})


def _keep_an_owner(obj: Guarded, *, without: User | Group) -> None:
    """Refuse when nobody else who can sign in has the owner's role directly. A group may be empty: it never counts."""
    if isinstance(without, Group):
        return
    others = _rows(obj).filter(permission__codename=_codename(obj, Role.OWNER), user__is_active=True)
    if not others.exclude(user=without).exists():
        raise LastOwner(without.display_name)


def role_by_name(obj: Guarded, to: User | Group) -> Role | None:
    codenames = _rows_of(obj, to).values_list("permission__codename", flat=True)
    return max((_role_named(obj, codename) for codename in codenames), default=None)


def _rows_of(obj: Guarded, to: User | Group) -> models.QuerySet[models.Model]:
    holder = {"group": to} if isinstance(to, Group) else {"user": to}
    return _rows(obj, of_groups=isinstance(to, Group)).filter(**holder)


def _rows(obj: Guarded, *, of_groups: bool = False) -> models.QuerySet[models.Model]:
    model = permission_models(type(obj))[1 if of_groups else 0]
    codenames = Role.OWNER.codenames(type(obj)._meta.model_name or "")
    return model._default_manager.filter(content_object=obj, permission__codename__in=codenames)


def _codename(obj: Guarded, role: Role) -> str:
    return role.codename(type(obj)._meta.model_name or "")


def _role_named(obj: Guarded, codename: str) -> Role:
    return next(role for role in Role if _codename(obj, role) == codename)


def name_of(to: User | Group) -> str:
    return group_name(to) if isinstance(to, Group) else to.display_name


def group_name(group: Group) -> str:
    """What people call a group: a team's name, else the one an operator gave it."""
    team = getattr(group, "team", None)
    return group.name if team is None else str(team.name)


def _those_told(to: User | Group) -> Iterable[User]:
    return User.objects.filter(groups=to, is_active=True) if isinstance(to, Group) else [to]
