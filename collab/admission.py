"""Who may enter: one visit to the database, from the session cookie to a person and a role."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.http.cookie import parse_cookie
from django.utils.crypto import constant_time_compare

from documents.models import Document
from permissions.access import roles_of
from permissions.models import User
from permissions.roles import Role

from .core.connection import Person


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody who may enter, as of now."""

    person: Person
    role: Role
    session: str


class Denied(Exception):
    """Nobody who may enter. `code` is the close code, `reason` is safe to send."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(reason)


def session_cookie(scope: dict[str, Any]) -> str:
    """The session key in the handshake's cookies, or an empty string."""
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    return parse_cookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")


def admit(document: uuid.UUID, session_key: str) -> Admitted:
    """Who this session belongs to and what they may do with the document. Synchronous. Raises `Denied`.

    A missing document and a forbidden one look the same.
    """
    user = _user_of(session_key)
    if user is None:
        raise Denied(4401, "signed out")
    role = roles_of(Document, [(document, user.pk)]).get((document, user.pk))
    if role is None:
        raise Denied(4403, "no access")
    return Admitted(Person(user.pk, user.display_name, user.color), role, session_key)


def _user_of(session_key: str) -> User | None:
    """`django.contrib.auth.get_user`, without a request."""
    if not session_key:
        return None
    session = SessionStore(session_key).load()
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = User.objects.filter(pk=session[SESSION_KEY], is_active=True).first()
    if user is None or not _unchanged(user, session.get(HASH_SESSION_KEY, "")):
        return None
    return user


def _unchanged(user: User, session_hash: str) -> bool:
    """Whether the password is still the one the session was opened with."""
    return constant_time_compare(session_hash, user.get_session_auth_hash())
