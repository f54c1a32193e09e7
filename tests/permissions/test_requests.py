"""Asking for access: who may know that there is something, and what owners answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from documents.models import Document, DocumentClient, DocumentRequest
from permissions.access import access_for
from permissions.errors import (
    AnsweredAlready,
    AskedAlready,
    AskedTooOften,
    CannotAsk,
    HasAccess,
    IsDeactivated,
    NoRequest,
    NotAllowed,
    WordsTooLong,
)
from permissions.models import AuditEntry, Notice, User
from permissions.requests import REST_AFTER_DECLINE, admit_requests, answer, ask, may_ask, open_requests
from permissions.roles import Role
from permissions.sharing import grant, revoke
from tests.conftest import Person
from tests.databases import either_database

from .test_invitations import at_once


@pytest.fixture
def admitting(minutes: Document, ada: User) -> Document:
    """The minutes, whose setting admits that they exist."""
    admit_requests(by=ada, obj=minutes, admits=True)
    return minutes


def kinds(person: User) -> list[str]:
    return list(Notice.objects.filter(user=person).order_by("pk").values_list("kind", flat=True))


def test_nobody_may_ask_where_nothing_is_admitted(minutes: Document, bob: User) -> None:
    assert not may_ask(bob, minutes)
    with pytest.raises(CannotAsk):
        ask(by=bob, obj=minutes, role=Role.VIEWER)
    assert not DocumentRequest.objects.exists()


def test_who_asks_is_heard_by_the_owners(admitting: Document, ada: User, bob: User, carol: User) -> None:
    grant(by=ada, obj=admitting, to=carol, role=Role.OWNER)
    made = ask(by=bob, obj=admitting, role=Role.EDITOR, words="  I wrote\nthe agenda ")
    assert (made.role, made.words) == (Role.EDITOR, "I wrote the agenda")
    assert [request.user for request in open_requests(admitting)] == [bob]
    assert kinds(ada) == ["requested"]
    assert kinds(carol) == ["shared", "requested"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMMENTER, Role.EDITOR])
def test_an_owner_answers_with_a_role(admitting: Document, ada: User, bob: User, role: Role) -> None:
    request = ask(by=bob, obj=admitting, role=Role.COMMENTER)
    answer(by=ada, obj=admitting, request=request.pk, role=role)
    assert access_for(bob, admitting).role is role
    assert open_requests(admitting) == []
    assert kinds(bob) == ["answered"]  # once, not as a share too


def test_a_refusal_lasts_a_week(admitting: Document, ada: User, bob: User) -> None:
    request = ask(by=bob, obj=admitting, role=Role.VIEWER)
    answer(by=ada, obj=admitting, request=request.pk, role=None)
    assert access_for(bob, admitting).role is None
    assert kinds(bob) == ["answered"]
    with pytest.raises(AskedTooOften, match="after 7 days"):
        ask(by=bob, obj=admitting, role=Role.VIEWER)
    DocumentRequest.objects.update(answered_at=timezone.now() - REST_AFTER_DECLINE - timedelta(seconds=1))
    ask(by=bob, obj=admitting, role=Role.VIEWER)


def test_one_request_at_a_time(admitting: Document, bob: User) -> None:
    ask(by=bob, obj=admitting, role=Role.VIEWER)
    with pytest.raises(AskedAlready):
        ask(by=bob, obj=admitting, role=Role.EDITOR)


def test_a_person_asks_for_so_many_a_day(admitting: Document, ada: User, bob: User, settings: Any) -> None:
    settings.REQUESTS_PER_DAY = 1
    other = Document.objects.create_for(owner=ada)
    admit_requests(by=ada, obj=other, admits=True)
    ask(by=bob, obj=admitting, role=Role.VIEWER)
    with pytest.raises(AskedTooOften, match="tomorrow"):
        ask(by=bob, obj=other, role=Role.VIEWER)


def test_words_are_bounded(admitting: Document, bob: User) -> None:
    with pytest.raises(WordsTooLong, match="at most 200 characters; this one has 201"):
        ask(by=bob, obj=admitting, role=Role.VIEWER, words="x" * 201)


@pytest.mark.parametrize("how", ["was given access", "wrote in it", "asked before"])
def test_who_has_been_in_it_may_ask(minutes: Document, ada: User, bob: User, how: str) -> None:
    """Having asked is not having been in it."""
    if how == "was given access":
        grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
        revoke(by=ada, obj=minutes, to=bob)
    elif how == "wrote in it":
        DocumentClient.objects.create(document=minutes, client_id=7, user=bob)
    else:
        admit_requests(by=ada, obj=minutes, admits=True)
        ask(by=bob, obj=minutes, role=Role.VIEWER)
        admit_requests(by=ada, obj=minutes, admits=False)
    assert may_ask(bob, minutes) is (how != "asked before")


def test_the_trash_answers_nobody(admitting: Document, ada: User, bob: User) -> None:
    stale = Document.objects.get(pk=admitting.pk)
    Document.objects.update(trashed_at=timezone.now())
    with pytest.raises(CannotAsk):
        ask(by=bob, obj=stale, role=Role.VIEWER)


def test_guests_and_deactivated_people_do_not_ask(admitting: Document, person: Person) -> None:
    assert not may_ask(person("guest-1", is_guest=True), admitting)
    assert not may_ask(person("eve", is_active=False), admitting)


def test_who_has_a_role_asks_for_more_only(admitting: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=admitting, to=bob, role=Role.COMMENTER)
    for role in (Role.VIEWER, Role.COMMENTER):
        with pytest.raises(HasAccess, match="commenter"):
            ask(by=bob, obj=admitting, role=role)
    request = ask(by=bob, obj=admitting, role=Role.EDITOR)
    answer(by=ada, obj=admitting, request=request.pk, role=Role.VIEWER)
    assert access_for(bob, admitting).role is Role.COMMENTER  # an answer takes nothing away


def test_ownership_is_neither_asked_for_nor_answered(admitting: Document, ada: User, bob: User) -> None:
    with pytest.raises(ValueError, match="Ownership"):
        ask(by=bob, obj=admitting, role=Role.OWNER)
    request = ask(by=bob, obj=admitting, role=Role.EDITOR)
    with pytest.raises(ValueError, match="Ownership"):
        answer(by=ada, obj=admitting, request=request.pk, role=Role.OWNER)


def test_only_owners_answer_and_only_what_is_asked_here(admitting: Document, ada: User, bob: User, carol: User) -> None:
    request = ask(by=bob, obj=admitting, role=Role.EDITOR)
    grant(by=ada, obj=admitting, to=carol, role=Role.EDITOR)
    for somebody in (bob, carol):
        with pytest.raises(NotAllowed):
            answer(by=somebody, obj=admitting, request=request.pk, role=Role.EDITOR)
    theirs = Document.objects.create_for(owner=carol)
    with pytest.raises(NoRequest):
        answer(by=carol, obj=theirs, request=request.pk, role=Role.EDITOR)
    assert access_for(bob, admitting).role is None


def test_the_second_owner_is_told_who_was_first(admitting: Document, ada: User, bob: User, carol: User) -> None:
    grant(by=ada, obj=admitting, to=carol, role=Role.OWNER)
    request = ask(by=bob, obj=admitting, role=Role.EDITOR)
    answer(by=carol, obj=admitting, request=request.pk, role=None)
    with pytest.raises(AnsweredAlready, match="Carol has answered this already"):
        answer(by=ada, obj=admitting, request=request.pk, role=Role.EDITOR)


def test_nothing_is_given_to_a_deactivated_account(admitting: Document, ada: User, bob: User) -> None:
    request = ask(by=bob, obj=admitting, role=Role.EDITOR)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert open_requests(admitting) == []
    with pytest.raises(IsDeactivated, match="Bob"):
        answer(by=ada, obj=admitting, request=request.pk, role=Role.EDITOR)


def test_what_is_given_in_another_way_answers_the_request(admitting: Document, ada: User, bob: User) -> None:
    ask(by=bob, obj=admitting, role=Role.COMMENTER)
    grant(by=ada, obj=admitting, to=bob, role=Role.VIEWER)
    assert len(open_requests(admitting)) == 1  # it was less
    grant(by=ada, obj=admitting, to=bob, role=Role.EDITOR)
    assert open_requests(admitting) == []


def test_the_setting_is_the_owners_and_written_down_once(minutes: Document, ada: User, bob: User) -> None:
    with pytest.raises(NotAllowed):
        admit_requests(by=bob, obj=minutes, admits=True)
    for _again in range(2):
        admit_requests(by=ada, obj=minutes, admits=True)
    assert AuditEntry.objects.filter(object_id=minutes.pk).count() == 1
    minutes.refresh_from_db()
    assert minutes.admits_requests


@either_database
def test_two_owners_who_answer_at_once_give_one_answer(database: str, person: Person) -> None:
    ada, bob, carol = person("ada"), person("bob"), person("carol")
    minutes = Document.objects.create_for(owner=ada, title="Minutes")
    grant(by=ada, obj=minutes, to=carol, role=Role.OWNER)
    admit_requests(by=ada, obj=minutes, admits=True)
    request = ask(by=bob, obj=minutes, role=Role.EDITOR)
    outcomes = at_once(
        lambda: answer(by=ada, obj=minutes, request=request.pk, role=Role.EDITOR),
        lambda: answer(by=carol, obj=minutes, request=request.pk, role=None),
    )
    assert sorted(outcomes) == ["AnsweredAlready", "done"]
    assert access_for(bob, minutes).can_edit is (outcomes[0] == "done")


@either_database
def test_asking_twice_at_once_is_one_request(database: str, person: Person) -> None:
    ada, bob = person("ada"), person("bob")
    minutes = Document.objects.create_for(owner=ada, title="Minutes")
    admit_requests(by=ada, obj=minutes, admits=True)
    outcomes = at_once(*[lambda: ask(by=bob, obj=minutes, role=Role.EDITOR)] * 2)
    assert sorted(outcomes) == ["AskedAlready", "done"]
    assert DocumentRequest.objects.count() == 1
    connection.close()


# -- Its page ----------------------------------------------------------------------------------------------------------


def test_the_page_says_that_one_may_ask_and_not_what_for(
    admitting: Document, bob: User, browser_of: Callable[..., Client]
) -> None:
    response = browser_of(bob).get(f"/documents/{admitting.pk}/")
    page = response.content.decode()
    assert response.status_code == 403
    assert "You have no access" in page
    assert "You are signed in as Bob" in page
    assert "Minutes" not in page
    assert "Ada" not in page


def test_one_asks_there_and_is_told_that_one_has(
    admitting: Document, ada: User, bob: User, browser_of: Callable[..., Client]
) -> None:
    browser = browser_of(bob)
    form = {"role": "commenter", "words": "Please"}
    assert browser.post(f"/documents/{admitting.pk}/requests/", form)["Location"] == f"/documents/{admitting.pk}/"
    [request] = open_requests(admitting)
    assert (request.user, request.role, request.words) == (bob, Role.COMMENTER, "Please")
    assert "You have asked for access" in browser.get(f"/documents/{admitting.pk}/").content.decode()
    answer(by=ada, obj=admitting, request=request.pk, role=None)
    assert "Your request was declined. You can ask again from" in (
        browser.get(f"/documents/{admitting.pk}/").content.decode()
    )


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({"role": "owner"}, 400, "Choose what you would like to do."),
        ({"role": ""}, 400, "Choose what you would like to do."),
        ({"role": "editor", "words": "é" * 201}, 400, "A message has at most 200 characters; this one has 201."),
    ],
)
def test_what_is_wrong_is_said_on_the_page(
    admitting: Document, bob: User, browser_of: Callable[..., Client], form: Any, status: int, sentence: str
) -> None:
    response = browser_of(bob).post(f"/documents/{admitting.pk}/requests/", form)
    assert (response.status_code, sentence in response.content.decode()) == (status, True)
    assert form.get("words", "") in response.content.decode()  # nothing that was typed is lost
    assert open_requests(admitting) == []


def test_where_nothing_is_admitted_there_is_nothing(
    minutes: Document, bob: User, browser_of: Callable[..., Client]
) -> None:
    browser = browser_of(bob)
    assert browser.get(f"/documents/{minutes.pk}/").status_code == 404
    assert browser.post(f"/documents/{minutes.pk}/requests/", {"role": "viewer"}).status_code == 404


def test_whoever_is_let_in_meanwhile_lands_inside(
    admitting: Document, ada: User, bob: User, browser_of: Callable[..., Client]
) -> None:
    grant(by=ada, obj=admitting, to=bob, role=Role.EDITOR)
    response = browser_of(bob).post(f"/documents/{admitting.pk}/requests/", {"role": "viewer"})
    assert response["Location"] == f"/documents/{admitting.pk}/"
    assert open_requests(admitting) == []


def test_nobody_signs_in_first(admitting: Document, client: Client) -> None:
    response = client.post(f"/documents/{admitting.pk}/requests/", {"role": "viewer"})
    assert response["Location"] == f"/sign-in/?next=/documents/{admitting.pk}/"
