"""What all operations have in common: bounds, problems, what is kept on the way, how often the database is asked."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from documents import api
from documents.listing import PAGE_SIZE
from documents.markdown.reader import MAX_BYTES
from documents.models import Document, DocumentUpdate
from permissions import errors, problems, requests, statuses, teams, tokens
from permissions.models import Scope, User
from permissions.roles import Role
from permissions.sharing import grant
from project import bodies
from tests.conftest import Person

from .asking import assert_problem, send

Browser = Callable[[User | None], Client]


def kinds(error: type[errors.SharingError] = errors.SharingError) -> Iterator[type[errors.SharingError]]:
    for kind in error.__subclasses__():
        yield kind
        yield from kinds(kind)


@pytest.mark.parametrize("kind", sorted(kinds(), key=str))
def test_every_refusal_has_a_status_of_its_own_or_of_its_kind(kind: type[errors.SharingError]) -> None:
    assert any(each in statuses.STATUSES for each in kind.__mro__)


def test_the_description_is_of_openapi_3_1_and_names_every_problem(client: Client, db: None) -> None:
    described = client.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.1.")
    operations = [each for path in described["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    for each in operations:
        assert {"401", "403", "404"} <= each["responses"].keys()
        assert each["summary"]
        assert each["tags"]
        assert each["security"] == [{"Token": []}, {"Session": []}]
        for status, response in each["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"]


# -- Documents ---------------------------------------------------------------------------------------------------------


def test_a_document_is_made_with_what_its_markdown_says(ada: User, browser_of: Browser) -> None:
    body = {"title": " The\nPlan ", "markdown": "# Aims\n\n- [ ] One"}
    made = send(browser_of(ada), "POST", "/api/documents/", body)
    assert (made.status_code, made.json()["title"], made.json()["role"]) == (201, "The Plan", "owner")
    assert DocumentUpdate.objects.filter(document=made.json()["id"], author=ada).count() == 1
    exported = browser_of(ada).get(f"{made.json()['url']}export/?format=markdown")
    assert exported.content.decode() == "# Aims\n\n- [ ] One\n"


def test_a_document_is_made_with_nothing_in_it(ada: User, browser_of: Browser) -> None:
    made = send(browser_of(ada), "POST", "/api/documents/", {}).json()
    assert (made["title"], made["last_editor"], made["people"]) == ("", None, 1)
    assert browser_of(ada).get("/api/documents/").json()["documents"] == [made]


@pytest.mark.parametrize(
    ("body", "detail", "field"),
    [
        ({"title": "x" * 201}, "A title has at most 200 characters; this one has 201.", "title"),
        ({"title": None}, '"title" must be text.', "title"),
        ({"markdown": "x" * (MAX_BYTES + 1)}, "Markdown may have at most 512 KiB.", "markdown"),
        ({"markdown": "> " * 120 + "x"}, "What this Markdown says is nested too deep, or is no document.", "markdown"),
        ({"markdown": "x" * api.MAX_BODY_BYTES}, "The body is over 1024 KiB.", None),
    ],
)
def test_a_document_that_cannot_be_is_not_made(
    ada: User, browser_of: Browser, body: Any, detail: str, field: str | None
) -> None:
    assert_problem(send(browser_of(ada), "POST", "/api/documents/", body), 400, detail, field)
    assert not Document.objects.exists()


def test_documents_come_in_pages_sorted_and_filtered(ada: User, browser_of: Browser) -> None:
    for n in range(PAGE_SIZE + 5):
        Document.objects.create_for(owner=ada, title=f"Plan {n:03}")
    Document.objects.create_for(owner=ada, title="Other")
    seen: list[str] = []
    asked = {"view": "mine", "sort": "title", "q": "plan", "after": ""}
    for _page in range(2):
        found = browser_of(ada).get("/api/documents/", asked).json()
        seen += [each["title"] for each in found["documents"]]
        asked["after"] = found["next"]
    assert seen == [f"Plan {n:03}" for n in range(PAGE_SIZE + 5)]
    assert asked["after"] == ""


@pytest.mark.parametrize(("name", "value"), [("view", "all"), ("sort", "size"), ("q", "x" * 201), ("q", "\0")])
def test_a_list_that_there_is_not_is_refused(ada: User, browser_of: Browser, name: str, value: str) -> None:
    answer = browser_of(ada).get("/api/documents/", {name: value})
    assert (answer.status_code, answer.json()["field"]) == (400, name)


def test_a_token_that_reads_is_told_whose_documents_are_whose(ada: User, bob: User, minutes: Document) -> None:
    secret = tokens.make(person=ada, name="x", scope=Scope.READ, expires_at=None)
    program = Client(headers={"authorization": f"Bearer {secret}"})
    [mine] = program.get("/api/documents/?view=mine").json()["documents"]
    assert (mine["id"], mine["role"], mine["owner"]["name"]) == (str(minutes.pk), "viewer", "Ada")
    assert program.get("/api/documents/?view=shared").json()["documents"] == []


# -- On the way --------------------------------------------------------------------------------------------------------


def test_answers_are_not_kept_on_the_way(ada: User, minutes: Document, browser_of: Browser) -> None:
    for browser in (browser_of(ada), browser_of(None)):
        assert browser.get(f"/api/documents/{minutes.pk}/")["Cache-Control"] == "private, no-store"


def test_an_error_of_ours_tells_nothing(ada: User, browser_of: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("documents.api.list_documents", fail)
    browser = browser_of(ada)
    browser.raise_request_exception = False
    answer = browser.get("/api/documents/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert "secret" not in answer.content.decode()


# -- Queries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/api/documents/", 11), ("/api/documents/{pk}/", 11), ("/api/documents/{pk}/shares/", 9),
        ("/api/documents/{pk}/access/", 10), ("/api/documents/{pk}/requests/", 7),
        ("/api/documents/{pk}/invitations/", 8), ("/api/documents/{pk}/log/", 7), ("/api/teams/", 6),
        ("/api/notices/", 7),
    ],
)  # fmt: skip
def test_the_number_of_queries_does_not_grow(
    minutes: Document, ada: User, person: Person, browser_of: Browser, path: str, most: int
) -> None:
    counts = []
    for round_ in range(2):
        for n in range(2 + 4 * round_):
            fill(minutes, ada, person(f"p{round_}{n}"), n)
        browser = browser_of(ada)
        browser.get("/api/notices/unread/")  # that the session was here is noted once
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(path.format(pk=minutes.pk)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= most


def fill(document: Document, ada: User, somebody: User, n: int) -> None:
    """One more of everything that lists are made of."""
    team = teams.create(by=ada, name=f"Team {somebody.username}")
    teams.add(by=ada, team=team, who=somebody.username)
    grant(by=ada, obj=document, to=team.group, role=Role.VIEWER)
    grant(by=ada, obj=document, to=somebody, role=Role.VIEWER)
    requests.ask(by=somebody, obj=document, role=Role.EDITOR)
    Document.objects.create_for(owner=ada, title=f"Plan {somebody.username}")


def test_bodies_are_bounded_before_they_are_read_as_they_are_after() -> None:
    assert bodies.limit_for("/api/documents/") == api.MAX_BODY_BYTES
    assert bodies.limit_for("/api/teams/") == bodies.limit_for("/api/documents/x/") == problems.MAX_BODY_BYTES
