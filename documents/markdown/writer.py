"""Markdown out: the blocks."""

import re
from collections.abc import Callable

from documents.links import is_picture
from documents.schema import Tree, bound

from .lines import ATOMS, Style, destination, escaped, one_document, without_controls, write_line
from .syntax import ALERTS, EMPTY, LANGUAGE

MAX_NUMBER = 999_999_999  # CommonMark: at most nine digits
KINDS = {kind: word for word, kind in reversed(ALERTS.items())}
BULLETS, NUMBERS = ("-", "*"), (".", ")")


def write(tree: Tree) -> str:
    """The document as Markdown, ended by a newline. Raises `Invalid` for what is no tree, or too deep.

    What the schema does not know is passed by, and its content kept.
    """
    bound(tree)
    blocks = list(tree.get("content") or [])
    while blocks and _is_empty(blocks[-1]):
        blocks.pop()  # the editor keeps one to click into
    with one_document():
        return "\n".join(_blocks(blocks)).strip("\n") + "\n"


def _blocks(nodes: list[Tree]) -> list[str]:
    """The lines of these blocks, an empty line between two."""
    if len(nodes) == 1 and _is_empty(nodes[0]):
        return []
    lines: list[str] = []
    before, turn = "", 0
    for node in nodes:
        family = "bulletList" if node["type"] == "taskList" else str(node["type"])
        turn = 1 - turn if family == before else 0  # two lists in a row are told apart by their signs
        block = _block(node, turn)
        if block:
            lines += [*([""] if lines else []), *block]
            before = family
    return lines


def _block(node: Tree, turn: int = 0) -> list[str]:
    kind, attributes, content = node["type"], node.get("attrs") or {}, node.get("content") or []
    match kind:
        case "bulletList":
            return _list(content, lambda _: f"{BULLETS[turn]} ")
        case "taskList":
            return _list(content, lambda at: f"{BULLETS[turn]} [{'x' if _is_checked(content[at]) else ' '}] ", indent=2)
        case "orderedList":
            start = attributes.get("start")
            first = max(start, 0) if isinstance(start, int) else 1
            return _list(content, lambda at: f"{min(first + at, MAX_NUMBER)}{NUMBERS[turn]} ")
    if kind in ATOMS or kind == "text":
        return [write_line([node], one_line=True)]
    return _BLOCKS[kind](attributes, content) if kind in _BLOCKS else _blocks(content)


def _paragraph(_: Tree, content: list[Tree]) -> list[str]:
    return write_line(content).split("\n") if content else [EMPTY]


def _heading(attributes: Tree, content: list[Tree]) -> list[str]:
    level = attributes.get("level")
    signs = "#" * (min(max(level, 1), 4) if isinstance(level, int) else 1)
    return [write_line(content, lambda line: f"{signs} {line}".rstrip(" "), one_line=True)]


def _callout(attributes: Tree, content: list[Tree]) -> list[str]:
    body = _blocks(content)
    return _quoted([f"[!{KINDS.get(str(attributes.get('kind')), 'NOTE')}]", *(["", *body] if body else [])])


def _math(attributes: Tree, _: list[Tree]) -> list[str]:
    latex = str(attributes.get("latex", "")).replace("$$", "")
    return ["$$", *(line.strip() for line in latex.split("\n") if line.strip()), "$$"]


def _list(items: list[Tree], sign: Callable[[int], str], indent: int = 0) -> list[str]:
    lines: list[str] = []
    tight = all(_is_tight(item.get("content") or []) for item in items)
    for at, item in enumerate(items):
        first, *rest = item.get("content") or [{"type": "paragraph"}]
        alone = _is_empty(first) and not rest
        body = [""] if alone else _block(first) or [""]
        for node_lines in _item_rest(rest):
            body += node_lines if tight else ["", *node_lines]
        margin = " " * (indent or len(sign(at)))
        lines += [""] if lines and not tight else []
        lines += [(sign(at) + body[0]).rstrip(" "), *(margin + line if line else "" for line in body[1:])]
    return lines


