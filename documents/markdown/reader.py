"""Markdown in: a tree of the schema out of anything a stranger wrote. Here the blocks."""

from collections.abc import Callable
from functools import cache

from markdown_it.token import Token

from documents.schema import MAX_DEPTH, Json, TooDeep, Tree, joined, normal

from .runs import latex, read_runs
from .syntax import LANGUAGE, Parser, meta

MAX_BYTES = 512 << 10  # some 150 pages; the most awkward input takes 80 us a byte

_BLOCKS: dict[str, Callable[[Token], Tree]] = {
    "paragraph": lambda _: {"type": "paragraph"},
    "heading": lambda token: {"type": "heading", "attrs": {"level": min(int(token.tag[1:]), 4)}},
    "bullet_list": lambda _: {"type": "bulletList"},
    "ordered_list": lambda token: {"type": "orderedList", "attrs": {"start": int(token.attrs.get("start", 1))}},
    "list_item": lambda token: {"type": "listItem", "checked": meta(token, "checked")},
    "blockquote": lambda token: _quote(meta(token, "kind")),
    "table": lambda _: {"type": "table"},
    "tr": lambda _: {"type": "tableRow"},
    "th": lambda _: {"type": "tableHeader"},
    "td": lambda _: {"type": "tableCell"},
    "details": lambda _: {"type": "details"},
    "summary": lambda _: {"type": "detailsSummary"},
    "content": lambda _: {"type": "detailsContent"},
}
_LEAVES: dict[str, Callable[[Token], Tree]] = {
    "hr": lambda _: {"type": "horizontalRule"},
    "math_block": lambda token: latex("blockMath", "\n".join(map(str.strip, token.content.strip().split("\n")))),
    "fence": lambda token: _code(token.content, token.info),
    "code_block": lambda token: _code(token.content, ""),
}


