"""The share dialog, with the other side's page open: who has access, asks, is invited, and what each change did."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, expect

from collab.core.messages import Type

from .conftest import Visit
from .house import House
from .line import Line, of
from .scenes.share import choose, paste, sharing
from .test_keyboard import Fingers
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
IN_EFFECT = re.compile(r"In effect on 1 open session after \d+ ms")


def row(dialog: Locator, name: str) -> Locator:
    return dialog.get_by_role("list", name="Who has access").get_by_role("listitem").filter(has_text=name)


def receipt(visitor: Visitor) -> Locator:
    return visitor.page.get_by_test_id("share-receipt")


async def add(visitor: Visitor, text: str, *, role: str = "editor") -> None:
    await visitor.page.get_by_test_id("share-person").fill(text)
    await visitor.page.get_by_test_id("share-role").select_option(role)
    await visitor.page.get_by_role("button", name="Add", exact=True).click()


async def test_sharing_names_who_is_unknown_and_goes_on(house: House, visit: Visit) -> None:
    document = house.document(title="Plans")
    ada = await visit(house, "ada")
    ada.tolerate("status of 400")
    await ada.open(document)
    dialog = await sharing(ada)
    await expect(dialog.get_by_role("heading")).to_have_text("Share “Plans”")
    person = dialog.get_by_test_id("share-person")
    await expect(person).to_be_focused()

    await person.fill("nobody-at-all")
    await ada.page.keyboard.press("Enter")
    await expect(dialog.locator("#share-names-problem")).to_have_text('Nobody here is called "nobody-at-all".')
    await expect(person).to_have_attribute("aria-invalid", "true")
    await expect(person).to_be_focused()

    roles = dialog.get_by_test_id("share-role").locator("option")
    assert await roles.all_text_contents() == ["Viewer", "Commenter", "Editor"]  # an owner is made in two steps
    await add(ada, "bob", role="commenter")
    await expect(receipt(ada)).to_contain_text("Bob has access now, as commenter.")
    await expect(dialog.locator("#share-names-problem")).to_be_empty()
    await expect(row(dialog, "Bob")).to_contain_text("Commenter")
    await expect(person).to_have_value("")


async def test_a_role_changes_in_place_on_the_other_side_and_the_receipt_says_how_soon(
    house: House, visit: Visit
) -> None:
    document = house.document(bob="viewer")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    bob.tolerate("status of 40[34]")  # whether he may ask for it again; and for an offer
    await bob.open(document)
    await ada.open(document)
    dialog = await sharing(ada)
    await expect(row(dialog, "Bob")).to_contain_text("here now")

    await choose(dialog, "Bob", "Editor")

    await expect(bob.banner).to_contain_text("You can now edit.")
    await expect(receipt(ada)).to_contain_text("Bob can now edit.")
    await expect(receipt(ada)).to_contain_text(IN_EFFECT)
    await expect(dialog.get_by_role("button", name="Role of Bob: Editor")).to_be_focused()

    await choose(dialog, "Bob", "Remove")

    await expect(bob.leaving).to_be_visible()
    await expect(receipt(ada)).to_contain_text("Bob removed.")
    await expect(receipt(ada)).to_contain_text(IN_EFFECT)
    await expect(row(dialog, "Bob")).to_have_count(0)
    assert await dialog.evaluate("(dialog) => dialog.contains(document.activeElement)")


async def test_the_receipt_grows_with_the_edits_that_were_refused(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    line = await Line.tap(bob.page)
    await bob.open(document)
    await bob.type("accepted")
    await bob.says("saved")
    await ada.open(document)
    dialog = await sharing(ada)
    line.held_down = of(Type.ACCESS)  # his page is not told in time, and goes on writing

    await choose(dialog, "Bob", "Viewer")
    await expect(receipt(ada)).to_contain_text(IN_EFFECT)
    await bob.page.keyboard.insert_text(" unaccepted")

    await expect(bob.refused).to_have_text("unaccepted")
    await expect(receipt(ada)).to_contain_text("1 edit refused.")


async def test_two_owners_see_each_others_changes_in_the_open_dialog(house: House, visit: Visit) -> None:
    document = house.document(title="Plans", carol="owner", bob="viewer")
    ada, carol = await visit(house, "ada"), await visit(house, "carol")
    await ada.open(document)
    await carol.open(document)
    mine, theirs = await sharing(ada), await sharing(carol)
    await carol.page.get_by_test_id("share-person").fill("half a na")
    await row(mine, "Bob").get_by_role("button").focus()

    await choose(theirs, "Bob", "Commenter")
    await expect(row(mine, "Bob")).to_contain_text("Commenter")
    await expect(mine.get_by_role("button", name="Role of Bob: Commenter")).to_be_focused()

    await mine.get_by_test_id("share-link").select_option("viewer")
    await expect(theirs.get_by_test_id("share-link")).to_have_value("viewer")
    await expect(theirs.get_by_test_id("share-person")).to_have_value("half a na")

    carol.tolerate("status of 403")  # she may just be asking what an owner sees
    await choose(mine, "Carol", "Editor")
    await expect(theirs).to_contain_text("Only owners can change who has access.")
    await expect(theirs.get_by_test_id("share-person")).to_have_count(0)
    await expect(row(mine, "Ada")).to_contain_text("the only owner")


async def test_an_open_menu_stays_while_others_come_and_change_things(house: House, visit: Visit) -> None:
    document = house.document(bob="viewer", carol="owner")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    dialog = await sharing(ada)
    await row(dialog, "Bob").get_by_role("button", name="Role of Bob").click()
    menu = dialog.get_by_role("menu", name="Role of Bob")
    await expect(menu.get_by_role("menuitemradio", name="Viewer")).to_be_visible()

    async with ada.page.expect_response(lambda answer: "/shares" in answer.url):
        house.share(document, "bob", "commenter", by="carol")
    await bob.open(document)

    await expect(ada.page.get_by_test_id("face")).to_have_count(1)  # his page is known here
    await expect(menu).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await expect(row(dialog, "Bob").get_by_role("button", name="Role of Bob: Commenter")).to_be_focused()
    await expect(row(dialog, "Bob")).to_contain_text("here now")


async def test_a_pasted_list_names_what_is_wrong_and_then_adds_all(house: House, visit: Visit) -> None:
    document = house.document()
    ada = await visit(house, "ada")
    ada.tolerate("status of 400")
    await ada.open(document)
    dialog = await sharing(ada)

    await paste(ada.page, "bob\nnobody-at-all; @nowhere, carol")
    chips = dialog.get_by_role("list", name="People to add").get_by_role("listitem")
    await expect(chips).to_have_count(4)
    await dialog.get_by_test_id("share-person").press("Enter")
    problem = dialog.locator("#share-names-problem")
    await expect(problem).to_contain_text("Nobody was added yet.")
    await expect(problem).to_contain_text('Nobody here is called "nobody-at-all".')
    await expect(dialog.locator(".refused-name")).to_have_text(["nobody-at-all", "@nowhere"])
    await expect(row(dialog, "Bob")).to_have_count(0)

    await dialog.get_by_role("button", name="Do not add nobody-at-all").click()
    await dialog.get_by_role("button", name="Do not add @nowhere").click()
    await dialog.get_by_test_id("share-person").press("Enter")
    await expect(row(dialog, "Bob")).to_contain_text("Editor")
    await expect(row(dialog, "Carol")).to_contain_text("Editor")
    await expect(chips).to_have_count(0)


async def test_a_thousand_pasted_addresses_are_refused_as_a_whole(house: House, visit: Visit) -> None:
    ada = await visit(house, "ada")
    ada.tolerate("status of 400")
    await ada.open(house.document())
    dialog = await sharing(ada)

    await paste(ada.page, "\n".join(f"p{n}@example.org" for n in range(1000)))
    await dialog.get_by_test_id("share-person").press("Enter")

    await expect(dialog.locator("#share-names-problem")).to_contain_text("100")
    await expect(dialog.get_by_role("list", name="Invitations that wait")).to_be_hidden()


async def test_an_invitation_is_handed_on_seen_pending_and_taken_back(house: House, visit: Visit) -> None:
    document = house.document()
    ada, nobody = await visit(house, "ada"), await visit(house, "a stranger")
    nobody.tolerate("status of 4")
    await ada.open(document)
    dialog = await sharing(ada)

    await add(ada, "ingrid@example.net", role="viewer")
    await expect(receipt(ada)).to_have_text("ingrid@example.net is invited.")
    address = await dialog.get_by_label("Invitation link for ingrid@example.net").input_value()
    pending = dialog.get_by_role("list", name="Invitations that wait").get_by_role("listitem")
    await expect(pending).to_contain_text("ingrid@example.net")
    await expect(pending).to_contain_text("Viewer")
    await nobody.page.goto(address)
    await expect(nobody.page.get_by_role("heading", level=1)).to_be_visible()

    await dialog.get_by_role("button", name="Take back the invitation for ingrid@example.net").click()
    await expect(receipt(ada)).to_contain_text("Invitation taken back")
    await expect(pending).to_have_count(0)

    await dialog.get_by_role("button", name="Make an invitation link for one person").click()
    await expect(dialog.get_by_label("Invitation link for one person")).to_have_value(re.compile("/invitations/"))
    await expect(pending).to_contain_text("Whoever comes first with the link")


async def test_who_asks_is_told_of_at_once_and_let_in_with_a_click(house: House, visit: Visit) -> None:
    document = house.document(title="Plans")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    bob.tolerate("status of 40")
    await ada.open(document)
    dialog = await sharing(ada)
    await dialog.get_by_label("People with the address may ask for access").check()
    await expect(receipt(ada)).to_contain_text("may ask now")
    await ada.page.keyboard.press("Escape")

    house.api("bob", "POST", f"documents/{document}/requests/", {"role": "viewer", "words": "For the minutes"})

    button = ada.page.get_by_test_id("share-open")
    await expect(button).to_have_accessible_name("Share: 1 person asks for access")
    await button.click()
    asking = dialog.get_by_role("list", name="Asking for access")
    await expect(asking).to_contain_text("Bob asks to view")
    await expect(asking).to_contain_text("For the minutes")
    await asking.get_by_role("button", name="Let comment").click()
    await expect(receipt(ada)).to_contain_text("Bob can now comment.")
    await expect(asking).to_be_hidden()
    await expect(row(dialog, "Bob")).to_contain_text("Commenter")
    await expect(button).not_to_have_attribute("data-asking", "1")
    await bob.open(document)
    await expect(bob.root).to_have_attribute("data-role", "commenter")


async def test_who_asks_while_the_dialog_is_open_appears_in_it_and_may_be_declined(house: House, visit: Visit) -> None:
    document = house.document()
    house.api("ada", "PUT", f"documents/{document}/request-setting/", {"admits": True})
    ada = await visit(house, "ada")
    await ada.open(document)
    dialog = await sharing(ada)

    house.api("carol", "POST", f"documents/{document}/requests/", {"role": "editor"})

    asking = dialog.get_by_role("list", name="Asking for access")
    await expect(asking).to_contain_text("Carol asks to edit")
    await asking.get_by_role("button", name="Decline").click()
    await expect(receipt(ada)).to_contain_text("Carol is told")
    await expect(asking).to_be_hidden()
    await expect(row(dialog, "Carol")).to_have_count(0)


async def test_ownership_is_offered_and_accepted_on_the_other_page(house: House, visit: Visit) -> None:
    document = house.document(title="Plans", bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    ada.tolerate("status of 403")  # her dialog may be reading what owners see while she ceases to be one
    await ada.open(document)
    await bob.open(document)
    dialog = await sharing(ada)
    await choose(dialog, "Bob", "Offer ownership")
    await ada.page.get_by_role("button", name="Offer", exact=True).click()
    await expect(row(dialog, "Bob")).to_contain_text("ownership offered")
    banner = bob.page.get_by_test_id("offer")
    await expect(banner).to_contain_text("Ada offers you the ownership")

    await choose(dialog, "Bob", "Take the offer back")
    await expect(row(dialog, "Bob")).not_to_contain_text("ownership offered")
    await choose(dialog, "Bob", "Offer ownership")
    await ada.page.get_by_role("button", name="Offer", exact=True).click()
    await expect(row(dialog, "Bob")).to_contain_text("ownership offered")
    await expect(banner).to_be_visible()
    await banner.get_by_role("button", name="Accept").click()

    await expect(bob.root).to_have_attribute("data-role", "owner")
    await expect(banner).to_have_count(0)
    await expect(ada.root).to_have_attribute("data-role", "editor")
    await expect(dialog).to_contain_text("Only owners can change who has access.")
    await expect(row(dialog, "Bob")).to_contain_text("Owner")


async def test_an_offer_is_declined_in_the_dialog(house: House, visit: Visit) -> None:
    document = house.document(bob="viewer")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await bob.open(document)
    mine, theirs = await sharing(ada), await sharing(bob)
    house.api("ada", "PUT", f"documents/{document}/offer/", {"person": house.people["bob"]["id"]})
    await expect(row(mine, "Bob")).to_contain_text("ownership offered")

    await theirs.locator(".share-offer").get_by_role("button", name="Decline").click()

    await expect(receipt(bob)).to_have_text("Offer declined.")
    await expect(row(mine, "Bob")).not_to_contain_text("ownership offered")
    await expect(bob.page.get_by_test_id("offer")).to_have_count(0)


async def test_who_leaves_is_asked_first_and_told_that_they_left(house: House, visit: Visit) -> None:
    document = house.document(title="Plans", bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    bob.tolerate("status of 40[34]")  # his dialog may be reading while he ceases to be in it
    await ada.open(document)
    await bob.open(document)
    dialog = await sharing(ada)
    await sharing(bob)

    await bob.page.get_by_role("button", name="Leave").click()
    await bob.page.get_by_role("button", name="Cancel").click()
    await expect(bob.page.get_by_role("button", name="Leave")).to_be_focused()
    await bob.page.get_by_role("button", name="Leave").click()
    await bob.page.locator("dialog:not(.share)").get_by_role("button", name="Leave").click()

    await expect(bob.leaving).to_contain_text("You left this document")
    await expect(row(dialog, "Bob")).to_have_count(0)
    # The last owner has nowhere to go to.
    await expect(row(dialog, "Ada")).to_contain_text("the only owner")
    await expect(row(dialog, "Ada").get_by_role("button")).to_have_count(0)


async def test_who_may_not_share_sees_who_has_access_and_changes_nothing(house: House, visit: Visit) -> None:
    document = house.document(bob="editor", carol="viewer")
    bob = await visit(house, "bob")
    await bob.open(document)
    dialog = await sharing(bob)

    await expect(dialog).to_contain_text("Only owners can change who has access.")
    await expect(dialog.get_by_role("listitem")).to_have_count(3)
    await expect(row(dialog, "Carol")).to_contain_text("Viewer")
    await expect(dialog.get_by_role("combobox")).to_have_count(0)
    await expect(dialog.get_by_role("textbox")).to_have_count(0)
    await expect(dialog.get_by_text("@example.org")).to_have_count(0)


async def test_the_focus_returns_to_the_button_when_the_dialog_closes(house: House, visit: Visit) -> None:
    ada = await visit(house, "ada")
    await ada.open(house.document())
    button, dialog = ada.page.get_by_test_id("share-open"), ada.page.get_by_role("dialog")
    await button.focus()
    await ada.page.keyboard.press("Enter")
    await expect(dialog.get_by_test_id("share-person")).to_be_focused()
    await ada.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(button).to_be_focused()

    await button.click()
    await dialog.get_by_role("button", name="Close").click()
    await expect(button).to_be_focused()


async def test_everything_in_the_dialog_is_done_with_keys(house: House, visit: Visit) -> None:
    known = house.document(carol="viewer", bob="viewer")  # so that ada knows both
    document = house.document(title="Plans")
    assert known != document
    ada = await visit(house, "ada")
    await ada.open(document)
    page, keys = ada.page, Fingers(ada.page)
    await ada.page.get_by_test_id("share-open").focus()
    await page.keyboard.press("Enter")
    person = page.get_by_test_id("share-person")
    await expect(person).to_be_focused()

    await keys.type("car")
    await expect(page.get_by_role("option", name="Carol")).to_be_visible()
    await keys.press("Escape")  # closes the list, and not the dialog
    await expect(page.get_by_role("option", name="Carol")).to_be_hidden()
    await keys.type("o")
    await expect(page.get_by_role("option", name="Carol")).to_be_visible()
    await keys.press("ArrowDown", "Enter")
    await expect(page.get_by_role("button", name="Do not add Carol")).to_be_visible()
    await keys.press("Backspace")
    await expect(page.get_by_role("button", name="Do not add Carol")).to_have_count(0)
    await keys.type("bob")
    await keys.press("Enter")
    await expect(receipt(ada)).to_contain_text("Bob has access now")
    await expect(person).to_be_focused()

    await keys.tab_to("[aria-label^='Role of Bob']")
    await keys.press("Enter")
    await expect(page.get_by_role("menuitemradio", name="Viewer")).to_be_focused()
    await keys.press("End", "ArrowUp")
    await expect(page.get_by_role("menuitem", name="Offer ownership")).to_be_focused()
    await keys.press("Escape", "ArrowDown")
    await expect(page.get_by_role("menuitemradio", name="Viewer")).to_be_focused()
    await keys.press("Enter")
    await expect(receipt(ada)).to_contain_text("Bob can now view.")
    await expect(page.get_by_role("button", name="Role of Bob: Viewer")).to_be_focused()
    await keys.press("ArrowUp")
    await expect(page.get_by_role("menuitem", name="Remove")).to_be_focused()
    await keys.press("Enter")
    await expect(receipt(ada)).to_contain_text("Bob removed.")
    await keys.sees_the_focus(after="removing Bob")
    await keys.press("Escape")
    await expect(page.get_by_test_id("share-open")).to_be_focused()


async def test_sharing_on_a_phone(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada", **PHONE), await visit(house, "bob")
    await bob.open(document)
    await ada.open(document)
    await ada.page.get_by_test_id("share-open").tap()
    dialog = ada.page.locator("dialog.share")
    await dialog.get_by_role("button", name="Role of Bob").tap()
    await dialog.get_by_role("menuitemradio", name="Viewer").tap()

    await expect(bob.banner).to_contain_text("You can now only read.")
    await expect(receipt(ada)).to_contain_text("Bob can now view.")
    await expect(receipt(ada)).to_be_in_viewport(ratio=1)
    await dialog.get_by_test_id("share-person").tap()
    await ada.page.keyboard.type("carol")
    await dialog.get_by_role("button", name="Add", exact=True).tap()
    await expect(row(dialog, "Carol")).to_contain_text("Editor")
    assert await ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_two_owners_who_do_the_same_at_once_get_one_of_it(house: House, visit: Visit) -> None:
    document = house.document(carol="owner", bob="viewer")
    ada, carol = await visit(house, "ada"), await visit(house, "carol")
    for visitor in (ada, carol):
        visitor.tolerate("status of 40")
        await visitor.open(document)
        await sharing(visitor)
        await visitor.page.get_by_role("button", name="Role of Bob").click()

    await asyncio.gather(*(remove(visitor.page) for visitor in (ada, carol)))

    for visitor in (ada, carol):
        await expect(row(visitor.page.locator("dialog.share"), "Bob")).to_have_count(0)
    assert len(house.api("ada", "GET", f"documents/{document}/shares/")["shares"]) == 2


async def remove(page: Page) -> None:
    await page.get_by_role("menuitem", name="Remove").click()


async def test_owners_see_what_was_changed_and_by_whom(house: House, visit: Visit) -> None:
    document = house.document(title="Plans", bob="viewer")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    dialog = await sharing(ada)
    log = dialog.get_by_test_id("share-log")
    await log.get_by_text("What was changed, by whom").click()
    await add(ada, "carol", role="commenter")
    await expect(log.get_by_role("listitem").first).to_contain_text("Ada gave access: Carol, Commenter")
    await row(dialog, "Carol").get_by_role("button", name="Commenter").click()
    await ada.page.get_by_role("menuitemradio", name="Editor").click()
    newest = log.get_by_role("listitem").first
    await expect(newest).to_contain_text("Ada changed a role: Carol, Commenter → Editor")
    await expect(newest).to_contain_text("just now · 127.0.0.1")

    await bob.open(document)
    await expect((await sharing(bob)).get_by_test_id("share-log")).to_have_count(0)
