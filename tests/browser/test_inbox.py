"""The bell: what others do is heard at once, told in a panel, and answered there."""

import pytest
from playwright.async_api import Locator, expect

from tests import seed

from .conftest import Visit
from .house import House
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def bell(visitor: Visitor) -> Locator:
    return visitor.page.get_by_test_id("inbox-open")


def notices(visitor: Visitor) -> Locator:
    return visitor.page.get_by_test_id("notice")


async def hears(visitor: Visitor, unread: int) -> None:
    await expect(bell(visitor)).to_have_attribute("data-unread", str(unread))


async def look(visitor: Visitor) -> None:
    await bell(visitor).click()
    await expect(visitor.page.locator("#inbox:popover-open:not([aria-busy])")).to_be_visible()


async def test_a_share_rings_on_every_open_page_and_is_read_on_all(house: House, visit: Visit) -> None:
    dana, emil = house.newcomer("dana"), house.newcomer("emil")
    own = house.document(owner=emil, title="Own")
    home, writing = await visit(house, emil), await visit(house, emil)
    await home.page.goto("/")
    await writing.open(own)
    await hears(home, 0)
    shared = house.document(owner=dana, title="Minutes")

    house.share(shared, emil, "editor", by=dana)

    await hears(home, 1)
    await hears(writing, 1)
    await expect(home.page.locator("#inbox-news")).to_have_text("1 unread notice")
    await look(writing)
    await expect(notices(writing)).to_have_text(["UnreadDana shared “Minutes” with you (editor)just now"])
    await notices(writing).get_by_role("link").click()
    await writing.synced()
    await expect(writing.page).to_have_url(f"{house.url}/documents/{shared}/")
    await hears(writing, 0)
    await hears(home, 0)


async def test_what_comes_while_the_panel_is_open_appears_in_it(house: House, visit: Visit) -> None:
    dana, emil = house.newcomer("dana"), house.newcomer("emil")
    visitor = await visit(house, emil)
    await visitor.page.goto("/")
    await look(visitor)
    await expect(visitor.page.locator("#inbox")).to_contain_text("Nothing yet")

    house.share(house.document(owner=dana, title="Minutes"), emil, "viewer", by=dana)

    await expect(notices(visitor)).to_have_count(1)
    await visitor.page.get_by_role("button", name="Mark all as read").click()
    await hears(visitor, 0)
    await expect(visitor.page.locator(".inbox-line.unread")).to_have_count(0)
    await visitor.page.reload()
    await hears(visitor, 0)


async def test_access_is_asked_for_and_given_with_one_click(house: House, visit: Visit) -> None:
    dana, emil = house.newcomer("dana"), house.newcomer("emil")
    document = house.document(owner=dana, title="Minutes")
    house.api(dana, "PUT", f"documents/{document}/request-setting/", {"admits": True})
    owner, asker = await visit(house, dana), await visit(house, emil)
    asker.tolerate("status of 403")
    await owner.open(document)
    await asker.page.goto(f"/documents/{document}/")
    await asker.page.get_by_label("Write in it").check()
    await asker.page.get_by_label("A few words").fill("I was there.")
    await asker.page.get_by_role("button", name="Ask for access").click()
    await expect(asker.page.get_by_role("heading", name="You have asked for access")).to_be_visible()

    await hears(owner, 1)
    await look(owner)
    await expect(notices(owner)).to_contain_text("I was there.")
    await notices(owner).get_by_role("button", name="Editor").click()
    await expect(owner.page.locator(".inbox-answer")).to_have_text("You let Emil in. Role: Editor.")
    await expect(owner.page.locator(".inbox-answer")).to_be_focused()
    await hears(owner, 0)

    await asker.page.get_by_role("link", name="Look again").click()
    await asker.synced()
    await expect(asker.root).to_have_attribute("data-role", "editor")
    await hears(asker, 1)
    await look(asker)
    await expect(notices(asker)).to_contain_text("Dana gave you access to “Minutes” (editor)")


async def test_a_request_is_declined_and_one_that_was_answered_meanwhile_says_so(house: House, visit: Visit) -> None:
    dana, emil, finn = house.newcomer("dana"), house.newcomer("emil"), house.newcomer("finn")
    document = house.document(owner=dana, title="Minutes")
    house.api(dana, "PUT", f"documents/{document}/request-setting/", {"admits": True})
    for name in (emil, finn):
        house.api(name, "POST", f"documents/{document}/requests/", {"role": "viewer"})
    owner = await visit(house, dana)
    owner.tolerate("status of 409")
    await owner.page.goto("/")
    await look(owner)
    of_emil = notices(owner).filter(has_text="Emil asks")
    of_finn = notices(owner).filter(has_text="Finn asks")

    await of_emil.get_by_role("button", name="Decline").click()
    await expect(of_emil).to_contain_text("You declined what Emil asked for.")
    [asking] = house.api(dana, "GET", f"documents/{document}/requests/")["requests"]
    house.api(dana, "PUT", f"documents/{document}/requests/{asking['id']}/answer/", {"role": "editor"})
    await of_finn.get_by_role("button", name="Viewer").click()
    await expect(of_finn.get_by_role("alert")).not_to_be_empty()

    await owner.page.reload()
    await look(owner)
    await expect(notices(owner)).to_have_count(2)
    await expect(notices(owner).get_by_role("button")).to_have_count(0)  # nothing waits any more


