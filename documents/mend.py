"""What two people's valid edits can leave in a document, mended in what is read; nothing is written.

All rows of a list may be deleted by two people, half each; a column may be added while somebody else adds a row. Every
page shows such a document mended by the rules of frontend/src/editor/sync/read.ts and tables.ts, and so does the server
by the same rules: tests/documents/test_two_writers.py compares them.
"""

from collections.abc import Iterator
from typing import Any, cast

from prosemirror.model import Fragment, Mark, Node, NodeType

from .schema import Invalid, Json, Tree, bound, joined, schema
from .values import bad_attributes

# These keep their place when they hold nothing: a row is counted in cells. Anything else that must not be empty goes.
KEPT = frozenset({"tableCell", "tableHeader", "detailsContent"})
MAX_PLACES = 100_000  # rows times columns of a table: a few bytes of `colspan` and `rowspan` can claim a billion


def mended(tree: Tree) -> Tree:
    """The document that pages show. Raises `Invalid` for what no valid edits explain; pages are read-only then."""
    bound(tree)
    return {"type": "doc", "content": _fit(schema().nodes["doc"], _children(tree), "doc")}


def _children(node: Tree) -> list[Tree]:
    return joined([child for each in node.get("content") or [] for child in _mended(each)])


def _mended(node: Tree) -> Iterator[Tree]:
    name = node["type"]
    if name == "text":
        yield _one_by_one(node)
        return
    if name not in schema().nodes:
        raise Invalid(name, "there is no such node")
    known = schema().nodes[name]
    _check_values(name, known.attrs, node.get("attrs"))
    children = _children(node)
    if not children and not known.content_match.valid_end and name not in KEPT:
        return
    content = _fit(known, children, name)
    found: Tree = {"type": name, **({"attrs": node["attrs"]} if node.get("attrs") else {})}
    if content:
        found["content"] = content
    if name != "table":
        yield found
    elif table := _table(found):
        yield table


def _one_by_one(text: Tree) -> Tree:
    """Of two marks that exclude each other one goes: two people can set them at once."""
    marks = text.get("marks") or []
    for mark in marks:
        if mark["type"] not in schema().marks:
            raise Invalid("text", f"there is no mark {mark['type']}")
        _check_values(mark["type"], schema().marks[mark["type"]].attrs, mark.get("attrs"))
    if len(marks) < 2:
        return text
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: str(mark["type"])):
        kept = Mark.from_json(schema(), mark).add_to_set(kept)
    names = {mark.type.name for mark in kept}
    return {**text, "marks": [mark for mark in text["marks"] if mark["type"] in names]}


def _check_values(name: str, known: dict[str, Any], values: Tree | None) -> None:
    if bad := bad_attributes(name, known, values or {}):
        raise Invalid(name, f"cannot have {bad[0]} like that")


def _fit(type_: "NodeType", children: list[Tree], where: str) -> list[Tree]:
    content: list[Tree] = []
    match = type_.content_match
    for child in children:
        one = _stub(child["type"])
        if after := match.match_type(one.type):
            match = after
            content.append(child)
            continue
        if content and content[-1]["type"] == child["type"] != "text" and one.type.spec.get("content"):
            both = joined([*content[-1].get("content", []), *child.get("content", [])])
            if one.type.valid_content(Fragment.from_([_stub(each["type"]) for each in both])):
                content[-1] = {**content[-1], **({"content": both} if both else {})}
                continue
        before = match.fill_before(Fragment.from_(one))
        filled = match.match_fragment(before) if before else None
        after = filled.match_type(one.type) if filled else None
        if before is None or after is None:
            raise Invalid(where, f"cannot hold {child['type']} there")
        content += [*_trees(before), child]
        match = after
    end = match.fill_before(Fragment.empty, to_end=True)
    return content + (_trees(end) if end else [])


def _stub(name: str) -> Node:
    return schema().text("x") if name == "text" else schema().nodes[name].create()


def _trees(nodes: Fragment) -> list[Tree]:
    return [cast(Tree, node.to_json()) for node in nodes.content]


# Tables: each cell stands in the first free column of its row, narrower where the next column is taken, shorter where
# the table ends; what is missing at the end of a row is filled; a column is as wide as its topmost cell with a width.


def _table(table: Tree) -> Tree | None:
    rows = table["content"]
    taken: list[set[int]] = [set() for _ in rows]
    places = 0
    placed: list[list[tuple[Tree, int, int, int]]] = []
    for at, row in enumerate(rows):
        column = 0
        cells = []
        for cell in row.get("content", []):
            while column in taken[at]:
                column += 1
            colspan = 1
            while colspan < _attribute(cell, "colspan", 1) and column + colspan not in taken[at]:
                colspan += 1
            rowspan = min(_attribute(cell, "rowspan", 1), len(rows) - at)
            places += colspan * rowspan
            if places > MAX_PLACES:
                raise Invalid("table", f"more than {MAX_PLACES} places")
            for below in taken[at : at + rowspan]:
                below.update(range(column, column + colspan))
            cells.append((cell, column, colspan, rowspan))
            column += colspan
        placed.append(cells)
    width = max((max(columns) + 1 for columns in taken if columns), default=0)
    if width == 0:
        return None
    if width * len(rows) > MAX_PLACES:
        raise Invalid("table", f"more than {MAX_PLACES} places")
    widths = _widths(placed, width)
    return {**table, "content": [
        _row(row, cells, [column for column in range(width) if column not in columns], widths)
        for row, cells, columns in zip(rows, placed, taken, strict=True)
    ]}  # fmt: skip


def _row(row: Tree, cells: list[tuple[Tree, int, int, int]], free: list[int], widths: list[Any]) -> Tree:
    content = []
    for cell, column, colspan, rowspan in cells:
        colwidth = _fitted(_attribute(cell, "colwidth", None), widths[column : column + colspan])
        attributes = {**cell.get("attrs", {}), "colspan": colspan, "rowspan": rowspan, "colwidth": colwidth}
        content.append({**cell, "attrs": attributes})
    kind = schema().nodes[content[-1]["type"] if content else "tableCell"]
    for column in free:
        made = kind.create_and_fill({"colwidth": _fitted(None, widths[column : column + 1])})
        content += _trees(Fragment.from_(made))
    return {**row, "content": content} if content else row


def _widths(placed: list[list[tuple[Tree, int, int, int]]], width: int) -> list[Any]:
    widths: list[Any] = [0] * width
    for cell, column, colspan, _ in (each for cells in placed for each in cells):
        stored = _attribute(cell, "colwidth", None) or []
        for over in range(min(colspan, len(stored))):
            widths[column + over] = widths[column + over] or stored[over]
    return widths


def _fitted(colwidth: Json, widths: list[Any]) -> Json:
    if not any(widths):
        return colwidth if colwidth == widths else None
    return widths


def _attribute(node: Tree, name: str, otherwise: Json) -> Json:
    found = node.get("attrs", {}).get(name)
    return otherwise if found is None else found
