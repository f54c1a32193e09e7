"""The verbs of sharing: what they change, whom they refuse, when they are heard of."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from documents.models import Document, DocumentUserPermission
from permissions.access import Access, Reason, access_for
from permissions.errors import LastOwner, NotAllowed, NotAMember
from permissions.links import set_link
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import acting, grant, members_of, revise, revoke
from permissions.signals import access_changed
from tests.conftest import Person
from tests.databases import either_database, only_postgres


@pytest.fixture
def announced() -> Iterator[list[tuple[type[Any], Any]]]:
    """What `access_changed` said, in order."""
    heard: list[tuple[type[Any], Any]] = []

    def hear(*, model: type[Any], object_id: Any, **_: Any) -> None:
        heard.append((model, object_id))

    access_changed.connect(hear)
    yield heard
    access_changed.disconnect(hear)


def codenames(document: Document, user: User) -> set[str]:
    rows = DocumentUserPermission.objects.filter(content_object=document, user=user)
    return set(rows.values_list("permission__codename", flat=True))


def test_an_editor_holds_the_rows_of_all_lower_roles(minutes: Document, ada: User, bob: User) -> None:
    assert grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    assert codenames(minutes, bob) == {"view_document", "comment_document", "change_document"}
    assert bob.has_perm("documents.change_document", minutes)


def test_granting_again_revises(minutes: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    assert not grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    assert codenames(minutes, bob) == {"view_document"}


def test_revoking_takes_every_row(minutes: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.OWNER)
    revoke(by=ada, obj=minutes, to=bob)
    assert codenames(minutes, bob) == set()
    assert access_for(bob, minutes) == Access()


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.COMMENTER, Role.EDITOR])
def test_only_owners_share(minutes: Document, ada: User, bob: User, carol: User, role: Role | None) -> None:
    if role is not None:
        grant(by=ada, obj=minutes, to=bob, role=role)
    grant(by=ada, obj=minutes, to=carol, role=Role.VIEWER)
    before = members_of(minutes)
    refused: list[Callable[[], Any]] = [
        lambda: grant(by=bob, obj=minutes, to=bob, role=Role.OWNER),
        lambda: revise(by=bob, obj=minutes, to=carol, role=Role.EDITOR),
        lambda: revoke(by=bob, obj=minutes, to=carol),
        lambda: set_link(by=bob, obj=minutes, role=Role.EDITOR),
    ]
    for act in refused:
        with pytest.raises(NotAllowed):
            act()
    assert members_of(minutes) == before
    assert Document.objects.get().link_role is None


def test_anybody_may_leave(minutes: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    revoke(by=bob, obj=minutes, to=bob)
    assert [member.name for member in members_of(minutes)] == ["Ada"]


def test_the_last_owner_can_neither_leave_nor_be_demoted(minutes: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    with pytest.raises(LastOwner, match="Ada is the last owner"):
        revoke(by=ada, obj=minutes, to=ada)
    with pytest.raises(LastOwner):
        revise(by=ada, obj=minutes, to=ada, role=Role.EDITOR)
    with pytest.raises(LastOwner):
        grant(by=ada, obj=minutes, to=ada, role=Role.VIEWER)
    assert access_for(ada, minutes) == Access(Role.OWNER, Reason.OWNER)


def test_one_of_two_owners_can_be_removed(minutes: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.OWNER)
    revoke(by=bob, obj=minutes, to=ada)
    assert access_for(ada, minutes) == Access()


def test_an_owner_who_cannot_sign_in_does_not_count(minutes: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.OWNER)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(LastOwner):
        revoke(by=ada, obj=minutes, to=ada)


def test_a_group_of_owners_does_not_count_for_it_may_be_empty(minutes: Document, ada: User) -> None:
    grant(by=ada, obj=minutes, to=Group.objects.create(name="staff"), role=Role.OWNER)
    with pytest.raises(LastOwner):
        revoke(by=ada, obj=minutes, to=ada)


def test_what_was_never_given_cannot_be_revised_or_revoked(minutes: Document, ada: User, bob: User) -> None:
    with pytest.raises(NotAMember, match="Bob"):
        revise(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    with pytest.raises(NotAMember):
        revoke(by=ada, obj=minutes, to=bob)


def test_a_group_shares_with_its_members(minutes: Document, ada: User, bob: User) -> None:
    staff = Group.objects.create(name="staff")
    bob.groups.add(staff)
    grant(by=ada, obj=minutes, to=staff, role=Role.COMMENTER)
    assert access_for(bob, minutes) == Access(Role.COMMENTER, Reason.GROUP)
    revoke(by=ada, obj=minutes, to=staff)
    assert access_for(bob, minutes) == Access()


def test_an_expired_link_lets_nobody_in(minutes: Document, ada: User, bob: User) -> None:
    set_link(by=ada, obj=minutes, role=Role.EDITOR)
    Document.objects.filter(pk=minutes.pk).update(link_expires_at=timezone.now())
    assert access_for(bob, minutes) == Access()


def test_a_link_makes_no_owners(minutes: Document, ada: User) -> None:
    with pytest.raises(ValueError, match="viewer, commenter or editor"):
        set_link(by=ada, obj=minutes, role=Role.OWNER)


def test_in_the_trash_nobody_shares(minutes: Document, ada: User, bob: User) -> None:
    Document.objects.update(trashed_at=timezone.now())
    with pytest.raises(NotAllowed):
        grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)


def test_what_is_deleted_cannot_be_shared(minutes: Document, ada: User, bob: User) -> None:
    Document.objects.filter(pk=minutes.pk).delete()
    with pytest.raises(NotAllowed):
        grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)


def test_members_are_listed_owners_first_and_the_deactivated_not_at_all(
    minutes: Document, ada: User, bob: User, carol: User
) -> None:
    grant(by=ada, obj=minutes, to=carol, role=Role.EDITOR)
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    grant(by=ada, obj=minutes, to=Group.objects.create(name="staff"), role=Role.VIEWER)
    User.objects.filter(pk=carol.pk).update(is_active=False)
    found = [(member.kind, member.name, member.role) for member in members_of(minutes)]
    assert found == [("user", "Ada", Role.OWNER), ("user", "Bob", Role.EDITOR), ("group", "staff", Role.VIEWER)]


@pytest.mark.django_db(transaction=True)
def test_a_change_is_announced_when_it_is_committed_and_not_before(
    minutes: Document, ada: User, bob: User, announced: list[Any]
) -> None:
    with transaction.atomic():
        grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
        assert announced == []
    assert announced == [(Document, minutes.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_refused_act_is_not_announced(minutes: Document, ada: User, bob: User, announced: list[Any]) -> None:
    with pytest.raises(NotAllowed):
        grant(by=bob, obj=minutes, to=bob, role=Role.EDITOR)
    with pytest.raises(LastOwner):
        revoke(by=ada, obj=minutes, to=ada)
    assert announced == []


@either_database
def test_of_two_owners_who_remove_each_other_at_once_one_stays(database: str, person: Person) -> None:
    ada, bob = person("ada"), person("bob")
    minutes = Document.objects.create_for(owner=ada)
    grant(by=ada, obj=minutes, to=bob, role=Role.OWNER)
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def remove(by: User, to: User) -> None:
        try:
            together.wait(10)
            revoke(by=by, obj=Document.objects.get(pk=minutes.pk), to=to)
            outcomes.append("removed")
        except NotAllowed:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((ada, bob), (bob, ada))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["refused", "removed"]
    assert [member.role for member in members_of(minutes)] == [Role.OWNER]


@only_postgres
def test_a_verb_waits_for_the_row_that_a_commit_of_edits_holds(database: str, person: Person) -> None:
    ada, bob = person("ada"), person("bob")
    minutes = Document.objects.create_for(owner=ada)
    done = threading.Event()

    def share() -> None:
        try:
            grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
        finally:
            done.set()
            connection.close()

    with acting(by=ada, obj=minutes, least=Role.EDITOR):
        thread = threading.Thread(target=share)
        thread.start()
        assert not done.wait(0.3)
    assert done.wait(10)
    thread.join()
    assert access_for(bob, minutes).role is Role.EDITOR
