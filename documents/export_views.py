"""A document as a file over HTTP, for whoever may read it."""

from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import add_never_cache_headers
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from permissions.problems import JsonView, Problem, person_of

from .exports import FORMS, NothingToExport, export
from .html import PAGE_POLICY
from .models import Document
from .turns import Busy, turn


class ExportView(JsonView):
    """`?format=markdown`, `html` or `text`. A sync view: it reads and writes in a thread, not on the event loop."""

    guest_methods = frozenset({"GET", "HEAD"})

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        person = person_of(request)
        document = get_object_or_404(Document.objects.visible_to(person), pk=pk)
        form = request.GET.get("format", "markdown")
        if form not in FORMS:
            names = ", ".join(FORMS)
            raise Problem(HTTPStatus.BAD_REQUEST, _("The format is one of %(names)s.") % {"names": names})
        try:
            with turn():
                file = export(document, form, language=get_language() or "en")
        except Busy as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, _("This document cannot be read just now.")) from error
        except NothingToExport as error:
            raise Problem(HTTPStatus.CONFLICT, _("This document cannot be read just now.")) from error
        response = HttpResponse(file.data, content_type=file.content_type)
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file.name)
        response["Content-Security-Policy"] = PAGE_POLICY  # should a browser show it in place of saving it
        add_never_cache_headers(response)
        return response
