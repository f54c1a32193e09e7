"""`permissions.access` against a plain model of the rules, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.models import Document, DocumentGroupPermission, DocumentLinkPass, DocumentUserPermission
from permissions.access import Access, Reason, access_for, listed_for, owned_by, roles_of, visible_to
from permissions.links import set_link
from permissions.models import User
from permissions.roles import VERBS, Role
from permissions.sharing import grant
from tests.conftest import Person
from tests.databases import either_database, only_postgres

PEOPLE, GROUPS, DOCUMENTS = 3, 2, 2
CAPS = ["none", "viewer", "commenter", "editor"]
roles = st.sampled_from(list(Role))


@dataclass(frozen=True)
class World:
    """Rows as they may lie in the database: single codenames, not only the cumulative ones that sharing writes."""

    active: tuple[bool, ...]
    guests: tuple[bool, ...]
    members: frozenset[tuple[int, int]]  # (person, group)
    own: frozenset[tuple[int, int, Role]]  # (document, person, codename's role)
    group: frozenset[tuple[int, int, Role]]  # (document, group, codename's role)
    links: tuple[tuple[Role | None, int | None], ...]  # per document: role, and in how many seconds it ends
    trashed: tuple[bool, ...]
    closed: tuple[tuple[bool, bool], ...]  # per document: whether the link has a key, a password
    passes: frozenset[tuple[int, int, int]]  # (document, person, version); every link is of version 1
    most: tuple[str, str]  # what the operator lets links give: to anybody, to guests

    def grants(self, document: int, person: int) -> list[tuple[Role, Reason]]:
        """All that would give this person a role, were nothing in the way."""
        found = [(role, Reason.DIRECT) for d, p, role in self.own if (d, p) == (document, person)]
        for d, g, role in self.group:
            if d == document and (person, g) in self.members:
                found.append((role, Reason.GROUP))
        if self.guests[person]:
            found = []
        by_link, ends = self.links[document]
        may_pass = not any(self.closed[document]) or (document, person, 1) in self.passes
        if by_link is not None and (ends is None or ends > 0) and may_pass:
            caps = self.most if self.guests[person] else self.most[:1]
            given = min(by_link, *(CAPS.index(cap) for cap in caps))
            if given:
                found.append((Role(given), Reason.LINK))
        return found

    def access(self, document: int, person: int, *, by_link: bool = True) -> Access:
        """The rules, spelled out."""
        if self.trashed[document] or not self.active[person]:
            return Access()
        found = [each for each in self.grants(document, person) if by_link or each[1] is not Reason.LINK]
        if not found:
            return Access()
        best = max(role for role, _ in found)
        order = [Reason.DIRECT, Reason.GROUP, Reason.LINK]
        reason = min((reason for role, reason in found if role is best), key=order.index)
        if best is Role.OWNER and reason is Reason.DIRECT:
            reason = Reason.OWNER
        return Access(best, reason)


worlds = st.builds(
    World,
    active=st.tuples(*[st.booleans()] * PEOPLE),
    guests=st.tuples(*[st.booleans()] * PEOPLE),
    members=st.frozensets(st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, GROUPS - 1))),
    own=st.frozensets(st.tuples(st.integers(0, DOCUMENTS - 1), st.integers(0, PEOPLE - 1), roles), max_size=8),
    group=st.frozensets(st.tuples(st.integers(0, DOCUMENTS - 1), st.integers(0, GROUPS - 1), roles), max_size=6),
    links=st.tuples(
        *[
            st.tuples(
                st.none() | st.sampled_from([Role.VIEWER, Role.COMMENTER, Role.EDITOR]),
                st.none() | st.sampled_from([-60, 60]),
            )
        ]
        * DOCUMENTS
    ),
    trashed=st.tuples(*[st.booleans()] * DOCUMENTS),
    closed=st.tuples(*[st.tuples(st.booleans(), st.booleans())] * DOCUMENTS),
    passes=st.sets(
        st.tuples(st.integers(0, DOCUMENTS - 1), st.integers(0, PEOPLE - 1), st.integers(0, 1)), max_size=6
    ).map(lambda found: frozenset(one for one in found if (*one[:2], 1 - one[2]) not in found or one[2])),
    most=st.tuples(st.sampled_from(CAPS[::-1]), st.sampled_from(CAPS[::-1])),
)


@either_database
def test_access_is_what_the_rules_say(database: str, person: Person) -> None:
    people = [person(name) for name in ("ada", "bob", "carol")]
    groups = [Group.objects.create(name=name) for name in ("staff", "guests")]
    documents = [Document.objects.create(owner=people[0]) for _ in range(DOCUMENTS)]

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(worlds)
    def check(world: World) -> None:
        with undone(), override_settings(COSCRIBE_LINKS=world.most[0], COSCRIBE_GUESTS=world.most[1]):
            lay_out(world, people, groups, documents)
            expected = {(d, p): world.access(d, p) for d in range(DOCUMENTS) for p in range(PEOPLE)}
            pairs = [(documents[d].pk, people[p].pk) for d, p in expected]
            strangers = [(uuid4(), people[0].pk), (documents[0].pk, 10**9)]
            with CaptureQueriesContext(connection) as queries:
                found = roles_of(Document, [*pairs, *strangers, *pairs])
            assert len(queries) == 1
            assert found == {
                pair: access.role for pair, access in zip(pairs, expected.values(), strict=True) if access.role
            }
            for p in range(PEOPLE):
                people[p].is_guest = world.guests[p]
            for (d, p), access in expected.items():
                assert access_for(people[p], documents[d]) == access
            for p in range(PEOPLE):
                seen = {documents[d].pk for d in range(DOCUMENTS) if expected[d, p].role}
                listed = {documents[d].pk for d in range(DOCUMENTS) if world.access(d, p, by_link=False).role}
                owned = {d for d in listed if roles_of(Document, [(d, people[p].pk)])[d, people[p].pk] is Role.OWNER}
                every = Document.objects.all()
                assert {each.pk for each in visible_to(people[p], every)} == seen
                assert {each.pk for each in listed_for(people[p], every)} == listed
                assert {each.pk for each in owned_by(people[p], every)} == owned

    roles_of(Document, [(documents[0].pk, people[0].pk)])  # finds guardian's models, once per process
    check()


@either_database
def test_any_number_of_pairs_is_one_statement(database: str, person: Person) -> None:
    ada = person("ada")
    documents = [Document.objects.create_for(owner=ada) for _ in range(3)]
    strangers = [(uuid4(), number) for number in range(20_000)]
    with CaptureQueriesContext(connection) as queries:
        found = roles_of(Document, [*strangers, *((document.pk, ada.pk) for document in documents)])
    assert len(queries) == 1
    assert found == {(document.pk, ada.pk): Role.OWNER for document in documents}


def test_what_a_pair_costs_does_not_grow_with_their_number(person: Person, db: None) -> None:
    """The journal asks about everybody who has typed since the last commit."""
    people = [person(f"p{number}") for number in range(20)]
    documents = [Document.objects.create_for(owner=each) for each in people]

    def steps(pairs: list[tuple[Any, int]]) -> int:
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        connection.ensure_connection()
        connection.connection.set_progress_handler(count, 10)
        try:
            roles_of(Document, pairs)
        finally:
            connection.connection.set_progress_handler(None, 0)
        return counted

    pairs = [(document.pk, each.pk) for document in documents for each in people]
    assert steps(pairs) < 1.5 * len(pairs) / 20 * steps(pairs[:20])


@only_postgres
def test_grants_are_looked_up_once_however_many_ask(database: str, person: Person) -> None:
    """Without statistics PostgreSQL would look them up anew for each object."""
    ada = person("ada")
    assert "CTE grants" in plan_of("EXPLAIN", Document.objects.create_for(owner=ada), ada)


def test_no_pairs_need_no_statement(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert roles_of(Document, []) == {}
    assert len(queries) == 0


def test_the_query_uses_the_indexes_made_for_it(minutes: Document, ada: User) -> None:
    plan = plan_of("EXPLAIN QUERY PLAN", minutes, ada)
    assert "document_user_access (content_object_id=? AND user_id=?" in plan
    assert "document_group_access (content_object_id=? AND group_id=?" in plan
    assert "document_link_pass_unique (content_object_id=? AND user_id=?" in plan
    assert "SCAN documents_" not in plan
    assert "SCAN permissions_" not in plan


def plan_of(explain: str, document: Document, user: User) -> str:
    """How the database goes about the question."""
    with CaptureQueriesContext(connection) as queries:
        roles_of(Document, [(document.pk, user.pk)])
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {queries[0]['sql']}")
        return "\n".join(row[-1] for row in cursor.fetchall())


def test_a_superuser_has_no_access_of_their_own(minutes: Document, person: Person) -> None:
    root = person("root", is_superuser=True, is_staff=True)
    assert access_for(root, minutes) == Access()
    assert not visible_to(root, Document.objects.all()).exists()


def test_nobody_signed_in_has_no_access_even_by_link(minutes: Document, ada: User) -> None:
    set_link(by=ada, obj=minutes, role=Role.EDITOR)
    assert access_for(AnonymousUser(), minutes) == Access()
    assert not visible_to(AnonymousUser(), Document.objects.all()).exists()


def test_a_deactivated_person_is_out_though_the_object_in_hand_says_otherwise(minutes: Document, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert ada.is_active
    assert access_for(ada, minutes) == Access()
    assert not visible_to(ada, Document.objects.all()).exists()
    assert not listed_for(ada, Document.objects.all()).exists()


def test_a_link_opens_the_document_but_does_not_list_it(minutes: Document, ada: User, bob: User) -> None:
    set_link(by=ada, obj=minutes, role=Role.COMMENTER)
    assert access_for(bob, minutes) == Access(Role.COMMENTER, Reason.LINK)
    assert visible_to(bob, Document.objects.all()).exists()
    assert not listed_for(bob, Document.objects.all()).exists()


def test_a_role_may_do_what_lower_ones_may(minutes: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    access = access_for(bob, minutes)
    assert (access.can_view, access.can_comment, access.can_edit, access.can_share) == (True, True, True, False)


def lay_out(world: World, people: list[User], groups: list[Group], documents: list[Document]) -> None:
    codes = {
        role: Permission.objects.get(content_type__app_label="documents", codename=f"{verb}_document")
        for role, verb in VERBS.items()
    }
    for n, user in enumerate(people):
        User.objects.filter(pk=user.pk).update(is_active=world.active[n], is_guest=world.guests[n])
        user.groups.set([groups[g] for p, g in world.members if p == n])
    own: list[Any] = [
        DocumentUserPermission(content_object=documents[d], user=people[p], permission=codes[role])
        for d, p, role in world.own
    ]
    DocumentUserPermission.objects.bulk_create(own)
    shared: list[Any] = [
        DocumentGroupPermission(content_object=documents[d], group=groups[g], permission=codes[role])
        for d, g, role in world.group
    ]
    DocumentGroupPermission.objects.bulk_create(shared)
    DocumentLinkPass.objects.bulk_create(
        DocumentLinkPass(content_object=documents[d], user=people[p], version=version) for d, p, version in world.passes
    )
    now = timezone.now()
    for n, document in enumerate(documents):
        role, ends = world.links[n]
        Document.objects.filter(pk=document.pk).update(
            link_role=role,
            link_expires_at=None if ends is None else now + timedelta(seconds=ends),
            trashed_at=now if world.trashed[n] else None,
            link_version=1,
            link_key="key" if world.closed[n][0] else "",
            link_password="hashed" if world.closed[n][1] else "",
        )


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
