"""Theme and language: whose choice counts, and what a page is then."""

from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from permissions.models import User


def page(client: Client, path: str = "/account/", **headers: str) -> str:
    return str(client.get(path, headers=headers).content.decode())


@pytest.fixture
def adas(ada: User) -> Client:
    client = Client()
    client.force_login(ada, "permissions.backends.SignInBackend")
    return client


def test_a_page_follows_the_system_until_something_is_chosen(client: Client, db: None) -> None:
    found = page(client, "/sign-in/")
    assert 'data-theme="system"' in found
    assert '<meta name="color-scheme" content="light dark">' in found
    assert found.count('name="theme-color"') == 2


@pytest.mark.parametrize(
    ("theme", "scheme", "papers"),
    [("light", "light", 1), ("dark", "dark", 1), ("contrast", "light dark", 2), ("system", "light dark", 2)],
)
def test_a_theme_is_in_the_page_itself(adas: Client, ada: User, theme: str, scheme: str, papers: int) -> None:
    adas.post("/preferences/", {"theme": theme})
    ada.refresh_from_db()
    assert ada.theme == theme
    found = page(adas)
    assert f'data-theme="{theme}"' in found
    assert f'<meta name="color-scheme" content="{scheme}">' in found
    assert found.count('name="theme-color"') == papers


def test_a_theme_stays_with_the_browser_after_signing_out(adas: Client) -> None:
    adas.post("/preferences/", {"theme": "dark"})
    adas.post("/sign-out/")
    assert 'data-theme="dark"' in page(adas, "/sign-in/")


def test_a_persons_theme_and_language_come_along_to_another_browser(ada: User, client: Client) -> None:
    User.objects.filter(pk=ada.pk).update(theme="contrast", language="de")
    client.post("/sign-in/", {"username": "ada", "password": "correct horse"})
    assert 'lang="de"' in page(client)
    client.post("/sign-out/")
    found = page(client, "/sign-in/", **{"accept-language": "en"})
    assert 'data-theme="contrast"' in found
    assert '<html lang="de" dir="ltr"' in found


@pytest.mark.parametrize("theme", ["", "purple", '"><script>', "x" * 1000])
def test_a_theme_that_is_none_changes_nothing(adas: Client, ada: User, theme: str) -> None:
    assert adas.post("/preferences/", {"theme": theme}).status_code == 302
    ada.refresh_from_db()
    assert ada.theme == "system"


def test_a_cookie_that_is_no_theme_is_none(client: Client, db: None) -> None:
    client.cookies["theme"] = '"><script>alert(1)</script>'
    assert 'data-theme="system"' in page(client, "/sign-in/")


def test_the_database_knows_the_themes(ada: User) -> None:
    with pytest.raises(IntegrityError, match="user_theme_known"):
        User.objects.filter(pk=ada.pk).update(theme="purple")


@pytest.mark.parametrize(
    ("asked", "language"), [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr,en;q=0.5", "en"), ("tlh", "en"), ("", "en")]
)
def test_a_page_is_in_the_browsers_language(client: Client, db: None, asked: str, language: str) -> None:
    assert f'<html lang="{language}"' in page(client, "/sign-in/", **{"accept-language": asked})


def test_a_chosen_language_counts_more_than_the_browsers(client: Client, db: None) -> None:
    response = client.post("/preferences/", {"language": "de", "next": "/sign-up/"})
    assert response["Location"] == "/sign-up/"
    found = page(client, "/sign-up/", **{"accept-language": "en"})
    assert "Konto anlegen" in found
    client.post("/preferences/", {"language": "en"})
    assert "Create an account" in page(client, "/sign-up/", **{"accept-language": "de"})


def test_a_persons_language_counts_more_than_the_cookie(adas: Client, ada: User) -> None:
    adas.post("/preferences/", {"language": "de"})
    ada.refresh_from_db()
    assert ada.language == "de"
    adas.cookies["language"] = "en"
    assert '<html lang="de"' in page(adas)
    adas.post("/preferences/", {"language": ""})
    assert '<html lang="en"' in page(adas)


def test_what_forms_say_is_in_the_language_too(client: Client, db: None) -> None:
    form = {"name": "", "email": "x", "password": "12345678"}
    found = client.post("/sign-up/", form, headers={"accept-language": "de"}).content.decode()
    for sentence in ("Dieses Feld ist zwingend erforderlich.", "Bitte gültige E-Mail-Adresse eingeben."):
        assert sentence in found


def test_problems_for_scripts_are_in_the_language_too(adas: Client, minutes: Any) -> None:
    adas.post("/preferences/", {"language": "de"})
    answer = adas.post(
        f"/api/documents/{minutes.pk}/shares/", '{"people": ["eve"], "role": "viewer"}', content_type="application/json"
    )
    assert answer.json()["refused"] == {"eve": "Hier heißt niemand „eve“."}


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/"])
def test_choosing_leads_nowhere_else(client: Client, db: None, elsewhere: str) -> None:
    assert client.post("/preferences/", {"theme": "dark", "next": elsewhere})["Location"] == "/sign-in/"
