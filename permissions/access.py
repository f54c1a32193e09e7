"""Who may do what: the only road from a person and an object to a role.

A role comes from the person's own rows, from a group's rows, or from the object's link setting; the highest wins.
Nobody has a role in a trashed object, nobody who is deactivated has any, and being a superuser gives none.
A link gives no more than the operator's settings allow, and one with a key or a password gives only to those who hold a
pass of its present version. A guest has nothing but links.

Never ask `user.has_perm` instead: it makes three queries and trusts superusers; and `await user.ahas_perm(perm, obj)`
silently ignores guardian (Django skips backends without `ahas_perm`; guardian issue 947): it answers False to owners.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model

from .models import Guarded, User
from .roles import Role

type Person = User | AnonymousUser

NO_ROLE = "none"  # in the operator's settings of what a link gives at the most


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
    if not isinstance(user, User) or user.pk is None:
        return Access()
    role, source = _grants(type(obj), [(obj.pk, user.pk)]).get((obj.pk, user.pk), (None, None))
    if role is Role.OWNER and source is Reason.DIRECT:
        source = Reason.OWNER
    return Access(None if role is None else min(role, user.most), source)


def visible_to[G: Guarded](user: Person, queryset: models.QuerySet[G]) -> models.QuerySet[G]:
    """The objects of `queryset` that `user` may open, those by link included."""
    return _active(user, queryset, _named(user, queryset.model) | _linked(user, queryset.model))


def listed_for[G: Guarded](user: Person, queryset: models.QuerySet[G]) -> models.QuerySet[G]:
    """The objects of `queryset` that were shared with `user` by name or group: what a list of "my documents" shows.

    Narrower than `visible_to`: a link setting lets the one who has the address in, it does not put the object
    into everybody's list.
    """
    return _active(user, queryset, _named(user, queryset.model))


def owned_by[G: Guarded](user: Person, queryset: models.QuerySet[G], *, trashed: bool = False) -> models.QuerySet[G]:
    """The objects of `queryset` that `user` owns, by name or group; with `trashed`, of those in the trash instead.

    In the trash nobody has a role, but whose it was decides who may take it out.
    """
    if not isinstance(user, User) or user.is_guest or user.most < Role.OWNER:
        return queryset.none()
    named = _named(user, queryset.model, Role.OWNER.codename(queryset.model._meta.model_name or ""))
    return _active(user, queryset, named, trashed=trashed)


def named_on(model: type[Guarded], objects: Iterable[Any], users: Iterable[int]) -> set[tuple[Any, int]]:
    """Those (object, user) pairs where the object is in the user's list: by name or group, not by link. One query.

    An object in the trash counts for all who were named on it.
    """
    wanted = {"content_object__in": list(objects), "permission__codename__in": _all_codenames(model)}
    own, group = permission_models(model)
    users = list(users)
    direct = own._default_manager.filter(user__in=users, user__is_active=True, **wanted)
    through = group._default_manager.filter(group__user__in=users, group__user__is_active=True, **wanted)
    pairs = direct.order_by().values_list("content_object_id", "user_id")
    return set(pairs.union(through.order_by().values_list("content_object_id", "group__user")))


def most_of_links() -> Role | None:
    """The highest role that a link gives anybody here; None: links give none (`settings.COSCRIBE_LINKS`)."""
    return _read_most(settings.COSCRIBE_LINKS)


def most_of_guests() -> Role | None:
    """The highest role that a link gives a guest; None: nobody gets in without an account."""
    links, guests = most_of_links(), _read_most(settings.COSCRIBE_GUESTS)
    return None if links is None or guests is None else min(links, guests)


@cache
def permission_models(model: type[Guarded]) -> tuple[type[models.Model], type[models.Model]]:
    """guardian's direct-foreign-key models of `model`: (of users, of groups)."""
    of: Any = model  # guardian takes a class where its types say an instance
    own, group = get_user_obj_perms_model(of), get_group_obj_perms_model(of)
    for found in (own, group):
        if "content_object_id" not in {field.attname for field in found._meta.concrete_fields}:
            raise TypeError(f"{model.__name__} has no direct permission model; guardian would use {found.__name__}.")
    return own, group


def pass_model(model: type[Guarded]) -> type[models.Model]:
    """The passes of `model`'s links: what a concrete model has declared beside it."""
    options: Any = model._meta
    found: type[models.Model] = options.get_field("link_passes").related_model
    return found


