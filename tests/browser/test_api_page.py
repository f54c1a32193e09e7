"""The page of the API's description: everything it needs comes from here, and obeys the policy of all pages."""

import pytest
from playwright.async_api import expect

from .conftest import Visit
from .house import House

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_description_can_be_read_and_breaks_no_policy(house: House, visit: Visit) -> None:
    """`visit` fails for a violation of the CSP."""
    ada = await visit(house, "ada")
    page = ada.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto("/api/docs")
    await expect(page.get_by_role("heading", name="Coscribe")).to_be_visible()
    operation = page.get_by_role("button", name="POST /api/documents/{pk}/shares/").first
    await operation.click()
    await expect(page.get_by_text("Request body").first).to_be_visible()
    assert asked
    assert all(url.startswith((house.app.url, "data:")) for url in asked), "something is fetched from elsewhere"