def _item_rest(nodes: list[Tree]) -> list[list[str]]:
    return [_blocks(nodes)] if nodes and (len(nodes) > 1 or not _is_empty(nodes[0])) else [[EMPTY]] if nodes else []


def _is_tight(content: list[Tree]) -> bool:
    """Whether an item may do without empty lines: a line of text, and at most a list that may follow one at once."""
    if len(content) > 2 or (content and content[0]["type"] != "paragraph"):
        return False
    if len(content) < 2:
        return True
    below, attributes = content[1], content[1].get("attrs") or {}
    numbered = below["type"] == "orderedList" and attributes.get("start", 1) == 1
    if _is_empty(content[0]) or not (numbered or below["type"] in ("bulletList", "taskList")):
        return False
    items = below.get("content") or [{}]
    return not _is_empty((items[0].get("content") or [{"type": "paragraph"}])[0])


def _table(_: Tree, rows: list[Tree]) -> list[str]:
    """The first row is the header, whatever it is; a cell's blocks stand on one line."""
    written = [[_cell(cell) for cell in row.get("content") or []] for row in rows]
    columns = max(map(len, written), default=0)
    if columns == 0:
        return []
    lines = [f"| {' | '.join(row + [''] * (columns - len(row)))} |" for row in written]
    return [lines[0], f"| {' | '.join(['---'] * columns)} |", *lines[1:]]


def _cell(cell: Tree) -> str:
    blocks = [write_line(_inline_of(block), one_line=True) for block in cell.get("content") or []]
    return "<br>".join(filter(None, blocks)).replace("|", "\\|")


def _inline_of(block: Tree) -> list[Tree]:
    """All inline content in a block, however deep, where only a line can stand."""
    found: list[Tree] = []
    waiting = [block]
    while waiting:
        node = waiting.pop()
        if node["type"] in ATOMS or node["type"] == "text":
            found.append(node)
        elif node["type"] == "blockMath":
            found.append({"type": "inlineMath", "attrs": node.get("attrs")})
        else:
            waiting += reversed(node.get("content") or [])
    return found


def _image(attributes: Tree, _: list[Tree]) -> list[str]:
    src, alt = attributes.get("src"), without_controls(str(attributes.get("alt") or ""))
    if not is_picture(src):
        return [write_line([{"type": "text", "text": alt}], one_line=True)] if alt else []
    return [f"![{escaped(alt, Style.PLAIN)}]({destination(src)})"]


def _details(_: Tree, content: list[Tree]) -> list[str]:
    summary = next((node for node in content if node["type"] == "detailsSummary"), {})
    rest = [node for node in content if node["type"] != "detailsSummary"]
    line = write_line(
        summary.get("content") or [],
        lambda line: f"<details>\n<summary>{line}</summary>\n\n</details>",
        one_line=True,
    )
    body = [each for node in rest for each in _blocks(node.get("content") or [])]
    return [*line.split("\n")[:2], "", *body, *([""] if body else []), "</details>"]


def _fence(attributes: Tree, content: list[Tree]) -> list[str]:
    text, language = _plain(content), attributes.get("language")
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    sign = "`" * max(3, longest + 1)
    named = language if isinstance(language, str) and LANGUAGE.fullmatch(language) else ""
    return [f"{sign}{named}", *(text.split("\n") if text else []), sign]


def _quoted(lines: list[str]) -> list[str]:
    return [f"> {line}" if line else ">" for line in lines]


def _plain(content: list[Tree]) -> str:
    return "".join(without_controls(str(node.get("text", ""))) for node in content)


def _is_empty(node: Tree) -> bool:
    return node.get("type") == "paragraph" and not node.get("content")


def _is_checked(item: Tree) -> bool:
    return (item.get("attrs") or {}).get("checked") is True


_BLOCKS: dict[str, Callable[[Tree, list[Tree]], list[str]]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "blockquote": lambda _, content: _quoted(_blocks(content) or [""]),
    "callout": _callout,
    "codeBlock": _fence,
    "horizontalRule": lambda _, __: ["---"],
    "table": _table,
    "image": _image,
    "blockMath": _math,
    "details": _details,
}
