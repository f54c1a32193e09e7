"""Blocks: taken hold of by the pointer and by keys, and those with parts of their own. Two people, and the disk."""

import json
import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests import seed

from .conftest import Visit
from .house import House
from .visitor import Visitor, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

type Node = dict[str, Any]
NOW = "performance.now()"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def p(text: str = "") -> Node:
    return node("paragraph", *([words(text)] if text else []))


def words(text: str) -> Node:
    return {"type": "text", "text": text}


def node(type_: str, /, *content: Node, **attrs: Any) -> Node:
    return {"type": type_, **({"attrs": attrs} if attrs else {}), **({"content": list(content)} if content else {})}


TOGGLE = node("details", node("detailsSummary", words("more")), node("detailsContent", p("hidden words")))
TASKS = node(
    "taskList", node("taskItem", p("buy rope"), checked=False), node("taskItem", p("tell the pilot"), checked=True)
)


def written(house: House, *blocks: Node, **roles: str) -> str:
    """A document of ada's with these blocks, shared."""
    tree = json.dumps({"type": "doc", "content": list(blocks)})
    code = f"""
import json
from documents.writing import create_with
made = create_with(owner=user("ada"), title="blocks", tree=json.loads({tree!r}))
for name, role in {roles!r}.items():
    sharing.grant(by=user("ada"), obj=made, to=user(name), role=Role.parse(role))
result = str(made.pk)
"""
    made: str = seed.run(code, database_url=house.database_url)
    return made


async def two(house: House, visit: Visit, document: str) -> tuple[Visitor, Visitor]:
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await bob.open(document)
    return ada, bob


def stored(house: House, document: str) -> list[str]:
    """What is on the disk: "kind: text" by block."""

    def text(of: Node) -> str:
        return str(of.get("text", "")) + "".join(text(child) for child in of.get("content", []))

    return [f"{block['type']}: {text(block)}" for block in house.stored_tree(document)["content"]]


async def put_caret(person: Visitor, text: str) -> None:
    await person.editor.get_by_text(text, exact=True).click()


async def drag(person: Visitor, block: Locator, onto: Locator, *, end: bool, cancel: bool = False) -> None:
    """Take the block by its handle and let it go at the upper or lower end of another."""
    mouse = person.page.mouse
    grip = person.page.locator(".handle-grip")

    async def is_beside_it() -> bool:
        here, there = await grip.bounding_box(), await block.bounding_box()
        return here is not None and there is not None and abs(here["y"] - there["y"]) < there["height"] / 2

    await block.hover()
    await expect(grip).to_be_visible()
    await until(is_beside_it, failure=lambda: "the handle does not come")
    start, target = await grip.bounding_box(), await onto.bounding_box()
    assert start is not None
    assert target is not None
    await mouse.move(start["x"] + 8, start["y"] + 8)
    await mouse.down()
    await mouse.move(start["x"] + 20, start["y"] + 20)
    await mouse.move(target["x"] + 30, target["y"] + (target["height"] - 3 if end else 3), steps=6)
    await expect(person.page.locator(".drop-line")).to_be_visible()
    if cancel:
        await person.page.keyboard.press("Escape")
        await expect(person.page.locator(".drop-line")).to_be_hidden()
    await mouse.up()


async def test_a_block_is_dragged_by_its_handle_to_where_the_line_shows(house: House, visit: Visit) -> None:
    document = written(house, p("one"), p("two"), node("bulletList", node("listItem", p("three"))), bob="editor")
    ada, bob = await two(house, visit, document)
    lines = ada.editor.locator("p")
    await drag(ada, lines.nth(0), lines.nth(1), end=True)
    await bob.reads("two\none\nthree")
    await expect(ada.page.get_by_role("menu", name="Block menu")).to_be_hidden()  # a drag is no click
    await drag(ada, lines.nth(0), lines.nth(2), end=True)  # into the list
    await bob.reads("one\nthreetwo")
    await ada.says("saved")
    assert stored(house, document) == ["paragraph: one", "bulletList: threetwo"]


async def test_escape_lets_a_dragged_block_stay(house: House, visit: Visit) -> None:
    document = written(house, p("one"), p("two"))
    ada = await visit(house, "ada")
    await ada.open(document)
    lines = ada.editor.locator("p")
    await drag(ada, lines.nth(0), lines.nth(1), end=True, cancel=True)
    await ada.reads("one\ntwo")


