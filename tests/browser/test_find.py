"""Find and replace: what it counts, where it leads, what it changes, and for whom."""

import pytest
from playwright.async_api import expect

from .conftest import Visit
from .house import House
from .pasting import write
from .visitor import Visitor, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TEXT = """# The quay

A **qu**ay is not a pier. The Quay is long.

- quays
- piers

| quay | pier | mole |
| --- | --- | --- |
| a | b | c |

The last quay.
"""


async def test_one_finds_counts_and_steps_and_comes_back_to_the_match(house: House, visit: Visit) -> None:
    ada = await begin(house, visit)
    await ada.page.keyboard.press("Control+Home")
    await ada.page.keyboard.press("Control+f")
    await ada.page.keyboard.type("quay")  # the first letters come before the bar is loaded
    await expect(ada.page.get_by_test_id("find-text")).to_have_value("quay")
    assert "qu" not in (await ada.text())[:3]

    await counts(ada, "1 of 6")
    await expect(ada.page.get_by_test_id("find").get_by_role("status")).to_have_text("1 of 6")
    await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.press("F3")
    await counts(ada, "3 of 6")
    await ada.page.keyboard.press("Shift+Enter")
    await counts(ada, "2 of 6")
    await ada.page.keyboard.press("Escape")

    await expect(ada.page.get_by_test_id("find")).to_have_count(0)
    await expect(ada.editor).to_be_focused()
    await until(lambda: selected(ada, "quay"))
    await expect(ada.editor.locator(".match")).to_have_count(0)


async def test_case_and_whole_words_are_kept_to_when_asked(house: House, visit: Visit) -> None:
    ada = await begin(house, visit)
    await ada.page.keyboard.press("Control+f")
    await ada.page.get_by_test_id("find-text").fill("quay")
    await counts(ada, "1 of 6")  # there is none behind the caret: round again
    await ada.page.get_by_role("button", name="Whole words").click()
    await expect(ada.page.get_by_test_id("find-count")).to_have_text("1 of 5")
    await ada.page.get_by_role("button", name="Match case").click()
    await expect(ada.page.get_by_test_id("find-count")).to_have_text("1 of 4")
    await ada.page.get_by_test_id("find-text").fill("nothing like it")
    await counts(ada, "No results")
    await ada.page.get_by_role("button", name="Close").click()
    await expect(ada.editor).to_be_focused()


async def test_replacing_all_is_one_step_for_undo_and_keeps_what_others_write(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await write(ada, TEXT)
    before = await ada.text()
    await bob.open(document)
    await bob.reads(before)
    await ada.page.keyboard.press("Control+h")
    await ada.page.get_by_test_id("find-text").fill("quay")
    await ada.page.get_by_test_id("find-substitute").fill("jetty")

    await ada.page.get_by_role("button", name="Replace all").click()

    await expect(ada.page.get_by_test_id("find").get_by_role("status")).to_have_text("6 replaced")
    await bob.sees(lambda text: text.count("jetty") == 6)
    await bob.type(" And bob.")
    await ada.sees(lambda text: text.endswith("jetty. And bob."))
    await ada.page.keyboard.press("Escape")
    await ada.page.keyboard.press("Control+z")
    for visitor in (ada, bob):
        await visitor.reads(before + " And bob.")


async def test_replacing_goes_from_match_to_match(house: House, visit: Visit) -> None:
    ada = await begin(house, visit)
    await ada.page.keyboard.press("Control+Home")
    await ada.page.keyboard.press("Control+h")
    await ada.page.get_by_test_id("find-text").fill("pier")
    await counts(ada, "1 of 3")
    await ada.page.get_by_test_id("find-substitute").fill("piers")
    await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.press("Enter")
    await ada.sees(lambda text: "not a piers" in text and "pierss" in text and "quay" in text)


async def test_matches_stay_right_while_others_type(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await write(ada, TEXT)
    await bob.open(document)
    await ada.page.keyboard.press("Control+Home")
    await ada.page.keyboard.press("Control+f")
    await ada.page.keyboard.type("pier")
    await counts(ada, "1 of 3")

    await bob.editor.click()
    await bob.page.keyboard.press("Control+Home")
    await bob.page.keyboard.type("pier pier ")

    await counts(ada, "3 of 5")
    marked = await ada.editor.locator(".match").all_text_contents()
    assert "".join(marked) == "pier" * 5  # a caret may stand in the middle of one


async def test_a_reader_finds_and_cannot_replace(house: House, visit: Visit) -> None:
    document = house.document(bob="viewer")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await write(ada, TEXT)
    await bob.open(document)
    await bob.sees(lambda text: "The last quay." in text)
    await bob.page.keyboard.press("Control+f")
    await bob.page.get_by_test_id("find-text").fill("quay")
    await counts(bob, "1 of 6")
    await expect(bob.page.get_by_test_id("find-substitute")).to_be_hidden()
    await expect(bob.page.get_by_role("button", name="Replace all")).to_be_hidden()


async def test_a_match_far_away_is_brought_between_the_bars(house: House, visit: Visit) -> None:
    document = house.document()
    ada = await visit(house, "ada", viewport={"width": 900, "height": 600})
    await ada.open(document)
    await write(ada, "# Top\n\n" + "\n\n".join(f"Line {n}." for n in range(120)) + "\n\n- the needle\n- end")
    await ada.page.keyboard.press("Control+Home")
    await ada.page.keyboard.press("Control+f")
    await ada.page.keyboard.type("needle")
    match = ada.editor.locator(".match.current")
    await expect(match).to_be_in_viewport()
    box, find = await match.bounding_box(), await ada.page.get_by_test_id("find").bounding_box()
    assert box is not None
    assert find is not None
    assert box["y"] > find["y"] + find["height"]
    assert box["y"] + box["height"] < 600 - 32


async def begin(house: House, visit: Visit) -> Visitor:
    ada = await visit(house, "ada")
    await ada.open(house.document())
    await write(ada, TEXT)
    return ada


async def counts(visitor: Visitor, words: str) -> None:
    await expect(visitor.page.get_by_test_id("find-count")).to_have_text(words)


async def selected(visitor: Visitor, words: str) -> bool:
    found: bool = await visitor.page.evaluate("(words) => getSelection().toString() === words", words)
    return found
