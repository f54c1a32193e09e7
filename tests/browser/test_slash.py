"""The slash menu: every block by its names, from the keyboard, for the one who types it only."""

import pytest
from playwright.async_api import expect

from .conftest import Visit
from .house import House
from .pasting import write
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def writer(house: House, visit: Visit) -> tuple[str, Visitor]:
    document = house.document(bob="editor")
    return document, await (await visit(house, "ada")).open(document)


async def test_a_block_is_chosen_by_its_name_and_the_other_sees_it(house: House, visit: Visit) -> None:
    document, ada = await writer(house, visit)
    bob = await (await visit(house, "bob")).open(document)
    keyboard = ada.page.keyboard
    menu = ada.page.get_by_role("listbox", name="Blocks")
    for typed, element in (("h2", "h2"), ("todo", "ul[data-type=taskList]"), ("callout", ".callout"), ("hr", "hr")):
        await ada.click_at_end()
        await keyboard.type("/")
        await expect(menu).to_be_visible()
        await keyboard.type(typed)
        await expect(menu.get_by_role("option").first).to_have_attribute("aria-selected", "true")
        await keyboard.press("Enter")
        await expect(menu).to_be_hidden()
        await expect(bob.editor.locator(element)).to_have_count(1)
        await keyboard.type("x")
        await keyboard.press("Enter")
        await keyboard.press("Enter")
    await ada.says("saved")
    stored = [block["type"] for block in house.stored_tree(document)["content"]]
    assert [kind for kind in stored if kind != "paragraph"] == ["heading", "taskList", "callout", "horizontalRule"]
    assert "/" not in house.stored_text(document)


async def test_it_is_a_list_that_screen_readers_can_follow(house: House, visit: Visit) -> None:
    _, ada = await writer(house, visit)
    await ada.type("/")
    menu = ada.page.get_by_role("listbox", name="Blocks")
    await expect(menu.get_by_role("option").first).to_be_visible()
    assert await menu.get_by_role("group").count() == 4
    await ada.page.keyboard.press("ArrowDown")
    chosen = menu.get_by_role("option", selected=True)
    await expect(chosen).to_have_accessible_name("Heading 1")
    await expect(ada.editor).to_have_attribute("aria-activedescendant", await chosen.get_attribute("id") or "")
    await expect(ada.editor).to_be_focused()
    await ada.page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await ada.page.keyboard.type("x")
    await ada.reads("/x")


async def test_behind_words_it_makes_a_new_block_below(house: House, visit: Visit) -> None:
    document, ada = await writer(house, visit)
    await ada.type("first the words /quo")
    await expect(ada.page.get_by_role("option", name="Quote")).to_be_visible()
    await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.type("said")
    await ada.says("saved")
    stored = house.stored_tree(document)["content"]
    assert [block["type"] for block in stored] == ["paragraph", "blockquote"]
    assert stored[0]["content"][0]["text"].strip() == "first the words"


async def test_it_does_not_open_within_a_word_in_code_or_for_the_other(house: House, visit: Visit) -> None:
    document, ada = await writer(house, visit)
    bob = await (await visit(house, "bob")).open(document)
    options = ada.page.get_by_role("listbox", name="Blocks").get_by_role("option")
    await bob.editor.click()
    await ada.type("and/or 1 / 2 ")
    await expect(options).to_have_count(0)
    await ada.page.keyboard.type("/")
    await expect(options.first).to_be_visible()
    await bob.reads("and/or 1 / 2 /")
    await expect(bob.page.get_by_role("listbox", name="Blocks")).to_have_count(0)
    await ada.page.keyboard.press("Escape")
    await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.type("``` /")
    await expect(ada.editor.locator("pre")).to_contain_text("/")
    await expect(options).to_have_count(0)


async def test_opening_the_list_in_a_long_document_does_not_move_the_page(house: House, visit: Visit) -> None:
    _, ada = await writer(house, visit)
    await write(ada, "# Top\n\n" + "- line\n" * 60)
    keyboard = ada.page.keyboard
    await keyboard.press("Control+Home")
    await keyboard.press("End")
    await ada.page.evaluate("() => scrollTo({ top: 0, behavior: 'instant' })")  # the caret alone may want less than all
    await keyboard.type(" /")
    menu = ada.page.get_by_role("listbox", name="Blocks")
    await expect(menu.get_by_role("option").first).to_be_in_viewport()
    for _ in range(12):  # down to what is only seen when the list itself scrolls
        await keyboard.press("ArrowDown")
    await expect(menu.get_by_role("option", selected=True)).to_be_in_viewport()
    assert await ada.page.evaluate("() => scrollY") == 0
