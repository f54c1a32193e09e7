"""The link in the share dialog: opened, bounded, given an end and a password, made anew, with guests beside it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from .conftest import StartHouse, Visit
from .house import House
from .scenes.share import sharing
from .test_share import receipt
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def come_as_guest(visitor: Visitor, address: str, *, name: str, does: str) -> None:
    await visitor.page.goto(address)
    await visitor.page.get_by_label("Your name").fill(name)
    await visitor.page.get_by_role("button", name=f"{does} as a guest").click()
    await visitor.synced()


async def test_a_link_is_opened_and_made_anew_while_a_guest_is_here(house: House, visit: Visit) -> None:
    document = house.document(title="Plans")
    ada, guest = await visit(house, "ada"), await visit(house, "a stranger")
    guest.tolerate("status of 4")
    await ada.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=house.url)
    await ada.open(document)
    dialog = await sharing(ada)
    await dialog.get_by_test_id("share-link").select_option("commenter")
    await expect(receipt(ada)).to_contain_text("Anyone with the link can now comment.")

    await come_as_guest(guest, f"/documents/{document}/", name="Quiet Heron", does="Comment")
    await expect(dialog.locator(".share-link")).to_contain_text("Here by the link now: Quiet Heron (guest)")
    await guest.page.get_by_test_id("share-open").click()
    await expect(guest.page.locator("dialog.share")).to_contain_text("You came by a link, as Quiet Heron.")

    await dialog.get_by_test_id("share-link").select_option("editor")
    await expect(guest.root).to_have_attribute("data-role", "editor")
    await expect(receipt(ada)).to_contain_text("In effect on 1 open session")

    await dialog.get_by_role("button", name="Link settings").click()
    await dialog.get_by_role("button", name="Make a new link").click()
    question = ada.page.locator("dialog:not(.share)")
    await expect(question).to_contain_text("Whoever has the old link is out.")
    await question.get_by_role("button", name="Make a new link").click()
    await expect(guest.leaving).to_be_visible()
    await expect(receipt(ada)).to_contain_text("New link made.")

    await dialog.get_by_role("button", name="Copy link").click()
    await expect(receipt(ada)).to_have_text("Link copied.")
    copied = await ada.page.evaluate("navigator.clipboard.readText()")
    assert re.search(rf"/documents/{document}/\?key=", copied)
    guest.answer_dialogs(accept=True)
    await guest.page.goto(copied)
    await guest.synced()
    await expect(guest.root).to_have_attribute("data-role", "editor")


async def test_an_end_is_chosen_set_exactly_and_taken_away(house: House, visit: Visit) -> None:
    document = house.document()
    house.link(document, "viewer")
    ada = await visit(house, "ada")
    await ada.open(document)
    dialog = await sharing(ada)
    await dialog.get_by_role("button", name="Link settings").click()
    ends = dialog.get_by_label("Ends", exact=True)

    await ends.select_option("week")
    await expect(receipt(ada)).to_contain_text("The link ends on")
    assert in_days(end_of(house, document)) == 7
    await expect(dialog.locator(".share-link")).to_contain_text("until")

    await ends.select_option("at")
    await expect(dialog.get_by_label("Day and time at which the link ends")).to_be_focused()
    await dialog.get_by_label("Day and time at which the link ends").fill("2099-05-02T18:00")
    await dialog.get_by_role("button", name="Set", exact=True).click()
    await expect(dialog.locator(".share-link")).to_contain_text("2099")

    await dialog.get_by_test_id("share-link").select_option("editor")  # another role leaves the rest as it is
    await expect(receipt(ada)).to_contain_text("Anyone with the link can now edit.")
    assert (end_of(house, document) or "").startswith("2099")

    await ends.select_option("never")
    await expect(receipt(ada)).to_contain_text("The link has no end.")
    assert end_of(house, document) is None


async def test_a_password_is_set_changed_and_removed(house: House, visit: Visit) -> None:
    document = house.document(title="Plans")
    house.link(document, "viewer")
    ada, guest = await visit(house, "ada"), await visit(house, "a stranger")
    guest.tolerate("status of 4")
    await come_as_guest(guest, f"/documents/{document}/", name="Quiet Heron", does="Read")
    await ada.open(document)
    dialog = await sharing(ada)
    await dialog.get_by_role("button", name="Link settings").click()

    await dialog.get_by_role("button", name="Set a password").click()
    field = dialog.get_by_label("New password, 6 letters or more")
    await expect(field).to_be_focused()
    await field.fill("lighthouse")
    await ada.page.keyboard.press("Enter")
    await expect(receipt(ada)).to_contain_text("Password set.")
    await expect(guest.leaving).to_be_visible()
    await expect(dialog.locator(".share-link")).to_contain_text("with a password")
    await expect(dialog.get_by_role("button", name="Change")).to_be_focused()

    await dialog.get_by_role("button", name="Remove password").click()
    await expect(receipt(ada)).to_contain_text("needs no password now")
    await expect(dialog.get_by_role("button", name="Set a password")).to_be_visible()

    await dialog.get_by_test_id("share-link").select_option("")
    await expect(receipt(ada)).to_contain_text("Only the people above can open it now.")
    await expect(dialog.get_by_role("button", name="Link settings")).to_have_count(0)


async def test_what_the_operator_forbids_cannot_be_chosen_and_is_explained(
    start_house: StartHouse, visit: Visit
) -> None:
    house = start_house(env={"COSCRIBE_LINKS": "viewer"})
    ada = await visit(house, "ada")
    document = house.document()
    house.link(document, "viewer")
    await ada.open(document)
    dialog = await sharing(ada)
    options = dialog.get_by_test_id("share-link").locator("option")
    assert await options.all_text_contents() == ["Restricted", "can view"]
    await expect(dialog.locator(".share-link")).to_contain_text("On this server a link lets people at most: Viewer")


async def test_where_links_are_off_the_dialog_says_so(start_house: StartHouse, visit: Visit) -> None:
    house = start_house(env={"COSCRIBE_LINKS": "none"})
    ada = await visit(house, "ada")
    await ada.open(house.document())
    dialog = await sharing(ada)
    await expect(dialog.locator(".share-link")).to_contain_text("Links are switched off on this server")
    await expect(dialog.get_by_test_id("share-link")).to_have_count(0)


def end_of(house: House, document: str) -> str | None:
    end: str | None = house.api("ada", "GET", f"documents/{document}/link/")["expires_at"]
    return end


def in_days(end: str | None) -> int:
    assert end is not None
    return round((datetime.fromisoformat(end) - datetime.now(UTC)) / timedelta(days=1))
