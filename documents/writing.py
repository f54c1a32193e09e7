"""Writing a document: a ProseMirror tree as a Yjs update (v1 encoding), and a new document that begins with one.

Follows y-prosemirror's mapping (sync-plugin.js): a node is an element, neighbouring text nodes are one text, a mark is
a formatting attribute, an attribute that is null is not there.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from permissions.models import User

from .content import ROOT
from .log import Append, Appended, Row, append
from .models import Document
from .schema import Tree, normal, schema


@dataclass(frozen=True, slots=True)
class Written:
    """A document's content as an update, and the client id under which all of it is written."""

    update: bytes
    client: int


def encode(tree: Tree) -> bytes:
    """The update that makes exactly this document out of an empty one. Raises `Invalid`."""
    return _written(tree).update


def create_with(*, owner: User, title: str, tree: Tree) -> Document:
    """A new document of `owner`'s with this content, which is row 1 of its log, by its owner. Raises `Invalid`."""
    with transaction.atomic():
        document = Document.objects.create_for(owner=owner, title=title)
        begin(document, by=owner, tree=tree)
    return document


def begin(document: Document, *, by: User, tree: Tree) -> None:
    """Make this content row 1 of a document that has none. Raises `Invalid`, and `NotWritten` when it has one."""
    written = _written(tree)
    row = Row(by.pk, written.update, claims=(written.client,), clients=(written.client,))
    [result] = append([Append(document.pk, 0, (row,))], clients_of=lambda _: ())
    if not isinstance(result, Appended):
        raise NotWritten(result)
    document.head_seq, document.edited_at = result.last, result.at


class NotWritten(Exception):
    """The log refused the first row of a document that was just made for its author."""

    def __init__(self, result: object) -> None:
        self.result = result
        super().__init__(f"the first row was not appended: {result}")


def _written(tree: Tree) -> Written:
    doc: Doc[Any] = Doc()
    with doc.transaction():
        waiting: list[tuple[Any, list[Tree]]] = [(doc.get(ROOT, type=XmlFragment), normal(tree).get("content", []))]
        while waiting:
            parent, nodes = waiting.pop()
            for group in _grouped(nodes):
                if isinstance(group, list):
                    _write_text(parent.children.append(XmlText()), group)
                else:
                    element = parent.children.append(XmlElement(group["type"], _present(group.get("attrs"))))
                    waiting.append((element, group.get("content", [])))
    return Written(doc.get_update(), doc.client_id)


def _grouped(nodes: list[Tree]) -> list[Tree | list[Tree]]:
    """Neighbouring text nodes as one list."""
    groups: list[Tree | list[Tree]] = []
    for node in nodes:
        if node["type"] != "text":
            groups.append(node)
        elif groups and isinstance(groups[-1], list):
            groups[-1].append(node)
        else:
            groups.append([node])
    return groups


def _write_text(text: XmlText, runs: list[Tree]) -> None:
    text.insert(0, "".join(run["text"] for run in runs))
    start = 0
    for run in runs:
        end = start + len(run["text"].encode())  # pycrdt counts bytes of UTF-8
        if marks := run.get("marks"):
            text.format(start, end, {_name(mark): mark.get("attrs", {}) for mark in marks})
        start = end


def _name(mark: Tree) -> str:
    """A mark that may overlap another of its type is told from it by a hash (of its JSON; ours need not be Yjs's)."""
    kind = schema().marks[mark["type"]]
    if kind in kind.excluded:
        return kind.name
    digest = hashlib.sha256(json.dumps(mark, sort_keys=True).encode()).digest()
    return f"{kind.name}--{base64.b64encode(digest[:6]).decode()}"


def _present(attributes: Tree | None) -> dict[str, Any]:
    return {name: value for name, value in (attributes or {}).items() if value is not None}
