"""Home pages without sockets: each is told what is true of the lines on its screen, and nothing of any other."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session

from collab import home
from collab import lobby as lobbies
from collab.admission import Denied, Shown
from collab.core.connection import Dialect
from collab.core.connection import Person as Identity
from collab.core.lib0 import read_var_string, read_var_uint
from collab.core.messages import SUBPROTOCOL, Pong, Type, Watch
from collab.hub import Hub
from collab.occupancy import Occupancy, parts
from collab.relay import OccupancyNews
from documents.models import Document
from documents.stars import star, unstar
from documents.titles import rename
from documents.trash import restore, trash
from permissions.access import named_on
from permissions.links import set_link
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant, revoke, write_role
from tests.onlooker import Onlooker
from tests.pen import Pen
from tests.signed_in import session_of

pytestmark = pytest.mark.django_db(transaction=True)

OTHER_NODE = "north"


@pytest.fixture
def tuned(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(lobbies, "LEAVE_AFTER_S", 0.01)
    return {"HOME_INTERVAL_MS": 5, "HOME_POLL_INTERVAL_MS": 3_600_000}


class Page(Onlooker):
    """A home page in the lobby, without a socket."""

    def __init__(self, hub: Hub, user: User) -> None:
        super().__init__()
        self.lobby = hub.lobby
        self.visitor = hub.lobby.enter(
            person=Identity(user.pk, user.name, user.color), session=session_of(user), send=self._send
        )

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close":
            self.code = message["code"]
            self.changed.set()
        else:
            self.take(message["bytes"])

    def watch(self, *documents: UUID) -> "Page":
        self.lobby.receive(self.visitor, Watch(documents))
        return self


class Guest(Pen):
    """Somebody in a document, who also remembers its title."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: list[str] = []
        self.other: list[int] = []
        self.changed = asyncio.Event()

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            kind, at = read_var_uint(message["bytes"], 0)
            if kind == Type.TITLE:
                self.titles.append(read_var_string(message["bytes"], at)[0])
            self.other.append(kind)
            self.changed.set()

    async def until(self, true: Any) -> None:
        async with asyncio.timeout(10):
            while not true():
                self.changed.clear()
                await self.changed.wait()


async def entered(
    hub: Hub, document: Document, user: User, *, dialect: Dialect = Dialect.COSCRIBE, title: str = "Minutes"
) -> Any:
    """(guest, live room, member)"""
    live = await hub.open(document.pk)
    guest = Guest()
    member = hub.enter(
        live, person=Identity(user.pk, user.name, user.color), role=Role.OWNER, session=session_of(user),
        dialect=dialect, send=guest.send, title=title,
    )  # fmt: skip
    return guest, live, member


async def test_a_page_is_told_its_lines_and_nothing_of_what_it_may_not_see(
    hub: Hub, ada: User, bob: User, minutes: Document
) -> None:
    hers, his = Page(hub, ada).watch(minutes.pk), Page(hub, bob).watch(minutes.pk, UUID(int=5))
    await hers.until(lambda: hers.lines)
    assert hers.line(minutes.pk) | {"edited": 0} == {
        "document": str(minutes.pk), "title": "Minutes", "role": "owner", "starred": False, "trashed": False,
        "edited": 0, "editor": "", "own": False, "guest": False, "people": 1, "groups": [], "linked": False, "here": [],
    }  # fmt: skip
    await his.until(lambda: len(his.gone) == 2)
    assert his.lines == {}
    await sync_to_async(rename)(by=ada, document=minutes, title="Secret")
    await hers.until(lambda: hers.line(minutes.pk)["title"] == "Secret")
    assert his.lines == {}


async def test_who_comes_and_goes_is_seen(hub: Hub, ada: User, bob: User, minutes: Document) -> None:
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    page = Page(hub, ada).watch(minutes.pk)
    await page.until(lambda: page.lines)
    _, live, member = await entered(hub, minutes, bob)
    await page.until(lambda: page.here(minutes.pk) == ["Bob"])
    _, _, second = await entered(hub, minutes, bob)
    hub.leave(live, member)
    hub.leave(live, second)
    await page.until(lambda: page.here(minutes.pk) == [])


