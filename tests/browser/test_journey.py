"""The whole way through the pages, with nothing prepared: two people from an empty server to one text."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from .conftest import StartHouse, Visit
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_two_people_sign_up_share_and_write_together(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    dora, emil = await visit(house, "dora"), await visit(house, "emil")
    await sign_up(dora, name="Dora Maar", email="dora@example.org")
    await sign_up(emil, name="Emil Nolde", email="emil@example.org")

    await dora.page.get_by_role("button", name="New document").first.click()
    await dora.synced()
    await expect(dora.editor).to_be_focused()  # one can type at once
    await dora.page.keyboard.type("Together.")
    await dora.says("saved", "Saved")
    invitation = await invite_through_the_dialog(dora, "emil@example.org")

    await emil.page.goto(invitation)  # handed on by Dora: this server sends no mail
    await emil.page.get_by_role("button", name="Accept the invitation").click()
    await emil.reads("Together.")

    await dora.click_at_end()  # of the only line, before there is another
    await emil.click_at_end()
    await emil.page.keyboard.press("Enter")
    await dora.reads("Together.\n")
    both = dora.page.keyboard.type(" Dora wrote this."), emil.page.keyboard.type("Emil wrote that.")
    await asyncio.gather(*both)
    for visitor in (dora, emil):
        await visitor.sees(lambda text: "Emil wrote that." in text and " Dora wrote this." in text)
        await visitor.says("saved")
    assert await dora.text() == await emil.text()
    assert house.stored_text(document_of(dora)).split() == (await dora.text()).split()

    await sees_person(dora, "Emil Nolde", "EN")
    await sees_person(emil, "Dora Maar", "DM")


async def test_a_person_signs_in_with_name_or_address_and_comes_back_to_where_they_wanted(
    start_house: StartHouse, visit: Visit
) -> None:
    house = start_house()
    document = house.document(bob="viewer")
    bob = await visit(house, "a stranger")
    await bob.page.goto(f"/documents/{document}/")
    await expect(bob.page).to_have_url(re.compile("/sign-in/"))
    await bob.page.get_by_label("E-mail or user name").fill("bob")
    await bob.page.get_by_label("Password").fill("wrong horse")
    await bob.page.get_by_role("button", name="Sign in").click()
    await expect(bob.page.get_by_role("alert")).to_contain_text("no account with this name and password")

    await bob.page.get_by_label("E-mail or user name").fill("BOB@example.org")
    await bob.page.get_by_label("Password").fill("correct horse")
    await bob.page.get_by_role("button", name="Sign in").click()

    await expect(bob.page).to_have_url(re.compile(document))
    await bob.says("readonly", "Read only")


async def test_sign_up_names_what_is_wrong(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    visitor = await visit(house, "a stranger")
    await visitor.page.goto("/sign-up/")
    await visitor.page.get_by_label("Name").fill("Ada again")
    await visitor.page.get_by_label("E-mail").fill("ada@example.org")
    await visitor.page.get_by_label("Password").fill("12345678")
    await visitor.page.get_by_role("button", name="Create account").click()

    await expect(visitor.page.get_by_text("Somebody has signed up with this address already")).to_be_visible()
    await expect(visitor.page.get_by_text("This password is too common")).to_be_visible()
    await expect(visitor.page.get_by_label("E-mail")).to_have_value("ada@example.org")


async def sign_up(visitor: Visitor, *, name: str, email: str) -> None:
    await visitor.page.goto("/")
    await visitor.page.get_by_role("link", name="Create an account").click()
    await visitor.page.get_by_label("Name").fill(name)
    await visitor.page.get_by_label("E-mail").fill(email)
    await visitor.page.get_by_label("Password").fill("a horse, a battery")
    await visitor.page.get_by_role("button", name="Create account").click()
    await expect(visitor.page.get_by_role("textbox", name="Title")).to_have_value("Welcome to Coscribe")
    await visitor.page.goto("/")


async def invite_through_the_dialog(owner: Visitor, email: str) -> str:
    """Answers the address of the invitation."""
    await owner.page.get_by_test_id("share-open").click()
    dialog = owner.page.get_by_role("dialog")
    await dialog.get_by_test_id("share-person").fill(email)
    await dialog.get_by_role("button", name="Add", exact=True).click()
    await expect(dialog.get_by_test_id("share-receipt")).to_have_text(f"{email} is invited.")
    address = await dialog.get_by_label(f"Invitation link for {email}").input_value()
    await owner.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    return address


async def sees_person(visitor: Visitor, name: str, initials: str) -> None:
    """The face in the header, and the caret with its name."""
    face = visitor.page.get_by_test_id("face")
    await expect(face).to_have_count(1)
    await expect(face).to_have_attribute("data-initials", initials)
    await expect(face).to_have_accessible_name(name)
    await expect(visitor.editor.locator(".caret b")).to_have_text(name)


def document_of(visitor: Visitor) -> str:
    return visitor.page.url.rstrip("/").rpartition("/")[2]
