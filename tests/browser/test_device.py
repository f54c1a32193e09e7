"""What a browser keeps, whom it shows it to, and what it asks before something is lost."""

import re

import pytest
from playwright.async_api import expect

from tests import seed

from .conftest import Visit
from .house import House
from .visitor import Visitor, arrive, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EMPTY: dict[str, list[str]] = {"databases": [], "caches": [], "storage": []}


async def test_leaving_asks_while_edits_are_unsaved_and_only_then(house: House, visit: Visit) -> None:
    document = house.document()
    ada = await visit(house, "ada", outages=True)
    await ada.open(document)
    await ada.type("saved")
    await ada.says("saved")
    await ada.kept_offline()
    ada.answer_dialogs(accept=True)
    await ada.page.reload()
    await ada.synced()
    assert ada.asked == []

    await ada.lose_network()
    await ada.type(" and unsaved")
    await ada.says("offline", re.compile("kept"))
    await ada.page.reload()
    await ada.reads("saved and unsaved")
    assert ada.asked == ["beforeunload"]

    await ada.find_network()
    await ada.says("saved")
    await ada.click_at_end()
    await ada.page.reload()
    await ada.synced()
    assert ada.asked == ["beforeunload"]


async def test_signing_out_leaves_nothing_on_the_device(house: House, visit: Visit) -> None:
    document = house.document(owner="carol")
    carol = await visit(house, "carol", session=house.fresh_session("carol"))
    await carol.open(document)
    await carol.type("secret")
    await carol.says("saved")
    await carol.kept_offline()
    before = await carol.device()
    assert any(document in name for name in before["databases"])
    await arrive(carol.page, "/")

    await sign_out(carol)

    await expect(carol.page).to_have_url(re.compile("/sign-in/"))
    await until(lambda: device_is_empty(carol))
    await carol.page.go_back()
    await expect(carol.page).to_have_url(re.compile("/sign-in/"))  # no page out of the browser's memory either


async def test_signing_out_with_unsaved_edits_asks_first(house: House, visit: Visit) -> None:
    document = house.document(owner="carol")
    carol = await visit(house, "carol", session=house.fresh_session("carol"), outages=True)
    await carol.open(document)
    await carol.kept_offline()
    await carol.page.goto("/")
    await carol.kept_offline()
    await carol.open(document)
    await carol.lose_network()
    await carol.type("only here")
    await carol.says("offline", re.compile("kept"))
    await arrive(carol.page, "/")
    await carol.find_network()

    await sign_out(carol)
    dialog = carol.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("not reached the server")
    await dialog.get_by_role("button", name="Cancel").click()
    await carol.open(document)
    await carol.reads("only here")
    await carol.says("saved")
    assert house.stored_text(document) == "only here"


async def test_the_next_person_on_a_browser_sees_nothing_of_the_one_before(house: House, visit: Visit) -> None:
    document = house.document(owner="ada", title="Private matters")
    visitor = await visit(house, "ada", outages=True)
    await visitor.open(document)
    await visitor.type("secret")
    await visitor.says("saved")
    await visitor.kept_offline()
    # Ada does not sign out: her session just ends, and bob signs in.
    cookie = {"name": "sessionid", "value": house.session("bob"), "url": house.url}
    await visitor.context.add_cookies([cookie])  # type: ignore[list-item]
    visitor.tolerate("status of 404")

    await visitor.page.goto("/")

    await expect(visitor.page.get_by_role("heading", name="Your documents")).to_be_visible()
    await expect(visitor.page.get_by_text("Private matters")).to_have_count(0)
    await until(lambda: holds_nothing_of(visitor, document))
    await visitor.context.set_offline(True)
    await visitor.page.goto(f"/documents/{document}/")
    await expect(visitor.page.get_by_role("heading", name="This page is not on this device")).to_be_visible()
    await visitor.find_network()
    await visitor.page.goto(f"/documents/{document}/")
    await expect(visitor.page.get_by_role("heading", name="There is nothing here")).to_be_visible()


async def test_edits_of_one_who_was_signed_out_elsewhere_wait_for_the_sign_in(house: House, visit: Visit) -> None:
    document = house.document(owner="carol")
    session = house.fresh_session("carol")
    carol = await visit(house, "carol", session=session, outages=True)
    await carol.open(document)
    await carol.type("before")
    await carol.says("saved")
    await carol.kept_offline()
    await carol.lose_network()
    await carol.type(" and after")
    await carol.says("offline", re.compile("kept"))
    seed.run(f"SessionStore({session!r}).delete()", database_url=house.database_url)

    await carol.find_network()

    await expect(carol.leaving).to_contain_text("You are signed out")
    await expect(carol.leaving).to_contain_text("kept on this device and sent when you sign in again")
    carol.answer_dialogs(accept=True)
    await carol.leaving.get_by_role("link", name="Sign in").click()
    await carol.page.get_by_label("E-mail or user name").fill("carol")
    await carol.page.get_by_label("Password").fill("correct horse")
    await carol.page.get_by_role("button", name="Sign in").click()
    await carol.reads("before and after")
    await carol.says("saved")
    assert house.stored_text(document) == "before and after"


async def device_is_empty(visitor: Visitor) -> bool:
    return await visitor.device() == EMPTY


async def holds_nothing_of(visitor: Visitor, document: str) -> bool:
    device = await visitor.device()
    pages = await visitor.page.evaluate(
        "async () => (await (await caches.open('coscribe-pages')).keys()).map(({ url }) => url)"
    )
    return not any(document in name for name in [*device["databases"], *device["storage"], *pages])


async def sign_out(visitor: Visitor) -> None:
    await visitor.page.get_by_role("button", name=f"Account of {visitor.name.title()}").click()
    await visitor.page.get_by_role("menuitem", name="Sign out").click()
