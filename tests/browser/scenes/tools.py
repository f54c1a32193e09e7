"""What opens from the toolbar, and the ways to find one's way in a text."""

from playwright.async_api import Locator, Page, expect

from tests.browser.visitor import Visitor

from .stage import Stage, scene
from .text import choose_words


def tool(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator(".tools").get_by_role("button", name=name)


async def opened(stage: Stage, name: str) -> Page:
    alma = await stage.reader()
    await choose_words(alma)
    await tool(alma, name).click()
    await expect(alma.page.locator(".tools .menu:popover-open")).to_be_visible()
    return alma.page


@scene
async def tools_style(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator("p").first.click()
    await alma.page.locator(".tool.style").click()
    await expect(alma.page.locator(".tools .menu:popover-open")).to_be_visible()
    return alma.page


@scene
async def tools_alignment(stage: Stage) -> Page:
    return await opened(stage, "Alignment")


@scene
async def tools_insert(stage: Stage) -> Page:
    alma = await stage.reader()
    await choose_words(alma)
    await alma.page.locator(".tools").get_by_role("button", name="Insert", exact=True).click()
    await expect(alma.page.locator(".tools .menu:popover-open")).to_be_visible()
    return alma.page


@scene
async def tools_more(stage: Stage) -> Page:
    alma = await stage.reader()
    if stage.phone:  # there the strip scrolls, and nothing is behind anything
        await tool(alma, "Redo").scroll_into_view_if_needed()
        return alma.page
    await alma.page.set_viewport_size({"width": 700, "height": 800})
    await tool(alma, "More").click()
    await expect(alma.page.locator(".tools .menu:popover-open")).to_be_visible()
    return alma.page


@scene
async def tools_colors(stage: Stage) -> Page:
    alma = await stage.reader()
    await choose_words(alma)
    await tool(alma, "Text colour and highlight").click()
    await expect(alma.page.locator(".palette")).to_be_visible()
    return alma.page


@scene
async def tools_table_size(stage: Stage) -> Page:
    alma = await stage.reader()
    await choose_words(alma)
    await tool(alma, "Insert table").click()
    await expect(alma.page.locator(".size-grid")).to_be_visible()
    await alma.page.keyboard.press("ArrowDown")
    await alma.page.keyboard.press("ArrowRight")
    return alma.page


@scene
async def tools_table(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator("td").nth(4).click()
    await alma.page.locator(".tools").get_by_role("button", name="Table", exact=True).click()
    await expect(alma.page.locator(".tools .menu:popover-open")).to_be_visible()
    return alma.page


@scene
async def find(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator("p").first.click()
    await alma.page.keyboard.press("Control+f")
    await alma.page.get_by_test_id("find-text").fill("the")
    await expect(alma.editor.locator(".match.current")).to_be_visible()
    return alma.page


@scene
async def find_nothing(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator("p").first.click()
    await alma.page.keyboard.press("Control+f")
    await alma.page.get_by_test_id("find-text").fill("regatta")
    await expect(alma.page.locator(".find.none")).to_be_visible()
    return alma.page


@scene
async def outline_popover(stage: Stage) -> Page:
    alma = await stage.reader()
    if not stage.phone:
        await alma.page.set_viewport_size({"width": 900, "height": 900})
    await alma.page.get_by_test_id("menu-open").click()
    await alma.page.get_by_role("menuitem", name="Outline").click()
    await expect(alma.page.get_by_test_id("outline")).to_be_visible()
    return alma.page
