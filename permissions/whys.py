"""Who has access, and why: the person's own role, or the groups through which it comes."""

from dataclasses import dataclass
from typing import Literal

from django.db.models.functions import Coalesce

from .access import permission_models
from .models import Guarded, User
from .roles import Role

MOST = 200


@dataclass(frozen=True, slots=True)
class Why:
    """One reason. `via`: what the group is called; empty for a role of one's own."""

    kind: Literal["owner", "direct", "group"]
    role: Role
    via: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """A person, the highest role they have by name, and every reason, the strongest first."""

    id: int
    name: str
    username: str
    color: str
    role: Role
    whys: tuple[Why, ...]


@dataclass(frozen=True, slots=True)
class Everybody:
    """At most so many as were asked for; `total`: how many there are."""

    people: list[Reached]
    total: int


def everybody_with_access(obj: Guarded, *, most: int = MOST) -> Everybody:
    """The active people who have access by name or through a group: owners first, then by name. Three queries.

    Whoever comes by the link is not among them: nobody knows who has an address. No check: the caller has found out
    that the reader may know.
    """
    own, group = permission_models(type(obj))
    roles = {role.codename(type(obj)._meta.model_name or ""): role for role in Role}
    whys: dict[int, dict[str, Why]] = {}

    def note(person: int, why: Why) -> None:
        of_person = whys.setdefault(person, {})
        if why.via not in of_person or of_person[why.via].role < why.role:
            of_person[why.via] = why

    wanted = {"content_object": obj, "permission__codename__in": list(roles)}
    direct = own._default_manager.filter(user__is_active=True, **wanted)
    for person, codename in direct.values_list("user_id", "permission__codename"):
        note(person, Why("owner" if roles[codename] is Role.OWNER else "direct", roles[codename]))
    through = group._default_manager.filter(group__user__is_active=True, **wanted)
    named = through.annotate(via=Coalesce("group__team__name", "group__name"))
    for person, codename, via in named.values_list("group__user", "permission__codename", "via"):
        note(person, Why("group", roles[codename], via))
    return Everybody(_described(whys, most), len(whys))


def _described(whys: dict[int, dict[str, Why]], most: int) -> list[Reached]:
    people = User.objects.in_bulk(list(whys))
    found = [
        Reached(person.pk, person.display_name, person.username, person.color, _highest(whys[pk]), _sorted(whys[pk]))
        for pk, person in people.items()
    ]
    return sorted(found, key=lambda each: (-each.role, each.name.lower(), each.id))[:most]


def _highest(whys: dict[str, Why]) -> Role:
    return max(why.role for why in whys.values())


def _sorted(whys: dict[str, Why]) -> tuple[Why, ...]:
    return tuple(sorted(whys.values(), key=lambda why: (-why.role, why.via)))
