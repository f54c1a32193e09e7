"""A document that holds what no page can show: it is read-only everywhere, and nothing of it is touched."""

import pytest
from playwright.async_api import expect
from pycrdt import XmlElement, XmlFragment, XmlText

from documents.content import ROOT
from tests.clients import Scribe, company

from .conftest import Visit
from .house import House
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def element(name: str, *children: "XmlElement | XmlText", **attributes: object) -> XmlElement:
    return XmlElement(name, attributes, list(children))  # type: ignore[arg-type]


def line(text: str) -> XmlElement:
    return element("paragraph", XmlText(text))


FOREIGN = {
    "an unknown node": lambda: element("kanban", line("inside"), lanes=3),
    "a level that is none": lambda: element("heading", XmlText("inside"), level=99),
    "a level that is a word": lambda: element("heading", XmlText("inside"), level="x"),
    "text in a table": lambda: element("table", XmlText("inside")),
    "a list item in a quote": lambda: element("blockquote", element("listItem", line("inside"))),
    "an image that runs a script": lambda: element(
        "callout", element("image", src="javascript:alert(1)"), line("inside")
    ),
}


async def write(scribe: Scribe, *blocks: XmlElement) -> None:
    fragment = scribe.doc.get(ROOT, type=XmlFragment)
    with scribe.doc.transaction():
        for block in blocks:
            fragment.children.append(block)
    await scribe.send_push()
    await scribe.saved()


async def is_locked(visitor: Visitor) -> None:
    await expect(visitor.root).to_have_attribute("data-foreign", "true")
    await expect(visitor.editor).to_have_attribute("contenteditable", "false")
    await expect(visitor.banner).to_contain_text("cannot show")


@pytest.mark.parametrize("kind", FOREIGN)
async def test_a_document_no_page_can_show_is_read_only_and_stays_as_it_is(
    house: House, visit: Visit, kind: str
) -> None:
    document = house.document(bob="editor", carol="viewer")
    async with company(house.scribe("ada", document)) as (program,):
        del program.doc.get(ROOT, type=XmlFragment).children[0]  # the line that a new document begins with
        await write(program, line("before"), FOREIGN[kind](), line("after"))
        stored, seq = house.stored(document), program.acked[-1][1]

        visitors = [await (await visit(house, name)).open(document) for name in ("ada", "bob", "carol")]
        for visitor in visitors:
            await is_locked(visitor)
            await expect(visitor.editor).to_contain_text("inside")
            await visitor.editor.click()
            await visitor.page.keyboard.type("mine")
            await visitor.page.keyboard.press("Control+a")
            await visitor.page.keyboard.press("Delete")
            await visitor.page.keyboard.press("Control+z")
            await expect(visitor.editor).to_contain_text("inside")
        ada, bob, carol = visitors
        assert await ada.text() == await bob.text() == await carol.text()

        # What a page had written would have its number between these two.
        fragment = program.doc.get(ROOT, type=XmlFragment)
        assert house.stored(document) == stored
        del fragment.children[1]
        await program.send_push()
        await program.saved()
        assert program.acked[-1][1] == seq + 1
        for visitor in (ada, bob):
            await expect(visitor.root).to_have_attribute("data-foreign", "false")
            await expect(visitor.banner).to_be_hidden()
        await ada.type(" and on")
        await bob.reads("before\nafter and on")


async def test_a_page_locks_when_such_content_arrives(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada = await (await visit(house, "ada")).open(document)
    await ada.type("mine")
    async with company(house.scribe("bob", document)) as (program,):
        await write(program, element("kanban", line("inside")))
        await is_locked(ada)
        await ada.page.keyboard.type("more")
        await ada.page.get_by_role("button", name="Reload").click()
        await ada.synced()
        await is_locked(ada)
        assert house.stored_text(document) == "mine\ninside"
