"""The pages of documents."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from documents import log
from documents.content import tree
from documents.models import Document, DocumentUpdate
from permissions.links import set_link
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant

Browser = Callable[[User | None], Client]


def send(browser: Client, method: str, document: Document, body: Any = None) -> Any:
    return browser.generic(method, f"/api{page_of(document)}", json.dumps(body), content_type="application/json")


def page_of(document: Document) -> str:
    return f"/documents/{document.pk}/"


def test_a_new_document_begins_with_a_line_so_that_two_first_words_share_it(ada: User, browser_of: Browser) -> None:
    browser_of(ada).post("/documents/")
    made = Document.objects.get()
    loaded = log.load(made.pk)
    assert loaded is not None
    assert tree(*loaded.updates)["content"] == [{"type": "paragraph", "content": []}]


def test_a_new_document_belongs_to_its_maker_and_opens(ada: User, browser_of: Browser) -> None:
    browser = browser_of(ada)
    response = browser.post("/documents/")
    document = Document.objects.get()
    assert (response.status_code, response["Location"]) == (302, page_of(document))
    page = browser.get(response["Location"])
    assert page.status_code == 200
    assert page.context["role"] == "owner"


def test_the_page_tells_the_script_what_it_needs_and_no_content(
    minutes: Document, ada: User, bob: User, browser_of: Browser
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.COMMENTER)
    page = browser_of(bob).get(page_of(minutes))
    boot = page.context["boot"]
    assert boot == {
        "document": {"id": str(minutes.pk), "title": "Minutes", "starred": False},
        "role": "commenter",
        "person": {"id": str(bob.pk), "name": "Bob", "color": bob.color, "guest": False},
        "socket": f"/ws/documents/{minutes.pk}/",
        "imageMaxBytes": settings.IMAGES["MAX_BYTES"],
        "urls": {
            "document": page_of(minutes),
            "api": f"/api{page_of(minutes)}",
            **{name: f"{page_of(minutes)}{name}/" for name in ("images", "export")},
            "account": "/account/",
            "home": "/",
            "guestName": "/guest/name/",
            "signIn": f"/sign-in/?next=%2Fdocuments%2F{minutes.pk}%2F",
            "signUp": f"/sign-up/?next=%2Fdocuments%2F{minutes.pk}%2F",
        },
    }
    html = page.content.decode()
    printed = html.split('<script id="boot" type="application/json">')[1].split("</script>")[0]
    assert json.loads(printed) == boot
    assert "csrftoken" in page.cookies
    assert "no-store" in page["Cache-Control"]


def test_a_title_cannot_break_out_of_the_page(minutes: Document, ada: User, browser_of: Browser) -> None:
    attack = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    assert send(browser_of(ada), "PATCH", minutes, {"title": attack}).status_code == 200
    for url in (page_of(minutes), "/"):
        html = browser_of(ada).get(url).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_pages_allow_only_our_own_scripts(minutes: Document, ada: User, browser_of: Browser) -> None:
    for browser, url in ((browser_of(ada), page_of(minutes)), (browser_of(ada), "/"), (browser_of(None), "/sign-in/")):
        page = browser.get(url)
        policy = dict(part.strip().split(" ", 1) for part in page["Content-Security-Policy"].split(";"))
        assert policy["script-src"] == policy["style-src"] == policy["default-src"] == "'self'"
        assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        html = page.content.decode()
        assert "<style" not in html
        assert html.count("<script") == html.count('<script type="module" src=') + html.count(
            '<script id="boot" type="application/json">'
        )


def test_a_stranger_and_a_wrong_address_look_the_same(minutes: Document, bob: User, browser_of: Browser) -> None:
    forbidden = browser_of(bob).get(page_of(minutes))
    missing = browser_of(bob).get(f"/documents/{uuid4()}/")
    assert forbidden.status_code == missing.status_code == 404
    assert forbidden.content == missing.content


def test_a_link_lets_in_without_listing(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    set_link(by=ada, obj=minutes, role=Role.VIEWER)
    assert browser_of(bob).get(page_of(minutes)).context["role"] == "viewer"
    assert browser_of(bob).get("/").context["documents"] == []


def test_the_list_shows_what_one_scans_for(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    DocumentUpdate.objects.create(document=minutes, seq=1, author=bob, created_at=timezone.now(), payload=b"")
    Document.objects.filter(pk=minutes.pk).update(head_seq=1)
    old = Document.objects.create_for(owner=bob, title="Old")
    Document.objects.filter(pk=old.pk).update(edited_at=timezone.now() - timedelta(days=1))
    found = browser_of(bob).get("/").context["documents"]
    lines = [(d.title, d.role, d.owner_name, d.last_editor_name, d.people_count) for d in found]
    assert lines == [("Minutes", "editor", "Ada", "Bob", 2), ("Old", "owner", "Bob", "", 1)]


def test_an_editor_renames(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    response = send(browser_of(bob), "PATCH", minutes, {"title": "  Minutes\n of May "})
    assert (response.status_code, response.json()["title"]) == (200, "Minutes of May")
    minutes.refresh_from_db()
    assert minutes.title == "Minutes of May"


@pytest.mark.parametrize(
    ("title", "detail"),
    [
        ("x" * 201, "A title has at most 200 characters; this one has 201."),
        (None, '"title" must be text.'),
        ({"a": 1}, '"title" must be text.'),
        ("a\0b", '"title" has a character that is no text.'),
    ],
)
def test_a_bad_title_is_named_and_changes_nothing(
    minutes: Document, ada: User, browser_of: Browser, title: Any, detail: str
) -> None:
    response = send(browser_of(ada), "PATCH", minutes, {"title": title})
    assert (response.status_code, response.json()["detail"], response.json()["field"]) == (400, detail, "title")
    minutes.refresh_from_db()
    assert minutes.title == "Minutes"


@pytest.mark.parametrize(
    ("role", "renaming", "trashing"), [("viewer", 403, 403), ("commenter", 403, 403), ("editor", 200, 403)]
)
def test_each_role_changes_the_document_as_a_whole_no_more_than_it_may(
    minutes: Document, ada: User, bob: User, browser_of: Browser, role: str, renaming: int, trashing: int
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.parse(role))
    assert send(browser_of(bob), "PATCH", minutes, {"title": "Mine"}).status_code == renaming
    assert send(browser_of(bob), "DELETE", minutes).status_code == trashing


def test_an_owner_moves_it_to_the_trash_and_nothing_of_it_is_deleted(
    minutes: Document, ada: User, browser_of: Browser
) -> None:
    DocumentUpdate.objects.create(document=minutes, seq=1, author=ada, created_at=timezone.now(), payload=b"x")
    assert send(browser_of(ada), "DELETE", minutes).status_code == 200
    assert browser_of(ada).get(page_of(minutes)).status_code == 404
    assert browser_of(ada).get("/").context["documents"] == []
    assert send(browser_of(ada), "DELETE", minutes).status_code == 404
    assert DocumentUpdate.objects.count() == 1


def test_the_worker_may_govern_the_whole_site(client: Client, db: None) -> None:
    response = client.get("/sw.js")
    assert response["Service-Worker-Allowed"] == "/"
    assert response["Content-Type"].startswith("text/javascript")


def test_without_a_build_the_page_says_how_to_make_one(
    minutes: Document, ada: User, settings: Any, tmp_path: Any, browser_of: Browser
) -> None:
    from documents.templatetags import assets

    assets._kept.cache_clear()
    settings.FRONTEND = tmp_path
    browser = browser_of(ada)
    browser.raise_request_exception = False
    for url in (page_of(minutes), "/sw.js"):
        response = browser.get(url)
        assert response.status_code == 503
        assert "run `make build`" in response.content.decode()


def test_an_error_of_ours_is_a_page_without_details(
    minutes: Document, ada: User, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("documents.views.access_for", fail)
    browser = browser_of(ada)
    browser.raise_request_exception = False
    response = browser.get(page_of(minutes))
    assert response.status_code == 500
    assert "secret detail" not in response.content.decode()
