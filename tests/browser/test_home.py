"""The home page with two people: what one does, the other's list shows, without a reload."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from collab.core.messages import Type
from tests import seed

from .conftest import StartHouse, Visit
from .house import House
from .line import Line, of
from .visitor import Visitor, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True}


def line(visitor: Visitor, document: str) -> Locator:
    return visitor.page.locator(f"#line-{document}")


def name(visitor: Visitor, document: str) -> Locator:
    return line(visitor, document).locator(".name")


def toast(visitor: Visitor) -> Locator:
    return visitor.page.locator("#toast")


async def view(visitor: Visitor, label: str) -> None:
    link = visitor.page.get_by_role("navigation").get_by_role("link", name=label)
    await link.click()
    await expect(link).to_have_attribute("aria-current", "page")


async def choose(visitor: Visitor, document: str, item: str) -> None:
    await line(visitor, document).hover()
    await line(visitor, document).get_by_role("button", name="More for").click()
    await visitor.page.get_by_role("menuitem", name=item).click()


async def test_a_share_a_rename_and_a_person_show_without_a_reload(house: House, visit: Visit) -> None:
    document = house.document(title="Harbour plan")
    ada, bob = await (await visit(house, "ada")).open_home(), await (await visit(house, "bob")).open_home()
    await expect(line(bob, document)).to_have_count(0)

    house.share(document, "bob", "editor")
    await expect(name(bob, document)).to_have_text("Harbour plan")
    await expect(line(bob, document).locator(".role-word")).to_have_text("Editor")
    await expect(line(ada, document).locator(".with")).to_have_text("2 people")

    await name(bob, document).click()
    await bob.synced()
    await expect(line(ada, document).locator(".here")).to_contain_text("1 here now")
    await expect(line(ada, document).locator(".here .face")).to_have_text(["BO"])

    await bob.type("Hello.")
    await expect(line(ada, document).locator(".about")).to_contain_text("Bob, just now")

    await choose(ada, document, "Rename")
    await expect(ada.page.get_by_label("New title")).to_be_focused()
    await ada.page.keyboard.type("Harbour festival")
    await ada.page.keyboard.press("Enter")
    await expect(name(ada, document)).to_be_focused()
    await expect(bob.page.get_by_test_id("title")).to_have_value("Harbour festival")  # in the open document, too
    await expect(bob.page).to_have_title(re.compile("Harbour festival"))

    await bob.page.go_back()
    await expect(line(ada, document).locator(".here .face")).to_have_count(0)
    await expect(name(bob, document)).to_have_text("Harbour festival")

    house.remove(document, "bob")
    await expect(line(bob, document)).to_have_count(0)


async def test_a_title_that_is_being_typed_is_not_taken_away(house: House, visit: Visit) -> None:
    document = house.document(title="Before", bob="editor")
    ada, bob = await visit(house, "ada"), await visit(house, "bob")
    await ada.open(document)
    await bob.open(document)
    title = ada.page.get_by_test_id("title")
    await title.fill("Half a ti")
    await bob.page.get_by_test_id("title").fill("From Bob")
    await bob.page.keyboard.press("Enter")
    await expect(bob.page).to_have_title(re.compile("From Bob"))
    carol = await visit(house, "bob")
    await carol.open(document)
    await expect(carol.page.get_by_test_id("title")).to_have_value("From Bob")
    await expect(title).to_have_value("Half a ti")
    await ada.page.keyboard.press("Escape")
    await expect(title).to_have_value("From Bob")


async def test_stars_trash_undo_and_restoring(house: House, visit: Visit) -> None:
    document = house.document(title="Old ideas", bob="editor")
    ada, bob = await (await visit(house, "ada")).open_home(), await (await visit(house, "bob")).open_home()
    other = await (await visit(house, "ada")).open_home()
    await line(ada, document).hover()
    await line(ada, document).get_by_role("button", name="Star “Old ideas”").click()
    star = line(other, document).locator(".star")
    await expect(star).to_have_attribute("aria-pressed", "true")  # in her other tab
    await expect(line(bob, document).locator(".star")).to_have_attribute("aria-pressed", "false")
    await view(ada, "Starred")
    await expect(name(ada, document)).to_have_text("Old ideas")
    await ada.page.go_back()
    await expect(ada.page).to_have_url(re.compile(r"/$"))
    await expect(ada.page.locator(".shelves [aria-current]")).to_have_text("Recent")

    await choose(ada, document, "Move to the trash")
    await expect(toast(ada)).to_contain_text("“Old ideas” is in the trash.")
    await toast(ada).hover()  # so it stays
    for visitor in (ada, bob, other):
        await expect(line(visitor, document)).to_have_count(0)
    await toast(ada).get_by_role("button", name="Undo").click()
    for visitor in (ada, bob, other):
        await expect(name(visitor, document)).to_have_text("Old ideas")

    await choose(ada, document, "Move to the trash")
    await view(ada, "Trash")
    await expect(line(ada, document)).to_contain_text("Deleted for good on")
    await line(ada, document).get_by_role("button", name="Restore").click()
    await expect(toast(ada)).to_contain_text("is back among your documents")
    await expect(name(bob, document)).to_have_text("Old ideas")

    await view(ada, "Recent")
    await choose(ada, document, "Move to the trash")
    await view(ada, "Trash")
    await choose(ada, document, "Delete for good")
    dialog = ada.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("There is no way back.")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await ada.page.keyboard.press("Escape")
    await expect(line(ada, document)).to_have_count(1)
    await choose(ada, document, "Delete for good")
    await dialog.get_by_role("button", name="Delete for good").click()
    await expect(line(ada, document)).to_have_count(0)


async def test_what_comes_back_before_its_going_was_said_is_in_the_list_again(house: House, visit: Visit) -> None:
    """On a slow line the server tells of a document as of one that is on the screen."""
    document = house.document(title="Tide tables")
    ada, other = await visit(house, "ada"), await visit(house, "ada")
    slow = await Line.tap(other.page, "**/ws/home/")
    for visitor in (ada, other):
        await visitor.page.goto("/")
        await expect(name(visitor, document)).to_have_text("Tide tables")

    async def is_watched() -> bool:
        return any(document.encode() in frame for frame in slow.up)

    await until(is_watched)
    slow.held_up = of(Type.WATCH)
    await choose(ada, document, "Move to the trash")
    await expect(line(other, document)).to_have_count(0)
    await toast(ada).get_by_role("button", name="Undo").click()
    await expect(name(other, document)).to_have_text("Tide tables")
    slow.release()


async def test_a_reader_duplicates_and_may_not_rename_or_trash(house: House, visit: Visit) -> None:
    document = house.document(title="Programme", bob="viewer")
    ada, bob = await visit(house, "ada"), await (await visit(house, "bob")).open_home()
    await ada.open(document)
    await ada.type("Words of Ada.")
    await ada.says("saved")
    await line(bob, document).hover()
    await line(bob, document).get_by_role("button", name="More for").click()
    menu = bob.page.get_by_role("menu")
    await expect(menu.get_by_role("menuitem")).to_have_text([
        re.compile("Open"), re.compile("Add a star"), re.compile("Duplicate"), re.compile("Copy link"),
    ])  # fmt: skip
    await menu.get_by_role("menuitem", name="Duplicate").click()
    copy = bob.page.get_by_role("link", name="Copy of Programme")
    await expect(copy).to_be_focused()
    await bob.page.keyboard.press("Enter")
    await bob.synced()
    await bob.reads("Words of Ada.")
    await expect(bob.root).to_have_attribute("data-role", "owner")


async def test_everything_by_the_keyboard(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    first = house.document(title="First")
    second = house.document(title="Second")
    ada = await (await visit(house, "ada")).open_home()
    keys = ada.page.keyboard
    await keys.press("j")
    await expect(name(ada, second)).to_be_focused()
    await keys.press("ArrowDown")
    await expect(name(ada, first)).to_be_focused()
    await keys.press("k")
    await keys.press("s")
    await expect(line(ada, second).locator(".star")).to_have_attribute("aria-pressed", "true")
    await keys.press("F2")
    await keys.type("Renamed")
    await keys.press("Enter")
    await expect(name(ada, second)).to_have_text("Renamed")
    await expect(name(ada, second)).to_be_focused()  # the answer has come, and not only the news
    await keys.press("#")
    await expect(line(ada, second)).to_have_count(0)
    await expect(toast(ada)).to_be_visible()  # another tab's news may be quicker than the answer
    await expect(name(ada, first)).to_be_focused()
    await keys.press("Control+z")
    await expect(name(ada, second)).to_be_focused()
    await keys.press("?")
    await expect(ada.page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    await keys.press("Escape")
    await keys.press("/")
    await expect(ada.page.get_by_label("Filter by title")).to_be_focused()
    await keys.type("fir")
    await expect(ada.page).to_have_url(re.compile("q=fir"))
    await expect(ada.page.locator(".line")).to_have_count(1)
    await keys.press("ArrowDown")
    await expect(name(ada, first)).to_be_focused()
    await keys.press("Enter")
    await ada.synced()
    await expect(ada.page).to_have_url(re.compile(first))
    await ada.open_home()
    await keys.press("n")
    await ada.synced()
    await expect(ada.editor).to_be_focused()


async def test_a_title_the_server_refuses_is_told_where_it_was_typed(house: House, visit: Visit) -> None:
    document = house.document(title="Fine", bob="editor")
    bob = await (await visit(house, "bob")).open_home()
    bob.tolerate("status of 40[04]")
    await choose(bob, document, "Rename")
    field = bob.page.get_by_label("New title")
    await field.evaluate("(input) => { input.removeAttribute('maxlength'); input.value = 'x'.repeat(10000) }")
    await field.press("Enter")
    await expect(bob.page.get_by_role("alert")).to_have_text("A title has at most 200 characters; this one has 10000.")
    await expect(field).to_be_focused()
    await field.press("Escape")
    await expect(name(bob, document)).to_have_text("Fine")


async def test_each_view_invites(start_house: StartHouse, visit: Visit) -> None:
    ada = await (await visit(start_house(), "ada")).open_home()
    for label, words in (
        ("Owned by me", "Nothing of your own yet"),
        ("Shared with me", "Nothing is shared with you yet"),
        ("Starred", "Keep what you need within reach"),
        ("Trash", "The trash is empty"),
        ("Recent", "Start your first document"),
    ):
        await view(ada, label)
        await expect(ada.page.get_by_role("heading", name=words)).to_be_visible()


async def test_after_an_outage_the_list_catches_up_by_itself(house: House, visit: Visit) -> None:
    document = house.document(title="Here before")
    ada = await (await visit(house, "ada", outages=True)).open_home()
    await expect(name(ada, document)).to_be_visible()
    await ada.kept_offline()
    await ada.context.set_offline(True)
    await expect(ada.page.locator("#offline")).to_be_visible()
    second = house.document(title="Made meanwhile")
    await ada.context.set_offline(False)
    await expect(name(ada, second)).to_have_text("Made meanwhile")
    await expect(ada.page.locator("#offline")).to_be_hidden()


MANY = """
ada = user("ada")
from permissions.sharing import write_role
made = [Document(owner=ada, title=f"Document {n:04}") for n in range(1000)]
with transaction.atomic():
    Document.objects.bulk_create(made)
    for n, document in enumerate(made):
        write_role(obj=document, to=ada, role=Role.OWNER)
        Document.objects.filter(pk=document.pk).update(edited_at=timezone.now() - timedelta(minutes=n))
