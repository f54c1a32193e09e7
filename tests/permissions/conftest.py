"""Counts of one test are not another's."""

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache

from permissions import mail, sessions


@pytest.fixture(autouse=True)
def counts_begin_at_zero() -> Iterator[None]:
    cache.clear()
    sessions._noted.clear()
    yield
    cache.clear()


@pytest.fixture
def mail_at_once(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Mail is sent within the request, so that the test's transaction holds what it reads. The list has what was sent
    so."""
    sent: list[Callable[[], None]] = []

    def now(send: Callable[[], None]) -> None:
        sent.append(send)
        send()

    monkeypatch.setattr(mail, "later", now)
    return sent
