"""`{% vite "src/main.ts" %}`: the tags of an entry of the built frontend, out of Vite's manifest."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

# Needed by the first line of every page; the other subsets wait until a letter of theirs is met.
FIRST_FONT = re.compile(r"-latin-wght-normal-[\w-]{8}\.woff2$")
# Large, and needed in few documents: the service worker keeps them once they were used (formulas, Markdown, grammars).
LARGE = re.compile(r"/(typeset|markdown|highlighter)-")
FONT_LINK = '<link rel="preload" href="{}{}" as="font" type="font/woff2" crossorigin>'


class FrontendNotBuilt(Exception):
    """The page needs files that `make build` writes."""

    def __init__(self, lacking: str) -> None:
        self.lacking = lacking
        super().__init__(
            f"The frontend is not built ({lacking} is missing): run `make build`, then restart the server."
        )


@register.simple_tag
def vite(entry: str) -> SafeString:
    """Links to the entry's styles, preloads of the modules it imports, and its script. All names carry a hash.

    What the script may ask for later is named too: the service worker keeps whatever a page names, so that a menu opens
    without a network even when it never was opened with one.
    """
    manifest = _manifest()
    if entry not in manifest:
        raise FrontendNotBuilt(entry)
    chunks = _imported(manifest, entry)
    styles = dict.fromkeys(style for chunk in chunks for style in manifest[chunk].get("css", []))
    file = manifest[entry]["file"]
    url = settings.STATIC_URL
    fonts = dict.fromkeys(
        file for chunk in chunks for file in manifest[chunk].get("assets", []) if FIRST_FONT.search(file)
    )
    tags = [
        format_html_join("\n", FONT_LINK, ((url, font) for font in fonts)),
        format_html_join("\n", '<link rel="stylesheet" href="{}{}">', ((url, style) for style in styles)),
    ]
    if file.endswith(".css"):
        tags.append(format_html('<link rel="stylesheet" href="{}{}">', url, file))
    else:
        words = f"src/strings/{get_language()}.ts"  # needed before the first word is shown: see strings.ts
        needed = [*(chunk for chunk in chunks if chunk != entry), *([words] if words in manifest else [])]
        preloads = ((url, manifest[chunk]["file"]) for chunk in needed)
        tags.append(format_html_join("\n", '<link rel="modulepreload" href="{}{}">', preloads))
        tags.append(format_html('<script type="module" src="{}{}"></script>', url, file))
        if later := _later(manifest, chunks):
            tags.append(
                format_html('<meta name="coscribe-later" content="{}">', " ".join(url + each for each in later))
            )
    return format_html_join("\n", "{}", ((tag,) for tag in tags if tag))


def _imported(manifest: dict[str, Any], entry: str) -> list[str]:
    """The entry and all chunks it imports, each once, the deepest first: their styles come before the entry's own."""
    found: dict[str, None] = {}
    waiting = [entry]
    while waiting:
        chunk = waiting.pop()
        if chunk not in found:
            found[chunk] = None
            waiting.extend(manifest[chunk].get("imports", []))
    return list(reversed(found))


def _later(manifest: dict[str, Any], chunks: list[str]) -> list[str]:
    """The files of what these chunks fetch with `import()`, without languages and what is large."""
    found: dict[str, None] = {}
    asked = dict.fromkeys(each for chunk in chunks for each in manifest[chunk].get("dynamicImports", []))
    for part in asked:
        needed = [manifest[chunk] for chunk in _imported(manifest, part) if chunk not in chunks]
        files = [file for chunk in needed for file in (*chunk.get("css", []), chunk["file"])]
        if not part.startswith("src/strings/") and not any(LARGE.search(file) for file in files):
            found.update(dict.fromkeys(files))
    return list(found)


def _manifest() -> dict[str, Any]:
    path = settings.FRONTEND / ".vite" / "manifest.json"
    try:
        return _parsed(path.read_text() if settings.DEBUG else _kept(str(path)))
    except FileNotFoundError:
        raise FrontendNotBuilt("manifest.json") from None


@cache
def _kept(path: str) -> str:
    return Path(path).read_text()


@cache
def _parsed(text: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(text)
    return manifest
