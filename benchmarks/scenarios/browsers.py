"""`browsers`: two people in real browsers, which are not pinned to a core.

How long a key takes to the other person's screen; what a thousand edits of somebody else, all at once, do to who types
in a very long document; what memory a tab has gained after an hour of editing, compressed in time.
"""

import asyncio
import random
import tempfile
from itertools import pairwise
from pathlib import Path

from playwright.async_api import Browser, CDPSession, Page, async_playwright
from pycrdt import XmlFragment

from benchmarks.contenders import Contender
from benchmarks.generator import Generator
from benchmarks.page import long_document, summary, visitor
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.browser.house import House
from tests.servers import ROOT, AppServer, migrated_sqlite

from . import Figures, Outcome

KEYS = 200
BURST = 1_000
KEYS_AN_HOUR = 18_000  # five a second
CALM_S = 2
MIB = 1 << 20

# When each key went down, and when so many letters stood in the other page and had been painted: clocks of one machine.
NOTE_PRESSED = """
() => {
  window.pressed = []
  window.addEventListener('keydown', () => window.pressed.push(performance.timeOrigin + performance.now()), true)
}
"""
NOTE_SEEN = """
() => {
  window.seen = []
  const editor = document.querySelector('[data-testid=editor]')
  const before = editor.textContent.length
  new MutationObserver(() => {
    const letters = editor.textContent.length - before
    requestAnimationFrame(() => {
      const painted = new MessageChannel()
      painted.port1.onmessage = () => {
        const at = performance.timeOrigin + performance.now()
        while (window.seen.length < letters) window.seen.push(at)
      }
      painted.port2.postMessage(0)
    })
  }).observe(editor, { subtree: true, childList: true, characterData: true })
}
"""
# A locator would read all 100 pages at each frame, and so make the long frames that it waits in.
SHOWN = """
(words) => [...document.querySelector('[data-testid=editor]').children].slice(0, 3)
  .some((block) => block.textContent.includes(words))
"""
NOTE_FRAMES = """
() => {
  window.frames_ = []
  const note = (at) => { window.frames_.push(at); requestAnimationFrame(note) }
  requestAnimationFrame(note)
}
"""


async def keystrokes(browser: Browser, house: House, *, keys: int) -> Figures:
    """Milliseconds from a key of ada's until bob's page shows it."""
    document = long_document(house, pages=1)
    async with visitor(browser, house, "ada") as (_, here), visitor(browser, house, "bob") as (_, there):
        for page in (there, here):
            await come_to_write(page, document)
        await here.evaluate(NOTE_PRESSED)
        await there.evaluate(NOTE_SEEN)
        for _ in range(keys):
            await here.keyboard.press(random.choice("etaoin"))
            await asyncio.sleep(random.uniform(0.06, 0.16))
        await there.wait_for_function(f"() => window.seen.length >= {keys}")
        pressed, seen = await here.evaluate("() => window.pressed"), await there.evaluate("() => window.seen")
    return spread("a key to the other screen, ms", [b - a for a, b in zip(pressed, seen, strict=False)])


async def burst(browser: Browser, house: House) -> Figures:
    """Milliseconds between the frames of who types in 100 pages, before and while a thousand edits come in."""
    document = long_document(house, pages=100)
    bob = await house.scribe("bob", document).join()
    typing: asyncio.Task[None] | None = None
    try:
        async with visitor(browser, house, "ada") as (_, page):
            await come_to_write(page, document)
            await page.evaluate(NOTE_FRAMES)
            typing = asyncio.create_task(type_on(page))
            await asyncio.sleep(CALM_S)
            calm = gaps(await page.evaluate("() => window.frames_.splice(0)"))
            words = f"burst{random.randrange(1000)}"
            await page.evaluate("() => { window.frames_.length = 0 }")
            began = asyncio.get_running_loop().time()
            paragraphs = [each for each in bob.doc.get("default", type=XmlFragment).children if len(each.children)]
            for _ in range(BURST - 1):
                random.choice(paragraphs).children[0].insert(0, "remote ")
                await bob.send_push()
            paragraphs[0].children[0].insert(0, f"{words} ")
            await bob.send_push()
            await page.wait_for_function(SHOWN, arg=words)
            took = asyncio.get_running_loop().time() - began
            await asyncio.sleep(0.5)
            stormy = gaps(await page.evaluate("() => window.frames_"))
    finally:
        if typing is not None:
            typing.cancel()
            await asyncio.gather(typing, return_exceptions=True)
        await bob.close()
    return {
        f"{BURST} edits at once in 100 pages: all shown after s": round(took, 2),
        **spread("... between two frames before, ms", calm),
        **spread("... between two frames meanwhile, ms", stormy),
        "... frames meanwhile that took over 50 ms": sum(gap > 50 for gap in stormy),
    }


async def hour(browser: Browser, house: House, *, keys: int) -> Figures:
    """MiB of a tab's JavaScript, after collecting garbage, before and after so many keys of it and edits of another."""
    document = long_document(house, pages=1)
    bob = await house.scribe("bob", document).join()
    try:
        async with visitor(browser, house, "ada") as (context, page):
            await come_to_write(page, document)
            tools = await context.new_cdp_session(page)
            await tools.send("Performance.enable")
            before = await heap(tools)
            for at in range(0, keys, 50):
                await page.keyboard.type("words that are written ", delay=0)
                await page.keyboard.press("Enter" if at % 500 == 0 else "Space")
                for _ in range(25):  # half of it is taken back, as people do
                    await page.keyboard.press("Backspace" if at % 100 else "ArrowLeft")
                bob.doc.get("default", type=XmlFragment).children[0].children[0].insert(0, "x")
                await bob.send_push()
            await asyncio.sleep(CALM_S)
            after = await heap(tools)
    finally:
        await bob.close()
    return {"JavaScript of a tab before, MiB": before, f"... after {keys} keys, MiB": after}


async def heap(tools: CDPSession) -> float:
    await tools.send("HeapProfiler.collectGarbage")
    metrics = {each["name"]: each["value"] for each in (await tools.send("Performance.getMetrics"))["metrics"]}
    return round(float(metrics["JSHeapUsedSize"]) / MIB, 1)


async def come_to_write(page: Page, document: str) -> None:
    await page.goto(f"/documents/{document}/")
    await page.get_by_test_id("editor").get_by_text("THE-END").click()
    await page.keyboard.press("End")
    await asyncio.sleep(CALM_S)


async def type_on(page: Page) -> None:
    while True:
        await page.keyboard.press(random.choice("etaoin"))
        await asyncio.sleep(0.1)


def spread(what: str, values: list[float]) -> Figures:
    return {f"{what}: {name}": value for name, value in summary(values).items()}


def gaps(frames: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(frames)]


async def measure(*, keys: int, hour_keys: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        url = migrated_sqlite(Path(folder))
        with AppServer("uvicorn", database_url=url, env={"STATIC_ROOT": str(ROOT / "var" / "static")}) as app:
            house = House(app, database_url=url)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
                figures = await keystrokes(browser, house, keys=keys)
                figures |= await burst(browser, house)
                figures |= await hour(browser, house, keys=hour_keys)
                await browser.close()
    return figures


def run(server: Contender, load: Generator, quick: bool) -> Outcome:
    server.stop()  # the browsers have a server of their own, on both cores
    keys, hour_keys = (20, 100) if quick else (KEYS, KEYS_AN_HOUR)
    return Outcome(asyncio.run(measure(keys=keys, hour_keys=hour_keys)))
