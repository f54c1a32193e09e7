"""The home page's socket on real servers: alone, over Redis with two processes, and against what it may not be sent."""

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from collab.core.messages import Type
from tests.clients import Scribe
from tests.conftest import StartApp
from tests.faults.stages import staged
from tests.onlooker import HomePage, watch_frame
from tests.seed import scene
from tests.servers import Redis

MINUTES = "minutes 0"


class Reader(Scribe):
    """A scribe who remembers what the document is called."""

    title = ""

    def take(self, frame: bytes) -> list[bytes]:
        if frame[0] == Type.TITLE:
            self.title = json.loads(frame[2:])["title"]  # shorter than 128 bytes
        return super().take(frame)


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_one_process_keeps_lists_and_headers_live(sqlite_url: str, start_app: StartApp, kind: str) -> None:
    async with staged(start_app, sqlite_url, "", shared={"bob": "editor"}, kinds=(kind,)) as stage:
        page = await HomePage(stage.apps[0].ws_url, stage.people["ada"]["session"]).open()
        await page.watch(stage.document)
        await page.until(lambda: page.line(stage.document).get("title") == MINUTES)
        bob = await Reader(stage.apps[0].ws_url, stage.people["bob"]["session"], stage.document).join()
        await page.until(lambda: page.here(stage.document) == ["Bob"])
        await bob.until(lambda: bob.title == MINUTES)
        assert await stage.ask("bob", "PATCH", "", {"title": "Plans"}) == 200
        await page.until(lambda: page.line(stage.document)["title"] == "Plans")
        await bob.until(lambda: bob.title == "Plans")
        await bob.type("hello")
        await page.until(lambda: page.line(stage.document)["editor"] == "Bob")
        await bob.close()
        await page.until(lambda: page.here(stage.document) == [])
        await page.close()


async def test_two_processes_know_of_each_other(postgres_url: str, redis: Redis, start_app: StartApp) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor", "carol": "viewer"},
        COLLAB_HOME_POLL_INTERVAL_MS=1000,
    ) as stage:  # fmt: skip
        reader = await Reader(stage.apps[1].ws_url, stage.people["bob"]["session"], stage.document).join()
        page = await HomePage(stage.apps[0].ws_url, stage.people["ada"]["session"]).open()
        other = await HomePage(stage.apps[1].ws_url, stage.people["carol"]["session"]).open()
        for each in (page, other):
            await each.watch(stage.document)
            await each.until(partial(is_here, each, stage.document, "Bob"))  # who came before them, too
        assert await stage.ask("ada", "PATCH", "", {"title": "Plans"}, app=0) == 200
        await other.until(lambda: other.line(stage.document)["title"] == "Plans")
        await reader.until(lambda: reader.title == "Plans")
        assert await stage.ask("ada", "PUT", "star/", app=1) == 204
        await page.until(lambda: page.line(stage.document)["starred"] is True)
        await reader.type("hello")
        await page.until(lambda: page.line(stage.document)["editor"] == "Bob")
        carol = stage.people["carol"]["id"]
        assert await stage.ask("ada", "DELETE", f"shares/user-{carol}/", app=0) == 200
        await other.until(lambda: set(other.gone) == {stage.document})
        stage.apps[1].kill9()  # nobody says goodbye for bob
        await page.until(lambda: page.here(stage.document) == [])
        await page.close()


async def test_lost_messages_are_healed_by_the_poll(postgres_url: str, redis: Redis, start_app: StartApp) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, settings="tests.faults.settings.deaf",
        COLLAB_HOME_POLL_INTERVAL_MS=500, COLLAB_SWEEP_INTERVAL_MS=500,
    ) as stage:  # fmt: skip
        page = await HomePage(stage.apps[0].ws_url, stage.people["ada"]["session"]).open()
        await page.watch(stage.document)
        await page.until(lambda: page.lines)
        reader = await Reader(stage.apps[0].ws_url, stage.people["bob"]["session"], stage.document).join()
        assert await stage.ask("ada", "PATCH", "", {"title": "Plans"}, app=1) == 200
        await page.until(lambda: page.line(stage.document)["title"] == "Plans")
        await reader.until(lambda: reader.title == "Plans")
        await reader.close()
        await page.close()


