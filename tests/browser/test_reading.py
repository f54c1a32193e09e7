"""Reading: outline, counts, the document's menu, undo among several, and that a reader's page never writes."""

import re

import pytest
from playwright.async_api import WebSocket, expect

from collab.core.messages import Type

from .conftest import Visit
from .house import House
from .pasting import paste, write
from .visitor import Visitor, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EVERYTHING = """# Everything

Words with **bold**, *italic*, ~~struck~~, `code`, $a^2$ and [a link](https://example.org).

> quoted

> [!TIP]
> a tip

- a
  - b

1. one
2. two

- [x] done

```python
print("hello")
```

$$
E = mc^2
$$

---

## A table

| a | b | c |
| --- | --- | --- |
| 1 | 2 | 3 |

The end.
"""
ODD_TABLE = (
    "<table><tr><td rowspan=3>a</td><td colspan=2>b</td></tr><tr><td>c</td></tr></table><p>after</p>"
    "<details><summary>more</summary><p>folded</p></details>"
)


async def test_a_readers_page_never_writes(house: House, visit: Visit) -> None:
    document = house.document(bob="viewer")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await write(ada, EVERYTHING)
    await ada.click_at_end()
    await ada.page.keyboard.press("Enter")
    await paste(ada, html=ODD_TABLE)
    await ada.sees(lambda text: "after" in text)
    await ada.says("saved")
    head = await ada.root.get_attribute("data-seq")
    sent: list[bytes] = []

    def note(socket: WebSocket) -> None:
        socket.on("framesent", lambda data: sent.append(bytes(data) if isinstance(data, bytes) else data.encode()))

    bob.page.on("websocket", note)
    await bob.open(document)
    await bob.sees(lambda text: "after" in text)
    await bob.page.keyboard.press("Control+f")
    await bob.page.get_by_test_id("find-text").fill("the")
    await bob.page.keyboard.press("Escape")
    await bob.page.locator(".outline-item").last.click()
    await bob.page.keyboard.type("no word of this")
    await paste(bob, plain="nor this")
    await expect(bob.page.get_by_test_id("face")).to_have_count(1)

    await ada.type("!")
    await bob.sees(lambda text: "!" in text)
    await ada.says("saved")
    assert int(await ada.root.get_attribute("data-seq") or 0) == int(head or 0) + 1
    assert "no word" not in house.stored_text(document)
    assert sent
    assert not any(frame[0] in (Type.PUSH, Type.WHOLE) for frame in sent)


