"""Access tokens on the account page: made, shown once, used, revoked."""

import pytest
from playwright.async_api import expect

from tests.clients import Scribe

from .conftest import StartHouse, Visit
from .visitor import arrive

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_token_is_made_shown_once_used_and_revoked(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    document = house.document()
    ada = await visit(house, "ada")
    page = ada.page
    await arrive(page, "/account/")
    opener = page.get_by_role("button", name="New token")
    await opener.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(opener).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.type("Robot")
    await page.get_by_label("What it may do").select_option("write")
    await page.get_by_role("button", name="Make the token").click()

    shown = page.get_by_role("textbox", name="Access token")
    secret = await shown.input_value()
    assert secret.startswith("coscribe_")
    robot = Scribe(house.app.ws_url, "", document)
    await robot.open(additional_headers={"Authorization": f"Bearer {secret}"})
    await robot.until(lambda: robot.synced)
    assert robot.role == "owner"

    await page.keyboard.press("Escape")
    await expect(opener).to_be_focused()
    await page.reload()  # makes no second one, and shows the first no more
    await expect(page.locator("#tokens li")).to_have_count(1)
    assert secret not in await page.content()
    await expect(page.locator("#tokens li")).to_contain_text("last used")

    revoke = page.get_by_role("button", name="Revoke Robot")
    await revoke.click()
    await page.get_by_role("button", name="Cancel").click()
    await expect(revoke).to_be_focused()
    await robot.type("still here")
    await robot.saved()
    await revoke.click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(page.locator(".done")).to_have_text("The access token is revoked.")
    await expect(page.locator("#tokens li")).to_have_count(0)
    await robot.until(lambda: robot.closed)
    assert robot.closed is not None
    assert robot.closed[0] == 4401
    await robot.close()
