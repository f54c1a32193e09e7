"""How much a request may bring, asked before it is read: Django reads a whole body before anything else sees it."""

import json
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

type Message = dict[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Application = Callable[[Message, Receive, Send], Awaitable[None]]

IMAGES = re.compile(r"/documents/[^/]+/images/")
NEW_DOCUMENT = "/api/documents/"
NEW_DOCUMENT_BYTES = 1024 * 1024  # what documents.api takes for Markdown
API_BYTES = 64 * 1024  # permissions.problems.MAX_BODY_BYTES: ASGI middleware cannot import what needs models
FORM_BYTES = 64 * 1024  # what a form has around its file
OTHER_BYTES = 4 * 1024 * 1024  # the largest of all other requests; most have a bound of their own, far below


class BodyLimit:
    """ASGI middleware: answers 413 with a sentence at once when `Content-Length` says too much, or at the byte too many
    when there is none.

    uvicorn hands bodies on as they come; daphne when it has them whole, for which `bound_daphne` is there.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        limit = limit_for(scope["path"])
        size = _announced(scope["headers"])
        if size is not None and size > limit:
            await _refuse(send, limit=limit, size=size)
            return
        taken = 0
        refused = False

        async def counted() -> Message:
            nonlocal taken, refused
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                refused = True
                return {"type": "http.disconnect"}  # the application drops what it has and stops
            return message

        await self._application(scope, counted, send)
        if refused:
            await _refuse(send, limit=limit, size=None)


def limit_for(path: str) -> int:
    """The most bytes that the body of a request to this address may have."""
    if IMAGES.fullmatch(path):
        limit: int = settings.IMAGES["MAX_BYTES"]
        return limit + FORM_BYTES
    if path == NEW_DOCUMENT:
        return NEW_DOCUMENT_BYTES
    if path.startswith("/api/"):
        return API_BYTES
    return OTHER_BYTES


def _announced(headers: list[tuple[bytes, bytes]]) -> int | None:
    found = [value for name, value in headers if name.lower() == b"content-length"]
    return int(found[0]) if found and found[0].isdigit() else None


async def _refuse(send: Send, *, limit: int, size: int | None) -> None:
    said = limit - limit % (1024 * 1024) or limit  # a form has a few letters around its file
    values = {"limit": filesizeformat(said), "size": filesizeformat(size or 0)}
    if size is None:
        detail = _("That is too large: at most %(limit)s are taken.") % values
    else:
        detail = _("That is too large: at most %(limit)s are taken, and this has %(size)s.") % values
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    problem = {"title": status.phrase, "detail": detail, "status": int(status)}
    field = {"field": "file"} if limit > OTHER_BYTES else {}
    body = json.dumps(problem | field).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
