"""The account page, and what is changed on it: each part a resource of its own."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from . import sessions, tokens
from .account_forms import MailForm, PasswordForm, PreferencesForm, ProfileForm, TokenForm
from .agents import describe
from .entrance import next_of
from .models import Notice, User
from .preferences import remember, theme_of
from .problems import person_of
from .signals import announce


class AccountPart(LoginRequiredMixin, View):
    """A part of the account page: what is wrong is shown on the page, what went well brings back to it."""

    def handle_no_permission(self) -> HttpResponseRedirect:
        return redirect_to_login(reverse("account"))  # the parts themselves have no page to come back to

    def page(self, request: HttpRequest, **forms: Any) -> HttpResponse:
        person = person_of(request)
        here = request.session.session_key
        context = {
            "profile": ProfileForm(instance=person),
            "password": PasswordForm(person, request=request),
            "preferences": PreferencesForm(instance=person),
            "mail": MailForm(initial={"kinds": [kind for kind in Notice.Kind.values if kind not in person.muted]}),
            "languages": settings.LANGUAGES,
            "sign_ins": [
                {"id": each.pk, "device": describe(each.agent), "is_here": each.session_id == here, "row": each}
                for each in sessions.of(person)
            ],
            "token": TokenForm(prefix="token"),
            "tokens": tokens.of(person),
            **forms,
        }
        return render(request, "permissions/account.html", context)


@method_decorator(never_cache, name="dispatch")
class AccountView(AccountPart):
    """The page; and name and colour."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        person = person_of(request)
        form = ProfileForm(request.POST, instance=person)
        if not form.is_valid():
            person.refresh_from_db()  # the form has put what is wrong into it
            return self.page(request, profile=form)
        form.save()
        announce(User, person.pk)  # open documents show the new name
        messages.success(request, _("Saved."))
        return redirect("account")


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class PasswordView(AccountPart):
    """A new password. Whoever else is signed in to the account is signed out."""

    def post(self, request: HttpRequest) -> HttpResponse:
        person = person_of(request)
        form = PasswordForm(person, request.POST, request=request)
        if not form.is_valid():
            return self.page(request, password=form)
        form.save()
        sessions.end_others(request, person)
        sessions.renew(request, person)
        messages.success(request, _("Your password is changed. You are signed out everywhere else."))
        return redirect("account")


class EndedSessionsView(AccountPart):
    """Sessions that were ended: one, or all but this one."""

    def post(self, request: HttpRequest) -> HttpResponse:
        person = person_of(request)
        if "others" in request.POST:
            sessions.end_others(request, person)
            messages.success(request, _("You are signed out everywhere else."))
            return redirect(f"{reverse('account')}#sessions")
        number = request.POST.get("session", "")
        if not number.isdecimal() or len(number) > 18:
            raise Http404
        others = person.sign_ins.exclude(session_id=request.session.session_key or "")
        sessions.end(others.filter(pk=int(number)), of=person)
        messages.success(request, _("That device is signed out."))
        return redirect(f"{reverse('account')}#sessions")


class PreferencesView(View):
    """Theme and language. Somebody who is not signed in has them too, in cookies."""

    guest_methods = frozenset({"POST"})

    def post(self, request: HttpRequest) -> HttpResponse:
        person = request.user if isinstance(request.user, User) else None
        now = {"theme": theme_of(request), "language": person.language if person else _cookie_language(request)}
        form = PreferencesForm(now | request.POST.dict(), instance=person)
        chosen = form.cleaned_data if form.is_valid() else now
        if person is not None and form.is_valid():
            form.save()
        translation.activate(chosen["language"] or translation.get_language_from_request(request))
        response = redirect(next_of(request) or reverse("account" if person and not person.is_guest else "sign-in"))
        remember(response, theme=chosen["theme"], language=chosen["language"])
        return response


def _cookie_language(request: HttpRequest) -> str:
    asked = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return asked if asked in dict(settings.LANGUAGES) else ""
