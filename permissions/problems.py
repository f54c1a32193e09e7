"""JSON over HTTP: saying what was wrong (RFC 9457, `application/problem+json`), and the views beside the API."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from .errors import NamesRefused, NotAllowed, SharingError
from .models import User
from .statuses import field_of, status_of

MAX_BODY_BYTES = 64 * 1024  # a title, a name and a role: anything near this is not one of ours
SIGN_IN = gettext_lazy("Sign in to do this.")
NOT_FOUND = gettext_lazy("There is no such thing here, or it was not shared with you.")


class Problem(Exception):
    """A request that cannot be done; becomes the response. `detail` is a sentence for people."""

    def __init__(
        self, status: int, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = HTTPStatus(status)
        self.detail = detail
        self.field = field
        self.headers = headers or {}
        super().__init__(detail)


def problem(
    status: int, detail: str, *, field: str | None = None, refused: Mapping[str, str] | None = None
) -> JsonResponse:
    """The response of a problem; `field` names the member of the body that was wrong, `refused` those of its items that
    were, each with a sentence.
    """
    body: dict[str, Any] = {"title": HTTPStatus(status).phrase, "detail": detail, "status": int(status)}
    if field is not None:
        body["field"] = field
    if refused is not None:
        body["refused"] = dict(refused)
    return JsonResponse(body, status=status, content_type="application/problem+json")


def problem_of(error: Problem | SharingError | Http404) -> JsonResponse:
    """The response of what a view raised."""
    if isinstance(error, Problem):
        answer = problem(error.status, error.detail, field=error.field)
        for name, value in error.headers.items():
            answer.headers[name] = value
        return answer
    if isinstance(error, Http404) or (isinstance(error, NotAllowed) and error.role is None):
        return problem(HTTPStatus.NOT_FOUND, str(NOT_FOUND))  # taken away just now: not to be known of
    refused = error.refused if isinstance(error, NamesRefused) else None
    return problem(status_of(error), str(error), field=field_of(error), refused=refused)


def wants_problem(request: HttpRequest) -> bool:
    """Whether the asker is a script, which could not read a page."""
    if request.path.startswith("/api/"):
        return True
    from_form = request.method in ("GET", "HEAD", "POST") and request.content_type != "application/json"
    return not from_form or not request.accepts("text/html")


def not_allowed(request: HttpRequest, allowed: str) -> JsonResponse:
    """The response to a method that is not among the `allowed` ones."""
    refused = problem(HTTPStatus.METHOD_NOT_ALLOWED, _("%(method)s is not possible here.") % {"method": request.method})
    refused.headers["Allow"] = allowed
    return refused


def person_of(request: HttpRequest) -> User:
    """The person signed in. Raises `Problem` 401."""
    if not isinstance(request.user, User):
        raise Problem(HTTPStatus.UNAUTHORIZED, str(SIGN_IN))
    return request.user


class JsonView(View):
    """A view whose errors are problems, and which nobody enters without being signed in, or showing a token."""

    token_methods = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})  # `bearer.TokenMiddleware`

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            person_of(request)
            return super().dispatch(request, *args, **kwargs)
        except (Problem, SharingError, Http404) as error:
            return problem_of(error)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return not_allowed(request, ", ".join(name.upper() for name in self.http_method_names if hasattr(self, name)))
