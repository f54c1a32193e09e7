"""Pictures over HTTP: uploaded by those who may edit the document, shown to those who may read it."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import BinaryIO, cast
from urllib.parse import quote
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files.base import File
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from permissions.access import access_for
from permissions.errors import NotAllowed
from permissions.problems import JsonView, Problem, person_of
from permissions.roles import Role

from .images import Busy, DocumentFull, TooManyBytes, add_image, address_of
from .models import Document, DocumentImage
from .pictures import NoPicture, UnknownKind

CHUNK_BYTES = 256 * 1024
FIELD = "file"

_STATUS: dict[type[NoPicture], HTTPStatus] = {
    TooManyBytes: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnknownKind: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    DocumentFull: HTTPStatus.CONFLICT,
}


class ImagesView(JsonView):
    """The pictures of a document: here they are added, one a request, as the part `file` of a form.

    A request that is too large does not get here (`project.bodies`).
    """

    guest_methods = frozenset({"POST"})

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        person = person_of(request)
        document = get_object_or_404(Document.objects.visible_to(person), pk=pk)
        role = access_for(person, document).role
        if role is None or role < Role.EDITOR:  # asked before the work, and again in the transaction after it
            raise NotAllowed(role, Role.EDITOR)
        file = request.FILES.get(FIELD)
        if file is None or file.size is None:
            raise Problem(HTTPStatus.BAD_REQUEST, _("The form has no file."), field=FIELD)
        try:
            image = add_image(by=person, document=document, file=cast(BinaryIO, file), size=file.size)
        except NoPicture as error:
            status = _STATUS.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY)
            raise Problem(status, str(error), field=FIELD) from error
        except Busy as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
        src = address_of(image)
        body = {"src": src, "width": image.width, "height": image.height}
        return JsonResponse(body, status=HTTPStatus.CREATED, headers={"Location": src})


class ImageView(JsonView):
    """One picture. It never changes, so a browser need not ask again; but who may see it does, so it must, soon."""

    guest_methods = frozenset({"GET", "HEAD"})

    def get(self, request: HttpRequest, pk: UUID, image: UUID) -> HttpResponseBase:
        document = get_object_or_404(Document.objects.visible_to(person_of(request)), pk=pk)
        found = get_object_or_404(DocumentImage, pk=image, document=document)
        headers = {
            "Cache-Control": f"private, max-age={settings.IMAGES['CACHE_SECONDS']}, immutable",
            "ETag": f'"{found.pk}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",  # opened by itself it is a picture, nothing else
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        suffix = str(found.file.name).rpartition(".")[2]
        headers["Content-Disposition"] = f'inline; filename="picture-{str(found.pk)[:8]}.{suffix}"'
        if settings.X_ACCEL_PREFIX:
            headers["X-Accel-Redirect"] = settings.X_ACCEL_PREFIX + quote(str(found.file.name))
            return HttpResponse(content_type=found.content_type, headers=headers)
        try:
            file = found.file.open("rb")
        except FileNotFoundError:
            raise Problem(HTTPStatus.NOT_FOUND, _("The file of this picture is missing on the server.")) from None
        headers["Content-Length"] = str(file.size)
        return StreamingHttpResponse(_Chunks(file), content_type=found.content_type, headers=headers)


class _Chunks:
    """A file's bytes, each chunk read in a thread: a plain file would be read whole, with a warning (Django, ASGI)."""

    def __init__(self, file: "File[bytes]") -> None:
        self._file = file

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await sync_to_async(self._file.read, thread_sensitive=False)(CHUNK_BYTES):
            yield chunk

    def close(self) -> None:
        """Called by the response, also when nobody read to the end."""
        self._file.close()
