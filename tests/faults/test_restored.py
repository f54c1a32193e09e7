"""A backup is restored while people hold newer edits: they bring them back, each once, whoever comes first."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import seed
from tests.clients import Scribe, converge
from tests.conftest import StartApp
from tests.servers import AppServer, manage

from .ledger import read_log

NAMES = ("ada", "bob", "carol")


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return url


@pytest.fixture
def minutes(database_url: str) -> dict[str, Any]:
    return seed.scene(owner="ada", shared={"bob": "editor", "carol": "editor"}, database_url=database_url)


def sessions(database_url: str) -> dict[str, str]:
    """Everybody signs in again."""
    found = seed.run(f"result = {{name: person(name)['session'] for name in {NAMES!r}}}", database_url=database_url)
    return dict(found)


async def type_in_turns(scribes: dict[str, Scribe], words: str) -> None:
    """Each word by the next person, who has seen all before it."""
    for number, word in enumerate(words.split()):
        scribe = list(scribes.values())[number % len(scribes)]
        await scribe.type(f"{word} ")
        await scribe.saved()
        await converge(*scribes.values())


async def come_back(scribes: dict[str, Scribe], new: dict[str, str], name: str) -> None:
    scribes[name].session = new[name]
    await scribes[name].join()
    await scribes[name].until(lambda: scribes[name].saved_all and not scribes[name].dirty)


@contextmanager
def ended(server: AppServer) -> Iterator[None]:
    server.stop()
    yield
    server.start()


@pytest.mark.parametrize(
    ("database_url", "first"),
    [
        ("sqlite", "carol"),
        *(pytest.param(kind, first, marks=pytest.mark.long) for kind in ("sqlite", "postgresql") for first in NAMES),
    ],
    indirect=["database_url"],
)
def test_newer_edits_come_back_once_whoever_comes_first(
    first: str, database_url: str, minutes: dict[str, Any], start_app: StartApp, tmp_path: Path
) -> None:
    """Carol's page is opened after the backup: the database knows nothing of her client id any more."""
    [document] = minutes["documents"]
    server = start_app("uvicorn", database_url=database_url)
    path = str(tmp_path / "all.zip")

    async def story() -> None:
        held = {n: Scribe(server.ws_url, minutes["people"][n]["session"], document) for n in NAMES}
        early = {name: await held[name].join() for name in ("ada", "bob")}
        await type_in_turns(early, "one two three four")
        await asyncio.to_thread(manage, "backup", path, database_url=database_url)
        await held["carol"].join()
        await type_in_turns(held, "five six seven eight nine ten")
        async with asyncio.timeout(30):
            ada = held["ada"]
            del ada.text[0:4]  # "one " goes
            await ada.send_push()
            await ada.saved()
        text = await converge(*held.values())
        assert all("restored" not in scribe.hello for scribe in held.values())
        head = max(scribe.seq for scribe in held.values())
        for scribe in held.values():
            await scribe.close()
        with ended(server):
            manage("restore", path, "--force", database_url=database_url)
            new = sessions(database_url)
        order = [first, *(name for name in NAMES if name != first)]
        await come_back(held, new, order[0])
        assert held[first].seq < head
        assert held[first].hello["restored"] is True  # a page sends what it deleted, too
        for name in order[1:]:
            await come_back(held, new, name)
        assert await converge(*held.values()) == text
        await type_in_turns(held, "eleven twelve thirteen fourteen")  # each under the client id they had
        assert await converge(*held.values()) == f"{text}eleven twelve thirteen fourteen "
        assert all(scribe.closed is None and scribe.refused == [] for scribe in held.values())
        for name, scribe in held.items():
            await scribe.awareness({"user": {"name": name}})
        for scribe in held.values():
            await scribe.until(lambda scribe=scribe: len(scribe.presence) >= 2)  # type: ignore[misc]
        for scribe in held.values():
            await scribe.close()
        found = read_log(database_url, document)
        assert str(found.text) == f"{text}eleven twelve thirteen fourteen "
        assert found.hanging == []

    asyncio.run(story())


@pytest.mark.parametrize("database_url", [pytest.param("sqlite", marks=pytest.mark.long), "postgresql"], indirect=True)
def test_a_backup_is_restored_under_a_server_that_runs(
    database_url: str, minutes: dict[str, Any], start_app: StartApp, tmp_path: Path
) -> None:
    """Its rooms are ahead of the log: it closes them, and people come back with what they hold, in any order."""
    [document] = minutes["documents"]
    server = start_app("uvicorn", database_url=database_url, env={"COLLAB_POLL_INTERVAL_MS": "200"})
    path = str(tmp_path / "all.zip")

    async def story() -> None:
        held = {n: await Scribe(server.ws_url, minutes["people"][n]["session"], document).join() for n in NAMES}
        await type_in_turns(held, "one two three")
        await asyncio.to_thread(manage, "backup", path, database_url=database_url)
        await type_in_turns(held, "four five six seven eight nine")
        text = await converge(*held.values())
        await asyncio.to_thread(manage, "restore", path, "--force", database_url=database_url)
        for scribe in held.values():
            await scribe.until(lambda scribe=scribe: scribe.closed is not None)  # type: ignore[misc]
        assert {scribe.closed[0] for scribe in held.values() if scribe.closed} <= {4508, 4401}
        new = await asyncio.to_thread(sessions, database_url)
        names = random.sample(NAMES, len(NAMES))
        await asyncio.gather(*(come_back(held, new, name) for name in names))
        assert await converge(*held.values()) == text
        await type_in_turns(held, "ten eleven twelve")
        for scribe in held.values():
            await scribe.close()
        assert str(read_log(database_url, document).text) == f"{text}ten eleven twelve "

    asyncio.run(story())
