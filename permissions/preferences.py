"""Theme and language: a person's own, a cookie's where nobody is signed in, the browser's where nothing was chosen."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from . import notices, sessions
from .models import Theme, User

THEME_COOKIE = "theme"
COOKIE_AGE_S = 365 * 24 * 3600


class PersonMiddleware(MiddlewareMixin):
    """Pages speak the language of whoever asks; and that they were here is noted."""

    def process_request(self, request: HttpRequest) -> None:
        """After the authentication middleware."""
        person = request.user if isinstance(request.user, User) else None
        language = language_of(request, person)
        translation.activate(language)
        request.LANGUAGE_CODE = language  # as Django's own middleware does
        if person is not None:
            sessions.note(request, person)


def language_of(request: HttpRequest, person: User | None) -> str:
    """The person's own language, else the cookie's, else the browser's."""
    if person is not None and person.language in dict(settings.LANGUAGES):
        return person.language
    return translation.get_language_from_request(request)


def theme_of(request: HttpRequest) -> str:
    """One of `Theme`."""
    user = getattr(request, "user", None)
    chosen = user.theme if isinstance(user, User) else request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in Theme.values else Theme.SYSTEM.value


def context(request: HttpRequest) -> dict[str, Any]:
    """For templates. The notices are counted where a page has an inbox, and nowhere else."""
    user = getattr(request, "user", None)
    return {"theme": theme_of(request), "unread": lambda: notices.unread(user) if isinstance(user, User) else 0}


def remember(response: HttpResponseBase, *, theme: str, language: str) -> None:
    """Let this browser keep what was chosen after signing out. An empty language is the browser's own."""
    kept: dict[str, Any] = {"max_age": COOKIE_AGE_S, "samesite": "Lax", "secure": settings.HTTPS, "httponly": True}
    response.set_cookie(THEME_COOKIE, theme, **kept)
    if language:
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, **kept)
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
