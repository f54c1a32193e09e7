"""Which addresses may be followed: the same rule as the editor's (frontend/src/editor/schema/link.ts)."""

import re
from typing import TypeGuard

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
# WHATWG URL, "basic URL parser": these are taken away before anything is read, so `java\nscript:` is `javascript:`.
EDGES = "".join(map(chr, range(0x21)))
IGNORED = re.compile(r"[\t\n\r]")
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
HOST = re.compile(r"[/\\]{2,}([^/\\?#]*)")
NO_HOST = re.compile(r"[\x00-\x20<>^|]")


def is_safe_href(href: object) -> TypeGuard[str]:
    """Whether `href` may be followed: http, https, mailto, tel, or an address on this site."""
    if not isinstance(href, str) or href == "":
        return False
    address = clean(href)
    found = SCHEME.match(address)
    scheme = found[1].lower() if found else ""
    if scheme in ("mailto", "tel"):
        return True
    if scheme not in ("", "http", "https"):
        return False
    host = HOST.match(address, found.end() if found else 0)
    return host is None or (host[1] != "" and NO_HOST.search(host[1]) is None)


def is_picture(src: object) -> TypeGuard[str]:
    """Whether a picture may be shown from here: a path of this site. Another site would learn who reads."""
    return isinstance(src, str) and src == clean(src) and src.startswith("/") and src[1:2] not in ("/", "\\")


def clean(href: str) -> str:
    """As a browser reads it: without the white space that it ignores."""
    return IGNORED.sub("", href).strip(EDGES)
