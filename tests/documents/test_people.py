"""Who is offered after `@`: those the document was shared with, and nobody else."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from documents.models import Document
from documents.people import MOST, people_in
from permissions.links import set_link
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant
from tests.conftest import Person
from tests.databases import either_database

type BrowserOf = Callable[[User | None], Client]


def names(document: Document, matching: str = "") -> list[str]:
    return [person.name for person in people_in(document, matching=matching)]


@either_database
def test_those_with_access_by_name_or_group_are_found(database: str, person: Person) -> None:
    ada, bob, carol, dave = person("ada"), person("bob"), person("carol"), person("dave")
    person("eve")
    document = Document.objects.create_for(owner=ada)
    Document.objects.create_for(owner=dave)
    board = Group.objects.create(name="board")
    carol.groups.add(board)
    bob.groups.add(board)
    grant(by=ada, obj=document, to=bob, role=Role.VIEWER)
    grant(by=ada, obj=document, to=board, role=Role.COMMENTER)
    set_link(by=ada, obj=document, role=Role.EDITOR)  # lets dave and eve in; they are strangers still
    assert names(document) == ["Ada", "Bob", "Carol"]
    carol.is_active = False
    carol.save()
    assert names(document) == ["Ada", "Bob"]


@either_database
def test_a_part_of_a_name_in_any_case_finds_it_and_a_beginning_comes_first(database: str, person: Person) -> None:
    ada = person("ada", name="Ada Lovelace")
    document = Document.objects.create_for(owner=ada)
    people = {"bernard": "Bernard Love", "lovis": "Lovis Corinth", "elo": "Élodie", "nameless": "", "percent": "100%"}
    for username, name in people.items():
        grant(by=ada, obj=document, to=person(username, name=name), role=Role.VIEWER)
    assert names(document, "lov") == ["Lovis Corinth", "Ada Lovelace", "Bernard Love"]
    assert names(document, "LOVE") == ["Ada Lovelace", "Bernard Love"]
    assert names(document, "é") == ["Élodie"]
    assert names(document, "ada  lovelace ") == ["Ada Lovelace"]
    assert names(document, "nameless") == ["nameless"]
    assert names(document, "percent") == ["100%"]  # by the user name
    assert names(document, "%") == ["100%"]
    assert names(document, "\0") == names(document)
    assert names(document, "nobody") == []


def test_there_are_at_most_twenty_in_one_query(minutes: Document, ada: User, person: Person) -> None:
    for n in range(MOST + 5):
        grant(by=ada, obj=minutes, to=person(f"p{n}"), role=Role.VIEWER)
    with CaptureQueriesContext(connection) as queries:
        assert len(people_in(minutes, matching="p")) == MOST
    assert len(queries) == 1


def test_a_reader_is_told_names_and_colours_but_no_addresses(
    minutes: Document, ada: User, bob: User, browser_of: BrowserOf
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    answer = browser_of(bob).get(f"/api/documents/{minutes.pk}/people/?q=a")
    assert answer.json() == {"people": [{"id": str(ada.pk), "name": "Ada", "color": ada.color}]}
    assert answer["Cache-Control"] == "private, no-store"
    assert browser_of(bob).get(f"/api/documents/{minutes.pk}/people/?q=example.org").json() == {"people": []}


def test_names_of_those_mentioned_are_told_while_they_have_access(
    minutes: Document, ada: User, bob: User, carol: User, browser_of: BrowserOf
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    asked = f"{bob.pk},{carol.pk},x,-1,,{2**63},{'9' * 30},²,{bob.pk}"
    answer = browser_of(ada).get(f"/api/documents/{minutes.pk}/people/", {"ids": asked})
    assert answer.json() == {"people": [{"id": str(bob.pk), "name": "Bob", "color": bob.color}]}
    assert browser_of(ada).get(f"/api/documents/{minutes.pk}/people/?ids=").json() == {"people": []}


@pytest.mark.parametrize("text", ["'", '"', "\\", "x" * 5000, "🦊", "\ud800", "\0"])
def test_any_text_may_be_asked(text: str, minutes: Document) -> None:
    assert names(minutes, text) == ([] if text.isprintable() else ["Ada"])
