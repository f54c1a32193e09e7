"""The forms of the account page."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .forms import NewPasswordForm
from .models import CARET_COLORS, COLOR_NAMES, Notice, Scope, Theme, User

LIFETIMES = (
    ("7", _("In 7 days")), ("30", _("In 30 days")), ("90", _("In 90 days")), ("365", _("In a year")), ("", _("Never")),
)  # fmt: skip


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in stubs only
    """What others see of somebody."""

    name = forms.CharField(max_length=80, label=_("Name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    color = forms.ChoiceField(
        choices=list(zip(CARET_COLORS, COLOR_NAMES, strict=True)), label=_("Colour"), widget=forms.RadioSelect
    )

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["name", "color"]


class PasswordForm(NewPasswordForm):
    """The password in use, and a new one."""

    current = forms.CharField(
        label=_("Current password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["current", "password"]  # noqa: RUF012  # as Django declares it

    def __init__(self, person: User, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(person, *args, **kwargs)
        self.request = request

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        # Not `check_password`: whoever found an open browser must not guess for ever.
        if authenticate(self.request, username=self.person.username, password=current) is None:
            if getattr(self.request, "axes_locked_out", False):
                raise ValidationError(_("Too many wrong passwords. Wait a while before you try again."))
            raise ValidationError(_("This is not your current password."))
        return current


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in stubs only
    """How pages look, and their language."""

    theme = forms.ChoiceField(choices=Theme.choices, label=_("Theme"), widget=forms.RadioSelect)
    language = forms.ChoiceField(required=False, label=_("Language"))

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["theme", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages: Any = self.fields["language"]
        languages.choices = [("", _("As the browser")), *settings.LANGUAGES]


class MailForm(forms.Form):
    """Which kinds of notices come by mail as well."""

    kinds = forms.MultipleChoiceField(
        choices=Notice.Kind.choices,
        required=False,
        label=_("What is mailed as well"),
        widget=forms.CheckboxSelectMultiple,
    )

    @property
    def muted(self) -> set[str]:
        """The kinds that were not chosen. Of a valid form."""
        return set(Notice.Kind.values) - set(self.cleaned_data["kinds"])


class TokenForm(forms.Form):
    """What an access token is called, may do, and until when."""

    name = forms.CharField(
        max_length=80, label=_("What it is for"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    scope = forms.ChoiceField(choices=Scope.choices, label=_("What it may do"), initial=Scope.READ.value)
    lifetime = forms.ChoiceField(choices=LIFETIMES, required=False, label=_("Expires"), initial="30")

    @property
    def expires_at(self) -> datetime | None:
        """The end of the lifetime that was chosen, from now; None: it has none. Of a valid form."""
        days: str = self.cleaned_data["lifetime"]
        return timezone.now() + timedelta(days=int(days)) if days else None
