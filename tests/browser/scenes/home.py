"""The list of documents: each view, full and empty, and what opens from it."""

from playwright.async_api import Locator, Page, expect

from tests.browser.visitor import Visitor

from .harbour import PAPERS, TITLE, TRASHED
from .stage import Stage, scene


async def at_home(stage: Stage, name: str, path: str = "/") -> Visitor:
    return await (await stage.come(name)).open_home(path)


def line(page: Page, title: str) -> Locator:
    return page.locator(".line", has_text=title)


@scene
async def home(stage: Stage) -> Page:
    await stage.company("bo", "ines")
    alma = await at_home(stage, "alma")
    await expect(line(alma.page, TITLE).locator(".here .face")).to_have_count(2)
    return alma.page


@scene
async def home_shared(stage: Stage) -> Page:
    return (await at_home(stage, "alma", "/?view=shared")).page


@scene
async def home_trash(stage: Stage) -> Page:
    return (await at_home(stage, "alma", "/?view=trash")).page


@scene
async def home_nothing_found(stage: Stage) -> Page:
    return (await at_home(stage, "alma", "/?q=regatta")).page


@scene
async def home_empty(stage: Stage) -> Page:
    return (await at_home(stage, "nils")).page


@scene
async def home_empty_mine(stage: Stage) -> Page:
    return (await at_home(stage, "nils", "/?view=mine")).page


@scene
async def home_empty_shared(stage: Stage) -> Page:
    return (await at_home(stage, "nils", "/?view=shared")).page


@scene
async def home_empty_starred(stage: Stage) -> Page:
    return (await at_home(stage, "nils", "/?view=starred")).page


@scene
async def home_empty_trash(stage: Stage) -> Page:
    return (await at_home(stage, "nils", "/?view=trash")).page


@scene
async def home_line_menu(stage: Stage) -> Page:
    page = (await at_home(stage, "alma")).page
    await line(page, PAPERS[1][0]).hover()
    await line(page, PAPERS[1][0]).locator("button.more").click()
    await expect(page.get_by_role("menu")).to_be_visible()
    return page


@scene
async def home_rename(stage: Stage) -> Page:
    page = (await at_home(stage, "alma")).page
    await line(page, PAPERS[1][0]).locator(".name").focus()
    await page.keyboard.press("F2")
    await expect(page.locator(".rename")).to_be_focused()
    return page


@scene
async def home_delete(stage: Stage) -> Page:
    page = (await at_home(stage, "alma", "/?view=trash")).page
    await line(page, TRASHED[0]).hover()
    await line(page, TRASHED[0]).locator("button.more").click()
    await page.get_by_role("menuitem", name="Delete for good").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    return page


@scene
async def home_toast(stage: Stage) -> Page:
    ada = await stage.come("ada")
    document = stage.house.document(title="Poster, second draft")
    await ada.open_home()
    await ada.page.locator(f"#line-{document} .name").focus()
    await ada.page.keyboard.press("#")
    await expect(ada.page.locator("#toast")).to_be_visible()
    return ada.page


@scene
async def home_help(stage: Stage) -> Page:
    page = (await at_home(stage, "alma")).page
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    return page


@scene
async def home_offline(stage: Stage) -> Page:
    alma = await at_home(stage, "alma")
    await alma.kept_offline()  # else the worker would complain of what it could not fetch
    await alma.context.set_offline(True)
    await expect(alma.page.locator("#offline")).to_be_visible()
    return alma.page