async def test_a_title_reaches_lists_and_headers(hub: Hub, ada: User, minutes: Document) -> None:
    page = Page(hub, ada).watch(minutes.pk)
    guest, _, _ = await entered(hub, minutes, ada)
    stock, _, _ = await entered(hub, minutes, ada, dialect=Dialect.STOCK)
    assert guest.titles == ['{"title":"Minutes"}']  # at admission
    await sync_to_async(rename)(by=ada, document=minutes, title="Übersicht")
    await page.until(lambda: page.line(minutes.pk).get("title") == "Übersicht")
    await guest.until(lambda: guest.titles[-1] == '{"title":"Übersicht"}')
    assert Type.TITLE not in stock.other  # y-websocket knows no such message


async def test_who_was_admitted_with_an_older_title_is_told_the_one_that_is_true(
    hub: Hub, ada: User, minutes: Document
) -> None:
    await entered(hub, minutes, ada)
    await Document.objects.filter(pk=minutes.pk).aupdate(title="Newer")
    late, _, _ = await entered(hub, minutes, ada, title="Newer")
    await late.until(lambda: late.titles[-1:] == ['{"title":"Newer"}'])


async def test_a_lost_rename_reaches_the_header_with_the_sweep(hub: Hub, ada: User, minutes: Document) -> None:
    guest, _, _ = await entered(hub, minutes, ada)
    await Document.objects.filter(pk=minutes.pk).aupdate(title="Unheard")
    await hub._sweep()
    assert guest.titles[-1] == '{"title":"Unheard"}'


async def test_a_share_appears_to_the_one_it_is_for(
    hub: Hub, ada: User, bob: User, carol: User, minutes: Document
) -> None:
    his, hers = Page(hub, bob), Page(hub, carol)
    await sync_to_async(set_link)(by=ada, obj=minutes, role=Role.VIEWER)  # a link puts it into nobody's list
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    await his.until(lambda: str(minutes.pk) in his.appeared)  # twice, if the first look came late enough to see it
    assert hers.appeared == []


async def test_a_lost_right_takes_the_line_away(hub: Hub, ada: User, bob: User, minutes: Document) -> None:
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    page = Page(hub, bob).watch(minutes.pk)
    await page.until(lambda: page.line(minutes.pk).get("role") == "editor")
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    await page.until(lambda: page.line(minutes.pk)["role"] == "viewer")
    await sync_to_async(revoke)(by=ada, obj=minutes, to=bob)
    await page.until(lambda: page.gone == [str(minutes.pk)])
    assert page.visitor.watched == set()


async def test_a_group_s_new_member_hears_that_the_list_is_old(hub: Hub, ada: User, bob: User) -> None:
    page = Page(hub, bob)
    crew = await Group.objects.acreate(name="Crew")
    await sync_to_async(bob.groups.add)(crew)
    hub.access_changed(None, bob.pk)
    await page.until(lambda: page.stale)


async def test_stars_are_seen_in_one_s_other_tabs_alone(hub: Hub, ada: User, bob: User, minutes: Document) -> None:
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    hers, other, his = Page(hub, ada).watch(minutes.pk), Page(hub, ada), Page(hub, bob).watch(minutes.pk)
    await his.until(lambda: his.lines)
    await sync_to_async(star)(by=ada, document=minutes)
    await hers.until(lambda: hers.line(minutes.pk).get("starred") is True)
    await other.until(lambda: other.stale)  # it may be looking at the starred ones
    await sync_to_async(unstar)(by=ada, document=minutes)
    await hers.until(lambda: hers.line(minutes.pk)["starred"] is False)
    assert his.line(minutes.pk)["starred"] is False
    assert his.stale == 0


async def test_the_trash_is_seen_by_owners_and_the_others_lose_the_line(
    hub: Hub, ada: User, bob: User, minutes: Document
) -> None:
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    hers, his = Page(hub, ada).watch(minutes.pk), Page(hub, bob).watch(minutes.pk)
    await his.until(lambda: his.lines)
    await sync_to_async(trash)(by=ada, document=minutes)
    await hers.until(lambda: hers.line(minutes.pk).get("trashed") is True)
    await his.until(lambda: his.gone)
    await sync_to_async(restore)(by=ada, document=minutes)
    await hers.until(lambda: hers.line(minutes.pk)["trashed"] is False)
    await his.until(lambda: his.appeared == [str(minutes.pk)])


