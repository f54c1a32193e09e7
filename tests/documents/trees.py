"""Random documents of the whole schema, for properties. `everything()` is what the editor can make; `markdown_kept()`
what Markdown can say too (docs/schema.md, "Markdown").
"""

import string
from typing import Any

from hypothesis import strategies as st

from documents.schema import Tree, joined, normal

type Trees = st.SearchStrategy[Tree]

# What trips writers and readers: markup, white space at the edges, letters of several units, directions.
TRICKY = [
    *"\\`*_{}[]()<>#+-.!|~=$&:@^%/\"' \t",
    *(
        "**",
        "__",
        "~~",
        "==",
        "```",
        "$$",
        "---",
        "***",
        "- ",
        "* ",
        "+ ",
        "1. ",
        "2) ",
        "# ",
        "> ",
        "[ ] ",
        "[x] ",
        "| a |",
    ),
    *(
        "[!NOTE]",
        "&amp;",
        "&nbsp;",
        "&#32;",
        "<br>",
        "<u>",
        "</u>",
        "<details>",
        "</details>",
        "<script>",
        "http://a.b",
    ),
    *("\N{GRINNING FACE}", "\N{FAMILY}\N{ZERO WIDTH JOINER}\N{GIRL}", "e\N{COMBINING ACUTE ACCENT}", "שלום", "مرحبا"),
    *(
        "\N{RIGHT-TO-LEFT MARK}",
        "\N{NO-BREAK SPACE}",
        "\N{EM SPACE}",
        "\N{ZERO WIDTH SPACE}",
        "中文",
        "\n",
        "    ",
        "ß",
    ),
]
PIECES = st.one_of(
    st.sampled_from(TRICKY),
    st.text(string.ascii_letters + string.digits + " ", min_size=1, max_size=6),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=3),
)
TEXT = st.lists(PIECES, min_size=1, max_size=5).map("".join)
HREFS = st.sampled_from(
    [
        "https://a.example/x?y=1&z=(2)",
        "/documents/1/",
        "mailto:ada@example.org",
        "http://a.b/ü <>",
        "#top",
        "tel:+1",
        "a\\b",
    ]
)
COLORS = st.sampled_from(["gray", "red", "orange", "yellow", "green", "blue", "purple", "pink"])
LANGUAGES = st.sampled_from([None, "python", "c++", "f#", "objective-c"])
LATEX = st.sampled_from(
    ["x", "a^2+b^2", "\\frac{1}{2}", "a | b", "\\text{``q''}", "1", "x_{*}", "a < b", "\\$", "\\\\"]
)
KINDS = st.sampled_from(["note", "tip", "warning", "danger"])
SPANS = st.integers(1, 3)


def everything() -> Trees:
    """Documents of all nodes, marks and attributes."""
    return _documents(_Whole())


def markdown_kept() -> Trees:
    """Documents that Markdown keeps whole."""
    return _documents(_Kept()).filter(_ends_in_something)


class _Whole:
    """All that the schema allows."""

    alignments: st.SearchStrategy[Any] = st.sampled_from([None, None, "left", "center", "right", "justify"])
    text: st.SearchStrategy[str] = TEXT
    latex: st.SearchStrategy[str] = st.one_of(LATEX, TEXT)
    languages: st.SearchStrategy[Any] = st.one_of(LANGUAGES, TEXT)
    highlights: st.SearchStrategy[str] = COLORS

    def marks(self) -> st.SearchStrategy[list[Tree]]:
        return st.one_of(
            st.just([]),
            st.just([{"type": "code"}]),
            st.lists(st.one_of(self._marks()), max_size=4, unique_by=lambda mark: mark["type"]),
        )

    def _marks(self) -> list[Trees]:
        plain = [st.just({"type": name}) for name in ("bold", "italic", "underline", "strike")]
        return [
            *plain,
            st.fixed_dictionaries({"type": st.just("link"), "attrs": st.fixed_dictionaries({"href": HREFS})}),
            self.highlights.map(lambda color: {"type": "highlight", "attrs": {"color": color}}),
            *self.colors(),
        ]

    def colors(self) -> list[Trees]:
        return [COLORS.map(lambda color: {"type": "textColor", "attrs": {"color": color}})]

    def image(self) -> Trees:
        size = st.one_of(st.none(), st.integers(1, 4000))
        src = st.one_of(st.none(), st.just("/documents/1/images/2/"), TEXT)
        return _node("image", src=src, alt=TEXT, width=size, pixelWidth=size, pixelHeight=size)

    def starts(self) -> st.SearchStrategy[int]:
        return st.integers(-5, 2_000_000_000)

    def table(self, blocks: st.SearchStrategy[list[Tree]], inline: st.SearchStrategy[list[Tree]]) -> Trees:
        sizes = {
            "colspan": SPANS,
            "rowspan": SPANS,
            "colwidth": st.one_of(st.none(), st.lists(st.integers(48, 900), max_size=2)),
        }
        aligned = st.sampled_from([None, "left", "right", "center"])
        cell = st.one_of(*(_node(name, blocks, **sizes, align=aligned) for name in ("tableCell", "tableHeader")))
        row = _node("tableRow", st.lists(cell, max_size=3))
        return _node("table", st.lists(row, min_size=1, max_size=3))


