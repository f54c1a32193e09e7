"""The sessions of a person: where they are signed in, and ending that.

A session is Django's; `SignIn` says beside it where it is. Ending one deletes the session, so no request gets in any
more, and announces it, so that its sockets are closed in every process (`collab.hub`).
"""

import time
from datetime import timedelta

from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import DatabaseError, models, transaction
from django.http import HttpRequest
from django.utils import timezone

from .address import address_of
from .models import AGENT_LENGTH, SignIn, User
from .signals import announce

BACKEND = "permissions.backends.SignInBackend"
SEEN_INTERVAL = timedelta(minutes=1)  # how exactly "last seen" is known: a write a minute, not one a request
MAX_NOTED = 10_000

_noted: dict[str, float] = {}  # session key -> when this process last wrote that it was seen (monotonic, seconds)


def begin(request: HttpRequest, person: User) -> None:
    """Sign somebody in, whose password or newness was checked. Who was here before, a guest, has left with that."""
    before = request.user if isinstance(request.user, User) else None
    login(request, person, backend=BACKEND)
    if request.session.session_key is None:
        request.session.create()
    note(request, person)
    if before is not None and before != person:
        announce(User, before.pk)


def renew(request: HttpRequest, person: User) -> None:
    """Go on with this session after a change of password, under a new key: one that was stolen is worth nothing."""
    began = person.sign_ins.filter(session_id=request.session.session_key or "").values_list("created_at", flat=True)
    created_at = began.first() or timezone.now()
    update_session_auth_hash(request, person)
    note(request, person)
    person.sign_ins.filter(session_id=request.session.session_key or "").update(created_at=created_at)


def note(request: HttpRequest, person: User) -> None:
    """This session was seen; written down at most once a minute a process."""
    key = request.session.session_key
    now = time.monotonic()
    if key is None or now - _noted.get(key, float("-inf")) < SEEN_INTERVAL.total_seconds():
        return
    if len(_noted) >= MAX_NOTED:
        _noted.clear()
    _noted[key] = now
    seen = {
        "user": person,
        "agent": request.META.get("HTTP_USER_AGENT", "").replace("\0", "")[:AGENT_LENGTH],
        "address": address_of(request) or None,
        "seen_at": timezone.now(),
    }
    try:
        with transaction.atomic():
            SignIn.objects.update_or_create(session_id=key, defaults=seen)
    except DatabaseError:  # ended meanwhile, or the database is busy: no reason to fail a page
        _noted.pop(key, None)


def of(person: User) -> models.QuerySet[SignIn]:
    """Where somebody is signed in, the newest first. An expired session is not shown."""
    return person.sign_ins.filter(session__expire_date__gt=timezone.now()).order_by("-seen_at", "-pk")


def end(sign_ins: models.QuerySet[SignIn], *, of: User) -> int:
    """End these sessions of a person. Their sockets close once this is committed. How many there were.

    Announced even when there were none: a new password has also ended those that were never written down.
    """
    with transaction.atomic():
        keys = list(sign_ins.values_list("session_id", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        announce(User, of.pk)
    return len(keys)


def end_others(request: HttpRequest, person: User) -> int:
    """End all sessions of `person` but the one that asks."""
    return end(person.sign_ins.exclude(session_id=request.session.session_key or ""), of=person)


def leave(request: HttpRequest) -> None:
    """Sign out here. This browser's other pages lose their sockets at once."""
    person = request.user if isinstance(request.user, User) else None
    logout(request)
    if person is not None:
        announce(User, person.pk)
