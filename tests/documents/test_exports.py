"""A document as a file."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from documents import log
from documents.log import Append, Row
from documents.markdown import read
from documents.models import Document, DocumentUpdate
from documents.writing import create_with
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant

Browser = Callable[[User | None], Client]


@pytest.fixture
def plan(ada: User) -> Document:
    return create_with(owner=ada, title='Plan "B": größer/😀', tree=read("# Plan\n\n**Buy** <milk> & tea\n\n- [x] do"))


def exported(browser: Client, document: Document, form: str | None = None) -> Any:
    return browser.get(f"/documents/{document.pk}/export/", {"format": form} if form else {})


def test_whoever_may_read_it_may_take_it_home(plan: Document, ada: User, bob: User, browser_of: Browser) -> None:
    assert exported(browser_of(bob), plan).status_code == 404
    grant(by=ada, obj=plan, to=bob, role=Role.VIEWER)
    answer = exported(browser_of(bob), plan)
    assert answer.status_code == 200
    assert answer.content.decode() == "# Plan\n\n**Buy** \\<milk> & tea\n\n- [x] do\n"
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    name = "Plan%20-B--%20gr%C3%B6%C3%9Fer-%F0%9F%98%80.md"
    assert answer["Content-Disposition"] == f"attachment; filename*=utf-8''{name}"
    assert "no-store" in answer["Cache-Control"]


def test_as_a_page_it_stands_alone_and_can_run_nothing(plan: Document, ada: User, browser_of: Browser) -> None:
    answer = exported(browser_of(ada), plan, "html")
    html = answer.content.decode()
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "<strong>Buy</strong> &lt;milk&gt; &amp; tea" in html
    assert "<title>Plan &quot;B&quot;: größer/😀</title>" in html


def test_as_text(plan: Document, ada: User, browser_of: Browser) -> None:
    assert exported(browser_of(ada), plan, "text").content.decode() == "Plan\nBuy <milk> & tea\ndo\n"


def test_another_form_is_refused_by_name(plan: Document, ada: User, browser_of: Browser) -> None:
    answer = exported(browser_of(ada), plan, "docx")
    assert (answer.status_code, answer.json()["detail"]) == (400, "The format is one of markdown, html, text.")


@pytest.mark.parametrize(("form", "words"), [("markdown", "\n"), ("html", "</header>\n</body>"), ("text", "\n")])
def test_an_empty_document_is_an_empty_file(
    minutes: Document, ada: User, browser_of: Browser, form: str, words: str
) -> None:
    assert words in exported(browser_of(ada), minutes, form).content.decode()


def with_content(document: Document, author: User, make: Callable[[XmlFragment], None]) -> None:
    doc: Doc[Any] = Doc()
    make(doc.get("default", type=XmlFragment))
    log.append([Append(document.pk, 0, (Row(author.pk, doc.get_update()),))], clients_of=lambda _: ())


def foreign(fragment: XmlFragment) -> None:
    """Of no schema: unknown nodes, attributes of wrong kinds, text where none may stand."""
    block = fragment.children.append(XmlElement("marquee", {"level": "x"}))
    block.children.append(XmlText("what can be read"))
    attributes: Any = {"level": {"a": 1}, "textAlign": [1]}
    fragment.children.append(XmlElement("heading", attributes))
    fragment.children.append(XmlText("loose"))


def endless(fragment: XmlFragment) -> None:
    node: Any = fragment
    for _ in range(3000):
        node = node.children.append(XmlElement("blockquote"))
    node.children.append(XmlText("what can be read <b>"))


@pytest.mark.parametrize("make", [foreign, endless])
@pytest.mark.parametrize("form", ["markdown", "html", "text"])
def test_of_what_is_no_document_one_gets_what_can_be_read(
    minutes: Document, ada: User, browser_of: Browser, make: Callable[[XmlFragment], None], form: str
) -> None:
    with_content(minutes, ada, make)
    answer = exported(browser_of(ada), minutes, form)
    assert answer.status_code == 200
    assert "what can be read" in answer.content.decode()
    assert form != "html" or "<b>" not in answer.content.decode()


def test_a_log_that_cannot_be_read_is_said(minutes: Document, ada: User, browser_of: Browser) -> None:
    with_content(minutes, ada, foreign)
    DocumentUpdate.objects.update(payload=b"\xff\xff")
    assert exported(browser_of(ada), minutes).status_code == 409
    DocumentUpdate.objects.all().delete()
    assert exported(browser_of(ada), minutes).status_code == 409
