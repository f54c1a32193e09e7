"""A document with others in it."""

from playwright.async_api import Page, expect

from tests.browser.visitor import Visitor

from .harbour import TITLE
from .stage import Stage, scene
from .text import choose_words


@scene
async def document(stage: Stage) -> Page:
    """Everything at once: Bo has chosen words, Jon writes, four more are here."""
    await stage.company("mira", "ines", "li")
    alma = await stage.reader()
    bo, jon = await stage.reader("bo"), await stage.reader("jon")
    await choose_words(bo, word="do about it")
    await choose_words(jon, word="Walk the quay with the fire service")
    await jon.page.keyboard.press("ArrowRight")
    await expect(alma.editor.locator(".caret")).to_have_count(2)
    await expect(alma.editor.locator(".selected-by").first).to_be_visible()
    await expect(alma.page.get_by_test_id("face").first).to_be_visible()
    return alma.page


@scene
async def face_card(stage: Stage) -> Page:
    alma = await beside_bo(stage)
    await alma.page.get_by_test_id("face").hover()
    await expect(alma.page.get_by_role("tooltip")).to_be_visible()
    return alma.page


@scene
async def faces_list(stage: Stage) -> Page:
    await stage.company("bo", "mira", "ines", "jon", "kaia", "li")
    alma = await stage.reader()
    await alma.page.get_by_test_id("faces-more").click()
    await expect(alma.page.locator(".faces .menu:popover-open")).to_be_visible()
    return alma.page


@scene
async def following(stage: Stage) -> Page:
    alma = await beside_bo(stage)
    face = alma.page.get_by_test_id("face")
    await face.click()
    await face.click()
    await expect(alma.page.get_by_test_id("follow")).to_be_visible()
    return alma.page


@scene
async def save_word_card(stage: Stage) -> Page:
    alma = await stage.reader()
    await alma.page.get_by_test_id("save-word-more").click()
    await expect(alma.page.get_by_role("tooltip")).to_be_visible()
    return alma.page


@scene
async def word_count_card(stage: Stage) -> Page:
    alma = await stage.reader()
    if not stage.phone:
        await alma.page.get_by_test_id("word-count").click()
        await expect(alma.page.get_by_role("tooltip")).to_be_visible()
    return alma.page


async def beside_bo(stage: Stage) -> Visitor:
    """Alma, in a copy of the plan in which Bo has his caret in the section "First aid"."""
    document = stage.house.copy(stage.harbour.plan, by="jon", title=TITLE)
    for name in ("alma", "bo"):
        stage.house.share(document, name, "editor", by="jon")
    alma, bo = await stage.come("alma"), await stage.come("bo")
    await alma.open(document)
    await bo.open(document)
    await bo.editor.locator("p", has_text="Radios").click()
    await expect(alma.editor.locator(".caret")).to_have_count(1)
    return alma
