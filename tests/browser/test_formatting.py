"""Two people format a text: bar, bubble, menus, links and keys. What one does the other sees, and the disk holds."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from .conftest import Visit
from .house import House
from .visitor import Visitor, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


async def two(house: House, visit: Visit, *, bob: str = "editor", **options: Any) -> tuple[str, Visitor, Visitor]:
    document = house.document(bob=bob)
    ada = await (await visit(house, "ada", **options)).open(document)
    return document, ada, await (await visit(house, "bob")).open(document)


def tool(visitor: Visitor, name: str | re.Pattern[str], *, bar: str = ".tools") -> Locator:
    return visitor.page.locator(bar).get_by_role("button", name=name, exact=isinstance(name, str))


def runs(block: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The text of a block in runs, each with the names of its marks."""
    return [(run["text"], sorted(mark["type"] for mark in run.get("marks", []))) for run in block.get("content", [])]


async def select_last_word(visitor: Visitor) -> None:
    """The browser's own selection may be set back while the page still draws what was typed: look that it holds."""

    async def is_selected() -> bool:
        if not await visitor.page.evaluate("getSelection().isCollapsed"):
            return True
        await visitor.page.keyboard.press("Control+Shift+ArrowLeft")
        return False

    await until(is_selected)


async def test_words_are_marked_from_the_bubble_and_the_other_sees_it(house: House, visit: Visit) -> None:
    document, ada, bob = await two(house, visit)
    bubble = ada.page.locator(".bubble")
    await ada.type("plain bold")
    await expect(bubble).to_be_hidden()
    await select_last_word(ada)
    await expect(bubble).to_be_visible()
    for name in ("Bold", "Underline", "Strikethrough"):
        await tool(ada, name, bar=".bubble").click()
        await expect(tool(ada, name, bar=".bubble")).to_have_attribute("aria-pressed", "true")
    await expect(bob.editor.locator("strong")).to_contain_text("bold")

    await ada.page.keyboard.press("Escape")
    await expect(bubble).to_be_hidden()
    await ada.says("saved")
    stored = house.stored_tree(document)["content"][0]
    assert runs(stored) == [("plain ", []), ("bold", ["bold", "strike", "underline"])]


async def test_the_bubble_is_reached_with_alt_f10_and_left_with_escape(house: House, visit: Visit) -> None:
    _, ada, bob = await two(house, visit)
    keyboard = ada.page.keyboard
    await ada.type("plain words")
    await select_last_word(ada)
    await expect(ada.page.locator(".bubble")).to_be_visible()
    await keyboard.press("Alt+F10")
    await expect(ada.page.locator(".bubble :focus")).to_have_count(1)
    await keyboard.press("ArrowRight")
    await keyboard.press("ArrowRight")
    await expect(tool(ada, "Italic", bar=".bubble")).to_be_focused()
    await keyboard.press("Enter")
    await expect(bob.editor.locator("em")).to_contain_text("words")
    await expect(ada.editor).to_be_focused()

    await keyboard.press("Alt+F10")
    await keyboard.press("Alt+F10")
    await expect(ada.page.locator(".tools :focus")).to_have_count(1)
    await keyboard.press("Escape")
    await expect(ada.editor).to_be_focused()


async def test_there_is_no_bubble_in_code_nor_for_a_reader(house: House, visit: Visit) -> None:
    document, ada, bob = await two(house, visit, bob="viewer")
    await ada.type("``` code here")
    await expect(ada.editor.locator("pre")).to_be_visible()
    await select_last_word(ada)
    await expect(tool(ada, "Bold")).to_have_attribute("aria-disabled", "true")
    await expect(ada.page.locator(".bubble")).to_be_hidden()

    await bob.reads(await ada.text())
    await bob.editor.locator("pre").dblclick()
    await expect(bob.page.locator(".bubble")).to_be_hidden()
    await expect(bob.page.locator(".tools")).to_be_hidden()
    await bob.page.keyboard.press("Control+k")
    await expect(bob.page.locator(".link-card")).to_have_count(0)
    assert "codeBlock" in str(house.stored_tree(document))


