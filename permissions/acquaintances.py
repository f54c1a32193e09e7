"""Whom a person knows here: those they share an object or a group with by name. There is no directory of strangers."""

from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Lower, NullIf

from .access import permission_models
from .concrete import guarded_models
from .models import User

MOST = 8
MAX_TEXT_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody to share with. `username` is what finds a person again; empty for a group, which `name` finds."""

    kind: Literal["user", "group"]
    id: int
    name: str
    username: str
    color: str


def suggestions(person: User, text: str, *, most: int = MOST) -> list[Suggestion]:
    """Acquaintances and own groups with a name or user name that begins with `text`; at most `most`.

    People first, those whose name begins so before those who have another word that does. Two queries; none for
    nothing typed.
    """
    text = _storable(text)
    if not text:
        return []
    begins = _any("shown__istartswith", text) | Q(username__istartswith=text)
    word = _any("shown__icontains", f" {text}")
    people = acquaintances(person).annotate(shown=Coalesce(NullIf("name", Value("")), F("username")))
    people = people.filter(begins | word).annotate(later=Case(When(begins, then=Value(0)), default=Value(1)))
    found = [
        Suggestion("user", *row)
        for row in people.order_by("later", Lower("shown"), "pk").values_list("pk", "shown", "username", "color")[:most]
    ]
    groups = own_groups(person).filter(_any("shown__istartswith", text)).order_by(Lower("shown"), "pk")
    found += [Suggestion("group", pk, name, "", "") for pk, name in groups.values_list("pk", "shown")[:most]]
    return found[:most]


def acquaintances(person: User) -> QuerySet[User]:
    """The active people with an account who share an object or a group with `person`, who is not among them."""
    groups = person.groups.values("pk")
    memberships = User.groups.through._default_manager
    known: list[QuerySet[Any, Any]] = [memberships.filter(group__in=groups).values("user_id")]
    for model in guarded_models():
        own, group = permission_models(model)
        mine = own._default_manager.filter(user=person).values("content_object_id")
        ours = group._default_manager.filter(group__in=groups).values("content_object_id")
        shared = mine.union(ours)
        through = group._default_manager.filter(content_object__in=shared).values("group_id")
        known.append(own._default_manager.filter(content_object__in=shared).values("user_id"))
        known.append(memberships.filter(group__in=through).values("user_id"))
    # A union, and not conditions with OR: from it the planner goes to the people, and does not ask each that there is.
    return User.objects.filter(pk__in=known[0].union(*known[1:]), is_active=True, is_guest=False).exclude(pk=person.pk)


def own_groups(person: User) -> QuerySet[Any]:
    """The groups that `person` is in, each with the name that people know it by as `shown`."""
    groups: Any = person.groups
    named: QuerySet[Any] = groups.annotate(shown=Coalesce("team__name", "name"))
    return named


def _storable(text: str) -> str:
    kept = text.replace("\0", "").encode(errors="ignore").decode()  # no database keeps the rest
    return " ".join(kept.split())[:MAX_TEXT_CHARACTERS]


def _any(lookup: str, text: str) -> Q:
    """SQLite knows no case of letters outside ASCII: "él" would not find "Élodie"."""
    found = Q()
    for variant in {text, text.lower(), text.upper(), text.title()}:
        found |= Q(**{lookup: variant})
    return found
