"""JSON over HTTP: reading a body strictly, and saying what was wrong (RFC 9457, `application/problem+json`)."""

import json
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views import View

from .errors import LastOwner, NotAllowed, NotAMember, SharingError
from .models import User

MAX_BODY_BYTES = 64 * 1024  # a title, a name and a role: anything near this is not one of ours
SIGN_IN = "Sign in to do this."
NOT_FOUND = "There is no such thing here, or it was not shared with you."

_STATUS: dict[type[SharingError], HTTPStatus] = {
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotAMember: HTTPStatus.NOT_FOUND,
    LastOwner: HTTPStatus.CONFLICT,
}


class Problem(Exception):
    """A request that cannot be done; becomes the response. `detail` is a sentence for people."""

    def __init__(self, status: int, detail: str, *, field: str | None = None) -> None:
        self.status = HTTPStatus(status)
        self.detail = detail
        self.field = field
        super().__init__(detail)


def problem(status: int, detail: str, *, field: str | None = None) -> JsonResponse:
    """The response of a problem; `field` names the member of the body that was wrong."""
    body: dict[str, Any] = {"title": HTTPStatus(status).phrase, "detail": detail, "status": int(status)}
    if field is not None:
        body["field"] = field
    return JsonResponse(body, status=status, content_type="application/problem+json")


def wants_problem(request: HttpRequest) -> bool:
    """Whether the asker is a script, which could not read a page."""
    from_form = request.method in ("GET", "HEAD", "POST") and request.content_type != "application/json"
    return not from_form or not request.accepts("text/html")


def person_of(request: HttpRequest) -> User:
    """The person signed in. Raises `Problem` 401."""
    if not isinstance(request.user, User):
        raise Problem(HTTPStatus.UNAUTHORIZED, SIGN_IN)
    return request.user


def read_json(request: HttpRequest, *, fields: set[str]) -> dict[str, Any]:
    """The JSON object in the body, which must have exactly these members. Raises `Problem` 400 naming what is wrong."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    # Asked before the body is read: Django itself would read up to DATA_UPLOAD_MAX_MEMORY_SIZE.
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES or len(request.body) > MAX_BODY_BYTES:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body is over {MAX_BODY_BYTES // 1024} KiB.")
    body = request.body
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from None
    if not isinstance(found, dict):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is JSON, but not an object.")
    for name in sorted(fields - found.keys()):
        raise Problem(HTTPStatus.BAD_REQUEST, f'The body lacks "{name}".', field=name)
    for name in sorted(found.keys() - fields):
        raise Problem(HTTPStatus.BAD_REQUEST, f'The body has "{name[:40]}", which means nothing here.', field=name[:40])
    for name, value in found.items():
        # Neither can be stored: PostgreSQL has no NUL in text, and a lone surrogate has no encoding.
        if isinstance(value, str) and any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value):
            raise Problem(HTTPStatus.BAD_REQUEST, f'"{name}" has a character that is no text.', field=name)
    return found


class JsonView(View):
    """A view whose errors are problems, and which nobody enters without being signed in."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            person_of(request)
            return super().dispatch(request, *args, **kwargs)
        except Problem as found:
            return problem(found.status, found.detail, field=found.field)
        except SharingError as error:
            if isinstance(error, NotAllowed) and error.role is None:  # taken away just now: not to be known of
                return problem(HTTPStatus.NOT_FOUND, NOT_FOUND)
            return problem(_STATUS[type(error)], str(error))
        except Http404:
            return problem(HTTPStatus.NOT_FOUND, NOT_FOUND)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refused = problem(HTTPStatus.METHOD_NOT_ALLOWED, f"{request.method} is not possible here.")
        refused.headers["Allow"] = ", ".join(name.upper() for name in self.http_method_names if hasattr(self, name))
        return refused
