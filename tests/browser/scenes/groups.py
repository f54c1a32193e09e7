"""The page of groups."""

from playwright.async_api import Page, expect

from .stage import Stage, scene


async def with_groups(stage: Stage) -> Page:
    house = stage.house
    dana, bo, ines = house.newcomer("dana"), house.newcomer("bodil"), house.newcomer("ines")
    crew = house.api(dana, "POST", "teams/", {"name": "Harbour crew"})
    for name in (bo, ines):
        house.api(dana, "POST", f"teams/{crew['id']}/members/", {"person": name})
    document = house.document(owner=dana, title="Minutes")
    house.api(dana, "POST", f"documents/{document}/shares/", {"people": ["Harbour crew"], "role": "editor"})
    board = house.api(bo, "POST", "teams/", {"name": "The board of the sail loft and of the long quay beside it"})
    house.api(bo, "POST", f"teams/{board['id']}/members/", {"person": dana})
    visitor = await stage.come(dana)
    await visitor.page.goto("/groups/")
    await expect(visitor.page.get_by_test_id("group")).to_have_count(2)
    return visitor.page


@scene
async def groups_empty(stage: Stage) -> Page:
    visitor = await stage.come(stage.house.newcomer("nora"))
    await visitor.page.goto("/groups/")
    await expect(visitor.page.locator(".groups-nothing")).to_be_visible()
    return visitor.page


@scene
async def groups_open(stage: Stage) -> Page:
    page = await with_groups(stage)
    for head in await page.locator(".group-head").all():
        await head.click()
    await expect(page.get_by_test_id("member")).to_have_count(5)
    return page


@scene
async def groups_refused(stage: Stage) -> Page:
    page = await with_groups(stage)
    stage.visitors[-1].tolerate(r"status of 4\d\d")
    await page.locator(".group-head").first.click()
    await page.locator(".group-add input").fill("nobody at all")
    await page.locator(".group-add input").press("Enter")
    await expect(page.locator(".group-add .problem")).not_to_be_empty()
    return page


@scene
async def groups_delete(stage: Stage) -> Page:
    page = await with_groups(stage)
    await page.locator(".group-head").first.click()
    await page.locator(".group-end").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    return page
