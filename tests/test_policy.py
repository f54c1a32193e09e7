"""Every route but the API's (test_api_policy), visited by nobody and by a stranger. One that is not in the table below
fails.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from documents.models import Document
from permissions import tokens
from permissions.models import Scope, User
from project.probes import Probes

from .project.asking import ask

type Answer = int | str  # a status, or where a redirect leads to (a prefix)

SIGN_IN = "/sign-in/?next="

# route -> method -> (what nobody gets, what a stranger who is signed in gets)
POLICY: dict[str, dict[str, tuple[Answer, Answer]]] = {
    "": {"GET": (SIGN_IN, 200)},
    "sign-up/": {"GET": (200, "/"), "POST": (200, 200)},
    "sign-in/": {"GET": (200, "/"), "POST": (200, 200)},
    "sign-out/": {"POST": ("/sign-in/", "/sign-in/")},
    "reset/": {"GET": (200, 200), "POST": (200, 200)},
    "reset/sent/": {"GET": (200, 200)},
    "reset/done/": {"GET": (200, 200)},
    "reset/<str:uidb64>/<str:token>/": {"GET": (200, 200), "POST": (200, 200)},
    "account/": {"GET": (SIGN_IN, 200), "POST": (SIGN_IN, 200)},
    "account/password/": {"POST": (SIGN_IN, 200)},
    "account/ended-sessions/": {"POST": (SIGN_IN, 404)},
    "account/tokens/": {"POST": (SIGN_IN, 200)},
    "account/revoked-tokens/": {"POST": (SIGN_IN, 404)},
    "groups/": {"GET": (SIGN_IN, 200)},
    "account/mail/": {"POST": (SIGN_IN, "/account/")},
    "unsubscribe/<str:token>/": {"GET": (404, 404), "POST": (404, 404)},
    "guest/name/": {"POST": (404, 404)},
    "preferences/": {"POST": ("/sign-in/", "/account/")},
    "sw.js": {"GET": (200, 200)},
    "welcome/": {"GET": (SIGN_IN, "/documents/")},
    "documents/": {"POST": (SIGN_IN, "/documents/")},
    "documents/<uuid:pk>/": {"GET": (SIGN_IN, 404)},
    "documents/<uuid:pk>/entrance/": {"POST": ("/documents/", "/documents/")},
    "documents/<uuid:pk>/requests/": {"POST": (SIGN_IN, 404)},
    "invitations/<str:secret>/": {"GET": (404, 404), "POST": (404, 404)},
    "documents/<uuid:pk>/images/": {"POST": (401, 404)},
    "documents/<uuid:pk>/images/<uuid:image>/": {"GET": (401, 404)},
    "documents/<uuid:pk>/export/": {"GET": (401, 404)},
}
# What may be done there is in the signed link, which a mail program shows without a session or a cookie (RFC 8058).
BY_LINK = {"unsubscribe/<str:token>/"}
# What machines ask, before Django (project.probes): path -> (what this machine gets, what another gets)
PROBES = {"/healthz": (200, 200), "/readyz": (200, 200), "/metrics": (200, 404)}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
BODY = '{"title": "x", "person": "bob", "role": "owner"}'


def routes(resolver: URLResolver | None = None, prefix: str = "") -> list[tuple[str, URLPattern]]:
    found: list[tuple[str, URLPattern]] = []
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        found += routes(entry, path) if isinstance(entry, URLResolver) else [(path, entry)]
    return found


def ours() -> list[str]:
    return [path for path, _ in routes() if not path.startswith(("admin/", "api/"))]  # the API: test_api_policy


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


@pytest.mark.parametrize(("path", "method"), visits())
@pytest.mark.parametrize("kind", ["write", "read", "expired", "revoked", "of somebody deactivated"])
def test_a_token_opens_the_json_views_and_nothing_else(
    path: str, method: str, kind: str, minutes: Document, bob: User
) -> None:
    """A stranger's program: what answers nobody with 401 takes tokens; to the rest its bearer is nobody."""
    browser = Client(headers={"authorization": f"Bearer {token_of(bob, kind)}"})
    nobody, stranger = POLICY[path][method]
    expected: Answer = nobody
    if nobody == 401 and kind == "read" and method != "GET":
        expected = 403
    elif nobody == 401 and kind in ("read", "write"):
        expected = stranger
    assert_answer(visit(browser, method, path, minutes.pk), expected)
    minutes.refresh_from_db()
    assert (minutes.title, minutes.trashed_at, minutes.link_role) == ("Minutes", None, None)


@pytest.mark.parametrize("path", POLICY)
def test_other_methods_are_not_possible(
    path: str, minutes: Document, ada: User, browser_of: Callable[..., Client]
) -> None:
    for method in METHODS:
        if method not in POLICY[path]:
            assert visit(browser_of(ada), method, path, minutes.pk).status_code == 405, method


@pytest.mark.parametrize("path", [path for path in POLICY if POLICY[path].keys() - {"GET"} and path not in BY_LINK])
def test_what_writes_asks_for_the_csrf_token(path: str, minutes: Document, ada: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada, "permissions.backends.SignInBackend")
    for method in POLICY[path].keys() - {"GET"}:
        assert visit(browser, method, path, minutes.pk).status_code == 403, method


@pytest.mark.parametrize("path", ["documents/document/", "collab/opendocument/", "collab/opendocument/closed/"])
def test_the_admin_is_for_staff(path: str, ada: User, browser_of: Callable[..., Client]) -> None:
    for browser in (browser_of(None), browser_of(ada)):
        for answer in (browser.get(f"/admin/{path}"), browser.post(f"/admin/{path}")):
            assert answer.status_code == 302
            assert answer["Location"].startswith("/admin/login/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", PROBES)
async def test_a_probe_answers_each_as_the_table_says(path: str) -> None:
    async def beyond(*_: Any) -> None:
        raise AssertionError("it was passed on")

    probes = Probes(beyond)
    assert set(probes.paths) == set(PROBES)
    here, elsewhere = PROBES[path]
    assert (await ask(path, application=probes)).status == here
    assert (await ask(path, application=probes, peer="203.0.113.9")).status == elsewhere
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await ask(path, application=probes, method=method)).status == 405


def token_of(person: User, kind: str) -> str:
    scope = Scope.READ if kind == "read" else Scope.WRITE
    expires_at = timezone.now() - timedelta(seconds=1) if kind == "expired" else None
    secret = tokens.make(person=person, name=kind, scope=scope, expires_at=expires_at)
    if kind == "revoked":
        tokens.revoke(person.tokens.all())
    if kind == "of somebody deactivated":
        User.objects.filter(pk=person.pk).update(is_active=False)
    return secret


def visit(browser: Client, method: str, path: str, document: UUID) -> Any:
    url = "/" + path.replace("<uuid:pk>", str(document)).replace("<str:share>", "user-1")
    url = url.replace("<uuid:image>", str(document)).replace("<str:uidb64>/<str:token>", "MQ/made-up")
    url = url.replace("<str:token>", "made-up")
    url = url.replace("<str:secret>", "made-up")
    if path in ("sign-up/", "sign-in/", "sign-out/", "documents/"):
        return browser.generic(method, url, "", content_type="application/x-www-form-urlencoded")
    return browser.generic(method, url, BODY, content_type="application/json")


def assert_answer(response: Any, expected: Answer) -> None:
    if isinstance(expected, str):
        assert response.status_code == 302
        assert response["Location"].startswith(expected)
    else:
        assert response.status_code == expected
