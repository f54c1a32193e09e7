"""Which notices wait for an answer, and who can give it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from documents.models import Document
from permissions import ownership, requests
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant, revise

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox_of(browser_of: Callable[[User | None], Client]) -> Callable[[User], list[dict[str, Any]]]:
    def read(person: User) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = browser_of(person).get("/api/notices/").json()["notices"]
        return found

    return read


type InboxOf = Callable[[User], list[dict[str, Any]]]


@pytest.fixture
def asked(minutes: Document, ada: User, bob: User) -> int:
    requests.admit_requests(by=ada, obj=minutes, admits=True)
    pk: int = requests.ask(by=bob, obj=minutes, role=Role.EDITOR, words="Please").pk
    return pk


def test_an_open_request_can_be_answered_from_its_notice(asked: int, ada: User, inbox_of: InboxOf) -> None:
    [notice] = inbox_of(ada)
    assert notice["request"] == {"id": asked, "role": "editor", "words": "Please"}
    assert notice["offer"] is False


def test_an_answered_request_waits_for_nobody(asked: int, minutes: Document, ada: User, inbox_of: InboxOf) -> None:
    requests.answer(by=ada, obj=minutes, request=asked, role=None)
    [notice] = inbox_of(ada)
    assert notice["request"] is None


def test_who_is_no_owner_any_more_is_not_asked(
    asked: int, minutes: Document, ada: User, carol: User, inbox_of: InboxOf
) -> None:
    grant(by=ada, obj=minutes, to=carol, role=Role.OWNER)
    revise(by=carol, obj=minutes, to=ada, role=Role.EDITOR)
    assert [each["request"] for each in inbox_of(ada) if each["kind"] == "requested"] == [None]


def test_what_lies_in_the_trash_waits_for_nobody(asked: int, minutes: Document, ada: User, inbox_of: InboxOf) -> None:
    minutes.trashed_at = minutes.edited_at
    minutes.save(update_fields=["trashed_at"])
    assert [each["request"] for each in inbox_of(ada)] == [None]


def test_an_offer_waits_for_the_one_it_is_made_to(minutes: Document, ada: User, bob: User, inbox_of: InboxOf) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    ownership.offer(by=ada, obj=minutes, to=bob)
    assert [(each["kind"], each["offer"]) for each in inbox_of(bob)] == [("offered", True), ("shared", False)]
    ownership.withdraw(by=ada, obj=minutes)
    assert not any(each["offer"] for each in inbox_of(bob))


def test_pages_with_an_inbox_say_how_much_is_unread(
    minutes: Document, ada: User, bob: User, browser_of: Callable[[User | None], Client]
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    for path in ("/account/", "/groups/", "/", f"/documents/{minutes.pk}/"):
        page = browser_of(bob).get(path).content.decode()
        assert 'id="inbox-open"' in page
        assert 'data-unread="1"' in page
        assert "Notices, 1 unread" in page