async def test_an_edit_shows_whose_it_was(hub: Hub, ada: User, minutes: Document) -> None:
    page = Page(hub, ada).watch(minutes.pk)
    pen = Pen()
    live = await hub.open(minutes.pk)
    await hub.lobby.note_edits()
    step1 = pen.greet()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            answers.extend(pen.take(message["bytes"]))

    answers: list[bytes] = []
    member = hub.enter(
        live,
        person=Identity(ada.pk, ada.name, ada.color),
        role=Role.OWNER,
        session=session_of(ada),
        dialect=Dialect.COSCRIBE,
        send=send,
    )
    live.receive(member, step1)
    for answer in answers:
        live.receive(member, answer)
    pen.text += "hello"
    frame = pen.push()
    assert frame is not None
    live.receive(member, frame)
    async with asyncio.timeout(10):
        while not pen.acked:
            await asyncio.sleep(0.01)
    await hub.lobby.note_edits()
    await page.until(lambda: page.line(minutes.pk).get("editor") == "Ada")
    assert page.line(minutes.pk)["own"] is True


async def test_what_no_bell_told_is_seen_by_the_poll(hub: Hub, ada: User, bob: User, minutes: Document) -> None:
    hers, his = Page(hub, ada).watch(minutes.pk), Page(hub, bob)
    await hers.until(lambda: hers.lines)
    await hub.lobby.poll()
    assert his.stale == 0
    await Document.objects.filter(pk=minutes.pk).aupdate(title="Unheard")
    await sync_to_async(write_role)(obj=minutes, to=bob, role=Role.VIEWER)
    await hub.lobby.poll()
    assert hers.line(minutes.pk)["title"] == "Unheard"
    assert his.stale == 1
    await Session.objects.all().adelete()
    await hub.lobby.poll()
    assert (hers.code, his.code) == (4401, 4401)
    assert hub.lobby.visitors == set()


async def test_a_deactivated_person_is_shown_out(hub: Hub, ada: User) -> None:
    page = Page(hub, ada)
    await User.objects.filter(pk=ada.pk).aupdate(is_active=False)
    hub.access_changed(None, ada.pk)
    await page.until(lambda: page.code is not None)
    assert page.code == 4401


