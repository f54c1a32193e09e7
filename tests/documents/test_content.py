"""Reading content out of updates."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from documents.content import Unreadable, is_same, load, plain_text, tree


def written(*blocks: tuple[str, dict[str, Any], str]) -> Doc[Any]:
    doc: Doc[Any] = Doc()
    fragment = doc.get("default", type=XmlFragment)
    for tag, attributes, text in blocks:
        block = fragment.children.append(XmlElement(tag, attributes))
        block.children.append(XmlText(text))
    return doc


def test_the_tree_is_prosemirror_s() -> None:
    doc = written(("heading", {"level": 2}, "Café 😀"), ("paragraph", {}, "bold plain"))
    text = doc.get("default", type=XmlFragment).children[1].children[0]
    text.format(0, 4, {"bold": {}, "link--abcdEFG=": {"href": "/x"}})
    assert tree(doc.get_update()) == {
        "type": "doc",
        "content": [
            {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Café 😀"}]},
            {
                "type": "paragraph",
                "content": [
                    {
                        "type": "text",
                        "text": "bold",
                        "marks": [{"type": "bold"}, {"type": "link", "attrs": {"href": "/x"}}],
                    },
                    {"type": "text", "text": " plain"},
                ],
            },
        ],
    }


def test_an_empty_state_is_an_empty_document() -> None:
    empty: Doc[Any] = Doc()
    assert tree(empty.get_update()) == {"type": "doc", "content": []}
    assert plain_text(empty.get_update()) == ""


def test_plain_text_has_a_line_per_block() -> None:
    assert plain_text(written(("heading", {}, "Title"), ("paragraph", {}, "Body")).get_update()) == "Title\nBody"


def test_plain_text_says_who_is_mentioned_and_breaks_lines() -> None:
    doc = written(("paragraph", {}, "Ask "), ("blockMath", {"latex": "x^2"}, ""))
    line = doc.get("default", type=XmlFragment).children[0]
    line.children.append(XmlElement("mention", {"id": "1", "label": "Ada"}))
    line.children.append(XmlText(" about "))
    line.children.append(XmlElement("inlineMath", {"latex": "y"}))
    line.children.append(XmlElement("hardBreak"))
    line.children.append(XmlText("today"))
    assert plain_text(doc.get_update()) == "Ask @Ada about y\ntoday\nx^2"


def test_content_nested_deeper_than_python_recurses_is_read() -> None:
    doc: Doc[Any] = Doc()
    node: Any = doc.get("default", type=XmlFragment)
    for _ in range(3000):
        node = node.children.append(XmlElement("blockquote"))
    node.children.append(XmlText("deep"))
    update = doc.get_update()
    assert plain_text(update) == "deep"
    assert is_same(load([update]), load([update]))
    tree(update)


@given(st.binary(max_size=60))
def test_what_is_no_update_is_unreadable_and_nothing_worse(noise: bytes) -> None:
    try:
        load([noise])
    except Unreadable:
        pass


def test_an_update_that_lacks_what_it_builds_on_is_unreadable() -> None:
    doc: Doc[Any] = Doc()
    text = doc.get("t", type=Text)
    text.insert(0, "first ")
    before = doc.get_state()
    text.insert(6, "second")
    with pytest.raises(Unreadable, match="refers to another"):
        load([doc.get_update(before)])


CHANGES: list[Any] = [
    lambda doc: doc.get("default", type=XmlFragment).children[0].attributes.__setitem__("level", 3),
    lambda doc: doc.get("default", type=XmlFragment).children[0].children[0].insert(0, "x"),
    lambda doc: doc.get("default", type=XmlFragment).children[0].children[0].format(0, 1, {"bold": {}}),
    lambda doc: doc.get("default", type=XmlFragment).children.append(XmlElement("hr")),
    lambda doc: doc.get("meta", type=Map).__setitem__("a", Array([Text("deep")])),
    lambda doc: doc.get("list", type=Array).append({"x": 1}),
    lambda doc: doc.get("notes", type=Text).insert(0, "x"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_docs_that_differ_anywhere_are_not_the_same_even_with_equal_state_vectors(change: Any) -> None:
    one: Doc[Any] = written(("heading", {"level": 2}, "Title"))
    start = one.get_update()
    docs: list[Doc[Any]] = []
    for act in (change, lambda doc: doc.get("other", type=Text).insert(0, "y")):
        doc: Doc[Any] = Doc(client_id=7)
        doc.apply_update(start)
        act(doc)
        docs.append(doc)
    assert not is_same(docs[0], docs[1])
    assert is_same(docs[0], load([docs[0].get_update()]))


def test_what_stands_among_the_blocks_of_a_text_is_compared_too() -> None:
    start = written(("paragraph", {}, "one")).get_update()
    docs: list[Doc[Any]] = []
    for value in (1, 2):
        doc: Doc[Any] = Doc(client_id=7)
        doc.apply_update(start)
        doc.get("default", type=Array).append(value)
        docs.append(doc)
    assert docs[0].get_state() == docs[1].get_state(), "nothing was tested"
    assert not is_same(*docs)
    assert is_same(docs[0], load([docs[0].get_update()]))


def test_the_order_in_which_clients_came_does_not_make_docs_differ() -> None:
    """yrs writes a state vector in the order of its hash table."""
    rng = random.Random(1)
    updates: list[bytes] = []
    for _ in range(64):
        doc: Doc[Any] = Doc(client_id=rng.randrange(1 << 53))
        doc.get("t", type=Text).insert(0, "x")
        updates.append(doc.get_update())
    one = load(updates)
    other = load([one.get_update()])
    assert one.get_state() != other.get_state(), "nothing was tested"
    assert is_same(one, other)


def test_equal_state_vectors_do_not_make_docs_the_same() -> None:
    docs = []
    for letter in "ab":
        doc: Doc[Any] = Doc(client_id=7)
        doc.get("t", type=Text).insert(0, letter)
        docs.append(doc)
    assert docs[0].get_state() == docs[1].get_state()
    assert not is_same(*docs)


def test_a_number_that_is_none_is_the_same_as_itself() -> None:
    doc: Doc[Any] = Doc()
    doc.get("meta", type=Map)["x"] = float("nan")
    assert is_same(doc, load([doc.get_update()]))
