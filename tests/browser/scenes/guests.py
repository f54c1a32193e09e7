"""Somebody without an account, who has a link."""

from playwright.async_api import Page, expect

from tests.browser.visitor import Visitor

from .stage import Stage, scene


async def by_link(stage: Stage, role: str = "editor") -> tuple[Visitor, str, str]:
    """Somebody at the door of a document, whose owner it is, and its id."""
    house = stage.house
    dana = house.newcomer("dana")
    document = house.document(owner=dana, title="Potluck in the sail loft")
    house.api(dana, "PUT", f"documents/{document}/link/", {"role": role})
    nobody = await stage.come("")
    await nobody.page.goto(f"/documents/{document}/")
    return nobody, dana, document


@scene
async def guest_entrance(stage: Stage) -> Page:
    guest, _dana, _document = await by_link(stage)
    return guest.page


async def inside(stage: Stage) -> tuple[Visitor, str, str]:
    guest, dana, document = await by_link(stage)
    await guest.page.locator("#name").fill("Quiet Heron")
    await guest.page.locator("form .button.main").first.click()
    await guest.synced()
    return guest, dana, document


@scene
async def guest_page(stage: Stage) -> Page:
    """As the owner sees it: the guest's face is drawn, and not filled in."""
    guest, dana, document = await inside(stage)
    owner = await stage.come(dana)
    await owner.open(document)
    await guest.type("I bring soup.")
    await owner.reads("I bring soup.")
    await expect(owner.page.locator(".face.guest")).to_be_visible()
    return owner.page


@scene
async def guest_menu(stage: Stage) -> Page:
    guest, _dana, _document = await inside(stage)
    await guest.page.get_by_test_id("menu-open").click()
    await expect(guest.page.get_by_role("menuitem").first).to_be_visible()
    return guest.page


@scene
async def guest_name(stage: Stage) -> Page:
    page = await guest_menu(stage)
    await page.get_by_role("menuitem", name="Change your name").click()
    await expect(page.get_by_test_id("guest-form")).to_be_visible()
    return page


@scene
async def guest_left(stage: Stage) -> Page:
    guest, dana, document = await inside(stage)
    stage.house.api(dana, "PUT", f"documents/{document}/link/", {"role": None})
    await expect(guest.leaving).to_be_visible()
    return guest.page


@scene
async def guest_home(stage: Stage) -> Page:
    guest, _dana, _document = await inside(stage)
    await guest.page.goto("/")
    return guest.page
