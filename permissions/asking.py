"""What somebody without access sees at an object's address: a form to ask, or nothing."""

from http import HTTPStatus
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache

from .access import access_for
from .errors import CannotAsk, HasAccess, SharingError
from .invitation_views import account_of
from .models import Guarded, User
from .requests import MAX_WORDS_CHARACTERS, ask, asks_again_at, may_ask, open_request
from .roles import Role
from .statuses import status_of


def outside(
    request: HttpRequest, person: User, obj: Guarded, *, problem: str = "", status: HTTPStatus = HTTPStatus.FORBIDDEN
) -> HttpResponse:
    """The page for `person`, who has no access; `problem`: what was wrong with the form they sent.

    Raises `Http404` for whom there is nothing here.
    """
    if not may_ask(person, obj):
        raise Http404
    asked = open_request(person, obj)
    context = {
        "object": obj,
        "asked": asked,
        "again_at": asks_again_at(person, obj) if asked is None else None,
        "most_words": MAX_WORDS_CHARACTERS,
        "role": request.POST.get("role", Role.VIEWER.label),
        "words": request.POST.get("words", ""),
        "problem": problem,
        "next": obj.get_absolute_url(),
    }
    return render(request, "permissions/ask.html", context, status=status)


class OutsideView(View):
    """An act of somebody who has no access to an object of `queryset`, which the route puts in."""

    queryset: models.QuerySet[Any] | None = None

    def find(self, pk: Any) -> Guarded:
        assert self.queryset is not None
        return cast(Guarded, get_object_or_404(self.queryset.all(), pk=pk))


@method_decorator(never_cache, name="dispatch")
class RequestsView(OutsideView):
    """Requests for access: here one is made, from the page of the object."""

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        person = account_of(request)
        if person is None:
            return redirect_to_login(request.path.removesuffix("requests/"))
        obj = self.find(pk)
        label = request.POST.get("role", "")
        role = next((role for role in Role if role.label == label and role < Role.OWNER), None)
        try:
            if role is None and not access_for(person, obj).can_view:
                problem = _("Choose what you would like to do.")
                return outside(request, person, obj, problem=problem, status=HTTPStatus.BAD_REQUEST)
            ask(by=person, obj=obj, role=role or Role.VIEWER, words=request.POST.get("words", ""))
        except CannotAsk:
            raise Http404 from None
        except HasAccess:
            pass
        except SharingError as error:
            if access_for(person, obj).can_view:  # somebody inside who wants more: the page itself says what they have
                return redirect(obj.get_absolute_url())
            return outside(request, person, obj, problem=str(error), status=status_of(error))
        return redirect(obj.get_absolute_url())
