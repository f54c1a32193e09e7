"""New documents that begin with content, as files and as somebody's first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from collab.core.lib0 import read_var_uint
from documents import log, writing
from documents.content import load, tree
from documents.markdown import read
from documents.models import Document, DocumentClient, DocumentUpdate
from documents.schema import Invalid, Tree, check, normal, walk
from documents.trash import trash
from documents.welcome import create_welcome, welcome
from documents.writing import NotWritten, create_with
from permissions.access import access_for
from permissions.models import User
from permissions.roles import Role
from tests.databases import only_postgres

Browser = Callable[[User | None], Client]


def content_of(document: Document) -> Tree:
    loaded = log.load(document.pk)
    assert loaded is not None
    return normal(tree(*loaded.updates))


def test_a_new_document_begins_with_a_row_by_its_owner(ada: User) -> None:
    document = create_with(owner=ada, title="Plan", tree=read("# Plan\n\n- a\n- b"))
    assert content_of(document) == read("# Plan\n\n- a\n- b")
    assert access_for(ada, document).role is Role.OWNER
    row = DocumentUpdate.objects.get(document=document)
    assert (row.seq, row.author, document.head_seq) == (1, ada, 1)
    stored = Document.objects.get(pk=document.pk)
    assert (stored.head_seq, stored.edited_at, stored.title) == (1, document.edited_at, "Plan")
    client = DocumentClient.objects.get(document=document)
    assert client.user == ada
    count, at = read_var_uint(load([bytes(row.payload)]).get_state(), 0)
    assert (count, read_var_uint(load([bytes(row.payload)]).get_state(), at)[0]) == (1, client.client_id)


def test_what_is_no_document_makes_none(ada: User) -> None:
    with pytest.raises(Invalid):
        create_with(owner=ada, title="", tree={"type": "doc"})
    assert not Document.objects.exists()


def test_a_document_whose_first_row_is_refused_is_not_there(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "append", lambda *_, **__: [log.Busy()])
    with pytest.raises(NotWritten, match="Busy"):
        create_with(owner=ada, title="", tree=read("a"))
    assert not Document.objects.exists()


@pytest.mark.parametrize("language", ["en", "de", "de-at", "xx"])
def test_the_first_document_shows_what_can_be_written_and_names_its_reader(ada: User, language: str) -> None:
    document = create_welcome(ada, language=language)
    content = content_of(document)
    check(content)
    kinds = {node["type"] for node, _ in walk(content)}
    assert kinds >= {"heading", "taskList", "table", "callout", "details", "codeBlock", "inlineMath", "blockMath"}
    marks = {mark["type"] for node, _ in walk(content) for mark in node.get("marks", [])}
    assert marks >= {"bold", "italic", "underline", "strike", "highlight", "code", "link"}
    [mention] = [node for node, _ in walk(content) if node["type"] == "mention"]
    assert mention["attrs"] == {"id": str(ada.pk), "label": "Ada"}
    assert document.title == ("Willkommen bei Coscribe" if language.startswith("de") else "Welcome to Coscribe")
    assert "\\" not in "".join(node.get("text", "") for node, _ in walk(content))


def test_somebody_new_is_led_to_their_first_document_once(ada: User, browser_of: Browser) -> None:
    browser = browser_of(ada)
    User.objects.filter(pk=ada.pk).update(language="de")
    answer = browser.get("/welcome/")
    document = Document.objects.get()
    assert answer["Location"] == f"/documents/{document.pk}/#write"
    assert (document.title, document.owner) == ("Willkommen bei Coscribe", ada)
    assert browser.get("/welcome/")["Location"] == "/"
    trash(by=ada, document=document)
    assert browser.get("/welcome/")["Location"] == "/"
    assert Document.objects.count() == 1


@only_postgres
def test_two_visits_at_once_make_one_document(database: str, person: Any) -> None:
    dave = person("dave")

    def visit(_: int) -> bool:
        try:
            return welcome(dave, language="en") is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(visit, range(4)))
    assert sorted(made) == [False, False, False, True]
    assert Document.objects.filter(owner=dave).count() == 1