async def test_colours_are_chosen_with_the_keyboard(house: House, visit: Visit) -> None:
    document, ada, bob = await two(house, visit)
    keyboard = ada.page.keyboard
    await ada.type("some red words")
    await select_last_word(ada)
    await tool(ada, "Text colour and highlight").focus()
    await keyboard.press("Enter")
    await expect(ada.page.get_by_role("radiogroup", name="Text colour")).to_be_visible()
    await expect(ada.page.get_by_role("radio", name="None").first).to_be_focused()
    await keyboard.press("ArrowRight")
    await keyboard.press("ArrowRight")
    await keyboard.press("Enter")
    await expect(bob.editor.locator("[data-color=red]")).to_contain_text("words")
    await expect(ada.editor).to_be_focused()

    await tool(ada, "Text colour and highlight").click()
    await ada.page.get_by_role("radiogroup", name="Highlight").get_by_role("radio", name="Green").click()
    await expect(bob.editor.locator("mark[data-highlight=green]")).to_contain_text("words")
    await tool(ada, "Text colour and highlight").click()
    await expect(ada.page.get_by_role("radio", name="Red").first).to_be_checked()
    await ada.page.get_by_role("radio", name="None").first.click()
    await expect(bob.editor.locator("[data-color]")).to_have_count(0)
    await ada.says("saved")
    assert runs(house.stored_tree(document)["content"][0])[-1] == ("words", ["highlight"])


async def test_the_style_menu_turns_a_line_into_every_block(house: House, visit: Visit) -> None:
    document, ada, bob = await two(house, visit)
    await ada.type("a line")
    style = tool(ada, re.compile("^Style"))
    wanted = {
        "Heading 1": "h1", "Heading 4": "h4", "Bulleted list": "ul:not([data-type=taskList]) li",
        "Numbered list": "ol li", "Task list": "ul[data-type=taskList] li", "Text": "p", "Quote": "blockquote p",
        "Callout": ".callout p",
    }  # fmt: skip
    for name, element in wanted.items():
        await style.focus()
        await ada.page.keyboard.press("ArrowDown")
        await ada.page.get_by_role("menuitemradio", name=name, exact=True).click()
        await expect(bob.editor.locator(element).filter(has_text="a line").first).to_be_visible()
        if name == "Quote":
            await style.click()
            await ada.page.get_by_role("menuitemradio", name="Text", exact=True).click()
            await expect(bob.editor.locator("blockquote")).to_have_count(0)
    await expect(style).to_have_accessible_name("Style: Callout")
    await ada.says("saved")
    assert [block["type"] for block in house.stored_tree(document)["content"]] == ["callout"]


async def test_a_line_is_centred_and_the_other_sees_it(house: House, visit: Visit) -> None:
    document, ada, bob = await two(house, visit)
    await ada.type("in the middle")
    await tool(ada, "Alignment").click()
    await ada.page.get_by_role("menuitemradio", name="Centred").click()
    await expect(bob.editor.locator("p")).to_have_css("text-align", "center")
    await ada.says("saved")
    assert house.stored_tree(document)["content"][0]["attrs"]["textAlign"] == "center"


async def test_a_link_is_made_changed_and_removed_with_the_keyboard(house: House, visit: Visit) -> None:
    document, ada, bob = await two(house, visit)
    keyboard = ada.page.keyboard
    address = ada.page.get_by_label("Address of the link")
    await ada.type("see this")
    await select_last_word(ada)
    await keyboard.press("Control+k")
    await expect(address).to_be_focused()
    await keyboard.type("javascript:alert(1)")
    await keyboard.press("Enter")
    await expect(ada.page.get_by_role("alert").filter(has_text="not an address")).to_be_visible()
    await address.fill("example.com")
    await keyboard.press("Enter")
    await expect(bob.editor.locator("a")).to_have_attribute("href", "https://example.com")
    await expect(bob.editor.locator("a")).to_contain_text("this")
    await expect(ada.editor).to_be_focused()

    await keyboard.press("ArrowLeft")
    card = ada.page.locator(".link-card")
    await expect(card.get_by_role("link", name="example.com")).to_be_visible()
    await keyboard.press("Escape")
    await expect(card).to_be_hidden()
    await expect(ada.editor).to_be_focused()
    await keyboard.press("Control+k")
    await expect(address).to_have_value("https://example.com")
    await keyboard.press("Escape")
    await expect(ada.editor).to_be_focused()
    await keyboard.press("Control+k")
    await address.fill("ada@example.org")
    await keyboard.press("Enter")
    await expect(bob.editor.locator("a")).to_have_attribute("href", "mailto:ada@example.org")

    await ada.editor.locator("a").click(position={"x": 16, "y": 8})  # within the word, wherever bob's caret stands
    await card.get_by_role("button", name="Remove link").click()
    await expect(bob.editor.locator("a")).to_have_count(0)
    await ada.says("saved")
    assert runs(house.stored_tree(document)["content"][0]) == [("see this", [])]


