"""Appending to the log: gapless, authorised under the lock, all or nothing per document, one permission query for
all.
"""

import uuid

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from documents import log
from documents.log import Append, Appended, Missing, Refused, Row
from documents.models import Document, DocumentClient, DocumentState, DocumentUpdate
from permissions import links, sharing
from permissions.models import User
from permissions.roles import Role
from tests.conftest import Person
from tests.databases import either_database

pytestmark = either_database


@pytest.fixture
def ada(database: str, person: Person) -> User:
    return person("ada")


@pytest.fixture
def bob(database: str, person: Person) -> User:
    return person("bob")


@pytest.fixture
def minutes(ada: User) -> Document:
    return Document.objects.create_for(owner=ada, title="Minutes")


def write(document: Document, *rows: Row, base: int = 0) -> log.Result:
    (result,) = log.append([Append(document.pk, base, rows)], clients_of=lambda payload: payload)
    return result


def rows_of(document: Document) -> list[tuple[int, int | None, bytes]]:
    found = DocumentUpdate.objects.filter(document=document).order_by("seq")
    return [(seq, author, bytes(payload)) for seq, author, payload in found.values_list("seq", "author_id", "payload")]


def test_rows_are_numbered_without_gaps_and_the_head_moves(ada: User, minutes: Document) -> None:
    first = write(minutes, Row(ada.pk, b"a"), Row(ada.pk, b"b"))
    second = write(minutes, Row(ada.pk, b"c"), base=2)
    assert isinstance(first, Appended)
    assert isinstance(second, Appended)
    assert (first.first, first.last, second.first, second.last) == (1, 2, 3, 3)
    assert rows_of(minutes) == [(1, ada.pk, b"a"), (2, ada.pk, b"b"), (3, ada.pk, b"c")]
    minutes.refresh_from_db()
    assert minutes.head_seq == 3
    assert minutes.edited_at == second.at


def test_as_many_rows_and_documents_as_there_are_go_in_at_once(ada: User) -> None:
    documents = [Document.objects.create_for(owner=ada) for _ in range(3)]
    counts = [1, 300, 420]
    payloads = [[b"%d" % row * (10_000 if row % 100 == 50 else 1) for row in range(count)] for count in counts]
    with CaptureQueriesContext(connection) as queries:
        results = log.append(
            [
                Append(document.pk, 0, tuple(Row(ada.pk, payload) for payload in theirs))
                for document, theirs in zip(documents, payloads, strict=True)
            ],
            clients_of=lambda payload: payload,
        )
    assert [(each.first, each.last) for each in results if isinstance(each, Appended)] == [(1, n) for n in counts]
    for document, theirs in zip(documents, payloads, strict=True):
        assert [payload for _, _, payload in rows_of(document)] == theirs
        document.refresh_from_db()
        assert document.head_seq == len(theirs)
    assert len(queries) < 22  # a large payload has a statement to itself


def test_an_author_without_the_right_takes_the_whole_batch_of_that_document_back(
    ada: User, bob: User, minutes: Document
) -> None:
    sharing.grant(by=ada, obj=minutes, to=bob, role=Role.COMMENTER)
    assert write(minutes, Row(ada.pk, b"a"), Row(bob.pk, b"b")) == Refused(authors=frozenset({bob.pk}))
    assert rows_of(minutes) == []


def test_every_document_stands_or_falls_by_itself(ada: User, bob: User, minutes: Document) -> None:
    other = Document.objects.create_for(owner=ada)
    results = log.append(
        [
            Append(minutes.pk, 0, (Row(bob.pk, b"b"),)),
            Append(uuid.uuid4(), 0, (Row(ada.pk, b"x"),)),
            Append(other.pk, 0, (Row(ada.pk, b"a"),)),
        ],
        clients_of=lambda payload: payload,
    )
    assert [type(result) for result in results] == [Refused, Missing, Appended]
    assert rows_of(other) == [(1, ada.pk, b"a")]


@pytest.mark.parametrize("loss", ["revoked", "left the group", "deactivated", "trashed", "link closed"])
def test_a_right_that_is_gone_is_gone_at_the_commit(loss: str, ada: User, bob: User, minutes: Document) -> None:
    crew = Group.objects.create(name="crew")
    if loss == "left the group":
        crew.user_set.add(bob)
        sharing.grant(by=ada, obj=minutes, to=crew, role=Role.EDITOR)
    elif loss == "link closed":
        links.set_link(by=ada, obj=minutes, role=Role.EDITOR)
    else:
        sharing.grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    assert isinstance(write(minutes, Row(bob.pk, b"1")), Appended)
    if loss == "revoked":
        sharing.revoke(by=ada, obj=minutes, to=bob)
    elif loss == "left the group":
        crew.user_set.remove(bob)
    elif loss == "deactivated":
        User.objects.filter(pk=bob.pk).update(is_active=False)
    elif loss == "trashed":
        Document.objects.filter(pk=minutes.pk).update(trashed_at=minutes.created_at)
    else:
        links.set_link(by=ada, obj=minutes, role=None)
    assert not isinstance(write(minutes, Row(bob.pk, b"2"), base=1), Appended)
    assert len(rows_of(minutes)) == 1


