"""Routes of people; and those of sharing, for any queryset of guarded objects."""

from typing import Any

from django.db import models
from django.urls import URLPattern, path

from .account import AccountView, EndedSessionsView, PasswordView, PreferencesView
from .account_tokens import RevokedTokensView, TokensView
from .asking import RequestsView
from .entrance import SignInView, SignOutView, SignUpView
from .groups import GroupsView
from .guest_door import GuestNameView
from .notice_views import MailView, UnsubscribeView
from .reset import ResetConfirmView, ResetDoneView, ResetSentView, ResetView

urlpatterns = [
    path("sign-up/", SignUpView.as_view(), name="sign-up"),
    path("sign-in/", SignInView.as_view(), name="sign-in"),
    path("sign-out/", SignOutView.as_view(), name="sign-out"),
    path("reset/", ResetView.as_view(), name="reset"),
    path("reset/sent/", ResetSentView.as_view(), name="reset-sent"),
    path("reset/done/", ResetDoneView.as_view(), name="reset-done"),
    path("reset/<str:uidb64>/<str:token>/", ResetConfirmView.as_view(), name="password_reset_confirm"),
    path("account/", AccountView.as_view(), name="account"),
    path("account/password/", PasswordView.as_view(), name="account-password"),
    path("account/ended-sessions/", EndedSessionsView.as_view(), name="account-ended-sessions"),
    path("account/tokens/", TokensView.as_view(), name="account-tokens"),
    path("account/revoked-tokens/", RevokedTokensView.as_view(), name="account-revoked-tokens"),
    path("groups/", GroupsView.as_view(), name="groups"),
    path("guest/name/", GuestNameView.as_view(), name="guest-name"),
    path("account/mail/", MailView.as_view(), name="account-mail"),
    path("unsubscribe/<str:token>/", UnsubscribeView.as_view(), name="unsubscribe"),
    path("preferences/", PreferencesView.as_view(), name="preferences"),
]


def outside_urls(queryset: models.QuerySet[Any]) -> list[URLPattern]:
    """The routes of those who have no access yet, to be included under a route that captures the object's `pk`."""
    return [
        path("requests/", RequestsView.as_view(queryset=queryset), name="requests"),
    ]
