"""Who is asking: a person by their session, or a program by its token. Where a token is shown no cookie counts."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from permissions import bearer, tokens
from permissions.models import User
from permissions.problems import NOT_FOUND, Problem


class Asked(HttpRequest):
    """A request that came through the door."""

    auth: User


class Token(HttpBearer):
    """`Authorization: Bearer`, an access token out of the account page. One that reads is for GET only."""

    def __init__(self, *, guests: bool = False) -> None:
        self.guests = guests
        super().__init__()

    def __call__(self, request: HttpRequest) -> User | None:
        secret = tokens.read_bearer(request.headers.get("Authorization", ""))
        return None if secret is None else self.authenticate(request, secret)

    def authenticate(self, request: HttpRequest, token: str) -> User:
        """Raises `Problem` 401 and 403."""
        person = bearer.admit(request, token)
        _ask_for_csrf_token(request)
        return _unless_guest(person, guests=self.guests)


class Session(APIKeyCookie):
    """The cookie of somebody who signed in; what writes needs the CSRF token too, as the header `X-CSRFToken`."""

    param_name = "sessionid"

    def __init__(self, *, guests: bool = False) -> None:
        self.guests = guests
        super().__init__()

    def __call__(self, request: HttpRequest) -> User | None:
        if tokens.read_bearer(request.headers.get("Authorization", "")) is not None:
            return None
        return self.authenticate(request, None)

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        """Raises `Problem` 403."""
        # A lazy object, which is an instance of what it will be.
        person: Any = request.user
        if not isinstance(person, User):
            return None
        _ask_for_csrf_token(request)
        return _unless_guest(person, guests=self.guests)


MEMBERS = [Token(), Session()]
MEMBERS_AND_GUESTS = [Token(guests=True), Session(guests=True)]


def _unless_guest(person: User, *, guests: bool) -> User:
    if person.is_guest and not guests:
        raise Problem(HTTPStatus.NOT_FOUND, str(NOT_FOUND))
    return person


def _ask_for_csrf_token(request: HttpRequest) -> None:
    """ninja takes its views out of Django's own check: whoever needs none (anybody else's) is not signed in."""
    if check_csrf(request) is not None:
        raise Problem(HTTPStatus.FORBIDDEN, _("This page is too old to be sent: reload it and try again."))
