"""Access tokens: made once, kept as a hash, found by it, and never more than their scope."""

import re
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from documents.models import Document
from documents.trash import restore, trash
from permissions import tokens
from permissions.access import access_for, visible_to
from permissions.errors import NotAllowed
from permissions.links import set_link
from permissions.models import AccessToken, Scope, User
from permissions.roles import Role
from permissions.sharing import grant
from permissions.signals import access_changed
from tests.conftest import Person
from tests.databases import either_database

Browser = Callable[[User | None], Client]


def made(person: User, scope: Scope = Scope.WRITE, **left: float) -> str:
    """A token; `days=1` of it are left, or less than none."""
    expires_at = timezone.now() + timedelta(**left) if left else None
    return tokens.make(person=person, name="a robot", scope=scope, expires_at=expires_at)


def program(secret: str, **options: Any) -> Client:
    return Client(headers={"authorization": f"Bearer {secret}"}, **options)


@either_database
class TestOnEitherDatabase:
    def test_a_token_is_known_by_its_shape_and_kept_as_a_hash(self, database: str, person: Person) -> None:
        ada = person("ada")
        secret = made(ada)
        assert re.fullmatch(r"coscribe_[0-9A-Za-z]{36}", secret)
        chance, check, number = secret[9:39], secret[39:], 0
        for letter in check:
            number = number * 62 + tokens.LETTERS.index(letter)
        assert number == zlib.crc32(chance.encode())
        row = AccessToken.objects.get()
        assert (row.name, row.scope, row.user) == ("a robot", Scope.WRITE, ada)
        assert all(chance not in str(value) for value in vars(row).values())
        assert made(ada) != secret

    def test_a_token_is_found_as_long_as_it_is_valid(self, database: str, person: Person) -> None:
        ada = person("ada")
        good, late, other = made(ada, days=1), made(ada, days=-1), made(person("bob"))
        found = tokens.find(good)
        assert found is not None
        assert found.user == ada
        for nothing in (late, good[:-1], good + "x", good.upper(), "", "\ud800", "x" * 100_000):
            assert tokens.find(nothing) is None
        tokens.revoke(ada.tokens.all())
        assert tokens.find(good) is None
        assert tokens.find(other) is not None
        User.objects.filter(username="bob").update(is_active=False)
        assert tokens.find(other) is None

    def test_nobody_has_more_than_fifty(self, database: str, person: Person) -> None:
        ada, bob = person("ada"), person("bob")
        for _ in range(tokens.MAX_TOKENS):
            made(ada)
        with pytest.raises(tokens.TooManyTokens):
            made(ada)
        made(bob)
        tokens.revoke(ada.tokens.filter(pk=ada.tokens.first().pk))  # type: ignore[union-attr]
        made(ada)

    def test_a_scope_that_is_none_is_not_kept(self, database: str, person: Person) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            person("ada").tokens.create(name="x", scope="admin", digest="0" * 64)

    def test_its_last_use_is_known_to_the_minute(self, database: str, person: Person) -> None:
        secret = made(person("ada"))
        assert AccessToken.objects.get().seen_at is None
        tokens.find(secret)
        first = AccessToken.objects.get().seen_at
        assert first is not None
        tokens.find(secret)
        assert AccessToken.objects.get().seen_at == first
        AccessToken.objects.update(seen_at=first - timedelta(seconds=61))
        tokens.find(secret)
        assert AccessToken.objects.get().seen_at >= first  # type: ignore[operator]


def test_revoking_is_announced(ada: User, bob: User, django_capture_on_commit_callbacks: Any) -> None:
    heard: list[Any] = []
    access_changed.connect(lambda model, object_id, **_: heard.append((model, object_id)), weak=False, dispatch_uid="t")
    made(ada)
    made(bob)
    with django_capture_on_commit_callbacks(execute=True):
        assert tokens.revoke(ada.tokens.all()) == 1
    access_changed.disconnect(dispatch_uid="t")
    assert heard == [(User, ada.pk)]
    assert bob.tokens.count() == 1


