"""Pasting from elsewhere: what comes in is structure, what is stored is what others see, nothing freezes or is lost."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from .conftest import Visit
from .house import House
from .pasting import paste

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FIXTURES = Path(__file__).parents[2] / "frontend" / "test" / "fixtures"


async def test_a_page_of_word_arrives_with_its_lists_and_tables_at_both(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await bob.open(document)
    await ada.type("Before. ")
    await paste(ada, html=(FIXTURES / "word.html").read_text(), plain="not this")
    for visitor in (ada, bob):
        await expect(visitor.editor.locator("ul ul li")).to_have_text("The old one")
        await expect(visitor.editor.locator("ol[start='3'] li")).to_have_count(2)
        await expect(visitor.editor.locator("td").first).to_have_attribute("colspan", "2")
        await expect(visitor.editor.locator("h1, h2")).to_have_count(2)  # the title goes on in the line that was there
    await ada.says("saved")
    assert "The old one" in house.stored_text(document)

    await ada.page.keyboard.press("Control+z")
    for visitor in (ada, bob):
        await visitor.sees(lambda text: text.strip() == "Before.")


async def test_google_docs_and_web_pages_bring_nothing_that_runs_or_loads(house: House, visit: Visit) -> None:
    document = house.document()
    ada = await visit(house, "ada")
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    await ada.open(document)
    await ada.editor.click()
    await paste(ada, html=(FIXTURES / "docs.html").read_text())
    await expect(ada.editor.locator("ul[data-type=taskList] li")).to_have_count(2)
    await expect(ada.editor.locator("strong")).to_have_count(2)
    await ada.click_at_end()
    await paste(ada, html=(FIXTURES / "web.html").read_text())
    await expect(ada.editor.locator("a[href='https://example.org/pictures/tide%20table.png']")).to_have_text(
        "A tide table"
    )
    await expect(ada.editor.locator("script, style, iframe, [onclick], img[src^=http]")).to_have_count(0)
    await ada.says("saved")
    assert [url for url in asked if not url.startswith((house.url, "data:", "blob:", "ws"))] == []


async def test_markdown_becomes_what_it_means_and_stays_as_it_is_where_one_wants_that(
    house: House, visit: Visit
) -> None:
    document = house.document()
    ada = await visit(house, "ada")
    await ada.open(document)
    await ada.editor.click()
    await paste(ada, plain="# Plan\n\n- [x] one\n- [ ] two\n\n**Bold** words")
    await expect(ada.editor.locator("h1")).to_have_text("Plan")
    await expect(ada.editor.locator("ul[data-type=taskList] li")).to_have_count(2)
    await ada.page.keyboard.press("Control+z")
    await ada.reads("")
    await ada.editor.dispatch_event("keydown", {"key": "V", "code": "KeyV", "shiftKey": True, "ctrlKey": True})
    await paste(ada, plain="# Plan\n\n- [x] one")
    await ada.sees(lambda text: "# Plan" in text and "[x] one" in text)


async def test_a_web_page_of_five_megabytes_goes_in_as_text_and_the_page_stays_awake(
    house: House, visit: Visit
) -> None:
    document = house.document()
    ada = await visit(house, "ada")
    await ada.open(document)
    await ada.editor.click()
    row = '<div class="row" style="padding:4px;margin:2px;color:rgb(1,2,3)"><span>word </span></div>\n'
    html = "<html><body>" + row * (5_000_000 // len(row)) + "</body></html>"
    await paste(ada, html=html, plain="the words of the page\n" * 2_000)
    await expect(ada.page.get_by_test_id("paste-notice")).to_contain_text("its text was pasted")
    await ada.says("saved")
    assert house.stored_text(document).count("the words of the page") == 2_000


async def test_what_is_too_large_is_refused_with_words_and_the_page_goes_on(house: House, visit: Visit) -> None:
    document = house.document()
    ada = await visit(house, "ada")
    await ada.open(document)
    await ada.type("kept")
    await paste(ada, plain="much too long a text\n" * 80_000)
    await expect(ada.page.get_by_test_id("paste-notice")).to_contain_text("Too large to paste: 1.6 MB")
    await ada.type(" and more")
    await ada.reads("kept and more")
    await ada.says("saved")
