"""Servers that stop, die and fall silent under people who type, and computers that sleep."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Literal

import pytest
from playwright.async_api import Browser, async_playwright, expect

from collab.core.messages import Type

from .chromium import ARGUMENTS
from .conftest import StartHouse, Visit
from .house import House
from .line import Line, of
from .visitor import Visitor, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NUMBERS = " ".join(str(number) for number in range(40))
# A server that takes a silent client for dead within two seconds, and looks often enough to notice.
IMPATIENT = {"COLLAB_HEARTBEAT_INTERVAL_MS": "400", "COLLAB_SILENCE_LIMIT_MS": "2000"}
WAITING = re.compile("^(reconnecting|offline)$")

type Kind = Literal["daphne", "uvicorn"]
both_servers = pytest.mark.parametrize("kind", ["daphne", "uvicorn"])


@both_servers
async def test_a_restart_in_the_middle_of_typing_loses_and_doubles_nothing(
    kind: Kind, start_house: StartHouse, visit: Visit
) -> None:
    def restart(house: House) -> None:
        house.app.stop()
        house.app.start()

    await type_through(restart, start_house(kind), visit)


@both_servers
async def test_a_killed_server_in_the_middle_of_typing_loses_and_doubles_nothing(
    kind: Kind, start_house: StartHouse, visit: Visit
) -> None:
    def kill_twice(house: House) -> None:
        for _ in range(2):
            house.app.kill9()
            house.app.start()

    await type_through(kill_twice, start_house(kind), visit)


async def type_through(break_it: Callable[[House], None], house: House, visit: Visit) -> None:
    """Two people count, each on a line of their own, while the server goes and comes."""
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada", outages=True), await visit(house, "bob", outages=True)
    await ada.open(document)
    await ada.type("Ada: ")
    await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.type("Bob: ")
    await ada.says("saved")
    await bob.open(document)
    await bob.click_at_end()
    await ada.page.keyboard.press("Control+Home")
    await ada.page.keyboard.press("End")
    await ada.note_words()

    typing = asyncio.gather(*(visitor.page.keyboard.type(NUMBERS, delay=30) for visitor in (ada, bob)))
    await ada.sees(lambda text: "Ada: 0 1 2" in text and "Bob: 0 1" in text)
    await asyncio.to_thread(break_it, house)
    await typing

    for visitor in (ada, bob):
        await visitor.reads(f"Ada: {NUMBERS}\nBob: {NUMBERS}")
        await visitor.says("saved", "Saved")
    assert house.stored_text(document) == f"Ada: {NUMBERS}\nBob: {NUMBERS}"
    words = await ada.noted_words()
    assert "reconnecting" in words
    assert words[-1] == "saved"
    assert set(words) <= {"saved", "saving", "reconnecting", "offline"}


async def test_while_the_server_is_away_the_word_says_offline_and_a_reload_keeps_the_text(
    start_house: StartHouse, visit: Visit
) -> None:
    house = start_house()
    document = house.document()
    ada = await visit(house, "ada", outages=True)
    await ada.open(document)
    await ada.kept_offline()
    house.app.kill9()

    await ada.type("into the void")

    await ada.says("offline", re.compile(r"^Offline, \d+ edits? kept on this device$"))
    await ada.page.reload()
    await ada.reads("into the void")
    await ada.says("offline", re.compile(r"^Offline, \d+ edits? kept on this device$"))
    await asyncio.to_thread(house.app.start)
    await ada.says("saved")
    assert house.stored_text(document) == "into the void"


async def test_a_server_that_accepts_and_says_nothing_is_noticed(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada", outages=True), await visit(house, "bob", outages=True)
    await ada.open(document)
    await bob.open(document)
    await ada.type("heard")
    await bob.reads("heard")

    with paused(house):
        fell_silent = time.monotonic()
        await ada.type(" and not heard")
        await ada.says("saving", "Saving…")
        await ada.says("failed", re.compile("^Could not save: the server has not confirmed for a while$"))
        await expect(ada.word).to_have_attribute("data-state", WAITING, timeout=30_000)
        noticed_after_s = time.monotonic() - fell_silent
        await ada.says("offline", re.compile(r"^Offline, \d+ edits? kept on this device$"))

    await ada.says("saved")
    await bob.reads("heard and not heard")
    await bob.says("saved")
    assert house.stored_text(document) == "heard and not heard"
    assert noticed_after_s < 30  # docs/wire.md, rule 6: 25 s of silence


@pytest.mark.parametrize("what", ["laptop", "tab"])
async def test_sleep_in_the_middle_of_typing_loses_and_doubles_nothing(
    what: Literal["laptop", "tab"], start_house: StartHouse, visit: Visit, chromium_path: str
) -> None:
    """A laptop's lid is closed, or a browser freezes a tab, for longer than the server waits for a sign of life."""
    house = start_house(env=IMPATIENT)
    document = house.document(bob="editor")
    bob = await visit(house, "bob")
    async with laptop(chromium_path) as own:
        context = await own.new_context(base_url=house.url)
        await context.add_cookies([{"name": "sessionid", "value": house.session("ada"), "url": house.url}])
        ada = await Visitor.enter("ada", context, outages=True)
        await ada.open(document)
        await ada.type("before")
        await bob.open(document)
        await bob.reads("before")
        pids = await processes_of(own, "renderer" if what == "tab" else "")
        await ada.type(" asleep")

        with asleep(pids):
            await has_left(bob)
            await bob.click_at_end()
            await bob.page.keyboard.press("Enter")
            await bob.page.keyboard.type("during")
            await bob.says("saved")

        woken = time.monotonic()
        for visitor in (ada, bob):
            await visitor.reads("before asleep\nduring")
            await visitor.says("saved")
        assert time.monotonic() - woken < 15  # the server said goodbye: nobody waits for 25 s of silence
        assert house.stored_text(document) == "before asleep\nduring"
        assert not ada.complaints