async def test_all_that_the_handle_does_is_done_by_keys(house: House, visit: Visit) -> None:
    document = written(house, p("one"), p("two"), bob="editor")
    ada, bob = await two(house, visit, document)
    keys = ada.page.keyboard
    await put_caret(ada, "two")
    await keys.press("Alt+Shift+ArrowUp")
    await bob.reads("two\none")
    await keys.press("Control+Shift+D")
    await bob.reads("two\ntwo\none")

    await keys.press("Control+Shift+M")
    menu = ada.page.get_by_role("menu", name="Block menu")
    await expect(menu.get_by_role("menuitem", name="Move up")).to_be_focused()
    await keys.press("Escape")
    await expect(ada.editor).to_be_focused()
    await keys.press("Control+Shift+M")
    await expect(menu.get_by_role("menuitem", name="Move up")).to_be_focused()
    await keys.type("Heading")
    await expect(menu.get_by_role("menuitemradio", name="Heading 1")).to_be_focused()
    await keys.press("ArrowDown")
    await expect(menu.get_by_role("menuitemradio", name="Heading 2")).to_be_focused()
    await keys.press("Enter")
    await expect(bob.editor.locator("h2")).to_have_text(re.compile("^two"))
    await expect(ada.editor).to_be_focused()

    await keys.press("Control+Shift+M")
    await expect(menu.get_by_role("menuitem", name="Move up")).to_be_focused()
    await keys.type("Delete")
    await expect(menu.get_by_role("menuitem", name="Delete")).to_be_focused()
    await keys.press("Enter")
    await bob.reads("two\none")
    await keys.press("Control+z")
    await bob.reads("two\ntwo\none")
    await ada.says("saved")
    assert stored(house, document) == ["paragraph: two", "heading: two", "paragraph: one"]


async def test_the_plus_offers_what_can_be_put_below(house: House, visit: Visit) -> None:
    ada = await visit(house, "ada")
    await ada.open(written(house, node("heading", words("one"), level=1), p("two")))
    await ada.editor.locator("h1").hover()
    await ada.page.locator(".handle-plus").click()
    await expect(ada.page.get_by_role("listbox")).to_be_visible()
    await ada.reads("one\n/\ntwo")


async def test_code_is_coloured_for_all_and_only_then_is_the_highlighter_fetched(house: House, visit: Visit) -> None:
    document = written(house, node("codeBlock", words("def f(): return 1")), bob="viewer")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    fetched: list[str] = []
    ada.page.on("request", lambda request: fetched.append(request.url.rpartition("/")[2]))
    await ada.open(document)
    await bob.open(document)
    await ada.page.evaluate("new Promise((resolve) => requestIdleCallback(resolve))")
    assert not [name for name in fetched if re.match(r"highlighter|python|typeset|popover", name)]

    language = ada.page.get_by_label("Language of the code")
    await language.focus()  # which fills it
    await language.select_option("Python")
    for person in (ada, bob):
        await expect(person.editor.locator(".hljs-keyword").first).to_have_text("def")
    assert [name for name in fetched if name.startswith("highlighter")]
    assert [name for name in fetched if name.startswith("python")]
    await expect(bob.page.get_by_label("Language of the code")).to_be_disabled()
    await put_caret(ada, "return")
    await ada.page.keyboard.press("End")
    await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.press("Tab")
    await ada.page.keyboard.type("pass")
    await expect(bob.editor.locator("code .hljs-keyword")).to_have_text(["def", "return", "pass"])
    await ada.says("saved")
    assert house.stored_tree(document)["content"][0] == node(
        "codeBlock", words("def f(): return 1\n  pass"), language="python"
    )


