"""Signing up and signing in."""

import re
from typing import Any

from django import forms
from django.contrib.auth import authenticate, password_validation
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.text import slugify

from .models import CARET_COLORS, User


class SignUpForm(forms.Form):
    """A new account. The user name is made from the e-mail address; nobody has to think of one."""

    name = forms.CharField(max_length=80, label="Name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(max_length=254, label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError("Somebody has signed up with this address already: sign in instead.")
        return email

    def clean(self) -> dict[str, Any]:
        password = self.cleaned_data.get("password")
        if password:
            person = User(name=self.cleaned_data.get("name", ""), email=self.cleaned_data.get("email", ""))
            try:
                password_validation.validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
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
            self.add_error(None, "Somebody signed up with this address just now: sign in, or try again.")
            return None
        return person


class SignInForm(forms.Form):
    """The user name or e-mail address, and the password."""

    username = forms.CharField(
        max_length=254, label="E-mail or user name", widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.person: User | None = None

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            found = authenticate(self.request, username=username, password=password)
            if not isinstance(found, User):
                # One sentence for all causes: it must not tell who has an account here.
                raise ValidationError("There is no account with this name and password.")
            self.person = found
        return self.cleaned_data


def free_username(email: str) -> str:
    """A user name nobody has, in any case: `ada` for ada@example.org, or `ada2`."""
    stem = slugify(re.sub(r"[._+]", "-", email.partition("@")[0]))[:100] or "person"
    taken = set(User.objects.filter(username__istartswith=stem).values_list("username", flat=True))
    lowered = {username.lower() for username in taken}
    number = 1
    while (username := stem if number == 1 else f"{stem}{number}") in lowered:
        number += 1
    return username
