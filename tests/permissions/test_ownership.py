"""Handing a document over: offered, accepted, and what makes an offer void."""

import threading

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from documents.models import Document, DocumentOffer
from permissions.access import access_for
from permissions.errors import (
    GuestsComeByLink,
    InTrash,
    IsDeactivated,
    IsOwner,
    LastOwner,
    NoOffer,
    NotAllowed,
    NotAMember,
    OfferedAlready,
    OfferVoid,
)
from permissions.links import set_link
from permissions.models import AuditEntry, Notice, User
from permissions.ownership import accept, decline, offer, offer_of, withdraw
from permissions.roles import Role
from permissions.sharing import acting, grant, members_of, revise, revoke
from tests.conftest import Person
from tests.databases import either_database, only_postgres

from .test_invitations import at_once


@pytest.fixture
def offered(minutes: Document, ada: User, bob: User) -> Document:
    """The minutes, which ada offers to bob, an editor."""
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    offer(by=ada, obj=minutes, to=bob)
    return minutes


def roles(document: Document) -> dict[str, Role]:
    return {member.name: member.role for member in members_of(document)}


def test_who_accepts_is_the_owner_and_the_giver_an_editor(offered: Document, ada: User, bob: User) -> None:
    assert roles(offered) == {"Ada": Role.OWNER, "Bob": Role.EDITOR}  # an offer alone changes nothing
    accept(by=bob, obj=offered)
    assert roles(offered) == {"Bob": Role.OWNER, "Ada": Role.EDITOR}
    offered.refresh_from_db()
    assert offered.owner == bob
    assert offer_of(offered) is None
    actions = AuditEntry.objects.filter(object_id=offered.pk).order_by("pk").values_list("action", "subject_name")
    assert list(actions) == [("granted", "Bob"), ("offered", "Bob"), ("changed", "Ada"), ("transferred", "Bob")]
    told = Notice.objects.filter(user=ada).values_list("kind", "role")
    assert list(told) == [(Notice.Kind.OFFERED, Role.EDITOR)]


def test_other_owners_stay(offered: Document, ada: User, bob: User, carol: User) -> None:
    grant(by=ada, obj=offered, to=carol, role=Role.OWNER)
    accept(by=bob, obj=offered)
    assert roles(offered) == {"Bob": Role.OWNER, "Carol": Role.OWNER, "Ada": Role.EDITOR}


def test_it_is_accepted_once(offered: Document, ada: User, bob: User) -> None:
    accept(by=bob, obj=offered)
    with pytest.raises(NoOffer):
        accept(by=bob, obj=offered)


def test_only_the_one_it_is_made_to_answers(offered: Document, ada: User, carol: User) -> None:
    grant(by=ada, obj=offered, to=carol, role=Role.EDITOR)
    for act in (accept, decline):
        for somebody in (ada, carol):
            with pytest.raises(NoOffer):
                act(by=somebody, obj=offered)
    assert offer_of(offered) is not None


def test_declined_and_taken_back(offered: Document, ada: User, bob: User) -> None:
    decline(by=bob, obj=offered)
    assert offer_of(offered) is None
    assert list(Notice.objects.filter(user=ada).values_list("kind", "role")) == [(Notice.Kind.OFFERED, None)]
    offer(by=ada, obj=offered, to=bob)
    with pytest.raises(NotAllowed):
        withdraw(by=bob, obj=offered)
    withdraw(by=ada, obj=offered)
    for act in (accept, decline):
        with pytest.raises(NoOffer, match="taken back"):
            act(by=bob, obj=offered)
    with pytest.raises(NoOffer):
        withdraw(by=ada, obj=offered)


@pytest.mark.parametrize("loss", ["demoted", "removed", "deactivated"])
def test_it_is_void_when_the_giver_owns_it_no_more(
    offered: Document, ada: User, bob: User, carol: User, loss: str
) -> None:
    grant(by=ada, obj=offered, to=carol, role=Role.OWNER)
    if loss == "demoted":
        revise(by=carol, obj=offered, to=ada, role=Role.EDITOR)
    elif loss == "removed":
        revoke(by=carol, obj=offered, to=ada)
    else:
        User.objects.filter(pk=ada.pk).update(is_active=False)
    assert offer_of(offered) is None
    with pytest.raises(OfferVoid, match="Ada"):
        accept(by=bob, obj=offered)
    assert access_for(bob, offered).role is Role.EDITOR
    offer(by=carol, obj=offered, to=bob)  # a void one stands in nobody's way
    accept(by=bob, obj=offered)


def test_it_is_nothing_to_who_lost_their_access(offered: Document, ada: User, bob: User) -> None:
    revoke(by=ada, obj=offered, to=bob)
    with pytest.raises(NotAMember):
        accept(by=bob, obj=offered)
    assert roles(offered) == {"Ada": Role.OWNER}


def test_not_in_the_trash(offered: Document, bob: User) -> None:
    Document.objects.update(trashed_at=timezone.now())
    with pytest.raises(InTrash):
        accept(by=bob, obj=offered)


