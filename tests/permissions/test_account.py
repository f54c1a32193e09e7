"""The account page: what others see, the password, where one is signed in."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from permissions.agents import describe
from permissions.models import CARET_COLORS, SignIn, User
from permissions.signals import access_changed
from tests.conftest import Person
from tests.databases import either_database

Browser = Callable[[User | None], Client]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1 Version/17.0 Mobile/15E148 Safari/604"
)


@pytest.fixture
def announced() -> Iterator[list[Any]]:
    """Whose access was announced as changed."""
    heard: list[Any] = []
    access_changed.connect(lambda object_id, **_: heard.append(object_id), weak=False, dispatch_uid="test")
    yield heard
    access_changed.disconnect(dispatch_uid="test")


def signed_in(user: User, *, agent: str = FIREFOX) -> Client:
    browser = Client(headers={"user-agent": agent})
    response = browser.post("/sign-in/", {"username": user.username, "password": "correct horse"})
    assert response.status_code == 302
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/account/").status_code == 200


def test_name_and_colour_are_changed_and_announced(
    ada: User, announced: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    browser = signed_in(ada)
    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post("/account/", {"name": "Ada L.", "color": CARET_COLORS[3]})
    assert response["Location"] == "/account/"
    ada.refresh_from_db()
    assert (ada.name, ada.color) == ("Ada L.", CARET_COLORS[3])
    assert announced == [ada.pk]
    assert b"Saved." in browser.get("/account/").content


@pytest.mark.parametrize(("name", "color"), [("", CARET_COLORS[0]), ("x" * 81, CARET_COLORS[0]), ("Ada", "#ffffff")])
def test_a_bad_name_or_colour_changes_nothing(ada: User, name: str, color: str) -> None:
    response = signed_in(ada).post("/account/", {"name": name, "color": color})
    assert response.context["profile"].errors
    assert response.context["user"].name == "Ada"
    ada.refresh_from_db()
    assert (ada.name, ada.color) == ("Ada", CARET_COLORS[0])


def test_every_caret_colour_has_a_name(ada: User) -> None:
    page = signed_in(ada).get("/account/").content.decode()
    for color in CARET_COLORS:
        assert f'value="{color}"' in page
    assert "Raspberry" in page


# -- The password ------------------------------------------------------------------------------------------------------


def test_a_new_password_needs_the_current_one(ada: User) -> None:
    browser = signed_in(ada)
    response = browser.post("/account/password/", {"current": "wrong", "password": "another fine horse"})
    assert response.context["password"].errors["current"] == ["This is not your current password."]
    response = browser.post("/account/password/", {"current": "correct horse", "password": "horse"})
    assert "too short" in str(response.context["password"].errors["password"])
    ada.refresh_from_db()
    assert ada.check_password("correct horse")


def test_a_new_password_signs_out_everywhere_else(
    ada: User, bob: User, announced: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    here, there, bobs = signed_in(ada), signed_in(ada), signed_in(bob)
    old_key = here.session.session_key
    began = SignIn.objects.get(session_id=old_key).created_at
    with django_capture_on_commit_callbacks(execute=True):
        here.post("/account/password/", {"current": "correct horse", "password": "another fine horse"})
    ada.refresh_from_db()
    assert ada.check_password("another fine horse")
    assert (is_in(here), is_in(there), is_in(bobs)) == (True, False, True)
    assert announced == [ada.pk]
    assert here.session.session_key != old_key  # one that was stolen is worth nothing
    assert SignIn.objects.get(user=ada).created_at == began


def test_a_new_password_is_announced_though_no_other_session_was_noted(
    ada: User, announced: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    """A socket may be open under a session from before sessions were noted: it closes when it hears of this."""
    here = signed_in(ada)
    SignIn.objects.exclude(session_id=here.session.session_key).delete()
    with django_capture_on_commit_callbacks(execute=True):
        here.post("/account/password/", {"current": "correct horse", "password": "another fine horse"})
    assert announced == [ada.pk]


def test_a_wrong_current_password_is_written_down_nowhere(ada: User) -> None:
    signed_in(ada).post("/account/password/", {"current": "my old horse", "password": "another fine horse"})
    [attempt] = AccessAttempt.objects.all()
    assert "current=" in attempt.post_data  # or this test shows nothing
    assert "horse" not in attempt.post_data


def test_guessing_the_current_password_is_bounded(ada: User, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    browser = signed_in(ada)
    for _ in range(2):
        browser.post("/account/password/", {"current": "wrong", "password": "another fine horse"})
    response = browser.post("/account/password/", {"current": "correct horse", "password": "another fine horse"})
    assert "Too many wrong passwords" in str(response.context["password"].errors["current"])
    ada.refresh_from_db()
    assert ada.check_password("correct horse")


def test_signing_out_is_announced(ada: User, announced: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    """Other pages of this browser have sockets of the same session."""
    browser = signed_in(ada)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/sign-out/")
    assert announced == [ada.pk]


# -- Sessions ----------------------------------------------------------------------------------------------------------


def test_the_page_lists_where_one_is_signed_in(ada: User, bob: User) -> None:
    browser = signed_in(ada)
    signed_in(ada, agent=IPHONE)
    signed_in(bob)
    response = browser.get("/account/")
    listed = [(each["device"], each["is_here"]) for each in response.context["sign_ins"]]
    assert sorted(listed) == [("Firefox on Linux", True), ("Safari on iPhone", False)]
    for key in Session.objects.values_list("session_key", flat=True):
        assert key not in response.content.decode()


def test_one_device_is_signed_out(ada: User, announced: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    here, there = signed_in(ada), signed_in(ada, agent=IPHONE)
    row = SignIn.objects.get(agent=IPHONE)
    with django_capture_on_commit_callbacks(execute=True):
        response = here.post("/account/ended-sessions/", {"session": row.pk})
    assert response["Location"] == "/account/#sessions"
    assert (is_in(here), is_in(there)) == (True, False)
    assert announced == [ada.pk]


def test_everywhere_else_is_signed_out(ada: User, bob: User) -> None:
    here, there, third, bobs = signed_in(ada), signed_in(ada), signed_in(ada), signed_in(bob)
    here.post("/account/ended-sessions/", {"others": "1"})
    assert [is_in(each) for each in (here, there, third, bobs)] == [True, False, False, True]


def test_nobody_ends_anothers_session(ada: User, bob: User) -> None:
    adas, bobs = signed_in(ada), signed_in(bob)
    bobs.post("/account/ended-sessions/", {"session": SignIn.objects.get(user=ada).pk})
    assert is_in(adas)


@pytest.mark.parametrize("session", ["", "x", "-1", "9" * 40, "1; DROP"])
def test_a_session_that_is_none_is_not_found(ada: User, session: str) -> None:
    assert signed_in(ada).post("/account/ended-sessions/", {"session": session}).status_code == 404


def test_a_session_that_was_seen_is_written_once_a_minute(
    ada: User, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    browser = browser_of(ada)  # signed in past our own page
    browser.get("/account/")
    SignIn.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    browser.get("/account/")
    assert SignIn.objects.get().seen_at < timezone.now() - timedelta(minutes=59)
    now += 61
    browser.get("/account/")
    assert SignIn.objects.get().seen_at > timezone.now() - timedelta(minutes=1)


def test_signing_out_takes_the_row_along(ada: User) -> None:
    browser = signed_in(ada)
    assert SignIn.objects.count() == 1
    browser.post("/sign-out/")
    assert SignIn.objects.count() == 0


def test_a_description_of_any_length_and_kind_is_kept_within_bounds(ada: User) -> None:
    browser = Client(headers={"user-agent": "\0x" * 5000})
    browser.post("/sign-in/", {"username": "ada", "password": "correct horse"})
    assert SignIn.objects.get().agent == "x" * 255


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140.0 Safari/537 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537 Chrome/140.0 Safari/537", "Chrome on macOS"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/140.0 Mobile Safari/537", "Chrome on Android"),
        ("curl/8.0", "Unknown browser"),
        ("", "Unknown browser"),
        ("<script>", "Unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(agent: str, words: str) -> None:
    assert describe(agent) == words


# -- The operator ------------------------------------------------------------------------------------------------------


def test_a_password_set_by_the_operator_ends_the_sessions(ada: User, person: Person) -> None:
    boss = person("boss", is_staff=True, is_superuser=True)
    adas, bosses = signed_in(ada), signed_in(boss)
    url = f"/admin/permissions/user/{ada.pk}/password/"
    bosses.get(url)
    assert is_in(adas)
    new = {"password1": "set by the boss", "password2": "set by the boss", "usable_password": "true"}
    assert bosses.post(url, new).status_code == 302
    assert SignIn.objects.filter(user=ada).count() == 0
    assert is_in(bosses)


# -- Beside an older version -------------------------------------------------------------------------------------------


@either_database
def test_an_older_version_still_signs_people_up(database: str) -> None:
    """It knows nothing of themes and languages, and serves while the new one starts."""
    old = (
        "password, username, first_name, last_name, email, name, color, is_superuser, is_staff, is_active, date_joined"
    )
    values: list[Any] = [
        "x",
        "old",
        "",
        "",
        "old@example.org",
        "Old",
        CARET_COLORS[0],
        False,
        False,
        True,
        timezone.now(),
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO permissions_user ({old}) VALUES ({', '.join(['%s'] * len(values))})", values)
    person = User.objects.get(username="old")
    assert (person.theme, person.language) == ("system", "")
