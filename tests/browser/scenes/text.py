"""The text, and what shows beside a block or a word of it."""

import secrets

from playwright.async_api import Page, expect

from tests import seed
from tests.browser.pasting import paste_file
from tests.browser.visitor import Visitor

from .stage import Stage, scene

# A PNG of one pixel, which is small enough for the server to keep waiting.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


async def choose_words(visitor: Visitor, within: str = "p", *, word: str = "promise") -> None:
    """A double click on a word of the first such block."""
    block = visitor.editor.locator(within, has_text=word).first
    await block.evaluate(
        """(block, word) => {
          const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT)
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const at = node.data.indexOf(word)
            if (at < 0) continue
            block.closest('[contenteditable]').focus()
            getSelection().setBaseAndExtent(node, at, node, at + word.length)
            return
          }
        }""",
        word,
    )


async def fresh_line(visitor: Visitor, typed: str = "") -> None:
    """An empty line below the first paragraph, and something typed into it."""
    await visitor.editor.locator("p").first.evaluate(
        """(block) => {
          block.closest('[contenteditable]').focus()
          getSelection().selectAllChildren(block)
          getSelection().collapseToEnd()
        }"""
    )
    await visitor.page.keyboard.press("Enter")
    await visitor.page.keyboard.type(typed)


@scene
async def document_empty(stage: Stage) -> Page:
    ada = await stage.come("ada")
    return (await ada.open(stage.house.document())).page


@scene
async def welcome(stage: Stage) -> Page:
    """What somebody new finds."""
    name = f"dora-{secrets.token_hex(4)}"
    stage.house.people[name] = seed.run(
        f"result = person({name!r}); User.objects.filter(username={name!r}).update(name='Dora Maar')",
        database_url=stage.house.database_url,
    )
    dora = await stage.come(name)
    await dora.page.goto("/welcome/")
    await dora.synced()
    await expect(dora.editor).to_be_focused()
    return dora.page


@scene
async def document_end(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.get_by_text("Water first").evaluate("(element) => element.scrollIntoView()")
    await expect(alma.editor.locator(".katex").first).to_be_visible()
    await expect(alma.editor.locator("img")).to_have_js_property("complete", value=True)
    return alma.page


@scene
async def document_picture(stage: Stage) -> Page:
    alma = await stage.reader()
    await expect(alma.editor.locator("img")).to_have_js_property("complete", value=True)
    await alma.editor.locator("p").last.scroll_into_view_if_needed()
    return alma.page


@scene
async def document_for_a_reader(stage: Stage) -> Page:
    return (await stage.reader("ines")).page


@scene
async def slash_menu(stage: Stage) -> Page:
    bo = await stage.writer()
    await fresh_line(bo, "/")
    await expect(bo.page.locator(".suggest [role=option]").first).to_be_visible()
    return bo.page


@scene
async def mention_list(stage: Stage) -> Page:
    alma = await stage.come("alma")
    await alma.open(stage.house.document(owner="alma", title="A list of names", bo="editor", mira="viewer"))
    await alma.type("Ask @")
    await expect(alma.page.locator(".suggest [role=option]").first).to_be_visible()
    return alma.page


@scene
async def bubble(stage: Stage) -> Page:
    alma = await stage.reader()
    await choose_words(alma)
    if not stage.phone:
        await expect(alma.page.locator(".bubble")).to_be_visible()
    return alma.page


@scene
async def link_card(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator("a").first.click()
    await expect(alma.page.locator(".link-card")).to_be_visible()
    return alma.page


@scene
async def link_form_refused(stage: Stage) -> Page:
    alma = await stage.reader()
    await choose_words(alma)
    await alma.page.keyboard.press("Control+k")
    await alma.page.locator(".link-card input").fill("javascript:alert(1)")
    await alma.page.keyboard.press("Enter")
    await expect(alma.page.locator(".link-card .problem")).not_to_be_empty()
    return alma.page


@scene
async def table_bar(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator("td").nth(4).click()
    if not stage.phone:
        await expect(alma.page.locator(".table-bar")).to_be_visible()
    return alma.page


@scene
async def block_menu(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator("p").first.click()
    await alma.page.keyboard.press("Control+Shift+M")
    await expect(alma.page.locator(".handle .menu")).to_be_visible()
    return alma.page


@scene
async def callout_kinds(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator("p").first.click()
    await alma.page.get_by_test_id("callout-kind").first.click()
    await expect(alma.page.get_by_role("menu")).to_be_visible()
    return alma.page


@scene
async def code_language(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator("pre").click()
    await alma.page.get_by_test_id("code-language").focus()
    await expect(alma.editor.locator("pre .hljs-keyword").first).to_be_visible()
    return alma.page


@scene
async def math_editor(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator(".math-block").click()
    await expect(alma.page.get_by_test_id("math-source")).to_be_focused()
    return alma.page


@scene
async def image_chosen(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator("figure img").click()
    await expect(alma.page.locator(".image-controls")).to_be_visible()
    return alma.page


@scene
async def image_alt(stage: Stage) -> Page:
    page = await image_chosen(stage)
    await page.locator(".image-controls").get_by_role("button", name="Alt text").click()
    await expect(page.get_by_test_id("image-alt")).to_be_visible()
    return page


@scene
async def image_uploading(stage: Stage) -> Page:
    bo = await stage.writer()
    await bo.page.route("**/images/", lambda route: None)
    await fresh_line(bo)
    await paste_file(bo, PIXEL, "image/png")
    await expect(bo.page.get_by_test_id("image-waiting").get_by_role("progressbar")).to_be_visible()
    return bo.page


@scene
async def image_refused(stage: Stage) -> Page:
    bo = await stage.writer()
    bo.tolerate(r"status of 4\d\d")
    await fresh_line(bo)
    await paste_file(bo, "bm8gcGljdHVyZQ==", "image/png")
    await expect(bo.page.get_by_test_id("image-waiting").get_by_role("alert")).not_to_be_empty()
    return bo.page
