"""Losing and gaining rights on an open page: at once, in place, and with one's own words in hand."""

import asyncio
import re
import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from collab.core.messages import Type

from .conftest import Visit
from .house import House
from .line import Line, of
from .visitor import Visitor, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Notes when the page locks, by its own clock: what a test sees later would measure the test.
NOTE_LOCK = """
(editor) => {
  window.lockedAt = 0
  const note = () => { if (editor.contentEditable === 'false') window.lockedAt ||= Date.now() }
  new MutationObserver(note).observe(editor, { attributes: true })
}
"""
# What a page may say that changes nothing (docs/wire.md): a step 1, presence, questions, signs of life.
HARMLESS = (b"\x00\x00", bytes([Type.AWARENESS]), bytes([Type.QUERY_AWARENESS]), bytes([Type.PING]), bytes([Type.PONG]))
WRITING = of(Type.PUSH, Type.WHOLE)


async def test_a_demoted_editor_is_locked_in_place_within_a_second(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    bob = await visit(house, "bob")
    await bob.open(document)
    await bob.type("mine")
    await bob.says("saved")
    waited_s = []
    for _ in range(3):
        await bob.editor.evaluate(NOTE_LOCK)
        asked_at = time.time()
        house.share(document, "bob", "viewer")
        await bob.says("readonly", "Read only")
        waited_s.append(await bob.page.evaluate("window.lockedAt") / 1000 - asked_at)
        await expect(bob.banner).to_contain_text("You can now only read.")
        await expect(bob.editor).to_have_attribute("contenteditable", "false")
        house.share(document, "bob", "editor")
        await expect(bob.banner).to_contain_text("You can now edit.")
        await expect(bob.editor).to_have_attribute("contenteditable", "true")
    print("locked after", [f"{one * 1000:.0f} ms" for one in waited_s])

    assert min(waited_s) < 1  # the request included; the machine of the tests may be busy now and then
    await bob.reads("mine")


async def test_what_a_demoted_editor_was_typing_is_offered_and_nothing_of_it_is_stored(
    house: House, visit: Visit
) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob", accept_downloads=True)
    await bob.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=house.url)
    line = await Line.tap(bob.page)
    await ada.open(document)
    await bob.open(document)
    await bob.type("accepted")
    await bob.says("saved")
    line.held_up = WRITING

    await bob.type(" unaccepted")
    house.share(document, "bob", "viewer")

    await expect(bob.refused).to_have_text("unaccepted")
    await expect(bob.banner).to_contain_text("You can now only read.")
    await expect(bob.banner).to_contain_text("What you typed was not saved.")
    await bob.says("readonly", "Read only")
    await bob.reads("accepted")
    await ada.reads("accepted")
    assert not house.has_stored(document, "unaccepted")

    await bob.banner.get_by_role("button", name="Copy").click()
    await until(lambda: clipboard_is(bob, " unaccepted"))
    async with bob.page.expect_download() as downloading:
        await bob.banner.get_by_role("button", name="Download as Markdown").click()
    download = await downloading.value
    assert download.suggested_filename.endswith(".md")
    assert await asyncio.to_thread(Path(await download.path()).read_text) == "unaccepted\n"
    await bob.banner.get_by_role("button", name="Dismiss").click()
    await expect(bob.banner).to_be_hidden()


async def test_an_edit_that_reaches_the_server_after_the_demotion_is_refused(house: House, visit: Visit) -> None:
    """The page is not told in time: the server alone has to say no."""
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    line = await Line.tap(bob.page)
    await ada.open(document)
    await bob.open(document)
    await bob.type("accepted")
    await bob.says("saved")
    line.held_down = of(Type.ACCESS)
    house.share(document, "bob", "viewer")

    await bob.page.keyboard.insert_text(" unaccepted")

    await expect(bob.refused).to_have_text("unaccepted")
    await bob.says("readonly")
    await ada.reads("accepted")
    assert any(frame[0] == Type.REFUSED for frame in line.down)
    assert not house.has_stored(document, "unaccepted")


async def test_a_removed_person_leaves_with_the_text(house: House, visit: Visit) -> None:
    document = house.document(bob="editor", title="Plans")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    line = await Line.tap(bob.page)
    await ada.open(document)
    await bob.open(document)
    await bob.type("accepted")
    await bob.says("saved")
    await bob.kept_offline()
    line.held_up = WRITING
    await bob.type(" unaccepted")

    bob.tolerate("status of 40[34]")  # whether he may ask for access is asked of the server; and for an offer
    house.remove(document, "bob")

    await expect(bob.leaving).to_contain_text("You no longer have access to this document")
    await expect(bob.refused).to_have_text("unaccepted")
    await expect(bob.editor).to_have_count(0)
    await expect(bob.page.get_by_text("accepted", exact=True)).to_have_count(0)
    await expect(bob.page.get_by_test_id("title")).not_to_be_visible()
    await ada.reads("accepted")
    assert not house.has_stored(document, "unaccepted")
    await until(lambda: is_off_the_device(bob, document))

    ask = bob.leaving.get_by_role("link", name="Ask for access")  # who has been in it may
    await expect(ask).to_have_attribute("href", re.compile(document))
    # It comes later, so it may not push away the link that somebody is about to press.
    await expect(bob.leaving.get_by_role("link")).to_have_text(["Go to your documents", "Ask for access"])
    bob.answer_dialogs(accept=True)
    await bob.leaving.get_by_role("link", name="Go to your documents").click()
    await expect(bob.page.get_by_role("heading", name="Your documents")).to_be_visible()
    await expect(bob.page.locator(f"[data-document='{document}']")).to_have_count(0)
    assert bob.asked == ["beforeunload"]  # that text is nowhere else


