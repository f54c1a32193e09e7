"""Pictures of every scene, for designers' eyes: `make screenshots`, or `python -m tests.browser.screenshots home`."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, async_playwright

from tests.servers import ROOT, AppServer, migrated_sqlite

from .chromium import ARGUMENTS, CHROMIUM
from .house import House
from .scenes import SCENES, VARIANTS, Stage
from .visitor import Visitor

FOLDER = ROOT / "var" / "screenshots"
SHOWN = ["desktop", "dark", "phone"]  # the rest has to be asked for
# Those of the README: what is taken, how it is called there, and how wide it is, in pixels.
README_FOLDER = ROOT / "docs" / "pictures"
README = [
    ("document", "desktop", "document", 1280), ("document", "dark", "document-dark", 960),
    ("document", "phone", "phone", 390), ("home", "desktop", "home", 960),
    ("share-dialog", "desktop", "share", 960), ("slash-menu", "desktop", "slash-menu", 960),
]  # fmt: skip
MAX_README_BYTES = 60_000

type Wanted = list[tuple[str, str]]  # scene and variant


async def take(wanted: Wanted, folder: Path) -> int:
    """Writes `<folder>/<scene>-<variant>.png` for each; how many failed."""
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        url = migrated_sqlite(Path(place))
        with AppServer("daphne", database_url=url, env={"LOG_LEVEL": "WARNING"}) as app:
            house = House(app, database_url=url)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
                for name, variant in wanted:
                    failed += not await picture(browser, house, name, variant, folder)
                await browser.close()
    return failed


async def picture(browser: Browser, house: House, name: str, variant: str, folder: Path) -> bool:
    options: dict[str, Any] = VARIANTS[variant]
    contexts = []

    async def enter(person: str) -> Visitor:
        context = await browser.new_context(base_url=house.url, reduced_motion="reduce", **options)
        contexts.append(context)
        if person:
            cookie = {"name": "sessionid", "value": house.session(person), "url": house.url}
            await context.add_cookies([cookie])  # type: ignore[list-item]
        return await Visitor.enter(person, context, outages=True)

    try:
        async with Stage(house, enter, phone=variant == "phone") as stage:
            page = await SCENES[name](stage)
            # Without "initial" Playwright restyles all to hide the caret, and the editor takes that for an edit.
            await page.screenshot(path=folder / f"{name}-{variant}.png", caret="initial")
        print(f"{name}-{variant}.png")
    except Exception as error:  # noqa: BLE001 - one scene that fails leaves the others their pictures
        print(f"{name}-{variant}: {str(error).splitlines()[0]}", file=sys.stderr)
        return False
    finally:
        for context in contexts:
            await context.close()
    return True


def for_readme() -> int:
    """Takes the pictures of the README, small; how many failed."""
    README_FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        failed = asyncio.run(take([(scene, variant) for scene, variant, _, _ in README], Path(place)))
        for scene, variant, name, width in README:
            taken = Path(place) / f"{scene}-{variant}.png"
            if taken.exists():
                shrink(taken, README_FOLDER / f"{name}.webp", width)
    return failed


def shrink(taken: Path, to: Path, width: int) -> None:
    """As WebP, as good as `MAX_README_BYTES` allows."""
    with Image.open(taken) as image:
        small = image.convert("RGB").resize(
            (width, round(image.height * width / image.width)), Image.Resampling.LANCZOS
        )
    for quality in range(92, 40, -4):
        small.save(to, "WEBP", quality=quality, method=6)
        if to.stat().st_size <= MAX_README_BYTES:
            return
    raise ValueError(f"{to.name} has {to.stat().st_size} bytes, more than {MAX_README_BYTES}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("words", nargs="*", help="only scenes whose names have one of these words")
    arguments.add_argument("--variant", choices=list(VARIANTS), action="append")
    arguments.add_argument("--folder", type=Path, default=FOLDER)
    arguments.add_argument("--readme", action="store_true", help="only those of the README, into docs/pictures")
    chosen = arguments.parse_args()
    if chosen.readme:
        sys.exit(for_readme() > 0)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in SCENES if not chosen.words or any(word in name for word in chosen.words)]
    wanted = [(name, variant) for name in names for variant in chosen.variant or SHOWN]
    sys.exit(asyncio.run(take(wanted, chosen.folder)) > 0)


if __name__ == "__main__":
    main()
