"""The whole product without a mouse: the focus is always somewhere, it can be seen, and nothing keeps it."""

import re

import pytest
from playwright.async_api import Page, expect

from .conftest import StartHouse, Visit
from .house import House
from .visitor import Visitor, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# What is wrong with the place of the focus, "" when nothing is. A caret shows where one is in a text or a field.
UNSEEN = """
() => {
  const here = document.activeElement
  if (here === null || here === document.body) return 'the focus is nowhere'
  const name = here.outerHTML.slice(0, 120)
  if (!here.checkVisibility({ visibilityProperty: true })) return `not to be seen: ${name}`
  if (here.isContentEditable || here.matches('input:not([type=radio], [type=checkbox]), textarea')) return ''
  const rung = (element) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1.5
  }
  const around = [here, here.parentElement, here.closest('.line'), here.closest('label')].filter(Boolean)
  return around.some(rung) ? '' : `without a ring: ${name}`
}
"""


class Fingers:
    """Somebody who has only keys. After each the focus must be somewhere, and be seen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)
            await self.sees_the_focus(after=key)

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def sees_the_focus(self, *, after: str) -> None:
        found = ""

        async def is_seen() -> bool:
            nonlocal found
            found = await self.page.evaluate(UNSEEN)
            return not found

        await until(is_seen, failure=lambda: f"after {after}: {found}")

    async def tab_to(self, selector: str, *, key: str = "Tab", at_most: int = 40) -> None:
        """Go on until the focus is on this. Fails when it never gets there."""
        for _ in range(at_most):
            if await self.page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
                return
            await self.press(key)
        raise AssertionError(f"{key} does not lead to {selector}")


async def in_the_text(visitor: Visitor) -> None:
    await expect(visitor.editor).to_be_focused()


async def test_the_whole_product_is_used_without_a_mouse(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    ada = await visit(house, "")
    page, keys = ada.page, Fingers(ada.page)
    bob = await visit(house, "bob")

    await page.goto("/sign-in/")
    await keys.tab_to("[name=username]")
    await keys.type("ada")
    await keys.tab_to("[name=password]")
    await keys.type("correct horse")
    await page.keyboard.press("Enter")
    await page.wait_for_url(house.url + "/")
    await expect(page.locator("#person-open")).to_have_attribute("aria-haspopup", "menu")  # the script runs

    await keys.press("Tab", "Tab", "Tab", "Tab")
    await page.keyboard.press("n")
    await page.wait_for_url(re.compile("/documents/"))
    await ada.synced()
    document = page.url.rstrip("/").rpartition("/")[2]
    await in_the_text(ada)

    await keys.tab_to("#title", key="Shift+Tab")
    await keys.type("Without a mouse")
    await keys.press("Enter")
    await in_the_text(ada)
    await expect(page).to_have_title(re.compile("Without a mouse"))

    await text_and_tools(ada, keys)
    await blocks(ada, keys)
    house.share(document, "bob", "editor")
    await bob.open(document)
    await find_and_people(ada, bob, keys)
    await menus_and_dialogs(ada, keys)
    await home_and_account(ada, keys, document)


async def text_and_tools(ada: Visitor, keys: Fingers) -> None:
    page = ada.page
    await keys.type("A first line")
    await keys.press("Alt+F10", "ArrowRight", "ArrowRight", "End", "Home", "ArrowDown")
    await expect(page.locator(".tools [role^=menuitem]:focus")).to_have_count(1)
    await keys.press("ArrowDown", "Escape")
    await expect(page.locator(".tool.style")).to_be_focused()
    await keys.press("Escape")
    await in_the_text(ada)

    await keys.press("Shift+Home")
    await expect(page.locator(".bubble")).to_be_visible()
    await keys.press("Alt+F10", "ArrowRight", "Enter")
    await in_the_text(ada)
    await expect(ada.editor.locator("strong")).to_have_text("A first line")
    await keys.press("Control+k")
    await expect(page.get_by_label("Address of the link")).to_be_focused()
    await keys.type("example.org")
    await keys.press("Enter")
    await in_the_text(ada)
    await expect(ada.editor.locator("a")).to_have_text("A first line")


async def blocks(ada: Visitor, keys: Fingers) -> None:
    page = ada.page
    await keys.press("End", "Enter")
    await keys.type("/table")
    await expect(page.locator(".suggest [role=option]").first).to_be_visible()
    await keys.press("Enter")
    await expect(ada.editor.locator("table")).to_be_visible()
    await expect(page.locator(".table-bar")).to_be_visible()
    await keys.press("Tab")
    await in_the_text(ada)  # the next cell
    await keys.press("Alt+F10", "ArrowRight", "Escape")
    await in_the_text(ada)
    await page.keyboard.press("Escape")
    await keys.press("Tab")  # out of the table, and of the text
    await expect(ada.editor).not_to_be_focused()
    await keys.tab_to("[data-testid=editor]", key="Shift+Tab")

    await keys.press("Control+End", "Control+Shift+m")
    await expect(page.locator(".handle .menu [role^=menuitem]:focus")).to_have_count(1)
    await keys.press("ArrowDown", "Escape")
    await in_the_text(ada)


async def find_and_people(ada: Visitor, bob: Visitor, keys: Fingers) -> None:
    page = ada.page
    await keys.press("Control+f")
    await expect(page.get_by_test_id("find-text")).to_be_focused()
    await keys.type("first")
    await expect(page.get_by_test_id("find-count")).to_have_text("1 of 1")
    await keys.press("Tab", "Tab", "Tab", "Tab", "Escape")
    await in_the_text(ada)

    await bob.editor.focus()
    await keys.tab_to("[data-testid=face]", key="Shift+Tab")
    await expect(page.get_by_role("tooltip").first).to_be_visible()
    await keys.press("Enter", "Escape")


async def menus_and_dialogs(ada: Visitor, keys: Fingers) -> None:
    page = ada.page
    await keys.tab_to("#menu-open")
    await keys.press("Enter", "ArrowDown", "End", "Home", "Escape")
    await expect(page.locator("#menu-open")).to_be_focused()

    await keys.tab_to("#share-open", key="Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("share-person")).to_be_focused()
    await keys.type("carol")
    await keys.press("Enter")
    await expect(page.get_by_test_id("share-receipt")).not_to_be_empty()
    await keys.press("Tab", "Tab", "Tab", "Tab")
    await page.keyboard.press("Escape")
    await expect(page.locator("#share-open")).to_be_focused()

    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts and help")).to_be_visible()
    await keys.press("Tab")
    await page.keyboard.press("Escape")
    await expect(page.locator("#share-open")).to_be_focused()


async def home_and_account(ada: Visitor, keys: Fingers, document: str) -> None:
    page = ada.page
    name = page.locator(f"#line-{document} .name")
    await keys.tab_to("a.back", key="Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(name).to_be_visible()
    await keys.press("j", "F2", "Escape")
    await expect(name).to_be_focused()
    await page.keyboard.press("#")
    await expect(name).to_have_count(0)
    await expect(page.locator("#toast")).to_be_visible()
    await page.keyboard.press("Control+z")
    await expect(name).to_be_focused()
    await keys.press("Tab", "Enter", "ArrowDown", "Escape")
    await expect(page.locator(f"#line-{document} .more")).to_be_focused()

    await keys.tab_to("#person-open", key="Shift+Tab")
    await keys.press("Enter")
    await expect(page.locator("#person [role=menuitem]:focus")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Account")
    for _ in range(24):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement === document.body"):
            break  # round, by way of the browser's own bars
        await keys.sees_the_focus(after="Tab")


async def test_escape_and_tab_lead_out_of_a_list_a_table_and_code(house: House, visit: Visit) -> None:
    for typed, element in (("- one", "ul"), ("``` ", "pre"), ("/table\n", "table")):
        document = house.document()
        ada = await (await visit(house, "ada")).open(document)
        await ada.click_at_end()
        await ada.page.keyboard.type(typed.rstrip("\n"))
        if typed.endswith("\n"):
            await expect(ada.page.locator(".suggest [role=option]").first).to_be_visible()
            await ada.page.keyboard.press("Enter")
        await expect(ada.editor.locator(element)).to_be_visible()
        await ada.says("saved")
        before = house.stored_text(document)
        await ada.page.keyboard.press("Escape")
        await ada.page.keyboard.press("Tab")
        await expect(ada.editor).not_to_be_focused()
        await ada.says("saved")
        assert house.stored_text(document) == before


async def test_enter_in_the_title_leads_into_the_text(house: House, visit: Visit) -> None:
    ada = await (await visit(house, "ada")).open(house.document(title="Before"))
    for key, title in (("Enter", "After"), ("Escape", "After")):
        await ada.page.get_by_test_id("title").fill(title)
        await ada.page.keyboard.press(key)
        await expect(ada.editor).to_be_focused()
    await expect(ada.page).to_have_title(re.compile("After"))
