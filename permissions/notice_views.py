"""Which notices are mailed: on the account page, and by the link in every such mail, for which nobody signs in."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from . import notices
from .account import AccountPart
from .account_forms import MailForm
from .notice_mail import read_unsubscribe_token
from .problems import person_of


class MailView(AccountPart):
    """The kinds of notices that are mailed as well."""

    def post(self, request: HttpRequest) -> HttpResponse:
        person = person_of(request)
        form = MailForm(request.POST)
        if not form.is_valid():
            return self.page(request, mail=form)
        notices.mute(person, form.muted)
        messages.success(request, _("Saved."))
        return redirect(f"{reverse('account')}#mail")


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class UnsubscribeView(View):
    """No more mails of one kind. What may be done here is in the link: it needs neither session nor CSRF token.

    Looking changes nothing, because mail scanners follow links; a POST does, from our page or from a mail program's
    own button (RFC 8058).
    """

    http_method_names = ["get", "head", "post"]  # noqa: RUF012  # as Django declares it
    guest_methods = frozenset({"GET", "HEAD", "POST"})

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, token, done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, token, done=True)

    def _page(self, request: HttpRequest, token: str, *, done: bool) -> HttpResponse:
        meant = read_unsubscribe_token(token)
        if meant is None or (done and not notices.mute_too(*meant)):
            return render(request, "permissions/unsubscribe.html", {"kind": None}, status=HTTPStatus.NOT_FOUND)
        return render(request, "permissions/unsubscribe.html", {"kind": meant[1].label, "done": done})
