"""The editor's schema, and whether a tree is a document of it. `npm run schema` dumps it; docs/schema.md tells of it.

Trees come from the log, where a client can have written anything, and from people's files: everything is checked.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from prosemirror.model import Mark, Node, Schema

type Json = Any
type Tree = dict[str, Json]

FILE = Path(__file__).with_name("schema.json")
MAX_DEPTH = 100  # nodes within nodes; a list in a list costs two. ProseMirror's own code recurses over them.


class Invalid(Exception):
    """A tree that is no document of the schema: `where` is the way to the node, `reason` what is wrong with it."""

    def __init__(self, where: str, reason: str) -> None:
        self.where, self.reason = where, reason
        super().__init__(f"{where}: {reason}")


class TooDeep(Invalid):
    """Nodes within nodes beyond the limit."""

    def __init__(self, where: str) -> None:
        super().__init__(where, f"more than {MAX_DEPTH} levels of nodes")


@cache
def schema() -> "Schema[Any, Any]":
    """The library's schema, made once a process."""
    return Schema(json.loads(FILE.read_text()))


def check(tree: Tree) -> None:
    """Raise `Invalid` (`TooDeep` is one) unless this is a whole document of the schema."""
    _checked(tree)


def normal(tree: Tree) -> Tree:
    """The one way to write this document: every attribute there, neighbouring text of equal marks in one piece, marks
    in the schema's order and on text only (Yjs keeps no others). Raises `Invalid`.
    """
    found: Tree = deepcopy(dict(_checked(tree).to_json()))  # the library hands out its own defaults
    for node, _ in walk(found):
        if node["type"] != "text":
            node.pop("marks", None)
        if "content" in node:
            node["content"] = joined(node["content"])
    return found


def joined(nodes: list[Tree]) -> list[Tree]:
    """These nodes with neighbouring text of equal marks in one piece."""
    found: list[Tree] = []
    for node in nodes:
        before = found[-1] if found else None
        if before and node["type"] == before["type"] == "text" and node.get("marks") == before.get("marks"):
            found[-1] = {**before, "text": before["text"] + node["text"]}
        else:
            found.append(node)
    return found


def bound(tree: Tree) -> None:
    """Raise `TooDeep` for a tree that code which recurses must not touch."""
    for _ in walk(tree):
        pass


def walk(tree: Tree) -> Iterator[tuple[Tree, str]]:
    """All nodes from the top with the way to each. Raises `Invalid` at what is no node, `TooDeep` below the limit."""
    waiting: list[tuple[Json, str, int]] = [(tree, "", 1)]
    while waiting:
        node, parent, depth = waiting.pop()
        if not isinstance(node, dict) or not isinstance(node.get("type"), str):
            raise Invalid(parent or "top", "not a node")
        if depth > MAX_DEPTH:
            raise TooDeep(_short(parent))
        where = f"{parent}{node['type']}"
        yield node, where
        children = node.get("content") or []
        if not isinstance(children, list):
            raise Invalid(where, "content is no list")
        waiting += [(child, f"{where}[{at}] > ", depth + 1) for at, child in reversed(list(enumerate(children)))]


def _checked(tree: Tree) -> Node:
    for node, where in walk(tree):
        _check_shape(node, where)
    known = schema()
    if tree["type"] != known.top_node_type.name:
        raise Invalid(tree["type"], f"the top node must be {known.top_node_type.name}")
    try:
        top = Node.from_json(known, tree)
    except ValueError as error:
        raise Invalid(tree["type"], str(error)) from error
    waiting = [(top, top.type.name)]
    while waiting:
        found, where = waiting.pop()
        _check_content(found, where)
        waiting += [(child, f"{where}[{at}] > {child.type.name}") for at, child in enumerate(found.content.content)]
    return top


def _check_shape(node: Tree, where: str) -> None:
    """What the library would stumble over, or take silently."""
    known = schema()
    if node["type"] not in known.nodes:
        raise Invalid(where, "there is no such node")
    _check_attributes(node.get("attrs"), set(known.nodes[node["type"]].attrs), where)
    if node["type"] == "text" and not (isinstance(node.get("text"), str) and node["text"]):
        raise Invalid(where, "text must not be empty")
    if not isinstance(marks := node.get("marks") or [], list):
        raise Invalid(where, "marks are no list")
    for mark in marks:
        name = mark.get("type") if isinstance(mark, dict) else None
        if not isinstance(name, str) or name not in known.marks:
            raise Invalid(where, f"there is no mark {name}")
        _check_attributes(mark.get("attrs"), set(known.marks[name].attrs), f"{where} ({name})")


def _check_attributes(attributes: Json, names: set[str], where: str) -> None:
    if not isinstance(attributes, dict | None):
        raise Invalid(where, "attributes are no object")
    if unknown := sorted(set(attributes or ()) - names):
        raise Invalid(where, f"there is no attribute {', '.join(unknown)}")


def _check_content(node: Node, where: str) -> None:
    if not node.type.valid_content(node.content):
        children = ", ".join(child.type.name for child in node.content.content[:8]) or "nothing"
        raise Invalid(_short(where), f"must hold {node.type.spec.get('content') or 'nothing'}, but holds {children}")
    kept: list[Mark] = []
    for mark in node.marks:
        kept = mark.add_to_set(kept)
    if not Mark.same_set(kept, node.marks):
        names = ", ".join(mark.type.name for mark in node.marks)
        raise Invalid(where, f"these marks cannot be together: {names}")


def _short(where: str) -> str:
    return where if len(where) <= 300 else f"{where[:120]} … {where[-120:]}"
