"""The verbs of sharing. Each is one transaction under the object's row lock, and announced when it is committed.

The lock is what makes "revoked" mean something in the middle of a live session: edits are committed under the same
lock, so each one was either authorised before the change committed, or sees it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models, router, transaction

from .access import access_for, permission_models
from .errors import LastOwner, NotAllowed, NotAMember
from .models import Guarded, User
from .roles import Role
from .signals import announce


@dataclass(frozen=True, slots=True)
class Member:
    """A person or group that has access by name, and the role of it."""

    kind: Literal["user", "group"]
    id: int
    name: str
    email: str
    color: str
    role: Role


def grant(*, by: User, obj: Guarded, to: User | Group, role: Role) -> bool:
    """Give `to` this role, in place of the one it had. Tells whether it is new here.

    Raises `NotAllowed`, `LastOwner`.
    """
    with _sharing(by=by, obj=obj):
        before = _role_by_name(obj, to)
        if before is Role.OWNER and role < Role.OWNER:
            _keep_an_owner(obj, without=to)
        write_role(obj=obj, to=to, role=role)
        return before is None


def revise(*, by: User, obj: Guarded, to: User | Group, role: Role) -> None:
    """Change the role of somebody who has one. Raises `NotAllowed`, `NotAMember`, `LastOwner`."""
    with _sharing(by=by, obj=obj):
        before = _role_by_name(obj, to)
        if before is None:
            raise NotAMember(_name_of(to))
        if before is Role.OWNER and role < Role.OWNER:
            _keep_an_owner(obj, without=to)
        write_role(obj=obj, to=to, role=role)


def revoke(*, by: User, obj: Guarded, to: User | Group) -> None:
    """Take away what `to` has by name (a group or the link may still let them in). Anybody may leave.

    Raises `NotAllowed`, `NotAMember`, `LastOwner`.
    """
    with _sharing(by=by, obj=obj, leaving=to == by):
        before = _role_by_name(obj, to)
        if before is None:
            raise NotAMember(_name_of(to))
        if before is Role.OWNER:
            _keep_an_owner(obj, without=to)
        write_role(obj=obj, to=to, role=None)


def set_link(*, by: User, obj: Guarded, role: Role | None, expires_at: datetime | None = None) -> None:
    """Let anybody with the address in with `role`, until `expires_at`; nobody for `None`.

    Raises `NotAllowed`, and `ValueError` for the owner's role, which no link gives.
    """
    if role is Role.OWNER:
        raise ValueError("A link cannot make owners: expected viewer, commenter or editor.")
    with _sharing(by=by, obj=obj):
        until = expires_at if role is not None else None
        type(obj)._default_manager.filter(pk=obj.pk).update(link_role=role, link_expires_at=until)
    obj.link_role, obj.link_expires_at = role, until


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
        Member("user", user_id, name or username, email, color, _role_named(obj, codename))
        for user_id, name, username, email, color, codename in people.values_list(
            "user_id", "user__name", "user__username", "user__email", "user__color", "permission__codename"
        )
    ] + [
        Member("group", group_id, name, "", "", _role_named(obj, codename))
        for group_id, name, codename in groups.values_list("group_id", "group__name", "permission__codename")
    ]
    members.sort(key=lambda member: member.role)
    highest = {(member.kind, member.id): member for member in members}  # of several rows, the last one stays
    return sorted(highest.values(), key=lambda member: (-member.role, member.name.lower(), member.kind, member.id))


@contextmanager
def acting(*, by: User, obj: Guarded, least: Role, leaving: bool = False) -> Iterator[None]:
    """A transaction that holds the object's row lock, in which `by` is known to have the role `least`.

    `leaving` asks for any role instead. Raises `NotAllowed`.
    """
    manager = type(obj)._default_manager.using(router.db_for_write(type(obj)))
    with transaction.atomic(using=manager.db):
        list(manager.select_for_update().filter(pk=obj.pk).values_list("pk"))  # waits here; no row gives no role below
        role = access_for(by, obj).role
        if role is None or (role < least and not leaving):
            raise NotAllowed(role, least)
        yield


@contextmanager
def _sharing(*, by: User, obj: Guarded, leaving: bool = False) -> Iterator[None]:
    with acting(by=by, obj=obj, least=Role.OWNER, leaving=leaving):
        yield
        announce(type(obj), obj.pk)


def _keep_an_owner(obj: Guarded, *, without: User | Group) -> None:
    """Refuse when nobody else who can sign in has the owner's role directly. A group may be empty: it never counts."""
    if isinstance(without, Group):
        return
    others = _rows(obj).filter(permission__codename=_codename(obj, Role.OWNER), user__is_active=True)
    if not others.exclude(user=without).exists():
        raise LastOwner(without.display_name)


def _role_by_name(obj: Guarded, to: User | Group) -> Role | None:
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


def _name_of(to: User | Group) -> str:
    return to.name if isinstance(to, Group) else to.display_name
