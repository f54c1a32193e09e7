"""A planned restart as a person sees it: "Reconnecting…" for a moment, nobody leaves, and the next letter is saved."""

import asyncio
import os
import signal
from typing import Any, Literal, cast

import pytest
from playwright.async_api import expect

from tests.conftest import StartApp
from tests.gate import Gate
from tests.servers import AppServer, Redis

from .conftest import StartHouse, Visit
from .house import House
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NUMBERS = " ".join(str(number) for number in range(60))
NOTE = """
() => {
  const word = document.querySelector('[data-testid=save-word]')
  const faces = () => document.querySelectorAll('[data-testid=face]').length
  window.noted = { words: [[word.dataset.state, performance.now()]], faces: [faces()] }
  const note = () => {
    const state = word.dataset.state
    if (window.noted.words.at(-1)[0] !== state) window.noted.words.push([state, performance.now()])
    if (window.noted.faces.at(-1) !== faces()) window.noted.faces.push(faces())
  }
  new MutationObserver(note).observe(document.body, { attributes: true, childList: true, subtree: true })
}
"""

PATIENT_S = 18.0  # the page's own RESTARTED_WITHIN_MS, and a breath

type Kind = Literal["daphne", "uvicorn"]


async def test_while_processes_take_over_from_each_other_two_people_go_on_typing(
    postgres_url: str, redis: Redis, start_app: StartApp, visit: Visit
) -> None:
    kinds: tuple[Kind, Kind] = ("daphne", "uvicorn")
    apps = [start_app(kind, database_url=postgres_url, redis_url=redis.url) for kind in kinds]
    with Gate(apps) as gate:
        house = House(cast(AppServer, gate), database_url=postgres_url)
        document = house.document(bob="editor")
        ada, bob = await together(house, document, visit)
        typing = asyncio.gather(*(each.page.keyboard.type(NUMBERS, delay=60) for each in (ada, bob)))
        await ada.sees(lambda text: "Ada: 0 1 2" in text and "Bob: 0 1" in text)
        for app in apps:
            await asyncio.to_thread(restart, app)
        await typing
        for visitor in (ada, bob):
            await visitor.reads(f"Ada: {NUMBERS}\nBob: {NUMBERS}")
            await visitor.says("saved", "Saved")
        for visitor in (ada, bob):
            words, faces, _ = await noted(visitor)
            assert set(words) <= {"saved", "saving", "reconnecting"}
            assert "reconnecting" in words
            assert words[-1] == "saved"
            assert faces == [1], "the other one left, and came back"
        await ada.page.reload()
        await ada.reads(f"Ada: {NUMBERS}\nBob: {NUMBERS}")


@pytest.mark.parametrize("kind", ["daphne", pytest.param("uvicorn", marks=pytest.mark.long)])
async def test_while_the_only_process_restarts_nobody_shouts_and_nobody_leaves(
    kind: Kind, start_house: StartHouse, visit: Visit
) -> None:
    house = start_house(kind)
    document = house.document(bob="editor")
    ada, bob = await together(house, document, visit)
    os.kill(house.app.pid, signal.SIGTERM)
    await ada.says("reconnecting", "Reconnecting…")
    await ada.page.keyboard.type("not saved yet")
    assert house.app.process is not None
    await asyncio.to_thread(house.app.process.wait, 30)
    await asyncio.to_thread(house.app.start)
    await bob.reads("Ada: not saved yet\nBob: ")
    for visitor in (ada, bob):
        await visitor.says("saved", "Saved")
        words, faces, longest_s = await noted(visitor)
        assert "reconnecting" in words
        if longest_s < PATIENT_S:  # else the machine is so busy that it has to be called offline
            assert set(words) <= {"saved", "saving", "reconnecting"}
            assert faces == [1]
    assert house.stored_text(document).strip() == "Ada: not saved yet\nBob:"


async def together(house: House, document: str, visit: Visit) -> tuple[Visitor, Visitor]:
    """Ada and bob, each on a line of their own, who see each other; from now on it is noted what they see."""
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
    for visitor in (ada, bob):
        await expect(visitor.page.get_by_test_id("face")).to_have_count(1)
        await visitor.page.evaluate(NOTE)
    return ada, bob


async def noted(visitor: Visitor) -> tuple[list[str], list[int], float]:
    """The save words, and how many others were there, in their order; the longest that it said "Reconnecting…"."""
    found: dict[str, Any] = await visitor.page.evaluate("window.noted")
    words = found["words"]
    spans = [
        round((words[at + 1][1] - when) / 1000, 2)
        for at, (word, when) in enumerate(words[:-1])
        if word == "reconnecting"
    ]
    print(f"{visitor.name} read Reconnecting for {spans} s")
    return [word for word, _ in words], found["faces"], max(spans, default=0.0)


def restart(app: AppServer) -> None:
    """As an operator does."""
    app.stop()
    app.start()