class TooLarge(Exception):
    """Markdown over the limit."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"Markdown may have at most {MAX_BYTES} bytes; this has {size}.")


def read(markdown: str) -> Tree:
    """The document that this Markdown says. HTML in it is text, unsafe links are no links.

    Raises `TooLarge` over `MAX_BYTES` of UTF-8, `TooDeep` (an `Invalid`) for blocks within blocks beyond the limit.
    """
    data = markdown.encode("utf-8", "replace")  # half a surrogate pair is no text
    if len(data) > MAX_BYTES:
        raise TooLarge(len(data))
    tokens = _parser().parse(data.decode())
    if max((token.level for token in tokens), default=0) >= MAX_DEPTH - 2:
        raise TooDeep("Markdown")  # what stood deeper was left out
    return normal(_build(tokens))


def is_line(markdown: str, content: list[Tree]) -> bool:
    """Whether this Markdown is one block of text with exactly this inline content (of a toggle: its title)."""
    blocks = _build(_parser().parse(markdown))["content"]
    if len(blocks) != 1:
        return False
    held = blocks[0]["content"][0] if blocks[0]["type"] == "details" else blocks[0]
    return held["type"] in ("paragraph", "heading", "detailsSummary") and held["content"] == content


@cache
def _parser() -> Parser:
    return Parser()


def _build(tokens: list[Token]) -> Tree:
    top: Tree = {"type": "doc", "content": []}
    path = [top]
    for token in tokens:
        name, _, end = token.type.rpartition("_")
        if token.type == "inline":
            path[-1]["content"] = [{"meant": True}] if meta(token, "meant") else read_runs(token.children or [])
        elif token.type in _LEAVES:
            path[-1]["content"].append(_LEAVES[token.type](token))
        elif name in _BLOCKS and end == "open":
            path.append({**_BLOCKS[name](token), "content": []})
        elif name in _BLOCKS:
            node = path.pop()
            path[-1]["content"] += _finished(node)
    return {**top, "content": top["content"] or [_paragraph()]}


def _finished(node: Tree) -> list[Tree]:
    """The node, or what stands in its place, as the schema wants it."""
    content = node["content"]
    match node["type"]:
        case "paragraph":
            return _split_at_images(content)
        case "heading" | "detailsSummary":
            if node["type"] == "detailsSummary":
                content = [_as_text(each) for each in content]
            return [{**node, "content": joined([each for each in map(_without_image, content) if each])}]
        case "tableHeader" | "tableCell":
            return [{**node, "content": [_paragraph([each for each in map(_without_image, content) if each])]}]
        case "bulletList":
            return _runs(content)
        case "orderedList":
            return [{**node, "content": [_item(each) for each in content]}]
        case "listItem":
            first = [] if content and content[0]["type"] == "paragraph" else [_paragraph()]
            return [{**node, "content": first + content}]
        case "blockquote" | "callout" | "detailsContent":
            return [{**node, "content": content or [_paragraph()]}]
    return [node]


def _runs(items: list[Tree]) -> list[Tree]:
    """A list whose items have boxes or not, as lists of one kind each."""
    found: list[Tree] = []
    for item in items:
        tasks = item["checked"] is not None
        kind = "taskList" if tasks else "bulletList"
        if not found or found[-1]["type"] != kind:
            found.append({"type": kind, "content": []})
        task = {"type": "taskItem", "attrs": {"checked": item["checked"]}, "content": item["content"]}
        found[-1]["content"].append(task if tasks else _item(item))
    return found


def _item(item: Tree) -> Tree:
    if item["checked"] is None:
        return {"type": "listItem", "content": item["content"]}
    box = {"type": "text", "text": "[x] " if item["checked"] else "[ ] "}  # a numbered list has no boxes
    first, *rest = item["content"]
    return {"type": "listItem", "content": [_paragraph([box, *first.get("content", [])]), *rest]}


def _split_at_images(content: list[Tree]) -> list[Tree]:
    """A picture is a block: the line it stands in ends before it."""
    if content == [{"meant": True}]:
        return [_paragraph()]
    if not any(each["type"] == "image" for each in content):
        return [_paragraph(content)]
    found: list[Tree] = []
    line: list[Tree] = []
    for node in [*content, {"type": "image"}]:
        if node["type"] != "image":
            line.append(node)
            continue
        if line := _trimmed(line):
            found.append(_paragraph(line))
        line = []
        if "attrs" in node:
            found.append(node)
    return found


def _trimmed(line: list[Tree]) -> list[Tree]:
    """Without the white space and the breaks at its ends."""
    for end, strip in ((0, str.lstrip), (-1, str.rstrip)):
        while line and line[end]["type"] in ("text", "hardBreak"):
            text = strip(line[end].get("text", ""))
            if text:
                line[end] = {**line[end], "text": text}
                break
            line.pop(end)
    return line


def _without_image(node: Tree) -> Tree | None:
    """Where no picture can stand: what it is called."""
    if node["type"] != "image":
        return node
    return {"type": "text", "text": node["attrs"]["alt"]} if node["attrs"]["alt"] else None


def _as_text(node: Tree) -> Tree:
    """Where only text can stand."""
    if node["type"] in ("text", "image"):
        return node
    attributes: Json = node.get("attrs", {})
    return {"type": "text", "text": attributes.get("latex") or f"@{attributes['label']}" if attributes else " "}


def _quote(kind: str | None) -> Tree:
    return {"type": "callout", "attrs": {"kind": kind}} if kind else {"type": "blockquote"}


def _code(text: str, info: str) -> Tree:
    language = (info.split() or [""])[0]
    language = language if LANGUAGE.fullmatch(language) else ""
    text = text.removesuffix("\n")
    content = [{"type": "text", "text": text}] if text else []
    return {"type": "codeBlock", "attrs": {"language": language or None}, "content": content}


def _paragraph(content: list[Tree] | None = None) -> Tree:
    return {"type": "paragraph", "content": content or []}
