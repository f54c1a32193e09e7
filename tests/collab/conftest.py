"""Everybody in these tests is signed in: a sweep closes the sockets of whoever is not."""

from typing import Any

import pytest

from permissions.models import User
from tests.conftest import Person
from tests.signed_in import sign_in


@pytest.fixture
def person(person: Person) -> Person:
    def make(username: str, **fields: Any) -> User:
        made = person(username, **fields)
        sign_in(made)
        return made

    return make
