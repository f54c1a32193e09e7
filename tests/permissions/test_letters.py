"""Letters: written with the act, sent once after it, tried again, given up; and no page waits for a mail server."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_string
from email.header import decode_header, make_header
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from documents.models import Document
from permissions import letters, mail
from permissions.letters import Round, send_due, write
from permissions.models import Letter
from permissions.roles import Role
from permissions.sharing import grant
from tests.conftest import Person
from tests.databases import either_database
from tests.mailhouse import MailHouse, mail_house


@pytest.fixture
def house(settings: Any) -> Iterator[MailHouse]:
    """The mail server of this test."""
    with mail_house() as made:
        settings.MAILERS = made.mailer()
        yield made


@pytest.fixture
def nobody_there(settings: Any) -> None:
    """A mail server that refuses connections."""
    with mail_house() as gone:
        settings.MAILERS = gone.mailer()


def one(to: str = "bob@example.org", **options: Any) -> Letter:
    write(to=to, subject="News", text="Something happened.", **options)
    return Letter.objects.latest("pk")


def later(letter: Letter) -> timedelta:
    """How far off the next try is."""
    letter.refresh_from_db()
    assert letter.due_at is not None
    return letter.due_at - timezone.now()


@pytest.mark.django_db
def test_a_letter_is_sent_once_and_its_words_are_forgotten(house: MailHouse) -> None:
    link = f"<https://write.example.org/unsubscribe/{'x' * 100}/>"
    letter = one(headers={"List-Unsubscribe": link})
    assert send_due() == Round(sent=1, failed=0)
    assert send_due() == Round(sent=0, failed=0)
    [raw] = house.letters
    arrived = message_from_string(raw)
    assert (arrived["Subject"], arrived["To"]) == ("News", "bob@example.org")
    assert (arrived["List-Unsubscribe"], arrived["Auto-Submitted"]) == (link, "auto-generated")  # not encoded
    assert "Something happened." in arrived.get_payload()
    letter.refresh_from_db()
    assert (letter.due_at, letter.text, letter.tries) == (None, "", 1)
    assert letter.sent_at is not None


@pytest.mark.django_db
def test_line_breaks_make_no_headers(house: MailHouse) -> None:
    write(to="bob@example.org", subject="A\r\nBcc: eve@example.org\x85B", text="", headers={"X-A": "1\nX-B: 2"})
    assert send_due().sent == 1
    arrived = message_from_string(house.letters[0])
    assert str(make_header(decode_header(arrived["Subject"]))) == "A Bcc: eve@example.org B"
    assert (arrived["Bcc"], arrived["X-A"], arrived["X-B"]) == (None, "1 X-B: 2", None)


@pytest.mark.django_db
def test_a_server_that_is_away_is_asked_again_with_growing_pauses(nobody_there: None, settings: Any) -> None:
    settings.LETTER_TRIES = 4
    letter = one()
    for minutes in (1, 4, 16):
        assert send_due() == Round(sent=0, failed=1)
        assert timedelta(minutes=minutes - 0.5) < later(letter) <= timedelta(minutes=minutes)
        assert send_due() == Round(sent=0, failed=0)  # not before it is due
        Letter.objects.update(due_at=timezone.now())
    assert send_due() == Round(sent=0, failed=1)
    letter.refresh_from_db()
    assert (letter.due_at, letter.sent_at, letter.text, letter.tries) == (None, None, "", 4)


@pytest.mark.django_db
def test_a_pause_is_at_most_a_day(nobody_there: None, settings: Any) -> None:
    settings.LETTER_TRIES = 100
    letter = one()
    Letter.objects.update(tries=50)
    send_due()
    assert timedelta(hours=23) < later(letter) <= timedelta(days=1)


@pytest.mark.django_db
def test_one_try_is_enough_to_know_that_the_server_is_away(nobody_there: None) -> None:
    for _ in range(3):
        one()
    assert send_due() == Round(sent=0, failed=1)
    assert Letter.objects.filter(tries=0, due_at__lte=timezone.now()).count() == 2


@pytest.mark.django_db
def test_one_address_that_is_refused_stops_no_other(house: MailHouse) -> None:
    house.refusing = {"full@example.org": 452, "gone@example.org": 550}
    full, gone, bob = (one(f"{name}@example.org") for name in ("full", "gone", "bob"))
    assert send_due() == Round(sent=1, failed=2)
    assert later(full) > timedelta(0)
    gone.refresh_from_db()
    assert (gone.due_at, gone.sent_at) == (None, None)  # "no such mailbox" stays so
    bob.refresh_from_db()
    assert bob.sent_at is not None


@pytest.mark.django_db
def test_who_died_while_sending_is_stood_in_for(house: MailHouse, settings: Any) -> None:
    letter = one()
    assert letters._take() is not None  # and then the power was cut
    assert send_due() == Round(sent=0, failed=0)
    assert timedelta(minutes=4) < later(letter) <= letters.LEASE
    Letter.objects.update(due_at=timezone.now())
    assert send_due() == Round(sent=1, failed=0)


@pytest.mark.django_db
def test_a_letter_goes_with_its_act_or_not_at_all(house: MailHouse) -> None:
    with transaction.atomic():
        one()
        transaction.set_rollback(True)
    assert send_due() == Round(sent=0, failed=0)


@pytest.mark.django_db
def test_the_newest_of_a_topic_takes_the_place_of_what_waits_and_of_nothing_else(house: MailHouse) -> None:
    one(topic="a")
    assert send_due().sent == 1
    one(topic="a")
    taken = letters._take()
    one(topic="b")
    newest = one(topic="a")
    newer = one(topic="a")
    assert taken is not None
    assert not Letter.objects.filter(pk=newest.pk).exists()
    waiting = Letter.objects.filter(due_at__isnull=False, tries=0)
    assert set(waiting.values_list("topic", "pk")) == {("b", newest.pk - 1), ("a", newer.pk)}


@pytest.mark.django_db
def test_letters_that_are_done_are_deleted_after_a_week() -> None:
    done, waiting = one(), one()
    Letter.objects.filter(pk=done.pk).update(due_at=None)
    Letter.objects.filter(pk=waiting.pk).update(due_at=timezone.now() + timedelta(days=1))
    Letter.objects.update(made_at=timezone.now() - timedelta(days=8))
    send_due()
    assert Letter.objects.get().pk == waiting.pk


@pytest.mark.django_db
def test_the_command_sends_and_says_so(house: MailHouse) -> None:
    one()
    out = io.StringIO()
    call_command("send_letters", stdout=out)
    assert out.getvalue() == "1 sent, 0 failed.\n"
    house.refusing = {"bob@example.org": 452}
    one()
    with pytest.raises(CommandError, match="tried again"):
        call_command("send_letters", stdout=out)


@either_database
def test_senders_beside_each_other_send_each_letter_once(database: str, house: MailHouse) -> None:
    for n in range(20):
        one(f"person{n}@example.org")
    begin = threading.Barrier(4)

    def send() -> int:
        begin.wait(10)
        try:
            return send_due().sent
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as senders:
        sent = [each.result(60) for each in [senders.submit(send) for _ in range(4)]]
    assert sum(sent) == 20
    assert sorted(message_from_string(raw)["To"] for raw in house.letters) == sorted(
        f"person{n}@example.org" for n in range(20)
    )


@pytest.mark.django_db(transaction=True)
def test_a_silent_mail_server_delays_no_page(
    person: Person, browser_of: Callable[..., Client], settings: Any, no_post: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(letters, "wake", no_post)
    ada, bob = person("ada"), person("bob")
    minutes = Document.objects.create_for(owner=ada, title="Minutes")
    browser = browser_of(bob)
    with mail_house() as house:
        house.mute = True
        settings.MAILERS = house.mailer(timeout_s=30)
        grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)  # as a view does
        assert house.came.wait(10)  # the thread is at it, and waits
        begun = time.monotonic()
        assert browser.get("/account/").status_code == 200
        grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
        assert time.monotonic() - begun < 10
        assert Letter.objects.filter(sent_at__isnull=True).count() == 2
    settle()
    assert Letter.objects.filter(tries=1, due_at__gt=timezone.now()).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_letter_is_on_its_way_after_the_commit_without_being_asked(
    person: Person, house: MailHouse, no_post: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "wake", no_post)
    ada, bob = person("ada"), person("bob")
    minutes = Document.objects.create_for(owner=ada, title="Minutes")
    with transaction.atomic():
        grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
        settle()
        assert house.letters == []
    assert house.taken.acquire(timeout=10)
    settle()
    assert "bob@example.org" in house.letters[0]


def test_many_who_ask_for_the_same_round_get_one() -> None:
    ready, go = threading.Event(), threading.Event()
    rounds: list[int] = []

    def wait() -> None:
        ready.set()
        go.wait(10)

    def round_() -> None:
        rounds.append(1)

    mail.later(wait)
    assert ready.wait(10)
    for _ in range(1_000):
        mail.soon(round_)
    go.set()
    settle()
    assert rounds == [1]
    mail.soon(round_)  # what is asked for once it has begun has one of its own
    settle()
    assert rounds == [1, 1]


def settle() -> None:
    """Wait until the mail thread has nothing left to do."""
    mail._thread.submit(lambda: None).result(60)