async def test_an_address_is_linked_when_it_is_typed_or_pasted_here_never_when_others_write_it(
    house: House, visit: Visit
) -> None:
    document, ada, bob = await two(house, visit)
    await ada.type("https://example.org/a then")
    await expect(bob.editor.locator("a")).to_contain_text("https://example.org/a")
    await select_last_word(ada)
    await ada.editor.evaluate(
        """(editor) => {
          const data = new DataTransfer()
          data.setData('text/plain', 'https://example.org/b')
          editor.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
        }"""
    )
    await expect(bob.editor.locator("a").nth(1)).to_contain_text("then")
    await ada.says("saved")
    before = len(house.stored(document))
    await ada.page.keyboard.press("Control+End")  # she looks at it
    await bob.reads("https://example.org/a then")
    assert len(house.stored(document)) == before
    hrefs = re.findall(r"'href': '([^']+)'", str(house.stored_tree(document)))
    assert hrefs == ["https://example.org/a", "https://example.org/b"]


async def test_a_reader_follows_a_link_with_a_click_and_a_writer_with_ctrl(house: House, visit: Visit) -> None:
    document, ada, bob = await two(house, visit, bob="viewer")
    await ada.type(f"{house.url}/documents/{document}/ ok")
    await expect(bob.editor.locator("a")).to_be_visible()
    for visitor, keys in ((bob, []), (ada, ["Control"])):
        async with visitor.context.expect_page() as opened:
            await visitor.editor.locator("a").click(modifiers=keys)  # type: ignore[arg-type]
        page = await opened.value
        await page.wait_for_load_state()
        assert await page.evaluate("window.opener") is None
        await page.close()
    await ada.editor.locator("a").click()
    await expect(ada.page.locator(".link-card").get_by_role("button", name="Edit link")).to_be_visible()


async def test_the_toolbar_is_one_tab_stop_and_says_what_can_be_done(house: House, visit: Visit) -> None:
    _, ada, _ = await two(house, visit)
    keyboard = ada.page.keyboard
    await expect(tool(ada, "Undo")).to_have_attribute("aria-disabled", "true")
    await ada.type("x")
    await expect(tool(ada, "Undo")).to_have_attribute("aria-disabled", "false")
    await expect(ada.page.locator(".tools button[tabindex='0']")).to_have_count(1)
    await keyboard.press("Alt+F10")
    await expect(tool(ada, re.compile("^Style"))).to_be_focused()
    await keyboard.press("ArrowRight")
    await expect(tool(ada, "Bold")).to_be_focused()
    await keyboard.press("End")
    await keyboard.press("ArrowLeft")
    await expect(tool(ada, "Undo")).to_be_focused()
    await keyboard.press("Enter")
    await ada.reads("")


async def test_undo_takes_back_only_ones_own(house: House, visit: Visit) -> None:
    _, ada, bob = await two(house, visit)
    await ada.click_at_end()
    await ada.page.keyboard.insert_text("ada ")  # one step, also on a busy machine
    await bob.reads("ada ")
    await bob.type("bob")
    await ada.reads("ada bob")
    await tool(ada, "Undo").click()
    await bob.reads("bob")
    await tool(ada, "Redo").click()
    await bob.reads("ada bob")


