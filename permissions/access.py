"""Who may do what: the only road from a person and an object to a role.

A role comes from the person's own rows, from a group's rows, or from the object's link setting; the highest wins.
Nobody has a role in a trashed object, nobody who is deactivated has any, and being a superuser gives none.

Never ask `user.has_perm` instead: it makes three queries and trusts superusers; and `await user.ahas_perm(perm, obj)`
silently ignores guardian (Django skips backends without `ahas_perm`; guardian issue 947): it answers False to owners.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model

from .models import Guarded, User
from .roles import Role

type Person = User | AnonymousUser


class Reason(StrEnum):
    """Where the highest role comes from; of equal roles, the first of these."""

    OWNER = "owner"
    DIRECT = "direct"
    GROUP = "group"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Access:
    """What one person may do with one object. True at the moment it was read, no longer."""

    role: Role | None = None
    reason: Reason | None = None

    @property
    def can_view(self) -> bool:
        return self.role is not None

    @property
    def can_comment(self) -> bool:
        return self.role is not None and self.role >= Role.COMMENTER

    @property
    def can_edit(self) -> bool:
        return self.role is not None and self.role >= Role.EDITOR

    @property
    def can_share(self) -> bool:
        return self.role is Role.OWNER


def roles_of(model: type[Guarded], pairs: Iterable[tuple[Any, int]]) -> dict[tuple[Any, int], Role]:
    """The roles of all (object's primary key, user's primary key) pairs, in one SQL statement however many they are.

    A pair without a role is left out. Reads on the connection that writes the model, so that inside a transaction that
    holds the object's row lock the answer stays true until it commits: the sharing verbs take the same lock.
    """
    return {pair: role for pair, (role, _) in _grants(model, pairs).items()}


def access_for(user: Person, obj: Guarded) -> Access:
    """What `user` may do with `obj`, read now in one query. An anonymous user may do nothing."""
    if user.pk is None:
        return Access()
    role, source = _grants(type(obj), [(obj.pk, user.pk)]).get((obj.pk, user.pk), (None, None))
    if role is Role.OWNER and source is Reason.DIRECT:
        source = Reason.OWNER
    return Access(role, source)


def visible_to[G: Guarded](user: Person, queryset: models.QuerySet[G]) -> models.QuerySet[G]:
    """The objects of `queryset` that `user` may open, those by link included."""
    now = timezone.now()
    by_link = models.Q(link_role__isnull=False) & (
        models.Q(link_expires_at__isnull=True) | models.Q(link_expires_at__gt=now)
    )
    return _active(user, queryset, _named(user, queryset.model) | by_link)


def listed_for[G: Guarded](user: Person, queryset: models.QuerySet[G]) -> models.QuerySet[G]:
    """The objects of `queryset` that were shared with `user` by name or group: what a list of "my documents" shows.

    Narrower than `visible_to`: a link setting lets the one who has the address in, it does not put the object
    into everybody's list.
    """
    return _active(user, queryset, _named(user, queryset.model))


@cache
def permission_models(model: type[Guarded]) -> tuple[type[models.Model], type[models.Model]]:
    """guardian's direct-foreign-key models of `model`: (of users, of groups)."""
    of: Any = model  # guardian takes a class where its types say an instance
    own, group = get_user_obj_perms_model(of), get_group_obj_perms_model(of)
    for found in (own, group):
        if "content_object_id" not in {field.attname for field in found._meta.concrete_fields}:
            raise TypeError(f"{model.__name__} has no direct permission model; guardian would use {found.__name__}.")
    return own, group


def _active[G: Guarded](user: Person, queryset: models.QuerySet[G], condition: models.Q) -> models.QuerySet[G]:
    if user.pk is None:
        return queryset.none()
    # Asked of the database: the user in hand may have been deactivated since it was read.
    active = models.Exists(User.objects.filter(pk=user.pk, is_active=True))
    return queryset.filter(active, condition, trashed_at__isnull=True)


def _named(user: Person, model: type[Guarded]) -> models.Q:
    own, group = permission_models(model)
    # Any of a role's codenames counts, as in `roles_of`: rows written by guardian itself need not be cumulative.
    codenames = Role.OWNER.codenames(model._meta.model_name or "")
    by_user = own._default_manager.filter(user_id=user.pk, permission__codename__in=codenames)
    by_group = group._default_manager.filter(group__user=user.pk, permission__codename__in=codenames)
    return models.Q(pk__in=by_user.values("content_object_id")) | models.Q(pk__in=by_group.values("content_object_id"))


