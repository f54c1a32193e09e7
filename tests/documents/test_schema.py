"""What is a document of the schema, and what is wrong with what is not."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.content import plain_text, tree
from documents.html import fragment
from documents.markdown import write
from documents.schema import MAX_DEPTH, Invalid, TooDeep, Tree, bound, check, normal
from documents.writing import encode

from .trees import everything


def doc(*blocks: Tree) -> Tree:
    return {"type": "doc", "content": list(blocks)}


def paragraph(*content: Tree) -> Tree:
    return {"type": "paragraph", "content": list(content)}


def text(words: str, *marks: Tree) -> Tree:
    return {"type": "text", "text": words, "marks": list(marks)}


def nested(levels: int) -> Tree:
    node = paragraph(text("deep"))
    for _ in range(levels):
        node = {"type": "blockquote", "content": [node]}
    return doc(node)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"type": "doc"}, "doc: must hold block+, but holds nothing"),
        (paragraph(), "paragraph: the top node must be doc"),
        (doc({"type": "listItem"}), "doc: must hold block+, but holds listItem"),
        (
            doc(paragraph(), {"type": "blockquote", "content": [{"type": "x"}]}),
            "doc[1] > blockquote[0] > x: there",
        ),
        (doc(paragraph(text("a", {"type": "loud"}))), "doc[0] > paragraph[0] > text: there is no mark loud"),
        (doc(paragraph(text("a", {"type": "bold"}, {"type": "code"}))), "these marks cannot be together: bold, code"),
        (doc({"type": "codeBlock", "content": [text("a", {"type": "bold"})]}), "doc[0] > codeBlock: must hold text*"),
        (doc({"type": "paragraph", "attrs": {"onclick": "x"}}), "doc[0] > paragraph: there is no attribute onclick"),
        (doc(paragraph(text(""))), "doc[0] > paragraph[0] > text: text must not be empty"),
        (doc({"type": "paragraph", "content": "abc"}), "doc[0] > paragraph: content is no list"),
        ({"type": "doc", "content": [[]]}, "doc[0] > : not a node"),
        ({"type": "doc", "content": [{"type": "paragraph", "attrs": []}]}, "attributes are no object"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(document: Any, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(document)
    assert message in str(caught.value)


def test_defaults_are_written_once() -> None:
    written = doc({"type": "heading", "content": [text("a", {"type": "bold"}, {"type": "link"}), text("b"), text("c")]})
    link = {"type": "link", "attrs": {"href": None}}
    assert normal(written) == doc(
        {
            "type": "heading",
            "attrs": {"level": 1, "textAlign": None},
            "content": [text("a", link, {"type": "bold"}), {"type": "text", "text": "bc"}],
        }
    )


def test_marks_that_yjs_would_lose_are_not_kept() -> None:
    mention = {"type": "mention", "attrs": {"id": "1", "label": "Ada"}}
    [block] = normal(doc(paragraph({**mention, "marks": [{"type": "bold"}]})))["content"]
    assert block["content"] == [mention]


def test_changing_what_was_made_normal_changes_no_default() -> None:
    normal(doc(paragraph()))["content"][0]["attrs"]["textAlign"] = "center"
    assert normal(doc(paragraph()))["content"][0]["attrs"] == {"textAlign": None}


def test_depth_is_bounded_and_never_a_stack_overflow() -> None:
    deepest = nested(MAX_DEPTH - 3)
    assert normal(tree(encode(deepest))) == normal(deepest)
    fragment(deepest)
    write(deepest)
    for levels in (MAX_DEPTH - 2, 50_000):
        for reads in (check, normal, encode, fragment, write, bound):
            with pytest.raises(TooDeep, match="more than 100 levels"):
                reads(nested(levels))


@settings(max_examples=100)
@given(everything())
def test_what_is_written_is_what_is_read(document: Tree) -> None:
    update = encode(document)
    assert normal(tree(update)) == document
    words = plain_text(update)
    assert all(line == "" or line in words for line in _texts(document))


def _texts(node: Tree) -> list[str]:
    own = [node["text"].strip()] if node["type"] == "text" else []
    return own + [each for child in node.get("content", []) for each in _texts(child)]


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=5), inner, max_size=2)),
    max_leaves=3,
)
BLOCKS = ["paragraph", "heading", "blockquote", "codeBlock", "image", "callout", "blockMath", "doc", "unknown"]
LISTS = ["bulletList", "orderedList", "listItem", "taskList", "taskItem", "table", "tableRow", "tableCell"]
OTHERS = ["details", "detailsSummary", "detailsContent", "inlineMath", "mention", "hardBreak"]
KINDS = st.sampled_from(BLOCKS + LISTS + OTHERS)
NAMES = st.sampled_from(["level", "start", "checked", "kind", "language", "src", "alt", "width", "textAlign", "latex"])
MARKS = st.sampled_from(["link", "bold", "highlight", "textColor", "code", "unknown"])


def wild() -> st.SearchStrategy[Tree]:
    """What a client could have written: any nodes anywhere, with any attributes."""
    attributes = st.dictionaries(NAMES, VALUES, max_size=3)
    mark = st.fixed_dictionaries(
        {"type": MARKS}, optional={"attrs": st.dictionaries(st.sampled_from(["href", "color"]), VALUES, max_size=2)}
    )
    words = st.fixed_dictionaries(
        {"type": st.just("text"), "text": st.text(max_size=5)}, optional={"marks": st.lists(mark, max_size=3)}
    )
    node = st.recursive(
        words,
        lambda inner: st.fixed_dictionaries(
            {"type": KINDS}, optional={"attrs": attributes, "content": st.lists(inner, max_size=3)}
        ),
        max_leaves=8,
    )
    return st.lists(node, max_size=4).map(lambda nodes: {"type": "doc", "content": nodes})


@settings(max_examples=300)
@given(wild())
def test_what_matches_no_schema_can_still_be_written_down(document: Tree) -> None:
    fragment(document)
    write(document)


def test_an_item_with_nothing_that_can_be_written_is_an_empty_item() -> None:
    nothing = {"type": "paragraph", "content": [{"type": "doc"}]}
    assert write({"type": "doc", "content": [{"type": "bulletList", "content": [nothing]}]}).strip() in ("-", "*", "+")
