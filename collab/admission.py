"""Who may enter: from the session cookie or the access token to a person and a role. All who ask at the same time are
answered in one visit to the database.
"""

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session as Row
from django.http.cookie import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from documents.models import Document
from permissions import tokens
from permissions.access import roles_of
from permissions.models import AccessToken, User
from permissions.roles import Role

from .core.connection import Person

SESSION_KEY_FORM = re.compile(r"[0-9a-z]{8,40}")  # what Django makes, and as long as its table takes

BESIDE = "coscribe.token."  # begins the subprotocol that is a token, for pages, which set no header; never answered


@dataclass(frozen=True, slots=True)
class Secret:
    """An access token as it was shown: nobody's until it was looked up. Not to be seen in a log."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """What a program is here by: the number of its access token, the highest role that this gives, and until when (in
    seconds since the epoch; None: without end).
    """

    id: int
    most: Role
    until: float | None

    def has_ended(self, now: float) -> bool:
        """Whether its time is over."""
        return self.until is not None and self.until <= now


type Shown = str | Secret  # in a handshake: a session's key or a token; an empty string: neither
type Session = str | Token  # what somebody stays in by: the key of a browser's session, or a program's token
type Entered = tuple[User | None, Session]  # nobody, where what was shown is nobody's


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody who may enter, as of now. `link_ends`: when the document's link does, in seconds since the epoch."""

    person: Person
    role: Role
    session: Session
    title: str
    link_ends: float | None = None


class Denied(Exception):
    """Nobody who may enter. `code` is the close code, `reason` is safe to send."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(reason)


def session_cookie(scope: dict[str, Any]) -> str:
    """The session key in the handshake's cookies, or an empty string."""
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    return parse_cookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")


def bearer_token(scope: dict[str, Any]) -> str | None:
    """The access token in the handshake, out of its `Authorization` header or among its subprotocols."""
    for name, value in scope.get("headers", []):
        if name == b"authorization" and (secret := tokens.read_bearer(value.decode("latin-1"))) is not None:
            return secret
    for name in scope.get("subprotocols", []):
        if name.startswith(BESIDE):
            return str(name[len(BESIDE) :])
    return None


def shown_in(scope: dict[str, Any]) -> Shown:
    """What the handshake shows. Where there is a token, the cookie beside it is nothing."""
    secret = bearer_token(scope)
    return session_cookie(scope) if secret is None else Secret(secret)


def admit_all(asked: Sequence[tuple[uuid.UUID, Shown]]) -> list[Admitted | Denied]:
    """Who shows these and what they may do with the documents, in as many statements for all as for one. Synchronous.

    A missing document and a forbidden one look the same.
    """
    entered = _enter_all([shown for _, shown in asked])
    pairs = [(document, user.pk) for (document, _), (user, _) in zip(asked, entered, strict=True) if user is not None]
    roles = roles_of(Document, pairs)
    found = Document.objects.filter(pk__in={document for document, _ in roles}) if roles else Document.objects.none()
    described = {pk: (title, ends) for pk, title, ends in found.values_list("pk", "title", "link_expires_at")}
    return [
        _answer(document, shown, each, roles, described) for (document, shown), each in zip(asked, entered, strict=True)
    ]


def admit_home(shown: Shown) -> tuple[Person, Session]:
    """Who shows this: everybody with an account has a list of their own. Synchronous. Raises `Denied`."""
    ((user, session),) = _enter_all([shown])
    if user is None:
        raise _stranger(shown)
    if user.is_guest:
        raise Denied(4403, "guests have no list")
    return _person(user), session


def people_of(sessions: Collection[Session]) -> dict[Session, Person]:
    """Who these sessions belong to now, in a few queries however many they are; one that has ended is left out, and so
    is one that was begun with another password. That a token is in use is noted. Synchronous.
    """
    tokens_of = _token_users(sessions)
    if tokens_of:
        tokens.note(tokens_of)
    users = _users_of([each for each in sessions if isinstance(each, str)])
    found = {each: tokens_of.get(each.id) if isinstance(each, Token) else users.get(each) for each in sessions}
    return {session: _person(user) for session, user in found.items() if user is not None}


def at_most(role: Role, session: Session) -> Role:
    """The role of somebody who is here by this: a token that only reads makes nobody more than a viewer."""
    return min(role, session.most) if isinstance(session, Token) else role


def farewell(session: Session) -> str:
    """The reason of a close 4401."""
    return "the access token is not valid any more" if isinstance(session, Token) else "signed out"


def _enter_all(shown: Sequence[Shown]) -> list[Entered]:
    users = _users_of({each for each in shown if isinstance(each, str)})
    secrets = tokens.find_all({each.text for each in shown if isinstance(each, Secret)})
    found: list[Entered] = []
    for each in shown:
        if isinstance(each, Secret):
            token = secrets.get(each.text)
            found.append((None, "") if token is None else (token.user, _session(token)))
        else:
            found.append((users.get(each), each))
    return found


def _answer(
    document: uuid.UUID,
    shown: Shown,
    entered: Entered,
    roles: Mapping[tuple[Any, int], Role],
    described: Mapping[uuid.UUID, tuple[str, datetime | None]],
) -> Admitted | Denied:
    user, session = entered
    if user is None:
        return _stranger(shown)
    role = roles.get((document, user.pk))
    if role is None:
        return Denied(4403, "no access")
    title, ends = described.get(document, ("", None))
    return Admitted(_person(user), at_most(role, session), session, title, ends.timestamp() if ends else None)


def _stranger(shown: Shown) -> Denied:
    return Denied(4401, "no such access token" if isinstance(shown, Secret) else "signed out")


def _session(token: AccessToken) -> Token:
    return Token(token.pk, token.most, None if token.expires_at is None else token.expires_at.timestamp())


def _token_users(sessions: Collection[Session]) -> dict[int, User]:
    """The number of each token that is valid still -> whose it is."""
    shown = [each.id for each in sessions if isinstance(each, Token)]
    if not shown:
        return {}
    return {token.pk: token.user for token in tokens.valid().filter(pk__in=shown).select_related("user")}


def _person(user: User) -> Person:
    return Person(user.pk, user.display_name, user.color, user.is_guest)


def _users_of(session_keys: Collection[str]) -> dict[str, User]:
    """`django.contrib.auth.get_user`, without requests and for all of these at once."""
    keys = [key for key in session_keys if SESSION_KEY_FORM.fullmatch(key)]  # else PostgreSQL may not even take it
    rows = Row.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()) if keys else ()
    sessions = {row.session_key: row.get_decoded() for row in rows}
    begun = {
        key: each for key, each in sessions.items() if each.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
    }
    users = User.objects.filter(is_active=True).in_bulk({int(each[SESSION_KEY]) for each in begun.values()})
    found = {key: users.get(int(each[SESSION_KEY])) for key, each in begun.items()}
    return {
        key: user
        for key, user in found.items()
        if user is not None and _unchanged(user, begun[key].get(HASH_SESSION_KEY, ""))
    }


def _unchanged(user: User, session_hash: str) -> bool:
    """Whether the password is still the one the session was opened with."""
    return constant_time_compare(session_hash, user.get_session_auth_hash())
