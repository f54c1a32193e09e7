"""Programs at the door of the JSON views and of the API: `Authorization: Bearer`, in place of a session."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from . import tokens
from .models import Scope, User
from .problems import Problem, problem_of

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class TokenMiddleware(MiddlewareMixin):
    """Stands before Django's CSRF check, for the views beside the API. Whoever shows a token is the token's person or
    nobody: never the session's.
    """

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Let a token in, where the view takes any (`token_methods`)."""
        secret = tokens.read_bearer(request.headers.get("Authorization", ""))
        taken = getattr(getattr(view, "view_class", None), "token_methods", ())
        if secret is None or request.method not in taken:
            return None
        try:
            admit(request, secret)
        except Problem as error:
            return problem_of(error)
        return None


def admit(request: HttpRequest, secret: str) -> User:
    """The person of the token that was shown, who is the request's from now on. Raises `Problem` 401, 403."""
    token = tokens.find(secret)
    if token is None:
        raise _refused(HTTPStatus.UNAUTHORIZED, "invalid_token", _("This access token opens nothing (any more)."))
    if token.scope != Scope.WRITE and request.method not in SAFE_METHODS:
        raise _refused(HTTPStatus.FORBIDDEN, "insufficient_scope", _("This access token can only read."))
    request.user = token.user
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:  # no page of another site can set the header
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # Django's own tests' way
    return token.user


def _refused(status: HTTPStatus, error: str, detail: str) -> Problem:
    return Problem(status, detail, headers={"WWW-Authenticate": f'Bearer error="{error}"'})  # RFC 6750, section 3
