"""The row lock is where an edit and a revocation meet: whoever commits first is first."""

import threading

from django.db import connection, transaction

from documents import log
from documents.log import Append, Refused, Row
from documents.models import Document
from permissions import sharing
from permissions.roles import Role
from tests.conftest import Person
from tests.databases import only_postgres


@only_postgres
def test_an_append_waits_for_a_revocation_under_the_row_lock_and_then_is_refused(database: str, person: Person) -> None:
    ada, bob = person("ada"), person("bob")
    minutes = Document.objects.create_for(owner=ada)
    sharing.grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    results: list[log.Result] = []
    started = threading.Event()

    def append() -> None:
        started.set()
        try:
            results.extend(
                log.append([Append(minutes.pk, 0, (Row(bob.pk, b"late"),))], clients_of=lambda payload: payload)
            )
        finally:
            connection.close()

    thread = threading.Thread(target=append)
    with transaction.atomic():
        sharing.revoke(by=ada, obj=minutes, to=bob)
        thread.start()
        started.wait()
        thread.join(0.3)
        assert results == []
    thread.join(30)
    assert results == [Refused(authors=frozenset({bob.pk}))]
