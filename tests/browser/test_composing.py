"""Words that are composed, as Japanese and Korean are written, while somebody else writes in the same paragraph."""

from dataclasses import dataclass

import pytest
from playwright.async_api import CDPSession

from collab.core.messages import Type

from .conftest import Visit
from .house import House
from .line import Line
from .visitor import Visitor, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@dataclass
class Composing:
    """The keyboard of somebody who composes words."""

    session: CDPSession

    async def show(self, text: str) -> None:
        """As an input method shows it, before it is chosen."""
        end = len(text)
        await self.session.send("Input.imeSetComposition", {"text": text, "selectionStart": end, "selectionEnd": end})

    async def choose(self, text: str) -> None:
        await self.session.send("Input.insertText", {"text": text})


async def both(house: House, visit: Visit) -> tuple[Visitor, Visitor, Composing, Line, str]:
    """Ada and Bob at "begin ", Ada's caret at its end."""
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    line = await Line.tap(ada.page)
    await ada.open(document)
    await ada.type("begin ")
    await bob.open(document)
    await bob.reads("begin ")
    return ada, bob, Composing(await ada.context.new_cdp_session(ada.page)), line, document


async def test_a_composed_word_is_written_once(house: House, visit: Visit) -> None:
    ada, bob, keyboard, _, document = await both(house, visit)
    for text in ("に", "にh", "にほ", "にほn", "にほん"):
        await keyboard.show(text)
    await keyboard.choose("日本")
    await ada.page.keyboard.type("!")
    for person in (ada, bob):
        await person.reads("begin 日本!")
    await ada.says("saved")
    assert house.stored_text(document) == "begin 日本!"


PLACES = {"before": (["Home"], 0), "inside": (["Home", "ArrowRight", "ArrowRight"], 2), "at the word": (["End"], 6)}


@pytest.mark.parametrize("place", PLACES)
async def test_what_another_writes_there_meanwhile_neither_doubles_nor_loses_it(
    house: House, visit: Visit, place: str
) -> None:
    keys, at = PLACES[place]
    ada, bob, keyboard, line, document = await both(house, visit)
    await bob.click_at_end()
    for key in keys:
        await bob.page.keyboard.press(key)

    async def come(letter: str) -> bool:
        return any(frame[0] == Type.DELTA and letter.encode() in frame for frame in line.down)

    for letter, text in zip("XYZQVWJ", ("k", "か", "かn", "かん", "かんj", "かんじ", "かんじ"), strict=True):
        await keyboard.show(text)
        await bob.page.keyboard.type(letter)
        await until(lambda letter=letter: come(letter), failure=lambda: "what bob writes does not come")  # type: ignore[misc]
    await keyboard.choose("漢字")
    await ada.page.keyboard.type(".")

    wanted = "begin "[:at] + "XYZQVWJ" + "begin "[at:]
    for person in (ada, bob):
        await person.sees(lambda text: text.replace("漢字.", "", 1) == wanted and "漢字." in text, what="both, once")
    assert await ada.text() == await bob.text()
    await ada.says("saved")
    assert house.stored_text(document) == await ada.text()


async def test_others_do_not_wait_for_a_word_that_is_left(house: House, visit: Visit) -> None:
    ada, bob, keyboard, _, _ = await both(house, visit)
    await keyboard.show("に")
    await bob.type("from bob")
    await ada.page.get_by_test_id("title").focus()
    await ada.sees(lambda text: "from bob" in text and text.count("に") == 1)
