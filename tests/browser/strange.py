"""Sentences in the pseudo-locale. Imported by settings, so it imports nothing itself."""

import math
import re

PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ACCENTED = "åƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýžÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽ"
STRANGE = str.maketrans(PLAIN, ACCENTED)
PLACE = re.compile(r"(%\(\w+\)[a-z]|%[a-z%]|<[^>]*>|&\w+;|\{\w*\})")


def strange(text: str) -> str:
    """The sentence in the pseudo-locale; placeholders stay. The frontend's twin is `strings/pseudo.ts`."""
    parts = PLACE.split(text)
    letters = "".join(part if n % 2 else part.translate(STRANGE) for n, part in enumerate(parts))
    # gettext compares the ends of sentences: a line break stays one.
    core = letters.strip("\n")
    return letters.replace(core, f"⟦{core}{'·' * math.ceil(len(text) * 0.3)}⟧") if core else letters