async def test_a_formula_is_typed_seen_and_edited(house: House, visit: Visit) -> None:
    document = written(house, p(), bob="editor")
    ada, bob = await two(house, visit, document)
    keys = ada.page.keyboard
    await ada.editor.click()
    await keys.type("The law $E=mc^2$ costs $5 or $6 now")
    formula = ada.editor.locator(".math")
    for person in (ada, bob):
        await expect(person.editor.locator(".math .katex-html")).to_be_visible()
        await expect(person.editor.locator(".math math")).to_have_count(1)
    await formula.click()
    source = ada.page.get_by_label("Formula in LaTeX")
    await expect(source).to_be_focused()
    await keys.type("\\frac{1}{")
    await expect(ada.page.locator(".math-preview")).to_have_attribute("title", re.compile("KaTeX parse error"))
    await keys.type("2}")
    await keys.press("Control+Enter")
    await expect(source).to_be_hidden()
    await expect(ada.editor).to_be_focused()
    await expect(bob.editor.locator(".math .mfrac")).to_be_visible()
    await keys.press("Enter")  # the formula is selected
    await expect(source).to_be_focused()
    await keys.type("x")
    await keys.press("Escape")
    await ada.says("saved")
    assert house.stored_tree(document)["content"][0]["content"] == [
        words("The law "),
        {**node("inlineMath", latex="\\frac{1}{2}"), "content": []},
        words(" costs $5 or $6 now"),
    ]


async def test_two_dollars_begin_a_formula_on_its_own_line(house: House, visit: Visit) -> None:
    document = written(house, p(), bob="editor")
    ada, bob = await two(house, visit, document)
    await ada.editor.click()
    await ada.page.keyboard.type("$$ ")
    await expect(ada.page.get_by_label("Formula in LaTeX")).to_be_focused()
    await ada.page.keyboard.type("a+b")
    await ada.page.get_by_role("button", name="Done").click()
    await expect(bob.editor.locator(".math-block .katex-display")).to_be_visible()
    await expect(bob.page.get_by_label("Formula in LaTeX")).to_have_count(0)  # only its author is asked
    await ada.says("saved")
    assert {**node("blockMath", latex="a+b"), "content": []} in house.stored_tree(document)["content"]


async def test_a_callout_is_given_another_kind(house: House, visit: Visit) -> None:
    document = written(house, node("callout", p("mind the step"), kind="note"), bob="viewer")
    ada, bob = await two(house, visit, document)
    await ada.page.get_by_role("button", name="Note: choose the kind of callout").click()
    await ada.page.get_by_role("menuitemradio", name="Danger").click()
    button = bob.page.get_by_role("button", name="Danger: choose the kind of callout")
    await expect(button).to_be_disabled()
    await expect(ada.editor).to_be_focused()
    await ada.says("saved")
    assert house.stored_tree(document)["content"][0]["attrs"] == {"kind": "danger"}


async def test_a_toggle_is_opened_by_each_for_themselves(house: House, visit: Visit) -> None:
    document = written(house, TOGGLE, bob="viewer")
    ada, bob = await two(house, visit, document)
    before = house.stored(document)
    button = bob.page.get_by_role("button", name="Show or hide what is in “more”")
    await expect(button).to_have_attribute("aria-expanded", "false")
    await expect(bob.editor.get_by_text("hidden words")).to_be_hidden()
    await button.press("Enter")
    await expect(button).to_have_attribute("aria-expanded", "true")
    await expect(bob.editor.get_by_text("hidden words")).to_be_visible()
    await expect(ada.editor.get_by_text("hidden words")).to_be_hidden()
    assert house.stored(document) == before

    await put_caret(ada, "more")
    await ada.page.keyboard.press("End")
    await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.type("first")
    await expect(bob.editor.get_by_text("first")).to_be_visible()  # what bob opened stays open while ada writes
    await expect(ada.editor.get_by_text("hidden words")).to_be_visible()


async def test_writers_tick_tasks_and_readers_cannot(house: House, visit: Visit) -> None:
    document = written(house, TASKS, bob="viewer")
    ada, bob = await two(house, visit, document)
    rope = bob.page.get_by_role("checkbox", name="Done: buy rope")
    await expect(rope).to_be_disabled()
    await rope.dispatch_event("click")
    await expect(rope).not_to_be_checked()
    await ada.page.get_by_role("checkbox", name="Done: buy rope").click()
    await expect(rope).to_be_checked()
    await ada.says("saved")
    assert [item["attrs"]["checked"] for item in house.stored_tree(document)["content"][0]["content"]] == [True, True]
    house.share(document, "bob", "editor")
    await expect(rope).to_be_enabled()