class _Kept(_Whole):
    """What Markdown has words for."""

    alignments = st.none()
    latex = LATEX
    languages = LANGUAGES
    highlights = st.just("yellow")

    def colors(self) -> list[Trees]:
        return []

    def image(self) -> Trees:
        return _node(
            "image",
            src=st.sampled_from(["/documents/1/images/2/", "/a (b).png", "/ü\\*.gif"]),
            alt=st.one_of(st.just(""), TEXT),
        )

    def starts(self) -> st.SearchStrategy[int]:
        return st.integers(0, 999_999_990)

    def table(self, blocks: st.SearchStrategy[list[Tree]], inline: st.SearchStrategy[list[Tree]]) -> Trees:
        paragraph = _node("paragraph", inline).map(lambda node: [node])

        def rows(columns: int) -> st.SearchStrategy[list[Tree]]:
            def row(name: str) -> Trees:
                return _node("tableRow", st.lists(_node(name, paragraph), min_size=columns, max_size=columns))

            return st.builds(
                lambda head, body: [head, *body], row("tableHeader"), st.lists(row("tableCell"), max_size=2)
            )

        return _node("table", st.integers(1, 3).flatmap(rows))


def _documents(of: _Whole) -> Trees:
    inline = _inline(of)
    summary = _node("detailsSummary", st.lists(_text(of), max_size=3).map(joined))
    paragraph = _node("paragraph", inline, textAlign=of.alignments)
    leaves: list[Trees] = [
        paragraph,
        paragraph,
        _node("heading", inline, level=st.integers(1, 4), textAlign=of.alignments),
        _node("codeBlock", st.one_of(st.just([]), of.text.map(_plain)), language=of.languages),
        _node("horizontalRule"),
        _node("blockMath", latex=of.latex),
        of.image(),
    ]

    def grown(blocks: Trees) -> Trees:
        some = st.lists(blocks, min_size=1, max_size=3)
        item = st.builds(lambda first, rest: [first, *rest], paragraph, st.lists(blocks, max_size=2))
        content = _node("detailsContent", some)
        return st.one_of(
            _node("bulletList", st.lists(_node("listItem", item), min_size=1, max_size=3)),
            _node("orderedList", st.lists(_node("listItem", item), min_size=1, max_size=3), start=of.starts()),
            _node("taskList", st.lists(_node("taskItem", item, checked=st.booleans()), min_size=1, max_size=3)),
            _node("blockquote", some),
            _node("callout", some, kind=KINDS),
            _node("details", st.tuples(summary, content).map(list)),
            of.table(some, inline),
        )

    blocks = st.recursive(st.one_of(leaves), grown, max_leaves=6)
    return _node("doc", st.lists(blocks, min_size=1, max_size=4)).map(normal)


def _inline(of: _Whole) -> st.SearchStrategy[list[Tree]]:
    atoms = [
        _node("hardBreak"),
        _node("inlineMath", latex=of.latex),
        _node("mention", id=st.sampled_from(["1", "42", "a b", "x)y"]), label=of.text),
    ]
    return st.lists(st.one_of(_text(of), _text(of), *atoms), max_size=5).map(joined)


def _text(of: _Whole) -> Trees:
    return st.builds(
        lambda text, marks: {"type": "text", "text": text, **({"marks": marks} if marks else {})}, of.text, of.marks()
    )


def _plain(text: str) -> list[Tree]:
    return [{"type": "text", "text": text}]


def _node(name: str, content: Any = None, /, **attributes: st.SearchStrategy[Any]) -> Trees:
    parts: dict[str, Any] = {"type": st.just(name)}
    if attributes:
        parts["attrs"] = st.fixed_dictionaries(attributes)
    if content is not None:
        parts["content"] = content
    return st.fixed_dictionaries(parts)


def _ends_in_something(tree: Tree) -> bool:
    last = tree["content"][-1]
    return len(tree["content"]) == 1 or last["type"] != "paragraph" or "content" in last