result = [str(document.pk) for document in made]
"""


async def test_a_thousand_documents_scroll_and_are_all_there(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    documents = seed.run(MANY, database_url=house.database_url)
    ada = await (await visit(house, "ada")).open_home()
    await expect(ada.page.locator(".line")).not_to_have_count(0)
    await ada.page.evaluate(FRAMES)
    while await ada.page.locator(".line").count() < len(documents):
        await ada.page.mouse.wheel(0, 1500)
        await _breathe(ada.page)
    titles = await ada.page.locator(".line").evaluate_all("(lines) => lines.map((line) => line.dataset.title)")
    assert titles == [f"Document {n:04}" for n in range(1000)]
    await expect(ada.page.locator("#more")).to_have_count(0)
    slow: list[float] = await ada.page.evaluate("window.frames_.filter((ms) => ms > 100)")
    print("frames over 100 ms:", len(slow), "worst", max(slow, default=0))

    # What is on the screen is live however far down one is.
    await name(ada, documents[900]).scroll_into_view_if_needed()
    house._ask("ada", "PATCH", f"/api/documents/{documents[900]}/", {"title": "Renamed far down"})
    await expect(name(ada, documents[900])).to_have_text("Renamed far down")

    # And the filter knows of all of them before they are loaded.
    await ada.open_home()
    await ada.page.get_by_label("Filter by title").fill("document 0987")
    await expect(name(ada, documents[987])).to_be_visible()
    await expect(ada.page.locator(".line")).to_have_count(1)


FRAMES = """
() => {
  window.frames_ = []
  let last = performance.now()
  const next = (now) => { window.frames_.push(now - last); last = now; requestAnimationFrame(next) }
  requestAnimationFrame(next)
}
"""


async def _breathe(page: Page) -> None:
    """Two frames: what scrolling started has begun."""
    await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


async def test_on_a_phone_nothing_is_cut_off(house: House, visit: Visit) -> None:
    document = house.document(
        title="A very long title that goes on and on, past the edge of any telephone", bob="editor"
    )
    bob = await visit(house, "bob")
    await bob.open(document)
    ada = await (await visit(house, "ada", **PHONE)).open_home()
    await expect(line(ada, document).locator(".here")).to_contain_text("1 here now")
    for label in ("Recent", "Trash"):
        await view(ada, label)
        over: int = await ada.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, label
        await expect(ada.page.locator(".shelves [aria-current]")).to_be_in_viewport(ratio=1)
    await view(ada, "Recent")
    await line(ada, document).get_by_role("button", name="More for").tap()
    await ada.page.get_by_role("menuitem", name="Move to the trash").tap()
    await expect(toast(ada)).to_be_in_viewport(ratio=1)
    await toast(ada).get_by_role("button", name="Undo").tap()
    await expect(line(ada, document)).to_have_count(1)


async def test_without_a_script_the_list_still_reads(house: House, visit: Visit) -> None:
    document = house.document(title="Plain as paper")
    options: dict[str, Any] = {"java_script_enabled": False}
    ada = await visit(house, "ada", **options)
    await ada.page.goto("/?view=mine&q=plain+as")
    await expect(name(ada, document)).to_have_text("Plain as paper")
    await expect(ada.page.locator(".line")).to_have_count(1)


async def test_of_two_views_asked_for_the_last_one_is_shown(house: House, visit: Visit) -> None:
    document = house.document(title="Plan")
    ada = await visit(house, "ada", service_workers="block")  # a worker asks past the route
    ada.tolerate("Service Worker registration blocked")
    await ada.open_home()
    asked: asyncio.Queue[Route] = asyncio.Queue()
    await ada.page.route("**/?view=starred*", asked.put)  # which is slow to answer
    views = ada.page.get_by_role("navigation")
    await views.get_by_role("link", name="Starred").click()
    async with asyncio.timeout(30):
        slow = await asked.get()
    await view(ada, "Trash")
    await slow.abort()
    house.share(document, "bob", "editor")  # news of the list finds the view that was chosen
    await expect(views.get_by_role("link", name="Trash")).to_have_attribute("aria-current", "page")
    assert ada.page.url.endswith("/?view=trash")
