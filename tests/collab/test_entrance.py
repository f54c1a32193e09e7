"""The queue before the door: many at the price of one, and nobody kept out by another."""

import asyncio
import threading
import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from collab import entrance
from collab.admission import Admitted, Denied, Secret, Shown, admit_all
from collab.hub import Hub
from documents.models import Document
from permissions import tokens
from permissions.models import Scope, User
from permissions.roles import Role
from permissions.sharing import grant
from tests.conftest import Person
from tests.signed_in import session_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def minutes(person: Person) -> Document:
    return Document.objects.create_for(owner=person("ada"), title="Minutes")


@pytest.fixture
def readers(minutes: Document, person: Person) -> list[User]:
    ada, people = User.objects.get(username="ada"), [person(f"p{number}") for number in range(20)]
    for each in people:
        grant(by=ada, obj=minutes, to=each, role=Role.VIEWER)
    return people


class Visits:
    """Looking up that a test holds up; who was asked for in each visit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[list[Shown]] = []
        self.open = threading.Event()
        self.fails_for: Shown | None = None
        self.error: Exception = ValueError("a session that nobody foresaw")
        monkeypatch.setattr(entrance, "admit_all", self.admit_all)

    def admit_all(self, asked: Sequence[tuple[uuid.UUID, Shown]]) -> list[Admitted | Denied]:
        self.asked.append([shown for _, shown in asked])
        assert self.open.wait(10)
        if any(shown == self.fails_for for _, shown in asked):
            raise self.error
        return admit_all(asked)


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> Visits:
    return Visits(monkeypatch)


def test_twenty_are_looked_up_in_as_many_statements_as_one(minutes: Document, readers: list[User]) -> None:
    asked = [(minutes.pk, session_of(each)) for each in readers]
    counts = []
    for some in (asked[:1], asked):
        with CaptureQueriesContext(connection) as queries:
            found = admit_all(some)
        assert [each.person.user for each in found if isinstance(each, Admitted)] == [
            each.pk for each in readers[: len(some)]
        ]
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4


def test_everybody_gets_their_own_answer(minutes: Document, readers: list[User], person: Person) -> None:
    reader, stranger = session_of(readers[0]), session_of(person("stranger"))
    asked: list[tuple[uuid.UUID, Shown]] = [
        (minutes.pk, stranger),
        (minutes.pk, reader),
        (minutes.pk, "nobody's"),
        (uuid.uuid4(), reader),
        (minutes.pk, reader),
    ]
    found = [each.code if isinstance(each, Denied) else (each.role, each.title) for each in admit_all(asked)]
    assert found == [4403, (Role.VIEWER, "Minutes"), 4401, 4403, (Role.VIEWER, "Minutes")]


@pytest.mark.parametrize("shown", ["\0" * 32, "", "A" * 32, "a" * 41, "é" * 32, "a" * 32 + "\n"])
def test_what_is_no_session_key_is_not_asked_for(minutes: Document, shown: str) -> None:
    """PostgreSQL does not even take a NUL: the visit of all who came at the same time would fail."""
    with CaptureQueriesContext(connection) as queries:
        (found,) = admit_all([(minutes.pk, shown)])
    assert isinstance(found, Denied)
    assert found.code == 4401
    assert not queries


def test_tokens_are_looked_up_together_too(minutes: Document, readers: list[User]) -> None:
    asked: list[tuple[uuid.UUID, Shown]] = [
        (minutes.pk, Secret(tokens.make(person=each, name="bot", scope=Scope.WRITE, expires_at=None)))
        for each in readers
    ]
    counts = []
    for some in (asked[:1], asked):
        with CaptureQueriesContext(connection) as queries:
            found = admit_all([*some, (minutes.pk, Secret("nobody's"))])
        assert [each.person.user for each in found if isinstance(each, Admitted)] == [
            each.pk for each in readers[: len(some)]
        ]
        counts.append(len(queries))
    assert counts[0] == counts[1]


async def sessions(people: Sequence[User]) -> list[str]:
    return await sync_to_async(lambda: [session_of(each) for each in people])()


async def test_who_comes_during_two_visits_shares_the_next(
    hub: Hub, visits: Visits, minutes: Document, readers: list[User]
) -> None:
    coming = []
    for shown in await sessions(readers):
        coming.append(asyncio.create_task(hub.entrance.admit(minutes.pk, shown)))
        await asyncio.sleep(0.01)
    visits.open.set()
    found = await asyncio.gather(*coming)
    assert [each.person.user for each in found] == [each.pk for each in readers]
    assert [len(each) for each in visits.asked] == [1, 1, 18]


async def test_an_error_over_one_keeps_out_nobody_else(
    hub: Hub, visits: Visits, minutes: Document, readers: list[User]
) -> None:
    shown = await sessions(readers)
    visits.fails_for = shown[7]
    coming = [asyncio.create_task(hub.entrance.admit(minutes.pk, each)) for each in shown]
    visits.open.set()
    found: list[Any] = await asyncio.gather(*coming, return_exceptions=True)
    assert [n for n, each in enumerate(found) if not isinstance(each, Admitted)] == [7]
    assert found[7] is visits.error


async def test_a_database_that_is_down_is_said_to_all_at_once(
    hub: Hub, visits: Visits, minutes: Document, readers: list[User]
) -> None:
    shown = await sessions(readers)
    visits.fails_for, visits.error = shown[0], OperationalError("gone")
    coming = [asyncio.create_task(hub.entrance.admit(minutes.pk, shown[0])) for _ in range(20)]
    visits.open.set()
    found = await asyncio.gather(*coming, return_exceptions=True)
    assert {type(each) for each in found} == {OperationalError}
    assert len(visits.asked) <= 3


async def test_who_has_gone_meanwhile_is_nobody_s_trouble(
    hub: Hub, visits: Visits, minutes: Document, readers: list[User]
) -> None:
    shown = await sessions(readers[:4])
    coming = []
    for each in shown:  # two visits, and two who wait for the next
        coming.append(asyncio.create_task(hub.entrance.admit(minutes.pk, each)))
        await asyncio.sleep(0.01)
    coming[0].cancel()
    coming[3].cancel()
    visits.open.set()
    found = await asyncio.gather(*coming, return_exceptions=True)
    assert [isinstance(each, Admitted) for each in found] == [False, True, True, False]
    assert sorted(visits.asked) == sorted([[each] for each in shown[:3]])  # two threads note the first two
