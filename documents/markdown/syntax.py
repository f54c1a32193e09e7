"""The Markdown that is understood: CommonMark, GitHub's tables and strikes, and rules of our own. HTML is text, except
a few words of it that stand for themselves: `<u>…</u>`, `<br>`, `<details>`.
"""

import re
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from documents.schema import MAX_DEPTH

# Words of HTML that stand in pairs, and the mark each makes; a formula is no mark, but is found the same way.
TAGS = {
    "strong": "bold",
    "b": "bold",
    "em": "italic",
    "i": "italic",
    "u": "underline",
    "s": "strike",
    "del": "strike",
    "mark": "highlight",
    "code": "code",
    "math": "inlineMath",
}
ALERTS = {"NOTE": "note", "IMPORTANT": "note", "TIP": "tip", "WARNING": "warning", "CAUTION": "danger"}
LANGUAGE = re.compile(r"[\w+#.\-]+")  # of code: one word
EMPTY = "&nbsp;"  # a paragraph of its own: an empty line that is meant

_TAG = re.compile(rf"<(/?)({'|'.join(TAGS)})>|<(br) ?/?>")
_ALERT = re.compile(r"\[!([A-Za-z]+)\][ \t]*(?:\n|$)")
_TASK = re.compile(r"\[([ xX])\](?:[ \t\n]+|$)")
_DETAILS = re.compile(r"<details(?: open)?>[ \t]*")
_DETAILS_END = re.compile(r"</details>[ \t]*")
_SUMMARY = re.compile(r"<summary>(.*)</summary>[ \t]*")
_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")


class Parser(MarkdownIt):
    """Tokens out of Markdown. Addresses are left as they are written: what may be followed is decided by the reader."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "maxNesting": MAX_DEPTH})
        self.disable(["html_block", "html_inline"])
        self.enable(["table", "strikethrough"])
        self.use(
            dollarmath_plugin,
            allow_labels=False,
            allow_space=False,
            allow_digits=False,
            allow_blank_lines=False,
            double_inline=True,
        )
        self.block.ruler.before("paragraph", "details", _details, {"alt": ["paragraph"]})
        self.inline.ruler.before("escape", "tag", _tag)
        self.inline.ruler.before("emphasis", "highlight", _highlight)
        self.core.ruler.before("inline", "first_words", _first_words)

    def validateLink(self, url: str) -> bool:  # noqa: N802  # the library's name
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802  # the library's name
        return url


def _tag(state: StateInline, silent: bool) -> bool:
    """`<u>`, `</u>`, `<br>`: tokens whose pairs the reader finds."""
    if state.src[state.pos] != "<":
        return False
    found = _TAG.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        if found[3]:
            state.push("hardbreak", "br", 0)
        else:
            token = state.push("pair", "", 0)
            token.content = found[0]
            token.info = found[2]
            token.meta = {"open": not found[1], "close": bool(found[1])}
    state.pos = found.end()
    return True


def _highlight(state: StateInline, silent: bool) -> bool:
    """`==`, where it can open or close."""
    if state.src[state.pos] != "=":
        return False
    scanned = state.scanDelims(state.pos, True)  # noqa: FBT003  # the library's own shape
    if not silent:
        if scanned.length == 2 and (scanned.can_open or scanned.can_close):
            token = state.push("pair", "", 0)
            token.content, token.info = "==", "mark"
            token.meta = {"open": scanned.can_open, "close": scanned.can_close}
        else:
            state.pending += "=" * scanned.length
    state.pos += scanned.length
    return True


def _details(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`<details>` and `</details>`, each alone on its line, with a `<summary>` and blocks between them."""
    if state.is_code_block(start) or not _DETAILS.fullmatch(_line(state, start)):
        return False
    closer = _closer(state, start, end)
    if closer is None:
        return False
    if silent:
        return True
    first = start + 1
    while first < closer and not _line(state, first).strip():
        first += 1
    summary = _SUMMARY.fullmatch(_line(state, first)) if first < closer else None
    state.push("details_open", "details", 1)
    state.push("summary_open", "summary", 1)
    inline = state.push("inline", "", 0)
    inline.content, inline.children = summary[1].strip() if summary else "", []
    state.push("summary_close", "summary", -1)
    state.push("content_open", "div", 1)
    outer_end, outer_parent = state.lineMax, state.parentType
    state.lineMax, state.parentType = closer, "root"
    state.md.block.tokenize(state, first + 1 if summary else start + 1, closer)
    state.lineMax, state.parentType = outer_end, outer_parent
    state.push("content_close", "div", -1)
    state.push("details_close", "details", -1)
    state.line = closer + 1
    return True


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Which `</details>` belongs to which `<details>` in the lines first..last of one block."""

    first: int
    last: int
    closers: dict[int, int]


def _closer(state: StateBlock, start: int, end: int) -> int | None:
    """The line of the `</details>` that belongs to the `<details>` in line `start`. A block's lines are looked at once:
    many that are never closed cost no more than one.
    """
    seen: dict[tuple[int, int, int], _Pairs] = state.env.setdefault("details", {})
    block = (state.level, state.blkIndent, end)
    if block not in seen or not seen[block].first <= start <= seen[block].last:
        seen[block] = _pairs(state, start, end)
    return seen[block].closers.get(start)


def _pairs(state: StateBlock, start: int, end: int) -> _Pairs:
    closers: dict[int, int] = {}
    waiting: list[int] = []
    fence = ""
    last = start
    for line in range(start, end):
        indent = state.sCount[line] - state.blkIndent
        text = _line(state, line)
        if indent < 0 and text:
            break  # the block, an item of a list, ends here
        last = line
        if indent >= 4:
            continue
        if fence:
            fence = "" if text.startswith(fence) and not text.strip(fence[0]).strip() else fence
        elif opened := _FENCE.match(text):
            fence = opened[1] or opened[2]
        elif _DETAILS.fullmatch(text):
            waiting.append(line)
        elif _DETAILS_END.fullmatch(text) and waiting:
            closers[waiting.pop()] = line
    return _Pairs(start, last, closers)


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _first_words(state: StateCore) -> None:
    """What the first words of a paragraph say of the block around it: `[!NOTE]` in a quote, `[x]` in an item."""
    kept: list[Token] = []
    tokens = state.tokens
    skipped = 0
    for at, token in enumerate(tokens):
        if skipped:
            skipped -= 1
            continue
        kept.append(token)
        if token.type == "inline" and token.content == EMPTY and at and tokens[at - 1].type == "paragraph_open":
            token.content = ""
            token.meta = {"meant": True}
        inline = tokens[at + 2] if at + 2 < len(tokens) and tokens[at + 1].type == "paragraph_open" else None
        if inline is None:
            continue
        if token.type == "blockquote_open" and (found := _ALERT.match(inline.content)) and found[1].upper() in ALERTS:
            token.meta = {"kind": ALERTS[found[1].upper()]}
            inline.content = inline.content[found.end() :].lstrip()
            skipped = 0 if inline.content else 3
        elif token.type == "list_item_open" and (found := _TASK.match(inline.content)):
            token.meta = {"checked": found[1] != " "}
            inline.content = inline.content[found.end() :]
    state.tokens[:] = kept


def meta(token: Token, name: str) -> Any:
    """What a rule noted about a token, or None."""
    return (token.meta or {}).get(name)
