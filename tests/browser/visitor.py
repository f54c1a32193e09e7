"""A person with a browser: a context of its own, one page at a time, and every complaint the browser makes."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from .line import LATE, TAPPED

PATIENCE_S = 30.0
PATIENCE_MS = PATIENCE_S * 1000
expect.set_options(timeout=PATIENCE_MS)

# What Chromium writes by itself when a server cannot be reached.
OUTAGE = r"net::ERR_|WebSocket connection to .* failed|status of 50\d"

# Without this a violation that no console line shows would pass.
TELL_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error('CSP', event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber)
})
"""
# The text as a reader sees it: carets of others carry their names, which are not part of it.
READ = """
(editor) => {
  const copy = editor.cloneNode(true)
  for (const widget of copy.querySelectorAll('.ProseMirror-widget')) widget.remove()
  return [...copy.children].map((block) => block.textContent).join('\\n')
}
"""
# The device has written what it was given: no hand leaves a page as soon after its last letter as a test does.
WRITTEN = """
async () => {
  const ended = (request) => new Promise((resolve) => { request.onsuccess = request.onerror = () => resolve(request) })
  for (const { name } of await indexedDB.databases()) {
    if (!name.startsWith('coscribe:')) continue
    const db = (await ended(indexedDB.open(name))).result
    if (db.objectStoreNames.contains('updates')) await ended(db.transaction('updates').objectStore('updates').count())
    db.close()
  }
}
"""

Word = Literal["connecting", "saved", "saving", "offline", "reconnecting", "failed", "readonly"]