def test_one_offer_at_a_time(offered: Document, ada: User, bob: User, carol: User) -> None:
    grant(by=ada, obj=offered, to=carol, role=Role.VIEWER)
    with pytest.raises(OfferedAlready, match="Bob"):
        offer(by=ada, obj=offered, to=carol)
    offer(by=ada, obj=offered, to=bob)
    assert DocumentOffer.objects.count() == 1


def test_only_owners_offer_and_only_to_members(
    minutes: Document, ada: User, bob: User, carol: User, person: Person
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    with pytest.raises(NotAllowed):
        offer(by=bob, obj=minutes, to=bob)
    with pytest.raises(NotAMember):
        offer(by=ada, obj=minutes, to=carol)
    set_link(by=ada, obj=minutes, role=Role.EDITOR)
    with pytest.raises(NotAMember):  # the link makes nobody a member
        offer(by=ada, obj=minutes, to=carol)
    with pytest.raises(IsOwner, match="Ada is an owner already"):
        offer(by=ada, obj=minutes, to=ada)
    with pytest.raises(GuestsComeByLink):
        offer(by=ada, obj=minutes, to=person("guest-1", is_guest=True))
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(IsDeactivated, match="Bob"):
        offer(by=ada, obj=minutes, to=bob)
    assert offer_of(minutes) is None


def test_a_member_through_a_group_can_be_given_it(minutes: Document, ada: User, bob: User) -> None:
    staff = Group.objects.create(name="staff")
    bob.groups.add(staff)
    grant(by=ada, obj=minutes, to=staff, role=Role.VIEWER)
    offer(by=ada, obj=minutes, to=bob)
    accept(by=bob, obj=minutes)
    assert roles(minutes) == {"Bob": Role.OWNER, "Ada": Role.EDITOR, "staff": Role.VIEWER}


def test_whoever_owns_through_a_group_keeps_what_the_group_gives(
    minutes: Document, ada: User, bob: User, carol: User
) -> None:
    staff = Group.objects.create(name="staff")
    carol.groups.add(staff)
    grant(by=ada, obj=minutes, to=staff, role=Role.OWNER)
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    offer(by=carol, obj=minutes, to=bob)
    accept(by=bob, obj=minutes)
    assert roles(minutes) == {"Ada": Role.OWNER, "Bob": Role.OWNER, "staff": Role.OWNER}


def test_the_last_owner_hands_over_and_then_leaves(offered: Document, ada: User, bob: User) -> None:
    with pytest.raises(LastOwner):
        revoke(by=ada, obj=offered, to=ada)
    accept(by=bob, obj=offered)
    revoke(by=ada, obj=offered, to=ada)
    assert roles(offered) == {"Bob": Role.OWNER}


@either_database
def test_it_is_accepted_while_the_giver_is_removed(database: str, person: Person) -> None:
    """Whichever comes first, the other sees it; an owner is left in each case."""
    ada, bob, carol = person("ada"), person("bob"), person("carol")
    minutes = Document.objects.create_for(owner=ada, title="Minutes")
    grant(by=ada, obj=minutes, to=carol, role=Role.OWNER)
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    offer(by=ada, obj=minutes, to=bob)
    accepted, removed = at_once(
        lambda: accept(by=bob, obj=Document.objects.get(pk=minutes.pk)),
        lambda: revoke(by=carol, obj=Document.objects.get(pk=minutes.pk), to=ada),
    )
    assert removed == "done"
    assert accepted in ("done", "OfferVoid")
    expected = Role.OWNER if accepted == "done" else Role.EDITOR
    assert roles(minutes) == {"Bob": expected, "Carol": Role.OWNER}


@either_database
def test_it_is_accepted_while_it_is_taken_back(database: str, person: Person) -> None:
    ada, bob = person("ada"), person("bob")
    minutes = Document.objects.create_for(owner=ada, title="Minutes")
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    offer(by=ada, obj=minutes, to=bob)
    accepted, taken_back = at_once(
        lambda: accept(by=bob, obj=Document.objects.get(pk=minutes.pk)),
        lambda: withdraw(by=ada, obj=Document.objects.get(pk=minutes.pk)),
    )
    assert (accepted, taken_back) in [("done", "NotAllowed"), ("NoOffer", "done")]
    assert list(roles(minutes).values()) == [Role.OWNER, Role.EDITOR]


@only_postgres
def test_accepting_waits_for_the_removal_that_is_under_way(database: str, person: Person) -> None:
    ada, bob, carol = person("ada"), person("bob"), person("carol")
    minutes = Document.objects.create_for(owner=ada, title="Minutes")
    grant(by=ada, obj=minutes, to=carol, role=Role.OWNER)
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    offer(by=ada, obj=minutes, to=bob)
    over, outcome = threading.Event(), []

    def say_yes() -> None:
        try:
            accept(by=bob, obj=Document.objects.get(pk=minutes.pk))
            outcome.append("done")
        except OfferVoid:
            outcome.append("void")
        finally:
            over.set()
            connection.close()

    with acting(by=carol, obj=minutes, least=Role.OWNER):
        thread = threading.Thread(target=say_yes)
        thread.start()
        assert not over.wait(0.3)
        revoke(by=carol, obj=minutes, to=ada)
    thread.join(20)
    assert outcome == ["void"]
    assert roles(minutes) == {"Carol": Role.OWNER, "Bob": Role.EDITOR}
