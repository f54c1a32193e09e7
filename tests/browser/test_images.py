"""Pictures in a document with two people in it: what one adds, the other sees, and the disk agrees."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error, FilePayload, Locator, Route, expect

from tests.documents import drawings

from .conftest import Visit
from .house import House
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Chromium writes a line for every answer that is an error.
REFUSED = r"status of 4\d\d"


async def test_a_chosen_picture_appears_for_both_and_on_the_disk(house: House, visit: Visit) -> None:
    document, ada, bob = await company(house, visit)
    await ada.type("before")
    await choose(ada, payload(drawings.photograph("JPEG", orientation=6, size=(400, 300)), "image/jpeg"))
    for person in (ada, bob):
        image = images(person)
        await expect(image).to_have_count(1)
        await expect(image).to_have_js_property("complete", value=True)
        assert await image.evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [300, 400]
        assert await image.evaluate("(image) => [image.width, image.height]") == [300, 400]
    await expect(waiting(ada)).to_have_count(0)
    await ada.says("saved")
    (picture,) = pictures(house, document)
    assert picture["src"].startswith(f"/documents/{document}/images/")
    assert {name: picture.get(name) for name in ("alt", "width", "pixelWidth", "pixelHeight")} == {
        "alt": "", "width": None, "pixelWidth": 300, "pixelHeight": 400,
    }  # fmt: skip


async def test_while_it_is_uploaded_nobody_else_sees_anything_and_its_place_stays(house: House, visit: Visit) -> None:
    document, ada, bob = await company(house, visit)
    await ada.type("first\nlast")
    await bob.reads("first\nlast")
    await ada.page.keyboard.press("ArrowUp")
    async with held(ada) as let_go:
        await choose(ada, payload(drawings.still()))
        await expect(waiting(ada).get_by_role("progressbar")).to_be_visible()
        await expect(waiting(bob)).to_have_count(0)
        assert pictures(house, document) == []
        await bob.editor.click()
        await bob.page.keyboard.press("Control+Home")
        await bob.page.keyboard.type("from bob\n")
        await ada.sees(lambda text: text.startswith("from bob\nfirst"))
        await ada.page.keyboard.press("ArrowUp")
        await ada.page.keyboard.press("End")
        await ada.page.keyboard.type(" line")
        await bob.reads("from bob\nfirst line\n\nlast")
        let_go.set()
        await expect(images(ada)).to_have_count(1)
    await expect(images(bob)).to_have_count(1)
    assert await blocks(ada) == await blocks(bob) == ["P from bob", "P first line", "FIGURE", "P ", "P last"]


async def test_an_upload_can_be_cancelled(house: House, visit: Visit) -> None:
    document, ada, bob = await company(house, visit)
    async with held(ada):
        await choose(ada, payload(drawings.still()))
        await ada.page.get_by_role("button", name="Cancel upload").click()
        await expect(waiting(ada)).to_have_count(0)
    await expect(ada.editor).to_be_focused()
    await ada.type("on")
    await bob.reads("on")
    assert pictures(house, document) == []


@pytest.mark.parametrize(
    ("data", "mime", "sentence"),
    [
        (drawings.SVG, "image/svg+xml", "This is not a PNG, JPEG, GIF, WebP or AVIF picture."),
        (drawings.HTML, "image/png", "This is not a PNG, JPEG, GIF, WebP or AVIF picture."),
        (drawings.still()[:40], "image/png", "This PNG picture is damaged or incomplete."),
        (drawings.bomb(), "image/png", "This picture has too many pixels: at most 50 million are possible."),
    ],
)
async def test_what_is_no_picture_is_told_and_the_document_is_unharmed(
    data: bytes, mime: str, sentence: str, house: House, visit: Visit
) -> None:
    document, ada, bob = await company(house, visit)
    ada.tolerate(REFUSED)
    await ada.type("text")
    await ada.says("saved")
    await drop(ada, data, mime)
    await expect(waiting(ada).get_by_role("alert")).to_have_text(sentence)
    await expect(ada.page.get_by_role("button", name="Try again")).to_have_count(0)
    await ada.page.get_by_role("button", name="Remove", exact=True).click()
    await expect(waiting(ada)).to_have_count(0)
    await ada.type(" goes on")
    await bob.reads("text goes on")
    await ada.says("saved")
    assert pictures(house, document) == []


async def test_200_mb_are_refused_before_they_are_sent(house: House, visit: Visit, tmp_path: Path) -> None:
    document, ada, bob = await company(house, visit)
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.write(drawings.still())
        file.truncate(200 * 1024 * 1024)  # sparse: takes no room
    sent: list[str] = []
    ada.page.on("request", lambda request: sent.append(request.method) if request.url.endswith("/images/") else None)
    await choose(ada, large)
    await expect(waiting(ada).get_by_role("alert")).to_have_text(
        "A picture may have at most 20 MB; this one has 200 MB."
    )
    assert sent == []
    await ada.type("on")
    await bob.reads("on")
    assert pictures(house, document) == []


async def test_without_a_network_it_waits_to_be_tried_again(house: House, visit: Visit) -> None:
    _, ada, bob = await company(house, visit)
    ada.tolerate(r"net::ERR_|WebSocket connection to .* failed")
    await ada.lose_network()
    await choose(ada, payload(drawings.still()))
    await expect(waiting(ada).get_by_role("alert")).to_have_text(
        "Pictures can be added when the server can be reached."
    )
    await ada.find_network()
    await ada.page.get_by_role("button", name="Try again").click()
    for person in (ada, bob):
        await expect(images(person)).to_have_count(1)


async def test_a_dropped_and_a_pasted_file_are_uploaded(house: House, visit: Visit) -> None:
    _, ada, bob = await company(house, visit)
    await drop(ada, drawings.still("WEBP"), "image/webp")
    await expect(images(bob)).to_have_count(1)
    await ada.click_at_end()
    await paste(ada, files=[(drawings.still("GIF"), "image/gif")])
    await expect(images(bob)).to_have_count(2)


async def test_pictures_inside_pasted_text_are_uploaded_where_they_stood(house: House, visit: Visit) -> None:
    document, ada, bob = await company(house, visit)
    data = "data:image/png;base64," + base64.b64encode(drawings.still()).decode()
    html = (
        f'<p>one</p><img src="{data}"><p>two</p><img src="https://elsewhere.example/a.png" alt="far away"><p>three</p>'
    )
    await ada.editor.click()
    await paste(ada, html=html, files=[(drawings.still(), "image/png")])
    await expect(images(bob)).to_have_count(1)
    assert [block for block in await blocks(bob) if block != "P "] == [
        "P one", "FIGURE", "P two", "P far away", "P three",
    ]  # fmt: skip
    await expect(bob.editor.get_by_role("link", name="far away")).to_be_visible()  # nothing is loaded from there
    await ada.says("saved")
    assert not house.has_stored(document, "data:image")


async def test_a_picture_copied_from_another_document_is_uploaded_again(house: House, visit: Visit) -> None:
    other = house.document()
    ada = await (await visit(house, "ada")).open(other)
    await choose(ada, payload(drawings.still()))
    await expect(images(ada)).to_have_count(1)
    src = await images(ada).get_attribute("src")
    document = house.document(bob="editor")  # bob may not read the other one
    await ada.open(document)
    bob = await (await visit(house, "bob")).open(document)
    await ada.editor.click()
    await paste(ada, html=f'<p>see</p><img src="{house.url}{src}">')
    await expect(images(bob)).to_have_js_property("complete", value=True)
    assert await images(bob).evaluate("(image) => image.naturalWidth") == 40
    await ada.says("saved")
    assert pictures(house, document)[0]["src"].startswith(f"/documents/{document}/")


async def test_a_reader_cannot_drop_a_picture_and_stays_on_the_page(house: House, visit: Visit) -> None:
    document = house.document(bob="viewer")
    bob = await (await visit(house, "bob")).open(document)
    prevented = await drop(bob, drawings.still(), "image/png")
    assert prevented
    await expect(waiting(bob)).to_have_count(0)
    assert pictures(house, document) == []


async def test_who_loses_the_right_during_an_upload_is_told(house: House, visit: Visit) -> None:
    document, _, bob = await company(house, visit)
    bob.tolerate(REFUSED)
    async with held(bob) as let_go:
        await choose(bob, payload(drawings.still()))
        await expect(waiting(bob)).to_be_visible()
        await bob.says("saved")  # with something unsaved the page would begin anew
        house.share(document, "bob", "viewer")
        await expect(bob.root).to_have_attribute("data-role", "viewer")
        let_go.set()
        await expect(waiting(bob).get_by_role("alert")).to_have_text("This needs the role editor; yours is viewer.")
    assert pictures(house, document) == []


async def test_a_picture_is_made_narrower_by_dragging_and_by_keys(house: House, visit: Visit) -> None:
    document, ada, bob = await company(house, visit)
    await choose(ada, payload(drawings.still(size=(400, 200))))
    await images(ada).click()
    handle = ada.editor.get_by_role("slider", name="Width of the picture")
    box = await handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await ada.page.mouse.move(x, y)
    await ada.page.mouse.down()
    await ada.page.mouse.move(x - 60, y)
    await ada.page.mouse.move(x - 100, y)
    await ada.page.mouse.up()
    await expect(images(bob)).to_have_js_property("width", 300)
    assert await images(bob).evaluate("(image) => image.height") == 150

    await handle.focus()
    await handle.press("ArrowRight")
    await handle.press("Shift+ArrowLeft")
    await expect(images(bob)).to_have_js_property("width", 260)
    await handle.press("Home")
    await expect(images(bob)).to_have_js_property("width", 48)
    await handle.press("Escape")
    await expect(ada.editor).to_be_focused()
    await ada.says("saved")
    assert pictures(house, document)[0]["width"] == 48


async def test_its_alternative_text_is_written_in_a_box(house: House, visit: Visit) -> None:
    document, ada, bob = await company(house, visit)
    await choose(ada, payload(drawings.still()))
    await images(ada).click()
    button = ada.editor.get_by_role("button", name="Alt text")
    await button.click()
    await ada.page.keyboard.type("a blue square")
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_test_id("image-alt")).to_have_count(0)
    await expect(button).to_be_focused()
    await expect(bob.editor.get_by_role("img", name="a blue square")).to_be_visible()
    await button.click()
    await ada.page.keyboard.type("never kept")
    await ada.page.keyboard.press("Escape")
    await expect(button).to_be_focused()
    await ada.says("saved")
    assert pictures(house, document)[0]["alt"] == "a blue square"


async def test_one_that_cannot_be_loaded_shows_its_words(house: House, visit: Visit) -> None:
    document, ada, _ = await company(house, visit)
    bob = await visit(house, "bob")
    bob.tolerate(r"status of 404")
    await choose(ada, payload(drawings.still(size=(400, 200))))
    await expect(images(ada)).to_have_count(1)
    await bob.page.route("**/images/*/", lambda route: route.fulfill(status=404))
    await bob.open(document)
    await expect(bob.editor.locator(".image-lost-text")).to_have_text("Picture")


async def test_undo_takes_only_the_picture_away(house: House, visit: Visit) -> None:
    _, ada, bob = await company(house, visit)
    await bob.type("of bob")
    await ada.reads("of bob")
    await choose(ada, payload(drawings.still()))
    await expect(images(bob)).to_have_count(1)
    await ada.page.keyboard.press("Control+z")
    await expect(images(bob)).to_have_count(0)
    await bob.reads("of bob\n")  # the line that was made for it is a step of its own, however soon it came


# How people do it


async def company(house: House, visit: Visit) -> tuple[str, Visitor, Visitor]:
    """A document of ada's with ada and bob in it; both may edit."""
    document = house.document(bob="editor")
    ada, bob = await asyncio.gather(visit(house, "ada"), visit(house, "bob"))
    await asyncio.gather(ada.open(document), bob.open(document))
    return document, ada, bob


