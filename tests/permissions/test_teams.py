"""Groups that people make: who manages them, and that a change of members is a change of access."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from documents.models import Document
from permissions import teams
from permissions.access import access_for
from permissions.adding import share
from permissions.errors import (
    BadTeamName,
    GuestsComeByLink,
    IsDeactivated,
    NoAddress,
    NobodyCalled,
    NotInTeam,
    NotYourTeam,
    OwnsTeam,
    TeamFull,
    TooManyTeams,
    UnknownAddress,
)
from permissions.models import AuditEntry, Team, User
from permissions.roles import Role
from permissions.sharing import acting, grant, members_of
from permissions.signals import access_changed
from permissions.whys import Why, everybody_with_access
from tests.conftest import Person
from tests.databases import only_postgres


@pytest.fixture
def crew(ada: User, bob: User) -> Team:
    """A group of ada's, with bob in it."""
    team = teams.create(by=ada, name="Crew")
    teams.add(by=ada, team=team, who="bob")
    return team


@pytest.fixture
def announced() -> Iterator[list[tuple[type[Any], Any, Any]]]:
    heard: list[tuple[type[Any], Any, Any]] = []

    def hear(*, model: type[Any], object_id: Any, people: Any, **_: Any) -> None:
        heard.append((model, object_id, people))

    access_changed.connect(hear)
    yield heard
    access_changed.disconnect(hear)


def test_a_group_has_its_owner_in_it_and_a_name_for_people(crew: Team, ada: User, bob: User) -> None:
    assert teams.people_of(crew) == [ada, bob]
    assert crew.group.name != "Crew"  # unique among all groups, so nobody learns what others call theirs
    assert teams.create(by=bob, name="  The\n crew ").name == "The crew"
    assert [team.name for team in teams.teams_of(bob)] == ["Crew", "The crew"]
    assert [team.name for team in teams.teams_of(ada)] == ["Crew"]


def test_two_people_may_call_their_groups_the_same(ada: User, bob: User) -> None:
    assert teams.create(by=ada, name="Crew").pk != teams.create(by=bob, name="Crew").pk


def test_it_is_used_in_shares_at_once_under_its_name(crew: Team, minutes: Document, ada: User, bob: User) -> None:
    share(by=ada, obj=minutes, names=["crew"], role=Role.EDITOR)
    assert access_for(bob, minutes).role is Role.EDITOR
    assert [(member.kind, member.name) for member in members_of(minutes)] == [("user", "Ada"), ("group", "Crew")]
    entry = AuditEntry.objects.get(action="granted")
    assert (entry.subject_kind, entry.subject_name) == ("group", "Crew")


def test_nobody_shares_with_a_group_they_are_not_in(crew: Team, carol: User) -> None:
    theirs = Document.objects.create_for(owner=carol)
    with pytest.raises(Exception, match='Nobody here is called "Crew"'):
        share(by=carol, obj=theirs, names=["Crew"], role=Role.EDITOR)
    assert teams.find(carol, crew.pk) is None


def test_who_comes_and_goes_has_access_and_loses_it(
    crew: Team, minutes: Document, ada: User, bob: User, carol: User
) -> None:
    grant(by=ada, obj=minutes, to=crew.group, role=Role.EDITOR)
    teams.add(by=ada, team=crew, who="carol")
    assert access_for(carol, minutes).can_edit
    teams.remove(by=ada, team=crew, who=bob)
    assert access_for(bob, minutes).role is None


@pytest.mark.django_db(transaction=True)
def test_each_person_that_a_change_touches_is_announced(
    crew: Team, minutes: Document, ada: User, bob: User, announced: list[Any]
) -> None:
    grant(by=ada, obj=minutes, to=crew.group, role=Role.EDITOR)
    announced.clear()
    teams.remove(by=ada, team=crew, who=bob)
    assert announced == [(Document, minutes.pk, {bob.pk}), (User, bob.pk, None)]
    announced.clear()
    teams.delete(by=ada, team=crew)
    assert announced == [(Document, minutes.pk, {ada.pk}), (User, ada.pk, None)]


def test_only_its_owner_changes_it(crew: Team, bob: User, carol: User) -> None:
    for somebody in (bob, carol):
        with pytest.raises(NotYourTeam):
            teams.rename(by=somebody, team=crew, name="Mine")
        with pytest.raises(NotYourTeam):
            teams.add(by=somebody, team=crew, who="carol")
        with pytest.raises(NotYourTeam):
            teams.hand_over(by=somebody, team=crew, to=somebody)
        with pytest.raises(NotYourTeam):
            teams.delete(by=somebody, team=crew)
    with pytest.raises(NotYourTeam):
        teams.remove(by=carol, team=crew, who=bob)
    assert [person.username for person in teams.people_of(crew)] == ["ada", "bob"]


def test_a_member_leaves_and_the_owner_hands_over_first(crew: Team, ada: User, bob: User, carol: User) -> None:
    with pytest.raises(OwnsTeam, match="hand it over first"):
        teams.remove(by=ada, team=crew, who=ada)
    with pytest.raises(NotInTeam):
        teams.hand_over(by=ada, team=crew, to=carol)
    teams.hand_over(by=ada, team=crew, to=bob)
    teams.remove(by=ada, team=crew, who=ada)
    assert teams.people_of(Team.objects.get()) == [bob]
    with pytest.raises(NotYourTeam):
        teams.remove(by=carol, team=crew, who=bob)
    with pytest.raises(NotInTeam):
        teams.remove(by=bob, team=crew, who=carol)