async def test_what_does_not_fit_is_behind_more(house: House, visit: Visit) -> None:
    _, ada, bob = await two(house, visit, viewport={"width": 700, "height": 800})
    await ada.type("some code")
    await select_last_word(ada)
    await expect(tool(ada, "Strikethrough")).to_be_hidden()
    await tool(ada, "More").click()
    await ada.page.get_by_role("menuitemcheckbox", name="Strikethrough").click()
    await expect(bob.editor.locator("s")).to_contain_text("code")
    await ada.page.set_viewport_size({"width": 1280, "height": 800})
    await expect(tool(ada, "Strikethrough")).to_be_visible()
    await expect(tool(ada, "More")).to_be_hidden()


async def test_on_a_phone_the_tools_are_at_the_bottom_and_nothing_scrolls_sideways(house: House, visit: Visit) -> None:
    _, ada, bob = await two(house, visit, **PHONE)
    await ada.type("some words")
    await select_last_word(ada)
    box = await ada.page.locator(".tools").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] == 740
    bold = await tool(ada, "Bold").bounding_box()
    assert bold is not None
    assert min(bold["width"], bold["height"]) >= 44
    await tool(ada, "Bold").tap()
    await expect(bob.editor.locator("strong")).to_contain_text("words")
    await expect(ada.page.locator(".bubble")).to_be_hidden()
    await tool(ada, "Redo").scroll_into_view_if_needed()
    assert await ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth && scrollX === 0")


async def test_the_help_sheet_opens_and_gives_the_focus_back(house: House, visit: Visit) -> None:
    _, ada, bob = await two(house, visit, bob="viewer")
    sheet = ada.page.get_by_role("dialog", name="Keyboard shortcuts and help")
    await ada.type("really?")
    await expect(sheet).to_be_hidden()
    await ada.page.keyboard.press("Control+/")
    await expect(sheet.get_by_text("Ctrl+Shift+8")).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()
    await expect(ada.editor).to_be_focused()

    await bob.page.keyboard.press("?")
    await expect(bob.page.get_by_role("dialog", name="Keyboard shortcuts and help")).to_be_visible()


async def test_a_caret_in_the_text_stays_where_it_is_while_bob_formats(house: House, visit: Visit) -> None:
    document, ada, bob = await two(house, visit)
    await ada.type("one\ntwo")
    await bob.reads("one\ntwo")
    await bob.editor.locator("p").first.click()
    await bob.page.keyboard.press("Control+Alt+2")
    await expect(ada.editor.locator("h2")).to_contain_text("one")
    await ada.page.keyboard.type("!")
    await bob.reads("one\ntwo!")
    await ada.says("saved")

    async def is_stored() -> bool:
        return [block["type"] for block in house.stored_tree(document)["content"]] == ["heading", "paragraph"]

    await until(is_stored)


async def test_a_key_right_behind_one_that_moves_the_caret_finds_it_there(house: House, visit: Visit) -> None:
    ada = await (await visit(house, "ada")).open(house.document())
    await ada.type("first last")
    await ada.page.keyboard.press("Home")
    await ada.page.evaluate("() => new Promise(requestAnimationFrame)")
    await ada.editor.evaluate(
        """(editor) => {  // in one task: the browser has no time to tell of the caret before the key
          const text = editor.querySelector('p').firstChild
          getSelection().collapse(text, 5)
          const enter = { key: 'Enter', keyCode: 13, bubbles: true, cancelable: true }
          editor.dispatchEvent(new KeyboardEvent('keydown', enter))
        }"""
    )
    await ada.reads("first\n last")


async def test_letters_right_behind_a_new_line_come_in_their_order(house: House, visit: Visit) -> None:
    ada = await (await visit(house, "ada")).open(house.document())
    await ada.type("first")
    await ada.editor.evaluate(
        """(editor) => {  // all of it before the next frame
          const enter = { key: 'Enter', keyCode: 13, bubbles: true, cancelable: true }
          editor.dispatchEvent(new KeyboardEvent('keydown', enter))
          for (const letter of 'last') document.execCommand('insertText', false, letter)
        }"""
    )
    await ada.reads("first\nlast")
