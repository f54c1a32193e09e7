"""Languages: nothing a page says is outside of the catalogues, longer words fit, and German pages are German."""

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from . import scenes
from .conftest import StartHouse, Visit
from .house import House
from .pseudo import PseudoHouse, either, translate_locators, whole
from .scenes import EACH, SCENES, TITLES, Stage
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NARROW: Any = {"width": 360, "height": 780}
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PEOPLE = ["Ada", "Bob", "Carol", "Alma", "Nils", "Crew", "Dora Maar", "Dora", *scenes.PEOPLE.values()]
PEOPLE += [shown for name in ("ada", "bob", "carol", *scenes.PEOPLE) for shown in (f"{name}@example.org", f"@{name}")]


@pytest.fixture(scope="module")
def strange_house(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PseudoHouse]:
    """A house that speaks the pseudo-locale."""
    file = shutil.copy(migrated_file, tmp_path_factory.mktemp("strange") / "db.sqlite3")
    house = PseudoHouse(f"sqlite:///{file}")
    with house.app:
        yield house


@asynccontextmanager
async def arranged(name: str, house: House, visit: Visit, **options: Any) -> AsyncIterator[Page]:
    async def enter(person: str) -> Visitor:
        return await visit(house, person, outages=True, reduced_motion="reduce", **options)

    async with Stage(house, enter) as stage:
        yield await SCENES[name](stage)


@pytest.mark.parametrize("name", EACH)
async def test_everything_is_said_out_of_a_catalogue_and_longer_words_fit(
    name: str, strange_house: PseudoHouse, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    translate_locators(monkeypatch)
    async with arranged(name, strange_house, visit, **WIDE) as page:
        known = [*PEOPLE, *TITLES, "Minutes of November", "Welcome to Coscribe", *strange_house.titles]
        await whole(page, known=known)
        await page.set_viewport_size(NARROW)
        await whole(page, known=known)


async def test_the_walk_finds_what_was_forgotten(strange_house: PseudoHouse, visit: Visit) -> None:
    """A walk that sees nothing would pass for ever."""
    nobody = await visit(strange_house, "")
    await nobody.page.goto("/sign-in/")
    await whole(nobody.page)
    for forgotten in (
        "document.querySelector('h1').append(' plain')",
        "document.querySelector('button').title = 'plain'",
        "document.querySelector('input:not([type=hidden])').placeholder = 'plain'",
        "document.title = 'plain'",
        "document.querySelector('h1').style.width = '3000px'",
    ):
        await nobody.page.reload()
        await nobody.page.evaluate(f"() => {{ {forgotten} }}")
        with pytest.raises(AssertionError, match=r"plain|wide"):
            await whole(nobody.page)


async def test_a_german_browser_gets_german_pages(house: House, visit: Visit) -> None:
    document = house.document(title="Plan")
    ada = await visit(house, "ada", locale="de-DE")
    await ada.open(document)
    await expect(ada.root).to_have_attribute("lang", "de")
    await ada.type("Hallo")
    await ada.says("saved", "Gespeichert")
    await ada.page.get_by_test_id("share-open").click()
    await expect(ada.page.get_by_role("dialog").get_by_role("heading")).to_have_text("„Plan“ teilen")


async def test_english_pages_do_not_wait_for_another_language(house: House, visit: Visit) -> None:
    ada = await visit(house, "ada")
    fetched: list[str] = []
    ada.page.on("request", lambda request: fetched.append(request.url))
    await ada.open(house.document())
    assert not [url for url in fetched if re.search(r"/(de|pseudo)-", url)]


async def test_a_language_is_chosen_on_the_account_page(start_house: StartHouse, visit: Visit) -> None:
    house = start_house()
    ada = await visit(house, "ada")
    await ada.page.goto("/account/")
    await ada.page.get_by_label("Language", exact=True).select_option("de")
    await ada.page.locator("#preferences").get_by_role("button", name="Save").click()
    await expect(ada.page.get_by_role("heading", level=1)).to_have_text("Konto")
    await expect(ada.page.locator(".sign-ins time").first).to_have_text("gerade eben")

    elsewhere = await visit(house, "ada")
    await elsewhere.page.goto("/account/")
    await expect(elsewhere.root).to_have_attribute("lang", "de")


async def test_locators_find_both_languages() -> None:
    assert either("Share").search("⟦Šĥåŕé··⟧")
    assert either("Account of Ada").search("⟦Åçççöûñţ öƒ Ada···⟧".replace("ççç", "çç"))
    assert either("Sign in", whole=True).search("⟦Šîĝñ îñ···⟧")
    assert not either("Sign", whole=True).search("⟦Šîĝñ îñ···⟧")
