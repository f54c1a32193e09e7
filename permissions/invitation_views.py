"""The page behind an invitation's link: it says who invites to what, and is the place to accept."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from .access import access_for
from .errors import ROLE_NAMES, NoInvitation, SharingError
from .invitations import claim, find, why_not
from .models import Guarded, Invitation, User
from .roles import Role
from .statuses import status_of


@method_decorator(never_cache, name="dispatch")
class InvitationView(View):
    """One invitation to an object of `model`, which the route puts in. Looking at it does not use it up."""

    model: Any = None  # a concrete `Guarded`
    guest_methods = frozenset({"GET", "HEAD"})  # an account is what a guest needs to accept it

    def get(self, request: HttpRequest, secret: str) -> HttpResponse:
        found, person = find(self.model, secret), account_of(request)
        if found is None:
            return _refusal(request, NoInvitation())
        if person is not None and _is_inside_by(person, found):
            return redirect(_object_of(found).get_absolute_url())
        wrong = why_not(found, person)
        if wrong is not None:
            return _refusal(request, wrong)
        return render(request, "permissions/invitation.html", context_of(found) | {"next": request.path})

    def post(self, request: HttpRequest, secret: str) -> HttpResponse:
        found, person = find(self.model, secret), account_of(request)
        if found is None:
            return _refusal(request, NoInvitation())
        if person is None:
            return redirect_to_login(request.path)
        return accepted(request, person, found)


def accepted(request: HttpRequest, person: User, invitation: Invitation) -> HttpResponse:
    """Claim it, and go where it leads; else the page that says why not."""
    try:
        claim(by=person, invitation=invitation)
    except SharingError as error:
        return _refusal(request, error)
    return redirect(_object_of(invitation).get_absolute_url())


def invitation_behind(path: str) -> Invitation | None:
    """The invitation whose page is at `path` (the `next` of a form), when somebody could claim it now."""
    try:
        match: Any = resolve(urlsplit(path).path)
    except (Resolver404, ValueError):
        return None
    if getattr(match.func, "view_class", None) is not InvitationView:
        return None
    found = find(match.func.view_initkwargs["model"], match.kwargs["secret"])
    return found if found is not None and why_not(found, None) is None else None


def account_of(request: HttpRequest) -> User | None:
    """The person who is signed in with an account; a guest has none."""
    return request.user if isinstance(request.user, User) and not request.user.is_guest else None


def context_of(invitation: Invitation) -> dict[str, object]:
    """What a page says of an invitation."""
    return {
        "maker": invitation.made_by,
        "object": _object_of(invitation),
        "role": Role(invitation.role).label,
        "role_name": ROLE_NAMES[Role(invitation.role)],
        "email": invitation.email,
    }


def _is_inside_by(person: User, invitation: Invitation) -> bool:
    """Whether it was `person` who used it, and they have access still: then the link is a way in, and no riddle."""
    return invitation.claimed_by_id == person.pk and access_for(person, _object_of(invitation)).can_view


def _refusal(request: HttpRequest, error: SharingError) -> HttpResponse:
    status: HTTPStatus = status_of(error)
    context = {"sentence": str(error), "next": request.path, "is_other": status == HTTPStatus.FORBIDDEN}
    return render(request, "permissions/invitation_over.html", context, status=status)


def _object_of(invitation: Invitation) -> Guarded:
    obj: Guarded = getattr(invitation, "content_object")  # noqa: B009  # a concrete invitation's
    return obj
