"""The pages of documents: the list, one document, and what changes a document as a whole."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from permissions.access import access_for
from permissions.models import User
from permissions.problems import JsonView, Problem, person_of, read_json
from permissions.roles import Role

from .listing import list_documents
from .models import Document
from .templatetags.assets import FrontendNotBuilt
from .titles import TitleTooLong, rename
from .trash import trash


@method_decorator([never_cache, ensure_csrf_cookie], name="dispatch")
class HomeView(LoginRequiredMixin, View):
    """The list of one's documents."""

    def get(self, request: HttpRequest) -> HttpResponse:
        documents, page = list_documents(person_of(request), page=request.GET.get("page", 1))
        return render(request, "documents/home.html", {"documents": documents, "page_obj": page})


class DocumentsView(LoginRequiredMixin, View):
    """All documents: here new ones are made."""

    def handle_no_permission(self) -> HttpResponseRedirect:
        return redirect_to_login(reverse("home"))  # this address itself has no page to come back to

    def post(self, request: HttpRequest) -> HttpResponse:
        document = Document.objects.create_for(owner=person_of(request))
        return redirect("document", pk=document.pk)


class DocumentView(View):
    """One document: its page for people, its title and its end for scripts."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        view = DocumentPage if request.method in ("GET", "HEAD") else DocumentItem
        return view.as_view()(request, *args, **kwargs)


@method_decorator([never_cache, ensure_csrf_cookie], name="dispatch")
class DocumentPage(View):
    """The page. The content is not in it: the socket brings it, so that there is one source of truth."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        document = get_object_or_404(Document, pk=pk)
        role = access_for(request.user, document).role
        if role is None:
            raise Http404
        context = {"document": document, "role": role.label, "boot": _boot(document, request.user, role)}
        return render(request, "documents/document.html", context)


class DocumentItem(JsonView):
    """The document as a resource."""

    def patch(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        person, document = self._find(request, pk)
        title = read_json(request, fields={"title"})["title"]
        if not isinstance(title, str):
            raise Problem(HTTPStatus.BAD_REQUEST, "A title is a string.", field="title")
        try:
            rename(by=person, document=document, title=title)
        except TitleTooLong as error:
            raise Problem(HTTPStatus.BAD_REQUEST, str(error), field="title") from error
        return JsonResponse({"title": document.title})

    def delete(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        person, document = self._find(request, pk)
        trash(by=person, document=document)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)

    def _find(self, request: HttpRequest, pk: UUID) -> tuple[User, Document]:
        person = person_of(request)
        return person, get_object_or_404(Document.objects.visible_to(person), pk=pk)


class ServiceWorkerView(View):
    """The worker's script at the root: a worker governs only what is below its own address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        path = settings.FRONTEND / "sw.js"
        try:
            script = path.read_bytes()
        except FileNotFoundError:
            raise FrontendNotBuilt("sw.js") from None
        headers = {"Service-Worker-Allowed": "/", "Cache-Control": "no-cache"}
        return HttpResponse(script, content_type="text/javascript; charset=utf-8", headers=headers)


def _boot(document: Document, person: User, role: Role) -> dict[str, Any]:
    page = reverse("document", args=[document.pk])
    return {
        "document": {"id": str(document.pk), "title": document.title},
        "role": role.label,
        "person": {"id": str(person.pk), "name": person.display_name, "color": person.color},
        "socket": f"/ws/documents/{document.pk}/",
        "urls": {
            "document": page,
            "shares": reverse("shares", args=[document.pk]),
            "link": reverse("link", args=[document.pk]),
            "home": reverse("home"),
            "signIn": f"{reverse('sign-in')}?{urlencode({'next': page})}",
        },
    }
