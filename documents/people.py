"""Who can be mentioned in a document: those it was shared with by name or through a group; never everybody."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Lower, NullIf

from permissions.access import permission_models
from permissions.models import User
from permissions.roles import Role

from .models import Document

MOST = 20
MAX_QUERY_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Mentionable:
    """A person as others see them. `color` is `#rrggbb`."""

    id: int
    name: str
    color: str


def people_in(document: Document, *, matching: str = "", ids: Collection[int] | None = None) -> list[Mentionable]:
    """At most `MOST` active people whose name has `matching` in it, those who begin with it first; or, of those with
    these `ids`, all who have access. One query.
    """
    own, group = permission_models(Document)
    codenames = Role.OWNER.codenames("document")
    by_user = own._default_manager.filter(content_object=document, permission__codename__in=codenames)
    by_group = group._default_manager.filter(content_object=document, permission__codename__in=codenames)
    memberships = User.groups.through._default_manager.filter(group__in=by_group.values("group_id"))
    people = User.objects.filter(
        Q(pk__in=by_user.values("user_id")) | Q(pk__in=memberships.values("user_id")), is_active=True
    ).annotate(shown=Coalesce(NullIf("name", Value("")), F("username")))
    storable = matching.replace("\0", "").encode(errors="ignore").decode()  # no database keeps the rest
    text = " ".join(storable.split())[:MAX_QUERY_CHARACTERS]
    if text:
        people = people.filter(_any("shown__icontains", text) | Q(username__icontains=text))
        people = people.annotate(later=Case(When(_any("shown__istartswith", text), then=Value(0)), default=Value(1)))
        people = people.order_by("later", Lower("shown"), "pk")
    else:
        people = people.order_by(Lower("shown"), "pk")
    if ids is not None:
        people = people.filter(pk__in=ids)
    most = MOST if ids is None else len(ids)
    return [Mentionable(*row) for row in people.values_list("pk", "shown", "color")[:most]]


def _any(lookup: str, text: str) -> Q:
    """SQLite knows no case of letters outside ASCII: "él" would not find "Élodie"."""
    found = Q()
    for variant in {text, text.lower(), text.upper(), text.title()}:
        found |= Q(**{lookup: variant})
    return found
