"""A forgotten password: Django's own steps, with a mail that is sent beside the request.

The answer is the same, and takes as long, whether or not an address has an account.
"""

from typing import Any

from django.contrib.auth import forms as auth_forms
from django.contrib.auth import views as auth
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse_lazy
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from . import mail, sessions, throttle
from .entrance import too_many
from .forms import NewPasswordForm
from .models import User


class ResetForm(auth_forms.PasswordResetForm):
    """The address of the account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")

    def save(self, *args: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
        """Look for the account and send it a link: all of it later, on another thread."""
        host = request.get_host() if request is not None else ""
        kwargs["domain_override"] = kwargs.get("domain_override") or host
        save = super().save
        language = translation.get_language()

        def send() -> None:
            with translation.override(language):
                save(*args, **kwargs)

        mail.later(send)

    def send_mail(
        self, subject_template_name: str, email_template_name: str, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> None:
        """In the language of the person, when they chose one."""
        person = context["user"]
        with translation.override(person.language or translation.get_language()):
            super().send_mail(subject_template_name, email_template_name, context, *args, **kwargs)


@method_decorator(never_cache, name="dispatch")
class ResetView(auth.PasswordResetView):
    """Asking for the mail."""

    http_method_names = ["get", "head", "post"]  # noqa: RUF012  # as Django declares it; without PUT
    guest_methods = frozenset({"GET", "HEAD", "POST"})
    form_class = ResetForm
    template_name = "permissions/reset.html"
    email_template_name = "permissions/reset_mail.txt"
    subject_template_name = "permissions/reset_subject.txt"
    success_url = reverse_lazy("reset-sent")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not throttle.RESETS.take(request):
            return too_many(request)
        return super().post(request, *args, **kwargs)


class ResetSentView(auth.PasswordResetDoneView):
    """What was done, whoever the address belongs to."""

    http_method_names = ["get", "head"]  # noqa: RUF012
    guest_methods = frozenset({"GET", "HEAD"})
    template_name = "permissions/reset_sent.html"


class ResetConfirmView(auth.PasswordResetConfirmView):
    """The link of the mail. It is used up by the new password, and every session of the person ends."""

    http_method_names = ["get", "head", "post"]  # noqa: RUF012  # as Django declares it; without PUT
    guest_methods = frozenset({"GET", "HEAD", "POST"})
    form_class = NewPasswordForm  # type: ignore[assignment]  # made with the person, like Django's
    template_name = "permissions/reset_confirm.html"
    success_url = reverse_lazy("reset-done")

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.request.method not in ("GET", "HEAD", "POST"):  # Django's own asks for the link before the method
            return self.http_method_not_allowed(self.request)
        return super().dispatch(*args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        person: User = form.person
        sessions.end(person.sign_ins.all(), of=person)
        throttle.forgive(person)
        return response


class ResetDoneView(auth.PasswordResetCompleteView):
    """The way back in."""

    http_method_names = ["get", "head"]  # noqa: RUF012
    guest_methods = frozenset({"GET", "HEAD"})
    template_name = "permissions/reset_done.html"
