"""The row lock is where an edit and a revocation meet: whoever commits first is first."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from documents import log
from documents.log import Append, Appended, Busy, Refused, Row
from documents.models import Document
from permissions import sharing
from permissions.roles import Role
from tests.conftest import Person
from tests.databases import only_postgres


@contextmanager
def elsewhere(act: "threading.Event", done: "threading.Event", document: Document) -> Iterator[None]:
    """Another transaction holds the document's row until `done`."""

    def hold() -> None:
        with transaction.atomic():
            Document.objects.select_for_update().get(pk=document.pk)
            act.set()
            done.wait(30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    act.wait(30)
    try:
        yield
    finally:
        done.set()
        thread.join(30)


def append(*documents: Document, author: int) -> list[log.Result]:
    rows = (Row(author, b"late"),)
    return log.append([Append(each.pk, 0, rows) for each in documents], clients_of=lambda payload: payload)


@only_postgres
def test_an_append_gives_way_to_a_revocation_that_holds_the_lock_and_is_refused_after_it(
    database: str, person: Person
) -> None:
    ada, bob = person("ada"), person("bob")
    minutes = Document.objects.create_for(owner=ada)
    sharing.grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    results: list[log.Result] = []

    def late() -> None:
        results.extend(append(minutes, author=bob.pk))
        connection.close()

    with transaction.atomic():
        sharing.revoke(by=ada, obj=minutes, to=bob)
        thread = threading.Thread(target=late)
        thread.start()
        thread.join(30)
    assert results == [Busy()]
    assert append(minutes, author=bob.pk) == [Refused(authors=frozenset({bob.pk}))]


@only_postgres
def test_a_lock_that_is_held_for_long_stops_no_other_document(database: str, person: Person) -> None:
    ada = person("ada")
    minutes, plan = (Document.objects.create_for(owner=ada) for _ in range(2))
    with elsewhere(threading.Event(), threading.Event(), minutes):
        results = append(minutes, plan, author=ada.pk)
    assert [type(result) for result in results] == [Busy, Appended]
    assert isinstance(append(minutes, author=ada.pk)[0], Appended)
