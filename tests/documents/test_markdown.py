"""Markdown out and in."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.markdown import TooLarge, read, write
from documents.markdown.lines import MAX_TRIED, MAX_TRIED_LINE
from documents.markdown.reader import MAX_BYTES
from documents.schema import TooDeep, Tree, check, normal

from .trees import TEXT, everything, markdown_kept


@settings(max_examples=200)
@given(markdown_kept())
def test_out_and_in_again_is_the_same(document: Tree) -> None:
    assert read(write(document)) == document


@settings(max_examples=60)
@given(everything())
def test_every_document_can_be_written_and_what_is_written_read(document: Tree) -> None:
    once = read(write(document))
    assert read(write(once)) == once


@settings(max_examples=200)
@given(st.lists(TEXT, max_size=12).map("".join))
def test_whatever_is_read_is_a_document(markdown: str) -> None:
    document = read(markdown)
    check(document)
    assert normal(document) == document
    assert read(write(document)) == document


PRETTY = [
    "# Title",
    "A line with *em*, **strong**, ~~struck~~, `code`, <u>under</u>, ==marked== and [a link](https://example.org/).",
    'snake_case, 3 \\* 4 = 12? A-b (c), "d" & e; 50 %',
    "a\\\nb",
    "1. one\n2. two\n   - deep\n     - deeper",
    "- [ ] do\n- [x] done",
    "- one\n\n  more of one\n\n- two",
    "> quote\n>\n> > inner",
    "```python\nif x:\n\n    y()\n```",
    "| a | b |\n| --- | --- |\n| 1 \\| 2 | `x` |",
    "![a picture](/documents/1/images/2/)",
    "> [!WARNING]\n>\n> mind\n>\n> - the\n> - gap",
    "<details>\n<summary>More *here*</summary>\n\nHidden\n\n</details>",
    "Euler: $e^{i\\pi} + 1 = 0$\n\n$$\n\\int_0^1 x\n$$",
    "Ask [@Ada Lovelace](mention:42).",
    "a\n\n---\n\nb",
    "- a\n\n* b",
    "a\n\n&nbsp;\n\nb",
    "مرحبا **بالعالم** 😀",
]


@pytest.mark.parametrize("markdown", PRETTY)
def test_what_people_write_comes_out_as_they_wrote_it(markdown: str) -> None:
    assert write(read(markdown)) == markdown + "\n"


def blocks(markdown: str) -> list[Any]:
    content: list[Any] = read(markdown)["content"]
    return content


@pytest.mark.parametrize(
    ("markdown", "kinds"),
    [
        ("", ["paragraph"]),
        ("###### six", ["heading"]),
        ("- [ ] a\n- b", ["taskList", "bulletList"]),
        ("a ![x](/p.png) b", ["paragraph", "image", "paragraph"]),
        ("<div onclick=x>a</div>", ["paragraph"]),
        ("<details>\nnever closed", ["paragraph"]),
        ("<details>\n\n```\n</details>\n```\n\n</details>", ["details"]),
        ("> [!note]\n> a", ["callout"]),
        ("> [!UNKNOWN]\n> a", ["blockquote"]),
        ("    code", ["codeBlock"]),
        ("- # heading", ["bulletList"]),
    ],
)
def test_others_markdown_is_understood(markdown: str, kinds: list[str]) -> None:
    assert [block["type"] for block in blocks(markdown)] == kinds


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "JaVaScript:x", "data:text/html,x", "vbscript:x", "<java&#10;script:x>"]
)
def test_a_link_that_could_run_is_only_its_words(href: str) -> None:
    assert blocks(f"[words]({href})")[0]["content"] == [{"type": "text", "text": "words"}]
    assert "image" not in str(read(f"![words]({href})"))


def test_a_picture_elsewhere_is_a_link_to_it() -> None:
    [paragraph] = blocks("![cat](https://spy.example/cat.gif)")
    link = {"type": "link", "attrs": {"href": "https://spy.example/cat.gif"}}
    assert paragraph["content"] == [{"type": "text", "text": "cat", "marks": [link]}]
    assert "image" not in str(read("![cat](//spy.example/cat.gif)"))


def test_html_is_text() -> None:
    assert blocks("<script>x</script>")[0]["content"] == [{"type": "text", "text": "<script>x</script>"}]


def test_size_and_depth_are_bounded() -> None:
    with pytest.raises(TooLarge, match="at most 524288 bytes; this has 524289"):
        read("x" * (MAX_BYTES + 1))
    for sign in (">", "- ", "1. ", "<details>\n"):
        with pytest.raises(TooDeep):
            read(sign * 5000 + ("a" if sign != "<details>\n" else "</details>\n" * 5000))


HOSTILE = ["[", "![", "*a ", "_a_", "<u>", "==a ", "~~a", "`a ", "$a ", "$$a\n\n", "<details>\n\n", "> a\n"]
HOSTILE += ["- a\n", "[a](b", "&", "\\"]


@pytest.mark.parametrize("unit", HOSTILE)
def test_twice_the_input_takes_about_twice_the_time(unit: str) -> None:
    def seconds(size: int) -> float:
        start = time.process_time()
        read(unit * (size // len(unit)))
        return time.process_time() - start

    seconds(500)
    # Quadratic would be 16 times. A busy machine makes a run longer, so what counts is that one of a few is short.
    assert any(seconds(16_000) < 8 * seconds(4_000) + 0.3 for _ in range(5))


def test_a_line_too_long_to_be_read_back_is_written_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = tries(monkeypatch)
    words = "a*b " * (MAX_TRIED_LINE // 4 + 1)
    assert write({"type": "doc", "content": [_says(words)]}).startswith("a\\*b a\\*b ")
    assert tried == []


def test_of_a_large_document_only_so_much_is_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = tries(monkeypatch)
    large: Tree = {"type": "doc", "content": [_says("a.b " * 4000)] * 80}
    for _ in range(2):  # each document has it anew
        tried.clear()
        lines = write(large).split("\n\n")
        assert "a.b a.b" in lines[0]
        assert "a\\.b a\\.b" in lines[-1]
        assert MAX_TRIED // 2 < sum(tried) <= MAX_TRIED


def tries(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long the lines are that are read back."""
    found: list[int] = []

    def is_line(line: str, _: Any) -> bool:
        found.append(len(line))
        return True

    monkeypatch.setattr("documents.markdown.lines.is_line", is_line)
    return found


def test_what_markdown_has_no_words_for_is_left_out() -> None:
    cell = {"type": "tableCell", "attrs": {"colspan": 2}, "content": [_says("a"), _says("b")]}
    document = {
        "type": "doc",
        "content": [
            {**_says("plain", {"type": "textColor", "attrs": {"color": "red"}}), "attrs": {"textAlign": "center"}},
            {"type": "table", "content": [{"type": "tableRow", "content": [cell, cell]}]},
            {"type": "paragraph"},
        ],
    }
    assert write(document) == "plain\n\n| a<br>b | a<br>b |\n| --- | --- |\n"


def _says(words: str, *marks: Tree) -> Tree:
    return {"type": "paragraph", "content": [{"type": "text", "text": words, "marks": list(marks)}]}
