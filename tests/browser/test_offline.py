"""Writing without a network: the word, the reload, and the way back."""

import re

import pytest
from playwright.async_api import expect

from collab.core.messages import Type

from .conftest import StartHouse, Visit
from .house import House
from .line import Line, of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

KEPT = re.compile(r"^Offline, [1-9]\d* edits? kept on this device$")


async def test_text_typed_offline_survives_a_reload_and_merges_on_return(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada", outages=True), await visit(house, "bob")
    await ada.open(document)
    await ada.type("one")
    await ada.says("saved", "Saved")
    await bob.open(document)
    await ada.kept_offline()

    await ada.context.set_offline(True)
    await ada.type(" two")  # at once: the socket is not known to be dead yet
    await ada.says("offline", KEPT)
    await expect(ada.root).to_have_attribute("data-synced", "false")
    await ada.page.reload()
    await ada.reads("one two")
    await ada.says("offline", KEPT)
    await ada.type(" three")
    await bob.click_at_end()
    await bob.page.keyboard.press("Enter")
    await bob.page.keyboard.type("meanwhile")
    await bob.says("saved")
    await ada.page.reload()
    await ada.reads("one two three")
    await ada.says("offline", KEPT)

    await ada.find_network()
    for visitor in (ada, bob):
        await visitor.reads("one two three\nmeanwhile")
        await visitor.says("saved", "Saved")
    assert house.stored_text(document) == "one two three\nmeanwhile"
    assert (await ada.device())["storage"] == ["coscribe:person"]  # no note of unsaved edits is left


async def test_deletions_alone_made_offline_are_not_forgotten(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada", outages=True), await visit(house, "bob")
    await ada.open(document)
    await ada.type("keep this, not that")
    await ada.says("saved")
    await bob.open(document)
    await ada.kept_offline()

    await ada.lose_network()
    for _ in ", not that":
        await ada.page.keyboard.press("Backspace")
    await ada.says("offline", KEPT)
    await ada.page.reload()
    await ada.reads("keep this")
    await ada.says("offline", KEPT)

    await ada.find_network()
    await bob.reads("keep this")
    await ada.reads("keep this")
    await ada.says("saved")
    assert house.stored_text(document) == "keep this"


async def test_offline_edits_survive_a_closed_page_and_the_list_tells_of_them(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada", outages=True), await visit(house, "bob")
    await ada.open(document)
    await ada.kept_offline()
    await ada.page.goto("/")
    await ada.kept_offline()
    await ada.open(document)
    await ada.lose_network()
    await ada.type("not lost")
    await ada.says("offline", KEPT)
    await ada.page.close()

    ada.page = await ada.context.new_page()
    await ada.page.goto("/")
    await expect(ada.page.locator(f"[data-document='{document}']")).to_contain_text("kept on this device")
    await ada.find_network()
    await ada.open(document)

    await ada.reads("not lost")
    await ada.says("saved")
    await bob.open(document)
    await bob.reads("not lost")


async def test_what_was_never_opened_opens_without_a_network(house: House, visit: Visit) -> None:
    document = house.document()
    ada = await visit(house, "ada", outages=True)
    await ada.open(document)
    await ada.type("a needle in the hay")
    await ada.says("saved")
    await ada.kept_offline()
    await ada.lose_network()
    await ada.page.reload()
    await ada.reads("a needle in the hay")

    await ada.click_at_end()
    await ada.page.keyboard.press("Control+f")
    await ada.page.keyboard.type("needle")

    await expect(ada.page.locator(".match.current")).to_have_text("needle")
    await ada.page.keyboard.press("Escape")
    await ada.page.get_by_role("button", name="Shortcuts").click()
    await expect(ada.page.get_by_role("dialog").filter(has_text="Bold")).to_be_visible()


async def test_a_document_that_is_not_on_this_device_says_so(house: House, visit: Visit) -> None:
    first, second = house.document(), house.document()
    ada = await visit(house, "ada", outages=True)
    await ada.open(first)
    await ada.kept_offline()
    await ada.page.goto(f"/documents/{second}/")
    await ada.synced()
    await ada.kept_offline()
    await ada.page.evaluate(
        "indexedDB.databases().then((all) => all.map(({ name }) => indexedDB.deleteDatabase(name)))"
    )
    await ada.context.set_offline(True)

    await ada.page.reload()

    await expect(ada.leaving).to_contain_text("This document is not on this device")
    await ada.find_network()
    await ada.says("saved")
    await expect(ada.editor).to_be_editable()


async def test_the_word_follows_an_edit_from_saved_to_saving_to_stuck_and_back(house: House, visit: Visit) -> None:
    document = house.document()
    ada = await visit(house, "ada")
    line = await Line.tap(ada.page)
    await ada.open(document)
    await ada.says("saved", "Saved")
    line.held_down = of(Type.ACK)

    await ada.type("is it there?")

    await ada.says("saving", "Saving…")
    await ada.says("failed", "Could not save: the server has not confirmed for a while")
    line.release()
    await ada.says("saved", "Saved")
    more = ada.page.get_by_test_id("save-word-more")
    await more.focus()
    await expect(more).to_have_accessible_description(re.compile(r"Saved at .*, edit \d+$"))


async def test_a_full_document_says_so_and_saves_again_when_there_is_room(
    start_house: StartHouse, visit: Visit
) -> None:
    house = start_house(env={"COLLAB_MAX_DOCUMENT_BYTES": "4096"})
    document = house.document()
    ada = await visit(house, "ada")
    await ada.open(document)
    await ada.type("small")
    await ada.says("saved")

    await ada.page.keyboard.insert_text(" " + "enormous " * 600)

    await ada.says("failed", "Could not save: this document is full")
    await expect(ada.banner).to_contain_text("this document is full (limit 4 kB)")
    await expect(ada.refused).to_contain_text("enormous")
    assert not house.has_stored(document, "enormous")

    await ada.page.keyboard.press("Control+a")
    await ada.page.keyboard.type("small again")
    await ada.says("saved", "Saved")
    await expect(ada.banner).to_be_hidden()
    assert house.stored_text(document) == "small again"
