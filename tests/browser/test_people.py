"""The people in the header: one face each, where they are, following them, and their carets in the text."""

import re

import pytest
from playwright.async_api import expect

from .conftest import Visit
from .house import House
from .pasting import write
from .visitor import Visitor, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LONG = (
    "# Top\n\n" + "\n\n".join(f"Line {n}." for n in range(80)) + "\n\n## Before Friday\n\n- [ ] a\n- [ ] The last line."
)


async def test_a_face_tells_what_somebody_does_leads_there_and_follows(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await write(ada, LONG)
    await ada.page.keyboard.press("Control+Home")
    await bob.open(document)
    face = ada.page.get_by_test_id("face")
    await expect(face).to_have_accessible_name("Bob")
    await bob.type(" And more.")

    await face.hover()
    card = ada.page.get_by_role("tooltip")
    await expect(card).to_contain_text("“Before Friday”")
    await expect(face).to_have_accessible_description(re.compile("In “Before Friday”"))  # when the typing has ended
    await face.click()
    caret = ada.editor.locator(".caret")
    await expect(caret).to_be_in_viewport()
    await expect(ada.page.get_by_test_id("follow")).to_have_count(0)

    await face.click()
    await expect(ada.page.get_by_test_id("follow")).to_contain_text("Following Bob")
    await expect(face).to_have_attribute("aria-pressed", "true")
    await bob.page.keyboard.press("Control+Home")
    await until(lambda: scrolled_to_top(ada))
    await bob.page.keyboard.press("Control+End")
    await expect(ada.editor.get_by_text("The last line.").last).to_be_in_viewport()

    await ada.page.keyboard.press("Escape")
    await expect(ada.page.get_by_test_id("follow")).to_have_count(0)
    await expect(face).to_have_attribute("aria-pressed", "false")


async def test_a_name_at_the_edge_of_a_phone_turns_to_the_other_side(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada", viewport={"width": 360, "height": 780}), await visit(house, "bob")
    await ada.open(document)
    await bob.open(document)
    await bob.page.keyboard.press("Control+Shift+r")  # to the right
    await bob.type("here")
    name = ada.editor.locator(".caret b")
    await expect(name).to_have_text("Bob")

    async def is_at_the_edge() -> bool:
        box = await ada.editor.locator(".caret").bounding_box()
        return box is not None and box["x"] > 330

    async def is_inside() -> bool:
        box = await name.bounding_box()
        return box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 360

    await until(is_at_the_edge, failure=lambda: "the caret is not at the edge")
    await until(is_inside, failure=lambda: "the name reaches over the edge")


async def test_following_ends_when_one_scrolls_or_the_other_leaves(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await write(ada, LONG)
    await bob.open(document)
    await bob.click_at_end()
    await expect(ada.page.locator("#live")).to_have_text("Bob joined")
    follow = ada.page.get_by_test_id("follow")
    face = ada.page.get_by_test_id("face")
    await face.focus()
    await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.press("Enter")
    await expect(follow).to_be_visible()
    await ada.page.mouse.wheel(0, -100)
    await expect(follow).to_have_count(0)

    await face.click()
    await face.click()
    await expect(follow).to_be_visible()
    await follow.get_by_role("button", name="Stop").click()
    await expect(follow).to_have_count(0)
    await face.click()
    await face.click()
    await expect(follow).to_be_visible()
    await bob.page.close()
    await expect(follow).to_have_count(0)
    await expect(face).to_have_count(0)
    await expect(ada.page.locator("#live")).to_have_text("Bob left")


async def test_ones_own_other_tab_is_nobody_else(house: House, visit: Visit) -> None:
    document = house.document(bob="viewer")
    ada, other, bob = await visit(house, "ada"), await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await other.open(document)
    await other.type("from the other tab")
    await ada.reads("from the other tab")
    await bob.open(document)
    await expect(ada.page.get_by_test_id("face")).to_have_count(1)  # Bob
    await expect(bob.page.get_by_test_id("face")).to_have_count(1)  # Ada, once
    await expect(bob.editor.locator(".caret")).not_to_have_count(0)
    await expect(ada.editor.locator(".caret")).to_have_count(0)
    await expect(ada.page.get_by_test_id("here")).to_have_text(re.compile(r"^2 here"))


async def test_a_caret_shows_its_name_while_it_moves_and_takes_no_room(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await ada.type("wide")
    await bob.open(document)
    await bob.reads("wide")
    await bob.click_at_end()
    await bob.page.keyboard.press("ArrowLeft")
    caret = ada.editor.locator(".caret")
    await expect(caret).to_have_class(re.compile("talking"))
    assert await caret.evaluate("(element) => getComputedStyle(element).pointerEvents") == "none"
    await expect(caret).not_to_have_class(re.compile("talking"))
    await bob.page.keyboard.press("Shift+ArrowLeft")
    await expect(ada.editor.locator(".selected-by")).to_have_text("d")


async def scrolled_to_top(visitor: Visitor) -> bool:
    found: bool = await visitor.page.evaluate("scrollY < 100")
    return found


async def test_a_caret_of_somebody_else_at_the_beginning_of_a_line_holds_nobody_there(
    house: House, visit: Visit
) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await ada.type("first")
    await bob.open(document)
    await bob.reads("first")
    await bob.click_at_end()
    await bob.page.keyboard.press("Home")
    await expect(ada.editor.locator("p > .caret:first-child")).to_have_count(1)
    await ada.page.keyboard.press("Home")
    await ada.page.keyboard.press("End")
    await ada.page.keyboard.type(" line")
    await ada.reads("first line")
