"""Sessions of people whose sockets are tested without a handshake."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from permissions.models import User


def session_of(user: User) -> str:
    """The key of the session that `sign_in` begins."""
    return f"sessionof{user.pk}"


def sign_in(user: User) -> Session:
    """Begin a session of theirs, with the password of now."""
    held = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    tomorrow = timezone.now() + timedelta(days=1)
    return Session.objects.create(
        session_key=session_of(user),
        session_data=SessionStore().encode(held),
        expire_date=tomorrow,
    )
