"""HTML out: a document as semantic markup that cannot run anything, as a fragment or as a page that stands alone."""

from collections.abc import Callable
from html import escape
from typing import Any

from .links import is_picture, is_safe_href
from .schema import MAX_DEPTH, Tree, bound, schema

CALLOUTS = frozenset({"note", "tip", "warning", "danger"})
ALIGNMENTS = frozenset({"left", "center", "right", "justify"})
COLORS = frozenset({"gray", "red", "orange", "yellow", "green", "blue", "purple", "pink"})
# Nothing runs, nothing is sent, nothing but pictures is fetched: whatever the document says.
PAGE_POLICY = "sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"
STYLE = """
body { max-width: 42rem; margin: 3rem auto; padding: 0 1rem; color: #1c1b18 }
body { font: 1.125rem/1.6 "Source Serif 4", Georgia, serif }
h1, h2, h3, h4 { line-height: 1.25 }
img { max-width: 100% }
pre { padding: .75rem 1rem; overflow-x: auto; background: #f4f2ec; border-radius: .4rem; font-size: .9rem }
blockquote, aside { margin-inline: 0; padding: .1rem 1rem; border-inline-start: .25rem solid #cfcabd }
aside.tip { border-color: #3f7d4e }
aside.warning { border-color: #b7791f }
aside.danger { border-color: #b3372f }
table { border-collapse: collapse }
th, td { border: 1px solid #cfcabd; padding: .3rem .6rem; text-align: start; vertical-align: top }
ul.tasks { list-style: none; padding-inline-start: .5rem }
ul.tasks > li { display: flex; align-items: baseline; gap: .5rem }
li > p, li > div > p, td > p, th > p { margin: .2rem 0 }
th { background: #f4f2ec }
header h1 { font-size: 2.25rem }
:not(pre) > code { padding: .1em .3em; background: #f4f2ec; border-radius: .2em; font-size: .88em }
.align-center { text-align: center }
.align-right { text-align: right }
.align-justify { text-align: justify }
mark { background: #fdf0b3 }
.mention { color: #2f4cc9 }
""".strip()

type Attributes = dict[str, Any]
type Markup = tuple[str, str]  # what opens a node, and what closes it
type Picture = Callable[[str], str]  # the address to write for a picture's own


def page(tree: Tree, *, title: str, language: str, picture: Picture = str) -> str:
    """A whole page, with its style in it. Serve it under `PAGE_POLICY`. Raises as `fragment`."""
    return _stand_alone(fragment(tree, picture=picture), title=title, language=language)


def plain_page(text: str, *, title: str, language: str) -> str:
    """A whole page of text without any form, for what no document can be made of."""
    return _stand_alone(f"<pre>{escape(text)}</pre>\n", title=title, language=language)


def _stand_alone(body: str, *, title: str, language: str) -> str:
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(PAGE_POLICY.removeprefix("sandbox; "))}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n"
        f'<header><h1 dir="auto">{escape(title)}</h1></header>\n'
        f"{body}</body>\n</html>\n"
    )


def fragment(tree: Tree, *, picture: Picture = str) -> str:
    """The document's blocks. Raises `Invalid` for what is no tree, or too deep; what the schema does not know is passed
    by, and its content kept.
    """
    bound(tree)
    parts: list[str] = []
    _write(tree, parts, depth=0, picture=picture)
    return "".join(parts)


def _write(node: Tree, parts: list[str], *, depth: int, picture: Picture) -> None:
    assert depth <= MAX_DEPTH
    kind = node["type"]
    if kind == "text":
        parts.append(_text(node))
        return
    attributes: Attributes = node.get("attrs") if isinstance(node.get("attrs"), dict) else {}  # type: ignore[assignment]
    start, end = _MARKUP[kind](attributes) if kind in _MARKUP else ("", "")
    if kind == "image":
        start = _image(attributes, picture)
    parts.append(start)
    for child in node.get("content") or []:
        _write(child, parts, depth=depth + 1, picture=picture)
    parts.append(end)


def _text(node: Tree) -> str:
    markup = escape(str(node.get("text", "")))
    by_name = {mark["type"]: mark.get("attrs") or {} for mark in node.get("marks") or [] if isinstance(mark, dict)}
    for name in reversed(schema().marks):
        if name in by_name and name in _MARKS:
            start, end = _MARKS[name](by_name[name])
            markup = f"{start}{markup}{end}"
    return markup


def _block(tag: str, more: str = "") -> Callable[[Attributes], Markup]:
    return lambda _: (f"<{tag}{more}>\n", f"</{tag}>\n")


