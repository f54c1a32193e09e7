"""Browsers beside other clients in one document: a stock `y-websocket` under Node.js, and Python."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from pycrdt import XmlElement, XmlFragment, XmlText

from deploy.parts import find_program
from tests.clients import company

from .conftest import Visit
from .house import House
from .visitor import until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STOCK = Path(__file__).with_name("stock.mjs")


async def test_a_browser_and_a_client_in_python_write_one_text(house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada = await visit(house, "ada")
    await ada.open(document)
    await ada.type("from a browser")
    async with company(house.scribe("bob", document)) as (bob,):
        fragment = bob.doc.get("default", type=XmlFragment)
        await until(lambda: truth("from a browser" in str(fragment)))

        fragment.children.append(XmlElement("paragraph", {}, [XmlText("from Python")]))
        await bob.send_push()
        await bob.saved()
        await ada.reads("from a browser\nfrom Python")

        await bob.awareness({"user": {"id": "1", "name": "Ada", "color": "red"}})  # the server knows better
        await expect(ada.page.get_by_test_id("face")).to_have_accessible_name("Bob")
        await bob.until(lambda: any(state["user"]["name"] == "Ada" for state in bob.presence.values()))
    await expect(ada.page.get_by_test_id("face")).to_have_count(0)


@pytest.mark.parametrize("version", [1, 2, 3])
async def test_a_browser_and_a_stock_y_websocket_write_one_text(version: int, house: House, visit: Visit) -> None:
    document = house.document(bob="editor")
    ada = await visit(house, "ada")
    await ada.open(document)
    await ada.type("from a browser")
    await ada.says("saved")
    async with stock(version, house, document) as bob:
        heard = await bob.hears(lambda said: "from a browser" in said["text"] and "Ada" in said["people"])
        assert heard["people"].count("Ada") == 1

        await bob.writes("from Node")
        await ada.reads("from a browser\nfrom Node")
        await expect(ada.page.get_by_test_id("face")).to_have_accessible_name("Bob")

        await ada.type(", both")
        await bob.hears(lambda said: "from Node, both" in said["text"])
    await expect(ada.page.get_by_test_id("face")).to_have_count(0)
    await ada.says("saved")
    assert house.stored_text(document) == "from a browser\nfrom Node, both"


class Stock:
    """A `y-websocket` in a process of its own: a line in is a paragraph, a line out is what it sees."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def writes(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode() + b"\n")
        await self.process.stdin.drain()

    async def hears(self, true: Any) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while line := await self.process.stdout.readline():
                said: dict[str, Any] = json.loads(line)
                if true(said):
                    return said
        raise AssertionError("the stock client ended")


@asynccontextmanager
async def stock(version: int, house: House, document: str) -> AsyncIterator[Stock]:
    process = await asyncio.create_subprocess_exec(
        find_program("node", package="nodejs"), str(STOCK), str(version), f"{house.app.ws_url}/ws/documents",
        document + "/", house.session("bob"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Stock(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 30)


async def truth(value: bool) -> bool:
    return value
