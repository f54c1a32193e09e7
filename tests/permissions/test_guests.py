"""Guests: coming in by a link without an account, a made-up name, and nothing but what the link gives."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone, translation

from documents.models import Document
from permissions import guests
from permissions.access import Access, Reason, access_for, listed_for
from permissions.errors import BadGuestName, GuestsComeByLink, NoEntrance, WrongPassword
from permissions.links import set_link
from permissions.models import AuditEntry, SignIn, User
from permissions.roles import Role
from permissions.sharing import grant, write_role
from permissions.signals import access_changed

PASSWORD = "blue whale"
type BrowserOf = Callable[[User | None], Client]


@pytest.fixture
def open_minutes(minutes: Document, ada: User) -> Document:
    set_link(by=ada, obj=minutes, role=Role.EDITOR)
    return minutes


@pytest.fixture
def heron(open_minutes: Document) -> User:
    return guests.welcome(obj=open_minutes, name="Quiet Heron")


def page(document: Document) -> str:
    return f"/documents/{document.pk}/" + (f"?key={document.link_key}" if document.link_key else "")


def come_in(browser: Client, document: Document, **said: str) -> Any:
    said = {"name": "Quiet Heron", "key": document.link_key} | said
    return browser.post(f"/documents/{document.pk}/entrance/", said)


# -- coming in ---------------------------------------------------------------------------------------------------------


def test_somebody_without_an_account_is_offered_to_write_as_a_guest(open_minutes: Document) -> None:
    browser = Client()
    asked = browser.get(page(open_minutes))
    text = asked.content.decode()
    assert asked.status_code == 200
    assert "Minutes" in text
    assert "Write as a guest" in text
    assert f'value="{asked.context["name"]}"' in text
    assert f"/sign-in/?next=/documents/{open_minutes.pk}/" in text.replace("%2F", "/")
    assert User.objects.filter(is_guest=True).count() == 0  # looking makes nobody


def test_a_guest_is_a_person_of_their_own_signed_in_for_this_browser(open_minutes: Document) -> None:
    browser = Client()
    answer = come_in(browser, open_minutes, name="  Quiet \n Heron ")
    assert answer["Location"] == page(open_minutes)
    guest = User.objects.get(is_guest=True)
    assert (guest.name, guest.has_usable_password(), guest.email) == ("Quiet Heron", False, "")
    inside = browser.get(answer["Location"])
    assert inside.context["role"] == "editor"
    assert inside.context["boot"]["person"] == {
        "id": str(guest.pk), "name": "Quiet Heron", "color": guest.color, "guest": True,
    }  # fmt: skip
    assert SignIn.objects.filter(user=guest).count() == 1
    assert AuditEntry.objects.filter(action="passed", actor_id=guest.pk, object_id=open_minutes.pk).exists()


def test_a_guest_says_the_password_and_shows_the_key(minutes: Document, ada: User) -> None:
    set_link(by=ada, obj=minutes, role=Role.COMMENTER, password=PASSWORD, rotate=True)
    browser = Client()
    assert browser.get(f"/documents/{minutes.pk}/")["Location"].startswith("/sign-in/")
    assert "Minutes" not in browser.get(page(minutes)).content.decode()
    refused = come_in(browser, minutes, password="guess")
    assert "That is not the password." in refused.content.decode()
    assert 'value="Quiet Heron"' in refused.content.decode()  # what was typed stays
    assert User.objects.filter(is_guest=True).count() == 0
    assert come_in(browser, minutes, password=PASSWORD).status_code == 302
    assert browser.get(page(minutes)).context["role"] == "commenter"


def test_a_rotated_link_puts_guests_out(minutes: Document, ada: User) -> None:
    set_link(by=ada, obj=minutes, role=Role.EDITOR)
    browser = Client()
    come_in(browser, minutes)
    guest = User.objects.get(is_guest=True)
    set_link(by=ada, obj=minutes, role=Role.EDITOR, rotate=True)
    assert access_for(guest, minutes) == Access()
    assert browser.get(f"/documents/{minutes.pk}/").status_code in (403, 404)
    assert browser.get(page(minutes)).context["role"] == "editor"  # who is given the new address


@pytest.mark.parametrize(("setting", "role"), [("commenter", "Comment as a guest"), ("viewer", "Read as a guest")])
def test_the_operator_bounds_what_guests_get(
    setting: str, role: str, open_minutes: Document, bob: User, settings: Any
) -> None:
    settings.COSCRIBE_GUESTS = setting
    assert role in Client().get(page(open_minutes)).content.decode()
    guest = guests.welcome(obj=open_minutes, name="Heron")
    assert access_for(guest, open_minutes) == Access(Role.parse(setting), Reason.LINK)
    assert access_for(bob, open_minutes) == Access(Role.EDITOR, Reason.LINK)


@pytest.mark.parametrize("setting", ["COSCRIBE_GUESTS", "COSCRIBE_LINKS"])
def test_where_the_operator_wants_no_guests_there_are_none(
    setting: str, heron: User, open_minutes: Document, settings: Any
) -> None:
    setattr(settings, setting, "none")
    assert Client().get(page(open_minutes))["Location"].startswith("/sign-in/?next=/documents/")
    assert come_in(Client(), open_minutes)["Location"] == page(open_minutes)
    assert access_for(heron, open_minutes) == Access()  # who was in before is out
    assert User.objects.filter(is_guest=True).count() == 1
    with pytest.raises(NoEntrance):
        guests.welcome(obj=open_minutes, name="Otter")


def test_a_link_that_is_over_or_closed_makes_no_guests(minutes: Document, ada: User) -> None:
    set_link(by=ada, obj=minutes, role=Role.EDITOR)
    for gone in ({"link_role": None}, {"link_expires_at": timezone.now()}, {"trashed_at": timezone.now()}):
        Document.objects.filter(pk=minutes.pk).update(link_role=Role.EDITOR, link_expires_at=None, trashed_at=None)
        Document.objects.filter(pk=minutes.pk).update(**gone)
        assert Client().get(page(minutes))["Location"].startswith("/sign-in/")
        assert come_in(Client(), minutes).status_code == 302
    assert User.objects.filter(is_guest=True).count() == 0


def test_a_wrong_password_leaves_no_guest_behind(minutes: Document, ada: User) -> None:
    set_link(by=ada, obj=minutes, role=Role.EDITOR, password=PASSWORD)
    with pytest.raises(WrongPassword):
        guests.welcome(obj=minutes, name="Heron", password="guess")
    assert User.objects.filter(is_guest=True).count() == 0


def test_the_number_of_guests_of_an_address_is_bounded(open_minutes: Document, settings: Any) -> None:
    settings.GUESTS_PER_HOUR = 2
    assert [come_in(Client(), open_minutes).status_code for _ in range(3)] == [302, 302, 429]
    assert User.objects.filter(is_guest=True).count() == 2


@pytest.mark.parametrize("name", ["", " \t ", "\u200b", "x" * 81], ids=["none", "spaces", "unseen", "long"])
def test_a_name_that_is_none_is_asked_for_again(name: str, open_minutes: Document) -> None:
    answer = come_in(Client(), open_minutes, name=name)
    assert answer.status_code == 200
    assert answer.context["name_problem"]
    assert User.objects.filter(is_guest=True).count() == 0


# -- names -------------------------------------------------------------------------------------------------------------


def test_made_up_names_are_two_words_in_the_visitor_s_language() -> None:
    with translation.override("en"):
        english = {guests.make_up_name() for _ in range(300)}
    with translation.override("de"):
        german = {guests.make_up_name() for _ in range(300)}
    assert all(len(name.split()) == 2 for name in english | german)
    assert len(english) > 100
    assert english.isdisjoint(german)


def test_a_guest_changes_the_name_and_open_documents_hear_of_it(
    heron: User, browser_of: BrowserOf, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Any] = []
    access_changed.connect(
        lambda **news: heard.append((news["model"], news["object_id"])), weak=False, dispatch_uid="test_guests"
    )
    try:
        with django_capture_on_commit_callbacks(execute=True):
            answer = browser_of(heron).post(
                "/guest/name/", {"name": "Ms Otter"}, headers={"accept": "application/json"}
            )
    finally:
        access_changed.disconnect(dispatch_uid="test_guests")
    assert answer.status_code == 204
    heron.refresh_from_db()
    assert heron.name == "Ms Otter"
    assert heard == [(User, heron.pk)]


def test_a_name_that_cannot_be_is_refused_in_words(heron: User, browser_of: BrowserOf) -> None:
    answer = browser_of(heron).post("/guest/name/", {"name": "x" * 81})
    assert answer.status_code == 400
    assert answer.json()["detail"] == "A name has at most 80 letters."
    heron.refresh_from_db()
    assert heron.name == "Quiet Heron"


def test_people_with_an_account_have_another_page_for_that(bob: User, browser_of: BrowserOf) -> None:
    assert browser_of(bob).post("/guest/name/", {"name": "Quiet Heron"}).status_code == 404
    with pytest.raises(ValueError, match="account page"):
        guests.rename(bob, "Quiet Heron")


# -- what a guest is not -----------------------------------------------------------------------------------------------


def test_nothing_is_given_to_a_guest_by_name(heron: User, open_minutes: Document, ada: User) -> None:
    with pytest.raises(GuestsComeByLink, match="Quiet Heron is a guest"):
        grant(by=ada, obj=open_minutes, to=heron, role=Role.OWNER)
    with pytest.raises(GuestsComeByLink):
        guests.refuse(heron)
    guests.refuse(ada)


def test_rows_that_a_guest_should_not_have_count_for_nothing(heron: User, minutes: Document, ada: User) -> None:
    """Somebody at a shell, or a mistake of ours: a guest's role is the link's."""
    other = Document.objects.create_for(owner=ada)
    write_role(obj=other, to=heron, role=Role.OWNER)
    write_role(obj=minutes, to=heron, role=Role.OWNER)
    crew = Group.objects.create(name="crew")
    heron.groups.add(crew)
    write_role(obj=other, to=crew, role=Role.EDITOR)
    assert access_for(heron, other) == Access()
    assert access_for(heron, minutes) == Access(Role.EDITOR, Reason.LINK)
    assert not listed_for(heron, Document.objects.all()).exists()


def test_nobody_finds_a_guest_by_name(heron: User) -> None:
    assert User.objects.named(heron.username) is None


def test_a_guest_who_comes_home_is_told_what_an_account_would_give(heron: User, browser_of: BrowserOf) -> None:
    answer = browser_of(heron).get("/")
    assert answer.status_code == 200
    assert answer.templates[0].name == "documents/guest_home.html"
    assert "Create an account" in answer.content.decode()


@pytest.mark.parametrize("path", ["/account/", "/welcome/"])
def test_pages_for_people_with_an_account_lead_a_guest_home(path: str, heron: User, browser_of: BrowserOf) -> None:
    assert browser_of(heron).get(path)["Location"] == "/"


def test_a_guest_makes_no_documents_and_no_tokens(heron: User, browser_of: BrowserOf) -> None:
    browser = browser_of(heron)
    assert browser.post("/documents/", {})["Location"] == "/"
    assert browser.post("/account/tokens/", {"token-name": "x", "token-scope": "write"})["Location"] == "/"
    assert Document.objects.filter(owner=heron).count() == 0
    assert heron.tokens.count() == 0


def test_a_guest_takes_an_account_and_the_guest_is_gone_from_this_browser(
    heron: User, bob: User, open_minutes: Document, browser_of: BrowserOf, django_capture_on_commit_callbacks: Any
) -> None:
    browser = browser_of(heron)
    assert browser.get("/sign-in/").status_code == 200
    assert browser.get("/sign-up/").status_code == 200
    heard: list[Any] = []
    access_changed.connect(lambda **news: heard.append(news["object_id"]), weak=False, dispatch_uid="test_guests")
    try:
        with django_capture_on_commit_callbacks(execute=True):
            answer = browser.post(
                "/sign-in/", {"username": "bob", "password": "correct horse", "next": page(open_minutes)}
            )
    finally:
        access_changed.disconnect(dispatch_uid="test_guests")
    assert answer["Location"] == page(open_minutes)
    assert browser.get(page(open_minutes)).context["boot"]["person"]["name"] == "Bob"
    assert heron.pk in heard  # the guest's open pages hear that they are nobody any more


def test_what_a_guest_last_edited_is_marked_in_the_list(
    heron: User, open_minutes: Document, ada: User, browser_of: BrowserOf
) -> None:
    from documents import log

    row = log.Row(heron.pk, b"\0\0")
    log.append([log.Append(open_minutes.pk, open_minutes.head_seq, (row,))], clients_of=lambda _update: ())
    assert "Quiet Heron (guest)" in browser_of(ada).get("/").content.decode()


def test_a_guest_names_a_pass_that_is_over_tomorrow(minutes: Document, ada: User) -> None:
    set_link(by=ada, obj=minutes, role=Role.EDITOR, expires_at=timezone.now() + timedelta(days=1))
    guest = guests.welcome(obj=minutes, name="")
    assert guest.name  # made up
    assert access_for(guest, minutes) == Access(Role.EDITOR, Reason.LINK)


@pytest.mark.parametrize("text", ["Heron\0", "He\u202eron", "Heron\n"])
def test_letters_that_cannot_be_seen_are_left_out_of_names(text: str) -> None:
    assert guests.read_name(text).isprintable()
    with pytest.raises(BadGuestName):
        guests.read_name("\0")
