"""The pages themselves: titles, keys, errors, names for those who do not see, and narrow screens."""

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from .conftest import Visit
from .house import House
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True}
# Roles that are worth nothing to somebody who cannot hear what they are called.
NAMED = {"button", "link", "textbox", "searchbox", "combobox", "dialog", "toolbar", "heading", "image", "img", "region"}


async def test_two_people_who_type_in_the_same_line_at_once_end_with_the_same_text(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await ada.type("!")
    await ada.says("saved")
    await bob.open(document)
    await bob.reads("!")
    capitals, numbers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "01234567890123456789"
    await ada.editor.click()
    await bob.editor.click()

    await asyncio.gather(ada.page.keyboard.type(capitals), bob.page.keyboard.type(numbers))

    for visitor in (ada, bob):
        await visitor.sees(lambda text: sorted(text) == sorted("!" + capitals + numbers))
        await visitor.says("saved")
    text = await ada.text()
    assert text == await bob.text() == house.stored_text(document)
    assert "".join(re.findall("[A-Z]", text)) == capitals  # everybody's own words stay in order
    assert "".join(re.findall("[0-9]", text)) == numbers


async def test_undo_takes_back_only_ones_own_words(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await ada.click_at_end()
    await ada.page.keyboard.insert_text("ada ")  # one step, also on a busy machine
    await ada.says("saved")
    await bob.open(document)
    await bob.type("bob")
    await ada.reads("ada bob")

    await ada.page.keyboard.press("Control+z")

    for visitor in (ada, bob):
        await visitor.reads("bob")


async def test_a_title_edited_in_place_is_the_others_title_too(house: House, visit: Visit) -> None:
    document = house.document(bob="viewer")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    title = ada.page.get_by_test_id("title")
    await title.fill("Minutes of May")
    async with ada.page.expect_response(lambda response: response.request.method == "PATCH"):
        await title.press("Enter")
    await expect(ada.page).to_have_title("Minutes of May · Coscribe")
    await title.fill("a slip")
    await title.press("Escape")
    await expect(title).to_have_value("Minutes of May")

    await bob.open(document)
    await expect(bob.page.get_by_test_id("title")).to_have_value("Minutes of May")
    await expect(bob.page.get_by_test_id("title")).not_to_be_editable()
    await bob.page.goto("/")
    await expect(bob.page.get_by_role("link", name="Minutes of May")).to_be_visible()
    await ada.page.reload()
    await expect(title).to_have_value("Minutes of May")


async def test_home_is_driven_by_keys(house: House, visit: Visit) -> None:
    house.document(owner="carol", title="Tea")
    house.document(owner="carol", title="Coffee")
    carol = await visit(house, "carol")
    await carol.open_home()
    rows = carol.page.locator("[data-title]:visible")
    await carol.page.keyboard.press("/")
    filter_box = carol.page.get_by_role("searchbox")
    await expect(filter_box).to_be_focused()
    await carol.page.keyboard.type("COF")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Coffee")
    await carol.page.keyboard.type("n/")  # letters in the box are letters
    await expect(carol.page.get_by_text("No document here has “COFn/” in its title.")).to_be_visible()
    await carol.page.keyboard.press("Escape")
    await expect(filter_box).to_have_value("")
    await carol.page.keyboard.press("Escape")  # the first one empties it, the second one leaves it
    await expect(filter_box).not_to_be_focused()

    await carol.page.keyboard.press("n")

    await expect(carol.page).to_have_url(re.compile("/documents/"))
    await carol.synced()
    await expect(carol.editor).to_be_focused()


@pytest.mark.parametrize("path", ["/nowhere/", "/documents/00000000-0000-4000-8000-000000000000/", "{foreign}"])
async def test_what_one_may_not_see_is_not_there(path: str, house: House, visit: Visit) -> None:
    foreign = f"/documents/{house.document(owner='carol', title='Secret')}/"
    bob = await visit(house, "bob")
    bob.tolerate("status of 404")

    response = await bob.page.goto(path.format(foreign=foreign))

    assert response is not None
    assert response.status == 404
    await expect(bob.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    await expect(bob.page.get_by_text("Secret")).to_have_count(0)
    await bob.page.get_by_role("link", name="Go to your documents").click()
    await expect(bob.page.get_by_role("heading", name="Your documents")).to_be_visible()


async def test_no_page_scrolls_sideways_on_a_phone(house: House, visit: Visit) -> None:
    title = "Minutes of a meeting with an unreasonably long title, and_one_word_that_does_not_break_at_all_anywhere"
    document = house.document(title=title, bob="editor", carol="viewer")
    ada, bob = await visit(house, "ada", **PHONE), await visit(house, "bob", outages=True, **PHONE)
    bob.tolerate("status of 40[34]")  # whether he may ask for access is asked of the server; and for an offer
    stranger = await visit(house, "a stranger", **PHONE)
    stranger.tolerate("status of 404")
    for path in ("/sign-in/", "/sign-up/", "/nowhere/"):
        await stranger.page.goto(path)
        await fits(stranger.page)
    await ada.page.goto("/")
    await fits(ada.page)
    await ada.open(document)
    await ada.type("https://example.org/" + "long/" * 40)
    await fits(ada.page)
    await ada.page.get_by_test_id("share-open").click()
    await expect(ada.page.get_by_role("dialog").get_by_role("listitem")).to_have_count(3)
    await fits(ada.page)
    await bob.open(document)
    await fits(bob.page)
    await bob.lose_network()
    await bob.type("kept here")
    await bob.says("offline", re.compile("kept on this device"))
    await expect(bob.word).to_be_in_viewport(ratio=1)  # the word is visible on a phone
    await fits(bob.page)
    house.remove(document, "bob")
    await bob.find_network()
    await expect(bob.leaving).to_be_visible()
    await fits(bob.page)


async def test_everything_has_a_name_for_those_who_do_not_see_it(house: House, visit: Visit) -> None:
    document = house.document(title="Plans", bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    stranger = await visit(house, "a stranger")
    stranger.tolerate("status of 404")
    for path in ("/sign-in/", "/sign-up/", "/nowhere/"):
        await stranger.page.goto(path)
        await is_named(stranger)
    await ada.page.goto("/")
    await is_named(ada)
    await bob.open(document)
    await bob.type("here")
    await ada.open(document)
    await expect(ada.page.get_by_test_id("face")).to_have_count(1)
    await is_named(ada, headings=0)
    await ada.page.get_by_test_id("share-open").click()
    await expect(ada.page.get_by_role("dialog").get_by_role("listitem")).to_have_count(2)
    await is_named(ada, headings=0)


async def test_the_toolbar_formats_and_is_one_stop_of_the_tab_key(house: House, visit: Visit) -> None:
    ada = await visit(house, "ada")
    await ada.open(house.document())
    await ada.type("bold")
    await ada.page.keyboard.press("Control+a")
    await ada.page.get_by_role("button", name="Bold").click()
    await expect(ada.editor.locator("strong")).to_have_text("bold")
    await expect(ada.page.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "true")
    toolbar = ada.page.get_by_role("toolbar")
    await toolbar.locator("[tabindex='0']").focus()
    await ada.page.keyboard.press("End")
    await expect(toolbar.get_by_role("button").last).to_be_focused()
    await ada.page.keyboard.press("Tab")
    await expect(ada.editor).to_be_focused()


async def fits(page: Page) -> None:
    """Nothing sticks out at the right."""
    wide = await page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth
          const scrolls = (element) => /auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX)
          const inside = (element) => {
            const parent = element.parentElement
            return parent !== null && parent !== document.body && (scrolls(parent) || inside(parent))
          }
          const out = [...document.body.querySelectorAll('*')]
            .filter((element) => element.getBoundingClientRect().right > width + 1 && !inside(element))
            .map((element) => element.outerHTML.slice(0, 120))
          return document.documentElement.scrollWidth > width ? ['the page scrolls sideways', ...out] : []
        }"""
    )
    assert wide == [], page.url


async def is_named(visitor: Visitor, *, headings: int = 1) -> None:
    """By the browser's own accessibility tree: names, one first heading, a language, a main part, no id twice."""
    session = await visitor.context.new_cdp_session(visitor.page)
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    await session.detach()
    nameless = [
        node["role"]["value"]
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in NAMED and not node.get("name", {}).get("value", "").strip()
    ]
    assert nameless == [], visitor.page.url
    page = await visitor.page.evaluate(
        """() => {
          const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
          return {
            language: document.documentElement.lang,
            main: document.querySelectorAll('main').length,
            first: document.querySelectorAll('h1:not(.prose h1)').length,
            twice: ids.filter((id, index) => ids.indexOf(id) !== index),
            dangling: [...document.querySelectorAll('[aria-labelledby], [aria-describedby], label[for]')]
              .flatMap((e) => ['aria-labelledby', 'aria-describedby', 'for'].map((name) => e.getAttribute(name)))
              .filter((id) => id && !ids.includes(id)),
          }
        }"""
    )
    assert page == {"language": "en", "main": 1, "first": headings, "twice": [], "dangling": []}, visitor.page.url