async def test_a_reader_has_no_handle_and_writes_nothing(house: House, visit: Visit) -> None:
    document = written(
        house, p("one"), p("two"), TASKS, TOGGLE, node("codeBlock", words("x = 1"), language="python"),
        node("callout", p("mind"), kind="tip"), p(), node("blockMath", latex="x"), bob="viewer",
    )  # fmt: skip
    bob = await visit(house, "bob")
    await bob.open(document)
    before = house.stored(document)
    await bob.editor.locator("p").first.hover()
    await bob.editor.locator(".math").click()
    for key in ("Alt+Shift+ArrowDown", "Control+Shift+D", "Control+Shift+M", "Enter", "x"):
        await bob.page.keyboard.press(key)
    await expect(bob.editor.locator(".hljs-number")).to_be_visible()
    await expect(bob.page.get_by_test_id("handle")).to_be_hidden()
    await expect(bob.page.get_by_role("menu")).to_have_count(0)
    await expect(bob.page.get_by_label("Formula in LaTeX")).to_have_count(0)
    await bob.says("readonly")
    assert house.stored(document) == before
    assert await bob.text() == await bob.text()


async def test_an_empty_line_says_what_can_be_done_only_while_the_caret_is_in_it(house: House, visit: Visit) -> None:
    ada = await visit(house, "ada")
    await ada.open(house.document())
    line = ada.editor.locator("[data-placeholder]")
    await expect(line).to_have_attribute("data-placeholder", "Write something, or type / for blocks…")
    await ada.type("# ")
    await expect(line).to_have_attribute("data-placeholder", "Heading 1")
    await ada.page.keyboard.type("x")
    await expect(line).to_have_count(0)
    await ada.page.keyboard.press("Enter")
    await expect(line).to_have_attribute("data-placeholder", "Type / for blocks")
    await ada.page.keyboard.press("ArrowUp")
    await expect(line).to_have_count(0)


async def test_lists_of_a_language_written_from_the_right_stand_right(house: House, visit: Visit) -> None:
    ada = await visit(house, "ada")
    tasks = node("taskList", node("taskItem", p("مهمة"), checked=False))
    await ada.open(written(house, p("left"), tasks, TASKS))
    where = "(element) => element.getBoundingClientRect().x"
    boxes = [await box.evaluate(where) for box in await ada.page.get_by_role("checkbox").all()]
    lines = [await line.evaluate(where) for line in await ada.editor.locator("li p").all()]
    assert boxes[0] > lines[0]
    assert boxes[1] < lines[1]


async def test_paper_has_only_the_document_with_its_toggles_open(house: House, visit: Visit) -> None:
    ada = await visit(house, "ada")
    await ada.open(written(house, p("one"), TOGGLE, node("codeBlock", words("x = 1"))))
    await ada.page.emulate_media(media="print", color_scheme="dark")
    await expect(ada.editor.get_by_text("hidden words")).to_be_visible()
    for gone in (".bar", ".tools", ".code-bar", ".toggle-button"):
        await expect(ada.page.locator(gone).first).to_be_hidden()
    assert await ada.page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    seen = await ada.page.evaluate(
        "[...document.body.children].filter((e) => e.checkVisibility()).map((e) => e.tagName)"
    )
    assert seen == ["MAIN"]


async def test_on_paper_a_wide_table_fits_and_nothing_white_is_left(house: House, visit: Visit) -> None:
    cells = [node("tableCell", p("cell"), colwidth=[400]) for _ in range(4)]
    ada = await visit(house, "ada", viewport={"width": 700, "height": 900})
    me = node("paragraph", node("mention", id=str(house.people["ada"]["id"]), label="Ada"))
    await ada.open(written(house, node("table", node("tableRow", *cells)), node("horizontalRule"), me))
    await expect(ada.editor.locator(".mention.me")).to_be_visible()
    await ada.page.emulate_media(media="print", color_scheme="dark")
    assert await ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await ada.editor.locator("table").evaluate("(table) => table.offsetWidth <= table.parentElement.offsetWidth")
    looks = "(element) => [getComputedStyle(element).color, getComputedStyle(element).borderTopStyle]"
    assert (await ada.editor.locator(".mention").evaluate(looks))[0] == "rgb(0, 0, 0)"
    assert (await ada.editor.locator("hr").evaluate(looks))[1] == "solid"


