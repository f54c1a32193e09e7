"""Hocuspocus sockets without a server: no document harms another, no token is lost, and strangers are counted."""

import asyncio
import contextlib
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from collab import drain, entrance, hocuspocus, part
from collab.admission import Admitted, Denied, Shown, admit_all
from collab.core import messages
from collab.core.hocuspocus import Kind, named
from collab.core.lib0 import read_var_string, var_string
from collab.core.room import Room
from collab.hocuspocus import DOORS_PER_SECOND, MAX_DENIALS, MAX_DOCUMENTS, HocuspocusConsumer
from collab.hub import Hub
from collab.live import LiveRoom
from documents import log
from documents.models import Document, DocumentUpdate
from permissions import tokens
from permissions.models import Scope, User
from project.doorstep import BURST_S, Doorstep
from tests.hostile import forge
from tests.signed_in import session_of

from .test_hub import until

pytestmark = pytest.mark.django_db(transaction=True)

DENIED = bytes((Kind.AUTH, 1))
AUTHENTICATED = bytes((Kind.AUTH, 2))
SAVED = bytes((Kind.SYNC_STATUS, 1))
STEP1 = messages.encode_step1(b"\x00")


@pytest.fixture
def tuned() -> dict[str, Any]:
    return {"SWEEP_INTERVAL_MS": 60_000, "REFUSALS_PER_SECOND": 1}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "LATER_S", 0.05)


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[Shown]:
    """What was shown to the database."""
    seen: list[Shown] = []

    def counted(asked: Sequence[tuple[uuid.UUID, Shown]]) -> list[Admitted | Denied]:
        seen.extend(shown for _, shown in asked)
        return admit_all(asked)

    monkeypatch.setattr(entrance, "admit_all", counted)
    return seen


