"""`{% vite "src/main.ts" %}`: the tags of an entry of the built frontend, out of Vite's manifest."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


class FrontendNotBuilt(Exception):
    """The page needs files that `make build` writes."""

    def __init__(self, lacking: str) -> None:
        self.lacking = lacking
        super().__init__(
            f"The frontend is not built ({lacking} is missing): run `make build`, then restart the server."
        )


@register.simple_tag
def vite(entry: str) -> SafeString:
    """Links to the entry's styles, preloads of the modules it imports, and its script. All names carry a hash."""
    manifest = _manifest()
    if entry not in manifest:
        raise FrontendNotBuilt(entry)
    chunks = _imported(manifest, entry)
    styles = dict.fromkeys(style for chunk in chunks for style in manifest[chunk].get("css", []))
    file = manifest[entry]["file"]
    url = settings.STATIC_URL
    tags = [format_html_join("\n", '<link rel="stylesheet" href="{}{}">', ((url, style) for style in styles))]
    if file.endswith(".css"):
        tags.append(format_html('<link rel="stylesheet" href="{}{}">', url, file))
    else:
        preloads = ((url, manifest[chunk]["file"]) for chunk in chunks if chunk != entry)
        tags.append(format_html_join("\n", '<link rel="modulepreload" href="{}{}">', preloads))
        tags.append(format_html('<script type="module" src="{}{}"></script>', url, file))
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
