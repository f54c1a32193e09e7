"""The link of a document: keys, passwords, ends, the operator's bounds, and the passes of those who came in by it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from documents.models import Document, DocumentLinkPass
from permissions import links
from permissions.access import Access, Reason, access_for, visible_to
from permissions.errors import BadLink, LinkForbidden, NoEntrance, NotAllowed, WrongPassword
from permissions.links import KEEP, enter, link_of, set_link
from permissions.models import AuditEntry, User
from permissions.roles import Role
from permissions.sharing import grant
from permissions.signals import access_changed
from tests.conftest import Person
from tests.databases import either_database, only_postgres

PASSWORD = "blue whale"
EDITOR = Access(Role.EDITOR, Reason.LINK)
type BrowserOf = Callable[[User | None], Client]


@pytest.fixture
def eve(person: Person, db: None) -> User:
    return person("eve")


def opened(document: Document, **setting: Any) -> Document:
    set_link(by=document.owner, obj=document, **({"role": Role.EDITOR} | setting))
    return document


def page_of(document: Document) -> str:
    key = link_of(document).key
    return f"/documents/{document.pk}/" + (f"?key={key}" if key else "")


@contextmanager
def clock_at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: moment)
        yield


# -- the setting -------------------------------------------------------------------------------------------------------


def test_a_link_without_key_or_password_lets_everybody_with_an_account_in(minutes: Document, bob: User) -> None:
    opened(minutes)
    assert access_for(bob, minutes) == EDITOR
    assert DocumentLinkPass.objects.count() == 0


def test_only_an_owner_sets_the_link(minutes: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    with pytest.raises(NotAllowed):
        set_link(by=bob, obj=minutes, role=Role.EDITOR, rotate=True)
    minutes.refresh_from_db()
    assert (minutes.link_role, minutes.link_key, minutes.link_version) == (None, "", 0)


@either_database
def test_a_rotated_link_is_for_those_who_have_the_new_address(database: str, person: Person) -> None:
    ada, bob = person("ada"), person("bob")
    minutes = opened(Document.objects.create_for(owner=ada))
    assert access_for(bob, minutes) == EDITOR
    set_link(by=ada, obj=minutes, role=Role.EDITOR, rotate=True)
    assert access_for(bob, minutes) == Access()
    assert not visible_to(bob, Document.objects.all()).exists()
    with pytest.raises(NoEntrance):
        enter(person=bob, obj=minutes, key="")
    with pytest.raises(NoEntrance):
        enter(person=bob, obj=minutes, key=minutes.link_key[:-1] + "!")
    enter(person=bob, obj=minutes, key=minutes.link_key)
    assert access_for(bob, minutes) == EDITOR
    assert visible_to(bob, Document.objects.all()).exists()
    first = minutes.link_key
    set_link(by=ada, obj=minutes, role=Role.EDITOR, rotate=True)
    assert minutes.link_key != first
    assert access_for(bob, minutes) == Access()


@either_database
def test_a_link_with_a_password_is_for_those_who_know_it(database: str, person: Person) -> None:
    ada, bob = person("ada"), person("bob")
    minutes = opened(Document.objects.create_for(owner=ada), password=PASSWORD)
    assert PASSWORD not in minutes.link_password
    assert access_for(bob, minutes) == Access()
    for wrong in ("", "Blue Whale", minutes.link_password):
        with pytest.raises(WrongPassword):
            enter(person=bob, obj=minutes, password=wrong)
    enter(person=bob, obj=minutes, password=PASSWORD)
    assert access_for(bob, minutes) == EDITOR


def test_a_link_may_ask_for_both_its_key_and_a_password(minutes: Document, bob: User) -> None:
    opened(minutes, password=PASSWORD, rotate=True)
    with pytest.raises(NoEntrance):
        enter(person=bob, obj=minutes, password=PASSWORD)
    with pytest.raises(WrongPassword):
        enter(person=bob, obj=minutes, key=minutes.link_key)
    enter(person=bob, obj=minutes, key=minutes.link_key, password=PASSWORD)
    assert access_for(bob, minutes) == EDITOR


def test_another_password_puts_everybody_out_who_knew_the_old_one(minutes: Document, bob: User) -> None:
    opened(minutes, password=PASSWORD)
    enter(person=bob, obj=minutes, password=PASSWORD)
    opened(minutes, password="green whale")
    assert access_for(bob, minutes) == Access()


def test_a_password_that_is_kept_leaves_everybody_in(minutes: Document, bob: User) -> None:
    opened(minutes, password=PASSWORD)
    enter(person=bob, obj=minutes, password=PASSWORD)
    opened(minutes, role=Role.VIEWER, password=KEEP)
    assert access_for(bob, minutes) == Access(Role.VIEWER, Reason.LINK)
    assert link_of(minutes).has_password


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_password_that_is_taken_away_opens_the_link(nothing: str | None, minutes: Document, bob: User) -> None:
    opened(minutes, password=PASSWORD)
    opened(minutes, password=nothing)
    assert access_for(bob, minutes) == EDITOR
    assert not link_of(minutes).has_password


def test_a_link_that_is_closed_keeps_nothing(minutes: Document, ada: User, bob: User) -> None:
    end = timezone.now() + timedelta(days=1)
    opened(minutes, password=PASSWORD, rotate=True, expires_at=end)
    first = minutes.link_key
    enter(person=bob, obj=minutes, key=first, password=PASSWORD)
    set_link(by=ada, obj=minutes, role=None, expires_at=end, password=PASSWORD)
    assert access_for(bob, minutes) == Access()
    found = link_of(minutes)
    assert (found.role, found.expires_at, found.key, found.has_password) == (None, None, "", False)
    opened(minutes)
    assert access_for(bob, minutes) == Access()  # neither an old pass
    for old in (first, ""):  # nor an address that went around before
        with pytest.raises(NoEntrance):
            enter(person=bob, obj=minutes, key=old)


def test_what_a_verb_wrote_is_what_the_object_in_hand_says(minutes: Document) -> None:
    opened(minutes, password=PASSWORD, rotate=True, expires_at=timezone.now() + timedelta(days=1))
    kept = {name: getattr(minutes, name) for name in vars(minutes) if name.startswith("link_")}
    minutes.refresh_from_db()
    assert kept == {name: getattr(minutes, name) for name in vars(minutes) if name.startswith("link_")}


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expires_at"),
    ],
    ids=["short", "long", "past"],
)
def test_a_setting_that_cannot_be_changes_nothing(setting: dict[str, Any], field: str, minutes: Document) -> None:
    with pytest.raises(BadLink) as refused:
        opened(minutes, **setting)
    assert refused.value.field == field
    minutes.refresh_from_db()
    assert minutes.link_role is None


def test_a_change_is_announced_once_it_is_committed(
    minutes: Document, ada: User, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Any] = []
    access_changed.connect(lambda **news: heard.append(news["object_id"]), weak=False, dispatch_uid="test_links")
    try:
        with django_capture_on_commit_callbacks(execute=True):
            opened(minutes, rotate=True)
            assert heard == []
        assert heard == [minutes.pk]
    finally:
        access_changed.disconnect(dispatch_uid="test_links")


# -- its end -----------------------------------------------------------------------------------------------------------


@either_database
def test_a_link_ends_at_its_moment(database: str, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, bob = person("ada"), person("bob")
    end = timezone.now() + timedelta(hours=1)
    minutes = opened(Document.objects.create_for(owner=ada), expires_at=end, rotate=True)
    enter(person=bob, obj=minutes, key=minutes.link_key)
    with clock_at(end - timedelta(microseconds=1), monkeypatch):
        assert access_for(bob, minutes) == EDITOR
        assert visible_to(bob, Document.objects.all()).exists()
    with clock_at(end, monkeypatch):
        assert access_for(bob, minutes) == Access()
        assert not visible_to(bob, Document.objects.all()).exists()
        with pytest.raises(NoEntrance):
            enter(person=bob, obj=minutes, key=minutes.link_key)


# -- the operator's bounds ---------------------------------------------------------------------------------------------


def test_the_operator_bounds_what_links_give_also_those_set_before(
    minutes: Document, ada: User, bob: User, settings: Any
) -> None:
    opened(minutes)
    settings.COSCRIBE_LINKS = "viewer"
    assert access_for(bob, minutes) == Access(Role.VIEWER, Reason.LINK)
    settings.COSCRIBE_LINKS = "none"
    assert access_for(bob, minutes) == Access()
    assert not visible_to(bob, Document.objects.all()).exists()
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    assert access_for(bob, minutes) == Access(Role.EDITOR, Reason.DIRECT)


@pytest.mark.parametrize(("most", "sentence"), [("none", "switched off"), ("commenter", "nobody more than commenter")])
def test_a_link_beyond_the_operator_s_bound_is_refused(
    most: str, sentence: str, minutes: Document, settings: Any
) -> None:
    settings.COSCRIBE_LINKS = most
    with pytest.raises(LinkForbidden, match=sentence):
        opened(minutes)
    assert access_for(minutes.owner, minutes).can_share
    set_link(by=minutes.owner, obj=minutes, role=None)  # closing is always possible


# -- passes and the lock -----------------------------------------------------------------------------------------------


def test_a_pass_made_for_the_old_address_counts_for_nothing(minutes: Document, ada: User, bob: User) -> None:
    """Somebody shows the key; before they are in, the link is rotated."""
    opened(minutes, rotate=True)
    as_read = Document.objects.get(pk=minutes.pk)
    links.check(as_read, key=as_read.link_key, password="", guest=False)
    opened(minutes, rotate=True)
    with pytest.raises(NoEntrance):
        links.make_pass(person=bob, obj=as_read, key=as_read.link_key)
    assert access_for(bob, minutes) == Access()
    assert DocumentLinkPass.objects.count() == 0


@only_postgres
def test_a_pass_waits_for_a_rotation_that_is_under_way(database: str, person: Person) -> None:
    ada, bob = person("ada"), person("bob")
    minutes = opened(Document.objects.create_for(owner=ada), rotate=True)
    as_read = Document.objects.get(pk=minutes.pk)
    refused = threading.Event()

    def come_in() -> None:
        try:
            enter(person=bob, obj=as_read, key=as_read.link_key)
        except NoEntrance:
            refused.set()
        finally:
            connection.close()

    with transaction.atomic():
        set_link(by=ada, obj=minutes, role=Role.EDITOR, rotate=True)
        visitor = threading.Thread(target=come_in)
        visitor.start()
        visitor.join(0.3)
        assert visitor.is_alive()  # at the lock
    visitor.join(10)
    assert refused.is_set()
    assert access_for(bob, minutes) == Access()


# -- the audit log -----------------------------------------------------------------------------------------------------


def test_the_audit_log_says_what_became_of_the_link_and_never_its_secrets(minutes: Document, bob: User) -> None:
    end = timezone.now() + timedelta(days=3)
    opened(minutes, role=Role.VIEWER)
    opened(minutes, password=PASSWORD, rotate=True, expires_at=end)
    enter(person=bob, obj=minutes, key=minutes.link_key, password=PASSWORD)
    opened(minutes, password="green whale", expires_at=end)
    set_link(by=minutes.owner, obj=minutes, role=None)
    entries = AuditEntry.objects.order_by("pk").values_list("action", "actor_name", "before", "after")
    last = f"editor, password, until {end:%Y-%m-%d}"
    assert list(entries) == [
        ("link", "Ada", "restricted", "viewer"),
        ("link", "Ada", "viewer", last),
        ("link", "Ada", "", "new address"),
        ("passed", "Bob", "", "editor"),
        ("link", "Ada", "", "new password"),
        ("link", "Ada", last, "restricted"),
    ]


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_address_with_the_key_lets_somebody_in_and_remembers_them(
    minutes: Document, bob: User, browser_of: BrowserOf
) -> None:
    opened(minutes, rotate=True)
    browser = browser_of(bob)
    assert browser.get(f"/documents/{minutes.pk}/").status_code == 404
    assert browser.get(f"/documents/{minutes.pk}/?key=guessed").status_code == 404
    assert browser.get(page_of(minutes)).context["role"] == "editor"
    assert browser.get(f"/documents/{minutes.pk}/").status_code == 200
    browser.get(page_of(minutes))
    assert AuditEntry.objects.filter(action="passed").count() == 1


def test_a_higher_role_by_the_address_is_taken_too(
    minutes: Document, ada: User, bob: User, browser_of: BrowserOf
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    opened(minutes, rotate=True)
    assert browser_of(bob).get(page_of(minutes)).context["role"] == "editor"


def test_the_password_is_asked_for_before_anything_is_told(minutes: Document, bob: User, browser_of: BrowserOf) -> None:
    opened(minutes, password=PASSWORD, rotate=True)
    browser = browser_of(bob)
    asked = browser.get(page_of(minutes))
    assert asked.templates[0].name == "documents/entrance.html"
    assert "Minutes" not in asked.content.decode()
    wrong = browser.post(f"/documents/{minutes.pk}/entrance/", {"key": minutes.link_key, "password": "guess"})
    assert "That is not the password." in wrong.content.decode()
    assert "Minutes" not in wrong.content.decode()
    right = browser.post(f"/documents/{minutes.pk}/entrance/", {"key": minutes.link_key, "password": PASSWORD})
    assert right["Location"] == page_of(minutes)
    assert browser.get(right["Location"]).context["role"] == "editor"


def test_who_has_access_by_name_is_not_asked_for_the_password(
    minutes: Document, ada: User, browser_of: BrowserOf
) -> None:
    opened(minutes, password=PASSWORD)
    assert browser_of(ada).get(f"/documents/{minutes.pk}/").context["role"] == "owner"


def test_guessing_the_password_is_bounded_for_a_document_and_an_address(
    minutes: Document, bob: User, eve: User, browser_of: BrowserOf, settings: Any
) -> None:
    opened(minutes, password=PASSWORD)
    entrance = f"/documents/{minutes.pk}/entrance/"
    browser = browser_of(bob)
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = browser.post(entrance, {"password": "guess"})
    assert answer.status_code == 429
    for each in (browser, browser_of(eve)):  # another account at the same address helps nobody
        late = each.post(entrance, {"password": PASSWORD})
        assert late.status_code == 429
        assert "Too many wrong passwords." in late.content.decode()
    assert access_for(bob, minutes) == Access()
    elsewhere = browser.post(entrance, {"password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 302
    other = opened(Document.objects.create_for(owner=minutes.owner), password=PASSWORD)
    assert browser.post(f"/documents/{other.pk}/entrance/", {"password": PASSWORD}).status_code == 302


def test_the_right_password_forgives_the_wrong_ones(
    minutes: Document, bob: User, eve: User, browser_of: BrowserOf, settings: Any
) -> None:
    opened(minutes, password=PASSWORD)
    entrance = f"/documents/{minutes.pk}/entrance/"
    for visitor in (bob, eve):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            browser_of(visitor).post(entrance, {"password": "guess"})
        assert browser_of(visitor).post(entrance, {"password": PASSWORD}).status_code == 302


def test_no_guess_and_no_key_is_kept_by_what_counts_them(minutes: Document, bob: User, browser_of: BrowserOf) -> None:
    from axes.models import AccessAttempt

    opened(minutes, password=PASSWORD, rotate=True)
    entrance = f"/documents/{minutes.pk}/entrance/"
    browser_of(bob).post(entrance, {"password": "almost right", "key": minutes.link_key})
    attempt = AccessAttempt.objects.get()
    assert "almost right" not in attempt.post_data
    assert minutes.link_key not in attempt.post_data + attempt.get_data + attempt.path_info


@pytest.mark.parametrize("setting", [{"role": None}, {"rotate": True}], ids=["closed", "rotated"])
def test_a_link_that_changed_while_the_page_was_open_leads_to_what_is_so_now(
    setting: dict[str, Any], minutes: Document, bob: User, browser_of: BrowserOf
) -> None:
    opened(minutes, password=PASSWORD)
    browser = browser_of(bob)
    assert browser.get(page_of(minutes)).status_code == 200
    opened(minutes, **setting)
    answer = browser.post(f"/documents/{minutes.pk}/entrance/", {"password": PASSWORD})
    assert answer["Location"] == f"/documents/{minutes.pk}/"
    assert browser.get(answer["Location"]).status_code == 404
