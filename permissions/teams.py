"""Groups that people make themselves: one owner, some members, usable in every share.

A change of who is in one takes the row locks of everything the group has access to, in the order in which the log takes
them: so it is true of the next commit in each of them, as any other change of access is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from django.contrib.auth.models import Group
from django.db import models, router, transaction

from . import audit
from .access import permission_models
from .audit import Action
from .concrete import guarded_models
from .errors import (
    BadTeamName,
    GuestsComeByLink,
    IsDeactivated,
    NobodyCalled,
    NotInTeam,
    NotYourTeam,
    OwnsTeam,
    TeamFull,
    TooManyTeams,
    UnknownAddress,
)
from .holders import Address, holder_named
from .models import Guarded, Team, User
from .signals import announce

MAX_NAME_CHARACTERS = 80
MAX_OWNED = 50  # by one person
MAX_PEOPLE = 500  # in one: what is announced, person by person, when it is deleted


def create(*, by: User, name: str) -> Team:
    """A new group, in which its owner is. Raises `BadTeamName`, `TooManyTeams`, `GuestsComeByLink`."""
    if by.is_guest:
        raise GuestsComeByLink(by.display_name)
    name = _read_name(name)
    with transaction.atomic(using=router.db_for_write(Team)):
        list(User.objects.select_for_update(no_key=True).filter(pk=by.pk).values_list("pk"))  # one after the other
        if by.teams.count() >= MAX_OWNED:
            raise TooManyTeams(MAX_OWNED)
        group = Group.objects.create(name=str(uuid4()))  # unique among all, so it must not be what people call it
        team = Team.objects.create(group=group, name=name, owner=by)
        by.groups.add(group)
        audit.record(Action.TEAM, by=by, subject=group, after="made")
    return team


def rename(*, by: User, team: Team, name: str) -> None:
    """Call it something else. Raises `NotYourTeam`, `BadTeamName`."""
    name = _read_name(name)
    with _managing(by=by, team=team) as found:
        before, found.name = found.name, name
        found.save(update_fields=["name"])
        audit.record(Action.TEAM, by=by, subject=found.group, before=before[:40], after=name[:40])
        for model, pk in _reached(found.group):  # who has access is listed with its name
            announce(model, pk, people=())
    team.name = name


def add(*, by: User, team: Team, who: str) -> User:
    """Put somebody in: a user name, or the address of somebody one shares something with. In already: nothing changes.

    Raises `NotYourTeam`, `NobodyCalled`, `NoAddress`, `UnknownAddress`, `TeamFull`.
    """
    person = _person_named(who, by)
    with _managing(by=by, team=team, changing_people=True) as found:
        if not person.groups.filter(pk=found.group_id).exists():
            if found.group.user_set.count() >= MAX_PEOPLE:
                raise TeamFull(MAX_PEOPLE)
            person.groups.add(found.group)
            _note(by, found, person, after="member")
    return person


def remove(*, by: User, team: Team, who: User) -> None:
    """Take somebody out; anybody may leave. Raises `NotYourTeam`, `NotInTeam`, and `OwnsTeam` for its owner."""
    with _managing(by=by, team=team, changing_people=True, leaving=who == by) as found:
        if found.owner_id == who.pk:
            raise OwnsTeam(who.display_name)
        if not who.groups.filter(pk=found.group_id).exists():
            raise NotInTeam(who.display_name)
        who.groups.remove(found.group)
        _note(by, found, who, before="member")


def hand_over(*, by: User, team: Team, to: User) -> None:
    """Make another member its owner. Raises `NotYourTeam`, `NotInTeam`, `IsDeactivated`, `TooManyTeams`."""
    with _managing(by=by, team=team) as found:
        if not to.groups.filter(pk=found.group_id).exists():
            raise NotInTeam(to.display_name)
        if not User.objects.filter(pk=to.pk, is_active=True).exists():
            raise IsDeactivated(to.display_name)
        if found.owner_id != to.pk and to.teams.count() >= MAX_OWNED:
            raise TooManyTeams(MAX_OWNED)
        found.owner = to
        found.save(update_fields=["owner"])
        audit.record(Action.TEAM, by=by, subject=found.group, before="owner", after=f"owner {to.username}"[:40])
    team.owner = to


def delete(*, by: User, team: Team) -> int:
    """Delete it: whoever had access through it alone has none any more. How many objects lose it.

    Raises `NotYourTeam`.
    """
    with _managing(by=by, team=team, changing_people=True) as found:
        reached = _reached(found.group)
        people = set(found.group.user_set.values_list("pk", flat=True))
        audit.record(Action.TEAM, by=by, subject=found.group, before="deleted")
        for model, pk in reached:
            obj = model._default_manager.get(pk=pk)
            audit.record(Action.REVOKED, by=by, obj=obj, subject=found.group, before="group deleted")
            announce(model, pk, people=people)
        for person in people:
            announce(User, person)
        found.group.delete()
    return len(reached)


def reach(team: Team) -> int:
    """How many objects it has access to: what to say before it is deleted."""
    return len(_reached(team.group))


def teams_of(person: User) -> list[Team]:
    """Those that `person` is in, by name, each with its owner and its group."""
    return sorted(_teams_with(person), key=lambda team: (team.name.lower(), team.pk))


def find(person: User, pk: int) -> Team | None:
    """One of those that `person` is in. Of others nobody learns that they exist."""
    return _teams_with(person).filter(pk=pk).first()


def people_of(team: Team) -> list[User]:
    """Its active members, the owner first, then by name."""
    people = list(team.group.user_set.filter(is_active=True))
    return sorted(people, key=lambda person: (person.pk != team.owner_id, person.display_name.lower(), person.pk))


def _teams_with(person: User) -> models.QuerySet[Team]:
    return Team.objects.filter(group__in=person.groups.values("pk")).select_related("owner", "group")


@contextmanager
def _managing(*, by: User, team: Team, changing_people: bool = False, leaving: bool = False) -> Iterator[Team]:
    """A transaction that holds the team's row, of which `by` is the owner; when its people change, also the rows of
    what it has access to. Those come first, for a verb that shares with a group holds the object's already.
    """
    with transaction.atomic(using=router.db_for_write(Team)):
        if changing_people:
            _hold(_reached(team.group))
        # Read anew: the caller's may be old. no_key: a row that points to it is no reason to wait.
        rows = Team.objects.select_for_update(no_key=True, of=("self",)).filter(pk=team.pk)
        found = rows.select_related("group", "owner").first()
        if found is None or (found.owner_id != by.pk and not leaving):
            raise NotYourTeam
        yield found


def _hold(reached: list[tuple[type[Guarded], object]]) -> None:
    for model in guarded_models():
        pks = [pk for of, pk in reached if of is model]
        if pks:
            list(model._default_manager.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))


def _reached(group: Group) -> list[tuple[type[Guarded], object]]:
    """What the group has access to, what lies in the trash included."""
    found: list[tuple[type[Guarded], object]] = []
    for model in guarded_models():
        rows = permission_models(model)[1]._default_manager.filter(group=group)
        found += [
            (model, pk)
            for pk in rows.order_by("content_object_id").values_list("content_object_id", flat=True).distinct()
        ]
    return found


def _note(by: User, team: Team, person: User, *, before: str = "", after: str = "") -> None:
    """Write down that somebody came or went, and announce whose access that changed."""
    named = f"{before or after} of {team.name}"[:40]
    audit.record(Action.TEAM, by=by, subject=person, before=before and named, after=after and named)
    for model, pk in _reached(team.group):
        announce(model, pk, people={person.pk})
    announce(User, person.pk)


def _person_named(who: str, by: User) -> User:
    found = holder_named(who, asked_by=by)
    if isinstance(found, Address):
        raise UnknownAddress(found.email)
    if isinstance(found, Group):
        raise NobodyCalled(who.strip())
    return found


def _read_name(name: str) -> str:
    name = " ".join(name.replace("\0", " ").split())
    if not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise BadTeamName(MAX_NAME_CHARACTERS)
    return name
