"""Reading a document's content out of Yjs updates (v1 encoding). Pure: bytes in, text or a tree out.

Nothing here recurses over the elements, however deep a client nested them. The tree is ProseMirror's JSON, as
y-prosemirror maps it: elements are nodes, `XmlText` is runs of text with marks.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText, get_update

ROOT = "default"  # the name under which Tiptap's and y-prosemirror's editors keep the document
# y-prosemirror lets marks of one type overlap by putting a hash behind the name: sync-plugin.js, `yattr2markname`.
HASHED = re.compile(r"^(.*)(--[a-zA-Z0-9+/=]{8})$")
BLOCK_BREAKS = frozenset({"hardBreak", "hard_break"})
INLINE = frozenset({"mention", "inlineMath"})
SPOKEN: dict[str, Callable[[Mapping[str, Any]], str]] = {  # what an atom adds to the text
    "mention": lambda attributes: f"@{attributes.get('label', '')}",
    "inlineMath": lambda attributes: str(attributes.get("latex", "")),
    "blockMath": lambda attributes: str(attributes.get("latex", "")),
}

type Json = Any
type Node = dict[str, Json]


class Unreadable(Exception):
    """Updates that do not make a document: not the encoding, or something before them is missing."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"These updates do not make a document: {reason}.")


def load(updates: Iterable[bytes]) -> "Doc[Any]":
    """A fresh doc of these updates in their order. Touch it on this thread only. Raises `Unreadable`."""
    doc: Doc[Any] = Doc()
    kept = list(updates)
    for update in kept:
        try:
            doc.apply_update(update)
        except BaseException as error:  # yrs raises many kinds; its panics are no `Exception`
            if isinstance(error, Exception) or type(error).__name__ == "PanicException":
                raise Unreadable(type(error).__name__) from error
            raise
    state = doc.get_state()
    # yrs keeps what it cannot integrate yet without a word, and leaves it out of its own state: it would be lost here.
    if any(get_update(update, state)[0] for update in kept):
        raise Unreadable("an edit refers to another that is not there")
    return doc


def plain_text(*updates: bytes) -> str:
    """The text alone, a line per block. Raises `Unreadable`."""
    lines: list[list[str]] = [[]]
    for kind, value in _walk(_fragment(load(updates))):
        if kind == "run":
            lines[-1].append(value[0])
        elif kind == "open" and value[0] in SPOKEN:
            lines[-1].append(SPOKEN[value[0]](value[1]))
        elif lines[-1] and (value[0] in BLOCK_BREAKS if kind == "open" else value not in INLINE):
            lines.append([])
    return "\n".join(map("".join, lines)).strip()


def tree(*updates: bytes) -> Node:
    """The document as ProseMirror JSON: `{"type": "doc", "content": [...]}`. Raises `Unreadable`."""
    top: Node = {"type": "doc", "content": []}
    open_nodes = [top]
    for kind, value in _walk(_fragment(load(updates))):
        siblings = open_nodes[-1].setdefault("content", [])
        if kind == "open":
            node: Node = {"type": value[0], **({"attrs": value[1]} if value[1] else {})}
            siblings.append(node)
            open_nodes.append(node)
        elif kind == "run":
            siblings.append({"type": "text", "text": value[0], **({"marks": value[1]} if value[1] else {})})
        else:
            open_nodes.pop()
    return top


def is_same(one: "Doc[Any]", other: "Doc[Any]") -> bool:
    """Whether two docs hold the same, everywhere: every root, every type, every attribute.

    State vectors are compared too, but they alone do not tell: docs with equal vectors may differ for ever. yrs writes
    the clients of one in the order of a hash table, which is another after loading: their bytes tell nothing.
    """
    if _clocks(one.get_state()) != _clocks(other.get_state()):
        return False
    return list(_everything(one)) == list(_everything(other))


def _clocks(vector: bytes) -> dict[int, int]:
    """A state vector of yrs' own: client id -> clock. lib0's numbers: seven bits a byte, the lowest first."""
    numbers, number, shift = [], 0, 0
    for byte in vector:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(number)
            number = shift = 0
    return dict(zip(numbers[1::2], numbers[2::2], strict=True))


def _fragment(doc: "Doc[Any]") -> XmlFragment:
    return cast(XmlFragment, doc.get(ROOT, type=XmlFragment))


def _walk(fragment: XmlFragment) -> Iterator[tuple[str, Any]]:
    """`("open", (tag, attributes))`, `("run", (text, marks))`, `("close", tag)` in the order of the document."""
    waiting: list[tuple[str, Any]] = [("visit", child) for child in reversed(list(fragment.children))]
    while waiting:
        kind, value = waiting.pop()
        if kind == "close":
            yield kind, value
        elif isinstance(value, XmlText):
            for piece, attributes in value.diff():
                if isinstance(piece, str):  # an embed is of no ProseMirror schema
                    yield "run", (piece, [_mark(name, of) for name, of in sorted((attributes or {}).items())])
        elif isinstance(value, XmlElement):
            tag = value.tag or ""
            yield "open", (tag, {name: _plain(of) for name, of in sorted(_attributes(value)) if of is not None})
            waiting.append(("close", tag))
            waiting.extend(("visit", child) for child in reversed(list(value.children)))


def _mark(name: str, attributes: Any) -> Node:
    mark: Node = {"type": HASHED.sub(r"\1", name)}
    if attributes and isinstance(attributes, Mapping):
        mark["attrs"] = _plain(attributes)
    return mark


def _plain(value: Any) -> Json:
    """Yjs has one kind of number: `level: 2` comes back as 2.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _plain(of) for name, of in value.items()}
    if isinstance(value, list):
        return [_plain(of) for of in value]
    return value


def _everything(doc: "Doc[Any]") -> Iterator[Any]:
    """All content as a flat row of values that can be compared, brackets included."""
    for name in sorted(doc.keys()):
        # A root has no type until somebody asks for one; each of these shows a part of what may be in it.
        yield "root", name
        waiting: list[Any] = [
            doc.get(name, type=view) for view in cast(list[type[Any]], [Map, _sequence(doc, name), Text])
        ]
        while waiting:
            value = waiting.pop()
            expand = _EXPANSIONS.get(type(value))
            if expand is None:
                yield repr(value)  # `nan` is not equal to itself, its repr is
            else:
                yield type(value).__name__, "opens"
                waiting.append((type(value).__name__, "closes"))
                waiting.extend(reversed(expand(value)))


def _sequence(doc: "Doc[Any]", name: str) -> type[Any]:
    """How all that stands one after the other in a root is seen. pycrdt reads an `Array` by index, which takes n² time;
    elements and their texts are read in one go, where there is nothing else.
    """
    children = doc.get(name, type=XmlFragment).children
    return XmlFragment if len(list(children)) == len(children) else Array


def _attributes(element: Any) -> Iterable[tuple[str, Any]]:
    return cast(Iterable[tuple[str, Any]], element.attributes)  # pycrdt types the view of them too narrowly


def _text_parts(text: Any) -> list[Any]:
    return [part for piece, attributes in text.diff() for part in (piece, sorted((attributes or {}).items()))]


_EXPANSIONS: dict[type[Any], Callable[[Any], list[Any]]] = {
    XmlElement: lambda element: [element.tag, sorted(_attributes(element)), *element.children],
    XmlText: lambda text: [sorted(_attributes(text)), *_text_parts(text)],
    XmlFragment: lambda fragment: list(fragment.children),
    Text: _text_parts,
    Array: list,
    Map: lambda found: [part for name in sorted(found.keys()) for part in (name, found[name])],
}
