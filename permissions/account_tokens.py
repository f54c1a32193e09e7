"""Access tokens on the account page: made, shown once, revoked. No token opens these: a stolen one makes no others."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from . import tokens
from .account import AccountPart
from .account_forms import TokenForm
from .models import Scope
from .problems import person_of


@method_decorator(never_cache, name="dispatch")
class TokensView(AccountPart):
    """A new token. It is in the answer to this request and nowhere else, so there is no redirect."""

    def post(self, request: HttpRequest) -> HttpResponse:
        person = person_of(request)
        form = TokenForm(request.POST, prefix="token")
        if not form.is_valid():
            return self.page(request, token=form)
        made = form.cleaned_data
        try:
            secret = tokens.make(
                person=person, name=made["name"], scope=Scope(made["scope"]), expires_at=form.expires_at
            )
        except tokens.TooManyTokens as error:
            form.add_error("name", str(error))
            return self.page(request, token=form)
        return self.page(request, secret=secret, secret_name=made["name"])


class RevokedTokensView(AccountPart):
    """Tokens that were revoked."""

    def post(self, request: HttpRequest) -> HttpResponse:
        number = request.POST.get("token", "")
        if not number.isdecimal() or len(number) > 18:
            raise Http404
        tokens.revoke(person_of(request).tokens.filter(pk=int(number)))
        messages.success(request, _("The access token is revoked."))
        return redirect(f"{reverse('account')}#tokens")
