"""`python -m benchmarks.revocation_seen`: from the manager's click until the other's page is seen to be locked.

Two windows of Chromium: in one the share dialog is open and a role is chosen, in the other somebody writes. The clock
of both is the machine's. Locked: the frame that shows an editor that takes no letters has been painted. Everybody else
in the document is a socket.
"""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from benchmarks.revocation import _ms, _spread, staged
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.clients import Scribe
from tests.servers import AppServer

NOTE_CLICK = """
() => document.addEventListener('click', () => { window.clicked = performance.timeOrigin + performance.now() }, true)
"""
NOTE_LOCK = """
() => {
  const editor = document.querySelector('[data-testid=editor]')
  window.locked = new Promise((resolve) => {
    new MutationObserver((_records, observer) => {
      if (editor.isContentEditable) return
      observer.disconnect()
      requestAnimationFrame(() => {
        const painted = new MessageChannel()
        painted.port1.onmessage = () => resolve(performance.timeOrigin + performance.now())
        painted.port2.postMessage(0)
      })
    }).observe(editor, { attributes: true, attributeFilter: ['contenteditable'] })
  })
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.revocation_seen", description=__doc__)
    parser.add_argument("--changes", type=int, default=40)
    parser.add_argument("--people", default="1,200", help="in the document, beside its owner")
    parser.add_argument("--servers", default="one,two", help="one: uvicorn and SQLite; two: with Redis and PostgreSQL")
    options = parser.parse_args()
    print("| servers, people | n | median ms | p95 ms | worst ms |\n| --- | --- | --- | --- | --- |")
    for servers in options.servers.split(","):
        for people in map(int, options.people.split(",")):
            found = measure(servers, people, changes=options.changes)
            cells = [f"{servers}, {people}", str(len(found)), *map(_ms, _spread(found))]
            print(f"| {' | '.join(cells)} |", flush=True)


def measure(servers: str, people: int, *, changes: int) -> Sequence[float]:
    """Milliseconds of each change."""
    with staged(servers, people) as (apps, scene):
        return asyncio.run(_measure(apps, scene, changes))


async def _measure(apps: list[AppServer], scene: Any, changes: int) -> list[float]:
    near, far = apps[0], apps[-1]
    crowd = [await Scribe(far.ws_url, each["session"], scene["document"]).join() for each in scene["crowd"]]
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        ada = await _enter(browser, near, scene["ada"]["session"], scene["document"])
        bob = await _enter(browser, far, scene["bob"]["session"], scene["document"])
        await ada.get_by_role("button", name="Share").click()
        await ada.evaluate(NOTE_CLICK)
        found = [await _change(ada, bob) for _ in range(changes + 2)]
        await browser.close()
    await asyncio.gather(*(each.close() for each in crowd))
    return found[2:]


async def _change(ada: Page, bob: Page) -> float:
    await bob.evaluate(NOTE_LOCK)
    await _choose(ada, "Viewer")
    ms: float = await bob.evaluate("window.locked") - await ada.evaluate("window.clicked")
    await _choose(ada, "Editor")
    await bob.wait_for_selector("[data-testid=editor][contenteditable=true]")
    return ms


async def _choose(ada: Page, role: str) -> None:
    await ada.get_by_role("dialog").get_by_role("button", name="Role of bob").click()
    await ada.get_by_role("menuitemradio", name=role).click()


async def _enter(browser: Browser, app: AppServer, session: str, document: str) -> Page:
    context = await browser.new_context(base_url=app.url)
    await context.add_cookies([{"name": "sessionid", "value": session, "url": app.url}])
    page = await context.new_page()
    await page.goto(f"/documents/{document}/")
    await page.wait_for_selector("html[data-synced=true]")
    return page


if __name__ == "__main__":
    main()
