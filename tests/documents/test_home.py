"""The home page: which documents, in which order, page by page; stars; copies."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from documents import log, turns
from documents.greeting import greet
from documents.listing import PAGE_SIZE, Listed, Shelf, Sort, Wish, list_documents
from documents.models import Document, DocumentStar, DocumentUpdate
from documents.stars import star
from documents.trash import trash
from permissions.links import set_link
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant, revoke, write_role
from tests.databases import either_database

Browser = Callable[[User | None], Client]


def titles(person: User, **wish: Any) -> list[str]:
    return [each.title for each in list_documents(person, Wish(**wish)).documents]


def all_pages(person: User, wish: Wish) -> list[Listed]:
    found: list[Listed] = []
    while True:
        page = list_documents(person, wish)
        found += page.documents
        if not page.next:
            return found
        wish = Wish(wish.shelf, wish.sort, wish.text, after=page.next)


def aged(document: Document, days: int) -> Document:
    Document.objects.filter(pk=document.pk).update(edited_at=timezone.now() - timedelta(days=days))
    return document


def test_each_view_shows_what_it_says(ada: User, bob: User, minutes: Document) -> None:
    crew = Group.objects.create(name="Crew")
    ada.groups.add(crew)
    plan = aged(Document.objects.create_for(owner=bob, title="Plan"), 1)
    rules = aged(Document.objects.create_for(owner=bob, title="Rules"), 2)
    old = aged(Document.objects.create_for(owner=ada, title="Old"), 3)
    grant(by=bob, obj=plan, to=ada, role=Role.EDITOR)
    write_role(obj=rules, to=crew, role=Role.VIEWER)
    star(by=ada, document=rules)
    trash(by=ada, document=old)
    assert titles(ada) == ["Minutes", "Plan", "Rules"]
    assert titles(ada, shelf=Shelf.MINE) == ["Minutes"]
    assert titles(ada, shelf=Shelf.SHARED) == ["Plan", "Rules"]
    assert titles(ada, shelf=Shelf.STARRED) == ["Rules"]
    assert titles(ada, shelf=Shelf.TRASH) == ["Old"]
    assert titles(bob, shelf=Shelf.TRASH) == titles(bob, shelf=Shelf.STARRED) == []


def test_a_second_owner_owns_it_too(ada: User, bob: User, minutes: Document) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.OWNER)
    assert titles(bob, shelf=Shelf.MINE) == ["Minutes"]
    assert titles(bob, shelf=Shelf.SHARED) == []


@pytest.mark.django_db(transaction=True)
def test_a_star_on_what_is_deleted_meanwhile_finds_nothing(
    ada: User, minutes: Document, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*, by: User, document: Document) -> None:
        Document.objects.filter(pk=document.pk).delete()
        star(by=by, document=document)

    monkeypatch.setattr("documents.api.star", late)
    assert browser_of(ada).put(f"/api/documents/{minutes.pk}/star/").status_code == 404
    assert not DocumentStar.objects.exists()


def test_a_star_on_what_one_may_no_longer_open_shows_nothing(ada: User, bob: User, minutes: Document) -> None:
    set_link(by=ada, obj=minutes, role=Role.VIEWER)
    star(by=bob, document=minutes)
    assert titles(bob, shelf=Shelf.STARRED) == ["Minutes"]  # the link lets him in, and the star finds it again
    assert titles(bob) == []
    set_link(by=ada, obj=minutes, role=None)
    assert titles(bob, shelf=Shelf.STARRED) == []


def test_the_orders(ada: User, bob: User, minutes: Document) -> None:
    plan = aged(Document.objects.create_for(owner=bob, title="a plan"), 1)
    grant(by=bob, obj=plan, to=ada, role=Role.EDITOR)
    aged(Document.objects.create_for(owner=ada, title=""), 2)
    assert titles(ada) == ["Minutes", "a plan", ""]
    assert titles(ada, sort=Sort.TITLE) == ["a plan", "Minutes", ""]  # "Untitled" is what the page calls it
    assert titles(ada, sort=Sort.CREATED) == ["", "a plan", "Minutes"]
    assert titles(ada, sort=Sort.OWNER) == ["Minutes", "", "a plan"]


@either_database
@pytest.mark.parametrize("sort", list(Sort))
def test_pages_follow_each_other_without_a_gap_or_a_repeat(person: Any, database: str, sort: Sort) -> None:
    ada = person("ada")
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    made = [Document(owner=ada, title=f"Plan {n % 7}") for n in range(2 * PAGE_SIZE + 10)]
    Document.objects.bulk_create(made)
    for document in made:
        write_role(obj=document, to=ada, role=Role.OWNER)
    Document.objects.update(edited_at=moment, created_at=moment)  # all equal: only the key's last part tells them apart
    first = list_documents(ada, Wish(sort=sort))
    assert len(first.documents) == PAGE_SIZE
    found = [each.id for each in all_pages(ada, Wish(sort=sort))]
    assert sorted(found) == sorted(document.pk for document in made)
    Document.objects.filter(pk=found[-1]).update(edited_at=moment + timedelta(days=1))  # it moves up while one scrolls
    rest = list_documents(ada, Wish(sort=sort, after=first.next)).documents
    assert not {each.id for each in rest} & {each.id for each in first.documents}


@either_database
def test_the_filter_knows_the_case_of_every_letter_and_no_pattern(person: Any, database: str) -> None:
    ada = person("ada")
    for title in ("Übersicht 100%", "Plan (draft)", "plan_b", "Ελλάδα", ""):
        Document.objects.create_for(owner=ada, title=title)
    assert titles(ada, text="übersicht") == ["Übersicht 100%"]
    assert titles(ada, text="ΕΛΛΆΔΑ") == ["Ελλάδα"]
    assert titles(ada, text="(DRAFT") == ["Plan (draft)"]
    assert titles(ada, text="%") == ["Übersicht 100%"]
    assert titles(ada, text="_") == ["plan_b"]
    assert titles(ada, text="  plan  ", sort=Sort.TITLE) == ["Plan (draft)", "plan_b"]
    assert titles(ada, text="untit") == [""]
    assert titles(ada, text="a\0b") == titles(ada, text="nothing") == []


def test_the_filter_reaches_over_all_pages(ada: User) -> None:
    for n in range(PAGE_SIZE + 5):
        aged(Document.objects.create_for(owner=ada, title=f"Plan {n}"), n)
    assert titles(ada, text=f"plan {PAGE_SIZE + 3}") == [f"Plan {PAGE_SIZE + 3}"]


@either_database
def test_a_page_costs_the_same_however_long_the_list_is(person: Any, database: str) -> None:
    ada, bob = person("ada"), person("bob")
    crew = Group.objects.create(name="Crew")
    bob.groups.add(crew)
    counts = []
    for size in (3, 60):
        for n in range(size):
            document = Document.objects.create_for(owner=ada, title=f"Plan {n}")
            write_role(obj=document, to=crew, role=Role.VIEWER)
            star(by=ada, document=document)
        with CaptureQueriesContext(connection) as queries:
            page = list_documents(ada, Wish())
        counts.append(len(queries))
    assert len(page.documents) == PAGE_SIZE
    assert counts[0] == counts[1] == 7  # the page; roles; facts, editors, people, groups; stars


def test_the_page_is_read_by_its_address(ada: User, minutes: Document, browser_of: Browser) -> None:
    browser = browser_of(ada)
    plan = Document.objects.create_for(owner=ada, title="Plan")
    page = browser.get("/?view=mine&sort=title&q=plan")
    assert [each.title for each in page.context["documents"]] == ["Plan"]
    assert 'aria-current="page">Owned by me<' in page.content.decode()
    assert browser.get(f"/?document={plan.pk}").context["documents"][0].id == plan.pk
    edge = json.dumps(["0001-01-01T00:00:00+23:59", str(minutes.pk)]).encode()  # no moment that UTC knows
    edge_key = f"?after={base64.urlsafe_b64encode(edge).decode().rstrip('=')}"
    for nonsense in (
        "?view=all",
        "?sort=size",
        "?after=nonsense",
        "?after=WyJhIiwiYiJd",
        "?after=%00",
        "?page=2",
        edge_key,
    ):
        assert len(browser.get(f"/{nonsense}").context["documents"]) == 2, nonsense
    assert browser.get("/?document=x").context["documents"] == []


def test_more_is_a_link_that_works_without_a_script(ada: User, browser_of: Browser) -> None:
    for n in range(PAGE_SIZE + 1):
        aged(Document.objects.create_for(owner=ada, title=f"Plan {n}"), n)
    first = browser_of(ada).get("/?sort=title")
    assert 'id="more"' in first.content.decode()
    second = browser_of(ada).get(first.context["next"])
    assert len(second.context["documents"]) == 1
    assert 'id="more"' not in second.content.decode()


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("recent", "Start your first document"),
        ("mine", "Nothing of your own yet"),
        ("shared", "Nothing is shared with you yet"),
        ("starred", "Keep what you need within reach"),
        ("trash", "The trash is empty"),
        ("recent&q=plan", "No document here has “plan” in its title."),
    ],
)
def test_each_empty_view_says_what_belongs_there(ada: User, browser_of: Browser, view: str, words: str) -> None:
    assert words in browser_of(ada).get(f"/?view={view}").content.decode()


def test_a_line_says_whose_turn_it_was(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    DocumentUpdate.objects.create(document=minutes, seq=1, author=bob, created_at=timezone.now(), payload=b"")
    Document.objects.filter(pk=minutes.pk).update(head_seq=1)
    assert '<span class="editor" dir="auto">You</span>' in browser_of(bob).get("/").content.decode()
    assert '<span class="editor" dir="auto">Bob</span>' in browser_of(ada).get("/").content.decode()


def test_one_greets_by_the_clock_of_the_reader() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert greet("Ada", "-300", now=noon) == "Good morning, Ada"
    assert greet("Ada", "60", now=noon) == "Good afternoon, Ada"
    assert greet("Ada", "540", now=noon) == "Good evening, Ada"
    assert greet("Ada", None) == greet("Ada", "x") == greet("Ada", "999") == "Hello, Ada"


# -- Stars -------------------------------------------------------------------------------------------------------------


def test_a_star_is_one_s_own(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    for _ in range(2):  # twice is fine
        assert browser_of(bob).put(f"/api/documents/{minutes.pk}/star/").status_code == 204
    assert browser_of(bob).get("/").context["documents"][0].starred is True
    assert browser_of(ada).get("/").context["documents"][0].starred is False
    for _ in range(2):
        assert browser_of(bob).delete(f"/api/documents/{minutes.pk}/star/").status_code == 204
    assert DocumentStar.objects.count() == 0


# -- Copies ------------------------------------------------------------------------------------------------------------


def test_a_copy_is_one_s_own_and_holds_nothing_that_was_deleted(ada: User, bob: User, browser_of: Browser) -> None:
    from pycrdt import Doc, XmlFragment

    from documents.content import plain_text
    from documents.writing import create_with

    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": "kept secretword"}]}
    plan = create_with(owner=ada, title="Plan", tree={"type": "doc", "content": [paragraph]})
    doc: Doc[Any] = Doc()
    doc.apply_update(bytes(plan.updates.get().payload))
    before = doc.get_state()
    text = doc.get("default", type=XmlFragment).children[0].children[0]
    del text[5:15]
    DocumentUpdate.objects.create(
        document=plan, seq=2, author=ada, created_at=timezone.now(), payload=doc.get_update(before)
    )
    Document.objects.filter(pk=plan.pk).update(head_seq=2)
    grant(by=ada, obj=plan, to=bob, role=Role.VIEWER)

    answer = browser_of(bob).post(f"/api/documents/{plan.pk}/copies/")

    assert answer.status_code == 201
    copy = Document.objects.get(pk=answer.json()["id"])
    assert (copy.title, copy.owner, answer.json()["url"]) == ("Copy of Plan", bob, f"/documents/{copy.pk}/")
    payloads = [bytes(row.payload) for row in copy.updates.all()]
    assert plain_text(*payloads) == "kept"
    assert not any(b"secretword" in payload for payload in payloads)
    assert titles(ada, shelf=Shelf.SHARED) == []  # shared with nobody


def test_an_empty_document_and_a_long_title_can_be_copied(ada: User, browser_of: Browser) -> None:
    plan = Document.objects.create_for(owner=ada, title="x" * 200)
    answer = browser_of(ada).post(f"/api/documents/{plan.pk}/copies/")
    assert answer.status_code == 201
    assert answer.json()["title"].startswith("Copy of xxx")
    assert len(answer.json()["title"]) == 200


def test_what_cannot_be_read_is_not_copied_by_half(minutes: Document, ada: User, browser_of: Browser) -> None:
    DocumentUpdate.objects.create(document=minutes, seq=1, author=ada, created_at=timezone.now(), payload=b"\xff")
    Document.objects.filter(pk=minutes.pk).update(head_seq=1)
    answer = browser_of(ada).post(f"/api/documents/{minutes.pk}/copies/")
    assert answer.status_code == 409
    assert "cannot be copied" in json.loads(answer.content)["detail"]
    assert Document.objects.count() == 1


def test_what_is_thrown_away_meanwhile_is_not_copied_without_its_content(
    minutes: Document, ada: User, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "load", lambda _: None)  # what it says of a document in the trash
    assert browser_of(ada).post(f"/api/documents/{minutes.pk}/copies/").status_code == 409
    assert Document.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", "/api/documents/{pk}/copies/", ""),
        ("POST", "/api/documents/", '{"markdown": "Words."}'),
        ("GET", "/documents/{pk}/export/", ""),
    ],
)
def test_only_a_few_whole_documents_are_read_at_once(
    minutes: Document, ada: User, browser_of: Browser, monkeypatch: pytest.MonkeyPatch, method: str, url: str, body: str
) -> None:
    monkeypatch.setattr(turns, "WAIT_S", 0.01)
    browser, url = browser_of(ada), url.format(pk=minutes.pk)
    with turns.turn(), turns.turn():
        answer = browser.generic(method, url, body, content_type="application/json")
        assert (answer.status_code, answer.json()["status"]) == (503, 503)
    assert browser.generic(method, url, body, content_type="application/json").status_code in (200, 201)


def test_who_lost_access_cannot_copy(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    revoke(by=ada, obj=minutes, to=bob)
    assert browser_of(bob).post(f"/api/documents/{minutes.pk}/copies/").status_code == 404
