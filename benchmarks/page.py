"""The document page in a real browser: `python -m benchmarks.page`.

Three figures: how long until the text of a long document can be read (cold cache, from the navigation on), whether
anything jumps meanwhile, and what one keystroke costs in a very long one while ten other carets move.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests import seed
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.browser.house import House
from tests.clients import Scribe
from tests.servers import ROOT, AppServer, migrated_sqlite

WORDS_A_PAGE = 500
CARETS = 10
MOVES_PER_S = 5  # of each caret, as of somebody who types
TEXT = """
the harbour opens at six and every boat that wants a place sends word before noon so nobody waits on the quay
while rain or wind decides who may leave first we write it down together read it twice and keep what is true
"""

# When the last paragraph of the document stands in the page and has been painted; what moved until then and after.
NOTE_READABLE = """
window.shift = 0
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value
}).observe({ type: 'layout-shift', buffered: true })
const look = () => {
  const editor = document.querySelector('[data-testid=editor]')
  if (editor?.textContent.includes('THE-END')) {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => { window.readable = performance.now() }
    channel.port2.postMessage(0)
  } else requestAnimationFrame(look)
}
requestAnimationFrame(look)
"""
# Script: from the key to the end of all that its own task does, the page's answer to the changed text included.
# Layout: what laying out the change costs then. Next: to the next task, which a frame or another's caret may come
# before. Paint: to the task after the next frame.
NOTE_KEYS = """
() => {
  window.keys = []
  window.addEventListener('keydown', () => {
    const key = { began: performance.now() }
    window.keys.push(key)
    const done = new MessageChannel()
    done.port1.onmessage = () => {
      const start = performance.now()
      key.next = start - key.began
      document.body.offsetHeight
      key.layout = performance.now() - start
      requestAnimationFrame(() => {
        const painted = new MessageChannel()
        painted.port1.onmessage = () => { key.paint = performance.now() - key.began }
        painted.port2.postMessage(0)
      })
    }
    window.addEventListener('input', () => {
      done.port2.postMessage(0)
      // Behind the editor's own, which the change of the text has queued.
      queueMicrotask(() => { key.script = performance.now() - key.began })
    }, { once: true, capture: true })
  }, true)
}
"""


async def opening(browser: Browser, house: House, document: str, *, times: int) -> dict[str, Any]:
    """Milliseconds from the navigation to the whole text on the screen, each time with nothing in the cache."""
    readable, shifts, scripts = [], [], 0
    for _ in range(times):
        async with visitor(browser, house, "ada") as (context, page):
            sizes: list[int] = []
            page.on("requestfinished", lambda request, sizes=sizes: asyncio.ensure_future(add_size(request, sizes)))
            await context.add_init_script(NOTE_READABLE)
            await page.goto(f"/documents/{document}/")
            readable.append(await ready(page))
            await asyncio.sleep(1)  # what still moves once the socket is up
            shifts.append(await page.evaluate("() => window.shift"))
            scripts = sum(sizes)
    return {"readable_ms": summary(readable), "layout_shift": max(shifts), "script_bytes_sent": scripts}


async def ready(page: Page) -> float:
    """When the text could be read, in ms after the navigation. Raises `TimeoutError`."""
    async with asyncio.timeout(30):
        while True:
            at: float | None = await page.evaluate("() => window.readable ?? null")
            if at is not None:
                return at
            await asyncio.sleep(0.02)


async def add_size(request: Any, sizes: list[int]) -> None:
    if request.resource_type == "script":
        sizes.append((await request.sizes())["responseBodySize"])


async def typing(browser: Browser, house: House, document: str, *, keys: int) -> dict[str, Any]:
    """Milliseconds of one keystroke in the middle of the document, while others' carets move."""
    others = [await house.scribe("bob", document).join() for _ in range(CARETS)]
    moving = asyncio.gather(*(wander(other) for other in others))
    try:
        async with visitor(browser, house, "ada") as (_, page):
            await page.goto(f"/documents/{document}/")
            middle = page.get_by_test_id("editor").locator("> p").nth(150)
            await middle.click()
            await page.keyboard.press("End")
            await page.locator(".caret").first.wait_for(state="attached")
            carets = await page.locator(".caret").count()
            await page.evaluate(NOTE_KEYS)
            for _ in range(keys):
                await page.keyboard.press(random.choice("etaoin"))
                await asyncio.sleep(random.uniform(0.06, 0.16))
            found = [key for key in await page.evaluate("() => window.keys") if "paint" in key]
    finally:
        moving.cancel()
        await asyncio.gather(moving, return_exceptions=True)
        await asyncio.gather(*(other.close() for other in others))
    parts = {name: summary([key[name] for key in found]) for name in ("script", "layout", "next", "paint")}
    return {"carets": carets, "keys": len(found)} | {f"{name}_ms": value for name, value in parts.items()}