@cache
def _read_most(label: str) -> Role | None:
    return None if label == NO_ROLE else Role.parse(label)


def _active[G: Guarded](
    user: Person, queryset: models.QuerySet[G], condition: models.Q, *, trashed: bool = False
) -> models.QuerySet[G]:
    if user.pk is None:
        return queryset.none()
    # Asked of the database: the user in hand may have been deactivated since it was read.
    active = models.Exists(User.objects.filter(pk=user.pk, is_active=True))
    return queryset.filter(active, condition, trashed_at__isnull=not trashed)


def _all_codenames(model: type[Guarded]) -> list[str]:
    return Role.OWNER.codenames(model._meta.model_name or "")


def _linked(user: Person, model: type[Guarded]) -> models.Q:
    most = most_of_guests() if isinstance(user, User) and user.is_guest else most_of_links()
    if most is None:
        return models.Q(pk__in=())
    unexpired = models.Q(link_expires_at__isnull=True) | models.Q(link_expires_at__gt=timezone.now())
    passes = pass_model(model)._default_manager.filter(
        content_object=models.OuterRef("pk"), user_id=user.pk, version=models.OuterRef("link_version")
    )
    open_or_passed = models.Q(link_key="", link_password="") | models.Q(models.Exists(passes))
    return models.Q(link_role__isnull=False) & unexpired & open_or_passed


def _named(user: Person, model: type[Guarded], *only: str) -> models.Q:
    if isinstance(user, User) and user.is_guest:
        return models.Q(pk__in=())
    own, group = permission_models(model)
    # Any of a role's codenames counts, as in `roles_of`: rows written by guardian itself need not be cumulative.
    codenames = only or _all_codenames(model)
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
    most, most_of_guest = most_of_links() or 0, most_of_guests() or 0
    if connection.vendor == "postgresql":
        values: list[Any] = [objects, users]
    else:
        values = [json.dumps(list(zip(objects, users, strict=True)))]
    values += [most_of_guest, most_of_guest, most, most, now]
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
    membership, link_pass = User.groups.through, pass_model(model)
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
        "pass": quote(link_pass._meta.db_table),
        "pass_object": quote(_column(link_pass, "content_object")),
        "role": f"CASE p.codename {case} ELSE 0 END",
    }
    return _STATEMENT.format(**tables)


_STATEMENT = """
WITH asked (n, object_id, user_id) AS ({asked}),
grants (n, object_id, user_id, best, linked) AS MATERIALIZED (
    SELECT a.n, a.object_id, a.user_id, {role} * 4 + 3, 0
    FROM asked a CROSS JOIN {own} g CROSS JOIN {permission} p
    WHERE g.{own_object} = a.object_id AND g.user_id = a.user_id AND p.id = g.permission_id
    UNION ALL
    SELECT a.n, a.object_id, a.user_id, {role} * 4 + 2, 0
    FROM asked a CROSS JOIN {membership} m CROSS JOIN {group} g CROSS JOIN {permission} p
    WHERE m.{member} = a.user_id AND g.{group_object} = a.object_id AND g.group_id = m.group_id
        AND p.id = g.permission_id
    UNION ALL
    SELECT a.n, a.object_id, a.user_id, 4 * CASE
        WHEN u.is_guest AND o.link_role > %s THEN %s
        WHEN NOT u.is_guest AND o.link_role > %s THEN %s
        ELSE o.link_role
    END + 1, 1
    FROM asked a CROSS JOIN {object} o CROSS JOIN {user} u
    WHERE o.{key} = a.object_id AND o.link_role IS NOT NULL AND u.id = a.user_id
        AND (o.link_expires_at IS NULL OR o.link_expires_at > %s)
        AND (o.link_key = '' AND o.link_password = '' OR EXISTS (
            SELECT 1 FROM {pass} p
            WHERE p.{pass_object} = o.{key} AND p.user_id = a.user_id AND p.version = o.link_version
        ))
)
SELECT g.n, MAX(g.best)
FROM grants g CROSS JOIN {user} u CROSS JOIN {object} o
WHERE g.best >= 4 AND u.id = g.user_id AND u.is_active AND o.{key} = g.object_id AND o.trashed_at IS NULL
    AND (g.linked = 1 OR NOT u.is_guest)
GROUP BY g.n
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
