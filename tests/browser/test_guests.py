"""Guests: in by a link, named as they like, marked everywhere, out again when the link is another."""

import pytest
from playwright.async_api import expect

from .conftest import Visit
from .house import House
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def welcome(visit: Visit, house: House, document: str, name: str, *, act: str = "Write as a guest") -> Visitor:
    guest = await visit(house, "")
    await guest.page.goto(f"/documents/{document}/")
    await guest.page.get_by_label("Your name").fill(name)
    await guest.page.get_by_role("button", name=act).click()
    await guest.synced()
    return guest


async def test_a_guest_comes_in_by_the_link_writes_and_is_renamed_for_all(house: House, visit: Visit) -> None:
    document = house.document(title="Potluck")
    house.link(document, "editor")
    ada = await visit(house, "ada")
    await ada.open(document)
    guest = await welcome(visit, house, document, "Quiet Heron")
    await guest.type("soup")
    await guest.says("saved")
    await ada.reads("soup")
    await expect(ada.page.get_by_role("button", name="Quiet Heron (guest)")).to_be_visible()

    await guest.page.get_by_test_id("menu-open").click()
    await guest.page.get_by_role("menuitem", name="Change your name").click()
    form = guest.page.get_by_test_id("guest-form")
    await form.get_by_label("Your name").fill("  ")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert")).to_have_text("Say how you want to be called.")
    await form.get_by_label("Your name").fill("Nell")
    await form.get_by_role("button", name="Save").click()

    await expect(guest.page.get_by_test_id("guest-form")).to_have_count(0)
    await expect(ada.page.get_by_role("button", name="Nell (guest)")).to_be_visible()
    await guest.type(" and bread")
    await expect(ada.page.locator(".caret")).to_contain_text("Nell (guest)")
    await ada.reads("soup and bread")


async def test_a_guest_has_no_bell_no_account_and_no_list_but_is_told_of_signing_up(house: House, visit: Visit) -> None:
    document = house.document(title="Potluck")
    house.link(document, "viewer")
    guest = await welcome(visit, house, document, "Quiet Heron", act="Read as a guest")
    await expect(guest.editor).to_have_attribute("contenteditable", "false")
    await expect(guest.page.get_by_test_id("inbox-open")).to_have_count(0)
    await guest.page.get_by_test_id("menu-open").click()
    items = await guest.page.get_by_role("menuitem").all_text_contents()
    assert "Create an account" in items
    assert "Account" not in items
    await guest.page.get_by_role("menuitem", name="Change your name").click()
    await expect(guest.page.get_by_role("dialog")).to_contain_text("With an account you have a list of your documents")

    for path in ("/account/", "/groups/", "/"):
        await guest.page.goto(path)
        await expect(guest.page.get_by_role("heading", name="You are here as a guest")).to_be_visible()


async def test_a_rotated_link_sends_the_guest_away_with_the_text_in_hand(house: House, visit: Visit) -> None:
    document = house.document(title="Potluck")
    house.link(document, "editor")
    guest = await welcome(visit, house, document, "Quiet Heron")
    await guest.type("soup")
    await guest.says("saved")

    house.api("ada", "POST", f"documents/{document}/link/rotation/")

    await expect(guest.leaving).to_contain_text("You no longer have access")
    await expect(guest.editor).to_have_count(0)
    await expect(guest.page.get_by_role("link", name="Create an account")).to_be_visible()
    await expect(guest.page.get_by_role("link", name="Ask for access")).to_have_count(0)
    address = house.api("ada", "GET", f"documents/{document}/link/")["address"]
    await guest.page.goto(address)
    await guest.synced()  # the new link lets the same guest in again
    await guest.reads("soup")


async def test_a_link_that_gives_less_locks_a_guest_in_place(house: House, visit: Visit) -> None:
    document = house.document(title="Potluck")
    house.link(document, "editor")
    guest = await welcome(visit, house, document, "Quiet Heron")
    await guest.type("soup")
    await guest.says("saved")

    house.link(document, "viewer")

    await guest.says("readonly", "Read only")
    await expect(guest.banner).to_contain_text("You can now only read.")
    house.link(document, "editor")
    await expect(guest.banner).to_contain_text("You can now edit.")
