"""Signing up, in and out; and sharing over JSON."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from documents.models import Document
from permissions.access import access_for
from permissions.models import CARET_COLORS, User
from permissions.roles import Role
from permissions.sharing import grant
from tests.conftest import Person

Browser = Callable[[User | None], Client]
NEWCOMER = {"name": "Dave", "email": "dave.smith@example.org", "password": "a long enough one"}


def send(browser: Client, method: str, url: str, body: Any) -> Any:
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return browser.generic(method, url, data, content_type="application/json")


def shares_of(document: Document) -> str:
    return f"/documents/{document.pk}/shares/"


# -- Accounts ----------------------------------------------------------------------------------------------------------


def test_the_first_account_is_made_in_the_browser_and_signed_in(client: Client, db: None) -> None:
    response = client.post("/sign-up/", NEWCOMER)
    assert (response.status_code, response["Location"]) == (302, "/")
    dave = User.objects.get()
    assert (dave.username, dave.name, dave.email) == ("dave-smith", "Dave", "dave.smith@example.org")
    assert dave.color == CARET_COLORS[dave.pk % len(CARET_COLORS)]
    assert client.get("/").context["user"] == dave


def test_a_user_name_that_is_taken_gets_a_number(client: Client, person: Person, db: None) -> None:
    person("Dave-Smith", email="other@example.org")
    client.post("/sign-up/", NEWCOMER)
    assert User.objects.filter(username="dave-smith2").exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("email", "ADA@Example.org", "Somebody has signed up with this address already"),
        ("email", "not an address", "Enter a valid email address."),
        ("password", "short", "This password is too short"),
        ("password", "12345678", "This password is entirely numeric."),
        ("password", "dave.smith@example.org", "The password is too similar to the email."),
        ("name", "", "This field is required."),
        ("name", "x" * 81, "at most 80 characters"),
        ("name", "a\0b", "Null characters are not allowed."),
    ],
)
def test_a_bad_sign_up_says_what_is_wrong_and_makes_nobody(
    client: Client, ada: User, field: str, value: str, sentence: str
) -> None:
    response = client.post("/sign-up/", NEWCOMER | {field: value})
    assert response.status_code == 200
    assert sentence in " ".join(response.context["form"].errors[field])
    assert User.objects.get() == ada


@pytest.mark.parametrize("name", ["ada", "ADA", "ada@example.org", "Ada@Example.ORG"])
def test_one_signs_in_with_the_user_name_or_the_address(client: Client, ada: User, name: str) -> None:
    response = client.post("/sign-in/", {"username": name, "password": "correct horse", "next": "/documents/x/"})
    assert (response.status_code, response["Location"]) == (302, "/documents/x/")


@pytest.mark.parametrize(
    "tried", [("ada", "wrong"), ("nobody", "correct horse"), ("", "correct horse"), ("gone", "correct horse")]
)
def test_signing_in_tells_nobody_who_has_an_account(
    client: Client, ada: User, person: Person, tried: tuple[str, str]
) -> None:
    person("gone", is_active=False)
    response = client.post("/sign-in/", {"username": tried[0], "password": tried[1]})
    assert response.status_code == 200
    assert "_auth_user_id" not in client.session
    if tried[0]:
        errors = response.context["form"].non_field_errors()
        assert errors == ["There is no account with this name and password."]


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil"])
def test_signing_in_leads_nowhere_else(client: Client, ada: User, elsewhere: str) -> None:
    response = client.post("/sign-in/", {"username": "ada", "password": "correct horse", "next": elsewhere})
    assert response["Location"] == "/"


def test_signing_out_clears_what_the_device_kept(ada: User, browser_of: Browser) -> None:
    browser = browser_of(ada)
    response = browser.post("/sign-out/")
    assert response["Location"] == "/sign-in/"
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.get("/").status_code == 302


def test_two_people_cannot_have_one_address_in_two_cases(ada: User, person: Person) -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError, match="email"):
        person("ada2", email="ADA@example.org")


# -- Sharing -----------------------------------------------------------------------------------------------------------


def test_the_list_says_who_has_access_and_who_you_are(
    minutes: Document, ada: User, bob: User, browser_of: Browser
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.COMMENTER)
    assert browser_of(ada).get(shares_of(minutes)).json() == {
        "shares": [
            {
                "id": str(ada.pk), "kind": "user", "name": "Ada", "email": "ada@example.org", "color": ada.color,
                "role": "owner", "you": True,
            },
            {
                "id": str(bob.pk), "kind": "user", "name": "Bob", "email": "bob@example.org", "color": bob.color,
                "role": "commenter", "you": False,
            },
        ],
        "link": {"role": None},
        "manage": True,
    }  # fmt: skip


def test_addresses_are_shown_to_owners_only(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    found = browser_of(bob).get(shares_of(minutes)).json()
    assert [share["email"] for share in found["shares"]] == ["", ""]
    assert found["manage"] is False


@pytest.mark.parametrize("name", ["bob", " Bob ", "BOB@example.org"])
def test_an_owner_adds_somebody_by_name_or_address(
    minutes: Document, ada: User, bob: User, browser_of: Browser, name: str
) -> None:
    response = send(browser_of(ada), "POST", shares_of(minutes), {"person": name, "role": "editor"})
    assert response.status_code == 201
    assert (response.json()["id"], response.json()["role"]) == (str(bob.pk), "editor")
    again = send(browser_of(ada), "POST", shares_of(minutes), {"person": name, "role": "viewer"})
    assert (again.status_code, again.json()["role"]) == (200, "viewer")
    assert access_for(bob, minutes).role is Role.VIEWER


def test_an_owner_adds_a_group_they_belong_to_and_no_other(minutes: Document, ada: User, browser_of: Browser) -> None:
    Group.objects.create(name="secret")
    ada.groups.add(Group.objects.create(name="Staff"))
    added = send(browser_of(ada), "POST", shares_of(minutes), {"person": "staff", "role": "viewer"})
    assert (added.status_code, added.json()["kind"], added.json()["name"]) == (201, "group", "Staff")
    assert send(browser_of(ada), "POST", shares_of(minutes), {"person": "secret", "role": "viewer"}).status_code == 400


def test_a_role_is_changed_and_taken_away(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    url = f"{shares_of(minutes)}user-{bob.pk}/"
    changed = send(browser_of(ada), "PATCH", url, {"role": "viewer"})
    assert (changed.status_code, changed.json()["role"]) == (200, "viewer")
    assert browser_of(ada).delete(url).status_code == 204
    assert access_for(bob, minutes).role is None


def test_the_last_owner_stays(minutes: Document, ada: User, browser_of: Browser) -> None:
    url = f"{shares_of(minutes)}user-{ada.pk}/"
    for response in (browser_of(ada).delete(url), send(browser_of(ada), "PATCH", url, {"role": "editor"})):
        assert_problem(response, 409, "Ada is the last owner: make somebody else an owner first.")


def test_the_link_is_set_and_taken_away(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    url = f"/documents/{minutes.pk}/link/"
    assert send(browser_of(ada), "PUT", url, {"role": "commenter"}).json() == {"role": "commenter"}
    assert access_for(bob, minutes).role is Role.COMMENTER
    assert send(browser_of(ada), "PUT", url, {"role": None}).json() == {"role": None}
    assert access_for(bob, minutes).role is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMMENTER, Role.EDITOR])
def test_who_may_not_share_is_told_so(minutes: Document, ada: User, bob: User, browser_of: Browser, role: Role) -> None:
    grant(by=ada, obj=minutes, to=bob, role=role)
    browser = browser_of(bob)
    for response in (
        send(browser, "POST", shares_of(minutes), {"person": "bob", "role": "owner"}),
        send(browser, "PATCH", f"{shares_of(minutes)}user-{bob.pk}/", {"role": "owner"}),
        browser.delete(f"{shares_of(minutes)}user-{ada.pk}/"),
        send(browser, "PUT", f"/documents/{minutes.pk}/link/", {"role": "editor"}),
    ):
        assert_problem(response, 403, f"This needs the role owner; yours is {role.label}.")
    assert access_for(bob, minutes).role is role


BAD_BODIES = [
    ("{", "The body is not JSON.", None),
    ("", "The body is not JSON.", None),
    (b"\xff\xfe\x00", "The body is not JSON.", None),
    ("[" * 50_000, "The body is not JSON.", None),
    ("[1]", "The body is JSON, but not an object.", None),
    ("null", "The body is JSON, but not an object.", None),
    ("{" + " " * 65536 + "}", "The body is over 64 KiB.", None),
    ({"role": "viewer"}, 'The body lacks "person".', "person"),
    ({"person": "bob", "role": "viewer", "x": 1}, 'The body has "x", which means nothing here.', "x"),
    ({"person": "eve", "role": "viewer"}, 'Nobody here is called "eve".', "person"),
    ({"person": 7, "role": "viewer"}, "Say whom: a user name or an e-mail address.", "person"),
    ({"person": " ", "role": "viewer"}, "Say whom: a user name or an e-mail address.", "person"),
    ({"person": "a\0", "role": "viewer"}, '"person" has a character that is no text.', "person"),
    ('{"person": "\\ud800", "role": "viewer"}', '"person" has a character that is no text.', "person"),
    (
        {"person": "bob", "role": "admin"},
        'There is no role "admin": expected one of viewer, commenter, editor, owner.',
        "role",
    ),
    (
        {"person": "bob", "role": 4},
        "There is no role like that: expected one of viewer, commenter, editor, owner.",
        "role",
    ),
]


@pytest.mark.parametrize(("body", "detail", "field"), BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_bad_body_is_named_and_changes_nothing(
    minutes: Document, ada: User, bob: User, browser_of: Browser, body: Any, detail: str, field: str | None
) -> None:
    assert_problem(send(browser_of(ada), "POST", shares_of(minutes), body), 400, detail, field)
    assert access_for(bob, minutes).role is None


def test_a_link_of_owners_is_refused(minutes: Document, ada: User, browser_of: Browser) -> None:
    response = send(browser_of(ada), "PUT", f"/documents/{minutes.pk}/link/", {"role": "owner"})
    assert_problem(response, 400, 'There is no role "owner": expected one of viewer, commenter, editor.', "role")


@pytest.mark.parametrize("share", ["user-0", "user-x", "robot-1", "user-", "group-5", "user-99999999999999999999"])
def test_a_share_that_is_not_there_is_not_found(minutes: Document, ada: User, browser_of: Browser, share: str) -> None:
    assert browser_of(ada).delete(f"{shares_of(minutes)}{share}/").status_code == 404


def assert_problem(response: Any, status: int, detail: str, field: str | None = None) -> None:
    assert response["Content-Type"] == "application/problem+json"
    found = response.json()
    assert (response.status_code, found["status"], found["detail"], found.get("field")) == (
        status,
        status,
        detail,
        field,
    )
