"""Markdown in: a line of text, as runs with marks, atoms and images."""

from urllib.parse import unquote

from markdown_it.token import Token

from documents.links import is_picture, is_safe_href
from documents.schema import Tree, joined, schema

from .syntax import TAGS, meta

_OPENED = {"strong_open": "bold", "em_open": "italic", "s_open": "strike", "link_open": "link"}
_CLOSED = {name.replace("open", "close"): kind for name, kind in _OPENED.items()}
_TEXTS = frozenset({"text", "text_special", "code_inline"})

type Marks = dict[str, list[Tree]]  # those open, by type, the innermost last


def read_runs(tokens: list[Token]) -> list[Tree]:
    """Text, atoms, and images, which no line may hold: they are the caller's to put elsewhere."""
    return _Line(tokens).read()


class _Line:
    """What has been read of a line, and what is open at this place."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.pairs = _pairs(tokens)
        self.found: list[Tree] = []
        self.marks: Marks = {}
        self.mention: Tree | None = None  # a link whose text is a person's name
        self.formula: str | None = None

    def read(self) -> list[Tree]:
        for at, token in enumerate(self.tokens):
            if self.formula is not None and not (token.info == "math" and at in self.pairs):
                self.formula += token.content
            elif self.mention is not None and token.type != "link_close":
                self.mention["label"] += token.content
            elif token.type in _TEXTS or (token.type == "pair" and at not in self.pairs):
                self.found.append(_marked(token.content, self.marks, code=token.type == "code_inline"))
            elif token.type == "pair" and token.info == "math":
                self._turn_formula()
            elif token.type == "pair":
                self._mark(TAGS[token.info], token, opens=self.pairs[at])
            elif token.type in _OPENED or token.type in _CLOSED:
                self._turn_mark(token)
            else:
                self._add_atom(token)
        return joined([node for node in self.found if node.get("text") != ""])

    def _turn_formula(self) -> None:
        if self.formula is not None:
            self.found.append(latex("inlineMath", self.formula))
        self.formula = "" if self.formula is None else None

    def _turn_mark(self, token: Token) -> None:
        href = str(token.attrs.get("href", ""))
        if token.type == "link_open" and href.startswith("mention:"):
            self.mention = {"id": unquote(href.removeprefix("mention:")), "label": ""}
        elif token.type == "link_close" and self.mention is not None:
            label = self.mention["label"].removeprefix("@")
            self.found.append({"type": "mention", "attrs": {"id": self.mention["id"], "label": label}})
            self.mention = None
        else:
            kind = _OPENED.get(token.type) or _CLOSED[token.type]
            self._mark(kind, token, opens=token.type in _OPENED)

    def _mark(self, kind: str, token: Token, *, opens: bool) -> None:
        open_marks = self.marks.setdefault(kind, [])
        if opens:
            open_marks.append(_mark_of(kind, token))
        elif open_marks:
            open_marks.pop()

    def _add_atom(self, token: Token) -> None:
        if token.type == "softbreak":
            self.found.append(_marked(" ", self.marks))
        elif token.type == "hardbreak":
            self.found.append({"type": "hardBreak"})
        elif token.type == "image":
            self.found.append(_image(token, self.marks))
        else:
            self.found.append(latex("inlineMath", token.content))


def latex(kind: str, formula: str) -> Tree:
    """A formula of either kind."""
    return {"type": kind, "attrs": {"latex": formula}}


def _pairs(tokens: list[Token]) -> dict[int, bool]:
    """The places of words that have a partner; True where they open."""
    found: dict[int, bool] = {}
    waiting: dict[str, list[int]] = {}
    for at, token in enumerate(tokens):
        if token.type != "pair":
            continue
        before = waiting.setdefault(token.info, [])
        if before and meta(token, "close"):
            found[before.pop()], found[at] = True, False
        elif meta(token, "open") and not (before and token.info == "math"):
            before.append(at)
    return found


def _marked(text: str, marks: Marks, *, code: bool = False) -> Tree:
    kept = [marks[name][-1] for name in schema().marks if marks.get(name)]
    if code or marks.get("code"):
        kept = [{"type": "code"}]  # it goes with no other
    kept = [mark for mark in kept if mark["type"] != "link" or mark["attrs"]["href"] is not None]
    return {"type": "text", "text": text, **({"marks": kept} if kept else {})}


def _mark_of(kind: str, token: Token) -> Tree:
    if kind == "link":
        href = token.attrs.get("href")
        return {"type": "link", "attrs": {"href": href if is_safe_href(href) else None}}
    return {"type": kind, "attrs": {"color": "yellow"}} if kind == "highlight" else {"type": kind}


def _image(token: Token, marks: Marks) -> Tree:
    """A picture of this site; another's becomes a link to it, which tells nobody who reads."""
    src = token.attrs.get("src")
    alt = "".join(node.get("text", "") for node in read_runs(token.children or []))
    if is_picture(src):
        return {"type": "image", "attrs": {"src": src, "alt": alt}}
    link: Marks = {"link": [{"type": "link", "attrs": {"href": src if is_safe_href(src) else None}}]}
    return _marked(alt or str(src), {**marks, **link})
