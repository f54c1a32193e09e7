"""Whatever a program shows, and whoever lets its edits through to the log: the log asks the token itself."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents import log
from documents.log import Append, Appended, Refused, Row
from documents.models import Document, DocumentUpdate
from permissions import sharing, tokens
from permissions.models import AccessToken, Scope, User
from permissions.roles import Role
from tests.conftest import Person
from tests.databases import either_database

pytestmark = either_database

WHOSE = ("ada", "bob", "carol")  # the owner, an editor, a viewer
KINDS = ("none", "write", "read", "expired", "revoked", "made up")


@pytest.fixture
def people(database: str, person: Person) -> dict[str, User]:
    return {name: person(name) for name in WHOSE}


@pytest.fixture
def minutes(people: dict[str, User]) -> Document:
    document = Document.objects.create_for(owner=people["ada"])
    for name, role in (("bob", Role.EDITOR), ("carol", Role.VIEWER)):
        sharing.grant(by=people["ada"], obj=document, to=people[name], role=role)
    return document


@pytest.fixture
def shown(people: dict[str, User]) -> dict[tuple[str, str], int | None]:
    """(whose, what kind) -> the number of such a token."""
    found: dict[tuple[str, str], int | None] = {}
    for name, person in people.items():
        for kind in ("write", "read", "expired", "revoked"):
            scope = Scope.READ if kind == "read" else Scope.WRITE
            ended = timezone.now() - timedelta(microseconds=1) if kind == "expired" else None
            tokens.make(person=person, name=kind, scope=scope, expires_at=ended)
            found[name, kind] = AccessToken.objects.latest("pk").pk
        tokens.revoke(person.tokens.filter(name="revoked"))
        found[name, "none"], found[name, "made up"] = None, 1 << 40
    return found


authors = st.tuples(st.sampled_from(WHOSE), st.sampled_from(WHOSE), st.sampled_from(KINDS))


def allowed(author: str, whose: str, kind: str) -> bool:
    return author != "carol" and (kind == "none" or (kind == "write" and whose == author))


@given(rows=st.lists(authors, min_size=1, max_size=4))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_a_token_that_may_write_appends(
    people: dict[str, User],
    minutes: Document,
    shown: dict[tuple[str, str], int | None],
    rows: list[tuple[str, str, str]],
) -> None:
    before = DocumentUpdate.objects.filter(document=minutes).count()
    made = tuple(Row(people[author].pk, b"x", token=shown[whose, kind]) for author, whose, kind in rows)
    (result,) = log.append([Append(minutes.pk, before, made)], clients_of=lambda _: ())
    if all(allowed(*row) for row in rows):
        assert isinstance(result, Appended)
        assert DocumentUpdate.objects.filter(document=minutes).count() == before + len(rows)
        return
    assert isinstance(result, Refused)
    assert result.authors == {people["carol"].pk for author, _, _ in rows if author == "carol"}
    assert result.tokens == {
        shown[whose, kind]
        for author, whose, kind in rows
        if kind != "none" and not (kind == "write" and whose == author)
    }
    assert DocumentUpdate.objects.filter(document=minutes).count() == before


def test_the_token_of_somebody_who_was_deactivated_appends_nothing(
    people: dict[str, User], minutes: Document, shown: dict[tuple[str, str], int | None]
) -> None:
    User.objects.filter(pk=people["bob"].pk).update(is_active=False)
    row = Row(people["bob"].pk, b"x", token=shown["bob", "write"])
    (result,) = log.append([Append(minutes.pk, 0, (row,))], clients_of=lambda _: ())
    assert isinstance(result, Refused)
