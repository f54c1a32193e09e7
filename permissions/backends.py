"""Signing in with the user name or the e-mail address."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from .models import User


class SignInBackend(ModelBackend):
    """Django's own backend, asked with either name. Deactivated people are refused, and dropped from their sessions."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The person of this name and password, or None. Takes as long for a name that nobody has."""
        if not username or password is None:
            return None
        user = User.objects.named(username)
        if user is None:
            User().set_password(password)  # Django's own defence against timing: ticket 20760
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None
