"""HTML out."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from documents.html import fragment, page
from documents.markdown import read
from documents.schema import Tree

from .trees import everything

ALLOWED = {
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "code",
    "hr",
    "br",
    "table",
    "tr",
    "th",
    "td",
    "img",
    "aside",
    "details",
    "summary",
    "span",
    "a",
    "strong",
    "em",
    "u",
    "s",
    "mark",
    "input",
    "div",
}
ATTRIBUTES = {
    "dir",
    "class",
    "start",
    "type",
    "disabled",
    "checked",
    "colspan",
    "rowspan",
    "src",
    "alt",
    "width",
    "open",
    "href",
    "rel",
    "data-highlight",
    "data-color",
}


class Reader(HTMLParser):
    """What a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@settings(max_examples=200)
@given(everything())
def test_html_holds_nothing_that_runs_and_all_the_text(document: Tree) -> None:
    seen = Reader(fragment(document))
    for tag, attributes in seen.tags:
        assert tag in ALLOWED
        assert attributes.keys() <= ATTRIBUTES
        assert not (attributes.get("href") or "").lower().startswith(("javascript", "data"))
    words = "".join(seen.words)
    assert all(each in words for each in _texts(document))


def _texts(node: Tree) -> list[str]:
    own = [node["text"]] if node["type"] == "text" else []
    return own + [each for child in node.get("content", []) for each in _texts(child)]


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("## A *b*", '<h2 dir="auto">A <em>b</em></h2>\n'),
        ("- [x] a", '<input type="checkbox" disabled checked><div>'),
        ("> [!CAUTION]\n> a", '<aside class="callout danger">'),
        ("3. a", '<ol start="3">'),
        ("`` <b> ``", "<code>&lt;b&gt;</code>"),
        ("```py\na<b\n```", '<pre><code class="language-py">a&lt;b</code></pre>'),
        ("$a<b$", '<code class="math">a&lt;b</code>'),
        ('![a "b"](/x.png)', '<img src="/x.png" alt="a &quot;b&quot;">'),
        ("[@Ada](mention:1)", '<span class="mention">@Ada</span>'),
        ("[a](https://x/?a=1&b=2)", '<a href="https://x/?a=1&amp;b=2" rel="noopener noreferrer nofollow">a</a>'),
        ("[a](javascript:alert(1))", '<p dir="auto">a</p>'),
        ("<details>\n<summary>S</summary>\n\nin\n\n</details>", "<details open>\n<summary>S</summary>"),
        ("| a |\n| --- |\n| b |", '<th>\n<p dir="auto">a</p>'),
    ],
)
def test_each_thing_has_its_element(markdown: str, html: str) -> None:
    assert html in fragment(read(markdown))


def test_a_page_stands_alone_and_its_title_is_text() -> None:
    html = page(read("a"), title="<script>x</script>", language="de")
    assert html.startswith('<!doctype html>\n<html lang="de">')
    assert "<title>&lt;script&gt;x&lt;/script&gt;</title>" in html
    assert 'http-equiv="Content-Security-Policy"' in html
    assert "<script" not in html
