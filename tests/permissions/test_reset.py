"""A forgotten password: one mail, one link, one use; and nobody learns who has an account."""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import mail as outbox
from django.test import Client

from permissions import mail
from permissions.models import SignIn, User
from tests.conftest import Person

Sent = list[Callable[[], None]]


def ask(client: Client, email: str = "ada@example.org") -> str:
    """Ask for a link, and take it out of the mail."""
    client.post("/reset/", {"email": email})
    found = re.search(r"http://testserver(/reset/\S+)", str(outbox.outbox[-1].body))
    assert found is not None
    return found[1]


def test_a_link_in_a_mail_makes_a_new_password_once(client: Client, ada: User, mail_at_once: Sent) -> None:
    link = ask(client)
    assert outbox.outbox[0].to == ["ada@example.org"]
    assert outbox.outbox[0].subject == "Your new password for Coscribe"
    page = client.get(link, follow=True)
    form = page.redirect_chain[-1][0]
    assert "token" not in form  # not in the address, which browsers tell to others
    assert client.post(form, {"password": "a new fine horse"})["Location"] == "/reset/done/"
    ada.refresh_from_db()
    assert ada.check_password("a new fine horse")

    for again in (link, form):
        assert "This link does not work any more" in Client().get(again, follow=True).content.decode()


def test_a_reset_ends_every_session_and_every_lock(client: Client, ada: User, bob: User, mail_at_once: Sent) -> None:
    browsers = [Client(), Client()]
    for browser, person in zip(browsers, ("ada", "bob"), strict=True):
        browser.post("/sign-in/", {"username": person, "password": "correct horse"})
    for _ in range(9):
        Client().post("/sign-in/", {"username": "ada", "password": "wrong"})
    form = client.get(ask(client), follow=True).redirect_chain[-1][0]
    client.post(form, {"password": "a new fine horse"})
    assert [browser.get("/account/").status_code for browser in browsers] == [302, 200]
    assert not SignIn.objects.filter(user=ada).exists()
    again = Client().post("/sign-in/", {"username": "ada", "password": "a new fine horse"})
    assert again.status_code == 302


def test_a_bad_new_password_keeps_the_link(client: Client, ada: User, mail_at_once: Sent) -> None:
    form = client.get(ask(client), follow=True).redirect_chain[-1][0]
    response = client.post(form, {"password": "horse"})
    assert "too short" in str(response.context["form"].errors["password"])
    assert client.post(form, {"password": "a new fine horse"}).status_code == 302


def test_a_link_is_too_old_after_its_time(
    client: Client, ada: User, mail_at_once: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = ask(client)
    now = datetime.now()  # noqa: DTZ005  # as Django's generator counts
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: now + timedelta(seconds=3595))
    assert "Choose a new password" in client.get(link, follow=True).content.decode()
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: now + timedelta(seconds=3605))
    assert "This link does not work any more" in Client().get(link, follow=True).content.decode()


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org", "gone@example.org"])
def test_the_answer_is_the_same_for_every_address(client: Client, ada: User, person: Person, email: str) -> None:
    person("gone", is_active=False)
    response = client.post("/reset/", {"email": email})
    assert (response.status_code, response["Location"]) == (302, "/reset/sent/")


def test_only_who_has_an_account_gets_mail(client: Client, ada: User, person: Person, mail_at_once: Sent) -> None:
    person("gone", is_active=False)
    for email in ("nobody@example.org", "gone@example.org"):
        client.post("/reset/", {"email": email})
    assert outbox.outbox == []
    assert len(mail_at_once) == 2


def test_the_account_is_looked_for_after_the_answer(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    """By the time the answer takes, nobody learns who has an account."""
    waiting: Sent = []
    monkeypatch.setattr(mail, "later", waiting.append)
    with django_assert_num_queries(0):
        client.post("/reset/", {"email": "ada@example.org"})
    assert outbox.outbox == []
    waiting[0]()
    assert len(outbox.outbox) == 1


def test_a_broken_mail_server_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()

    def fail() -> None:
        done.set()
        raise OSError("no route to host")

    mail.later(fail)
    assert done.wait(10)
    mail.later(done.clear)  # the thread goes on
    mail._thread.submit(lambda: None).result(10)
    assert not done.is_set()
    assert "a mail was not sent" in caplog.text


def test_mails_that_wait_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    go, sent = threading.Event(), []

    def wait() -> None:
        go.wait(10)

    mail.later(wait)
    for n in range(mail.MAX_WAITING + 5):
        mail.later(lambda n=n: sent.append(n))  # type: ignore[misc]
    go.set()
    mail._thread.submit(lambda: None).result(10)
    assert len(sent) == mail.MAX_WAITING - 1
    assert "one more was not taken" in caplog.text


def test_the_mail_is_in_the_persons_language(client: Client, ada: User, mail_at_once: Sent) -> None:
    User.objects.filter(pk=ada.pk).update(language="de")
    ask(client)
    assert outbox.outbox[0].subject == "Dein neues Passwort für Coscribe"
    assert "Hallo Ada," in outbox.outbox[0].body


@pytest.mark.parametrize("path", ["/reset/x/y/", "/reset/MQ/set-password/", "/reset/AAAA/b-c/"])
def test_a_made_up_link_says_that_it_does_not_work(client: Client, ada: User, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert "This link does not work any more" in response.content.decode()