def _grants(model: type[Guarded], pairs: Iterable[tuple[Any, int]]) -> dict[tuple[Any, int], tuple[Role, Reason]]:
    asked = list(dict.fromkeys(pairs))
    if not asked:
        return {}
    connection = connections[router.db_for_write(model)]
    key = model._meta.pk
    assert key is not None
    objects = [key.get_db_prep_value(pk, connection) for pk, _ in asked]
    users = [user_id for _, user_id in asked]
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    if connection.vendor == "postgresql":
        values: list[Any] = [objects, users, now]
    else:
        values = [json.dumps(list(zip(objects, users, strict=True))), now]
    with connection.cursor() as cursor:
        cursor.execute(_sql(model, connection.vendor), values)
        return {asked[n]: (Role(best // 4), _SOURCES[best % 4]) for n, best in cursor.fetchall()}


_SOURCES = {3: Reason.DIRECT, 2: Reason.GROUP, 1: Reason.LINK}


@cache
def _sql(model: type[Guarded], vendor: str) -> str:
    """The statement. Each grant is one number, role * 4 + source, so that one `MAX` finds the best and why.

    `CROSS JOIN` is a plain join in PostgreSQL; in SQLite it also fixes the order of the loops, without which its
    planner, when it has no statistics, walks all grants of a permission (4 ms in place of 0.1).
    """
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    own, group = permission_models(model)
    membership = User.groups.through
    name = model._meta.model_name or ""
    case = " ".join(f"WHEN '{role.codename(name)}' THEN {role.value}" for role in Role)
    tables = {
        "asked": _asked(model, connection),
        "object": quote(model._meta.db_table),
        "key": quote(_column(model, "pk")),
        "user": quote(User._meta.db_table),
        "own": quote(own._meta.db_table),
        "own_object": quote(_column(own, "content_object")),
        "group": quote(group._meta.db_table),
        "group_object": quote(_column(group, "content_object")),
        "membership": quote(membership._meta.db_table),
        "member": quote(_column(membership, "user")),
        "permission": quote("auth_permission"),
        "role": f"CASE p.codename {case} ELSE 0 END",
    }
    return _STATEMENT.format(**tables)


_STATEMENT = """
WITH asked (n, object_id, user_id) AS ({asked}),
grants (n, best) AS (
    SELECT a.n, {role} * 4 + 3
    FROM asked a CROSS JOIN {own} g CROSS JOIN {permission} p
    WHERE g.{own_object} = a.object_id AND g.user_id = a.user_id AND p.id = g.permission_id
    UNION ALL
    SELECT a.n, {role} * 4 + 2
    FROM asked a CROSS JOIN {membership} m CROSS JOIN {group} g CROSS JOIN {permission} p
    WHERE m.{member} = a.user_id AND g.{group_object} = a.object_id AND g.group_id = m.group_id
        AND p.id = g.permission_id
    UNION ALL
    SELECT a.n, o.link_role * 4 + 1
    FROM asked a CROSS JOIN {object} o
    WHERE o.{key} = a.object_id AND o.link_role IS NOT NULL
        AND (o.link_expires_at IS NULL OR o.link_expires_at > %s)
)
SELECT a.n, MAX(g.best)
FROM asked a CROSS JOIN {user} u CROSS JOIN {object} o CROSS JOIN grants g
WHERE u.id = a.user_id AND u.is_active AND o.{key} = a.object_id AND o.trashed_at IS NULL AND g.n = a.n AND g.best >= 4
GROUP BY a.n
"""


def _asked(model: type[Guarded], connection: BaseDatabaseWrapper) -> str:
    """The pairs as a table: two parameters or one, whatever their number."""
    if connection.vendor == "postgresql":
        key = model._meta.pk
        assert key is not None
        return (
            "SELECT n - 1, object_id, user_id "
            f"FROM unnest(%s::{key.db_type(connection)}[], %s::bigint[]) WITH ORDINALITY AS t (object_id, user_id, n)"
        )
    return "SELECT key, json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(%s)"


def _column(model: type[models.Model], field: str) -> str:
    found = model._meta.pk if field == "pk" else model._meta.get_field(field)
    assert isinstance(found, models.Field)
    assert found.column is not None
    return found.column
