"""The page of one's groups. Its script does the rest through the API."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie


@method_decorator([never_cache, ensure_csrf_cookie], name="dispatch")
class GroupsView(LoginRequiredMixin, View):
    """Groups that people make themselves (`teams`)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "permissions/groups.html")