async def test_one_trashes_while_the_other_writes_and_nothing_is_lost(sqlite_url: str, start_app: StartApp) -> None:
    async with staged(start_app, sqlite_url, "", shared={"bob": "editor"}, kinds=("daphne",)) as stage:
        bob = await Reader(stage.apps[0].ws_url, stage.people["bob"]["session"], stage.document).join()
        trashing = asyncio.create_task(stage.ask("ada", "DELETE", ""))
        typed = 0
        while bob.closed is None and typed < 2_000:
            await bob.type(f"{typed} ")
            typed += 1
            await asyncio.sleep(0)
        await bob.until(lambda: bob.closed is not None)
        assert await trashing == 200
        assert bob.closed is not None
        assert bob.closed[0] == 4404
        kept = bob.acked_batch
        assert await stage.ask("bob", "PATCH", "", {"title": "Mine"}) == 404  # for him it is gone
        assert (await asyncio.to_thread(_restore, stage)) == 200
        again = await Reader(stage.apps[0].ws_url, stage.people["bob"]["session"], stage.document, doc=bob.doc).join()
        await again.until(lambda: again.saved_all)  # what came too late is sent again: it is all there
        ada = await Scribe(stage.apps[0].ws_url, stage.people["ada"]["session"], stage.document).join()
        await ada.until(lambda: str(ada) == str(bob))
        assert [int(word) for word in str(ada).split()] == list(range(typed))
        assert kept <= typed
        await asyncio.gather(again.close(), ada.close())


def is_here(page: HomePage, document: str, name: str) -> bool:
    return page.here(document) == [name]


def is_closed(page: HomePage) -> bool:
    return page.code is not None


def _restore(stage: Any) -> int:
    """`stage.ask` speaks of documents; this is about the trash."""
    import urllib.request

    request = urllib.request.Request(f"{stage.apps[0].url}/api/trash/{stage.document}/restoration/", method="POST")
    request.add_header("Cookie", f"sessionid={stage.people['ada']['session']}; csrftoken={'a' * 32}")
    request.add_header("X-CSRFToken", "a" * 32)
    with urllib.request.urlopen(request, timeout=30) as response:
        return int(response.status)


async def test_strangers_and_nonsense_are_shown_out(sqlite_url: str, start_app: StartApp) -> None:
    made = scene(owner="ada", shared={"bob": "viewer"}, database_url=sqlite_url)
    app = start_app("uvicorn", database_url=sqlite_url, env={"COLLAB_MAX_HOME_LINES": "3"})
    session = made["people"]["ada"]["session"]

    nobody = await HomePage(app.ws_url, "no such session").open()
    await nobody.until(lambda: nobody.code == 4401)

    with pytest.raises(InvalidStatus):
        await HomePage(app.ws_url, session).open(origin="http://evil.example")

    document = made["documents"][0]
    for frame, code in (
        (b"", 4400),
        (b"\xff" * 20, 4400),
        (bytes((Type.PUSH, 1, 0)), 4400),
        (bytes((Type.WATCH, 2)) + b"{}", 4400),
        (watch_frame("no uuid"), 4400),
        (watch_frame(document) + b"\0", 4400),
        (bytes((Type.WATCH, 200, 39)) + b"[" * 5_000, 4400),
        ("text", 4400),
        (watch_frame(*[document] * 4), 1009),
        (bytes((Type.PING,)) + b"\x01" * 20_000, 1009),
    ):
        page = await HomePage(app.ws_url, session).open()
        await page.send(frame)
        await page.until(partial(is_closed, page))
        assert page.code == code, frame[:20]

    fine = await HomePage(app.ws_url, session).open()
    await fine.watch(document)
    await fine.until(lambda: fine.lines)
    await fine.close()
