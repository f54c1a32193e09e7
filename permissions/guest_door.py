"""Guests and pages: what is not made for them is not there; and the name they go by."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.views import View

from .entrance import next_of
from .errors import BadGuestName
from .guests import rename
from .models import User
from .problems import NOT_FOUND, JsonView, problem, wants_problem

# These ask by themselves: the admin for staff, the API in its authentication.
OWN_DOORS = frozenset({"admin", "ninja"})


class GuestMiddleware(MiddlewareMixin):
    """A guest gets in where a view names the method in its `guest_methods`, and nowhere else."""

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Scripts are told that there is nothing; a page leads home, which says what an account would give."""
        if not (isinstance(request.user, User) and request.user.is_guest):
            return None
        match = request.resolver_match
        if match is not None and not OWN_DOORS.isdisjoint(match.app_names):
            return None
        asked = getattr(view, "view_class", View)
        if request.method in getattr(asked, "guest_methods", ()):
            return None
        if issubclass(asked, JsonView) or wants_problem(request):
            return problem(HTTPStatus.NOT_FOUND, str(NOT_FOUND))
        return redirect("home")


class GuestNameView(View):
    """What a guest is called: a form in the menu of a page."""

    guest_methods = frozenset({"POST"})

    def post(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        if not (isinstance(person, User) and person.is_guest):
            raise Http404
        try:
            rename(person, request.POST.get("name", ""))
        except BadGuestName as error:
            return problem(HTTPStatus.BAD_REQUEST, str(error), field=error.field)
        if request.accepts("text/html"):
            return redirect(next_of(request) or reverse("home"))
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
