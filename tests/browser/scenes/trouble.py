"""When something does not go as it should: no network, no right, nothing saved."""

from playwright.async_api import Page, expect
from pycrdt import XmlElement, XmlFragment, XmlText

from collab.core.messages import Type
from documents.content import ROOT
from tests import seed
from tests.browser.line import Line, of
from tests.browser.visitor import Visitor
from tests.clients import company

from .harbour import TITLE
from .stage import Stage, scene
from .text import fresh_line


@scene
async def offline(stage: Stage) -> Page:
    bo = await stage.writer()
    bo.tolerate("net::ERR_|WebSocket connection")
    await bo.lose_network()
    await fresh_line(bo, "This line is kept on this device until there is a network again.")
    await bo.says("offline")
    return bo.page


@scene
async def could_not_save(stage: Stage) -> Page:
    ada = await stage.come("ada")
    line = await Line.tap(ada.page)
    await ada.open(stage.house.document(title=TITLE))
    line.held_down = of(Type.ACK)
    await ada.type("Is it there?")
    await ada.says("failed")
    return ada.page


@scene
async def right_lost(stage: Stage) -> Page:
    document = stage.house.document(title=TITLE, bob="editor")
    bob = await stage.come("bob")
    line = await Line.tap(bob.page)
    await bob.open(document)
    await bob.type("What everybody reads.")
    await bob.says("saved")
    line.held_up = of(Type.PUSH, Type.WHOLE)
    await bob.page.keyboard.type(" And what I was about to say, when the right to write went away.")
    stage.house.share(document, "bob", "viewer")
    await expect(bob.refused).to_be_visible()
    return bob.page


@scene
async def right_won(stage: Stage) -> Page:
    document = stage.house.document(title=TITLE, bob="viewer")
    bob = await stage.come("bob")
    await bob.open(document)
    stage.house.share(document, "bob", "editor")
    await expect(bob.banner).to_be_visible()
    return bob.page


@scene
async def left(stage: Stage) -> Page:
    document = stage.house.document(title=TITLE, bob="editor")
    bob = await stage.come("bob")
    bob.tolerate("status of 40[34]")  # he may look for what else changed before he hears that nothing is left
    await bob.open(document)
    stage.house.remove(document, "bob")
    await expect(bob.leaving).to_be_visible()
    return bob.page


@scene
async def gone(stage: Stage) -> Page:
    document = stage.house.document(title=TITLE, bob="editor")
    bob = await stage.come("bob")
    bob.tolerate("status of 40[34]")
    line = await Line.tap(bob.page)
    await bob.open(document)
    line.held_up = of(Type.PUSH, Type.WHOLE)
    await bob.type("What I was about to say")
    stage.house.delete(document)
    await expect(bob.leaving).to_be_visible()
    return bob.page


@scene
async def foreign_content(stage: Stage) -> Page:
    document = stage.house.document(title=TITLE)
    async with company(stage.house.scribe("ada", document)) as (program,):
        fragment = program.doc.get(ROOT, type=XmlFragment)
        with program.doc.transaction():
            fragment.children.append(XmlElement("paragraph", {}, [XmlText("What a page can show")]))
            board = XmlElement("kanban", {"lanes": "3"}, [XmlElement("paragraph", {}, [XmlText("What it cannot")])])
            fragment.children.append(board)
        await program.send_push()
        await program.saved()
    ada = await stage.come("ada")
    await ada.open(document)
    await expect(ada.banner).to_be_visible()
    return ada.page


async def with_session(stage: Stage, key: str) -> Visitor:
    visitor = await stage.come("")
    await visitor.context.add_cookies([{"name": "sessionid", "value": key, "url": stage.house.url}])
    return visitor


@scene
async def signed_out_elsewhere(stage: Stage) -> Page:
    """Carol wrote without a network, and signed out of this browser from another."""
    house = stage.house
    document, session = house.document(owner="carol", title=TITLE), house.fresh_session("carol")
    carol = await with_session(stage, session)
    await carol.open(document)
    await carol.lose_network()
    await carol.type("What was written on the way.")
    await carol.says("offline")
    seed.run(f"SessionStore({session!r}).delete()", database_url=house.database_url)
    await carol.find_network()
    await expect(carol.leaving).to_be_visible()
    return carol.page


@scene
async def sign_out_with_unsaved_edits(stage: Stage) -> Page:
    ada = await stage.come("ada")
    await ada.open(stage.house.document(title=TITLE))
    await ada.lose_network()
    await ada.type("Only on this device.")
    await ada.says("offline")
    await ada.page.get_by_test_id("menu-open").click()
    await ada.page.get_by_role("menuitem", name="Sign out").click()
    await expect(ada.page.get_by_role("dialog")).to_be_visible()
    return ada.page


@scene
async def server_error(stage: Stage) -> Page:
    """A session that names nobody the database could ask for: no code of ours expects it."""
    broken = "session = SessionStore(); session[SESSION_KEY] = 'nobody'; session.create(); result = session.session_key"
    visitor = await with_session(stage, seed.run(broken, database_url=stage.house.database_url))
    await visitor.page.goto("/")
    await expect(visitor.page.get_by_role("heading")).to_have_text("Something broke here")
    return visitor.page
