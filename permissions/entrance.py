"""Signing up, in and out."""

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from . import sessions, throttle
from .forms import SignInForm, SignUpForm
from .invitation_views import accepted, invitation_behind
from .models import Invitation, User
from .preferences import remember


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class SignUpView(View):
    """A new account, signed in at once."""

    guest_methods = frozenset({"GET", "HEAD", "POST"})

    def get(self, request: HttpRequest) -> HttpResponse:
        if _has_account(request):
            return redirect(next_of(request) or reverse("home"))
        invitation = invitation_behind(next_of(request))
        form = SignUpForm(initial={"email": invitation.email if invitation is not None else ""})
        return self._page(request, form, invitation)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not throttle.SIGN_UPS.take(request):
            return too_many(request)
        invitation = invitation_behind(next_of(request))
        form = SignUpForm(request.POST, only_email=invitation.email if invitation is not None else "")
        person = form.save() if form.is_valid() else None
        if person is None:
            return self._page(request, form, invitation)
        sessions.begin(request, person)
        if invitation is not None:
            return accepted(request, person, invitation)
        wanted = next_of(request)
        # Whoever first came to the home page was sent to sign in: they have nothing to see there yet.
        return redirect(resolve_url(settings.SIGN_UP_REDIRECT_URL) if wanted in ("", reverse("home")) else wanted)

    def _page(self, request: HttpRequest, form: SignUpForm, invitation: Invitation | None) -> HttpResponse:
        context = {"form": form, "next": asked_next(request), "invitation": invitation}
        return render(request, "permissions/sign_up.html", context)


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class SignInView(View):
    guest_methods = frozenset({"GET", "HEAD", "POST"})

    def get(self, request: HttpRequest) -> HttpResponse:
        if _has_account(request):
            return redirect(next_of(request) or reverse("home"))
        return self._page(request, SignInForm(request=request))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignInForm(request.POST, request=request)
        if not form.is_valid() or form.person is None:
            status = HTTPStatus.TOO_MANY_REQUESTS if form.locked_until else HTTPStatus.OK
            return self._page(request, form, status=status)
        person = form.person
        sessions.begin(request, person)
        response = redirect(next_of(request) or reverse("home"))
        remember(response, theme=person.theme, language=person.language)
        return response

    def _page(self, request: HttpRequest, form: SignInForm, *, status: int = HTTPStatus.OK) -> HttpResponse:
        context = {"form": form, "next": asked_next(request), "locked_until": form.locked_until}
        return render(request, "permissions/sign_in.html", context, status=status)


class SignOutView(View):
    guest_methods = frozenset({"POST"})

    def post(self, request: HttpRequest) -> HttpResponse:
        sessions.leave(request)
        wanted = next_of(request)
        response = redirect_to_login(wanted) if wanted else redirect("sign-in")
        # Edits and documents kept on this device belong to the person who leaves it.
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


def _has_account(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and not request.user.is_guest


def too_many(request: HttpRequest) -> HttpResponse:
    """The page for an address that has done something too often in an hour."""
    return render(request, "permissions/too_many.html", status=HTTPStatus.TOO_MANY_REQUESTS)


def asked_next(request: HttpRequest) -> str:
    """Where somebody wants to go afterwards, as they say: check it before going there."""
    return request.POST.get("next") or request.GET.get("next") or ""


def next_of(request: HttpRequest) -> str:
    """Where to go afterwards: what was asked for, if it is on this site; else nowhere."""
    asked = asked_next(request)
    allowed = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if allowed else ""
