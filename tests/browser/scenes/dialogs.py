"""The menu of a document, and the dialogs over it."""

from playwright.async_api import Page, expect

from .stage import Stage, scene


@scene
async def document_menu(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.page.get_by_test_id("menu-open").click()
    await expect(alma.page.get_by_role("menuitem").first).to_be_visible()
    return alma.page


@scene
async def document_trash(stage: Stage) -> Page:
    page = await document_menu(stage)
    await page.get_by_role("menuitem", name="Move to trash").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    return page


@scene
async def title_refused(stage: Stage) -> Page:
    ada = await stage.come("ada")
    ada.tolerate(r"status of 4\d\d")
    await ada.open(stage.house.document(title="Minutes"))
    await ada.page.route("**/documents/*/", lambda route: route.abort() if route.request.method == "PATCH" else None)
    title = ada.page.get_by_test_id("title")
    await title.fill("Minutes of November")
    await title.press("Enter")
    await expect(ada.page.locator("#title-error")).to_be_visible()
    return ada.page


@scene
async def help_sheet(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.editor.locator("p").first.click()
    await alma.page.keyboard.press("Control+/")
    await expect(alma.page.get_by_role("dialog")).to_be_visible()
    return alma.page
