"""Where somebody new begins."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.views import View
from django.views.decorators.cache import never_cache

from permissions.problems import person_of

from .welcome import welcome

WRITE = "#write"  # the page puts the cursor into the text: frontend/src/editor/begin.ts


@method_decorator(never_cache, name="dispatch")
class WelcomeView(LoginRequiredMixin, View):
    """To one's first document, which is made here; home for whoever has had one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        document = welcome(person_of(request), language=get_language() or "en")
        return redirect("home") if document is None else redirect(f"{reverse('document', args=[document.pk])}{WRITE}")
