"""The bell in the header, and what it opens."""

from playwright.async_api import Page, expect

from tests.browser.visitor import arrive

from .stage import Stage, scene


async def opened(page: Page) -> Page:
    await page.get_by_test_id("inbox-open").click()
    await expect(page.locator("#inbox")).to_be_visible()
    await expect(page.locator("#inbox:not([aria-busy])")).to_be_visible()
    return page


def asked(stage: Stage) -> tuple[str, str]:
    """An owner whom others ask for access and offer ownership, and their document."""
    house = stage.house
    dana, bo = house.newcomer("dana"), house.newcomer("bodil")
    document = house.document(owner=dana, title="Minutes, 14 November")
    theirs = house.document(owner=bo, title="Sail loft: house rules")
    house.share(theirs, dana, "editor", by=bo)
    house.api(bo, "PUT", f"documents/{theirs}/offer/", {"person": house.people[dana]["id"]})
    house.api(dana, "PUT", f"documents/{document}/request-setting/", {"admits": True})
    words = {"role": "editor", "words": "I was there and would like to correct what I said about the crane."}
    house.api(bo, "POST", f"documents/{document}/requests/", words)
    return dana, document


@scene
async def inbox_open(stage: Stage) -> Page:
    dana, _document = asked(stage)
    visitor = await stage.come(dana)
    await visitor.open_home()
    return await opened(visitor.page)


@scene
async def inbox_answered(stage: Stage) -> Page:
    dana, document = asked(stage)
    visitor = await stage.come(dana)
    await visitor.open(document)
    await opened(visitor.page)
    await visitor.page.get_by_role("button", name="Editor").click()
    await expect(visitor.page.locator(".inbox-answer")).to_be_visible()
    return visitor.page


@scene
async def inbox_unread(stage: Stage) -> Page:
    """The bell alone, on the page of a document."""
    dana, document = asked(stage)
    visitor = await stage.come(dana)
    await visitor.open(document)
    return visitor.page


@scene
async def inbox_empty(stage: Stage) -> Page:
    visitor = await stage.come(stage.house.newcomer("nora"))
    await arrive(visitor.page, "/groups/")
    return await opened(visitor.page)


@scene
async def inbox_unreachable(stage: Stage) -> Page:
    visitor = await stage.come(stage.house.newcomer("nora"))
    visitor.tolerate("ERR_FAILED")
    await arrive(visitor.page, "/groups/")
    await visitor.page.route("**/api/notices/*", lambda route: route.abort())
    await visitor.page.route("**/api/notices/", lambda route: route.abort())
    return await opened(visitor.page)
