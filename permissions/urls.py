"""Routes of people; and those of sharing, for any queryset of guarded objects."""

from typing import Any

from django.db import models
from django.urls import URLPattern, path

from .views import LinkView, SharesView, ShareView, SignInView, SignOutView, SignUpView

urlpatterns = [
    path("sign-up/", SignUpView.as_view(), name="sign-up"),
    path("sign-in/", SignInView.as_view(), name="sign-in"),
    path("sign-out/", SignOutView.as_view(), name="sign-out"),
]


def share_urls(queryset: models.QuerySet[Any]) -> list[URLPattern]:
    """The routes of sharing, to be included under a route that captures the object's `pk`."""
    return [
        path("shares/", SharesView.as_view(queryset=queryset), name="shares"),
        path("shares/<str:share>/", ShareView.as_view(queryset=queryset), name="share"),
        path("link/", LinkView.as_view(queryset=queryset), name="link"),
    ]
