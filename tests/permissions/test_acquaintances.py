"""Whom one is shown: those one shares something with, and nobody else."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from documents.models import Document
from permissions import teams
from permissions.acquaintances import MOST, acquaintances, suggestions
from permissions.errors import NobodyCalled
from permissions.holders import Address, holder_named
from permissions.links import set_link
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant, revoke
from tests.conftest import Person


def names(person: User, text: str) -> list[str]:
    return [each.name for each in suggestions(person, text)]


def test_strangers_are_not_suggested(ada: User, bob: User) -> None:
    for text in ("b", "bob", "Bob", "bob@example.org"):
        assert names(ada, text) == []
    assert bob not in acquaintances(ada)


def test_who_shares_a_document_is_and_both_ways(minutes: Document, ada: User, bob: User, carol: User) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    grant(by=ada, obj=minutes, to=carol, role=Role.VIEWER)
    assert names(ada, "b") == ["Bob"]
    assert names(bob, "a") == ["Ada"]
    assert names(bob, "CAR") == ["Carol"]
    revoke(by=ada, obj=minutes, to=bob)
    assert names(ada, "b") == []


def test_who_is_in_the_same_group_is_and_the_group_itself(ada: User, bob: User, carol: User) -> None:
    crew = teams.create(by=ada, name="Bridge crew")
    teams.add(by=ada, team=crew, who="bob")
    found = suggestions(ada, "b")
    assert [(each.kind, each.name, each.username) for each in found] == [
        ("user", "Bob", "bob"),
        ("group", "Bridge crew", ""),
    ]
    assert names(carol, "b") == []


def test_who_has_a_document_through_a_group_is_known_to_its_members(
    minutes: Document, ada: User, bob: User, carol: User
) -> None:
    staff = Group.objects.create(name="staff")
    bob.groups.add(staff)
    grant(by=ada, obj=minutes, to=staff, role=Role.VIEWER)
    grant(by=ada, obj=minutes, to=carol, role=Role.VIEWER)
    assert bob in acquaintances(carol)
    assert carol in acquaintances(bob)
    assert bob in acquaintances(ada)


def test_a_link_makes_nobody_known(minutes: Document, ada: User, bob: User) -> None:
    set_link(by=ada, obj=minutes, role=Role.EDITOR)
    assert bob not in acquaintances(ada)


def test_any_word_of_a_name_and_the_user_name_are_found_and_no_address(
    minutes: Document, ada: User, person: Person
) -> None:
    elodie = person("eb", name="Élodie Brûlé", email="office@example.org")
    zed = person("brand", name="Zed")
    for somebody in (elodie, zed):
        grant(by=ada, obj=minutes, to=somebody, role=Role.VIEWER)
    assert names(ada, "él") == ["Élodie Brûlé"]
    assert names(ada, "br") == ["Zed", "Élodie Brûlé"]  # the beginning of a name before another word of it
    for text in ("office", "office@", "office@example.org", "example.org"):  # else an address could be guessed in parts
        assert names(ada, text) == []


def test_neither_oneself_nor_the_deactivated_nor_guests(minutes: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    assert names(ada, "ada") == []
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert names(ada, "bob") == []
    User.objects.filter(pk=bob.pk).update(is_active=True, is_guest=True)
    assert names(ada, "bob") == []


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud800", "%", "_", "x" * 10_000])
def test_what_is_no_beginning_of_a_name_finds_nobody(minutes: Document, ada: User, bob: User, text: str) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    assert names(ada, text) == []


def test_they_are_bounded_and_cost_two_queries(minutes: Document, ada: User, person: Person) -> None:
    for n in range(MOST + 4):
        grant(by=ada, obj=minutes, to=person(f"member{n:02}"), role=Role.VIEWER)
    with CaptureQueriesContext(connection) as queries:
        assert names(ada, "mem") == [f"Member{n:02}" for n in range(MOST)]
    assert len(queries) == 2


def test_an_address_is_nobody_but_oneself(minutes: Document, ada: User, bob: User) -> None:
    assert holder_named("Bob@Example.org", asked_by=ada) == Address("bob@example.org")
    assert holder_named(" BOB ", asked_by=ada) == bob  # a user name is public
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    for text in ("Bob@Example.org", "Bob B. <bob@example.org>"):  # else a guess could be tried
        assert holder_named(text, asked_by=ada) == Address("bob@example.org")
    assert holder_named("ADA@example.org", asked_by=ada) == ada


def test_a_user_name_that_looks_like_an_address_tells_nothing(ada: User, person: Person) -> None:
    person("eve@example.org", email="other@example.org")
    assert holder_named("eve@example.org", asked_by=ada) == Address("eve@example.org")


def test_the_deactivated_and_guests_are_nobody(ada: User, person: Person) -> None:
    person("eve", is_active=False)
    person("guest-1", is_guest=True, email="")
    for text in ("eve", "guest-1"):
        with pytest.raises(NobodyCalled):
            holder_named(text, asked_by=ada)