def test_one_permission_query_serves_all_authors_of_all_documents(ada: User, bob: User) -> None:
    made = [Document.objects.create_for(owner=ada) for _ in range(20)]
    for document in made:
        sharing.grant(by=ada, obj=document, to=bob, role=Role.EDITOR)
    appends = [Append(document.pk, 0, (Row(ada.pk, b"a"), Row(bob.pk, b"b"))) for document in made]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        results = log.append(appends, clients_of=lambda payload: payload)
    assert all(isinstance(result, Appended) for result in results)
    asked = [q["sql"] for q in queries if "auth_permission" in q["sql"]]
    assert len(asked) == 1


def test_rows_of_others_are_handed_back_so_that_they_can_be_shown_first(ada: User, minutes: Document) -> None:
    write(minutes, Row(ada.pk, b"\x01"), Row(ada.pk, b"\x02"))
    result = write(minutes, Row(ada.pk, b"\x07", clients=(7,)), base=0)
    assert isinstance(result, Appended)
    assert (result.first, result.missed) == (3, (b"\x01", b"\x02"))


def test_structs_of_a_client_that_others_wrote_meanwhile_are_not_appended(ada: User, minutes: Document) -> None:
    """The same edit through two processes, or two contents for one clock: the log must hold one."""
    write(minutes, Row(ada.pk, b"\x07", clients=(7,)))
    assert write(minutes, Row(ada.pk, b"\x07", clients=(7,)), base=0) == Refused()
    assert len(rows_of(minutes)) == 1


def test_a_client_id_belongs_to_who_wrote_first_under_it(ada: User, bob: User, minutes: Document) -> None:
    sharing.grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    write(minutes, Row(ada.pk, b"a", claims=(7,), clients=(7,)))
    result = write(minutes, Row(bob.pk, b"b", claims=(7, 8), clients=(7, 8)), base=1)
    assert result == Refused(claims=frozenset({7}))
    assert list(DocumentClient.objects.values_list("client_id", "user_id")) == [(7, ada.pk)]
    assert isinstance(write(minutes, Row(ada.pk, b"c", claims=(7,), clients=(7,)), base=1), Appended)


def test_one_batch_cannot_claim_one_id_for_two(ada: User, bob: User, minutes: Document) -> None:
    sharing.grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    result = write(minutes, Row(ada.pk, b"a", claims=(7,)), Row(bob.pk, b"b", claims=(7,)))
    assert result == Refused(claims=frozenset({7}))
    assert rows_of(minutes) == []


def test_loading_gives_the_newest_state_and_the_rows_after_it(ada: User, minutes: Document) -> None:
    write(minutes, *(Row(ada.pk, bytes([n])) for n in range(5)))
    DocumentState.objects.create(document=minutes, seq=2, payload=b"old")
    DocumentState.objects.create(document=minutes, seq=3, payload=b"new")
    loaded = log.load(minutes.pk)
    assert loaded == log.Loaded(5, (b"new", b"\x03", b"\x04"), 3, 2)


def test_a_missing_document_loads_as_none_and_a_log_with_a_hole_is_an_error(ada: User, minutes: Document) -> None:
    assert log.load(uuid.uuid4()) is None
    write(minutes, *(Row(ada.pk, bytes([n])) for n in range(3)))
    DocumentUpdate.objects.filter(document=minutes, seq=2).delete()
    with pytest.raises(log.LogBroken, match="expected 3 log rows, found 1"):
        log.load(minutes.pk)


def test_a_client_id_that_somebody_else_is_seen_under_must_be_the_authors_already(ada: User, minutes: Document) -> None:
    assert write(minutes, Row(ada.pk, b"a", claims=(7,), held=(7,))) == Refused(claims=frozenset({7}))
    write(minutes, Row(ada.pk, b"a", claims=(7,)))
    assert isinstance(write(minutes, Row(ada.pk, b"b", claims=(7,), held=(7,)), base=1), Appended)


def test_no_index_of_the_log_begins_like_another(database: str) -> None:
    """Each is written with every row."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, DocumentUpdate._meta.db_table)
    assert "document_update_seq_unique" in found
    assert [name for name, each in found.items() if each["index"] and each["columns"] == ["document_id"]] == []
