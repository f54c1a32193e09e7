"""Every route, visited by nobody and by a stranger. A route that is not in the table below fails."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from documents.models import Document
from permissions.models import User

type Answer = int | str  # a status, or where a redirect leads to (a prefix)

SIGN_IN = "/sign-in/?next="

# route -> method -> (what nobody gets, what a stranger who is signed in gets)
POLICY: dict[str, dict[str, tuple[Answer, Answer]]] = {
    "": {"GET": (SIGN_IN, 200)},
    "sign-up/": {"GET": (200, "/"), "POST": (200, 200)},
    "sign-in/": {"GET": (200, "/"), "POST": (200, 200)},
    "sign-out/": {"POST": ("/sign-in/", "/sign-in/")},
    "sw.js": {"GET": (200, 200)},
    "documents/": {"POST": (SIGN_IN, "/documents/")},
    "documents/<uuid:pk>/": {"GET": (SIGN_IN, 404), "PATCH": (401, 404), "DELETE": (401, 404)},
    "documents/<uuid:pk>/shares/": {"GET": (401, 404), "POST": (401, 404)},
    "documents/<uuid:pk>/shares/<str:share>/": {"PATCH": (401, 404), "DELETE": (401, 404)},
    "documents/<uuid:pk>/link/": {"PUT": (401, 404)},
}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
BODY = '{"title": "x", "person": "bob", "role": "owner"}'


def routes(resolver: URLResolver | None = None, prefix: str = "") -> list[tuple[str, URLPattern]]:
    found: list[tuple[str, URLPattern]] = []
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        found += routes(entry, path) if isinstance(entry, URLResolver) else [(path, entry)]
    return found


def ours() -> list[str]:
    return [path for path, _ in routes() if not path.startswith("admin/")]


def visits() -> list[Any]:
    return [pytest.param(path, method, id=f"{method} /{path}") for path, by in POLICY.items() for method in by]


def test_every_route_is_in_the_table() -> None:
    assert sorted(ours()) == sorted(POLICY)


@pytest.mark.parametrize(("path", "method"), visits())
def test_nobody_gets_in(path: str, method: str, minutes: Document, browser_of: Callable[..., Client]) -> None:
    assert_answer(visit(browser_of(None), method, path, minutes.pk), POLICY[path][method][0])


@pytest.mark.parametrize(("path", "method"), visits())
def test_a_stranger_sees_nothing(
    path: str, method: str, minutes: Document, bob: User, browser_of: Callable[..., Client]
) -> None:
    assert_answer(visit(browser_of(bob), method, path, minutes.pk), POLICY[path][method][1])
    minutes.refresh_from_db()
    assert (minutes.title, minutes.trashed_at, minutes.link_role) == ("Minutes", None, None)


@pytest.mark.parametrize("path", [path for path in POLICY if "<uuid" in path])
def test_a_deactivated_owner_is_nobody(
    path: str, minutes: Document, ada: User, browser_of: Callable[..., Client]
) -> None:
    browser = browser_of(ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    for method, (answer, _) in POLICY[path].items():
        assert_answer(visit(browser, method, path, minutes.pk), answer)


@pytest.mark.parametrize("path", POLICY)
def test_other_methods_are_not_possible(
    path: str, minutes: Document, ada: User, browser_of: Callable[..., Client]
) -> None:
    for method in METHODS:
        if method not in POLICY[path]:
            assert visit(browser_of(ada), method, path, minutes.pk).status_code == 405, method


@pytest.mark.parametrize("path", [path for path in POLICY if POLICY[path].keys() - {"GET"}])
def test_what_writes_asks_for_the_csrf_token(path: str, minutes: Document, ada: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada, "permissions.backends.SignInBackend")
    for method in POLICY[path].keys() - {"GET"}:
        assert visit(browser, method, path, minutes.pk).status_code == 403, method


def test_the_admin_is_for_staff(ada: User, browser_of: Callable[..., Client]) -> None:
    for browser in (browser_of(None), browser_of(ada)):
        answer = browser.get("/admin/documents/document/")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


def visit(browser: Client, method: str, path: str, document: UUID) -> Any:
    url = "/" + path.replace("<uuid:pk>", str(document)).replace("<str:share>", "user-1")
    if path in ("sign-up/", "sign-in/", "sign-out/", "documents/"):
        return browser.generic(method, url, "", content_type="application/x-www-form-urlencoded")
    return browser.generic(method, url, BODY, content_type="application/json")


def assert_answer(response: Any, expected: Answer) -> None:
    if isinstance(expected, str):
        assert response.status_code == 302
        assert response["Location"].startswith(expected)
    else:
        assert response.status_code == expected