async def test_on_a_phone_a_long_press_beside_a_block_opens_its_menu(house: House, visit: Visit) -> None:
    document = written(house, p("one"), p("two"), bob="editor")
    ada, bob = await visit(house, "ada", **PHONE), await visit(house, "bob")
    await ada.open(document)
    await bob.open(document)
    finger = await ada.context.new_cdp_session(ada.page)
    box = await ada.editor.get_by_text("two").bounding_box()
    assert box is not None
    at = [{"x": 8, "y": box["y"] + box["height"] / 2}]
    touch = "Input.dispatchTouchEvent"
    # A tap does nothing, and neither does a press in the text but what the browser does.
    await finger.send(touch, {"type": "touchStart", "touchPoints": at})
    await finger.send(touch, {"type": "touchEnd", "touchPoints": []})
    await expect(ada.page.locator(".handle .menu")).to_be_hidden()

    await finger.send(touch, {"type": "touchStart", "touchPoints": at})
    await ada.page.wait_for_function("(since) => performance.now() - since > 600", arg=await ada.page.evaluate(NOW))
    await finger.send(touch, {"type": "touchEnd", "touchPoints": []})

    await ada.page.get_by_role("menuitem", name="Duplicate").click()
    for person in (ada, bob):
        await person.reads("one\ntwo\ntwo")


async def test_on_a_phone_wide_code_scrolls_in_itself(house: House, visit: Visit) -> None:
    ada = await visit(house, "ada", **PHONE)
    await ada.open(written(house, node("codeBlock", words("long " * 80)), node("blockMath", latex="a+" * 200 + "b")))
    await expect(ada.editor.locator(".katex")).to_be_visible()
    assert await ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await ada.editor.locator("pre").evaluate("(pre) => pre.scrollWidth > pre.clientWidth")


async def test_the_text_has_its_own_letters_and_nothing_moves_when_they_come(house: House, visit: Visit) -> None:
    document = written(
        house, *(p("Nobody queues for more than ten minutes, and everybody reads it. " * 4) for _ in "abc")
    )
    ada = await visit(house, "ada")
    await ada.open(document)
    await ada.page.evaluate("document.fonts.ready.then(() => undefined)")
    loaded = await ada.page.evaluate("[...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family)")
    assert {"Source Serif 4 Variable", "Inter Variable"} <= {family.strip('"') for family in loaded}
    size = """(prose) => {  // of one line, however long
      prose.style.setProperty('white-space', 'nowrap')
      const range = document.createRange()
      range.selectNodeContents(prose.firstElementChild)
      const { width, height } = range.getBoundingClientRect()
      return [width, height, prose.firstElementChild.getBoundingClientRect().height]
    }"""
    real = await ada.editor.evaluate(size)
    await ada.editor.evaluate("(prose) => prose.style.setProperty('font-family', '\"Source Serif Fallback\"')")
    stand_in = await ada.editor.evaluate(size)
    assert stand_in[0] == pytest.approx(real[0], rel=0.02)
    assert stand_in[2] == pytest.approx(real[2], abs=0.5)


async def test_others_writing_above_leaves_colours_and_menus_in_place(house: House, visit: Visit) -> None:
    document = written(house, p("one"), node("codeBlock", words("x = 1"), language="python"), p("end"), bob="editor")
    ada, bob = await two(house, visit, document)
    await expect(ada.editor.locator(".hljs-number")).to_be_visible()
    await put_caret(ada, "end")
    await ada.page.keyboard.press("Control+Shift+M")
    await expect(ada.page.get_by_role("menu", name="Block menu")).to_be_visible()
    await put_caret(bob, "one")
    await bob.page.keyboard.press("Home")
    await bob.page.keyboard.type("before\n")
    await ada.sees(lambda text: text.startswith("before\none"))
    await expect(ada.editor.locator(".hljs-number")).to_have_text("1")
    await ada.page.keyboard.type("Duplicate")
    await ada.page.keyboard.press("Enter")
    await bob.sees(lambda text: text.endswith("end\nend"))


async def test_a_chunk_of_blocks_is_not_part_of_the_first_load(house: House, visit: Visit) -> None:
    fetched: list[str] = []
    ada = await visit(house, "ada")
    ada.page.on("request", lambda request: fetched.append(request.url.rpartition("/")[2]))
    await ada.open(written(house, p("one")))
    assert not [name for name in fetched if name.startswith("grip")]
    await put_caret(ada, "one")
    await ada.page.keyboard.press("Control+Shift+M")
    await until(lambda: loaded(fetched, "grip"))


async def loaded(fetched: list[str], name: str) -> bool:
    return any(each.startswith(name) for each in fetched)