async def test_a_removed_person_who_had_nothing_to_lose_just_leaves(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    bob = await visit(house, "bob")
    await bob.open(document)
    await bob.type("accepted")
    await bob.says("saved")

    bob.tolerate("status of 40[34]")
    house.remove(document, "bob")

    await expect(bob.leaving).to_contain_text("You no longer have access to this document")
    await expect(bob.refused).to_have_count(0)
    bob.answer_dialogs(accept=True)
    await bob.leaving.get_by_role("link", name="Go to your documents").click()
    await expect(bob.page.get_by_role("heading", name="Your documents")).to_be_visible()
    assert bob.asked == []


async def test_a_deleted_document_leaves_the_screen(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    bob = await visit(house, "bob")
    bob.tolerate("status of 404")  # he may look for what else changed before he hears that nothing is left
    await bob.open(document)

    house.delete(document)

    await expect(bob.leaving).to_contain_text("This document is gone")
    await expect(bob.editor).to_have_count(0)


@pytest.mark.parametrize("reload", [False, True], ids=["page open", "page reloaded offline"])
async def test_demoted_while_offline_nothing_merges_and_the_text_is_offered(
    reload: bool, house: House, visit: Visit
) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob", outages=True)
    await ada.open(document)
    await bob.open(document)
    await bob.type("accepted")
    await bob.says("saved")
    await bob.kept_offline()
    await bob.lose_network()
    await bob.type(" unaccepted")
    await bob.says("offline", re.compile("kept on this device"))
    if reload:
        await bob.page.reload()
        await bob.reads("accepted unaccepted")
    house.share(document, "bob", "viewer")
    await ada.type(" since")
    await ada.says("saved")

    await bob.find_network()

    await expect(bob.refused).to_have_text("unaccepted")
    await bob.says("readonly", "Read only")
    await bob.reads("accepted since")
    await ada.reads("accepted since")
    assert not house.has_stored(document, "unaccepted")
    await bob.page.reload()
    await bob.synced()
    await bob.reads("accepted since")  # the local copy is the server's now
    assert (await bob.device())["storage"] == ["coscribe:person"]


async def test_removed_while_offline_nothing_merges_and_the_device_forgets(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob", outages=True)
    await ada.open(document)
    await bob.open(document)
    await bob.type("accepted")
    await bob.says("saved")
    await bob.kept_offline()
    await bob.lose_network()
    await bob.type(" unaccepted")
    await bob.says("offline", re.compile("kept on this device"))
    house.remove(document, "bob")

    await bob.find_network()

    await expect(bob.leaving).to_contain_text("You no longer have access to this document")
    await expect(bob.refused).to_have_text("unaccepted")
    await ada.reads("accepted")
    assert not house.has_stored(document, "unaccepted")
    await until(lambda: is_off_the_device(bob, document))
    bob.tolerate("status of 40[34]")
    bob.answer_dialogs(accept=True)
    await bob.page.reload()
    await expect(bob.page.get_by_role("heading", name="You have no access")).to_be_visible()


async def test_a_promoted_viewer_writes_without_a_reload(house: House, visit: Visit) -> None:
    document = house.document(bob="viewer")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await ada.type("Dear Bob,")
    await bob.open(document)
    await bob.reads("Dear Bob,")
    await bob.says("readonly", "Read only")
    await expect(bob.editor).to_have_attribute("contenteditable", "false")
    await bob.page.evaluate("window.isTheSame = true")

    house.share(document, "bob", "editor")

    await expect(bob.banner).to_contain_text("You can now edit.")
    await expect(bob.editor).to_have_attribute("contenteditable", "true")
    await bob.type(" thank you")
    for visitor in (ada, bob):
        await visitor.reads("Dear Bob, thank you")
        await visitor.says("saved", "Saved")
    assert await bob.page.evaluate("window.isTheSame")
    await expect(bob.page.get_by_test_id("title")).to_be_editable()


@pytest.mark.parametrize("role", ["viewer", "commenter"])
async def test_a_readers_page_never_writes(role: str, house: House, visit: Visit) -> None:
    document = house.document(bob=role)
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    line = await Line.tap(bob.page)
    await ada.open(document)
    await ada.type("Read this")
    await bob.open(document)
    await bob.reads("Read this")
    await bob.editor.click(force=True)
    await bob.page.keyboard.type("and this")
    await bob.page.keyboard.press("Control+b")
    await bob.page.keyboard.press("Backspace")
    await ada.type(", please")

    await bob.reads("Read this, please")
    await bob.page.reload()
    await bob.synced()

    written = [frame for frame in line.up if not frame.startswith(HARMLESS)]
    assert written == []
    await expect(bob.root).to_have_attribute("data-role", role)
    await expect(bob.page.get_by_test_id("title")).not_to_be_editable()
    assert house.stored_text(document) == "Read this, please"


async def clipboard_is(visitor: Visitor, text: str) -> bool:
    found: str = await visitor.page.evaluate("navigator.clipboard.readText()")
    return found == text


async def is_off_the_device(visitor: Visitor, document: str) -> bool:
    """Neither the copy nor the page nor a note of this document is on the device."""
    device = await visitor.device()
    kept = await visitor.page.evaluate(
        "async (path) => (await (await caches.open('coscribe-pages')).match(path)) !== undefined",
        f"/documents/{document}/",
    )
    names = [*device["databases"], *device["storage"]]
    return not kept and not any(document in name for name in names)
