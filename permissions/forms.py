"""Signing up, signing in, and new passwords."""

import re
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth import authenticate, password_validation
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from .models import CARET_COLORS, User
from .throttle import locked_until


class SignUpForm(forms.Form):
    """A new account. The user name is made from the e-mail address; nobody has to think of one."""

    name = forms.CharField(max_length=80, label=_("Name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        max_length=254, label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, only_email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.only_email = only_email  # the address that an invitation waits for

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if self.only_email and email.lower() != self.only_email.lower():
            raise ValidationError(_("The invitation is for %(address)s."), params={"address": self.only_email})
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("Somebody has signed up with this address already: sign in instead."))
        return email

    def clean(self) -> dict[str, Any]:
        person = User(name=self.cleaned_data.get("name", ""), email=self.cleaned_data.get("email", ""))
        check_password(self, person)
        return self.cleaned_data

    def save(self) -> User | None:
        """The new person; None, with an error on the form, when somebody took the address in the meantime."""
        data = self.cleaned_data
        try:
            with transaction.atomic():
                person = User(name=data["name"], email=data["email"], username=free_username(data["email"]))
                person.set_password(data["password"])
                person.save()
                person.color = CARET_COLORS[person.pk % len(CARET_COLORS)]
                person.save(update_fields=["color"])
        except IntegrityError:
            self.add_error(None, _("Somebody signed up with this address just now: sign in, or try again."))
            return None
        return person


class SignInForm(forms.Form):
    """The user name or e-mail address, and the password."""

    username = forms.CharField(
        max_length=254, label=_("E-mail or user name"), widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.person: User | None = None
        self.locked_until: datetime | None = None  # when to come back: somebody guessed too often

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            found = authenticate(self.request, username=username, password=password)
            self.locked_until = locked_until(self.request, username)
            if self.locked_until is not None:
                raise ValidationError(_("Too many wrong passwords."))
            if not isinstance(found, User):
                # One sentence for all causes: it must not tell who has an account here.
                raise ValidationError(_("There is no account with this name and password."))
            self.person = found
        return self.cleaned_data


class NewPasswordForm(forms.Form):
    """A new password for somebody, typed once: a mistyped one is reset by mail."""

    password = forms.CharField(
        label=_("New password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = user

    def clean(self) -> dict[str, Any]:
        check_password(self, self.person)
        return self.cleaned_data

    def save(self) -> User:
        self.person.set_password(self.cleaned_data["password"])
        self.person.save(update_fields=["password"])
        return self.person


def check_password(form: forms.Form, person: User) -> None:
    """Put what is wrong with the password of `person` on the form."""
    password = form.cleaned_data.get("password")
    if password:
        try:
            password_validation.validate_password(password, person)
        except ValidationError as error:
            form.add_error("password", error)


def free_username(email: str) -> str:
    """A user name nobody has, in any case: `ada` for ada@example.org, or `ada2`."""
    stem = slugify(re.sub(r"[._+]", "-", email.partition("@")[0]))[:100] or "person"
    taken = set(User.objects.filter(username__istartswith=stem).values_list("username", flat=True))
    lowered = {username.lower() for username in taken}
    number = 1
    while (username := stem if number == 1 else f"{stem}{number}") in lowered:
        number += 1
    return username