def _inline(tag: str) -> Callable[[Attributes], Markup]:
    return lambda _: (f"<{tag}>", f"</{tag}>")


def _line(tag: str, attributes: Attributes) -> Markup:
    align = attributes.get("textAlign")
    aligned = f' class="align-{align}"' if _is_one_of(ALIGNMENTS, align) else ""
    return f'<{tag} dir="auto"{aligned}>', f"</{tag}>\n"


def _is_one_of(words: frozenset[str], value: Any) -> bool:
    return isinstance(value, str) and value in words


def _heading(attributes: Attributes) -> Markup:
    level = attributes.get("level")
    return _line(f"h{min(max(level, 1), 4) if isinstance(level, int) else 1}", attributes)


def _numbered(attributes: Attributes) -> Markup:
    start = attributes.get("start")
    return f'<ol start="{start}">\n' if isinstance(start, int) and start != 1 else "<ol>\n", "</ol>\n"


def _task(attributes: Attributes) -> Markup:
    checked = " checked" if attributes.get("checked") is True else ""
    return f'<li><input type="checkbox" disabled{checked}><div>\n', "</div></li>\n"


def _code(attributes: Attributes) -> Markup:
    language = attributes.get("language")
    named = f' class="language-{escape(language)}"' if isinstance(language, str) and language else ""
    return f"<pre><code{named}>", "</code></pre>\n"


def _cell(tag: str) -> Callable[[Attributes], Markup]:
    def markup(attributes: Attributes) -> Markup:
        spans = ((name, attributes.get(name)) for name in ("colspan", "rowspan"))
        kept = "".join(f' {name}="{of}"' for name, of in spans if isinstance(of, int) and 1 < of <= 1000)
        return f"<{tag}{kept}>\n", f"</{tag}>\n"

    return markup


def _image(attributes: Attributes, picture: Picture) -> str:
    src, alt, width = (attributes.get(name) for name in ("src", "alt", "width"))
    called = escape(alt) if isinstance(alt, str) else ""
    if not is_picture(src):
        return f"<p>{called}</p>\n" if called else ""
    wide = f' width="{width}"' if isinstance(width, int) else ""
    return f'<p><img src="{escape(picture(src))}" alt="{called}"{wide}></p>\n'


def _callout(attributes: Attributes) -> Markup:
    kind = attributes.get("kind")
    return f'<aside class="callout {kind if _is_one_of(CALLOUTS, kind) else "note"}">\n', "</aside>\n"


def _math(start: str, end: str) -> Callable[[Attributes], Markup]:
    return lambda attributes: (f'{start}<code class="math">{escape(str(attributes.get("latex", "")))}</code>{end}', "")


def _mention(attributes: Attributes) -> Markup:
    return f'<span class="mention">@{escape(str(attributes.get("label", "")))}</span>', ""


def _link(attributes: Attributes) -> Markup:
    href = attributes.get("href")
    return (f'<a href="{escape(href)}" rel="noopener noreferrer nofollow">', "</a>") if is_safe_href(href) else ("", "")


def _color(tag: str, name: str, fallback: str) -> Callable[[Attributes], Markup]:
    def markup(attributes: Attributes) -> Markup:
        color = attributes.get("color")
        return f'<{tag} {name}="{color if _is_one_of(COLORS, color) else fallback}">', f"</{tag}>"

    return markup


_MARKUP: dict[str, Callable[[Attributes], Markup]] = {
    "paragraph": lambda attributes: _line("p", attributes),
    "heading": _heading,
    "bulletList": _block("ul"),
    "orderedList": _numbered,
    "listItem": _block("li"),
    "taskList": _block("ul", ' class="tasks"'),
    "taskItem": _task,
    "blockquote": _block("blockquote"),
    "codeBlock": _code,
    "horizontalRule": lambda _: ("<hr>\n", ""),
    "hardBreak": lambda _: ("<br>", ""),
    "table": _block("table"),
    "tableRow": _block("tr"),
    "tableHeader": _cell("th"),
    "tableCell": _cell("td"),
    "callout": _callout,
    "details": _block("details", " open"),
    "detailsSummary": _inline("summary"),
    "inlineMath": _math("", ""),
    "blockMath": _math("<p>", "</p>\n"),
    "mention": _mention,
}
_MARKS: dict[str, Callable[[Attributes], Markup]] = {
    "link": _link,
    "bold": _inline("strong"),
    "italic": _inline("em"),
    "underline": _inline("u"),
    "strike": _inline("s"),
    "highlight": _color("mark", "data-highlight", "yellow"),
    "textColor": _color("span", "data-color", "gray"),
    "code": _inline("code"),
}
