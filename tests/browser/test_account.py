"""The account in a browser: sessions that end elsewhere, names that change, themes, and menus by keyboard."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from .conftest import StartHouse, Visit
from .house import House
from .visitor import Visitor, arrive, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Notes when the page says good-bye, by its own clock: what a test sees later would measure the test.
NOTE_LEAVING = """
() => {
  window.leftAt = 0
  const note = () => { if (document.documentElement.dataset.left) window.leftAt ||= Date.now() }
  new MutationObserver(note).observe(document.documentElement, { attributes: true })
}
"""
# The same on the other page, when the button is pressed.
NOTE_PRESS = """
() => document.addEventListener('submit', () => sessionStorage.setItem('pressedAt', Date.now()), { capture: true })
"""


async def signed_in(house: House, visit: Visit, name: str) -> Visitor:
    """With a session that may end."""
    return await visit(house, name, session=house.fresh_session(name))


async def is_signed_out(visitor: Visitor) -> None:
    await expect(visitor.leaving).to_contain_text("You are signed out")
    await expect(visitor.editor).to_have_count(0)


async def test_signing_out_elsewhere_closes_the_open_document_there_within_a_second(
    start_house: StartHouse, visit: Visit
) -> None:
    house = start_house()
    document = house.document()
    waited_s: list[float] = []
    while min(waited_s, default=1) >= 1 and len(waited_s) < 5:  # the machine may be busy now and then
        here, there = await signed_in(house, visit, "ada"), await signed_in(house, visit, "ada")
        await there.open(document)
        await there.type("mine")
        await there.says("saved")
        await there.page.evaluate(NOTE_LEAVING)
        await here.page.goto("/account/")
        await here.page.evaluate(NOTE_PRESS)

        await here.page.locator(".sign-ins").get_by_role("button", name="Sign out").first.click()

        await is_signed_out(there)
        left_at = await there.page.evaluate("window.leftAt")
        await expect(here.page.locator(".done")).to_have_text("That device is signed out.")
        waited_s.append((left_at - float(await here.page.evaluate("sessionStorage.getItem('pressedAt')"))) / 1000)
        await there.page.get_by_role("link", name="Sign in").click()
        await expect(there.page).to_have_url(re.compile("/sign-in/"))
    print("signed out after", waited_s)
    assert min(waited_s) < 1


async def test_signing_out_everywhere_else_leaves_this_device_alone(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    document = house.document(bob="editor")
    here, there, bob = [await signed_in(house, visit, name) for name in ("ada", "ada", "bob")]
    for visitor in (here, there, bob):
        await visitor.open(document)
    account = await here.context.new_page()
    await account.goto("/account/")
    await account.get_by_role("button", name="Sign out everywhere else").click()
    await expect(account.locator(".done")).to_have_text("You are signed out everywhere else.")
    await expect(account.locator(".sign-ins li")).to_have_count(1)

    await is_signed_out(there)
    await here.type("still here")
    await bob.reads("still here")


async def test_a_home_page_elsewhere_leaves_too(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    here, there = await signed_in(house, visit, "ada"), await signed_in(house, visit, "ada")
    await there.page.goto("/")
    await here.page.goto("/account/")
    await here.page.get_by_role("button", name="Sign out everywhere else").click()
    await expect(there.page).to_have_url(re.compile("/sign-in/"))


async def test_a_new_password_closes_the_document_elsewhere(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    here, there = await signed_in(house, visit, "ada"), await signed_in(house, visit, "ada")
    await there.open(house.document())
    await here.page.goto("/account/")
    await here.page.get_by_label("Current password").fill("correct horse")
    await here.page.get_by_label("New password").fill("another fine horse")
    await here.page.get_by_role("button", name="Change password").click()
    await expect(here.page.locator(".done")).to_contain_text("Your password is changed.")
    await is_signed_out(there)


async def test_a_new_password_leaves_ones_own_other_tabs_where_they_are(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    document = house.document(bob="editor")
    here, bob = await signed_in(house, visit, "ada"), await signed_in(house, visit, "bob")
    await here.open(document)
    await bob.open(document)
    await here.type("before ")
    account = await here.context.new_page()
    await account.goto("/account/")
    await account.get_by_label("Current password").fill("correct horse")
    await account.get_by_label("New password").fill("another fine horse")
    async with here.page.expect_websocket():
        await account.get_by_role("button", name="Change password").click()
    await expect(here.leaving).to_have_count(0)
    await here.synced()
    await here.type("after")
    await bob.reads("before after")


async def test_a_forgotten_password_is_chosen_anew_by_mail(
    start_house: StartHouse, visit: Visit, tmp_path: Path
) -> None:
    house = start_house(env={"EMAIL_URL": "consolemail://"})
    ada, nobody = await signed_in(house, visit, "ada"), await visit(house, "")
    await ada.open(house.document())
    await nobody.page.goto("/sign-in/")
    await nobody.page.get_by_role("link", name="Forgot your password?").click()
    await nobody.page.get_by_label("E-mail").fill("ada@example.org")
    await nobody.page.get_by_role("button", name="Send the link").click()
    await expect(nobody.page.get_by_role("heading")).to_have_text("Look into your mailbox")

    link = ""

    async def has_come() -> bool:
        nonlocal link
        found = re.search(r"http://\S+(/reset/\S+/)", house.app.log.read_text())
        link = found[1] if found else ""
        return bool(link)

    await until(has_come)
    await nobody.page.goto(link)
    await nobody.page.get_by_label("New password").fill("another fine horse")
    await nobody.page.get_by_role("button", name="Save the password").click()
    await expect(nobody.page.get_by_role("heading")).to_have_text("Your password is changed")
    await is_signed_out(ada)
    await nobody.page.get_by_role("link", name="Sign in").click()
    await nobody.page.get_by_label("E-mail or user name").fill("ADA")
    await nobody.page.get_by_label("Password").fill("another fine horse")
    await nobody.page.get_by_role("button", name="Sign in").click()
    await expect(nobody.page.get_by_role("button", name="Account of Ada")).to_be_visible()


async def test_a_new_name_and_colour_show_on_open_pages_at_once(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    document = house.document(bob="editor")
    ada, bob = await signed_in(house, visit, "ada"), await signed_in(house, visit, "bob")
    await ada.open(document)
    await bob.open(document)
    await bob.click_at_end()
    face = ada.page.get_by_test_id("face").first
    await expect(face).to_have_attribute("data-initials", "BO")
    await ada.page.evaluate("window.isTheSame = true")

    account = await bob.context.new_page()
    await arrive(account, "/account/")
    await account.get_by_label("Name").fill("Robert Q. Bobbins")
    await account.get_by_label("Raspberry").check(force=True)
    await expect(account.locator("#preview b")).to_have_text("Robert Q. Bobbins")
    await expect(account.locator("#preview")).to_have_css("--c", "#be185d")
    await account.locator("#profile").get_by_role("button", name="Save").click()

    await expect(face).to_have_attribute("data-initials", "RB")
    await until(lambda: colour_is(face, "#be185d"))
    await ada.type("still the same page")
    await bob.reads("still the same page")
    assert await ada.page.evaluate("window.isTheSame")


async def colour_is(face: Locator, color: str) -> bool:
    found: str = await face.evaluate("(face) => face.style.getPropertyValue('--c')")
    return found == color


# -- Guessing ----------------------------------------------------------------------------------------------------------


async def test_who_guesses_too_often_is_told_when_to_come_back(start_house: StartHouse, visit: Visit) -> None:
    house = start_house("uvicorn", env={"SIGN_IN_FAILURES": "2"})
    nobody = await visit(house, "")
    nobody.tolerate("status of 429")
    await nobody.page.goto("/sign-in/")
    for _ in range(3):
        await nobody.page.get_by_label("E-mail or user name").fill("ada")
        await nobody.page.get_by_label("Password").fill("not it")
        await nobody.page.get_by_role("button", name="Sign in").click()
        await expect(nobody.page.get_by_role("alert")).to_be_visible()
    await expect(nobody.page.get_by_role("alert")).to_have_text(re.compile(r"Try again in (9|10)\sminutes"))


# -- Themes ------------------------------------------------------------------------------------------------------------

PAPERS = {
    "system": "rgb(246, 244, 239)",
    "light": "rgb(246, 244, 239)",
    "dark": "rgb(20, 19, 17)",
    "contrast": "rgb(255, 255, 255)",
}


async def test_a_theme_is_seen_at_once_and_stays(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    ada = await signed_in(house, visit, "ada")
    await arrive(ada.page, "/account/")
    for name, theme in (
        ("Dark", "dark"),
        ("High contrast", "contrast"),
        ("Light", "light"),
        ("As the system", "system"),
    ):
        await ada.page.get_by_role("button", name="Account of Ada").click()
        async with ada.page.expect_response(lambda answer: answer.url.endswith("/preferences/")):
            await ada.page.get_by_role("menuitemradio", name=name).click()
        await expect(ada.root).to_have_css("background-color", PAPERS[theme])
        await expect(ada.page.get_by_role("menuitemradio", name=name)).to_have_attribute("aria-checked", "true")
        await ada.page.reload()
        await expect(ada.root).to_have_css("background-color", PAPERS[theme])


@pytest.mark.parametrize(
    ("theme", "options", "paper"),
    [
        ("system", {"color_scheme": "dark"}, PAPERS["dark"]),
        ("system", {"contrast": "more"}, PAPERS["contrast"]),
        ("system", {"contrast": "more", "color_scheme": "dark"}, "rgb(0, 0, 0)"),
        ("light", {"color_scheme": "dark"}, PAPERS["light"]),
        ("light", {"contrast": "more"}, PAPERS["light"]),
        ("dark", {"color_scheme": "light"}, PAPERS["dark"]),
        ("contrast", {"color_scheme": "dark"}, "rgb(0, 0, 0)"),
    ],
)
async def test_a_chosen_theme_counts_more_than_the_systems(
    house: House, visit: Visit, theme: str, options: dict[str, str], paper: str
) -> None:
    nobody = await visit(house, "", **options)
    await nobody.context.add_cookies([{"name": "theme", "value": theme, "url": house.url}])
    await nobody.page.goto("/sign-in/")
    await expect(nobody.root).to_have_css("background-color", paper)


# -- The menu ----------------------------------------------------------------------------------------------------------


async def test_the_menu_is_all_by_keyboard(house: House, visit: Visit) -> None:
    ada = await visit(house, "ada")
    await arrive(ada.page, "/account/")
    button, menu = ada.page.get_by_role("button", name="Account of Ada"), ada.page.get_by_role("menu")
    press = ada.page.keyboard.press

    async def here(name: str, role: str = "menuitem") -> None:
        await expect(menu.get_by_role(role, name=name, exact=True)).to_be_focused()  # type: ignore[arg-type]

    await button.focus()
    await press("Enter")
    await here("Account")
    await expect(button).to_have_attribute("aria-expanded", "true")
    await press("ArrowDown")
    await here("Groups")
    await press("ArrowDown")
    await here("As the system", "menuitemradio")
    await press("End")
    await here("Sign out")
    await press("ArrowDown")
    await here("Account")
    await press("ArrowUp")
    await here("Sign out")
    await press("Home")
    await here("Account")
    await press("h")
    await here("High contrast", "menuitemradio")
    await press("Escape")
    await expect(menu).to_be_hidden()
    await expect(button).to_be_focused()
    await expect(button).to_have_attribute("aria-expanded", "false")

    await press("ArrowUp")
    await here("Sign out")
    await press("Tab")
    await expect(menu).to_be_hidden()

    await button.click()
    await here("Account")
    await button.click()
    await expect(menu).to_be_hidden()
    await button.click()
    await ada.page.get_by_role("heading", level=1).click()
    await expect(menu).to_be_hidden()


async def test_the_menu_stays_on_a_narrow_screen(house: House, visit: Visit) -> None:
    ada = await visit(house, "ada", viewport={"width": 360, "height": 500})
    await arrive(ada.page, "/account/")
    await ada.page.get_by_role("button", name="Account of Ada").click()
    await expect(ada.page.get_by_role("menuitem", name="Account")).to_be_focused()
    box = await ada.page.get_by_role("menu").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert box["y"] + box["height"] <= 500
