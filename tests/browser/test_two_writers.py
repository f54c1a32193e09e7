"""Two people at browsers do as chance has it, by keys and clipboard; the disk holds what both see."""

import os
import random
from typing import Any

import pytest

from documents.content import tree
from documents.mend import mended
from documents.schema import normal

from .conftest import Visit
from .house import House
from .visitor import Visitor, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SEEDS = [int(os.environ["SEED"])] if "SEED" in os.environ else [1, 2, 3, 4]
STEPS = 30

WORDS = ["oak ", "Ulme", " été ", "🙂", "שלום"]
# Markdown at the start of a line becomes what it says.
STARTS = ["# ", "## ", "- ", "1. ", "[ ] ", "> ", "``` "]
KEYS = [
    "Enter", "Enter", "Backspace", "Delete", "Tab", "Shift+Tab", "Control+b", "Control+i", "Control+z",
    "Control+Shift+z", "Alt+ArrowUp", "Alt+ArrowDown", "Shift+ArrowLeft", "Shift+ArrowUp", "Control+Alt+2",
    "Control+Shift+8", "Control+End", "Home", "ArrowUp", "ArrowDown", "ArrowLeft", "Control+x", "Control+v",
]  # fmt: skip
TABLE = (
    "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table><p>after</p>"
    "<ul><li><p>one</p></li><li><p>two</p></li></ul>"
)
PASTE = """
(editor, html) => {
  const data = new DataTransfer()
  data.setData('text/html', html)
  editor.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
}
"""
JSON = "(editor) => editor.editor.getJSON()"  # Tiptap puts itself there


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_two_people_do_at_random_is_stored_as_both_see_it(house: House, visit: Visit, seed: int) -> None:
    chance = random.Random(seed)
    document = house.document(bob="editor")
    people = [await (await visit(house, name)).open(document) for name in ("ada", "bob")]
    await people[0].type("begin")
    await people[0].editor.evaluate(PASTE, TABLE)
    script = []
    for _ in range(STEPS):
        person = chance.choice(people)
        script.append((person.name, await act(person, chance)))
    print(f"SEED={seed}", *script, sep="\n")

    shown: list[Any] = []

    async def all_agree() -> bool:
        shown[:] = [await person.editor.evaluate(JSON) for person in people]
        shown.append(normal(mended(tree(*house.stored(document)))))
        return all(normal(each) == shown[-1] for each in shown[:-1])

    for person in people:
        await person.says("saved")
    await until(all_agree)


async def act(person: Visitor, chance: random.Random) -> str:
    keyboard = person.page.keyboard
    kind = chance.random()
    if kind < 0.25:
        blocks = person.editor.locator("p, h1, h2, li, td, th")
        at = chance.randrange(await blocks.count() or 1)
        await person.editor.evaluate(
            """(editor, at) => {
              const block = editor.querySelectorAll('p, h1, h2, li, td, th')[at]
              editor.focus()
              if (block) getSelection().collapse(block, 0)
            }""",
            at,
        )
        return f"to block {at}"
    if kind < 0.5:
        word = chance.choice(WORDS)
        await keyboard.type(word)
        return f"type {word!r}"
    if kind < 0.6:
        start = chance.choice(STARTS)
        await keyboard.press("Enter")
        await keyboard.type(start)
        return f"type {start!r}"
    if kind < 0.66:
        await person.editor.evaluate(PASTE, TABLE)
        return "paste"
    key = chance.choice(KEYS)
    await keyboard.press(key)
    return key
