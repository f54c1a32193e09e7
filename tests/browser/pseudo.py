"""The pseudo-locale: a server in it, and a walk over a page that finds what was written past the catalogues.

    house = PseudoHouse(sqlite_url)
    ...open a page, a dialog, a menu...
    await whole(ada.page, known=["Ada", *house.titles])

Everything a page says is in brackets, ⟦Šîĝñ îñ···⟧; what is not is user content (in an element with `dir="auto"`, or
said in `known`), or was forgotten. With `translate_locators` a test that looks for English words finds them there too.
"""

import re
from collections.abc import Callable, Collection
from typing import Any

import pytest
from playwright.async_api import Locator, Page
from playwright.async_api._generated import LocatorAssertions

from tests.servers import AppServer

from .house import House
from .strange import STRANGE

BRAND = ("Coscribe",)

# Texts, and the attributes that are read out or shown, which are outside of brackets.
OUTSIDE = r"""
(known) => {
  const SKIPPED = 'script, style, noscript, template, time, kbd, code, .katex, ' +
    '[contenteditable], [dir=auto], [data-testid=refused-text], .face, .mention-face, .address, .swatch'
  // what people wrote, and who they are; addresses; a letter as a sample
  const SPOKEN = ['aria-label', 'aria-description', 'aria-roledescription', 'aria-valuetext', 'placeholder',
                  'title', 'alt', 'data-placeholder']
  const outside = (text) => {
    let rest = text
    for (let last = ''; last !== rest; ) { last = rest; rest = rest.replace(/⟦[^⟦⟧]*⟧/gu, ' ') }
    // A sentence with a key in the middle of it is several texts.
    rest = rest.replace(/⟦[^⟦⟧]*$/u, ' ').replace(/^[^⟦⟧]*⟧/u, ' ')
    for (const word of known) rest = rest.split(word).join(' ')
    rest = rest.replace(/\b(Ctrl|Alt|Shift)\+[^\s)]+/gu, ' ') // what is printed on keys
    return /\p{L}/u.test(rest) ? rest.trim().replace(/\s+/g, ' ') : ''
  }
  const found = []
  if (outside(document.title)) found.push(`<title>: ${document.title}`)
  for (const element of document.body.querySelectorAll('*')) {
    if (element.tagName !== 'OPTION' && !element.checkVisibility()) continue
    const name = element.tagName.toLowerCase() + (element.id ? '#' + element.id : '') +
      [...element.classList].map((each) => '.' + each).join('')
    for (const attribute of element.tagName === 'TIME' ? [] : SPOKEN) {
      if (attribute === 'alt' && element.closest('[contenteditable]')) continue // said by who put it there
      const rest = outside(element.getAttribute(attribute) ?? '')
      if (rest) found.push(`${name}[${attribute}]: ${rest}`)
    }
    if (element.closest(SKIPPED)) continue
    for (const node of element.childNodes) {
      const rest = node.nodeType === Node.TEXT_NODE ? outside(node.data) : ''
      if (rest) found.push(`${name}: ${rest}`)
    }
  }
  return [...new Set(found)]
}
"""

# What reaches beyond the window sideways, where nothing around it scrolls or cuts.
TOO_WIDE = r"""
async () => {
  // The names of people turn away from the edge in the frames after a change.
  for (let n = 0; n < 4; n++) await new Promise(requestAnimationFrame)
  const SHOWN = { contentVisibilityAuto: true } // what waits off the screen is placed when it comes near
  const root = document.documentElement
  const found = root.scrollWidth > root.clientWidth ? [`the page: ${root.scrollWidth} of ${root.clientWidth}`] : []
  const held = (element) => {
    for (let up = element.parentElement; up && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== 'visible') return true
    return false
  }
  for (const element of document.body.querySelectorAll('*')) {
    const { left, right, width } = element.getBoundingClientRect()
    if (width === 0 || !element.checkVisibility(SHOWN) || element.closest('.unseen')) continue
    if ((right > root.clientWidth + 1 || left < -1) && !held(element))
      found.push(`${element.tagName.toLowerCase()}.${[...element.classList].join('.')}: ${left} to ${right}`)
  }
  return found
}
"""


class PseudoHouse(House):
    """A server that speaks nothing else, and the titles of its documents. Its `app` is the caller's to stop."""

    def __init__(self, database_url: str) -> None:
        settings = {"DJANGO_SETTINGS_MODULE": "tests.browser.pseudo_settings", "LOG_LEVEL": "WARNING"}
        super().__init__(AppServer("daphne", database_url=database_url, env=settings), database_url=database_url)
        self.titles: set[str] = set()

    def document(self, *, title: str = "", **options: Any) -> str:
        if title:
            self.titles.add(title)
        return super().document(title=title, **options)


def translate_locators(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on `get_by_role(…, name="Share")` and its like find the word in English and in the pseudo-locale."""
    for kind in (Page, Locator):
        for name in ("get_by_label", "get_by_text", "get_by_placeholder", "get_by_title", "get_by_alt_text"):
            monkeypatch.setattr(kind, name, _translating(getattr(kind, name)))
        monkeypatch.setattr(kind, "get_by_role", _translating(kind.get_by_role))
    for name in ("to_have_text", "to_contain_text", "to_have_accessible_name"):
        monkeypatch.setattr(LocatorAssertions, name, _translating(getattr(LocatorAssertions, name)))


def _translating(find: Callable[..., Any]) -> Callable[..., Any]:
    is_role = find.__name__ == "get_by_role"

    def found(self: Any, first: Any, *rest: Any, **options: Any) -> Any:
        if is_role and isinstance(options.get("name"), str):
            options["name"] = either(options["name"], whole=bool(options.pop("exact", False)))
        elif not is_role and isinstance(first, str):
            first = either(first, whole=bool(options.pop("exact", False)))
        return find(self, first, *rest, **options)

    return found


def either(text: str, *, whole: bool = False) -> re.Pattern[str]:
    """What finds `text` in English and in the pseudo-locale, words of people inside it left as they are."""
    letters = "".join(
        f"[{letter}{letter.translate(STRANGE)}]" if letter.isalpha() else re.escape(letter) for letter in text
    )
    return re.compile(rf"^⟦?{letters}·*⟧?$" if whole else letters, 0 if whole else re.IGNORECASE)


async def whole(page: Page, *, known: Collection[str] = ()) -> None:
    """Nothing that can be read or heard on this page is outside of the catalogues, and nothing reaches beyond it."""
    words = sorted([*BRAND, *known], key=len, reverse=True)
    outside: list[str] = await page.evaluate(OUTSIDE, words)
    assert not outside, "not out of a catalogue: " + "\n".join(outside)
    too_wide: list[str] = await page.evaluate(TOO_WIDE)
    assert not too_wide, "too wide: " + "\n".join(too_wide)
