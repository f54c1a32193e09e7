"""The unread count: on every page of the person, and on nobody else's; from views, commands and threads alike."""

import asyncio
import json
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from collab.core.connection import Dialect
from collab.core.connection import Person as Identity
from collab.core.lib0 import read_var_string, read_var_uint
from collab.core.messages import Type
from collab.hub import Hub
from collab.store import DATABASE_DOWN
from documents.models import Document
from permissions import notices
from permissions.models import Notice, User
from permissions.notices import Kind
from permissions.roles import Role
from permissions.sharing import grant
from tests.clients import Scribe
from tests.conftest import StartApp
from tests.faults.stages import Stage, staged
from tests.onlooker import HomePage, Onlooker
from tests.servers import Redis
from tests.signed_in import session_of

process = pytest.mark.django_db(transaction=True)


class Page(Onlooker):
    """A page of somebody's in this process, without a socket: home, or a document."""

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            self.take(message["bytes"])


@pytest.fixture
def tuned() -> dict[str, Any]:
    return {"HOME_POLL_INTERVAL_MS": 3_600_000}


def home(hub: Hub, user: User) -> Any:
    page = Page()
    visitor = hub.lobby.enter(
        person=Identity(user.pk, user.name, user.color), session=session_of(user), send=page.send
    )  # fmt: skip
    return page, visitor


async def inside(hub: Hub, document: Document, user: User, *, dialect: Dialect = Dialect.COSCRIBE) -> Any:
    live, page = await hub.open(document.pk), Page()
    member = hub.enter(
        live, person=Identity(user.pk, user.name, user.color), role=Role.OWNER, session=session_of(user),
        dialect=dialect, send=page.send, title="Minutes",
    )  # fmt: skip
    return page, live, member


def tell(bob: User, ada: User, minutes: Document, kind: Kind = Kind.SHARED) -> None:
    notices.tell(kind, to=bob, by=ada, obj=minutes, role=Role.VIEWER)