def test_who_comes_in_by_a_token_that_reads_is_a_viewer_at_the_most(ada: User, bob: User, minutes: Document) -> None:
    reader, writer = tokens.find(made(ada, Scope.READ)), tokens.find(made(ada, Scope.WRITE))
    assert reader is not None
    assert writer is not None
    assert access_for(writer.user, minutes).role is Role.OWNER
    assert access_for(reader.user, minutes).role is Role.VIEWER
    assert list(visible_to(reader.user, Document.objects.all())) == [minutes]
    with pytest.raises(NotAllowed):
        grant(by=reader.user, obj=minutes, to=bob, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        set_link(by=reader.user, obj=minutes, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        trash(by=reader.user, document=minutes)
    trash(by=writer.user, document=minutes)
    with pytest.raises(NotAllowed):
        restore(by=reader.user, document=minutes)
    restore(by=writer.user, document=minutes)


# -- over HTTP ---------------------------------------------------------------------------------------------------------


def test_a_program_reads_and_writes_json_without_a_csrf_token(ada: User, minutes: Document) -> None:
    secret = made(ada)
    client = program(secret, enforce_csrf_checks=True)
    answer = client.patch(f"/api/documents/{minutes.pk}/", {"title": "By a program"}, content_type="application/json")
    assert (answer.status_code, answer.json()["title"]) == (200, "By a program")
    answer = client.get(f"/api/documents/{minutes.pk}/shares/")
    assert answer.json()["shares"][0]["username"] == "ada"
    assert answer.json()["manage"] is True
    assert "sessionid" not in client.cookies


def test_a_session_beside_the_token_keeps_its_csrf_check_and_counts_for_nothing(
    ada: User, bob: User, minutes: Document
) -> None:
    client = program(made(bob), enforce_csrf_checks=True)
    client.force_login(ada, "permissions.backends.SignInBackend")
    api = f"/api/documents/{minutes.pk}/"
    assert client.patch(api, {"title": "x"}, content_type="application/json").status_code == 403
    assert client.get(f"/api/documents/{minutes.pk}/shares/").status_code == 404  # it is bob's token
    strange = program("coscribe_made-up")
    strange.force_login(ada, "permissions.backends.SignInBackend")
    assert strange.get(f"/api/documents/{minutes.pk}/shares/").status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_token_that_reads_is_refused_whatever_changes_something(ada: User, minutes: Document, method: str) -> None:
    client = program(made(ada, Scope.READ))
    for path in ("", "shares/", "link/", "copies/", "star/"):
        answer = client.generic(method, f"/api/documents/{minutes.pk}/{path}", "{}", content_type="application/json")
        if answer.status_code != 405:
            assert answer.status_code == 403
            assert answer["Content-Type"] == "application/problem+json"
            assert answer["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'
    assert client.get(f"/api/documents/{minutes.pk}/shares/").json()["manage"] is False


def test_a_token_that_reads_is_shown_no_user_names(ada: User, minutes: Document) -> None:
    answer = program(made(ada, Scope.READ)).get(f"/api/documents/{minutes.pk}/shares/")
    assert [share["username"] for share in answer.json()["shares"]] == [""]


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "bearer x", "BEARER coscribe_" + "0" * 36])
def test_a_token_that_nobody_has_is_401(ada: User, minutes: Document, header: str) -> None:
    answer = Client(headers={"authorization": header}).get(f"/api/documents/{minutes.pk}/shares/")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_another_kind_of_authorization_is_no_token(browser_of: Browser, ada: User, minutes: Document) -> None:
    browser = browser_of(ada)
    url = f"/api/documents/{minutes.pk}/shares/"
    assert browser.get(url, headers={"authorization": "Basic YTpi"}).status_code == 200


def test_no_token_opens_the_account_or_a_page(ada: User, minutes: Document) -> None:
    client = program(made(ada))
    for path in ("/", "/account/", f"/documents/{minutes.pk}/", "/admin/"):
        assert client.get(path).status_code == 302
    assert client.post("/account/tokens/", {"token-name": "more", "token-scope": "write"}).status_code == 302
    assert ada.tokens.count() == 1


# -- on the account page -----------------------------------------------------------------------------------------------


def test_a_token_is_made_and_shown_once(ada: User, browser_of: Browser, minutes: Document) -> None:
    browser = browser_of(ada)
    form = {"token-name": "Backup <b>", "token-scope": "read", "token-lifetime": "30"}
    answer = browser.post("/account/tokens/", form)
    assert "no-store" in answer["Cache-Control"]
    found = re.search(r'value="(coscribe_\w+)"', answer.content.decode())
    assert found is not None
    assert program(found[1]).get(f"/api/documents/{minutes.pk}/shares/").status_code == 200
    token = ada.tokens.get()
    assert token.expires_at is not None
    assert abs(token.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    page = browser.get("/account/").content.decode()
    assert "coscribe_" not in page
    assert "Backup &lt;b&gt;" in page
    assert "last used" in page


def test_a_token_need_not_expire(ada: User, browser_of: Browser) -> None:
    browser_of(ada).post("/account/tokens/", {"token-name": "x", "token-scope": "write", "token-lifetime": ""})
    assert ada.tokens.get().expires_at is None


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 81}, {"scope": "admin"}, {"lifetime": "1000000"}])
def test_a_form_that_is_wrong_makes_nothing(ada: User, browser_of: Browser, wrong: dict[str, str]) -> None:
    form = {"name": "x", "scope": "read", "lifetime": "7"} | wrong
    answer = browser_of(ada).post("/account/tokens/", {f"token-{name}": value for name, value in form.items()})
    assert answer.status_code == 200
    assert answer.context["token"].errors
    assert 'id="token-form" aria-labelledby="token-form-title" open' in answer.content.decode()
    assert ada.tokens.count() == 0


def test_one_too_many_is_said(ada: User, browser_of: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 1)
    made(ada)
    answer = browser_of(ada).post("/account/tokens/", {"token-name": "x", "token-scope": "read"})
    assert "You have 1 tokens, which is the most: revoke one first." in answer.content.decode()


def test_only_ones_own_tokens_are_revoked(ada: User, bob: User, browser_of: Browser) -> None:
    made(ada)
    number = ada.tokens.get().pk
    browser_of(bob).post("/account/revoked-tokens/", {"token": number})
    assert ada.tokens.count() == 1
    answer = browser_of(ada).post("/account/revoked-tokens/", {"token": number})
    assert answer["Location"] == "/account/#tokens"
    assert ada.tokens.count() == 0
    for odd in ("", "x", "9" * 30, "-1"):
        assert browser_of(ada).post("/account/revoked-tokens/", {"token": odd}).status_code == 404
