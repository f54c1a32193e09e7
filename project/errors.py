"""What is shown when something went wrong: a page to people, a problem to scripts."""

import sys
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from documents.templatetags.assets import FrontendNotBuilt
from permissions.problems import NOT_FOUND, problem, wants_problem


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, HTTPStatus.BAD_REQUEST, _("This request cannot be understood."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, HTTPStatus.FORBIDDEN, _("You may not do this."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, HTTPStatus.NOT_FOUND, str(NOT_FOUND))


def server_error(request: HttpRequest) -> HttpResponse:
    cause = sys.exception()
    if isinstance(cause, FrontendNotBuilt):
        return HttpResponse(f"{cause}\n", status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain")
    sentence = _("Something went wrong on the server; it has been logged.")
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, sentence)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    sentence = _("This page is too old to be sent: reload it and try again.")
    return _answer(request, HTTPStatus.FORBIDDEN, sentence, template="403_csrf.html")


def _answer(request: HttpRequest, status: HTTPStatus, detail: str, *, template: str = "") -> HttpResponse:
    if wants_problem(request):
        return problem(status, detail)
    try:
        # After an error of ours no request: what it brings (the person, messages) may ask the database that is down.
        by = None if status >= HTTPStatus.INTERNAL_SERVER_ERROR else request
        page = render_to_string(template or f"{status}.html", {"detail": detail}, by)
        return HttpResponse(page, status=status)
    except (TemplateDoesNotExist, FrontendNotBuilt):
        # An error page must not fail itself, least of all for the reason it was asked for.
        return HttpResponse(f"{detail}\n", status=status, content_type="text/plain")
