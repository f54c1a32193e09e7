"""Whatever people do to each other's rights, in whatever order: who can read and write is what ten lines say.

The ten lines are `Facts.role`. After every step they are compared with what the database's statement says, with who is
in the document in each of two server processes and with what role, and with whose edits were committed. Every act is
tried by everybody, so "nobody raises their own role, removes the last owner or gives more than they have" is the
comparison too: an act that is refused must be refused by the model as well, and change nothing.
"""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from documents import trash
from documents.models import Document, DocumentUpdate
from permissions import invitations, links, ownership, requests, sharing, teams, tokens
from permissions.access import access_for, roles_of, visible_to
from permissions.errors import SharingError
from permissions.models import AccessToken, Invitation, Scope, User
from permissions.roles import Role
from permissions.signals import announce
from tests.signed_in import session_of, sign_in

from .simulated import Processes, Seat, simulated

LONG = bool(os.environ.get("COSCRIBE_LONG"))
NAMES = ("ada", "bob", "cyd", "dan")
PASSWORD = "open sesame"
SWEEP_S = 10.5  # after which no lost announcement matters
TICK_S = 1.1  # after which what has a time has ended, without anybody's doing

# Most acts are an owner's, or most would be refused.
actors = st.sampled_from(["ada"] * 5 + ["bob"] * 2 + ["cyd", "dan", "guest"])
people = st.sampled_from([*NAMES, "guest"])
typing = st.sampled_from([True, True, False])
holders = st.sampled_from([*NAMES, "crew", "guest"])
roles = st.sampled_from(list(Role))
link_roles = st.sampled_from([None, Role.VIEWER, Role.COMMENTER, Role.EDITOR])
lifetimes = st.sampled_from([None, None, 5.0, 15.0])
places = st.sampled_from([0, 1])
# Where a change is announced, and whether the other process hears of it.
bells = st.sampled_from([(0, True), (1, True), (0, False), (1, False), (None, False)])


@dataclass
class Facts:
    """What is so, as plain as can be."""

    now: datetime
    named: dict[str, Role] = field(default_factory=dict)  # a person, or a group
    crew: set[str] = field(default_factory=set)
    link: Role | None = None
    link_ends: datetime | None = None
    locked: bool = False  # the link asks for something
    passed: set[str] = field(default_factory=set)  # who has shown it
    active: set[str] = field(default_factory=set)
    trashed: bool = False

    def role(self, who: str) -> Role | None:
        if self.trashed or who not in self.active:
            return None
        found = {self.named.get(who)} if who != "guest" else set()
        if who in self.crew:
            found.add(self.named.get("crew"))
        unexpired = self.link_ends is None or self.link_ends > self.now
        if unexpired and (who in self.passed or not self.locked):
            found.add(self.link)
        return max(found - {None}, default=None)  # type: ignore[type-var]

    def owners(self) -> set[str]:
        return {who for who, role in self.named.items() if role is Role.OWNER and who in self.active}