def test_it_is_not_handed_to_somebody_deactivated(crew: Team, ada: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(IsDeactivated):
        teams.hand_over(by=ada, team=crew, to=bob)


def test_an_address_finds_nobody_and_tells_nothing(crew: Team, ada: User, bob: User, carol: User) -> None:
    """The same sentence for an account, known or not, and for none."""
    sentences = []
    for email in ("carol@example.org", "nobody@example.org"):
        with pytest.raises(UnknownAddress) as refused:
            teams.add(by=ada, team=crew, who=email)
        sentences.append(str(refused.value).replace(email, "…"))
    assert sentences[0] == sentences[1]
    grant(by=ada, obj=Document.objects.create_for(owner=ada), to=carol, role=Role.VIEWER)
    with pytest.raises(UnknownAddress):
        teams.add(by=ada, team=crew, who="carol@example.org")
    with pytest.raises(NobodyCalled):
        teams.add(by=ada, team=crew, who="dave")
    with pytest.raises(NobodyCalled):
        teams.add(by=ada, team=crew, who="Crew")  # a group is no person
    with pytest.raises(NoAddress):
        teams.add(by=ada, team=crew, who="a@b")


def test_guests_are_in_no_group(crew: Team, ada: User, person: Person) -> None:
    guest = person("guest-1", is_guest=True)
    with pytest.raises(NobodyCalled):
        teams.add(by=ada, team=crew, who="guest-1")
    with pytest.raises(GuestsComeByLink):
        teams.create(by=guest, name="Guests")


@pytest.mark.parametrize("name", ["", " \n", "\0", "x" * 81])
def test_a_name_is_one(crew: Team, ada: User, name: str) -> None:
    with pytest.raises(BadTeamName):
        teams.create(by=ada, name=name)
    with pytest.raises(BadTeamName):
        teams.rename(by=ada, team=crew, name=name)


def test_groups_and_their_people_are_bounded(
    crew: Team, ada: User, bob: User, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teams, "MAX_OWNED", 1)
    monkeypatch.setattr(teams, "MAX_PEOPLE", 2)
    with pytest.raises(TooManyTeams):
        teams.create(by=ada, name="Another")
    with pytest.raises(TeamFull):
        teams.add(by=ada, team=crew, who="carol")
    teams.add(by=ada, team=crew, who="bob")  # is in it already
    teams.create(by=bob, name="Bob's")
    with pytest.raises(TooManyTeams):
        teams.hand_over(by=ada, team=crew, to=bob)


def test_a_group_in_use_is_deleted_and_says_what_loses_it(crew: Team, minutes: Document, ada: User, bob: User) -> None:
    other = Document.objects.create_for(owner=ada, title="Other")
    for document in (minutes, other):
        grant(by=ada, obj=document, to=crew.group, role=Role.EDITOR)
    assert teams.reach(crew) == 2
    assert teams.delete(by=ada, team=crew) == 2
    assert not Group.objects.filter(pk=crew.group_id).exists()
    for document in (minutes, other):
        assert access_for(bob, document).role is None
        assert [member.name for member in members_of(document)] == ["Ada"]
        assert AuditEntry.objects.filter(object_id=document.pk, action="revoked", subject_name="Crew").count() == 1
    with pytest.raises(NotYourTeam):
        teams.rename(by=ada, team=crew, name="Ghost")


def test_an_operators_group_goes_by_its_own_name(minutes: Document, ada: User, bob: User) -> None:
    staff = Group.objects.create(name="staff")
    ada.groups.add(staff)
    bob.groups.add(staff)
    share(by=ada, obj=minutes, names=["Staff"], role=Role.VIEWER)
    assert [member.name for member in members_of(minutes)] == ["Ada", "staff"]


def test_the_list_says_why_everybody_has_access(crew: Team, minutes: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=minutes, to=crew.group, role=Role.COMMENTER)
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    found = everybody_with_access(minutes)
    assert found.total == 2
    assert [(each.name, each.role, each.whys) for each in found.people] == [
        ("Ada", Role.OWNER, (Why("owner", Role.OWNER), Why("group", Role.COMMENTER, "Crew"))),
        ("Bob", Role.EDITOR, (Why("direct", Role.EDITOR), Why("group", Role.COMMENTER, "Crew"))),
    ]
    assert [each.name for each in everybody_with_access(minutes, most=1).people] == ["Ada"]


@only_postgres
def test_a_change_of_members_waits_for_the_commit_of_edits_under_way(database: str, person: Person) -> None:
    """The log holds the document's row while it asks who may write: nobody is taken out in between."""
    ada, bob = person("ada"), person("bob")
    crew = teams.create(by=ada, name="Crew")
    teams.add(by=ada, team=crew, who="bob")
    minutes = Document.objects.create_for(owner=ada)
    grant(by=ada, obj=minutes, to=crew.group, role=Role.EDITOR)
    done = threading.Event()

    def take_out() -> None:
        try:
            teams.remove(by=ada, team=crew, who=bob)
        finally:
            done.set()
            connection.close()

    with acting(by=bob, obj=minutes, least=Role.EDITOR):
        thread = threading.Thread(target=take_out)
        thread.start()
        assert not done.wait(0.3)
        assert access_for(bob, minutes).can_edit
    assert done.wait(10)
    thread.join()
    assert access_for(bob, minutes).role is None
