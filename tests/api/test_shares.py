"""Who has access, over the API: reading it, giving, changing and taking away."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from documents.models import Document
from permissions import teams
from permissions.access import access_for
from permissions.api import paging
from permissions.models import User
from permissions.roles import Role
from permissions.sharing import grant
from tests.conftest import Person

from .asking import assert_problem, send

Browser = Callable[[User | None], Client]


def api_of(document: Document) -> str:
    return f"/api/documents/{document.pk}/"


def test_the_list_says_who_has_access_and_who_you_are(
    minutes: Document, ada: User, bob: User, browser_of: Browser
) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.COMMENTER)
    found = browser_of(ada).get(f"{api_of(minutes)}shares/").json()
    assert found["shares"] == [
        {
            "holder": f"user-{ada.pk}", "kind": "user", "id": str(ada.pk), "name": "Ada", "username": "ada",
            "color": ada.color, "role": "owner", "you": True, "people": None,
        },
        {
            "holder": f"user-{bob.pk}", "kind": "user", "id": str(bob.pk), "name": "Bob", "username": "bob",
            "color": bob.color, "role": "commenter", "you": False, "people": None,
        },
    ]  # fmt: skip
    assert (found["manage"], found["requests"], found["next"]) == (True, False, "")
    assert found["you"] == {"role": "owner", "why": "owner"}
    assert found["link"]["role"] is None


def test_addresses_are_shown_to_owners_only(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    found = browser_of(bob).get(f"{api_of(minutes)}shares/").json()
    assert [share["username"] for share in found["shares"]] == ["", ""]
    assert (found["manage"], found["link"]["address"]) == (False, None)
    assert found["you"] == {"role": "editor", "why": "direct"}


def test_a_group_is_shown_by_its_name_with_how_many_it_has(minutes: Document, ada: User, browser_of: Browser) -> None:
    team = teams.create(by=ada, name="Crew")
    grant(by=ada, obj=minutes, to=team.group, role=Role.VIEWER)
    [_, crew] = browser_of(ada).get(f"{api_of(minutes)}shares/").json()["shares"]
    assert (crew["holder"], crew["name"], crew["people"]) == (f"group-{team.group_id}", "Crew", 1)


def test_everybody_is_listed_with_all_reasons(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    team = teams.create(by=ada, name="Crew")
    teams.add(by=ada, team=team, who="bob")
    grant(by=ada, obj=minutes, to=team.group, role=Role.EDITOR)
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    found = browser_of(ada).get(f"{api_of(minutes)}access/").json()
    assert found["total"] == 2
    [bobs] = [each for each in found["people"] if each["name"] == "Bob"]
    assert bobs["role"] == "editor"
    assert {(why["kind"], why["role"], why["via"]) for why in bobs["whys"]} == {
        ("group", "editor", "Crew"),
        ("direct", "viewer", ""),
    }


def test_a_long_list_comes_in_pages_and_each_in_it_once(
    minutes: Document, ada: User, person: Person, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    for n in range(7):
        grant(by=ada, obj=minutes, to=person(f"p{n}"), role=Role.EDITOR if n % 2 else Role.VIEWER)
    seen: list[str] = []
    after = ""
    while True:
        found = browser_of(ada).get(f"{api_of(minutes)}shares/", {"after": after}).json()
        seen += [share["name"] for share in found["shares"]]
        after = found["next"]
        if not after:
            break
        assert len(found["shares"]) == 3
    assert seen == ["Ada", "P1", "P3", "P5", "P0", "P2", "P4", "P6"]


@pytest.mark.parametrize(
    "after", ["x", "!!!", "W10", "WzFd", "bnVsbA", "WyJhIiwgMV0", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5XQ"]
)
def test_a_page_that_nobody_was_told_of_is_refused(
    minutes: Document, ada: User, browser_of: Browser, after: str
) -> None:
    for url in (f"{api_of(minutes)}shares/", "/api/documents/"):
        answer = browser_of(ada).get(url, {"after": after})
        assert_problem(answer, 400, "There is no page after that.", "after")


@pytest.mark.parametrize("name", ["bob", " Bob "])
def test_an_owner_adds_somebody_by_name(
    minutes: Document, ada: User, bob: User, browser_of: Browser, name: str
) -> None:
    url = f"{api_of(minutes)}shares/"
    found = send(browser_of(ada), "POST", url, {"people": [name], "role": "viewer"}).json()
    [added] = found["added"]
    assert (added["outcome"], added["holder"]) == ("granted", f"user-{bob.pk}")
    assert added["sentence"] == "Bob has access now, as viewer."
    assert len(found["change"]) == 32
    again = send(browser_of(ada), "POST", url, {"people": [name], "role": "viewer"}).json()
    assert (again["added"][0]["outcome"], again["change"]) == ("unchanged", None)
    assert access_for(bob, minutes).role is Role.VIEWER


def test_an_address_nobody_knows_of_is_invited(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    names = [bob.email, "nobody@example.org"]
    found = send(browser_of(ada), "POST", f"{api_of(minutes)}shares/", {"people": names, "role": "editor"}).json()
    assert [(each["outcome"], each["holder"], each["invitation"]["email"]) for each in found["added"]] == [
        ("invited", None, names[0]),
        ("invited", None, names[1]),
    ]
    assert access_for(bob, minutes).role is None


def test_of_many_names_all_are_added_or_nobody(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    answer = send(browser_of(ada), "POST", f"{api_of(minutes)}shares/", {"people": ["bob", "eve"], "role": "viewer"})
    assert_problem(answer, 400, 'Nobody here is called "eve". Nobody was added.', "people")
    assert answer.json()["refused"] == {"eve": 'Nobody here is called "eve".'}
    assert access_for(bob, minutes).role is None


def test_a_thousand_pasted_addresses_are_too_many(minutes: Document, ada: User, browser_of: Browser) -> None:
    pasted = {"people": [f"p{n}@example.org" for n in range(1000)], "role": "viewer"}
    answer = send(browser_of(ada), "POST", f"{api_of(minutes)}shares/", pasted)
    assert_problem(answer, 400, '"people" may have at most 100 items.', "people")
    assert not minutes.invitations.exists()


def test_an_owner_adds_a_group_they_belong_to_and_no_other(minutes: Document, ada: User, browser_of: Browser) -> None:
    Group.objects.create(name="secret")
    ada.groups.add(Group.objects.create(name="Staff"))
    url = f"{api_of(minutes)}shares/"
    [added] = send(browser_of(ada), "POST", url, {"people": ["staff"], "role": "viewer"}).json()["added"]
    assert added["holder"].startswith("group-")
    assert send(browser_of(ada), "POST", url, {"people": ["secret"], "role": "viewer"}).status_code == 400


def test_a_role_is_changed_and_taken_away(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    url = f"{api_of(minutes)}shares/user-{bob.pk}/"
    changed = send(browser_of(ada), "PATCH", url, {"role": "viewer"}).json()
    assert (changed["share"]["role"], len(changed["change"])) == ("viewer", 32)
    ended = browser_of(ada).delete(url)
    assert (ended.status_code, len(ended.json()["change"])) == (200, 32)
    assert access_for(bob, minutes).role is None


def test_anybody_may_leave(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.VIEWER)
    assert browser_of(bob).delete(f"{api_of(minutes)}shares/user-{bob.pk}/").status_code == 200
    assert access_for(bob, minutes).role is None


def test_the_last_owner_stays(minutes: Document, ada: User, browser_of: Browser) -> None:
    url = f"{api_of(minutes)}shares/user-{ada.pk}/"
    for response in (browser_of(ada).delete(url), send(browser_of(ada), "PATCH", url, {"role": "editor"})):
        assert_problem(response, 409, "Ada is the last owner: make somebody else an owner first.")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMMENTER, Role.EDITOR])
def test_who_may_not_share_is_told_so(minutes: Document, ada: User, bob: User, browser_of: Browser, role: Role) -> None:
    grant(by=ada, obj=minutes, to=bob, role=role)
    browser, api = browser_of(bob), api_of(minutes)
    for response in (
        send(browser, "POST", f"{api}shares/", {"people": ["bob"], "role": "owner"}),
        send(browser, "PATCH", f"{api}shares/user-{bob.pk}/", {"role": "owner"}),
        browser.delete(f"{api}shares/user-{ada.pk}/"),
        send(browser, "PUT", f"{api}link/", {"role": "editor"}),
    ):
        assert_problem(response, 403, f"This needs the role owner; yours is {role.label}.")
    assert access_for(bob, minutes).role is role


BAD_BODIES = [
    ("{", "The body is not JSON.", None),
    ("", "The body is not JSON.", None),
    (b"\xff\xfe\x00", "The body is not JSON.", None),
    ("[" * 50_000, "The body is not JSON.", None),
    ("9" * 50_000, "The body is not JSON.", None),
    ("[1]", "The body is JSON, but not an object.", None),
    ("null", "The body is JSON, but not an object.", None),
    ("{" + " " * 65536 + "}", "The body is over 64 KiB.", None),
    ({"role": "viewer"}, 'The body lacks "people".', "people"),
    ({"people": ["bob"], "role": "viewer", "x": 1}, 'The body has "x", which means nothing here.', "x"),
    ({"people": [7], "role": "viewer"}, '"people" must be text.', "people"),
    ({"people": "bob", "role": "viewer"}, '"people" must be a list.', "people"),
    ({"people": [], "role": "viewer"}, '"people" must not be empty.', "people"),
    ({"people": ["x" * 255], "role": "viewer"}, '"people" may have at most 254 characters.', "people"),
    ({"people": [" "], "role": "viewer"}, '"people" must not be empty.', "people"),
    ({"people": ["a\0"], "role": "viewer"}, '"people" has a character that is no text.', "people"),
    ('{"people": ["\\ud800"], "role": "viewer"}', '"people" has a character that is no text.', "people"),
    ('{"people": ["bob"], "role": "viewer", "\\ud800": 1}', '"?" has a character that is no text.', "?"),
    ({"people": ["bob"], "role": "admin"}, '"role" must be one of viewer, commenter, editor, owner.', "role"),
    ({"people": ["bob"], "role": 4}, '"role" must be one of viewer, commenter, editor, owner.', "role"),
]


@pytest.mark.parametrize(("body", "detail", "field"), BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_bad_body_is_named_and_changes_nothing(
    minutes: Document, ada: User, bob: User, browser_of: Browser, body: Any, detail: str, field: str | None
) -> None:
    assert_problem(send(browser_of(ada), "POST", f"{api_of(minutes)}shares/", body), 400, detail, field)
    assert access_for(bob, minutes).role is None


NO_TIME = '"expires_at" must be a time like 2026-01-31T12:00:00Z.'


@pytest.mark.parametrize(
    ("body", "detail", "field"),
    [
        ({"role": "owner"}, '"role" must be one of viewer, commenter, editor.', "role"),
        ({"role": "viewer", "expires_at": 5}, NO_TIME, "expires_at"),
        ({"role": "viewer", "expires_at": "2030-01-01T00:00:00"}, NO_TIME, "expires_at"),
        ({"role": "viewer", "expires_at": "2020-01-01T00:00:00Z"}, "That time is over already.", "expires_at"),
        ({"role": "viewer", "password": "x"}, "A password has 6 to 128 letters.", "password"),
    ],
)  # fmt: skip
def test_a_link_that_cannot_be_is_refused(
    minutes: Document, ada: User, browser_of: Browser, body: Any, detail: str, field: str
) -> None:
    assert_problem(send(browser_of(ada), "PUT", f"{api_of(minutes)}link/", body), 400, detail, field)


def test_the_link_is_set_rotated_and_taken_away(minutes: Document, ada: User, bob: User, browser_of: Browser) -> None:
    browser, url = browser_of(ada), f"{api_of(minutes)}link/"
    page = f"http://testserver/documents/{minutes.pk}/"
    assert send(browser, "PUT", url, {"role": "commenter"}).json()["link"] == {
        "role": "commenter", "expires_at": None, "has_password": False, "most": "editor", "address": page,
    }  # fmt: skip
    assert access_for(bob, minutes).role is Role.COMMENTER
    rotated = send(browser, "POST", f"{url}rotation/").json()["link"]
    assert rotated["address"].startswith(f"{page}?key=")
    assert access_for(bob, minutes).role is None
    locked = send(browser, "PUT", url, {"role": "viewer", "password": "open sesame"}).json()["link"]
    assert (locked["has_password"], locked["address"]) == (True, rotated["address"])
    assert send(browser, "PUT", url, {"role": "viewer"}).json()["link"]["has_password"] is True
    assert send(browser, "PUT", url, {"role": "viewer", "password": None}).json()["link"]["has_password"] is False
    assert send(browser, "PUT", url, {"role": None}).json()["link"]["role"] is None


@pytest.mark.parametrize("share", ["user-0", "user-x", "robot-1", "user-", "group-5", "user-99999999999999999999"])
def test_a_share_that_is_not_there_is_not_found(minutes: Document, ada: User, browser_of: Browser, share: str) -> None:
    assert browser_of(ada).delete(f"{api_of(minutes)}shares/{share}/").status_code in (400, 404)