async def test_undo_takes_back_ones_own_formatting_and_rows_and_nothing_of_others(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await write(ada, "# Head\n\nplain words\n\n| a | b | c |\n| --- | --- | --- |\n| 1 | 2 | 3 |\n\nThe end.")
    await bob.open(document)
    await bob.sees(lambda text: "The end." in text)
    await ada.editor.locator("p", has_text="plain words").click(click_count=3)
    await ada.page.keyboard.press("Control+b")
    await expect(bob.editor.locator("strong")).to_have_text("plain words")
    await bob.type(" Bob was here.")
    await ada.sees(lambda text: text.endswith("Bob was here."))
    await bob.editor.locator("td").first.click()
    await bob.page.keyboard.press("End")
    await bob.page.keyboard.type("0")
    await expect(ada.editor.locator("td").first).to_contain_text("10")

    await ada.page.keyboard.press("Control+z")

    for visitor in (ada, bob):
        await expect(visitor.editor.locator("strong")).to_have_count(0)
        await expect(visitor.editor.locator("td").first).to_contain_text("10")
        await visitor.sees(lambda text: text.endswith("Bob was here."))
    await ada.page.keyboard.press("Control+y")
    await expect(bob.editor.locator("strong")).to_have_text("plain words")


async def test_the_outline_follows_the_scroll_and_leads_to_its_headings(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    outline = ada.page.get_by_test_id("outline")
    await expect(outline).to_be_hidden()
    sheet = await ada.page.locator("#stage").bounding_box()
    parts = "\n\n".join(f"## Part {n}\n\n" + "\n\n".join(["Words."] * 12) for n in range(1, 6))
    await write(ada, f"# Plan\n\n{parts}\n\nThe end.")
    items = outline.get_by_role("button")
    await expect(items).to_have_text(["Plan", "Part 1", "Part 2", "Part 3", "Part 4", "Part 5"])
    await expect(outline.locator("[aria-current]")).to_have_text("Part 5")
    moved = await ada.page.locator("#stage").bounding_box()
    assert sheet is not None
    assert moved is not None
    assert moved["x"] == sheet["x"]

    await outline.get_by_role("button", name="Part 3").click()
    await expect(ada.editor.get_by_role("heading", name="Part 3")).to_be_in_viewport()
    await expect(outline.locator("[aria-current]")).to_have_text("Part 3")
    await expect(ada.editor).to_be_focused()
    await ada.page.keyboard.type("Great ")
    await expect(items.nth(3)).to_have_text("Great Part 3")

    await bob.page.set_viewport_size({"width": 390, "height": 780})
    await bob.open(document)
    await bob.page.get_by_test_id("menu-open").click()
    await bob.page.get_by_role("menuitem", name="Outline").click()
    await bob.page.get_by_test_id("outline").get_by_role("button", name="Part 4").click()
    await expect(bob.page.get_by_test_id("outline")).to_be_hidden()
    await expect(bob.editor.get_by_role("heading", name="Part 4")).to_be_in_viewport()


async def test_words_are_counted_all_and_selected(house: House, visit: Visit) -> None:
    document = house.document()
    ada = await visit(house, "ada")
    await ada.open(document)
    count = ada.page.get_by_test_id("word-count")
    await expect(count).to_have_text("0 words")
    await ada.type("It's four words, really")
    await expect(count).to_have_text("4 words")
    await ada.page.keyboard.press("Control+Shift+ArrowLeft")
    await expect(count).to_have_text("1 of 4 words")
    await count.click()
    await expect(ada.page.get_by_role("tooltip")).to_contain_text("Characters")
    await expect(ada.page.get_by_test_id("here")).to_have_text("1 here, 1 editing")


async def test_the_menu_renames_stars_copies_and_trashes(house: House, visit: Visit) -> None:
    document = house.document(title="Minutes")
    ada = await visit(house, "ada")
    await ada.open(document)
    menu = ada.page.get_by_test_id("menu-open")
    await menu.click()
    await ada.page.get_by_role("menuitem", name="Rename").click()
    await expect(ada.page.get_by_test_id("title")).to_be_focused()
    await ada.page.keyboard.press("Escape")
    await menu.click()
    await ada.page.get_by_role("menuitem", name="Add star").click()
    await expect(ada.page.locator("#live")).to_have_text("Starred")
    await ada.page.reload()
    await ada.synced()
    await menu.click()
    await expect(ada.page.get_by_role("menuitem", name="Remove star")).to_be_visible()
    await ada.page.get_by_role("menuitem", name="Make a copy").click()
    await ada.page.wait_for_url(lambda url: "/documents/" in url and document not in url)
    await ada.synced()
    await expect(ada.page.get_by_test_id("title")).to_have_value(re.compile("Minutes"))

    await menu.click()
    await ada.page.get_by_role("menuitem", name="Move to trash").click()
    await ada.page.get_by_role("dialog").get_by_role("button", name="Move to trash").click()
    await ada.page.wait_for_url(house.url + "/")


async def test_the_save_word_tells_more_by_keyboard_and_touch(house: House, visit: Visit) -> None:
    document = house.document()
    ada = await visit(house, "ada", viewport={"width": 360, "height": 780}, has_touch=True)
    await ada.open(document)
    await ada.type("x")
    await ada.says("saved")
    await ada.page.get_by_test_id("save-word-more").tap()
    card = ada.page.get_by_role("tooltip")
    await expect(card).to_contain_text(re.compile(r"Saved at .*, edit \d+"))
    await ada.page.keyboard.press("Escape")
    await expect(card).to_have_count(0)
    await until(lambda: fits(ada))


async def fits(visitor: Visitor) -> bool:
    found: bool = await visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return found
