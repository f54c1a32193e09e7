"""Every route but the API's, visited by a guest: one whose link makes them an editor, and one whose link was closed.

A route that is not in the table below fails. The visits are a script's; that pages lead home is in test_guests.
"""

from collections.abc import Callable

import pytest
from django.test import Client

from documents.models import Document
from permissions import guests
from permissions.links import set_link
from permissions.models import User
from permissions.roles import Role

from .test_policy import BODY, METHODS, Answer, assert_answer, ours, visit

HOME = "/"  # which says what an account would give

# route -> method -> (what a guest in the document gets, what one gets whose link was closed)
POLICY: dict[str, dict[str, tuple[Answer, Answer]]] = {
    "": {"GET": (200, 200)},
    "sign-up/": {"GET": (200, 200), "POST": (200, 200)},
    "sign-in/": {"GET": (200, 200), "POST": (200, 200)},
    "sign-out/": {"POST": ("/sign-in/", "/sign-in/")},
    "reset/": {"GET": (200, 200), "POST": (200, 200)},
    "reset/sent/": {"GET": (200, 200)},
    "reset/done/": {"GET": (200, 200)},
    "reset/<str:uidb64>/<str:token>/": {"GET": (200, 200), "POST": (200, 200)},
    "account/": {"GET": (404, 404), "POST": (404, 404)},
    "account/password/": {"POST": (404, 404)},
    "account/ended-sessions/": {"POST": (404, 404)},
    "account/tokens/": {"POST": (404, 404)},
    "account/revoked-tokens/": {"POST": (404, 404)},
    "account/mail/": {"POST": (404, 404)},
    "groups/": {"GET": (404, 404)},
    "unsubscribe/<str:token>/": {"GET": (404, 404), "POST": (404, 404)},  # of no mail
    "guest/name/": {"POST": (400, 400)},
    "preferences/": {"POST": ("/sign-in/", "/sign-in/")},
    "sw.js": {"GET": (200, 200)},
    "welcome/": {"GET": (404, 404)},
    "documents/": {"POST": (HOME, HOME)},
    "documents/<uuid:pk>/": {"GET": (200, 404)},
    "documents/<uuid:pk>/entrance/": {"POST": ("/documents/", "/documents/")},
    "documents/<uuid:pk>/requests/": {"POST": (404, 404)},
    "invitations/<str:secret>/": {"GET": (404, 404), "POST": (404, 404)},
    "documents/<uuid:pk>/images/": {"POST": (400, 404)},
    "documents/<uuid:pk>/images/<uuid:image>/": {"GET": (404, 404)},
    "documents/<uuid:pk>/export/": {"GET": (200, 404)},
}
VISITS = [pytest.param(path, method, id=f"{method} /{path}") for path, by in POLICY.items() for method in by]


@pytest.fixture
def heron(minutes: Document, ada: User) -> User:
    set_link(by=ada, obj=minutes, role=Role.EDITOR)
    return guests.welcome(obj=minutes, name="Quiet Heron")


def test_every_route_is_in_the_table() -> None:
    assert sorted(ours()) == sorted(POLICY)


@pytest.mark.parametrize(("path", "method"), VISITS)
def test_a_guest_gets_what_is_for_guests(
    path: str, method: str, minutes: Document, heron: User, browser_of: Callable[..., Client]
) -> None:
    assert_answer(visit(browser_of(heron), method, path, minutes.pk), POLICY[path][method][0])


@pytest.mark.parametrize(("path", "method"), VISITS)
def test_a_guest_whose_link_was_closed_has_lost_the_document(
    path: str, method: str, minutes: Document, ada: User, heron: User, browser_of: Callable[..., Client]
) -> None:
    set_link(by=ada, obj=minutes, role=None)
    assert_answer(visit(browser_of(heron), method, path, minutes.pk), POLICY[path][method][1])


@pytest.mark.parametrize("method", METHODS)
def test_what_says_nothing_of_guests_is_not_for_them(
    method: str, heron: User, browser_of: Callable[..., Client]
) -> None:
    """A view that is made tomorrow is closed until it says otherwise."""
    answer = browser_of(heron).generic(method, "/account/tokens/", BODY, content_type="application/json")
    assert answer.status_code in (302, 404)