async def test_people_of_other_processes_are_seen_and_vanish_with_them(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(hub, ada).watch(minutes.pk)
    hub.hear(OccupancyNews(OTHER_NODE, ((minutes.pk, ((77, "Zoë", "#0f766e", True),)),)))
    await page.until(lambda: page.here(minutes.pk) == ["Zoë"])
    later = hub.loop.time() + 4 * 3600
    expire = hub.lobby._occupancy.expire
    monkeypatch.setattr(hub.lobby._occupancy, "expire", lambda _: expire(later))
    await hub.lobby.beat()
    await page.until(lambda: page.here(minutes.pk) == [])


async def test_a_silent_page_is_closed_and_one_that_answers_is_not(
    hub: Hub, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent, alive = Page(hub, ada), Page(hub, ada)
    alive.lobby.receive(alive.visitor, Pong(1))
    silent.visitor.heard_s -= 31
    await hub.lobby.beat()
    assert (silent.code, alive.code) == (1013, None)


async def test_more_pages_than_a_person_may_open_find_no_place(hub: Hub, ada: User, bob: User) -> None:
    hub.settings = hub.settings | {"MAX_CONNECTIONS_PER_USER": 2}
    pages = [Page(hub, ada) for _ in range(2)]
    assert not hub.lobby.has_place_for(ada.pk)
    assert hub.lobby.has_place_for(bob.pk)
    hub.lobby.leave(pages[0].visitor)
    assert hub.lobby.has_place_for(ada.pk)


async def test_one_look_serves_everybody_whatever_their_number(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [Page(hub, ada).watch(minutes.pk) for _ in range(20)]
    for page in pages:
        await page.until(partial(page.line, minutes.pk))
    await asyncio.gather(*(task for task in hub._tasks if "look" in repr(task)))
    looks: list[int] = []
    real = hub.lobby._look

    async def counted(*arguments: Any) -> Any:
        looks.append(1)
        return await real(*arguments)

    monkeypatch.setattr(hub.lobby, "_look", counted)
    await sync_to_async(rename)(by=ada, document=minutes, title="Once")
    for page in pages:
        await page.until(partial(is_called, page, minutes.pk, "Once"))
    assert len(looks) == 1


async def test_a_page_that_asks_faster_than_it_is_answered_is_looked_for_once_more(
    hub: Hub, ada: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    begun, free = asyncio.Event(), asyncio.Event()
    real = hub.lobby._look

    async def slow(pairs: Any, *more: Any) -> Any:
        looks.append(len(pairs))
        begun.set()
        await free.wait()
        return await real(pairs, *more)

    monkeypatch.setattr(hub.lobby, "_look", slow)
    page = Page(hub, ada).watch(uuid4())
    await begun.wait()
    for _ in range(20):
        page.watch(uuid4())
    page.watch(minutes.pk)
    free.set()
    await page.until(partial(page.line, minutes.pk))
    assert looks == [1, 1]


def is_called(page: Page, document: UUID, title: str) -> bool:
    return bool(page.line(document)["title"] == title)


def test_the_people_of_a_node_that_ended_as_planned_have_the_grace_to_come_back() -> None:
    plan, occupancy = uuid4(), Occupancy(renew_s=10)
    zoe, ivo = (3, "Zoë", "#0f766e", False), (4, "Ivo", "#be185d", False)
    occupancy.hear(OccupancyNews("north", ((plan, (zoe, ivo)),)), 1)
    occupancy.hand_over("north", 2, grace_s=4)
    occupancy.hear(OccupancyNews("south", ((plan, (zoe,)),)), 3)
    assert occupancy.expire(6) == set()
    assert occupancy.expire(6.1) == {plan}
    assert list(occupancy.elsewhere(plan)) == [zoe]


def test_occupancy_is_by_node_and_ends_unless_renewed() -> None:
    plan, occupancy = uuid4(), Occupancy(renew_s=10)
    zoe, ivo = (1, "Zoë", "#000000", False), (2, "Ivo", "#111111", True)
    assert occupancy.hear(OccupancyNews("north", ((plan, (zoe,)),)), 0) == {plan}
    assert occupancy.hear(OccupancyNews("south", ((plan, (zoe, ivo)),)), 20) == {plan}
    assert occupancy.hear(OccupancyNews("south", ((plan, (zoe, ivo)),)), 25) == set()  # renewed: no news
    assert list(occupancy.elsewhere(plan)) == [zoe, zoe, ivo]
    assert occupancy.expire(31) == {plan}
    assert list(occupancy.elsewhere(plan)) == [zoe, ivo]
    assert occupancy.hear(OccupancyNews("south", ((plan, ()),)), 32) == {plan}
    assert list(occupancy.elsewhere(plan)) == []


def test_a_long_list_of_places_goes_in_parts() -> None:
    places = [(uuid4(), ((1, "Zoë", "#000000", False),)) for _ in range(450)]
    news = parts("north", list(places), asking=True)
    assert [len(each.places) for each in news] == [200, 200, 50]
    assert [each.asking for each in news] == [True, False, False]
    assert parts("north", [], asking=True) == [OccupancyNews("north", (), asking=True)]
    assert parts("north", []) == []


def test_nobody_is_named_on_a_document_by_its_link(ada: User, bob: User, minutes: Document) -> None:
    set_link(by=ada, obj=minutes, role=Role.EDITOR)
    assert named_on(Document, [minutes.pk], [ada.pk, bob.pk]) == {(minutes.pk, ada.pk)}


async def test_a_session_that_ends_while_its_page_enters_is_not_let_in(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is announced before the page is in the lobby, where nobody would look at it before the next poll."""
    asked = 0

    def admit(_: Shown) -> tuple[Identity, str]:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise Denied(4401, "signed out")
        hub.access_epoch += 1
        return Identity(1, "Ada", "#000000"), "s"

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    said: list[dict[str, Any]] = []
    monkeypatch.setattr(home, "admit_home", admit)
    scope = {"type": "websocket", "headers": [], "subprotocols": [SUBPROTOCOL]}
    await home.HomeConsumer()(scope, receive, send)
    assert said[-1]["code"] == 4401
