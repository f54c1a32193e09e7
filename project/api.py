"""The JSON API as a whole: its routes, its door, its description; and problems (RFC 9457) for all that goes wrong."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver, reverse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Router, Swagger
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from documents import api as documents
from documents.models import Document
from permissions.api import asking, invitations, link, log, notices, ownership, refusals, shapes, shares, teams
from permissions.api.door import MEMBERS
from permissions.api.finding import within
from permissions.api.parser import StrictParser
from permissions.errors import SharingError
from permissions.problems import SIGN_IN, Problem, not_allowed, problem_of

DESCRIPTION = """\
People and programs do here what the pages do, with the same rights. A program shows an access token out of your account
page; a page has its session, and sends the CSRF token with whatever changes something. What is wrong is said as
`application/problem+json`. Lists are pages: `next` is the `after` of the page that follows.
"""
# What may be answered, beside what an operation says itself: 404 only where something is named.
PROBLEMS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


class Api(NinjaAPI):
    """ninja's, which answers problems, and says so in its description."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The function's name: each is another."""
        return operation.view_func.__name__.replace("_", "-")

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        description = super().get_openapi_schema(**options)
        described = shapes.Problem.model_json_schema()
        description["components"]["schemas"]["Problem"] = described
        for path in description["paths"].values():
            for operation in path.values():
                _add_problems(operation)
        return description

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        patterns = super()._get_urls()
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = _in_our_way(pattern.callback)
        return patterns


def _add_problems(operation: dict[str, Any]) -> None:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in map(HTTPStatus, [*PROBLEMS, *operation.pop(shapes.MORE_PROBLEMS, ())]):
        operation["responses"].setdefault(int(status), {"description": status.phrase, "content": content})


def _in_our_way(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Nothing is kept on the way; and ninja says in plain text that a method is not possible."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if isinstance(response, HttpResponseNotAllowed):
            response = not_allowed(request, response["Allow"])
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return answer


def _problem(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_of(error)


def _not_signed_in(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_of(Problem(HTTPStatus.UNAUTHORIZED, str(SIGN_IN), headers={"WWW-Authenticate": "Bearer"}))


def _wrong_shape(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_of(refusals.refusal(error))


def _wrapped(request: HttpRequest, error: Any) -> HttpResponse:
    """ninja wraps what its parser raises."""
    if isinstance(error.__cause__, Problem):
        return problem_of(error.__cause__)
    raise error


def _ours(request: HttpRequest, error: Any) -> HttpResponse:
    """Django logs it, and answers by `project.errors`."""
    raise error


def _build() -> Api:
    made = Api(
        title="Coscribe",
        version="1",
        description=DESCRIPTION,
        urls_namespace="api",
        docs=Swagger({"validatorUrl": None, "supportedSubmitMethods": []}),
        docs_decorator=require_safe,
        auth=MEMBERS,
        parser=StrictParser(larger={"documents": documents.MAX_BODY_BYTES}),
    )
    for kind in (Problem, SharingError, Http404):
        made.add_exception_handler(kind, _problem)
    made.add_exception_handler(AuthenticationError, _not_signed_in)
    made.add_exception_handler(ValidationError, _wrong_shape)
    made.add_exception_handler(HttpError, _wrapped)
    made.add_exception_handler(Exception, _ours)
    find = within(Document.objects.all())
    below: list[Router] = [
        shares.share_routes(find),
        link.link_routes(find),
        invitations.invitation_routes(find),
        asking.request_routes(find, Document.objects.all()),
        ownership.ownership_routes(find),
        log.log_routes(find),
    ]
    made.add_router("/documents", documents.documents)
    for router in below:
        made.add_router("/documents/{uuid:pk}", router)
    made.add_router("/trash", documents.trashed)
    made.add_router("/teams", teams.team_routes())
    made.add_router("/notices", notices.notice_routes(lambda pk: reverse("document", args=[pk])))
    return made


api = _build()
