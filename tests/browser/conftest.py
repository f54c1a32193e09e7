"""One Chromium for all browser tests of a process, one quiet server for those that do not break it, and visitors."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from deploy.parts import find_program
from tests.conftest import StartApp
from tests.servers import AppServer

from .chromium import ARGUMENTS, CHROMIUM
from .house import House
from .visitor import Visitor

type Visit = Callable[..., Awaitable[Visitor]]
type StartHouse = Callable[..., House]


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Chromium, or a failure that names the package."""
    return str(CHROMIUM) if CHROMIUM.exists() else find_program("chromium", package="chromium")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(chromium_path: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def house(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server that no test may stop; make a document of your own on it."""
    file = shutil.copy(migrated_file, tmp_path_factory.mktemp("house") / "db.sqlite3")
    url = f"sqlite:///{file}"
    with AppServer("daphne", database_url=url, env={"LOG_LEVEL": "WARNING"}) as app:
        yield House(app, database_url=url)


@pytest.fixture
def start_house(start_app: StartApp, sqlite_url: str) -> StartHouse:
    """A server of this test's own, to be stopped, killed and set up differently: `start_house("uvicorn", env=…)`."""

    def start(kind: str = "daphne", **options: Any) -> House:
        return House(start_app(kind, database_url=sqlite_url, **options), database_url=sqlite_url)

    return start


@pytest_asyncio.fixture(loop_scope="session")
async def visit(chromium: Browser) -> AsyncIterator[Visit]:
    """Brings people with a browser of their own: `await visit(house, "ada")`. Their browsers must have had nothing to
    complain about at the end: no error, no violation of the CSP.
    """
    visitors: list[Visitor] = []

    async def come(house: House, name: str, *, outages: bool = False, session: str = "", **options: Any) -> Visitor:
        context = await chromium.new_context(base_url=options.pop("base_url", house.url), **options)
        if name in house.people:
            cookie = {"name": "sessionid", "value": session or house.session(name), "url": house.url}
            await context.add_cookies([cookie])  # type: ignore[list-item]
        visitors.append(await Visitor.enter(name, context, outages=outages))
        return visitors[-1]

    yield come
    await asyncio.gather(*(visitor.context.close() for visitor in visitors))
    complaints = {visitor.name: visitor.complaints for visitor in visitors if visitor.complaints}
    assert not complaints, "the browsers complained"
