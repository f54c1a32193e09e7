"""Signing in with the user name or the e-mail address."""

from typing import Any

from axes.backends import AxesStandaloneBackend
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from .models import User


class SignInBackend(AxesStandaloneBackend, ModelBackend):  # type: ignore[misc]  # axes has no types
    """Django's own backend, asked with either name. Deactivated people are refused, and dropped from their sessions.

    Whoever guessed too often is not let near the password: see `throttle`.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The person of this name and password, or None. Takes as long for a name that nobody has.

        Raises `PermissionDenied`, which ends Django's search, for a name that is locked at this address.
        """
        if not username or password is None:
            return None
        if request is not None:  # no request, no address: somebody at a shell
            super().authenticate(request, username=username, password=password)
        user = User.objects.named(username)
        if user is None:
            User().set_password(password)  # Django's own defence against timing: ticket 20760
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None