class Wire:
    """A socket: what is sent on it, by document."""

    def __init__(self, app: Any, *, cookie: str = "", address: str = "203.0.113.9") -> None:
        self.frames: list[tuple[str, bytes]] = []
        self.code: int | None = None
        self.blocked = asyncio.Event()
        self.blocked.set()
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._in.put_nowait({"type": "websocket.connect"})
        headers = [(b"cookie", b"sessionid=" + cookie.encode())] if cookie else []
        scope = {"type": "websocket", "client": (address, 1), "headers": headers, "subprotocols": []}
        self.task = asyncio.create_task(app({**scope, "path": "/ws/hocuspocus"}, self._in.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        await self.blocked.wait()
        if message["type"] == "websocket.close":
            self.code = message["code"]
            self._in.put_nowait({"type": "websocket.disconnect", "code": self.code})
        elif message["type"] == "websocket.send":
            name, at = read_var_string(message["bytes"], 0)
            self.frames.append((name, message["bytes"][at:]))

    def say(self, document: object, body: bytes) -> None:
        self._in.put_nowait({"type": "websocket.receive", "bytes": named(str(document), body)})

    def show(self, document: object, token: str) -> None:
        self.say(document, bytes((Kind.AUTH, 0)) + var_string(token))

    def heard(self, document: object, beginning: bytes) -> int:
        return sum(name == str(document) and body.startswith(beginning) for name, body in self.frames)

    async def end(self) -> None:
        self._in.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.task, 20)

    async def open(self, document: object, token: str = "") -> None:
        told = self.heard(document, AUTHENTICATED)
        self.show(document, token)
        self.say(document, STEP1)
        await until(lambda: self.heard(document, AUTHENTICATED) > told and self.heard(document, b"\x00\x01"))


@contextlib.asynccontextmanager
async def wire(app: Any = None, **options: Any) -> AsyncIterator[Wire]:
    opened = Wire(app or HocuspocusConsumer(), **options)
    try:
        yield opened
    finally:
        opened.blocked.set()
        await opened.end()


class Full:
    """Rooms whose inboxes are full until they are drained."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rooms: set[Room] = set()
        real = Room.full.fget  # type: ignore[attr-defined]
        monkeypatch.setattr(Room, "full", property(lambda room: room in self.rooms or real(room)))

    def drain(self, live: LiveRoom) -> None:
        self.rooms.discard(live.room)
        live._space.set()


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Full:
    return Full(monkeypatch)


@pytest.fixture
def plans(ada: User) -> Document:
    return Document.objects.create_for(owner=ada, title="Plans")


def edit(client: int) -> bytes:
    return messages.encode_update(forge.update(client, forge.text("x")))


def token_of(person: User, scope: Scope = Scope.WRITE) -> str:
    return tokens.make(person=person, name="page", scope=scope, expires_at=None)


@sync_to_async
def rows(document: Document) -> int:
    return DocumentUpdate.objects.filter(document=document).count()


# -- Strangers ---------------------------------------------------------------------------------------------------------


async def test_tokens_that_are_nobodys_are_counted_for_their_address(hub: Hub, visits: list[Shown]) -> None:
    door = Doorstep(HocuspocusConsumer(), clock=lambda: 0.0)
    for _ in range(3):
        async with wire(door) as stranger:
            for number in range(MAX_DENIALS):
                stranger.show(uuid.uuid4(), f"coscribe_bad{number}")
            await until(lambda: stranger.code is not None)
            assert stranger.code == 4401
            if len(visits) > BURST_S:
                break
    assert len(visits) == BURST_S + MAX_DENIALS
    async with wire(door) as stranger:  # from now on unseen
        stranger.show(uuid.uuid4(), "coscribe_bad")
        await asyncio.sleep(0.3)
        assert (len(visits), stranger.frames) == (BURST_S + MAX_DENIALS, [])
    async with wire(door, address="198.51.100.1") as another:  # others do not wait
        another.show("one", "coscribe_bad")
        await until(lambda: another.heard("one", DENIED))


async def test_who_was_let_in_by_a_token_gets_in_again_whatever_others_at_that_address_do(
    hub: Hub, visits: list[Shown], minutes: Document, ada: User
) -> None:
    token, door = await sync_to_async(token_of)(ada), Doorstep(HocuspocusConsumer(), clock=lambda: 0.0)
    async with wire(door) as page:
        await page.open(minutes.pk, token)
        for _ in range(BURST_S + 1):
            door.denied("203.0.113.9", "")
        page.show("guess", "coscribe_bad")  # harms nothing of what is open
        page.say(minutes.pk, edit(11))
        await until(lambda: page.heard(minutes.pk, SAVED))
        assert page.heard("guess", DENIED) == 0
    async with wire(door) as page:
        await page.open(minutes.pk, token)
    assert len(visits) == 2


async def test_a_cookie_that_was_denied_here_is_not_known_there(hub: Hub, minutes: Document) -> None:
    door = Doorstep(HocuspocusConsumer(), clock=lambda: 0.0)
    async with wire(door, cookie="guess") as stranger:
        stranger.show(minutes.pk, "")
        await until(lambda: stranger.heard(minutes.pk, DENIED))
    assert not door._known
    assert len(door._free_at) == 1


async def test_a_socket_on_which_nobody_is_let_in_is_closed_after_a_few_tokens(hub: Hub, visits: list[Shown]) -> None:
    async with wire() as stranger:
        for number in range(MAX_DOCUMENTS):
            stranger.show(f"document {number}", "coscribe_bad")
        await until(lambda: stranger.code is not None)
        assert stranger.code == 4401
    names = {name for name, _ in stranger.frames}
    assert len(names) <= DOORS_PER_SECOND + 1


async def test_opening_by_a_session_again_and_again_asks_the_database_so_often(
    hub: Hub, visits: list[Shown], minutes: Document, ada: User
) -> None:
    begun = time.monotonic()
    async with wire(cookie="guess") as page:
        for _ in range(300):
            page.say(minutes.pk, STEP1)
            page.say(minutes.pk, bytes((Kind.CLOSE,)))
            await asyncio.sleep(0)
        await until(lambda: page._in.empty())
        await asyncio.sleep(0.1)
        assert len(visits) <= DOORS_PER_SECOND * (2 + time.monotonic() - begun)


# -- Tokens ------------------------------------------------------------------------------------------------------------


async def test_a_renewed_token_loses_no_frame_that_waits(
    hub: Hub, full: Full, minutes: Document, signed_ada: str, ada: User
) -> None:
    first, second = await sync_to_async(lambda: (token_of(ada), token_of(ada)))()
    live = await hub.open(minutes.pk)
    async with wire() as page:
        await page.open(minutes.pk, first)
        full.rooms.add(live.room)
        page.say(minutes.pk, edit(11))
        page.say(minutes.pk, edit(12))
        page.show(minutes.pk, second)
        page.say(minutes.pk, edit(13))
        await until(lambda: page._in.empty())
        full.drain(live)
        await until(lambda: page.heard(minutes.pk, SAVED) >= 3)
        await until(lambda: page.heard(minutes.pk, AUTHENTICATED) == 2)
        page.say(minutes.pk, edit(14))
        await until(lambda: page.heard(minutes.pk, SAVED) >= 4)


async def test_a_token_that_comes_while_the_first_lets_in_loses_nothing(
    hub: Hub, full: Full, minutes: Document, ada: User
) -> None:
    first, second = await sync_to_async(lambda: (token_of(ada), token_of(ada)))()
    live = await hub.open(minutes.pk)
    full.rooms.add(live.room)
    async with wire() as page:
        page.show(minutes.pk, first)
        page.say(minutes.pk, STEP1)
        page.say(minutes.pk, edit(11))
        await until(lambda: page.heard(minutes.pk, AUTHENTICATED) == 1)
        page.show(minutes.pk, second)
        page.say(minutes.pk, edit(12))
        await until(lambda: page._in.empty())
        full.drain(live)
        await until(lambda: page.heard(minutes.pk, AUTHENTICATED) == 2 and page.heard(minutes.pk, SAVED) >= 2)


async def test_a_token_that_is_revoked_while_it_is_looked_at_keeps_nobody_in(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, minutes: Document, ada: User
) -> None:
    first, second = await sync_to_async(lambda: (token_of(ada), token_of(ada)))()
    looked, go_on = threading.Event(), threading.Event()

    def slow(asked: Sequence[tuple[uuid.UUID, Shown]]) -> list[Admitted | Denied]:
        admitted = admit_all(asked)
        looked.set()
        assert go_on.wait(10)
        return admitted

    async with wire() as page:
        await page.open(minutes.pk, first)
        monkeypatch.setattr(entrance, "admit_all", slow)
        page.show(minutes.pk, second)
        await until(looked.is_set)
        await sync_to_async(lambda: tokens.revoke(tokens.of(ada).filter(pk=max(each.pk for each in tokens.of(ada)))))()
        hub.access_changed(None, ada.pk)
        await asyncio.sleep(0.1)  # the announcement finds the token before
        go_on.set()
        await until(lambda: page.heard(minutes.pk, DENIED))


async def test_who_was_ended_and_comes_again_by_a_token_is_not_put_out_by_the_first_time(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, full: Full, minutes: Document, ada: User
) -> None:
    """What the room cancels when a goodbye takes too long is about that goodbye."""
    monkeypatch.setattr("collab.live.CLOSE_PATIENCE_S", 0.1)
    token = await sync_to_async(token_of)(ada)
    live = await hub.open(minutes.pk)
    full.rooms.add(live.room)
    async with wire() as page:
        page.show(minutes.pk, token)
        page.say(minutes.pk, STEP1)
        await until(lambda: live.members)
        page.show(minutes.pk, token)
        (member,) = live.members.values()
        live.carry_out(live.room.evict(member.connection, 4403, "no access"))
        page.show(minutes.pk, token)
        page.say(minutes.pk, STEP1)
        await until(lambda: live.members)
        page.say(minutes.pk, edit(11))
        await asyncio.sleep(0.3)
        full.drain(live)
        await until(lambda: page.heard(minutes.pk, SAVED))


# -- One document and the others ---------------------------------------------------------------------------------------


@pytest.fixture
def signed_ada(ada: User) -> str:
    return session_of(ada)


async def test_a_full_inbox_holds_up_no_other_document(
    hub: Hub, full: Full, minutes: Document, plans: Document, signed_ada: str
) -> None:
    live = await hub.open(minutes.pk)
    async with wire(cookie=signed_ada) as page:
        await page.open(minutes.pk)
        await page.open(plans.pk)
        full.rooms.add(live.room)
        for client in range(11, 15):
            page.say(minutes.pk, edit(client))
        page.say(plans.pk, edit(11))
        await until(lambda: page.heard(plans.pk, SAVED))
        assert page.heard(minutes.pk, SAVED) == 0
        full.drain(live)
        await until(lambda: page.heard(minutes.pk, SAVED) >= 4)


async def test_over_its_bound_the_socket_waits_for_that_inbox_and_keeps_the_order(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, full: Full, minutes: Document, signed_ada: str
) -> None:
    monkeypatch.setattr(part, "MAX_HELD_FRAMES", 2)
    live = await hub.open(minutes.pk)
    async with wire(cookie=signed_ada) as page:
        await page.open(minutes.pk)
        full.rooms.add(live.room)
        for client in range(11, 21):
            page.say(minutes.pk, edit(client))
        await asyncio.sleep(0.1)
        assert page._in.qsize() >= 6
        full.drain(live)
        await until(lambda: page.heard(minutes.pk, SAVED) >= 10)


async def test_a_document_that_is_deleted_while_its_inbox_is_full_ends_alone(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, full: Full, minutes: Document, plans: Document, signed_ada: str
) -> None:
    monkeypatch.setattr(part, "LOOK_S", 0.05)
    monkeypatch.setattr(part, "MAX_HELD_FRAMES", 1)
    live = await hub.open(minutes.pk)
    async with wire(cookie=signed_ada) as page:
        await page.open(minutes.pk)
        await page.open(plans.pk)
        full.rooms.add(live.room)
        for client in range(11, 15):
            page.say(minutes.pk, edit(client))
        await asyncio.sleep(0.05)
        live.vanish()
        await until(lambda: page.heard(minutes.pk, DENIED))
        page.say(plans.pk, edit(11))
        await until(lambda: page.heard(plans.pk, SAVED))


async def test_a_document_that_does_not_open_is_asked_for_again_and_the_others_go_on(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, minutes: Document, plans: Document, signed_ada: str
) -> None:
    real, failures = log.load, 3

    def broken(document: uuid.UUID) -> log.Loaded | None:
        nonlocal failures
        if document == minutes.pk and failures:
            failures -= 1
            raise OperationalError("gone")
        return real(document)

    monkeypatch.setattr(log, "load", broken)
    async with wire(cookie=signed_ada) as page:
        page.show(minutes.pk, "")
        page.say(minutes.pk, STEP1)
        page.say(minutes.pk, edit(11))
        await page.open(plans.pk)
        page.say(plans.pk, edit(11))
        await until(lambda: page.heard(plans.pk, SAVED))
        await until(lambda: page.heard(minutes.pk, SAVED))
        assert (failures, page.code) == (0, None)


async def test_documents_that_are_over_take_no_place(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, minutes: Document, plans: Document, signed_ada: str
) -> None:
    monkeypatch.setattr(hocuspocus, "MAX_DOCUMENTS", 3)
    async with wire(cookie=signed_ada) as page:
        await page.open(plans.pk)
        for number in range(10):
            page.show(f"document {number}", "")
            await until(lambda number=number: page.heard(f"document {number}", b"\x07"))  # type: ignore[misc]
        await page.open(minutes.pk)
        assert page.code is None


async def test_the_end_of_a_document_is_told_to_a_socket_that_does_not_take_it_at_once(
    hub: Hub, minutes: Document, signed_ada: str
) -> None:
    live = await hub.open(minutes.pk)
    async with wire(cookie=signed_ada) as page:
        await page.open(minutes.pk)
        page.blocked.clear()
        (member,) = live.members.values()
        live.carry_out(live.room.evict(member.connection, 4403, "no access"))
        await asyncio.sleep(0.05)
        page.blocked.set()
        await until(lambda: page.heard(minutes.pk, bytes((Kind.CLOSE,))))
        assert page.heard(minutes.pk, DENIED) == 1
        await page.open(minutes.pk)


# -- The end -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["the document is closed", "the socket ends"])
async def test_what_was_sent_before_the_end_still_counts(
    hub: Hub, full: Full, minutes: Document, signed_ada: str, how: str
) -> None:
    live = await hub.open(minutes.pk)
    async with wire(cookie=signed_ada) as page:
        await page.open(minutes.pk)
        full.rooms.add(live.room)
        for client in range(11, 14):
            page.say(minutes.pk, edit(client))
        if how == "the document is closed":
            page.say(minutes.pk, bytes((Kind.CLOSE,)))
        ending = asyncio.create_task(page.end())
        await until(lambda: page._in.qsize() <= 1)  # the end itself, which waits
        full.drain(live)
        await ending
    async with asyncio.timeout(10):
        while await rows(minutes) == 0 or live.room.unsaved:
            await asyncio.sleep(0.01)
    assert len(live.room.replica.clocks) == 3


async def test_nothing_of_a_socket_runs_when_it_is_over(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, minutes: Document, plans: Document, signed_ada: str
) -> None:
    stuck = asyncio.Event()
    before = asyncio.all_tasks()
    for document in (minutes, plans):
        await hub.open(document.pk)
    monkeypatch.setattr(part, "enter", _never(stuck))
    async with wire(cookie=signed_ada) as page:
        for document in (minutes, plans):
            page.show(document.pk, "")
        page.show("guess", "")
        await until(lambda: page._in.empty())
        await asyncio.sleep(0.01)
    left = {task for task in asyncio.all_tasks() - before if "Part" in repr(task.get_coro())}
    assert left == set()
    assert hub._per_user == {}


def _never(event: asyncio.Event) -> Callable[..., Any]:
    async def enter(*_: Any, **__: Any) -> None:
        await event.wait()

    return enter


async def test_leaving_reaches_all_documents_of_a_socket_and_those_that_wait(
    hub: Hub, minutes: Document, plans: Document, signed_ada: str
) -> None:
    door = Doorstep(HocuspocusConsumer(), clock=lambda: 0.0)
    async with wire(door, cookie=signed_ada) as page, wire(door) as waiting:
        await page.open(minutes.pk)
        await page.open(plans.pk)
        for _ in range(BURST_S + 2):
            door.denied("203.0.113.9", "")
        waiting.show(minutes.pk, "coscribe_bad")
        page.say(minutes.pk, edit(11))
        page.say(plans.pk, edit(11))
        await until(lambda: page._in.empty())
        await drain.leave(hub.loop.time() + 10)
        await until(lambda: page.code == 1012 and waiting.code is not None)
    assert [await rows(each) for each in (minutes, plans)] == [1, 1]
    assert hub._per_user == {}