@process
async def test_every_page_of_the_person_counts_and_nobody_elses(
    hub: Hub, ada: User, bob: User, minutes: Document
) -> None:
    (hers, _), (his, _) = home(hub, ada), home(hub, bob)
    paper, _, _ = await inside(hub, minutes, bob)
    for page in (hers, his, paper):
        await page.until(lambda page=page: page.unread == [0])
    await sync_to_async(grant)(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    for page in (his, paper):
        await page.until(lambda page=page: page.unread == [0, 1])
    await sync_to_async(notices.mark_read)(bob)
    for page in (his, paper):
        await page.until(lambda page=page: page.unread == [0, 1, 0])
    assert hers.unread == [0]


@process
async def test_stock_clients_are_told_no_such_thing(hub: Hub, ada: User, bob: User, minutes: Document) -> None:
    stock, _, _ = await inside(hub, minutes, bob, dialect=Dialect.STOCK)
    page, _ = home(hub, bob)
    await sync_to_async(tell)(bob, ada, minutes)
    await page.until(lambda: page.unread[-1:] == [1])
    assert stock.unread == []


@process
async def test_a_page_that_is_gone_is_forgotten(hub: Hub, ada: User, minutes: Document) -> None:
    page, visitor = home(hub, ada)
    _, live, member = await inside(hub, minutes, ada)
    await page.until(lambda: page.unread == [0])
    assert set(hub.inbox._pages) == {ada.pk}
    hub.lobby.leave(visitor)
    assert set(hub.inbox._pages) == {ada.pk}
    hub.leave(live, member)
    assert hub.inbox._pages == {}


@process
async def test_news_of_any_thread_reaches_the_pages(hub: Hub, ada: User, bob: User, minutes: Document) -> None:
    page, _ = home(hub, bob)

    def work() -> None:
        tell(bob, ada, minutes)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    await page.until(lambda: page.unread[-1:] == [1])
    thread.join()


@process
async def test_a_lost_ring_is_caught_by_the_poll(hub: Hub, ada: User, bob: User, minutes: Document) -> None:
    page, _ = home(hub, bob)
    await page.until(lambda: page.unread == [0])
    await Notice.objects.acreate(user=bob, kind=Kind.SHARED)  # nobody rings
    await hub.inbox.poll()
    await page.until(lambda: page.unread == [0, 1])


@process
async def test_no_older_count_comes_after_a_newer_one(
    hub: Hub, ada: User, bob: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = home(hub, bob)
    await page.until(lambda: page.unread == [0])
    loop, counted, go = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    unread_of = notices.unread_of

    def slowly(people: Any) -> dict[int, int]:
        counts = unread_of(people)
        loop.call_soon_threadsafe(counted.set)
        go.wait(10)  # the first look is held up, with what is old by now
        return counts

    monkeypatch.setattr(notices, "unread_of", slowly)
    hub.inbox.changed([bob.pk])
    await counted.wait()
    await sync_to_async(tell)(bob, ada, minutes)
    await sync_to_async(tell)(bob, ada, minutes, Kind.CHANGED)
    go.set()
    await page.until(lambda: page.unread[-1] == 2)
    assert page.unread == [0, 2]


@process
async def test_a_database_that_is_down_is_asked_again_by_the_poll(
    hub: Hub, ada: User, bob: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = home(hub, bob)
    await page.until(lambda: page.unread == [0])
    unread_of, loop, asked = notices.unread_of, asyncio.get_running_loop(), asyncio.Event()

    def down(people: Any) -> dict[int, int]:
        loop.call_soon_threadsafe(asked.set)
        raise DATABASE_DOWN[0]

    monkeypatch.setattr(notices, "unread_of", down)
    await sync_to_async(tell)(bob, ada, minutes)
    await asked.wait()
    monkeypatch.setattr(notices, "unread_of", unread_of)
    while hub.inbox._looking:
        await asyncio.sleep(0)
    await hub.inbox.poll()
    await page.until(lambda: page.unread == [0, 1])


@process
async def test_letters_that_wait_are_looked_for(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []
    monkeypatch.setattr("permissions.letters.wake", lambda: woken.append(1))
    await hub.inbox.post()
    assert woken == [1]


# -- on real servers


class Reader(Scribe):
    """A scribe who remembers how many notices they have not read."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.unread: list[int] = []

    def take(self, frame: bytes) -> list[bytes]:
        kind, at = read_var_uint(frame, 0)
        if kind == Type.NOTICES:
            self.unread.append(json.loads(read_var_string(frame, at)[0])["unread"])
            return []
        return super().take(frame)


TELL = """
from permissions import notices
from permissions.models import Notice
from permissions.roles import Role
notices.tell(Notice.Kind.{kind}, to=user('bob'), by=ada, obj=Document.objects.get(pk=pk), role=Role.VIEWER)
"""


async def counted(page: HomePage | Reader, counts: list[int]) -> None:
    """Wait until these are the numbers it was told."""
    await page.until(lambda: page.unread == counts)


async def opened(stage: Stage, app: int) -> tuple[HomePage, Reader]:
    session, url = stage.people["bob"]["session"], stage.apps[app].ws_url
    return await HomePage(url, session).open(), await Reader(url, session, stage.document).join()


async def test_two_processes_and_a_command_tell_each_other(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    """No poll comes in time: what arrives, arrives over Redis. The share that is there from the start is the first."""
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, COLLAB_HOME_POLL_INTERVAL_MS=3_600_000
    ) as stage:
        (page, paper), (other_page, other_paper) = await opened(stage, 0), await opened(stage, 1)
        everywhere: list[HomePage | Reader] = [page, paper, other_page, other_paper]
        for each in everywhere:
            await counted(each, [1])
        await stage.deputy(TELL.format(kind="ANSWERED"))  # a process without a hub, as a command is
        for each in everywhere:
            await counted(each, [1, 2])
        bob = stage.people["bob"]["id"]
        assert await stage.ask("ada", "PATCH", f"shares/user-{bob}/", {"role": "viewer"}, app=0) == 200  # a view
        for each in everywhere:
            await counted(each, [1, 2, 3])
        for each in everywhere:
            await each.close()


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_one_process_without_redis_tells_its_pages(sqlite_url: str, start_app: StartApp, kind: str) -> None:
    async with staged(start_app, sqlite_url, "", shared={"bob": "editor"}, kinds=(kind,)) as stage:
        page, paper = await opened(stage, 0)
        await page.until(lambda: page.unread == [1])
        await paper.until(lambda: paper.unread == [1])
        bob = stage.people["bob"]["id"]
        assert await stage.ask("ada", "PATCH", f"shares/user-{bob}/", {"role": "viewer"}) == 200
        await page.until(lambda: page.unread == [1, 2])
        await paper.until(lambda: paper.unread == [1, 2])
        await page.close()
        await paper.close()
