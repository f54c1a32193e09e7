"""Mentioning people: the list after "@", the chip, and who is never offered."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests import seed

from .conftest import Visit
from .house import House
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_person_chosen_after_the_sign_is_a_chip_for_both_and_on_the_disk(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")  # carol has no access
    ada, bob = await asyncio.gather(visit(house, "ada"), visit(house, "bob"))
    await asyncio.gather(ada.open(document), bob.open(document))
    await ada.type("ask @")
    await expect(people(ada)).to_have_text(["Ada", "Bob"])
    assert await ada.editor.get_attribute("aria-controls") == await listbox(ada).get_attribute("id")
    await ada.page.keyboard.press("ArrowDown")
    chosen = listbox(ada).get_by_role("option").nth(1)
    await expect(chosen).to_have_attribute("aria-selected", "true")
    assert await ada.editor.get_attribute("aria-activedescendant") == await chosen.get_attribute("id")
    await ada.page.keyboard.press("Enter")
    await expect(listbox(ada)).to_have_count(0)
    await ada.page.keyboard.type("about it")
    await bob.reads("ask @Bob about it")
    await expect(bob.editor.locator(".mention")).to_have_class("mention me")
    await expect(ada.editor.locator(".mention")).to_have_class("mention")
    await ada.says("saved")
    (paragraph,) = house.stored_tree(document)["content"]
    before, mention, after = paragraph["content"]
    assert (before["text"], after["text"]) == ("ask ", " about it")
    assert (mention["type"], mention["attrs"]) == (
        "mention",
        {"id": str(house.people["bob"]["id"]), "label": "Bob"},
    )
    assert await ada.editor.get_attribute("aria-activedescendant") is None


async def test_letters_narrow_the_list_and_strangers_are_never_in_it(house: House, visit: Visit) -> None:
    ada = await (await visit(house, "ada")).open(house.document(bob="viewer"))
    await ada.type("@b")
    await expect(people(ada)).to_have_text(["Bob"])
    await ada.page.keyboard.press("Backspace")
    await ada.page.keyboard.type("car")
    await expect(listbox(ada)).to_have_text("Nobody with access to this document has that name.")
    await ada.page.keyboard.press("Enter")  # a line, for there is nothing to choose
    await ada.page.keyboard.type("next")
    await ada.reads("@car\nnext")


async def test_escape_closes_the_list_and_leaves_what_was_typed(house: House, visit: Visit) -> None:
    ada = await (await visit(house, "ada")).open(house.document())
    await ada.type("@ad")
    await expect(people(ada)).to_have_count(1)
    await ada.page.keyboard.press("Escape")
    await expect(listbox(ada)).to_have_count(0)
    await ada.page.keyboard.type("a x")
    await ada.reads("@ada x")


async def test_what_another_types_opens_no_list_and_neither_does_the_caret(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await asyncio.gather(visit(house, "ada"), visit(house, "bob"))
    await asyncio.gather(ada.open(document), bob.open(document))
    await ada.editor.click()
    await bob.type("@ad")
    await expect(people(bob)).to_have_count(1)
    await ada.reads("@ad")
    await ada.click_at_end()
    await ada.page.keyboard.press("ArrowLeft")
    await expect(listbox(ada)).to_have_count(0)


async def test_no_list_opens_in_code(house: House, visit: Visit) -> None:
    ada = await (await visit(house, "ada")).open(house.document())
    await ada.type("``` ")
    await ada.page.keyboard.type("@ad")
    await expect(ada.editor.locator("pre")).to_contain_text("@ad")
    await expect(listbox(ada)).to_have_count(0)


async def test_a_chip_shows_the_name_of_today(house: House, visit: Visit) -> None:
    made: dict[str, Any] = seed.run("result = person('dora')", database_url=house.database_url)
    house.people["dora"] = made
    document = house.document(dora="viewer")
    ada = await (await visit(house, "ada")).open(document)
    await ada.type("@dor")
    await expect(people(ada)).to_have_text(["Dora"])
    await ada.page.keyboard.press("Tab")
    await ada.says("saved")
    rename = "u = user('dora'); u.name = 'Dora Maar'; u.save(); result = 1"
    seed.run(rename, database_url=house.database_url)
    await ada.open(document)
    await expect(ada.editor.locator(".mention")).to_have_text("@Dora Maar")
    house.remove(document, "dora")  # a name is for those who are in the document: what was written stays
    await ada.open(document)
    await expect(ada.editor.locator(".mention")).to_have_text("@Dora")


async def test_on_a_phone_the_list_is_within_the_screen_and_taken_by_touch(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada = await visit(house, "ada", viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    await ada.open(document)
    await ada.type("a line that is long enough to reach @")
    await expect(people(ada)).to_have_count(2)
    box = await listbox(ada).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    await people(ada).nth(1).tap()
    await expect(ada.editor.locator(".mention")).to_have_text("@Bob")


def listbox(person: Visitor) -> Locator:
    return person.page.get_by_role("listbox", name="People you can mention")


def people(person: Visitor) -> Locator:
    return listbox(person).locator(".suggest-label")