async def wander(scribe: Scribe) -> None:
    """A caret that is somewhere else in the text all the time."""
    [(client, clocks)] = [max(state_vector(scribe).items(), key=lambda entry: entry[1])]
    clock = 1
    while True:
        place = {"type": None, "tname": None, "item": {"client": client, "clock": random.randrange(clocks)}, "assoc": 0}
        clock += 1
        await scribe.awareness({"user": {}, "cursor": {"anchor": place, "head": place}}, clock=clock)
        await asyncio.sleep(random.uniform(0.5, 1.5) / MOVES_PER_S)


def state_vector(scribe: Scribe) -> dict[int, int]:
    """Yjs' state vector (lib0 varints: count, then client and clock)."""
    numbers, value, shift = [], 0, 0
    for byte in scribe.doc.get_state():
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value)
            value = shift = 0
    return dict(zip(numbers[1::2], numbers[2::2], strict=True))


def long_document(house: House, *, pages: int) -> str:
    """A document of ada's and bob's with a heading and paragraphs on each page; its last word is THE-END."""
    shuffle, vocabulary = random.Random(pages), TEXT.split()
    blocks: list[dict[str, Any]] = []
    for page in range(pages):
        blocks.append({"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": f"Page {page}"}]})
        for _ in range(WORDS_A_PAGE // 80):
            words = [shuffle.choice(vocabulary) for _ in range(80)]
            runs = [" ".join(words[:40]) + " ", " ".join(words[40:60]), " " + " ".join(words[60:])]
            marks: list[dict[str, Any]] = [{}, {"marks": [{"type": "bold"}]}, {}]
            content = [{"type": "text", "text": text, **mark} for text, mark in zip(runs, marks, strict=True)]
            blocks.append({"type": "paragraph", "content": content})
    blocks.append({"type": "paragraph", "content": [{"type": "text", "text": "THE-END"}]})
    code = f"""
import json
from documents.writing import create_with
tree = json.loads({json.dumps(json.dumps({"type": "doc", "content": blocks}))})
document = create_with(owner=user("ada"), title="{pages} pages", tree=tree)
sharing.grant(by=user("ada"), obj=document, to=user("bob"), role=Role.EDITOR)
result = str(document.pk)
"""
    made: str = seed.run(code, database_url=house.database_url)
    return made


@asynccontextmanager
async def visitor(browser: Browser, house: House, name: str) -> AsyncIterator[tuple[BrowserContext, Page]]:
    context = await browser.new_context(base_url=house.url, viewport={"width": 1280, "height": 900})
    await context.add_cookies([{"name": "sessionid", "value": house.session(name), "url": house.url}])
    try:
        yield context, await context.new_page()
    finally:
        await context.close()


def summary(values: list[float]) -> dict[str, float]:
    """Median, 95th percentile and worst, in the values' unit."""
    cut = statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
    return {
        name: round(value, 1)
        for name, value in zip(("median", "p95", "worst"), (statistics.median(values), cut, max(values)), strict=True)
    }


async def measure(*, times: int, keys: int, kind: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        url = migrated_sqlite(Path(folder))
        with AppServer(
            "uvicorn" if kind == "uvicorn" else "daphne",
            database_url=url,
            env={"STATIC_ROOT": str(ROOT / "var" / "static")},
        ) as app:
            house = House(app, database_url=url)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
                opened = await opening(browser, house, long_document(house, pages=50), times=times)
                typed = await typing(browser, house, long_document(house, pages=100), keys=keys)
                await browser.close()
    return {"opening_50_pages": opened, "typing_in_100_pages": typed}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--times", type=int, default=5, help="how often the document is opened")
    arguments.add_argument("--keys", type=int, default=200)
    arguments.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
    chosen = arguments.parse_args()
    print(json.dumps(asyncio.run(measure(times=chosen.times, keys=chosen.keys, kind=chosen.server)), indent=2))


if __name__ == "__main__":
    main()