class Visitor:
    """Somebody at a browser. `complaints` must be empty at the end, but for what was announced with `tolerate`."""

    def __init__(self, name: str, context: BrowserContext, page: Page) -> None:
        self.name = name
        self.context = context
        self.page = page
        self.asked: list[str] = []  # the kinds of the browser's own dialogs, in their order
        self._tolerated: list[str] = []
        self._said: list[str] = []

    @classmethod
    async def enter(cls, name: str, context: BrowserContext, *, outages: bool = False) -> "Visitor":
        """The first page of a fresh context. With `outages` the network may fail, and Chromium may say so."""
        context.set_default_timeout(PATIENCE_MS)
        visitor = cls(name, context, await context.new_page())
        await context.add_init_script(TELL_VIOLATIONS)
        context.on("console", visitor._hear)
        context.on("weberror", lambda error: visitor._said.append(f"error: {error.error}"))
        if outages:
            visitor.tolerate(OUTAGE)
        return visitor

    def tolerate(self, pattern: str) -> None:
        """Lines of the console that this test provokes."""
        self._tolerated.append(pattern)

    @property
    def complaints(self) -> list[str]:
        return [line for line in self._said if not any(re.search(known, line) for known in self._tolerated)]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.text == LATE and message.page in TAPPED:
            return
        if message.type in ("error", "warning", "assert"):
            self._said.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    # The document page

    @property
    def editor(self) -> Locator:
        return self.page.get_by_test_id("editor")

    @property
    def word(self) -> Locator:
        return self.page.get_by_test_id("save-word")

    @property
    def banner(self) -> Locator:
        return self.page.get_by_test_id("banner")

    @property
    def refused(self) -> Locator:
        return self.page.get_by_test_id("refused-text")

    @property
    def leaving(self) -> Locator:
        # Whether they may ask for access is asked of the server, which says no with a 404.
        self.tolerate(r"status of 40[34] .*/documents/[0-9a-f-]+/\)")
        return self.page.get_by_test_id("leaving")

    @property
    def root(self) -> Locator:
        return self.page.locator("html")

    async def open(self, document: str) -> "Visitor":
        """Go to the document and wait until it is in step with the server."""
        await self.page.goto(f"/documents/{document}/")
        await self.synced()
        return self

    async def open_home(self, path: str = "/") -> "Visitor":
        """Go to the home page and wait until its script runs, which opens a socket."""
        async with self.page.expect_websocket(lambda socket: socket.url.endswith("/ws/home/")) as socket:
            await self.page.goto(path)
        await socket.value
        return self

    async def synced(self) -> None:
        await expect(self.root).to_have_attribute("data-synced", "true")

    async def click_at_end(self) -> None:
        await self.editor.click(position={"x": 4, "y": 4})  # not on a formula or a link, wherever they stand
        await self.page.keyboard.press("Control+End")

    async def type(self, text: str) -> None:
        """Type at the end, key by key."""
        await self.click_at_end()
        await self.page.keyboard.type(text)

    async def text(self) -> str:
        found: str = await self.editor.evaluate(READ)
        return found

    async def reads(self, wanted: str) -> None:
        """Wait until the page shows exactly this text, a line per block."""
        await self.sees(lambda text: text == wanted, what=repr(wanted))

    async def sees(self, true: Callable[[str], bool], *, what: str = "the text it waits for") -> None:
        """Wait until something is true of the text on the page."""
        seen = ""

        async def look() -> bool:
            nonlocal seen
            seen = await self.text()
            return true(seen)

        await until(look, failure=lambda: f"{self.name} does not see {what}, but {seen!r}")

    async def says(self, word: Word, text: str | re.Pattern[str] | None = None) -> None:
        """Wait for the save word. "Saved" counts when nothing waits to be acknowledged: for 300 ms it may."""
        if word == "saved":
            await until(self._owes_nothing, failure=lambda: f"{self.name} has unsaved edits")
        if word == "offline":
            await self.page.evaluate(WRITTEN)
        await expect(self.word).to_have_attribute("data-state", word)
        if text is not None:
            await expect(self.word).to_have_text(text)

    async def _owes_nothing(self) -> bool:
        found: bool = await self.page.evaluate(
            "!Object.keys(localStorage).some((key) => key.startsWith('coscribe:unsaved:'))"
        )
        return found

    async def note_words(self) -> None:
        """From now on note every save word, also those that pass in a moment; see `noted_words`."""
        await self.word.evaluate(
            """(word) => {
              window.notedWords = [word.dataset.state]
              const note = () => {
                if (window.notedWords.at(-1) !== word.dataset.state) window.notedWords.push(word.dataset.state)
              }
              new MutationObserver(note).observe(word, { attributes: true })
            }"""
        )

    async def noted_words(self) -> list[str]:
        found: list[str] = await self.page.evaluate("window.notedWords")
        return found

    # What the browser keeps and asks

    async def lose_network(self) -> None:
        """Offline, and no socket left that could still carry something."""
        await self.context.set_offline(True)
        await expect(self.root).to_have_attribute("data-synced", "false")

    async def find_network(self) -> None:
        await self.context.set_offline(False)

    async def kept_offline(self) -> None:
        """Wait until this page would open without a network."""
        path = await self.page.evaluate("location.pathname")
        await until(lambda: self._is_kept(path), failure=lambda: f"{path} was not kept for offline use")

    async def _is_kept(self, path: str) -> bool:
        found: bool = await self.page.evaluate(
            """async (path) => {
              const page = await (await caches.open('coscribe-pages')).match(path)
              const assets = await (await caches.open('coscribe-assets')).keys()
              const named = [...document.querySelectorAll('script[src], link[rel=stylesheet]')]
              const later = document.querySelector('meta[name=coscribe-later]')?.content.split(' ') ?? []
              const needed = [...named.map((element) => element.src || element.href),
                ...later.map((path) => new URL(path, location.href).href)]
              const urls = assets.map((request) => request.url)
              return page !== undefined && needed.every((url) => urls.includes(url))
            }""",
            path,
        )
        return found

    async def device(self) -> dict[str, Any]:
        """What this site has put on the device: names of databases and caches, keys of the local storage."""
        found: dict[str, Any] = await self.page.evaluate(
            """async () => ({
              databases: (await indexedDB.databases()).map(({ name }) => name),
              caches: await caches.keys(),
              storage: Object.keys(localStorage),
            })"""
        )
        return found

    def answer_dialogs(self, *, accept: bool) -> None:
        """From now on the browser's own questions ("Leave site?") are noted in `asked`, and answered so."""

        async def answer(dialog: Any) -> None:
            self.asked.append(dialog.type)
            await (dialog.accept() if accept else dialog.dismiss())

        self.page.on("dialog", answer)


async def arrive(page: Page, path: str) -> None:
    """Go to a page for people who are signed in, and wait until its script has run."""
    await page.goto(path)
    await expect(page.locator("#person-open")).to_have_attribute("aria-haspopup", "menu")


async def until(
    true: Callable[[], Awaitable[bool]],
    *,
    failure: Callable[[], str] = lambda: "this did not become true in time",
    patience_s: float = PATIENCE_S,
) -> None:
    """Ask again and again. Raises `AssertionError` with `failure()`."""
    deadline = time.monotonic() + patience_s
    while not await true():
        if time.monotonic() > deadline:
            raise AssertionError(failure())
        await asyncio.sleep(0.05)
