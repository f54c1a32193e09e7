"""How long a keystroke takes from one browser to the text of the other: `python -m tests.browser.measure`.

Both pages are on this machine and share its clock. From the `keydown` event in one to the changed text in the other,
hence the 30 ms for which edits are gathered, the server's commit and the drawing of the page are included.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.servers import AppServer, migrated_sqlite

from .chromium import ARGUMENTS, CHROMIUM
from .house import House
from .visitor import Visitor, until

NOTE_KEYS = """
() => {
  window.times = []
  window.addEventListener('keydown', (event) => window.times.push(performance.timeOrigin + event.timeStamp), true)
}
"""
NOTE_LETTERS = """
(editor) => {
  window.times = []
  const letters = () => (editor.textContent.match(/x/g) ?? []).length
  new MutationObserver(() => {
    const now = performance.timeOrigin + performance.now()
    while (window.times.length < letters()) window.times.push(now)
  }).observe(editor, { subtree: true, childList: true, characterData: true })
}
"""


async def measure(kind: str, keystrokes: int) -> list[float]:
    """Milliseconds of each keystroke."""
    with tempfile.TemporaryDirectory() as folder:
        url = migrated_sqlite(Path(folder))
        with AppServer("uvicorn" if kind == "uvicorn" else "daphne", database_url=url) as app:
            house = House(app, database_url=url)
            document = house.document(bob="editor")
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
                here, there = [await enter(browser, house, name, document) for name in ("ada", "bob")]
                await here.click_at_end()
                await here.page.evaluate(NOTE_KEYS)
                await there.editor.evaluate(NOTE_LETTERS)
                for _ in range(keystrokes):
                    await here.page.keyboard.press("x")
                    await asyncio.sleep(random.uniform(0.08, 0.2))  # as people type, not in step with any timer
                await until(lambda: count_is(there, keystrokes))
                sent, seen = await here.page.evaluate("times"), await there.page.evaluate("times")
                await browser.close()
    return [after - before for before, after in zip(sent, seen, strict=True)]


async def enter(browser: Browser, house: House, name: str, document: str) -> Visitor:
    context = await browser.new_context(base_url=house.url)
    await context.add_cookies([{"name": "sessionid", "value": house.session(name), "url": house.url}])
    return await (await Visitor.enter(name, context)).open(document)


async def count_is(visitor: Visitor, wanted: int) -> bool:
    return bool(await visitor.page.evaluate("times.length") == wanted)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--keystrokes", type=int, default=200)
    arguments.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
    chosen = arguments.parse_args()
    times = asyncio.run(measure(chosen.server, chosen.keystrokes))
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"{chosen.server}, {len(times)} keystrokes: median {statistics.median(times):.0f} ms, p95 {p95:.0f} ms, "
        f"best {min(times):.0f} ms, worst {max(times):.0f} ms"
    )


if __name__ == "__main__":
    main()
