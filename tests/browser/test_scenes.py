"""What is true of every page, menu and dialog: axe finds nothing serious, and a narrow screen shows all of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page

from tests.servers import ROOT

from .conftest import Visit
from .house import House
from .scenes import EACH, SCENES, VARIANTS, Stage
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = """
async () => {
  const found = await axe.run(document, { resultTypes: ['violations'] })
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`))
}
"""
# Blocks off the screen too, which have no style of their own until they come near.
ALL_OF_IT = """
() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('.prose > * { content-visibility: visible !important }')
  document.adoptedStyleSheets = [sheet]
}
"""
# Two frames in which nothing changes its colour: what has taken on another hands it down to what is in it.
STILL = """
async () => {
  for (let still = 0; still < 2; ) {
    await new Promise(requestAnimationFrame)
    const moving = document.getAnimations()
    await Promise.allSettled(moving.map(({ finished }) => finished))
    still = moving.length === 0 ? still + 1 : 0
  }
}
"""
NARROW: dict[str, Any] = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
# Whether the page reaches over the edge, and what does.
SIDEWAYS = """
() => {
  const wide = document.documentElement.scrollWidth
  if (wide <= innerWidth) return ''
  const over = (each) => each.getBoundingClientRect().right > innerWidth
  const found = [...document.body.querySelectorAll('*')].filter(over).map((each) => each.cloneNode().outerHTML)
  return `the page is ${wide} px wide, the screen ${innerWidth}: ${found}`
}
"""


LARGE = [
    "home", "document", "share-dialog", "sign-in", "account", "document-menu", "find", "help-sheet", "right-lost",
]  # fmt: skip
# What still moves for somebody who asked for no motion: an animation or a transition that can be seen.
MOVING = """
() => {
  const lasts = (durations) => durations.split(', ').some((each) => Number.parseFloat(each) > 0.01) // computed: in s
  const found = new Set()
  for (const element of document.querySelectorAll('*')) {
    for (const part of [null, '::before', '::after']) {
      const { transitionDuration, animationDuration, animationName, scrollBehavior } = getComputedStyle(element, part)
      const moves = lasts(transitionDuration) || (animationName !== 'none' && lasts(animationDuration))
      if (moves || scrollBehavior === 'smooth') found.add(`${element.tagName}.${element.classList}${part ?? ''}`)
    }
  }
  return [...found]
}
"""


@asynccontextmanager
async def arranged(name: str, house: House, visit: Visit, **options: Any) -> AsyncIterator[Page]:
    async def enter(person: str) -> Visitor:
        visitor = await visit(house, person, outages=True, reduced_motion="reduce", **options)
        await visitor.context.add_init_script(path=AXE)
        return visitor

    async with Stage(house, enter, phone="is_mobile" in options) as stage:
        yield await SCENES[name](stage)


@pytest.mark.parametrize("name", EACH)
async def test_axe_finds_nothing_serious_in_any_theme(name: str, house: House, visit: Visit) -> None:
    async with arranged(name, house, visit, **VARIANTS["desktop"]) as page:
        await page.evaluate(ALL_OF_IT)
        await page.evaluate(STILL)
        found = {"light": await page.evaluate(SERIOUS)}
        await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        await page.evaluate(STILL)
        found["dark"] = await page.evaluate(SERIOUS)
        await page.emulate_media(color_scheme="light", contrast="more", reduced_motion="reduce")
        await page.evaluate(STILL)
        found["contrast"] = await page.evaluate(SERIOUS)
        assert {theme: serious for theme, serious in found.items() if serious} == {}
        assert await page.evaluate(MOVING) == []


@pytest.mark.parametrize("name", EACH)
async def test_nothing_scrolls_sideways_on_the_narrowest_phone(name: str, house: House, visit: Visit) -> None:
    async with arranged(name, house, visit, **NARROW) as page:
        assert await page.evaluate(SIDEWAYS) == ""


@pytest.mark.parametrize("name", LARGE)
async def test_text_twice_as_large_still_fits(name: str, house: House, visit: Visit) -> None:
    async with arranged(name, house, visit, viewport={"width": 1280, "height": 900}) as page:
        await page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        await page.evaluate(STILL)
        assert await page.evaluate(SIDEWAYS) == ""