async def test_an_update_lost_on_the_way_is_fetched_again(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    line = await Line.tap(bob.page)
    await ada.open(document)
    await bob.open(document)
    await ada.type("one")
    await bob.reads("one")

    line.lost_down = of(Type.DELTA)
    await ada.type(" two")
    await ada.says("saved")
    await until(lambda: true_of(len(line.lost) > 0))
    line.lost_down = lambda frame: False
    await ada.type(" three")

    await bob.reads("one two three")
    await bob.says("saved")


async def test_a_page_that_misses_an_update_catches_up_when_its_own_person_types(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    line = await Line.tap(bob.page)
    await ada.open(document)
    await bob.open(document)
    line.lost_down = of(Type.DELTA)
    await ada.type("unseen")
    await ada.says("saved")
    await until(lambda: true_of(len(line.lost) > 0))
    line.lost_down = lambda frame: False

    await bob.page.keyboard.type("seen ")

    for visitor in (ada, bob):
        await visitor.sees(lambda text: "seen " in text and "unseen" in text)
        await visitor.says("saved")
    assert await ada.text() == await bob.text()


async def has_left(visitor: Visitor) -> None:
    """The server took the other one for gone: nobody else's face is there."""
    await expect(visitor.page.get_by_test_id("face")).to_have_count(0)


async def true_of(value: bool) -> bool:
    return value


@contextmanager
def paused(house: House) -> Iterator[None]:
    house.app.pause()
    try:
        yield
    finally:
        house.app.resume()


@asynccontextmanager
async def laptop(chromium_path: str) -> AsyncIterator[Browser]:
    """A browser that nobody else uses."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        await browser.close()


async def processes_of(browser: Browser, kind: str = "") -> list[int]:
    """Its processes, or those of one kind; a stopped one does not answer."""
    session = await browser.new_browser_cdp_session()
    found = await session.send("SystemInfo.getProcessInfo")
    return [int(process["id"]) for process in found["processInfo"] if kind in process["type"]]


@contextmanager
def asleep(pids: list[int]) -> Iterator[None]:
    """These processes stand still, while time goes on."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