async def test_ownership_is_offered_and_accepted_in_place(house: House, visit: Visit) -> None:
    dana, emil = house.newcomer("dana"), house.newcomer("emil")
    document = house.document(owner=dana, title="Minutes")
    house.share(document, emil, "editor", by=dana)
    receiver = await visit(house, emil)
    await receiver.open(document)

    house.api(dana, "PUT", f"documents/{document}/offer/", {"person": house.people[emil]["id"]})

    await hears(receiver, 2)
    await look(receiver)
    await notices(receiver).first.get_by_role("button", name="Accept").click()
    await expect(receiver.root).to_have_attribute("data-role", "owner")
    await expect(notices(receiver).first).to_contain_text("You are the owner now.")
    assert house.api(dana, "GET", f"documents/{document}/")["role"] == "editor"


async def test_the_keyboard_alone_reads_a_notice_and_comes_back(house: House, visit: Visit) -> None:
    dana, emil = house.newcomer("dana"), house.newcomer("emil")
    house.share(house.document(owner=dana, title="Minutes"), emil, "viewer", by=dana)
    visitor = await visit(house, emil)
    await visitor.page.goto("/")
    for _ in range(2):  # the first time it is fetched
        await bell(visitor).focus()
        await visitor.page.keyboard.press("Enter")
        await expect(notices(visitor)).to_have_count(1)
        await expect(bell(visitor)).to_have_attribute("aria-expanded", "true")
        await expect(visitor.page.locator("#inbox")).to_be_focused()
        await visitor.page.keyboard.press("Tab")
        await expect(visitor.page.get_by_role("button", name="Mark all as read")).to_be_focused()
        await visitor.page.keyboard.press("Tab")
        await expect(notices(visitor).get_by_role("link")).to_be_focused()
        await visitor.page.keyboard.press("Escape")
        await expect(visitor.page.locator("#inbox")).to_be_hidden()
        await expect(bell(visitor)).to_be_focused()
        await expect(bell(visitor)).to_have_attribute("aria-expanded", "false")


async def test_many_notices_come_in_pages(house: House, visit: Visit) -> None:
    emil = house.newcomer("emil")
    made = "from permissions.models import Notice\nNotice.objects.bulk_create("
    made += f"[Notice(user=user({emil!r}), kind='claimed', actor_name=f'P{{n}}', object_name='M') for n in range(60)])"
    seed.run(made, database_url=house.database_url)
    visitor = await visit(house, emil)
    await visitor.page.goto("/")
    await look(visitor)
    await expect(notices(visitor)).to_have_count(50)

    await visitor.page.get_by_role("button", name="Show earlier ones").click()

    await expect(notices(visitor)).to_have_count(60)
    await expect(visitor.page.get_by_role("button", name="Show earlier ones")).to_be_hidden()
    await expect(notices(visitor).last).to_contain_text("P0 accepted your invitation")


async def test_what_cannot_be_read_can_be_tried_again(house: House, visit: Visit) -> None:
    dana, emil = house.newcomer("dana"), house.newcomer("emil")
    house.share(house.document(owner=dana, title="Minutes"), emil, "viewer", by=dana)
    visitor = await visit(house, emil, outages=True)
    await visitor.page.goto("/account/")
    await hears(visitor, 1)
    await visitor.page.route("**/api/notices/", lambda route: route.abort())
    await bell(visitor).click()
    await expect(visitor.page.locator("#inbox .problem")).to_contain_text("cannot be reached")
    await visitor.page.unroute("**/api/notices/")

    await visitor.page.get_by_role("button", name="Try again").click()

    await expect(notices(visitor)).to_have_count(1)


async def test_who_may_only_read_now_asks_to_edit_and_is_let_in_again(house: House, visit: Visit) -> None:
    dana, emil = house.newcomer("dana"), house.newcomer("emil")
    document = house.document(owner=dana, title="Minutes")
    house.share(document, emil, "editor", by=dana)
    owner, reader = await visit(house, dana), await visit(house, emil)
    await owner.open(document)
    await reader.open(document)
    house.api(dana, "PATCH", f"documents/{document}/shares/user-{house.people[emil]['id']}/", {"role": "viewer"})

    await reader.banner.get_by_role("button", name="Ask to edit").click()

    await expect(reader.banner).to_contain_text("Asked. The owners are told.")
    await hears(owner, 1)
    await look(owner)
    await notices(owner).get_by_role("button", name="Editor").click()
    await expect(reader.banner).to_contain_text("You can now edit.")
    await reader.type("again")
    await owner.reads("again")