def payload(data: bytes, mime: str = "image/png") -> FilePayload:
    return {"name": "a picture", "mimeType": mime, "buffer": data}


def images(person: Visitor) -> Locator:
    return person.editor.locator("figure img")


def waiting(person: Visitor) -> Locator:
    return person.page.get_by_test_id("image-waiting")


def pictures(house: House, document: str) -> list[dict[str, Any]]:
    """The attributes of the image nodes on the disk."""

    def inside(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if node["type"] == "image":
            yield node["attrs"]
        for child in node.get("content", []):
            yield from inside(child)

    return list(inside(house.stored_tree(document)))


async def blocks(person: Visitor) -> list[str]:
    """Each block of the text by tag and words, the boxes of uploads left out."""
    found: list[str] = await person.editor.evaluate(
        """(editor) => [...editor.children].filter((block) => !block.matches('.waiting, .ProseMirror-widget'))
          .map((block) => {
            const copy = block.cloneNode(true)
            for (const extra of copy.querySelectorAll('button, [role=slider], .caret')) extra.remove()
            return `${copy.tagName} ${copy.textContent}`.replace(/^FIGURE $/, 'FIGURE')
          })"""
    )
    return found


async def choose(person: Visitor, file: FilePayload | Path) -> None:
    """By the slash menu, in a new line below the caret's when there is text; and the file dialog."""
    await person.editor.focus()
    fresh = (await person.text()).strip() != ""
    if not fresh:
        await person.click_at_end()
    async with person.page.expect_file_chooser() as chooser:  # before all else: listening takes Chromium a moment
        if fresh:
            await person.page.keyboard.press("End")
            await person.page.keyboard.press("Enter")
        await person.page.keyboard.type("/image")
        await expect(person.page.get_by_role("option").first).to_contain_text("Image")
        await person.page.keyboard.press("Enter")
    await (await chooser.value).set_files(file)


async def drop(person: Visitor, data: bytes, mime: str) -> bool:
    """On the middle of the text; tells whether the page kept the browser from opening the file."""
    prevented: bool = await person.editor.evaluate(
        """(editor, { data, mime }) => {
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
          const dataTransfer = new DataTransfer()
          dataTransfer.items.add(new File([bytes], 'dropped', { type: mime }))
          const { x, y, width } = editor.getBoundingClientRect()
          const at = { dataTransfer, clientX: x + width / 2, clientY: y + 8, bubbles: true, cancelable: true }
          editor.dispatchEvent(new DragEvent('dragover', at))
          return !editor.dispatchEvent(new DragEvent('drop', at))
        }""",
        {"data": base64.b64encode(data).decode(), "mime": mime},
    )
    return prevented


async def paste(person: Visitor, *, html: str = "", files: list[tuple[bytes, str]] | None = None) -> None:
    await person.editor.evaluate(
        """(editor, { html, files }) => {
          const clipboardData = new DataTransfer()
          if (html) clipboardData.setData('text/html', html)
          for (const { data, mime } of files) {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
            clipboardData.items.add(new File([bytes], 'pasted', { type: mime }))
          }
          editor.focus()
          editor.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
        }""",
        {"html": html, "files": [{"data": base64.b64encode(d).decode(), "mime": mime} for d, mime in files or []]},
    )


@asynccontextmanager
async def held(person: Visitor) -> AsyncIterator[asyncio.Event]:
    """Uploads of this person wait until the event is set, or the block ends."""
    let_go = asyncio.Event()

    async def wait(route: Route) -> None:
        await let_go.wait()
        try:
            await route.continue_()
        except Error:
            pass  # the page has cancelled it meanwhile

    await person.page.route("**/images/", wait)
    try:
        yield let_go
    finally:
        let_go.set()
