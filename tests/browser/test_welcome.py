"""Somebody new: from the form to the first words, in the document that was made for them."""

import re

import pytest
from playwright.async_api import expect

from documents.schema import check

from .conftest import StartHouse, Visit
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_new_person_lands_in_a_document_with_the_cursor_in_it(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    dora = await visit(house, "dora")
    await signed_up(dora)
    await dora.synced()
    await expect(dora.page.get_by_role("textbox", name="Title")).to_have_value("Welcome to Coscribe")
    await expect(dora.editor).to_be_focused()
    await expect(dora.editor.locator(".mention")).to_have_text("@Dora Maar")
    await expect(dora.editor.locator("table")).to_be_visible()

    await dora.page.keyboard.type(" Here I am.")
    await dora.says("saved", "Saved")
    document = dora.page.url.rstrip("/").rpartition("/")[2]
    assert "#" not in dora.page.url
    stored = house.stored_tree(document)
    check(stored)
    assert "at the end of this line. Here I am." in house.stored_text(document).split("\n")[0]

    await dora.page.goto("/welcome/")  # once is enough
    await expect(dora.page).to_have_url(f"{house.url}/")
    await expect(dora.page.get_by_role("link", name="Welcome to Coscribe")).to_have_count(1)


async def signed_up(visitor: Visitor) -> None:
    await visitor.page.goto("/sign-up/")
    await visitor.page.get_by_label("Name").fill("Dora Maar")
    await visitor.page.get_by_label("E-mail").fill("dora@example.org")
    await visitor.page.get_by_label("Password").fill("correct horse battery")
    await visitor.page.get_by_role("button", name="Create account").click()
    await expect(visitor.page).to_have_url(re.compile("/documents/"))
