"""Signing up, in and out."""

from collections.abc import Callable

import pytest
from django.test import Client

from permissions.models import CARET_COLORS, User
from tests.conftest import Person

Browser = Callable[[User | None], Client]
NEWCOMER = {"name": "Dave", "email": "dave.smith@example.org", "password": "a long enough one"}


def test_the_first_account_is_made_in_the_browser_and_signed_in(client: Client, db: None) -> None:
    response = client.post("/sign-up/", NEWCOMER)
    assert (response.status_code, response["Location"]) == (302, "/welcome/")
    dave = User.objects.get()
    assert (dave.username, dave.name, dave.email) == ("dave-smith", "Dave", "dave.smith@example.org")
    assert dave.color == CARET_COLORS[dave.pk % len(CARET_COLORS)]
    assert client.get("/").context["user"] == dave


def test_who_was_on_the_way_somewhere_arrives_there_after_signing_up(client: Client, db: None) -> None:
    assert client.post("/sign-up/", NEWCOMER | {"next": "/documents/x/"})["Location"] == "/documents/x/"
    assert client.get("/sign-up/?next=//evil.example/")["Location"] == "/"


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
