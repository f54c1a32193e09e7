"""docs/examples/tiptap: a page of somebody else's, from somewhere else, with Coscribe as its back end."""

import json
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.seed import run
from tests.servers import ROOT

from .conftest import Visit
from .house import House

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EXAMPLE = ROOT / "docs" / "examples" / "tiptap"


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, and no line for each."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The example, built from the packages that its package.json names, on an origin of its own."""
    page, built = tmp_path_factory.mktemp("page"), tmp_path_factory.mktemp("built")
    for each in EXAMPLE.iterdir():
        (page / each.name).write_bytes(each.read_bytes())
    for name in json.loads((EXAMPLE / "package.json").read_text())["dependencies"]:
        installed = node_modules / {"@hocuspocus/provider": "hocuspocus-4"}.get(name, name)
        (page / "node_modules" / name).parent.mkdir(parents=True, exist_ok=True)
        (page / "node_modules" / name).symlink_to(installed)
    script = ["node", str(Path(__file__).with_name("example.mjs")), str(ROOT / "frontend"), str(page), str(built)]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def address(house: House, elsewhere: str, document: str, who: str, scope: str = "write") -> str:
    secret = run(f"result = token({who!r}, {scope!r})", database_url=house.database_url)
    return f"{elsewhere}/index.html#server={house.app.ws_url}&document={document}&token={secret}"


async def words(page: Page, text: str) -> None:
    await expect(page.locator("#editor .tiptap")).to_contain_text(text)


async def test_a_tiptap_page_from_elsewhere_and_ours_write_one_document(
    house: House, visit: Visit, elsewhere: str
) -> None:
    document = house.document(bob="editor")
    bob, ada = await visit(house, "bob"), await visit(house, "ada")
    await ada.open(document)
    await bob.page.goto(address(house, elsewhere, document, "bob"))
    await expect(bob.page.get_by_role("status")).to_have_text("Saved")

    await bob.page.locator("#editor .tiptap").click()
    await bob.page.keyboard.type("from a Tiptap page, ")
    await ada.sees(lambda text: "from a Tiptap page, " in text)
    await expect(bob.page.get_by_role("status")).to_have_text("Saved")
    assert "from a Tiptap page," in house.stored_text(document)

    await ada.editor.click()
    await ada.page.keyboard.press("Control+End")
    await ada.page.keyboard.type("and from ours")
    await words(bob.page, "from a Tiptap page, and from ours")
    await expect(bob.page.locator(".collaboration-carets__label")).to_have_text("Ada")
    assert await ada.page.locator("[data-foreign]").count() == 0  # it wrote nothing that our schema does not know


async def test_a_tiptap_page_with_a_token_for_reading_is_locked_and_one_without_access_says_why(
    house: House, visit: Visit, elsewhere: str
) -> None:
    document = house.document(bob="editor")
    bob, carol = await visit(house, "bob"), await visit(house, "carol")
    await bob.page.goto(address(house, elsewhere, document, "bob", "read"))
    await expect(bob.page.locator("#editor .tiptap")).to_have_attribute("contenteditable", "false")
    await carol.page.goto(address(house, elsewhere, document, "carol"))
    await expect(carol.page.get_by_role("status")).to_have_text("Not connected: no access")


async def test_the_example_names_the_versions_that_are_tested() -> None:
    wanted = json.loads((EXAMPLE / "package.json").read_text())
    tested = json.loads((ROOT / "tests" / "interop" / "package.json").read_text())["dependencies"]
    frontend = json.loads((ROOT / "frontend" / "package.json").read_text())
    tested["@hocuspocus/provider"] = tested.pop("hocuspocus-4").rpartition("@")[2]
    assert wanted["dependencies"] == {name: tested[name] for name in wanted["dependencies"]}
    assert wanted["devDependencies"]["vite"] == frontend["devDependencies"]["vite"]
