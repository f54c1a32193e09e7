"""Guessing passwords and flooding with accounts and mails: how often, and for how long one has to wait."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core.cache import cache
from django.db.models import F
from django.test import Client, RequestFactory

from permissions.address import address_of, counted_address
from permissions.models import User

HOME = "203.0.113.7"
ELSEWHERE = "198.51.100.9"


@pytest.fixture(autouse=True)
def three_tries(settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3


def try_in(username: str, password: str, *, address: str = HOME, **headers: str) -> Any:
    client = Client(REMOTE_ADDR=address, headers=headers)
    return client.post("/sign-in/", {"username": username, "password": password})


def lock(username: str = "ada", *, address: str = HOME) -> None:
    for _ in range(3):
        try_in(username, "wrong", address=address)


def passes(seconds: int) -> None:
    """Time goes by: for axes, failures are older."""
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(seconds=seconds))


def test_after_too_many_wrong_passwords_the_right_one_has_to_wait(ada: User) -> None:
    lock()
    response = try_in("ada", "correct horse")
    assert response.status_code == 429
    assert "_auth_user_id" not in response.client.session
    page = response.content.decode()
    assert "Too many wrong passwords." in page
    assert "Try again in 9\xa0minutes" in page or "Try again in 10\xa0minutes" in page


def test_after_the_wait_one_gets_in(ada: User) -> None:
    lock()
    passes(599)
    assert try_in("ada", "correct horse").status_code == 429
    passes(2)
    assert try_in("ada", "correct horse").status_code == 302


def test_trying_again_meanwhile_does_not_make_it_longer(ada: User) -> None:
    lock()
    passes(500)
    for _ in range(5):
        assert try_in("ada", "wrong").status_code == 429
    passes(101)
    assert try_in("ada", "correct horse").status_code == 302


def test_name_and_address_of_one_account_share_one_count(ada: User) -> None:
    try_in("ada", "wrong")
    try_in("ADA@example.org", "wrong")
    try_in("Ada", "wrong")
    assert try_in("ada@example.org", "correct horse").status_code == 429


def test_another_browser_is_no_way_around(ada: User) -> None:
    for n in range(3):
        try_in("ada", "wrong", **{"user-agent": f"browser {n}"})
    assert try_in("ada", "correct horse", **{"user-agent": "one more"}).status_code == 429


def test_another_address_and_another_person_are_not_locked(ada: User, bob: User) -> None:
    lock()
    assert try_in("ada", "correct horse", address=ELSEWHERE).status_code == 302
    assert try_in("bob", "correct horse").status_code == 302


def test_getting_in_begins_the_count_anew(ada: User) -> None:
    for _ in range(3):
        try_in("ada", "wrong")
        try_in("ada", "wrong")
        assert try_in("ada", "correct horse").status_code == 302


def test_a_name_that_nobody_has_is_locked_in_the_same_words(ada: User) -> None:
    lock("ada")
    lock("nobody")
    known, unknown = try_in("ada", "wrong"), try_in("nobody", "wrong")
    assert known.status_code == unknown.status_code == 429
    assert known.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()


def test_the_password_is_not_kept_with_the_failure(ada: User) -> None:
    try_in("ada", "my other password")
    attempt = AccessAttempt.objects.get()
    assert "my other password" not in str(vars(attempt))


# -- Accounts and mails ------------------------------------------------------------------------------------------------


def test_an_address_makes_so_many_accounts_in_an_hour(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SIGN_UPS_PER_HOUR = 2

    def sign_up(n: int, address: str) -> int:
        form = {"name": "Eve", "email": f"eve{n}@example.org", "password": "a long enough one"}
        return Client(REMOTE_ADDR=address).post("/sign-up/", form).status_code

    assert [sign_up(n, HOME) for n in range(3)] == [302, 302, 429]
    assert sign_up(4, ELSEWHERE) == 302
    assert User.objects.count() == 3
    later = _clock(monkeypatch, 3601)
    assert sign_up(5, HOME) == 302
    assert later


def test_an_address_asks_for_so_many_mails_in_an_hour(ada: User, settings: Any, mail_at_once: list[Any]) -> None:
    settings.RESETS_PER_HOUR = 2
    answers = [Client(REMOTE_ADDR=HOME).post("/reset/", {"email": "ada@example.org"}) for _ in range(3)]
    assert [each.status_code for each in answers] == [302, 302, 429]
    assert "Try again in an hour." in answers[2].content.decode()
    assert len(mail_at_once) == 2


def _clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> bool:
    """The cache's clock is ahead."""
    import time

    from django.core.cache.backends import locmem

    class Ahead:
        time = staticmethod(lambda: time.time() + seconds)

    monkeypatch.setattr(locmem, "time", Ahead)
    return cache.get("limit:sign-up:" + HOME) is None


# -- Where a request comes from ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "", HOME),
        (0, "1.2.3.4", HOME),  # anybody can send this header
        (1, "1.2.3.4, 192.0.2.1", "192.0.2.1"),
        (2, "6.6.6.6, 1.2.3.4, 192.0.2.1", "1.2.3.4"),
        (2, "192.0.2.1", HOME),  # did not come through both
        (1, "", HOME),
        (1, "not an address", ""),
    ],
)
def test_only_as_many_proxies_are_believed_as_there_are(
    settings: Any, proxies: int, forwarded: str, expected: str
) -> None:
    settings.PROXY_COUNT = proxies
    request = RequestFactory(REMOTE_ADDR=HOME).get("/", headers={"x-forwarded-for": forwarded} if forwarded else {})
    assert address_of(request) == expected


def test_of_an_ipv6_address_its_network_counts() -> None:
    for address in ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::1"):
        assert counted_address(RequestFactory(REMOTE_ADDR=address).get("/")) == "2001:db8:1:2::"
    assert counted_address(RequestFactory(REMOTE_ADDR="").get("/")) is None
