"""Markdown out: a line of text. It is written the pretty way if that reads back as the same, else the plain way."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum, auto
from unicodedata import category
from urllib.parse import quote

from documents.links import clean, is_safe_href
from documents.schema import Tree, joined, schema

from .reader import is_line

MAX_TRIED_LINE = 20_000  # characters: reading back takes up to 5 us each, and longer lines are no prose
MAX_TRIED = 1_000_000  # characters of a document, each line counted with LINE_COST more: some seconds at worst
LINE_COST = 50

ATOMS = frozenset({"hardBreak", "inlineMath", "mention"})

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_MARKUP = re.compile(r"([\\`*\[\]<$]|~~|==|(?<![^\W_])_|_(?![^\W_])|&(?=[#\w]))")
_BLOCK_START = re.compile(r"(?:#{1,6}(?=\s|$)|[-+>=|:~]|\d{1,9}(?=[.)]))")
_WHITE = re.compile(r"[^\S \xa0]")
_START_WHITE, _END_WHITE = re.compile(r"^[ \xa0]+"), re.compile(r"[ \xa0]+$")
_ANY_WHITE = re.compile(r"[^\S ]|^ +| +$")


class Style(Enum):
    """How plainly to write a line, the prettiest first."""

    PRETTY = auto()  # `**`, and as few backslashes as will do
    TAGGED = auto()  # `<strong>`: for marks that end in a space, begin within a word, ...
    PLAIN = auto()  # and a backslash before whatever could mean anything


_tried: ContextVar[int] = ContextVar("tried", default=0)


@contextmanager
def one_document() -> Iterator[None]:
    """The lines written meanwhile are of one document: when much of it has been tried, the rest is written plainly."""
    token = _tried.set(0)
    try:
        yield
    finally:
        _tried.reset(token)


def write_line(content: list[Tree], wrap: Callable[[str], str] = str, *, one_line: bool = False) -> str:
    """This inline content in a block that `wrap` writes around it; with `one_line` a break is `<br>`."""
    kept = _kept(content)
    for style in Style:
        written = wrap(_line(kept, style, one_line=one_line))
        if style is Style.PLAIN or (_may_try(written) and is_line(written, kept)):
            break
    return written


def _may_try(written: str) -> bool:
    tried = _tried.get() + len(written) + LINE_COST
    if len(written) > MAX_TRIED_LINE or tried > MAX_TRIED:
        return False
    _tried.set(tried)
    return True


def _kept(content: list[Tree]) -> list[Tree]:
    """What Markdown has words for: no colours, no marks on what is no text, no control characters."""
    found: list[Tree] = []
    for node in content:
        if node["type"] == "text":
            text = without_controls(str(node.get("text", "")))
            marks = _kept_marks(node.get("marks") or [])
            if text:
                found.append({"type": "text", "text": text, **({"marks": marks} if marks else {})})
        elif node["type"] in ATOMS:
            attributes = node.get("attrs")
            found.append({"type": node["type"], **({"attrs": attributes} if attributes else {})})
    return joined(found)


def _kept_marks(marks: list[Tree]) -> list[Tree]:
    by_name = {mark["type"]: mark for mark in marks}
    if "code" in by_name:
        return [{"type": "code"}]
    found: list[Tree] = []
    for name in schema().marks:
        if name == "link" and name in by_name:
            href = (by_name[name].get("attrs") or {}).get("href")
            if is_safe_href(href):
                found.append({"type": name, "attrs": {"href": clean(href)}})
        elif name == "highlight" and name in by_name:
            found.append({"type": name, "attrs": {"color": "yellow"}})
        elif name in by_name and name != "textColor":
            found.append({"type": name})
    return found


def _line(content: list[Tree], style: Style, *, one_line: bool) -> str:
    parts: list[str] = []
    open_marks: list[Tree] = []
    for at, node in enumerate(content):
        marks = node.get("marks") or []
        keep = 0
        while keep < min(len(marks), len(open_marks)) and marks[keep] == open_marks[keep]:
            keep += 1
        parts += [_closed(mark, style) for mark in reversed(open_marks[keep:])]
        parts += [_opened(mark, style) for mark in marks[keep:]]
        open_marks = marks
        if node["type"] == "hardBreak":
            edge = at in (0, len(content) - 1) or content[at - 1]["type"] == "hardBreak"
            parts.append("<br>" if one_line or edge or style is not Style.PRETTY else "\\\n")
        elif node["type"] == "text":
            starts = at == 0 or content[at - 1]["type"] == "hardBreak"
            ends = at == len(content) - 1 or content[at + 1]["type"] == "hardBreak"
            coded = marks == [{"type": "code"}]
            parts.append(_coded(node["text"], style) if coded else escaped(node["text"], style, starts, ends))
        else:
            parts.append(_atom(node, style))
    parts += [_closed(mark, style) for mark in reversed(open_marks)]
    return "".join(parts)


_SIGNS = {"bold": ("**", "strong"), "italic": ("*", "em"), "strike": ("~~", "s"), "highlight": ("==", "mark")}


def _opened(mark: Tree, style: Style) -> str:
    if mark["type"] == "link":
        return "["
    if mark["type"] == "code":
        return "<code>" if style is Style.PLAIN else ""
    sign, tag = _SIGNS.get(mark["type"], ("<u>", "u"))
    return sign if style is Style.PRETTY else f"<{tag}>"


def _closed(mark: Tree, style: Style) -> str:
    if mark["type"] == "link":
        return f"]({destination(mark['attrs']['href'])})"
    return _opened(mark, style).replace("<", "</")


def _coded(text: str, style: Style) -> str:
    if style is Style.PLAIN:
        return escaped(text, style)
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    sign = "`" * (longest + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{sign}{pad}{text}{pad}{sign}"


def _atom(node: Tree, style: Style) -> str:
    attributes = node.get("attrs") or {}
    if node["type"] == "mention":
        label = escaped(without_controls(str(attributes.get("label", ""))), style)
        return f"[@{label}](mention:{quote(str(attributes.get('id', '')), safe='')})"
    latex = without_controls(str(attributes.get("latex", "")))
    return f"<math>{escaped(latex, style)}</math>" if style is Style.PLAIN else f"${latex}$"


def escaped(text: str, style: Style, starts: bool = False, ends: bool = False) -> str:
    """Text that is only text when it is read; white space that would be lost becomes a number.

    `starts` and `ends`: whether it stands at that end of a line.
    """
    if style is Style.PLAIN:
        return _ANY_WHITE.sub(_numbered, _PUNCTUATION.sub(r"\\\1", text))
    written = _WHITE.sub(_numbered, _MARKUP.sub(lambda found: "".join(f"\\{sign}" for sign in found[0]), text))
    written = _START_WHITE.sub(_numbered, written) if starts else written
    written = _END_WHITE.sub(_numbered, written) if ends else written
    if starts and (found := _BLOCK_START.match(written)):
        at = found.end() if found[0][0].isdigit() else 0
        written = f"{written[:at]}\\{written[at:]}"
    return written


def _numbered(found: re.Match[str]) -> str:
    return "".join(f"&#{ord(character)};" for character in found[0])


def destination(address: str) -> str:
    """A link's address: bare where nothing in it means anything, else in angle brackets."""
    escaped = re.sub(r"([\\<>&])", r"\\\1", address)
    return escaped if re.fullmatch(r"[^\s()<>\\]+", address) else f"<{escaped}>"


def without_controls(text: str) -> str:
    """Control characters mean nothing in Markdown and cannot be written in it."""
    return "".join(each for each in text if each in "\n\t" or category(each) not in ("Cc", "Cs"))
