"""The pages of documents: making one, its page, and what changes it as a whole; the list is in `home_views`."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from permissions.access import access_for
from permissions.asking import outside
from permissions.models import User
from permissions.problems import person_of
from permissions.roles import Role
from permissions.signals import announce

from .entrance_views import at_the_door
from .models import Document
from .stars import is_starred
from .templatetags.assets import FrontendNotBuilt
from .writing import create_with

# A line to begin in: of two people who write their first words at once, each would make one.
BEGINNING = {"type": "doc", "content": [{"type": "paragraph"}]}


class DocumentsView(LoginRequiredMixin, View):
    """All documents: here new ones are made."""

    def handle_no_permission(self) -> HttpResponseRedirect:
        return redirect_to_login(reverse("home"))  # this address itself has no page to come back to

    def post(self, request: HttpRequest) -> HttpResponse:
        document = create_with(owner=person_of(request), title="", tree=BEGINNING)
        announce(Document, document.pk)  # one's other pages list it at once
        return redirect("document", pk=document.pk)


@method_decorator([never_cache, ensure_csrf_cookie], name="dispatch")
class DocumentView(View):
    """The page of one document. Its content is not in it: the socket brings that, the one source of truth."""

    guest_methods = frozenset({"GET", "HEAD"})

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        document = Document.objects.filter(pk=pk).first()
        door = at_the_door(request, document) if document is not None else None
        if door is not None:
            return door
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        if document is None:
            raise Http404
        role = access_for(request.user, document).role
        if role is None:
            return outside(request, request.user, document)
        context = {"document": document, "role": role.label, "boot": _boot(request, document, request.user, role)}
        return render(request, "documents/document.html", context)


class ServiceWorkerView(View):
    """The worker's script at the root: a worker governs only what is below its own address."""

    guest_methods = frozenset({"GET", "HEAD"})

    def get(self, request: HttpRequest) -> HttpResponse:
        path = settings.FRONTEND / "sw.js"
        try:
            script = path.read_bytes()
        except FileNotFoundError:
            raise FrontendNotBuilt("sw.js") from None
        headers = {"Service-Worker-Allowed": "/", "Cache-Control": "no-cache"}
        return HttpResponse(script, content_type="text/javascript; charset=utf-8", headers=headers)


def _boot(request: HttpRequest, document: Document, person: User, role: Role) -> dict[str, Any]:
    here = request.get_full_path()  # with the key of the link, if somebody came by one
    page = reverse("document", args=[document.pk])
    return {
        "document": {
            "id": str(document.pk),
            "title": document.title,
            "starred": is_starred(by=person, document=document),
        },
        "role": role.label,
        "person": {
            "id": str(person.pk),
            "name": person.display_name,
            "color": person.color,
            "guest": person.is_guest,
        },
        "socket": f"/ws/documents/{document.pk}/",
        "imageMaxBytes": settings.IMAGES["MAX_BYTES"],
        "urls": {
            "document": page,
            "images": reverse("images", args=[document.pk]),
            "api": reverse("api:document", args=[document.pk]),
            "export": reverse("export", args=[document.pk]),
            "account": reverse("account"),
            "home": reverse("home"),
            "guestName": reverse("guest-name"),
            "signUp": f"{reverse('sign-up')}?{urlencode({'next': here})}",
            "signIn": f"{reverse('sign-in')}?{urlencode({'next': here})}",
        },
    }
