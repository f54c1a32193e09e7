"""What people are told: what others did to them, once, in their language, and not by mail when they do not want it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import signing
from django.test import Client
from django.utils import timezone, translation

from documents.models import Document
from permissions import notice_mail, notices
from permissions.models import Letter, Notice, User
from permissions.notices import Kind
from permissions.roles import Role
from permissions.sharing import grant, revise, revoke
from permissions.signals import notices_changed
from tests.conftest import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung() -> Iterator[list[int]]:
    """Whose pages were told to count again."""
    heard: list[int] = []

    def hear(*, person: int, **_: Any) -> None:
        heard.append(person)

    notices_changed.connect(hear)
    yield heard
    notices_changed.disconnect(hear)


def told(person: User) -> list[tuple[str, str, str, int | None]]:
    """(kind, who, of what, role), newest first."""
    return [(each.kind, each.actor_name, each.object_name, each.role) for each in notices.of(person)]


def test_who_gets_a_role_is_told_and_who_gave_it_is_not(ada: User, bob: User, minutes: Document) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    assert told(bob) == [("shared", "Ada", "Minutes", Role.EDITOR)]
    assert told(ada) == []
    assert (notices.unread(bob), notices.unread(ada)) == (1, 0)


def test_what_somebody_does_to_themselves_is_no_news(ada: User, bob: User, minutes: Document) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.OWNER)
    notices.mark_read(bob)
    revise(by=bob, obj=minutes, to=bob, role=Role.EDITOR)
    revoke(by=bob, obj=minutes, to=bob)
    assert [each[0] for each in told(bob)] == ["shared"]


def test_the_same_again_is_renewed_and_not_piled_up(ada: User, bob: User, minutes: Document) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    first = notices.of(bob)[0].pk
    for role in (Role.EDITOR, Role.COMMENTER, Role.EDITOR):
        revise(by=ada, obj=minutes, to=bob, role=role)
    assert told(bob) == [("changed", "Ada", "Minutes", Role.EDITOR), ("shared", "Ada", "Minutes", Role.VIEWER)]
    notices.mark_read(bob)
    revise(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    assert [each.read_at is None for each in notices.of(bob)] == [True, False, False]
    assert notices.of(bob)[-1].pk == first


def test_two_people_who_ask_are_two_notices(ada: User, bob: User, carol: User, minutes: Document) -> None:
    for asking in (bob, carol, bob):
        notices.tell(Kind.REQUESTED, to=ada, by=asking, obj=minutes, role=Role.EDITOR)
    assert [each[1] for each in told(ada)] == ["Bob", "Carol"]


def test_guests_and_deactivated_people_are_told_nothing(ada: User, person: Person, minutes: Document) -> None:
    guest, gone = person("guest", is_guest=True), person("gone", is_active=False)
    notices.tell(Kind.SHARED, to=[guest, gone], by=ada, obj=minutes, role=Role.VIEWER)
    assert not Notice.objects.exists()
    assert not Letter.objects.exists()


def test_everybody_in_a_group_is_told(ada: User, bob: User, carol: User, minutes: Document) -> None:
    choir = Group.objects.create(name="Choir")
    for member in (ada, bob, carol):
        member.groups.add(choir)
    grant(by=ada, obj=minutes, to=choir, role=Role.VIEWER)
    assert (len(told(ada)), len(told(bob)), len(told(carol))) == (0, 1, 1)


def test_what_a_person_keeps_is_bounded(
    ada: User, bob: User, carol: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "MAX_KEPT", 3)
    for n in range(5):
        other = Document.objects.create_for(owner=ada, title=str(n))
        notices.tell(Kind.SHARED, to=[bob, carol] if n == 0 else bob, by=ada, obj=other, role=Role.VIEWER)
    assert [each[2] for each in told(bob)] == ["4", "3", "2"]
    assert [each[2] for each in told(carol)] == ["0"]


def test_a_huge_group_is_told_nothing(
    ada: User, bob: User, carol: User, minutes: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "MAX_TOLD", 1)
    notices.tell(Kind.SHARED, to=[bob, carol], by=ada, obj=minutes, role=Role.VIEWER)
    assert not Notice.objects.exists()


def test_one_marks_ones_own_notices_read_and_nobody_elses(ada: User, bob: User, carol: User, minutes: Document) -> None:
    for kind in (Kind.SHARED, Kind.CHANGED, Kind.ANSWERED):
        notices.tell(kind, to=[bob, carol], by=ada, obj=minutes, role=Role.VIEWER)
    newest, hers = notices.of(bob)[0], notices.of(carol)[0]
    assert notices.mark_read(bob, only=[newest.pk, hers.pk, 10**12]) == 1
    assert notices.mark_read(bob, only=[newest.pk]) == 0
    assert notices.unread_of([bob.pk, carol.pk, ada.pk]) == {bob.pk: 2, carol.pk: 3, ada.pk: 0}
    assert notices.mark_read(bob) == 2
    assert (notices.unread(bob), notices.unread(carol)) == (0, 3)


def test_a_page_of_notices_goes_on_where_the_last_one_ended(ada: User, bob: User) -> None:
    for n in range(5):
        other = Document.objects.create_for(owner=ada, title=str(n))
        notices.tell(Kind.SHARED, to=bob, by=ada, obj=other, role=Role.VIEWER)
    first = notices.of(bob, limit=2)
    assert [each.object_name for each in first] == ["4", "3"]
    assert [each.object_name for each in notices.of(bob, before=first[-1].pk)] == ["2", "1", "0"]


def test_pages_are_told_to_count_again_on_commit_and_not_before(
    ada: User, bob: User, minutes: Document, rung: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        notices.tell(Kind.SHARED, to=bob, by=ada, obj=minutes, role=Role.VIEWER)
        assert rung == []
    with django_capture_on_commit_callbacks(execute=True):
        notices.mark_read(bob)
        notices.mark_read(bob)  # nothing to read is no news
    assert rung == [bob.pk, bob.pk]


# -- by mail


def test_a_notice_is_also_a_letter_in_the_receivers_language(ada: User, bob: User, minutes: Document) -> None:
    User.objects.filter(pk=bob.pk).update(language="de")
    with translation.override("en"):
        grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    letter = Letter.objects.get()
    assert (letter.to, letter.subject) == ("bob@example.org", "Ada hat „Minutes“ mit dir geteilt (Bearbeiten)")
    assert f"http://testserver/documents/{minutes.pk}/" in letter.text
    assert "Hallo Bob," in letter.text


def test_of_what_is_lost_there_is_no_link(ada: User, bob: User, minutes: Document) -> None:
    notices.tell(Kind.CHANGED, to=bob, by=ada, obj=minutes, role=None)
    letter = Letter.objects.get()
    assert letter.subject == "You have no access to “Minutes” any more"
    assert str(minutes.pk) not in letter.text


def test_titles_and_names_make_no_lines_of_their_own(ada: User, bob: User, minutes: Document) -> None:
    minutes.title = "Plan\r\nBcc: eve@example.org\n\nDear Bob"
    ada.name = "Ada\nSubject: win"
    bob.name = "Bob\u2028X"
    notices.tell(Kind.SHARED, to=bob, by=ada, obj=minutes, role=Role.VIEWER)
    letter = Letter.objects.get()
    wanted = "Ada Subject: win shared “Plan Bcc: eve@example.org Dear Bob” with you (viewer)"
    assert letter.subject == wanted
    assert wanted + "." in letter.text.splitlines()
    assert not [value for value in letter.headers.values() if len(value.splitlines()) != 1]


def test_muted_kinds_are_not_mailed(ada: User, bob: User, minutes: Document) -> None:
    notices.mute(bob, [Kind.SHARED, "nonsense"])
    notices.tell(Kind.SHARED, to=bob, by=ada, obj=minutes, role=Role.VIEWER)
    assert not Letter.objects.exists()
    notices.tell(Kind.CHANGED, to=bob, by=ada, obj=minutes, role=Role.EDITOR)
    assert Letter.objects.count() == 1
    assert notices.unread(bob) == 2
    bob.refresh_from_db()
    assert bob.muted == ["shared"]


def test_who_has_no_address_gets_no_mail(ada: User, person: Person, minutes: Document) -> None:
    notices.tell(Kind.SHARED, to=person("eve", email=""), by=ada, obj=minutes, role=Role.VIEWER)
    assert not Letter.objects.exists()


def test_mail_in_an_hour_is_bounded_and_the_inbox_has_the_rest(ada: User, bob: User, settings: Any) -> None:
    settings.LETTERS_PER_HOUR = 2
    for n in range(4):
        other = Document.objects.create_for(owner=ada, title=str(n))
        notices.tell(Kind.SHARED, to=bob, by=ada, obj=other, role=Role.VIEWER)
    assert Letter.objects.count() == 2
    assert notices.unread(bob) == 4
    Letter.objects.update(made_at=timezone.now() - timedelta(minutes=61))
    notices.tell(Kind.SHARED, to=bob, by=ada, obj=Document.objects.create_for(owner=ada), role=Role.VIEWER)
    assert Letter.objects.count() == 3


def test_the_newest_of_the_same_takes_the_place_of_a_letter_that_waits(ada: User, bob: User, minutes: Document) -> None:
    for role in (Role.VIEWER, Role.EDITOR):
        notices.tell(Kind.CHANGED, to=bob, by=ada, obj=minutes, role=role)
    assert Letter.objects.get().subject == "Your role in “Minutes” is now: editor"


def test_the_same_is_not_mailed_twice_in_ten_minutes(ada: User, bob: User, minutes: Document) -> None:
    notices.tell(Kind.CHANGED, to=bob, by=ada, obj=minutes, role=Role.VIEWER)
    Letter.objects.update(due_at=None, tries=1, sent_at=timezone.now())
    for role in (Role.EDITOR, Role.COMMENTER):
        notices.tell(Kind.CHANGED, to=bob, by=ada, obj=minutes, role=role)
    waiting = Letter.objects.get(due_at__isnull=False)
    assert "commenter" in waiting.subject  # what is true at the end is mailed, once
    wait = waiting.due_at - timezone.now()  # type: ignore[operator]
    assert timedelta(minutes=9) < wait <= timedelta(minutes=10)


def test_what_was_read_is_not_mailed_any_more(ada: User, bob: User, minutes: Document) -> None:
    notices.tell(Kind.CHANGED, to=bob, by=ada, obj=minutes, role=Role.VIEWER)
    notices.tell(Kind.SHARED, to=bob, by=ada, obj=minutes, role=Role.VIEWER)
    Letter.objects.filter(topic__contains="shared").update(tries=1)  # somebody is at it
    notices.mark_read(bob)
    assert [letter.subject for letter in Letter.objects.all()] == ["Ada shared “Minutes” with you (viewer)"]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.OWNER])
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_kind_has_a_sentence(kind: Kind, role: Role | None, language: str) -> None:
    notice = Notice(kind=kind, object_name="", actor_name="", role=role)
    with translation.override(language):
        sentence = notice_mail.sentence_of(notice)
    assert sentence
    assert "%" not in sentence


# -- and not by mail


def link_in(letter: Letter) -> str:
    """The path of the one-click link."""
    said: str = letter.headers["List-Unsubscribe"]
    assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert said.startswith("<http://testserver/unsubscribe/")
    assert said[1:-1] in letter.text
    return said.removeprefix("<http://testserver").removesuffix(">")


def test_a_mail_programs_one_click_ends_mails_of_that_kind(ada: User, bob: User, minutes: Document) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    notices.mute(bob, [Kind.CLAIMED])
    link = link_in(Letter.objects.get())
    stranger = Client(enforce_csrf_checks=True)
    asked = stranger.get(link)  # a scanner follows links: it ends nothing
    assert "Something was shared with you" in asked.content.decode()
    assert "<form" in asked.content.decode()
    bob.refresh_from_db()
    assert bob.muted == ["claimed"]
    done = stranger.post(link, {"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert "You get no more mails of this kind" in done.content.decode()
    bob.refresh_from_db()
    assert bob.muted == ["claimed", "shared"]
    revise(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    assert Letter.objects.filter(topic__contains="changed").count() == 1  # other kinds go on


def test_a_link_that_is_not_ours_ends_nothing(bob: User) -> None:
    good = notice_mail.unsubscribe_token(bob, Kind.SHARED)
    nobody = notice_mail.unsubscribe_token(User(pk=10**9), Kind.SHARED)
    strange = signing.dumps([bob.pk, "weather"], salt=notice_mail.SALT)
    other = signing.dumps([bob.pk, "shared"])
    shapeless = signing.dumps(3, salt=notice_mail.SALT)
    for token in (
        "x",
        good[:-1],
        good + "x",
        nobody,
        strange,
        other,
        shapeless,
    ):
        assert Client().post(f"/unsubscribe/{token}/").status_code == 404
    bob.refresh_from_db()
    assert bob.muted == []


def test_the_account_page_says_what_is_mailed(bob: User, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(bob)
    notices.mute(bob, [Kind.CLAIMED])
    page = browser.get("/account/").content.decode()
    assert page.count('name="kinds"') == len(Kind)
    assert page.count("checked") >= len(Kind) - 1
    assert browser.post("/account/mail/", {"kinds": ["shared", "requested"]}).status_code == 302
    bob.refresh_from_db()
    assert set(bob.muted) == set(Kind.values) - {"shared", "requested"}
    assert browser.post("/account/mail/", {"kinds": ["weather"]}).status_code == 200
    assert browser.post("/account/mail/").status_code == 302
    bob.refresh_from_db()
    assert set(bob.muted) == set(Kind.values)
