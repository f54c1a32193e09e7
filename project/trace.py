"""Gives each request and each socket an id. A proxy of ours may have given it one already (`X-Request-ID`); a client's
is not believed: it could make two people's lines in the log look like one's.
"""

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from permissions.trace import trace

type App = Callable[[dict[str, Any], Any, Any], Awaitable[Any]]

HEADER = b"x-request-id"
WELL_FORMED = re.compile(rb"[A-Za-z0-9_-]{8,64}")


class Traced:
    """ASGI middleware: what is done inside is done for this id, and the answer to a request says it."""

    def __init__(self, application: App) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        ours = id_of(scope)

        async def say(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, ours.encode())]}
            await send(message)

        token = trace.set(ours)
        try:
            # A socket's frames go out by `send` itself: a layer more would be paid by every one of them.
            await self._application(scope, receive, say if scope["type"] == "http" else send)
        finally:
            trace.reset(token)


def id_of(scope: dict[str, Any]) -> str:
    """The proxy's id, where there is a proxy and it says one; else a new one."""
    shown = [value for name, value in scope["headers"] if name == HEADER]
    if settings.PROXY_COUNT and len(shown) == 1 and WELL_FORMED.fullmatch(shown[0]):
        return str(shown[0], "ascii")
    return secrets.token_hex(8)
