"""The log of a document that was restored: whoever comes back brings what it lacks, under whosever client ids."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from documents import log
from documents.log import Append, Appended, Refused, Row
from documents.models import Document, DocumentClient
from permissions import sharing
from permissions.models import User
from permissions.roles import Role
from tests.conftest import Person
from tests.databases import either_database

pytestmark = either_database
ADAS, BOBS, LOST = 11, 22, 33  # client ids; of the last the backup knows nothing


@pytest.fixture
def ada(database: str, person: Person) -> User:
    return person("ada")


@pytest.fixture
def bob(database: str, person: Person) -> User:
    return person("bob")


@pytest.fixture
def minutes(ada: User, bob: User) -> Document:
    """Restored a moment ago, at row 1."""
    document = Document.objects.create_for(owner=ada)
    sharing.grant(by=ada, obj=document, to=bob, role=Role.EDITOR)
    assert isinstance(write(document, ada, ADAS, base=0), Appended)
    Document.objects.filter(pk=document.pk).update(restored_at=timezone.now())
    return document


def write(
    document: Document,
    author: User,
    *claims: int,
    base: int = 1,
    held: tuple[int, ...] = (),
    typed: bool = False,
    payload: bytes = b"x",
    since: datetime | None = None,
) -> log.Result:
    """What a page returns, or `typed`. `since`: of another log than there is."""
    row = Row(author.pk, payload, claims=claims, clients=claims, held=held, returned=() if typed else claims)
    restored_at = since or Document.objects.get(pk=document.pk).restored_at
    [result] = log.append([Append(document.pk, base, (row,), restored_at)], clients_of=lambda _: ())
    return result


def owners() -> dict[int, int | None]:
    return dict(DocumentClient.objects.values_list("client_id", "user"))


def test_an_update_of_several_clients_is_taken_and_says_of_none_whose_it_is(
    ada: User, bob: User, minutes: Document
) -> None:
    result = write(minutes, bob, ADAS, LOST, BOBS)
    assert isinstance(result, Appended)
    assert result.brought == {ADAS, LOST, BOBS}
    assert owners() == {ADAS: ada.pk}


def test_what_is_returned_under_one_id_alone_says_nothing_either_and_what_is_typed_does(
    ada: User, bob: User, minutes: Document
) -> None:
    result = write(minutes, bob, LOST)  # it is ada's, and bob is the first to bring it
    assert isinstance(result, Appended)
    assert result.brought == {LOST}
    assert owners() == {ADAS: ada.pk}
    assert isinstance(write(minutes, ada, LOST, base=2, typed=True), Appended)
    assert owners() == {ADAS: ada.pk, LOST: ada.pk}


def test_nobody_types_under_the_id_of_somebody_else(ada: User, bob: User, minutes: Document) -> None:
    assert write(minutes, bob, ADAS, typed=True) == Refused(claims=frozenset({ADAS}))
    assert write(minutes, bob, LOST, ADAS, typed=True) == Refused(claims=frozenset({ADAS}))
    assert owners() == {ADAS: ada.pk}


def test_nobody_returns_what_somebody_who_is_here_writes(ada: User, bob: User, minutes: Document) -> None:
    assert write(minutes, bob, ADAS, held=(ADAS,)) == Refused(claims=frozenset({ADAS}))
    assert write(minutes, bob, LOST, held=(LOST,)) == Refused(claims=frozenset({LOST}))
    assert owners() == {ADAS: ada.pk}


def test_later_and_in_documents_that_were_not_restored_it_is_a_forgery(
    bob: User, minutes: Document, settings: Any
) -> None:
    long_ago = timezone.now() - timedelta(days=settings.RETURN_DAYS, seconds=1)
    for restored_at in (long_ago, None):
        Document.objects.update(restored_at=restored_at)
        assert write(minutes, bob, ADAS, BOBS) == Refused(claims=frozenset({ADAS}))
    assert BOBS not in owners()


def test_an_append_from_ahead_of_the_log_is_refused_and_the_log_is_another_from_then_on(
    ada: User, bob: User, minutes: Document
) -> None:
    """A standby that lacked rows has taken over: pages may bring them back, as after a restore."""
    Document.objects.update(restored_at=None)
    assert write(minutes, ada, ADAS, base=2) == Refused()
    loaded = log.load(minutes.pk)
    assert loaded is not None
    assert loaded.restored
    assert log.heads([minutes.pk]) == {minutes.pk: log.Head(1, loaded.restored_at)}
    assert isinstance(write(minutes, bob, ADAS, LOST), Appended)


def test_two_rooms_ahead_of_one_log_are_refused_both(ada: User, minutes: Document) -> None:
    Document.objects.update(restored_at=None)
    append = Append(minutes.pk, 2, (Row(ada.pk, b"x"),))
    assert log.append([append, append], clients_of=lambda _: ()) == [Refused(), Refused()]


def test_a_log_that_has_grown_past_the_number_again_is_another_one(ada: User, bob: User, minutes: Document) -> None:
    """The room saw row 2 before the restore. There is a row 2 again: not that one."""
    before = Document.objects.get().restored_at
    assert before is not None
    restored_at = before + timedelta(minutes=1)
    Document.objects.update(restored_at=restored_at)
    assert isinstance(write(minutes, ada, ADAS), Appended)
    for base in (1, 2):
        assert write(minutes, bob, BOBS, base=base, since=before) == Refused()
    assert log.heads([minutes.pk]) == {minutes.pk: log.Head(2, restored_at)}
    assert isinstance(write(minutes, bob, BOBS, base=2), Appended)


def test_a_lost_row_is_noted_once(minutes: Document) -> None:
    """By who sees it first: the others have seen a log that is not there any more."""
    Document.objects.update(restored_at=None)
    log.note_loss(minutes.pk, log.Head(1, None))
    assert Document.objects.get().restored_at is None
    log.note_loss(minutes.pk, log.Head(2, None))
    noted = Document.objects.get().restored_at
    assert noted is not None
    log.note_loss(minutes.pk, log.Head(2, None))
    assert Document.objects.get().restored_at == noted


@pytest.mark.parametrize("clients", [(BOBS,), ()])  # () is a deletion: it stands under no client id
def test_who_lost_the_right_after_a_commit_whose_answer_was_lost_is_not_told_that_it_was_refused(
    bob: User, ada: User, minutes: Document, clients: tuple[int, ...]
) -> None:
    since = Document.objects.get().restored_at
    append = Append(minutes.pk, 1, (Row(bob.pk, b"y", claims=clients, clients=clients),), since)
    [first] = log.append([append], clients_of=lambda _: clients)
    assert isinstance(first, Appended)
    sharing.revoke(by=ada, obj=minutes, to=bob)
    assert log.append([append], clients_of=lambda _: clients) == [Refused()]
    later = Append(minutes.pk, 2, append.rows, since)
    assert log.append([later], clients_of=lambda _: clients) == [Refused(authors=frozenset({bob.pk}))]


def test_a_loaded_document_says_that_it_was_restored(minutes: Document, settings: Any) -> None:
    for days, expected in ((0, True), (settings.RETURN_DAYS + 1, False)):
        Document.objects.update(restored_at=timezone.now() - timedelta(days=days))
        loaded = log.load(minutes.pk)
        assert loaded is not None
        assert loaded.restored is expected