class Sharing(RuleBasedStateMachine):
    """One document, four people, a guest, a group, two processes."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.bell: tuple[int | None, bool] = (0, True)
        self.processes: Processes = self.stack.enter_context(simulated(lambda: self.bell[0]))
        self.clock = self.processes.clock
        self.stale: set[int] = set()  # processes that a change was not told to, until their sweep
        self.seats: list[tuple[str, str, Seat]] = []  # who, what they came in by, the page
        self.tokens: dict[str, tuple[AccessToken, str, str, Scope, datetime | None]] = {}
        self.invitation: tuple[Invitation, str, str, Role] | None = None  # its maker, and whom it is for
        self.request: tuple[int, str] | None = None
        self.offer: tuple[str, str] | None = None
        self.rows = self.looks = 0

    @initialize(locked=st.booleans(), second=st.sampled_from([Role.OWNER, Role.EDITOR]), life=lifetimes)
    def begin(self, locked: bool, second: Role, life: float | None) -> None:
        """People are in it, by every road there is: what they do next matters at once."""
        self.users = {name: User.objects.create(username=name, name=name, email=f"{name}@x.org") for name in NAMES}
        self.users["guest"] = User.objects.create(username="guest-1", name="Quiet Heron", is_guest=True)
        for user in self.users.values():
            sign_in(user)
        self.document = Document.objects.create_for(owner=self.users["ada"], title="Minutes")
        self.team = teams.create(by=self.users["ada"], name="crew")
        self.signed_in = set(self.users)
        teams.add(by=self.users["ada"], team=self.team, who="cyd")
        for to, role in ((self.users["bob"], second), (self.team.group, Role.EDITOR)):
            sharing.grant(by=self.users["ada"], obj=self.document, to=to, role=role)
        ends = None if life is None else self.clock.wall() + timedelta(seconds=life)
        links.set_link(by=self.users["ada"], obj=self.document, role=Role.EDITOR, expires_at=ends, rotate=locked)
        named = {"ada": Role.OWNER, "bob": second, "crew": Role.EDITOR}
        self.facts = Facts(self.clock.wall(), named, {"ada", "cyd"}, Role.EDITOR, active=set(self.users))
        self.facts.locked, self.facts.link_ends = locked, ends
        for name in ("dan", "guest") if locked else ():
            links.enter(person=self.users[name], obj=self.document, key=self.document.link_key)
            self.facts.passed.add(name)
        self.done()
        self.everybody_comes()
        self.make_token("bob", Scope.READ, None)
        self.come_by_token(next(iter(self.tokens)), 1)
        if second is Role.OWNER:
            self.invite("bob", "dan", Role.EDITOR)

    def teardown(self) -> None:
        try:
            if hasattr(self, "document") and sys.exc_info()[0] is None:  # nothing has failed yet
                self.end()
        finally:
            self.stack.close()
            wipe()

    def end(self) -> None:
        """What was lost is found by the sweep, and what waits is tried."""
        self.sweep()
        self.check()
        if self.invitation is not None:
            self.claim(self.invitation[2] or "dan", (0, True), False)  # noqa: FBT003
            self.check()

    def check(self) -> None:
        self.who_may_is_what_the_model_says()
        self.edits_obey_the_order_of_commits()
        self.pages_are_as_their_people_may()

    # -- acts ------------------------------------------------------------------------------------------------------

    def act(
        self, verb: Callable[[], Any], *, allowed: bool, bell: tuple[int | None, bool], typing: bool = False
    ) -> bool:
        """Do it, with edits of everybody's under way; it must succeed exactly when the model says so."""
        self.bell, self.processes.lossy = bell, not bell[1]
        if typing:
            for _, _, seat in self.seats:
                if seat.open:
                    seat.type("w")
        refusal: SharingError | None = None
        try:
            verb()
        except SharingError as error:
            refusal = error
        assert allowed == (refusal is None), f"by the model it is {'' if allowed else 'not '}allowed: {refusal!r}"
        if allowed and not bell[1]:
            self.stale |= {0, 1} - {bell[0]}
        return allowed

    def done(self) -> None:
        """Let everybody hear, and commit what was under way."""
        self.clock.settle()
        self.processes.lossy = False

    def owns(self, who: str) -> bool:
        return self.facts.role(who) is Role.OWNER

    def fresh(self) -> Document:
        return Document.objects.get(pk=self.document.pk)

    def holder(self, name: str) -> User | Group:
        return self.team.group if name == "crew" else self.users[name]

    def keeps_owner(self, to: str) -> bool:
        """Whether taking ownership away from `to` leaves an owner."""
        if to == "crew" or self.facts.named.get(to) is not Role.OWNER:
            return True
        return bool(self.facts.owners() - {to})

    @rule(by=actors, to=holders, role=roles, bell=bells, typing=typing)
    def grant(self, by: str, to: str, role: Role, bell: Any, typing: bool) -> None:
        allowed = self.owns(by) and to != "guest" and (role is Role.OWNER or self.keeps_owner(to))
        verb = lambda: sharing.grant(by=self.users[by], obj=self.fresh(), to=self.holder(to), role=role)  # noqa: E731
        if self.act(verb, allowed=allowed, bell=bell, typing=typing):
            self.facts.named[to] = role
        self.done()

    @rule(by=actors, to=holders, role=roles, bell=bells, typing=typing)
    def revise(self, by: str, to: str, role: Role, bell: Any, typing: bool) -> None:
        allowed = self.owns(by) and to in self.facts.named and (role is Role.OWNER or self.keeps_owner(to))
        verb = lambda: sharing.revise(by=self.users[by], obj=self.fresh(), to=self.holder(to), role=role)  # noqa: E731
        if self.act(verb, allowed=allowed, bell=bell, typing=typing):
            self.facts.named[to] = role
        self.done()

    @rule(by=actors, to=holders, bell=bells, typing=typing)
    def revoke(self, by: str, to: str, bell: Any, typing: bool) -> None:
        may = self.owns(by) or (by == to and self.facts.role(by) is not None)
        allowed = may and to in self.facts.named and self.keeps_owner(to)
        verb = lambda: sharing.revoke(by=self.users[by], obj=self.fresh(), to=self.holder(to))  # noqa: E731
        if self.act(verb, allowed=allowed, bell=bell, typing=typing):
            del self.facts.named[to]
        self.done()

    @rule(
        by=actors,
        role=link_roles,
        life=lifetimes,
        password=st.sampled_from([links.KEEP, "", PASSWORD]),
        rotate=st.booleans(),
        bell=bells,
        typing=typing,
    )
    def set_link(
        self, by: str, role: Role | None, life: float | None, password: Any, rotate: bool, bell: Any, typing: bool
    ) -> None:
        ends = None if life is None else self.clock.wall() + timedelta(seconds=life)
        verb = lambda: links.set_link(  # noqa: E731
            by=self.users[by], obj=self.fresh(), role=role, expires_at=ends, password=password, rotate=rotate
        )
        if self.act(verb, allowed=self.owns(by), bell=bell, typing=typing):
            facts = self.facts
            facts.link, facts.link_ends = role, ends if role is not None else None
            fresh = self.fresh()
            facts.locked = bool(fresh.link_key or fresh.link_password)
            if role is None or rotate or password == PASSWORD:
                facts.passed.clear()
        self.done()

    @rule(who=people, key=typing, password=typing, bell=bells)
    def come_by_link(self, who: str, key: bool, password: bool, bell: Any) -> None:
        fresh, facts = self.fresh(), self.facts
        open_now = (
            facts.link is not None and not facts.trashed and (facts.link_ends is None or facts.link_ends > facts.now)
        )
        right = (key or not fresh.link_key) and (password or not fresh.link_password)
        shown = {"key": fresh.link_key if key else "", "password": PASSWORD if password else ""}
        verb = lambda: links.enter(person=self.users[who], obj=fresh, **shown)  # noqa: E731
        if self.act(verb, allowed=open_now and right, bell=bell) and facts.locked:
            facts.passed.add(who)
        self.done()

    @rule(by=actors, who=st.sampled_from(NAMES), joins=st.booleans(), bell=bells, typing=typing)
    def change_group(self, by: str, who: str, joins: bool, bell: Any, typing: bool) -> None:
        crew = self.facts.crew
        if joins:
            allowed = by == "ada" and who in self.facts.active
        else:
            allowed = by in ("ada", who) and who in crew and who != "ada"

        def verb() -> None:
            if joins:
                teams.add(by=self.users[by], team=self.team, who=who)
            else:
                teams.remove(by=self.users[by], team=self.team, who=self.users[who])

        if self.act(verb, allowed=allowed, bell=bell, typing=typing):
            (crew.add if joins else crew.discard)(who)
        self.done()

    @rule(who=people, bell=bells, typing=typing)
    def toggle_account(self, who: str, bell: Any, typing: bool) -> None:
        """The operator's act."""
        active = who not in self.facts.active

        def verb() -> None:
            User.objects.filter(pk=self.users[who].pk).update(is_active=active)
            announce(User, self.users[who].pk)

        self.act(verb, allowed=True, bell=bell, typing=typing)
        self.users[who].is_active = active
        (self.facts.active.add if active else self.facts.active.discard)(who)
        self.done()

    @rule(who=people, bell=bells, typing=typing)
    def toggle_session(self, who: str, bell: Any, typing: bool) -> None:
        """Sign out everywhere, or in."""
        user = self.users[who]

        def verb() -> None:
            if who in self.signed_in:
                Session.objects.filter(session_key=session_of(user)).delete()
            else:
                sign_in(user)
            announce(User, user.pk)

        self.act(verb, allowed=True, bell=bell, typing=typing)
        self.signed_in ^= {who}
        self.done()

    @rule(by=actors, bell=bells, typing=typing)
    def toggle_trash(self, by: str, bell: Any, typing: bool) -> None:
        if self.facts.trashed:
            facts = self.facts
            owner = Role.OWNER in (facts.named.get(by), facts.named.get("crew") if by in facts.crew else None)
            allowed, verb = owner and by in facts.active, trash.restore
        else:
            allowed, verb = self.owns(by), trash.trash
        if self.act(lambda: verb(by=self.users[by], document=self.fresh()), allowed=allowed, bell=bell, typing=typing):
            self.facts.trashed = not self.facts.trashed
        self.done()

    @rule(who=st.sampled_from(NAMES), scope=st.sampled_from(list(Scope)), life=lifetimes)
    def make_token(self, who: str, scope: Scope, life: float | None) -> None:
        ends = None if life is None else self.clock.wall() + timedelta(seconds=life)
        secret = tokens.make(person=self.users[who], name="t", scope=scope, expires_at=ends)
        found = self.users[who].tokens.latest("pk")
        self.tokens[f"token {found.pk}"] = (found, who, secret, scope, ends)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), bell=bells, typing=typing)
    def revoke_token(self, data: Any, bell: Any, typing: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.tokens)))
        pk = self.tokens[key][0].pk
        self.act(lambda: tokens.revoke(AccessToken.objects.filter(pk=pk)), allowed=True, bell=bell, typing=typing)
        del self.tokens[key]
        self.done()

    @rule(by=actors, to=st.sampled_from([*NAMES, ""]), role=roles)
    def invite(self, by: str, to: str, role: Role) -> None:
        allowed = self.owns(by) and role is not Role.OWNER
        made: list[invitations.Made] = []

        def verb() -> None:
            email = self.users[to].email if to else ""
            made.append(invitations.invite(by=self.users[by], obj=self.fresh(), role=role, email=email))

        if self.act(verb, allowed=allowed, bell=(0, True)):
            self.invitation = (made[0].invitation, by, to, role)
        self.done()

    @precondition(lambda self: self.invitation)
    @rule(by=people, bell=bells, typing=typing)
    def claim(self, by: str, bell: Any, typing: bool) -> None:
        assert self.invitation is not None
        invitation, maker, to, role = self.invitation
        allowed = self.owns(maker) and by != "guest" and to in ("", by)
        verb = lambda: invitations.claim(by=self.users[by], invitation=invitation)  # noqa: E731
        if self.act(verb, allowed=allowed, bell=bell, typing=typing):
            self.facts.named[by] = max(role, self.facts.named.get(by, role))
            again = lambda: invitations.claim(by=self.users["cyd"], invitation=invitation)  # noqa: E731
            self.act(again, allowed=False, bell=bell)
            self.invitation = None
        self.done()

    @rule(by=people, role=roles, bell=bells)
    def ask(self, by: str, role: Role, bell: Any) -> None:
        """Whether they may is for other tests; here it matters that asking gives nothing."""
        if role is Role.OWNER or self.request is not None:
            return
        try:
            made = requests.ask(by=self.users[by], obj=self.fresh(), role=role)
        except SharingError:
            return
        self.request = (made.pk, by)

    @precondition(lambda self: self.request)
    @rule(by=actors, role=st.sampled_from([None, Role.VIEWER, Role.EDITOR]), bell=bells, typing=typing)
    def answer(self, by: str, role: Role | None, bell: Any, typing: bool) -> None:
        assert self.request is not None
        pk, asker = self.request
        settled = self.fresh().access_requests.filter(pk=pk, answered_at__isnull=False).exists()
        allowed = self.owns(by) and not settled and (role is None or asker in self.facts.active)
        verb = lambda: requests.answer(by=self.users[by], obj=self.fresh(), request=pk, role=role)  # noqa: E731
        if self.act(verb, allowed=allowed, bell=bell, typing=typing) and role is not None:
            self.facts.named[asker] = max(role, self.facts.named.get(asker, role))
        if allowed or settled:
            self.request = None
        self.done()

    @rule(by=actors, to=people)
    def offer_ownership(self, by: str, to: str) -> None:
        """As above: whom it may be offered is for other tests."""
        try:
            ownership.offer(by=self.users[by], obj=self.fresh(), to=self.users[to])
        except SharingError:
            return
        assert self.owns(by)
        self.offer = (by, to)

    @precondition(lambda self: self.offer)
    @rule(by=people, bell=bells, typing=typing)
    def accept_ownership(self, by: str, bell: Any, typing: bool) -> None:
        assert self.offer is not None
        giver, to = self.offer
        facts = self.facts
        listed = to in facts.named or (to in facts.crew and "crew" in facts.named)
        worth = self.owns(giver) and facts.role(to) is not None and listed and facts.named.get(to) is not Role.OWNER
        allowed = by == to and worth
        verb = lambda: ownership.accept(by=self.users[by], obj=self.fresh())  # noqa: E731
        if self.act(verb, allowed=allowed, bell=bell, typing=typing):
            facts.named[to] = Role.OWNER
            if facts.named.get(giver) is Role.OWNER:
                facts.named[giver] = Role.EDITOR
            self.offer = None
        self.done()

    # -- pages -----------------------------------------------------------------------------------------------------

    @rule(who=people, place=places)
    def open_page(self, who: str, place: int) -> None:
        if len(self.seats) < 9:
            cookie = f"sessionid={session_of(self.users[who])}"
            self.seats.append((who, "session", Seat(self.processes, place, self.document.pk, {"cookie": cookie})))
            self.done()

    @rule()
    def everybody_comes(self) -> None:
        for who, place in zip([*NAMES, "guest"], [0, 1, 0, 1, 0], strict=True):
            if not any(each == who and by == "session" for each, by, _ in self.seats):
                self.open_page(who, place)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), place=places)
    def open_program(self, data: Any, place: int) -> None:
        self.come_by_token(data.draw(st.sampled_from(sorted(self.tokens))), place)

    def come_by_token(self, key: str, place: int) -> None:
        _, who, secret, _, _ = self.tokens[key]
        if len(self.seats) < 8:
            headers = {"authorization": f"Bearer {secret}"}
            self.seats.append((who, key, Seat(self.processes, place, self.document.pk, headers)))
            self.done()

    @rule(wait=st.sampled_from([0.0, 1.0, 4.0, 6.0]))
    def wait(self, wait: float) -> None:
        self.clock.advance(wait + TICK_S)
        ends = [self.facts.link_ends, *(each[4] for each in self.tokens.values())]
        while any(each and timedelta() <= self.clock.wall() - each <= timedelta(seconds=TICK_S) for each in ends):
            self.clock.advance(TICK_S)
        self.facts.now = self.clock.wall()

    @rule()
    def sweep(self) -> None:
        self.clock.advance(SWEEP_S)
        self.stale.clear()
        self.wait(0.0)

    @rule()
    def everybody_types(self) -> None:
        for _, _, seat in self.seats:
            if seat.open:
                seat.type("w")
        self.done()

    # -- what must be so -------------------------------------------------------------------------------------------

    def role_of_seat(self, who: str, by: str) -> Role | None:
        role = self.facts.role(who)
        if by == "session":
            return role if who in self.signed_in else None
        token = self.tokens.get(by)
        if token is None or role is None or (token[4] is not None and token[4] <= self.facts.now):
            return None
        return role if token[3] is Scope.WRITE else Role.VIEWER

    @invariant()
    def who_may_is_what_the_model_says(self) -> None:
        if not hasattr(self, "document"):
            return
        self.facts.now = self.clock.wall()
        expected = {name: role for name in self.users if (role := self.facts.role(name)) is not None}
        by_pk = {user.pk: name for name, user in self.users.items()}
        found = roles_of(Document, [(self.document.pk, pk) for pk in by_pk])
        assert {by_pk[pk]: role for (_, pk), role in found.items()} == expected
        name = list(self.users)[self.looks % len(self.users)]  # one a step, for they cost
        self.looks += 1
        assert access_for(self.users[name], self.document).role == expected.get(name)
        assert visible_to(self.users[name], Document.objects.all()).exists() == (name in expected)

    @invariant()
    def edits_obey_the_order_of_commits(self) -> None:
        """Every row that this step added is of somebody who may write after it: they were under way when it was taken.

        Whoever signs out keeps the right: what they typed before they did is theirs, and may be committed after.
        """
        if not hasattr(self, "document"):
            return
        rows = DocumentUpdate.objects.filter(document=self.document, seq__gt=self.rows).order_by("seq")
        authors = list(rows.values_list("author_id", flat=True))
        self.rows += len(authors)
        roles = [
            (who, self.facts.role(who) if by == "session" else self.role_of_seat(who, by)) for who, by, _ in self.seats
        ]
        writers = {self.users[who].pk for who, role in roles if role is not None and role >= Role.EDITOR}
        assert set(authors) <= writers

    @invariant()
    def pages_are_as_their_people_may(self) -> None:
        if not hasattr(self, "document"):
            return
        for who, by, seat in list(self.seats):
            assert seat.after_close == []
            role = self.role_of_seat(who, by)
            if seat.process not in self.stale:
                assert seat.open == (role is not None), f"{who} by {by}: closed with {seat.code}, may {role!r}"
                assert not seat.open or seat.role == (role.label if role else ""), f"{who} by {by}"
                if seat.open and role is not None and role >= Role.EDITOR and not seat.refused:
                    assert seat.saved_all, f"an edit of {who} waits"
            if not seat.open or seat.refused:  # a page that was refused something begins anew
                if seat.open:
                    seat.hang_up()
                self.seats.remove((who, by, seat))
        self.clock.settle()


def wipe() -> None:
    """Empty the database, but for what the migrations put there."""
    tables = [
        m._meta.db_table for m in apps.get_models(include_auto_created=True) if m not in (ContentType, Permission)
    ]
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'DELETE FROM "{table}"')


@pytest.mark.django_db(transaction=True)
def test_who_can_read_and_write_is_what_the_model_says(settings: Any) -> None:
    settings.COLLAB = settings.COLLAB | {"PRESENCE_INTERVAL_MS": 5_000}
    settings.INVITATIONS_PER_DAY = 1_000
    settings.REQUESTS_PER_DAY = 1_000
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = OFF")
    examples, steps = (1_000, 80) if LONG else (60, 40)
    run_state_machine_as_test(
        Sharing,
        settings=hypothesis(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
